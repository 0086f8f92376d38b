"""`edgesim test --against URL`: plays what can be played with a server that is somewhere else, and compares what a
viewer sees of it.

Rule 1: a viewer sees status, headers and body. Whatever only edgesim itself can know (origins, functions, reasons, the
        cache, the log) is not compared, but counted.
Rule 2: time really passes, up to what `wait` allows. Where more would have to pass, or something would have to be
        changed on the server, the scenario ends: what follows depends on it.
Rule 3: who asks can't be made up. A step that needs a viewer elsewhere is left out, and so is what depends on it.
Rule 4: a difference does not end the scenario: one wants to see all of them.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from edgesim.driver.clock import SystemClock
from edgesim.errors import ConfigError
from edgesim.origins.targets import DEFAULT_PORTS, Url, parse_target
from edgesim.scenario.fill import NotCapturedError, filled
from edgesim.scenario.model import (
    Advance,
    Barrier,
    Check,
    Expectation,
    Invalidate,
    Parallel,
    Repeat,
    Scenario,
    Send,
    Step,
)
from edgesim.scenario.outcome import Mismatch, Outcome, StepFailure, Verdict
from edgesim.scenario.playing.capture import captured
from edgesim.scenario.playing.check_filled import check_filled
from edgesim.scenario.playing.client import Client, NoAnswerError
from edgesim.scenario.playing.comparable import OwnOrigins, comparable, size_of
from edgesim.scenario.playing.expect import mismatches
from edgesim.scenario.playing.run import report_of, request_of, sentence_of
from edgesim.scenario.playing.seen import Answered, Seen
from edgesim.scenario.playing.signing import signed_step
from edgesim.values.durations import spell_duration
from edgesim.values.headers import readable
from edgesim.values.instant import Duration, Instant
from edgesim.values.uri import split_target

if TYPE_CHECKING:
    from edgesim.ports import Clock
    from edgesim.scenario.runner.workers import Job, Told


@dataclass(frozen=True, slots=True)
class Target:
    """A server to play against. `host` is the Host of steps that name none, where it is not the server's own; `wait`
    is how many seconds a scenario may take to let time pass."""

    url: Url
    host: str = ""
    wait: float = 0.0

    @property
    def named(self) -> str:
        """The Host header of steps that name none."""
        if self.host:
            return self.host
        name = f"[{self.url.host}]" if ":" in self.url.host else self.url.host
        return name if self.url.port == DEFAULT_PORTS[self.url.scheme] else f"{name}:{self.url.port}"


_LOCAL = re.compile(r"(?:localhost|[\w.-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?:/|\Z)", re.IGNORECASE)


def parse_against(text: str, *, host: str = "", wait: float = 0.0) -> Target:
    """A target as written after `--against`; without a scheme, HTTPS for all but this machine. Raises ConfigError."""
    url = parse_target(text if "://" in text else f"{'http' if _LOCAL.match(text) else 'https'}://{text}")
    if not isinstance(url, Url):
        raise ConfigError(f"{text} is no URL", "write https://d111111abcdef8.cloudfront.net")
    return Target(url, host, wait)


class Against:
    """Plays one scenario after the other against a target (workers.Players): they share its cache."""

    def __init__(self, target: Target, clock: Clock | None = None) -> None:
        self._target, self._clock = target, clock or SystemClock()
        self._client: Client | None = None

    async def __aenter__(self) -> Self:
        self._client = Client()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def play(self, jobs: Sequence[Job], told: Told, *, explain: bool = False) -> None:
        del explain  # nobody tells what went on inside
        for index, job in enumerate(jobs):
            if not told(index, await self.one(job.scenario)):
                return

    async def one(self, scenario: Scenario) -> Outcome:
        """What comes of a scenario."""
        assert self._client is not None  # noqa: S101  it is used within its context
        return await play_against(scenario, self._target, self._client, self._clock)

    async def refresh(self) -> None:
        """Nothing is kept that could be old."""


async def play_against(scenario: Scenario, target: Target, client: Client, clock: Clock) -> Outcome:
    """What comes of a scenario that a server plays the edge's part in. Never raises for anything that the scenario,
    its files or the server do. The outcome's message says what was left out."""
    begun, play = perf_counter(), _Play(scenario, target, client, clock)
    broken, bug = "", False
    try:
        await play.whole()
    except NoAnswerError as error:
        broken = str(error)
    except (ConfigError, OSError) as error:
        broken = sentence_of(error)
    except Exception as error:  # noqa: BLE001  a bug in edgesim takes no more than this one scenario along
        broken, bug = report_of(error), True
    return Outcome(
        title=scenario.title,
        place=str(scenario.place),
        verdict=Verdict.BROKEN if broken else play.verdict,
        failures=tuple(play.failures),
        message="; ".join(filter(None, [broken, *play.left.lines()])),
        seconds=perf_counter() - begun,
        bug=bug,
    )


