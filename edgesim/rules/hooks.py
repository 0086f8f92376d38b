"""The four triggers as data, for each edition of the limits: what each sees, may answer, its limits, its header lists.

Source: edge-functions-restrictions (2023), edge-function-restrictions-all (now), lambda-cloudfront-trigger-events,
cloudfront-limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from types import MappingProxyType

from edgesim.distribution import limits
from edgesim.distribution.choices import Choices, ViewerResponseAfterGeneratedError, ViewerResponseStatus
from edgesim.distribution.limits import LIMITS, Edition
from edgesim.distribution.model import EdgeFunction, Trigger
from edgesim.distribution.terms import STANDARD_TERMS, Terms
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


@dataclass(frozen=True, slots=True)
class HookRules:
    """One trigger. Sizes are bytes; `timeout` is seconds; header names are lower-case. `body_limit` is that of a
    request's body, read or replaced; `cuts_body`: one that is replaced is cut there rather than refused."""

    sees_response: bool
    at_origin: bool
    read_only: frozenset[str]
    generated_limit: int
    body_limit: int = 0
    cuts_body: bool = False
    may_not_add: frozenset[str] = frozenset()
    timeout: float = limits.FUNCTION_TIMEOUT_SECONDS


HookTable = Mapping[Trigger, HookRules]

# documented: edge-function-restrictions-all, lambda-at-edge-function-restrictions, cloudfront-limits
_CURRENT: HookTable = {
    Trigger.VIEWER_REQUEST: HookRules(
        sees_response=False,
        at_origin=False,
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

# documented in March 2023: edge-functions-restrictions, which did not know CDN-Loop, and said nothing of length and
# codings at viewer-response
_WRITABLE_IN_2023: Mapping[Trigger, frozenset[str]] = {
    Trigger.VIEWER_REQUEST: frozenset({"cdn-loop"}),
    Trigger.ORIGIN_REQUEST: frozenset({"cdn-loop"}),
    Trigger.ORIGIN_RESPONSE: frozenset(),
    Trigger.VIEWER_RESPONSE: frozenset({"content-length", "content-encoding", "transfer-encoding"}),
}


def _table(edition: Edition) -> HookTable:
    writable = _WRITABLE_IN_2023 if edition is Edition.OF_2023 else {}
    numbers = LIMITS[edition]
    return {
        trigger: replace(
            rules,
            read_only=rules.read_only - writable.get(trigger, frozenset()),
            timeout=(numbers.origin if rules.at_origin else numbers.viewer).timeout,
            cuts_body=numbers.cuts_replaced_bodies,
        )
        for trigger, rules in _CURRENT.items()
    }


HOOKS: Mapping[Edition, HookTable] = MappingProxyType({edition: _table(edition) for edition in Edition})
"""The four triggers, by the edition whose limits hold."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A trigger of a distribution: which one, and on which terms."""

    trigger: Trigger
    terms: Terms = STANDARD_TERMS

    @property
    def rules(self) -> HookRules:
        """Its row."""
        return HOOKS[self.terms.edition][self.trigger]

    @property
    def choices(self) -> Choices:
        """The answers to open questions."""
        return self.terms.choices


@lru_cache(maxsize=4096)
def is_disallowed(name: str) -> bool:
    """Is a lower-case header name on the list that functions never see and may not add?"""
    return name in DISALLOWED or name.startswith(DISALLOWED_PREFIXES)


def time_limit(hook: Hook, function: EdgeFunction) -> float:
    """Seconds that a function may take at a trigger: its own timeout, capped by the trigger's."""
    return min(function.timeout, hook.rules.timeout)


class MadeBy(Enum):
    """Who made the response that is about to go to the viewer."""

    ORIGIN = "the origin, or the cache"
    VIEWER_REQUEST = "the viewer-request function"
    ORIGIN_REQUEST = "the origin-request function"
    CLOUDFRONT = "CloudFront"
    FAILED_FUNCTION = "CloudFront, for a function that failed"
    ERROR_PAGE = "a custom error page"


_NO_VIEWER_RESPONSE = {
    # documented: lambda-cloudfront-trigger-events
    MadeBy.VIEWER_REQUEST: HookReason.SKIPPED_GENERATED,
    MadeBy.ERROR_PAGE: HookReason.SKIPPED_ERROR_PAGE,
    # inferred: lambda-cloudfront-trigger-events, "any function fails"
    MadeBy.FAILED_FUNCTION: HookReason.SKIPPED_FUNCTION_FAILED,
}


def viewer_response_skipped(
    made_by: MadeBy, status: int, choices: Choices, *, origins_status: int | None = None
) -> HookReason | None:
    """Why the viewer-response function does not run, or None where it runs. `origins_status` is the status before
    origin-response, where that ran.

    documented: not for a status of 400 or higher; which one, where origin-response changed it, is a choice. inferred: a
    generated origin-request response runs it below 400, and by choice above.
    """
    if origins_status is not None and choices.viewer_response_status is ViewerResponseStatus.ORIGINS:
        status = origins_status
    if (reason := _NO_VIEWER_RESPONSE.get(made_by)) is not None:
        return reason
    after_errors = choices.viewer_response_after_generated_error is ViewerResponseAfterGeneratedError.RUNS
    if status < 400 or (made_by is MadeBy.ORIGIN_REQUEST and after_errors):
        return None
    return HookReason.SKIPPED_ERROR_STATUS
