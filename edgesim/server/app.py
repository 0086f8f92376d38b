"""The viewer listener: bytes in, an Arrival made of them, the answer out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from edgesim.distribution.propagation import AT_ONCE, Rollout, Spread
from edgesim.distribution.sessions import with_sessions
from edgesim.driver.exchange import Exchange
from edgesim.driver.identity import request_id
from edgesim.errors import ConfigError, OriginFault, OriginTrouble, ViewerFault
from edgesim.ports import BodyStream, Tunnel
from edgesim.server.known import Known, KnownRequests, asked
from edgesim.server.tunnel import tunnelled
from edgesim.server.viewer_header import HEADER, ViewerDefaults, is_loopback, parse_header, viewer_of
from edgesim.values.body import NO_BODY, Body
from edgesim.values.headers import Headers, readable
from edgesim.values.message import Request, Response
from edgesim.values.uri import authority_of, split_target
from edgesim.values.viewer import Arrival, Viewer

if TYPE_CHECKING:
    from edgesim.distribution.model import Distribution
    from edgesim.driver.driver import Driver
    from edgesim.values.wire import Wire

Scope: TypeAlias = Any
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Rest: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


class Outlet(Protocol):
    """Where an answer that is at hand goes in one piece."""

    def send_whole(
        self, status: int, reason: str, fields: Sequence[tuple[bytes, bytes]], body: bytes, *, closes: bool
    ) -> None:
        """Send it, and end the viewer's connection afterwards where that `closes`."""


class RequestBody(BodyStream):
    """A viewer's request body, read from its connection as somebody asks for it."""

    __slots__ = ("_receive",)

    def __init__(self, receive: Receive, length: int | None) -> None:
        super().__init__(length)
        self._receive = receive

    async def chunks(self) -> AsyncGenerator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ViewerFault("the viewer stopped sending its request")
            if message.get("body"):
                yield message["body"]
            more = message.get("more_body", False)


class ViewerApp:
    """The ASGI application behind the viewer port. Its distributions may be replaced at any time (hot reload), for one
    edge location after the other: a request keeps the one it started with."""

    def __init__(self, driver: Driver, distributions: Sequence[Distribution], defaults: ViewerDefaults) -> None:
        self.driver = driver
        self.defaults = defaults
        self.rollout = Rollout(tuple(distributions))
        self._known = KnownRequests()

    def deploy(self, distributions: Sequence[Distribution], spread: Spread = AT_ONCE) -> None:
        """Serve these from now on, at each edge location once the update has reached it."""
        now = self.driver.clock.now()
        self.rollout = self.rollout.since(now).then(with_sessions(self.rollout.newest, distributions), now, spread)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (rest := self.begin(scope, receive, send, None)) is not None:
            await rest()

    def begin(self, scope: Scope, receive: Receive, send: Send, outlet: Outlet | None) -> Rest | None:
        """Answer through the outlet where the answer is at hand; else what is left to do."""
        before = asked(scope) if outlet is not None else None
        if outlet is not None and (known := self._known.get(before)) is not None:
            if self._answered_again(known, scope.get("wire"), outlet):
                return None
            self._known.forget(before)
        try:
            arrival = self._arrival(scope, receive)
        except ConfigError as error:
            return partial(_send_whole, send, *_told(error))
        distributions = self.rollout.at(arrival.viewer.pop, arrival.at)
        begun = self.driver.begin(arrival, distributions, scope.get("wire"))
        if not isinstance(begun, Exchange):
            return partial(self._deliver_later, begun, receive, send)
        if outlet is None or not begun.holds_nothing or (body := begun.small_body) is None:
            return partial(_deliver, begun, send)
        _send_at_once(begun, body, outlet)
        if self._known.has_room() and (again := begun.again) is not None:
            self._known.put(before, Known(arrival.viewer, arrival.request, self.defaults, distributions, again))
        return None

    def _answered_again(self, known: Known, wire: Wire | None, outlet: Outlet) -> bool:
        """Give the answer to a request that is the same, byte for byte, as one before it, where it still holds."""
        now = self.driver.clock.now()
        if known.defaults is not self.defaults or known.distributions is not self.rollout.at(known.viewer.pop, now):
            return False
        arrival = Arrival(request_id(), now, known.viewer, known.request)
        exchange = self.driver.begin_again(known.again, arrival, wire)
        if exchange is None or (body := exchange.small_body) is None:
            return False
        _send_at_once(exchange, body, outlet)
        return True

    async def _deliver_later(self, coming: Callable[[], Awaitable[Exchange]], receive: Receive, send: Send) -> None:
        # Where the viewer goes while it is still sending, there is nobody left to answer
        with contextlib.suppress(ViewerFault):
            exchange = await coming()
            tunnel = exchange.response.body
            if isinstance(tunnel, Tunnel):
                viewer = RequestBody(receive, None).chunks()
                await tunnelled(exchange, tunnel, _start(exchange.response), viewer, send, self.driver.clock)
            else:
                await _deliver(exchange, send)

    def _arrival(self, scope: Scope, receive: Receive) -> Arrival:
        raw = scope["headers"]
        defaults = self.defaults
        peer = scope.get("client") or ("127.0.0.1", 0)
        told = [value for name, value in raw if len(name) == 14 and name.lower() == HEADER]
        if told:
            raw = [field for field in raw if field[0].lower() != HEADER]
            if is_loopback(peer[0]):
                defaults = parse_header(readable(b",".join(told).decode("latin-1")), defaults)
        viewer = viewer_of(defaults, peer, scope["scheme"], scope["http_version"], scope.get("tls"))
        return self._arrived(scope["raw_target"], scope["method"], Headers.from_raw(raw), viewer, receive)

    def _arrived(self, target: bytes, method: str, headers: Headers, viewer: Viewer, receive: Receive) -> Arrival:
        written = target.decode("latin-1")
        path, query = split_target(written)
        if (authority := authority_of(written)) is not None:
            headers = headers.having("Host", authority)  # RFC 9112 §3.2.2: a Host beside it does not count
        request = Request(method, path, query, headers, _body(headers, receive))
        return Arrival(request_id(), self.driver.clock.now(), viewer, request)


