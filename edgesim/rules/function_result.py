"""Judging what a function returned: any JSON text is accepted, or rejected with a code, a sentence and a place.

The order of the checks is edgesim's own (inferred): JSON, object, kind, status, shape of the headers, disallowed and
read-only ones, uri and query string, origin, the body's encoding, its size. The first failure decides. Nothing here
raises for anything a function can return.
Source: lambda-generating-http-responses-in-requests.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

from pydantic_core import from_json

from edgesim.distribution.choices import (
    BodyAtViewerResponse,
    ClientIpChanged,
    CustomHeaderTwice,
    MethodChanged,
    NoQuerystring,
    StatusAtViewerResponse,
)
from edgesim.distribution.limits import FUNCTION_URI_CHARS
from edgesim.distribution.model import Origin, Trigger
from edgesim.rules import function_origin
from edgesim.rules.function_body import misshapen, optional, request_body, response_body
from edgesim.rules.function_event import header_map, status_description
from edgesim.rules.function_headers import Rejected, applied, forbidden, read_headers, shown
from edgesim.rules.function_result_hints import hint
from edgesim.rules.hooks import Hook, is_disallowed
from edgesim.rules.reasons import Rejection
from edgesim.values.body import NO_BODY
from edgesim.values.headers import NO_HEADERS, Headers, readable, wire
from edgesim.values.message import Request, Response

_BAD_IN_URI = re.compile(r"[\x00-\x20\x7f]")
_BAD_IN_QUERY = re.compile(r"[\x00-\x20\x7f#]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ChangedRequest:
    """The request as a function passes it on. `body` is the replacement, or None where the original stays."""

    path: str
    query: str
    headers: Headers
    body: bytes | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class GeneratedResponse:
    """A response that a request trigger made up."""

    response: Response


@dataclass(frozen=True, slots=True)
class ChangedResponse:
    """The response as a function passes it on. `body` is the replacement, or None where the original stays."""

    status: int
    reason: str
    headers: Headers
    body: bytes | None = None


Verdict: TypeAlias = ChangedRequest | GeneratedResponse | ChangedResponse | Rejected


def judge(
    hook: Hook,
    payload: str,
    *,
    request: Request,
    origin: Origin | None = None,
    response: Response | None = None,
    client_ip: str = "",
) -> Verdict:
    """What to make of a function's answer, given what it saw: `request`, `origin` and `client_ip` (empty where that is
    not to be compared), or `response` at the response's triggers."""
    result = _parsed(payload)
    if isinstance(result, Rejected):
        return result
    verdict = _judged(hook, result, request, origin, response, client_ip)
    return replace(verdict, hint=hint(hook.trigger, result)) if isinstance(verdict, Rejected) else verdict


def _judged(
    hook: Hook,
    result: dict[str, Any],
    request: Request,
    origin: Origin | None,
    response: Response | None,
    client_ip: str,
) -> Verdict:
    if response is not None:
        return _judge_response(hook, result, response)
    # inferred: the key `status` tells a generated response from a request
    if "status" in result:
        return _judge_generated(hook, result)
    return _judge_request(hook, result, request, origin, client_ip)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
"""inferred: NaN and Infinity, which Python's runtime writes, are no JSON to CloudFront"""


def _value(payload: str) -> object:
    """pydantic's reader takes half the time of Python's own (measured), and no lone surrogates: the latter has the last
    word on what is JSON."""
    try:
        return from_json(payload, allow_inf_nan=False)
    except (ValueError, TypeError):
        return _DECODER.decode(payload)


def _parsed(payload: str) -> dict[str, Any] | Rejected:
    try:
        value = _value(payload)
    except ValueError as why:
        return Rejected(Rejection.NOT_JSON, f"the result is not JSON: {why}")
    except RecursionError:  # inferred: whoever reads JSON has a limit; CloudFront's is not known
        return Rejected(Rejection.NOT_JSON, "the result is nested deeper than can be read: by hundreds of levels")
    if not isinstance(value, dict):
        nothing = ": the function returned nothing" if value is None else ""
        return Rejected(Rejection.NOT_AN_OBJECT, f"the result is {shown(value)}, not an object{nothing}")
    return value


