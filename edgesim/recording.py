"""`edgesim record`'s proxy: in front of a running server, it passes everything on and remembers it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from edgesim.distribution.model import Origin
from edgesim.driver.clock import SystemClock
from edgesim.errors import ConfigError, OriginFault, ViewerFault
from edgesim.origins.http import HttpOrigin
from edgesim.origins.targets import DEFAULT_PORTS, Url, is_loopback
from edgesim.ports import BodyStream
from edgesim.scenario.recording.recorded import Exchange
from edgesim.scenario.recording.recorded_cache import x_cache
from edgesim.scenario.recording.told import Told, told_of
from edgesim.server.app import Receive, RequestBody, Scope, Send
from edgesim.server.listeners import Listener, bind, serve_all, stop_on_signals
from edgesim.serving import report_bugs
from edgesim.terminal import Terminal
from edgesim.values.body import NO_BODY, Body, Ticket
from edgesim.values.headers import Headers, list_items, readable
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response
from edgesim.values.text import printable
from edgesim.values.uri import split_target

MOST_BODY_BYTES = 8 * 1024 * 1024
"""Of each body; larger ones are told by their size."""

_PATIENCE_SECONDS = 3600.0
"""As good as no timeout: somebody may sit in a debugger."""

_KEEPALIVE_SECONDS = 1.0
"""Less than any server keeps an idle connection: it must not close one just as a POST goes out."""

# RFC 9110 §7.6.1; Expect has been answered by the time that there is a request
_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade")
_ASKED_AND_ANSWERED = ("expect",)


class RecordedBody(BodyStream):
    """A body on its way through, of which a copy is kept up to a limit."""

    __slots__ = ("_copy", "_inner", "_size")

    def __init__(self, inner: BodyStream) -> None:
        super().__init__(inner.length)
        self._inner = inner
        self._copy = bytearray()
        self._size = 0

    async def chunks(self) -> AsyncGenerator[bytes]:
        async with aclosing(self._inner.chunks()) as chunks:
            async for chunk in chunks:
                self._size += len(chunk)
                if self._size <= MOST_BODY_BYTES:
                    self._copy += chunk
                yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()

    @property
    def size(self) -> int:
        """The bytes that have passed."""
        return self._size

    @property
    def seen(self) -> Body:
        """What has passed: the bytes, or how many where they were too many."""
        return bytes(self._copy) if self._size <= MOST_BODY_BYTES else Ticket(self._size)


@dataclass(frozen=True, slots=True)
class Server:
    """What is recorded: where it is, and which Host it is asked for."""

    url: Url
    keep_host: bool = False

    @property
    def authority(self) -> str:
        """Its name, as a viewer that asks it directly says it."""
        host = f"[{self.url.host}]" if ":" in self.url.host else self.url.host
        return host if self.url.port == DEFAULT_PORTS[self.url.scheme] else f"{host}:{self.url.port}"

    def headers(self, headers: Headers) -> Headers:
        """A viewer's headers, as they go on."""
        sent = _end_to_end(headers).without(*_ASKED_AND_ANSWERED)
        return sent if self.keep_host else sent.having("Host", self.authority)

    def leads_here(self, location: str) -> bool:
        """Is this an absolute URL of the server's, by whichever of this machine's names?"""
        parts = _parts(location)
        return parts is not None and parts[:2] == (self.url.scheme, self.url.port) and self._is_its_name(parts[2])

    def https_of(self, location: str) -> str:
        """Where a server that is recorded over HTTP sends viewers to be asked over HTTPS; empty for another place."""
        parts = _parts(location)
        if self.url.https or parts is None or parts[0] != "https" or not self._is_its_name(parts[2]):
            return ""
        return f"https://{urlsplit(location).netloc}"

    def _is_its_name(self, host: str) -> bool:
        return host == self.url.host.lower() or (is_loopback(host) and is_loopback(self.url.host))


def _parts(location: str) -> tuple[str, int, str] | None:
    """Scheme, port and host of an absolute URL; None for anything else."""
    try:
        parts = urlsplit(location)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.scheme, port, parts.hostname) if parts.scheme and parts.hostname else None


