"""Judging what a function returned: any JSON text is accepted, or rejected with a code, a sentence and a place.

The order of the checks is edgesim's own (inferred); the first failure decides. Nothing here raises for anything
a function can return.
Source: lambda-generating-http-responses-in-requests.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

from edgesim.distribution.limits import FUNCTION_URI_CHARS
from edgesim.distribution.model import Origin, Trigger
from edgesim.rules import function_origin
from edgesim.rules.function_event import status_description
from edgesim.rules.function_headers import Line, Rejected, applied, forbidden, new_headers, read_headers, shown
from edgesim.rules.hooks import HOOKS
from edgesim.rules.reasons import Rejection
from edgesim.values.body import NO_BODY
from edgesim.values.headers import NO_HEADERS, Headers, readable, wire
from edgesim.values.message import Request, Response

_BAD_IN_URI = re.compile(r"[\x00-\x20\x7f]")
_BAD_IN_QUERY = re.compile(r"[\x00-\x20\x7f#]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# documented: editable for methods that carry a body; inferred: for GET and HEAD a body object is ignored
_BODILESS = frozenset({"GET", "HEAD"})


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
    trigger: Trigger, payload: str, *, request: Request, origin: Origin | None = None, response: Response | None = None
) -> Verdict:
    """What to make of a function's answer, given what it saw: `request` and `origin`, or `response` at the response's
    triggers."""
    result = _parsed(payload)
    if isinstance(result, Rejected):
        return result
    if response is not None:
        return _judge_response(trigger, result, response)
    # inferred: the key `status` tells a generated response from a request
    if "status" in result:
        return _judge_generated(trigger, result)
    verdict = _judge_request(trigger, result, request, origin)
    if isinstance(verdict, Rejected) and "statusCode" in result:
        # observed: API Gateway's shape is judged as a request; say so, since the rule alone misleads
        return replace(
            verdict, detail=f"{verdict.detail} (without `status` this is a request; statusCode is not status)"
        )
    return verdict


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
"""inferred: NaN and Infinity, which Python's runtime writes, are no JSON to CloudFront"""


def _parsed(payload: str) -> dict[str, Any] | Rejected:
    try:
        value = _DECODER.decode(payload)
    except (ValueError, RecursionError) as why:
        return Rejected(Rejection.NOT_JSON, f"the result is not JSON: {why}")
    if not isinstance(value, dict):
        return Rejected(Rejection.NOT_AN_OBJECT, f"the result is {shown(value)}, not an object")
    return value


def _optional(result: dict[str, Any], name: str, default: Any) -> Any:
    """inferred: null is as good as absent, since it is what languages make of an attribute without a value"""
    value = result.get(name)
    return default if value is None else value


# ── responses ────────────────────────────────────────────────────────────────


def _judge_generated(trigger: Trigger, result: dict[str, Any]) -> GeneratedResponse | Rejected:
    status = _status(result.get("status"))
    if isinstance(status, Rejected):
        return status
    lines = read_headers(_optional(result, "headers", {}), "headers")
    if isinstance(lines, Rejected):
        return lines
    if (offence := forbidden(trigger, lines, NO_HEADERS, "headers")) is not None:
        return offence
    headers = new_headers(lines)
    body = _response_body(trigger, result, status, headers)
    if isinstance(body, Rejected):
        return body
    return GeneratedResponse(Response(status, headers, body or NO_BODY, _reason(result) or ""))


def _judge_response(trigger: Trigger, result: dict[str, Any], sent: Response) -> ChangedResponse | Rejected:
    status = _status(result.get("status"))
    if isinstance(status, Rejected):
        return status
    if trigger is Trigger.VIEWER_RESPONSE and status != sent.status:
        # documented: not changeable here; inferred: an attempt fails rather than being ignored
        return Rejected(Rejection.STATUS_CHANGED, f"status was {sent.status}, the function says {status}", "status")
    lines = read_headers(_optional(result, "headers", {}), "headers")
    if isinstance(lines, Rejected):
        return lines
    if (offence := forbidden(trigger, lines, sent.headers, "headers")) is not None:
        return offence
    headers = applied(lines, sent.headers)
    # inferred: a body from viewer-response is ignored
    body = None if trigger is Trigger.VIEWER_RESPONSE else _response_body(trigger, result, status, headers)
    if isinstance(body, Rejected):
        return body
    return ChangedResponse(status, _changed_reason(result, status, sent), headers, body)


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


def _response_body(trigger: Trigger, result: dict[str, Any], status: int, headers: Headers) -> bytes | Rejected | None:
    """The body's bytes, or None where the result has none."""
    text = _optional(result, "body", "")
    if not isinstance(text, str):
        return Rejected(Rejection.BODY, f"the body is {shown(text)}, not a string", "body")
    if text and status == 204 and trigger is Trigger.VIEWER_REQUEST:
        # documented at viewer-request; elsewhere open, so accepted there
        return Rejected(Rejection.BODY_WITH_204, "a 204 response has a body", "body")
    body = _decoded(text, _optional(result, "bodyEncoding", "text"), "body", "bodyEncoding")
    if isinstance(body, Rejected):
        return body
    return _too_large(trigger, text, headers) or (None if result.get("body") is None else body)


