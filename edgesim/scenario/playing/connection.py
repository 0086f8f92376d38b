"""A viewer's connection without a network: what goes over it is counted as on a real one, and the viewer may leave."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgesim.errors import OriginFault, OriginTrouble
from edgesim.server.framing import Framing
from edgesim.values.wire import Wire

if TYPE_CHECKING:
    from edgesim.driver.exchange import Exchange
    from edgesim.ports import Clock, Timer
    from edgesim.values.instant import Duration
    from edgesim.values.viewer import Arrival


@dataclass(slots=True)
class Connection:
    """One request's. `body` is what came to the viewer, `complete` whether that is all."""

    arrival: Arrival
    wire: Wire = field(default_factory=Wire)
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _timer: Timer | None = None
    _broken_off: OriginTrouble | None = None

    def __post_init__(self) -> None:
        sent = self.arrival.request.body
        self.wire.received = len(sent) if isinstance(sent, bytes) else 0

    @property
    def is_lost(self) -> bool:
        """Has the viewer left without anything?"""
        return self._gone.is_set() and not self.wire.sent

    def leave_in(self, span: Duration, clock: Clock) -> None:
        """The viewer does not wait longer than that."""
        self._timer = clock.call_later(span, self._gone.set)

    async def take(self, exchange: Exchange) -> None:
        """Take the answer in, and end the exchange."""
        try:
            if self._timer is None:
                await self._read(exchange)
            elif not self._gone.is_set():
                await self._read_until_gone(exchange)
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await exchange.aclose(sent=len(self.body), complete=self.complete, broken_off=self._broken_off)

    async def _read_until_gone(self, exchange: Exchange) -> None:
        tasks = [asyncio.ensure_future(one) for one in (self._read(exchange), self._gone.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, exchange: Exchange) -> None:
        """Read to the end, or to where the origin breaks off."""
        framing = self._head(exchange)
        try:
            async with aclosing(exchange.chunks()) as chunks:
                async for chunk in chunks:
                    self.body += chunk
                    self.wire.sent += len(framing.framed(chunk, last=False))
        except OriginFault as fault:
            self._broken_off = fault.trouble  # the connection breaks off; that is all a viewer sees of it
            return
        self.wire.sent += len(framing.framed(b"", last=True))
        self.complete = True

    def _head(self, exchange: Exchange) -> Framing:
        request, version, response = self.arrival.request, self.arrival.viewer.http_version, exchange.response
        framing = Framing(request.method, response.status, version)
        closes = exchange.closes or version == "1.0" or (request.headers.get("connection") or "").lower() == "close"
        head = framing.head(response.status, response.reason, response.headers.raw, keep_alive=not closes)
        self.wire.sent += len(head)
        return framing
