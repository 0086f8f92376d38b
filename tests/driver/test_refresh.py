"""Objects that answer while they are fetched anew: one fetches, nobody waits, and nothing is left behind."""

from __future__ import annotations

import asyncio

import pytest

from edgesim.origins.canned import Answer, ScriptedBody, slowly
from edgesim.testing.clock import settle
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_request, a_response
from edgesim.values.body import Body

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


@pytest.mark.parametrize("body", [b"old", ScriptedBody(b"old")], ids=["at hand", "streamed"])
@pytest.mark.parametrize("pattern", ["/a", "/*", "#news"])
async def test_what_was_invalidated_while_it_was_fetched_is_not_kept(pattern: str, body: Body) -> None:
    site = a_distribution(cache_tag_header="cache-tag")
    headers = {"cache_control": "max-age=60", "cache_tag": "news"}
    edge = FakeEdge(lambda request, origin: a_response(body=b"new", **headers), site)
    edge.origin._answer = slowly(edge.clock, 3, lambda request, origin: a_response(body=body, **headers))
    asking = asyncio.create_task(edge.ask(a_request("/a")))
    await settle()
    await edge.store.invalidate(site.id, pattern)
    edge.origin._answer = lambda request, origin: a_response(body=b"new", **headers)
    behind = asyncio.create_task(edge.ask(a_request("/a")))
    await edge.clock.advance(3)
    assert (await asking).body == b"old"
    assert (await behind).body == b"new", "it came after the invalidation"
    (first, second) = sorted(edge.recorder, key=lambda transcript: transcript.arrival.at)
    told = [*first.unkept.values(), *second.unkept.values()]
    assert told == ["it was invalidated while it came in"]
    assert [entry.body for _, entry in edge.store.entries() if isinstance(entry.body, bytes)] == [b"new"]
    await edge.aclose()


async def test_what_was_invalidated_while_it_was_fetched_anew_behind_is_not_kept() -> None:
    edge = await stale_edge()
    await edge.ask(a_request("/a"))
    await edge.store.invalidate(SITE.id, "/*")
    await edge.clock.advance(3)
    assert not edge.store.entries()
    await edge.aclose()


async def test_an_invalidation_of_something_else_is_none_of_this() -> None:
    edge = FakeEdge(lambda request, origin: a_response(cache_control="max-age=60"), SITE)
    edge.origin._answer = slowly(edge.clock, 3, edge.origin._answer)
    asking = asyncio.create_task(edge.ask(a_request("/a")))
    await settle()
    for pattern in ("/b", "/a?x", "/A*", "#news"):
        await edge.store.invalidate(SITE.id, pattern)
    await edge.store.invalidate("another", "/*")
    await edge.clock.advance(3)
    await asking
    assert len(list(edge.store.entries())) == 1
    await edge.aclose()


async def test_closing_ends_what_goes_on_behind() -> None:
    edge = await stale_edge()
    await edge.ask(a_request("/a"))
    assert edge.driver.busy_behind
    await edge.aclose()
    assert not edge.driver.busy_behind
    assert len(edge.driver.flights) == 0
