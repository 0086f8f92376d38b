"""Under load, over real sockets, with an origin that breaks one connection in a hundred: nobody gets what is another's,
nothing is edgesim's own fault, and memory stays as it is."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE, Program, serving

pytestmark = [pytest.mark.slow, pytest.mark.long]

CONNECTIONS = 32
REQUESTS = 8_000  # in each of the rounds
ROUNDS = 3
KEYS = 400
BROKEN = 0.01
GROWTH_MB = 8

# What an object of a key is like, by the key's number
KINDS = ("max-age=600", "max-age=1", "no-store", "max-age=600, chunked", "no-cache", "max-age=600, large")


def kind_of(key: int) -> str:
    return KINDS[key % len(KINDS)]


def body_of(path: str) -> bytes:
    """Each body carries its key, from the first byte to the last."""
    key = int(path.removeprefix("/k"))
    return f"<{path}>".encode() * (20_000 if "large" in kind_of(key) else 20 + key % 50)


# ── origin ───────────────────────────────────────────────────────────────────


@dataclass
class Breaking:
    """An origin that resets one in a hundred of its connections: before it answers, or within the body."""

    share: float = BROKEN
    delay: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    port: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(2026))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                self.asked[path] += 1
                await asyncio.sleep(self.delay)
                breaks = self.chance.random() < self.share
                within = breaks and self.chance.random() < 0.5
                if not breaks or within:
                    wire = _on_the_wire(path)
                    writer.write(wire[: len(wire) // 2] if within else wire)
                    await writer.drain()
                if breaks:
                    self.broken += 1
                    _reset(writer)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _on_the_wire(path: str) -> bytes:
    kind, body = kind_of(int(path.removeprefix("/k"))), body_of(path)
    control = kind.partition(",")[0]
    if "chunked" in kind:
        framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        return b"HTTP/1.1 200 OK\r\nCache-Control: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % control.encode() + framed
    head = f'HTTP/1.1 200 OK\r\nCache-Control: {control}\r\nContent-Length: {len(body)}\r\nETag: "{path}"\r\n\r\n'
    return head.encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def origin(**settings: float) -> AsyncIterator[Breaking]:
    made = Breaking(**settings)
    handlers: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.ensure_future(made.answer(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0, backlog=256)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
    # edgesim has gone, so that each finds its connection closed
    await asyncio.gather(*handlers)


# ── viewers ──────────────────────────────────────────────────────────────────


@dataclass
class Seen:
    """What viewers got: answers by status, bodies that are not their key's, answers that broke off."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    broken_off: int = 0


class Viewer:
    """A keep-alive connection, opened anew where it is closed."""

    def __init__(self, port: int, seen: Seen) -> None:
        self._port, self._seen = port, seen
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        try:
            status, body = await _read_answer(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._seen.broken_off += 1
            self.close()
            return
        self._seen.statuses[status] += 1
        if status == 200 and body != body_of(path):
            self._seen.wrong.append(f"{path}: {len(body)} bytes, {body[:40]!r}")

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines if line)
    if "content-length" in fields:
        return int(first.split()[1]), await reader.readexactly(int(fields["content-length"]))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return int(first.split()[1]), body


async def load(port: int, seen: Seen, chance: random.Random) -> None:
    """All connections at once, each with its share of the requests, some keys more wanted than others."""

    async def one(paths: list[str]) -> None:
        viewer = Viewer(port, seen)
        for path in paths:
            await viewer.get(path)
        viewer.close()

    wanted = [f"/k{int(chance.random() ** 2 * KEYS)}" for _ in range(REQUESTS)]
    await asyncio.gather(*(one(wanted[number::CONNECTIONS]) for number in range(CONNECTIONS)))


def resident_mb(edge: Program) -> float:
    [line] = [
        line for line in Path(f"/proc/{edge.process.pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    ]
    return int(line.split()[1]) / 1024


# ── tests ────────────────────────────────────────────────────────────────────


def test_an_origin_that_breaks_connections_leads_to_no_wrong_answer_and_no_growth() -> None:
    seen, memory, chance = Seen(), [], random.Random(1)

    async def story() -> int:
        async with origin() as site:
            with serving("serve", "--origin", f"http://127.0.0.1:{site.port}", "--quiet") as edge:
                for _ in range(ROUNDS):
                    await load(edge.port, seen, chance)
                    memory.append(resident_mb(edge))
            return site.broken

    broken = asyncio.run(story())
    assert seen.wrong == []
    assert set(seen.statuses) <= {200, 502}, seen.statuses
    assert broken > 0
    assert seen.broken_off <= broken
    assert seen.statuses[200] > 0.9 * ROUNDS * REQUESTS, seen
    assert memory[-1] - memory[0] < GROWTH_MB, memory


def test_a_hundred_viewers_of_a_cold_key_cost_one_origin_request() -> None:
    seen = Seen()

    async def story() -> Counter[str]:
        async with origin(share=0.0, delay=0.5) as site:
            with serving("serve", "--origin", f"http://127.0.0.1:{site.port}", "--quiet") as edge:
                viewers = [Viewer(edge.port, seen) for _ in range(100)]
                async with asyncio.timeout(PATIENCE):
                    await asyncio.gather(*(viewer.get("/k0") for viewer in viewers))
                for viewer in viewers:
                    viewer.close()
            return site.asked

    assert asyncio.run(story()) == {"/k0": 1}
    assert seen.statuses == {200: 100}
    assert seen.wrong == []
