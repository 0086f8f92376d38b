"""Real time: the machine's, and the same from another instant on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVarTuple

from edgesim.values.durations import spell_roughly
from edgesim.values.instant import Duration, Instant, Pace

Ts = TypeVarTuple("Ts")

LATEST = Instant(32_503_680_000.0)
"""The year 3000, where a clock can't be moved beyond: dates in every language go on for a while after it"""


class SystemClock:
    """The machine's clock (ports.Clock)."""

    @property
    def pace(self) -> Pace:
        return Pace.MACHINE

    @property
    def offset(self) -> Duration:
        return Duration(0.0)

    def now(self) -> Instant:
        return Instant(time.time())

    async def sleep(self, span: Duration) -> None:
        await asyncio.sleep(span)

    def call_later(self, span: Duration, callback: Callable[[*Ts], object], *args: *Ts) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(span, callback, *args)


class _SteeredTimer:
    """A call that comes by real time, or sooner where the clock is moved (ports.Timer)."""

    __slots__ = ("_call", "_handle", "_loop", "_timers", "_when")

    def __init__(self, timers: set[_SteeredTimer], span: float, call: Callable[[], object]) -> None:
        self._timers, self._call = timers, call
        self._loop = asyncio.get_running_loop()
        self._when = self._loop.time() + span
        self._handle = self._loop.call_at(self._when, self._fire)
        timers.add(self)

    def cancel(self) -> None:
        self._timers.discard(self)
        self._handle.cancel()

    def bring_nearer(self, seconds: float) -> None:
        self._when -= seconds
        self._handle.cancel()
        self._handle = self._loop.call_at(self._when, self._fire)

    def _fire(self) -> None:
        self._timers.discard(self)
        self._call()


class SteeredClock:
    """The machine's clock, until somebody moves it (ports.Clock).

    It is the machine's and an offset, or stands still. None of its moves takes it back. Who waits for it waits in real
    time, also while it stands still, since a server that does not answer teaches nobody anything; but a move forward
    counts as time that has passed.
    """

    def __init__(self) -> None:
        self._offset = 0.0  # whole milliseconds, so that functions, who count in them, see the very same clock
        self._stands_at: Instant | None = None
        self._timers: set[_SteeredTimer] = set()

    def __repr__(self) -> str:
        return f"<SteeredClock at {self.now():.3f} {self.pace.name}>"

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def pace(self) -> Pace:
        if self._stands_at is not None:
            return Pace.STILL
        return Pace.SHIFTED if self._offset else Pace.MACHINE

    def now(self) -> Instant:
        stands_at = self._stands_at
        return Instant(time.time() + self._offset) if stands_at is None else stands_at

    @property
    def offset(self) -> Duration:
        return Duration(self._offset if self._stands_at is None else self._stands_at - time.time())

    # ── moving ───────────────────────────────────────────────────────────────

    def advance(self, seconds: float) -> None:
        """Move on. Raises ValueError for less than nothing, and for the distant future."""
        if not 0 <= seconds <= LATEST - self.now():
            raise ValueError(f"the clock can be moved on, at most to the year 3000, and not by {seconds} s")
        span = round(seconds, 3)
        if self._stands_at is None:
            self._offset = round(self._offset + span, 3)
        else:
            self._stands_at = Instant(self._stands_at + span)
        self._bring_nearer(span)

    def freeze(self) -> None:
        """Stand still."""
        if self._stands_at is None:
            self._stands_at = self.now()

    def resume(self) -> None:
        """Run on from where it stands."""
        if self._stands_at is not None:
            # 0.5 ms more: rounding is not to take it back
            self._offset = round(self._stands_at - time.time() + 0.0005, 3)
            self._stands_at = None

    def reset(self) -> None:
        """Be the machine's clock again. Raises ValueError where that would take it back."""
        ahead = self.offset
        if ahead > 0:
            raise ValueError(
                f"the clock is {spell_roughly(ahead)} ahead of the machine's, and time does not go back: "
                "only a new start of edgesim has the machine's time"
            )
        self._offset, self._stands_at = 0.0, None
        self._bring_nearer(-ahead)

    def _bring_nearer(self, span: float) -> None:
        for timer in tuple(self._timers):
            timer.bring_nearer(span)

    # ── waiting ──────────────────────────────────────────────────────────────

    async def sleep(self, span: Duration) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(span, _wake, woken)
        try:
            await woken
        finally:
            timer.cancel()

    def call_later(self, span: Duration, callback: Callable[[*Ts], object], *args: *Ts) -> _SteeredTimer:
        return _SteeredTimer(self._timers, span, lambda: callback(*args))


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