def _send_at_once(exchange: Exchange, body: bytes, outlet: Outlet) -> None:
    response = exchange.response
    outlet.send_whole(response.status, response.reason, response.headers.raw, body, closes=exchange.closes)
    exchange.close(sent=len(body))


def _body(headers: Headers, receive: Receive) -> Body:
    index = headers.index
    if "transfer-encoding" in index:
        return RequestBody(receive, None)
    length = index.get("content-length")
    if length is None or length[0] == "0":
        return NO_BODY
    return RequestBody(receive, int(length[0]))


def _told(error: ConfigError) -> tuple[Response, bytes]:
    """edgesim's own answer to an Edgesim-Viewer header it can't read."""
    text = f"edgesim: {error}{f' ({error.hint})' if error.hint else ''}\n".encode()
    fields = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text))))
    return Response(400, Headers(fields)), text


async def _send_whole(send: Send, response: Response, body: bytes, *, closes: bool = False) -> None:
    await send(_start(response) | {"close": closes})
    await send({"type": "http.response.body", "body": body})


def _start(response: Response) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": response.status,
        "headers": response.headers.raw,
        "reason": response.reason,
    }


async def _deliver(exchange: Exchange, send: Send) -> None:
    """Send the answer, and let go of what the exchange holds whatever happens meanwhile."""
    body = exchange.small_body
    if body is not None:
        sent, complete = len(body), False
        try:
            await _send_whole(send, exchange.response, body, closes=exchange.closes)
            complete = True
        except ViewerFault:
            sent = 0
        finally:
            await exchange.aclose(sent=sent, complete=complete)
        return
    await _stream(exchange, send)


async def _stream(exchange: Exchange, send: Send) -> None:
    sent, complete = 0, False
    broken_off: OriginTrouble | None = None
    try:
        await send({**_start(exchange.response), "flush": True})
        async with contextlib.aclosing(exchange.chunks()) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                sent += len(chunk)
        await send({"type": "http.response.body", "body": b""})
        complete = True
    except OriginFault as fault:
        # documented: what came is delivered; the broken connection is all that can tell the viewer
        broken_off = fault.trouble
        await send({"type": "http.response.body", "abort": True})
    except ViewerFault:
        pass
    finally:
        await exchange.aclose(sent=sent, complete=complete, broken_off=broken_off)
