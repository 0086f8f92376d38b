"""Origins that are HTTP servers: real ones, and those on this machine.

Rule 1: what goes out is what the request says: path, query string and headers byte for byte, in order, with case and
        repetition. Only framing is mended: Content-Length or Transfer-Encoding that do not fit the body.
Rule 2: what comes back is what the origin sent: no decoding, no redirects, no cookies, no proxy.
Rule 3: a response that has begun is never asked for again.
Source: DownloadDistValuesOrigin.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache, partial

import httpx

from edgesim.distribution.edge_choices import OriginSslProtocols
from edgesim.distribution.model import Origin
from edgesim.errors import EdgesimBug, OriginFault, OriginTrouble
from edgesim.origins.attempts import tries_again
from edgesim.origins.names import Names
from edgesim.origins.switched import SwitchedStream
from edgesim.origins.targets import Url, own_address
from edgesim.origins.tls import Versions, versions
from edgesim.origins.transport import (
    HeadTooBigError,
    NameNotFoundError,
    RawTransport,
    ResponseBody,
    StaleConnectionError,
    TlsError,
)
from edgesim.ports import BodyStream, Tunnel
from edgesim.values.body import Body, length_of
from edgesim.values.headers import Headers
from edgesim.values.message import Request, Response

# documented: http-502-*, http-504-*: what a failure means to the viewer; which is which is in part inferred
TROUBLES: dict[type[httpx.TransportError], tuple[OriginTrouble, str]] = {
    NameNotFoundError: (OriginTrouble.DNS, "the name {host} of the origin {at} can't be resolved"),
    httpx.ConnectError: (OriginTrouble.CONNECT, "the origin {at} can't be connected to: {error}"),
    TlsError: (OriginTrouble.CONNECT, "the origin {at} can't be connected to: {error}"),
    httpx.ConnectTimeout: (OriginTrouble.CONNECT_TIMEOUT, "the origin {at} took no connection within {connect:g} s"),
    httpx.ReadTimeout: (OriginTrouble.READ_TIMEOUT, "the origin {at} sent nothing for {read:g} s"),
    httpx.ReadError: (OriginTrouble.RESET, "the origin {at} closed the connection before its response was complete"),
    httpx.WriteError: (OriginTrouble.WRITE, "the origin {at} closed the connection before it had the request's body"),
    StaleConnectionError: (OriginTrouble.RESET, "the origin {at} closed the connection before it answered"),
    httpx.RemoteProtocolError: (OriginTrouble.INVALID_RESPONSE, "the origin {at} sent no valid response: {error}"),
    HeadTooBigError: (OriginTrouble.HEADERS_TOO_BIG, "the origin {at} sent too large a head: {error}"),
}

# RFC 9110 §9.2.2. Such a request may be sent again where a kept connection turns out to be closed.
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


class HttpOrigin:
    """Speaks HTTP/1.1 to origins over one shared pool of connections. Implements ports.OriginClient.

    `verify` is how certificates are checked: True for the usual authorities, a CA file's path, or a context.
    `ssl_protocols` is what an origin's OriginSSLProtocols mean.
    Belongs to the event loop of its first fetch; `aclose` when done.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | str | bool = True,
        connections: int = 512,
        ssl_protocols: OriginSslProtocols = OriginSslProtocols.MINIMUM,
    ) -> None:
        self._versions = partial(versions, rule=ssl_protocols)
        self._transport = RawTransport(verify, connections)
        self._names = Names()

    def where(self, origin: Origin, *, https: bool) -> str:
        """The origin's own address."""
        return f"{own_address(origin, https=https)} (its own name)"

    async def resolve(self, origin: Origin, *, https: bool) -> None:
        """Look the origin's own domain up; what was found counts for a few seconds. Raises OriginFault."""
        address = own_address(origin, https=https)
        if not await self._names.has(address.host, address.port):
            raise OriginFault(OriginTrouble.DNS, f"The name {address.host} of the origin {origin.id} can't be resolved")

    async def fetch(self, request: Request, origin: Origin, *, https: bool) -> Response:
        """Ask the origin at its own domain. `https` is what the viewer used. Raises OriginFault."""
        return await self.fetch_at(own_address(origin, https=https), request, origin)

    async def fetch_at(self, address: Url, request: Request, origin: Origin) -> Response:
        """Ask the server at an address in the origin's place; the Host header stays as it is. Raises OriginFault."""
        upload = _Upload(request.body) if _streams(request.body) else None
        errand = _Errand(address, request, origin, upload, self._versions(origin.ssl_protocols), _deadline(origin))
        try:
            async with asyncio.timeout_at(errand.deadline):
                return await self._answer(errand)
        except TimeoutError as error:
            raise errand.incomplete() from error

    async def _answer(self, errand: _Errand) -> Response:
        """After as many attempts as it takes. Raises OriginFault."""
        attempts = 1
        while True:
            try:
                return _response(await self._send(errand), errand)
            except httpx.LocalProtocolError as error:
                raise EdgesimBug(f"The request to {errand.at} is not fit to be sent: {error}") from error
            except httpx.TransportError as error:
                if not errand.may_repeat_after(error, attempts):
                    raise errand.fault(error) from error
                attempts += not isinstance(error, StaleConnectionError)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _send(self, errand: _Errand) -> httpx.Response:
        """Once, though with each server name that a certificate may have."""
        *others, last = errand.server_names()
        for name in others:
            try:
                return await self._transport.handle_async_request(errand.message(name))
            except TlsError:
                continue
        return await self._transport.handle_async_request(errand.message(last))


