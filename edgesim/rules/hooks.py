"""The four triggers as data: what each sees, may answer, its limits and its header lists.

Source: edge-functions-restrictions (2023), edge-function-restrictions-all (now), lambda-cloudfront-trigger-events,
cloudfront-limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgesim.distribution import limits
from edgesim.distribution.model import EdgeFunction, Trigger
from edgesim.rules.reasons import HookReason

# documented: edge-function-restrictions-all, "disallowed headers": never in an event, may not be added
DISALLOWED = frozenset(
    {
        "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "trailer", "upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect",
        "x-amzn-auth", "x-amzn-cf-billing", "x-amzn-cf-id", "x-amzn-cf-xff", "x-amzn-errortype",
        "x-amzn-fle-profile", "x-amzn-header-count", "x-amzn-header-order", "x-amzn-lambda-integration-tag",
        "x-amzn-requestid", "x-cache", "x-forwarded-proto", "x-real-ip",
    }
)  # fmt: skip
DISALLOWED_PREFIXES = ("x-amz-cf-", "x-edge-")

# documented: add-origin-custom-headers
NEVER_CUSTOM_ORIGIN_HEADERS = frozenset(
    {
        "cache-control", "connection", "content-length", "cookie", "host", "if-match", "if-modified-since",
        "if-none-match", "if-range", "if-unmodified-since", "max-forwards", "pragma", "proxy-authorization",
        "proxy-connection", "range", "request-range", "te", "trailer", "transfer-encoding", "upgrade", "via",
        "x-real-ip",
    }
)  # fmt: skip
NEVER_CUSTOM_ORIGIN_PREFIXES = ("x-amz-", "x-edge-")


@dataclass(frozen=True, slots=True)
class HookRules:
    """One trigger. Sizes are bytes; `timeout` is seconds; header names are lower-case."""

    sees_response: bool
    at_origin: bool
    read_only: frozenset[str]
    generated_limit: int
    body_limit: int = 0
    may_not_add: frozenset[str] = frozenset()
    timeout: float = limits.FUNCTION_TIMEOUT_SECONDS


HOOKS: dict[Trigger, HookRules] = {
    Trigger.VIEWER_REQUEST: HookRules(
        sees_response=False,
        at_origin=False,
        # documented: edge-function-restrictions-all (cdn-loop: current edition)
        read_only=frozenset({"cdn-loop", "content-length", "host", "transfer-encoding", "via"}),
        generated_limit=limits.VIEWER_GENERATED_BYTES,
        body_limit=limits.VIEWER_REQUEST_BODY_BYTES,
        # documented: edge-functions-restrictions, "CloudFront-Viewer-Country can't be added at viewer request"
        may_not_add=frozenset({"cloudfront-viewer-country"}),
    ),
    Trigger.ORIGIN_REQUEST: HookRules(
        sees_response=False,
        at_origin=True,
        read_only=frozenset(
            {
                "accept-encoding",
                "cdn-loop",
                "content-length",
                "if-modified-since",
                "if-none-match",
                "if-range",
                "if-unmodified-since",
                "transfer-encoding",
                "via",
            }
        ),
        generated_limit=limits.ORIGIN_GENERATED_BYTES,
        body_limit=limits.ORIGIN_REQUEST_BODY_BYTES,
    ),
    Trigger.ORIGIN_RESPONSE: HookRules(
        sees_response=True,
        at_origin=True,
        read_only=frozenset({"transfer-encoding", "via"}),
        generated_limit=limits.ORIGIN_GENERATED_BYTES,
    ),
    Trigger.VIEWER_RESPONSE: HookRules(
        sees_response=True,
        at_origin=False,
        read_only=frozenset({"warning", "via", "content-length", "content-encoding", "transfer-encoding"}),
        generated_limit=limits.VIEWER_GENERATED_BYTES,
    ),
}


def is_disallowed(name: str) -> bool:
    """Is a lower-case header name on the list that functions never see and may not add?"""
    return name in DISALLOWED or name.startswith(DISALLOWED_PREFIXES)


def time_limit(trigger: Trigger, function: EdgeFunction) -> float:
    """Seconds that a function may take at a trigger: its own timeout, capped by the trigger's."""
    return min(function.timeout, HOOKS[trigger].timeout)


class MadeBy(Enum):
    """Who made the response that is about to go to the viewer."""

    ORIGIN = "the origin, or the cache"
    VIEWER_REQUEST = "the viewer-request function"
    ORIGIN_REQUEST = "the origin-request function"
    CLOUDFRONT = "CloudFront"
    FAILED_FUNCTION = "a function that failed"
    ERROR_PAGE = "a custom error page"


_NO_VIEWER_RESPONSE = {
    # documented: lambda-cloudfront-trigger-events
    MadeBy.VIEWER_REQUEST: HookReason.SKIPPED_GENERATED,
    MadeBy.ERROR_PAGE: HookReason.SKIPPED_ERROR_PAGE,
    # inferred: lambda-cloudfront-trigger-events, "any function fails"
    MadeBy.FAILED_FUNCTION: HookReason.SKIPPED_FUNCTION_FAILED,
}


def viewer_response_skipped(made_by: MadeBy, status: int) -> HookReason | None:
    """Why the viewer-response function does not run, or None where it runs.

    documented: not for a status of 400 or higher; for one that origin-response changed, the new status counts
    (inferred: lambda-updating-http-responses). A generated origin-request response does run it (inferred).
    """
    if (reason := _NO_VIEWER_RESPONSE.get(made_by)) is not None:
        return reason
    return HookReason.SKIPPED_ERROR_STATUS if status >= 400 else None
