"""Objects that answer while they are fetched anew: one fetches, nobody waits, and nothing is left behind."""

from __future__ import annotations

import asyncio

from edgesim.origins.canned import Answer, ScriptedBody, slowly
from edgesim.testing.clock import settle
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_request, a_response

SITE = a_distribution()


def counting() -> Answer:
    """An origin that numbers its answers, each good for a minute and then stale for another."""
    numbers = iter(range(1, 100))
    control = "max-age=60, stale-while-revalidate=60"
    return lambda request, origin: a_response(body=ScriptedBody(b"%d" % next(numbers)), cache_control=control)


async def stale_edge(seconds: float = 3) -> FakeEdge:
    """An edge whose object is stale by a second, and whose origin takes so long for the next."""
    edge = FakeEdge(counting(), SITE)
    await edge.ask(a_request("/a"))
    await edge.clock.advance(61)
    edge.origin._answer = slowly(edge.clock, seconds, edge.origin._answer)
    return edge


async def test_many_viewers_cause_one_fetch_and_none_of_them_waits() -> None:
    edge = await stale_edge()
    answered = [await edge.ask(a_request("/a")) for _ in range(20)]
    assert {one.body for one in answered} == {b"1"}
    await settle()
    assert len(edge.origin.received) == 2
    await edge.clock.advance(3)
    assert (await edge.ask(a_request("/a"))).body == b"2"
    assert len(edge.origin.received) == 2
    await edge.aclose()


async def test_who_comes_when_the_time_is_over_waits_for_the_fetch_that_goes_on() -> None:
    edge = await stale_edge(seconds=100)
    await edge.ask(a_request("/a"))
    await edge.clock.advance(60)
    late = asyncio.create_task(edge.ask(a_request("/a")))
    await settle()
    assert not late.done()
    await edge.clock.advance(40)
    assert (await late).body == b"2"
    assert len(edge.origin.received) == 2
    await edge.aclose()


async def test_a_head_request_has_the_whole_object_fetched_anew() -> None:
    edge = await stale_edge()
    await edge.ask(a_request("/a", method="HEAD"))
    await edge.clock.advance(3)
    assert [received.request.method for received in edge.origin.received] == ["GET", "GET"]
    assert (await edge.ask(a_request("/a"))).body == b"2"
    await edge.aclose()


async def test_what_was_invalidated_while_its_origin_failed_does_not_come_back() -> None:
    edge = FakeEdge(lambda request, origin: a_response(cache_control="max-age=60"), SITE)
    await edge.ask(a_request("/a"))
    await edge.clock.advance(61)
    edge.origin._answer = slowly(edge.clock, 3, lambda request, origin: a_response(500))
    asking = asyncio.create_task(edge.ask(a_request("/a")))
    await settle()
    await edge.store.invalidate(SITE.id, "/a")
    await edge.clock.advance(3)
    assert (await asking).status == 200
    assert not edge.store.entries()
    await edge.aclose()


async def test_closing_ends_what_goes_on_behind() -> None:
    edge = await stale_edge()
    await edge.ask(a_request("/a"))
    assert edge.driver.busy_behind
    await edge.aclose()
    assert not edge.driver.busy_behind
    assert len(edge.driver.flights) == 0
