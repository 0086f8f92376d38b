"""What a function may have meant whose result is refused: the shapes that results have elsewhere.

The rule that a result breaks first says little where it is the wrong thing altogether: of the event itself, that it
lacks a read-only header.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgesim.distribution.model import Trigger

_ON_RESPONSES = (Trigger.ORIGIN_RESPONSE, Trigger.VIEWER_RESPONSE)


def hint(trigger: Trigger, result: Mapping[str, Any]) -> str:
    """A way out, for a refused result that looks like a well-known mistake; else empty."""
    wanted = "response" if trigger in _ON_RESPONSES else "request"
    if "Records" in result:
        return f"this is the event: return its Records[0].cf.{wanted}"
    if isinstance(result.get("cf"), dict):
        return f"this is Records[0] of the event: return its cf.{wanted}"
    if isinstance(result.get(wanted), dict):
        return f"this is Records[0].cf of the event: return its {wanted}"
    if "status" not in result and "statusCode" in result:
        # observed: API Gateway's shape, and that of CloudFront Functions, is judged as a request
        return "without status this is a request; a Lambda@Edge function writes status, not statusCode"
    if wanted == "response" and "status" not in result and "uri" in result:
        return "this is the request: at this trigger return Records[0].cf.response of the event"
    if _has_bare_values(result.get("headers")):
        written = "a header is written 'name': [{'key': 'Name', 'value': …}]"
        return f"{written}; 'name': {{'value': …}} is for CloudFront Functions"
    return ""


def _has_bare_values(headers: Any) -> bool:
    """The headers object of CloudFront Functions. documented: functions-event-structure"""
    return isinstance(headers, dict) and any(isinstance(one, dict) and "value" in one for one in headers.values())
