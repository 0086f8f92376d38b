"""A cache in the process's own memory, bounded in bytes: the least recently used entries make room.

An invalidation drops its entries in batches and lets others work in between, and so does who looks at all that is kept;
what is put meanwhile stays. An exact
path and a tag cost one look-up. A wildcard looks at every path of the distribution first: measured, 100,000 take some
10 ms.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from cachetools import Cache, LRUCache

from edgesim.errors import EdgesimBug
from edgesim.ports import StoredBody
from edgesim.stores.body import Recording
from edgesim.values.body import length_of
from edgesim.values.cache_tags import MARK
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.uri import spellings

MAX_BYTES = 256 * 1024 * 1024
PER_ENTRY = 1024  # bytes; inferred: what Python's own objects for one entry and its key come to, roughly
REMEMBERED = 1000  # invalidations; what began to come in before the first of them is not kept
BATCH = 2000  # entries dropped at a time; measured: about 5 ms


@dataclass(frozen=True, slots=True)
class Stats:
    """What a store holds. `evictions` counts the entries that had to make room since the start."""

    entries: int
    bytes: int
    evictions: int


class MemoryStore:
    """Implements ports.Store. `max_bytes` bounds the sum of keys, heads and bodies, those in files included;
    `object_limit` bounds one entry: by default a quarter of it all."""

    def __init__(self, max_bytes: int = MAX_BYTES, object_limit: int | None = None) -> None:
        self._object_limit = max_bytes // 4 if object_limit is None else min(object_limit, max_bytes)
        self._entries = _Entries(max_bytes)
        self._latest: deque[tuple[str, list[str]]] = deque(maxlen=REMEMBERED)
        self.invalidations = 0

    def get(self, key: CacheKey) -> Entry | None:
        kept = self._entries.get(key)
        if kept is None:
            return None
        kept.finds += 1
        return kept.entry

    def parts(self, key: CacheKey) -> Iterator[tuple[CacheKey, Entry]]:
        return ((part, self._entries.peek(part).entry) for part in self._entries.parts(key))

    async def put(self, key: CacheKey, entry: Entry) -> bool:
        size = size_of(key, entry)
        if size > self._object_limit:
            self._entries.drop(key)  # what it was to replace is out of date
            return False
        self._entries[key] = _Kept(entry, size, self._entries.writes + 1)
        return True

    def recorder(self, length: int | None) -> Recording | None:
        if length is not None and length > self._object_limit:
            return None
        return Recording(self._object_limit)

    async def invalidate(self, distribution: str, pattern: str) -> int:
        self.invalidations += 1
        named = spellings(pattern)
        self._latest.append((distribution, named))
        now = self._entries.writes
        matching = chain(*[self._entries.matching(distribution, path) for path in named])
        dropped = 0
        while batch := list(islice(matching, BATCH)):
            dropped += sum(self._entries.drop(key, up_to=now) for key in batch)
            if len(batch) == BATCH:
                await _let_others_work()
        return dropped

    def invalidated(self, key: CacheKey, entry: Entry, since: int) -> bool:
        missed = self.invalidations - since
        if missed > len(self._latest):
            return True
        latest = islice(reversed(self._latest), missed)
        return any(of == key.distribution and any(_names(path, key, entry) for path in named) for of, named in latest)

    def entries(self) -> list[tuple[CacheKey, Entry]]:
        return [(key, self._entries.peek(key).entry) for key in self._entries]

    async def slices(self) -> AsyncIterator[list[tuple[CacheKey, Entry]]]:
        keys = iter(list(self._entries))
        while batch := list(islice(keys, BATCH)):
            yield [(key, self._entries.peek(key).entry) for key in batch if key in self._entries]
            await _let_others_work()

    def variants(self, distribution: str, path: str) -> list[tuple[CacheKey, Entry]]:
        return [(key, self._entries.peek(key).entry) for key in self._entries.of_path(distribution, path)]

    def paths(self, distribution: str) -> list[str]:
        return self._entries.paths(distribution)

    def finds(self, key: CacheKey) -> int:
        return self._entries.peek(key).finds if key in self._entries else 0

    @property
    def stats(self) -> Stats:
        return Stats(len(self._entries), int(self._entries.currsize), self._entries.evictions)

    def __repr__(self) -> str:
        stats = self.stats
        return f"<MemoryStore {stats.entries} entries, {stats.bytes} of {int(self._entries.maxsize)} bytes>"


@dataclass(slots=True)
class _Kept:
    """An entry with its size, when it was put (the how-manieth it was), and how often it was found since."""

    entry: Entry
    size: int
    write: int
    finds: int = 0


class _Entries(LRUCache[CacheKey, _Kept]):
    """Entries in order of use, with three indexes: distribution → path → keys; distribution and tag → keys; and the key
    of an object → those of its parts, the latest put last."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda kept: kept.size)
        self._paths: dict[str, dict[str, set[CacheKey]]] = {}
        self._tagged: dict[tuple[str, str], set[CacheKey]] = {}
        self._parts: dict[CacheKey, dict[CacheKey, None]] = {}
        self.evictions = 0
        self.writes = 0

    def __setitem__(self, key: CacheKey, kept: _Kept) -> None:
        self.writes = kept.write
        if key in self:
            self._untag(key)
        super().__setitem__(key, kept)
        self._paths.setdefault(key.distribution, {}).setdefault(key.path, set()).add(key)
        if key.part:
            parts = self._parts.setdefault(key.whole, {})
            parts.pop(key, None)
            parts[key] = None
        for tag in kept.entry.tags:
            self._tagged.setdefault((key.distribution, tag), set()).add(key)

    def __delitem__(self, key: CacheKey) -> None:
        self._untag(key)
        super().__delitem__(key)
        paths = self._paths[key.distribution]
        paths[key.path].discard(key)
        if not paths[key.path]:
            del paths[key.path]
        if key.part:
            del self._parts[key.whole][key]
            if not self._parts[key.whole]:
                del self._parts[key.whole]

    def _untag(self, key: CacheKey) -> None:
        """Take a key that is there out of the index of tags; it may be out already."""
        for tag in self.peek(key).entry.tags:
            keys = self._tagged.get((key.distribution, tag))
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._tagged[key.distribution, tag]

    def popitem(self) -> tuple[CacheKey, _Kept]:
        self.evictions += 1
        return super().popitem()

    def parts(self, key: CacheKey) -> Iterator[CacheKey]:
        """The keys of its parts, the latest put first."""
        return reversed(self._parts.get(key, {}))

    def of_path(self, distribution: str, path: str) -> list[CacheKey]:
        """The keys of a path, the latest put first."""
        keys = self._paths.get(distribution, {}).get(path, ())
        return sorted(keys, key=lambda key: -self.peek(key).write)

    def paths(self, distribution: str) -> list[str]:
        return list(self._paths.get(distribution, ()))

    def peek(self, key: CacheKey) -> _Kept:
        """What is kept under a key, without counting as use."""
        return Cache.__getitem__(self, key)

    def drop(self, key: CacheKey, up_to: float = math.inf) -> bool:
        """Take an entry out, if it is there and was put no later than the write `up_to`."""
        if key not in self or self.peek(key).write > up_to:
            return False
        del self[key]
        return True

    def matching(self, distribution: str, pattern: str) -> Iterator[CacheKey]:
        """The keys that an invalidation path, or a #tag, names. Paths are looked through at once, keys as they are
        asked for.

        documented: Invalidation, every variant by header and cookie, but a query string only where the
        pattern has it or its wildcard covers it
        """
        if pattern.startswith(MARK):
            return iter(tuple(self._tagged.get((distribution, pattern.removeprefix(MARK).lower()), ())))
        paths = self._paths.get(distribution, {})
        path, question_mark, _ = pattern.removesuffix("*").partition("?")
        wildcard = pattern.endswith("*")
        if question_mark or not wildcard:
            return (key for key in tuple(paths.get(path, ())) if _is_of(pattern, key))
        names = [name for name in paths if name.startswith(path)]
        return (key for name in names for key in tuple(paths.get(name, ())))


