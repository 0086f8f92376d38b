"""A viewer at the end of a real connection: it sends bytes as they are written, follows no redirect, decodes nothing,
and knows no proxy."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.http import HttpOrigin
from edgesim.origins.targets import Url
from edgesim.pipeline.transcript import Transcript
from edgesim.ports import BodyStream, Tunnel
from edgesim.scenario.playing.seen import Answered
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response
from edgesim.values.viewer import Arrival, Viewer

CONNECT_SECONDS = 10
READ_SECONDS = 60
SILENT_SECONDS = 1.0


class NoAnswerError(Exception):
    """A server did not answer. The text is a sentence that begins with the server."""


class Client:
    """Belongs to one event loop; `aclose` when done."""

    def __init__(self) -> None:
        self._http = HttpOrigin()

    async def send(self, server: Url, request: Request, into: bytearray | None = None) -> Answered:
        """A server's whole answer, with a transcript that says nothing. Raises NoAnswerError. The body is in `into`,
        too, as it comes."""
        peer = Origin(
            "server",
            server.host,
            read_timeout=READ_SECONDS,
            connection_attempts=1,
            connection_timeout=CONNECT_SECONDS,
        )
        try:
            response = await self._http.fetch_at(server, request, peer)
        except OriginFault as fault:
            raise NoAnswerError(_sentence(server, fault)) from fault
        body = bytearray() if into is None else into
        complete = await _read(response, body)
        return Answered(response.status, response.headers, bytes(body), complete, untold(request))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()


async def _read(response: Response, body: bytearray) -> bool:
    """Read the body, and whether that is all of it."""
    if not isinstance(response.body, BodyStream):
        body += response.body if isinstance(response.body, bytes) else b""
        return True
    if isinstance(response.body, Tunnel):
        await _listen(response.body, body)
        return True
    try:
        async with aclosing(response.body.chunks()) as chunks:
            async for chunk in chunks:
                body += chunk
    except OriginFault:
        return False
    finally:
        await response.body.aclose()
    return True


async def _listen(tunnel: Tunnel, body: bytearray) -> None:
    """What a WebSocket's other side says, until it ends or falls silent: nobody here would answer."""
    try:
        async with aclosing(tunnel.chunks()) as chunks:
            while True:
                async with asyncio.timeout(SILENT_SECONDS):
                    body += await anext(chunks)
    except (StopAsyncIteration, TimeoutError, OriginFault):
        return
    finally:
        await tunnel.aclose()


def untold(request: Request) -> Transcript:
    """A transcript that says nothing but what was asked."""
    return Transcript(Arrival("", Instant(0.0), Viewer(), request))


_TEXTS = {
    OriginTrouble.DNS: "can't be found: nothing has this name",
    OriginTrouble.CONNECT: "took no connection",
    OriginTrouble.CONNECT_TIMEOUT: f"took no connection within {CONNECT_SECONDS} s",
    OriginTrouble.READ_TIMEOUT: f"sent nothing for {READ_SECONDS} s",
    OriginTrouble.RESET: "closed the connection before it answered",
    OriginTrouble.WRITE: "closed the connection before it had the request's body",
    OriginTrouble.INVALID_RESPONSE: "sent what is no HTTP response",
    OriginTrouble.HEADERS_TOO_BIG: "sent a larger head than CloudFront takes",
}


def _sentence(server: Url, fault: OriginFault) -> str:
    detail = f": {fault.__cause__}" if fault.trouble is OriginTrouble.CONNECT and fault.__cause__ else ""
    return f"{server} {_TEXTS[fault.trouble]}{detail}"
