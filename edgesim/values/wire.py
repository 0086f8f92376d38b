"""What a request and its answer cost on the viewer's connection, in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgesim.values.message import Request


@dataclass(slots=True)
class Wire:
    """Counted as bytes pass: `received` of the request's body, `sent` of the answer with its head; the framing of HTTP
    is part of both. What is sent was handed to the operating system, as CloudFront's own figures are."""

    received: int = 0
    sent: int = 0


def head_size(request: Request) -> int:
    """The bytes of a request's head over HTTP/1.x: its request line and fields."""
    fields = request.headers.fields
    line = len(request.method) + len(request.target) + len("  HTTP/1.1\r\n")
    return line + request.headers.size + len(": \r\n") * len(fields) + len("\r\n")
