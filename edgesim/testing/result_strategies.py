"""What functions return that CloudFront accepts; for what it refuses: strategies.function_results."""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from edgesim.distribution.model import Trigger

__all__ = ["generated_responses", "valid_results"]

Result = dict[str, Any]

_text = st.text(st.characters(min_codepoint=0x20, codec="utf-8", exclude_characters="\x7f"), max_size=12)
_NAMES = ("cache-control", "content-type", "location", "set-cookie", "x-a", "x-b", "x-frame-options")
_lines = st.lists(_text.map(lambda value: {"value": value}), min_size=1, max_size=2)
_headers = st.dictionaries(st.sampled_from(_NAMES), _lines, max_size=3)
_body_texts = _text.map(lambda text: {"body": text})
_body_bytes = st.binary(max_size=12).map(
    lambda data: {"body": base64.b64encode(data).decode(), "bodyEncoding": "base64"}
)
_bodies: st.SearchStrategy[Result] = st.just({}) | _body_texts | _body_bytes
_statuses = st.sampled_from((200, 201, 301, 302, 304, 400, 401, 403, 404, 500, 503)) | st.integers(200, 599)
_paths = st.text("abc019-._~%/é", max_size=12).map(lambda rest: f"/{rest}")
_queries = st.text("abc=&%+019é", max_size=12)


def generated_responses() -> st.SearchStrategy[Result]:
    """Responses that a function may make at `viewer-request` or `origin-request`."""
    return st.builds(_response, _statuses, st.booleans(), _headers, _bodies, st.none() | _text)


def _response(status: int, as_text: bool, headers: Result, body: Result, description: str | None) -> Result:
    told = {} if description is None else {"statusDescription": description}
    # documented: a 204 at viewer-request has no body
    return {"status": str(status) if as_text else status, "headers": headers, **told, **({} if status == 204 else body)}


def valid_results(event: Mapping[str, Any]) -> st.SearchStrategy[Result]:
    """What a function may return for this event: what it was given, unchanged or with other headers, path and query
    string, or status and body, as the trigger allows; at a request's trigger a response of its own, too."""
    cf = event["Records"][0]["cf"]
    trigger = Trigger(cf["config"]["eventType"])
    if "response" in cf:
        bodies = st.just({}) if trigger is Trigger.VIEWER_RESPONSE else _bodies
        statuses = st.just(None) if trigger is Trigger.VIEWER_RESPONSE else st.none() | _statuses
        return st.builds(_changed_response, st.just(cf["response"]), statuses, _headers, bodies)
    changed = st.builds(_changed_request, st.just(cf["request"]), st.none() | _paths, st.none() | _queries, _headers)
    return changed | generated_responses()


def _changed_request(request: Mapping[str, Any], path: str | None, query: str | None, headers: Result) -> Result:
    result = copy.deepcopy(dict(request))
    result["uri"] = request["uri"] if path is None else path
    result["querystring"] = request["querystring"] if query is None else query
    result["headers"] |= headers
    return result


def _changed_response(response: Mapping[str, Any], status: int | None, headers: Result, body: Result) -> Result:
    result = copy.deepcopy(dict(response))
    result["headers"] |= headers
    return {**result, **({} if status is None else {"status": str(status)}), **({} if status == 204 else body)}
