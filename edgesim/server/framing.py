"""How one response goes over HTTP/1.x: its head, and what of its body, in which frame."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from edgesim.values.message import SWITCHING_PROTOCOLS, standard_reason

if TYPE_CHECKING:
    from collections.abc import Iterable


@lru_cache(512)
def _status_line(status: int, reason: str) -> bytes:
    return b"HTTP/1.1 %d %b\r\n" % (status, (reason or standard_reason(status)).encode("latin-1"))


class Framing:
    """First `head`, once, then `framed` for each piece of the body. Nothing is added to what the response has but
    framing and Connection."""

    __slots__ = ("_chunked", "_has_body", "_left", "_switches", "_version")

    def __init__(self, method: str, status: int, version: str) -> None:
        self._version = version
        self._has_body = method != "HEAD" and status not in {204, 304}
        self._switches = status == SWITCHING_PROTOCOLS
        self._chunked: bool | None = None
        self._left = 0

    def head(self, status: int, reason: str, fields: Iterable[tuple[bytes, bytes]], *, keep_alive: bool) -> bytes:
        """The head's bytes. Framing is made unambiguous, whatever an origin or a function wrote."""
        content = [_status_line(status, reason)]
        for name, value in fields:
            if len(name) == 14 and name.lower() == b"content-length":
                if self._chunked is not None or status == 204 or not value.isdigit():
                    continue  # RFC 9110 §8.6: a 204 has none
                self._chunked = False
                self._left = int(value)
            content += (name, b": ", value, b"\r\n")
        if self._switches:
            content.append(b"Connection: Upgrade\r\n\r\n")
            return b"".join(content)
        if self._has_body and self._chunked is None and self._version != "1.0":
            self._chunked = True
            content.append(b"Transfer-Encoding: chunked\r\n")
        content.append(b"Connection: keep-alive\r\n\r\n" if keep_alive else b"Connection: close\r\n\r\n")
        return b"".join(content)

    def framed(self, body: bytes, *, last: bool) -> bytes:
        """What is sent for a piece of the body."""
        if not self._has_body:
            return b""
        if self._chunked is None:
            return body
        if not self._chunked:
            # More than was announced would be read as the next response
            body = body[: self._left]
            self._left -= len(body)
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk + b"0\r\n\r\n" if last else chunk

    @property
    def is_short(self) -> bool:
        """Have there been fewer bytes than were announced? Only the end of the connection can tell that."""
        return self._has_body and not self._chunked and self._left > 0
