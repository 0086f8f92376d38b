"""Bodies on the move: read ahead for a function, recorded for the cache, cut to a range."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING

from edgesim.driver.collapse import Landing
from edgesim.errors import OriginFault
from edgesim.ports import BodyStream, StoredBody
from edgesim.values.body import Body, Cut, Pieces, Span

if TYPE_CHECKING:
    from edgesim.ports import BodyRecorder
PIECE = 256 * 1024

Finished = Callable[[StoredBody | None, Landing], Awaitable[None]]
"""Told once how a recording ended: the body at rest and KEPT, or None and why nothing is to be kept."""


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


class Recorded(BodyStream):
    """An origin's body on its way to the viewer, written into the store's recorder as it passes.

    `finished` is told once: with the body at rest when all of it has passed, or with None when it ended early, was
    closed, or grew larger than the store takes.
    """

    __slots__ = ("_finished", "_recorder", "_source", "_told")

    def __init__(self, source: BodyStream, recorder: BodyRecorder, finished: Finished) -> None:
        super().__init__(source.length)
        self._source, self._recorder, self._finished = source, recorder, finished
        self._told = False

    async def chunks(self) -> AsyncGenerator[bytes]:
        async with contextlib.aclosing(self._source.chunks()) as source:
            async for chunk in source:
                if not self._told and not self._recorder.append(chunk):
                    # As for a response that may not be kept: no use in others waiting for the next one to find out
                    await self._give_up(Landing.NOTHING_KEPT)
                yield chunk
        if not self._told:
            body = self._recorder.finish()
            self._told = True
            await self._finished(body, Landing.KEPT)

    async def drain(self) -> None:
        """Read to the end for the store's sake alone; stops where nothing will be kept."""
        try:
            with contextlib.suppress(OriginFault):
                async with contextlib.aclosing(self.chunks()) as chunks:
                    async for _ in chunks:
                        if self._told:
                            break
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        try:
            if not self._told:
                await self._give_up(Landing.FAILED)
        finally:
            await self._source.aclose()

    async def _give_up(self, why: Landing) -> None:
        self._told = True
        self._recorder.discard()
        await self._finished(None, why)


async def body_chunks(body: Body, cut: Cut | None = None) -> AsyncGenerator[bytes]:
    """The bytes to send of any kind of body, or of parts of one at rest."""
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
        async with contextlib.aclosing(body.chunks()) as chunks:
            async for chunk in chunks:
                yield chunk
