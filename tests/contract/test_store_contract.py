"""What every Store does, whatever it is made of (house-style §7.4, invariants 13 to 15)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from edgesim.ports import Store, StoredBody
from edgesim.stores.memory import MemoryStore
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import Headers
from edgesim.values.instant import Duration, Instant

T = TypeVar("T")

STORES: dict[str, Callable[[], Store]] = {"memory": MemoryStore}


class Because(StrEnum):
    TEST = "test"


def an_entry(
    body: bytes = b"", etag: str = '"1"', stored_at: float = 0, ttl: float = 60, tags: Iterable[str] = ()
) -> Entry:
    headers = Headers([("ETag", etag)])
    return Entry(200, "OK", headers, body, "GET", Instant(stored_at), Duration(ttl), Because.TEST, tags=frozenset(tags))


def a_key(path: str = "/a", query: str = "", distribution: str = "D", **fields: Any) -> CacheKey:
    return CacheKey(distribution, "GET", path, query, **fields)


def matches(key: CacheKey, entry: Entry, distribution: str, pattern: str) -> bool:
    """Invalidation, written as plainly as can be."""
    if pattern.startswith("#"):
        return key.distribution == distribution and pattern[1:].lower() in entry.tags
    target = f"{key.path}?{key.query}" if key.query else key.path
    if key.distribution != distribution:
        return False
    return target.startswith(pattern[:-1]) if pattern.endswith("*") else target == pattern


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def make_store(request: pytest.FixtureRequest) -> Callable[[], Store]:
    return request.param


class TestStore:
    """Each test is one story, told to a new store."""

    def run(self, story: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(story)

    def test_parts_are_found_by_the_object_they_are_of(self, make_store) -> None:
        async def story() -> list[str]:
            store = make_store()
            others = [a_key("/b", part="0-1"), a_key(query="x", part="7-")]
            for key in (a_key(), a_key(part="0-1"), a_key(part="2-5"), *others):
                await store.put(key, an_entry())
            return [key.part for key, _ in store.parts(a_key())]

        assert self.run(story()) == ["2-5", "0-1"]

    def test_what_is_kept_of_a_path_is_found_under_whatever_key_the_latest_first(self, make_store) -> None:
        async def story() -> list[CacheKey]:
            store = make_store()
            of_path = [a_key(), a_key(query="x"), a_key(headers=(("accept", None),)), a_key(part="0-1")]
            for key in [a_key("/b"), a_key(distribution="E"), *of_path, a_key("/a/")]:
                await store.put(key, an_entry(key.query.encode()))
            await store.put(a_key(), an_entry(b"again"))
            assert next(iter(store.variants("D", "/a"))) == (a_key(), an_entry(b"again"))
            return [key for key, _ in store.variants("D", "/a")]

        assert self.run(story()) == [a_key(), a_key(part="0-1"), a_key(headers=(("accept", None),)), a_key(query="x")]

    def test_a_path_of_which_nothing_is_kept_has_no_variants(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            assert list(store.variants("D", "/a")) == []
            await store.put(a_key(), an_entry())
            await store.invalidate("D", "/a")
            assert list(store.variants("D", "/a")) == []

        self.run(story())

    @pytest.mark.parametrize(
        "pattern", ["/a", "/a*", "/a?*", "/a?x=1", "/a?x*", "/*", "/ab", "/ä", "/%c3%a4*", "#t", "#T", "#u"]
    )
    @pytest.mark.parametrize(
        ("path", "query"),
        [("/", ""), ("/a", ""), ("/a", "x=1"), ("/a", "y"), ("/a/b", "x=1"), ("/%C3%A4", ""), ("/\xc3\xa4", "")],
    )
    def test_it_knows_of_what_is_not_there_too_whether_an_invalidation_named_it(
        self, make_store, path, query, pattern
    ) -> None:
        async def story() -> bool:
            store, key, entry = make_store(), a_key(path, query), an_entry(tags=["t"])
            await store.invalidate("D", pattern)
            before = store.invalidations
            assert not store.invalidated(key, entry, before)
            await store.put(key, entry)
            named = store.invalidated(key, entry, before - 1)
            await store.invalidate("D", pattern)
            assert store.invalidated(key, entry, before) is named
            assert not store.invalidated(key._replace(distribution="E"), entry, before)
            return named is (store.get(key) is None)

        assert self.run(story())

    def test_it_tells_the_paths_of_a_distribution_of_which_something_is_kept(self, make_store) -> None:
        async def story() -> list[list[str]]:
            store = make_store()
            for key in (a_key(), a_key(query="x"), a_key("/b"), a_key("/c", distribution="E")):
                await store.put(key, an_entry())
            before = sorted(store.paths("D"))
            await store.invalidate("D", "/b")
            return [before, sorted(store.paths("D")), sorted(store.paths("none"))]

        assert self.run(story()) == [["/a", "/b"], ["/a"], []]

    def test_it_counts_how_often_an_entry_was_found_since_it_was_put(self, make_store) -> None:
        async def story() -> list[int]:
            store = make_store()
            store.get(a_key())
            counts = [store.finds(a_key())]
            await store.put(a_key(), an_entry())
            for _ in range(3):
                counts.append(store.finds(a_key()))
                store.get(a_key())
            list(store.entries()), list(store.variants("D", "/a")), list(store.parts(a_key()))
            counts.append(store.finds(a_key()))
            await store.put(a_key(), an_entry(b"new"))
            return [*counts, store.finds(a_key())]

        assert self.run(story()) == [0, 0, 1, 2, 3, 0]

    def test_what_was_never_put_is_not_there(self, make_store) -> None:
        assert make_store().get(a_key()) is None

    def test_the_latest_entry_is_returned_whole(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            assert await store.put(a_key(), an_entry(b"first", etag='"1"'))
            assert await store.put(a_key(), an_entry(b"second", etag='"2"'))
            assert store.get(a_key()) == an_entry(b"second", etag='"2"')

        self.run(story())

    @pytest.mark.parametrize(
        "other",
        [
            a_key(distribution="E"),
            a_key("/A"),
            a_key("/a/"),
            a_key(query="x=1"),
            a_key(headers=(("accept", "x"),)),
            a_key(headers=(("accept", None),)),
            a_key(cookies=("a=b",)),
            a_key(accept_encoding="gzip"),
            a_key()._replace(method="OPTIONS"),
        ],
        ids=repr,
    )
    def test_another_key_is_another_entry(self, make_store, other) -> None:
        async def story() -> None:
            store = make_store()
            await store.put(a_key(), an_entry())
            assert store.get(other) is None

        self.run(story())

    def test_revalidation_keeps_the_body_byte_for_byte(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            recorder = store.recorder(None)
            assert recorder is not None
            assert recorder.append(b"hello ")
            assert recorder.append(b"world")
            await store.put(a_key(), replace(an_entry(), body=recorder.finish()))
            old = store.get(a_key())
            assert old is not None
            await store.put(a_key(), replace(old, stored_at=Instant(100)))
            new = store.get(a_key())
            assert new is not None
            assert isinstance(new.body, StoredBody)
            assert new.body.read(0, 100) == b"hello world"
            assert (new.fresh_until, old.fresh_until) == (160, 60)

        self.run(story())

    def test_a_body_may_be_read_after_its_entry_is_gone(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            recorder = store.recorder(3_000_000)
            assert recorder is not None
            recorder.append(bytes(3_000_000))
            await store.put(a_key(), replace(an_entry(), body=recorder.finish()))
            entry = store.get(a_key())
            assert entry is not None
            await store.invalidate("D", "/*")
            assert isinstance(entry.body, StoredBody)
            assert len(entry.body.read(0, 3_000_000)) == 3_000_000

        self.run(story())

    def test_a_body_beyond_all_measure_is_not_taken(self, make_store) -> None:
        assert make_store().recorder(2**50) is None

    def test_discarding_twice_is_harmless(self, make_store) -> None:
        recorder = make_store().recorder(None)
        recorder.append(b"x")
        recorder.discard()
        recorder.discard()

    @pytest.mark.parametrize(
        ("pattern", "gone"),
        [
            ("/a", {"/a", "/a gzip"}),
            ("/a*", {"/a", "/a gzip", "/a?x=1", "/a?x=12", "/a/b", "/a*", "/ab"}),
            ("/a?x=1", {"/a?x=1"}),
            ("/a?x=1*", {"/a?x=1", "/a?x=12"}),
            ("/a?*", {"/a?x=1", "/a?x=12"}),
            ("/*", {"/a", "/a gzip", "/a?x=1", "/a?x=12", "/a/b", "/a*", "/ab", "/A"}),
            ("*", {"/a", "/a gzip", "/a?x=1", "/a?x=12", "/a/b", "/a*", "/ab", "/A"}),
            ("/A", {"/A"}),
            ("/*b", set()),
            ("/a*b", set()),
            ("/a**", {"/a*"}),
            ("/a/", set()),
            ("/?b", set()),
            ("/a?", set()),
            ("a", set()),
            ("", set()),
        ],
    )
    def test_invalidation_takes_what_the_path_names(self, make_store, pattern, gone) -> None:
        keys = {
            "/a": a_key(),
            "/a gzip": a_key(accept_encoding="gzip"),
            "/a?x=1": a_key(query="x=1"),
            "/a?x=12": a_key(query="x=12"),
            "/a/b": a_key("/a/b"),
            "/a*": a_key("/a*"),
            "/ab": a_key("/ab"),
            "/A": a_key("/A"),
        }

        async def story() -> None:
            store = make_store()
            for key in [*keys.values(), a_key(distribution="E")]:
                await store.put(key, an_entry())
            assert await store.invalidate("D", pattern) == len(gone)
            assert {name for name, key in keys.items() if store.get(key) is None} == gone
            assert store.get(a_key(distribution="E")) is not None
            assert await store.invalidate("D", pattern) == 0

        self.run(story())

    @pytest.mark.parametrize(
        ("pattern", "gone"),
        [
            ("#tv", {"/a", "/a?x=1", "/b"}),
            ("#TV", {"/a", "/a?x=1", "/b"}),
            ("#new", {"/b"}),
            ("#t*", set()),
            ("#", set()),
            ("#tv*", {"/c"}),
            ("tv", set()),
        ],
    )
    def test_a_tag_takes_what_has_it(self, make_store, pattern, gone) -> None:
        tagged = {
            "/a": (a_key(), ["tv"]),
            "/a?x=1": (a_key(query="x=1"), ["tv"]),
            "/b": (a_key("/b"), ["tv", "new"]),
            "/c": (a_key("/c"), ["tv*"]),
            "/d": (a_key("/d"), []),
        }

        async def story() -> None:
            store = make_store()
            for key, tags in [*tagged.values(), (a_key(distribution="E"), ["tv", "new", "tv*"])]:
                await store.put(key, an_entry(tags=tags))
            assert await store.invalidate("D", pattern) == len(gone)
            assert {name for name, (key, _) in tagged.items() if store.get(key) is None} == gone
            assert store.get(a_key(distribution="E")) is not None

        self.run(story())

    def test_the_tags_of_what_was_replaced_mean_nothing(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            await store.put(a_key(), an_entry(tags=["old", "both"]))
            await store.put(a_key(), an_entry(tags=["both", "new"]))
            assert await store.invalidate("D", "#old") == 0
            assert await store.invalidate("D", "#new") == 1
            assert await store.invalidate("D", "#both") == 0

        self.run(story())

    def test_what_is_put_after_an_invalidation_stays(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            await store.put(a_key(), an_entry(b"old"))
            await store.invalidate("D", "/*")
            await store.put(a_key(), an_entry(b"new"))
            assert store.get(a_key()) == an_entry(b"new")

        self.run(story())

    def test_entries_is_a_snapshot(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            await store.put(a_key("/a"), an_entry())
            await store.put(a_key("/b"), an_entry())
            snapshot = store.entries()
            await store.invalidate("D", "/*")
            assert sorted(key.path for key, _ in snapshot) == ["/a", "/b"]
            assert list(store.entries()) == []

        self.run(story())

    def test_slices_are_everything_that_is_kept_all_the_while(self, make_store) -> None:
        async def story() -> None:
            store = make_store()
            for number in range(5000):
                await store.put(a_key(f"/{number}"), an_entry())
            seen: list[str] = []
            async for part in store.slices():
                if not seen:
                    await store.invalidate("D", "/4999")
                    await store.put(a_key("/new"), an_entry())
                seen += [key.path for key, _ in part]
            assert len(seen) == len(set(seen))
            assert {f"/{number}" for number in range(4999)} <= set(seen) <= {f"/{n}" for n in range(5000)} | {"/new"}

        self.run(story())

    @pytest.mark.slow
    def test_it_agrees_with_a_dictionary(self, make_store) -> None:
        class Machine(StoreMachine):
            factory = staticmethod(make_store)

        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )


paths = st.text(st.sampled_from("/ab*A"), min_size=0, max_size=3).map(lambda rest: f"/{rest}")
queries = st.sampled_from(["", "", "a", "b=1", "b=12"])
all_keys = st.builds(
    CacheKey,
    distribution=st.sampled_from(["D", "E"]),
    method=st.sampled_from(["GET", "OPTIONS"]),
    path=paths,
    query=queries,
    headers=st.sampled_from([(), (("accept", "a"),), (("accept", None),)]),
    cookies=st.sampled_from([(), ("a=b",)]),
    accept_encoding=st.sampled_from([None, "gzip"]),
    part=st.sampled_from(["", "", "0-1", "2-5"]),
)
all_tags = st.sets(st.sampled_from(["a", "b", "a*", "/ab"]), max_size=3)
patterns = st.one_of(
    paths,
    paths.map(lambda path: f"{path}*"),
    st.builds(lambda path, query: f"{path}?{query}", paths, queries),
    st.builds(lambda path, query: f"{path}?{query}*", paths, queries),
)


class StoreMachine(RuleBasedStateMachine):
    """A store beside a dictionary that does the same."""

    factory: Callable[[], Store]
    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = self.factory()
        self.model: dict[CacheKey, Entry] = {}

    @rule(target=keys, key=all_keys, body=st.binary(max_size=3), at=st.integers(0, 9), tags=all_tags)
    def put(self, key: CacheKey, body: bytes, at: int, tags: set[str]) -> CacheKey:
        self.keep(key, an_entry(body, stored_at=at, tags=tags))
        return key

    @rule(key=keys, body=st.binary(max_size=3), tags=all_tags)
    def put_again(self, key: CacheKey, body: bytes, tags: set[str]) -> None:
        self.keep(key, an_entry(body, tags=tags))

    def keep(self, key: CacheKey, entry: Entry) -> None:
        assert self.runner.run(self.store.put(key, entry))
        self.model.pop(key, None)  # the latest is the last one in the dictionary
        self.model[key] = entry

    @rule(key=keys)
    def parts(self, key: CacheKey) -> None:
        whole = key._replace(part="")
        told = [(other, e) for other, e in self.model.items() if other.part and other._replace(part="") == whole]
        assert list(self.store.parts(whole)) == told[::-1]

    @rule(key=keys, until=st.integers(10, 99))
    def hold(self, key: CacheKey, until: int) -> None:
        """As where an origin has failed: what is there is put again with other terms, body and tags as they were."""
        entry = self.store.get(key)
        if entry is not None:
            self.keep(key, replace(entry, held_until=Instant(until)))

    @rule(key=keys)
    def get_known(self, key: CacheKey) -> None:
        assert self.store.get(key) == self.model.get(key)

    @rule(key=all_keys)
    def get_any(self, key: CacheKey) -> None:
        assert self.store.get(key) == self.model.get(key)

    @rule(key=keys, tags=all_tags)
    def revalidate(self, key: CacheKey, tags: set[str]) -> None:
        entry = self.store.get(key)
        if entry is not None:
            self.keep(key, replace(entry, stored_at=Instant(entry.stored_at + 100), tags=frozenset(tags)))

    @rule(distribution=st.sampled_from(["D", "E"]), tag=st.sampled_from(["a", "A", "b", "a*", "/ab", "*", ""]))
    def invalidate_tag(self, distribution: str, tag: str) -> None:
        self.invalidate(distribution, f"#{tag}")

    @rule(distribution=st.sampled_from(["D", "E"]), pattern=patterns)
    def invalidate_path(self, distribution: str, pattern: str) -> None:
        self.invalidate(distribution, pattern)

    def invalidate(self, distribution: str, pattern: str) -> None:
        gone = [key for key in self.model if matches(key, self.model[key], distribution, pattern)]
        assert self.runner.run(self.store.invalidate(distribution, pattern)) == len(gone)
        for key in gone:
            del self.model[key]

    @invariant()
    def they_hold_the_same(self) -> None:
        assert dict(self.store.entries()) == self.model

    def teardown(self) -> None:
        self.runner.close()
