"""Why an answer is the edge's own: what it refused, the function that failed, the origin that was in trouble."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from edgesim.logs.lambda_log import BEFORE_TIMED_OUT
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.rules.reasons import ArrivalReason
from edgesim.values.invocation import FailureKind
from edgesim.values.place import Place

if TYPE_CHECKING:
    from edgesim.distribution.model import EdgeFunction
    from edgesim.values.invocation import Failed


def what_went_wrong(transcript: Transcript) -> str:
    """In a line; empty where nothing did."""
    return "; ".join(_told(transcript))


def error_of(facts: dict[str, Any]) -> str:
    """What went wrong with a function, from the facts of its note; empty where nothing did."""
    if (failure := facts.get("failure")) is not None:
        return told_of(failure)
    if (rejected := facts.get("rejected")) is not None:
        return f"{rejected.code.value} {rejected.detail}{f' (at {rejected.at})' if rejected.at else ''}"
    return ""


def told_of(failure: Failed, beside: str = "") -> str:
    """A failure in Lambda's words, and what kind it is with something `beside` it, where these do not say it."""
    said = f"{failure.error_type}: {re.sub(BEFORE_TIMED_OUT, '', failure.message)}"
    return said if failure.kind is FailureKind.TIMEOUT else f"{failure.kind.value}{beside}: {said}"


def trouble_of(facts: dict[str, Any]) -> str:
    """The same with the place in the user's files and a way out, where these are known."""
    failed = facts.get("failure")
    place = place_of(failed, facts["function"]) if failed is not None else ""
    hint = getattr(failed or facts.get("rejected"), "hint", "")
    return f"{error_of(facts)}{f' ({place})' if place else ''}{f'; {hint}' if hint else ''}"


def place_of(failure: Failed, function: EdgeFunction) -> Place:
    """The place in the user's files that a failure points to, also where the code stands within another file."""
    place = failure.place
    return _within(place.line or 1, function) if _INLINE.fullmatch(place.file) and function.code.written.line else place


def placed(frame: str, function: EdgeFunction) -> str:
    """A line of a stack; it too tells the place in the user's file where the code stands within one."""
    if not function.code.written.line:
        return frame
    told = _NODE_FRAME.sub(lambda found: str(_within(int(found[1]), function)), frame)
    return _PYTHON_FRAME.sub(lambda found: '"{0.file}", line {0.line}'.format(_within(int(found[1]), function)), told)


def _within(line: int, function: EdgeFunction) -> Place:
    written = function.code.written
    return Place(written.file, (written.line or 1) + line - 1)


_INLINE = re.compile(r"/var/task/index\.\w+")
"""documented: AWS::Lambda::Function Code, ZipFile is written to index"""
_NODE_FRAME = re.compile(rf"{_INLINE.pattern}:(\d+)(?::\d+)?")
_PYTHON_FRAME = re.compile(rf'"{_INLINE.pattern}", line (\d+)')


def _told(transcript: Transcript) -> Iterator[str]:
    for note in transcript.notes:
        yield from _of_note(note)
        if "inner" in note.facts and note.station is not Station.REFRESH:  # which no viewer waits for
            yield from _told(note.facts["inner"])


def _of_note(note: Note) -> Iterator[str]:
    facts = note.facts
    shut_out = note.station is Station.ARRIVAL and note.because is not ArrivalReason.ACCEPTED
    if shut_out or (note.station is Station.SIGNATURE and not facts["signature"].lets_in):
        yield note.because.value
    elif trouble := trouble_of(facts):
        outcome = "failed" if "failure" in facts else "rejected"
        yield f"{note.station.value.replace(' ', '-')} {outcome}: {trouble}"
    elif note.station is Station.ORIGIN and "message" in facts:
        yield str(facts["message"])
