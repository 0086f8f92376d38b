"""Points in time and spans, in seconds, and the date format of HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum
from functools import lru_cache
from typing import NewType

Instant = NewType("Instant", float)
"""Seconds since 1970-01-01 UTC."""

Duration = NewType("Duration", float)
"""Seconds."""


class Pace(Enum):
    """How a clock goes, beside the machine's."""

    MACHINE = "the machine's own time"
    SHIFTED = "as fast as the machine's, from another time on"
    STILL = "stands still until it is moved"


@lru_cache(maxsize=256)
def _http_date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)


def http_date(instant: Instant) -> str:
    """An instant as an HTTP date, for example `Tue, 06 May 2025 10:00:00 GMT`."""
    return _http_date(int(instant))


@lru_cache(maxsize=1024)
def parse_http_date(text: str) -> Instant | None:
    """The instant of an HTTP date in any of its three forms, or None for anything else."""
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError, TypeError):
        return None
    return Instant((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def iso_utc(instant: Instant) -> str:
    """An instant as `2025-05-06T10:00:00.000Z`, the form of log lines."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
