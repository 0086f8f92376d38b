"""What every Clock does, and the one that is real time until somebody moves it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from edgesim.driver.clock import LATEST, SteeredClock, SystemClock
from edgesim.driver.virtual_clock import VirtualClock, settle
from edgesim.ports import Clock
from edgesim.values.instant import Duration, Pace

HOUR = 3_600


async def real_time(clock: SystemClock) -> None:
    await clock.sleep(Duration(0.05))


async def virtual_time(clock: VirtualClock) -> None:
    await clock.advance(0.05)


async def steered_time(clock: SteeredClock) -> None:
    clock.advance(0.05)
    await clock.sleep(Duration(0))
    await settle()


async def frozen_time(clock: SteeredClock) -> None:
    clock.freeze()
    await clock.sleep(Duration(0.05))


CLOCKS = [
    pytest.param(SystemClock, real_time, id="the machine's"),
    pytest.param(SteeredClock, real_time, id="steered, untouched"),
    pytest.param(SteeredClock, steered_time, id="steered, moved"),
    pytest.param(SteeredClock, frozen_time, id="steered, frozen"),
    pytest.param(VirtualClock, virtual_time, id="virtual"),
]
Passes = Callable[[Clock], Awaitable[None]]


@pytest.mark.parametrize(("make", "passes"), CLOCKS)
async def test_whoever_waits_is_called_in_time(make: Callable[[], Clock], passes: Passes) -> None:
    clock, called = make(), list[tuple[str, int]]()
    clock.call_later(Duration(0.04), lambda *said: called.append(said), "late", 2)
    clock.call_later(Duration(0.01), lambda *said: called.append(said), "early", 1)
    clock.call_later(Duration(0), lambda *said: called.append(said), "at once", 0)
    clock.call_later(Duration(HOUR), lambda *said: called.append(said), "never", 3)
    assert called == []
    await passes(clock)
    assert called == [("at once", 0), ("early", 1), ("late", 2)]


@pytest.mark.parametrize(("make", "passes"), CLOCKS)
async def test_a_timer_that_is_cancelled_does_not_fire(make: Callable[[], Clock], passes: Passes) -> None:
    clock, called = make(), list[str]()
    timer, other = (clock.call_later(Duration(0.01), called.append, name) for name in ("cancelled", "other"))
    timer.cancel()
    await passes(clock)
    assert called == ["other"]
    other.cancel()
    timer.cancel()


@pytest.mark.parametrize(("make", "passes"), CLOCKS)
async def test_a_sleeper_may_be_cancelled(make: Callable[[], Clock], passes: Passes) -> None:
    clock = make()
    sleeper = asyncio.create_task(clock.sleep(Duration(0.01)))
    await asyncio.sleep(0)
    sleeper.cancel()
    await passes(clock)
    assert sleeper.cancelled()


@pytest.mark.parametrize(("make", "passes"), CLOCKS)
async def test_time_does_not_go_back(make: Callable[[], Clock], passes: Passes) -> None:
    clock = make()
    before = clock.now()
    await passes(clock)
    assert clock.now() >= before


@pytest.mark.parametrize(
    ("make", "pace"), [(SystemClock, Pace.MACHINE), (SteeredClock, Pace.MACHINE), (VirtualClock, Pace.STILL)]
)
def test_how_they_go(make: Callable[[], Clock], pace: Pace) -> None:
    assert make().pace is pace


# ── steered ──────────────────────────────────────────────────────────────────


def the_machine_says(clock: SteeredClock, offset: float) -> bool:
    """Is the clock this far from the machine's?"""
    before = time.time()
    now = clock.now()
    return before - 0.002 <= now - offset <= time.time() + 0.002


def test_untouched_it_is_the_machines() -> None:
    clock = SteeredClock()
    assert the_machine_says(clock, 0)
    assert clock.offset == 0


def test_moved_it_runs_on_from_there() -> None:
    clock = SteeredClock()
    clock.advance(HOUR)
    clock.advance(0.5)
    assert clock.pace is Pace.SHIFTED
    assert clock.offset == HOUR + 0.5
    assert the_machine_says(clock, HOUR + 0.5)


