"""What is counted: invocations as Lambda's metrics count them, requests by their result as CloudFront's do.

`Metrics` grows; `Metrics.snapshot()` is a value, which prometheus.py and stats.py show. Source: Lambda's guide,
monitoring-metrics-types; the CloudFront guide, viewing-cloudfront-metrics. documented: a throttled call counts neither
as invocation nor as error. inferred: nor does one for which edgesim had nothing to run it with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from edgesim.logs.lambda_edge import trigger_of
from edgesim.values.invocation import Failed, FailureKind

if TYPE_CHECKING:
    from enum import StrEnum

    from edgesim.distribution.model import EdgeFunction, Trigger
    from edgesim.pipeline.transcript import Note, Transcript
    from edgesim.values.instant import Instant
    from edgesim.values.invocation import Invocation

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The upper ends of the histogram of durations, in seconds."""

RECENT = 1000
"""How many of the latest durations are kept, for percentiles."""


class Series(NamedTuple):
    """What invocations are told apart by."""

    function: str
    region: str
    version: str
    trigger: str


class Place(NamedTuple):
    """Where invocations run at once."""

    function: str
    region: str


class Fault(NamedTuple):
    """What CloudFront counts where a function gives no usable result. `kind` is its metric's name."""

    kind: str
    distribution: str
    function: str
    trigger: str


EXECUTION_ERROR, VALIDATION_ERROR, LIMIT_EXCEEDED = (
    "LambdaExecutionError",
    "LambdaValidationError",
    "LambdaLimitExceededErrors",
)
"""observed: the metrics' names in AWS/CloudFront"""


