"""Request lines that httptools can't read: a target with bytes outside ASCII, a method that it does not know.

It answers both with an error that does not say where it came to a stop. So the line is taken off before, and goes to
the parser with other bytes in their place, as many as there were; what the viewer wrote is kept beside. That needs to
know where a request ends: what comes is cut into blocks, and the end of a request is the end of a block.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_LINE = re.compile(rb"(%b) ([^\x00-\x20\x7f]+)( HTTP/\d\.\d\r\n)" % _TOKEN)
_STARTS = re.compile(rb"[\r\n!#$%&'*+\-.^_`|~0-9A-Za-z]")
_PLAIN = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT) [\x21-\x7e]+ ")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_STAND_IN = b"POST"
_END = b"\r\n\r\n"


class Written(NamedTuple):
    """Method and target as the viewer wrote them."""

    method: bytes
    target: bytes


def readable_line(line: bytes) -> tuple[bytes, Written | None]:
    """A request line, with its end, as the parser can read it, and what stands in it where that is something else. What
    is no request line stays as it is: the parser refuses it."""
    if _PLAIN.match(line) or (found := _LINE.fullmatch(line)) is None:
        return line, None
    method, target, version = found.groups()
    return b"%b %b%b" % (_STAND_IN, _BEYOND_ASCII.sub(b"_", target), version), Written(method, target)


def is_one_plain_head(data: bytes) -> bool:
    """Is this a whole request without a body, as nearly all are, that needs none of this?"""
    return _PLAIN.match(data) is not None and data.find(_END) == len(data) - len(_END)


class Blocks:
    """Cuts the bytes of a connection: `line` is due between two requests, `block` within one."""

    def __init__(self) -> None:
        self._line = b""
        self._tail = b""

    @property
    def held(self) -> int:
        """How many bytes of a line wait for its end."""
        return len(self._line)

    def line(self, data: bytes) -> tuple[bytes, bytes]:
        """A whole line, and what follows it; no line while it has no end. What can't begin a request is not waited
        for."""
        data = self._line + data
        if not _STARTS.match(data):
            return data, b""
        end = data.find(b"\n") + 1
        self._line = b"" if end else data
        self._tail = b"\r\n"
        return data[:end], data[end:] if end else b""

    def block(self, data: bytes) -> tuple[bytes, bytes]:
        """What goes as far as the next empty line, or all of it, and what follows. A head ends with such a line, and so
        does a body in chunks; elsewhere it means nothing."""
        seam = (self._tail + data[: len(_END) - 1]).find(_END)
        if seam >= 0:
            cut = seam + len(_END) - len(self._tail)
        else:
            found = data.find(_END)
            cut = found + len(_END) if found >= 0 else len(data)
        self._tail = b"" if seam >= 0 else (self._tail + data[:cut])[1 - len(_END) :]
        return data[:cut], data[cut:]
