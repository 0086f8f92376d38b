"""Origin groups: when the secondary origin is asked.

Source: high_availability_origin_failover. The primary is asked first, always, whatever happened to requests before; a
failure to connect counts as 503 and a time-out as 504, where the group lists them (documented). That other failures
count as the status that the viewer would get is inferred.
"""

from __future__ import annotations

from edgesim.distribution.choices import Choices
from edgesim.distribution.edge_choices import FailedFunctionFailover, FailoverStatus
from edgesim.distribution.model import CacheBehavior, OriginGroup
from edgesim.errors import OriginTrouble
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import FailoverReason

_NOT_CONNECTED = (frozenset({503}), FailoverReason.NOT_CONNECTED)
_NO_ANSWER = (frozenset({502}), FailoverReason.NO_ANSWER)

_STANDS_FOR: dict[OriginTrouble, tuple[frozenset[int], FailoverReason]] = {
    OriginTrouble.DNS: _NOT_CONNECTED,
    OriginTrouble.CONNECT: _NOT_CONNECTED,
    # inferred: it is both a failure to connect and a time-out
    OriginTrouble.CONNECT_TIMEOUT: (frozenset({503, 504}), FailoverReason.NOT_CONNECTED),
    OriginTrouble.READ_TIMEOUT: (frozenset({504}), FailoverReason.TIMED_OUT),
    OriginTrouble.COMPLETION_TIMEOUT: (frozenset({504}), FailoverReason.TIMED_OUT),
    OriginTrouble.RESET: _NO_ANSWER,
    OriginTrouble.WRITE: _NO_ANSWER,
    OriginTrouble.INVALID_RESPONSE: _NO_ANSWER,
    OriginTrouble.HEADERS_TOO_BIG: _NO_ANSWER,
    OriginTrouble.CONTENT_RANGE: _NO_ANSWER,
    OriginTrouble.TOO_LARGE: _NO_ANSWER,
}

FAILS_OVER = frozenset(
    {FailoverReason.STATUS, FailoverReason.NOT_CONNECTED, FailoverReason.TIMED_OUT, FailoverReason.NO_ANSWER}
)


def came_of(
    choices: Choices, came: int | OriginTrouble | None, made_by: MadeBy, status: int
) -> int | OriginTrouble | None:
    """What counts of the primary's answer: by default what `came` of the origin itself. `made_by` and `status` are
    those of the answer after origin-response. Whether that one counts, and whether a function's failure does, are
    choices"""
    if made_by is MadeBy.FAILED_FUNCTION and choices.failed_function_failover is FailedFunctionFailover.BY_STATUS:
        return status
    by_answer = made_by is MadeBy.ORIGIN and choices.failover_status is FailoverStatus.AFTER_ORIGIN_RESPONSE
    return status if by_answer else came


def failover_verdict(
    group: OriginGroup, behavior: CacheBehavior, method: str, outcome: int | OriginTrouble
) -> FailoverReason | None:
    """Is the secondary origin asked after the primary answered with this status, or failed in this way? One of
    FAILS_OVER means yes; None that there is nothing to fail over at.

    """
    counts, because = _read(outcome)
    if not counts & group.status_codes:
        return _not_listed(outcome)
    # documented: GET, HEAD and OPTIONS, the latter only where it is a cached method
    allowed = method in {"GET", "HEAD"} or (method == "OPTIONS" and method in behavior.cached_methods)
    return because if allowed else FailoverReason.METHOD


def _read(outcome: int | OriginTrouble) -> tuple[frozenset[int], FailoverReason]:
    """The statuses that an outcome counts as, and the reason it gives."""
    if isinstance(outcome, OriginTrouble):
        return _STANDS_FOR[outcome]
    return frozenset({outcome}), FailoverReason.STATUS


def _not_listed(outcome: int | OriginTrouble) -> FailoverReason | None:
    if isinstance(outcome, OriginTrouble):
        return FailoverReason.FAILURE_NOT_LISTED
    return FailoverReason.STATUS_NOT_LISTED if outcome >= 400 else None
