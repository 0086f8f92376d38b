"""What is the memory store's own: bounds, order of eviction, counts. Its port is tested in tests/contract."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.errors import EdgesimBug
from edgesim.ports import BodyStream
from edgesim.stores import memory
from edgesim.stores.body import StoredBytes
from edgesim.stores.memory import PER_ENTRY, MemoryStore, Stats, size_of
from edgesim.values.body import Body
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import Headers
from edgesim.values.instant import Duration, Instant


class Because(StrEnum):
    TEST = "test"


def a_key(path: str = "/a", **fields: object) -> CacheKey:
    return CacheKey("D", "GET", path, **fields)  # type: ignore[arg-type]


def an_entry(body: Body = b"", **headers: str) -> Entry:
    fields = Headers(headers.items())
    return Entry(200, "OK", fields, body, "GET", Instant(0), Duration(60), Because.TEST)


def test_the_size_of_an_entry_is_key_head_body_and_a_bit() -> None:
    key = a_key("/abc", query="x=1", headers=(("a", "bc"), ("de", None)), cookies=("k=v",))
    entry = an_entry(b"12345", ETag="xy")
    assert size_of(key, replace(entry, tags=frozenset({"tv", "b"}))) == size_of(key, entry) + len("tvb")
    assert size_of(key, entry) == PER_ENTRY + len("/abc") + len("x=1") + len("abcde") + len("k=v") + 5 + len("ETagxy")
    assert size_of(key, an_entry(StoredBytes(b"12345"), ETag="xy")) == size_of(key, entry)


async def the_least_recently_used_makes_room() -> None:
    store = MemoryStore(max_bytes=3 * (PER_ENTRY + 102), object_limit=2000)
    for path in ("/a", "/b", "/c"):
        assert await store.put(a_key(path), an_entry(bytes(100)))
    assert store.get(a_key("/a"))
    list(store.entries())
    assert await store.put(a_key("/d"), an_entry(bytes(100)))
    assert {key.path for key, _ in store.entries()} == {"/a", "/c", "/d"}
    assert store.stats == Stats(entries=3, bytes=3 * (PER_ENTRY + 102), evictions=1)
    assert await store.invalidate("D", "/*") == 3
    assert store.stats == Stats(entries=0, bytes=0, evictions=1)


async def looking_at_everything_is_no_use_of_it() -> None:
    store = MemoryStore(max_bytes=2 * (PER_ENTRY + 2), object_limit=2000)
    await store.put(a_key("/a"), an_entry())
    await store.put(a_key("/b"), an_entry())
    assert [key.path for key, _ in store.entries()] == ["/a", "/b"]
    await store.put(a_key("/c"), an_entry())
    assert [key.path for key, _ in store.entries()] == ["/b", "/c"]


async def what_is_too_large_is_not_kept_and_what_it_replaced_is_gone() -> None:
    store = MemoryStore(max_bytes=4 * 10_000)
    assert await store.put(a_key(), an_entry(b"small"))
    assert not await store.put(a_key(), an_entry(bytes(10_000)))
    assert store.get(a_key()) is None
    assert store.stats == Stats(0, 0, 0)


async def replacing_counts_once() -> None:
    store = MemoryStore()
    for size in (10, 1000, 1):
        await store.put(a_key(), an_entry(bytes(size)))
    assert store.stats == Stats(entries=1, bytes=PER_ENTRY + 2 + 1, evictions=0)
    assert repr(store) == "<MemoryStore 1 entries, 1027 of 268435456 bytes>"


async def a_recorder_is_lent_for_what_may_be_kept() -> None:
    store = MemoryStore(max_bytes=400)
    assert store.recorder(101) is None
    assert store.recorder(100) is not None
    recorder = store.recorder(None)
    assert recorder is not None
    assert recorder.append(bytes(100))
    assert not recorder.append(b"x")


async def a_stream_can_not_be_kept() -> None:
    with pytest.raises(EdgesimBug, match="no body at rest"):
        await MemoryStore().put(a_key(), an_entry(BodyStream(5)))


async def others_work_while_many_entries_go() -> None:
    store = MemoryStore()
    count = 3 * memory.BATCH
    for number in range(count):
        await store.put(a_key(f"/{number}"), an_entry())
    invalidating = asyncio.create_task(store.invalidate("D", "/*"))
    seen = []
    while not invalidating.done():
        await asyncio.sleep(0)
        seen.append(store.stats.entries)
        await store.put(a_key(f"/{count - 1}"), an_entry(b"new"))
    assert await invalidating == count - 1
    assert len(set(seen)) > 2, "in batches"
    left = store.get(a_key(f"/{count - 1}"))
    assert left is not None, "what came after the invalidation stays"
    assert left.body == b"new"


async def nothing_of_an_entry_stays_in_the_index() -> None:
    store = MemoryStore(max_bytes=10 * (PER_ENTRY + 10), object_limit=2000)
    for number in range(100):
        await store.put(a_key(f"/{number}"), an_entry())
    assert sum(len(paths) for paths in store._entries._paths.values()) == store.stats.entries
    await store.invalidate("D", "/*")
    assert store._entries._paths == {"D": {}}


@pytest.mark.parametrize(
    "story",
    [
        the_least_recently_used_makes_room,
        looking_at_everything_is_no_use_of_it,
        what_is_too_large_is_not_kept_and_what_it_replaced_is_gone,
        replacing_counts_once,
        a_recorder_is_lent_for_what_may_be_kept,
        a_stream_can_not_be_kept,
        others_work_while_many_entries_go,
        nothing_of_an_entry_stays_in_the_index,
    ],
    ids=lambda story: story.__name__.replace("_", " "),
)
def test_that(story) -> None:
    asyncio.run(story())


@given(
    puts=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([1, 400, 900]), st.frozensets(st.sampled_from("xyz"))),
        max_size=30,
    )
)
def test_a_tag_takes_what_is_left_after_evictions(puts: list[tuple[str, int, frozenset[str]]]) -> None:
    async def story() -> None:
        store = MemoryStore(max_bytes=3 * PER_ENTRY, object_limit=2 * PER_ENTRY)
        for name, size, tags in puts:
            await store.put(a_key(f"/{name}"), replace(an_entry(bytes(size)), tags=tags))
        for tag in "xyz":
            tagged = [key for key, entry in store.entries() if tag in entry.tags]
            assert await store.invalidate("D", f"#{tag}") == len(tagged)
            assert not any(tag in entry.tags for _, entry in store.entries())

    asyncio.run(story())
