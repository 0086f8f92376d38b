"""A line of CloudFront's standard log: what each field says, and how it is written.

Source: standard-logs-reference for the fields and their order, AccessLogs for the file's head and the encoding,
standard-logging for JSON. Rule: no byte of a request or a response can end a field or a line, or stand for another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from edgesim.distribution.edge_choices import LoggedUri
from edgesim.errors import ConfigError
from edgesim.pipeline.logged import result_types_of
from edgesim.pipeline.transcript import Station
from edgesim.rules.result_types import FAILED, ResultTypes
from edgesim.values.headers import NO_HEADERS, wire
from edgesim.values.message import SWITCHING_PROTOCOLS, Request
from edgesim.values.record import record
from edgesim.values.wire import Wire, head_size

if TYPE_CHECKING:
    from edgesim.distribution.model import Distribution
    from edgesim.pipeline.transcript import Transcript
    from edgesim.values.instant import Instant
    from edgesim.values.viewer import Viewer

NOTHING = "-"
"""What stands for a field without a value."""

# documented: AccessLogs: bytes 0 to 32, 127 and above, and < > " # % { } | \ ^ ~ [ ] ` ' and the space.
# inferred: % too wherever it stands, so that what is escaped already is escaped once more
_ENCODED = re.compile(r"[^!$&()*+,\-./0-9:;=?@A-Z_a-z]")


@lru_cache(maxsize=4096)
def encoded(text: str) -> str:
    """Wire text as it stands in a field."""
    return _ENCODED.sub(lambda found: f"%{ord(found[0]):02X}", text) or NOTHING


Index: TypeAlias = Mapping[str, tuple[str, ...]]
"""Values by lower-case name (values/headers.py)."""
Values: TypeAlias = tuple[str, ...]


@record
class _Ended:
    """A request that is over, `at` an instant."""

    transcript: Transcript
    distribution: Distribution
    request: Request
    viewer: Viewer
    asked: Index
    answered: Index
    wire: Wire
    types: ResultTypes
    at: Instant

    def seconds(self, at: Instant | None) -> str:
        """How long it had taken then. A clock that somebody moves may make it longer."""
        return f"{max(0.0, (self.at if at is None else at) - self.transcript.arrival.at):.3f}"


# ── fields ───────────────────────────────────────────────────────────────────
#
# A function for several fields at once, by what they hang on: most of it is the same for one request after the other.


@lru_cache(maxsize=64)
def _moment(second: int) -> Values:
    """Date and time, UTC."""
    moment = datetime.fromtimestamp(second, UTC)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S")


def _when(line: _Ended) -> Values:
    return _moment(int(line.at))


def _who(line: _Ended) -> Values:
    """documented: the protocol is ws or wss of WebSockets. inferred: once there is one"""
    one = line.viewer
    named = _OF_WEBSOCKETS[one.protocol] if line.transcript.status == SWITCHING_PROTOCOLS else one.protocol
    tls = one.tls if one.protocol == "https" else _NO_TLS
    return _of_viewer(one.pop, one.ip, one.port, named, one.http_version, tls, one.place.get("country", ""))


_OF_WEBSOCKETS = {"http": "ws", "https": "wss"}
_NO_TLS = (NOTHING, NOTHING)


@lru_cache(maxsize=1024)
def _of_viewer(
    pop: str, ip: str, port: int, protocol: str, http_version: str, tls: tuple[str, str], country: str
) -> Values:
    texts = (pop, ip, str(port), protocol, f"HTTP/{http_version}", *tls, wire(country))
    return tuple(map(encoded, texts))


def _what(line: _Ended) -> Values:
    uri = line.request
    if line.distribution.terms.choices.logged_uri is LoggedUri.REWRITTEN:
        uri = _rewritten(line) or uri
    return encoded(line.request.method), encoded(uri.path), encoded(uri.query)


def _rewritten(line: _Ended) -> Request | None:
    """The request that viewer-request made of it."""
    changed = (note.facts.get("after") for note in line.transcript.at(Station.VIEWER_REQUEST))
    return next((after for after in changed if isinstance(after, Request)), None)


def _how(line: _Ended) -> Values:
    """documented: cookies are all of them, whatever is forwarded, and only where the distribution says so"""
    asked = line.asked.get
    cookies = asked("cookie") if line.distribution.logging.include_cookies else None
    return _of_head(asked("referer"), asked("user-agent"), asked("host"), asked("x-forwarded-for"), cookies)


@lru_cache(maxsize=256)
def _of_head(*values: Values | None) -> Values:
    *lists, cookies = values
    return (*(encoded(", ".join(one or ())) for one in lists), encoded("; ".join(cookies or ())))


def _told(line: _Ended) -> Values:
    told = line.answered.get
    return _of_answer(told("content-type"), told("content-length"), told("content-range"))


_RANGE = re.compile(r"bytes (\d+)-(\d+)/")


@lru_cache(maxsize=1024)
def _of_answer(kind: Values | None, length: Values | None, content_range: Values | None) -> Values:
    found = _RANGE.match(content_range[0]) if content_range else None
    first, last = found.groups() if found else (NOTHING, NOTHING)
    return *(encoded(values[0]) if values else NOTHING for values in (kind, length)), first, last


def _counted(line: _Ended) -> Values:
    """documented: the status is 000 where the viewer was gone before anything was sent"""
    transcript, passed = line.transcript, line.wire
    return (
        str(passed.sent),
        str(head_size(line.request) + passed.received),
        f"{transcript.status:03d}" if passed.sent else "000",
        line.seconds(None),
        line.seconds(transcript.ended_at),
        transcript.arrival.id,
    )


def _came(line: _Ended) -> Values:
    return line.types.result, line.types.response, line.types.detailed


def _where(line: _Ended) -> Values:
    """Fields are not encrypted here."""
    return encoded(line.distribution.domain_name), NOTHING, NOTHING


def _matched(line: _Ended) -> Values:
    patterns = (note.facts["behavior"].path_pattern for note in line.transcript.at(Station.BEHAVIOR))
    return (encoded(wire(next(patterns, ""))),)


def _for_whom(line: _Ended) -> Values:
    """The distribution that a staging one's viewer had asked."""
    if not line.distribution.staging:
        return NOTHING, NOTHING
    found = next((note.facts["primary"] for note in line.transcript.at(Station.DEPLOYMENT)), None)
    return (encoded(found.id), encoded(found.domain_name)) if found is not None else (NOTHING, NOTHING)


