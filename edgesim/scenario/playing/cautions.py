"""What makes a scenario that passes less than it seems to be: answers that nobody fetched, functions that failed or
never ran, and were not expected to.

Rule 1: an answer that a step writes for its own request is meant for that. Where nothing fetched it, the request did
        not go the way that its author had in mind.
Rule 2: of answers by turn all are meant to be given. Those that hold for every scenario of a file are no one's.
Rule 3: a function that failed is what a step is about, or a mistake. A status alone may be met by accident, where the
        function could not even be loaded.
Rule 4: a step that gets what was stored for another viewer is about the cache, or its author has not noticed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from edgesim.pipeline.cautions import Cautions as SharedAnswers
from edgesim.pipeline.transcript import Transcript
from edgesim.rules.reasons import HookReason, Outcome, Rejection, StoreReason
from edgesim.scenario.language.reasons import name_of
from edgesim.scenario.model import Expectation, Parallel, Place, Repeat, Scenario, Scripts, Send, SetOrigins, Step
from edgesim.scenario.outcome import Caution
from edgesim.scenario.playing.match import fault_of
from edgesim.scenario.playing.met import Run, runs_of
from edgesim.scenario.playing.origins import ANY, Given
from edgesim.scenario.playing.seen import Seen
from edgesim.scenario.playing.why import why_this_outcome
from edgesim.values.invocation import FailureKind


@dataclass
class Cautions:
    """Gathers them while a scenario is played."""

    _failed: dict[Caution, None] = field(default_factory=dict)
    _went: dict[Place, str] = field(default_factory=dict)
    _has_run: bool = False

    def note(self, step: Send, seen: Seen, around: Expectation | None = None) -> None:
        """What came of a step's request. `around`: what is expected of all requests that it was one of."""
        for transcript in seen.transcripts:
            self._went[step.place] = why_this_outcome(transcript, seen.before)
            for run in runs_of(transcript):
                self._has_run |= run.outcome != "not run"
                if run.outcome in _BAD and not _is_expected(run, transcript.status, step.expect, around):
                    self._failed[_failure(step, run)] = None
            if transcript.cautioned and not _is_about_the_cache(step.expect):
                self._failed.update(dict.fromkeys(_shared(step, transcript)))

    def all(self, scenario: Scenario, given: Collection[Given]) -> Iterator[Caution]:
        """Everything, once it has been played to its end; `given` are the answers that were fetched."""
        yield from self._failed
        if not self._has_run and (names := _silent_functions(scenario)):
            message = f"none of its functions ran: {', '.join(names)}"
            yield Caution(str(scenario.place), message, "where that is the point, expect it: ran: []")
        yield from self._unfetched(scenario.steps, given)
        yield from _turns_left(scenario, given)

    def _unfetched(self, steps: Iterable[Step], given: Collection[Given]) -> Iterator[Caution]:
        failed = {caution.place for caution in self._failed}
        for step in _flat(steps):
            if isinstance(step, Send) and str(step.place) not in failed:
                for place, origin in _left(step.origins, given):
                    went = self._went.get(step.place, "")
                    yield Caution(
                        str(place if place.line else step.place),
                        f"nothing fetched this answer of {_named(origin)}: {step.title}{f': {went}' if went else ''}",
                        "write origin: untouched, or leave the answer out",
                    )


# ── functions that failed ────────────────────────────────────────────────────

_BAD = ("failed", "rejected")
_RESULTS = frozenset({Outcome.LAMBDA_EXECUTION_ERROR, Outcome.LAMBDA_VALIDATION_ERROR, Outcome.LAMBDA_LIMIT_EXCEEDED})
_REASONS = frozenset(
    map(name_of, (HookReason.FAILED, HookReason.REJECTED, StoreReason.FUNCTION_FAILED, *Rejection, *_RESULTS))
)
_STATUSES = frozenset({502, 503})


