"""How spans of time, sizes and points in time are written."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from edgesim.distribution.limits import KB, MB
from edgesim.values.durations import parse_duration
from edgesim.values.instant import Instant

# A policy's TTLs are often said in these; a year has 365 days, as in the API's default of 31,536,000 seconds
_LONG = {"w": 604_800.0, "y": 31_536_000.0}
_LONG_SPAN = re.compile(r"(\d{1,6})([wy])", re.ASCII)


def seconds(text: str) -> float | None:
    """`500ms`, `61s`, `1h30m`, `2d`, `1w`, `1y`, or a number of seconds; None for anything else."""
    if match := _LONG_SPAN.fullmatch(text):
        return int(match[1]) * _LONG[match[2]]
    try:
        return parse_duration(text)
    except ValueError:
        return None


LONGEST_SPAN = 1_000 * _LONG["y"]
"""The most that may pass in one step."""

_LONGEST = 32  # characters
_SIZES = {"": 1, "b": 1, "kb": KB, "mb": MB}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(b|kb|mb)?", re.ASCII | re.IGNORECASE)


def size(text: str) -> int | None:
    """`300`, `40KB`, `1.5MB`: bytes; None for anything else. A KB has 1,024 bytes, as in AWS's quotas."""
    match = _SIZE.fullmatch(text) if len(text) <= _LONGEST else None
    return int(float(match[1]) * _SIZES[(match[2] or "").lower()]) if match else None


def instant(text: str) -> Instant | None:
    """`2026-01-01T00:00:00Z`, or without a time, or with another zone; without one it is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
        return Instant((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
