"""What was expected against what came: one row for each kind of expectation, holding and not."""

from __future__ import annotations

import hashlib

import pytest

from edgesim.distribution.model import Code, Trigger
from edgesim.scenario.model import (
    BodyMatch,
    CacheExpectation,
    CacheState,
    Expectation,
    HeaderMatch,
    Match,
    OriginExpectation,
    RequestMatch,
)
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.match import describe, fault_of, header_fault
from edgesim.testing.make import a_distribution, a_function, behavior
from tests.scenario.helpers import a_scenario, get, is_, mismatches_of, passes, played, says, x_cache

MATCHES = [
    (Match(equals="a"), "a", "b"),
    (Match(contains=("b", "c")), "abc", "ab"),
    (Match(matches=(r"^a\d+$",)), "a12", "ba12"),
    (Match(one_of=("a", "b")), "b", "c"),
    (Match(present=True), "", None),
    (Match(present=False), None, ""),
    (Match(but_not=Match(equals="a")), "b", "a"),
    (Match(but_not=Match(contains=("a",))), None, "ba"),
    (Match(equals="a"), "a", None),
]


@pytest.mark.parametrize(("match", "good", "bad"), MATCHES, ids=[describe(match) for match, _, _ in MATCHES])
def test_a_text_fits_or_not(match, good, bad):
    assert not fault_of(match, good)
    assert fault_of(match, bad)


def test_a_headers_lines_are_compared_in_order_and_joined_for_every_other_test():
    lines = ("a=1", "b=2")
    assert not header_fault(Match(lines=lines), lines)
    assert header_fault(Match(lines=lines), lines[::-1])
    assert not header_fault(Match(equals="a=1, b=2"), lines)
    assert not header_fault(Match(present=False), ())


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(contains=("a",), but_not=Match(contains=("b",))), False),
        (Match(matches=("^/x",), but_not=Match(equals="y")), False),
        (Match(equals="x", but_not=Match(contains=("y",))), False),
        (Match(one_of=("a",), but_not=Match(contains=("b",))), False),
        (Match(but_not=Match(present=False)), False),
        (Match(present=False, contains=("x",)), False),
        (Match(but_not=Match(contains=("x",))), True),
        (Match(but_not=Match(present=True)), True),
        (Match(present=False), True),
        (Match(), False),
    ],
    ids=lambda value: describe(value) if isinstance(value, Match) else str(value),
)
def test_what_is_not_there_fits_only_where_nothing_is_asked_of_it(match: Match, fits: bool) -> None:
    assert fault_of(match, None) is not fits
    assert header_fault(match, ()) is not fits


def test_an_empty_text_is_not_anything() -> None:
    assert describe(Match(equals="")) == "nothing"


JSON = '{"a": [1, {"b": true}], "c": null}'
SHA = hashlib.sha256(b"hello").hexdigest()

BODY_JSON = "body json"
BODIES = [
    ("hello", BodyMatch(text=is_("hello")), BodyMatch(text=is_("hallo")), "body"),
    ("hello", BodyMatch(size=5), BodyMatch(size=6), "body size"),
    ("hello", BodyMatch(sha256=SHA), BodyMatch(sha256="0" * 64), "body sha256"),
    (JSON, BodyMatch(json={"c": None, "a": [1, {"b": True}]}), BodyMatch(json={"a": [1, {"b": 1}]}), BODY_JSON),
    (JSON, BodyMatch(json_contains={"a": [{"b": True}]}), BodyMatch(json_contains={"a": [2]}), "body json-contains"),
    (JSON, BodyMatch(json_contains={"c": None}), BodyMatch(json_contains={"d": None}), "body json-contains"),
    ("1.0", BodyMatch(json=1), BodyMatch(json=True), BODY_JSON),
    ('"no"', BodyMatch(json="no"), BodyMatch(json=None), BODY_JSON),
]  # fmt: skip


