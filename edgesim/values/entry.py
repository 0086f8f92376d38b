"""What a cache keeps, and the key it is kept under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from edgesim.values.body import length_of
from edgesim.values.cache_tags import NO_TAGS
from edgesim.values.instant import Duration, Instant

if TYPE_CHECKING:
    from enum import StrEnum

    from edgesim.values.body import Body, Coding
    from edgesim.values.headers import Headers


class CacheKey(NamedTuple):
    """The identity of a cached object. Being a tuple of tuples, it is injective: no mix of names and values can
    imitate another. `headers` pairs lower-case names with their value, or None where the viewer sent none. `part` is
    the range, for a part of an object that is stored by itself."""

    distribution: str
    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str | None], ...] = ()
    cookies: tuple[str, ...] = ()
    accept_encoding: str | None = None
    part: str = ""

    @property
    def whole(self) -> CacheKey:
        """That of the object, for the key of a part of it."""
        return self._replace(part="")

    def __repr__(self) -> str:
        return f"<CacheKey {self.method} {self.path}{'?' + self.query if self.query else ''}>"


class Use(Enum):
    """What a stored object is good for at a moment."""

    FRESH = "it answers"
    HELD = "it answers, though stale: the origin failed a moment ago"
    WHILE_REVALIDATED = "it answers, though stale, while somebody fetches it anew"
    STALE = "it answers once the origin has been asked about it"


NO_TIME = Duration(0)
LONG_AGO = Instant(0)


@dataclass(frozen=True, slots=True)
class StaleTerms:
    """For how many seconds after its TTL an object may still answer: at once, while it is fetched anew; and in the
    place of an error. `asked` tells whether the origin itself set the latter, by stale-if-error."""

    while_revalidated: Duration = NO_TIME
    on_error: Duration = NO_TIME
    asked: bool = False


NEVER_STALE = StaleTerms()


class Shares(NamedTuple):
    """What of a stored response is one viewer's: the request headers outside its key that its Vary names, in lower
    case, with what that viewer sent (None for nothing), and the names of the cookies that it sets."""

    varies: tuple[tuple[str, str | None], ...] = ()
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Entry:
    """One stored response.

    `headers` are those of the response as stored (after origin-response, without hop-by-hop fields);
    `stored_at` is when it was fetched or last revalidated; `ttl` counts from there, and `because` is the reason
    (rules/reasons.py) that decided it. `generated` marks a response that an origin-request function made;
    `error` marks one kept under the error caching rules. `stale` says what it is good for after its TTL; the origin
    having failed, it answers until `held_until` without another attempt. `for_outages` marks one that may not be stored
    and is kept to stand in for an origin out of reach, and for nothing else. `coding` is the one that the edge applied,
    and `origin_etag` then the ETag to ask the origin with; `age_when_stored` are the seconds that another cache had
    held it before; `tags` are those to invalidate it by (values/cache_tags.py); `shares` is what of it
    is one viewer's.
    """

    status: int
    reason: str
    headers: Headers
    body: Body
    method: str
    stored_at: Instant
    ttl: Duration
    because: StrEnum
    error: bool = False
    generated: bool = False
    stale: StaleTerms = NEVER_STALE
    held_until: Instant = LONG_AGO
    for_outages: bool = False
    coding: Coding | None = None
    origin_etag: str | None = None
    age_when_stored: int = 0
    tags: frozenset[str] = NO_TAGS
    shares: Shares | None = None

    @property
    def fresh_until(self) -> Instant:
        return Instant(self.stored_at + self.ttl)

    def age(self, now: Instant) -> int:
        """Whole seconds since it was stored or revalidated, and before; the Age header."""
        return self.age_when_stored + max(0, int(now - self.stored_at))

    def with_body(self, body: Body) -> Entry:
        """The entry with its body at rest. Where the origin sent no Content-Length the number of bytes becomes one,
        since it is known now (inferred), unless the edge compressed it (observed: such objects have none); chunked
        framing was the origin connection's."""
        headers = self.headers.without("transfer-encoding")
        length = length_of(body)
        framed = self.method != "HEAD" and self.status not in {204, 304} and self.coding is None
        if framed and length is not None and "content-length" not in headers:
            headers = headers.adding(("Content-Length", str(length)))
        return replace(self, body=body, headers=headers.encoded())

    def __repr__(self) -> str:
        etag = self.headers.get("etag")
        return f"<Entry {self.status} ttl {self.ttl:g}s ({self.because}){f' etag={etag}' if etag else ''}>"
