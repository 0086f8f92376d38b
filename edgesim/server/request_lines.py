"""Request lines that httptools can't read: a target with bytes outside ASCII, a method that it does not know.

It answers both with an error that does not say where it came to a stop. So the line is taken off before, and goes to
the parser with other bytes in their place, as many as there were; what the viewer wrote is kept beside. That needs to
know where a request ends: what comes is cut into blocks, and the end of a request is the end of a block.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from edgesim.errors import ViewerFault

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_LINE = re.compile(rb"(%b) +([^\x00-\x20\x7f]+)( HTTP/\d\.\d\r\n)" % _TOKEN)
_STARTS = re.compile(rb"[\r\n!#$%&'*+\-.^_`|~0-9A-Za-z]")
_PLAIN = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT) +[\x21-\x7e]+ HTTP/\d\.\d\r\n")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_STAND_IN = b"POST"
_END = b"\r\n\r\n"


class Written(NamedTuple):
    """Method and target as the viewer wrote them."""

    method: bytes
    target: bytes


def readable_line(line: bytes) -> tuple[bytes, Written | None]:
    """A request line, with its end, as the parser can read it, and what stands in it where that is something else.
    Empty lines before it stay as they are. Raises ViewerFault for anything else, some of which the parser would take
    (RTSP, ICE)."""
    if _PLAIN.match(line) or not line.strip(b"\r\n"):
        return line, None
    if (found := _LINE.fullmatch(line)) is None:
        raise ViewerFault("no request line")
    method, target, version = found.groups()
    return b"%b %b%b" % (_STAND_IN, _BEYOND_ASCII.sub(b"_", target), version), Written(method, target)


def is_one_plain_head(data: bytes) -> bool:
    """Is this a whole request without a body, as nearly all are, that needs none of this?"""
    return _PLAIN.match(data) is not None and data.find(_END) == len(data) - len(_END)


class Blocks:
    """Cuts the bytes of a connection: `line` is due between two requests, `block` within one. Both take what came and
    where to begin in it, and say where to go on."""

    def __init__(self) -> None:
        self._line = b""
        self._tail = b""

    @property
    def held(self) -> int:
        """How many bytes of a line wait for its end."""
        return len(self._line)

    def line(self, data: bytes, at: int) -> tuple[bytes, int]:
        """A whole line; an empty one while it has no end. What can't begin a request is not waited for."""
        stop = data.find(b"\n", at) + 1 or len(data)
        line, self._line = self._line + data[at:stop], b""
        if not line.endswith(b"\n") and _STARTS.match(line):
            line, self._line = b"", line
        self._tail = b"\r\n"
        return line, stop

    def block(self, data: bytes, at: int) -> tuple[bytes, int]:
        """What goes as far as the next empty line, or all of it. A head ends with such a line, and so does a body in
        chunks; elsewhere it means nothing."""
        tail = self._tail
        seam = (tail + data[at : at + len(_END) - 1]).find(_END) if tail else -1
        begins = at + seam - len(tail) if seam >= 0 else data.find(_END, at)
        is_whole = seam >= 0 or begins >= 0
        stop = begins + len(_END) if is_whole else len(data)
        block = data[at:stop]
        self._tail = b"" if is_whole else (tail + block)[1 - len(_END) :]
        return block, stop
