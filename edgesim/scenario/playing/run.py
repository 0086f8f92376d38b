"""Plays a scenario on an edge, step by step, until an expectation does not hold."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from edgesim.errors import ConfigError, EdgesimBug, EdgesimError
from edgesim.logs.explain import as_data
from edgesim.pipeline.transcript import Transcript
from edgesim.scenario.fill import filled
from edgesim.scenario.model import (
    NOWHERE,
    Advance,
    Barrier,
    Check,
    Deploy,
    Expectation,
    Invalidate,
    Parallel,
    Repeat,
    Scenario,
    Scripts,
    Send,
    SetOrigins,
    Setting,
    Step,
)
from edgesim.scenario.outcome import Caution, Mismatch, Outcome, StepFailure, Verdict
from edgesim.scenario.playing.capture import captured, why_no_cookie
from edgesim.scenario.playing.cautions import Cautions
from edgesim.scenario.playing.check_filled import check_filled
from edgesim.scenario.playing.edge import Edge
from edgesim.scenario.playing.expect import log_mismatches, mismatches
from edgesim.scenario.playing.match import describe
from edgesim.scenario.playing.met import reasons_met
from edgesim.scenario.playing.origins import content_bytes
from edgesim.scenario.playing.seen import Answered, Asked, LogEvent, Seen
from edgesim.scenario.playing.signing import signed_step
from edgesim.server.viewer_header import ViewerDefaults, parse_settings
from edgesim.values.headers import Field, Headers, wire
from edgesim.values.message import Request
from edgesim.values.uri import split_target

if TYPE_CHECKING:
    from edgesim.scenario.playing.stage import Stage

_T = TypeVar("_T")


async def play(scenario: Scenario, stage: Stage, *, explain: bool = False) -> Outcome:
    """What comes of a scenario. Never raises, but where it is cancelled.

    `explain`: the outcome has the transcripts of all requests, and not of those alone that failed.
    """
    begun, play = perf_counter(), Play(scenario, stage, explains=explain)
    verdict, message, bug = Verdict.PASSED, "", False
    failures: tuple[StepFailure, ...] = ()
    try:
        failures = await play.whole()
        verdict = Verdict.FAILED if failures else Verdict.PASSED
    except LackingError as lack:
        verdict, message = Verdict.LEFT_OUT, str(lack)
    except (ConfigError, OSError) as error:
        verdict, message = Verdict.BROKEN, play.placed(sentence_of(error))
    except Exception as error:  # noqa: BLE001  a bug in edgesim takes no more than this one scenario along
        verdict, message, bug = Verdict.BROKEN, play.placed(report_of(error)), True
    return Outcome(
        title=scenario.title,
        place=str(scenario.place),
        verdict=verdict,
        failures=failures,
        message=message,
        bug=bug,
        seconds=perf_counter() - begun,
        log=tuple(stage.log.tagged),
        reasons=frozenset(reason for transcript in play.transcripts for reason in reasons_met(transcript)),
        transcripts=tuple(map(play.explained, play.transcripts)) if explain else (),
        cautions=play.cautions if verdict is Verdict.PASSED else (),
        remarks=stage.remarks,
    )


class LackingError(EdgesimError):
    """This machine has not what the scenario needs, and why."""


def sentence_of(error: ConfigError | OSError) -> str:
    """What is wrong, and the way out where there is one."""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return f"{error}{f' ({error.hint})' if error.hint else ''}"


def report_of(error: Exception) -> str:
    """What to say of a bug in edgesim, for whoever reports it."""
    told = str(error) if isinstance(error, EdgesimBug) else f"{type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error)).rstrip()
    return f"this is a bug in edgesim: {told}; please report it with what follows\n{trace}"


class Play:
    """One performance. Who shows it overrides `step` and `judge`. `explains`: every request is explained afterwards."""

    def __init__(self, scenario: Scenario, stage: Stage, *, explains: bool = False) -> None:
        self._explains = explains
        self._explained: dict[int, dict[str, Any]] = {}
        self._scenario, self._stage, self._setting = scenario, stage, scenario.setting
        self._captured: dict[str, str] = {}
        self._at = NOWHERE
        self._cautions = Cautions()
        self.cautions: tuple[Caution, ...] = ()
        self.transcripts: list[Transcript] = []

    def placed(self, message: str) -> str:
        """With the place of the step that it is about, once there is one."""
        return f"{self._at}: {message}" if self._at.line else message

    async def whole(self) -> tuple[StepFailure, ...]:
        """The failures of the first step that has any."""
        scenario = self._scenario
        edge = await self._stage.edge(scenario.setting, at=scenario.at, fresh=scenario.fresh, account=scenario.account)
        edge.origins.set(scenario.origins)
        try:
            await self.check_needs()
            return await self.steps(scenario.steps, edge)
        finally:
            self.transcripts = list(edge.recorder)[::-1]
            self.cautions = tuple(self._cautions.all(scenario, edge.origins.given))
            await edge.aclose()

    async def check_needs(self) -> None:
        """Raises LackingError."""
        if why := await self._stage.lacks(self._scenario.needs):
            raise LackingError(f"it needs a {', a '.join(sorted(self._scenario.needs))}: {why}")

    async def steps(self, steps: Sequence[Step], edge: Edge) -> tuple[StepFailure, ...]:
        """The failures of the first step that has any."""
        for step in steps:
            if failures := await self.step(step, edge):
                return failures
        return ()

    async def step(self, step: Step, edge: Edge) -> tuple[StepFailure, ...]:
        """Do it, and say what did not hold."""
        self._at = step.place
        match step:
            case Send():
                return await self._send(step, edge)
            case Parallel():
                return await self._parallel(step, edge)
            case Repeat():
                for _ in range(step.times):
                    if failures := await self.steps(step.steps, edge):
                        return failures
            case Check():
                return self.judge("the state of things", self.filled(step.expect), edge, _seen(edge, (), ()))
            case Deploy(refused=refused) if refused:
                return await self._deploy_in_vain(step)
            case _:
                await self._change(step, edge)
        return ()

    async def _change(self, step: Advance | Invalidate | SetOrigins | Deploy, edge: Edge) -> None:
        match step:
            case Advance():
                await edge.advance(step.seconds)
            case Invalidate():
                await edge.invalidate(self.filled(step).paths)
            case SetOrigins():
                edge.origins.set(self.filled(step).origins)
            case Deploy():
                edge.deploy(await self._stage.prepare(step.setting), step.propagation)
                self._setting = step.setting
            case _:
                assert_never(step)

    async def _deploy_in_vain(self, step: Deploy) -> tuple[StepFailure, ...]:
        """What is refused changes nothing."""
        said = step.refusals or await self._refusals(step.setting)
        if not said:
            expected = "; ".join(describe(match) for match in step.refused)
            told = Mismatch("refused", expected, "it can be deployed", str(step.place))
            return self.tell(StepFailure("deploy", str(step.place), (told,)))
        found = tuple(log_mismatches("refused", step.refused, said))
        return self.tell(StepFailure("deploy", str(step.place), found)) if found else ()

    async def _refusals(self, setting: Setting) -> tuple[str, ...]:
        try:
            await self._stage.prepare(setting)
        except ConfigError as refusal:
            return (str(refusal),)
        finally:
            await self._stage.prepare(self._setting)
        return ()

    def tell(self, failure: StepFailure) -> tuple[StepFailure, ...]:
        """A failure that is none of a request's."""
        return (failure,)

    def filled(self, step: _T) -> _T:
        """A step with what was captured. Raises ConfigError where it asks for what was not, or has now what no such
        step can have."""
        ready = filled(step, self._captured)
        if ready is not step:
            check_filled(ready)
        return ready

    # ── requests ─────────────────────────────────────────────────────────────

    async def _send(self, step: Send, edge: Edge) -> tuple[StepFailure, ...]:
        for _ in range(step.times):
            ready, begun, token = self.filled(step), edge.clock.now(), object()
            before, events = list(edge.recorder)[::-1], len(self._stage.log.events)
            answers = await edge.finish(self._sent(ready, edge, token))
            await edge.quiet()
            elapsed, written = edge.clock.now() - begun, tuple(self._stage.log.events[events:])
            seen = _of_step(ready, _seen(edge, answers, _asked(edge, {token}), elapsed, before, written))
            self._cautions.note(ready, seen)
            if failures := self.judge(ready.title, ready.expect, edge, seen, ready):
                return failures
        return ()

    async def _sent(self, step: Send, edge: Edge, token: object) -> Answered:
        viewer = viewer_of(self._scenario, step)
        request = self.request(step, edge)
        return await edge.send(request, viewer, step=token, scripts=step.origins, leaves=step.leaves)

    def request(self, step: Send, edge: Edge) -> Request:
        """What goes over the wire for a step now, signed where it is to be. Raises OSError, ConfigError."""
        protocol = viewer_of(self._scenario, step).protocol or "http"
        host = host_of(edge)
        return request_of(signed_step(step, protocol, host, edge.clock.now()), host)

    async def _parallel(self, step: Parallel, edge: Edge) -> tuple[StepFailure, ...]:
        begun, before, events = edge.clock.now(), list(edge.recorder)[::-1], len(self._stage.log.events)
        under_way: list[tuple[Send, object, asyncio.Task[Answered]]] = []
        try:
            for item in step.items:
                await self._begin(item, edge, under_way)
            await edge.until_done([task for _, _, task in under_way])
        finally:
            for _, _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, _, task in under_way), return_exceptions=True)
        await edge.quiet()
        elapsed, answers = edge.clock.now() - begun, [task.result() for _, _, task in under_way]
        written = tuple(self._stage.log.events[events:])
        failures: tuple[StepFailure, ...] = ()
        for (sent, token, _), answer in zip(under_way, answers, strict=True):
            seen = _of_step(sent, _seen(edge, (answer,), _asked(edge, {token}), elapsed, before, written))
            self._cautions.note(sent, seen, step.expect)
            failures += self.judge(sent.title, sent.expect, edge, seen, sent)
        seen = _seen(edge, answers, _asked(edge, {token for _, token, _ in under_way}), elapsed, before)
        return failures + self.judge("parallel requests", self.filled(step.expect), edge, seen)

    async def _begin(
        self,
        item: Send | Barrier | Invalidate,
        edge: Edge,
        under_way: list[tuple[Send, object, asyncio.Task[Answered]]],
    ) -> None:
        """Each goes as far as it gets before the next begins."""
        self._at = item.place
        if isinstance(item, Invalidate):
            await self._change(item, edge)
        elif isinstance(item, Send):
            ready = self.filled(item)
            for _ in range(item.times):
                token = object()
                task = asyncio.ensure_future(self._sent(ready, edge, token))
                under_way.append((ready, token, task))
                await edge.quiet([task])
        elif item.seconds:
            await edge.advance(item.seconds)
        elif item.until == "done":
            await edge.until_done([task for _, _, task in under_way])

    # ── judging ──────────────────────────────────────────────────────────────

    def judge(
        self, title: str, expect: Expectation, edge: Edge, seen: Seen, step: Send | None = None
    ) -> tuple[StepFailure, ...]:
        """What did not hold of what was expected, of a step's request where there is one."""
        if self._explains:
            # Now, since a miss is explained by what is stored
            self._explained |= {id(one): as_data(one, edge.store) for one in seen.transcripts}
        found = mismatches(expect, seen)
        if step is not None:
            found += self._capture(step, seen.answers[0])
        if not found:
            return ()
        place = step.place if step is not None else expect.place
        told = tuple(as_data(transcript, edge.store) for transcript in seen.transcripts)
        return (StepFailure(title, str(place), tuple(found), told),)

    def explained(self, transcript: Transcript) -> dict[str, Any]:
        """A transcript as explain.as_data gives it, as things stood after its step."""
        return self._explained.get(id(transcript)) or as_data(transcript)

    def _scripts(self, step: Send) -> tuple[Scripts, ...]:
        return step.origins, self._scenario.origins

    def _capture(self, step: Send, answer: Answered) -> list[Mismatch]:
        missing = []
        for capture in step.capture:
            value = captured(capture, answer)
            if isinstance(value, Mismatch):
                why = "" if "set-cookie" in answer.headers else why_no_cookie(capture, self._scripts(step))
                missing.append(replace(value, why=why or value.why))
            else:
                self._captured[capture.name] = value
        return missing


