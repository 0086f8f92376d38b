"""What the driver needs from the world, as small Protocols. Adapters implement them, fakes too (edgesim.testing)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVarTuple

from edgesim.values.body import Ticket

if TYPE_CHECKING:
    from edgesim.distribution.model import EdgeFunction, Origin, Trigger
    from edgesim.pipeline.transcript import Transcript
    from edgesim.values.entry import CacheKey, Entry
    from edgesim.values.instant import Duration, Instant, Pace
    from edgesim.values.invocation import Invocation
    from edgesim.values.log_stream import LogStream
    from edgesim.values.message import Request, Response


Ts = TypeVarTuple("Ts")


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """It will not come. May be called at any time, more than once."""


class Clock(Protocol):
    """Time: the machine's, or one that can be moved. What waits on it waits for it to be moved, too."""

    @property
    def pace(self) -> Pace: ...

    @property
    def offset(self) -> Duration:
        """How far it is ahead of the machine's clock now; below 0 where it is behind."""

    def now(self) -> Instant: ...

    async def sleep(self, span: Duration) -> None: ...

    def call_later(self, span: Duration, callback: Callable[[*Ts], object], *args: *Ts) -> Timer:
        """Call on the event loop's thread once this much time has passed. Costs no task."""


class BodyStream(Ticket):
    """A body that is read once, in order. Subclasses implement `chunks`.

    Reading raises OriginFault where the body ends too early, and ViewerFault where a viewer stops sending.
    `aclose` releases what stands behind it and may be called at any time, more than once.
    """

    __slots__ = ()

    def chunks(self) -> AsyncGenerator[bytes]:
        """The bytes, in pieces of any size above zero."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing more will be read."""


class Tunnel(BodyStream):
    """What an origin's 101 leads to: reading gives the origin's bytes until it ends the connection, and `aclose` ends
    it from this side."""

    __slots__ = ()

    async def send(self, data: bytes) -> None:
        """Bytes of the viewer's, when there is room for them. Raises OriginFault where nobody takes them any more."""
        raise NotImplementedError


class StoredBody(Ticket):
    """A body at rest, that may be read any number of times, at once and in part."""

    __slots__ = ()

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` up to, not including, `stop`. `length` is never None here."""
        raise NotImplementedError


class BodyRecorder(Protocol):
    """Takes a body in as it streams past."""

    def append(self, chunk: bytes) -> bool:
        """Take a piece. False where the body would grow larger than the store takes; then only `spill` and `discard`
        are due, and what was taken can be read until that."""

    def spill(self, chunk: bytes) -> bool:
        """Take a piece nonetheless, for those who have not come that far. False where there is no room for it."""

    def read(self, start: int, stop: int) -> bytes:
        """What was taken, from `start` up to, not including, `stop`."""

    def finish(self) -> StoredBody:
        """The whole body at rest."""

    def discard(self) -> None:
        """Forget it. May be called more than once."""


class Store(Protocol):
    """A cache's memory. Judging freshness is not its business."""

    def get(self, key: CacheKey) -> Entry | None:
        """The latest entry put under this key, fresh or stale, or None."""

    def parts(self, key: CacheKey) -> Iterable[tuple[CacheKey, Entry]]:
        """The parts stored of the object under this key, by keys that differ in `part` alone; the latest first."""

    async def put(self, key: CacheKey, entry: Entry) -> bool:
        """Keep an entry under this key in the place of any other. False where it is too large to be kept."""

    def recorder(self, length: int | None) -> BodyRecorder | None:
        """Somewhere to write a body of `length` bytes (None: not known) while it passes; None where a body of that
        length is more than this store takes."""

    async def invalidate(self, distribution: str, pattern: str) -> int:
        """Drop every entry of a distribution whose path, with its query string where that is keyed, matches, or that
        has the tag of a `#tag`; return how many. documented: `*` is a wildcard as the last character of a path only
        (Invalidation)"""

    @property
    def invalidations(self) -> int:
        """How many there have been."""

    def invalidated(self, key: CacheKey, entry: Entry, since: int) -> bool:
        """Is this among what was to be dropped by an invalidation after the first `since`?"""

    def entries(self) -> Iterable[tuple[CacheKey, Entry]]:
        """A snapshot of everything kept."""

    def slices(self) -> AsyncIterator[list[tuple[CacheKey, Entry]]]:
        """Everything that is kept when it begins and still is when its slice comes: others work in between."""

    def variants(self, distribution: str, path: str) -> Iterable[tuple[CacheKey, Entry]]:
        """A snapshot of what is kept of one path, under whatever key; the latest first."""

    def paths(self, distribution: str) -> Iterable[str]:
        """A snapshot of the paths of a distribution of which something is kept, each once."""

    def finds(self, key: CacheKey) -> int:
        """How often `get` has found the entry under this key since it was put; 0 where there is none."""


class OriginClient(Protocol):
    """Fetches from origins."""

    def where(self, origin: Origin, *, https: bool) -> str:
        """Where requests to an origin really go, and why there, for a person; empty where there is nothing to say."""

    async def resolve(self, origin: Origin, *, https: bool) -> None:
        """Look whether the origin's name leads anywhere. Raises OriginFault where it does not."""

    async def fetch(self, request: Request, origin: Origin, *, https: bool) -> Response:
        """Send a finished request (path without OriginPath; Host set) to an origin and return the response as
        soon as its head is there; its body is a BodyStream or bytes. Timeouts and attempts are the origin's.

        Raises OriginFault.
        """


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation to make. `timeout` is seconds, already capped for the trigger; `region` is where it runs; `pop` is
    the edge location that asks, for a request that came there at `arrived`, which decides on the version while an
    update propagates. None: the newest."""

    function: EdgeFunction
    trigger: Trigger
    event: dict[str, Any]
    timeout: float
    region: str = "us-east-1"
    pop: str = ""
    arrived: Instant | None = None


class Runtime(Protocol):
    """Runs functions in execution environments."""

    async def invoke(self, call: Call) -> Invocation:
        """Run once and say what came of it. Never raises for anything the function did."""


class FunctionLog(Protocol):
    """Where the lines of functions go as they come: START, the function's output, END, REPORT."""

    def lines(self, function: EdgeFunction, trigger: Trigger | None, texts: Sequence[str]) -> None:
        """Events, in order and without their ends; what a function logs in one call may hold line breaks. `trigger` is
        None for what happens outside of an invocation. Must not raise."""


class LogKeeper(Protocol):
    """Where log groups are kept, as CloudWatch Logs keeps them."""

    def events(self, stream: LogStream, texts: Sequence[str]) -> None:
        """Log events, in order, each of which may hold line breaks; they happen now. Must not raise."""


class Meter(Protocol):
    """Counts what functions do."""

    def began(self, function: EdgeFunction, region: str) -> None:
        """A call is under way."""

    def ended(self, function: EdgeFunction, trigger: Trigger, region: str, invocation: Invocation | None) -> None:
        """What came of it; None where nobody waited for that, since the viewer has left."""


class Recorder(Protocol):
    """Keeps transcripts, and hears when a request is over."""

    def record(self, transcript: Transcript) -> None:
        """A request has come in; its transcript is filled from now on."""

    def finished(self, transcript: Transcript) -> None:
        """The last byte of its answer was sent, or never will be."""
