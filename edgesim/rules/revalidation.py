"""Stale objects: asking the origin whether they have changed, and what its answer means.

Source: Expiration, Cookies.
"""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution.model import CacheBehavior
from edgesim.rules.compression import compressed_headers
from edgesim.rules.reasons import RevalidationReason, TtlReason
from edgesim.rules.selection import cookies_forwarded
from edgesim.rules.ttl import Ttl
from edgesim.values.body import Coding
from edgesim.values.entry import Entry, StaleTerms
from edgesim.values.headers import Field, Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request

CONDITIONALS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range")

# A 304 describes the response it stands for, but these describe the 304 itself (RFC 9111 §3.2), or the stored body,
# which stays: also one that was compressed here and has a weak ETag for it
_NOT_MERGED = frozenset(
    {"content-length", "content-encoding", "content-md5", "content-range", "etag", "transfer-encoding", "set-cookie"}
)


def revalidation_verdict(behavior: CacheBehavior, entry: Entry) -> RevalidationReason:
    """Can this stale object be revalidated? ASKED means yes."""
    if cookies_forwarded(behavior):
        return RevalidationReason.COOKIES_FORWARDED
    if entry.because is TtlReason.VARY_STAR:
        return RevalidationReason.VARY_STAR
    if entry.error or not _validators(entry):
        return RevalidationReason.NO_VALIDATOR
    return RevalidationReason.ASKED


def _validators(entry: Entry) -> list[Field]:
    """documented: If-None-Match with the ETag, If-Modified-Since with Last-Modified"""
    etag = entry.origin_etag or entry.headers.get("etag")
    pairs = (("If-None-Match", etag), ("If-Modified-Since", entry.headers.get("last-modified")))
    return [(name, value) for name, value in pairs if value]


def conditional(request: Request, entry: Entry) -> Request:
    """The origin request that asks whether a stored object has changed; the viewer's own conditions give way.

    inferred: a part is asked about as a part
    """
    asked = request.headers.get("range") if entry.status == 206 else None
    headers = request.headers.without(*CONDITIONALS).adding(*_validators(entry))
    if asked is not None:
        headers = headers.adding(("Range", asked))
    return replace(request, headers=headers)


def merged_headers(stored: Headers, not_modified: Headers, coding: Coding | None = None) -> Headers:
    """The stored head brought up to date by a 304's, without the Age of before; that of an object which the edge
    compressed stays one of such an object. inferred: as RFC 9111 §3.2 says"""
    news = [field for field in not_modified if field[0].lower() not in _NOT_MERGED]
    merged = stored.without("age", *(name for name, _ in news)).adding(*news)
    return merged if coding is None else compressed_headers(merged, coding)


def refreshed(
    entry: Entry, headers: Headers, life: Ttl, stale: StaleTerms, now: Instant, tags: frozenset[str]
) -> Entry:
    """The entry after a 304: new head and TTL, the body as it was. inferred: age starts anew, or at the 304's"""
    return replace(
        entry,
        headers=headers,
        ttl=life.seconds,
        because=life.because,
        stale=stale,
        stored_at=now,
        age_when_stored=life.age,
        tags=tags,
    )
