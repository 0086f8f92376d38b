"""A line of CloudFront's standard log: what each field says, and how it is written.

Source: standard-logs-reference for the fields and their order, AccessLogs for the file's head and the encoding,
standard-logging for JSON. Rule: no byte of a request or a response can end a field or a line, or stand for another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
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


@record
class _Ended:
    """A request that is over, `at` an instant."""

    transcript: Transcript
    distribution: Distribution
    request: Request
    viewer: Viewer
    headers: Index
    answered: Index
    wire: Wire
    types: ResultTypes
    at: Instant

    @property
    def is_websocket(self) -> bool:
        return self.transcript.status == SWITCHING_PROTOCOLS

    def asked(self, name: str, separator: str = ", ") -> str:
        """A header of the viewer's request, by its lower-case name."""
        values = self.headers.get(name)
        return encoded(separator.join(values)) if values else NOTHING

    def told(self, name: str) -> str:
        """A header of the answer, by its lower-case name."""
        values = self.answered.get(name)
        return encoded(values[0]) if values else NOTHING

    def seconds(self, at: Instant | None) -> str:
        """How long it had taken then. A clock that somebody moves may make it longer."""
        return f"{max(0.0, (self.at if at is None else at) - self.transcript.arrival.at):.3f}"

    def range_end(self, group: int) -> str:
        """The first (1) or the last (2) byte of the range that was sent."""
        values = self.answered.get("content-range")
        found = _RANGE.match(values[0]) if values else None
        return found[group] if found else NOTHING


_RANGE = re.compile(r"bytes (\d+)-(\d+)/")


@lru_cache(maxsize=64)
def _moment(second: int) -> tuple[str, str]:
    """Date and time, UTC."""
    moment = datetime.fromtimestamp(second, UTC)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S")


def _status(line: _Ended) -> str:
    """documented: 000 where the viewer was gone before anything was sent"""
    return f"{line.transcript.status:03d}" if line.wire.sent else "000"


def _cookie(line: _Ended) -> str:
    """documented: all of them, whatever is forwarded, and only where the distribution says so"""
    return line.asked("cookie", "; ") if line.distribution.logging.include_cookies else NOTHING


def _tls(line: _Ended, part: int) -> str:
    return line.viewer.tls[part] if line.viewer.protocol == "https" else NOTHING


def _protocol(line: _Ended) -> str:
    """documented: ws or wss. inferred: once there is a WebSocket"""
    return _OF_WEBSOCKETS[line.viewer.protocol] if line.is_websocket else line.viewer.protocol


_OF_WEBSOCKETS = {"http": "ws", "https": "wss"}


def _country(line: _Ended) -> str:
    return encoded(wire(line.viewer.place.get("country", "")))


def _uri(line: _Ended) -> Request:
    """Whose path and query are logged; the viewer's, unless the other is chosen."""
    if line.distribution.terms.choices.logged_uri is LoggedUri.REWRITTEN:
        for note in line.transcript.at(Station.VIEWER_REQUEST):
            if isinstance(after := note.facts.get("after"), Request):
                return after
    return line.request


def _path_pattern(line: _Ended) -> str:
    patterns = (note.facts["behavior"].path_pattern for note in line.transcript.at(Station.BEHAVIOR))
    return encoded(wire(next(patterns, "")))


Field: TypeAlias = Callable[[_Ended], str]

