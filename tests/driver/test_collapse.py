"""Request collapsing: one fetches, the others wait, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from edgesim.distribution.model import CustomErrorResponse, Origin, Trigger
from edgesim.driver.collapse import Flight, Flights, Landing
from edgesim.driver.exchange import Exchange
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.canned import Answer, ScriptedBody, slowly, truncated
from edgesim.ports import StoredBody
from edgesim.rules.reasons import LookUpReason, Outcome
from edgesim.stores.memory import MemoryStore
from edgesim.testing.clock import settle
from edgesim.testing.fakes import Answered, FakeEdge
from edgesim.testing.make import a_distribution, a_function, a_request, a_response, an_arrival, behavior
from edgesim.values.body import Body
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.message import Request, Response

SITE = a_distribution()
KEY = CacheKey("E1", "GET", "/a.css")
MANY = 100


def slow_edge(answer: Answer, *distributions: Any, **more: Any) -> FakeEdge:
    """An edge whose origin takes a second for each answer."""
    edge = FakeEdge(answer, *(distributions or (SITE,)), **more)
    edge.origin._answer = slowly(edge.clock, 1, answer)
    return edge


def answers(*, status: int = 200, body: bytes = b"hello", **headers: Any) -> Answer:
    return lambda request, origin: a_response(status, body=ScriptedBody(body), **headers)


def dripping_edge(seconds: int, length: int | None = None, **headers: str) -> FakeEdge:
    """An edge whose origin sends a byte a second: 1234567890123…"""
    pieces = [str(number % 10).encode() for number in range(1, seconds + 1)]

    def answer(request: Request, origin: Origin) -> Response:
        body = ScriptedBody(*pieces, length=length, clock=edge.clock, every=1)
        return a_response(body=body, **{"cache_control": "max-age=60"} | headers)

    edge = FakeEdge(answer, SITE)
    return edge


async def together(edge: FakeEdge, *asking: Coroutine[Any, Any, Answered], seconds: float = 10) -> list[Answered]:
    """All of them at once, with enough time for everybody."""
    tasks = [asyncio.create_task(one) for one in asking]
    await edge.clock.advance(seconds)
    try:
        return [task.result() for task in tasks]
    finally:
        await edge.aclose()


def many(edge: FakeEdge, count: int = MANY, target: str = "/a.css") -> list[Coroutine[Any, Any, Answered]]:
    return [edge.ask(a_request(target)) for _ in range(count)]


# ── who fetches ──────────────────────────────────────────────────────────────


async def test_a_hundred_requests_for_a_cold_key_cause_one_fetch() -> None:
    edge = slow_edge(answers(cache_control="max-age=60"))
    answered = await together(edge, *many(edge), seconds=1)
    assert len(edge.origin.received) == 1
    assert Counter(one.x_cache for one in answered) == {"Miss": 1, "Hit": 99}
    assert {one.body for one in answered} == {b"hello"}
    assert LookUpReason.WAITED in answered[-1].transcript.reasons
    assert len(edge.driver.flights) == 0


async def test_who_looked_while_somebody_fetched_fetches_nothing_though_that_is_over_by_then() -> None:
    edge = slow_edge(answers(cache_control="max-age=60"))
    first = asyncio.create_task(edge.ask(a_request("/a.css")))
    await settle()
    rest = edge.driver.begin(an_arrival(a_request("/a.css")), edge.distributions)
    assert not isinstance(rest, Exchange)
    await edge.clock.advance(1)
    assert first.result().x_cache == "Miss"
    exchange = await rest()
    assert exchange.transcript.reasons[-1] is Outcome.HIT
    assert LookUpReason.WAITED in exchange.transcript.reasons
    await exchange.aclose()
    assert len(edge.origin.received) == 1
    await edge.aclose()


async def test_those_who_wait_run_no_origin_function() -> None:
    runs: Counter[str] = Counter()

    def echo(event: dict[str, Any]) -> Any:
        cf = event["Records"][0]["cf"]
        runs[cf["config"]["eventType"]] += 1
        return cf.get("response", cf["request"])

    functions = {trigger: a_function("echo") for trigger in Trigger}
    edge = slow_edge(answers(), a_distribution(behavior(functions=functions)), functions={"echo": echo})
    await together(edge, *many(edge, 10))
    assert runs == {"viewer-request": 10, "origin-request": 1, "origin-response": 1, "viewer-response": 10}


async def test_different_keys_never_wait_for_each_other() -> None:
    edge = slow_edge(answers())
    tasks = [asyncio.create_task(edge.ask(a_request(f"/{number}"))) for number in range(20)]
    await edge.clock.advance(1)
    assert all(task.done() for task in tasks)
    assert len(edge.origin.received) == 20
    await edge.aclose()


@pytest.mark.parametrize(
    "cache_control",
    [
        pytest.param("private", id="private is released to fetch for themselves"),
        pytest.param("no-store", id="no-store is released to fetch for themselves"),
        pytest.param("no-cache", id="no-cache is stored, and yet good for one answer only"),
        pytest.param("max-age=0", id="a TTL of zero is good for one answer only"),
    ],
)
async def test_whoever_waited_for_an_answer_that_is_not_theirs_fetches(cache_control: str) -> None:
    edge = slow_edge(answers(cache_control=cache_control))
    answered = await together(edge, *many(edge, 10), seconds=2)
    assert len(edge.origin.received) == 10
    assert Counter(one.x_cache for one in answered) == {"Miss": 10}
    assert len(edge.driver.flights) == 0


async def test_released_requests_know_that_they_waited_and_what_time_it_is() -> None:
    edge = slow_edge(answers(cache_control="private"))
    begun = edge.clock.now()
    answered = await together(edge, *many(edge, 2))
    late = next(note for note in answered[1].transcript.notes if note.because is LookUpReason.NOT_STORED)
    assert late.facts["waited"]
    assert late.facts["at"] == begun + 1


async def test_an_answer_that_can_serve_nobody_else_holds_nobody_while_its_body_comes() -> None:
    edge = FakeEdge(answers(cache_control="no-cache"), SITE)
    first = await edge.begin(a_request("/events"))  # its body may never end, and is not read here
    second = await edge.begin(a_request("/events"))
    assert len(edge.origin.received) == 2
    await first.aclose()
    await second.aclose()
    await edge.aclose()


async def test_a_viewer_that_stops_reading_holds_nobody() -> None:
    edge = FakeEdge(answers(cache_control="max-age=60"), SITE)
    slow = await edge.begin(a_request("/a.css"))
    other = await edge.ask(a_request("/a.css"))
    assert (other.x_cache, other.body) == ("Hit", b"hello")
    assert len(edge.origin.received) == 1
    await slow.aclose()
    await edge.aclose()


async def test_who_waits_reads_the_body_as_it_comes() -> None:
    edge = dripping_edge(5)
    asking = [asyncio.create_task(edge.ask(a_request("/a.css"))) for _ in range(2)]
    await edge.clock.advance(3)
    late = await edge.begin(a_request("/a.css"))
    chunks = late.chunks()
    assert await anext(chunks) == b"123"
    assert LookUpReason.WAITED in late.transcript.reasons
    assert not any(task.done() for task in asking)
    await edge.clock.advance(2)
    assert b"".join([chunk async for chunk in chunks]) == b"45"
    await late.aclose(sent=5)
    assert [(task.result().x_cache, task.result().body) for task in asking] == [("Miss", b"12345"), ("Hit", b"12345")]
    assert len(edge.origin.received) == 1
    ((key, _),) = edge.store.entries()
    assert edge.store.finds(key) == 2


async def test_an_object_without_end_goes_to_everybody_who_asks_for_it() -> None:
    edge = dripping_edge(10_000)
    exchanges = [await edge.begin(a_request("/events")) for _ in range(3)]
    reading = [asyncio.ensure_future(anext(exchange.chunks())) for exchange in exchanges]
    await edge.clock.advance(1)
    assert [task.result() for task in reading] == [b"1"] * 3
    assert len(edge.origin.received) == 1
    for exchange in exchanges:
        await exchange.aclose(complete=False)


async def test_a_part_of_what_comes_is_sent_as_soon_as_it_is_there() -> None:
    """Of an origin that knows no ranges and sends all of it."""
    edge = dripping_edge(5, length=5)
    first, other = (asyncio.create_task(edge.ask(a_request("/a.css", range="bytes=1-2"))) for _ in range(2))
    await edge.clock.advance(3)
    assert not first.done()
    assert (other.result().status, other.result().body) == (206, b"23")
    await edge.clock.advance(2)
    assert len(edge.origin.received) == 1


async def test_who_has_what_comes_already_is_told_so_at_once() -> None:
    edge = dripping_edge(5, etag='"v1"')
    first = asyncio.create_task(edge.ask(a_request("/a.css")))
    await edge.clock.advance(1)
    assert (await edge.ask(a_request("/a.css", if_none_match='"v1"'))).status == 304
    await edge.clock.advance(4)
    assert first.result().body == b"12345"


async def test_what_expires_while_it_comes_is_fetched_anew_once_for_who_asks_then() -> None:
    edge = dripping_edge(5, cache_control="max-age=2")
    first = asyncio.create_task(edge.ask(a_request("/a.css")))
    await edge.clock.advance(3)
    others = [asyncio.create_task(one) for one in many(edge, 10)]
    await edge.clock.advance(5)
    assert first.result().x_cache == "Miss"
    assert Counter(task.result().x_cache for task in others) == {"Miss": 1, "Hit": 9}
    assert len(edge.origin.received) == 2


@pytest.mark.parametrize("came", [pytest.param(0, id="before its head is there"), pytest.param(3, id="while it comes")])
async def test_what_is_invalidated_on_its_way_is_fetched_anew_once_for_who_asks_then(came: int) -> None:
    edge = dripping_edge(5)
    edge.origin._answer = slowly(edge.clock, 2, edge.origin._answer)
    first = asyncio.create_task(edge.ask(a_request("/a.css")))
    await edge.clock.advance(came)
    assert await edge.store.invalidate(SITE.id, "/a.css") == 0
    others = [asyncio.create_task(one) for one in many(edge, 10)]
    await edge.clock.advance(20)
    assert (first.result().x_cache, first.result().body) == ("Miss", b"12345")
    assert Counter(task.result().x_cache for task in others) == {"Miss": 1, "Hit": 9}
    assert len(edge.origin.received) == 2
    assert list(first.result().transcript.unkept.values()) == ["it was invalidated while it came in"]
    assert (await edge.ask(a_request("/a.css"))).x_cache == "Hit"


async def test_with_caching_disabled_nobody_waits() -> None:
    edge = slow_edge(answers(), a_distribution(behavior(max_ttl=0, default_ttl=0)))
    await together(edge, *many(edge, 10), seconds=1)
    assert len(edge.origin.received) == 10


async def test_a_stale_object_is_revalidated_once_for_all() -> None:
    def revalidates(request: Request, origin: Origin) -> Response:
        if request.headers.get("if-none-match") == '"v1"':
            return a_response(304, body=b"", cache_control="max-age=60")
        return a_response(etag='"v1"', cache_control="max-age=60")

    edge = slow_edge(revalidates)
    await asyncio.gather(edge.ask(a_request("/a.css")), edge.clock.advance(100))
    answered = await together(edge, *many(edge, 10))
    assert len(edge.origin.received) == 2
    assert Counter(one.x_cache for one in answered) == {"RefreshHit": 1, "Hit": 9}


async def test_an_error_is_shared_too() -> None:
    edge = slow_edge(answers(status=404))
    answered = await together(edge, *many(edge, 10))
    assert len(edge.origin.received) == 1
    assert Counter(one.status for one in answered) == {404: 10}


async def test_head_and_get_do_not_wait_for_each_other() -> None:
    edge = slow_edge(answers())
    both = (edge.ask(a_request("/a.css")), edge.ask(a_request("/a.css", method="HEAD")))
    assert [one.status for one in await together(edge, *both, seconds=1)] == [200, 200]
    assert sorted(request.method for request in edge.origin.requests) == ["GET", "HEAD"]


# ── leaders that leave ───────────────────────────────────────────────────────


async def test_where_the_leader_is_cancelled_another_leads() -> None:
    edge = slow_edge(answers())
    leader = asyncio.create_task(edge.ask(a_request("/a.css")))
    others = [asyncio.create_task(one) for one in many(edge, 10)]
    await edge.clock.advance(0.5)
    leader.cancel()
    await edge.clock.advance(1)
    assert Counter(task.result().x_cache for task in others) == {"Miss": 1, "Hit": 9}
    assert len(edge.origin.received) == 2
    assert len(edge.driver.flights) == 0


async def test_a_follower_that_is_cancelled_takes_nobody_along() -> None:
    edge = slow_edge(answers())
    tasks = [asyncio.create_task(one) for one in many(edge, 3)]
    await edge.clock.advance(0.5)
    tasks[1].cancel()
    await edge.clock.advance(1)
    assert [tasks[0].result().x_cache, tasks[2].result().x_cache] == ["Miss", "Hit"]
    assert tasks[1].cancelled()


async def test_where_the_leaders_viewer_aborts_the_download_it_goes_on_for_the_others() -> None:
    edge = dripping_edge(5)
    leader = await edge.begin(a_request("/a.css"))
    follower = asyncio.create_task(edge.ask(a_request("/a.css")))
    await edge.clock.advance(3)
    await leader.aclose(sent=3, complete=False)
    await edge.clock.advance(2)
    assert (follower.result().x_cache, follower.result().body) == ("Hit", b"12345")
    assert leader.transcript.unkept == {}
    assert [entry.body.length for _, entry in edge.store.entries() if isinstance(entry.body, StoredBody)] == [5]


async def test_where_everybody_aborts_the_download_it_ends_and_nothing_is_kept() -> None:
    edge = dripping_edge(5)
    leader, follower = await edge.begin(a_request("/a.css")), await edge.begin(a_request("/a.css"))
    await leader.aclose(complete=False)
    assert len(edge.driver.flights) == 1
    await follower.aclose(complete=False)
    assert len(edge.driver.flights) == 0
    assert edge.store.entries() == []
    assert list(leader.transcript.unkept.values()) == ["its body did not come in whole"]


async def test_a_body_that_breaks_off_does_so_for_all_who_read_it_and_the_next_one_fetches() -> None:
    bodies: list[Body] = [truncated(b"half", 8), ScriptedBody(b"whole")]
    edge = slow_edge(lambda request, origin: a_response(body=bodies.pop(0)))
    first, second = (asyncio.create_task(edge.ask(a_request("/a.css"))) for _ in range(2))
    await edge.clock.advance(1)
    assert isinstance(first.exception(), OriginFault)
    assert isinstance(second.exception(), OriginFault)
    third = asyncio.create_task(edge.ask(a_request("/a.css")))
    await edge.clock.advance(1)
    assert (third.result().x_cache, third.result().body) == ("Miss", b"whole")


async def test_where_the_leaders_function_fails_everybody_finds_out_for_themselves() -> None:
    async def fail(event: dict[str, Any]) -> Any:
        await settle()
        raise RuntimeError("oh")

    distribution = a_distribution(behavior(functions={Trigger.ORIGIN_REQUEST: a_function("fail")}))
    edge = FakeEdge(answers(), distribution, functions={"fail": fail})
    answered = await together(edge, *many(edge, 5))
    assert Counter(one.x_cache for one in answered) == {"LambdaExecutionError": 5}


async def test_an_origin_that_is_down_is_asked_once() -> None:
    def down(request: Request, origin: Origin) -> Response:
        raise OriginFault(OriginTrouble.CONNECT, "refused")

    edge = slow_edge(down)
    answered = await together(edge, *many(edge, 10))
    assert Counter(one.status for one in answered) == {502: 10}
    assert len(edge.origin.received) == 1


async def test_an_adapter_that_breaks_blocks_nobody() -> None:
    faults = [RuntimeError("a bug in an adapter")]

    def breaks_once(request: Request, origin: Origin) -> Response:
        if faults:
            raise faults.pop()
        return a_response()

    edge = slow_edge(breaks_once)
    first, second = (asyncio.create_task(edge.ask(a_request("/a.css"))) for _ in range(2))
    await edge.clock.advance(2)
    assert isinstance(first.exception(), RuntimeError)
    assert second.result().status == 200


async def test_a_store_that_breaks_blocks_nobody() -> None:
    edge = slow_edge(lambda request, origin: a_response())
    faults = [OSError("disk full")]

    class BreaksOnce(MemoryStore):
        async def put(self, key: CacheKey, entry: Entry) -> bool:
            if faults:
                raise faults.pop()
            return await super().put(key, entry)

    edge.driver.store = BreaksOnce()
    first, second = (asyncio.create_task(edge.ask(a_request("/a.css"))) for _ in range(2))
    await edge.clock.advance(2)
    assert isinstance(first.exception(), OSError)
    assert second.result().status == 200
    assert len(edge.driver.flights) == 0


async def test_a_store_that_breaks_once_the_body_is_in_blocks_nobody() -> None:
    edge = dripping_edge(5)

    class Full(MemoryStore):
        async def put(self, key: CacheKey, entry: Entry) -> bool:
            raise OSError("disk full")

    edge.driver.store = Full()
    reading = [asyncio.create_task(edge.ask(a_request("/a.css"))) for _ in range(2)]
    await edge.clock.advance(5)
    assert [type(task.exception()) for task in reading] == [OSError, OSError]
    assert len(edge.driver.flights) == 0


# ── what is too large ────────────────────────────────────────────────────────


async def test_what_is_announced_to_be_too_large_to_keep_is_fetched_by_everybody_at_once() -> None:
    edge = slow_edge(
        lambda request, origin: a_response(body=ScriptedBody(b"x" * 5_000, length=5_000)), object_bytes=2_000
    )
    tasks = [asyncio.create_task(one) for one in many(edge, 10)]
    await edge.clock.advance(2)
    assert Counter(task.result().x_cache for task in tasks) == {"Miss": 10}
    assert len(edge.origin.received) == 10


async def test_what_turns_out_too_large_to_keep_goes_to_all_who_read_it_already() -> None:
    pieces = [bytes([number]) * 500 for number in range(10)]
    edge = FakeEdge(lambda request, origin: a_response(body=ScriptedBody(*pieces)), SITE, object_bytes=2_000)
    reading = [asyncio.create_task(one) for one in many(edge, 10)]
    await settle()
    assert {task.result().body for task in reading} == {b"".join(pieces)}
    assert Counter(task.result().x_cache for task in reading) == {"Miss": 1, "Hit": 9}
    assert len(edge.origin.received) == 1
    assert edge.store.entries() == []


# ── custom error pages ───────────────────────────────────────────────────────


async def test_a_page_whose_own_path_fails_waits_for_nobody_but_its_own_body() -> None:
    pages = {404: CustomErrorResponse(404, page_path="/404.html")}
    edge = slow_edge(answers(status=404, body=b"x" * 1_000), a_distribution(error_responses=pages))
    answered = await together(edge, *many(edge, 5, "/404.html"))
    assert Counter(one.status for one in answered) == {404: 5}
    assert {one.body for one in answered} == {b"x" * 1_000}
    assert len(edge.origin.received) == 1


async def test_two_pages_that_fail_into_each_other_do_not_lock_each_other_out() -> None:
    """A leads /500.html and needs /404.html; B leads /404.html and needs /500.html."""

    def fails(request: Request, origin: Origin) -> Response:
        return a_response(404 if request.path == "/500.html" else 500, body=ScriptedBody(b"x"))

    pages = {status: CustomErrorResponse(status, page_path=f"/{status}.html") for status in (404, 500)}
    edge = slow_edge(fails, a_distribution(error_responses=pages))
    one, other = await together(edge, edge.ask(a_request("/500.html")), edge.ask(a_request("/404.html")))
    assert (one.status, other.status) == (500, 404)


async def test_one_page_for_many_errors_is_fetched_once() -> None:
    def fails(request: Request, origin: Origin) -> Response:
        return a_response(200 if request.path == "/404.html" else 404, body=ScriptedBody(request.path.encode()))

    pages = {404: CustomErrorResponse(404, page_path="/404.html")}
    edge = slow_edge(fails, a_distribution(error_responses=pages))
    answered = await together(edge, *(edge.ask(a_request(f"/{number}")) for number in range(5)))
    assert {(one.status, one.body) for one in answered} == {(404, b"/404.html")}
    assert Counter(request.path for request in edge.origin.requests)["/404.html"] == 1


# ── the plain state ──────────────────────────────────────────────────────────


async def test_a_flight_is_found_until_it_lands() -> None:
    flights = Flights()
    flight = flights.lead(KEY)
    assert flights.find(KEY) is flight
    flights.land(flight, Landing.KEPT)
    assert flights.find(KEY) is None
    assert await flight.coming() is None
    assert flight.landing is Landing.KEPT


async def test_the_first_landing_counts() -> None:
    flights = Flights()
    flight = flights.lead(KEY)
    flights.land(flight, Landing.KEPT)
    flights.land(flight, Landing.FAILED)
    assert flight.landing is Landing.KEPT


async def test_landing_an_old_flight_leaves_a_new_one_in_the_air() -> None:
    flights = Flights()
    old, new = flights.lead(KEY), flights.lead(KEY)
    flights.land(old, Landing.FAILED)
    assert flights.find(KEY) is new


async def test_everybody_who_waits_is_told() -> None:
    flight = Flight(KEY)
    waiting = [asyncio.create_task(flight.coming()) for _ in range(3)]
    await settle()
    flight.land(Landing.NOTHING_KEPT)
    assert await asyncio.gather(*waiting) == [None] * 3
