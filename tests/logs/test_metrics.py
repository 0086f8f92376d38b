"""What is counted, and what is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from edgesim.distribution.model import EdgeFunction, Trigger
from edgesim.driver.metered import Metered
from edgesim.logs.lambda_edge import function_notes
from edgesim.logs.metrics import RECENT, Figures, Metrics, Place, Series, Snapshot
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_function, a_request, a_response, behavior
from edgesim.values.instant import Instant
from edgesim.values.invocation import Failed, FailureKind, Invocation, Returned

AUTH = a_function("auth")
REGION = "eu-west-1"


def an_invocation(
    duration_ms: float = 10.0, *, kind: FailureKind | None = None, init_ms: float | None = None, **more: Any
) -> Invocation:
    result = Failed(kind, "Error", "no") if kind else Returned("{}")
    given = {"billed_ms": 10, "memory_mb": 128, "memory_used_mb": 40, **more}
    return Invocation("id", result, duration_ms, environment="auth#1", init_ms=init_ms, **given)


class Counted:
    def __init__(self) -> None:
        self.metrics = Metrics(Instant(0))

    def begin(self, function: EdgeFunction = AUTH) -> None:
        self.metrics.began(function, REGION)

    def end(self, invocation: Invocation | None, function: EdgeFunction = AUTH) -> None:
        self.metrics.ended(function, Trigger.VIEWER_REQUEST, REGION, invocation)

    def run(self, *invocations: Invocation | None) -> Figures:
        for invocation in invocations:
            self.begin()
            self.end(invocation)
        [(_, figures)] = self.metrics.snapshot().figures
        return figures


def test_a_series_is_a_function_a_region_a_version_and_a_trigger() -> None:
    counted = Counted()
    counted.run(an_invocation())
    counted.metrics.ended(AUTH, Trigger.ORIGIN_REQUEST, "us-east-1", an_invocation())
    counted.end(replace(an_invocation(), version="7"))  # published since
    assert [series for series, _ in counted.metrics.snapshot().figures] == [
        Series("auth", REGION, "1", "viewer-request"),
        Series("auth", REGION, "7", "viewer-request"),
        Series("auth", "us-east-1", "1", "origin-request"),
    ]


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        pytest.param(None, (1, 0, 0), id="a result"),
        pytest.param(FailureKind.ERROR, (1, 1, 0), id="an error of its own"),
        pytest.param(FailureKind.INIT, (1, 1, 0), id="code that can't be loaded"),
        pytest.param(FailureKind.EXIT, (1, 1, 0), id="a process that ends"),
        pytest.param(FailureKind.TIMEOUT, (1, 1, 0), id="a timeout"),
        pytest.param(FailureKind.OUT_OF_MEMORY, (1, 1, 0), id="out of memory"),
        pytest.param(FailureKind.THROTTLED, (0, 0, 1), id="throttled: neither invocation nor error"),
        pytest.param(FailureKind.UNAVAILABLE, (0, 0, 0), id="nothing to run it with"),
    ],
)
def test_what_counts_as_what(kind: FailureKind | None, counts: tuple[int, int, int]) -> None:
    figures = Counted().run(an_invocation(kind=kind))
    assert (figures.invocations, figures.errors, figures.throttles) == counts


def test_one_that_nobody_waited_for_is_an_invocation_without_a_duration() -> None:
    figures = Counted().run(None)
    assert (figures.invocations, figures.timed, figures.billed_ms) == (1, 0, 0)


def test_durations_are_kept_as_sum_longest_and_by_size() -> None:
    figures = Counted().run(an_invocation(1.0), an_invocation(1.1), an_invocation(40_000.0))
    assert (figures.timed, figures.duration_ms, figures.longest_ms) == (3, 40_002.1, 40_000.0)
    assert (figures.buckets[0], figures.buckets[1], figures.buckets[-1]) == (1, 1, 1)


def test_of_the_latest_durations_a_thousand_are_kept() -> None:
    figures = Counted().run(*(an_invocation(float(number)) for number in range(RECENT + 5)))
    assert (len(figures.recent_ms), figures.recent_ms[0]) == (RECENT, 5.0)


def test_a_cold_start_is_told_by_its_init_duration() -> None:
    figures = Counted().run(an_invocation(init_ms=100.0), an_invocation(), an_invocation(init_ms=50.0))
    assert (figures.cold_starts, figures.init_ms) == (2, 150.0)


def test_memory_is_what_is_configured_and_the_most_that_was_used() -> None:
    figures = Counted().run(an_invocation(memory_used_mb=90), an_invocation(memory_used_mb=70, memory_mb=256))
    assert (figures.memory_used_mb, figures.memory_mb) == (90, 256)
    assert (figures.billed_ms, figures.mb_ms) == (20, 10 * 128 + 10 * 256)


# ── at once ──────────────────────────────────────────────────────────────────


def at_once(snapshot: Snapshot) -> tuple[int, int]:
    [(place, now, most)] = snapshot.at_once
    assert place == Place("auth", REGION)
    return now, most


def test_concurrent_executions_are_those_under_way_and_the_most_there_were() -> None:
    counted = Counted()
    for _ in range(3):
        counted.begin()
    counted.end(an_invocation())
    assert at_once(counted.metrics.snapshot()) == (2, 3)
    counted.begin()
    counted.begin()
    assert at_once(counted.metrics.snapshot()) == (4, 4)
    for _ in range(4):
        counted.end(an_invocation())
    assert at_once(counted.metrics.snapshot()) == (0, 4)


def test_a_throttled_call_was_never_under_way() -> None:
    counted = Counted()
    counted.begin()
    for _ in range(3):
        counted.begin()
        counted.end(an_invocation(kind=FailureKind.THROTTLED))
    counted.end(an_invocation())
    assert at_once(counted.metrics.snapshot()) == (0, 1)


def test_a_snapshot_stays_what_it_is() -> None:
    counted = Counted()
    counted.run(an_invocation())
    before = counted.metrics.snapshot()
    counted.run(an_invocation())
    assert before.figures[0][1].invocations == 1
    assert hash(before) != hash(counted.metrics.snapshot())


# ── requests ─────────────────────────────────────────────────────────────────


def served(*targets: str, handler: Any = None) -> Snapshot:
    """What is counted when an edge has answered."""
    distribution = a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: AUTH} if handler else {}), id="E1")
    metrics = Metrics(Instant(0))

    async def ask() -> None:
        edge = FakeEdge(
            lambda request, origin: a_response(404 if request.path == "/none" else 200, cache_control="max-age=60"),
            distribution,
            functions={"auth": handler},
        )
        edge.driver.runtime = Metered(edge.runtime, metrics)
        for target in targets:
            transcript = (await edge.ask(a_request(target))).transcript
            metrics.finished(transcript, function_notes(transcript))

    asyncio.run(ask())
    return metrics.snapshot()


def test_requests_are_counted_by_distribution_and_result() -> None:
    assert served("/a", "/a", "/a", "/none").results == (("E1", "Error", 1), ("E1", "Hit", 2), ("E1", "Miss", 1))


def fails(event: Any) -> Any:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        pytest.param(fails, "LambdaExecutionError", id="a function that fails"),
        pytest.param(lambda event: 7, "LambdaValidationError", id="a result that is refused"),
    ],
)
def test_cloudfront_counts_what_functions_did_wrong(handler: Any, kind: str) -> None:
    snapshot = served("/a", "/b", handler=handler)
    [(fault, count)] = snapshot.faults
    assert (fault, count) == ((kind, "E1", "auth", "viewer-request"), 2)
    [(_, figures)] = snapshot.figures
    assert (figures.invocations, figures.errors) == (2, 2 if handler is fails else 0)


def test_a_function_that_does_well_is_no_fault() -> None:
    assert served("/a", handler=lambda event: event["Records"][0]["cf"]["request"]).faults == ()
