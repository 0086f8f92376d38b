"""Message bodies: small bytes, or a ticket for a stream that the outer rings hold. The inner rings never read one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Ticket:
    """Stands for a body that is elsewhere. The driver and the adapters know how to read it; nobody else does.

    `length` is the number of bytes where it was declared, else None.
    """

    __slots__ = ("length",)

    def __init__(self, length: int | None = None) -> None:
        self.length = length

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'?' if self.length is None else self.length} bytes>"


class Coding(StrEnum):
    """A content coding that the edge can apply; the values are those of Content-Encoding."""

    GZIP = "gzip"
    BROTLI = "br"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a body: bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """Several parts of a body with text between them, in order."""

    pieces: tuple[bytes | Span, ...]


Cut: TypeAlias = Span | Pieces
"""What is sent of a body at rest, where it is not all of it."""

Body: TypeAlias = bytes | Ticket

NO_BODY = b""


def length_of(body: Body) -> int | None:
    """The number of bytes, or None where a stream did not declare it."""
    return len(body) if isinstance(body, bytes) else body.length