STANDARD: Mapping[str, Field] = {
    "date": lambda line: _moment(int(line.at))[0],
    "time": lambda line: _moment(int(line.at))[1],
    "x-edge-location": lambda line: line.viewer.pop,
    "sc-bytes": lambda line: str(line.wire.sent),
    "c-ip": lambda line: line.viewer.ip,
    "cs-method": lambda line: encoded(line.request.method),
    "cs(Host)": lambda line: encoded(line.distribution.domain_name),
    "cs-uri-stem": lambda line: encoded(_uri(line).path),
    "sc-status": _status,
    "cs(Referer)": lambda line: line.asked("referer"),
    "cs(User-Agent)": lambda line: line.asked("user-agent"),
    "cs-uri-query": lambda line: encoded(_uri(line).query),
    "cs(Cookie)": _cookie,
    "x-edge-result-type": lambda line: line.types.result,
    "x-edge-request-id": lambda line: line.transcript.arrival.id,
    "x-host-header": lambda line: line.asked("host"),
    "cs-protocol": _protocol,
    "cs-bytes": lambda line: str(head_size(line.request) + line.wire.received),
    "time-taken": lambda line: line.seconds(None),
    "x-forwarded-for": lambda line: line.asked("x-forwarded-for"),
    "ssl-protocol": lambda line: _tls(line, 0),
    "ssl-cipher": lambda line: _tls(line, 1),
    "x-edge-response-result-type": lambda line: line.types.response,
    "cs-protocol-version": lambda line: f"HTTP/{line.viewer.http_version}",
    # Fields are not encrypted here
    "fle-status": lambda line: NOTHING,
    "fle-encrypted-fields": lambda line: NOTHING,
    "c-port": lambda line: str(line.viewer.port),
    "time-to-first-byte": lambda line: line.seconds(line.transcript.ended_at),
    "x-edge-detailed-result-type": lambda line: line.types.detailed,
    "sc-content-type": lambda line: line.told("content-type"),
    "sc-content-len": lambda line: line.told("content-length"),
    "sc-range-start": lambda line: line.range_end(1),
    "sc-range-end": lambda line: line.range_end(2),
}
"""The 33 fields in their order."""

V2: Mapping[str, Field] = {**STANDARD, "c-country": _country, "cache-behavior-path-pattern": _path_pattern}
"""What version 2 of the standard log records unless told otherwise."""


def _primary(line: _Ended, name: str) -> str:
    """The distribution that a staging one's viewer had asked."""
    found = next((note.facts["primary"] for note in line.transcript.at(Station.DEPLOYMENT)), None)
    return encoded(getattr(found, name)) if found is not None else NOTHING


OF_STAGING: Mapping[str, Field] = {
    "primary-distribution-id": lambda line: _primary(line, "id"),
    "primary-distribution-dns-name": lambda line: _primary(line, "domain_name"),
}
"""documented: monitoring-staging-distribution, in the log of a staging distribution. inferred: at the end"""

EVERY: Mapping[str, Field] = {**V2, **OF_STAGING}
"""What can be expected of a line; of a distribution that is no staging one the last two are `-`."""


def fields_of(transcript: Transcript, at: Instant, fields: Mapping[str, Field] = V2) -> dict[str, str]:
    """The fields of a request that is logged (pipeline/logged.py), by name. `at` is when it was over."""
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
    return {name: tell(line) for name, tell in fields.items()}


# ── formats ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """How lines are written: the fields, what stands at the head of each file, and a line of them."""

    name: str
    fields: Mapping[str, Field]
    head: str
    line: Callable[[Mapping[str, str]], str]

    def of(self, distribution: Distribution) -> Format:
        """The format of a distribution's log."""
        return _of_staging(self) if distribution.staging else self


def _as_json(fields: Mapping[str, str]) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _w3c_head(fields: Mapping[str, Field]) -> str:
    return f"#Version: 1.0\n#Fields: {' '.join(fields)}\n"


@cache
def _of_staging(form: Format) -> Format:
    fields = {**form.fields, **OF_STAGING}
    return replace(form, fields=fields, head=_w3c_head(fields) if form.head else "")


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format(
            "w3c",
            STANDARD,
            _w3c_head(STANDARD),
            lambda fields: "\t".join(fields.values()),
        ),
        # documented: every value is a text, an object a line
        Format("json", V2, "", _as_json),
    )
}
"""By the names of version 2's output formats."""


def format_named(name: str) -> Format:
    """Raises ConfigError for a format that there is not."""
    if name not in FORMATS:
        raise ConfigError(f"access-log-format is {name!r}", f"it is {' or '.join(FORMATS)}")
    return FORMATS[name]
