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
    STRAY_LIMIT,
    FrameReader,
    Kind,
    LineReader,
    WireError,
    encode_frame,
    encode_json,
    event_text,
    seen_clock,
)
from edgesim.values.instant import Instant

TOKEN, OTHER = 7, 2**32 - 1


def frame(kind: int, payload: bytes, token: int = TOKEN) -> bytes:
    return struct.pack(">IBI", len(payload), kind, token) + payload


def waiting() -> FrameReader:
    """One that waits for an answer with the token."""
    new = FrameReader()
    new.expect(TOKEN)
    return new


STREAM = frame(9, b"1") + frame(9, b"23") + frame(5, b"x" * 300)
FRAMES = [(Kind.PEAK, b"1"), (Kind.PEAK, b"23"), (Kind.RESULT, b"x" * 300)]


@pytest.mark.parametrize("at", range(len(STREAM)))
def test_frames_at_every_split(at):
    new = waiting()
    assert new.feed(STREAM[:at]) + new.feed(STREAM[at:]) == FRAMES


def test_a_frame_is_ascii_whatever_it_holds():
    data = encode_frame(Kind.INVOKE, 0x01020304, encode_json({"text": "ü\ud800"}))
    assert data.isascii()
    assert json.loads(data[9:]) == {"text": "ü\ud800"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_an_event_is_json_in_ascii_whatever_it_holds(event):
    text = encode_json(event)
    assert text.isascii()
    assert json.loads(text) == event


def test_what_is_no_text_for_others_is_one_for_a_child():
    assert encode_json({"a": "\ud800", "b": float("inf")}) == '{"a":"\\ud800","b":Infinity}'


STRAYS = {
    "another token": frame(5, b"late", OTHER),
    "before the answer": frame(5, b"early", 0) + frame(3, b"", 1),
    "a peak that nobody asked for": frame(9, b"1", OTHER),
}


@pytest.mark.parametrize("data", STRAYS.values(), ids=STRAYS)
def test_only_the_answer_that_is_waited_for_counts(data):
    new = waiting()
    assert new.feed(data) == []
    assert new.feed(frame(5, b"mine") + data) == [(Kind.RESULT, b"mine")]


def test_there_is_one_answer():
    new = waiting()
    assert new.feed(frame(5, b"one") + frame(5, b"two")) == [(Kind.RESULT, b"one")]
    assert new.feed(frame(8, b"three")) == []


def test_nothing_answers_what_was_not_asked():
    assert FrameReader().feed(frame(5, b"", 0)) == []


def test_whoever_goes_on_answering_nothing_speaks_nonsense():
    new = waiting()
    assert new.feed(frame(5, b"", OTHER) * STRAY_LIMIT) == []
    new.expect(TOKEN)  # each wait bears as many
    assert new.feed(frame(5, b"", OTHER) * STRAY_LIMIT) == []
    with pytest.raises(WireError):
        new.feed(frame(5, b"", OTHER))


def test_the_clock_costs_nothing_while_it_is_the_machines():
    assert event_text("id", 5, '{"a":1}') == '{"id":"id","remaining":5,"event":{"a":1}}'
    assert seen_clock(SteeredClock()) is None


def test_a_clock_that_was_moved_is_told_with_every_event():
    clock = SteeredClock()
    clock.advance(60)
    text = event_text("id", 5, "{}", seen_clock(clock))
    assert json.loads(text) == {"id": "id", "remaining": 5, "clock": {"offset": 60_000}, "event": {}}


def test_a_clock_that_stands_still_is_told_by_where_it_stands():
    assert seen_clock(VirtualClock(Instant(12.3456))) == {"at": 12_345}


NONSENSE = {
    "unknown kind": frame(99, b""),
    "absurd length": b"\xff\xff\xff\xff\x05\0\0\0\0",
    "a kind that only edgesim sends": frame(2, b"{}"),
    "a peak that is no number": frame(9, b"x"),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_for_good(data):
    new = waiting()
    for more in (data, frame(3, b"")):
        with pytest.raises(WireError):
            new.feed(more)


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
