"""All environments together: real processes on a real machine.

Lambda has a thousand environments for an account, a laptop has not. So beside the most that one function may have
there is a most for all of them. Whoever needs another one beyond that takes the place of the environment that has been
idle for longest, whichever function's it is, if that is a second: one that is between two events is not idle. Where
there is none, callers queue; but a function that has no environment at all always gets one, so that no number of slow
ones keeps it waiting. There are never more environments than the limit and the functions together. Room that comes
goes to the function with the fewest environments.

inferred, all of it: the limits are the machine's, not Lambda's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from enum import Enum
from time import perf_counter
from typing import Protocol

from edgesim.runtimes.environment import Environment


def default_limit() -> int:
    """Processes per function: enough to keep every processor busy while some of them wait."""
    return max(4, 2 * (os.cpu_count() or 1) + 2)


def default_limit_in_all() -> int:
    """Processes of all functions: a Node.js process holds some 40 MB."""
    return max(32, 8 * (os.cpu_count() or 1))


_BETWEEN_EVENTS_SECONDS = 1.0


class Room(Enum):
    """Whether there is a place for another environment."""

    FREE = "a place is free"
    TAKEN = "one that is idle gives up its place"
    NONE = "its callers queue"


def room(*, own: int, limit: int, in_all: int, limit_in_all: int, idle_elsewhere: bool) -> Room:
    """Is there a place for a function that has `own` environments, while there are `in_all`?"""
    if own >= limit:
        return Room.NONE
    if in_all < limit_in_all:
        return Room.FREE
    if idle_elsewhere:
        return Room.TAKEN
    return Room.FREE if own == 0 else Room.NONE


class Member(Protocol):
    """What the fleet needs of a pool."""

    limit: int

    @property
    def size(self) -> int:
        """Environments it has, busy or idle."""

    @property
    def queue(self) -> int:
        """Callers that wait."""

    def longest_idle(self) -> Environment | None: ...

    def give_up(self, environment: Environment) -> None:
        """End an idle environment."""

    def grow(self) -> None:
        """Start an environment for the caller who has waited for longest."""


class Fleet:
    """Shares the machine among pools. `pools` lists those that there are now."""

    def __init__(self, pools: Callable[[], Iterable[Member]], limit: int) -> None:
        self._pools = pools
        self._limit = limit
        self.queued = 0
        """callers that wait, in all"""

    def admits(self, pool: Member) -> bool:
        """May this pool start another environment? Makes room for it where that has to be made."""
        found = self._room(pool)
        if found is Room.TAKEN:
            _end(self._to_give_up(pool))
        return found is not Room.NONE

    def freed(self) -> None:
        """An environment has become idle, or ended: who waits may have its place."""
        while self.queued and (pool := self._next()) is not None:
            if self.admits(pool):
                pool.grow()

    def trim(self) -> None:
        """Give up idle environments beyond the limit."""
        for _ in range(self._count() - self._limit):
            _end(self._longest_idle())

    def _count(self) -> int:
        return sum(pool.size for pool in self._pools())

    def _room(self, pool: Member) -> Room:
        return room(
            own=pool.size,
            limit=pool.limit,
            in_all=self._count(),
            limit_in_all=self._limit,
            idle_elsewhere=self._to_give_up(pool) is not None,
        )

    def _next(self) -> Member | None:
        waiting = [pool for pool in self._pools() if pool.queue and self._room(pool) is not Room.NONE]
        return min(waiting, key=lambda pool: pool.size, default=None)

    def _to_give_up(self, pool: Member) -> _Idle | None:
        """What may end for another environment of this pool."""
        found = self._longest_idle()
        if found is None or pool.size == 0:
            return found
        return found if perf_counter() - found[1].idle_since >= _BETWEEN_EVENTS_SECONDS else None

    def _longest_idle(self) -> _Idle | None:
        idle = [(pool, one) for pool in self._pools() if (one := pool.longest_idle()) is not None]
        return min(idle, key=lambda found: found[1].idle_since, default=None)


_Idle = tuple[Member, Environment]


def _end(found: _Idle | None) -> None:
    if found is not None:
        pool, environment = found
        pool.give_up(environment)
