"""What a request holds is let go of on every way out, and what the cache wants is fetched to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from edgesim.distribution.model import ALL_METHODS, CustomErrorResponse, Origin, Trigger
from edgesim.driver.incoming import PIECE
from edgesim.errors import OriginFault, OriginTrouble, ViewerFault
from edgesim.origins.canned import ScriptedBody, slowly, truncated
from edgesim.pipeline.transcript import Station
from edgesim.ports import BodyStream
from edgesim.rules.reasons import Outcome, StoreReason
from edgesim.testing.clock import settle
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import NOW, a_distribution, a_function, a_request, a_response, behavior
from edgesim.values.message import Request, Response

SITE = a_distribution()


def serving(make: Callable[[], Response], *distributions: Any, **more: Any) -> FakeEdge:
    return FakeEdge(lambda request, origin: make(), *(distributions or (SITE,)), **more)


class Upload(BodyStream):
    """A viewer's body in pieces; it stops with a ViewerFault after the last one where it is `broken`."""

    __slots__ = ("_broken", "_pieces", "closed", "read")

    def __init__(self, *pieces: bytes, broken: bool = False) -> None:
        super().__init__(None)
        self._pieces, self._broken = pieces, broken
        self.closed, self.read = 0, 0

    async def chunks(self) -> AsyncGenerator[bytes]:
        for piece in self._pieces:
            self.read += len(piece)
            yield piece
        if self._broken:
            raise ViewerFault("gone")

    async def aclose(self) -> None:
        self.closed += 1


# ── hit and miss, end to end ─────────────────────────────────────────────────


async def test_a_miss_is_kept_and_the_next_request_is_a_hit_that_ages() -> None:
    edge = serving(lambda: a_response(body=ScriptedBody(b"he", b"llo"), cache_control="max-age=60"))
    first = await edge.ask(a_request("/a.css"))
    await edge.clock.advance(41)
    second = await edge.ask(a_request("/a.css"))
    assert (first.x_cache, second.x_cache) == ("Miss", "Hit")
    assert first.body == second.body == b"hello"
    assert second.headers.get("age") == "41"
    await edge.clock.advance(20)
    assert (await edge.ask(a_request("/a.css"))).x_cache == "Miss"


async def test_a_stored_body_has_the_length_that_its_stream_did_not_tell() -> None:
    edge = serving(lambda: a_response(body=ScriptedBody(b"he", b"llo")))
    first, second = [await edge.ask(a_request("/a.css")) for _ in range(2)]
    assert (first.headers.get("content-length"), second.headers.get("content-length")) == (None, "5")


async def test_an_empty_body_is_kept_and_served_empty() -> None:
    edge = serving(lambda: a_response(body=ScriptedBody(), content_length="0"))
    assert [(await edge.ask(a_request("/a.css"))).body for _ in range(2)] == [b"", b""]
    exchange = await edge.begin(a_request("/a.css"))
    assert exchange.small_body == b""
    await exchange.aclose()


async def test_a_range_of_a_stored_object_is_read_from_the_store() -> None:
    edge = serving(lambda: a_response(body=ScriptedBody(b"0123456789")))
    await edge.ask(a_request("/a.css"))
    part = await edge.ask(a_request("/a.css", range="bytes=2-4"))
    assert (part.status, part.body) == (206, b"234")
    exchange = await edge.begin(a_request("/a.css", range="bytes=2-4"))
    assert exchange.small_body == b"234"
    await exchange.aclose()


async def test_a_large_stored_body_is_streamed_in_pieces() -> None:
    large = b"x" * 700_000
    edge = serving(lambda: a_response(body=ScriptedBody(large)))
    await edge.ask(a_request("/a.css"))
    exchange = await edge.begin(a_request("/a.css"))
    assert exchange.small_body is None
    pieces = [chunk async for chunk in exchange.chunks()]
    await exchange.aclose(sent=len(large))
    assert len(pieces) == 3
    assert b"".join(pieces) == large


# ── a viewer that leaves ─────────────────────────────────────────────────────


async def test_a_download_that_is_aborted_is_not_kept() -> None:
    body = ScriptedBody(b"x" * PIECE, b"x" * PIECE, b"x")
    edge = serving(lambda: a_response(body=body))
    exchange = await edge.begin(a_request("/a.css"))
    chunks = exchange.chunks()
    assert await anext(chunks) == b"x" * PIECE
    await chunks.aclose()
    await exchange.aclose(sent=PIECE, complete=False)
    assert body.closed
    assert edge.store.entries() == []
    assert len(edge.driver.flights) == 0
    assert exchange.transcript.complete is False
    assert list(exchange.transcript.unkept.values()) == ["its body did not come in whole"]


async def test_a_body_that_breaks_off_is_not_kept() -> None:
    edge = serving(lambda: a_response(body=truncated(b"half", 8)))
    with pytest.raises(OriginFault):
        await edge.ask(a_request("/a.css"))
    assert edge.store.entries() == []
    (transcript,) = edge.recorder
    assert list(transcript.unkept.values()) == ["its body did not come in whole"]


