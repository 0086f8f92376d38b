"""A clock that stands still until somebody moves it.

Everything in edgesim that waits asks a Clock, so TTLs, timeouts of inline functions and stalls of canned origins all
move together. Real processes see it as standing still (runtimes/environment.py), but wait in real time, and so do
sockets.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from itertools import count
from typing import TypeVarTuple

from edgesim.values.instant import Duration, Instant, Pace

VIRTUAL_START = Instant(1_746_525_600.0)
"""Tue, 06 May 2025 10:00:00 GMT"""

Ts = TypeVarTuple("Ts")

# How many rounds of the event loop others get to act in, once time has moved. A chain of callbacks takes one round a
# link; the longest of edgesim's own (a follower that becomes a leader and fetches) has about a dozen.
_ROUNDS = 50


class _Waiter:
    """A call that is to come at an instant (ports.Timer). `sleeper` is the future of somebody who sleeps, or None."""

    __slots__ = ("_call", "sleeper", "when")

    def __init__(
        self, when: Instant, call: Callable[[], object] | None, sleeper: asyncio.Future[None] | None = None
    ) -> None:
        self.when, self._call, self.sleeper = when, call, sleeper

    @property
    def waits(self) -> bool:
        """Is it still to come?"""
        return self._call is not None and (self.sleeper is None or not self.sleeper.done())

    def cancel(self) -> None:
        self._call = None

    def fire(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call()


class VirtualClock:
    """Implements ports.Clock. Time is monotone: `advance` refuses to go back."""

    def __init__(self, start: Instant = VIRTUAL_START) -> None:
        self._now = start
        self._order = count()
        self._waiters: list[tuple[Instant, int, _Waiter]] = []

    @property
    def pace(self) -> Pace:
        return Pace.STILL

    @property
    def offset(self) -> Duration:
        return Duration(self._now - time.time())

    def now(self) -> Instant:
        return self._now

    # ── waiting ──────────────────────────────────────────────────────────────

    async def sleep(self, span: Duration) -> None:
        """Wait until the clock has been moved this far."""
        if span <= 0:
            await _one_round()
            return
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wait(_Waiter(Instant(self._now + span), lambda: sleeper.set_result(None), sleeper))
        await sleeper

    def call_later(self, span: Duration, callback: Callable[[*Ts], object], *args: *Ts) -> _Waiter:
        """Call once the clock has been moved this far: never at once, even for a span of 0."""
        waiter = _Waiter(Instant(self._now + max(span, 0)), lambda: callback(*args))
        self._wait(waiter)
        return waiter

    def _wait(self, waiter: _Waiter) -> None:
        heapq.heappush(self._waiters, (waiter.when, next(self._order), waiter))

    @property
    def sleepers(self) -> int:
        """How many sleep. Timers do not count."""
        return sum(waiter.waits and waiter.sleeper is not None for _, _, waiter in self._waiters)

    def next_due(self) -> Instant | None:
        """When the next sleeper wakes, or the next timer fires; None where there is neither."""
        while self._waiters and not self._waiters[0][2].waits:
            heapq.heappop(self._waiters)
        return self._waiters[0][0] if self._waiters else None

    # ── moving ───────────────────────────────────────────────────────────────

    async def advance(self, seconds: float) -> None:
        """Move on. Those who wait are woken in order, each at its own instant; who wakes and sleeps again in time is
        woken again. The event loop's other work is done before, between and after."""
        if seconds < 0:
            raise ValueError(f"time does not go back ({seconds} s)")
        await settle()
        await self._move_to(Instant(self._now + seconds))

    async def jump(self) -> bool:
        """Let time pass until the next one who waits is due, and wake all that are due then. False where nobody waits:
        then time stands still. For a story in which time passes by itself as soon as nothing else can happen; whoever
        tells it knows best whether a process or a socket has still something to say."""
        await settle()
        due = self.next_due()
        if due is None:
            return False
        await self._move_to(due)
        return True

    async def _move_to(self, target: Instant) -> None:
        while (due := self.next_due()) is not None and due <= target:
            _, _, waiter = heapq.heappop(self._waiters)
            self._now = max(self._now, due)
            waiter.fire()
            await settle()
        self._now = max(self._now, target)

    def restart(self, at: Instant = VIRTUAL_START) -> None:
        """Begin another story, at any instant. What still waits belongs to the one before: sleepers are cancelled,
        timers never fire."""
        waiters, self._waiters = self._waiters, []
        for _, _, waiter in waiters:
            waiter.cancel()
            if waiter.sleeper is not None:
                waiter.sleeper.cancel()
        self._now = at

    def __repr__(self) -> str:
        return f"<VirtualClock at {self._now:.3f}, {self.sleepers} waiting>"


async def settle(until: Callable[[], bool] = lambda: False) -> None:
    """Let every task that can act, act, until all of them wait for time or for each other, or something is so."""
    for _ in range(_ROUNDS):
        await _one_round()
        if until():
            return


async def _one_round() -> None:
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    loop.call_soon(_end, turn)
    await turn


def _end(turn: asyncio.Future[None]) -> None:
    if not turn.done():  # who waits may be cancelled meanwhile
        turn.set_result(None)
