"""The viewer listener over bytes: an Arrival made of a request, the answer sent, everything let go of."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Self

import pytest

from edgesim.distribution.model import ALL_METHODS, Origin, Trigger
from edgesim.driver.recorder import TranscriptRing
from edgesim.errors import OriginTrouble, ViewerTrouble
from edgesim.origins.canned import Answer, ScriptedBody, truncated
from edgesim.pipeline.transcript import Transcript
from edgesim.ports import BodyStream
from edgesim.server.app import ViewerApp
from edgesim.server.viewer_header import ViewerDefaults
from edgesim.testing.clock import settle
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_function, a_response, behavior
from edgesim.values.message import Request, Response
from tests.server.wire import FakeTransport, Wire

GET = b"GET /a.css HTTP/1.1\r\nHost: www.example\r\n\r\n"
EVERYTHING = a_distribution(behavior(allowed_methods=ALL_METHODS))


def edge_of(answer: Answer, *distributions: Any, **more: Any) -> FakeEdge:
    return FakeEdge(answer, *(distributions or (EVERYTHING,)), **more)


def app_of(edge: FakeEdge, defaults: ViewerDefaults | None = None) -> ViewerApp:
    return ViewerApp(edge.driver, edge.distributions, defaults or ViewerDefaults())


def talk(edge: FakeEdge, *pieces: bytes, peer: str = "127.0.0.1") -> bytes:
    """What one connection gets back for these bytes."""

    async def story() -> bytes:
        wire = Wire(app_of(edge), FakeTransport((peer, 50_000)))
        answer = await wire.send(*pieces)
        await wire.end()
        await edge.aclose()
        return answer

    return asyncio.run(story())


def last(edge: FakeEdge) -> Transcript:
    transcript = edge.recorder.find("last")
    assert transcript is not None
    return transcript


# ── requests in ──────────────────────────────────────────────────────────────


def test_a_request_arrives_as_it_was_sent() -> None:
    edge = edge_of(lambda request, origin: a_response())
    talk(edge, b"GET /A//b?x=%20&y HTTP/1.1\r\nhost: www.example\r\nx-CASE: 1\r\n\r\n")
    arrival = last(edge).arrival
    assert (arrival.request.method, arrival.request.path, arrival.request.query) == ("GET", "/A//b", "x=%20&y")
    assert arrival.request.headers.fields == (("host", "www.example"), ("x-CASE", "1"))
    assert (arrival.viewer.ip, arrival.viewer.port, arrival.viewer.protocol) == ("127.0.0.1", 50_000, "http")
    assert re.fullmatch(r"[A-Za-z0-9_-]{54}==", arrival.id)


def test_an_absolute_target_is_a_path() -> None:
    edge = edge_of(lambda request, origin: a_response())
    talk(edge, b"GET http://www.example/a?b HTTP/1.1\r\nHost: www.example\r\n\r\n")
    assert last(edge).arrival.request.target == "/a?b"


@pytest.mark.parametrize("host", [b"Host: another.example\r\n", b"Host:\r\n"], ids=["another one", "an empty one"])
def test_an_absolute_targets_host_counts_and_not_the_other(host: bytes) -> None:
    edge = edge_of(lambda request, origin: a_response())
    talk(edge, b"GET http://user@www.example:8080/a HTTP/1.1\r\nA: b\r\n" + host + b"\r\n")
    assert last(edge).arrival.request.headers.all("host") == ("www.example:8080",)


@pytest.mark.parametrize(
    ("framing", "body", "expected"),
    [
        pytest.param(b"Content-Length: 6\r\n", b"name=x", b"name=x", id="with a length"),
        pytest.param(b"Transfer-Encoding: chunked\r\n", b"6\r\nname=x\r\n0\r\n\r\n", b"name=x", id="chunked"),
        pytest.param(b"Content-Length: 0\r\n", b"", b"", id="empty"),
        pytest.param(b"", b"", b"", id="none"),
    ],
)
def test_a_request_body_reaches_the_origin(framing: bytes, body: bytes, expected: bytes) -> None:
    edge = edge_of(lambda request, origin: a_response())
    answer = talk(edge, b"POST /f HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n", *(bytes([byte]) for byte in body))
    assert answer.startswith(b"HTTP/1.1 200")
    assert edge.origin.requests[0].body == expected


def test_get_with_a_body_is_refused_and_the_body_is_not_the_next_request() -> None:
    edge = edge_of(lambda request, origin: a_response())
    answer = talk(edge, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", b"GET /" + GET)
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", answer)] == [403, 200]


def test_a_viewer_that_leaves_while_it_sends_is_let_go_of(caplog: pytest.LogCaptureFixture) -> None:
    edge = edge_of(lambda request, origin: a_response())

    async def story() -> None:
        wire = Wire(app_of(edge))
        await wire.send(b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nna")
        await wire.leave()

    asyncio.run(story())
    assert edge.origin.received == []
    assert (last(edge).status, last(edge).complete) == (0, False)
    assert caplog.text == ""


# ── answers out ──────────────────────────────────────────────────────────────


def test_an_answer_has_the_origins_headers_and_the_edges() -> None:
    edge = edge_of(lambda request, origin: a_response(fields=[("x-CASE", "1"), ("Content-Length", "5")]))
    head, _, body = talk(edge, GET).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert b"x-CASE: 1" in lines
    assert b"X-Cache: Miss from cloudfront" in lines
    assert lines[-1] == b"Connection: keep-alive"
    assert body == b"hello"


class Again:
    """A connection whose requests for /a.css are hits that can be given again."""

    def __init__(self) -> None:
        self.edge = edge_of(lambda request, origin: a_response(cache_control="max-age=60"))
        self.app = app_of(self.edge)
        self.wire = Wire(self.app)

    async def told(self, request: bytes = GET) -> tuple[str, str]:
        """X-Cache and Age of the answer."""
        answer = await self.wire.send(request)
        assert b"hello" in answer.partition(b"\r\n\r\n")[2]
        found = {name: re.search(rb"%b: (\w+)" % name, answer) for name in (b"X-Cache", b"Age")}
        return tuple(match[1].decode() if match else "" for match in found.values())

    async def __aenter__(self) -> Self:
        assert [await self.told() for _ in range(3)] == [("Miss", ""), ("Hit", "0"), ("Hit", "0")]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.wire.end()
        await self.edge.aclose()


async def _a_hit_that_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Again() as again:
        walked: list[object] = []
        monkeypatch.setattr(again.edge.driver, "begin", walked.append)
        await again.edge.clock.advance(7)
        assert await again.told() == ("Hit", "7")
        assert walked == []
        ids = [transcript.arrival.id for transcript in again.edge.recorder]
        assert len(set(ids)) == 4
        told = last(again.edge)
        assert (told.status, told.sent, told.complete) == (200, 5, True)
        assert told.wire is not None
        assert told.wire.sent > 100


def test_a_hit_that_comes_again_does_not_walk_the_request_path_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(_a_hit_that_comes_again(monkeypatch))


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        pytest.param(GET.replace(b"a.css", b"b.css"), ("Miss", ""), id="another path"),
        pytest.param(GET.replace(b"www.", b"WWW."), ("Hit", "0"), id="the host in other letters"),
        pytest.param(GET.replace(b"\r\n\r\n", b"\r\nX-A: 1\r\n\r\n"), ("Hit", "0"), id="another header"),
        pytest.param(GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n"), ("Hit", "0"), id="an empty body"),
    ],
)
def test_only_the_very_same_request_is_known(request_: bytes, told: tuple[str, str]) -> None:
    async def story() -> None:
        async with Again() as again:
            assert await again.told(request_) == told
            asked = last(again.edge).arrival.request
            assert asked.target.encode() in request_
            assert all(value.encode() in request_ for _, value in asked.headers)

    asyncio.run(story())


async def _what_is_known_is_what_is_deployed() -> None:
    async with Again() as again:
        await again.edge.store.invalidate(EVERYTHING.id, "/*")
        assert await again.told() == ("Miss", "")
        assert await again.told() == ("Hit", "0")
        await again.edge.clock.advance(60)
        assert await again.told() == ("Miss", "")
        assert await again.told() == ("Hit", "0")
        again.app.defaults = ViewerDefaults(ip="203.0.113.9")
        assert await again.told() == ("Hit", "0")
        assert last(again.edge).arrival.viewer.ip == "203.0.113.9"
        other = a_distribution(id="E2")
        again.app.deploy([other])
        assert [await again.told() for _ in range(2)] == [("Miss", ""), ("Hit", "0")]
        assert last(again.edge).distribution is other


def test_what_is_known_ends_with_the_object_and_with_what_it_was_asked_of() -> None:
    asyncio.run(_what_is_known_is_what_is_deployed())


def test_hit_after_miss_over_one_connection() -> None:
    edge = edge_of(lambda request, origin: a_response(body=ScriptedBody(b"he", b"llo")))
    answer = talk(edge, GET, GET)
    assert re.findall(rb"X-Cache: (\w+)", answer) == [b"Miss", b"Hit"]
    assert b"Transfer-Encoding: chunked" in answer
    assert answer.endswith(b"hello")
    assert (last(edge).sent, last(edge).complete) == (5, True)


def test_an_empty_object_is_served_from_the_cache() -> None:
    edge = edge_of(lambda request, origin: a_response(body=ScriptedBody(), content_length="0"))
    answer = talk(edge, GET, GET)
    assert re.findall(rb"X-Cache: (\w+)", answer) == [b"Miss", b"Hit"]


def test_a_large_object_is_streamed_from_the_cache() -> None:
    large = b"0123456789" * 70_000
    edge = edge_of(lambda request, origin: a_response(body=ScriptedBody(large), content_length=str(len(large))))
    answer = talk(edge, GET, GET)
    assert answer.count(large) == 2
    assert last(edge).sent == len(large)


def test_a_range_of_a_cached_object() -> None:
    edge = edge_of(lambda request, origin: a_response(body=ScriptedBody(b"0123456789")))
    answer = talk(edge, GET, GET.replace(b"\r\n\r\n", b"\r\nRange: bytes=2-4\r\n\r\n"))
    assert b"HTTP/1.1 206 Partial Content" in answer
    assert answer.endswith(b"\r\n\r\n234")


@pytest.mark.parametrize("length", [pytest.param(8, id="with a length"), pytest.param(None, id="chunked")])
def test_an_answer_that_the_origin_breaks_off_is_broken_off_and_not_kept(length: int | None) -> None:
    def breaks_off(request: Request, origin: Origin) -> Response:
        return a_response(body=truncated(b"half", 8), content_length=str(length) if length else None)

    edge = edge_of(breaks_off)

    async def story() -> tuple[bytes, bool]:
        wire = Wire(app_of(edge))
        answer = await wire.send(GET)
        await wire.end()
        return answer, wire.transport.closed

    answer, closed = asyncio.run(story())
    assert b"half" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert closed
    assert edge.store.entries() == []
    assert (last(edge).sent, last(edge).complete) == (4, False)
    assert last(edge).interrupted is OriginTrouble.RESET


def test_an_object_whose_viewer_leaves_half_way_is_not_kept() -> None:
    bodies: list[ScriptedBody] = []

    def slowly(request: Request, origin: Origin) -> Response:
        bodies.append(ScriptedBody(b"he", b"llo", clock=edge.clock, every=1))
        return a_response(body=bodies[0])

    edge = edge_of(slowly)

    async def story() -> None:
        wire = Wire(app_of(edge))
        await wire.send(GET)
        await edge.clock.advance(1)
        assert b"he" in wire.taken()
        await wire.leave()
        await edge.clock.advance(1)

    asyncio.run(story())
    assert bodies[0].closed
    assert edge.store.entries() == []
    assert (last(edge).sent, last(edge).complete) == (2, False)
    assert last(edge).interrupted is ViewerTrouble.LEFT
    assert len(edge.driver.flights) == 0


def test_a_small_answer_to_a_viewer_that_left_is_not_complete() -> None:
    left = asyncio.Event()

    async def takes_its_time(event: dict[str, Any]) -> Any:
        await left.wait()
        return {"status": "200", "body": "hello"}

    distribution = a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: a_function("f")}))
    edge = edge_of(lambda request, origin: a_response(), distribution, functions={"f": takes_its_time})

    async def story() -> None:
        wire = Wire(app_of(edge))
        await wire.send(GET)
        await wire.leave()
        left.set()
        await settle()

    asyncio.run(story())
    assert (last(edge).status, last(edge).sent, last(edge).complete) == (200, 0, False)


# ── Edgesim-Viewer ───────────────────────────────────────────────────────────

TOLD = (
    b"GET / HTTP/1.1\r\nHost: a\r\nEdgesim-Viewer: country=de, ip=198.51.100.7\r\nedgesim-viewer: pop=nrt12-p9\r\n\r\n"
)


def test_the_viewer_header_says_who_asks_and_goes_no_further() -> None:
    edge = edge_of(
        lambda request, origin: a_response(), a_distribution(behavior(headers=("CloudFront-Viewer-Country",)))
    )
    talk(edge, TOLD)
    viewer = last(edge).arrival.viewer
    assert (viewer.ip, viewer.place["country"], viewer.pop) == ("198.51.100.7", "DE", "NRT12-P9")
    assert "edgesim-viewer" not in last(edge).arrival.request.headers
    assert "edgesim-viewer" not in edge.origin.requests[0].headers
    assert edge.origin.requests[0].headers.get("cloudfront-viewer-country") == "DE"


def test_the_viewer_header_is_believed_from_this_machine_only() -> None:
    edge = edge_of(lambda request, origin: a_response())
    talk(edge, TOLD, peer="192.0.2.9")
    assert (last(edge).arrival.viewer.ip, last(edge).arrival.viewer.pop) == ("192.0.2.9", "FRA56-P3")
    assert "edgesim-viewer" not in last(edge).arrival.request.headers


def test_a_viewer_header_that_says_nothing_sensible_is_told_so() -> None:
    edge = edge_of(lambda request, origin: a_response())
    answer = talk(edge, b"GET / HTTP/1.1\r\nHost: a\r\nEdgesim-Viewer: planet=mars\r\n\r\n" + GET)
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain")
    assert rest.startswith(b"edgesim: viewers have no setting 'planet' (known: ip, pop, ")
    assert b"HTTP/1.1 200 OK" in rest
    assert len(edge.recorder) == 1


# ── reload ───────────────────────────────────────────────────────────────────


def test_a_request_keeps_the_distribution_it_started_with() -> None:
    async def story() -> bytes:
        app = app_of(edge)
        wire = Wire(app)
        wire.protocol.data_received(b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        await settle()
        app.deploy(())
        return await wire.send(b"x", GET)

    edge = edge_of(lambda request, origin: a_response())
    answer = asyncio.run(story())
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", answer)] == [200, 403]


def test_what_is_not_http_is_left_alone() -> None:
    async def never(message: Any = None) -> Any:
        raise AssertionError(message)

    async def story() -> None:
        app = app_of(edge_of(lambda request, origin: a_response()))
        await app({"type": "lifespan"}, never, never)

    asyncio.run(story())


def test_a_request_body_is_read_as_it_is_asked_for() -> None:
    """Nothing is read for a request that needs no body, so that a large upload is not taken in for nothing."""
    wanted: list[int] = []

    def counts(request: Request, origin: Origin) -> Response:
        assert isinstance(request.body, bytes)
        wanted.append(len(request.body))
        return a_response()

    edge = edge_of(counts, a_distribution(behavior()))
    answer = talk(edge, b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403")
    assert wanted == []
    body = last(edge).arrival.request.body
    assert isinstance(body, BodyStream)
    assert body.length == 4


# ── at once ──────────────────────────────────────────────────────────────────


def cached(request: Request, origin: Origin) -> Response:
    return a_response(fields=[("Cache-Control", "max-age=60"), ("Content-Length", "5")])


def test_a_fresh_object_is_answered_before_anything_else_gets_a_turn() -> None:
    edge = edge_of(cached)

    async def story() -> None:
        wire = Wire(app_of(edge))
        await wire.send(GET)
        before = len(wire.transport.written)
        wire.protocol.data_received(GET + GET)
        answers = bytes(wire.transport.written[before:])
        assert answers.count(b"X-Cache: Hit from cloudfront") == 2
        assert (last(edge).complete, last(edge).sent) == (True, 5)
        await wire.end()

    asyncio.run(story())


def test_a_fresh_object_waits_for_the_answer_before_it() -> None:
    edge = edge_of(cached)
    answer = talk(edge, GET, GET.replace(b"/a.css", b"/other") + GET)
    assert re.findall(rb"X-Cache: (\w+)", answer) == [b"Miss", b"Miss", b"Hit"]


def test_a_viewer_that_leaves_at_once_has_its_request_ended() -> None:
    edge = edge_of(cached)

    async def story() -> None:
        wire = Wire(app_of(edge))
        wire.protocol.data_received(GET)
        wire.protocol.connection_lost(None)
        await settle()
        await edge.aclose()

    asyncio.run(story())
    assert (last(edge).complete, last(edge).interrupted) == (False, ViewerTrouble.LEFT)


class Broken(FakeEdge):
    """An edge with a bug: its cache can't be asked."""

    def __init__(self) -> None:
        super().__init__(cached, EVERYTHING)
        self.finished: list[Transcript] = []
        self.driver.store = None  # type: ignore[assignment]  # the bug
        self.driver.recorder = self.recorder = TranscriptRing(on_finished=self.finished.append)


def test_a_bug_is_told_and_answered_wherever_it_shows(caplog: pytest.LogCaptureFixture) -> None:
    edge = Broken()
    answer = talk(edge, GET)
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"bug in edgesim" in answer
    assert [record.exc_info is not None for record in caplog.records] == [True]
    assert edge.finished == [last(edge)]
