"""What happened to one request, as data: `explain`, logs, scenarios and test failures are views of it.

A transcript is filled while its request is served and not changed afterwards. It holds heads, never bodies, so that
keeping a few hundred of them costs little.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgesim.distribution.model import Distribution
    from edgesim.errors import OriginTrouble, ViewerTrouble
    from edgesim.values.entry import CacheKey
    from edgesim.values.headers import Headers
    from edgesim.values.instant import Instant
    from edgesim.values.viewer import Arrival
    from edgesim.values.wire import Wire


class Station(StrEnum):
    """The stations of the request path, in order (phases.py)."""

    DEPLOYMENT = "continuous deployment"
    BEHAVIOR = "cache behavior"
    ARRIVAL = "arrival"
    SIGNATURE = "signature"
    VIEWER_REQUEST = "viewer request"
    CACHE = "cache"
    REFRESH = "refresh"
    ORIGIN_REQUEST = "origin request"
    ORIGIN = "origin"
    ORIGIN_RESPONSE = "origin response"
    FAILOVER = "origin failover"
    COMPRESSION = "compression"
    STORE = "store"
    ERROR_PAGE = "custom error response"
    RESPONSE_HEADERS = "response headers policy"
    VIEWER_RESPONSE = "viewer response"
    DELIVERY = "delivery"


class Note(NamedTuple):
    """One thing that was decided or done: where, because of what, and the values it was about. A tuple, since every
    request makes several and few are ever read."""

    station: Station
    because: StrEnum
    facts: dict[str, Any]


@dataclass(slots=True)
class Transcript:
    """The notes of one request in order. `ended_at`, `status` and `headers` are set when the response's head is ready,
    `sent` (bytes of body) and `complete` when the last byte went, or did not; `interrupted` is what was in the way
    then. `wire` is what the viewer's connection counts, None where there is none. `unkept` says by key why a response
    that the notes call stored is not stored after all: that shows when its body has come in, which may be after the
    viewer was served. `cautioned`: there is a note that somebody should hear of."""

    arrival: Arrival
    distribution: Distribution | None = None
    notes: list[Note] = field(default_factory=list)
    ended_at: Instant | None = None
    status: int = 0
    headers: Headers | None = None
    sent: int = 0
    complete: bool = False
    interrupted: OriginTrouble | ViewerTrouble | None = None
    wire: Wire | None = None
    unkept: dict[CacheKey, str] = field(default_factory=dict)
    cautioned: bool = False

    def note(self, station: Station, because: StrEnum, **facts: Any) -> None:
        """Add a note."""
        self.notes.append(Note(station, because, facts))

    def caution(self, station: Station, because: StrEnum, **facts: Any) -> None:
        """Add a note that somebody should hear of."""
        self.cautioned = True
        self.note(station, because, **facts)

    def within(self, station: Station, because: StrEnum, **facts: Any) -> Transcript:
        """Add a note that holds a transcript of its own, for a request that this one caused."""
        inner = Transcript(self.arrival, self.distribution)
        self.note(station, because, inner=inner, **facts)
        return inner

    def at(self, station: Station) -> Iterator[Note]:
        """The notes of one station."""
        return (note for note in self.notes if note.station is station)

    @property
    def reasons(self) -> list[StrEnum]:
        """Every because, in order; what scenarios and tests compare with."""
        return [note.because for note in self.notes]
