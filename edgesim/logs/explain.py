"""A transcript, told: every station, what it decided and because of what.

`as_data` turns a transcript into plain data: what `--json` prints, and what explain_text.py lays out for a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from edgesim.logs.left_out import asked_of_the_edge, behavior_of, left_out
from edgesim.logs.nearest import Nearest, Stored, is_miss, nearest_to
from edgesim.logs.why import place_of, placed, told_of, what_went_wrong
from edgesim.pipeline.logged import result_types_of
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.values.body import Cut, Span
from edgesim.values.headers import Headers, readable
from edgesim.values.instant import Instant, iso_utc
from edgesim.values.invocation import FailureKind, Start
from edgesim.values.message import Request, Response, standard_reason
from edgesim.values.text import printable

if TYPE_CHECKING:
    from edgesim.distribution.model import CacheBehavior, Distribution, EdgeFunction, Origin
    from edgesim.values.entry import CacheKey
    from edgesim.values.invocation import Failed, Invocation
    from edgesim.values.signed import Grant
    from edgesim.values.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Section:
    """One station: its name, why it went as it did, details by label, and the seconds since the request arrived at
    which it was done (None where it took no time of its own)."""

    station: str
    because: str
    details: tuple[tuple[str, str], ...] = ()
    at: float | None = None
    inner: tuple[Section, ...] = ()


Facts = dict[str, Any]
_ERROR = 400
LAST_DATE = 253_402_300_799
"""The last second of the year 9999; a policy may name later ones."""
Told = Iterable[tuple[str, str]]
Teller = Callable[[Any, Facts], Told]


def sections(transcript: Transcript, stored: Stored | None = None) -> tuple[Section, ...]:
    """The stations of a request, in order. A miss names the nearest key of what is `stored`, where that is told."""
    known = _Known(transcript.unkept, behavior_of(transcript), asked_of_the_edge(transcript), stored)
    return tuple(_sections(transcript, known))


@dataclass(frozen=True, slots=True)
class _Known:
    """What the stations of a request are told with: what was not kept after all, its behavior, what it asked of the
    edge (None of a request that the edge makes itself), and what is stored now."""

    unkept: dict[CacheKey, str]
    behavior: CacheBehavior | None
    asked: Request | None = None
    stored: Stored | None = None

    def within(self, inner: Transcript) -> _Known:
        """The same for a request that this one caused."""
        return _Known(self.unkept, behavior_of(inner) or self.behavior)


def _sections(transcript: Transcript, known: _Known) -> Iterator[Section]:
    told_key: CacheKey | None = None
    for note, beside in left_out(transcript, known.behavior, known.asked):
        key: CacheKey | None = note.facts.get("key")
        facts = {**note.facts, **beside}
        if known.stored is not None and is_miss(note):
            facts["nearest"] = nearest_to(note, transcript, known.stored)
        if key is not None and key == told_key:
            # What is kept is nearly always kept under the key that was looked up; one telling is enough
            del facts["key"]
        if key is not None and note.station is Station.STORE:
            facts["unkept"] = known.unkept.get(key)
        yield _section(note, facts, transcript.arrival.at, known)
        told_key = key or told_key


def _section(note: Note, facts: Facts, start: Instant, known: _Known) -> Section:
    inner, at = facts.get("inner"), facts.get("at")
    return Section(
        station=note.station.value,
        because=note.because.value,
        details=tuple(_details(facts)),
        at=at - start if at is not None else None,
        inner=tuple(_sections(inner, known.within(inner))) if inner is not None else (),
    )


def _details(facts: Facts) -> Iterator[tuple[str, str]]:
    """What there is to say, in the order of the table below."""
    for name, tell in _TELLERS.items():
        if facts.get(name) is not None:
            yield from tell(facts[name], facts)


# ── behavior, key and TTL ────────────────────────────────────────────────────


def _behavior(behavior: CacheBehavior, facts: Facts) -> Told:
    policy = behavior.cache_policy
    yield "path pattern", behavior.path_pattern
    yield "cache policy", policy.name or policy.id or "(unnamed)"
    if behavior.origin_request_policy is not None:
        yield "origin request policy", behavior.origin_request_policy.name or behavior.origin_request_policy.id
    if behavior.response_headers_policy is not None:
        yield "response headers policy", behavior.response_headers_policy.name or behavior.response_headers_policy.id


def _key(key: CacheKey, facts: Facts) -> Told:
    yield "key", f"{key.method} {readable(key.path)}"
    if key.query:
        yield "key: query string", readable(key.query)
    for name, value in key.headers:
        yield f"key: header {name}", "(absent)" if value is None else readable(value)
    for cookie in key.cookies:
        yield "key: cookie", readable(cookie)
    if key.accept_encoding:
        yield "key: accept-encoding", key.accept_encoding
    if key.part:
        yield "key: range", key.part


def _nearest(found: Nearest, facts: Facts) -> Told:
    query = f"?{readable(found.key.query)}" if found.key.query else ""
    since = ", stored after this request" if found.later else ""
    yield "nearest key stored now", f"{found.key.method} {readable(found.key.path)}{query}{since}"
    for sentence in found.differs:
        yield "it differs", sentence


def _ttl(ttl: Any, facts: Facts) -> Told:
    if not isinstance(ttl, int | float):
        bound = f", {ttl.bound.value}" if ttl.bound is not None else ""
        yield "TTL", f"{_seconds(ttl.seconds)} from {ttl.because.value}{bound}"
        return
    left = ttl - facts["age"]
    yield "TTL", f"{_seconds(ttl)} from {facts['ttl_because'].value}"
    yield (
        "age",
        f"{_seconds(facts['age'])}, "
        + (f"fresh for another {_seconds(left)}" if left > 0 else f"stale for {_seconds(-left)}"),
    )


def _tags(tags: frozenset[str], facts: Facts) -> Told:
    if tags:
        yield "cache tags", ", ".join(sorted(tags))


def _age(age: int, facts: Facts) -> Told:
    if "ttl" not in facts:
        yield "age", _seconds(age)


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value == int(value) else f"{value:,.3f} s"


def _waited(waited: bool, facts: Facts) -> Told:
    if waited:
        yield "waited", "for another request with this key, whose answer was for itself alone"


def _named(named: tuple[str, ...], facts: Facts) -> Told:
    yield "namely", readable(", ".join(named))


def _unkept(why: str, facts: Facts) -> Told:
    yield "and yet not stored", why


# ── signature ────────────────────────────────────────────────────────────────


def _signature(judged: Any, facts: Facts) -> Told:
    if not judged.url:
        return
    yield "signed", f"{judged.by}, by {printable(readable(judged.key_pair_id)) or '(nobody)'}"
    yield "request", readable(judged.url)
    if judged.grant is not None:
        yield from _grant(judged.grant)


def _grant(grant: Grant) -> Told:
    yield "grants", readable(grant.resource) if grant.resource is not None else "everything"
    if grant.starts is not None:
        yield "after", _epoch(grant.starts)
    yield "until", _epoch(grant.expires)
    if grant.ip is not None:
        yield "to", grant.ip


def _epoch(seconds: int) -> str:
    return f"{seconds} ({iso_utc(Instant(seconds))})" if seconds <= LAST_DATE else f"{seconds}"


def _trusted(ids: tuple[str, ...], facts: Facts) -> Told:
    yield "trusted", ", ".join(ids) or "no key: none is known"


# ── functions ────────────────────────────────────────────────────────────────


def _function(function: EdgeFunction, facts: Facts) -> Told:
    yield "function", f"{function.name} ({function.runtime}, {function.handler})"


_MOST_LOG_LINES = 50


def _invocation(invocation: Invocation, facts: Facts) -> Told:
    if not invocation.environment:  # it was throttled, or there was nothing to run it in
        return
    if invocation.waited_ms:
        yield "waited", f"{invocation.waited_ms:.2f} ms until an environment was free; --environments allows for more"
    yield "duration", f"{invocation.duration_ms:.2f} ms, {_start(invocation)}"
    yield "environment", invocation.environment
    if invocation.version:
        yield "version", invocation.version
    if invocation.newer:
        yield "newer code", f"can't be loaded, so the last that could ran: {invocation.newer}"
    for line in invocation.log[:_MOST_LOG_LINES]:
        yield "log", line
    if len(invocation.log) > _MOST_LOG_LINES:
        yield "log", f"… {len(invocation.log) - _MOST_LOG_LINES} more lines"


def _start(invocation: Invocation) -> str:
    told = {
        Start.COLD: f"cold start {invocation.init_ms or 0:.2f} ms",
        Start.WARM: "warm",
        Start.ANEW: "in a process that had to be started anew",
        Start.FAILED: "spent on loading it",
    }
    return told[invocation.start]


def _failure(failure: Failed, facts: Facts) -> Told:
    has = f" ({facts['function'].memory} MB)" if failure.kind is FailureKind.OUT_OF_MEMORY else ""
    yield "failure", told_of(failure, has)
    if failure.place:
        yield "at", str(place_of(failure, facts["function"]))
    if failure.hint:
        yield "hint", failure.hint
    for frame in failure.stack:
        if frame.strip():
            yield "stack", placed(frame.rstrip("\n"), facts["function"])


def _rejected(rejected: Any, facts: Facts) -> Told:
    yield "rule", f"{rejected.code.name}: {rejected.code.value}"
    yield "found", f"{rejected.detail}{f' (at {rejected.at})' if rejected.at else ''}"
    if rejected.hint:
        yield "hint", rejected.hint


def _after(after: Request | Response, facts: Facts) -> Told:
    before = facts.get("before")
    if isinstance(after, Response) and not isinstance(before, Response):
        yield "generated", _status_line(after)
        yield from _lines("header", after.headers)
    elif before is not None:
        yield from _changes(before, after)


def _new_length(length: int, facts: Facts) -> Told:
    generated = isinstance(facts.get("after"), Response) and not isinstance(facts.get("before"), Response)
    yield "body" if generated else "replaced body", f"{length:,} bytes"


def _changes(before: Request | Response, after: Request | Response) -> Told:
    if isinstance(before, Request) and isinstance(after, Request):
        yield from _changed("uri", before.path, after.path)
        yield from _changed("querystring", before.query, after.query)
    if isinstance(before, Response) and isinstance(after, Response):
        yield from _changed("status", _status_line(before), _status_line(after))
    yield from _header_changes(before.headers, after.headers)


def _changed(label: str, before: str, after: str) -> Told:
    if before != after:
        yield f"changed {label}", f"{readable(before) or '(empty)'} → {readable(after) or '(empty)'}"


def _header_changes(before: Headers, after: Headers) -> Told:
    for name in dict.fromkeys([*before.index, *after.index]):
        old, new = before.all(name), after.all(name)
        if old and not new:
            yield f"removed header {name}", readable(", ".join(old))
        elif new and not old:
            yield f"added header {name}", readable(", ".join(new))
        elif old != new:
            yield f"changed header {name}", f"{readable(', '.join(old))} → {readable(', '.join(new))}"


def _has(has: Headers, facts: Facts) -> Told:
    """What a response headers policy changed, and which of its headers gave way to the origin's."""
    had, policy = facts["had"], facts.get("headers_policy")
    yield from _header_changes(had, has)
    for header in policy.given_way(had) if policy is not None else ():
        kept = readable(", ".join(had.all(header.name)))
        yield f"kept header {header.name.lower()}", f"{kept} (the origin's; the policy does not override)"


