"""An execution environment: one function version, one process, one invocation at a time.

    initialise → (invoke → frozen)*          the process lives; it is warm
    timeout, crash, too much memory          the process is killed; the next invocation initialises again, inside its
                                             own time and without an Init Duration (documented); /tmp stays

A function sees the service's Clock (node/clock.cjs, python/seen_time.py) where that is not the machine's. Its limits of
time are real all the same: a process does not wait faster.

Between invocations the bootstrap stands in a blocking read. An environment that stays idle for longer than
`freeze_after` is stopped as a whole, so that threads and child processes the function left behind stand still too.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from edgesim.distribution.model import EdgeFunction, Trigger
from edgesim.distribution.problems import Problem
from edgesim.logs import lambda_log
from edgesim.ports import Call, Clock, FunctionLog, LogKeeper
from edgesim.runtimes.child import NOBODY, Child, exit_text
from edgesim.runtimes.closing import closing_lines
from edgesim.runtimes.deployment import Deployment
from edgesim.runtimes.memory import MemoryWatch
from edgesim.runtimes.output import CUT, Output
from edgesim.runtimes.remarks import Leftover, left_over, reaches_inside
from edgesim.runtimes.spares import Spares
from edgesim.runtimes.variables import log_group
from edgesim.runtimes.wire import Kind, encode_json, event_text, seen_clock
from edgesim.values.instant import Pace
from edgesim.values.invocation import Failed, FailureKind, Invocation, Result, Returned
from edgesim.values.log_stream import LogStream, stream_name

INIT_SECONDS = 10.0
_ENOUGH_FOR_A_PERSON = 86_400.0  # the seconds that a function under a debugger is told to have left
"""documented: the init phase's limit, whatever the function's own timeout"""

_QUICK_SECONDS, _PEAK_SECONDS = 0.002, 0.05
_LAST_LINES_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Host:
    """What environments need of the service they belong to. `freeze_after` is seconds, or None for never; `memory` is
    None where memory is not limited; `kept` is where log groups are kept, or None; `remark` is told what is not to be
    passed over (remarks.py), each time. Without `time_limits` nothing is
    ended for taking long: functions see their remaining time pass all the same, to 0 in Python and below it in Node.js,
    so that what they do about it stays what it is."""

    clock: Clock
    log: FunctionLog
    new_id: Callable[[], str]
    spares: Spares
    freeze_after: float | None
    memory: MemoryWatch | None = None
    kept: LogKeeper | None = None
    time_limits: bool = True
    remark: Callable[[Problem], None] = lambda problem: None
    variables: Mapping[str, str] = field(default_factory=dict)


# ── what comes of sending a frame ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Answered:
    kind: Kind
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Exited:
    code: int


@dataclass(frozen=True, slots=True)
class _Expired:
    pass


@dataclass(frozen=True, slots=True)
class _OutOfMemory:
    pass


@dataclass(frozen=True, slots=True)
class _ShutDown:
    pass


_Outcome = _Answered | _Exited | _Expired | _OutOfMemory | _ShutDown


@dataclass(frozen=True, slots=True)
class Job:
    """One invocation to run. `event` is JSON; `conclude` is told what came of it, on the loop's thread."""

    call: Call
    request_id: str
    event: str
    conclude: Callable[[Invocation], None]


SHUT_DOWN = Failed(FailureKind.UNAVAILABLE, "Edgesim.ShutDown", "edgesim was shut down while the function ran")


@dataclass(frozen=True, slots=True)
class InitFailure:
    """Why an environment could not be initialised."""

    failed: Failed
    timed_out: bool = False


