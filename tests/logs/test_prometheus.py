"""Metrics as Prometheus reads them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import Trigger
from edgesim.logs.metrics import Fault, Metrics, Snapshot
from edgesim.logs.prometheus import Family, Sample, exposition, families, render
from edgesim.testing.make import a_function
from edgesim.values.instant import Instant
from edgesim.values.invocation import Invocation, Returned

LINE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\+Inf|-Inf|[0-9.e+-]+)')
LABELS = '{function="auth",region="eu-west-1",version="7",trigger="viewer-request"'


def a_snapshot() -> Snapshot:
    metrics, function = Metrics(Instant(0)), a_function("auth", version="7", memory=256)
    for duration, init in ((4.0, 100.0), (20.0, None)):
        metrics.began(function, "eu-west-1")
        done = Invocation("id", Returned("{}"), duration, 104, 256, 60, "auth#1", init)
        metrics.ended(function, Trigger.VIEWER_REQUEST, "eu-west-1", done)
    grown = metrics.snapshot()
    return Snapshot(
        grown.since,
        grown.figures,
        grown.at_once,
        (("E1", "Hit", 3),),
        ((Fault("LambdaValidationError", "E1", "auth", "viewer-request"), 2),),
    )


def test_counters_have_the_function_its_region_its_version_and_its_trigger() -> None:
    lines = exposition(a_snapshot()).splitlines()
    for metric, value in (
        ("invocations_total", "2"),
        ("errors_total", "0"),
        ("throttles_total", "0"),
        ("cold_starts_total", "1"),
        ("init_duration_seconds_total", "0.1"),
        ("billed_duration_seconds_total", "0.208"),
        ("billed_gb_seconds_total", "0.052"),
        ("memory_size_bytes", "268435456"),
        ("memory_used_max_bytes", "62914560"),
    ):
        assert f"edgesim_lambda_{metric}{LABELS}}} {value}" in lines


def test_durations_are_a_cumulative_histogram_in_seconds() -> None:
    lines = exposition(a_snapshot()).splitlines()
    name = "edgesim_lambda_duration_seconds"
    for end, count in (("0.001", 0), ("0.005", 1), ("0.01", 1), ("0.025", 2), ("30", 2), ("+Inf", 2)):
        assert f'{name}_bucket{LABELS},le="{end}"}} {count}' in lines
    assert f"{name}_sum{LABELS}}} 0.024" in lines
    assert f"{name}_count{LABELS}}} 2" in lines


def test_concurrency_and_cloudfronts_own_counters() -> None:
    lines = exposition(a_snapshot()).splitlines()
    place = '{function="auth",region="eu-west-1"}'
    assert f"edgesim_lambda_concurrent_executions{place} 0" in lines
    assert f"edgesim_lambda_concurrent_executions_max{place} 1" in lines
    fault = '{distribution="E1",function="auth",trigger="viewer-request"}'
    assert f"edgesim_cloudfront_lambda_validation_errors_total{fault} 2" in lines
    assert 'edgesim_cloudfront_requests_total{distribution="E1",result="Hit"} 3' in lines


def test_every_line_is_of_the_text_format_and_every_metric_says_what_it_is() -> None:
    text = exposition(a_snapshot())
    assert text.endswith("\n")
    known = [family.name for family in families(a_snapshot())]
    assert len(known) == len(set(known))
    for name in known:
        assert f"# HELP {name} " in text
        assert re.search(rf"^# TYPE {name} (counter|gauge|histogram)$", text, re.MULTILINE)
        assert name.endswith("_total") == (f"# TYPE {name} counter\n" in text)
    for line in text.splitlines():
        assert line.startswith("# ") or LINE.fullmatch(line), line


def test_before_anything_happened_there_are_metrics_without_samples() -> None:
    assert all(line.startswith("# ") for line in exposition(Snapshot(Instant(0))).splitlines())


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_a_label(text: str) -> None:
    [line] = render([Family("a", "gauge", "b", (Sample((("l", text),), 1),))]).split("\n")[2:-1]
    inside = line.removeprefix('a{l="').removesuffix('"} 1')
    read = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], inside)
    assert read == text
    assert "\n" not in line


@given(st.floats(allow_nan=False))
def test_any_number_is_read_back_as_it_was(value: float) -> None:
    written = render([Family("a", "gauge", "b", (Sample((), value),))]).splitlines()[-1].split(" ")[1]
    assert float(written.replace("Inf", "inf")) == value
