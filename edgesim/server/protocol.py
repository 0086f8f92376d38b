"""HTTP/1.1 with viewers: uvicorn's httptools protocol, made faithful.

What is different from uvicorn's own: header names keep their case both ways, the target stays as written, the status
line carries the response's own reason phrase, a head and a small body leave in one write, nothing is added to a
response but framing and Connection. A request that can't be read, or could be read in two ways, gets CloudFront's 400,
after the answers to those before it, and the connection ends there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from edgesim.errors import ViewerFault
from edgesim.server.cycle import EdgeCycle, Rest
from edgesim.server.request_lines import Blocks, Written, is_one_plain_head, readable_line
from edgesim.values.wire import Wire

# A guard for memory alone: CloudFront's own limits are far lower, and rules/arrival.py answers by them
_HEAD_GUARD = 256 * 1024

_BAD_REQUEST_PAGE = (
    b"<html>\r\n<head><title>400 Bad Request</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n"
    b"<hr><center>CloudFront</center>\r\n</body>\r\n</html>\r\n"
)
# observed: what CloudFront's listener says to bytes that are no request; inferred: for all such bytes
_BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nServer: CloudFront\r\nContent-Type: text/html\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_BAD_REQUEST_PAGE), _BAD_REQUEST_PAGE)
)
_NOTED = frozenset({b"host", b"expect", b"content-length", b"transfer-encoding"})
_HOST = re.compile(rb"[A-Za-z0-9\-._~!$&'()*+,;=%\[\]:]*")


async def _fail(bug: Exception) -> None:
    raise bug


class EdgeProtocol(HttpToolsProtocol):
    """One viewer connection."""

    _is_between = True
    _written: Written | None = None
    _length_left: int | None = None
    _is_deaf = False
    _handshake: EdgeCycle | None = None
    _in_head = False
    _head_bytes = 0
    _held_back = 0
    _hosts = 0
    _framing = b""
    _in_replay = False
    _chunk_from = 0
    _tls: tuple[str, str] | None = None
    _refusing = False
    _is_idle = False
    _idle_since = 0.0
    _newest: EdgeCycle | None = None
    _running: EdgeCycle | None = None
    _at_once: Callable[..., Callable[[], Coroutine[Any, Any, None]] | None] | None = None
    """ViewerApp.begin; any other ASGI application has only the longer way"""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._blocks = Blocks()
        self._at_once = getattr(self.app, "begin", None)
        if (tls := transport.get_extra_info("ssl_object")) is not None:
            self._tls = (tls.version(), tls.cipher()[0])

    # ── bytes in ─────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        if self._refusing or self._is_deaf:
            return
        self._is_idle = False
        if self._handshake is not None:
            self._handshake.take(data)
            return
        head_went_on, known = self._in_head, self._head_bytes
        try:
            self._feed(data)
        except (httptools.HttpParserError, ViewerFault):
            self._refuse()
            return
        # A name or value without an end: the parser holds it back, so it is in no count yet
        held_back = head_went_on and self._in_head and self._head_bytes == known
        self._held_back = self._held_back + len(data) if held_back else 0
        if max(self._held_back, self._blocks.held) > _HEAD_GUARD:
            self._refuse()

    def _feed(self, data: bytes) -> None:
        """Block by block, so that each request's line can be looked at before the parser sees it."""
        if self._is_between and not self._blocks.held and is_one_plain_head(data):
            self._parse(data)
            return
        at = 0
        while at < len(data) and not self._is_deaf:
            if self._handshake is not None:
                self._handshake.take(data[at:])
                return
            if self._is_between:
                line, at = self._blocks.line(data, at)
                line, self._written = readable_line(line)
                self._parse(line)
            elif self._length_left:
                body = data[at : at + self._length_left]
                at += len(body)
                self._length_left -= len(body)
                self._parse(body)
            else:
                block, at = self._blocks.block(data, at)
                self._parse(block)

    def _parse(self, data: bytes) -> None:
        """Upgrades are not refused: the request goes on as plain HTTP, as it does where no policy forwards them."""
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self.scope["method"] == "CONNECT":
                    self._is_deaf = True  # what follows would be for the far end of the tunnel
                    return
                data = data[upgrade.args[0] :]
                if self._framing:
                    self._read_body_anew()
            else:
                return

    def _read_body_anew(self) -> None:
        """The parser takes an upgrade for the end of its message, though a body may follow, which it would read as
        the next request. So another one is told of the body alone, and goes on from there."""
        self.parser = httptools.HttpRequestParser(self)
        self._in_replay = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % self._framing)
        self._in_replay = False

    def on_message_begin(self) -> None:
        if self._in_replay:
            return
        super().on_message_begin()
        self._in_head, self._is_between = True, False
        self._head_bytes = self._hosts = 0
        self._length_left = None
        self._framing = b""

    def on_url(self, url: bytes) -> None:
        if self._in_replay:
            return
        self.url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer field, which is dropped (documented: Trailer is removed)
        value = value.rstrip(b" \t")
        lower = name.lower()
        if lower in _NOTED:
            self._note(lower, value)
        self.headers.append((name, value))
        self._count(len(name) + len(value))

    def _note(self, name: bytes, value: bytes) -> None:
        """The fields that decide about the connection itself."""
        if name == b"host":
            self._hosts += 1
            if not _HOST.fullmatch(value):
                raise ViewerFault("the Host is no name of a host")  # RFC 9112 §3.2
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        else:
            self._framing += b"%b: %b\r\n" % (name, value)
            if name == b"transfer-encoding" and value.lower() != b"chunked":
                # documented for origins' responses (RequestAndResponseBehaviorCustomOrigin); inferred for requests
                raise ViewerFault("the only transfer coding is chunked")
            if name == b"content-length" and value.isdigit():
                self._length_left = int(value)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _HEAD_GUARD:
            raise ViewerFault("request line and headers are too large")

    def on_headers_complete(self) -> None:
        if self._in_replay:
            return
        self._in_head = False
        version = self.parser.get_http_version()
        if version not in {"1.0", "1.1"}:
            raise ViewerFault(f"HTTP/{version} is not spoken here")
        if self._hosts > 1 or (self._hosts == 0 and version == "1.1"):
            # RFC 9112 §3.2: one Host, exactly
            raise ViewerFault(f"the request has {self._hosts} Host fields")
        scope: Any = self.scope
        method, scope["raw_target"] = self._written or (self.parser.get_method(), self.url)
        scope["method"] = method.decode("ascii")
        scope["http_version"] = version
        scope["path"] = scope["raw_path"] = scope["query_string"] = ""
        scope["tls"] = self._tls
        before = self._newest
        cycle = EdgeCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and scope["method"] != "CONNECT" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        cycle.wire = scope["wire"] = Wire()
        self.cycle = self._newest = cycle
        if self._asks_for_websocket(version):
            self._handshake = cycle
        if before is None or before.response_complete:
            self._begin(cycle)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _asks_for_websocket(self, version: str) -> bool:
        """Whether it gets one is the edge's decision, which looks closer (rules/websocket.py)."""
        if self._framing or version != "1.1" or not self.parser.should_upgrade():
            return False
        return any(name.lower() == b"upgrade" and b"websocket" in value.lower() for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        if self._newest is not None:
            self._newest.wire.received += len(body)
        super().on_body(body)

    def on_chunk_header(self) -> None:
        if self._newest is not None:
            self._chunk_from = self._newest.wire.received

    def on_chunk_complete(self) -> None:
        if self._newest is not None:
            wire = self._newest.wire
            wire.received += len(b"%x\r\n\r\n" % (wire.received - self._chunk_from))

    def on_message_complete(self) -> None:
        if not (self._framing and self.parser.should_upgrade()):
            self._is_between, self._written = True, None
            super().on_message_complete()

    def _should_upgrade(self) -> bool:
        return False

    # ── one answer after the other ───────────────────────────────────────────

    def _begin(self, cycle: EdgeCycle) -> None:
        """Answer at once what can be; a request with a body, or with nobody reading, takes the longer way."""
        at_once = self._at_once
        if at_once is None or self._framing or self.flow.write_paused:
            self._start_asgi_task(cycle, self.app)
            return
        self._running = cycle
        try:
            steps = at_once(cycle.scope, cycle.receive, cycle.send, cycle)
        except Exception as bug:  # noqa: BLE001 it is raised again where the others are, which are told and answered
            steps = partial(_fail, bug)
        if steps is not None:
            self._start_asgi_task(cycle, Rest(steps))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = cycle
        cycle.task = self.loop.create_task(cycle.run_asgi(app))
        cycle.task.add_done_callback(self.tasks.discard)
        self.tasks.add(cycle.task)

    def on_response_complete(self) -> None:
        """As uvicorn's, but for the timer: one goes on over many answers, and looks anew when it is due. Setting one
        for each answer was a twentieth of a fresh hit (measured)."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._leave_handshake()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._is_idle, self._idle_since = True, self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._close_when_idle(self.timeout_keep_alive)
        if self._refusing and self._idle:
            self._send_refusal()

    def _leave_handshake(self) -> None:
        """The viewer got no WebSocket: what it sent behind that are requests."""
        cycle = self._handshake
        if cycle is None or not cycle.response_complete:
            return
        if cycle.body:
            self.loop.call_soon(self._take_up_requests, cycle)  # what comes until then is kept behind the others
        else:
            self._handshake = None

    def _take_up_requests(self, cycle: EdgeCycle) -> None:
        self._handshake = None
        if not self.transport.is_closing():
            self.data_received(bytes(cycle.body))

    def _close_when_idle(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing has come for long enough since the last answer."""
        self.timeout_keep_alive_task = None
        if not self._is_idle or self.transport.is_closing():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._close_when_idle(left)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._running is not None and not self._running.response_complete:
            self._running.leave()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    # ── refusals ─────────────────────────────────────────────────────────────

    @property
    def _idle(self) -> bool:
        return self._running is None or self._running.response_complete

    def _refuse(self) -> None:
        """The bytes that came last are no request, or not the rest of one. Earlier requests get their answers first."""
        self._refusing = True
        self.flow.pause_reading()
        if self._newest is not None and self._newest.more_body:
            self._drop_unfinished(self._newest)
        if self._idle:
            self._send_refusal()

    def _drop_unfinished(self, cycle: EdgeCycle) -> None:
        """Forget the request whose body can't be read: it waits for its turn, or is already being answered."""
        if cycle is not self._running:
            self.pipeline.popleft()
            return
        cycle.break_off()
        cycle.response_complete = True
        if cycle.response_started:
            self.transport.close()

    def _send_refusal(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_BAD_REQUEST)
            self.transport.close()