def _end_to_end(headers: Headers) -> Headers:
    return headers.without(*_HOP_BY_HOP, *list_items(headers.all("connection")))


class RecordingProxy:
    """The ASGI application in front of a server. `exchanges` are those that are over."""

    def __init__(self, server: Server, http: HttpOrigin, terminal: Terminal, told: Transcripts | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self._server, self._http, self._terminal, self._told = server, http, terminal, told
        self._clock = SystemClock()
        self._said: set[str] = set()
        self._origin = Origin(
            "server",
            server.url.host,
            read_timeout=_PATIENCE_SECONDS,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            connection_attempts=1,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = self._clock.now()
        request = _request(scope, receive)
        onward = replace(request, headers=self._server.headers(request.headers))
        # Where the viewer goes while it is still sending, there is nobody left to answer
        with contextlib.suppress(ViewerFault):
            try:
                response = await self._http.fetch_at(self._server.url, onward, self._origin)
            except OriginFault as fault:
                self._terminal.say(f"{_line(request)} {self._terminal.paint('502', fg='red')} not recorded: {fault}")
                await _send_fault(send, fault)
                return
            await self._pass_on(begun, request, response, send)

    async def _pass_on(self, begun: Instant, request: Request, response: Response, send: Send) -> None:
        body = RecordedBody(response.body) if isinstance(response.body, BodyStream) else response.body
        headers = self._homeward(_end_to_end(response.headers).without("transfer-encoding"), request)
        complete = False
        try:
            complete = await _deliver(replace(response, headers=headers, body=body), send)
        finally:
            if isinstance(body, RecordedBody):
                await body.aclose()
            exchange = Exchange(
                begun,
                replace(request, headers=self._asked(request.headers), body=_seen(request.body)),
                replace(response, body=_seen(body)),
                https=self._server.url.https,
                complete=complete,
            )
            self._say(exchange)
            self.exchanges.append(exchange)
        if self._told is not None:
            await self._ask(len(self.exchanges) - 1, exchange)

    def _homeward(self, headers: Headers, request: Request) -> Headers:
        """A redirect to the server itself leads back to the recorder, so that what comes next is recorded, too."""
        location, here = headers.get("location"), request.headers.get("host")
        if location is None:
            return headers
        if here is not None and self._server.leads_here(location):
            return headers.having("Location", urlsplit(location)._replace(scheme="http", netloc=here).geturl())
        if (over := self._server.https_of(location)) and over not in self._said:
            self._said.add(over)
            self._terminal.say(
                self._terminal.paint(
                    f"{self._server.url} sends viewers to {over}, which is not recorded here", fg="yellow"
                )
            )
            self._terminal.say(f"  to have what follows: edgesim record {over}")
        return headers

    async def _ask(self, index: int, exchange: Exchange) -> None:
        """What the server itself says of an exchange."""
        assert self._told is not None  # noqa: S101  the caller has looked
        told = await self._told.of(exchange.response.headers.get("x-amz-cf-id") or "")
        if told is not None:
            self.exchanges[index] = replace(exchange, at=told.at, told=told)

    def _asked(self, headers: Headers) -> Headers:
        """What the viewer sent, with the name that the server was asked for."""
        host = self._server.headers(headers).get("host")
        return headers.having("Host", host) if host is not None else headers

    def _say(self, exchange: Exchange) -> None:
        response, terminal = exchange.response, self._terminal
        colour = "green" if response.status < 400 else "yellow" if response.status < 500 else "red"
        size = len(response.body) if isinstance(response.body, bytes) else response.body.length or 0
        milliseconds = (self._clock.now() - exchange.at) * 1000
        facts = (
            x_cache(response),
            f"{size:,} bytes",
            f"{milliseconds:.0f} ms",
            "" if exchange.complete else "broke off",
        )
        told = ", ".join(fact for fact in facts if fact)
        terminal.say(f"{_line(exchange.request)} {terminal.paint(str(response.status), fg=colour)} {told}")


def _request(scope: Scope, receive: Receive) -> Request:
    headers = Headers.from_raw(scope["headers"])
    path, query = split_target(scope["raw_target"].decode("latin-1"))
    return Request(scope["method"], path, query, headers, _request_body(headers, receive))


def _request_body(headers: Headers, receive: Receive) -> Body:
    if "transfer-encoding" in headers:
        return RecordedBody(RequestBody(receive, None))
    length = headers.get("content-length") or "0"
    return RecordedBody(RequestBody(receive, int(length))) if int(length) else NO_BODY


def _seen(body: Body) -> Body:
    return body.seen if isinstance(body, RecordedBody) else body


def _line(request: Request) -> str:
    return f"{request.method} {printable(readable(request.target))}"


async def _deliver(response: Response, send: Send) -> bool:
    """Send the answer on as it comes; whether all of it went."""
    start = {
        "type": "http.response.start",
        "status": response.status,
        "headers": response.headers.raw,
        "reason": response.reason,
    }
    body = response.body
    try:
        if not isinstance(body, BodyStream):
            await send(start)
            await send({"type": "http.response.body", "body": body if isinstance(body, bytes) else b""})
            return True
        await send(start | {"flush": True})
        async with aclosing(body.chunks()) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except OriginFault:
        await send({"type": "http.response.body", "abort": True})
        return False
    except ViewerFault:
        return False
    return True


async def _send_fault(send: Send, fault: OriginFault) -> None:
    text = f"edgesim record: {fault}\n".encode()
    headers = [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 502, "headers": headers})
    await send({"type": "http.response.body", "body": text})


# ── what a running edgesim knows ─────────────────────────────────────────────


class Transcripts:
    """The transcripts of an edgesim that runs on this machine."""

    def __init__(self, port: int) -> None:
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=5)

    async def are_there(self) -> bool:
        """Does an edgesim answer?"""
        return "edgesim" in await self._get("/")

    async def of(self, request_id: str) -> Told | None:
        """What it says of a request; None where it knows none of this id."""
        data = await self._get("/transcript", of=request_id) if request_id else {}
        return told_of(data) if request_id and data.get("id") == request_id else None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _get(self, path: str, **params: str) -> dict[str, Any]:
        try:
            response = await self._client.get(path, params=params)
            data = response.json()
        except (httpx.HTTPError, ValueError):
            return {}
        return data if response.is_success and isinstance(data, dict) else {}


