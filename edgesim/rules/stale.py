"""Objects past their TTL that answer all the same.

Rule 1: for how long is decided when the object is stored, by its own headers and the policy it came under.
Rule 2: only an error that the origin gave, or that came of not reaching it, is replaced; a function's failure is by
        choice.
Source: Expiration, "Serve stale (expired) content"; HTTPStatusCodes.
"""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution.choices import Choices
from edgesim.distribution.edge_choices import (
    ForbiddenInOutage,
    HoldAfterError,
    InsteadOfErrorResult,
    StaleAfterFailedFunction,
    StaleLimit,
    WhileRevalidatedResult,
)
from edgesim.distribution.policies import CachePolicy
from edgesim.errors import OriginTrouble
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import Outcome, StaleReason, TtlReason
from edgesim.rules.storing import NOT_REUSED
from edgesim.rules.ttl import Ttl
from edgesim.values.cache_control import cache_control
from edgesim.values.entry import NEVER_STALE, Entry, StaleTerms
from edgesim.values.headers import Headers
from edgesim.values.instant import Duration, Instant

# The origin wants to be asked each time. inferred: so stale-while-revalidate means nothing beside these
_ASKED_EACH_TIME = frozenset({TtlReason.NO_STORE, TtlReason.PRIVATE, TtlReason.NO_CACHE, TtlReason.VARY_STAR})


def stale_terms(status: int, headers: Headers, life: Ttl, policy: CachePolicy, choices: Choices) -> StaleTerms:
    """For how long after its TTL a response may answer.

    documented: up to the directive's value or the maximum TTL, whichever is less; where stale-if-error is missing a
    stale object takes the place of an error anyway, and stale-if-error=0 switches that off; errors never do
    """
    forbidden = life.because in NOT_REUSED and choices.forbidden_in_outage is ForbiddenInOutage.NEVER
    if status >= 400 or forbidden:
        return NEVER_STALE
    control = cache_control(headers)
    passed = life.seconds if choices.stale_limit is StaleLimit.FROM_FETCH else 0.0
    room = max(0.0, policy.max_ttl - passed)
    on_error = control.seconds("stale-if-error")
    behind = 0 if life.because in _ASKED_EACH_TIME else control.seconds("stale-while-revalidate") or 0
    return StaleTerms(
        while_revalidated=Duration(min(behind, room)),
        on_error=Duration(room if on_error is None else min(on_error, room)),
        asked=on_error is not None,
    )


def replaceable(
    choices: Choices, status: int, made_by: MadeBy, came: int | OriginTrouble | None
) -> int | OriginTrouble | None:
    """The error that a stale object may take the place of; None where there is none. `came` is what the origin answered
    or how it failed; None where a function answered in its place. A function's failure is one by choice."""
    if made_by is MadeBy.FAILED_FUNCTION:
        return status if choices.stale_after_failed_function is StaleAfterFailedFunction.STALE else None
    return came if status >= 500 else None


def instead_of_error(entry: Entry, came: int | OriginTrouble, now: Instant) -> StaleReason:
    """May this stale object take the place of an error, when the origin answered with this status or failed in this
    way? The reason is one of SERVED, or says why not.

    documented: what no-store or private forbid to keep is served where the origin is unreachable; inferred: so not
    where it answers with an error
    """
    terms = entry.stale
    if entry.for_outages and isinstance(came, int):
        return StaleReason.ORIGIN_ANSWERS
    if now - entry.fresh_until < terms.on_error:
        return StaleReason.STALE_IF_ERROR if terms.asked else StaleReason.ORIGIN_FAILED
    return StaleReason.SWITCHED_OFF if terms.asked and not terms.on_error else StaleReason.TOO_OLD


SERVED = frozenset({StaleReason.STALE_IF_ERROR, StaleReason.ORIGIN_FAILED})


def held(entry: Entry, error_caching_min_ttl: float, now: Instant, choices: Choices) -> Entry | None:
    """The object as it is kept after it took the place of an error: it answers without another attempt for the error
    caching minimum TTL (documented: HTTPStatusCodes). None where every request is to try again, which is a choice"""
    if choices.hold_after_error is HoldAfterError.NEVER or error_caching_min_ttl <= 0:
        return None
    return replace(
        entry, held_until=Instant(min(now + error_caching_min_ttl, entry.fresh_until + entry.stale.on_error))
    )


_WHILE_REVALIDATED = {
    WhileRevalidatedResult.HIT: Outcome.HIT,
    WhileRevalidatedResult.REFRESH_HIT: Outcome.REFRESH_HIT,
}
_INSTEAD_OF_ERROR = {
    InsteadOfErrorResult.REFRESH_HIT: Outcome.REFRESH_HIT,
    InsteadOfErrorResult.HIT: Outcome.HIT,
    InsteadOfErrorResult.ERROR: Outcome.ERROR,
}


def while_revalidated_outcome(choices: Choices) -> Outcome:
    """The result of an object that answers within stale-while-revalidate, which is a choice."""
    return _WHILE_REVALIDATED[choices.while_revalidated_result]


def instead_of_error_outcome(choices: Choices) -> Outcome:
    """The result of an object in the place of an error, which is a choice."""
    return _INSTEAD_OF_ERROR[choices.instead_of_error_result]
