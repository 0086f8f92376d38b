"""A WebSocket: bytes of a viewer and an origin, passed on in both directions until there are no more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from edgesim.distribution.limits import WEBSOCKET_IDLE_SECONDS
from edgesim.errors import OriginFault, ViewerFault
from edgesim.values.instant import Duration

if TYPE_CHECKING:
    from edgesim.driver.exchange import Exchange
    from edgesim.ports import Clock, Timer, Tunnel

Send: TypeAlias = Callable[[Any], Awaitable[None]]


class Passage:
    """One WebSocket, once the viewer has the head of the 101: `viewer` gives the viewer's bytes, `send` takes the
    origin's.

    documented: it ends after ten minutes without a byte from the origin (cloudfront-limits), and where either side ends
    its connection, for then the other is of no use (distribution-working-with.websockets). inferred: what a side has
    sent before it left still goes to the other.
    """

    def __init__(self, tunnel: Tunnel, viewer: AsyncGenerator[bytes], send: Send, clock: Clock) -> None:
        self._tunnel, self._viewer, self._send, self._clock = tunnel, viewer, send, clock
        self._idle = asyncio.get_running_loop().create_future()
        self._timer: Timer | None = None
        self.sent = 0
        """How many bytes went to the viewer"""

    async def last(self) -> None:
        """Pass bytes on to the end."""
        self._count_anew()
        ways = [asyncio.ensure_future(way) for way in (self._to_viewer(), self._to_origin())]
        try:
            await asyncio.wait([ways[0], self._idle], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _to_viewer(self) -> None:
        with contextlib.suppress(OriginFault, ViewerFault):
            async with contextlib.aclosing(self._tunnel.chunks()) as chunks:
                async for chunk in chunks:
                    self._count_anew()
                    await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
                    self.sent += len(chunk)

    async def _to_origin(self) -> None:
        # Who has left is noticed in the other direction, too
        with contextlib.suppress(OriginFault, ViewerFault):
            async for chunk in self._viewer:
                await self._tunnel.send(chunk)

    def _count_anew(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(Duration(WEBSOCKET_IDLE_SECONDS), self._end)

    def _end(self) -> None:
        if not self._idle.done():
            self._idle.set_result(None)


async def tunnelled(
    exchange: Exchange, tunnel: Tunnel, head: dict[str, Any], viewer: AsyncGenerator[bytes], send: Send, clock: Clock
) -> None:
    """Send the head of a 101 and be a WebSocket to its end, which is a good one whoever brings it about. documented:
    standard-logs-reference, its result type is Miss"""
    passage = Passage(tunnel, viewer, send, clock)
    try:
        await send({**head, "flush": True})
        await passage.last()
        await send({"type": "http.response.body", "body": b""})
    except ViewerFault:
        pass
    finally:
        await exchange.aclose(sent=passage.sent, complete=True)