@dataclass(slots=True)
class _LeftOut:
    """What was not played, by what it would have needed, and what was not compared, by its kind."""

    steps: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        for need, number in self.steps.items():
            them = "it needs" if number == 1 else "they need"
            yield f"{number} step{'' if number == 1 else 's'} left out: {them} {need}"
        if kinds := [f"{kind} ({number})" for kind, number in self.kinds.items()]:
            yield f"not compared: {', '.join(kinds)}"


class _Play:
    """One performance."""

    def __init__(self, scenario: Scenario, target: Target, client: Client, clock: Clock) -> None:
        self._scenario, self._target = scenario, target
        self._client, self._clock = client, clock
        self._own = OwnOrigins(scenario)
        self._captured: dict[str, str] = {}
        self._patience = target.wait
        self._not_asked_for: set[str] = set()
        self._compared = 0
        self.left = _LeftOut()
        self.failures: list[StepFailure] = []

    @property
    def verdict(self) -> Verdict:
        if self.failures:
            return Verdict.FAILED
        return Verdict.PASSED if self._compared else Verdict.LEFT_OUT

    async def whole(self) -> None:
        steps = list(_flat(self._scenario.steps))
        for number, step in enumerate(steps):
            need = self._beyond(step)
            if need:
                if after := sum(isinstance(one, Send | Parallel) for one in steps[number:]):
                    self.left.steps[need] += after
                return
            await self._step(step)

    def _beyond(self, step: Step) -> str:
        """What a step needs that can't be had here, nor can anything after it; or nothing."""
        match step:
            case Advance(seconds) if seconds > self._patience:
                return f"{spell_duration(seconds)} to pass"
            case Parallel(items) if any(isinstance(item, Invalidate) for item in items):
                return _CHANGES[Invalidate.__name__]
            case Parallel() if (seconds := sum(map(_seconds, step.items))) > self._patience:
                return f"{spell_duration(seconds)} to pass"
            case Advance() | Send() | Parallel() | Repeat() | Check():
                return ""
        return _CHANGES[type(step).__name__]

    async def _step(self, step: Step) -> None:
        match step:
            case Send():
                await self._send(step)
            case Parallel():
                await self._parallel(step)
            case Check():
                self._comparable(step.expect, None)
            case Advance():
                await self._wait(step.seconds)

    async def _wait(self, seconds: float) -> None:
        self._patience -= seconds
        await self._clock.sleep(Duration(seconds))

    # ── requests ─────────────────────────────────────────────────────────────

    async def _send(self, step: Send) -> None:
        if (ready := self._ready(step)) is not None:
            for _ in range(step.times):
                self._judge(ready, await self._answer(ready))

    def _ready(self, step: Send) -> Send | None:
        """A step as it can be sent, or None, where that is so for good reason."""
        viewer = {**self._scenario.viewer, **step.viewer}
        if need := _unlike(viewer, self._target.url.scheme):
            self._leave_out(step, f"a viewer with {need}")
            return None
        if step.leaves is not None:
            self._leave_out(step, "a viewer that leaves")
            return None
        if step.sign is not None and step.sign.made:
            self._leave_out(
                step, "a key that the server trusts, and that of the scenario is made: keys: {NAME: FILE.pem}"
            )
            return None
        try:
            ready = filled(replace(step, origins=MappingProxyType({})), self._captured)
            check_filled(ready)
        except NotCapturedError:
            self._leave_out(step, "what another step would have captured")
            return None
        except ConfigError as error:
            raise ConfigError(f"{step.place}: {error}", error.hint) from error
        return ready

    def _leave_out(self, step: Send, need: str) -> None:
        self.left.steps[need] += 1
        self._not_asked_for.add(split_target(step.target)[0])

    async def _answer(self, step: Send) -> Answered:
        named = self._target.named
        if step.sign is not None:
            step = signed_step(step, self._target.url.scheme, named, self._clock.now())
        return await self._client.send(self._target.url, request_of(step, named))

    async def _parallel(self, parallel: Parallel) -> None:
        under_way: list[tuple[Send, asyncio.Task[Answered]]] = []
        try:
            for item in parallel.items:
                await self._begin(item, under_way)
            answers = [await task for _, task in under_way]
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
        for (step, _), answer in zip(under_way, answers, strict=True):
            self._judge(step, answer)
        self._comparable(parallel.expect, None)

    async def _begin(
        self, item: Send | Barrier | Invalidate, under_way: list[tuple[Send, asyncio.Task[Answered]]]
    ) -> None:
        """Whether a request waits for an origin can't be seen from here, so nobody waits for that."""
        if isinstance(item, Barrier):
            if item.seconds:
                await self._wait(item.seconds)
            elif item.until == "done" and under_way:
                await asyncio.wait([task for _, task in under_way])
        elif isinstance(item, Send) and (ready := self._ready(item)) is not None:
            under_way += [(ready, asyncio.ensure_future(self._answer(ready))) for _ in range(item.times)]

    # ── judging ──────────────────────────────────────────────────────────────

    def _judge(self, step: Send, answer: Answered) -> None:
        expect = self._comparable(step.expect, answer)
        if expect.x_cache is not None and split_target(step.target)[0] in self._not_asked_for:
            # What was left out may have left something in the cache
            self.left.kinds["x-cache"] += 1
            expect = replace(expect, x_cache=None)
        self._compared += size_of(expect)
        seen = Seen((answer,), (), (), Instant(0.0))
        found = [self._own.marked(mismatch, step.expect, answer) for mismatch in mismatches(expect, seen)]
        found += self._capture(step, answer)
        if found:
            self.failures.append(StepFailure(step.title, str(step.place), tuple(found)))

    def _comparable(self, expect: Expectation, answer: Answered | None) -> Expectation:
        kept, left = comparable(expect, answer)
        self.left.kinds += left
        return kept

    def _capture(self, step: Send, answer: Answered) -> Iterator[Mismatch]:
        for capture in step.capture:
            value = captured(capture, answer)
            if isinstance(value, Mismatch):
                yield value
            else:
                self._captured[capture.name] = value


_CHANGES = {
    "Invalidate": "something to be invalidated",
    "Deploy": "something to be deployed",
    "SetOrigins": "the origins to change",
}
"""What a server elsewhere is not made to do."""


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Repeat):
            for _ in range(step.times):
                yield from _flat(step.steps)
        else:
            yield step


def _seconds(item: Send | Barrier | Invalidate) -> float:
    return item.seconds if isinstance(item, Barrier) else 0.0


def _unlike(viewer: Mapping[str, str], scheme: str) -> str:
    """The settings that a viewer on this machine does not have; which edge location answers is not for it to choose,
    and mostly does not matter."""
    same = {"protocol": scheme, "http-version": "1.1"}
    others = {name: value for name, value in viewer.items() if name != "pop" and same.get(name) != value}
    return ", ".join(f"{name}={readable(value)}" for name, value in others.items())
