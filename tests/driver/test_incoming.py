"""A body on its way in: kept only when whole, read along by everybody from wherever they like, and let go of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.driver.bodies import body_chunks
from edgesim.driver.collapse import Landing
from edgesim.driver.incoming import PIECE, Incoming, Reader
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.canned import ScriptedBody, truncated
from edgesim.ports import BodyStream, StoredBody
from edgesim.stores.body import Recording
from edgesim.testing.clock import VirtualClock, settle
from edgesim.values.body import Body, Cut, Pieces, Span
from edgesim.values.instant import Duration


class Told:
    """What a recording's end was said to be."""

    def __init__(self) -> None:
        self.endings: list[tuple[bytes | None, Landing]] = []

    async def finished(self, body: StoredBody | None, landing: Landing) -> None:
        self.endings.append((body.read(0, body.length or 0) if body else None, landing))


def coming(source: BodyStream, limit: int = 100) -> tuple[Incoming, Told]:
    told = Told()
    return Incoming(source, Recording(limit), told.finished), told


def recorded(source: BodyStream, limit: int = 100) -> tuple[Reader, Told]:
    incoming, told = coming(source, limit)
    return incoming.reader(keeps=True), told


async def whole(body: Body, span: Cut | None = None) -> bytes:
    return b"".join([chunk async for chunk in body_chunks(body, span)])


async def read_into(got: bytearray, body: BodyStream) -> None:
    async for chunk in body.chunks():
        got += chunk


# ── one reader ───────────────────────────────────────────────────────────────


async def test_a_body_that_passes_whole_is_kept() -> None:
    body, told = recorded(ScriptedBody(b"ab", b"cd"))
    assert await whole(body) == b"abcd"
    await body.aclose()
    assert told.endings == [(b"abcd", Landing.KEPT)]


async def test_a_body_that_breaks_off_is_delivered_as_far_as_it_came_and_not_kept() -> None:
    body, told = recorded(truncated(b"half", 8))
    got = bytearray()
    with pytest.raises(OriginFault):
        await read_into(got, body)
    await body.aclose()
    assert got == b"half"
    assert told.endings == [(None, Landing.FAILED)]


async def test_a_body_that_grows_too_large_is_delivered_whole_and_not_kept() -> None:
    body, told = recorded(ScriptedBody(b"ab", b"cd", b"ef"), limit=3)
    assert await whole(body) == b"abcdef"
    await body.aclose()
    assert told.endings == [(None, Landing.NOTHING_KEPT)]


async def test_a_body_that_is_closed_half_way_is_not_kept() -> None:
    source = ScriptedBody(b"a" * PIECE, b"b" * PIECE, b"c")
    body, told = recorded(source, limit=3 * PIECE)
    chunks = body_chunks(body)
    assert await anext(chunks) == b"a" * PIECE
    await chunks.aclose()
    await body.aclose()
    assert told.endings == [(None, Landing.FAILED)]
    assert source.closed


async def test_a_body_that_nobody_reads_is_not_asked_for() -> None:
    source = ScriptedBody(b"ab", b"cd")
    body, told = recorded(source)
    await settle()
    await body.aclose()
    assert (source.read, source.closed) == (0, True)
    assert told.endings == [(None, Landing.FAILED)]


