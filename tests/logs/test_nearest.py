"""The stored key that is nearest to the one of a miss, and what sets it apart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import CacheBehavior, ForwardedValues
from edgesim.distribution.policies import Selection, Selects
from edgesim.logs.alike import paths_alike, what_counts
from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.logs.nearest import differences, nearest
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import NOW, a_distribution, a_request, a_response, an_entry, behavior
from edgesim.values.entry import CacheKey
from edgesim.values.instant import Instant
from edgesim.values.message import Request

KEY = CacheKey("E1", "GET", "/a")
ALL_QUERIES = behavior(query_strings="all")


def a_key(**fields: Any) -> CacheKey:
    return KEY._replace(**fields)


# ── in what two keys differ ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "stored", "told"),
    [
        pytest.param({"query": "v=1&utm=x"}, {"query": "v=1"}, ["stored without ?utm=x"], id="a parameter too many"),
        pytest.param({}, {"query": "v=1"}, ["stored with ?v=1; this request had none"], id="a parameter too few"),
        pytest.param(
            {"query": "v=1"}, {"query": "v=2"}, ["stored with ?v=2; this request had ?v=1"], id="another value"
        ),
        pytest.param(
            {"query": "a=1&b=2"},
            {"query": "b=2&a=1"},
            ["stored with ?b=2&a=1; this request had ?a=1&b=2: it counts as written"],
            id="another order",
        ),
        pytest.param(
            {"query": "a=1&a=2"},
            {"query": "a=2&a=1"},
            ["stored with ?a=2&a=1; this request had ?a=1&a=2"],
            id="a repeated parameter in another order",
        ),
        pytest.param(
            {"query": "a=1&x=1"},
            {"query": "a=2&y=1"},
            [
                "stored with ?a=2; this request had ?a=1",
                "stored without ?x=1",
                "stored with ?y=1; this request had none",
            ],
            id="several parameters, a sentence each",
        ),
        pytest.param(
            {"headers": (("accept-language", "en"),)},
            {"headers": (("accept-language", "de"),)},
            ["stored for accept-language: de; this request had en"],
            id="another value of a header",
        ),
        pytest.param(
            {"headers": (("accept-language", None),)},
            {"headers": (("accept-language", ""),)},
            ["stored for accept-language: an empty one; this request had none"],
            id="absent and empty differ",
        ),
        pytest.param(
            {"headers": (("origin", "https://a"),)},
            {"headers": (("accept", "*/*"),)},
            [
                "stored for accept: */*; this request's key leaves that header out",
                "stored without origin in its key; this request's has it, with https://a",
            ],
            id="the key of another cache behavior",
        ),
        pytest.param(
            {"cookies": ("id=1", "session=7")},
            {"cookies": ("id=2",)},
            ["stored with the cookie id=2; this request had the cookie id=1", "stored without the cookie session=7"],
            id="cookies",
        ),
        pytest.param(
            {"accept_encoding": "br,gzip"},
            {"accept_encoding": "gzip"},
            ["stored for accept-encoding: gzip; this request had br,gzip"],
            id="codings",
        ),
        pytest.param(
            {"accept_encoding": "gzip"},
            {},
            ["stored for accept-encoding: none; this request had gzip"],
            id="a viewer that accepts none",
        ),
        pytest.param(
            {}, {"method": "HEAD"}, ["stored for HEAD (an answer without a body), not for GET"], id="a HEAD's answer"
        ),
        pytest.param({}, {"method": "OPTIONS"}, ["stored for OPTIONS, not for GET"], id="an OPTIONS' answer"),
        pytest.param({}, {"part": "0-4"}, ["stored is the range 0-4 alone"], id="a part"),
        pytest.param({}, {}, [], id="the same key"),
    ],
)
def test_each_part_that_differs_is_told_in_a_sentence(
    asked: dict[str, Any], stored: dict[str, Any], told: list[str]
) -> None:
    assert list(differences(a_key(**asked), a_key(**stored))) == told


@pytest.mark.parametrize(
    ("by", "says"),
    [
        (behavior(query_strings="all"), "the cache policy keys on all query strings"),
        (behavior(query_strings=["utm", "v"]), "the cache policy keys on the query strings utm, v"),
        (behavior(query_strings=["utm"]), "the cache policy keys on the query string utm"),
        (
            behavior(query_strings=Selection(Selects.ALL_EXCEPT, ("v",))),
            "the cache policy keys on all query strings except v",
        ),
        (behavior(query_strings="none"), "the cache policy keys on no query string"),
        (
            behavior(query_strings="all", forwarded_values=ForwardedValues(query_string=True)),
            "ForwardedValues key on all query strings",
        ),
    ],
)
def test_the_rule_that_has_it_in_the_key_is_told(by: CacheBehavior, says: str) -> None:
    assert list(differences(a_key(query="utm=x"), KEY, by)) == [f"stored without ?utm=x; {says}"]


def test_so_it_is_for_cookies() -> None:
    [told] = differences(a_key(cookies=("a=1",)), KEY, behavior(cookies="all"))
    assert told == "stored without the cookie a=1; the cache policy keys on all cookies"


_KEYS = st.builds(
    CacheKey,
    distribution=st.just("E1"),
    method=st.sampled_from(["GET", "HEAD", "OPTIONS"]),
    path=st.just("/a"),
    query=st.text("ab=&", max_size=6),
    headers=st.dictionaries(st.sampled_from(["accept", "origin"]), st.none() | st.text("xy", max_size=2)).map(
        lambda pairs: tuple(sorted(pairs.items()))
    ),
    cookies=st.lists(st.sampled_from(["a=1", "a=2", "b=1"]), max_size=3).map(lambda pairs: tuple(sorted(pairs))),
    accept_encoding=st.sampled_from([None, "", "gzip", "br,gzip"]),
    part=st.sampled_from(["", "0-4", "-5"]),
)


@given(_KEYS, _KEYS)
def test_keys_differ_in_something_exactly_where_they_are_not_the_same(one: CacheKey, other: CacheKey) -> None:
    assert bool(list(differences(one, other, ALL_QUERIES))) == (one != other)


# ── the nearest ──────────────────────────────────────────────────────────────


def test_the_one_with_the_fewest_differences_is_nearest() -> None:
    stored = [(a_key(query="b=1&c=2"), an_entry()), (a_key(query="b=1"), an_entry()), (KEY, an_entry())]
    found = nearest(a_key(query="b=1&d=1"), stored, None, NOW)
    assert found is not None
    assert (found.key.query, found.differs) == ("b=1", ("stored without ?d=1",))


def test_of_two_as_near_it_is_the_one_that_was_there() -> None:
    stored = [(a_key(query="a=1"), an_entry(stored_at=Instant(NOW + 1))), (a_key(query="a=2"), an_entry(stored_at=NOW))]
    found = nearest(KEY, stored, None, NOW)
    assert found is not None
    assert (found.key.query, found.later) == ("a=2", False)


def test_what_came_later_is_said_to_have() -> None:
    found = nearest(KEY, [(a_key(query="a=1"), an_entry(stored_at=Instant(NOW + 1)))], None, NOW)
    assert found is not None
    assert found.later


def test_the_very_key_and_what_is_kept_for_outages_are_none_to_compare_with() -> None:
    spare = replace(an_entry(), for_outages=True)
    assert nearest(KEY, [(KEY, an_entry()), (a_key(query="a=1"), spare)], None, NOW) is None


# ── in an explanation ────────────────────────────────────────────────────────


class Visited:
    """An edge whose cache policy keys on query strings and Accept-Language, and who came there."""

    def __init__(self, *requests: Request) -> None:
        policy = {"query_strings": "all", "headers": ["Accept-Language"]}
        self.edge = FakeEdge(
            lambda request, origin: a_response(cache_control="max-age=60"), a_distribution(behavior(**policy))
        )
        asyncio.run(self._visit(requests))

    async def _visit(self, requests: tuple[Request, ...]) -> None:
        for request in requests:
            await self.edge.ask(request)
            await self.edge.clock.advance(1)

    def told(self, of: str = "last") -> str:
        """The explanation, its columns aside."""
        transcript = self.edge.recorder.find(of)
        assert transcript is not None
        return " ".join(as_text(as_data(transcript, self.edge.store)).split())


def test_a_miss_names_the_nearest_key_and_what_sets_it_apart() -> None:
    told = Visited(a_request("/a?v=1"), a_request("/b"), a_request("/a?v=1&utm_source=x")).told()
    assert "nearest key stored now GET /a?v=1 it differs" in told
    assert "stored without ?utm_source=x; the cache policy keys on all query strings " in told


def test_a_miss_of_another_language_does() -> None:
    told = Visited(a_request("/a", accept_language="de"), a_request("/a", accept_language="en")).told()
    assert "stored for accept-language: de; this request had en " in told


def test_what_was_stored_only_after_the_miss_is_told_as_that() -> None:
    told = Visited(a_request("/a?v=1"), a_request("/a?v=2")).told("/a?v=1")
    assert "GET /a?v=2, stored after this request " in told


@pytest.mark.parametrize(
    "requests",
    [
        pytest.param([a_request("/a")], id="nothing else of that path is stored"),
        pytest.param([a_request("/a"), a_request("/ab"), a_request("/a/b")], id="other paths are other objects"),
        pytest.param([a_request("/a?v=1"), a_request("/a"), a_request("/a")], id="a hit"),
    ],
)
def test_otherwise_no_key_is_named(requests: list[Request]) -> None:
    assert "nearest" not in Visited(*requests).told()


@pytest.mark.parametrize(
    ("stored", "asked", "why"),
    [
        ("/Style.css", "/style.css", "the case of paths counts"),
        ("/docs/", "/docs", "the slash at the end counts"),
        ("/a%7eb", "/a~b", "percent-encoding counts as it is written"),
        ("/a%2fb", "/a%2Fb", "paths count as they are written"),
        ("/a//b", "/a/b", "every slash counts"),
        ("/docs/index.html", "/docs/", "the default root object is for / alone, and this distribution has none"),
        ("/Docs/", "/docs", "the case of paths counts, and the slash at the end counts"),
    ],
)
def test_where_nothing_is_stored_of_the_path_one_that_is_alike_is_named(stored: str, asked: str, why: str) -> None:
    told = Visited(a_request("/other"), a_request(stored), a_request(asked)).told()
    assert f"nearest key stored now GET {stored} it differs stored as {stored}: {why} " in told


def test_the_default_root_object_is_named_where_there_is_one() -> None:
    (told,) = differences(a_key(path="/docs/"), a_key(path="/docs/home.html"), root="home.html")
    assert told == "stored as /docs/home.html: the default root object is for / alone"


def test_a_key_of_the_path_itself_is_nearer_than_one_of_a_path_like_it() -> None:
    told = Visited(a_request("/A?v=1"), a_request("/a?v=2"), a_request("/a?v=1")).told()
    assert "nearest key stored now GET /a?v=2 " in told


@given(st.text("aA/%2f.~"), st.text("aA/%2f.~"), st.sampled_from(["", "a.f"]))
def test_of_paths_that_are_alike_it_is_told_what_sets_them_apart(path: str, other: str, root: str) -> None:
    path, other = f"/{path}", f"/{other}"
    alike = paths_alike(path, [path, other], root)
    assert path not in alike
    assert bool(alike) is bool(paths_alike(other, [path], root)), "it goes both ways"
    if alike:
        assert what_counts(path, other, root)


def test_without_a_store_to_ask_no_key_is_named() -> None:
    visited = Visited(a_request("/a?v=1"), a_request("/a?v=2"))
    transcript = visited.edge.recorder.find("last")
    assert transcript is not None
    assert "nearest" not in as_text(as_data(transcript))
