"""The environments of one version of a function in one region.

The most recently used idle environment takes the next invocation; where none is idle another one starts, up to a
limit of real processes; beyond it callers queue, in order, and their waiting is not part of the function's time.
(Lambda throttles beyond its concurrency limit; that is a limit of its own and belongs to the service.)
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from time import perf_counter

from edgesim.ports import Call
from edgesim.runtimes.deployment import Deployment
from edgesim.runtimes.environment import SHUT_DOWN, Environment, Job
from edgesim.values.invocation import Failed, Invocation

Outcome = asyncio.Future[Invocation | Failed]
"""Failed where the pool closes before an environment is free."""

StartEnvironment = Callable[[Deployment], Environment]
"""Makes an environment that is not initialised yet."""


def default_limit() -> int:
    """Processes per function: enough to keep every processor busy while some of them wait."""
    return max(4, 2 * (os.cpu_count() or 1) + 2)


class Pool:
    """Lends environments of one deployment, each to one caller at a time."""

    def __init__(self, deployment: Deployment, start: StartEnvironment, limit: int) -> None:
        self.deployment = deployment
        self._start = start
        self._limit = limit
        self._idle: list[Environment] = []  # the most recently used last
        self._all: set[Environment] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
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
        for idle in self._idle:
            self._discard(idle)
        self._idle.clear()

    def adopt(self, environment: Environment) -> None:
        """Take in an environment that was initialised elsewhere."""
        self._all.add(environment)
        self._give_back(environment)

    def reap(self, seconds: float) -> None:
        """Give up environments that have been idle for longer."""
        oldest = perf_counter() - seconds
        expired = [one for one in self._idle if one.idle_since < oldest]
        for environment in expired:
            self._idle.remove(environment)
            self._discard(environment)

    def drain(self) -> None:
        """The version was replaced: nothing stays warm. Requests that began with it are still served."""
        self._draining = True
        self.cool()
        self._wake_all()

    def close(self) -> None:
        """End everything at once."""
        self._closed = True
        self.drain()
        for environment in tuple(self._all):
            self._discard(environment)

    async def settled(self) -> None:
        """Wait for work that was under way when the pool closed."""
        await asyncio.gather(*self._tasks)

    # ── running ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _invoke_later(self, call: Call, request_id: str, event: str, outcome: Outcome) -> None:
        """Run as soon as there is an environment to run in."""
        environment = await self._borrow()
        if environment is None:
            _resolve(outcome, SHUT_DOWN)
            return
        job = self._job(call, request_id, event, environment, outcome)
        if environment.state == "warm":
            environment.invoke(job)
        else:
            await environment.restart(job)

    def _job(self, call: Call, request_id: str, event: str, environment: Environment, outcome: Outcome) -> Job:
        def conclude(invocation: Invocation) -> None:
            self._give_back(environment)
            _resolve(outcome, invocation)

        return Job(call, request_id, event, conclude)

    # ── lending ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _borrow(self) -> Environment | None:
        queued = False
        while not self._closed:
            self._drop_outdated()
            if self._idle:
                return self._idle.pop()
            if len(self._all) < self._limit:
                return await self._initialised()
            await self._turn(first=queued)
            queued = True
        return None

    async def _initialised(self) -> Environment:
        """A new environment. Where its init fails, it is lent all the same: the invocation tries again, as on
        Lambda."""
        environment = self._start(self.deployment)
        self._all.add(environment)
        await environment.initialise()
        return environment

    async def _turn(self, *, first: bool) -> None:
        """Wait until an environment may be free. Who waited already and came too late is the first in the queue."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(waiter)
        else:
            self._waiting.append(waiter)
        await waiter

    def _give_back(self, environment: Environment) -> None:
        if self._draining or environment.outdated:
            self._discard(environment)
        elif environment.state == "warm":
            self._idle.append(environment)
        else:
            self._idle.insert(0, environment)  # without a process: only where nothing warm is left
        self._wake_one()

    def _drop_outdated(self) -> None:
        """As if their code had changed."""
        while self._idle and self._idle[-1].outdated:
            self._discard(self._idle.pop())

    def _discard(self, environment: Environment) -> None:
        self._all.discard(environment)
        environment.dispose()

    def _wake_one(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _wake_all(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()


def _resolve(outcome: Outcome, value: Invocation | Failed) -> None:
    if not outcome.done():  # the caller may have left
        outcome.set_result(value)
