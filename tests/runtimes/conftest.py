"""A laboratory for real processes: write a function, deploy it, call it, read its log.

EDGESIM_TEST_NODE and EDGESIM_TEST_PYTHON name executables to run everything with, to try other versions.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvloop

from edgesim.distribution.limits import Limit
from edgesim.distribution.model import Code, EdgeFunction, Trigger
from edgesim.distribution.problems import Problem
from edgesim.driver.clock import SystemClock
from edgesim.ports import Call, Clock, FunctionLog, LogKeeper
from edgesim.runtimes import LambdaService, Settings
from edgesim.values.invocation import Failed, Invocation, Returned
from edgesim.values.log_stream import LogStream

T = TypeVar("T")

RUNTIMES = {
    "EDGESIM_TEST_NODE": ("nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"),
    "EDGESIM_TEST_PYTHON": ("python3.9", "python3.11", "python3.12", "python3.13"),
}


def interpreters() -> dict[str, Path]:
    return {
        runtime: Path(os.environ[name])
        for name, runtimes in RUNTIMES.items()
        if name in os.environ
        for runtime in runtimes
    }


PY_DO = "import os, socket, sys\ndef handler(event, context):\n    return eval(event['do'])\n"
"""What a test wants to know of an environment is its event."""

PLAIN = Settings(spares={}, max_environments=4, publishes=False, relaxed=frozenset({Limit.ISOLATION}))
"""Processes without a sandbox: their ids are this machine's, and they see its files."""


@dataclass(frozen=True)
class Line:
    function: str
    trigger: Trigger | None
    text: str


class Lines(list[Line]):
    """A FunctionLog that keeps everything."""

    def lines(self, function: EdgeFunction, trigger: Trigger | None, texts: Sequence[str]) -> None:
        self.extend(Line(function.name, trigger, text) for text in texts)

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self]


class Streams(list[tuple[LogStream, str]]):
    """A LogKeeper that keeps everything in memory."""

    def events(self, stream: LogStream, texts: Sequence[str]) -> None:
        self.extend((stream, text) for text in texts)


def new_service(
    log: FunctionLog,
    settings: Settings,
    clock: Clock,
    kept: LogKeeper | None = None,
    remark: Callable[[Problem], None] | None = None,
) -> LambdaService:
    new_id = lambda: str(uuid.uuid4())  # noqa: E731
    return LambdaService(clock, log, new_id, interpreters=interpreters(), settings=settings, kept=kept, remark=remark)


