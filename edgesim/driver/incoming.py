"""An origin's body on its way in: written into the cache as it comes, and read meanwhile by all who asked for it.

A task of its own brings it, so that no viewer who leaves takes it from the others. It comes as fast as the fastest of
its readers reads, and a little ahead of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING

from edgesim.driver.collapse import Landing
from edgesim.ports import BodyStream, StoredBody
from edgesim.values.body import Span, Ticket

if TYPE_CHECKING:
    from edgesim.ports import BodyRecorder

PIECE = 256 * 1024  # bytes read of a body at a time, and how far one comes in ahead of who reads it

Finished = Callable[[StoredBody | None, Landing], Awaitable[None]]
"""Told once how a recording ended: the body at rest and KEPT, or None and why nothing is to be kept."""


class Incoming(Ticket):
    """A body that comes in, to be read by any number of readers, each from where it likes.

    `finished` is told once: with the body at rest when all of it has come; with None when it broke off, when its last
    reader left before the end, or when it grew larger than the recorder takes. In that last case the recorder goes on
    for as long as there are several readers and it has room, so that a slow one holds up none of the others; then they
    go on in step, since nothing is behind them any more.
    """

    __slots__ = ("_asked", "_behind", "_finished", "_loose", "_news", "_readers", "_source", "_taken", "_task", "_told")

    def __init__(self, source: BodyStream, recorder: BodyRecorder, finished: Finished) -> None:
        super().__init__(source.length)
        self._source, self._finished = source, finished
        self._behind: BodyRecorder | StoredBody = recorder
        self._loose = b""  # the last piece, where it is too much for the recorder
        self._taken = 0
        self._told = False
        self._readers: set[Reader] = set()
        self._task: asyncio.Task[None] | None = None
        self._news, self._asked = asyncio.Event(), asyncio.Event()

    def reader(self, *, keeps: bool = False) -> Reader:
        """One more who reads it. To be closed; with the last of them closes the source."""
        reader = Reader(self, keeps=keeps)
        self._readers.add(reader)
        return reader

    # ── coming in ────────────────────────────────────────────────────────────

    async def _come_in(self, recorder: BodyRecorder) -> None:
        try:
            async with contextlib.aclosing(self._source.chunks()) as chunks:
                async for chunk in chunks:
                    if self._told or not recorder.append(chunk):
                        await self._pass_on(chunk, recorder)
                    self._taken += len(chunk)
                    self._say()
                    if not await self._asked_for_more():
                        return
            if not self._told:
                self._told, self._behind = True, recorder.finish()
                await self._finished(self._behind, Landing.KEPT)
        finally:
            await self._tell(Landing.FAILED)

    async def _pass_on(self, chunk: bytes, recorder: BodyRecorder) -> None:
        """A piece that the recorder does not take takes its place, once everybody has read what came before."""
        # As for a response that may not be kept: no use in others waiting for the next one to find out
        await self._tell(Landing.NOTHING_KEPT)
        if len(self._readers) > 1 and not self._loose and recorder.spill(chunk):
            return
        while any(reader.at < self._taken for reader in self._readers):
            await self._question()
        recorder.discard()
        self._loose = chunk

    async def _asked_for_more(self) -> bool:
        """Wait until somebody wants what comes next. False where nobody ever will: the cache alone would, and it will
        not keep it."""
        if self._told and all(reader.at == math.inf for reader in self._readers):
            return False
        while all(reader.at + PIECE <= self._taken for reader in self._readers):
            await self._question()
        return True

    async def _question(self) -> None:
        self._asked.clear()
        await self._asked.wait()

    def _say(self) -> None:
        self._news.set()
        self._news.clear()

    async def _tell(self, why: Landing) -> None:
        if not self._told:
            self._told = True
            await self._finished(None, why)

    # ── for its readers ──────────────────────────────────────────────────────

    def begin(self) -> asyncio.Task[None]:
        """The task that brings it."""
        if self._task is None:
            assert not isinstance(self._behind, StoredBody)  # noqa: S101  that comes of the task alone
            self._task = asyncio.create_task(self._come_in(self._behind))
            self._task.add_done_callback(lambda _: self._say())
        return self._task

    def moved(self) -> None:
        """One of the readers is elsewhere now."""
        self._asked.set()

    def piece(self, at: int, stop: int) -> bytes:
        """What there is from `at` on, up to a piece; empty where nothing has come yet."""
        stop = min(stop, self._taken, at + PIECE)
        if self._loose:
            start = self._taken - len(self._loose)
            if at >= start:
                return self._loose[at - start : stop - start]
            stop = min(stop, start)
        return self._behind.read(at, stop) if at < stop else b""

    async def more(self, at: int) -> bool:
        """Wait for what comes at `at`. False where that is the end. Raises what the source raises."""
        task = self.begin()
        while at >= self._taken and not task.done():
            await self._news.wait()
        if at < self._taken:
            return True
        task.result()
        return False

    async def leave(self, reader: Reader) -> None:
        """One reader less. May be called more than once."""
        if reader in self._readers:
            self._readers.remove(reader)
            self.moved()
            if not self._readers:
                await self._close()

    async def _close(self) -> None:
        try:
            if self._task is not None:
                if not isinstance(self._behind, StoredBody):
                    self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
            await self._tell(Landing.FAILED)
        finally:
            if not isinstance(self._behind, StoredBody):
                self._behind.discard()
            await self._source.aclose()


class Reader(BodyStream):
    """One who reads a body that is coming in. Where it `keeps`, the cache wants the body even if the reader's own
    viewer has no use for it. `at` is how far it has come, in bytes."""

    __slots__ = ("_incoming", "at", "keeps")

    def __init__(self, incoming: Incoming, *, keeps: bool) -> None:
        super().__init__(incoming.length)
        self._incoming, self.keeps = incoming, keeps
        self.at: float = 0

    async def chunks(self, span: Span | None = None) -> AsyncGenerator[bytes]:
        """The bytes, or those of a part of a body whose length is known."""
        incoming = self._incoming
        start, stop = (span.start, span.stop) if span is not None else (0, sys.maxsize)
        self._move(start)
        while start < stop:
            if piece := incoming.piece(start, stop):
                start += len(piece)
                self._move(start)
                yield piece
            elif not await incoming.more(start):
                return

    def _move(self, at: float) -> None:
        self.at = at
        self._incoming.moved()

    async def drain(self) -> None:
        """Let it come in to its end for the cache's sake alone, as long as it is going to be kept. Raises nothing that
        the source does."""
        self._move(math.inf)
        try:
            await asyncio.wait([self._incoming.begin()])
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        await self._incoming.leave(self)
