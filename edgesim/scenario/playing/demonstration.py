"""A scenario shown: played on a live edge, step by step, with every answer and its explanation.

It goes on where an expectation does not hold; whoever looks on wants to see what comes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator

from edgesim.errors import EdgesimBug
from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.scenario.model import (
    NOTHING,
    Advance,
    Check,
    Deploy,
    Expectation,
    Invalidate,
    OriginExpectation,
    Parallel,
    Repeat,
    Scenario,
    Send,
    SetOrigins,
    Step,
)
from edgesim.scenario.outcome import StepFailure
from edgesim.scenario.playing.curl import curl
from edgesim.scenario.playing.edge import Edge
from edgesim.scenario.playing.live import LiveEdge
from edgesim.scenario.playing.match import describe
from edgesim.scenario.playing.run import Play
from edgesim.scenario.playing.seen import Answered, Seen
from edgesim.scenario.playing.stage import Stage
from edgesim.scenario.runner.difference import Paint
from edgesim.scenario.runner.report import mismatch_lines
from edgesim.values.durations import spell_duration
from edgesim.values.headers import readable
from edgesim.values.message import standard_reason
from edgesim.values.text import printable, printable_lines

Say = Callable[[str], None]

_TELLING = ("x-cache", "age", "location", "set-cookie", "content-type", "content-encoding", "cache-control", "etag")
_MOST_LINES = 8
_MOST_CHARACTERS = 300


class Demonstration(Play):
    """One showing. `before_step` is awaited before every step but the first: a moment to read, or to ask."""

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        base: str,
        *,
        say: Say,
        paint: Paint,
        before_step: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(scenario, stage)
        self._base, self._say, self._paint, self._before_step = base, say, paint, before_step
        self._steps_shown = 0
        self.failed = False

    async def show(self, edge: LiveEdge) -> None:
        """All of it. Raises ConfigError where a step can't be played, LackingError where nothing can."""
        scenario = self._scenario
        edge.origins.set(scenario.origins)
        self._say("\n".join(["", *_title(scenario, self._paint)]))
        await self.check_needs()
        await self.steps(scenario.steps, edge)
        self._say("")

    async def step(self, step: Step, edge: Edge) -> tuple[StepFailure, ...]:
        if not isinstance(step, Repeat):
            if self._steps_shown:
                await self._before_step()
            self._steps_shown += 1
        self._say("\n".join(["", *self._announced(step, edge)]))
        return await super().step(step, edge)

    def judge(
        self, title: str, expect: Expectation, edge: Edge, seen: Seen, step: Send | None = None
    ) -> tuple[StepFailure, ...]:
        failures = super().judge(title, expect, edge, seen, step)
        self.failed = self.failed or bool(failures)
        if step is not None:
            self._say("\n".join(self._answered(title, expect, seen.answers[0], edge)))
        self._say("\n".join(self._verdict(expect, failures)))
        return ()

    def tell(self, failure: StepFailure) -> tuple[StepFailure, ...]:
        self.failed = True
        self._say("\n".join(self._verdict(NOTHING, [failure])))
        return ()

    # ── before ───────────────────────────────────────────────────────────────

    def _announced(self, step: Step, edge: Edge) -> Iterator[str]:
        if isinstance(step, Repeat):
            yield self._paint(f"What follows, {step.times} times:", "title")
            return
        yield self._paint(f"{self._steps_shown}. {printable(_heading(step))}", "title")
        match step:
            case Send():
                yield from self._commands([step], edge)
            case Parallel():
                yield from self._commands([item for item in step.items if isinstance(item, Send)], edge)
            case SetOrigins():
                yield from (f"  {name}: {printable(_answers(step, name))}" for name in step.origins)

    def _commands(self, steps: Iterable[Send], edge: Edge) -> Iterator[str]:
        for step in steps:
            ready = self.filled(step)
            viewer = {**self._scenario.viewer, **ready.viewer}
            command = curl(self._base, self.request(ready, edge), viewer, ready.body)
            yield f"  {self._paint(command, 'station')}"

    # ── after ────────────────────────────────────────────────────────────────

    def _answered(self, title: str, expect: Expectation, answer: Answered, edge: Edge) -> Iterator[str]:
        yield ""
        told = f"HTTP/1.1 {answer.status} {standard_reason(answer.status)}".rstrip()
        line = told if answer.status else "nothing: the viewer has left"
        yield f"  {self._paint(line, 'ok' if 0 < answer.status < 400 else 'bad')}"
        expected = [header.name.lower() for header in expect.headers]
        for name in dict.fromkeys([*_TELLING, *expected]):
            for value in answer.headers.all(name):
                yield f"  {self._paint(f'{name}:', 'label')} {printable(readable(value))}"
        if answer.body:
            yield ""
            yield from (f"  {line}" for line in _beginning(answer.body))
        if answer.status and not answer.complete:
            yield self._paint("  … and here the connection breaks off", "bad")
        yield ""
        yield from (f"  {line}".rstrip() for line in self._explanation(answer, edge))

    def _explanation(self, answer: Answered, edge: Edge) -> list[str]:
        if not answer.transcript.notes:
            return ["This is no request that an edge takes: its listener refused it."]
        return as_text(as_data(answer.transcript, edge.store), self._paint).splitlines()

    def _verdict(self, expect: Expectation, failures: Iterable[StepFailure]) -> Iterator[str]:
        mismatches = [mismatch for failure in failures for mismatch in failure.mismatches]
        if not mismatches:
            if names := ", ".join(_expected(expect)):
                yield f"  {self._paint('✓', 'ok')} as expected: {printable(names)}"
            return
        for mismatch in mismatches:
            first, *rest = mismatch_lines(mismatch, self._paint)
            yield f"  {self._paint('✗', 'bad')} {first}"
            yield from (f"    {line}" for line in rest)


