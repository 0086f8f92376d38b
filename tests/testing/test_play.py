"""Playbooks tell a mismatch so that it can be read."""

from __future__ import annotations

from typing import Any

import pytest

from edgesim.errors import EdgesimBug
from edgesim.pipeline.effects import Fetch, Fetched, Keep, LookedUp, LookUp
from edgesim.rules.reasons import LookUpReason, Outcome, StoreReason
from edgesim.testing.make import NOW, a_distribution, a_request, a_response, an_entry
from edgesim.testing.play import ANY, Play, fail_unfinished, having, visit
from edgesim.values.entry import Use

SITE = a_distribution()
NOTHING = LookedUp(None, use=Use.STALE, at=NOW)


def told(play: Play, **expected: Any) -> str:
    with pytest.raises(AssertionError) as mismatch:
        play.returns(**expected)
    return str(mismatch.value)


def test_another_effect_than_expected_is_shown_beside_it() -> None:
    text = told(visit(a_request("/a.css"), SITE).expect(Fetch, reply=Fetched(a_response(), NOW)))
    assert text.splitlines() == [
        "another effect was expected",
        "",
        "  EXPECTED  ASKED",
        "≠ Fetch     LookUp (<CacheKey GET /a.css>,)",
    ]


def test_of_two_effects_of_one_kind_the_values_that_differ_are_shown() -> None:
    play = (
        visit(a_request("/a.css"), SITE).expect(LookUp, reply=NOTHING).expect(Fetch, reply=Fetched(a_response(), NOW))
    )
    text = told(play.expect(Keep(ANY, having(status=404))))
    assert "  entry=having(status=404)" in text
    assert "entry=<Entry 200 ttl 86400s (default TTL)>" in text
    assert "key=" not in text


def test_an_answer_that_comes_too_early_is_a_mismatch() -> None:
    play = visit(a_request("/a.css", method="POST"), SITE).expect(LookUp, reply=NOTHING)
    assert told(play).startswith("the answer <Response 403")


def test_an_effect_after_the_script_is_a_mismatch() -> None:
    text = told(visit(a_request("/a.css"), SITE))
    assert text.startswith("the play goes on")
    assert "—" in text


def test_everything_that_is_wrong_with_the_answer_is_told_at_once() -> None:
    play = visit(a_request("/a.css"), SITE).expect(LookUp, reply=LookedUp(an_entry(), use=Use.FRESH, at=NOW))
    text = told(play, status=404, x_cache=Outcome.MISS, body=b"", headers={"age": None}, because=[StoreReason.STORED])
    for expected in ("status: 404", "'Miss from cloudfront'", "body: b''", "header age: None", "StoreReason.STORED"):
        assert expected in text


def test_reasons_count_in_their_order() -> None:
    play = visit(a_request("/a.css"), SITE).expect(LookUp, reply=LookedUp(an_entry(), use=Use.FRESH, at=NOW))
    assert "LookUpReason.FRESH" in told(play, because=[Outcome.HIT, LookUpReason.FRESH])


def test_an_effect_without_an_obvious_reply_needs_one() -> None:
    with pytest.raises(EdgesimBug, match="no reply to LookUp"):
        visit(a_request("/a.css"), SITE).expect(LookUp).returns()


def test_a_play_that_never_came_to_its_end_fails_the_test() -> None:
    visit(a_request("/a.css"), SITE).expect(LookUp, reply=NOTHING)
    with pytest.raises(AssertionError, match="1 play"):
        fail_unfinished()
    fail_unfinished()
