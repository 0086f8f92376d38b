"""An httpx transport on aiohttp's connection pool that sends and receives bytes as they are.

AiohttpTransport, which this extends, is quick, and yet no proxy's tool: it merges repeated headers, lower-cases their
names, adds its own, writes them as UTF-8, normalises the path and retries on its own judgement (observed:
httpx-aiohttp 0.2, aiohttp 3.14). So only its pool and protocol are used; the request's head is written here.

Understood request extensions: httpx's `target`, `timeout` (connect, read) and `sni_hostname`, and edgesim's own
`keepalive` (seconds), `verify` (bool) and `tls` (tls.Versions). Response bodies that came whole with their head are
httpx.ByteStream.

Raises httpx.TransportError, in the finer kinds below where httpx has none.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast
from weakref import WeakSet

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, RawResponseMessage, StreamWriter
from aiohttp.http_exceptions import LineTooLong
from aiohttp.streams import StreamReader
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from edgesim.distribution.limits import ORIGIN_RESPONSE_HEAD_BYTES
from edgesim.origins.announced import Connector
from edgesim.origins.switched import READ_BUFFER, SwitchedStream
from edgesim.origins.tls import Versions, client_context
from edgesim.values.message import SWITCHING_PROTOCOLS

_SMALLEST_FIELD = len(b"a:\r\n")


class NameNotFoundError(httpx.ConnectError):
    """The host's name does not resolve."""


class TlsError(httpx.ConnectError):
    """The TLS handshake failed, or the certificate is not to be trusted."""


class StaleConnectionError(httpx.ReadError):
    """A connection kept from an earlier request was closed before this one was answered."""


class HeadTooBigError(httpx.RemoteProtocolError):
    """The response's head is larger than CloudFront takes."""


class RawTransport(AiohttpTransport):
    """One pool of connections for all origins. Belongs to the event loop of its first request.

    `verify` is True for the usual authorities, a CA file's path, or a context; see httpx.
    """

    def __init__(self, verify: ssl.SSLContext | str | bool = True, connections: int = 512) -> None:
        # Reading the authorities takes some 30 ms, and many never meet an https origin: this context trusts nobody.
        super().__init__(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), limits=httpx.Limits(max_connections=connections))
        self._verify = verify
        self._contexts: dict[tuple[bool, Versions], ssl.SSLContext] = {}
        self._connectors: dict[float, aiohttp.TCPConnector] = {}
        self._seen: WeakSet[ResponseHandler] = WeakSet()
        self._route = lru_cache(maxsize=256)(_route)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        connection = await self._connect(request)
        try:
            return await self._exchange(request, connection)
        except BaseException:
            connection.close()
            raise

    async def aclose(self) -> None:
        for connector in self._connectors.values():
            await connector.close()

    async def _connect(self, request: httpx.Request) -> Connection:
        extensions = request.extensions
        timeout = aiohttp.ClientTimeout(sock_connect=extensions["timeout"]["connect"])
        context = request.url.scheme == "https" and self._context(extensions.get("verify", True), extensions["tls"])
        connector = self._connector(extensions.get("keepalive", 5))
        with _connecting():
            route = self._route(request.url, extensions.get("sni_hostname"), context)
            while True:
                connection = await connector.connect(route, [], timeout)
                if not _protocol(connection).should_close:
                    return connection
                connection.close()  # it spoke while nobody had asked, as servers do that time out an idle connection

    def _context(self, verify: bool, allowed: Versions) -> ssl.SSLContext:
        if (verify, allowed) not in self._contexts:
            self._contexts[verify, allowed] = client_context(self._verify if verify else False, allowed)
        return self._contexts[verify, allowed]

    def _connector(self, keepalive: float) -> aiohttp.TCPConnector:
        """aiohttp knows one keep-alive time per connector, CloudFront one per origin."""
        if keepalive not in self._connectors:
            self._connectors[keepalive] = Connector(
                limit=self.limits.max_connections or 0,
                keepalive_timeout=keepalive,
                resolver=aiohttp.ThreadedResolver(),  # the system's view of names: /etc/hosts and all
            )
        return self._connectors[keepalive]

    async def _exchange(self, request: httpx.Request, connection: Connection) -> httpx.Response:
        protocol = _protocol(connection)
        reused = protocol in self._seen
        if not reused:
            self._seen.add(protocol)
            if protocol.closed is not None:
                protocol.closed.add_done_callback(_notice)
        exchange = _Exchange(connection, protocol, read_timeout=request.extensions["timeout"]["read"])
        with _receiving():
            exchange.send(request)
            try:
                message, payload = await exchange.head()
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionResetError) as error:
                if exchange.is_sending:
                    raise httpx.WriteError(str(error)) from error
                if reused:
                    raise StaleConnectionError(str(error)) from error
                raise
        switched = message.code == SWITCHING_PROTOCOLS
        return httpx.Response(
            message.code,
            headers=message.raw_headers,
            stream=SwitchedStream(connection, protocol) if switched else exchange.body(payload),
            extensions={"reason_phrase": message.reason.encode("utf-8", "surrogateescape")},
        )