@dataclass(frozen=True, slots=True)
class Figures:
    """The invocations of one series. `buckets` counts durations up to each of BUCKETS, each by itself, then those
    beyond; `recent_ms` are the latest ones; `mb_ms` is memory times billed duration, in megabyte-milliseconds."""

    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    cold_starts: int = 0
    timed: int = 0
    duration_ms: float = 0.0
    longest_ms: float = 0.0
    init_ms: float = 0.0
    billed_ms: int = 0
    mb_ms: int = 0
    memory_mb: int = 0
    memory_used_mb: int = 0
    buckets: tuple[int, ...] = (0,) * (len(BUCKETS) + 1)
    recent_ms: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was counted since an instant. `at_once` has, by place, how many run now and the most that ever
    did; `results` counts requests by distribution id (empty where none was named) and result."""

    since: Instant
    figures: tuple[tuple[Series, Figures], ...] = ()
    at_once: tuple[tuple[Place, int, int], ...] = ()
    results: tuple[tuple[str, str, int], ...] = ()
    faults: tuple[tuple[Fault, int], ...] = ()


class Metrics:
    """Counts (ports.Meter)."""

    def __init__(self, since: Instant) -> None:
        self._since = since
        self._tallies: dict[tuple[str, str, str, Trigger], _Tally] = {}
        self._places: dict[tuple[str, str], _AtOnce] = {}
        self._results: dict[tuple[str, StrEnum | None], int] = {}
        self._faults: Counter[Fault] = Counter()

    # ── invocations ──────────────────────────────────────────────────────────

    def began(self, function: EdgeFunction, region: str) -> None:
        self._at_once(function, region).running += 1

    def ended(self, function: EdgeFunction, trigger: Trigger, region: str, invocation: Invocation | None) -> None:
        ran = self._tally(function, trigger, region, invocation).add(invocation)
        at_once = self._at_once(function, region)
        if ran:
            # Only what ends brings the number down, so the most there ever were are seen when one ends; one that was
            # throttled was never among them
            at_once.most = max(at_once.most, at_once.running)
        at_once.running -= 1

    def _tally(self, function: EdgeFunction, trigger: Trigger, region: str, invocation: Invocation | None) -> _Tally:
        """Of the version that ran; where none did, of the one that the association names."""
        version = (invocation.version if invocation else "") or function.version
        key = (function.name, region, version, trigger)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally(function.memory)
        return tally

    def _at_once(self, function: EdgeFunction, region: str) -> _AtOnce:
        key = (function.name, region)
        at_once = self._places.get(key)
        if at_once is None:
            at_once = self._places[key] = _AtOnce()
        return at_once

    # ── requests ─────────────────────────────────────────────────────────────

    def finished(self, transcript: Transcript, ran: Iterable[Note]) -> None:
        """Count a request that is over. `ran` are its `function_notes`."""
        distribution = transcript.distribution
        name = distribution.id if distribution is not None else ""
        key = (name, transcript.notes[-1].because if transcript.status else None)
        self._results[key] = self._results.get(key, 0) + 1
        for note in ran:
            facts = note.facts
            if "failure" in facts or "rejected" in facts:
                kind = _kind(facts.get("failure"))
                self._faults[Fault(kind, name, facts["function"].name, trigger_of(note).value)] += 1

    def snapshot(self) -> Snapshot:
        """The figures as they stand."""
        return Snapshot(
            self._since,
            tuple((Series(*key), tally.figures()) for key, tally in sorted(self._tallies.items())),
            tuple((Place(*key), one.running, max(one.most, one.running)) for key, one in sorted(self._places.items())),
            tuple(sorted((name, _result(because), count) for (name, because), count in self._results.items())),
            tuple(sorted(self._faults.items())),
        )


def _result(because: StrEnum | None) -> str:
    return because.value if because is not None else "Unanswered"


def _kind(failure: Failed | None) -> str:
    if failure is None:
        return VALIDATION_ERROR
    return LIMIT_EXCEEDED if failure.kind is FailureKind.THROTTLED else EXECUTION_ERROR


# ── what grows ───────────────────────────────────────────────────────────────


class _AtOnce:
    __slots__ = ("most", "running")

    def __init__(self) -> None:
        self.running = self.most = 0


class _Tally:
    """Figures in the making."""

    __slots__ = (
        "billed_ms", "buckets", "cold_starts", "duration_ms", "errors", "init_ms", "invocations", "longest_ms", "mb_ms",
        "memory_mb", "memory_used_mb", "recent_ms", "throttles", "timed",
    )  # fmt: skip

    def __init__(self, memory_mb: int) -> None:
        self.invocations = self.errors = self.throttles = self.cold_starts = self.timed = 0
        self.duration_ms = self.longest_ms = self.init_ms = 0.0
        self.billed_ms = self.mb_ms = self.memory_used_mb = 0
        self.memory_mb = memory_mb
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.recent_ms: deque[float] = deque(maxlen=RECENT)

    def add(self, invocation: Invocation | None) -> bool:
        """Did it run?"""
        if invocation is None:
            self.invocations += 1
            return True
        result = invocation.result
        if isinstance(result, Failed):
            if result.kind in _NEVER_RAN:
                self.throttles += result.kind is FailureKind.THROTTLED
                return False
            self.errors += 1
        self.invocations += 1
        self._measure(invocation)
        return True

    def _measure(self, invocation: Invocation) -> None:
        duration = invocation.duration_ms
        self.timed += 1
        self.duration_ms += duration
        self.longest_ms = max(self.longest_ms, duration)
        self.buckets[bisect_left(BUCKETS, duration / 1000)] += 1
        self.recent_ms.append(duration)
        if invocation.init_ms is not None:
            self.cold_starts += 1
            self.init_ms += invocation.init_ms
        self.billed_ms += invocation.billed_ms
        self.mb_ms += invocation.billed_ms * invocation.memory_mb
        self.memory_mb = invocation.memory_mb
        self.memory_used_mb = max(self.memory_used_mb, invocation.memory_used_mb)

    def figures(self) -> Figures:
        return Figures(
            self.invocations,
            self.errors,
            self.throttles,
            self.cold_starts,
            self.timed,
            self.duration_ms,
            self.longest_ms,
            self.init_ms,
            self.billed_ms,
            self.mb_ms,
            self.memory_mb,
            self.memory_used_mb,
            tuple(self.buckets),
            tuple(self.recent_ms),
        )


_NEVER_RAN = frozenset({FailureKind.THROTTLED, FailureKind.UNAVAILABLE})