def test_frozen_it_stands_still_until_it_is_moved() -> None:
    clock = SteeredClock()
    clock.freeze()
    stands_at = clock.now()
    time.sleep(0.01)
    assert clock.pace is Pace.STILL
    assert clock.now() == stands_at
    clock.advance(HOUR)
    assert clock.now() == stands_at + HOUR
    clock.freeze()
    assert clock.now() == stands_at + HOUR


def test_resumed_it_runs_on_from_where_it_stood() -> None:
    clock = SteeredClock()
    clock.freeze()
    stands_at = clock.now()
    time.sleep(0.05)
    clock.resume()
    assert clock.pace is Pace.SHIFTED
    assert clock.offset <= -0.045
    assert clock.now() >= stands_at
    assert the_machine_says(clock, clock.offset)


def test_resuming_what_runs_changes_nothing() -> None:
    clock = SteeredClock()
    clock.resume()
    assert clock.pace is Pace.MACHINE
    clock.advance(5)
    clock.resume()
    assert clock.offset == 5


@pytest.mark.parametrize("at", [0, 0.0001, 0.0004999, 0.0005, 0.0005001, 0.0009999])
def test_resuming_never_takes_it_back(monkeypatch: pytest.MonkeyPatch, at: float) -> None:
    monkeypatch.setattr("edgesim.driver.clock.time.time", lambda: 1_746_525_600.0 + at)
    clock = SteeredClock()
    clock.freeze()
    stands_at = clock.now()
    monkeypatch.setattr("edgesim.driver.clock.time.time", lambda: 1_746_525_600.001)
    clock.resume()
    assert clock.now() >= stands_at


def test_the_offset_is_whole_milliseconds() -> None:
    clock = SteeredClock()
    for _ in range(10):
        clock.advance(0.1)
    assert clock.offset == 1
    clock.freeze()
    clock.resume()
    assert clock.offset == round(clock.offset, 3)


def test_a_clock_that_is_behind_can_be_the_machines_again() -> None:
    clock = SteeredClock()
    clock.freeze()
    time.sleep(0.01)
    clock.reset()
    assert clock.pace is Pace.MACHINE
    assert the_machine_says(clock, 0)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_clock_that_is_ahead_can_not(frozen: bool) -> None:
    clock = SteeredClock()
    clock.advance(HOUR)
    if frozen:
        clock.freeze()
    with pytest.raises(ValueError, match=r"the clock is (1h|59m\w+) ahead of the machine's, and time does not go back"):
        clock.reset()
    assert clock.now() > time.time() + HOUR / 2


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), LATEST])
def test_where_it_can_not_be_moved_to(seconds: float) -> None:
    clock = SteeredClock()
    with pytest.raises(ValueError, match="the clock can be moved on, at most to the year 3000"):
        clock.advance(seconds)
    assert clock.pace is Pace.MACHINE


async def test_a_move_counts_as_time_that_has_passed() -> None:
    clock, called = SteeredClock(), list[str]()
    sleeper = asyncio.create_task(clock.sleep(Duration(HOUR)))
    clock.call_later(Duration(HOUR + 30), called.append, "timer")
    clock.call_later(Duration(2 * HOUR), called.append, "not yet")
    await asyncio.sleep(0)
    clock.advance(HOUR / 2)
    await settle()
    assert not sleeper.done()
    clock.advance(HOUR / 2)
    await sleeper
    assert called == []
    clock.advance(30)
    await clock.sleep(Duration(0))
    await settle()
    assert called == ["timer"]


async def test_so_does_the_way_back_to_the_machines_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SteeredClock()
    clock.freeze()
    sleeper = asyncio.create_task(clock.sleep(Duration(HOUR)))
    await asyncio.sleep(0)
    later = time.time() + 2 * HOUR
    monkeypatch.setattr("edgesim.driver.clock.time.time", lambda: later)
    clock.reset()
    await sleeper
