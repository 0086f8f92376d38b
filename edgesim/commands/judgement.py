"""What `edgesim invoke` says of an invocation: as data for machines, as text for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from edgesim.distribution.terms import STANDARD_TERMS
from edgesim.logs.explain import sections
from edgesim.logs.explain_text import section_lines
from edgesim.pipeline.transcript import Transcript
from edgesim.rules.failures import failed_as, rejected_as
from edgesim.rules.reasons import HookReason
from edgesim.values.invocation import Failed, Returned
from edgesim.values.text import printable_lines

if TYPE_CHECKING:
    from edgesim.invoking import Report
    from edgesim.pipeline.transcript import Note
    from edgesim.values.invocation import Invocation

Data = dict[str, Any]
Paint = Callable[[str, str], str]

ACCEPTED, REFUSED, FAILED, NOT_JUDGED, NOT_REACHED = "accepted", "refused", "failed", "not judged", "not reached"

EXIT_CODES = {ACCEPTED: 0, NOT_JUDGED: 0, REFUSED: 1, FAILED: 1, NOT_REACHED: 2}

_NO_EVENT = (
    "an event of CloudFront's has Records[0].cf with config, request and, at response triggers, response; "
    "edgesim event prints one"
)

_VERDICTS = {HookReason.FAILED: FAILED, HookReason.REJECTED: REFUSED}

# What is told elsewhere, or says nothing of an environment that lives for one invocation
_NOT_AGAIN = {"log", "environment", "duration"}


def as_data(report: Report) -> Data:
    """Everything there is to say. `verdict` is accepted, refused, failed, not judged or not reached; `changes` are what
    `edgesim explain` tells of the result, as label and text; `viewer` is what a viewer would get of a bad one."""
    note, invocation = report.note, report.invocation
    failed = invocation.result if invocation is not None and isinstance(invocation.result, Failed) else None
    return {
        "function": report.function.name,
        "runtime": report.function.runtime,
        "trigger": report.trigger,
        "verdict": _verdict(report, failed),
        "because": note.because.value if note is not None else report.reached or None,
        "changes": _changes(report),
        "refused": _refused(note),
        "failure": {**asdict(failed), "place": str(failed.place)} if failed is not None else None,
        "viewer": _viewer(report, failed),
        "returned": _returned(invocation),
        **_figures(invocation),
        "log": list(report.log),
        "event": report.event,
    }


def _verdict(report: Report, failed: Failed | None) -> str:
    if report.reached:
        return NOT_REACHED
    if report.note is None:
        return FAILED if failed is not None else NOT_JUDGED
    return next((told for because, told in _VERDICTS.items() if report.note.because is because), ACCEPTED)


def _changes(report: Report) -> list[list[str]]:
    if report.transcript is None or report.note is None:
        return []
    alone = Transcript(report.transcript.arrival, report.transcript.distribution, [report.note])
    [section] = sections(alone)
    return [[label, text] for label, text in section.details if label not in _NOT_AGAIN]


def _refused(note: Note | None) -> Data | None:
    rejected = note.facts.get("rejected") if note is not None else None
    if rejected is None:
        return None
    return {
        "code": rejected.code.name,
        "sentence": rejected.code.value,
        "detail": rejected.detail,
        "at": rejected.at,
        "hint": rejected.hint,
    }


def _viewer(report: Report, failed: Failed | None) -> Data | None:
    """The answer that CloudFront would give."""
    note, transcript = report.note, report.transcript
    if note is None or transcript is None:
        return None
    if note.because is HookReason.REJECTED:
        answer = rejected_as(note.facts["rejected"].code)
    elif failed is not None:
        answer = failed_as(failed.kind, transcript.distribution.terms if transcript.distribution else STANDARD_TERMS)
    else:
        return None
    return {"status": answer.status, "x_cache": answer.outcome.value, "sentence": answer.sentence}


def _returned(invocation: Invocation | None) -> Any:
    """The function's answer, or its text where that is not JSON."""
    if invocation is None or not isinstance(invocation.result, Returned):
        return None
    try:
        return json.loads(invocation.result.payload)
    except (ValueError, RecursionError):
        return invocation.result.payload


def _figures(invocation: Invocation | None) -> Data:
    names = ("request_id", "duration_ms", "billed_ms", "init_ms", "memory_mb", "memory_used_mb")
    return {name: getattr(invocation, name) if invocation is not None else None for name in names}


# ── for people ───────────────────────────────────────────────────────────────


def as_text(data: Data, paint: Paint = lambda text, style: text) -> str:
    """What `as_data` gave, without the log. `paint` is as for `edgesim explain`."""
    return "\n".join(_text_lines(data, paint)) + "\n"


def _text_lines(data: Data, paint: Paint) -> Iterator[str]:
    details = [*data["changes"], *_told_figures(data)]
    if data["verdict"] == NOT_JUDGED or (data["failure"] is not None and not data["changes"]):
        details = [*_unjudged(data), *details]
    section = {
        "station": (data["trigger"] or "invocation").replace("-", " "),
        "because": data["because"] or ("failed" if data["failure"] else "returned"),
        "details": details,
        "at": None,
        "inner": (),
    }
    yield from section_lines([section], paint, "")
    yield paint(_conclusion(data), "ok" if data["verdict"] in (ACCEPTED, NOT_JUDGED) else "bad")


def _unjudged(data: Data) -> Iterator[tuple[str, str]]:
    yield "function", f"{data['function']} ({data['runtime']})"
    failure = data["failure"]
    if failure is not None:
        yield "failure", f"{failure['kind']}: {failure['error_type']}: {failure['message']}"
        if failure["place"]:
            yield "at", failure["place"]
        yield from (("stack", frame.rstrip("\n")) for frame in failure["stack"] if frame.strip())
    else:
        yield "returned", json.dumps(data["returned"], indent=2)


def _told_figures(data: Data) -> Iterator[tuple[str, str]]:
    if data["duration_ms"] is None:
        return
    init = f", cold start {data['init_ms']:.2f} ms" if data["init_ms"] is not None else ""
    yield "duration", f"{data['duration_ms']:.2f} ms{init}, billed {data['billed_ms']} ms"
    yield "memory", f"{data['memory_used_mb']} of {data['memory_mb']} MB"


def _conclusion(data: Data) -> str:
    match data["verdict"]:
        case "accepted":
            return "accepted"
        case "not judged":
            return f"not judged: {_NO_EVENT}"
        case "not reached":
            return f"the function is not run: {data['because']}"
    viewer = data["viewer"]
    if viewer is None:
        return f"{data['verdict']}, and not judged: {_NO_EVENT}"
    told = " ".join(printable_lines(viewer["sentence"]))
    return f"{data['verdict']}: the viewer gets {viewer['status']} {viewer['x_cache']}: {told}"
