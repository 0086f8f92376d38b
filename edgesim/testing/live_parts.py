"""The parts of an edge that tests look at and turn: its clock, its cache, its functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgesim.errors import ConfigError
from edgesim.scenario.language import durations
from edgesim.testing.views import CachedObject, Call
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import readable
from edgesim.values.instant import iso_utc

if TYPE_CHECKING:
    from edgesim.testing.live import LiveEdge


class Clock:
    """The edge's clock, which its functions see as well. It stands still, except while a request waits for something:
    an origin that takes its time, a timeout."""

    def __init__(self, live: LiveEdge) -> None:
        self._live = live

    def now(self) -> float:
        """Seconds since 1970."""
        return float(self._live.inner.clock.now())

    def advance(self, span: float | str) -> None:
        """Let time pass: seconds, or a text such as `"61s"`, `"1h30m"`, `"2d"`."""
        seconds = float(span) if isinstance(span, int | float) else durations.seconds(span)
        if (seconds or 0) < 0 or str(span).startswith("-"):
            raise ConfigError(f"{span!r} is back in time, and the clock only goes forward")
        if seconds is None:
            raise ConfigError(f"{span!r} is no span of time (write 61, '500ms', '61s', '1h30m' or '2d')")
        self._live.run(self._live.inner.advance(seconds))

    def __repr__(self) -> str:
        return f"<Clock {iso_utc(self._live.inner.clock.now())}>"


# ── the cache, functions ─────────────────────────────────────────────────────


class Cache:
    """What the edge has stored. An object stands for one key: of one target there may be several, by headers and
    cookies, of which the one stored last is meant."""

    def __init__(self, live: LiveEdge) -> None:
        self._live = live

    @property
    def entries(self) -> list[CachedObject]:
        """Everything, in the order in which it was stored."""
        return [self._object(key, entry) for key, entry in self._sorted()]

    def all(self, target: str) -> list[CachedObject]:
        """Every object stored for a path and, where the target has one, this query string."""
        return [self._object(key, entry) for key, entry in self._sorted() if _is_for(key, target)]

    def get(self, target: str) -> CachedObject | None:
        """The object for a target, or None."""
        found = self.all(target)
        return found[-1] if found else None

    def __getitem__(self, target: str) -> CachedObject:
        found = self.get(target)
        if found is None:
            held = ", ".join(told.key for told in self.entries) or "nothing"
            raise LookupError(f"there is no {target} in the cache, which holds {held}")
        return found

    def __contains__(self, target: object) -> bool:
        return isinstance(target, str) and self.get(target) is not None

    def __len__(self) -> int:
        return len(self._live.inner.cached())

    def __iter__(self) -> Iterator[CachedObject]:
        return iter(self.entries)

    def __repr__(self) -> str:
        return f"<Cache of {len(self)}: {', '.join(one.key for one in self)}>"

    def _sorted(self) -> list[tuple[CacheKey, Entry]]:
        return sorted(self._live.inner.cached(), key=lambda pair: pair[1].stored_at)

    def _object(self, key: CacheKey, entry: Entry) -> CachedObject:
        return CachedObject.of(key, entry, self._live.inner.clock.now())


def _is_for(key: CacheKey, target: str) -> bool:
    path, question, query = target.partition("?")
    return readable(key.path) == path and (not question or readable(key.query) == query)


class Function:
    """One of the distribution's functions."""

    def __init__(self, live: LiveEdge, name: str) -> None:
        self._live, self.name = live, name

    @property
    def calls(self) -> list[Call]:
        """Each time that it ran, in order."""
        return [call for call in self._live.calls if call.function == self.name]

    def __repr__(self) -> str:
        return f"<Function {self.name}, {len(self.calls)} calls>"