async def test_a_body_that_came_in_whole_is_kept_even_where_the_viewer_then_leaves() -> None:
    edge = serving(lambda: a_response(body=ScriptedBody(b"hello")))
    exchange = await edge.begin(a_request("/a.css"))
    assert b"".join([chunk async for chunk in exchange.chunks()]) == b"hello"
    await exchange.aclose(sent=5, complete=False)
    assert len(edge.store.entries()) == 1
    assert exchange.transcript.unkept == {}


async def test_a_viewer_that_stops_sending_ends_its_request_and_the_transcript() -> None:
    finished: list[Any] = []
    distribution = a_distribution(
        behavior(functions={Trigger.VIEWER_REQUEST: a_function("f")}, include_body=True, allowed_methods=ALL_METHODS)
    )
    edge = serving(a_response, distribution, functions={"f": lambda event: event})
    edge.recorder._on_finished = finished.append
    with pytest.raises(ViewerFault):
        await edge.ask(a_request("/form", method="POST", body=Upload(b"name", broken=True)))
    assert [transcript.status for transcript in finished] == [0]


# ── bodies that nobody gets to see ───────────────────────────────────────────


async def test_what_a_head_request_leaves_unread_is_read_for_the_cache_in_the_background() -> None:
    body = ScriptedBody(b"hello")
    edge = serving(lambda: a_response(body=body))
    answered = await edge.ask(a_request("/a.css", method="HEAD"))
    assert (answered.body, edge.store.entries()) == (b"", [])
    await settle()
    assert len(edge.store.entries()) == 1
    assert body.closed


async def test_an_error_that_gives_way_to_its_page_is_kept_too() -> None:
    def answer(request: Request, origin: Origin) -> Response:
        return a_response(200 if request.path == "/404.html" else 404, body=ScriptedBody(request.path.encode()))

    pages = {404: CustomErrorResponse(404, page_path="/404.html")}
    edge = FakeEdge(answer, a_distribution(error_responses=pages))
    assert (await edge.ask(a_request("/nowhere"))).body == b"/404.html"
    await settle()
    assert sorted(key.path for key, _ in edge.store.entries()) == ["/404.html", "/nowhere"]


async def test_a_body_that_a_function_replaced_is_closed() -> None:
    body = ScriptedBody(b"the origin's")

    def replaces(event: dict[str, Any]) -> Any:
        return {**event["Records"][0]["cf"]["response"], "body": "the function's"}

    distribution = a_distribution(behavior(functions={Trigger.ORIGIN_RESPONSE: a_function("replaces")}))
    edge = serving(lambda: a_response(body=body), distribution, functions={"replaces": replaces})
    assert [(await edge.ask(a_request("/a.css"))).body for _ in range(2)] == [b"the function's"] * 2
    assert (body.read, body.closed) == (0, True)


async def test_the_body_of_a_304_is_closed() -> None:
    bodies = [ScriptedBody(), ScriptedBody(b"hello")]
    edge = serving(
        lambda: a_response(304 if len(bodies) == 1 else 200, body=bodies.pop(), etag='"v1"', cache_control="no-cache")
    )
    opened = list(bodies)
    for _ in range(2):
        await edge.ask(a_request("/a.css"))
    assert all(body.closed for body in opened)


async def test_what_is_not_kept_is_closed_after_it_was_sent() -> None:
    body = ScriptedBody(b"hello")
    edge = serving(lambda: a_response(body=body, cache_control="private"))
    assert (await edge.ask(a_request("/a.css"))).body == b"hello"
    assert body.closed


async def test_what_is_open_is_closed_where_the_request_fails_half_way() -> None:
    body = ScriptedBody(b"hello")
    edge = serving(
        lambda: a_response(body=body), a_distribution(behavior(functions={Trigger.ORIGIN_RESPONSE: a_function("f")}))
    )

    class Broken:
        async def invoke(self, call: Any) -> Any:
            raise RuntimeError("a bug in a runtime")

    edge.driver.runtime = Broken()
    with pytest.raises(RuntimeError):
        await edge.ask(a_request("/a.css"))
    assert body.closed
    assert len(edge.driver.flights) == 0


async def test_one_body_that_can_not_be_closed_keeps_no_other_one_open() -> None:
    class Stuck(ScriptedBody):
        __slots__ = ()

        async def aclose(self) -> None:
            raise OSError("stuck")

    bodies = [Stuck(b"1"), ScriptedBody(b"2")]
    last = bodies[-1]
    pages = {404: CustomErrorResponse(404, page_path="/404.html")}
    distribution = a_distribution(behavior(default_ttl=0, max_ttl=0), error_responses=pages)
    edge = serving(lambda: a_response(404, body=bodies.pop(0)), distribution)
    with pytest.raises(OSError, match="stuck"):
        await edge.ask(a_request("/a.css"))
    assert last.closed


