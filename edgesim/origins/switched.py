"""A connection of aiohttp's pool that has switched to another protocol, which is none of aiohttp's business."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import httpx

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

READ_BUFFER = 256 * 1024  # bytes; reading from the origin pauses at twice as much


class _Taken(asyncio.StreamReaderProtocol):
    """Reads in aiohttp's place, and tells it when the connection has ended, for which its pool waits."""

    def __init__(self, reader: asyncio.StreamReader, before: ResponseHandler) -> None:
        super().__init__(reader)
        self._before = before

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._before.connection_lost(exc)


class SwitchedStream(httpx.AsyncByteStream):
    """The bytes that follow a 101. Iterating gives the origin's until it ends the connection."""

    def __init__(self, connection: Connection, protocol: ResponseHandler) -> None:
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise aiohttp.ServerDisconnectedError
        self._connection = connection
        self._reader = asyncio.StreamReader(limit=READ_BUFFER)
        taken = _Taken(self._reader, protocol)
        early = _left_to(protocol)
        transport.set_protocol(taken)
        taken.connection_made(transport)
        self._writer = asyncio.StreamWriter(transport, taken, self._reader, asyncio.get_running_loop())
        if early:
            self._reader.feed_data(early)
        transport.resume_reading()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        try:
            while chunk := await self._reader.read(READ_BUFFER):
                yield chunk
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    async def send(self, data: bytes) -> None:
        """Raises httpx.ReadError where the origin has left."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    async def aclose(self) -> None:
        """End the connection: what was sent still goes out, nothing more is read."""
        self._writer.close()
        self._connection.close()


def _left_to(protocol: ResponseHandler) -> bytes:
    """What came behind the 101 already. observed: aiohttp 3.14 keeps it, and may have a timer running"""
    inside = cast("Any", protocol)
    inside._drop_timeout()  # noqa: SLF001
    early, inside._tail = inside._tail, b""  # noqa: SLF001
    return bytes(early)
