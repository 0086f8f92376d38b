"""An edge in this process: the real driver, cache and functions, scripted origins, and a clock that moves when told.

Nothing here sleeps. While somebody waits for a request, time stands still as long as anything can still happen by
itself (a function runs, a task has work), and then jumps to the next instant that somebody waits for: an origin that
takes its time, a timeout.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from edgesim.distribution.model import Distribution, EdgeFunction, Trigger
from edgesim.distribution.propagation import Rollout, Spread
from edgesim.distribution.sessions import with_sessions
from edgesim.driver.driver import Driver
from edgesim.driver.recorder import TranscriptRing
from edgesim.driver.virtual_clock import VirtualClock, settle
from edgesim.errors import ConfigError, EdgesimBug
from edgesim.ports import Call, Runtime
from edgesim.scenario.model import LAST_INSTANT, LAST_YEAR, Scripts, Setting
from edgesim.scenario.playing.connection import Connection
from edgesim.scenario.playing.origins import ScriptedOrigins
from edgesim.scenario.playing.seen import Answered, nothing_for
from edgesim.server.viewer_header import ViewerDefaults, viewer_of
from edgesim.stores.memory import MemoryStore
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.instant import Duration
from edgesim.values.invocation import Invocation
from edgesim.values.message import Request
from edgesim.values.viewer import Arrival

T = TypeVar("T")

_KEPT_TRANSCRIPTS = 100_000
"""As good as all of a scenario."""

_STUCK_SECONDS = 60.0
"""Real time in which nothing happens though somebody waits: then something is wrong with edgesim itself."""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One run of a function: the event it got and what came of it."""

    function: EdgeFunction
    trigger: Trigger
    event: dict[str, Any]
    invocation: Invocation


