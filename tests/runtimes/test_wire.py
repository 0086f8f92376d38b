"""Frames and marks, at every split."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.driver.clock import SteeredClock
from edgesim.driver.virtual_clock import VirtualClock
from edgesim.runtimes.wire import (
    LINE_LIMIT,
    FrameReader,
    Kind,
    LineReader,
    WireError,
    encode_event,
    encode_frame,
    seen_clock,
)
from edgesim.values.instant import Instant


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack(">IB", len(payload), kind) + payload


STREAM = frame(3, b"") + frame(5, b'{"a":1}') + frame(7, b"x" * 300)
FRAMES = [(Kind.READY, b""), (Kind.RESULT, b'{"a":1}'), (Kind.ERROR, b"x" * 300)]


@pytest.mark.parametrize("at", range(len(STREAM)))
def test_frames_at_every_split(at):
    reader = FrameReader()
    assert reader.feed(STREAM[:at]) + reader.feed(STREAM[at:]) == FRAMES


def test_a_frame_is_ascii_whatever_it_holds():
    data = encode_frame(Kind.INVOKE, {"text": "ü\ud800"})
    assert data.isascii()
    assert json.loads(data[5:]) == {"text": "ü\ud800"}


def test_the_clock_costs_nothing_while_it_is_the_machines():
    assert encode_event("id", 5, '{"a":1}') == frame(2, b'{"id":"id","remaining":5,"event":{"a":1}}')
    assert seen_clock(SteeredClock()) is None


def test_a_clock_that_was_moved_is_told_with_every_event():
    clock = SteeredClock()
    clock.advance(60)
    data = encode_event("id", 5, "{}", seen_clock(clock))
    assert json.loads(data[5:]) == {"id": "id", "remaining": 5, "clock": {"offset": 60_000}, "event": {}}


def test_a_clock_that_stands_still_is_told_by_where_it_stands():
    assert seen_clock(VirtualClock(Instant(12.3456))) == {"at": 12_345}


NONSENSE = {
    "unknown kind": frame(99, b""),
    "absurd length": b"\xff\xff\xff\xff\x05",
    "a kind that only edgesim sends": frame(2, b"{}"),
    "a peak that is no number": frame(9, b"x"),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_for_good(data):
    reader = FrameReader()
    for more in (data, frame(3, b"")):
        with pytest.raises(WireError):
            reader.feed(more)


OUTPUT = b"plain\n\0\1one\ntwo\0\2\0\1three\0\2 half\0way\r\n\n\0\2odd\nglued\0\1event\0\2\0\1nul \0\3\2 \0\3\3\0\2last"
EVENTS = ["plain", "one\ntwo", "three", " half\0way", "", "\0\2odd", "glued", "event", "nul \0\2 \0\3", "last"]


@pytest.mark.parametrize("at", range(len(OUTPUT)))
def test_output_at_every_split(at):
    reader = LineReader()
    assert reader.feed(OUTPUT[:at]) + reader.feed(OUTPUT[at:]) + reader.flush() == EVENTS


@given(st.lists(st.text(st.characters(exclude_characters="\0\n\r", exclude_categories=["Cs"]))), st.integers(1, 7))
def test_lines_come_as_they_were_written(lines, size):
    data = "".join(f"{line}\n" for line in lines).encode()
    reader = LineReader()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert [event for piece in pieces for event in reader.feed(piece)] == lines


def test_a_line_without_end_comes_in_pieces():
    reader = LineReader()
    seen = [event for _ in range(20) for event in reader.feed(b"x" * 32_768)]
    assert [len(event) for event in seen] == [LINE_LIMIT] * 2
    assert len(reader.flush()[0]) == 20 * 32_768 - 2 * LINE_LIMIT


def test_an_event_that_was_cut_off_is_still_shown():
    reader = LineReader()
    assert reader.feed(b"\0\1half an ev") == []
    assert reader.flush() == ["half an ev"]
    assert reader.flush() == []
