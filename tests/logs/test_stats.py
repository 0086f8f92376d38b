"""`edgesim stats`: figures by function, and what they would cost."""

from __future__ import annotations

import pytest

from edgesim.distribution.model import Trigger
from edgesim.logs.metrics import Fault, Metrics, Snapshot
from edgesim.logs.stats import as_data, as_text, percentile
from edgesim.testing.make import a_function
from edgesim.values.instant import Instant
from edgesim.values.invocation import Failed, FailureKind, Invocation, Returned


def a_snapshot() -> Snapshot:
    metrics = Metrics(Instant(0))
    for name, trigger, region, duration in (
        ("auth", Trigger.VIEWER_REQUEST, "eu-west-1", 1.0),
        ("auth", Trigger.VIEWER_REQUEST, "us-east-1", 3.0),
        ("auth", Trigger.ORIGIN_REQUEST, "us-east-1", 2.0),
        ("stamp", Trigger.ORIGIN_RESPONSE, "us-east-1", 1000.0),
    ):
        metrics.began(a_function(name), region)
        result = Failed(FailureKind.TIMEOUT, "Sandbox.Timedout", "") if duration == 1000 else Returned("{}")
        done = Invocation("id", result, duration, 1000, 1024, 100, "x", 5.0)
        metrics.ended(a_function(name), trigger, region, done)
    grown = metrics.snapshot()
    return Snapshot(
        grown.since,
        grown.figures,
        grown.at_once,
        (
            ("E1", "Hit", 3),
            ("E1", "Miss", 2),
            ("E2", "Hit", 1),
            ("E2", "RefreshHit", 4),
            ("E2", "LambdaExecutionError", 1),
        ),
        ((Fault("LambdaValidationError", "E1", "auth", "viewer-request"), 2),),
    )


def test_a_function_is_one_line_whatever_its_triggers_and_regions() -> None:
    auth, stamp = as_data(a_snapshot())["functions"]
    assert (auth["function"], auth["invocations"], auth["errors"], auth["refused_results"]) == ("auth", 3, 0, 2)
    assert auth["duration_ms"] == {"p50": 2.0, "p90": 3.0, "p99": 3.0, "max": 3.0}
    assert (auth["billed_ms"], auth["gb_seconds"], auth["cold_starts"]) == (3000, 3.0, 3)
    assert auth["cost_usd"] == pytest.approx(3 * 0.0000006 + 3 * 0.00005001)
    assert (stamp["errors"], stamp["memory_mb"], stamp["max_memory_used_mb"]) == (1, 1024, 100)


def test_the_total_is_of_all_functions() -> None:
    total = as_data(a_snapshot())["total"]
    assert (total["invocations"], total["errors"], total["refused_results"], total["gb_seconds"]) == (4, 1, 2, 4.0)
    assert total["duration_ms"]["max"] == 1000.0


def test_requests_are_hits_misses_and_errors() -> None:
    requests = as_data(a_snapshot())["requests"]
    assert requests == {
        "all": 11,
        "hits": 4,
        "refresh_hits": 4,
        "misses": 2,
        "errors": 0,
        "by_result": {"Hit": 4, "LambdaExecutionError": 1, "Miss": 2, "RefreshHit": 4},
    }


@pytest.mark.parametrize(
    ("count", "rank", "found"),
    [(0, 50, None), (1, 99, 1), (2, 50, 1), (3, 50, 2), (10, 90, 9), (100, 99, 99), (100, 100, 100)],
)
def test_percentiles_are_by_nearest_rank(count: int, rank: int, found: int | None) -> None:
    assert percentile(range(1, count + 1), rank) == found


def test_for_a_terminal_it_is_a_table() -> None:
    text = as_text(as_data(a_snapshot()))
    head, auth, stamp, total = text.splitlines()[4:8]
    assert head.split()[:3] == ["function", "invoked", "errors"]
    assert auth.split()[:6] == ["auth", "3", "0", "2", "0", "3"]
    assert stamp.split()[0] == "stamp"
    assert total.split()[:2] == ["all", "4"]
    assert len({len(head), len(auth), len(stamp), len(total)}) == 1
    assert "requests 11: Hit 4, LambdaExecutionError 1, Miss 2, RefreshHit 4\n" in text
    assert "$0.60 for a million invocations and $0.00005001 for a GB-second" in text


def test_where_nothing_has_run_it_says_so() -> None:
    text = as_text(as_data(Snapshot(Instant(0))))
    assert text == "since 1970-01-01T00:00:00.000Z\n\nrequests 0\n\nno function has run\n"