# ── responses ────────────────────────────────────────────────────────────────


def _headers(hook: Hook, result: dict[str, Any], seen: Headers) -> Headers | Rejected:
    """The headers that a result leaves. Those that are as they were seen need no second look: the one comparison is
    much quicker, and what most functions return."""
    value = optional(result, "headers", {})
    if seen and value == header_map(seen):
        return seen
    lines = read_headers(value, "headers", hook.choices)
    if isinstance(lines, Rejected):
        return lines
    return forbidden(hook, lines, seen, "headers") or applied(lines, seen)


def _judge_generated(hook: Hook, result: dict[str, Any]) -> GeneratedResponse | Rejected:
    status = _status(result.get("status"))
    if isinstance(status, Rejected):
        return status
    headers = _headers(hook, result, NO_HEADERS)
    if isinstance(headers, Rejected):
        return headers
    body = response_body(hook, result, status, headers)
    if isinstance(body, Rejected):
        return body
    return GeneratedResponse(Response(status, headers, body or NO_BODY, _reason(result) or ""))


def _judge_response(hook: Hook, result: dict[str, Any], sent: Response) -> ChangedResponse | Rejected:
    at_viewer = hook.trigger is Trigger.VIEWER_RESPONSE
    status = _status(result.get("status"))
    if at_viewer and not isinstance(status, Rejected):
        status = _unchanged_status(hook, status, sent)
    if isinstance(status, Rejected):
        return status
    headers = _headers(hook, result, sent.headers)
    if isinstance(headers, Rejected):
        return headers
    body = _no_body(hook, result) if at_viewer else response_body(hook, result, status, headers)
    if isinstance(body, Rejected):
        return body
    return ChangedResponse(status, _changed_reason(result, status, sent), headers, body)


def _unchanged_status(hook: Hook, status: int, sent: Response) -> int | Rejected:
    """documented: not changeable at viewer-response; what an attempt leads to is a choice"""
    if status != sent.status and hook.choices.status_at_viewer_response is StatusAtViewerResponse.REFUSED:
        return Rejected(Rejection.STATUS_CHANGED, f"status was {sent.status}, the function says {status}", "status")
    return sent.status


def _no_body(hook: Hook, result: dict[str, Any]) -> Rejected | None:
    """documented: viewer-response changes headers alone; what a body leads to is a choice"""
    if result.get("body") is None or hook.choices.body_at_viewer_response is BodyAtViewerResponse.IGNORED:
        return None
    return Rejected(Rejection.BODY, "viewer-response can't have a body", "body")


def _status(value: object) -> int | Rejected:
    """documented: a string from 200 to 599; whole numbers are accepted since documented examples use them"""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and re.fullmatch(r"[2-5][0-9][0-9]", text):
        return int(text)
    return Rejected(Rejection.STATUS, f"status is {shown(value)}, not a number from 200 to 599", "status")


def _reason(result: dict[str, Any]) -> str | None:
    """observed: the text goes into the status line as it is; inferred: control characters are dropped, and anything
    but text is ignored"""
    text = result.get("statusDescription")
    return wire(_CONTROL.sub("", text)) if isinstance(text, str) else None


def _changed_reason(result: dict[str, Any], status: int, sent: Response) -> str:
    """The origin's own phrase where neither it nor the status was touched; else the function's, or the standard one."""
    if status == sent.status and result.get("statusDescription") in (None, status_description(sent)):
        return sent.reason
    return _reason(result) or ""


# ── requests ─────────────────────────────────────────────────────────────────