def _asked(edge: Edge, tokens: set[object]) -> list[Asked]:
    return [asked for asked in edge.origins.asked if asked.step in tokens]


def _seen(
    edge: Edge,
    answers: Sequence[Answered],
    asked: Sequence[Asked],
    elapsed: float = 0.0,
    before: Sequence[Transcript] = (),
    written: Sequence[LogEvent] = (),
) -> Seen:
    return Seen(answers, asked, edge.cached(), edge.clock.now(), elapsed, before, written)


def _of_step(step: Send, seen: Seen) -> Seen:
    has_answers = any(script.rules for script in step.origins.values())
    return replace(seen, unfetched=has_answers and not seen.asked)


# ── a viewer's request ───────────────────────────────────────────────────────


def request_of(step: Send, host: str) -> Request:
    """What goes over the wire for a step: its headers in order, with the Host, cookies and length that a client adds.

    Raises OSError for a body's file that can't be read.
    """
    path, query = split_target(wire(step.target))
    headers = Headers((name, wire(value)) for name, value in step.headers)
    body = content_bytes(step.body)
    added = [field for field in _added(step, host, body) if field[0].lower() not in headers.index]
    return Request(step.method, path, query, Headers((*added, *headers)), body)


def _added(step: Send, host: str, body: bytes) -> Iterator[Field]:
    yield "Host", host
    if step.cookies:
        yield "Cookie", "; ".join(f"{name}={wire(value)}" for name, value in step.cookies)
    if step.body is not None:
        yield "Content-Length", str(len(body))


def host_of(edge: Edge) -> str:
    """The name that viewers use where a step says none: the first distribution's alias, or its own domain."""
    if not edge.distributions:
        return "localhost"
    first = next((one for one in edge.distributions if not one.staging), edge.distributions[0])
    return next((alias for alias in first.aliases if "*" not in alias), first.domain_name)


def viewer_of(scenario: Scenario, step: Send) -> ViewerDefaults:
    """Who sends a step. Raises ConfigError for a setting that viewers don't have."""
    return parse_settings({**scenario.viewer, **step.viewer})