def _is_expected(run: Run, status: int, expect: Expectation, around: Expectation | None) -> bool:
    """Does a step speak of the failure?"""
    because = [*expect.because, *(around.because if around is not None else ())]
    if any(not _REASONS.isdisjoint(reason.split("|")) for reason in because):
        return True
    if any(one.trigger is run.trigger and one.outcome in (*_BAD, "ran") for one in expect.functions):
        return True
    if expect.x_cache is not None and (expect.x_cache.equals or "").partition(" ")[0] in _RESULTS:
        return True
    logs = (*expect.log, *(log for one in expect.functions if one.trigger is run.trigger for log in one.log))
    if any(not fault_of(log, line, part=True) for log in logs for line in _lines_of(run)):
        return True
    return status in _STATUSES and status in expect.status and not _did_not_load(run)


def _lines_of(run: Run) -> Iterator[str]:
    """What a log has of a failure."""
    yield run.error
    if (failure := run.facts.get("failure")) is not None:
        yield from (line for line in run.lines if failure.error_type in line and failure.message in line)


def _did_not_load(run: Run) -> bool:
    failure = run.facts.get("failure")
    return failure is not None and failure.kind in (FailureKind.INIT, FailureKind.UNAVAILABLE)


def _silent_functions(scenario: Scenario) -> list[str]:
    """The functions that a scenario declares for itself, where it says nothing of whether they run. Those of its file
    or of a template are there for other requests, too."""
    said = (step.expect for step in _flat(scenario.steps) if isinstance(step, Send))
    if any(expect.ran is not None or expect.functions for expect in said):
        return []
    return sorted(scenario.own_functions)


def _failure(step: Send, run: Run) -> Caution:
    hint = f"where it should, write expect: {{functions: {{{run.trigger.value}: {run.outcome}}}}}"
    return Caution(
        str(step.place), f"{run.function} {run.outcome} at {run.trigger.value}, and no step expects it: {run.why}", hint
    )


# ── answers of other viewers ─────────────────────────────────────────────────


def _is_about_the_cache(expect: Expectation) -> bool:
    return expect.x_cache is not None or bool(expect.because) or bool(expect.cache)


def _shared(step: Send, transcript: Transcript) -> Iterator[Caution]:
    """Each step is told of by itself."""
    for problem in SharedAnswers().news(transcript):
        hint = "where that is the point, expect it: x-cache: Hit"
        yield Caution(str(step.place), problem.message, hint)


# ── answers that nobody fetched ──────────────────────────────────────────────


def _left(scripts: Scripts, given: Collection[Given], least: int = 1) -> Iterator[tuple[Place, str]]:
    """The answers of scripts that were not given, of rules with so many answers at least."""
    for name, script in scripts.items():
        for number, rule in enumerate(script.rules):
            for turn, answer in enumerate(rule.answers if len(rule.answers) >= least else ()):
                if Given(answer.place, name, number, turn) not in given:
                    yield answer.place, name


def _turns_left(scenario: Scenario, given: Collection[Given]) -> Iterator[Caution]:
    standing = [scenario.own_origins, *(step.origins for step in _flat(scenario.steps) if isinstance(step, SetOrigins))]
    left: dict[tuple[Place, str], int] = {}
    for found in (found for scripts in standing for found in _left(scripts, given, 2)):
        left[found] = left.get(found, 0) + 1
    for (place, origin), number in left.items():
        answers = "one of the answers" if number == 1 else f"{number} of the answers"
        message = f"nothing fetched {answers} that {_named(origin)} has by turn"
        yield Caution(str(place), message, "leave it out, or write set: where another answer holds from then on")


def _named(origin: str) -> str:
    return "the origin" if origin == ANY else f"origin {origin}"


def _flat(steps: Iterable[Step]) -> Iterator[Send | Step]:
    for step in steps:
        match step:
            case Repeat():
                yield from _flat(step.steps)
            case Parallel():
                yield from (item for item in step.items if isinstance(item, Send))
            case _:
                yield step
