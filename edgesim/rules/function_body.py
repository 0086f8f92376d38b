"""The bodies in a function's result: of a response that it makes or changes, and of a request that it passes on.

Rule 1: what a body is comes first, then its encoding, its size last.
Rule 2: sizes are those of distribution/limits.py; how base64 counts is a choice.
Source: lambda-generating-http-responses-in-requests, lambda-updating-http-responses, lambda-include-body-access,
lambda-at-edge-function-restrictions, cloudfront-limits.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from edgesim.distribution.choices import Base64Size, BodilessStatus, EmptyBody, OversizedText
from edgesim.distribution.model import Trigger
from edgesim.rules.function_headers import Rejected, shown
from edgesim.rules.hooks import Hook
from edgesim.rules.reasons import Rejection
from edgesim.values.headers import Headers
from edgesim.values.message import Request


def optional(result: dict[str, Any], name: str, default: Any) -> Any:
    """inferred: null is as good as absent, since it is what languages make of an attribute without a value"""
    value = result.get(name)
    return default if value is None else value


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(text: str, encoding: object, at: str, encoding_at: str) -> bytes | Rejected:
    if encoding == "text":
        return _octets(text)
    if encoding != "base64":
        return Rejected(Rejection.BODY_ENCODING, f"the body encoding is {shown(encoding)}", encoding_at)
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except binascii.Error as why:
        return Rejected(Rejection.BASE64, f"the body is not base64: {why}", at)
    except UnicodeEncodeError:
        return Rejected(Rejection.BASE64, "the body is not base64: it has characters beyond ASCII", at)


# ── responses ────────────────────────────────────────────────────────────────


def response_body(hook: Hook, result: dict[str, Any], status: int, headers: Headers) -> bytes | Rejected | None:
    """The body's bytes, or None where the result has none. `headers` are those of the response, for they count."""
    text = optional(result, "body", "")
    if not isinstance(text, str):
        return Rejected(Rejection.BODY, f"the body is {shown(text)}, not a string", "body")
    if _is_body(hook, result) and _allows_none(hook, status):
        return Rejected(Rejection.BODY_NOT_ALLOWED, f"a {status} response has a body", "body")
    body = _decoded(text, optional(result, "bodyEncoding", "text"), "body", "bodyEncoding")
    if isinstance(body, Rejected):
        return body
    return _too_large(hook, text, body, headers) or (None if result.get("body") is None else body)


def _is_body(hook: Hook, result: dict[str, Any]) -> bool:
    """Is there a body, where there may be none? An empty one is by choice."""
    body = result.get("body")
    return bool(body) or (body is not None and hook.choices.empty_body is EmptyBody.COUNTED)


def _allows_none(hook: Hook, status: int) -> bool:
    """documented: a 204 at viewer-request; whether elsewhere, and a 304 too, is a choice"""
    match hook.choices.bodiless_status:
        case BodilessStatus.ONLY_204_AT_VIEWER_REQUEST:
            return status == 204 and hook.trigger is Trigger.VIEWER_REQUEST
        case BodilessStatus.EVERY_204:
            return status == 204
        case BodilessStatus.EVERY_204_AND_304:
            return status in {204, 304}


def _too_large(hook: Hook, text: str, body: bytes, headers: Headers) -> Rejected | None:
    """documented: 40 KB at viewer triggers, 1 MB at origin triggers, headers and body together. How base64 counts, and
    what the page says, are choices"""
    counted = _octets(text) if hook.choices.base64_size is Base64Size.ENCODED else body
    size = len(counted) + sum(len(name) + len(value) for name, value in headers)
    limit = hook.rules.generated_limit
    if size <= limit:
        return None
    cut_off = hook.rules.at_origin and hook.choices.oversized_text is OversizedText.JSON
    code = Rejection.NOT_JSON if cut_off else Rejection.BODY
    return Rejected(code, f"headers and body are {size:,} bytes, more than {limit:,}", "body")


# ── requests ─────────────────────────────────────────────────────────────────

# documented: editable for methods that carry a body; inferred: for GET and HEAD a body object is ignored
_BODILESS_METHODS = frozenset({"GET", "HEAD"})


def misshapen(value: object) -> Rejected | None:
    """Is this no body of a request at all? observed: for API Gateway's shape, which has a text for its body and no
    headers, the page speaks of the body; so this is looked at before what became of the headers"""
    if value is None or isinstance(value, dict):
        return None
    return Rejected(Rejection.BODY, "the body of a request is not an object", "body")


def request_body(hook: Hook, value: dict[str, Any] | None, sent: Request) -> bytes | Rejected | None:
    """The replacement body, or None where the original goes on (documented: unless `action` is `replace`)."""
    if value is None:
        return None
    if value.get("action") != "replace" or sent.method in _BODILESS_METHODS:
        return None
    data, encoding = optional(value, "data", ""), optional(value, "encoding", "base64")
    if not isinstance(data, str):
        return Rejected(Rejection.BODY, "body.data is not a string", "body.data")
    body = _decoded(data, encoding, "body.data", "body.encoding")
    return body if isinstance(body, Rejected) else _within_limit(hook, data, encoding == "base64", body)


def _within_limit(hook: Hook, data: str, is_base64: bool, body: bytes) -> bytes | Rejected:
    """documented: 40 KB or 1 MB as text, 53.2 KB or 1.33 MB as base64; more is refused, and was cut in 2023"""
    # inferred: 53.2 and 1.33 are 1.33 times as much, to the byte; so a whole 40 KB, encoded, is a little more than that
    allowed = hook.rules.body_limit * 133 // 100 if is_base64 else hook.rules.body_limit
    if hook.rules.cuts_body:
        return body[: allowed // 4 * 3 if is_base64 else allowed]  # inferred: whole groups of four characters
    size = len(data) if is_base64 else len(body)
    if size <= allowed:
        return body
    return Rejected(Rejection.BODY, f"body.data is {size:,} bytes, more than {allowed:,}", "body.data")