def _origin_after(after: Origin, facts: Facts) -> Told:
    before = facts["origin_before"]
    for field in fields(after):
        old, new = getattr(before, field.name), getattr(after, field.name)
        yield from _changed(f"origin {field.name.replace('_', ' ')}", _setting(old), _setting(new))


def _setting(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(": ".join(item) if isinstance(item, tuple) else str(item) for item in value)
    return "" if value is None else str(value)


# ── origin and delivery ──────────────────────────────────────────────────────


def _origin(origin: Origin, facts: Facts) -> Told:
    yield "origin", f"{origin.id} ({origin.domain_name}{origin.path})"


def _sent(request: Request, facts: Facts) -> Told:
    yield "sent", f"{request.method} {readable(request.target)}"
    yield from _lines("sent header", request.headers)


def _answer(response: Response, facts: Facts) -> Told:
    yield "received", _status_line(response)
    yield from _lines("received header", response.headers)


def _told(lines: tuple[tuple[str, str], ...], facts: Facts) -> Told:
    return lines


def _lines(label: str, headers: Headers) -> Told:
    return ((f"{label} {name}", readable(value)) for name, value in headers)


def _status_line(response: Response) -> str:
    return f"{response.status} {readable(response.reason) or standard_reason(response.status)}".rstrip()


def _status(status: int, facts: Facts) -> Told:
    if "answer" not in facts:
        yield "instead of" if "sent_as" in facts else "status", str(status)


def _made_by(made_by: Enum, facts: Facts) -> Told:
    if made_by.name != "ORIGIN":  # the outcome tells origin and cache apart
        yield "made by", str(made_by.value)


def _result_types(types: Any, facts: Facts) -> Told:
    if types.result == types.response == types.detailed:
        yield "x-edge-*-result-type", types.result
        return
    yield "x-edge-result-type", types.result
    yield "x-edge-response-result-type", types.response
    yield "x-edge-detailed-result-type", types.detailed


def _span(cut: Cut, facts: Facts) -> Told:
    spans = [cut] if isinstance(cut, Span) else [piece for piece in cut.pieces if isinstance(piece, Span)]
    yield "bytes", ", ".join(f"{span.start}-{span.stop - 1}" for span in spans)


def _distribution(distribution: Distribution, facts: Facts) -> Told:
    yield "distribution", f"{distribution.name} ({distribution.domain_name})"


def _allowed(value: Any, facts: Facts) -> Told:
    yield "AllowedMethods", ", ".join(sorted(value))


def _plain(label: str) -> Teller:
    def tell(value: Any, facts: Facts) -> Told:
        yield label, str(value.value if isinstance(value, Enum) else value)

    return tell


_TELLERS: dict[str, Teller] = {
    "distribution": _distribution,
    "behavior": _behavior,
    "path": _plain("path"),
    "signature": _signature,
    "trusted": _trusted,
    "waited": _waited,
    "key": _key,
    "nearest": _nearest,
    "function": _function,
    "invocation": _invocation,
    "failure": _failure,
    "rejected": _rejected,
    "after": _after,
    "new_length": _new_length,
    "has": _has,
    "origin_after": _origin_after,
    "origin": _origin,
    "where": _plain("at"),
    "sent": _sent,
    "left_out": _told,
    "answer": _answer,
    "removed": _told,
    "trouble": _plain("trouble"),
    "message": _plain("message"),
    "status": _status,
    "page": _plain("page"),
    "sent_as": _plain("sent as"),
    "ttl": _ttl,
    "tags": _tags,
    "vary": _told,
    "named": _named,
    "unkept": _unkept,
    "allowed": _allowed,
    "made_by": _made_by,
    "result_types": _result_types,
    "span": _span,
    "age": _age,
}


# ── the whole of it ──────────────────────────────────────────────────────────


def as_data(transcript: Transcript, stored: Stored | None = None) -> dict[str, Any]:
    """The transcript as JSON-ready data. `seconds` is how long the head of the answer took; where it is told what
    is `stored` now, a miss says which key is nearest."""
    arrival, request, ended = transcript.arrival, transcript.arrival.request, transcript.ended_at
    return {
        "id": arrival.id,
        "time": iso_utc(arrival.at),
        "method": request.method,
        "host": request.headers.get("host") or "",
        "target": readable(request.target),
        "viewer": _viewer(arrival.viewer),
        "distribution": transcript.distribution.name if transcript.distribution else None,
        "status": transcript.status,
        "outcome": transcript.notes[-1].because.value if transcript.status else None,
        "result_types": _logged_as(transcript),
        "why": what_went_wrong(transcript) if transcript.status >= _ERROR else "",
        "seconds": ended - arrival.at if ended is not None else None,
        "bytes": transcript.sent,
        "complete": transcript.complete,
        "going_on": not transcript.complete and transcript.interrupted is None,
        "sections": [asdict(section) for section in sections(transcript, stored)],
    }


def _viewer(viewer: Viewer) -> dict[str, Any]:
    """`place` is by the ends of the CloudFront-Viewer-* headers' names."""
    return {
        "ip": viewer.ip,
        "pop": viewer.pop,
        "protocol": viewer.protocol,
        "device": viewer.device,
        "place": dict(viewer.place),
    }


def _logged_as(transcript: Transcript) -> dict[str, str] | None:
    """The result types of the access log, under its field names; None where there was no answer."""
    types = result_types_of(transcript)
    if types is None:
        return None
    return {
        "x-edge-result-type": types.result,
        "x-edge-response-result-type": types.response,
        "x-edge-detailed-result-type": types.detailed,
    }
