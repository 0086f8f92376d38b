"""A Runtime of plain Python callables in edgesim's own process: for tests and scenarios, on any Clock.

What it shares with real environments: results cross as JSON, errors and timeouts come back as values, one environment
takes one event at a time and is reused while warm. What it does not have: processes, limits of memory, output that
is captured (a handler logs with `context.log`).
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Problem
from edgesim.logs import lambda_log
from edgesim.ports import Call, Clock, FunctionLog
from edgesim.values.instant import Duration, Instant
from edgesim.values.invocation import Failed, FailureKind, Invocation, Result, Returned

Handler = Callable[..., Any]
"""`handler(event)` or `handler(event, context)`; it may be async."""


@dataclass(slots=True)
class InlineContext:
    """The second argument. Times are milliseconds."""

    function_name: str
    aws_request_id: str
    deadline: Instant
    clock: Clock
    lines: list[str] = field(default_factory=list)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self.deadline - self.clock.now()) * 1000))


class InlineRuntime:
    """Runs handlers by their function's name. `init_ms` is what a cold start reports."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        clock: Clock,
        new_id: Callable[[], str],
        *,
        log: FunctionLog | None = None,
        init_ms: float = 0.0,
    ) -> None:
        self._handlers = dict(handlers)
        self._clock = clock
        self._new_id = new_id
        self._log = log
        self._init_ms = init_ms
        self._idle: defaultdict[str, list[str]] = defaultdict(list)
        self._made: defaultdict[str, int] = defaultdict(int)

    async def deploy(self, functions: Iterable[EdgeFunction]) -> list[Problem]:
        """The functions that have no handler here."""
        missing = [function.name for function in functions if function.name not in self._handlers]
        return [Problem(f"{name} has no handler in this InlineRuntime") for name in missing]

    async def close(self) -> None:
        self._handlers.clear()

    async def invoke(self, call: Call) -> Invocation:
        request_id = self._new_id()
        handler = self._handlers.get(call.function.name)
        if handler is None:
            message = f"the function {call.function.name} is not deployed"
            failed = Failed(FailureKind.UNAVAILABLE, "ResourceNotFoundException", message)
            return Invocation(request_id, failed, 0.0, 0, call.function.memory, 0, environment="")
        name, cold = self._take_environment(call.function.name)
        invocation = await self._invoke(handler, call, request_id, name, self._init_ms if cold else None)
        self._idle[call.function.name].append(name)
        self._report(call, invocation)
        return invocation

    def _take_environment(self, function: str) -> tuple[str, bool]:
        """(name, whether it is new)"""
        if self._idle[function]:
            return self._idle[function].pop(), False
        self._made[function] += 1
        return f"{function}#{self._made[function]}", True

    async def _invoke(
        self, handler: Handler, call: Call, request_id: str, environment: str, init_ms: float | None
    ) -> Invocation:
        begun = self._clock.now()
        context = InlineContext(call.function.name, request_id, Instant(begun + call.timeout), self._clock)
        result = await self._within(call.timeout, request_id, _run(handler, call.event, context))
        duration_ms = (self._clock.now() - begun) * 1000
        return Invocation(
            request_id=request_id,
            result=result,
            duration_ms=duration_ms,
            billed_ms=lambda_log.billed(duration_ms, init_ms),
            memory_mb=call.function.memory,
            memory_used_mb=0,
            environment=environment,
            init_ms=init_ms,
            log=tuple(context.lines),
            version=call.function.version,
        )

    async def _within(self, seconds: float, request_id: str, running: Awaitable[Result]) -> Result:
        """The result, or a timeout by the clock, whichever comes first."""
        task = asyncio.ensure_future(running)
        deadline = asyncio.ensure_future(self._clock.sleep(Duration(seconds)))
        try:
            await asyncio.wait((task, deadline), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            message = lambda_log.timed_out(self._clock.now(), request_id, seconds)
            return Failed(FailureKind.TIMEOUT, "Sandbox.Timedout", message)
        finally:
            task.cancel()
            deadline.cancel()
            await asyncio.gather(task, deadline, return_exceptions=True)

    def _report(self, call: Call, invocation: Invocation) -> None:
        if self._log is None:
            return
        report = lambda_log.report(
            invocation.request_id,
            duration_ms=invocation.duration_ms,
            billed_ms=invocation.billed_ms,
            memory_mb=invocation.memory_mb,
            used_mb=invocation.memory_used_mb,
            init_ms=invocation.init_ms,
        )
        start = lambda_log.start(invocation.request_id, call.function.version)
        lines = (start, *invocation.log, lambda_log.end(invocation.request_id), report)
        self._log.lines(call.function, call.trigger, lines)


async def _run(handler: Handler, event: dict[str, Any], context: InlineContext) -> Result:
    """Call a handler with a copy of the event, as a process would get it, and turn what comes into a result."""
    arguments = (json.loads(json.dumps(event)), context)[: len(inspect.signature(handler).parameters)]
    try:
        value = handler(*arguments)
        if inspect.isawaitable(value):
            value = await value
    except Exception as error:  # noqa: BLE001  a handler may raise anything
        return Failed(FailureKind.ERROR, type(error).__name__, str(error))
    return _encoded(value)


def _encoded(value: Any) -> Result:
    try:
        return Returned(json.dumps(value))
    except (TypeError, ValueError) as error:
        return Failed(FailureKind.ERROR, "Runtime.MarshalError", f"Unable to marshal response: {error}")
