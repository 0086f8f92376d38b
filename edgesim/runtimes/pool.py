"""The environments of one version of a function in one region.

The most recently used idle environment takes the next invocation; where none is idle another one starts, as far as
there are processes to be had (fleet.py); beyond that callers queue, in order, and their waiting is not part of the
function's time. (Lambda throttles beyond its concurrency limit; that is a limit of its own, in concurrency.py, and the
queue is never longer than it.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from edgesim.ports import Call
from edgesim.runtimes.deployment import Deployment
from edgesim.runtimes.environment import SHUT_DOWN, Environment, Job
from edgesim.runtimes.fleet import Fleet
from edgesim.runtimes.remarks import HELD_SECONDS
from edgesim.values.invocation import Failed, Invocation

Outcome = asyncio.Future[Invocation | Failed]
"""Failed where the pool closes before an environment is free."""

StartEnvironment = Callable[[Deployment], Environment]
"""Makes an environment that is not initialised yet."""


@dataclass(frozen=True, slots=True)
class _Lent:
    """An environment for a caller. `is_new`: it has to be initialised before anything else. `waited_ms`: how long there
    was none to be had."""

    environment: Environment
    is_new: bool = False
    waited_ms: float = 0.0


class Pool:
    """Lends environments of one deployment, each to one caller at a time. `limit`: how many there may be of them.
    `ended` is told of each call when its invocation has ended, whether or not somebody still waits for it, and says
    whether that was its environment's last. `held` is told where a caller has waited for long (remarks.py)."""

    def __init__(
        self,
        deployment: Deployment,
        start: StartEnvironment,
        limit: int,
        fleet: Fleet,
        ended: Callable[[Call], bool],
        held: Callable[[], None] | None = None,
    ) -> None:
        self.deployment = deployment
        self.limit = limit
        self._start = start
        self._fleet = fleet
        self._ended = ended
        self._held = held
        self._idle: list[Environment] = []  # the most recently used last; empty while somebody waits
        self._all: set[Environment] = set()
        self._waiting: deque[asyncio.Future[_Lent | None]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False
        self._closed = False

    @property
    def environments(self) -> list[Environment]:
        return sorted(self._all, key=lambda one: one.name)

    @property
    def queue(self) -> int:
        """Callers that wait for an environment."""
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Environments, busy or idle."""
        return len(self._all)

    def longest_idle(self) -> Environment | None:
        return min(self._idle, key=lambda one: one.idle_since, default=None)

    def give_up(self, environment: Environment) -> None:
        """End an environment that is idle."""
        self._idle.remove(environment)
        self._discard(environment)

    def invoke(self, call: Call, request_id: str, event: str) -> Outcome:
        """Run once in some environment. A caller that stops waiting does not stop the function."""
        outcome: Outcome = asyncio.get_running_loop().create_future()
        self._drop_outdated()
        if self._idle and self._idle[-1].state == "warm":
            environment = self._idle.pop()
            environment.invoke(self._job(call, request_id, event, environment, outcome))
        else:
            task = asyncio.ensure_future(self._invoke_later(call, request_id, event, outcome))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return outcome

    def cool(self) -> None:
        """Give up every environment that is idle."""
        for idle in tuple(self._idle):
            self.give_up(idle)
        self._fleet.freed()

    def recycle(self) -> int:
        """Give up every environment: those at work when they have answered. How many there were."""
        count = len(self._all)
        for environment in self._all:
            environment.retire()
        self.cool()
        return count

    def adopt(self, environment: Environment) -> None:
        """Take in an environment that was initialised elsewhere."""
        self._all.add(environment)
        self._give_back(environment)
        self._fleet.trim()

    def reap(self, seconds: float) -> None:
        """Give up environments that have been idle for longer."""
        oldest = perf_counter() - seconds
        for environment in [one for one in self._idle if one.idle_since < oldest]:
            self.give_up(environment)
        self._fleet.freed()

    def drain(self) -> None:
        """The version was replaced: nothing stays warm. Requests that began with it are still served."""
        self._draining = True
        self.cool()

    async def clear(self) -> None:
        """End every environment, also one at work, and see its process gone. Others take their places."""
        environments = tuple(self._all)
        self._all.clear()
        self._idle.clear()
        await asyncio.gather(*(one.end() for one in environments))

    def close(self) -> None:
        """End everything at once."""
        self._closed = True
        while self._waiting:
            self._lend(None)
        self.drain()
        for environment in tuple(self._all):
            self._discard(environment)

    async def settled(self) -> None:
        """Wait for work that was under way when the pool closed."""
        await asyncio.gather(*self._tasks)

    # ── running ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _invoke_later(self, call: Call, request_id: str, event: str, outcome: Outcome) -> None:
        """Run as soon as there is an environment to run in."""
        lent = await self._borrow()
        if lent is None:
            self._ended(call)
            _resolve(outcome, SHUT_DOWN)
            return
        environment = lent.environment
        if lent.is_new:  # where its init fails, it is used all the same: the invocation tries again, as on Lambda
            await environment.initialise()
        job = self._job(call, request_id, event, environment, outcome, lent.waited_ms)
        if environment.state == "warm":
            environment.invoke(job)
        else:
            await environment.restart(job)

    def _job(
        self, call: Call, request_id: str, event: str, environment: Environment, outcome: Outcome, waited_ms: float = 0
    ) -> Job:
        def conclude(invocation: Invocation) -> None:
            if self._ended(call):
                environment.retire()
            self._give_back(environment)
            _resolve(outcome, replace(invocation, waited_ms=waited_ms) if waited_ms else invocation)

        return Job(call, request_id, event, conclude)

    # ── lending ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _borrow(self) -> _Lent | None:
        """An environment, as soon as it is this caller's turn; None where the pool has closed."""
        if self._closed:
            return None
        self._drop_outdated()
        if self._idle:
            return _Lent(self._idle.pop())
        waiter: asyncio.Future[_Lent | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._fleet.queued += 1
        if len(self._waiting) == 1 and self._fleet.admits(self):
            self.grow()
        if waiter.done():
            return waiter.result()
        begun = perf_counter()
        lent = await self._lent(waiter)
        return lent and replace(lent, waited_ms=(perf_counter() - begun) * 1000)

    async def _lent(self, waiter: asyncio.Future[_Lent | None]) -> _Lent | None:
        """What comes of waiting."""
        if self._held is None:
            return await waiter
        telling = asyncio.get_running_loop().call_later(HELD_SECONDS, self._held)
        try:
            return await waiter
        finally:
            telling.cancel()

    def grow(self) -> None:
        """Start an environment for the caller who has waited for longest."""
        environment = self._start(self.deployment)
        self._all.add(environment)
        self._lend(_Lent(environment, is_new=True))

    def _lend(self, lent: _Lent | None) -> None:
        """To the caller who has waited for longest."""
        self._fleet.queued -= 1
        waiter = self._waiting.popleft()
        if not waiter.done():  # the loop may be ending
            waiter.set_result(lent)

    def _give_back(self, environment: Environment) -> None:
        if self._waiting and not environment.outdated and environment in self._all:
            self._lend(_Lent(environment))
        elif self._draining or environment.outdated or environment not in self._all:
            self._discard(environment)
        elif environment.state == "warm":
            self._idle.append(environment)
        else:
            self._idle.insert(0, environment)  # without a process: only where nothing warm is left
        self._fleet.freed()

    def _drop_outdated(self) -> None:
        """As if their code had changed."""
        while self._idle and self._idle[-1].outdated:
            self._discard(self._idle.pop())

    def _discard(self, environment: Environment) -> None:
        self._all.discard(environment)
        environment.dispose()


def _resolve(outcome: Outcome, value: Invocation | Failed) -> None:
    if not outcome.done():  # the caller may have left
        outcome.set_result(value)
