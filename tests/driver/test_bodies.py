"""Bodies on the move: whole again after being read ahead, kept only when whole, let go of whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from edgesim.driver.bodies import Resumed, body_chunks, read_ahead
from edgesim.driver.incoming import PIECE
from edgesim.origins.canned import ScriptedBody
from edgesim.ports import BodyStream
from edgesim.stores.body import Recording
from edgesim.testing.clock import settle
from edgesim.values.body import Body, Span


async def read_into(got: bytearray, body: BodyStream) -> None:
    async for chunk in body.chunks():
        got += chunk


async def whole(body: Body, span: Span | None = None) -> bytes:
    return b"".join([chunk async for chunk in body_chunks(body, span)])


# ── reading ahead ────────────────────────────────────────────────────────────

PIECES = [
    pytest.param([b"abcdef"], id="one piece"),
    pytest.param([b"ab", b"cd", b"ef"], id="pieces that end at the limit"),
    pytest.param([b"abc", b"def"], id="pieces that straddle the limit"),
    pytest.param([b"a", b"b", b"c", b"d", b"e", b"f"], id="single bytes"),
]


@pytest.mark.parametrize("pieces", PIECES)
@pytest.mark.parametrize("limit", range(8))
async def test_what_was_read_ahead_comes_again_and_then_the_rest(pieces: Sequence[bytes], limit: int) -> None:
    head, more, body = await read_ahead(ScriptedBody(*pieces, length=6), limit)
    assert (head, more) == (b"abcdef"[:limit], limit < 6)
    assert await whole(body) == b"abcdef"


async def test_no_more_is_read_than_the_function_sees() -> None:
    source = ScriptedBody(b"ab", b"cd", b"ef", b"gh")
    await read_ahead(source, 3)
    assert source.read == 4


async def test_reading_ahead_twice_leaves_the_body_whole() -> None:
    _, _, once = await read_ahead(ScriptedBody(b"ab", b"cd", b"ef"), 1)
    head, more, twice = await read_ahead(once, 3)
    assert (head, more) == (b"abc", True)
    assert await whole(twice) == b"abcdef"


async def test_bytes_are_cut_and_stay_as_they_are() -> None:
    assert await read_ahead(b"abcdef", 3) == (b"abc", True, b"abcdef")
    assert await read_ahead(b"abc", 3) == (b"abc", False, b"abc")


async def test_a_resumed_body_keeps_its_length_and_closes_its_source() -> None:
    source = ScriptedBody(b"ab", b"cd", length=4)
    _, _, body = await read_ahead(source, 1)
    assert isinstance(body, Resumed)
    assert body.length == 4
    await body.aclose()
    await body.aclose()
    assert source.closed


async def test_closing_a_resumed_body_that_somebody_waits_for_leaves_it_to_them() -> None:
    class Stalled(BodyStream):
        __slots__ = ()

        async def chunks(self) -> AsyncGenerator[bytes]:
            yield b"ab"
            await asyncio.get_running_loop().create_future()

        async def aclose(self) -> None:
            pass

    _, _, body = await read_ahead(Stalled(), 1)
    assert isinstance(body, Resumed)
    reading = asyncio.create_task(whole(body))
    await settle()
    await body.aclose()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


# ── sending ──────────────────────────────────────────────────────────────────

LARGE = b"0123456789" * (PIECE // 4)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        pytest.param(None, LARGE, id="whole"),
        pytest.param(Span(0, 3), b"012", id="the beginning"),
        pytest.param(Span(PIECE - 2, PIECE + 2), LARGE[PIECE - 2 : PIECE + 2], id="across two pieces"),
    ],
)
@pytest.mark.parametrize("kind", ["bytes", "at rest"])
async def test_a_body_at_hand_is_sent_whole_or_in_part(kind: str, span: Span | None, expected: bytes) -> None:
    recording = Recording(len(LARGE))
    recording.append(LARGE)
    body = LARGE if kind == "bytes" else recording.finish()
    assert await whole(body, span) == expected


async def test_an_empty_body_has_no_pieces() -> None:
    assert [chunk async for chunk in body_chunks(b"")] == []
    assert [chunk async for chunk in body_chunks(Recording(1).finish())] == []
