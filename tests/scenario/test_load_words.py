"""How times, sizes and reasons are written."""

import pytest

from edgesim.scenario.language import durations, reasons


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("61s", 61),
        ("61", 61),
        ("0.5", 0.5),
        ("5m", 300),
        ("1h30m", 5_400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1y", 31_536_000),
        ("1 hour", None),
        ("-3", None),
        ("9" * 40, None),
        ("٣s", None),
    ],
)
def test_spans_of_time(text, seconds):
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("300", 300), ("40KB", 40_960), ("1.5 mb", 1_572_864), ("1GB", None), ("", None), ("9" * 40, None)],
)
def test_sizes(text, size):
    assert durations.size(text) == size


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01", 1_767_225_600),
        ("2026-01-01T00:00:00Z", 1_767_225_600),
        ("2026-01-01 01:00:00+01:00", 1_767_225_600),
        ("now", None),
    ],
)
def test_points_in_time(text, instant):
    assert durations.instant(text) == instant


@pytest.mark.parametrize("reason", list(reasons.members()), ids=reasons.name_of)
def test_every_reason_can_be_written_by_its_text_and_its_names(reason):
    name = reasons.name_of(reason)
    written = (reason.value, reason.name, reason.name.lower().replace("_", "-"), reason.value.upper())
    assert all(name in reasons.canonical(words).split("|") for words in written)
    assert reasons.canonical(name) == name


def test_what_is_no_reason_gets_the_nearest():
    assert reasons.canonical("capped at the maximum") == ""
    assert reasons.nearest("capped at the maximum") == "did you mean 'capped at the maximum TTL'?"
    assert reasons.nearest("something else altogether") == ""
