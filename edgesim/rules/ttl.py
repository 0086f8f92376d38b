"""For how long a response may be served from the cache.

Rule: no-store/private/no-cache, then s-maxage, then max-age, then Expires, then the default TTL (the order is inferred
from the table); within the policy's minimum and maximum. Errors have a rule of their own.
Source: Expiration, first table; HTTPStatusCodes; GeneratingCustomErrorResponses.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgesim.distribution import limits
from edgesim.distribution.model import Distribution
from edgesim.distribution.policies import CachePolicy
from edgesim.rules.reasons import TtlBound, TtlReason
from edgesim.values.cache_control import CacheControl, cache_control
from edgesim.values.headers import Headers, list_items
from edgesim.values.instant import Duration, Instant, parse_http_date


@dataclass(frozen=True, slots=True)
class Ttl:
    """Seconds, the directive or setting that decided, and the bound that moved it, if one did."""

    seconds: Duration
    because: TtlReason
    bound: TtlBound | None = None


def ttl(headers: Headers, policy: CachePolicy, now: Instant) -> Ttl:
    """The TTL of a response that is no error, received `now`."""
    control = cache_control(headers)
    forbidden = _forbidding(control)
    if forbidden in _MAY_VARY and not policy.min_ttl and "*" in list_items(headers.all("vary")):
        # documented: stored, but never fresh, and not revalidated; with a minimum TTL it counts for nothing
        return Ttl(Duration(0), TtlReason.VARY_STAR)
    if forbidden is not None:
        # documented: with a minimum TTL above zero even these are kept for it
        return Ttl(Duration(policy.min_ttl), forbidden, TtlBound.MIN if policy.min_ttl else None)
    asked = _asked(control, headers, now)
    if asked is None:
        return _within(Duration(policy.default_ttl), TtlReason.DEFAULT, policy.min_ttl, float("inf"))
    return _within(*asked, policy.min_ttl, policy.max_ttl)


_MAY_VARY = (None, TtlReason.NO_CACHE)


def _forbidding(control: CacheControl) -> TtlReason | None:
    if control.no_store:
        return TtlReason.NO_STORE
    if control.private:
        return TtlReason.PRIVATE
    return TtlReason.NO_CACHE if control.no_cache else None


def _asked(control: CacheControl, headers: Headers, now: Instant) -> tuple[Duration, TtlReason] | None:
    """What the origin asks for, or None where it says nothing."""
    if control.s_maxage is not None:
        return Duration(control.s_maxage), TtlReason.S_MAXAGE
    if control.max_age is not None:
        return Duration(control.max_age), TtlReason.MAX_AGE
    expires = headers.get("expires")
    if expires is None:
        return None
    # inferred: a date that can't be read, or lies in the past, means already expired
    date = parse_http_date(expires)
    return Duration(max(0.0, date - now) if date is not None else 0.0), TtlReason.EXPIRES


def _within(asked: Duration, because: TtlReason, least: float, most: float) -> Ttl:
    if asked > most:
        return Ttl(Duration(most), because, TtlBound.MAX)
    if asked < least:
        return Ttl(Duration(least), because, TtlBound.MIN)
    return Ttl(asked, because)


def error_caching_min_ttl(distribution: Distribution, status: int) -> float:
    """Seconds: what the custom error response sets, or 10 (documented: HTTPStatusCodes)."""
    configured = distribution.error_responses.get(status)
    return configured.caching_min_ttl if configured else limits.ERROR_CACHING_MIN_TTL_SECONDS


def error_ttl(status: int, headers: Headers, distribution: Distribution, policy: CachePolicy, now: Instant) -> Ttl:
    """The TTL of an error: what the origin asks for up to the maximum TTL, but at least the error caching minimum.

    documented: GeneratingCustomErrorResponses; inferred: the policy's minimum TTL has no part in it
    """
    least = error_caching_min_ttl(distribution, status)
    asked = _asked(cache_control(headers), headers, now)
    if asked is None or min(asked[0], policy.max_ttl) <= least:
        return Ttl(Duration(least), TtlReason.ERROR_MIN_TTL)
    return _within(*asked, least, policy.max_ttl)
