"""For how long a response may be served from the cache.

Rule: no-store/private/no-cache, then s-maxage, then max-age, then Expires, then the default TTL (the order is inferred
from the table), less the Age of the response; within the policy's minimum and maximum. Errors have a rule of their own.
Source: Expiration, first table; HTTPStatusCodes; GeneratingCustomErrorResponses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgesim.distribution import limits
from edgesim.distribution.choices import STANDARD, Choices
from edgesim.distribution.edge_choices import ExpiresFrom
from edgesim.distribution.model import Distribution
from edgesim.distribution.policies import CachePolicy
from edgesim.rules.age import origin_age
from edgesim.rules.reasons import TtlBound, TtlReason
from edgesim.values.cache_control import CacheControl, cache_control
from edgesim.values.headers import Headers, list_items
from edgesim.values.instant import Duration, Instant, parse_http_date


@dataclass(frozen=True, slots=True)
class Ttl:
    """Seconds, the directive or setting that decided, and what moved it, if anything did; and `age`, the seconds that
    the response was old when it came."""

    seconds: Duration
    because: TtlReason
    bound: TtlBound | None = None
    age: int = 0


def ttl(headers: Headers, policy: CachePolicy, now: Instant, choices: Choices = STANDARD) -> Ttl:
    """The TTL of a response that is no error, received `now`."""
    return _aged(_ttl(headers, policy, now, choices), headers, choices)


def _aged(life: Ttl, headers: Headers, choices: Choices) -> Ttl:
    age = origin_age(headers, choices.origin_age)
    return replace(life, age=age) if age else life


def _ttl(headers: Headers, policy: CachePolicy, now: Instant, choices: Choices) -> Ttl:
    control = cache_control(headers)
    forbidden = _forbidding(control)
    if forbidden in _MAY_VARY and not policy.min_ttl and "*" in list_items(headers.all("vary")):
        # documented: stored, but never fresh, and not revalidated; with a minimum TTL it counts for nothing
        return Ttl(Duration(0), TtlReason.VARY_STAR)
    if forbidden is not None:
        # documented: with a minimum TTL above zero even these are kept for it
        return Ttl(Duration(policy.min_ttl), forbidden, TtlBound.MIN if policy.min_ttl else None)
    asked = _asked(control, headers, now, choices)
    if asked is None:
        return _within(Ttl(Duration(policy.default_ttl), TtlReason.DEFAULT), policy.min_ttl, float("inf"))
    return _within(asked, policy.min_ttl, policy.max_ttl)


_MAY_VARY = (None, TtlReason.NO_CACHE)


def _forbidding(control: CacheControl) -> TtlReason | None:
    if control.no_store:
        return TtlReason.NO_STORE
    if control.private:
        return TtlReason.PRIVATE
    return TtlReason.NO_CACHE if control.no_cache else None


def _asked(control: CacheControl, headers: Headers, now: Instant, choices: Choices) -> Ttl | None:
    """What the origin asks for, less the age that the response has already, or None where it says nothing."""
    if control.s_maxage is not None:
        whole = Ttl(Duration(control.s_maxage), TtlReason.S_MAXAGE)
    elif control.max_age is not None:
        whole = Ttl(Duration(control.max_age), TtlReason.MAX_AGE)
    elif "expires" in headers:
        whole = Ttl(_until_expires(headers, now, choices), TtlReason.EXPIRES)
    else:
        return None
    age = origin_age(headers, choices.origin_age)
    if age is None:
        return replace(whole, seconds=Duration(0), bound=TtlBound.AGE_UNREADABLE)
    return replace(whole, seconds=Duration(max(0, whole.seconds - age)), bound=TtlBound.AGE) if age else whole


def _until_expires(headers: Headers, now: Instant, choices: Choices) -> Duration:
    """inferred: a date that can't be read, or lies in the past, means already expired"""
    date = parse_http_date(headers.get("expires") or "")
    sent = parse_http_date(headers.get("date") or "") if choices.expires_from is ExpiresFrom.DATE else None
    return Duration(max(0.0, date - (now if sent is None else sent)) if date is not None else 0.0)


def _within(asked: Ttl, least: float, most: float) -> Ttl:
    if asked.seconds > most:
        return replace(asked, seconds=Duration(most), bound=TtlBound.MAX)
    if asked.seconds < least:
        return replace(asked, seconds=Duration(least), bound=TtlBound.MIN)
    return asked


def error_caching_min_ttl(distribution: Distribution, status: int) -> float:
    """Seconds: what the custom error response sets, or 10 (documented: HTTPStatusCodes)."""
    configured = distribution.error_responses.get(status)
    return configured.caching_min_ttl if configured else limits.ERROR_CACHING_MIN_TTL_SECONDS


def error_ttl(status: int, headers: Headers, distribution: Distribution, policy: CachePolicy, now: Instant) -> Ttl:
    """The TTL of an error: what the origin asks for up to the maximum TTL, but at least the error caching minimum.

    documented: GeneratingCustomErrorResponses; inferred: the policy's minimum TTL has no part in it
    """
    least = error_caching_min_ttl(distribution, status)
    choices = distribution.terms.choices
    asked = _asked(cache_control(headers), headers, now, choices)
    if asked is None or min(asked.seconds, policy.max_ttl) <= least:
        return _aged(Ttl(Duration(least), TtlReason.ERROR_MIN_TTL), headers, choices)
    return _aged(_within(asked, least, policy.max_ttl), headers, choices)