def _title(scenario: Scenario, paint: Paint) -> Iterator[str]:
    yield paint(printable(scenario.title), "title")
    if scenario.evidence is not None:
        yield paint(f"{scenario.evidence.value} {printable(scenario.source)}".rstrip(), "label")


def _heading(step: Step) -> str:
    match step:
        case Send():
            times = f", {step.times} times" if step.times > 1 else ""
            request = f" ({step.method} {step.target})" if step.name else ""
            leaves = f", whose viewer leaves after {spell_duration(step.leaves)}" if step.leaves is not None else ""
            return f"{step.title}{request}{times}{leaves}"
        case Advance():
            return f"… {spell_duration(step.seconds)} pass"
        case Invalidate():
            return f"{', '.join(step.paths)} is invalidated"
        case Deploy(refused=refused) if refused:
            return "something is deployed that AWS refuses"
        case Deploy():
            return "another configuration or other code is deployed"
        case SetOrigins():
            return "from now on the origins answer"
        case Check():
            return "how things stand"
        case Parallel():
            return "requests at once"
    raise EdgesimBug(f"{step!r} has no heading")


def _answers(step: SetOrigins, name: str) -> str:
    script = step.origins[name]
    if script.folder is not None:
        return f"what is in {script.folder}"
    return ", ".join(
        f"{rule.path} {answer.fails.value if answer.fails else answer.status}"
        for rule in script.rules
        for answer in rule.answers
    )


def _beginning(body: bytes) -> Iterator[str]:
    text = body[: _MOST_CHARACTERS * 4].decode("utf-8", "replace")[:_MOST_CHARACTERS]
    lines = printable_lines(text.rstrip("\n"))
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES or len(body) > len(text.encode()):
        yield f"… ({len(body):,} bytes)"


# ── what was expected, in few words ──────────────────────────────────────────


def _expected(expect: Expectation) -> Iterator[str]:
    if expect.status:
        yield f"status {' or '.join(map(str, expect.status))}"
    if expect.x_cache is not None:
        yield f"x-cache {describe(expect.x_cache)}"
    yield from (f"header {header.name.lower()}" for header in expect.headers)
    if expect.body is not None:
        yield "body"
    if expect.complete is not None:
        yield "the whole body" if expect.complete else "a body that breaks off"
    if expect.because or expect.not_because:
        yield "the reasons"
    if expect.ran is not None:
        yield f"functions at {', '.join(expect.ran)}" if expect.ran else "no function"
    yield from (f"{one.trigger.value} {one.outcome or 'ran'}" for one in expect.functions)
    yield from _expected_elsewhere(expect)


def _expected_elsewhere(expect: Expectation) -> Iterator[str]:
    if expect.log or expect.cloudwatch or expect.log_groups:
        yield "the log"
    if expect.logged is False:
        yield "no line in the access log"
    yield from (f"{field.name} {describe(field.match)}" for field in expect.access_log)
    yield from map(_origin, expect.origins)
    yield from (f"{one.target} {one.state.value if one.state else 'in the cache'}" for one in expect.cache)
    if expect.entries is not None:
        yield f"{expect.entries} objects in the cache"
    if expect.takes is not None:
        yield f"{spell_duration(expect.takes)} taken"


def _origin(expected: OriginExpectation) -> str:
    name = "the origin" if expected.id == "*" else f"origin {expected.id}"
    if expected.times == 0:
        return f"{name} untouched"
    times = expected.times if expected.times is not None else len(expected.receives)
    return f"{name} asked {'once' if times == 1 else f'{times} times'}"
