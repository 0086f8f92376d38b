"""The difference of two texts, as it is read on a terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.scenario.runner.difference import MOST_LINES, WIDTH, difference


def shown(expected: str, got: str, **more: bool) -> str:
    return "\n".join(difference(expected, got, **more))


def test_one_line_each_with_a_mark_where_they_part() -> None:
    assert shown("max-age=60, public", "max-age=61, public") == (
        "expected  max-age=60, public\n"
        "got       max-age=61, public\n"
        "                   ^"
    )  # fmt: skip


def test_texts_with_little_in_common_have_no_mark() -> None:
    assert shown("200", "503 Service Unavailable") == "expected  200\ngot       503 Service Unavailable"


def test_an_empty_text_is_seen() -> None:
    assert shown("", "x").startswith("expected  (empty)")


@pytest.mark.parametrize(
    ("expected", "got", "sign"),
    [("a b", "a  b", "a··b"), ("a", "a ", "a·"), ("a\tb", "a b", "a→b"), ("hello", "hello\n", "hello⏎"),
     ("a\r\nb", "a\nb", "a␍⏎"), ("a\xa0b", "a b", "a⍽b")],
)  # fmt: skip
def test_spaces_are_drawn_where_they_are_all_that_differs(expected: str, got: str, sign: str) -> None:
    assert sign in shown(expected, got)


def test_long_lines_are_cut_to_where_they_part() -> None:
    told = shown("x" * 500 + "A" + "y" * 500, "x" * 500 + "B" + "y" * 500).split("\n")
    assert all(len(line) <= WIDTH for line in told)
    assert told[0].index("A") == told[1].index("B") == told[2].index("^")
    assert "…" in told[0]


def test_lines_are_a_diff_with_a_little_around_it() -> None:
    lines = [f"line {number}" for number in range(1000)]
    changed = [*lines[:500], "lime 500", *lines[501:]]
    assert shown("\n".join(lines), "\n".join(changed)) == (
        "- expected  + got\n"
        "  … from line 499\n"
        "  line 498\n"
        "  line 499\n"
        "- line 500\n"
        "+ lime 500\n"
        "    ^\n"
        "  line 501\n"
        "  line 502"
    )


def test_a_long_diff_is_cut() -> None:
    told = difference("same\n" + "a\n" * 50, "same\n" + "b\n" * 70)
    assert len(told) == MOST_LINES + 1
    assert "more lines" in told[-1]


def test_a_difference_far_from_the_start_of_a_long_text_is_found_at_once() -> None:
    lines = [f"line {number}" for number in range(50_000)]
    assert "+ last" in shown("\n".join([*lines, "same", "first"]), "\n".join([*lines, "same", "last"]))


def test_json_is_compared_as_a_value() -> None:
    told = shown('{"b":[1,2],"a":{"deep":true}}', '{"a":{"deep":false},"b":[1,2],"c":null}')
    assert '-     "deep": true' in told
    assert '+     "deep": false' in told
    assert '+   "c": null' in told
    assert "- ]" not in told


def test_the_comma_behind_a_last_member_is_no_difference() -> None:
    told = shown(json.dumps({"a": 1}, indent=2), json.dumps({"a": 1, "b": 2}, indent=2))
    assert [line for line in told.split("\n") if line[0] in "+-"] == ["- expected  + got", '+   "b": 2']


def test_what_is_more_than_a_part_is_no_difference() -> None:
    wanted, got = {"z": {"id": 1}}, {"a": list(range(40)), "z": {"id": 2}}
    told = shown(json.dumps(wanted), json.dumps(got), part=True)
    assert "… 42 more" in told
    assert '-     "id": 1' in told
    assert '+     "id": 2' in told


def test_lines_that_have_nothing_in_common_stand_one_after_the_other() -> None:
    assert shown("contains 'x'", "1\n2\n3\n4\n5\n6\n7\n8") == (
        "expected  contains 'x'\n"
        "got       1\n"
        "          2\n"
        "          3\n"
        "          4\n"
        "          5\n"
        "          6\n"
        "          … 2 more lines"
    )


@given(st.text(), st.text(), st.booleans())
def test_any_texts_make_short_printable_lines(expected: str, got: str, part: bool) -> None:
    told = difference(expected, got, part=part)
    assert 1 < len(told) <= MOST_LINES + 1
    assert all(line.isprintable() for line in told)


_LINES = st.text(st.sampled_from('ab \t\r{}[]",:1\xa0'), max_size=40)


@given(_LINES, _LINES)
def test_lines_that_differ_never_look_the_same(expected: str, got: str) -> None:
    told = difference(expected, got)
    if not told[0].startswith("-"):
        assert (told[0][10:] == told[1][10:]) is (expected == got)
