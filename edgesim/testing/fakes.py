"""A whole edge without sockets, processes or waiting: the real driver, cache and request path, on a VirtualClock.

    edge = FakeEdge(lambda request, origin: Response(200, body=b"hello"), distribution)
    answer = await edge.ask(Request("GET", "/a.css", headers=Headers([("Host", "localhost")])))

The origin is a script (origins/canned.py), functions are Python callables by name (runtimes/inline.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count

from edgesim.distribution.model import Distribution
from edgesim.driver.driver import Driver
from edgesim.driver.exchange import Exchange
from edgesim.driver.recorder import TranscriptRing
from edgesim.origins.canned import Answer, CannedOrigin
from edgesim.pipeline.transcript import Transcript
from edgesim.runtimes.inline import Handler, InlineRuntime
from edgesim.stores.memory import MAX_BYTES, MemoryStore
from edgesim.testing.clock import VirtualClock
from edgesim.values.headers import Headers
from edgesim.values.message import Request
from edgesim.values.viewer import Arrival, Viewer


@dataclass(frozen=True, slots=True)
class Answered:
    """What a viewer got, and how it came about."""

    status: int
    headers: Headers
    body: bytes
    transcript: Transcript

    @property
    def x_cache(self) -> str:
        """The X-Cache result: `Hit`, `Miss` …"""
        return (self.headers.get("x-cache") or "").removesuffix(" from cloudfront")


class FakeEdge:
    """An edge location with everything in it. `cache_bytes` is the size of its cache, `object_bytes` the most that one
    object may take of it."""

    def __init__(
        self,
        origin: Answer,
        *distributions: Distribution,
        functions: Mapping[str, Handler] | None = None,
        cache_bytes: int = MAX_BYTES,
        object_bytes: int | None = None,
    ) -> None:
        self.distributions = distributions
        self.clock = VirtualClock()
        self.store = MemoryStore(cache_bytes, object_bytes)
        self.origin = CannedOrigin(origin)
        self.recorder = TranscriptRing()
        self.runtime = InlineRuntime(functions or {}, self.clock, _ids("invocation"), init_ms=120.0)
        self.driver = Driver(
            clock=self.clock, store=self.store, origins=self.origin, runtime=self.runtime, recorder=self.recorder
        )
        self._new_id = _ids("request")

    async def begin(self, request: Request, viewer: Viewer | None = None) -> Exchange:
        """The exchange of a request whose head is answered. The caller reads its body and closes it."""
        arrival = Arrival(self._new_id(), self.clock.now(), viewer or Viewer(), request)
        return await self.driver.answer(arrival, self.distributions)

    async def ask(self, request: Request, viewer: Viewer | None = None) -> Answered:
        """The whole answer. Raises OriginFault where the origin breaks its body off."""
        exchange = await self.begin(request, viewer)
        body, complete = bytearray(), False
        try:
            async with aclosing(exchange.chunks()) as chunks:
                async for chunk in chunks:
                    body += chunk
            complete = True
        finally:
            await exchange.aclose(sent=len(body), complete=complete)
        return Answered(exchange.response.status, exchange.response.headers, bytes(body), exchange.transcript)

    async def aclose(self) -> None:
        """End what goes on in the background."""
        await self.driver.aclose()


def _ids(kind: str) -> Callable[[], str]:
    numbers: Iterator[int] = count(1)
    return lambda: f"{kind}-{next(numbers)}"