class Ids:
    """Request ids that are the same in every run. They look like CloudFront's (56 characters) and Lambda's (a UUID)."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._requests, self._invocations, self._seeds = count(1), count(1), count(1)

    def request(self) -> str:
        digest = hashlib.sha512(f"request {next(self._requests)}".encode()).digest()
        return base64.urlsafe_b64encode(digest[:40]).decode().replace("-", "_")

    def seed(self) -> int:
        return next(self._seeds)

    def invocation(self) -> str:
        digits = hashlib.sha256(f"invocation {next(self._invocations)}".encode()).hexdigest()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


@dataclass(slots=True)
class Watched:
    """A Runtime that says whether something runs in it just now, and remembers every call."""

    runtime: Runtime
    calls: list[FunctionCall] = field(default_factory=list)
    running: set[asyncio.Future[Invocation]] = field(default_factory=set)

    async def invoke(self, call: Call) -> Invocation:
        task = asyncio.ensure_future(self.runtime.invoke(call))
        self.running.add(task)
        try:
            invocation = await task
        finally:
            self.running.discard(task)
        self.calls.append(FunctionCall(call.function, call.trigger, call.event, invocation))
        return invocation


class Edge:
    """One edge location with an empty cache. `runtime` must have the setting's functions already."""

    def __init__(self, setting: Setting, runtime: Runtime, clock: VirtualClock, ids: Ids) -> None:
        self.clock, self._ids = clock, ids
        self.rollout = Rollout(setting.distributions)
        self.store = MemoryStore()
        self.origins = ScriptedOrigins(clock, ids.invocation)
        self.origins.deploy(setting)
        self.functions = Watched(runtime)
        self._under_way = 0
        self.recorder = TranscriptRing(_KEPT_TRANSCRIPTS)
        self.driver = Driver(
            clock=clock, store=self.store, origins=self.origins, runtime=self.functions, recorder=self.recorder
        )

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """What was deployed last."""
        return self.rollout.newest

    def distributions_for(self, arrival: Arrival) -> tuple[Distribution, ...]:
        """What a request's edge location had when it came."""
        return self.rollout.at(arrival.viewer.pop, arrival.at)

    # ── what a viewer does ───────────────────────────────────────────────────

    async def send(
        self,
        request: Request,
        viewer: ViewerDefaults,
        *,
        step: object = None,
        scripts: Scripts | None = None,
        leaves: float | None = None,
    ) -> Answered:
        """A request's whole answer, or what its viewer has of it when it `leaves`, that many seconds later. Origins
        that it makes the edge ask, answer by `scripts` first, and remember `step`. Somebody must keep time going
        meanwhile: see `finish`."""
        who = viewer_of(viewer, ("127.0.0.1", 0), "http", "1.1")
        arrival = Arrival(self._ids.request(), self.clock.now(), who, request)
        connection = Connection(arrival)
        if leaves is not None:
            connection.leave_in(Duration(leaves), self.clock)
        self._under_way += 1
        try:
            return await self._answered(connection, step, scripts or {})
        finally:
            self._under_way -= 1

    async def _answered(self, connection: Connection, step: object, scripts: Scripts) -> Answered:
        arrival = connection.arrival
        with self.origins.during(step, scripts):
            exchange = await self.driver.answer(arrival, self.distributions_for(arrival), connection.wire)
            await connection.take(exchange)
        ended = self.clock.now()
        if connection.is_lost:
            return nothing_for(exchange.transcript, ended)
        response = exchange.response
        seen = b"" if arrival.request.method == "HEAD" else bytes(connection.body)
        return Answered(response.status, response.headers, seen, connection.complete, exchange.transcript, ended)

    # ── what passes ──────────────────────────────────────────────────────────

    async def advance(self, seconds: float) -> None:
        """Let time pass. Whatever waited for an instant in between happens at that instant. Raises ConfigError where
        there is not so much time left."""
        await self.quiet()
        _check_time(self.clock.now() + seconds)
        await self.clock.advance(seconds)
        await self.quiet()

    async def invalidate(self, paths: Collection[str]) -> int:
        """Drop what matches from the cache of every distribution; how many objects that were."""
        return sum([await self.store.invalidate(d.id, path) for d in self.distributions for path in paths])

    def deploy(self, setting: Setting, propagation: float = 0) -> None:
        """Another configuration, which reaches each edge location within so many seconds. Its functions must be in the
        runtime already."""
        now, spread = self.clock.now(), Spread(Duration(propagation), self._ids.seed())
        distributions = with_sessions(self.rollout.newest, setting.distributions)
        self.rollout = self.rollout.since(now).then(distributions, now, spread)
        self.origins.deploy(setting)

    # ── time ─────────────────────────────────────────────────────────────────

    async def quiet(self, tasks: Sequence[asyncio.Task[Any]] = ()) -> None:
        """Until nothing goes on any more but waiting for the clock, or until these tasks are done."""
        if not (self._under_way or tasks or self.driver.busy_behind):
            return
        await settle(lambda: _all_done(tasks))
        while self.functions.running and not _all_done(tasks):
            await asyncio.wait(set(self.functions.running), return_when=asyncio.FIRST_COMPLETED)
            await settle(lambda: _all_done(tasks))

    async def finish(self, *work: Coroutine[Any, Any, T]) -> list[T]:
        """What these come to, begun in this order; time jumps on where all of them wait for it."""
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            await self.until_done(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [task.result() for task in tasks]

    async def until_done(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        """Wait for tasks, and let time jump on where all that is left waits for it. Raises EdgesimBug where nothing
        will ever happen, ConfigError where time ends before that."""
        idle = 0.0
        while not _all_done(tasks):
            await self.quiet(tasks)
            pending = {task for task in tasks if not task.done()}
            if not pending:
                break
            if (due := self.clock.next_due()) is not None:
                _check_time(due)
                await self.clock.jump()
                continue
            # Something outside: a thread reads a file
            _, waiting = await asyncio.wait(pending, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            idle = idle + _LOOK_SECONDS if len(waiting) == len(pending) else 0.0
            if idle > _STUCK_SECONDS:
                raise EdgesimBug(f"{len(waiting)} requests wait for something that never comes")

    # ── what there is ────────────────────────────────────────────────────────

    def cached(self) -> list[tuple[CacheKey, Entry]]:
        """Everything in the cache that may answer a request while origins can be reached."""
        return [(key, entry) for key, entry in self.store.entries() if not entry.for_outages]

    async def aclose(self) -> None:
        """End what goes on in the background."""
        await self.driver.aclose()


def _check_time(at: float) -> None:
    if at > LAST_INSTANT:
        raise ConfigError(f"time would pass the end of the year {LAST_YEAR}, and there it ends", "begin earlier: at: …")


def _all_done(tasks: Sequence[asyncio.Task[Any]]) -> bool:
    return bool(tasks) and all(task.done() for task in tasks)


_LOOK_SECONDS = 0.02
