"""Names of log streams."""

from __future__ import annotations

import re

from edgesim.values.instant import Instant
from edgesim.values.log_stream import stream_name

AT = Instant(1_700_000_000.5)


def test_a_stream_has_its_day_its_version_and_32_hex_digits() -> None:
    assert re.fullmatch(r"2023/11/14/\[7\][0-9a-f]{32}", stream_name(AT, "7", "seed"))


def test_another_seed_is_another_stream() -> None:
    assert stream_name(AT, "7", "one") == stream_name(AT, "7", "one") != stream_name(AT, "7", "two")
