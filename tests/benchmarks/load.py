"""A load generator: so many keep-alive connections, each sending its next request when the last answer is in.

Raw bytes on asyncio protocols, so that it takes less of a core than what it measures.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Result:
    """`seconds` of load: how many answers came, how many of them were not 200."""

    answers: int
    failures: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, requests: list[bytes]) -> None:
        self._requests, self._turn = requests, 0
        self._buffer = b""
        self.answers = self.failures = 0
        self.stopped = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self.transport.write(self._requests[self._turn % len(self._requests)])
        self._turn += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        found = _LENGTH.search(self._buffer, 0, end + 2)
        if self._buffer.endswith(b"0\r\n\r\n") if found is None else len(self._buffer) >= end + 4 + int(found[1]):
            self.answers += 1
            self.failures += not self._buffer.startswith(b"HTTP/1.1 200")
            self._buffer = b""
            if not self.stopped:
                self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.stopped:
            self.failures += 1


async def load(port: int, requests: list[bytes], *, connections: int, seconds: float) -> Result:
    """Send requests to a port of this machine for a while, each connection going round the list."""
    loop = asyncio.get_running_loop()
    made = []
    for first in range(connections):
        turned = requests[first % len(requests) :] + requests[: first % len(requests)]
        _, connection = await loop.create_connection(lambda turned=turned: _Connection(turned), "127.0.0.1", port)
        made.append(connection)
    start = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - start
    answers, failures = sum(c.answers for c in made), sum(c.failures for c in made)
    for connection in made:
        connection.stopped = True
        connection.transport.close()
    await asyncio.sleep(0.05)
    return Result(answers, failures, took)


def get(path: str, *fields: str) -> bytes:
    """A GET request's bytes."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", "Accept: */*", *fields, "", ""]).encode()
