"""Request collapsing: one request fetches, the others with the same key wait for it.

Source: RequestAndResponseBehaviorCustomOrigin, "request collapsing". The state here is
plain: nothing in it awaits, so that looking and deciding are one step; the driver does the waiting.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgesim.values.entry import CacheKey


class Landing(Enum):
    """How a flight ended."""

    KEPT = "the object is in the store now"
    NOTHING_KEPT = "the response may not be kept: everybody goes for themselves"
    FAILED = "the leader left: somebody else must lead"


class Flight:
    """One request that is on its way to the origin for a key."""

    __slots__ = ("_landing", "key")

    def __init__(self, key: CacheKey) -> None:
        self.key = key
        self._landing: asyncio.Future[Landing] = asyncio.get_running_loop().create_future()

    async def landed(self) -> Landing:
        """Wait for the end."""
        return await asyncio.shield(self._landing)

    def land(self, landing: Landing) -> None:
        """End it; the first ending counts."""
        if not self._landing.done():
            self._landing.set_result(landing)


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
        if self._by_key.get(flight.key) is flight:
            del self._by_key[flight.key]
        flight.land(landing)

    def __len__(self) -> int:
        return len(self._by_key)
