"""Environments that end at random between two invocations, so that whoever counts on the next one finding what the last
one left is found out.

documented: Lambda's environments may be used again, for as long as Lambda likes, and functions are to keep no state in
them. On a quiet machine one lives for hours, which hides that.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from edgesim.errors import ConfigError

_SPELLING = re.compile(r"(\d+(?:\.\d+)?)\s*%?(?::(\d{1,18}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Chaos:
    """`percent` of all invocations are the last of their environment; `seed` says which."""

    percent: float
    seed: int

    def ends_with(self, number: int) -> bool:
        """Is this invocation of a service, counted from 0, its environment's last?"""
        digest = hashlib.blake2b(f"{self.seed} {number}".encode(), digest_size=4).digest()
        return int.from_bytes(digest) / 2**32 * 100 < self.percent

    def __str__(self) -> str:
        return f"{self.percent:g}:{self.seed}"


def parse_chaos(text: str, otherwise: int) -> Chaos:
    """`20`, `20%` or, with a seed, `20:4711`; `otherwise` is the seed where none is said. Raises ConfigError."""
    found = _SPELLING.fullmatch(text.strip())
    if found is None or not 0 < float(found[1]) <= 100:
        raise ConfigError(f"{text!r} is no share of invocations", "write it as 20 (percent), or 20:4711 with a seed")
    return Chaos(float(found[1]), int(found[2]) if found[2] else otherwise)
