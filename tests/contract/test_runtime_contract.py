"""What every Runtime promises: the inline one for tests, and processes of Python and Node.js."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from edgesim.distribution.model import Code, EdgeFunction, Trigger
from edgesim.driver.clock import SystemClock
from edgesim.driver.virtual_clock import VirtualClock
from edgesim.ports import Call
from edgesim.runtimes import InlineRuntime, LambdaService, Settings
from edgesim.values.invocation import Failed, Invocation, Returned


class Lines(list[tuple[str, str | None, str]]):
    def lines(self, function: EdgeFunction, trigger: Trigger | None, texts: Sequence[str]) -> None:
        self.extend((function.name, trigger, text) for text in texts)


async def inline_slow(event: Any) -> str:
    await asyncio.sleep(event["seconds"])
    return "slow"


def inline_fail(event: Any) -> None:
    raise LookupError("nothing there")


# name: (inline, Python, Node.js)
FUNCTIONS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "echo": (
        lambda event: event,
        "def handler(event, context): return event",
        "exports.handler = async (event) => event",
    ),
    "nothing": (
        lambda event: None,
        "def handler(event, context): pass",
        "exports.handler = async () => {}",
    ),
    "fail": (
        inline_fail,
        "def handler(event, context): raise LookupError('nothing there')",
        "exports.handler = async () => { throw Object.assign(new Error('nothing there'), { name: 'LookupError' }) }",
    ),
    "slow": (
        inline_slow,
        "import time\ndef handler(event, context):\n    time.sleep(event['seconds'])\n    return 'slow'",
        "exports.handler = (event) => new Promise((r) => setTimeout(r, event.seconds * 1000, 'slow'))",
    ),
    "say": (
        lambda event, context: context.log("said"),
        "def handler(event, context): print('said')",
        "exports.handler = async () => { process.stdout.write('said\\n') }",
    ),
    "no_json": (
        lambda event: {"circle": {1}},
        "def handler(event, context): return {'circle': {1}}",
        "exports.handler = async () => ({ circle: 1n })",
    ),
}


def numbered() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012}"


def inline(log: Lines) -> InlineRuntime:
    return InlineRuntime(
        {name: row[0] for name, row in FUNCTIONS.items()}, SystemClock(), numbered(), log=log, init_ms=5
    )


def processes(log: Lines) -> LambdaService:
    return LambdaService(SystemClock(), log, numbered(), settings=Settings(spares={}, max_environments=2))


def function(name: str, kind: str) -> EdgeFunction:
    _, python, node = FUNCTIONS[name]
    code, runtime = (node, "nodejs20.x") if kind == "node" else (python, "python3.11")
    return EdgeFunction(name, Code(inline=code), "index.handler", runtime)


class World:
    """One runtime with its loop and its log."""

    def __init__(self, kind: str, runner: asyncio.Runner) -> None:
        self.log = Lines()
        self.kind = kind
        self._runner = runner
        self.runtime = (inline if kind == "inline" else processes)(self.log)

    def calls(self, name: str, *events: Any, seconds: float = 5.0, at_once: bool = False) -> list[Invocation]:
        return self._runner.run(self._calls(name, events, seconds, at_once))

    async def _calls(self, name: str, events: tuple[Any, ...], seconds: float, at_once: bool) -> list[Invocation]:
        await self.runtime.deploy([function(name, self.kind)])
        made = [self._call(name, event, seconds) for event in events]
        return list(await asyncio.gather(*made)) if at_once else [await one for one in made]

    async def _call(self, name: str, event: Any, seconds: float) -> Invocation:
        return await self.runtime.invoke(Call(function(name, self.kind), Trigger.ORIGIN_REQUEST, event, seconds))

    def stranger(self) -> Invocation:
        unknown = EdgeFunction("unknown", Code(inline=""), "index.handler", "python3.11")
        return self._runner.run(self.runtime.invoke(Call(unknown, Trigger.ORIGIN_REQUEST, {}, 1.0)))

    def close(self) -> None:
        self._runner.run(self.runtime.close())


@pytest.fixture(
    scope="module",
    params=["inline", pytest.param("python", marks=pytest.mark.slow), pytest.param("node", marks=pytest.mark.slow)],
)
def shared_world(request: pytest.FixtureRequest) -> Iterator[World]:
    with asyncio.Runner() as runner:
        world = World(request.param, runner)
        yield world
        world.close()


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.log.clear()
    return shared_world


class TestRuntime:
    def test_a_result_crosses_as_json(self, world: World) -> None:
        event = {"text": "ü\u2028\U0001f600", "list": [1, 2.5, None, True], "empty": {}}
        (invocation,) = world.calls("echo", event)
        assert isinstance(invocation.result, Returned)
        assert json.loads(invocation.result.payload) == event

    def test_nothing_is_null(self, world: World) -> None:
        (invocation,) = world.calls("nothing", {})
        assert invocation.result == Returned("null")

    def test_an_error_is_a_value(self, world: World) -> None:
        (invocation,) = world.calls("fail", {})
        failed = invocation.result
        assert isinstance(failed, Failed)
        assert (failed.kind.name, failed.error_type, failed.message) == ("ERROR", "LookupError", "nothing there")

    def test_what_is_no_json_is_an_error(self, world: World) -> None:
        (invocation,) = world.calls("no_json", {})
        assert isinstance(invocation.result, Failed)
        assert invocation.result.kind.name == "ERROR"

    def test_a_timeout_is_a_value_in_lambdas_words(self, world: World) -> None:
        (invocation,) = world.calls("slow", {"seconds": 5}, seconds=0.1)
        failed = invocation.result
        assert isinstance(failed, Failed)
        assert (failed.kind.name, failed.error_type) == ("TIMEOUT", "Sandbox.Timedout")
        assert failed.message.endswith(f" {invocation.request_id} Task timed out after 0.10 seconds")
        assert 100 <= invocation.duration_ms < 2_000

    def test_the_first_invocation_is_cold_and_the_environment_is_reused(self, world: World) -> None:
        first, second, third = world.calls("echo", 1, 2, 3)
        assert not second.cold
        assert not third.cold
        assert first.environment == second.environment == third.environment != ""
        assert first.billed_ms >= first.duration_ms + (first.init_ms or 0)

    def test_one_environment_takes_one_event_at_a_time(self, world: World) -> None:
        both = world.calls("slow", {"seconds": 0.05}, {"seconds": 0.05}, at_once=True)
        assert len({one.environment for one in both}) == 2
        assert len({one.request_id for one in both}) == 2

    def test_output_stands_between_start_and_report(self, world: World) -> None:
        (invocation,) = world.calls("say", {})
        assert invocation.log == ("said",)
        lines = [text for _, trigger, text in world.log if trigger == "origin-request"]
        assert [line.split(" ")[0] for line in lines] == ["START", "said", "END", "REPORT"]
        assert lines[0] == f"START RequestId: {invocation.request_id} Version: 1"

    def test_an_unknown_function_is_unavailable(self, world: World) -> None:
        failed = world.stranger().result
        assert isinstance(failed, Failed)
        assert failed.kind.name == "UNAVAILABLE"


def test_the_inline_runtime_takes_its_time_from_the_clock() -> None:
    async def for_ever(event: Any) -> None:
        await asyncio.Event().wait()

    async def story() -> Invocation:
        clock = VirtualClock()
        runtime = InlineRuntime({"hang": for_ever}, clock, numbered())
        hang = EdgeFunction("hang", Code(), "index.handler", "python3.11")
        running = asyncio.create_task(runtime.invoke(Call(hang, Trigger.VIEWER_REQUEST, {}, 30.0)))
        await clock.jump()
        return await running

    invocation = asyncio.run(story())
    assert isinstance(invocation.result, Failed)
    assert invocation.result.kind.name == "TIMEOUT"
    assert invocation.duration_ms == 30_000
