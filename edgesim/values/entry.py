"""What a cache keeps, and the key it is kept under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from edgesim.values.body import length_of
from edgesim.values.instant import Duration, Instant

if TYPE_CHECKING:
    from enum import StrEnum

    from edgesim.values.body import Body
    from edgesim.values.headers import Headers


class CacheKey(NamedTuple):
    """The identity of a cached object. Being a tuple of tuples, it is injective: no mix of names and values can
    imitate another. `headers` pairs lower-case names with their value, or None where the viewer sent none."""

    distribution: str
    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str | None], ...] = ()
    cookies: tuple[str, ...] = ()
    accept_encoding: str | None = None

    def __repr__(self) -> str:
        return f"<CacheKey {self.method} {self.path}{'?' + self.query if self.query else ''}>"


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored response.

    `headers` are those of the response as stored (after origin-response, without hop-by-hop fields);
    `stored_at` is when it was fetched or last revalidated; `ttl` counts from there, and `because` is the reason
    (rules/reasons.py) that decided it. `generated` marks a response that an origin-request function made;
    `error` marks one kept under the error caching rules; `age_when_stored` are the seconds that another cache had
    held it before.
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
    age_when_stored: int = 0

    @property
    def fresh_until(self) -> Instant:
        return Instant(self.stored_at + self.ttl)

    def age(self, now: Instant) -> int:
        """Whole seconds since it was stored or revalidated, and before; the Age header."""
        return self.age_when_stored + max(0, int(now - self.stored_at))

    def with_body(self, body: Body) -> Entry:
        """The entry with its body at rest. Where the origin sent no Content-Length the number of bytes becomes one,
        since it is known now (inferred); chunked framing was the origin connection's."""
        headers = self.headers.without("transfer-encoding")
        length = length_of(body)
        framed = self.method != "HEAD" and self.status not in {204, 304}
        if framed and length is not None and "content-length" not in headers:
            headers = headers.adding(("Content-Length", str(length)))
        return replace(self, body=body, headers=headers.encoded())

    def __repr__(self) -> str:
        etag = self.headers.get("etag")
        return f"<Entry {self.status} ttl {self.ttl:g}s ({self.because}){f' etag={etag}' if etag else ''}>"
