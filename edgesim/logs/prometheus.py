"""A snapshot of the metrics as Prometheus reads it: its text format, version 0.0.4.

Source: prometheus.io, "Exposition formats". Names and units are Prometheus' (seconds, bytes, `_total`); what is counted
is what Lambda's and CloudFront's metrics of similar names count (metrics.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from edgesim.logs.metrics import (
    BUCKETS,
    EXECUTION_ERROR,
    LIMIT_EXCEEDED,
    VALIDATION_ERROR,
    Figures,
    Series,
    Snapshot,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One line. `suffix` follows the family's name."""

    labels: Labels
    value: float
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `kind` is counter, gauge, histogram or summary."""

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]


def exposition(snapshot: Snapshot) -> str:
    """Every metric of a snapshot."""
    return render(families(snapshot))


def render(metrics: Iterable[Family]) -> str:
    """Metrics in the text format."""
    return "".join(f"{line}\n" for family in metrics for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {_escaped(family.help)}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        inside = ",".join(f'{name}="{_label(value)}"' for name, value in sample.labels)
        yield f"{family.name}{sample.suffix}{f'{{{inside}}}' if inside else ''} {_number(sample.value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _label(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


# ── the metrics ──────────────────────────────────────────────────────────────


def families(snapshot: Snapshot) -> Iterator[Family]:
    """The metrics in order."""
    for name, kind, told, value in _OF_FUNCTIONS:
        samples = tuple(Sample(_labels(series), value(figures)) for series, figures in snapshot.figures)
        yield Family(f"edgesim_lambda_{name}", kind, told, samples)
    yield _durations(snapshot)
    yield from _concurrency(snapshot)
    for name, told, fault_kind in _FAULTS:
        samples = tuple(
            Sample(
                (("distribution", fault.distribution), ("function", fault.function), ("trigger", fault.trigger)), count
            )
            for fault, count in snapshot.faults
            if fault.kind == fault_kind
        )
        yield Family(f"edgesim_cloudfront_{name}", "counter", told, samples)
    yield Family(
        "edgesim_cloudfront_requests_total",
        "counter",
        "Viewer requests by result type, as in X-Cache.",
        tuple(
            Sample((("distribution", distribution), ("result", result)), count)
            for distribution, result, count in snapshot.results
        ),
    )


def _labels(series: Series) -> Labels:
    return tuple(zip(series._fields, series, strict=True))


def _durations(snapshot: Snapshot) -> Family:
    samples = (sample for series, figures in snapshot.figures for sample in _histogram(_labels(series), figures))
    told = "How long invocations took, cold starts without their init phase."
    return Family("edgesim_lambda_duration_seconds", "histogram", told, tuple(samples))


def _histogram(labels: Labels, figures: Figures) -> Iterator[Sample]:
    for end, count in zip((*BUCKETS, math.inf), accumulate(figures.buckets), strict=True):
        yield Sample((*labels, ("le", _number(end))), count, "_bucket")
    yield Sample(labels, figures.duration_ms / 1000, "_sum")
    yield Sample(labels, figures.timed, "_count")


def _concurrency(snapshot: Snapshot) -> Iterator[Family]:
    places = [(tuple(zip(place._fields, place, strict=True)), now, most) for place, now, most in snapshot.at_once]
    yield Family(
        "edgesim_lambda_concurrent_executions",
        "gauge",
        "Invocations under way.",
        tuple(Sample(labels, now) for labels, now, _ in places),
    )
    yield Family(
        "edgesim_lambda_concurrent_executions_max",
        "gauge",
        "The most invocations that were under way at once.",
        tuple(Sample(labels, most) for labels, _, most in places),
    )


_MIB = 1024 * 1024

_OF_FUNCTIONS: tuple[tuple[str, str, str, Callable[[Figures], float]], ...] = (
    ("invocations_total", "counter", "Invocations, failed ones too; not those that were throttled.",
     lambda figures: figures.invocations),
    ("errors_total", "counter", "Invocations that gave no result: errors, timeouts, crashes.",
     lambda figures: figures.errors),
    ("throttles_total", "counter", "Calls that were throttled; they count neither as invocations nor as errors.",
     lambda figures: figures.throttles),
    ("cold_starts_total", "counter", "Invocations that had to wait for an init phase, or were the first after one.",
     lambda figures: figures.cold_starts),
    ("init_duration_seconds_total", "counter", "Time in the init phases of cold starts.",
     lambda figures: figures.init_ms / 1000),
    ("billed_duration_seconds_total", "counter", "Billed Duration.",
     lambda figures: figures.billed_ms / 1000),
    ("billed_gb_seconds_total", "counter", "Billed Duration times memory size.",
     lambda figures: figures.mb_ms / 1024 / 1000),
    ("memory_size_bytes", "gauge", "The memory that the function is configured with.",
     lambda figures: figures.memory_mb * _MIB),
    ("memory_used_max_bytes", "gauge", "Max Memory Used, of all invocations.",
     lambda figures: figures.memory_used_mb * _MIB),
)  # fmt: skip

_FAULTS = (
    ("lambda_execution_errors_total", "LambdaExecutionError: functions that failed.", EXECUTION_ERROR),
    ("lambda_validation_errors_total", "LambdaValidationError: results that were refused.", VALIDATION_ERROR),
    ("lambda_limit_exceeded_errors_total", "LambdaLimitExceededErrors: functions that were throttled.", LIMIT_EXCEEDED),
)