# ── the background ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("begun", [pytest.param(True, id="under way"), pytest.param(False, id="not begun")])
async def test_the_end_of_the_driver_ends_what_goes_on_in_the_background(begun: bool) -> None:
    bodies: list[ScriptedBody] = []
    edge = serving(lambda: a_response(body=bodies[0]))
    body = ScriptedBody(b"he", b"llo", clock=edge.clock, every=10)
    bodies.append(body)
    await edge.ask(a_request("/a.css", method="HEAD"))
    if begun:
        await settle()
    await edge.aclose()
    assert body.closed
    assert edge.store.entries() == []
    assert len(edge.driver.flights) == 0


async def test_closing_an_idle_driver_is_nothing() -> None:
    await serving(a_response).aclose()


# ── request bodies ───────────────────────────────────────────────────────────


def reads(*, include_body: bool = True) -> Any:
    functions = {Trigger.VIEWER_REQUEST: a_function("echo"), Trigger.ORIGIN_REQUEST: a_function("echo")}
    return a_distribution(behavior(functions=functions, include_body=include_body, allowed_methods=ALL_METHODS))


def echo(event: dict[str, Any]) -> Any:
    return event["Records"][0]["cf"]["request"]


@pytest.mark.parametrize("size", [0, 10, 40 * 1024, 40 * 1024 + 1, 2_000_000])
async def test_the_origin_gets_a_request_body_whole_whatever_functions_read_of_it(size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    edge = serving(a_response, reads(), functions={"echo": echo})
    upload = Upload(*(body[at : at + 60_000] for at in range(0, size, 60_000)))
    await edge.ask(a_request("/form", method="POST", body=upload))
    assert edge.origin.requests[0].body == body


async def test_a_body_that_was_begun_and_is_not_wanted_any_more_is_closed() -> None:
    edge = serving(a_response, reads(), functions={"echo": lambda event: {"status": "413"}})
    upload = Upload(b"x" * 50_000, b"y")
    answered = await edge.ask(a_request("/form", method="POST", body=upload))
    assert (answered.status, upload.closed, upload.read) == (413, 1, 50_000)
    assert edge.origin.received == []


async def test_a_body_stays_open_while_it_is_looked_up_and_sent() -> None:
    """Looking up lets go of what a former answer left, not of the request itself."""
    upload = Upload(b"x" * 50_000, b"y" * 50_000)
    made = behavior(
        functions={Trigger.VIEWER_REQUEST: a_function("echo")},
        include_body=True,
        allowed_methods=ALL_METHODS,
        cached_methods=("GET", "HEAD", "OPTIONS"),
    )
    edge = serving(a_response, a_distribution(made), functions={"echo": echo})
    await edge.ask(a_request("/form", method="OPTIONS", body=upload))
    assert edge.origin.requests[0].body == b"x" * 50_000 + b"y" * 50_000
    assert upload.closed


# ── what is told ─────────────────────────────────────────────────────────────


async def test_time_enters_on_replies() -> None:
    edge = FakeEdge(lambda request, origin: a_response(), SITE)
    edge.origin._answer = slowly(edge.clock, 2, lambda request, origin: a_response(cache_control="max-age=60"))
    answered, _ = await asyncio.gather(edge.ask(a_request("/a.css")), edge.clock.advance(5))
    (note,) = answered.transcript.at(Station.ORIGIN)
    assert note.facts["at"] == NOW + 2
    ((_, entry),) = edge.store.entries()
    assert entry.stored_at == NOW + 2


async def test_an_object_larger_than_the_cache_takes_is_told_in_the_transcript() -> None:
    edge = serving(lambda: a_response(body=b"x" * 5_000), object_bytes=2_000)
    answered = await edge.ask(a_request("/a.css"))
    assert answered.transcript.reasons[-2:] == [StoreReason.TOO_LARGE, Outcome.MISS]
    edge = serving(lambda: a_response(body=ScriptedBody(b"x" * 5_000)), object_bytes=2_000)
    answered = await edge.ask(a_request("/a.css"))
    assert list(answered.transcript.unkept.values()) == ["its body is larger than the cache takes"]


async def test_a_function_gets_its_trigger_timeout_and_event_and_its_run_is_told() -> None:
    edge = serving(
        a_response,
        a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: a_function("echo")})),
        functions={"echo": echo},
    )
    answered = await edge.ask(a_request("/a.css"))
    (note,) = answered.transcript.at(Station.VIEWER_REQUEST)
    assert note.facts["invocation"].init_ms == 120
    assert note.facts["at"] == NOW


@pytest.mark.parametrize(
    "trouble", [pytest.param(OriginTrouble.DNS, id="dns"), pytest.param(OriginTrouble.READ_TIMEOUT, id="timeout")]
)
async def test_a_fault_of_the_origin_is_an_answer_not_an_exception(trouble: OriginTrouble) -> None:
    def fails() -> Response:
        raise OriginFault(trouble, "in one sentence")

    answered = await serving(fails).ask(a_request("/a.css"))
    (note,) = answered.transcript.at(Station.ORIGIN)
    assert (answered.status // 100, note.facts["message"]) == (5, "in one sentence")
