"""Results of the cache suite, counted by kind and set side by side."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

HERE = Path(__file__).parent
KINDS = ("required", "optimal", "check")

Result = bool | list[str]
"""True, or the kind of what was in the way and a sentence."""


@dataclass(frozen=True)
class Test:
    """A test of the suite. A check has no right outcome: it asks what a cache does."""

    __test__ = False  # for pytest

    id: str
    kind: str
    says: str


@dataclass(frozen=True)
class Cache:
    """A cache whose results came with the suite."""

    name: str
    version: str
    results: Mapping[str, Result]


class Outcome(Enum):
    """As the suite tells them apart (lib/display.mjs); unsettled is what it could not try, for what came before."""

    PASSED = "passed"
    FAILED = "failed"
    UNSETTLED = "unsettled"


@dataclass(frozen=True)
class Count:
    """How many tests of a kind came out how."""

    passed: int
    failed: int
    unsettled: int

    def __str__(self) -> str:
        settled = f"{self.passed} of {self.passed + self.failed}"
        return f"{settled} (+{self.unsettled})" if self.unsettled else settled


@dataclass(frozen=True)
class Documented:
    """What CloudFront does that makes required tests fail, where that is said, and the tests."""

    behavior: str
    source: str
    tests: tuple[str, ...]


def outcome(result: Result | None) -> Outcome:
    """What a result comes to; None is no result."""
    if result is True:
        return Outcome.PASSED
    return Outcome.UNSETTLED if not result or result[0] == "Setup" else Outcome.FAILED


def counted(tests: Iterable[Test], results: Mapping[str, Result]) -> dict[str, Count]:
    """By kind."""
    outcomes: dict[str, list[Outcome]] = {kind: [] for kind in KINDS}
    for test in tests:
        outcomes[test.kind].append(outcome(results.get(test.id)))
    return {kind: Count(*(of.count(one) for one in Outcome)) for kind, of in outcomes.items()}


def stored_counts() -> dict[str, dict[str, Count]]:
    """What published.toml has, by the cache's name and by kind."""
    caches = tomllib.loads((HERE / "published.toml").read_text())["cache"]
    return {cache["name"]: {kind: Count(**cache[kind]) for kind in KINDS} for cache in caches}


def documented(table: str = "documented") -> tuple[Documented, ...]:
    """The table of required tests that CloudFront does not pass; or that of the `optimal` ones."""
    rows = tomllib.loads((HERE / "documented.toml").read_text())[table]
    return tuple(Documented(row["behavior"], row["source"], tuple(row["tests"])) for row in rows)


def not_passed(tests: Iterable[Test], results: Mapping[str, Result], kind: str = "required") -> frozenset[str]:
    """The tests of a kind that failed, or could not be tried."""
    of_kind = (test.id for test in tests if test.kind == kind)
    return frozenset(id_ for id_ in of_kind if outcome(results.get(id_)) is not Outcome.PASSED)


def table(rows: Mapping[str, Mapping[str, Count]]) -> Iterator[str]:
    """Counts by name and kind, for people to read."""
    width = max(map(len, rows)) + 2
    yield f"{'':{width}}" + "".join(f"{kind:>18}" for kind in ("required", "optimal", "check: yes"))
    for name, counts in rows.items():
        yield f"{name:{width}}" + "".join(f"{counts[kind]!s:>18}" for kind in KINDS)