class _Exchange:
    """One request and its response, on a connection borrowed from the pool."""

    def __init__(self, connection: Connection, protocol: ResponseHandler, read_timeout: float) -> None:
        self.connection = connection
        self.protocol = protocol
        self.read_timeout = read_timeout
        self.payload: StreamReader | None = None
        self.closed: asyncio.Future[None] | None = None
        self.upload: asyncio.Task[None] | None = None
        self.may_switch = False
        self.body_begun = False

    def send(self, request: httpx.Request) -> None:
        """Write the request's head, and its body too or start to."""
        self.protocol.set_response_params(
            skip_payload=request.method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=self.read_timeout,
            read_bufsize=READ_BUFFER,
            max_line_size=ORIGIN_RESPONSE_HEAD_BYTES,
            max_field_size=ORIGIN_RESPONSE_HEAD_BYTES,
            max_headers=ORIGIN_RESPONSE_HEAD_BYTES // _SMALLEST_FIELD,
        )
        transport = self.protocol.transport
        if transport is None or transport.is_closing():
            raise aiohttp.ServerDisconnectedError
        head = _request_head(request)
        self.may_switch = "upgrade" in request.headers
        if isinstance(request.stream, httpx.ByteStream):
            transport.write(head + b"".join(request.stream))
            self.protocol.start_timeout()
        else:
            transport.write(head)
            stream = cast("AsyncIterable[bytes]", request.stream)
            self.upload = asyncio.create_task(self._send_body(stream, request.headers.get("content-length")))
            self.upload.add_done_callback(self._sent)

    async def _send_body(self, stream: AsyncIterable[bytes], length: str | None) -> None:
        writer = StreamWriter(self.protocol, asyncio.get_running_loop())
        if length is None:
            writer.enable_chunking()
        sent = 0
        async for chunk in stream:
            sent += len(chunk)
            self.body_begun = True
            async with asyncio.timeout(self.read_timeout):  # inferred: an origin that stops reading is a stalled one
                await writer.write(chunk)
        if length is not None and sent != int(length):
            raise httpx.LocalProtocolError(f"the request's body has {sent} bytes, and {length} were announced")
        await writer.write_eof()

    @property
    def is_sending(self) -> bool:
        """Has some of the request's body gone out, and not all of it?"""
        upload = self.upload
        return upload is not None and self.body_begun and not (upload.done() and upload.exception() is None)

    def _sent(self, upload: asyncio.Task[None]) -> None:
        """The request's body is out, or could not be sent: then whoever reads the response hears of it."""
        if upload.cancelled():
            return
        error = upload.exception()
        if isinstance(error, TimeoutError):
            self._fail(aiohttp.SocketTimeoutError())
        elif error is not None and not isinstance(error, OSError):
            self._fail(error)
        elif not (len(self.protocol) or self.payload):
            # Where the origin stopped reading (an OSError), its answer may yet be on its way.
            self.protocol.start_timeout()

    def _fail(self, error: BaseException) -> None:
        reader = self.payload or self.protocol
        reader.set_exception(error)
        if self.payload is not None:
            self.connection.close()

    async def head(self) -> tuple[RawResponseMessage, StreamReader]:
        """The head of the final response. documented: at most one 100 before it
        (RequestAndResponseBehaviorCustomOrigin); inferred: other interim responses (103) are dropped."""
        interim: set[int] = set()
        while True:
            message, payload = await self.protocol.read()
            if message.code >= 200 or (message.code == SWITCHING_PROTOCOLS and self.may_switch and message.upgrade):
                break
            if message.code == SWITCHING_PROTOCOLS or (message.code == 100 and 100 in interim):
                raise HttpProcessingError(message=f"an unexpected response {message.code}")
            interim.add(message.code)
            if not len(self.protocol):
                self.protocol.start_timeout()  # observed: aiohttp 3.14 stops the timer after an interim response
        if _size(message) > ORIGIN_RESPONSE_HEAD_BYTES:
            raise HeadTooBigError(f"the response's head has {_size(message)} bytes")
        return message, payload

    def body(self, payload: StreamReader) -> httpx.ByteStream | ResponseBody:
        """The response's body: bytes where it is whole already, else a stream."""
        if payload.is_eof():
            whole = payload.read_nowait()
            self.finish()
            return httpx.ByteStream(whole)
        self.payload = payload
        self.closed = self.protocol.closed
        if self.closed is not None:
            self.closed.add_done_callback(self._lost)
        return ResponseBody(self, payload)

    def _lost(self, _closed: asyncio.Future[None] | None = None) -> None:
        """observed: aiohttp 3.14 leaves a reader waiting for ever where chunked coding breaks in mid-body."""
        payload = self.payload
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            payload.set_exception(aiohttp.ClientPayloadError("the connection was closed"))

    def finish(self) -> None:
        """The response is complete: the connection may serve the next request, if this one went out whole."""
        if self.closed is not None:
            self.closed.remove_done_callback(self._lost)
        if self.upload is None or self.upload.done():
            self.connection.release()
        else:
            self.abort()

    def abort(self) -> None:
        """Give up: nothing more is sent or read."""
        if self.upload is not None:
            self.upload.cancel()
        self.connection.close()
        self._lost()


