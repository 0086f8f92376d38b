"""Who plays the scenarios: this process itself, or a crew of worker processes (worker.py).

A worker has one scenario at a time, so that one that dies takes no more than that one along. Scenarios of the same
functions go to the same worker, where those are warm, for as long as no other worker is without work.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

from edgesim.distribution.aws_endpoints import NO_ENDPOINTS, Endpoints
from edgesim.distribution.limits import Limit
from edgesim.errors import ConfigError
from edgesim.scenario.model import Scenario
from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.runner.worker import LONGEST_LINE, from_data

if TYPE_CHECKING:
    from edgesim.scenario.playing.stage import Stage

_PATIENCE = 5.0
"""Seconds that a worker has to end its functions by itself."""
_LAST_WORDS = 4000
"""Characters of what a worker wrote before it died."""


@dataclass(frozen=True, slots=True)
class Job:
    """A scenario to play: the `number`th of a file, from 0."""

    file: Path
    number: int
    scenario: Scenario

    @property
    def kin(self) -> Hashable:
        """What it shares with others that are quicker on the same worker: its functions, or else its file."""
        functions = {f.code for distribution in self.scenario.setting.distributions for f in distribution.functions}
        return frozenset(functions) or self.file


Told = Callable[[int, Outcome], bool]
"""Hears what came of the job with an index; says whether to go on."""


class Players(Protocol):
    """A context in which jobs are played."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def play(self, jobs: Sequence[Job], told: Told, *, explain: bool = False) -> None:
        """Play them all, in any order, or until `told` says that it is enough."""

    async def refresh(self) -> None:
        """Take in what was saved since."""


class Alone:
    """This process plays, one scenario after the other. `relaxed` are the limits that no scenario is held to,
    `endpoints` where all of their functions find AWS's services."""

    def __init__(self, relaxed: frozenset[Limit] = frozenset(), endpoints: Endpoints = NO_ENDPOINTS) -> None:
        self._relaxed, self._endpoints = relaxed, endpoints
        self._stage: Stage | None = None

    async def __aenter__(self) -> Self:
        from edgesim.scenario.playing.stage import Stage

        self._stage = await Stage(relaxed=self._relaxed, endpoints=self._endpoints).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ready.__aexit__(kind, error, trace)

    @property
    def _ready(self) -> Stage:
        assert self._stage is not None  # noqa: S101  it is used within its context
        return self._stage

    async def play(self, jobs: Sequence[Job], told: Told, *, explain: bool = False) -> None:
        for index, job in enumerate(jobs):
            if not told(index, await self._ready.play(job.scenario, explain=explain)):
                return

    async def refresh(self) -> None:
        await self._ready.refresh()


# ── who plays what ───────────────────────────────────────────────────────────


class Plan:
    """Hands out jobs by their index, each once."""

    def __init__(self, kins: Sequence[Hashable]) -> None:
        groups: dict[Hashable, deque[int]] = {}
        for index, kin in enumerate(kins):
            groups.setdefault(kin, deque()).append(index)
        self._groups = list(groups.values())
        self._at: dict[Hashable, deque[int]] = {}

    def next(self, worker: Hashable) -> int | None:
        """Another job for a worker: of the group that it is at; else of the largest one that nobody is at; else it
        helps where most is left. None: there are no more."""
        if not self._at.get(worker):
            left = [group for group in self._groups if group]
            if not left:
                return None
            free = [group for group in left if all(group is not other for other in self._at.values())]
            self._at[worker] = max(free or left, key=len)
        return self._at[worker].popleft()


