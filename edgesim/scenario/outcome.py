"""What came of a scenario. Made of texts and numbers alone, so that it crosses from a worker process as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    """an expectation did not hold"""
    BROKEN = "broken"
    """it could not be played: its file, a function that is not there, or edgesim itself"""
    LEFT_OUT = "left out"
    """nothing of it can be played, or compared, with a server that is somewhere else"""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One expectation that did not hold: `what` it is about (`status`, `header cache-control`, `because`), what was
    expected and what came, and where the expectation stands. `why` says more, where something can be said."""

    what: str
    expected: str
    got: str
    place: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class StepFailure:
    """A step with what did not hold, and the transcripts of its requests, as explain.as_data gives them."""

    title: str
    place: str
    mismatches: tuple[Mismatch, ...]
    transcripts: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Caution:
    """Why a scenario that passed may mean less than it seems to; `hint` is a way out."""

    place: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`place` is the scenario's; `message` says why it is broken, or what of it was left out; `seconds` is real time;
    `log` is what the functions wrote; `reasons` has every reason that its requests met, as `Enum.MEMBER`; `transcripts`
    has all requests where they were asked for; `bug`: it is broken because edgesim is. `cautions` are of one that
    passed; `remarks` are about the functions that it and those before it needed, such as a runtime that is not
    installed."""

    title: str
    place: str
    verdict: Verdict
    failures: tuple[StepFailure, ...] = ()
    message: str = ""
    seconds: float = 0
    log: tuple[str, ...] = ()
    reasons: frozenset[str] = field(default_factory=frozenset)
    transcripts: tuple[dict[str, Any], ...] = ()
    bug: bool = False
    cautions: tuple[Caution, ...] = ()
    remarks: tuple[str, ...] = ()


def strictly(outcome: Outcome) -> Outcome:
    """For whom a caution is a failure."""
    if not outcome.cautions or outcome.verdict is not Verdict.PASSED:
        return outcome
    told = (f"{one.place}: {one.message}{f' ({one.hint})' if one.hint else ''}" for one in outcome.cautions)
    return replace(outcome, verdict=Verdict.FAILED, message="\n".join(told), cautions=())