async def test_a_body_comes_no_further_ahead_of_its_readers_than_a_piece() -> None:
    source = ScriptedBody(*[b"x" * (PIECE // 2)] * 10)
    body, _ = recorded(source, limit=10 * PIECE)
    chunks = body_chunks(body)
    await anext(chunks)
    await settle()
    assert source.read == 2 * PIECE
    await chunks.aclose()
    await body.aclose()


async def test_draining_keeps_what_nobody_reads() -> None:
    source = ScriptedBody(*[b"x" * PIECE] * 4)
    body, told = recorded(source, limit=4 * PIECE)
    await body.drain()
    assert told.endings == [(b"x" * 4 * PIECE, Landing.KEPT)]
    assert source.closed


async def test_draining_stops_where_nothing_will_be_kept() -> None:
    source = ScriptedBody(b"ab", b"cd", b"ef", b"gh")
    body, told = recorded(source, limit=3)
    await body.drain()
    assert told.endings == [(None, Landing.NOTHING_KEPT)]
    assert (source.read, source.closed) == (4, True)


async def test_draining_a_body_that_breaks_off_is_no_accident() -> None:
    body, told = recorded(truncated(b"half", 8))
    await body.drain()
    assert told.endings == [(None, Landing.FAILED)]


# ── several ──────────────────────────────────────────────────────────────────


async def test_who_comes_late_gets_what_there_is_at_once_and_the_rest_as_it_comes() -> None:
    clock = VirtualClock()
    incoming, _ = coming(ScriptedBody(b"ab", b"cd", b"ef", clock=clock, every=1))
    first = asyncio.create_task(whole(incoming.reader()))
    await clock.advance(2)
    late, got = incoming.reader(), bytearray()
    reading = asyncio.create_task(read_into(got, late))
    await settle()
    assert got == b"abcd"
    await clock.advance(1)
    assert got == b"abcdef"
    assert await first == b"abcdef"
    await reading


async def test_a_reader_that_leaves_takes_the_body_from_nobody() -> None:
    clock = VirtualClock()
    source = ScriptedBody(b"ab", b"cd", clock=clock, every=1)
    incoming, told = coming(source)
    leader, other = incoming.reader(keeps=True), incoming.reader()
    leading, reading = asyncio.create_task(whole(leader)), asyncio.create_task(whole(other))
    await clock.advance(1)
    leading.cancel()
    await leader.aclose()
    await clock.advance(1)
    assert await reading == b"abcd"
    assert not source.closed
    await other.aclose()
    assert source.closed
    assert told.endings == [(b"abcd", Landing.KEPT)]


async def test_a_slow_reader_gets_all_that_came_before_the_body_broke_off() -> None:
    fault = OriginFault(OriginTrouble.RESET, "broke off")
    incoming, _ = coming(ScriptedBody(b"ab", b"cd", fault=fault))
    quick, slow = incoming.reader(), incoming.reader()
    with pytest.raises(OriginFault):
        await whole(quick)
    await quick.aclose()
    got = bytearray()
    with pytest.raises(OriginFault):
        await read_into(got, slow)
    assert got == b"abcd"
    await slow.aclose()


async def test_past_what_can_be_kept_a_slow_reader_holds_up_nobody() -> None:
    incoming, told = coming(ScriptedBody(b"ab", b"cd", b"ef", b"gh"), limit=3)
    slow, quick = incoming.reader(), incoming.reader()
    assert await whole(quick) == b"abcdefgh"
    assert await whole(slow) == b"abcdefgh"
    assert told.endings == [(None, Landing.NOTHING_KEPT)]


async def test_who_is_left_behind_alone_gets_the_rest() -> None:
    incoming, _ = coming(ScriptedBody(*[b"x" * PIECE] * 4), limit=PIECE)
    quick, slow = incoming.reader(), incoming.reader()
    ahead, behind = body_chunks(quick), body_chunks(slow)
    assert [await anext(ahead) for _ in range(3)] == [b"x" * PIECE] * 3
    await ahead.aclose()
    await quick.aclose()
    assert [chunk async for chunk in behind] == [b"x" * PIECE] * 4


async def test_past_what_there_is_room_for_nobody_is_left_behind() -> None:
    incoming, told = coming(ScriptedBody(b"ab", b"cd", b"ef", b"gh"), limit=0)
    ahead = bytearray()
    quick = asyncio.create_task(read_into(ahead, incoming.reader()))
    got = b""
    async for chunk in incoming.reader().chunks():
        got += chunk
        await settle()
        assert len(ahead) == min(len(got) + 2, 8)
    await quick
    assert got == ahead == b"abcdefgh"
    assert told.endings == [(None, Landing.NOTHING_KEPT)]


@dataclass(frozen=True)
class Reads:
    """One who reads: when it comes, how long it takes over each piece, what of the body it wants, and after how many
    pieces it leaves."""

    comes: int = 0
    pause: int = 0
    cut: Cut | None = None
    pieces: int | None = None

    async def read(self, clock: VirtualClock, reader: Reader) -> tuple[bytes, bool]:
        """What it got, and whether that was cut short by the origin."""
        got, number = bytearray(), 0
        await clock.sleep(Duration(self.comes))
        chunks = body_chunks(reader, self.cut)
        try:
            async for chunk in chunks:
                got += chunk
                number += 1
                if number == self.pieces:
                    break
                await clock.sleep(Duration(self.pause))
        except OriginFault:
            return bytes(got), True
        finally:
            await chunks.aclose()
            await reader.aclose()
        return bytes(got), False


SPANS = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda ends: Span(min(ends), max(ends)))
CUTS = st.none() | SPANS | st.lists(SPANS | st.binary(max_size=2), max_size=3).map(lambda some: Pieces(tuple(some)))
READERS = st.lists(
    st.builds(Reads, st.integers(0, 5), st.integers(0, 3), CUTS, st.none() | st.integers(1, 3)), min_size=1, max_size=4
)
BODIES = st.lists(st.binary(min_size=1, max_size=3), max_size=6)


def cut_out(data: bytes, cut: Cut | None) -> bytes:
    if cut is None:
        return data
    pieces = cut.pieces if isinstance(cut, Pieces) else (cut,)
    return b"".join(piece if isinstance(piece, bytes) else data[piece.start : piece.stop] for piece in pieces)


@given(BODIES, READERS, st.booleans(), st.integers(0, 20))
@example([b"ab", b"cd", b"ef"], [Reads(), Reads(pause=3), Reads(comes=5)], False, 3)
@example([b"ab", b"cd"], [Reads(pieces=1), Reads(cut=Span(3, 4))], False, 20)
@example([], [Reads(cut=Pieces((Span(0, 1), b"-")))], True, 0)
def test_each_reader_gets_the_bytes_it_asked_for_whatever_the_others_do(
    pieces: list[bytes], readers: list[Reads], breaks_off: bool, limit: int
) -> None:
    asyncio.run(_each_gets_its_bytes(pieces, readers, breaks_off, limit))


async def _each_gets_its_bytes(pieces: list[bytes], readers: list[Reads], breaks_off: bool, limit: int) -> None:
    clock, data = VirtualClock(), b"".join(pieces)
    if len(data) > limit:  # parts are asked for of what has a length only, and too great a length isn't recorded at all
        readers = [Reads(one.comes, one.pause, None, one.pieces) for one in readers]
    fault = OriginFault(OriginTrouble.RESET, "broke off") if breaks_off else None
    source = ScriptedBody(*pieces, clock=clock, every=1, fault=fault)
    incoming, told = coming(source, limit)
    reading = [asyncio.create_task(one.read(clock, incoming.reader())) for one in readers]
    await clock.advance(1_000)
    for one, task in zip(readers, reading, strict=True):
        got, cut_short = task.result()
        expected = cut_out(data, one.cut)
        assert expected.startswith(got)
        assert got == expected or one.pieces is not None or cut_short
        assert breaks_off or not cut_short
    assert source.closed
    ((kept, landing),) = told.endings
    assert kept in (None, data)
    assert landing is not Landing.KEPT or not breaks_off
    if all(one == Reads(one.comes, one.pause) for one in readers) and not breaks_off:
        assert landing is (Landing.KEPT if len(data) <= limit else Landing.NOTHING_KEPT)
