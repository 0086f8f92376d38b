"""Requests that few write: bytes outside ASCII in a URL, methods that nobody knows. From the wire to the log."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgesim.distribution.model import ALL_METHODS, Trigger
from edgesim.logs.access import fields_of
from edgesim.pipeline.logged import is_logged
from edgesim.server.app import ViewerApp
from edgesim.server.viewer_header import ViewerDefaults
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_function, a_response, behavior
from edgesim.values.message import Request, Response
from tests.server.wire import Wire

METHODS = a_distribution(behavior(allowed_methods=ALL_METHODS))


def asked(edge: FakeEdge, *requests: bytes) -> bytes:
    async def story() -> bytes:
        wire = Wire(ViewerApp(edge.driver, edge.distributions, ViewerDefaults()))
        answer = await wire.send(*requests)
        await wire.end()
        await edge.aclose()
        return answer

    return asyncio.run(story())


def logged(edge: FakeEdge) -> dict[str, str]:
    transcript = edge.recorder.find("last")
    assert transcript is not None
    assert is_logged(transcript)
    return fields_of(transcript, edge.clock.now())


@pytest.mark.parametrize(
    ("target", "path", "uri"),
    [
        pytest.param("/café?n=é".encode(), "/caf%C3%A9", "/café", id="UTF-8"),
        pytest.param(b"/caf\xe9?n=\xc3\xa9", "/caf%E9", "/café", id="ISO-8859-1"),
    ],
)
def test_a_url_with_bytes_outside_ascii_goes_as_it_came(target: bytes, path: str, uri: str) -> None:
    """documented: edge-function-restrictions-all; AccessLogs for the log"""
    sent: list[bytes] = []
    seen: list[tuple[str, str]] = []

    def origin(request: Request, _origin: object) -> Response:
        sent.append(request.path.encode("latin-1"))
        return a_response(cache_control="max-age=60")

    def function(event: dict[str, Any], _context: object) -> object:
        request = event["Records"][0]["cf"]["request"]
        seen.append((request["uri"], request["querystring"]))
        return request

    look = a_function("look")
    edge = FakeEdge(
        origin, a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: look})), functions={"look": function}
    )
    head = b"GET %b HTTP/1.1\r\nHost: www.example\r\n\r\n" % target
    answer = asked(edge, head, head)
    assert answer.count(b"200 OK") == 2
    assert b"X-Cache: Hit" in answer
    assert sent == [target.partition(b"?")[0]]
    assert seen == [(uri, "n=é")] * 2
    line = logged(edge)
    assert (line["cs-uri-stem"], line["cs-uri-query"]) == (path, "n=%C3%A9")
    assert line["cs-bytes"] == str(len(head))


@pytest.mark.parametrize("method", ["FROB", "PURGE", "PROPFIND", "get", "M-SEARCH", "TRACE"])
def test_a_method_that_is_not_known_is_one_that_is_not_allowed(method: str) -> None:
    edge = FakeEdge(lambda request, origin: a_response(), METHODS)
    answer = asked(edge, b"%b /a HTTP/1.1\r\nHost: www.example\r\n\r\n" % method.encode())
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"The distribution supports only cachable requests." in answer
    line = logged(edge)
    assert (line["cs-method"], line["sc-status"]) == (method, "403")
    assert line["x-edge-detailed-result-type"] == "InvalidRequestMethod"
