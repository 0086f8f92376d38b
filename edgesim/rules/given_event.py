"""A CloudFront event that somebody else made (a test, a sample, a log), read back into the values it shows.

The other way round is function_event.py. What a function may do is judged by what it saw, so that is all that is read:
hidden headers, policies and bodies are not in an event. Nothing here raises for anything that JSON can hold.
Source: lambda-event-structure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from edgesim.distribution.choices import STANDARD
from edgesim.distribution.model import Origin, OriginProtocolPolicy, S3Access, Trigger
from edgesim.rules import function_origin
from edgesim.rules.function_headers import Line, Rejected, read_headers, shown
from edgesim.rules.hooks import Hook
from edgesim.values.headers import Headers, wire
from edgesim.values.message import Request, Response


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """What an event shows. `origin` is None where it has none, `response` at the request's triggers. Texts that events
    may lack are empty."""

    trigger: Trigger
    distribution_id: str
    domain_name: str
    request_id: str
    client_ip: str
    request: Request
    origin: Origin | None = None
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """No event of CloudFront's: it has no `Records[0].cf`."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """An event of CloudFront's that it would never send: what is wrong, and where."""

    detail: str
    at: str


Read: TypeAlias = GivenEvent | Foreign | Malformed

_CF = "Records[0].cf"


class _Wrong(Exception):
    """Leaves the reading below at the first thing wrong; never leaves this module."""

    def __init__(self, detail: str, at: str) -> None:
        super().__init__(detail)
        self.malformed = Malformed(detail, f"{_CF}.{at}")


def read_event(event: object) -> Read:
    """What to make of any JSON value."""
    records = event.get("Records") if isinstance(event, dict) else None
    record = records[0] if isinstance(records, list) and records else None
    cf = record.get("cf") if isinstance(record, dict) else None
    if not isinstance(cf, dict):
        return Foreign()
    try:
        return _event(cf)
    except _Wrong as wrong:
        return wrong.malformed


def _event(cf: dict[str, Any]) -> GivenEvent:
    config = _object(cf, "config", "config")
    trigger = _trigger(config.get("eventType"))
    request = _object(cf, "request", "request")
    rules = Hook(trigger).rules
    return GivenEvent(
        trigger,
        _text(config, "distributionId", "config", ""),
        _text(config, "distributionDomainName", "config", ""),
        _text(config, "requestId", "config", ""),
        _text(request, "clientIp", "request", ""),
        _request(request),
        _origin(request["origin"]) if rules.at_origin and request.get("origin") is not None else None,
        _response(_object(cf, "response", "response")) if rules.sees_response else None,
    )


def _trigger(value: object) -> Trigger:
    if isinstance(value, str) and value in {trigger.value for trigger in Trigger}:
        return Trigger(value)
    known = ", ".join(trigger.value for trigger in Trigger)
    raise _Wrong(f"eventType is {shown(value, absent='missing')}, not one of {known}", "config.eventType")


def _object(parent: dict[str, Any], name: str, at: str) -> dict[str, Any]:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise _Wrong(f"{name} is {shown(value, absent='missing')}, not an object", at)
    return value


def _text(parent: dict[str, Any], name: str, at: str, default: str | None = None) -> str:
    value = parent.get(name, default)
    if not isinstance(value, str):
        raise _Wrong(f"{name} is {shown(value, absent='missing')}, not a string", f"{at}.{name}")
    return value


def _request(value: dict[str, Any]) -> Request:
    uri = _text(value, "uri", "request")
    if not uri.startswith("/"):
        raise _Wrong(f"uri is {shown(uri)}; it must start with /", "request.uri")
    query = _text(value, "querystring", "request", "")
    return Request(_text(value, "method", "request"), wire(uri), wire(query), _headers(value, "request"))


def _headers(parent: dict[str, Any], at: str) -> Headers:
    lines = read_headers(parent.get("headers", {}), f"{at}.headers", STANDARD)
    if isinstance(lines, Rejected):
        raise _Wrong(lines.detail, lines.at)
    return Headers(map(_field, lines))


def _field(line: Line) -> tuple[str, str]:
    return line.key, wire(line.value)


# What an event shows of it: that there is one
_SOME_IDENTITY = S3Access(origin_access_identity="given")


def _origin(value: object) -> Origin:
    """inferred: an origin access identity that the event names is there to be used, and any domain name is one"""
    kind = value.get("s3") or value.get("custom") if isinstance(value, dict) else None
    name = kind.get("domainName") if isinstance(kind, dict) else None
    found = function_origin.chosen(
        value,
        Origin(
            "origin",
            name if isinstance(name, str) and name else "unnamed",
            s3=_SOME_IDENTITY if isinstance(value, dict) and value.get("s3") else None,
            protocol_policy=OriginProtocolPolicy.HTTPS_ONLY,
        ),
        STANDARD,
    )
    if isinstance(found, Rejected):
        raise _Wrong(found.detail, f"request.{found.at}")
    return found


def _response(value: dict[str, Any]) -> Response:
    status = value.get("status")
    text = str(status) if isinstance(status, int) and not isinstance(status, bool) else status
    if not isinstance(text, str) or not re.fullmatch("[1-9][0-9]{2}", text):
        raise _Wrong(f"status is {shown(status, absent='missing')}, not a status", "response.status")
    reason = _text(value, "statusDescription", "response", "")
    return Response(int(text), _headers(value, "response"), reason=wire(reason))