def _judge_request(
    hook: Hook, result: dict[str, Any], sent: Request, origin: Origin | None, client_ip: str
) -> ChangedRequest | Rejected:
    if (offence := misshapen(result.get("body"))) is not None:
        return offence
    headers = _headers(hook, result, sent.headers)
    if isinstance(headers, Rejected):
        return headers
    if (offence := _target_offence(hook, result, sent) or _client_ip_offence(hook, result, client_ip)) is not None:
        return offence
    chosen = _origin(hook, result, headers, origin)
    if isinstance(chosen, Rejected):
        return chosen
    body = request_body(hook, result.get("body"), sent)
    if isinstance(body, Rejected):
        return body
    return ChangedRequest(
        _changed(result["uri"], sent.path),
        _changed(_query(hook, result, sent), sent.query),
        headers,
        body,
        chosen,
    )


def _query(hook: Hook, result: dict[str, Any], sent: Request) -> Any:
    """The querystring of a returned request; for one that has none, what is chosen: None is refused."""
    absent = {NoQuerystring.REMOVED: "", NoQuerystring.KEPT: readable(sent.query), NoQuerystring.REFUSED: None}
    return optional(result, "querystring", absent[hook.choices.no_querystring])


def _changed(text: str, sent: str) -> str:
    """The sent bytes where the function left them alone, else its text as UTF-8 (documented)."""
    return sent if text == readable(sent) else wire(text)


def _target_offence(hook: Hook, result: dict[str, Any], sent: Request) -> Rejected | None:
    """What is wrong with uri, querystring and method. inferred: what the viewer sent itself is never an offence"""
    uri, query = result.get("uri"), _query(hook, result, sent)
    same_uri, same_query = uri == readable(sent.path), query == readable(sent.query)
    if not isinstance(uri, str) or not uri.startswith("/") or (not same_uri and _BAD_IN_URI.search(uri)):
        return Rejected(Rejection.URI, f"uri is {shown(uri)}; it must start with / and have no spaces", "uri")
    if not isinstance(query, str) or (not same_query and _BAD_IN_QUERY.search(query)):
        return Rejected(Rejection.QUERY_STRING, f"querystring is {shown(query)}; no spaces, no #", "querystring")
    if len(uri) + len(query) >= FUNCTION_URI_CHARS and not (same_uri and same_query):
        # documented: less than 8,192 characters together
        return Rejected(Rejection.URI, "uri and querystring are 8,192 characters or more", "uri")
    # documented as read-only; what an attempt leads to is a choice
    method = optional(result, "method", sent.method)
    if method != sent.method and hook.choices.method_changed is MethodChanged.REFUSED:
        return Rejected(Rejection.METHOD_CHANGED, f"method is {shown(method)}", "method")
    return None


def _client_ip_offence(hook: Hook, result: dict[str, Any], sent: str) -> Rejected | None:
    """documented as read-only; what an attempt leads to is a choice"""
    given = optional(result, "clientIp", sent)
    if not sent or given == sent or hook.choices.client_ip_changed is ClientIpChanged.IGNORED:
        return None
    return Rejected(Rejection.CLIENT_IP_CHANGED, f"clientIp is {shown(given)}", "clientIp")


def _origin(hook: Hook, result: dict[str, Any], headers: Headers, origin: Origin | None) -> Origin | Rejected | None:
    """documented: at origin-request only; inferred: ignored elsewhere, and one left out stays as it was"""
    if hook.trigger is not Trigger.ORIGIN_REQUEST or origin is None or result.get("origin") is None:
        return origin
    chosen = function_origin.chosen(result["origin"], origin, hook.choices)
    if isinstance(chosen, Rejected):
        return chosen
    visible = {name for name in headers.index if not is_disallowed(name)}
    both = visible & {name.lower() for name, _ in chosen.custom_headers}
    if both and hook.choices.custom_header_twice is CustomHeaderTwice.REFUSED:
        # documented: lambda-event-structure, a custom header may not also be in request.headers
        return Rejected(Rejection.ORIGIN, f"{min(both)} is in customHeaders and in request.headers", "origin")
    return chosen
