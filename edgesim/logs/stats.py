"""What `edgesim stats` shows: a line for each function, with what it would cost, and the cache's figures.

`as_data` is what the control port gives and `--json` prints; `as_text` lays it out for a terminal.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from edgesim.logs import bill
from edgesim.logs.metrics import VALIDATION_ERROR, Figures, Snapshot
from edgesim.values.instant import iso_utc
from edgesim.values.text import printable

Data = dict[str, Any]

_LABELS = {"Hit": "hits", "RefreshHit": "refresh_hits", "Miss": "misses", "Error": "errors"}


def as_data(snapshot: Snapshot, prices: bill.Prices = bill.LAMBDA_EDGE) -> Data:
    """The snapshot by function, as JSON-ready data. Durations are milliseconds, costs US dollars."""
    grouped: dict[str, list[Figures]] = {}
    for series, figures in snapshot.figures:
        grouped.setdefault(series.function, []).append(figures)
    refused = Counter[str]()
    for fault, count in snapshot.faults:
        refused[fault.function] += count if fault.kind == VALIDATION_ERROR else 0
    return {
        "since": iso_utc(snapshot.since),
        "functions": [_row(name, figures, refused[name], prices) for name, figures in grouped.items()],
        "total": _row("", [figures for _, figures in snapshot.figures], refused.total(), prices),
        "requests": _requests(snapshot),
        "prices": asdict(prices),
    }


def _row(name: str, figures: Sequence[Figures], refused: int, prices: bill.Prices) -> Data:
    def total(of: Callable[[Figures], int]) -> int:
        return sum(map(of, figures))

    invocations, mb_ms = total(lambda one: one.invocations), total(lambda one: one.mb_ms)
    return {
        "function": name,
        "invocations": invocations,
        "errors": total(lambda one: one.errors),
        "refused_results": refused,
        "throttles": total(lambda one: one.throttles),
        "cold_starts": total(lambda one: one.cold_starts),
        "duration_ms": _durations(figures),
        "memory_mb": max((one.memory_mb for one in figures), default=0),
        "max_memory_used_mb": max((one.memory_used_mb for one in figures), default=0),
        "billed_ms": total(lambda one: one.billed_ms),
        "gb_seconds": bill.gb_seconds(mb_ms),
        "cost_usd": bill.cost(invocations, mb_ms, prices),
    }


def _durations(figures: Sequence[Figures]) -> dict[str, float | None]:
    """Percentiles of the latest durations, and the longest of all; None where nothing was timed."""
    recent = sorted(duration for one in figures for duration in one.recent_ms)
    longest = max((one.longest_ms for one in figures), default=0.0)
    return {
        **{f"p{rank}": percentile(recent, rank) for rank in (50, 90, 99)},
        "max": round(longest, 2) if recent else None,
    }


def percentile(ordered: Sequence[float], rank: int) -> float | None:
    """The nearest-rank percentile of numbers in order: the smallest that `rank` % of them do not exceed."""
    return round(ordered[math.ceil(len(ordered) * rank / 100) - 1], 2) if ordered else None


def _requests(snapshot: Snapshot) -> Data:
    by_result = Counter[str]()
    for _, result, count in snapshot.results:
        by_result[result] += count
    return {
        "all": by_result.total(),
        **{label: by_result[result] for result, label in _LABELS.items()},
        "by_result": dict(sorted(by_result.items())),
    }


# ── for a terminal ───────────────────────────────────────────────────────────

Paint = Callable[[str, str], str]

_COLUMNS = (
    "function", "invoked", "errors", "refused", "throttled", "cold", "p50 ms", "p90 ms", "p99 ms", "max ms",
    "memory MB", "billed ms", "GB-s", "cost $",
)  # fmt: skip


def as_text(data: Data, paint: Paint = lambda text, style: text) -> str:
    """What `as_data` gave. `paint(text, style)` colours; styles are title and label."""
    return "\n".join(_text_lines(data, paint)) + "\n"


def _text_lines(data: Data, paint: Paint) -> Iterator[str]:
    yield paint(f"since {data['since']}", "label")
    yield ""
    yield from _request_lines(data["requests"])
    yield ""
    if not data["functions"]:
        yield "no function has run"
        return
    rows = [_cells(row) for row in data["functions"]]
    if len(rows) > 1:
        rows.append(_cells({**data["total"], "function": "all"}))
    head, *lines = _aligned([_COLUMNS, *rows])
    yield paint(head, "title")
    yield from lines
    prices = data["prices"]
    yield ""
    yield paint(
        f"at ${prices['per_million_requests']:.2f} for a million invocations and ${prices['per_gb_second']:.8f} for a "
        f"GB-second ({prices['read']}, {prices['source']}); what CloudFront itself costs is left out",
        "label",
    )


def _request_lines(requests: Data) -> Iterator[str]:
    told = ", ".join(f"{printable(result)} {count:,}" for result, count in requests["by_result"].items())
    yield f"requests {requests['all']:,}{f': {told}' if told else ''}"


def _cells(row: Data) -> tuple[str, ...]:
    durations = row["duration_ms"]
    return (
        printable(row["function"]),
        *(f"{row[name]:,}" for name in ("invocations", "errors", "refused_results", "throttles", "cold_starts")),
        *("-" if durations[name] is None else f"{durations[name]:,.2f}" for name in ("p50", "p90", "p99", "max")),
        f"{row['max_memory_used_mb']}/{row['memory_mb']}",
        f"{row['billed_ms']:,}",
        f"{row['gb_seconds']:,.3f}",
        f"{row['cost_usd']:,.6f}",
    )


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *cells in table:
        told = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"{first.ljust(widths[0])}  {'  '.join(told)}"