class Crew:
    """Worker processes. They start with their first job and live until the context ends."""

    def __init__(self, size: int, command: Sequence[str] | None = None) -> None:
        self._workers = [_Worker(command or worker_command()) for _ in range(size)]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(worker.end() for worker in self._workers))

    async def play(self, jobs: Sequence[Job], told: Told, *, explain: bool = False) -> None:
        """A worker that has a job in hand when it is enough is ended: nobody would hear its answer."""
        plan, enough = Plan([job.kin for job in jobs]), asyncio.Event()
        busy = [
            asyncio.create_task(self._keep_busy(worker, jobs, plan, told, enough, explain=explain))
            for worker in self._workers[: len(jobs)]
        ]
        stop = asyncio.create_task(enough.wait())
        try:
            pending: set[asyncio.Task[Any]] = {*busy}
            while pending and not enough.is_set():
                done, pending = await asyncio.wait({*pending, stop}, return_when=asyncio.FIRST_COMPLETED)
                pending.discard(stop)
                for task in done & set(busy):
                    task.result()
        finally:
            for task in (*busy, stop):
                task.cancel()
            await asyncio.gather(*busy, stop, return_exceptions=True)

    async def _keep_busy(
        self, worker: _Worker, jobs: Sequence[Job], plan: Plan, told: Told, enough: asyncio.Event, *, explain: bool
    ) -> None:
        while not enough.is_set() and (index := plan.next(worker)) is not None:
            if not told(index, await worker.play(jobs[index], explain=explain)):
                enough.set()

    async def refresh(self) -> None:
        await asyncio.gather(*(worker.refresh() for worker in self._workers))


# ── one worker ───────────────────────────────────────────────────────────────


def worker_command(relaxed: frozenset[Limit] = frozenset(), endpoints: Endpoints = NO_ENDPOINTS) -> list[str]:
    """How a worker is started: with this edgesim, wherever it was imported from, and nothing of the user's folder on
    the path. What is left of its arguments are JSON: the limits that are not enforced, and AWS's endpoints."""
    package_folder = str(Path(__file__).parents[3])
    code = "import sys; sys.path.append(sys.argv.pop()); from edgesim.scenario.runner.worker import main; main()"
    return [sys.executable, "-P", "-c", code, json.dumps(sorted(relaxed)), json.dumps(dict(endpoints)), package_folder]


class _DiedError(Exception):
    """The process ended without an answer. The text says how."""


class _Worker:
    """A worker process, started when it is needed, and once more where it died."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._stderr: IO[bytes] | None = None

    async def play(self, job: Job, *, explain: bool) -> Outcome:
        wanted = {"file": str(job.file), "number": job.number, "title": job.scenario.title}
        try:
            answer = await self._ask({"play": wanted, "explain": explain})
        except _DiedError as death:
            place = str(job.scenario.place)
            return Outcome(job.scenario.title, place, Verdict.BROKEN, message=str(death))
        return from_data(answer["outcome"])

    async def refresh(self) -> None:
        """One that is not running reads everything anew anyway."""
        if self._process is not None:
            with suppress(_DiedError):
                await self._ask({"refresh": True})

    async def end(self) -> None:
        """Let it end by itself, its functions with it; where that takes too long, end it."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_PATIENCE):
                await process.wait()
        except TimeoutError:
            pass
        finally:
            await self._kill()

    async def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Its answer. Raises _DiedError where there is none. Whoever stops waiting stops the process: its answer would
        be taken for that to the next order."""
        process = self._process or await self._start()
        assert process.stdin is not None  # noqa: S101  it is started with pipes
        assert process.stdout is not None  # noqa: S101
        try:
            with suppress(ConnectionError):
                process.stdin.write(json.dumps(order).encode() + b"\n")
                await process.stdin.drain()
            line = await process.stdout.readline()
        except asyncio.CancelledError:
            await self._kill()
            raise
        if not line.endswith(b"\n"):
            raise _DiedError(await self._last_words(process))
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _start(self) -> asyncio.subprocess.Process:
        # A file and no pipe: nobody need read it meanwhile, and what inherits it keeps nobody waiting
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        # A session of its own: Ctrl-C is for the parent, which ends it in good order
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._stderr,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        return self._process

    async def _last_words(self, process: asyncio.subprocess.Process) -> str:
        stderr = self._stderr
        assert stderr is not None  # noqa: S101  a process that was started has one
        self._stderr = None
        await self._kill()
        with stderr:
            size = stderr.seek(0, os.SEEK_END)
            stderr.seek(max(0, size - _LAST_WORDS))
            words = stderr.read().decode("utf-8", "replace").strip()
        return f"the worker process that played it {_ended_how(process.returncode)}" + (f":\n{words}" if words else "")

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None


def _ended_how(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def worker_count(asked: str) -> int:
    """How many workers `-n` means; `auto` is one for each processor that this process may use. Raises ConfigError."""
    if asked == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (asked.isascii() and asked.isdecimal()):
        raise ConfigError(f"{asked!r} is neither a number nor auto")
    return int(asked)