@pytest.mark.parametrize(("body", "good", "bad", "what"), BODIES)
def test_a_body_is_compared_as_asked(body, good, bad, what):
    passes(a_scenario(get("/a", says(body), expect=Expectation(body=good))))
    (mismatch,) = mismatches_of(a_scenario(get("/a", says(body), expect=Expectation(body=bad))))
    assert mismatch.what == what


def test_a_body_may_be_that_of_a_file(tmp_path):
    (tmp_path / "page.html").write_text("hello")
    good, bad = BodyMatch(file=tmp_path / "page.html"), BodyMatch(file=tmp_path / "other.html")
    passes(a_scenario(get("/a", says(), expect=Expectation(body=good))))
    (mismatch,) = mismatches_of(a_scenario(get("/a", says(), expect=Expectation(body=bad))))
    assert mismatch.got.startswith("no such file")


@pytest.mark.parametrize("word", ["present", "absent"])
def test_a_test_that_is_written_as_a_text_is_told_how_it_is_written(word):
    wanted = Expectation(headers=(HeaderMatch("X-Stamp", is_(word)),))
    (mismatch,) = mismatches_of(a_scenario(get("/a", says(x_stamp="1"), expect=wanted)))
    assert f"write {{{word}: true}}; '{word}' is the text" in mismatch.why
    passes(a_scenario(get("/a", says(x_stamp=word), expect=wanted)))


def test_a_header_that_is_not_there_points_to_one_that_may_be_meant():
    wanted = Expectation(headers=(HeaderMatch("Cache-Controll", is_("no-store")),))
    (mismatch,) = mismatches_of(a_scenario(get("/a", says(cache_control="no-store"), expect=wanted)))
    assert (mismatch.what, mismatch.got, mismatch.why) == (
        "header cache-controll",
        "(none)",
        "there is cache-control",
    )


def test_everything_that_does_not_hold_is_said_at_once():
    wanted = Expectation(status=(404,), headers=(HeaderMatch("x-a", is_("1")),), body=BodyMatch(text=is_("no")))
    told = mismatches_of(a_scenario(get("/a", says(), expect=wanted)))
    assert [mismatch.what for mismatch in told] == ["status", "header x-a", "body"]


def test_an_answer_is_whole_where_nothing_else_is_said():
    whole = ("DeliveryReason.WHOLE", "Outcome.MISS")
    part = Expectation(because=("DeliveryReason.PART", "Outcome.HIT"), not_because=("DeliveryReason.WHOLE",))
    step = get("/a", headers=(("Range", "bytes=0-1"),), expect=part)
    passes(a_scenario(get("/a", says(), expect=Expectation(because=whole)), step))


@pytest.mark.parametrize(
    ("because", "why"),
    [
        (("StoreReason.STORED", "TtlReason.MAX_AGE"), None),
        (("TtlReason.NO_STORE|StoreReason.STORED",), None),
        (("TtlReason.S_MAXAGE",), "'s-maxage' is not among them"),
        (("StoreReason.STORED", "LookUpReason.NOT_STORED"), "'not in the cache' comes earlier than that"),
    ],
)
def test_reasons_come_in_the_order_that_is_said(because, why):
    scenario = a_scenario(get("/a", says(cache_control="max-age=60"), expect=Expectation(because=because)))
    if why is None:
        passes(scenario)
    else:
        assert mismatches_of(scenario)[0].why == why


def test_a_reason_that_must_not_be_there():
    step = get("/a", says(), expect=Expectation(not_because=("StoreReason.STORED",)))
    (mismatch,) = mismatches_of(a_scenario(step))
    assert mismatch.expected == "not 'stored'"
    assert "stored" in mismatch.got.splitlines()


def test_the_line_in_the_access_log_is_compared_by_field():
    fields = (HeaderMatch("x-edge-result-type", is_("Hit")), HeaderMatch("sc-status", is_("200")))
    [found] = mismatches_of(a_scenario(get(expect=Expectation(access_log=fields, logged=True))))
    assert (found.what, found.expected, found.got) == ("access log x-edge-result-type", "Hit", "Miss")


