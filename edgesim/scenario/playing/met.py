"""What a transcript says, in the words of scenarios: reasons by name, and what came of each trigger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from edgesim.distribution.model import Trigger
from edgesim.logs.why import error_of, trouble_of
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.rules.reasons import DeliveryReason, HookReason
from edgesim.scenario.language.reasons import members, name_of
from edgesim.values.invocation import FailureKind, Invocation

TRIGGER_OF = {Station(trigger.value.replace("-", " ")): trigger for trigger in Trigger}

OUTCOME_OF = {
    HookReason.PASSED: "passed",
    HookReason.CHANGED: "changed",
    HookReason.GENERATED: "generated",
    HookReason.FAILED: "failed",
    HookReason.REJECTED: "rejected",
}
"""Every other reason means that the function did not run."""


_BY_LAMBDA = frozenset({FailureKind.TIMEOUT, FailureKind.EXIT, FailureKind.INIT, FailureKind.OUT_OF_MEMORY})


@dataclass(frozen=True, slots=True)
class Run:
    """One note of a trigger: its function ran, or why it did not."""

    trigger: Trigger
    because: HookReason
    facts: dict[str, Any]

    @property
    def outcome(self) -> str:
        """One of model.OUTCOMES, but for `ran`."""
        return OUTCOME_OF.get(self.because, "not run")

    @property
    def function(self) -> str:
        """The function's name; empty where it did not run."""
        return self.facts["function"].name if "function" in self.facts else ""

    @property
    def invocation(self) -> Invocation | None:
        return self.facts.get("invocation")

    @property
    def start(self) -> str:
        """A Start's word; empty where it did not run."""
        if self.invocation is None or not self.invocation.environment:
            return ""
        return self.invocation.start.value

    @property
    def lines(self) -> list[str]:
        """What its log has of it: what the function wrote, and what Lambda says of its end."""
        failure = self.facts.get("failure")
        ended = [failure.message, failure.error_type] if failure is not None and failure.kind in _BY_LAMBDA else []
        return [*(self.invocation.log if self.invocation else ()), *ended]

    @property
    def error(self) -> str:
        """What went wrong, where something did."""
        return error_of(self.facts)

    @property
    def why(self) -> str:
        """The same with the place in the user's files and a way out."""
        return trouble_of(self.facts)


def notes_of(transcript: Transcript) -> Iterator[Note]:
    """Every note, those of a request that this one caused in their place."""
    for note in transcript.notes:
        yield note
        inner = note.facts.get("inner")
        if inner is not None:
            yield from notes_of(inner)


def runs_of(transcript: Transcript) -> list[Run]:
    """What came of each trigger that has a function, in order."""
    return [
        Run(TRIGGER_OF[note.station], note.because, note.facts)
        for note in notes_of(transcript)
        if note.station in TRIGGER_OF and isinstance(note.because, HookReason)
    ]


def reasons_met(transcript: Transcript) -> list[str]:
    """Every reason, in order, as `Enum.MEMBER`: of each note why, then the rule, the TTL's source and its bound. A
    transcript says how an answer is delivered only where it is not whole; here it is said of every one."""
    met = [name_of(reason) for note in notes_of(transcript) for reason in _of_note(note)]
    if transcript.status and not any(isinstance(note.because, DeliveryReason) for note in transcript.notes):
        met.insert(len(met) - 1, name_of(DeliveryReason.WHOLE))
    return met


def _of_note(note: Note) -> Iterator[StrEnum]:
    yield note.because
    facts = note.facts
    if (rejected := facts.get("rejected")) is not None:
        yield rejected.code
    ttl = facts.get("ttl")
    named = (facts.get("ttl_because"), getattr(ttl, "because", None), getattr(ttl, "bound", None))
    yield from (one for one in named if isinstance(one, StrEnum))


_TEXTS = {name_of(reason): reason.value for reason in members()}


def text_of(name: str) -> str:
    """The reason that `Enum.MEMBER`, or the first of several with `|` between them, stands for, as people read it."""
    return _TEXTS[name.partition("|")[0]]


def follow(wanted: Iterable[str], met: Iterable[str]) -> list[str]:
    """The wanted reasons that are not among those met, in this order; each may name several with `|`."""
    left = list(wanted)
    for reason in met:
        if left and reason in left[0].split("|"):
            del left[0]
    return left