def _names(pattern: str, key: CacheKey, entry: Entry) -> bool:
    """Does an invalidation path, or a #tag, name an entry? What `matching` finds, asked about one."""
    if pattern.startswith(MARK):
        return pattern.removeprefix(MARK).lower() in entry.tags
    return _is_of(pattern, key)


def _is_of(pattern: str, key: CacheKey) -> bool:
    """Does an invalidation path name a key, by its path and its query string?"""
    target = f"{key.path}?{key.query}" if key.query else key.path
    return target.startswith(pattern[:-1]) if pattern.endswith("*") else target == pattern


def size_of(key: CacheKey, entry: Entry) -> int:
    """The bytes that an entry counts for. inferred: text as one byte a character"""
    if not isinstance(entry.body, bytes | StoredBody):
        raise EdgesimBug(f"{entry.body!r} can't be kept: it is no body at rest")
    body = length_of(entry.body) or 0
    head = sum(len(name) + len(value) for name, value in entry.headers)
    named = sum(len(name) + len(value or "") for name, value in key.headers)
    texts = (key.path, key.query, key.part, *key.cookies, *entry.tags)
    return PER_ENTRY + body + head + named + sum(map(len, texts))


async def _let_others_work() -> None:
    """One round of the event loop."""
    loop = asyncio.get_running_loop()
    turn: asyncio.Future[None] = loop.create_future()
    loop.call_soon(turn.set_result, None)
    await turn
