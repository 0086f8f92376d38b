"""A clock that stands still until it is moved."""

from __future__ import annotations

import asyncio

import pytest

from edgesim.driver.virtual_clock import VIRTUAL_START as NOW
from edgesim.driver.virtual_clock import VirtualClock, settle
from edgesim.values.instant import Duration, Instant


def test_it_stands_still() -> None:
    async def story() -> None:
        clock = VirtualClock()
        await settle()
        assert clock.now() == NOW

    asyncio.run(story())


def test_sleepers_wake_in_order_each_at_its_own_instant() -> None:
    woken: list[tuple[str, float]] = []

    async def sleep(clock: VirtualClock, name: str, span: float) -> None:
        await clock.sleep(Duration(span))
        woken.append((name, clock.now() - NOW))

    async def story() -> None:
        clock = VirtualClock()
        async with asyncio.TaskGroup() as group:
            for name, span in (("late", 30), ("early", 10), ("also early", 10), ("never in time", 31)):
                group.create_task(sleep(clock, name, span))
            await clock.advance(30.5)
            assert woken == [("early", 10), ("also early", 10), ("late", 30)]
            assert clock.sleepers == 1
            assert clock.now() == NOW + 30.5
            await clock.advance(1)

    asyncio.run(story())
    assert woken[-1] == ("never in time", 31)


def test_who_sleeps_again_in_time_is_woken_again() -> None:
    async def every_second(clock: VirtualClock, ticks: list[float]) -> None:
        while True:
            await clock.sleep(Duration(1))
            ticks.append(clock.now() - NOW)

    async def story() -> list[float]:
        clock, ticks = VirtualClock(), list[float]()
        task = asyncio.create_task(every_second(clock, ticks))
        await clock.advance(3.5)
        task.cancel()
        await clock.advance(10)
        return ticks

    assert asyncio.run(story()) == [1, 2, 3]


def test_sleeping_for_no_time_only_lets_others_work() -> None:
    async def story() -> None:
        clock = VirtualClock()
        await clock.sleep(Duration(0))
        await clock.sleep(Duration(-1))
        assert clock.now() == NOW

    asyncio.run(story())


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        asyncio.run(VirtualClock().advance(-1))


def test_its_repr_is_a_window() -> None:
    assert repr(VirtualClock()) == "<VirtualClock at 1746525600.000, 0 waiting>"


# ── timers ───────────────────────────────────────────────────────────────────


async def test_timers_fire_among_sleepers_each_at_its_own_instant() -> None:
    clock, seen = VirtualClock(), list[tuple[str, float]]()

    def note(name: str) -> None:
        seen.append((name, clock.now() - NOW))

    async def sleep(name: str, span: float) -> None:
        await clock.sleep(Duration(span))
        note(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("sleeper", 2))
        clock.call_later(Duration(3), note, "late")
        clock.call_later(Duration(1), note, "early")
        clock.call_later(Duration(1), note, "cancelled").cancel()
        await clock.advance(3)
    assert seen == [("early", 1), ("sleeper", 2), ("late", 3)]


async def test_a_timer_of_no_time_fires_when_the_clock_is_next_moved() -> None:
    clock, fired = VirtualClock(), list[float]()
    clock.call_later(Duration(0), lambda: fired.append(clock.now() - NOW))
    await settle()
    assert fired == []
    await clock.advance(0)
    assert fired == [0]


async def test_a_timer_may_set_another_one() -> None:
    clock, ticks = VirtualClock(), list[float]()

    def tick() -> None:
        ticks.append(clock.now() - NOW)
        clock.call_later(Duration(1), tick)

    clock.call_later(Duration(1), tick)
    await clock.advance(2.5)
    assert ticks == [1, 2]


# ── time that passes by itself ───────────────────────────────────────────────


async def test_it_jumps_to_whoever_is_due_next() -> None:
    clock, woken = VirtualClock(), list[tuple[str, float]]()

    async def sleep(name: str, span: float) -> None:
        await clock.sleep(Duration(span))
        woken.append((name, clock.now() - NOW))

    async with asyncio.TaskGroup() as group:
        for name, span in (("late", 20), ("one", 5), ("two", 5)):
            group.create_task(sleep(name, span))
        await settle()
        assert clock.next_due() == NOW + 5
        assert await clock.jump()
        assert woken == [("one", 5), ("two", 5)]
        assert await clock.jump()
        assert woken[-1] == ("late", 20)
        assert not await clock.jump()
    assert clock.now() == NOW + 20
    assert clock.next_due() is None


async def test_nobody_is_due_who_no_longer_waits() -> None:
    clock = VirtualClock()
    clock.call_later(Duration(1), print).cancel()
    task = asyncio.create_task(clock.sleep(Duration(2)))
    await settle()
    assert clock.next_due() == NOW + 2
    task.cancel()
    assert not await clock.jump()
    assert clock.now() == NOW


# ── another story ────────────────────────────────────────────────────────────


async def test_another_story_may_begin_earlier() -> None:
    clock = VirtualClock()
    await clock.advance(1_000)
    clock.restart(Instant(12.5))
    assert clock.now() == 12.5
    clock.restart()
    assert clock.now() == NOW


async def test_who_still_waits_has_no_part_in_the_next_story() -> None:
    clock, fired = VirtualClock(), list[str]()
    sleeper = asyncio.create_task(clock.sleep(Duration(10)))
    clock.call_later(Duration(10), fired.append, "timer")
    await settle()
    clock.restart()
    await clock.advance(100)
    assert sleeper.cancelled()
    assert fired == []
    assert clock.sleepers == 0
