"""What `edgesim cache` shows: the objects that a running server has stored.

`Overview` has what the control port gives and `--json` prints; `as_text` lays it out for a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import chain
from typing import Any

from edgesim.logs.explain import LAST_DATE
from edgesim.logs.explain_text import in_columns
from edgesim.values.body import length_of
from edgesim.values.durations import spell_about
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import readable, wire
from edgesim.values.instant import Instant, iso_utc
from edgesim.values.text import printable
from edgesim.values.uri import split_target

Data = dict[str, Any]
Kept = tuple[CacheKey, Entry]

MOST = 50
"""Objects shown unless told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects somebody asks about: those of a path, and where they are said, of one query string and method. With
    a `wildcard` those whose path, or whose query string where one is said, begins so: what an invalidation drops."""

    path: str
    query: str | None = None
    method: str | None = None
    wildcard: bool = False

    def is_met_by(self, key: CacheKey) -> bool:
        return self._has_path(key) and self.method in {None, key.method}

    def _has_path(self, key: CacheKey) -> bool:
        if not self.wildcard:
            return key.path == self.path and self.query in {None, key.query}
        if self.query is None:
            return key.path.startswith(self.path)
        return key.path == self.path and bool(key.query) and key.query.startswith(self.query)


_METHOD = re.compile(r"([A-Z]+)[ \t]+(.*)", re.DOTALL)


def wanted(text: str) -> Wanted:
    """`/a`, `/a?x=1`, `GET /a?x=1`, or a URL, whose host has no say. `/a?` is /a without a query string, `/a*`
    everything that begins so."""
    match = _METHOD.fullmatch(text.strip())
    method, target = match.groups() if match is not None else (None, text.strip())
    path, query = split_target(wire(target.removesuffix("*")))
    return Wanted(path, query if "?" in target else None, method, target.endswith("*"))


# ── data ─────────────────────────────────────────────────────────────────────


@dataclass
class Overview:
    """Takes in what is stored, slice by slice, and has the first `most` objects by distribution, path and query string.
    `names` are those of distributions by id."""

    names: Mapping[str, str]
    most: int = MOST
    _first: list[Kept] = field(default_factory=list)
    _stored: int = 0
    _bytes: int = 0

    @property
    def stored(self) -> int:
        """How many objects were taken in."""
        return self._stored

    def add(self, kept: Collection[Kept]) -> None:
        self._stored += len(kept)
        self._bytes += sum(length_of(entry.body) or 0 for _, entry in kept)
        self._first = nsmallest(self.most, chain(self._first, kept), key=lambda one: _order(one[0], self.names))

    def data(self, now: Instant, finds: Callable[[CacheKey], int], *, whole: bool = False) -> Data:
        """JSON-ready: spans are seconds, sizes the bytes of the body as stored. `finds` counts look-ups; `whole` has
        the stored headers, too."""
        return {
            "now": iso_utc(now),
            "stored": self._stored,
            "bytes": self._bytes,
            "objects": [_object(key, entry, now, self.names, finds, whole=whole) for key, entry in self._first],
        }


def _order(key: CacheKey, names: Mapping[str, str]) -> tuple[str, ...]:
    absent_first = (f"{name}:{'' if value is None else f' {value}'}" for name, value in key.headers)
    rest = ("\n".join(absent_first), "\n".join(key.cookies), key.accept_encoding or "")
    return (names.get(key.distribution, key.distribution), key.path, key.query, key.method, key.part, *rest)


def _object(
    key: CacheKey,
    entry: Entry,
    now: Instant,
    names: Mapping[str, str],
    finds: Callable[[CacheKey], int],
    *,
    whole: bool,
) -> Data:
    data: Data = {
        "distribution": names.get(key.distribution, key.distribution),
        "key": _key(key),
        "status": entry.status,
        "size": length_of(entry.body),
        "state": _state(entry, now),
        "age": entry.age(now),
        "stored_at": _date(entry.stored_at),
        "fresh_until": _date(entry.fresh_until),
        "fresh_for": round(entry.fresh_until - now, 3),
        "ttl": entry.ttl,
        "because": entry.because.value,
        # What is kept for outages is looked up and passed over
        "hits": 0 if entry.for_outages else finds(key),
        "for_outages": entry.for_outages,
        "generated": entry.generated,
        "coding": entry.coding.value if entry.coding is not None else None,
        "stale_while_revalidate": entry.stale.while_revalidated,
        "stale_on_error": entry.stale.on_error,
    }
    if whole:
        data["headers"] = [[name, readable(value)] for name, value in entry.headers]
    return data


def _key(key: CacheKey) -> Data:
    return {
        "method": key.method,
        "path": readable(key.path),
        "query": readable(key.query),
        "headers": {name: None if value is None else readable(value) for name, value in key.headers},
        "cookies": [readable(cookie) for cookie in key.cookies],
        "accept_encoding": key.accept_encoding,
        "range": key.part or None,
    }


def _state(entry: Entry, now: Instant) -> str:
    if entry.for_outages:
        return "for outages"
    return "fresh" if now < entry.fresh_until else "stale"


def _date(instant: Instant) -> str:
    return iso_utc(Instant(min(instant, LAST_DATE)))


# ── text ─────────────────────────────────────────────────────────────────────

Paint = Callable[[str, str], str]


def as_text(data: Data, paint: Paint = lambda text, style: text) -> str:
    """What `as_data` gave, for a terminal. `paint(text, style)` colours; styles are title and label."""
    objects = data["objects"]
    if not data["stored"]:
        return "the cache is empty\n"
    lines = [f"{_count(data['stored'], 'object')}, {_count(data['bytes'], 'byte')} of bodies"]
    several = len({one["distribution"] for one in objects}) > 1
    for one in objects:
        lines += ["", *_lines(one, paint, with_distribution=several)]
    if left := data["stored"] - len(objects):
        lines += ["", f"… and {left:,} more: --limit {data['stored']} shows them all"]
    return "\n".join(lines) + "\n"


def _lines(one: Data, paint: Paint, *, with_distribution: bool) -> Iterator[str]:
    key = one["key"]
    target = printable(f"{key['method']} {key['path']}{'?' + key['query'] if key['query'] else ''}")
    facts = [str(one["status"]), _count(one["size"], "byte"), _count(one["hits"], "hit")]
    yield f"{paint(target, 'title')}  {', '.join(facts)}"
    told = [*([("distribution", one["distribution"])] if with_distribution else []), *_details(one)]
    yield from in_columns(told, paint, "    ")


def _details(one: Data) -> Iterator[tuple[str, str]]:
    yield from _of_key(one["key"])
    yield one["state"], _STATES[one["state"]](one)
    yield "age", _seconds(one["age"])
    yield "TTL", f"{_seconds(one['ttl'])} from {one['because']}"
    if one["generated"]:
        yield "made by", "a function at origin request"
    if one["coding"]:
        yield "compressed", f"{one['coding']}, at the edge"
    if "headers" in one:
        yield from _whole(one)


def _of_key(key: Data) -> Iterator[tuple[str, str]]:
    absent = [name for name, value in key["headers"].items() if value is None]
    for name, value in key["headers"].items():
        if value is not None:
            yield f"key: header {name}", value
    if absent:
        yield "key: absent", ", ".join(absent)
    for cookie in key["cookies"]:
        yield "key: cookie", cookie
    if key["accept_encoding"]:
        yield "key: accept-encoding", key["accept_encoding"]
    if key["range"]:
        yield "key: range", key["range"]


_STATES: dict[str, Callable[[Data], str]] = {
    "fresh": lambda one: f"until {one['fresh_until']}, for another {_seconds(int(one['fresh_for']))}",
    "stale": lambda one: f"since {one['fresh_until']}, for {_seconds(int(-one['fresh_for']))}",
    "for outages": lambda one: "alone: it may not be stored, and stands in for an origin out of reach",
}


def _whole(one: Data) -> Iterator[tuple[str, str]]:
    yield "stored", one["stored_at"]
    for terms, when in (
        ("stale_while_revalidate", "while it is fetched anew"),
        ("stale_on_error", "instead of errors"),
    ):
        if one[terms]:
            yield "may be stale", f"for {spell_about(one[terms])} {when}"
    for name, value in one["headers"]:
        yield f"header {name}", value


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value == int(value) else f"{value:,.3f} s"
