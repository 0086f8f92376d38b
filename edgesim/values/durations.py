"""Lengths of time as people write them: `61`, `0.5`, `500ms`, `61s`, `5m`, `1h30m`, `2d`."""

from __future__ import annotations

import re
from decimal import Decimal

from edgesim.values.instant import Duration

_UNITS = {"d": Decimal(86_400), "h": Decimal(3_600), "m": Decimal(60), "s": Decimal(1), "ms": Decimal("0.001")}
_NUMBER = r"\d{1,12}(?:\.\d{1,9})?"
_SECONDS = re.compile(_NUMBER, re.ASCII)
# Each unit once at most, the larger ones first: 30m1h is more likely a slip than a wish
_SUM = re.compile(r"\s*".join(rf"(?:(?P<{unit}>{_NUMBER}){unit}(?![a-z]))?" for unit in _UNITS), re.ASCII)


def parse_duration(text: str) -> Duration:
    """The seconds that a text means: a plain number of them, or a sum of days, hours, minutes, seconds and
    milliseconds. Raises ValueError with a sentence for whoever wrote it."""
    stripped = text.strip()
    if _SECONDS.fullmatch(stripped):
        return Duration(float(stripped))
    found = _SUM.fullmatch(stripped) if stripped else None
    if found is None:
        raise ValueError(f"{text!r} is not a length of time: write seconds, or a sum such as 1h30m of d, h, m, s, ms")
    amounts = found.groupdict(default="0")
    return Duration(float(sum(Decimal(amounts[unit]) * seconds for unit, seconds in _UNITS.items())))


def spell_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads as this many seconds, in whole milliseconds: `1h30m`."""
    left, parts = round(Decimal(repr(seconds)), 3), []
    for unit, length in _UNITS.items():
        amount, left = divmod(left, length)
        if amount:
            parts.append(f"{amount:.0f}{unit}")
    return "".join(parts) or "0s"


_WHOLE_SECONDS_FROM = 10
_CLOSE = 10_000


def spell_roughly(seconds: float) -> str:
    """The same for people, in whole seconds from ten on: `1h`, not `59m59s525ms`, which is what an hour has become by
    the time it is told."""
    return spell_duration(round(seconds) if seconds >= _WHOLE_SECONDS_FROM else seconds)


def spell_about(seconds: float) -> str:
    """The same where a ten-thousandth more or less is all one, in the largest unit that is so close: `365d`, not
    `364d23h59m`."""
    exact = Decimal(repr(seconds))
    for length in _UNITS.values():
        near = round(exact / length) * length
        if near and abs(near - exact) * _CLOSE <= near:
            return spell_duration(float(near))
    return spell_duration(seconds)


def plain(number: float) -> str:
    """A number as people write it, without an exponent, to six decimal places: `100000000`, `0.5`."""
    return f"{Decimal(repr(round(number, 6))).normalize():f}"
