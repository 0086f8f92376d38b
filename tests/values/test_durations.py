"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from edgesim.values.durations import parse_duration, plain, spell_about, spell_duration, spell_roughly


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("61", 61),
        ("0.5", 0.5),
        (" 90 ", 90),
        ("0.3", 0.3),
        ("500ms", 0.5),
        ("300ms", 0.3),
        ("61s", 61),
        ("1.5s", 1.5),
        ("5m", 300),
        ("1.5h", 5_400),
        ("2d", 172_800),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        ("1d2h3m4s5ms", 93_784.005),
        ("1m1ms", 60.001),
        ("90m", 5_400),
    ],
)
def test_what_people_write(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "h", "1x", "-1", "-1s", "+1", "1e3", "nan", "inf", ".5", "5.", "1 h", "30m1h", "1h1h", "1H", "5min",
        "1h30", "1,5", "1_000", "٣", "9" * 40, "1 2", "PT1H",
    ],
)  # fmt: skip
def test_what_is_no_length_of_time_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time: write seconds, or a sum such as 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (0.0004, "0s"), (0.3, "300ms"), (61, "1m1s"), (5_400, "1h30m"), (86_400.0, "1d"),
        (93_784.005, "1d2h3m4s5ms"), (59.9996, "1m"), (1e9, "11574d1h46m40s"),
    ],
)  # fmt: skip
def test_how_they_are_written(seconds: float, text: str) -> None:
    assert spell_duration(seconds) == text
    assert parse_duration(text) == pytest.approx(seconds, abs=0.0005)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3599.525, "1h"), (3600, "1h"), (61.4, "1m1s"), (10, "10s"), (9.525, "9s525ms"), (0.02, "20ms"), (0, "0s")],
)
def test_for_people_a_span_is_told_in_whole_seconds_unless_it_is_short(seconds: float, text: str) -> None:
    assert spell_roughly(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (31_535_940, "365d"),
        (31_536_000, "365d"),
        (86_399, "1d"),
        (3_601, "1h1s"),
        (5_400, "1h30m"),
        (59.9999, "1m"),
        (0.02, "20ms"),
        (0, "0s"),
    ],
)
def test_a_span_that_is_about_as_long_as_a_round_one_is_told_as_that(seconds: float, text: str) -> None:
    assert spell_about(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1e8, "100000000"), (100_000_000, "100000000"), (0.5, "0.5"), (0, "0"), (60.0, "60")]
)
def test_a_number_has_no_exponent(number: float, text: str) -> None:
    assert plain(number) == text
