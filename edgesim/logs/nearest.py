"""Why an object was not in the cache though one like it is: the stored key that is nearest, and what sets it apart.

It is asked about when somebody explains a request, and tells of what is stored then. A key of another path is another
object; where nothing is stored of the request's own, a path counts that is another way to write it (alike.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from edgesim.distribution.model import CacheBehavior
from edgesim.distribution.policies import Selection, Selects
from edgesim.logs.alike import paths_alike, what_counts
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import readable
from edgesim.values.instant import Instant
from edgesim.values.uri import cookie_pairs, query_pairs


class Stored(Protocol):
    """What is stored: the part of a ports.Store that is asked here."""

    def variants(self, distribution: str, path: str) -> Iterable[tuple[CacheKey, Entry]]:
        """What is kept of one path, under whatever key."""

    def paths(self, distribution: str) -> Iterable[str]:
        """The paths of which something is kept."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """A stored key, in what it differs (a sentence each), and whether its object came into the cache, or was
    revalidated, only after the request."""

    key: CacheKey
    differs: tuple[str, ...]
    later: bool


def is_miss(note: Note) -> bool:
    """Does the note tell of a key under which nothing was found? What is found has a TTL."""
    return note.station is Station.CACHE and "key" in note.facts and "ttl" not in note.facts


def nearest_to(miss: Note, transcript: Transcript, stored: Stored) -> Nearest | None:
    """What is nearest now to the key of a miss, apart from what this very request has had stored: a key of its path, or
    else of a path like it."""
    key: CacheKey = miss.facts["key"]
    own = {note.facts["key"] for note in transcript.at(Station.STORE) if "key" in note.facts}
    behavior = next((note.facts.get("behavior") for note in transcript.at(Station.BEHAVIOR)), None)

    def nearest_of(paths: Iterable[str]) -> Nearest | None:
        kept = (one for path in paths for one in stored.variants(key.distribution, path) if one[0] not in own)
        return nearest(key, kept, behavior, transcript.arrival.at, root)

    root = transcript.distribution.default_root_object if transcript.distribution is not None else ""
    found = nearest_of((key.path,))
    return found or nearest_of(paths_alike(key.path, stored.paths(key.distribution), root))


def nearest(
    key: CacheKey,
    stored: Iterable[tuple[CacheKey, Entry]],
    behavior: CacheBehavior | None,
    at: Instant,
    root: str = "",
) -> Nearest | None:
    """Of stored keys the one that differs from `key` in the fewest parts, of several one whose object
    was there when the request came (`at`), and of those the first; None where there is none but `key` itself. What is
    kept for outages answers nobody else, and does not count.

    `behavior` is the request's, whose policy decided what is in the key; `root` the default root object.
    """
    found = (
        Nearest(other, tuple(differences(key, other, behavior, root)), entry.stored_at > at)
        for other, entry in stored
        if other != key and not entry.for_outages
    )
    return min(found, key=lambda one: (len(one.differs), one.later), default=None)


def differences(
    key: CacheKey, stored: CacheKey, behavior: CacheBehavior | None = None, root: str = ""
) -> Iterator[str]:
    """In what a stored key differs from that of a request, part by part."""
    if stored.path != key.path:
        yield f"stored as {readable(stored.path)}: {what_counts(key.path, stored.path, root)}"
    if stored.method != key.method:
        body = " (an answer without a body)" if stored.method == "HEAD" else ""
        yield f"stored for {readable(stored.method)}{body}, not for {readable(key.method)}"
    yield from _query(key.query, stored.query, behavior)
    yield from _headers(dict(key.headers), dict(stored.headers))
    yield from _cookies(key.cookies, stored.cookies, behavior)
    if stored.accept_encoding != key.accept_encoding:
        had = _value(key.accept_encoding)
        yield f"stored for accept-encoding: {_value(stored.accept_encoding)}; this request had {had}"
    if stored.part != key.part:
        what = f"the range {stored.part} alone" if stored.part else "the whole object"
        yield f"stored is {what}"


def _value(value: str | None) -> str:
    return "none" if value is None else readable(value) or "an empty one"


# ── headers ──────────────────────────────────────────────────────────────────


def _headers(asked: Mapping[str, str | None], stored: Mapping[str, str | None]) -> Iterator[str]:
    """One of them may be the key of another cache behavior, or of an older configuration, with other headers in it."""
    for name in sorted({*asked, *stored}):
        if name not in stored:
            yield f"stored without {name} in its key; this request's has it, with {_value(asked[name])}"
        elif name not in asked:
            yield f"stored for {name}: {_value(stored[name])}; this request's key leaves that header out"
        elif stored[name] != asked[name]:
            yield f"stored for {name}: {_value(stored[name])}; this request had {_value(asked[name])}"


# ── query strings and cookies ────────────────────────────────────────────────


def _query(asked: str, stored: str, behavior: CacheBehavior | None) -> Iterator[str]:
    if asked == stored:
        return
    found = list(_pairs(_by_name(query_pairs(asked)), _by_name(query_pairs(stored)), "?", "&"))
    if not found:
        found = [f"stored with ?{readable(stored)}; this request had ?{readable(asked)}: it counts as written"]
    yield from _with_rule(found, "query string", behavior)


def _cookies(asked: tuple[str, ...], stored: tuple[str, ...], behavior: CacheBehavior | None) -> Iterator[str]:
    if asked != stored:
        found = list(_pairs(_by_name(cookie_pairs(asked)), _by_name(cookie_pairs(stored)), "the cookie ", "; "))
        yield from _with_rule(found, "cookie", behavior)


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The pairs as written, by name; a name may have several."""
    named: dict[str, list[str]] = {}
    for name, pair in pairs:
        named.setdefault(name, []).append(pair)
    return named


def _pairs(asked: Mapping[str, list[str]], stored: Mapping[str, list[str]], sign: str, joint: str) -> Iterator[str]:
    """A sentence for each name whose pairs are not the same in both."""
    for name in dict.fromkeys([*asked, *stored]):
        had, has = (f"{sign}{readable(joint.join(one.get(name, ())))}" for one in (asked, stored))
        if name not in stored:
            yield f"stored without {had}"
        elif name not in asked:
            yield f"stored with {has}; this request had none"
        elif had != has:
            yield f"stored with {has}; this request had {had}"


def _with_rule(found: list[str], noun: str, behavior: CacheBehavior | None) -> list[str]:
    """The sentences, and at the end of the last what the cache policy says of such parts."""
    if behavior is None or not found:
        return found
    policy = behavior.cache_policy
    selection = policy.query_strings if noun == "query string" else policy.cookies
    says = "the cache policy keys on" if behavior.forwarded_values is None else "ForwardedValues key on"
    return [*found[:-1], f"{found[-1]}; {says} {_selected(selection, noun)}"]


def _selected(selection: Selection, noun: str) -> str:
    names = ", ".join(selection.names)
    match selection.selects:
        case Selects.WHITELIST:
            return f"the {noun}{'' if len(selection.names) == 1 else 's'} {names}"
        case Selects.ALL_EXCEPT:
            return f"all {noun}s except {names}"
        case Selects.NONE:
            return f"no {noun}"
        case _:
            return f"all {noun}s"
