"""Servers on real sockets, in the event loop of the test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from edgesim.origins.targets import Url
from edgesim.scenario.playing.live import LiveEdge
from edgesim.scenario.playing.stage import Stage
from edgesim.server.listeners import Listener, bind, serve_all
from edgesim.server.viewer_header import ViewerDefaults


@asynccontextmanager
async def served(app, socket=None, *, faithful=True):
    """An ASGI application at a URL."""
    listener = Listener(socket or bind("127.0.0.1", 0, "--port"), app, faithful=faithful)
    started, stop = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(serve_all([listener], started=started, stop=stop))
    await started.wait()
    try:
        yield Url("http", "127.0.0.1", listener.port)
    finally:
        stop.set()
        await task


@asynccontextmanager
async def live_edge(setting, **more):
    """An edge with a setting behind a port, where it also sends its own requests."""
    socket = bind("127.0.0.1", 0, "--port")
    address = Url("http", "127.0.0.1", socket.getsockname()[1])
    async with Stage() as stage:
        await stage.begin(setting, **more)
        edge = LiveEdge(setting, stage, stage.clock, stage.ids, address, ViewerDefaults())
        try:
            async with served(edge, socket):
                yield edge, address
        finally:
            await edge.aclose()


@dataclass
class Server:
    """Answers every request alike, and remembers them: method, target, header fields, body."""

    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b"hello"
    breaks_off: bool = False
    asked: list = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        body = (await receive())["body"]
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        self.asked.append((scope["method"], scope["raw_target"].decode("latin-1"), fields, body))
        length = (b"Content-Length", b"%d" % (len(self.body) + 5 * self.breaks_off))
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, length]})
        await send({"type": "http.response.body", "body": self.body, "more_body": self.breaks_off})
        if self.breaks_off:
            await send({"type": "http.response.body", "abort": True})
