"""A clock that stands still until it is moved."""

from __future__ import annotations

import asyncio

import pytest

from edgesim.testing.clock import VirtualClock, settle
from edgesim.testing.make import NOW
from edgesim.values.instant import Duration


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
