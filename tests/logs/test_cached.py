"""`edgesim cache`: what is told of stored objects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from edgesim.logs.cached import MOST, Overview, Wanted, as_text, wanted
from edgesim.testing.make import NOW, an_entry
from edgesim.values.body import Coding
from edgesim.values.entry import CacheKey, Entry, StaleTerms
from edgesim.values.instant import Duration, Instant

KEY = CacheKey("E1", "GET", "/a")
NAMES = {"E1": "Site", "E2": "Shop"}


def data_of(
    *kept: tuple[CacheKey, Entry], at: float = 12, most: int = MOST, names: dict[str, str] = NAMES, whole: bool = False
) -> dict[str, Any]:
    """As it comes over the control port, taken in one by one."""
    overview = Overview(names, most)
    for one in kept:
        overview.add([one])
    return dict(json.loads(json.dumps(overview.data(Instant(NOW + at), lambda key: 3, whole=whole))))


def text_of(*kept: tuple[CacheKey, Entry], at: float = 12, **more: Any) -> list[str]:
    """The lines, their columns aside."""
    return [" ".join(line.split()) for line in as_text(data_of(*kept, at=at, **more)).splitlines()]


def keys(data: dict[str, Any]) -> Iterable[str]:
    return [f"{one['distribution']} {one['key']['path']}?{one['key']['query']}" for one in data["objects"]]


# ── what is asked about ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("/a", Wanted("/a")),
        ("/a?x=1", Wanted("/a", "x=1")),
        ("/a?", Wanted("/a", "")),
        ("HEAD /a", Wanted("/a", None, "HEAD")),
        (" OPTIONS  /a?x ", Wanted("/a", "x", "OPTIONS")),
        ("http://localhost:8080/a?x=1", Wanted("/a", "x=1")),
        ("a", Wanted("/a")),
        ("/a/*", Wanted("/a/", wildcard=True)),
        ("GET /a?x*", Wanted("/a", "x", "GET", wildcard=True)),
        ("*", Wanted("/", wildcard=True)),
        ("/ä", Wanted("/ä".encode().decode("latin-1"))),
    ],
)
def test_an_object_is_named_by_method_path_and_query_string(text: str, means: Wanted) -> None:
    assert wanted(text) == means


@pytest.mark.parametrize(
    ("text", "meets"),
    [
        ("/a", {"", "x=1", "HEAD"}),
        ("/a?x=1", {"x=1"}),
        ("/a?", {"", "HEAD"}),
        ("HEAD /a", {"HEAD"}),
        ("/b", set()),
        ("/*", {"", "x=1", "HEAD"}),
        ("/a?x*", {"x=1"}),
        ("/b*", set()),
    ],
)
def test_what_is_not_said_may_be_anything(text: str, meets: set[str]) -> None:
    stored = {"": KEY, "x=1": KEY._replace(query="x=1"), "HEAD": KEY._replace(method="HEAD")}
    assert {name for name, key in stored.items() if wanted(text).is_met_by(key)} == meets


# ── what is told ─────────────────────────────────────────────────────────────


def test_an_object_is_told_with_all_that_made_it() -> None:
    key = KEY._replace(
        query="v=2", headers=(("accept-language", "de"), ("origin", None)), cookies=("id=7",), accept_encoding="gzip"
    )
    assert text_of((key, an_entry(ttl=60))) == [
        "1 object, 5 bytes of bodies",
        "",
        "GET /a?v=2 200, 5 bytes, 3 hits",
        "key: header accept-language de",
        "key: absent origin",
        "key: cookie id=7",
        "key: accept-encoding gzip",
        "fresh until 2025-05-06T10:01:00.000Z, for another 48 s",
        "age 12 s",
        "TTL 60 s from max-age",
    ]


def test_one_that_was_asked_about_is_told_with_its_headers() -> None:
    entry = replace(an_entry(etag='"1"'), stale=StaleTerms(Duration(30), Duration(3600)))
    told = text_of((KEY, entry), whole=True)
    assert told[-4:] == [
        "stored 2025-05-06T10:00:00.000Z",
        "may be stale for 30s while it is fetched anew",
        "may be stale for 1h instead of errors",
        'header Etag "1"',
    ]
    assert not [line for line in text_of((KEY, entry)) if line.startswith("header")]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param({"ttl": Duration(2)}, "stale since 2025-05-06T10:00:02.000Z, for 10 s", id="a stale one"),
        pytest.param(
            {"ttl": Duration(12)}, "stale since 2025-05-06T10:00:12.000Z, for 0 s", id="one that is just over"
        ),
        pytest.param({"ttl": Duration(1e13)}, "fresh until 9999-12-31T23:59:59.000Z", id="one for all time"),
        pytest.param(
            {"for_outages": True},
            "for outages alone: it may not be stored, and stands in for an origin out of reach",
            id="one for outages",
        ),
        pytest.param({"generated": True}, "made by a function at origin request", id="one that a function made"),
        pytest.param({"coding": Coding.GZIP}, "compressed gzip, at the edge", id="one that the edge compressed"),
        pytest.param({"age_when_stored": 100}, "age 112 s", id="one that came with an age"),
        pytest.param({"status": 404}, "GET /a 404, 5 bytes, 3 hits", id="an error"),
        pytest.param({"body": b"x"}, "GET /a 200, 1 byte, 3 hits", id="a byte"),
    ],
)
def test_what_is_particular_about_an_object_is_told(changes: dict[str, Any], line: str) -> None:
    assert any(told.startswith(line) for told in text_of((KEY, replace(an_entry(), **changes))))


def test_one_for_outages_has_no_hits_since_it_is_passed_over() -> None:
    [told] = data_of((KEY, replace(an_entry(), for_outages=True)))["objects"]
    assert (told["hits"], told["state"]) == (0, "for outages")


def test_a_part_is_told_by_its_range() -> None:
    assert "key: range 0-4" in text_of((KEY._replace(part="0-4"), an_entry(206)))


def test_nothing_in_it_steers_a_terminal() -> None:
    key = KEY._replace(path="/\x9b2J", headers=(("x", "\x1b[2J"),), cookies=("a=\x1b",))
    text = as_text(data_of((key, an_entry(fields=[("X-Y", "\x1b[31m")])), whole=True))
    assert all(char.isprintable() for line in text.splitlines() for char in line)


# ── the list ─────────────────────────────────────────────────────────────────


def test_an_empty_cache_says_so() -> None:
    assert as_text(data_of()) == "the cache is empty\n"


def test_objects_are_sorted_by_distribution_path_and_query_string() -> None:
    stored = [
        KEY._replace(distribution="E1", path="/b"),
        KEY._replace(query="x=2"),
        KEY,
        KEY._replace(distribution="E2", path="/z"),
        KEY._replace(query="x=1"),
    ]
    data = data_of(*((key, an_entry()) for key in stored))
    assert keys(data) == ["Shop /z?", "Site /a?", "Site /a?x=1", "Site /a?x=2", "Site /b?"]


def test_keys_of_headers_that_are_there_and_absent_can_be_sorted() -> None:
    variants = [KEY._replace(headers=(("a", value),)) for value in ("x", None, "")]
    data = data_of(*((key, an_entry()) for key in variants))
    assert [one["key"]["headers"]["a"] for one in data["objects"]] == [None, "", "x"]


def test_distributions_are_told_apart_where_there_are_several() -> None:
    both = ((KEY, an_entry()), (KEY._replace(distribution="E2"), an_entry()))
    assert "distribution Shop" in text_of(*both)
    assert not [line for line in text_of(both[0]) if line.startswith("distribution")]


def test_a_long_list_is_cut_and_says_by_how_much() -> None:
    many = [(KEY._replace(path=f"/{number:04}"), an_entry()) for number in range(1234)]
    told = text_of(*many, most=2)
    assert told[0] == "1,234 objects, 6,170 bytes of bodies"
    assert [line.split()[1] for line in told if line.startswith("GET")] == ["/0000", "/0001"]
    assert told[-1] == "… and 1,232 more: --limit 1234 shows them all"


def test_colours_are_the_callers() -> None:
    text = as_text(data_of((KEY, an_entry())), lambda text, style: f"<{style}>{text}</>")
    assert "<title>GET /a</>  200" in text
    assert "<label>age" in text
