"""Processes that are started ahead of demand, and where new ones come from.

A process learns in its first frame which function it is to run, so it can boot before anybody asks: a cold start then
costs loading the user's code, and not starting an interpreter as well. Lambda too may initialise ahead of demand.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from edgesim.runtimes.child import Child, Start
from edgesim.runtimes.deployment import Deployment
from edgesim.runtimes.guard import Guard
from edgesim.runtimes.interpreters import Language
from edgesim.runtimes.process import PlainProcess
from edgesim.runtimes.zygotes import SandboxedProcess, Zygote, Zygotes

_REFILL_SECONDS = 0.1
"""A spare was just taken, so somebody is loading code: its replacement would compete for the processor."""

DEFAULT_SPARES = {Language.NODE: 2, Language.PYTHON: 2}

_ATTEMPTS = 3

Program = tuple[str, ...]


class Spares:
    """Starts children and keeps some in hand for every program in use: an interpreter with its options."""

    def __init__(self, guard: Guard, zygotes: Zygotes, wanted: Mapping[Language, int]) -> None:
        self._guard = guard
        self._zygotes = zygotes
        self._wanted = dict(wanted)
        self._ready: defaultdict[Program, list[Child]] = defaultdict(list)
        self._refills: dict[Program, asyncio.TimerHandle] = {}
        self._alive: set[Child] = set()
        self._closed = False

    @property
    def count(self) -> int:
        return sum(map(len, self._ready.values()))

    async def take(self, deployment: Deployment, environment: str) -> Child:
        """A child for an environment: the oldest spare, or one that starts now. In a sandbox its room is furnished. One
        that ends before it knows for whom it is, with its zygote, is nobody's loss: the next one takes its place.
        Raises OSError."""
        for _ in range(_ATTEMPTS - 1):
            with suppress(ProcessLookupError):
                return await self._taken(deployment, environment)
        return await self._taken(deployment, environment)

    async def _taken(self, deployment: Deployment, environment: str) -> Child:
        zygote = await self._zygotes.zygote(deployment.interpreter) if deployment.inspector is None else None
        if self._closed:
            raise ProcessLookupError("edgesim was shut down")
        if deployment.inspector is not None:  # in the user's own folder, and no spare may hold its port
            return self._boot(None, deployment)
        child = self._spare(zygote, deployment)
        if isinstance(child.process, SandboxedProcess):
            await child.process.fill(deployment.room(environment))
        return child

    def _spare(self, zygote: Zygote | None, deployment: Deployment) -> Child:
        program = tuple(deployment.program())
        boot = partial(self._boot, zygote, deployment)
        self._refill_soon(program, boot, self._wanted.get(deployment.interpreter.language, 0))
        ready = self._ready[program]
        while ready:
            child = ready.pop(0)
            if not child.exited.done() and child.process.sandboxed is (zygote is not None):
                return child
            child.kill()
        return boot()

    def _boot(self, zygote: Zygote | None, deployment: Deployment) -> Child:
        if zygote is None:
            program = deployment.program()
            return self._start(lambda control, output: PlainProcess(program, control, output, self._guard))
        started = deployment.sandboxed_program()
        return self._start(lambda control, output: zygote.start(started, control, output))

    def _start(self, start: Start) -> Child:
        child = Child(start)
        self._alive.add(child)
        child.exited.add_done_callback(lambda _: self._alive.discard(child))
        return child

    def keep_only(self, programs: set[Program]) -> None:
        """Give up the spares of programs that no function uses any more."""
        for program in self._ready.keys() - programs:
            for child in self._ready.pop(program):
                child.kill()
            if (refill := self._refills.pop(program, None)) is not None:
                refill.cancel()

    def forget(self, environment: str) -> None:
        """An environment is gone, with everything it wrote."""
        self._zygotes.forget(environment)

    async def close(self) -> None:
        """Kill every child that was ever handed out or kept, see them buried, and end the zygotes."""
        self._closed = True
        self.keep_only(set())
        for child in tuple(self._alive):
            child.kill()
            await child.exited
        await self._zygotes.close()

    # ── ahead of demand ─────────────────────────────────────────────────────────────────────────────────────────

    def _refill_soon(self, program: Program, boot: Callable[[], Child], wanted: int) -> None:
        if program not in self._refills and wanted > 0:
            loop = asyncio.get_running_loop()
            self._refills[program] = loop.call_later(_REFILL_SECONDS, self._refill, program, boot, wanted)

    def _refill(self, program: Program, boot: Callable[[], Child], wanted: int) -> None:
        """One at a time: each start takes the loop a moment and a processor longer."""
        del self._refills[program]
        ready = self._ready[program]
        if len(ready) >= wanted:
            return
        with suppress(OSError):  # whoever needs one will be told
            ready.append(boot())
            if len(ready) < wanted:
                self._refill_soon(program, boot, wanted)
