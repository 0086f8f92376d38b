"""What must hold after a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgesim.distribution.findings import closest
from edgesim.distribution.model import Trigger
from edgesim.logs.access import EVERY as FIELDS
from edgesim.rules.reasons import Outcome
from edgesim.scenario.language import reading as r
from edgesim.scenario.language import reason_hints, reasons
from edgesim.scenario.language.document import SCALARS, Element, Kind
from edgesim.scenario.language.read_match import (
    BODY,
    body,
    expected_origin,
    expected_origins,
    headers,
    match,
    matches,
)
from edgesim.scenario.language.reading import Reading, Shape, Wrong
from edgesim.scenario.model import (
    OUTCOMES,
    CacheExpectation,
    CacheState,
    Expectation,
    FunctionExpectation,
    HeaderMatch,
    LogGroupExpectation,
    Match,
)

# ── what the viewer got ──────────────────────────────────────────────────────


def _statuses(reading: Reading, element: Element) -> tuple[int, ...]:
    return tuple(reading.each(r.one_or_more(element), r.status))


_FROM = " from cloudfront"


def _x_cache(reading: Reading, element: Element) -> Match:
    """`Miss`, `Miss from cloudfront`, or tests."""
    if element.kind in SCALARS and "${" not in element.text:
        known = {word.lower(): word for outcome in Outcome for word in (outcome.value, f"{outcome.value}{_FROM}")}
        said = known.get(element.text.lower())
        if said is None:
            message = f"X-Cache is never {element.shown}"
            hint = closest(element.text, [outcome.value for outcome in Outcome])
            raise Wrong(element, message, hint or f"it is one of {', '.join(Outcome)}")
        return Match(equals=said, place=reading.place(element))
    return match(reading, element)


# ── reasons and functions ────────────────────────────────────────────────────


def reason(reading: Reading, element: Element) -> str:
    """A reason, as `Enum.MEMBER|Enum.MEMBER`."""
    written = r.text(reading, element)
    found = reasons.canonical(written)
    if not found:
        raise Wrong(element, f"there is no reason {element.shown}", reason_hints.hint(written))
    return found


def _reasons(reading: Reading, element: Element) -> tuple[str, ...]:
    return tuple(reading.each(r.one_or_more(element), reason))


_TRIGGERS = tuple(trigger.value for trigger in Trigger)
_trigger_name = r.one_of(*_TRIGGERS)


def _trigger(reading: Reading, element: Element) -> Trigger:
    return Trigger(_trigger_name(reading, element))


def _ran(reading: Reading, element: Element) -> tuple[Trigger, ...]:
    hint = "write [] for none" if element.kind is Kind.NOTHING else "write [viewer-request]"
    if element.kind is not Kind.LIST:
        raise Wrong(element, f"ran is the list of triggers whose functions ran, not {element.shown}", hint)
    return tuple(reading.each(element.items, _trigger))


def _functions(reading: Reading, element: Element) -> tuple[FunctionExpectation, ...]:
    found: list[FunctionExpectation] = []
    for name, child in r.fields_of(element, "functions").items():
        with reading.noting():
            if name not in _TRIGGERS:
                hint = closest(name, _TRIGGERS) or "a function's name goes inside: viewer-request: {function: auth}"
                raise Wrong(child, f"functions are expected by trigger, and '{name}' is none", hint)
            found.append(_function(reading, child, Trigger(name)))
    return tuple(found)


def _function(reading: Reading, element: Element, trigger: Trigger) -> FunctionExpectation:
    place = reading.place(element)
    if element.kind is not Kind.MAPPING:
        return FunctionExpectation(trigger, _outcome(reading, element), place=place)
    found = FUNCTION.read(reading, element)
    reading.speaks_of_starts |= "start" in found
    return FunctionExpectation(trigger, place=place, **found)


_OUTCOMES_ELSEWHERE = {
    **dict.fromkeys(("error", "errored", "threw", "thrown", "timeout", "timed-out"), "failed"),
    **dict.fromkeys(("ok", "success", "succeeded", "called", "invoked", "executed"), "ran"),
    **dict.fromkeys(("skipped", "not-called", "never"), "not run"),
    **dict.fromkeys(("invalid", "refused"), "rejected"),
    **dict.fromkeys(("modified", "rewritten"), "changed"),
    **dict.fromkeys(("unchanged", "unmodified"), "passed"),
    **dict.fromkeys(("response", "responded", "answered", "redirected"), "generated"),
}
_outcome = r.one_of(*OUTCOMES, meant=_OUTCOMES_ELSEWHERE)
FUNCTION = Shape(
    "a function's expectation",
    {"outcome": _outcome, "function": r.text, "start": r.one_of("cold", "warm"), "log": matches},
    {"name": "write function", "result": "write outcome", "status": "write the status in expect itself"},
)


# ── the access log ───────────────────────────────────────────────────────────

ABSENT = "absent"
_OF_LINES = {
    "status": "write sc-status",
    "result": "write x-edge-result-type",
    "x-cache": "it belongs to expect itself",
}


def _access_log(reading: Reading, element: Element) -> Mapping[str, Any]:
    """What `access-log:` says: the fields of the line, or that there is none."""
    if element.kind in SCALARS and element.text == ABSENT:
        return {"logged": False}
    if element.kind is not Kind.MAPPING or not element.fields:
        hint = f"write {ABSENT}, or fields: {{x-edge-result-type: Hit}}"
        raise Wrong(element, f"a line of the access log can't be expected to be {element.shown}", hint)
    found: list[HeaderMatch] = []
    for name, child in element.fields.items():
        with reading.noting():
            if name not in FIELDS:
                hint = _OF_LINES.get(name) or closest(name, FIELDS) or f"there are {', '.join(FIELDS)}"
                raise Wrong(child, f"the access log has no field '{name}'", hint)
            found.append(HeaderMatch(name, match(reading, child)))
    return {"access_log": tuple(found), "logged": True}


def _cloudwatch(reading: Reading, element: Element) -> Mapping[str, Any]:
    """What `cloudwatch:` says of the events of all log groups, or by log group."""
    if element.kind is not Kind.MAPPING or not any(name.startswith("/") for name in element.fields):
        return {"cloudwatch": matches(reading, element)}
    found: list[LogGroupExpectation] = []
    for name, child in element.fields.items():
        with reading.noting():
            if not name.startswith("/"):
                raise Wrong(
                    child, f"'{name}' is no log group", "these begin with a slash: /aws/cloudfront/LambdaEdge/*"
                )
            found.append(LogGroupExpectation(name, matches(reading, child)))
    return {"log_groups": tuple(found)}


# ── the cache ────────────────────────────────────────────────────────────────

ENTRIES = "entries"
_STATES_ELSEWHERE = {
    "hit": "fresh",
    "expired": "stale",
    **dict.fromkeys(("cached", "present", "true"), "stored"),
    **dict.fromkeys(("miss", "missing", "none", "not-cached", "empty", "false"), "absent"),
}
_state = r.one_of(*CacheState, meant=_STATES_ELSEWHERE)


def _cache_state(reading: Reading, element: Element) -> CacheState:
    return CacheState(_state(reading, element))


CACHE = Shape(
    "an expectation of an object in the cache",
    {
        "state": _cache_state,
        "ttl": r.duration,
        "age": r.duration,
        "because": reason,
        "status": r.status,
        "objects": r.count,
        "where": r.texts,
    },
)


def _cache(reading: Reading, element: Element) -> Mapping[str, Any]:
    """What `cache:` says: the objects, and how many there are in all."""
    found: list[CacheExpectation] = []
    entries: int | None = None
    for key, child in r.fields_of(element, "cache").items():
        with reading.noting():
            if key == ENTRIES:
                entries = r.count(reading, child)
            else:
                found.append(_object(reading, child, key))
    return {"cache": tuple(found), "entries": entries}


def _object(reading: Reading, element: Element, target: str) -> CacheExpectation:
    if not target.startswith(("/", "${")):
        hint = closest(target, [ENTRIES]) or f"write /{target}"
        raise Wrong(element, f"the cache is asked by path, and '{target}' is none", hint)
    place = reading.place(element)
    if element.kind is Kind.MAPPING:
        return CacheExpectation(target, place=place, **CACHE.read(reading, element))
    return CacheExpectation(target, _cache_state(reading, element), place=place)


# ── all of it ────────────────────────────────────────────────────────────────

_OF_ORIGINS = {"origin": lambda reading, element: (expected_origin(reading, element),), "origins": expected_origins}
_OF_ALL = {**_OF_ORIGINS, "cache": _cache, "takes": r.duration, "because": _reasons}
_STEP_HINT = "it belongs to the step itself, beside expect"
_RESPONSE_HINT = "it belongs to the expect of a request"

EXPECT = Shape(
    "expect",
    {
        "status": _statuses,
        "headers": headers,
        **BODY,
        "x-cache": _x_cache,
        "complete": r.truth,
        "because": _reasons,
        "not-because": _reasons,
        "ran": _ran,
        "functions": _functions,
        "log": matches,
        "access-log": _access_log,
        "cloudwatch": _cloudwatch,
        "cache": _cache,
        "takes": r.duration,
        **_OF_ORIGINS,
    },
    {
        "code": "write status",
        "reason": "write because",
        "reasons": "write because",
        "logs": "write log, or access-log",
        "age": "write headers: {age: '1'}, or cache: {/a: {age: 1s}}",
        "ttl": "write cache: {/a: {ttl: 60s}}",
        "cookies": "write headers: {set-cookie: …}",
        "entries": "write cache: {entries: 1}",
        "receives": "write origin: {receives: …}",
        "times": "write origin: {times: 1}",
        "untouched": "write origin: untouched",
        "duration": "write takes",
        **dict.fromkeys(("capture", "viewer", "repeat", "host", "name", "advance"), _STEP_HINT),
    },
)
"""After a request."""
PARALLEL_EXPECT = Shape(
    "expect of parallel requests",
    _OF_ALL,
    dict.fromkeys(EXPECT.keys.keys() - _OF_ALL.keys(), "it belongs to the expect of one of the requests"),
)
CHECK = Shape(
    "an expect by itself",
    {"cache": _cache},
    dict.fromkeys(EXPECT.keys, f"there is no request here that it could be about: {_RESPONSE_HINT}"),
)


def expectation(shape: Shape) -> Callable[[Reading, Element], Expectation]:
    """A reader of expectations with the keys that make sense at a step."""

    def read(reading: Reading, element: Element) -> Expectation:
        found = shape.read(reading, element)
        wanted_body = body(reading, element, found)
        found |= found.pop("cache", {})
        found |= found.pop("access-log", {})
        found |= found.pop("cloudwatch", {})
        found["origins"] = (*found.pop("origin", ()), *found.get("origins", ()))
        values = {_FIELDS.get(key, key): value for key, value in found.items()}
        return Expectation(body=wanted_body, place=reading.place(element), **values)

    return read


_FIELDS = {"x-cache": "x_cache", "not-because": "not_because"}