@dataclass(frozen=True, slots=True)
class _Errand:
    """One request, to be taken to one address. `deadline` is in the event loop's time."""

    address: Url
    request: Request
    origin: Origin
    upload: _Upload | None
    tls: Versions
    deadline: float | None = None

    @property
    def at(self) -> str:
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        return f"{host}:{self.address.port}"

    def message(self, server_name: str | None) -> httpx.Request:
        request, origin = self.request, self.origin
        return httpx.Request(
            request.method,
            _base(self.address),
            headers=_framed(request.headers, request.body).raw,
            stream=self.upload or httpx.ByteStream(request.body if isinstance(request.body, bytes) else b""),
            extensions={
                "target": (self.address.prefix + origin.path + request.target).encode("latin-1"),
                "timeout": {"connect": origin.connection_timeout, "read": origin.read_timeout},
                "keepalive": origin.keepalive_timeout,
                "sni_hostname": server_name,
                "verify": self.address.verify,
                "tls": self.tls,
            },
        )

    def server_names(self) -> list[str | None]:
        """The names that the certificate may have, in the order of trying. Without TLS there is none to try.

        documented: DownloadDistValuesOrigin, the origin's domain or a forwarded Host; inferred: that the Host goes
        first, and that a server the user names with --origin may have its own.
        """
        if not self.address.https:
            return [None]
        host = (self.request.headers.get("host") or "").rpartition("]")[2].partition(":")[0]
        names = dict.fromkeys(name for name in (host, self.origin.domain_name, self.address.host) if name)
        return list(names)

    def may_repeat_after(self, error: httpx.TransportError, attempts: int) -> bool:
        if isinstance(error, StaleConnectionError):
            return self.request.method in IDEMPOTENT and self._body_is_whole
        if isinstance(error, TlsError):  # inferred: a certificate that does not fit won't do so at once
            return False
        if isinstance(error, httpx.ReadTimeout) and not self._body_is_whole:
            return False
        return tries_again(TROUBLES[type(error)][0], self.request.method, attempts, self.origin)

    @property
    def _body_is_whole(self) -> bool:
        return self.upload is None or not self.upload.begun

    def incomplete(self) -> OriginFault:
        """documented: DownloadDistValuesOrigin, "Response completion timeout": over all attempts, and no other"""
        within = f"{self.origin.completion_timeout:g} s"
        message = f"The origin {self.at} did not complete its response within {within}"
        return OriginFault(OriginTrouble.COMPLETION_TIMEOUT, message)

    def fault(self, error: httpx.TransportError) -> OriginFault:
        trouble, text = TROUBLES[type(error)]
        message = text.format(
            at=self.at,
            host=self.address.host,
            connect=self.origin.connection_timeout,
            read=self.origin.read_timeout,
            error=error,
        )
        return OriginFault(trouble, message[0].upper() + message[1:])


