"""The memory limit of functions: whoever uses more than its function has is killed, as Lambda does it.

While a function runs its environment is looked at now and then; what it used at most in between is known when it
answers, so an answer that cost too much does not count either. documented: configuration-memory; observed: the process
ends by SIGKILL, and REPORT says Runtime.OutOfMemory

Lambda limits what a whole environment holds. Here it is the resident memory of the function's process and, as long as
they run, of those it started. inferred: near enough, without a control group
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LOOK_SECONDS = 0.025

Look = Callable[[], None]


class MemoryWatch:
    """Calls those who run, every so often, to look at what they use. Costs nothing while nobody runs for long."""

    def __init__(self) -> None:
        self._running: set[Look] = set()
        self._next: asyncio.TimerHandle | None = None

    def started(self, look: Look) -> None:
        self._running.add(look)
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def ended(self, look: Look) -> None:
        self._running.discard(look)

    def close(self) -> None:
        self._running.clear()
        if self._next is not None:
            self._next.cancel()

    def _look(self) -> None:
        self._next = None
        for look in tuple(self._running):
            look()
        if self._running:
            self._next = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
