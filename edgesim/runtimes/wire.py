"""What passes between the emulator and a child process: frames on the control socket, marks in the output pipe.

A frame is the length of its payload (four bytes, big-endian), one byte for its kind, a token (four bytes) and the
payload. The emulator's payloads are JSON in ASCII; a result's payload is the function's answer as it is.

Every frame of the emulator's has a token of its own, and an answer has the token of what it answers: whatever a
function writes to the socket itself, for now or for the next invocation, answers nothing. (It is not told the token,
but shares its process with the bootstrap, which has it. Who digs it out has forged its own answer, and nobody else's.)

Output: fds 1 and 2 of the child are one pipe, so that lines keep their order. A plain line ends with a newline. What a
logging call wrote as one event stands between `\\0\\1` and `\\0\\2` and may hold newlines, as on Lambda, where the
runtimes write events to a framed descriptor of their own. In it a NUL is `\\0\\3`, so that no text looks like a mark.

A function can write to both itself. What no bootstrap would say is a WireError, never a surprise.
"""

from __future__ import annotations

import json
import math
import struct
from enum import IntEnum
from typing import Any

from pydantic_core import to_json

from edgesim.ports import Clock
from edgesim.values.instant import Pace

_HEADER = struct.Struct(">IBI")
FRAME_LIMIT = 8 * 1024 * 1024
"""A frame that claims to be larger is not one of ours: results end at 6 MB (observed). inferred: a process that can't
tell what is wrong in less ends"""

STRAY_LIMIT = 100
"""So many frames that answer nothing are borne while one answer is waited for."""

LINE_LIMIT = 256 * 1024
"""documented: CloudWatch Logs keeps 256 KB of one event; a longer line comes in pieces"""
_EVENT_LIMIT = 4 * LINE_LIMIT  # the children cut events at as many characters, of up to four bytes
_BEGIN = b"\0\1"
_END = b"\0\2"
_NUL = b"\0\3"


class Kind(IntEnum):
    """What a frame says. The emulator sends the first two."""

    INIT = 1
    INVOKE = 2
    READY = 3
    """the function is loaded"""
    INIT_FAILED = 4
    """it can't be: an error document with the place in the user's code"""
    RESULT = 5
    LAST_RESULT = 6
    """a result, but the process is about to end"""
    ERROR = 7
    """the function failed: an error document"""
    LAST_ERROR = 8
    """the same, and the process is about to end"""
    PEAK = 9
    """peak resident memory in kilobytes, before any answer, where /proc does not tell"""
    LEFT = 10
    """what the function leaves behind, before its answer: TIMERS or WORK, where it left nothing of the kind before"""


_LEFT = frozenset({b"TIMERS", b"WORK"})
_BEFORE_ANSWER = frozenset({Kind.PEAK, Kind.LEFT})
_KINDS = {int(kind): kind for kind in Kind if kind not in (Kind.INIT, Kind.INVOKE)}


class WireError(Exception):
    """The other end does not speak this protocol."""


_ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode_json(contents: Any) -> str:
    """Compact JSON in ASCII. Raises TypeError or ValueError."""
    try:
        data = to_json(contents)  # several times as quick as Python's own (measured), but in UTF-8
    except ValueError:
        return _ENCODER.encode(contents)
    return data.decode("ascii") if data.isascii() else _ENCODER.encode(contents)


def event_text(request_id: str, remaining_ms: int, event: str, clock: dict[str, int] | None = None) -> str:
    """The payload of one invocation. `event` is JSON by encode_json; `clock` is by seen_clock."""
    seen = f'"clock":{encode_json(clock)},' if clock else ""
    return f'{{"id":{encode_json(request_id)},"remaining":{remaining_ms},{seen}"event":{event}}}'


def seen_clock(clock: Clock) -> dict[str, int] | None:
    """What a child is told of the clock, in milliseconds: how far it is ahead of the machine's, or where it stands.
    None where it is the machine's. While it runs, an offset and not an instant: a frame takes now less and now more
    time, and by an instant the child's time would go back then."""
    match clock.pace:
        case Pace.MACHINE:
            return None
        case Pace.SHIFTED:
            return {"offset": round(clock.offset * 1000)}
        case Pace.STILL:
            return {"at": math.floor(clock.now() * 1000)}


