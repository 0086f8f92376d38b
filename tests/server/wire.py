"""A viewer connection without a socket: bytes in, bytes out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from edgesim.server.protocol import EdgeProtocol
from edgesim.testing.clock import settle

App = Callable[[Any, Any, Any], Awaitable[None]]


class FakeTransport(asyncio.Transport):
    """What a connection does to its protocol, without the network."""

    def __init__(self, peer: tuple[str, int] = ("127.0.0.1", 50_000)) -> None:
        super().__init__({"peername": peer, "sockname": ("127.0.0.1", 8080)})
        self.written = bytearray()
        self.writes: list[bytes] = []
        self.closed = False
        self.reading = True

    def write(self, data: Any) -> None:
        assert not self.closed, "writes to a closed connection"
        if data:
            self.written += data
            self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


@dataclass
class Wire:
    """One connection to an application."""

    app: App
    transport: FakeTransport = field(default_factory=FakeTransport)
    state: ServerState = field(default_factory=ServerState)

    def __post_init__(self) -> None:
        config = Config(self.app, lifespan="off", log_config=None, ws="none", proxy_headers=False)
        self.protocol = EdgeProtocol(config, self.state, {})
        self.protocol.connection_made(self.transport)

    async def send(self, *pieces: bytes) -> bytes:
        """Feed pieces, as a loop does: not while reading is paused, never after the end. What came back."""
        waiting = list(pieces)
        for _ in range(len(waiting) + 20):
            while waiting and self.transport.reading and not self.transport.closed:
                self.protocol.data_received(waiting.pop(0))
            await settle()
            if not waiting:
                break
        return self.taken()

    def taken(self) -> bytes:
        """What was written since this was asked."""
        written = bytes(self.transport.written)
        self.transport.written.clear()
        return written

    async def leave(self) -> None:
        """The viewer goes away."""
        self.transport.closed = True
        self.protocol.connection_lost(None)
        await settle()

    async def end(self) -> None:
        """Let every task end, so that none is left behind."""
        self.protocol._unset_keepalive_if_required()
        for task in list(self.state.tasks):
            task.cancel()
        await asyncio.gather(*self.state.tasks, return_exceptions=True)


def talk(app: App, *pieces: bytes) -> tuple[bytes, bool]:
    """A whole connection: what came back, and whether the server ended it."""

    async def story() -> tuple[bytes, bool]:
        wire = Wire(app)
        answer = await wire.send(*pieces)
        closed = wire.transport.closed
        await wire.end()
        return answer, closed

    return asyncio.run(story())


def splits(data: bytes) -> Iterable[tuple[bytes, bytes]]:
    """Every way to cut bytes in two."""
    return ((data[:at], data[at:]) for at in range(1, len(data)))


# ── applications ─────────────────────────────────────────────────────────────


def answering(
    body: bytes = b"hello", status: int = 200, headers: Iterable[tuple[bytes, bytes]] | None = None, **more: Any
) -> App:
    """Answers everything alike, with a Content-Length unless told otherwise."""
    fields = [(b"Content-Length", b"%d" % len(body))] if headers is None else list(headers)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": fields, **more})
        await send({"type": "http.response.body", "body": body})

    return app


@dataclass
class Seen:
    """An application that keeps what it saw, and answers with the request's target and body."""

    requests: list[tuple[str, bytes, list[tuple[bytes, bytes]], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        self.requests.append((scope["method"], scope["raw_target"], list(scope["headers"]), body))
        text = scope["raw_target"] + b" " + body
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", b"%d" % len(text))]})
        await send({"type": "http.response.body", "body": text})