# ── running ──────────────────────────────────────────────────────────────────


async def record(
    server: Server,
    terminal: Terminal,
    *,
    host: str,
    port: int,
    control_port: int | None,
    default_control_port: int,
    ready: Callable[[int], None],
) -> list[Exchange]:
    """Record until Ctrl-C, or until somebody ends the process politely; what was seen. `ready` gets the port when it
    answers. Raises ConfigError."""
    report_bugs(terminal)
    http = HttpOrigin()
    told = await _transcripts(server, control_port, default_control_port)
    try:
        proxy = RecordingProxy(server, http, terminal, told)
        listener = Listener(bind(host, port, "--port"), proxy, faithful=True)
        started, stop = asyncio.Event(), asyncio.Event()
        stop_on_signals(stop)
        announcing = asyncio.create_task(_announce(listener, started, terminal, ready))
        await serve_all([listener], started=started, stop=stop)
        announcing.cancel()
        return proxy.exchanges
    finally:
        if told is not None:
            await told.aclose()
        await http.aclose()
        terminal.flush()


async def _announce(
    listener: Listener, started: asyncio.Event, terminal: Terminal, ready: Callable[[int], None]
) -> None:
    await started.wait()
    ready(listener.port)
    terminal.flush()


async def _transcripts(server: Server, port: int | None, default: int) -> Transcripts | None:
    """The server's own account, where it is an edgesim on this machine. Raises ConfigError for one that was asked for
    and is not there."""
    if port is None and not is_loopback(server.url.host):
        return None
    told = Transcripts(default if port is None else port)
    if await told.are_there():
        return told
    await told.aclose()
    if port is None:
        return None
    raise ConfigError(f"no edgesim answers on control port {port}", "leave --control-port out for another server")