def encode_frame(kind: Kind, token: int, text: str) -> bytes:
    """`text` is ASCII, `token` has 32 bits."""
    return _HEADER.pack(len(text), kind, token) + text.encode("ascii")


class FrameReader:
    """Cuts a stream of bytes into frames, and drops those that answer nothing."""

    __slots__ = ("_buffer", "_strays", "_token")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._token: int | None = None
        self._strays = 0

    def expect(self, token: int) -> None:
        """One answer with this token is waited for from here on, and no other."""
        self._token = token
        self._strays = 0

    def feed(self, data: bytes) -> list[tuple[Kind, bytes]]:
        """The frames that these bytes complete and that were waited for: an answer, and what may come before it.
        Raises WireError where they are none of a child's."""
        self._buffer += data
        frames: list[tuple[Kind, bytes]] = []
        while (frame := self._next()) is not None:
            kind, token, payload = frame
            if token == self._token:
                frames.append((kind, payload))
                self._token = token if kind in _BEFORE_ANSWER else None
            else:
                self._note_stray()
        return frames

    def _note_stray(self) -> None:
        self._strays += 1
        if self._strays > STRAY_LIMIT:
            raise WireError("frames that answer nothing, one after the other")

    def _next(self) -> tuple[Kind, int, bytes] | None:
        if len(self._buffer) < _HEADER.size:
            return None
        length, kind, token = _HEADER.unpack_from(self._buffer)
        if length > FRAME_LIMIT or kind not in _KINDS:
            raise WireError(f"frame of {length} bytes and kind {kind}")
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(memoryview(self._buffer)[_HEADER.size : end])
        if (kind == Kind.PEAK and not payload.isdigit()) or (kind == Kind.LEFT and payload not in _LEFT):
            raise WireError(f"{_KINDS[kind].name}: {payload[:20]!r}")
        del self._buffer[:end]
        return _KINDS[kind], token, payload


class LineReader:
    """Cuts a stream of output into events: plain lines, and what stands between marks."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The events that these bytes complete, without their ends."""
        data = self._rest + data
        if b"\0" in data:
            events, self._rest = _cut(data)
        else:
            lines, newline, self._rest = data.rpartition(b"\n")
            events = _lines(lines) if newline else []
        return events + self._overflow()

    def flush(self) -> list[str]:
        """The last line, if it has no end."""
        rest, self._rest = self._rest.removeprefix(_BEGIN), b""
        return [_text(rest)] if rest else []

    def _overflow(self) -> list[str]:
        if len(self._rest) <= (_EVENT_LIMIT if self._rest.startswith(_BEGIN) else LINE_LIMIT):
            return []
        piece, self._rest = self._rest[:LINE_LIMIT], self._rest[LINE_LIMIT:]
        return [_text(piece.removeprefix(_BEGIN))]


def _text(event: bytes) -> str:
    return event.decode("utf-8", "replace").removesuffix("\r")


def _lines(data: bytes) -> list[str]:
    """Lines that stand between newlines. All are decoded at once: a newline is never a part of another character."""
    lines = data.decode("utf-8", "replace").split("\n")
    return [line.removesuffix("\r") for line in lines] if b"\r" in data else lines


def _cut(data: bytes) -> tuple[list[str], bytes]:
    """(complete events, rest) of output with NUL bytes in it, which may be marks or the function's own. Everything is
    looked at once, whatever a function may write."""
    events: list[str] = []
    at = 0
    while (begin := data.find(_BEGIN, at)) >= 0:
        if begin > at:
            events += _lines(data[at:begin].removesuffix(b"\n"))
        stop = data.find(_END, begin)
        if stop < 0:
            return events, data[begin:]
        events.append(_text(data[begin + 2 : stop].replace(_NUL, b"\0")))
        at = stop + 2
    end = data.rfind(b"\n", at)
    if end >= 0:
        events += _lines(data[at:end])
    return events, data[max(at, end + 1) :]
