"""Request collapsing: one fetches, the others wait, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from edgesim.distribution.model import CustomErrorResponse, Origin, Trigger
from edgesim.driver.collapse import Flight, Flights, Landing
from edgesim.driver.driver import PATIENCE, Exchange
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.canned import Answer, ScriptedBody, slowly, truncated
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


async def test_a_viewer_that_stops_reading_holds_the_others_for_a_moment_only() -> None:
    edge = FakeEdge(answers(cache_control="max-age=60"), SITE)
    slow = await edge.begin(a_request("/a.css"))
    asked = asyncio.create_task(edge.ask(a_request("/a.css")))
    await edge.clock.advance(PATIENCE - 0.1)
    assert not asked.done()
    await edge.clock.advance(0.1)
    assert (await asked).body == b"hello"
    assert len(edge.origin.received) == 2
    await slow.aclose()
    await edge.aclose()


async def test_patience_ends_with_the_body() -> None:
    edge = FakeEdge(answers(cache_control="max-age=60"), SITE)
    await edge.ask(a_request("/a.css"))
    assert edge.clock.next_due() is None


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


async def test_where_the_leaders_viewer_aborts_the_download_another_leads() -> None:
    edge = slow_edge(answers(body=b"x" * 100))
    leader = asyncio.create_task(edge.begin(a_request("/a.css")))
    follower = asyncio.create_task(edge.ask(a_request("/a.css")))
    await edge.clock.advance(1)
    exchange = leader.result()
    await exchange.aclose(sent=3, complete=False)
    await edge.clock.advance(1)
    assert follower.result().x_cache == "Miss"
    assert list(exchange.transcript.unkept.values()) == ["its body did not come in whole"]


async def test_where_the_leaders_body_breaks_off_another_leads() -> None:
    bodies: list[Body] = [truncated(b"half", 8), ScriptedBody(b"whole")]
    edge = slow_edge(lambda request, origin: a_response(body=bodies.pop(0)))
    first, second = (asyncio.create_task(edge.ask(a_request("/a.css"))) for _ in range(2))
    await edge.clock.advance(2)
    assert isinstance(first.exception(), OriginFault)
    assert (second.result().x_cache, second.result().body) == ("Miss", b"whole")


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


# ── what is too large ────────────────────────────────────────────────────────


@pytest.mark.parametrize("length", [pytest.param(5_000, id="announced"), pytest.param(None, id="not announced")])
async def test_what_is_too_large_to_keep_is_fetched_by_everybody_at_once(length: int | None) -> None:
    edge = slow_edge(
        lambda request, origin: a_response(body=ScriptedBody(b"x" * 5_000, length=length)), object_bytes=2_000
    )
    tasks = [asyncio.create_task(one) for one in many(edge, 10)]
    await edge.clock.advance(2)
    assert Counter(task.result().x_cache for task in tasks) == {"Miss": 10}
    assert len(edge.origin.received) == 10


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
    assert await flight.landed() is Landing.KEPT


async def test_the_first_landing_counts() -> None:
    flights = Flights()
    flight = flights.lead(KEY)
    flights.land(flight, Landing.KEPT)
    flights.land(flight, Landing.FAILED)
    assert await flight.landed() is Landing.KEPT


async def test_landing_an_old_flight_leaves_a_new_one_in_the_air() -> None:
    flights = Flights()
    old, new = flights.lead(KEY), flights.lead(KEY)
    flights.land(old, Landing.FAILED)
    assert flights.find(KEY) is new


async def test_everybody_who_waits_is_told() -> None:
    flight = Flight(KEY)
    waiting = [asyncio.create_task(flight.landed()) for _ in range(3)]
    await settle()
    flight.land(Landing.NOTHING_KEPT)
    assert set(await asyncio.gather(*waiting)) == {Landing.NOTHING_KEPT}