class ResponseBody(httpx.AsyncByteStream):
    """The body of a response as it comes in, in pieces of up to twice READ_BUFFER."""

    def __init__(self, exchange: _Exchange, payload: StreamReader) -> None:
        self._exchange = exchange
        self._payload = payload

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        try:
            with _receiving():
                while chunk := await self._payload.readany():
                    yield chunk
        except httpx.TransportError:
            if rest := self._rest():
                yield rest
            self._exchange.abort()
            raise
        self._exchange.finish()

    def _rest(self) -> bytes:
        """observed: aiohttp 3.14 refuses to give out what came before an error, until the error is taken back."""
        cast("Any", self._payload).set_exception(None)
        return self._payload.read_nowait()

    async def aclose(self) -> None:
        self._exchange.abort()


def _notice(closed: asyncio.Future[None]) -> None:
    """Ask how a connection ended, or asyncio would log that nobody did."""
    if not closed.cancelled():
        closed.exception()


def _route(url: httpx.URL, server_name: str | None, context: ssl.SSLContext | bool) -> aiohttp.ClientRequest:
    """What aiohttp's pool wants to know about a destination. It is never sent."""
    address = URL.build(scheme=url.scheme, host=url.host, port=url.port)
    return aiohttp.ClientRequest(
        "GET", address, loop=asyncio.get_running_loop(), ssl=context, server_hostname=server_name
    )


def _protocol(connection: Connection) -> ResponseHandler:
    protocol = connection.protocol
    if protocol is None:
        raise aiohttp.ServerDisconnectedError
    return protocol


def _request_head(request: httpx.Request) -> bytes:
    """Request line and fields. A last guard against smuggled lines: functions' headers are judged long before."""
    target: bytes = request.extensions["target"]
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("latin-1"), target)]
    lines += [b"%b: %b" % field for field in request.headers.raw]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    if not len(lines) + 1 == head.count(b"\n") == head.count(b"\r") or b"\0" in head:
        raise httpx.LocalProtocolError("a line break or a NUL stands in the request's head")
    return head


def _size(message: RawResponseMessage) -> int:
    """The bytes of a response's head. inferred: the status line counts."""
    status_line = len(f"HTTP/1.1 {message.code} {message.reason}\r\n")
    return status_line + sum(len(name) + len(value) + 4 for name, value in message.raw_headers) + 2


@contextmanager
def _connecting() -> Iterator[None]:
    try:
        yield
    except aiohttp.ClientSSLError as error:
        raise TlsError(_reason(error.__cause__)) from error
    except (aiohttp.ClientConnectorDNSError, ValueError) as error:  # ValueError: no possible host name
        raise NameNotFoundError(str(error)) from error
    except aiohttp.ClientConnectorError as error:
        broken_off = isinstance(error.ssl, ssl.SSLContext) and isinstance(error.os_error, ConnectionResetError)
        raise httpx.ConnectError(_BROKEN_OFF if broken_off else _reason(error.os_error)) from error
    except TimeoutError as error:
        raise httpx.ConnectTimeout("timed out") from error


@contextmanager
def _receiving() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("timed out") from error
    except HttpProcessingError as error:
        if isinstance(error.__cause__, LineTooLong) or "Too many headers" in error.message:
            raise HeadTooBigError("the response's head has too long a line, or too many") from error
        raise httpx.RemoteProtocolError(_first_line(error.message)) from error
    except (aiohttp.ClientError, ConnectionError) as error:
        raise httpx.ReadError(str(error)) from error


_BROKEN_OFF = "TLS failed: it broke the handshake off, as servers do that speak none of the OriginSSLProtocols"


def _reason(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, ConnectionRefusedError):
        return "nothing is listening there"
    return str(error)


def _first_line(text: str) -> str:
    return next((line.strip(" :") for line in text.splitlines() if line.strip()), "malformed")
