"""Bytes are counted on a real connection as they go over it, and without a network as they would."""

from __future__ import annotations

import asyncio

import pytest

from edgesim.distribution.model import ALL_METHODS
from edgesim.errors import ViewerTrouble
from edgesim.origins.canned import Answer, ScriptedBody, truncated
from edgesim.pipeline.logged import result_types_of
from edgesim.pipeline.transcript import Transcript
from edgesim.scenario.playing.connection import Connection
from edgesim.server.app import ViewerApp
from edgesim.server.viewer_header import ViewerDefaults
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_response, behavior
from edgesim.values.viewer import Arrival
from edgesim.values.wire import Wire as Counted
from edgesim.values.wire import head_size
from tests.server.wire import Wire

DISTRIBUTION = a_distribution(behavior(allowed_methods=ALL_METHODS))


def over_a_connection(answer: Answer, *pieces: bytes, leaves: bool = False) -> tuple[bytes, Transcript]:
    """What came back for these bytes, and the transcript of the last request."""
    edge = FakeEdge(answer, DISTRIBUTION)

    async def story() -> bytes:
        wire = Wire(ViewerApp(edge.driver, edge.distributions, ViewerDefaults()))
        answer = await wire.send(*pieces)
        if leaves:
            await wire.leave()
        await wire.end()
        await edge.aclose()
        return answer

    written = asyncio.run(story())
    transcript = edge.recorder.find("last")
    assert transcript is not None
    return written, transcript


def without_a_network(answer: Answer, arrival: Arrival) -> Counted:
    """What the same request costs in a scenario."""
    edge = FakeEdge(answer, DISTRIBUTION)

    async def story() -> Counted:
        connection = Connection(arrival)
        await connection.take(await edge.driver.answer(arrival, edge.distributions, connection.wire))
        await edge.aclose()
        return connection.wire

    return asyncio.run(story())


ANSWERS = {
    "with a length": lambda request, origin: a_response(content_length="5"),
    "without a length": lambda request, origin: a_response(),
    "empty": lambda request, origin: a_response(body=b"", content_length="0"),
    "streamed with a length": lambda request, origin: a_response(body=ScriptedBody(b"he", b"llo"), content_length="5"),
    "streamed": lambda request, origin: a_response(body=ScriptedBody(b"he", b"llo")),
    "longer than announced": lambda request, origin: a_response(content_length="2"),
    "broken off": lambda request, origin: a_response(body=truncated(b"he", 5), content_length="5"),
    "no body by its status": lambda request, origin: a_response(204, body=b""),
}
HEADS = {
    "GET": b"GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD": b"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/1.0": b"GET /a HTTP/1.0\r\nHost: a\r\n\r\n",
    "the last one": b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_counted_is_what_went_over_the_wire(kind: str, head: str) -> None:
    written, transcript = over_a_connection(ANSWERS[kind], HEADS[head])
    assert transcript.wire == Counted(received=0, sent=len(written))
    assert head_size(transcript.arrival.request) == len(HEADS[head])
    assert without_a_network(ANSWERS[kind], transcript.arrival) == transcript.wire


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        pytest.param(b"Content-Length: 6\r\n", b"name=x", id="with a length"),
        pytest.param(b"Transfer-Encoding: chunked\r\n", b"4\r\nname\r\n2\r\n=x\r\n0\r\n\r\n", id="in chunks"),
    ],
)
def test_a_requests_body_is_counted_with_its_framing(framing: bytes, body: bytes) -> None:
    head = b"POST /f HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n"
    for pieces in ((head + body,), (head, *(bytes([byte]) for byte in body))):
        _, transcript = over_a_connection(ANSWERS["with a length"], *pieces)
        assert transcript.wire is not None
        assert transcript.wire.received == len(body)


def test_requests_on_one_connection_are_counted_apart() -> None:
    written, second = over_a_connection(ANSWERS["with a length"], HEADS["GET"] + HEADS["GET"])
    assert second.wire is not None
    assert 0 < second.wire.sent < len(written)


def test_a_viewer_that_stops_sending_hangs_up() -> None:
    head = b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nna"
    written, transcript = over_a_connection(ANSWERS["with a length"], head, leaves=True)
    assert (written, transcript.status, transcript.interrupted) == (b"", 0, ViewerTrouble.HUNG_UP)
    types = result_types_of(transcript)
    assert types is not None
    assert types.detailed == "ClientHungUpRequest"
    assert transcript.wire == Counted(received=2, sent=0)
