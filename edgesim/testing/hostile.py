"""A function against everything that viewers and origins might send: does it ever fail?

edgesim.testing.never_fails("auth.mjs:handler")
edgesim.testing.never_fails("headers.py", trigger="origin-response")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, TypeAlias

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from edgesim.distribution.model import Trigger
from edgesim.errors import ConfigError
from edgesim.pipeline.transcript import Transcript
from edgesim.scenario.model import Answer, Content, Rule, Script, Scripts, Setting
from edgesim.scenario.playing.background import STAGES, BackgroundStage
from edgesim.scenario.playing.edge import Edge
from edgesim.scenario.playing.met import Run, runs_of
from edgesim.scenario.playing.origins import ANY
from edgesim.scenario.playing.run import host_of
from edgesim.server.viewer_header import ViewerDefaults
from edgesim.testing.hostile_strategies import answers_one_by_one, one_by_one
from edgesim.testing.live import Said, calling_folder, setting_of
from edgesim.testing.saved import Failure, Subject, named, saved, scenarios_folder, story, told
from edgesim.testing.strategies import hostile_requests, hostile_responses
from edgesim.values.headers import Headers, readable
from edgesim.values.message import Request, Response

Case: TypeAlias = tuple[Request, Response | None]

TIMEOUT = 2.0
"""Seconds: enough for whatever a viewer waits for, short enough to be met a few times."""

_SHRINKING_SECONDS = 20.0
"""Each request that a function does not answer in time costs its timeout; a shorter example is not worth more."""


def never_fails(
    function: str | Mapping[str, Any],
    *,
    trigger: Trigger | str = Trigger.VIEWER_REQUEST,
    distribution: Mapping[str, Any] | None = None,
    requests: st.SearchStrategy[Request] | None = None,
    origin: st.SearchStrategy[Response] | None = None,
    examples: int = 100,
    save_to: str | Path | Literal[False] | None = None,
    accept: Callable[[Failure], bool] | None = None,
    seed: int | None = None,
    timeout: float = TIMEOUT,
    folder: str | Path | None = None,
) -> None:
    """Run a function on hostile requests, in its real runtime behind a real edge, and raise AssertionError if it
    throws, does not answer in time, or returns what CloudFront refuses: what makes a 502 or a 503 of a request.

    The smallest request that does it is in the error's text, with the reason, and is saved as a scenario, which fails
    as long as the function does.

    `function` is `PATH[:HANDLER]` or code with its settings, as in a scenario. `trigger` is where it runs.
    `distribution` is the short form of scenarios; without one, nothing is cached and every request goes through the
    function to one origin, with all that the viewer sent. `requests` and `origin` are hypothesis strategies; without
    them strategies.hostile_requests() and, at a response's trigger, strategies.hostile_responses(), and before all else
    some hundred that are odd in one thing each. `examples` is how many are tried after them: the same ones each time,
    unless there is a `seed`; more of them find what is rarer. `save_to` is a folder for the scenario; without it, the
    nearest folder `scenarios` above, or else the folder of the test itself; False: nowhere. `accept` is asked about
    each failure, and says True where that one is as it should be. `timeout` is the function's, in seconds. Relative
    paths begin in `folder`; without it, where the file is that calls this.

    Raises ConfigError where the function can't be run at all. Needs hypothesis.
    """
    __tracebackhide__ = True
    where = Path(folder).absolute() if folder is not None else calling_folder().absolute()
    subject = Subject.of(function, _trigger(trigger), distribution, timeout, where)
    cases = _cases(subject.trigger, requests, origin)
    with STAGES.borrowed() as background:
        trial = _Trial(subject, background, accept or (lambda failure: False))
        first = _first_cases(subject.trigger) if requests is None and origin is None else ()
        failure = _first_failure(trial, first) or _smallest(trial, cases, examples, seed)
        if failure is None:
            trial.check_that_it_ran()
            return
        file = None if save_to is False else saved(subject, failure, _folder_for(save_to, where))
        note = told(file, background)
    raise AssertionError(f"{story(subject, failure, trial.tried)}\n\n{note}".rstrip())


def _folder_for(save_to: str | Path | None, where: Path) -> Path:
    return where / save_to if save_to is not None else scenarios_folder(where)


def _trigger(trigger: Trigger | str) -> Trigger:
    if trigger not in list(Trigger):
        raise ConfigError(f"there is no trigger {trigger!r} (one of {', '.join(Trigger)})")
    return Trigger(trigger)


def _cases(
    trigger: Trigger, requests: st.SearchStrategy[Request] | None, origin: st.SearchStrategy[Response] | None
) -> st.SearchStrategy[Case]:
    answers: st.SearchStrategy[Response | None] = st.none()
    if origin is not None:
        answers = origin
    elif trigger.value.endswith("response"):
        answers = hostile_responses()
    return st.tuples(hostile_requests() if requests is None else requests, answers)


def _first_cases(trigger: Trigger) -> Iterator[Case]:
    """What is odd in one thing alone, so that there is nothing to be made smaller."""
    if trigger.value.endswith("response"):
        plain = next(one_by_one())
        yield from ((plain, answer) for answer in answers_one_by_one())
    else:
        yield from ((request, None) for request in one_by_one())


def _first_failure(trial: _Trial, cases: Iterable[Case]) -> Failure | None:
    return next((failure for case in cases if (failure := trial.failure(case)) is not None), None)


class _FailsError(Exception):
    """What hypothesis is to look for."""


def _smallest(trial: _Trial, cases: st.SearchStrategy[Case], examples: int, seed: int | None) -> Failure | None:
    """The smallest failure that could be found."""
    found: list[Failure] = []

    @hypothesis.settings(
        max_examples=examples,
        derandomize=seed is None,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(cases)
    def every(case: Case) -> None:
        failure = trial.failure(case)
        if failure is not None:
            found.append(failure)
            raise _FailsError

    try:
        (every if seed is None else hypothesis.seed(seed)(every))()
    except _FailsError:
        return found[-1]
    return None


@dataclass
class _Trial:
    """Tries one case after the other, each on an edge of its own, whose functions are warm."""

    subject: Subject
    background: BackgroundStage
    accept: Callable[[Failure], bool]
    tried: int = 0
    ran: bool = False
    since: float | None = None
    known: dict[object, Failure | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        subject = self.subject
        said = Said(subject.distribution, {subject.name: subject.function}, folder=subject.folder)
        self.setting: Setting = setting_of(said)
        self.background.call(self.background.stage.begin(self.setting))

    def failure(self, case: Case) -> Failure | None:
        """What goes wrong with a case. The same each time, for hypothesis wants to rely on that, though functions that
        throw dice might not be of the same mind twice."""
        key = _identity(case)
        if key not in self.known:
            if self.since is not None and perf_counter() - self.since > _SHRINKING_SECONDS:
                return None
            self.known[key] = self._tried(case)
        found = self.known[key]
        if found is not None and self.since is None:
            self.since = perf_counter()
        return found

    def _tried(self, case: Case) -> Failure | None:
        self.tried += self.since is None
        request, transcript = self.background.call(self._answered(case))
        runs = [run for run in runs_of(transcript) if run.trigger is self.subject.trigger and run.outcome != "not run"]
        self.ran = self.ran or bool(runs)
        failures = (_failure(run, request, case[1]) for run in runs if run.outcome in ("failed", "rejected"))
        return next((failure for failure in failures if not self.accept(failure)), None)

    async def _answered(self, case: Case) -> tuple[Request, Transcript]:
        # As Stage.edge does, but for looking whether the code has changed
        stage = self.background.stage
        stage.clock.restart()
        stage.ids.restart()
        stage.log.clear()
        edge = Edge(self.setting, stage, stage.clock, stage.ids)
        try:
            request = _for(edge, case[0])
            answers = await edge.finish(edge.send(request, ViewerDefaults(), scripts=_scripts(case[1])))
            await edge.quiet()
        finally:
            await edge.aclose()
        return request, answers[0].transcript

    def check_that_it_ran(self) -> None:
        """That nothing went wrong means nothing, if nothing was done."""
        if not self.ran:
            raise ConfigError(f"{self.subject.name} never ran at {self.subject.trigger.value}: no request got there")


def _identity(case: Case) -> object:
    request, response = case
    sent = (request.method, request.target, request.headers.fields, request.body)
    return sent, response and (response.status, response.headers.fields, response.body)


def _for(edge: Edge, request: Request) -> Request:
    """The request, with a host of the edge's."""
    host = (request.headers.get("host") or "").lower()
    known = {name for one in edge.distributions for name in (one.domain_name, *one.aliases)}
    if host in known:
        return request
    headers = Headers([("Host", host_of(edge)), *request.headers.without("host")])
    return Request(request.method, request.path, request.query, headers, request.body)


def _scripts(response: Response | None) -> Scripts:
    if response is None:
        return {}
    headers = tuple((name, readable(value)) for name, value in response.headers)
    body = Content(data=response.body if isinstance(response.body, bytes) else b"")
    return {ANY: Script((Rule(ANY, (Answer(response.status, headers, body),)),))}


def _failure(run: Run, request: Request, response: Response | None) -> Failure:
    failed = run.facts.get("failure")
    stack = tuple(failed.stack) if failed is not None else ()
    return Failure(request, response, run.outcome, run.error, stack, timed_out=named(failed) == "TIMEOUT")
