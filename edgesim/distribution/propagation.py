"""How an update reaches the edge locations: each at an instant of its own, and never back.

Rule 1: until its instant a location has what was there before; from then on it has what is new.
Rule 2: a request that came before its location's instant keeps what it began with: whoever asks says when it came.
Rule 3: no clock and no chance: instants are given, and what is random about them comes in a Spread.
Source: lambda-platform.md §11, row 17: during an update both may serve for a moment. inferred: how the instants lie
within the span.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from edgesim.values.instant import Duration, Instant

T = TypeVar("T")

_NO_TIME = Duration(0.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """The span within which one update reaches all edge locations, and the random number that says which comes when.
    What is updated together has one Spread, so that a location gets it together."""

    seconds: Duration = _NO_TIME
    seed: int = 0

    def delay(self, pop: str) -> Duration:
        """How long after the update's beginning it is at an edge location: from 0 to below the span."""
        digest = hashlib.blake2b(f"{self.seed} {pop}".encode(), digest_size=4).digest()
        return Duration(self.seconds * int.from_bytes(digest) / 2**32)


AT_ONCE = Spread()


@dataclass(frozen=True, slots=True)
class _Update(Generic[T]):
    value: T
    begun: Instant
    spread: Spread

    def has_reached(self, pop: str, at: Instant) -> bool:
        return self.begun + self.spread.delay(pop) <= at

    def is_everywhere(self, at: Instant) -> bool:
        return self.begun + self.spread.seconds <= at


@dataclass(frozen=True, slots=True)
class Rollout(Generic[T]):
    """What serves: the newest, and what came before it for as long as somebody may still ask for it."""

    first: T
    updates: tuple[_Update[T], ...] = field(default=())

    @property
    def newest(self) -> T:
        return self.updates[-1].value if self.updates else self.first

    @property
    def all(self) -> tuple[T, ...]:
        """Everything that is still known, oldest first."""
        return (self.first, *(update.value for update in self.updates))

    def then(self, value: T, begun: Instant, spread: Spread = AT_ONCE) -> Rollout[T]:
        """With an update that begins at an instant."""
        return Rollout(self.first, (*self.updates, _Update(value, begun, spread)))

    def at(self, pop: str, came: Instant) -> T:
        """What answers a request that came to an edge location at an instant."""
        if not self.updates:
            return self.first
        reached = (update.value for update in reversed(self.updates) if update.has_reached(pop, came))
        return next(reached, self.first)

    def over(self, at: Instant) -> tuple[T, ...]:
        """What no edge location has any more: requests that come from now on never meet it."""
        return self.all[: self._settled(at)]

    def since(self, at: Instant) -> Rollout[T]:
        """Without what was over at an instant. Who asks for requests that came before it, gets what came after."""
        settled = self._settled(at)
        return Rollout(self.all[settled], self.updates[settled:])

    def _settled(self, at: Instant) -> int:
        """How many of the updates, from the first on, have been overtaken everywhere."""
        return max((number for number, update in enumerate(self.updates, 1) if update.is_everywhere(at)), default=0)