def test_a_line_that_must_not_be_there():
    [found] = mismatches_of(a_scenario(get(expect=Expectation(logged=False))))
    assert (found.what, found.expected, found.got) == ("access log", "no line", "a line")
    [found] = mismatches_of(a_scenario(get("/" + "x" * 9000, expect=Expectation(logged=True))))
    assert (found.expected, found.got) == ("a line", "no line")


def received(**more):
    return Expectation(origins=(OriginExpectation("origin", receives=(RequestMatch(**more),)),))


@pytest.mark.parametrize(
    ("good", "bad", "what"),
    [
        ({"path": is_("/a")}, {"path": is_("/b")}, "origin origin: path"),
        ({"method": is_("GET")}, {"method": is_("HEAD")}, "origin origin: method"),
        ({"query": is_("")}, {"query": is_("x=1")}, "origin origin: query"),
        ({"target": is_("/a")}, {"target": is_("/a?x=1")}, "origin origin: target"),
        (
            {"headers": (HeaderMatch("user-agent", is_("Amazon CloudFront")),)},
            {"headers": (HeaderMatch("user-agent", Match(present=False)),)},
            "origin origin: header user-agent",
        ),
    ],
)
def test_what_the_origin_received(good, bad, what):
    target = "/a?x=1" if what.endswith("target") else "/a"
    passes(a_scenario(get(target, expect=received(**good))))
    (mismatch,) = mismatches_of(a_scenario(get(target, expect=received(**bad))))
    assert mismatch.what == what


@pytest.mark.parametrize(
    ("times", "expected", "got"),
    [(0, "untouched", "asked once: GET /a"), (2, "asked twice", "asked once: GET /a")],
)
def test_how_often_the_origin_was_asked(times, expected, got):
    wanted = Expectation(origins=(OriginExpectation("*", times=times),))
    (mismatch,) = mismatches_of(a_scenario(get("/a", expect=wanted)))
    assert (mismatch.expected, mismatch.got) == (expected, got)


def test_the_state_of_the_cache_is_told_in_its_parts():
    wanted = CacheExpectation("/a", CacheState.FRESH, ttl=30)
    step = get("/a", says(cache_control="max-age=60"), expect=Expectation(cache=(wanted,)))
    (mismatch,) = mismatches_of(a_scenario(step))
    assert mismatch.expected == "state fresh, ttl 30 s"
    assert mismatch.got == "state fresh, ttl 60 s, age 0 s, because max-age, status 200"


def test_an_object_that_is_absent_says_what_became_of_its_answer():
    wanted = Expectation(cache=(CacheExpectation("/a", CacheState.STORED),))
    (mismatch,) = mismatches_of(a_scenario(get("/a", says(cache_control="no-store"), expect=wanted)))
    assert (mismatch.got, mismatch.why) == ("absent", "of GET /a before: not stored: no-store")


def test_objects_are_told_apart_by_the_parts_of_their_keys():
    one, two = (("x-lang", "en"),), (("x-lang", "de"),)
    english = CacheExpectation("/a", CacheState.FRESH, where=("x-lang: en",), objects=1)
    passes(
        a_scenario(
            get("/a", says(cache_control="max-age=60"), headers=one),
            get(
                "/a", says(cache_control="max-age=60"), headers=two, expect=x_cache("Miss", cache=(english,), entries=2)
            ),
            distribution=a_distribution(behavior(headers=["X-Lang"])),
        )
    )


PRINTS = (
    "exports.handler = async (event) => { console.log('one'); console.log('two'); return event.Records[0].cf.request }"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Match(contains=("two",)), True),
        (Match(contains=("three",)), False),
        (Match(but_not=Match(contains=("three",))), True),
        (Match(but_not=Match(contains=("two",))), False),
        (Match(contains=("one",), but_not=Match(contains=("two",))), False),
    ],
)
def test_what_must_be_in_the_log_is_in_some_line_and_what_must_not_in_none(wanted, holds):
    function = a_function("prints", code=Code(inline=PRINTS))
    site = a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: function}))
    scenario = a_scenario(get("/a", expect=Expectation(log=(wanted,))), distribution=site)
    assert (played(scenario).verdict is Verdict.PASSED) is holds
