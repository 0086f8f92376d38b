"""What checks yield: problems that know their path in the raw form, and not yet their place in the user's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeAlias

from edgesim.distribution.problems import Severity

Loc: TypeAlias = tuple[str | int, ...]
"""A path in the raw form: names and list positions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem; `at` is its path from the structure that was checked. The rest is as in Problem."""

    at: Loc
    message: str
    hint: str = ""
    code: str = ""
    severity: Severity = Severity.ERROR
    is_refused: bool = False

    def under(self, loc: Loc) -> Finding:
        """The same, seen from further out."""
        return replace(self, at=loc + self.at)


def too_many(at: Loc, count: int, most: int, code: str) -> Finding:
    """More of something than a quota that can be raised, so a warning."""
    message = f"{count} {at[-1]} are more than the {most} that AWS grants at first"
    return Finding(at, message, code=code, severity=Severity.WARNING)


def closest(word: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or nothing where no word is near. Case counts little."""
    near = nearest(word, known)
    return f"did you mean {near}?" if near else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The word that may be meant; empty where none is near."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[near[0]] if near else ""


def there_are(known: Iterable[str]) -> str:
    """`there is web`, `there are web, api`, or nothing where none is known."""
    names = list(dict.fromkeys(known))
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else ""


Findings: TypeAlias = Iterator[Finding]
"""What a rule yields."""
