"""Whether a response is kept, and in what form.

Source: Expiration, HTTPStatusCodes, Cookies, RangeGETs, invalidation-by-tags.
"""

from __future__ import annotations

from edgesim.distribution.model import CacheBehavior, Distribution
from edgesim.rules.ranges import asked_part, part_of
from edgesim.rules.reasons import StoreReason, TtlReason
from edgesim.rules.ttl import Ttl, error_ttl, ttl
from edgesim.rules.websocket import is_handshake
from edgesim.values.cache_control import cache_control
from edgesim.values.cache_tags import NO_TAGS, read_tags
from edgesim.values.entry import NEVER_STALE, Entry, StaleTerms
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response

# documented: HTTPStatusCodes
ALWAYS_CACHED_ERRORS = frozenset({404, 414, 500, 501, 502, 503, 504})
ERRORS_CACHED_WITH_MAX_AGE = frozenset({400, 403, 405, 412, 415})

KEPT = frozenset(
    {
        StoreReason.STORED,
        StoreReason.STORED_FOR_REVALIDATION,
        StoreReason.PART_STORED,
        StoreReason.ERROR_STORED,
    }
)


def response_ttl(
    distribution: Distribution, behavior: CacheBehavior, status: int, headers: Headers, now: Instant
) -> Ttl:
    """The TTL by the rule for errors or the one for everything else."""
    if status >= 400:
        return error_ttl(status, headers, distribution, behavior.cache_policy, now)
    return ttl(headers, behavior.cache_policy, now, distribution.terms.choices)


def storing_verdict(behavior: CacheBehavior, request: Request, response: Response, life: Ttl) -> StoreReason:
    """Is this response to this request kept? The reason is one of KEPT, or says why not. inferred: nothing is kept of
    what an origin says to the handshake of a WebSocket, be it yes or no"""
    if is_handshake(request):
        return StoreReason.WEBSOCKET
    if not behavior.cache_policy.caches:
        return StoreReason.CACHING_DISABLED
    if request.method not in behavior.cached_methods:
        return StoreReason.METHOD
    if response.status >= 400:
        return _error_verdict(response)
    if response.status == 304:
        return StoreReason.NOT_MODIFIED
    if response.status == 206 and not (asked_part(request) and part_of(response.headers)):
        return StoreReason.PARTIAL
    verdict = _freshness_verdict(life)
    return StoreReason.PART_STORED if response.status == 206 and verdict is StoreReason.STORED else verdict


def _error_verdict(response: Response) -> StoreReason:
    if response.status in ALWAYS_CACHED_ERRORS:
        return StoreReason.ERROR_STORED
    if response.status not in ERRORS_CACHED_WITH_MAX_AGE:
        return StoreReason.ERROR_NEVER
    control = cache_control(response.headers)
    told = control.max_age is not None or control.s_maxage is not None
    return StoreReason.ERROR_STORED if told else StoreReason.ERROR_WITHOUT_MAX_AGE


def _freshness_verdict(life: Ttl) -> StoreReason:
    """observed: no-store and private are never kept at a minimum TTL of 0, while no-cache is, to be revalidated"""
    if life.seconds > 0:
        return StoreReason.STORED
    return NOT_REUSED.get(life.because, StoreReason.STORED_FOR_REVALIDATION)


NOT_REUSED = {TtlReason.NO_STORE: StoreReason.NO_STORE, TtlReason.PRIVATE: StoreReason.PRIVATE}


def kept_for_outages(verdict: StoreReason, stale: StaleTerms) -> bool:
    """Is a response, though it is not stored, kept for the case that the origin is out of reach? documented:
    Expiration, the warning below the first table"""
    return verdict in NOT_REUSED.values() and stale.on_error > 0


def cache_tags(distribution: Distribution, headers: Headers) -> frozenset[str]:
    """The tags of an object with these headers, which are those after the origin-response function: documented, it may
    add them (invalidation-by-tags)."""
    name = distribution.cache_tag_header
    return read_tags(headers.all(name)) if name else NO_TAGS


def entry_of(
    request: Request,
    response: Response,
    life: Ttl,
    now: Instant,
    *,
    generated: bool = False,
    stale: StaleTerms = NEVER_STALE,
    for_outages: bool = False,
    tags: frozenset[str] = NO_TAGS,
) -> Entry:
    """What is kept of a response. Header fields that a qualified no-cache names stay out (documented: Cookies)."""
    unkept = cache_control(response.headers).fields_not_to_store
    return Entry(
        status=response.status,
        reason=response.reason,
        headers=response.headers.without(*unkept),
        body=response.body,
        method=request.method,
        stored_at=now,
        ttl=life.seconds,
        because=life.because,
        error=response.status >= 400,
        generated=generated,
        stale=stale,
        for_outages=for_outages,
        age_when_stored=life.age,
        tags=tags,
    )
