"""Text for people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgesim.values.text import printable, printable_lines


def test_control_characters_can_not_steer_a_terminal() -> None:
    assert printable("a\x1b[2Jb\x07") == "a\\x1b[2Jb\\x07"


def test_spaces_of_any_kind_are_plain_and_letters_stay() -> None:
    assert printable("tab\tand\xa0ümlaut") == "tab    and ümlaut"


def test_lines_end_as_any_system_ends_them() -> None:
    assert printable_lines("a\nb\r\nc\rd") == ["a", "b", "c", "d"]
    assert printable_lines("") == [""]


@given(st.text())
def test_whatever_is_told_prints(text: str) -> None:
    assert all(line.isprintable() for line in printable_lines(text))
