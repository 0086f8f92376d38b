"""How times, sizes and reasons are written."""

import pytest

from edgesim.scenario.language import durations, reason_hints, reasons


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


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("capped at the maximum", ["capped at the maximum TTL"]),
        ("maximum TTL", ["capped at the maximum TTL"]),
        ("ran: passed", ["ran: passed on unchanged"]),
        ("S_MAXGE", ["s-maxage"]),
        ("outdated", ["stale"]),
        ("blacklisted header", ["disallowed header"]),
        ("something else altogether", []),
        ("x", []),
        ("", []),
        ("::", []),
    ],
)
def test_what_is_no_reason_gets_those_that_may_be_meant(words, meant):
    assert reasons.canonical(words) == ""
    assert reason_hints.likely(words) == meant


@pytest.mark.parametrize(
    ("words", "among"),
    [
        ("not cached", "not in the cache"),
        ("cached", "fresh"),
        ("cached", "stored"),
        ("a function threw", "ran: failed"),
        ("not modified", "the viewer's validator matches: 304"),
        ("cache hit", "Hit"),
        ("collapsed", "waited for the same object, then fresh"),
        ("disallowed headers", "disallowed header"),
        ("method not allowed", "refused: the behavior does not allow this method"),
    ],
)
def test_a_reason_is_found_by_what_it_says(words, among):
    assert among in reason_hints.likely(words)
    assert among in reason_hints.hint(words)


@pytest.mark.parametrize("reason", list(reasons.members()), ids=reasons.name_of)
def test_what_is_suggested_can_be_written(reason):
    suggested = reason_hints.likely(f"{reason.value}s")
    assert suggested
    assert all(map(reasons.canonical, suggested))
    assert any(reasons.name_of(reason) in reasons.canonical(one).split("|") for one in suggested)


def test_two_reasons_in_one_are_told_apart():
    assert reason_hints.hint("stale max-age") == "these are two reasons: write stale, max-age"
    assert reason_hints.hint("not in the cache, stored") == "these are two reasons: write not in the cache, stored"


def test_where_nothing_is_near_the_list_is():
    assert reason_hints.hint("zzz") == reason_hints.WHERE


def test_of_a_beginning_that_many_have_it_says_how_many_and_where_they_are():
    hint = reason_hints.hint("not run")
    number = sum(one.value.startswith("not run") for one in reasons.members())
    assert hint.startswith(
        f"{number} reasons begin so: 'not run: the viewer-request function generated the response', "
    )
    assert hint.endswith("; `edgesim reasons not run` lists them")