class _Upload(httpx.AsyncByteStream):
    """A streamed request body on its way out."""

    def __init__(self, body: Body) -> None:
        if not isinstance(body, BodyStream):
            raise EdgesimBug(f"{body!r} can't be sent to an origin")
        self._body = body
        self.begun = False

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        self.begun = True
        async with aclosing(self._body.chunks()) as chunks:
            async for chunk in chunks:
                yield chunk


class OriginBody(BodyStream):
    """A response body as the origin sends it. Reading too slowly slows the origin down."""

    __slots__ = ("_errand", "_stream")

    def __init__(self, stream: ResponseBody, errand: _Errand, length: int | None) -> None:
        super().__init__(length)
        self._stream = stream
        self._errand = errand

    async def chunks(self) -> AsyncGenerator[bytes]:
        try:
            async with aclosing(aiter(self._stream)) as stream:
                in_time = stream if self._errand.deadline is None else self._before_the_deadline(stream)
                async for chunk in in_time:
                    yield chunk
        except httpx.TransportError as error:
            raise self._errand.fault(error) from error

    async def _before_the_deadline(self, stream: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        while True:
            try:
                async with asyncio.timeout_at(self._errand.deadline):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                await self._stream.aclose()
                raise self._errand.incomplete() from error
            yield chunk

    async def aclose(self) -> None:
        """Leave the origin alone: an unfinished download is broken off."""
        await self._stream.aclose()


class OriginTunnel(Tunnel):
    """A connection that an origin has switched to another protocol. inferred: neither its read timeout nor the time
    that a response may take to be complete is for this"""

    __slots__ = ("_errand", "_stream")

    def __init__(self, stream: SwitchedStream, errand: _Errand) -> None:
        super().__init__()
        self._stream = stream
        self._errand = errand

    async def chunks(self) -> AsyncGenerator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except httpx.TransportError as error:
            raise self._errand.fault(error) from error

    async def send(self, data: bytes) -> None:
        try:
            await self._stream.send(data)
        except httpx.TransportError as error:
            raise self._errand.fault(error) from error

    async def aclose(self) -> None:
        await self._stream.aclose()


@lru_cache(maxsize=256)
def _base(address: Url) -> httpx.URL:
    try:
        return httpx.URL(scheme=address.scheme, host=address.host, port=address.port, path="/")
    except httpx.InvalidURL as error:
        raise OriginFault(OriginTrouble.DNS, f"{address.host} can't be the name of an origin") from error


def _deadline(origin: Origin) -> float | None:
    return asyncio.get_running_loop().time() + origin.completion_timeout if origin.completion_timeout else None


def _streams(body: Body) -> bool:
    return length_of(body) != 0 and not isinstance(body, bytes)


def _framed(headers: Headers, body: Body) -> Headers:
    """The headers with the framing that fits the body; themselves where it does already."""
    length, declared = length_of(body), headers.all("content-length")
    chunked = headers.all("transfer-encoding")
    if length is None:
        if not declared and [coding.lower() for coding in chunked] == ["chunked"]:
            return headers
        return headers.without("content-length", "transfer-encoding").adding(("Transfer-Encoding", "chunked"))
    if not chunked and (declared == (str(length),) or (length == 0 and not declared)):
        return headers
    return headers.without("transfer-encoding").having("Content-Length", str(length))


def _response(answer: httpx.Response, errand: _Errand) -> Response:
    headers = Headers.from_raw(answer.headers.raw)
    return Response(
        answer.status_code,
        headers,
        _body(answer.stream, errand, headers),
        answer.extensions["reason_phrase"].decode("latin-1"),
    )


def _body(stream: object, errand: _Errand, headers: Headers) -> Body:
    if isinstance(stream, httpx.ByteStream):
        return b"".join(stream)
    if isinstance(stream, SwitchedStream):
        return OriginTunnel(stream, errand)
    if not isinstance(stream, ResponseBody):
        raise EdgesimBug(f"{stream!r} is no body of a response")
    length = None if "transfer-encoding" in headers else headers.get("content-length")
    return OriginBody(stream, errand, None if length is None else int(length))
