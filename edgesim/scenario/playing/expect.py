"""What was expected against what came. Pure: an Expectation and what was Seen give Mismatches."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from edgesim.logs.access import EVERY, fields_of
from edgesim.logs.lambda_edge import validation_error, validation_group
from edgesim.logs.why import what_went_wrong
from edgesim.pipeline.logged import is_logged
from edgesim.pipeline.transcript import Transcript
from edgesim.scenario.decoding import decoded
from edgesim.scenario.model import (
    UNSET,
    BodyMatch,
    CacheExpectation,
    CacheState,
    Expectation,
    FunctionExpectation,
    HeaderMatch,
    Match,
    OriginExpectation,
    RequestMatch,
)
from edgesim.scenario.outcome import Mismatch
from edgesim.scenario.playing.match import describe, fault_of, header_fault, lines_of
from edgesim.scenario.playing.met import follow, reasons_met, runs_of, text_of
from edgesim.scenario.playing.on_the_way import why_not_the_answers, why_not_the_header, why_not_the_query
from edgesim.scenario.playing.origins import ANY
from edgesim.scenario.playing.seen import Answered, LogEvent, Seen
from edgesim.scenario.playing.why import told_key, why_not_stored, why_this_outcome, why_this_status
from edgesim.values.durations import plain
from edgesim.values.entry import Entry
from edgesim.values.headers import Headers, readable
from edgesim.values.instant import Instant
from edgesim.values.message import standard_reason

Found = Iterator[Mismatch]


def mismatches(expect: Expectation, seen: Seen) -> list[Mismatch]:
    """Everything that does not hold, what the viewer got first."""
    found: list[Mismatch] = []
    for answer in seen.answers[:1]:
        found += _viewer(expect, answer, seen)
        found += _access_log(expect, answer)
    found += _reasons(expect, seen)
    found += _functions(expect, seen)
    for origin in expect.origins:
        found += _origin(origin, seen)
    found += _state(expect, seen)
    return found


# ── what the viewer got ──────────────────────────────────────────────────────


def _viewer(expect: Expectation, answer: Answered, seen: Seen) -> Found:
    place = str(expect.place)
    tells_status = bool(expect.status) and answer.status not in expect.status
    if tells_status:
        wanted = " or ".join(map(str, expect.status))
        yield Mismatch("status", wanted, _status(answer.status), place, why_this_status(answer.transcript))
    if expect.x_cache is not None:
        got = answer.headers.joined("x-cache") or ""
        if fault_of(expect.x_cache, got) and fault_of(expect.x_cache, got.removesuffix(" from cloudfront")):
            wanted, where = describe(expect.x_cache), str(expect.x_cache.place)
            yield Mismatch("x-cache", wanted, got or "(none)", where, _why_not(answer, seen))
    why = "" if tells_status else _why_not_the_origins(answer, seen)
    yield from _because(why, _content(expect, answer, seen.before))
    if expect.complete is not None and expect.complete is not answer.complete:
        words = {True: "the whole body", False: "a body that breaks off"}
        yield Mismatch("complete", words[expect.complete], words[answer.complete], place)


def _why_not_the_origins(answer: Answered, seen: Seen) -> str:
    """Why headers and body are not those that the origin was to give."""
    if wrong := what_went_wrong(answer.transcript):
        return wrong
    return f"nothing fetched this step's answer: {_why_not(answer, seen)}" if seen.unfetched else ""


def _because(why: str, found: Found) -> Found:
    """The first one with why, beside what it says of its own."""
    for one in found:
        yield replace(one, why="; ".join(filter(None, (one.why, why))))
        why = ""


def _content(expect: Expectation, answer: Answered, before: Sequence[Transcript]) -> Found:
    def why(name: str) -> str:
        return why_not_the_answers(answer.transcript, name, before)

    yield from _headers("header", expect.headers, answer.headers, why)
    if expect.body is not None:
        coding = answer.headers.joined("content-encoding") or ""
        yield from _body("body", expect.body, answer.body, decoded(coding, answer.body))


def _status(status: int) -> str:
    return f"{status} {standard_reason(status)}".rstrip()


def _nothing_known(name: str) -> str:
    del name
    return ""


def _headers(
    what: str, wanted: Iterable[HeaderMatch], got: Headers, told: Callable[[str], str] = _nothing_known
) -> Found:
    """`told` says why the header of a lower-case name is not as it was."""
    for header in wanted:
        lines = tuple(map(readable, got.all(header.name)))
        if header_fault(header.match, lines):
            close = difflib.get_close_matches(header.name.lower(), got.index, 1, _ALIKE) if not lines else []
            hint = f"there is {close[0]}" if close else _ASKED_FOR_AS_TEXT.get(header.match.equals or "", "")
            why = "; ".join(filter(None, (hint, told(header.name.lower()))))
            yield Mismatch(
                f"{what} {header.name.lower()}",
                describe(header.match),
                lines_of(lines),
                str(header.match.place),
                why,
            )


_ASKED_FOR_AS_TEXT = {
    "present": "for any value write {present: true}; 'present' is the text",
    "absent": "for none at all write {absent: true}; 'absent' is the text",
}
"""What people write who mean a test."""

_ALIKE = 0.8  # between x-auth and x-cache it is 0.62


def _body(what: str, wanted: BodyMatch, got: bytes, unpacked: bytes | None = None) -> Found:
    """Text and JSON are read without their content coding; size, hash and bytes are those that were sent."""
    place, text = str(wanted.place), (got if unpacked is None else unpacked).decode("utf-8", "replace")
    if wanted.text is not None and fault_of(wanted.text, text):
        yield Mismatch(what, describe(wanted.text), text, place)
    if wanted.size is not None and len(got) != wanted.size:
        yield Mismatch(f"{what} size", f"{wanted.size:,} bytes", f"{len(got):,} bytes", place)
    if wanted.sha256 is not None and (digest := hashlib.sha256(got).hexdigest()) != wanted.sha256:
        yield Mismatch(f"{what} sha256", wanted.sha256, digest, place)
    if wanted.file is not None:
        yield from _file(what, wanted, got)
    yield from _json(what, wanted, text)


def _file(what: str, wanted: BodyMatch, got: bytes) -> Found:
    assert wanted.file is not None  # noqa: S101  the caller has looked
    try:
        expected = wanted.file.read_bytes()
    except OSError as error:
        yield Mismatch(what, f"the bytes of {wanted.file}", f"no such file: {error.strerror}", str(wanted.place))
        return
    if expected != got:
        why = f"the bytes of {wanted.file.name}"
        shown = [data.decode("utf-8", "replace") for data in (expected, got)]
        yield Mismatch(what, shown[0], shown[1], str(wanted.place), why)


def _json(what: str, wanted: BodyMatch, text: str) -> Found:
    if wanted.json is UNSET and wanted.json_contains is UNSET:
        return
    place = str(wanted.place)
    try:
        value = json.loads(text)
    except ValueError:
        expected = wanted.json_contains if wanted.json is UNSET else wanted.json
        yield Mismatch(f"{what} json", _shown(expected), text, place, "the body is no JSON")
        return
    if wanted.json is not UNSET and not _same(wanted.json, value):
        yield Mismatch(f"{what} json", _shown(wanted.json), _shown(value), place)
    if wanted.json_contains is not UNSET and (at := _missing(wanted.json_contains, value, "")) is not None:
        yield Mismatch(f"{what} json-contains", _shown(wanted.json_contains), _shown(value), place, f"at {at or '.'}")


def _shown(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, and 1.0 is."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _missing(part: Any, value: Any, at: str) -> str | None:
    """Where a part is not in a value, or None."""
    if isinstance(part, dict):
        if not isinstance(value, dict):
            return at
        members = ((name, _missing(part[name], value.get(name, UNSET), f"{at}.{name}")) for name in part)
        return next((found for _, found in members if found is not None), None)
    if isinstance(part, list):
        if not isinstance(value, list):
            return at
        left = iter(value)
        missing = (item for item in part if not any(_missing(item, other, at) is None for other in left))
        return next((f"{at}: {_shown(item)}" for item in missing), None)
    return None if _same(part, value) else at


# ── the access log ───────────────────────────────────────────────────────────


def _access_log(expect: Expectation, answer: Answered) -> Found:
    if expect.logged is None:
        return
    there, place = is_logged(answer.transcript), str(expect.place)
    if expect.logged is not there:
        words = {True: "a line", False: "no line"}
        yield Mismatch("access log", words[expect.logged], words[there], place)
        return
    fields = fields_of(answer.transcript, answer.ended, EVERY) if there else {}
    for wanted in expect.access_log:
        if fault_of(wanted.match, fields[wanted.name]):
            what, at = f"access log {wanted.name}", str(wanted.match.place)
            yield Mismatch(what, describe(wanted.match), fields[wanted.name], at)


# ── reasons and functions ────────────────────────────────────────────────────


def _reasons(expect: Expectation, seen: Seen) -> Found:
    met = [reasons_met(transcript) for transcript in seen.transcripts]
    place = str(expect.place)
    if expect.because:
        left = min((follow(expect.because, one) for one in met), key=len, default=list(expect.because))
        if left:
            longest: list[str] = max(met, key=len, default=[])
            wanted, got = _list(expect.because), _list(longest)
            anywhere = any(set(left[0].split("|")) & set(one) for one in met)
            why = f"{text_of(left[0])!r} {'comes earlier than that' if anywhere else 'is not among them'}"
            yield Mismatch("because", wanted, got, place, why)
    for reason in expect.not_because:
        number = next((number for number, one in enumerate(met) if set(reason.split("|")) & set(one)), None)
        if number is not None:
            wrong = what_went_wrong(seen.transcripts[number])
            why = f"{text_of(reason)!r} is among them, and must not be{f'; {wrong}' if wrong else ''}"
            yield Mismatch("not-because", f"not {text_of(reason)!r}", _list(met[number]), place, why)


def _list(reasons: Iterable[str]) -> str:
    return "\n".join(text_of(reason) for reason in reasons)


def _functions(expect: Expectation, seen: Seen) -> Found:
    runs = [run for transcript in seen.transcripts for run in runs_of(transcript)]
    ran = tuple(run.trigger for run in runs if run.outcome != "not run")
    wrong = "; ".join(filter(None, map(what_went_wrong, seen.transcripts)))
    if expect.ran is not None and ran != expect.ran:
        why = _skipped(runs, expect.ran) or wrong
        yield Mismatch("ran", _names(expect.ran), _names(ran), str(expect.place), why)
    for wanted in expect.functions:
        yield from _function(wanted, [run for run in runs if run.trigger is wanted.trigger], wrong)
    lines = [line for run in runs for line in run.lines]
    yield from log_mismatches("log", expect.log, lines)
    yield from _cloudwatch(expect, [*seen.written, *_refusals(seen)])


def _cloudwatch(expect: Expectation, events: Sequence[LogEvent]) -> Found:
    yield from log_mismatches("cloudwatch", expect.cloudwatch, [event.text for event in events])
    for wanted in expect.log_groups:
        lines = [event.text for event in events if fnmatchcase(event.group, wanted.group)]
        yield from log_mismatches(f"log group {wanted.group}", wanted.events, lines)


def _refusals(seen: Seen) -> Iterator[LogEvent]:
    """What CloudFront logs of results that it refuses."""
    for transcript in seen.transcripts:
        for run in runs_of(transcript):
            if "rejected" in run.facts:
                of = transcript.distribution.id if transcript.distribution else ""
                yield LogEvent(validation_group(of), validation_error(transcript.arrival.id, run.facts["rejected"]))


def _names(triggers: Iterable[str]) -> str:
    return ", ".join(triggers) or "no function"


def _skipped(runs: Iterable[Any], wanted: Iterable[str]) -> str:
    told = (f"{run.trigger.value}: {run.because.value}" for run in runs if run.outcome == "not run")
    return "; ".join(one for one in told if one.partition(":")[0] in set(wanted))


def _function(wanted: FunctionExpectation, runs: Sequence[Any], wrong: str) -> Found:
    what, place = f"function at {wanted.trigger.value}", str(wanted.place)
    run = runs[0] if runs else None
    outcome = run.outcome if run else "not run"
    happened = {outcome} | ({"ran"} if outcome != "not run" else set())
    if wanted.outcome is not None and wanted.outcome not in happened:
        nothing = wrong or "no function is associated, or the request did not get there"
        why = (run.why or run.because.value) if run else nothing
        yield Mismatch(what, wanted.outcome, outcome, place, why)
    if run is None or run.invocation is None:
        if wanted.outcome is None:
            yield Mismatch(what, "ran", "not run", place, run.because.value if run else "")
        return
    if wanted.function is not None and run.function != wanted.function:
        yield Mismatch(what, wanted.function, run.function, place)
    if wanted.start is not None and run.start != wanted.start:
        yield Mismatch(f"start at {wanted.trigger.value}", wanted.start, run.start, place)
    yield from log_mismatches(f"log at {wanted.trigger.value}", wanted.log, run.lines)


def log_mismatches(what: str, wanted: Iterable[Match], lines: Sequence[str]) -> Found:
    """Those of the texts that are in no line."""
    for match in wanted:
        # What must not be is in no line, whereas all else is in some line
        forbidden = match.but_not is not None and not all(fault_of(match.but_not, line, part=True) for line in lines)
        asked = replace(match, but_not=None)
        missing = asked != Match(place=match.place) and all(fault_of(asked, line, part=True) for line in lines)
        if forbidden or missing:
            yield Mismatch(what, describe(match), "\n".join(lines) or "(no line)", str(match.place))


# ── origins ──────────────────────────────────────────────────────────────────


def _origin(wanted: OriginExpectation, seen: Seen) -> Found:
    asked = [one.request for one in seen.asked if wanted.id in (ANY, one.origin)]
    what = "the origin" if wanted.id == ANY else f"origin {wanted.id}"
    got = "\n".join(f"{one.method} {readable(one.target)}" for one in asked) or "not asked"
    place = str(wanted.place)
    if wanted.times is not None and len(asked) != wanted.times:
        expected = "untouched" if wanted.times == 0 else f"asked {_times(wanted.times)}"
        yield Mismatch(what, expected, f"asked {_times(len(asked))}: {got}" if asked else got, place, _asked_why(seen))
    elif wanted.times is None and len(asked) < len(wanted.receives):
        yield Mismatch(what, f"asked {_times(len(wanted.receives))}", got, place, _asked_why(seen))
    for number, (match, request) in enumerate(zip(wanted.receives, asked, strict=False), 1):
        name = what if len(wanted.receives) == 1 else f"{what}, request {number}"
        yield from _request(name, match, request, seen.transcripts[0] if len(seen.answers) == 1 else None)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _asked_why(seen: Seen) -> str:
    return _why_not(seen.answers[0], seen) if len(seen.answers) == 1 else ""


def _why_not(answer: Answered, seen: Seen) -> str:
    return why_this_outcome(answer.transcript, seen.before, seen.cached)


def _request(what: str, wanted: RequestMatch, got: Any, transcript: Transcript | None) -> Found:
    texts = {"method": got.method, "path": got.path, "query": got.query, "target": got.target}
    for name, text in texts.items():
        match = getattr(wanted, name)
        if match is not None and fault_of(match, readable(text)):
            why = why_not_the_query(transcript) if transcript and name in ("query", "target") else ""
            yield Mismatch(f"{what}: {name}", describe(match), readable(text), str(match.place), why)
    for header in wanted.headers:
        told = partial(why_not_the_header, transcript) if transcript else _nothing_known
        yield from _headers(f"{what}: header", (header,), got.headers, told)
    if wanted.body is not None:
        yield from _body(f"{what}: body", wanted.body, got.body)


# ── cache, time ──────────────────────────────────────────────────────────────


def _state(expect: Expectation, seen: Seen) -> Found:
    for wanted in expect.cache:
        yield from _cached(wanted, seen)
    place = str(expect.place)
    if expect.entries is not None and len(seen.cached) != expect.entries:
        held = "\n".join(told_key(key) for key, _ in seen.cached)
        yield Mismatch("cache entries", str(expect.entries), str(len(seen.cached)), place, held)
    if expect.takes is not None and abs(seen.elapsed - expect.takes) > _TICK:
        yield Mismatch("takes", f"{expect.takes:g} s", f"{seen.elapsed:g} s", place)


_TICK = 0.0005


def _cached(wanted: CacheExpectation, seen: Seen) -> Found:
    path, question, query = wanted.target.partition("?")
    objects = [
        (key, entry)
        for key, entry in seen.cached
        if readable(key.path) == path
        and (not question or readable(key.query) == query)
        and all(part in told_key(key) for part in wanted.where)
    ]
    what, place = f"cache {wanted.target}", str(wanted.place)
    if wanted.objects is not None and len(objects) != wanted.objects:
        held = "\n".join(told_key(key) for key, _ in objects) or "none"
        yield Mismatch(what, f"{wanted.objects} objects", f"{len(objects)}", place, held)
    facts = _facts(wanted)
    told = [_told(entry, seen.now) for _, entry in objects]
    if wanted.state is CacheState.ABSENT:
        if objects:
            yield Mismatch(what, "absent", "; ".join(_shown_facts(one) for one in told), place)
    elif facts and not any(_fits(facts, one) for one in told):
        got = "; ".join(_shown_facts(one) for one in told) or "absent"
        yield Mismatch(
            what,
            _shown_facts(facts),
            got,
            place,
            "" if objects else why_not_stored(path, [*seen.before, *seen.transcripts]),
        )


def _facts(wanted: CacheExpectation) -> dict[str, Any]:
    given = {
        "state": wanted.state.value if wanted.state else None,
        "ttl": wanted.ttl,
        "age": wanted.age,
        "because": text_of(wanted.because) if wanted.because else None,
        "status": wanted.status,
    }
    return {name: value for name, value in given.items() if value is not None}


def _told(entry: Entry, now: Instant) -> dict[str, Any]:
    state = "fresh" if now - entry.stored_at < entry.ttl else "stale"
    facts = {"state": state, "ttl": entry.ttl, "age": entry.age(now), "because": entry.because.value}
    return {**facts, "status": entry.status}


def _fits(wanted: dict[str, Any], got: dict[str, Any]) -> bool:
    return all(
        value in (got[name], "stored") if name == "state" else value == got[name] for name, value in wanted.items()
    )


def _shown_facts(facts: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {plain(value)} s" if name in ("ttl", "age") else f"{name} {value}" for name, value in facts.items()
    )
