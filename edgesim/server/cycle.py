"""One request on a viewer's connection, and its response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from edgesim.errors import ViewerFault
from edgesim.server.framing import Framing
from edgesim.values.message import SWITCHING_PROTOCOLS
from edgesim.values.wire import Wire

_BUG_PAGE = b"edgesim failed at this request. That is a bug in edgesim: please report it with the lines it printed.\n"


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a request that could not be answered at once."""

    steps: Callable[[], Coroutine[Any, Any, None]]


class EdgeCycle(RequestResponseCycle):
    """One request and its response. ASGI messages may carry more: `reason` (a string), `close` (true: no other
    request is taken on this connection) and `flush` (true: the head must not wait for the body) in the start, `abort`
    (true) in a body, which breaks the connection off so that the viewer sees a truncated response. After a start with
    status 101 `receive` gives the viewer's bytes, whatever they are, and bodies go out without framing."""

    _head: bytes = b""
    _framing: Framing
    wire: Wire
    task: asyncio.Task[None] | None = None
    switched = False

    async def run_asgi(self, app: Any) -> None:
        """Run the application, or what is left of it (`Rest`). At shutdown it is cancelled, and the viewer sees its
        connection end."""

        async def until_cancelled(scope: Any, receive: Any, send: Any) -> None:
            try:
                if isinstance(app, Rest):
                    await app.steps()
                elif not self.disconnected:
                    await app(scope, receive, send)
            except asyncio.CancelledError:
                self.disconnected = True
                self.transport.close()

        await super().run_asgi(until_cancelled)

    async def send_500_response(self) -> None:
        """What a viewer gets where edgesim itself fails; the log has the rest."""
        if self.disconnected:
            return
        length = b"%d" % len(_BUG_PAGE)
        self.keep_alive = False
        headers = [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", length)]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": _BUG_PAGE})

    def leave(self) -> None:
        """The viewer went away. An answer that had begun ends now, not at the origin's next byte; what has not begun
        goes on, since the cache may want it."""
        self.break_off()
        if self.response_started and self.task is not None:
            self.task.cancel()

    def break_off(self) -> None:
        """The request's body turned out to be unreadable: nobody will get the rest of it."""
        self.disconnected = True
        self.message_event.set()

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            raise ViewerFault("the viewer closed the connection")
        if message["type"] == "http.response.start":
            self._start(message)
        else:
            self._continue(message)

    def send_whole(
        self, status: int, reason: str, fields: Sequence[tuple[bytes, bytes]], body: bytes, *, closes: bool
    ) -> None:
        """The whole response at once (app.Outlet)."""
        self._begin(status, reason, fields, closes=closes)
        self._write(self._framing.framed(body, last=True))
        self._complete()

    def _start(self, message: Any) -> None:
        self._begin(
            message["status"], message.get("reason", ""), message["headers"], closes=message.get("close", False)
        )
        if message.get("flush"):
            self._write(b"")

    def _begin(self, status: int, reason: str, fields: Iterable[tuple[bytes, bytes]], *, closes: bool) -> None:
        """The head. It is kept until the body's first piece, so that both leave in one write."""
        self.response_started = True
        if status == SWITCHING_PROTOCOLS:
            self._switch()
        if self.waiting_for_100_continue:
            # RFC 9110 §10.1.1: the viewer may leave its body out now, or not; so nothing readable can follow
            self.keep_alive = self.waiting_for_100_continue = False
        version: str = self.scope["http_version"]
        if closes or version == "1.0":
            self.keep_alive = False
        self._framing = framing = Framing(self.scope["method"], status, version)
        self._head = framing.head(status, reason, fields, keep_alive=self.keep_alive)

    def _switch(self) -> None:
        """From here on the viewer's bytes are no requests; what came of them early is in the body already."""
        self.switched, self.more_body, self.keep_alive = True, True, False
        self.wire.received += len(self.body)
        self.message_event.set()

    def take(self, data: bytes) -> None:
        """Bytes that came behind a request for a WebSocket. They are for the origin, or, where it says no, another
        request: that shows later."""
        self.body += data
        if len(self.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        if self.switched:
            self.wire.received += len(data)
            self.message_event.set()

    def _continue(self, message: Any) -> None:
        if message.get("abort"):
            self._write(b"")
            self.response_complete = True
            self.transport.close()
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        self._write(self._framing.framed(body, last=not more))
        if not more:
            self._complete()

    def _write(self, framed: bytes) -> None:
        """Bytes of the body, and before them the head where it has not gone yet."""
        if self._head:
            framed, self._head = self._head + framed, b""
        self.wire.sent += len(framed)
        self.transport.write(framed)

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive or self._framing.is_short:
            self.transport.close()
        self.on_response()
