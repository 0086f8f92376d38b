"""A clock that stands still until somebody moves it.

Everything in edgesim that waits asks a Clock, so TTLs, timeouts of inline functions and stalls of canned origins all
move together. Real worker processes keep their own time: with a VirtualClock use runtimes/inline.py.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

from edgesim.testing.make import NOW
from edgesim.values.instant import Duration, Instant

# How many rounds of the event loop others get to act in, once time has moved. A chain of callbacks takes one round a
# link; the longest of edgesim's own (a follower that becomes a leader and fetches) has about a dozen.
_ROUNDS = 50


class VirtualClock:
    """Implements ports.Clock. Time is monotone: `advance` refuses to go back."""

    def __init__(self, start: Instant = NOW) -> None:
        self._now = start
        self._order = count()
        self._waiters: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> Instant:
        return self._now

    @property
    def sleepers(self) -> int:
        """How many are waiting."""
        return sum(not future.done() for _, _, future in self._waiters)

    async def sleep(self, span: Duration) -> None:
        """Wait until the clock has been moved this far."""
        if span <= 0:
            await _one_round()
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (self._now + span, next(self._order), waiter))
        await waiter

    async def advance(self, seconds: float) -> None:
        """Move on. Those who wait are woken in order, each at its own instant; who wakes and sleeps again in time is
        woken again. The event loop's other work is done before, between and after."""
        if seconds < 0:
            raise ValueError(f"time does not go back ({seconds} s)")
        target = Instant(self._now + seconds)
        await settle()
        while self._waiters and self._waiters[0][0] <= target:
            when, _, waiter = heapq.heappop(self._waiters)
            if not waiter.done():
                self._now = Instant(when)
                waiter.set_result(None)
                await settle()
        self._now = target

    def __repr__(self) -> str:
        return f"<VirtualClock at {self._now:.3f}, {self.sleepers} waiting>"


async def settle() -> None:
    """Let every task that can act, act, until all of them wait for time or for each other."""
    for _ in range(_ROUNDS):
        await _one_round()


async def _one_round() -> None:
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    loop.call_soon(turn.set_result, None)
    await turn
