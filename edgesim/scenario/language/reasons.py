"""Reasons by the words that people write for them.

A reason is written as its text in rules/reasons.py (`capped at the maximum TTL`) or as its name (`S_MAXAGE`,
`s-maxage`, `disallowed header`), without regard to case, and to hyphens, underscores and spaces; with its enum before
it (`TtlReason.PRIVATE`) it is that one alone. Canonical is `Enum.MEMBER`; where the words fit several members, these
joined with `|`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from edgesim.rules import reasons

_BETWEEN = re.compile(r"[-_\s]+")


def canonical(words: str) -> str:
    """The members that are meant, as `Enum.MEMBER|Enum.MEMBER`; empty where there are none."""
    return "|".join(_index().get(_normal(words), {}))


def _normal(words: str) -> str:
    return _BETWEEN.sub(" ", words.strip().casefold())


def members() -> Iterator[StrEnum]:
    """Every reason that there is."""
    for kind in vars(reasons).values():
        if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum:
            yield from kind


def name_of(reason: StrEnum) -> str:
    """`StoreReason.STORED`."""
    return f"{type(reason).__name__}.{reason.name}"


@cache
def _index() -> dict[str, dict[str, str]]:
    """By every way to write it: the members that may be meant, each with how that way is spelt."""
    found: dict[str, dict[str, str]] = {}
    for reason in members():
        name = name_of(reason)
        for words in (reason.value, reason.name, name):
            found.setdefault(_normal(words), {}).setdefault(name, words)
    return found
