"""The event a function sees.

Source: lambda-event-structure. Header keys keep the case they came in; headers on the disallowed
list are hidden; text is decoded as documented (headers.readable).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from edgesim.distribution.choices import AccessControlAuthMethod, Choices, RegionWithoutIdentity
from edgesim.distribution.model import Distribution, Origin, OriginProtocolPolicy, S3Access, Trigger
from edgesim.rules.hooks import Hook, is_disallowed
from edgesim.values.headers import Field, Headers, readable
from edgesim.values.message import Request, Response, standard_reason
from edgesim.values.viewer import Arrival

EventHeaders = dict[str, list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class ReadBody:
    """As much of a request body as a function may see."""

    head: bytes
    truncated: bool = False


def header_map(headers: Headers) -> EventHeaders:
    """Lower-case name → one `{key, value}` for each line, without the disallowed ones. Not to be changed."""
    return {name: lines for name, lines in headers.lines.items() if not is_disallowed(name)}


def _by_name(fields: Iterable[Field]) -> EventHeaders:
    found: EventHeaders = {}
    for name, value in fields:
        found.setdefault(name.lower(), []).append({"key": name, "value": readable(value)})
    return found


def function_event(
    trigger: Trigger,
    distribution: Distribution,
    arrival: Arrival,
    request: Request,
    *,
    body: ReadBody | None = None,
    origin: Origin | None = None,
    response: Response | None = None,
) -> dict[str, Any]:
    """The whole event. `request` is the one this trigger sees; `origin` is given at the origin's two triggers,
    `response` at the response's two, `body` where Include Body is on."""
    cf: dict[str, Any] = {
        "config": {
            "distributionDomainName": distribution.domain_name,
            "distributionId": distribution.id,
            "eventType": trigger.value,
            "requestId": arrival.id,
        },
        "request": _request(arrival, request),
    }
    if body is not None:
        cf["request"]["body"] = _body(body)
    if origin is not None and Hook(trigger, distribution.terms).rules.at_origin:
        cf["request"]["origin"] = origin_object(origin, arrival.viewer.protocol, distribution.terms.choices)
    if response is not None:
        cf["response"] = _response(response)
    return {"Records": [{"cf": cf}]}


def _request(arrival: Arrival, request: Request) -> dict[str, Any]:
    return {
        "clientIp": arrival.viewer.ip,
        "headers": header_map(request.headers),
        "method": request.method,
        "querystring": readable(request.query),
        "uri": readable(request.path),
    }


def _body(body: ReadBody) -> dict[str, Any]:
    return {
        "inputTruncated": body.truncated,
        "action": "read-only",
        "encoding": "base64",
        "data": base64.b64encode(body.head).decode("ascii"),
    }


def _response(response: Response) -> dict[str, Any]:
    return {
        "headers": header_map(response.headers),
        "status": str(response.status),
        "statusDescription": status_description(response),
    }


def status_description(response: Response) -> str:
    """The reason phrase as a function sees it: the origin's own, or the standard one."""
    return readable(response.reason) or standard_reason(response.status)


def resolved_https(origin: Origin, viewer_protocol: str) -> bool:
    """Is the origin spoken to over TLS? inferred: match-viewer is settled before the event is made"""
    if origin.s3 is not None or origin.protocol_policy is OriginProtocolPolicy.MATCH_VIEWER:
        return viewer_protocol == "https"
    return origin.protocol_policy is OriginProtocolPolicy.HTTPS_ONLY


def settled(origin: Origin, viewer_protocol: str) -> Origin:
    """The origin with its protocol decided, as the function sees it: so one that it leaves alone stays the same."""
    if origin.s3 is not None or origin.protocol_policy is not OriginProtocolPolicy.MATCH_VIEWER:
        return origin
    https = resolved_https(origin, viewer_protocol)
    return replace(origin, protocol_policy=OriginProtocolPolicy.HTTPS_ONLY if https else OriginProtocolPolicy.HTTP_ONLY)


def shows_identity(s3: S3Access, choices: Choices) -> bool:
    """Is `authMethod` of this bucket `origin-access-identity`? An access control can't be expressed there: by choice
    it shows as none"""
    access_control = choices.access_control_auth_method is AccessControlAuthMethod.ORIGIN_ACCESS_IDENTITY
    return bool(s3.origin_access_identity) or (s3.origin_access_control and access_control)


def origin_object(origin: Origin, viewer_protocol: str, choices: Choices) -> dict[str, Any]:
    """`request.origin`: exactly one of `custom` and `s3`. documented: lambda-event-structure"""
    common = {
        # Names that functions may not touch elsewhere (X-Forwarded-Proto) are legal here, so none is hidden
        "customHeaders": _by_name(origin.custom_headers),
        "domainName": origin.domain_name,
        "path": readable(origin.path),
    }
    if origin.s3 is not None:
        return {"s3": {**common, **_access(origin.s3, choices)}}
    https = resolved_https(origin, viewer_protocol)
    return {
        "custom": {
            **common,
            "keepaliveTimeout": _number(origin.keepalive_timeout),
            "port": origin.https_port if https else origin.http_port,
            "protocol": "https" if https else "http",
            "readTimeout": _number(origin.read_timeout),
            "sslProtocols": list(origin.ssl_protocols),
        }
    }


def _access(s3: S3Access, choices: Choices) -> dict[str, str]:
    """How a bucket is signed for. Whether a region stands beside `none` is a choice"""
    if shows_identity(s3, choices):
        return {"authMethod": "origin-access-identity", "region": s3.region}
    shown = choices.region_without_identity is RegionWithoutIdentity.SHOWN
    return {"authMethod": "none", **({"region": s3.region} if shown else {})}


def _number(seconds: float) -> int | float:
    return int(seconds) if float(seconds).is_integer() else seconds