_TELLERS: tuple[tuple[Callable[[_Ended], Values], tuple[str, ...]], ...] = (
    (_when, ("date", "time")),
    (_who, ("x-edge-location", "c-ip", "c-port", "cs-protocol", "cs-protocol-version", "ssl-protocol", "ssl-cipher",
            "c-country")),
    (_what, ("cs-method", "cs-uri-stem", "cs-uri-query")),
    (_how, ("cs(Referer)", "cs(User-Agent)", "x-host-header", "x-forwarded-for", "cs(Cookie)")),
    (_told, ("sc-content-type", "sc-content-len", "sc-range-start", "sc-range-end")),
    (_counted, ("sc-bytes", "cs-bytes", "sc-status", "time-taken", "time-to-first-byte", "x-edge-request-id")),
    (_came, ("x-edge-result-type", "x-edge-response-result-type", "x-edge-detailed-result-type")),
    (_where, ("cs(Host)", "fle-status", "fle-encrypted-fields")),
    (_matched, ("cache-behavior-path-pattern",)),
    (_for_whom, ("primary-distribution-id", "primary-distribution-dns-name")),
)  # fmt: skip

STANDARD = (
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status",
    "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id",
    "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
    "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
    "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
    "sc-range-end",
)  # fmt: skip
"""The 33 fields in their order."""

V2 = (*STANDARD, "c-country", "cache-behavior-path-pattern")
"""What version 2 of the standard log records unless told otherwise."""

OF_STAGING = ("primary-distribution-id", "primary-distribution-dns-name")
"""documented: monitoring-staging-distribution, in the log of a staging distribution. inferred: at the end"""

EVERY = (*V2, *OF_STAGING)
"""What can be expected of a line; of a distribution that is no staging one the last two are `-`."""


def fields_of(transcript: Transcript, at: Instant, fields: tuple[str, ...] = V2) -> dict[str, str]:
    """The fields of a request that is logged (pipeline/logged.py), by name. `at` is when it was over."""
    return dict(zip(fields, _values(transcript, at, fields), strict=True))


def _values(transcript: Transcript, at: Instant, fields: tuple[str, ...]) -> Values:
    arrival, distribution = transcript.arrival, transcript.distribution
    assert distribution is not None  # noqa: S101  else it is not logged
    line = _Ended(
        transcript,
        distribution,
        arrival.request,
        arrival.viewer,
        arrival.request.headers.index,
        (transcript.headers or NO_HEADERS).index,
        transcript.wire or Wire(),
        result_types_of(transcript) or FAILED,
        at,
    )
    tellers, ordered = _plan(fields)
    return ordered([value for tell in tellers for value in tell(line)])


@cache
def _plan(fields: tuple[str, ...]) -> tuple[list[Callable[[_Ended], Values]], Callable[[list[str]], Values]]:
    """Who tells these fields, and how what they tell comes into their order."""
    asked = [(tell, names) for tell, names in _TELLERS if not {*names}.isdisjoint(fields)]
    told = [name for _, names in asked for name in names]
    return [tell for tell, _ in asked], itemgetter(*map(told.index, fields))


# ── formats ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """How lines are written: the fields, what stands at the head of each file, and what makes a line of the values."""

    name: str
    fields: tuple[str, ...]
    head: str
    written: Callable[[Values], str]

    def of(self, distribution: Distribution) -> Format:
        """The format of a distribution's log."""
        return _FORMATS[self.name, True] if distribution.staging else self

    def line(self, transcript: Transcript, at: Instant) -> str:
        """The line of a request that is over, without its end."""
        return self.written(_values(transcript, at, self.fields))


def _w3c(fields: tuple[str, ...]) -> Format:
    head = f"#Version: 1.0\n#Fields: {' '.join(fields)}\n"
    return Format("w3c", fields, head, "\t".join)


def _json(fields: tuple[str, ...]) -> Format:
    """documented: every value is a text, an object a line. What is encoded needs no escapes in JSON."""
    return Format("json", fields, "", json.dumps(dict.fromkeys(fields, "%s"), separators=(",", ":")).__mod__)


_FORMATS = {
    (one.name, staging): one
    for staging, more in ((False, ()), (True, OF_STAGING))
    for one in (_w3c((*STANDARD, *more)), _json((*V2, *more)))
}
FORMATS: Mapping[str, Format] = {name: one for (name, staging), one in _FORMATS.items() if not staging}
"""By the names of version 2's output formats."""


def format_named(name: str) -> Format:
    """Raises ConfigError for a format that there is not."""
    if name not in FORMATS:
        raise ConfigError(f"access-log-format is {name!r}", f"it is {' or '.join(FORMATS)}")
    return FORMATS[name]