def _decoded(text: str, encoding: object, at: str, encoding_at: str) -> bytes | Rejected:
    if encoding == "text":
        return text.encode("utf-8", "surrogatepass")
    if encoding != "base64":
        return Rejected(Rejection.BODY_ENCODING, f"the body encoding is {shown(encoding)}", encoding_at)
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except binascii.Error as why:
        return Rejected(Rejection.BASE64, f"the body is not base64: {why}", at)
    except UnicodeEncodeError:
        return Rejected(Rejection.BASE64, "the body is not base64: it has characters beyond ASCII", at)


def _too_large(trigger: Trigger, body: str, headers: Headers) -> Rejected | None:
    """documented: 40 KB at viewer triggers, 1 MB at origin triggers, headers and body together.
    inferred: the body counts as the function wrote it, base64 included"""
    size = len(body.encode("utf-8", "surrogatepass")) + sum(len(name) + len(value) for name, value in headers)
    limit = HOOKS[trigger].generated_limit
    if size <= limit:
        return None
    return Rejected(Rejection.BODY, f"headers and body are {size:,} bytes, more than {limit:,}", "body")


# ── requests ─────────────────────────────────────────────────────────────────


def _judge_request(
    trigger: Trigger, result: dict[str, Any], sent: Request, origin: Origin | None
) -> ChangedRequest | Rejected:
    lines = read_headers(_optional(result, "headers", {}), "headers")
    if isinstance(lines, Rejected):
        return lines
    if (offence := forbidden(trigger, lines, sent.headers, "headers") or _target_offence(result, sent)) is not None:
        return offence
    chosen = _origin(trigger, result, lines, origin)
    if isinstance(chosen, Rejected):
        return chosen
    body = _request_body(trigger, result.get("body"), sent)
    if isinstance(body, Rejected):
        return body
    return ChangedRequest(
        _changed(result["uri"], sent.path),
        _changed(_optional(result, "querystring", ""), sent.query),
        applied(lines, sent.headers),
        body,
        chosen,
    )


def _changed(text: str, sent: str) -> str:
    """The sent bytes where the function left them alone, else its text as UTF-8 (documented)."""
    return sent if text == readable(sent) else wire(text)


def _target_offence(result: dict[str, Any], sent: Request) -> Rejected | None:
    """What is wrong with uri, querystring and method. inferred: what the viewer sent itself is never an offence"""
    uri, query = result.get("uri"), _optional(result, "querystring", "")
    same_uri, same_query = uri == readable(sent.path), query == readable(sent.query)
    if not isinstance(uri, str) or not uri.startswith("/") or (not same_uri and _BAD_IN_URI.search(uri)):
        return Rejected(Rejection.URI, f"uri is {shown(uri)}; it must start with / and have no spaces", "uri")
    if not isinstance(query, str) or (not same_query and _BAD_IN_QUERY.search(query)):
        return Rejected(Rejection.QUERY_STRING, f"querystring is {shown(query)}; no spaces, no #", "querystring")
    if len(uri) + len(query) >= FUNCTION_URI_CHARS and not (same_uri and same_query):
        # documented: less than 8,192 characters together
        return Rejected(Rejection.URI, "uri and querystring are 8,192 characters or more", "uri")
    # inferred: documented as read-only, so an attempt fails rather than being ignored
    if (method := _optional(result, "method", sent.method)) != sent.method:
        return Rejected(Rejection.METHOD_CHANGED, f"method is {shown(method)}", "method")
    return None


def _origin(
    trigger: Trigger, result: dict[str, Any], lines: list[Line], origin: Origin | None
) -> Origin | Rejected | None:
    """documented: at origin-request only; inferred: ignored elsewhere, and one left out stays as it was"""
    if trigger is not Trigger.ORIGIN_REQUEST or origin is None or result.get("origin") is None:
        return origin
    chosen = function_origin.chosen(result["origin"], origin)
    if isinstance(chosen, Rejected):
        return chosen
    both = {line.name for line in lines} & {name.lower() for name, _ in chosen.custom_headers}
    if both:
        # documented: lambda-event-structure, a custom header may not also be in request.headers
        return Rejected(Rejection.ORIGIN, f"{min(both)} is in customHeaders and in request.headers", "origin")
    return chosen


def _request_body(trigger: Trigger, value: object, sent: Request) -> bytes | Rejected | None:
    """The replacement body, or None where the original goes on (documented: unless `action` is `replace`)."""
    if value is None:
        return None
    if not isinstance(value, dict):
        return Rejected(Rejection.BODY, "the body of a request is not an object", "body")
    if value.get("action") != "replace" or sent.method in _BODILESS:
        return None
    data, encoding = _optional(value, "data", ""), _optional(value, "encoding", "base64")
    if not isinstance(data, str):
        return Rejected(Rejection.BODY, "body.data is not a string", "body.data")
    # documented: 40 KB or 1 MB as text, 53.2 KB or 1.33 MB as base64 (which is the same, encoded)
    limit = HOOKS[trigger].body_limit
    allowed = limit if encoding == "text" else (limit + 2) // 3 * 4
    if len(data.encode("utf-8", "surrogatepass")) > allowed:
        return Rejected(Rejection.BODY, f"body.data is larger than {allowed:,} bytes", "body.data")
    return _decoded(data, encoding, "body.data", "body.encoding")
