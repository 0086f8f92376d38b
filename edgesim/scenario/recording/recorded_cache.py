"""What a recording tells of the cache: which requests shared an object, how long it lasted, what was never kept.

X-Cache says what came of each request, not why. So the simplest cache key is chosen under which the recording makes
sense, and what even that can't explain is told as what it must have been: an object that was there before the
recording began, or that was dropped meanwhile.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from edgesim.values.cache_control import cache_control
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant, parse_http_date
from edgesim.values.message import Request, Response

_CLOUDFRONT = " from cloudfront"
_DEFAULT_TTL = 86_400.0
"""documented: the default TTL of a cache policy, in seconds"""

HITS = frozenset({"Hit", "RefreshHit"})


def x_cache(response: Response) -> str:
    """CloudFront's result, such as `Miss`; empty where another server, or none, tells one."""
    value = response.headers.get("x-cache") or ""
    return value.removesuffix(_CLOUDFRONT) if value.endswith(_CLOUDFRONT) else ""


def seconds_to_live(headers: Headers) -> float:
    """How long a cache keeps a response that says so, with CloudFront's default TTL for one that does not."""
    told = cache_control(headers)
    if told.no_store or told.private or told.no_cache:
        return 0
    if told.s_maxage is not None or told.max_age is not None:
        return told.s_maxage if told.s_maxage is not None else told.max_age or 0
    expires, date = (parse_http_date(headers.get(name) or "") for name in ("expires", "date"))
    if "expires" not in headers:
        return _DEFAULT_TTL
    return max(0.0, expires - date) if expires is not None and date is not None else 0


# ── which requests share an object ───────────────────────────────────────────


class Key(NamedTuple):
    path: str
    query: str
    cookies: tuple[str, ...]
    encoding: str


@dataclass(frozen=True, slots=True)
class Keying:
    """What a cache key is made of beside the path."""

    query: bool = True
    cookies: bool = False
    encoding: bool = False

    def key(self, request: Request) -> Key:
        return Key(
            request.path,
            request.query if self.query else "",
            request.headers.all("cookie") if self.cookies else (),
            (request.headers.joined("accept-encoding") or "") if self.encoding else "",
        )

    def policy(self) -> dict[str, Any]:
        """The cache policy, in the scenario language."""
        parts = {
            "query-strings": "all" if self.query else "none",
            "cookies": "all" if self.cookies else "none",
            **({"accept-encoding": ["gzip", "br"]} if self.encoding else {}),
        }
        return {name: value for name, value in parts.items() if value != "none"}


_KEYINGS = (Keying(), Keying(query=False), Keying(encoding=True), Keying(cookies=True))
"""The likelier one first: it is taken where several explain a recording equally well."""


class Passed(NamedTuple):
    """One request with its answer, and when it came."""

    at: Instant
    request: Request
    response: Response


@dataclass(slots=True)
class _Kept:
    """An object as the cache has it: since when, by the clock of the one who asks, and for how long."""

    since: float
    ttl: float


@dataclass(slots=True)
class Memory:
    """A cache of times alone."""

    keying: Keying
    _kept: dict[Key, _Kept] = field(default_factory=dict)

    def left(self, passed: Passed, now: float) -> float | None:
        """How much longer an object for this request is fresh, negative where it is stale; None where there is none."""
        kept = self._kept.get(self.keying.key(passed.request))
        return kept.since + kept.ttl - now if kept is not None else None

    def note(self, passed: Passed, now: float) -> None:
        """What this answer leaves in the cache."""
        status = passed.response.status
        if passed.request.method != "GET" or status >= 400 or status in {206, 304}:
            return
        result = x_cache(passed.response)
        if result in {"Miss", "RefreshHit"} or (result == "Hit" and self.left(passed, now) is None):
            self._kept[self.keying.key(passed.request)] = _Kept(now, seconds_to_live(passed.response.headers))


def keying_of(passed: Sequence[Passed]) -> Keying:
    """The likeliest cache key."""
    return min(_KEYINGS, key=lambda keying: _surprises(keying, passed))


def _surprises(keying: Keying, passed: Iterable[Passed]) -> int:
    """How many answers make no sense under this key."""
    memory, count = Memory(keying), 0
    for one in passed:
        left, result = memory.left(one, one.at), x_cache(one.response)
        if result in HITS:
            count += left is None
        elif result == "Miss" and one.request.method == "GET":
            count += left is not None and left > 1
        memory.note(one, one.at)
    return count


# ── what was never kept ──────────────────────────────────────────────────────

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_.$/~'@:+-]{0,200}")


def is_plain_path(path: str) -> bool:
    """Can a path stand as the pattern of a behavior, and mean itself?"""
    return _PLAIN_PATH.fullmatch(path) is not None


def uncached_paths(passed: Sequence[Passed], keying: Keying) -> tuple[str, ...]:
    """Paths that were fetched again each time, though their answers allow to keep them."""
    memory, again, hit = Memory(keying), dict[str, None](), set[str]()
    for one in passed:
        left = memory.left(one, one.at)
        if x_cache(one.response) in HITS:
            hit.add(one.request.path)
        elif x_cache(one.response) == "Miss" and left is not None and left > 1:
            again[one.request.path] = None
        memory.note(one, one.at)
    return tuple(path for path in again if path not in hit and is_plain_path(path))


# ── time ─────────────────────────────────────────────────────────────────────


class Moment(NamedTuple):
    """What must happen before a request, so that its answer can be what it was: `advance` seconds pass, and the
    object is dropped where it is `gone`. `known`: an object for it has been seen."""

    advance: int = 0
    gone: bool = False
    known: bool = False


@dataclass(slots=True)
class Pace:
    """The scenario's own clock. It lags behind the recording's by `gap` at most, but where that would make another
    story of it: what was stale must be stale, what was fresh must be fresh."""

    memory: Memory
    gap: float
    start: Instant
    uncached: frozenset[str] = frozenset()
    _now: int = 0

    def before(self, passed: Passed) -> Moment:
        """The moment of the next request."""
        lag = passed.at - self.start - self._now
        left = self.memory.left(passed, self._now) if self._may_be_kept(passed) else None
        due, gone = math.floor(lag) if lag >= max(self.gap, 1) else 0, False
        if left is not None:
            due, gone = _told_by_the_cache(x_cache(passed.response), left, due, lag)
        self._now += due
        self.memory.note(passed, self._now)
        return Moment(due, gone, left is not None)

    def _may_be_kept(self, passed: Passed) -> bool:
        return passed.request.method in {"GET", "HEAD"} and passed.request.path not in self.uncached


def _told_by_the_cache(result: str, left: float, due: int, lag: float) -> tuple[int, bool]:
    """How many seconds pass, of those that are due, and whether the object is dropped, so that an object with so much
    time left gives this result."""
    stale_in = max(0, math.ceil(left))
    match result:
        case "Hit":
            return min(due, max(0, stale_in - 1)), False
        case "RefreshHit":
            return max(due, stale_in), False
        case "Miss" if stale_in > lag + 1:
            return due, True
        case "Miss":
            return max(due, stale_in), False
    return due, False
