"""Request collapsing: one request fetches, the others with the same key wait for it, and read what comes with it.

Source: RequestAndResponseBehaviorCustomOrigin, "request collapsing". The state here is
plain: nothing in it awaits, so that looking and deciding are one step; the driver does the waiting.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from edgesim.driver.incoming import Incoming
    from edgesim.values.entry import CacheKey, Entry


class Landing(Enum):
    """How a flight ended."""

    KEPT = "the object is in the store now"
    NOTHING_KEPT = "the response may not be kept: everybody goes for themselves"
    FAILED = "the leader left: somebody else must lead"


class Coming(NamedTuple):
    """An object that has begun to come: what will be kept, under which key, and its body for others to read along.
    `since` tells how many invalidations there had been when it was asked for."""

    key: CacheKey
    entry: Entry
    body: Incoming
    since: int


class Flight:
    """One request that is on its way to the origin for a key. `landing` is how it ended, None before that; `others` is
    how many read along what it brought."""

    __slots__ = ("_coming", "_news", "key", "landing", "others")

    def __init__(self, key: CacheKey) -> None:
        self.key = key
        self.landing: Landing | None = None
        self.others = 0
        self._coming: Coming | None = None
        self._news = asyncio.Event()

    async def coming(self) -> Coming | None:
        """Wait until the object begins to come. None where the flight has landed, then or before."""
        await self._news.wait()
        return None if self.landing is not None else self._coming

    def bring(self, coming: Coming) -> None:
        """The object has begun to come."""
        self._coming = coming
        self._news.set()

    def land(self, landing: Landing) -> None:
        """End it; the first ending counts."""
        if self.landing is None:
            self.landing, self._coming = landing, None
            self._news.set()


class Flights:
    """Every flight in the air, by key."""

    def __init__(self) -> None:
        self._by_key: dict[CacheKey, Flight] = {}

    def find(self, key: CacheKey) -> Flight | None:
        """The flight to wait for, or None where there is none."""
        return self._by_key.get(key)

    def lead(self, key: CacheKey) -> Flight:
        """Start a flight, in the place of any other. The caller must land it, whatever happens."""
        flight = self._by_key[key] = Flight(key)
        return flight

    def land(self, flight: Flight, landing: Landing) -> None:
        """End a flight and wake those who wait."""
        self.forget(flight)
        flight.land(landing)

    def forget(self, flight: Flight) -> None:
        """Nobody finds it any more: what it brings is of no use to who asks now."""
        if self._by_key.get(flight.key) is flight:
            del self._by_key[flight.key]

    def __len__(self) -> int:
        return len(self._by_key)
