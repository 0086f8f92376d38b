"""Cache keys.

Rule 1: two requests share a key if and only if CloudFront would let one answer the other.
Rule 2: nothing here looks at a response, a clock or a cache.
Source: understanding-the-cache-key, QueryStringParameters, Cookies, header-caching.
"""

from __future__ import annotations

from functools import lru_cache

from edgesim.distribution.model import CacheBehavior, Distribution
from edgesim.distribution.policies import CachePolicy, Selection, Selects
from edgesim.rules.accept_encoding import keyed_encoding, switched_off
from edgesim.rules.ranges import asked_part
from edgesim.rules.reasons import LookUpReason
from edgesim.rules.selection import takes
from edgesim.rules.websocket import is_handshake
from edgesim.values.entry import CacheKey
from edgesim.values.headers import Headers
from edgesim.values.message import Request
from edgesim.values.uri import cookie_pairs, query_pairs


def cache_key(distribution: Distribution, behavior: CacheBehavior, request: Request) -> CacheKey:
    """The key of a request as it leaves the viewer-request function, CloudFront-* headers added.

    GET and HEAD share keys (documented); the host is the distribution, so that aliases share objects (documented);
    the path is the raw one (inferred).
    """
    policy = behavior.cache_policy
    return CacheKey(
        distribution.id,
        "GET" if request.method == "HEAD" else request.method,
        request.path,
        _query(policy.query_strings, request.query),
        _headers(policy, request.headers),
        _cookies(policy.cookies, request.headers),
        None if switched_off(distribution, behavior) else keyed_encoding(policy, request.headers),
    )


def lookup_keys(key: CacheKey, request: Request) -> tuple[CacheKey, ...]:
    """The keys to look under, best first; the last one is where the answer to this very request is kept.

    A HEAD is served from a stored GET (documented); what the origin answers to a HEAD has no body and can't serve a
    GET, so it is kept apart (inferred). A range is served from the whole object, and a part that is all there is of it
    is kept by itself (documented: RangeGETs).
    """
    if request.method == "HEAD":
        return key, key._replace(method="HEAD")
    part = asked_part(request) if "range" in request.headers else None
    return (key, key._replace(part=str(part))) if part is not None else (key,)


def stored_key(key: CacheKey, status: int) -> CacheKey:
    """The key that an answer is kept under. inferred: what is no 206 speaks of the whole object"""
    return key.whole if key.part and status != 206 else key


def not_looked_up(behavior: CacheBehavior, request: Request) -> LookUpReason | None:
    """Why the cache has no part in a request, or None where it has. documented: WebSockets are not cached
    (standard-logs-reference)"""
    if is_handshake(request):
        return LookUpReason.WEBSOCKET
    if not behavior.cache_policy.caches:
        return LookUpReason.CACHING_DISABLED
    if request.method not in behavior.cached_methods:
        return LookUpReason.METHOD_NOT_CACHED
    return None


def _query(selection: Selection, query: str) -> str:
    """documented: order and case matter; inferred: repeated names all stay, a taken pair stays as written"""
    if not query or selection.selects is Selects.NONE:
        return ""
    if selection.selects is Selects.ALL:
        return query
    return "&".join(pair for name, pair in query_pairs(query) if takes(selection, name))


def _headers(policy: CachePolicy, headers: Headers) -> tuple[tuple[str, str | None], ...]:
    """documented: names without case, values with it; inferred: absent and empty differ, and a header on several
    lines is its values in one (RFC 9110 §5.3)"""
    if policy.headers.selects is Selects.NONE:
        return ()
    names = _keyed_names(policy.headers.names, normalises=policy.gzip or policy.brotli)
    return tuple([(name, headers.joined(name)) for name in names])


@lru_cache(maxsize=256)
def _keyed_names(names: tuple[str, ...], *, normalises: bool) -> tuple[str, ...]:
    """In lower case and in order, without the header that has a part of the key of its own."""
    lower = {name.lower() for name in names} - ({"accept-encoding"} if normalises else set())
    return tuple(sorted(lower))


def _cookies(selection: Selection, headers: Headers) -> tuple[str, ...]:
    """documented: names and values with case, sorted by name when forwarded; so their order does not matter"""
    if selection.selects is Selects.NONE or "cookie" not in headers:
        return ()
    pairs = cookie_pairs(headers.all("cookie"))
    return tuple(pair for _, pair in sorted((p for p in pairs if takes(selection, p[0])), key=lambda p: p[0]))
