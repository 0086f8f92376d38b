"""Bodies on the move: read ahead for a function, cut to a range."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from edgesim.driver.incoming import PIECE, Reader
from edgesim.ports import BodyStream, StoredBody
from edgesim.values.body import Body, Cut, Pieces, Span


class Resumed(BodyStream):
    """A stream whose first bytes were read already: they come again, then the rest."""

    __slots__ = ("_head", "_rest", "_source")

    def __init__(self, head: bytes, rest: AsyncGenerator[bytes], source: BodyStream) -> None:
        super().__init__(source.length)
        self._head, self._rest, self._source = head, rest, source

    async def chunks(self) -> AsyncGenerator[bytes]:
        if self._head:
            yield self._head
        async for chunk in self._rest:
            yield chunk

    async def aclose(self) -> None:
        # "already running": somebody waits for the next piece just now, and it is theirs to end
        with contextlib.suppress(RuntimeError):
            await self._rest.aclose()
        await self._source.aclose()


async def read_ahead(body: Body, limit: int) -> tuple[bytes, bool, Body]:
    """The first `limit` bytes, whether there are more, and a body that is whole again."""
    if isinstance(body, bytes):
        return body[:limit], len(body) > limit, body
    assert isinstance(body, BodyStream)  # noqa: S101  requests bring streams, never stored bodies
    head, rest = bytearray(), body.chunks()
    async for chunk in rest:
        head += chunk
        if len(head) > limit:
            return bytes(head[:limit]), True, Resumed(bytes(head), rest, body)
    return bytes(head), False, bytes(head)


async def body_chunks(body: Body, cut: Cut | None = None) -> AsyncGenerator[bytes]:
    """The bytes to send of any kind of body, or of parts of one that is at rest or on its way into the cache."""
    if isinstance(cut, Pieces):
        for piece in cut.pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            async for chunk in _chunks(body, piece):
                yield chunk
        return
    async for chunk in _chunks(body, cut):
        yield chunk


async def _chunks(body: Body, span: Span | None) -> AsyncGenerator[bytes]:
    if isinstance(body, bytes):
        piece = body if span is None else body[span.start : span.stop]
        if piece:
            yield piece
    elif isinstance(body, StoredBody):
        start, stop = (span.start, span.stop) if span else (0, body.length or 0)
        for at in range(start, stop, PIECE):
            yield body.read(at, min(at + PIECE, stop))
    elif isinstance(body, BodyStream):
        pieces = body.chunks(span) if isinstance(body, Reader) else body.chunks()
        async with contextlib.aclosing(pieces) as chunks:
            async for chunk in chunks:
                yield chunk
