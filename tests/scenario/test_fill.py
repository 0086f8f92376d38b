"""`${name}` in the texts of a step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.errors import ConfigError
from edgesim.scenario.fill import filled, names_in
from edgesim.scenario.model import Answer, BodyMatch, Content, Expectation, HeaderMatch, Match, Rule, Script, Send


def test_placeholders_are_filled_in_whatever_text_they_stand():
    step = Send(
        "GET",
        "/a?token=${token}",
        headers=(("x-${token}", "1"),),
        cookies=(("sid", "${sid}"),),
        origins={"*": Script((Rule("/${token}", (Answer(body=Content(data=b'{"a": "${sid}"}')),)),))},
        expect=Expectation(
            headers=(HeaderMatch("location", Match(contains=("${sid}",))),), body=BodyMatch(json={"a": ["${sid}"]})
        ),
    )
    done = filled(step, {"token": "T", "sid": "S"})
    assert (done.target, done.headers, done.cookies) == ("/a?token=T", (("x-T", "1"),), (("sid", "S"),))
    assert done.origins["*"].rules[0].path == "/T"
    assert done.origins["*"].rules[0].answers[0].body == Content(data=b'{"a": "S"}')
    assert done.expect.headers[0].match.contains == ("S",)
    assert done.expect.body is not None
    assert done.expect.body.json == {"a": ["S"]}


def test_what_has_no_placeholder_is_the_same_object():
    step = Send("GET", "/a", origins={"*": Script((Rule("*", (Answer(),)),))})
    assert filled(step, {"a": "b"}) is step


def test_a_doubled_dollar_is_a_plain_one():
    assert filled("$${token} ${token} $${a.b}", {"token": "T"}) == "${token} T ${a.b}"
    assert names_in("$${token} ${other}") == ["other"]


def test_a_name_that_nothing_captured_is_named():
    with pytest.raises(ConfigError, match="'sid'"):
        filled("${sid}", {"token": "T"})


@given(st.text())
def test_a_text_without_placeholders_stays_as_it_is(text):
    if not names_in(text) and "$${" not in text:
        assert filled(text, {}) == text