class Environment:
    """See the module. Not for two callers at once: that is the pool's business."""

    def __init__(self, name: str, deployment: Deployment, region: str, host: Host) -> None:
        self.name = name
        self.deployment = deployment
        self.invocations = 0
        self.peak_mb = 0
        self.idle_since = perf_counter()
        self._region = region
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._child: Child | None = None
        self._steered = False
        self._then: Callable[[_Outcome], None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._disposed = self._retired = False
        self._unreported_init_ms: float | None = None
        self._trigger: Trigger | None = None
        self._anew = False
        self._output = Output()
        self._freezing: asyncio.TimerHandle | None = None
        self._asked_at = self._looked_at = 0.0
        self._look = self._look_at_memory  # one object, to be found again
        self._stream = LogStream(region, log_group(self._function), self._stream_name())

    def __repr__(self) -> str:
        return f"<Environment {self.name} {self.state} {self.invocations} invocations>"

    @property
    def state(self) -> str:
        """`busy`, `warm`, or `reset` where the process is gone and the next invocation starts another."""
        if self._then is not None:
            return "busy"
        return "warm" if self._child is not None else "reset"

    @property
    def outdated(self) -> bool:
        """Is it not to be used again? So it is where the process was started when the clock was still the machine's,
        and it no longer is: a child's view of time is built before the function is loaded, or not at all."""
        if self._retired:
            return True
        return not self._steered and self._child is not None and self._host.clock.pace is not Pace.MACHINE

    def retire(self) -> None:
        """What it is at is its last invocation."""
        self._retired = True

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def _function(self) -> EdgeFunction:
        return self.deployment.function

    # ── init ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def initialise(self) -> InitFailure | None:
        """The init phase, ahead of or as part of a first invocation."""
        begun = perf_counter()
        failure = await self._start("init", INIT_SECONDS, request_id="")
        if failure is None:
            self._unreported_init_ms = _milliseconds_since(begun)
        self._rest()
        return failure

    async def _start(self, phase: str, seconds: float, request_id: str) -> InitFailure | None:
        """A new process with the function loaded."""
        if self._disposed:
            return InitFailure(SHUT_DOWN)
        begun = perf_counter()
        self._write(lambda_log.init_start(*self._runtime_version()))
        child = await self._taken()
        if isinstance(child, InitFailure):
            return child
        self._child = child
        child.listener = self
        sandboxed = child.process.sandboxed
        settings = self.deployment.settings(self._region, self._stream.name, sandboxed=sandboxed)
        settings["env"].update(self._host.variables)
        clock = seen_clock(self._host.clock)
        self._steered = clock is not None
        if clock is not None:
            settings["clock"] = clock
        outcome = await self._exchange(Kind.INIT, encode_json(settings), seconds)
        failure = self._init_failure(outcome, request_id)
        if failure is not None:
            self._let_go()
            self._report_init(_milliseconds_since(begun), phase, failure)
        return failure

    async def _taken(self) -> Child | InitFailure:
        """A process that waits to hear what it is to run."""
        try:
            child = await self._host.spares.take(self.deployment, self.name)
        except OSError as error:
            return InitFailure(Failed(FailureKind.UNAVAILABLE, "Edgesim.NoProcess", f"no process: {error}"))
        if self._disposed:
            child.kill()
            return InitFailure(SHUT_DOWN)
        return child

    def _init_failure(self, outcome: _Outcome, request_id: str) -> InitFailure | None:
        match outcome:
            case _Answered(Kind.READY):
                return None
            case _Answered(_, document):
                return InitFailure(self.deployment.failed(FailureKind.INIT, document))
            case _Exited(code):
                message = lambda_log.exited(request_id, exit_text(code))
                return InitFailure(Failed(FailureKind.INIT, "Runtime.ExitError", message))
            case _Expired():
                message = f"the function did not finish loading within {INIT_SECONDS:.0f} seconds"
                return InitFailure(Failed(FailureKind.INIT, "Runtime.Unknown", message), timed_out=True)
            case _OutOfMemory():
                return InitFailure(_out_of_memory(request_id))
            case _ShutDown():
                return InitFailure(SHUT_DOWN)

    def _report_init(self, milliseconds: float, phase: str, failure: InitFailure) -> None:
        status, error_type = ("timeout", "") if failure.timed_out else ("error", failure.failed.error_type)
        self._write(lambda_log.init_report(milliseconds, phase, status, error_type))

    def _runtime_version(self) -> tuple[str, str]:
        """What INIT_START names: the interpreter that really runs. inferred: the hash stands for AWS's own."""
        interpreter, wanted = self.deployment.interpreter, self.deployment.runtime.wanted
        version = f"{interpreter.language}:{'.'.join(map(str, wanted))}.v{'.'.join(map(str, interpreter.version))}"
        digest = hashlib.sha256(version.encode()).hexdigest()
        return version, f"arn:aws:lambda:{self._region}::runtime:{digest}"

    def _stream_name(self) -> str:
        """inferred: an environment that starts again goes on in its stream"""
        return stream_name(self._host.clock.now(), self._function.version, self._host.new_id())

    # ── invoke ──────────────────────────────────────────────────────────────────────────────────────────────────

    def invoke(self, job: Job) -> None:
        """Run the function once. The process must be there (`warm`). Callbacks from here on: the warm path is one
        turn of the loop, and a caller that goes away leaves nothing undone."""
        self._trigger = job.call.trigger
        self._run(job, perf_counter())

    async def restart(self, job: Job) -> None:
        """The same where the process was lost.

        documented: the init after a failed one, or after a crash, is part of the invocation and of its time
        """
        self._trigger, self._anew = job.call.trigger, True
        begun = perf_counter()
        failure = await self._start("invoke", job.call.timeout, job.request_id)
        if failure is None:
            self._run(job, begun)
            return
        result = self._timeout(job) if failure.timed_out else failure.failed
        self._write(lambda_log.start(job.request_id, self._function.version))
        self._conclude(job, begun, result)

    def _run(self, job: Job, begun: float) -> None:
        self._write(lambda_log.start(job.request_id, self._function.version))
        seconds = job.call.timeout - (perf_counter() - begun)
        clock = seen_clock(self._host.clock) if self._steered else None
        remaining = _ENOUGH_FOR_A_PERSON if self.deployment.inspector is not None else seconds
        text = event_text(job.request_id, round(remaining * 1000), job.event, clock)
        self._ask(Kind.INVOKE, text, seconds, lambda outcome: self._conclude(job, begun, self._result(job, outcome)))

    def _result(self, job: Job, outcome: _Outcome) -> Result:
        match outcome:
            case _Answered(Kind.RESULT | Kind.LAST_RESULT, payload):
                return Returned(payload.decode("utf-8", "replace"))
            case _Answered(_, document):
                return self.deployment.failed(FailureKind.ERROR, document)
            case _Exited(code):
                message = lambda_log.exited(job.request_id, exit_text(code))
                return Failed(FailureKind.EXIT, "Runtime.ExitError", message)
            case _Expired():
                return self._timeout(job)
            case _OutOfMemory():
                return _out_of_memory(job.request_id)
            case _ShutDown():
                return SHUT_DOWN

    def _conclude(self, job: Job, begun: float, result: Result) -> None:
        duration = _milliseconds_since(begun)
        if isinstance(result, Failed) and result.kind is FailureKind.TIMEOUT:
            duration = max(duration, job.call.timeout * 1000)
        job.conclude(self._account(job.request_id, result, duration))

    def _timeout(self, job: Job) -> Failed:
        message = lambda_log.timed_out(self._host.clock.now(), job.request_id, job.call.timeout)
        return Failed(FailureKind.TIMEOUT, "Sandbox.Timedout", message)

    def _account(self, request_id: str, result: Result, duration_ms: float) -> Invocation:
        """Write the closing lines, and say what happened."""
        init_ms, self._unreported_init_ms = self._unreported_init_ms, None
        anew, self._anew = self._anew, False
        invocation = Invocation(
            request_id=request_id,
            result=result,
            duration_ms=duration_ms,
            billed_ms=lambda_log.billed(duration_ms, init_ms),
            memory_mb=self._function.memory,
            memory_used_mb=self.peak_mb,
            environment=self.name,
            init_ms=init_ms,
            log=tuple(self._output.lines),
            version=self._function.version,
            anew=anew,
        )
        self._write(*closing_lines(invocation))
        self.invocations += 1
        self._rest()
        self._output = Output()
        return invocation

    # ── the process ─────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, kind: Kind, text: str, seconds: float, then: Callable[[_Outcome], None]) -> None:
        """Send a frame; `then` is called with what comes of it, by the deadline at the latest."""
        if self._child is None:  # shut down, or the process ended in this very turn of the loop
            then(_ShutDown())
            return
        self._then, self._asked_at = then, perf_counter()
        if self._host.time_limits:
            self._deadline = self._loop.call_later(max(seconds, 0), self._expire)
        if self._host.memory is not None:
            self._host.memory.started(self._look)
        self._child.ask(kind, text)

    async def _exchange(self, kind: Kind, text: str, seconds: float) -> _Outcome:
        """The same for who waits."""
        outcome: asyncio.Future[_Outcome] = self._loop.create_future()
        self._ask(kind, text, seconds, lambda came: None if outcome.done() else outcome.set_result(came))
        return await outcome

    def _settle(self, outcome: _Outcome) -> None:
        then, self._then = self._then, None
        if then is not None:
            if self._deadline is not None:
                self._deadline.cancel()
            if self._host.memory is not None:
                self._host.memory.ended(self._look)
            then(outcome)

    def _expire(self) -> None:
        self._cut_short()
        self._settle(_Expired())

    def _look_at_memory(self) -> None:
        """Does the function that runs use more than it has?"""
        child = self._child
        if child is not None:
            child.measure(lambda found: self._judge_memory(child, found))

    def _judge_memory(self, child: Child, kilobytes: int) -> None:
        if self._child is child and self._then is not None and kilobytes > self._function.memory * 1024:
            self._end_for_memory()

    def _end_for_memory(self) -> None:
        self._cut_short()
        self.peak_mb = self._function.memory  # Lambda's function never gets more
        self._settle(_OutOfMemory())

    def _cut_short(self) -> None:
        """End the process, and have its last lines told. It must not go on meanwhile, and whoever waits for its end
        does not wait for all of a flood."""
        child = self._child
        if child is None:
            return
        self._note_peak(child.peak_kb())
        child.kill()
        if not child.drain(_LAST_LINES_SECONDS):
            self.on_lines([CUT])
        self._let_go()

    def _let_go(self) -> None:
        """Kill the process, if there is one. Its burial needs nobody."""
        child, self._child = self._child, None
        if child is not None:
            self._note_peak(child.peak_kb())
            child.listener = NOBODY
            child.kill()

    def dispose(self) -> None:
        """No more invocations. One that runs ends as shut down."""
        self._disposed = True
        if self._freezing is not None:
            self._freezing.cancel()
        self._let_go()
        self._host.spares.forget(self.name)
        self._settle(_ShutDown())

    async def end(self) -> None:
        """The same, and the process is gone."""
        child = self._child
        self.dispose()
        if child is not None:
            await child.exited

    def _look_at_peak(self) -> None:
        """What the process used at most so far. Not after every answer of many quick ones, in which memory can't have
        grown by much: telling costs the kernel more than handling them costs edgesim."""
        now = perf_counter()
        was_quick = now - self._asked_at < _QUICK_SECONDS
        if self._child is not None and not (was_quick and now - self._looked_at < _PEAK_SECONDS):
            self._looked_at = now
            self._note_peak(self._child.peak_kb())

    def _note_peak(self, kilobytes: int) -> None:
        self.peak_mb = max(self.peak_mb, -(-kilobytes // 1024))

    # ── idling ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _rest(self) -> None:
        """Nothing runs any more. Freeze what goes on all the same, unless an event comes at once."""
        self._trigger = None
        self.idle_since = perf_counter()
        if self._freezing is None and self._child is not None and self._host.freeze_after is not None:
            self._freezing = self._loop.call_later(self._host.freeze_after, self._freeze)

    def _freeze(self) -> None:
        self._freezing = None
        if self._then is not None or self._child is None or self._host.freeze_after is None:
            return
        rested = perf_counter() - self.idle_since
        if rested >= self._host.freeze_after:
            threads = self.deployment.threads_at_rest
            for leftover in self._child.leftovers(threads_at_rest=threads):
                self._host.remark(left_over(self._function, leftover))
            self._child.freeze()
        else:
            self._freezing = self._loop.call_later(self._host.freeze_after - rested, self._freeze)

    # ── listening ───────────────────────────────────────────────────────────────────────────────────────────────

    def on_frame(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.PEAK:
            self._note_peak(int(payload))
            return
        if kind is Kind.LEFT:
            self._host.remark(left_over(self._function, Leftover[payload.decode()]))
            return
        self._look_at_peak()
        if self._host.memory is not None and self.peak_mb > self._function.memory:
            self._end_for_memory()
            return
        if kind in (Kind.LAST_RESULT, Kind.LAST_ERROR):
            self._let_go()
        self._settle(_Answered(kind, payload))

    def on_lines(self, texts: list[str]) -> None:
        """People are told where their own files are; what is kept is as the function wrote it."""
        lines = [self.deployment.shown(text) for text in texts]
        self._output.add(lines)
        self._host.log.lines(self._function, self._trigger, lines)
        self._keep(texts)

    def on_private_address(self, address: str) -> None:
        self._host.remark(reaches_inside(self._function, address))

    def on_exit(self, code: int) -> None:
        self._child = None
        self._settle(_Exited(code))

    def _write(self, *lines: str) -> None:
        self._host.log.lines(self._function, self._trigger, lines)
        self._keep(lines)

    def _keep(self, lines: Sequence[str]) -> None:
        if self._host.kept is not None:
            self._host.kept.events(self._stream, lines)


def _out_of_memory(request_id: str) -> Failed:
    """observed: the answer names the signal, and the log's REPORT the reason"""
    return Failed(FailureKind.OUT_OF_MEMORY, "Runtime.ExitError", lambda_log.exited(request_id, "signal: killed"))


def _milliseconds_since(begun: float) -> float:
    return (perf_counter() - begun) * 1000
