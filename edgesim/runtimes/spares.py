"""Processes that are started ahead of demand.

A process learns in its first frame which function it is to run, so it can boot before anybody asks: a cold start then
costs loading the user's code, and not starting an interpreter as well. Lambda too may initialise ahead of demand.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

from edgesim.runtimes.child import Child
from edgesim.runtimes.guard import Guard
from edgesim.runtimes.interpreters import Interpreter, Language

_REFILL_SECONDS = 0.1
"""A spare was just taken, so somebody is loading code: its replacement would compete for the processor."""

DEFAULT_SPARES = {Language.NODE: 1, Language.PYTHON: 1}


class Spares:
    """Starts children and keeps some in hand for every interpreter in use."""

    def __init__(self, guard: Guard, wanted: Mapping[Language, int]) -> None:
        self._guard = guard
        self._wanted = dict(wanted)
        self._ready: defaultdict[Interpreter, list[Child]] = defaultdict(list)
        self._refills: dict[Interpreter, asyncio.TimerHandle] = {}
        self._alive: set[Child] = set()
        self._closed = False

    @property
    def count(self) -> int:
        return sum(map(len, self._ready.values()))

    def take(self, interpreter: Interpreter) -> Child:
        """A child for a new environment: the oldest spare, or one that starts now. Raises OSError."""
        if self._closed:
            raise ProcessLookupError("edgesim was shut down")
        self._refill_soon(interpreter)
        ready = self._ready[interpreter]
        while ready:
            child = ready.pop(0)
            if not child.exited.done():
                return child
        return self._start(interpreter)

    def keep_only(self, interpreters: set[Interpreter]) -> None:
        """Give up the spares of interpreters that no function uses any more."""
        for interpreter in self._ready.keys() - interpreters:
            for child in self._ready.pop(interpreter):
                child.kill()
            if (refill := self._refills.pop(interpreter, None)) is not None:
                refill.cancel()

    async def close(self) -> None:
        """Kill every child that was ever handed out or kept, and see them buried."""
        self._closed = True
        self.keep_only(set())
        for child in tuple(self._alive):
            child.kill()
            await child.exited

    def _start(self, interpreter: Interpreter) -> Child:
        child = Child(interpreter.command(), self._guard)
        self._alive.add(child)
        child.exited.add_done_callback(lambda _: self._alive.discard(child))
        return child

    def _refill_soon(self, interpreter: Interpreter) -> None:
        if interpreter not in self._refills and self._wanted.get(interpreter.language, 0) > 0:
            loop = asyncio.get_running_loop()
            self._refills[interpreter] = loop.call_later(_REFILL_SECONDS, self._refill, interpreter)

    def _refill(self, interpreter: Interpreter) -> None:
        """One at a time: each start takes the loop a moment and a processor longer."""
        del self._refills[interpreter]
        ready = self._ready[interpreter]
        if len(ready) >= self._wanted[interpreter.language]:
            return
        with suppress(OSError):  # whoever needs one will be told
            ready.append(self._start(interpreter))
            if len(ready) < self._wanted[interpreter.language]:
                self._refill_soon(interpreter)
