"""Where a log event belongs, by the names of CloudWatch Logs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from edgesim.values.instant import Instant, iso_utc


@dataclass(frozen=True, slots=True)
class LogStream:
    """A log stream of a log group in a Region; `group` begins with a slash."""

    region: str
    group: str
    name: str


def stream_name(at: Instant, version: str, seed: str) -> str:
    """The name of a stream begun at an instant. documented form: `YYYY/MM/DD/[version]` and 32 hex digits, which come
    of `seed`"""
    day = iso_utc(at)[:10].replace("-", "/")
    return f"{day}/[{version}]{hashlib.sha256(seed.encode()).hexdigest()[:32]}"