class Lab:
    """See the module."""

    def __init__(
        self, folder: Path, runner: asyncio.Runner, settings: Settings | None = None, clock: Clock | None = None
    ) -> None:
        self.folder = folder
        self.log = Lines()
        self.streams = Streams()
        self.remarks: list[Problem] = []
        self._folders = 0
        self._runner = runner
        settings = settings or Settings(spares={}, max_environments=4, publishes=False)
        self.service = new_service(self.log, settings, clock or SystemClock(), self.streams, self.remarks.append)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def close(self) -> None:
        self.run(self.service.close())

    # ── functions ──

    def write(self, name: str, files: dict[str, str]) -> Path:
        for file, text in files.items():
            path = self.folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.folder / name

    def node(self, source: str | dict[str, str], handler: str = "index.handler", **options: Any) -> EdgeFunction:
        files = {"index.js": source} if isinstance(source, str) else source
        return self._function(files, handler, {"runtime": "nodejs20.x", **options})

    def python(self, source: str | dict[str, str], handler: str = "app.handler", **options: Any) -> EdgeFunction:
        files = {"app.py": source} if isinstance(source, str) else source
        return self._function(files, handler, {"runtime": "python3.11", **options})

    def _function(self, files: dict[str, str], handler: str, options: dict[str, Any]) -> EdgeFunction:
        name = options.pop("name", "fn")
        self._folders += 1
        return EdgeFunction(name, Code(str(self.write(f"{name}{self._folders}", files))), handler, **options)

    # ── calls ──

    async def deploy(self, *functions: EdgeFunction) -> list[Problem]:
        return [one for one in await self.service.deploy(functions) if one.severity == "error"]

    async def call(self, function: EdgeFunction, event: Any = None, limit: float = 5.0, **options: Any) -> Invocation:
        return await self.service.invoke(Call(function, Trigger.VIEWER_REQUEST, event or {}, limit, **options))

    def once(self, function: EdgeFunction, event: Any = None, limit: float = 5.0) -> Invocation:
        """Deploy and call."""

        async def both() -> Invocation:
            await self.deploy(function)
            return await self.call(function, event, limit)

        return self.run(both())

    def all(self, functions: dict[str, EdgeFunction], event: Any = None) -> dict[str, Invocation]:
        """Deploy many and call each, as many at a time as there are processors for."""
        named = {case: replace(function, name=f"fn{index}") for index, (case, function) in enumerate(functions.items())}

        async def each() -> list[Invocation]:
            await self.deploy(*named.values())
            return await asyncio.gather(*(self.call(function, event) for function in named.values()))

        return dict(zip(named, self.run(each()), strict=True))

    def each(self, function: EdgeFunction, events: dict[str, Any]) -> dict[str, Invocation]:
        """Deploy one and call it with one event after the other."""

        async def story() -> dict[str, Invocation]:
            await self.deploy(function)
            return {case: await self.call(function, event) for case, event in events.items()}

        return self.run(story())

    def value(self, function: EdgeFunction, event: Any = None) -> Any:
        """What the function returned."""
        return returned(self.once(function, event))

    def failure(self, function: EdgeFunction, event: Any = None, limit: float = 5.0) -> Failed:
        return failed(self.once(function, event, limit))


def returned(invocation: Invocation) -> Any:
    assert isinstance(invocation.result, Returned), invocation
    return json.loads(invocation.result.payload)


def failed(invocation: Invocation) -> Failed:
    assert isinstance(invocation.result, Failed), invocation
    return invocation.result


def is_alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _gone_within(seconds: float, pids: set[int]) -> bool:
    end = time.monotonic() + seconds
    while any(map(is_alive, pids)):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive


@pytest.fixture
def gone_within() -> Callable[[float, set[int]], bool]:
    return _gone_within


@pytest.fixture(scope="session")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with asyncio.Runner() as runner:
        lab = Lab(tmp_path_factory.mktemp("shared"), runner)
        yield lab
        lab.close()


@pytest.fixture
def lab(shared_lab: Lab, tmp_path: Path) -> Lab:
    """One service for all tests, with the functions of one test deployed at a time."""
    shared_lab.folder = tmp_path / "user"
    shared_lab.log.clear()
    return shared_lab


@pytest.fixture
def plain_lab(new_lab: Callable[..., Lab]) -> Lab:
    """One without a sandbox."""
    return new_lab(PLAIN)


@pytest.fixture
def new_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Makes laboratories with a service, and a loop, of their own."""
    with ExitStack() as stack:

        def make(settings: Settings | None = None, loop: str = "asyncio", clock: Clock | None = None) -> Lab:
            factory = uvloop.new_event_loop if loop == "uvloop" else None
            runner = stack.enter_context(asyncio.Runner(loop_factory=factory))
            lab = Lab(tmp_path / "user", runner, settings, clock)
            stack.callback(lab.close)
            return lab

        yield make


@pytest.fixture
def expect_value() -> Any:
    return returned


@pytest.fixture
def expect_failure() -> Any:
    return failed


@pytest.fixture
def said(lab: Lab) -> Callable[..., Any]:
    """What a Python expression comes to inside of an environment."""

    def ask(expression: str, **options: Any) -> Any:
        return lab.value(lab.python(PY_DO, **options), {"do": expression})

    return ask
