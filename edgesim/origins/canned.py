"""An origin that answers from a script, for tests and scenarios, without a socket.

    origin = canned_origin(lambda request, origin: Response(200, body=b"hello"))

The script may be a coroutine function, may raise OriginFault (see `trouble`), may take its time on a Clock, and may
answer with a body that streams, stalls or breaks off (ScriptedBody).
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.ports import BodyStream, Clock
from edgesim.values.body import Body
from edgesim.values.instant import Duration
from edgesim.values.message import Request, Response

Answer: TypeAlias = Callable[[Request, Origin], Response | Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as the origin saw it. `https` is what the viewer used; the request's body is bytes."""

    request: Request
    origin: Origin
    https: bool


class CannedOrigin:
    """Implements ports.OriginClient. `received` has every request, in order."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.received: list[Received] = []

    @property
    def requests(self) -> list[Request]:
        """The requests alone."""
        return [received.request for received in self.received]

    def where(self, origin: Origin, *, https: bool) -> str:
        """A script is nowhere."""
        return ""

    async def resolve(self, origin: Origin, *, https: bool) -> None:
        """A script needs no name."""

    async def fetch(self, request: Request, origin: Origin, *, https: bool) -> Response:
        """The script's answer to a request. Raises what the script raises."""
        request = replace(request, body=await _whole(request.body))
        self.received.append(Received(request, origin, https))
        answer = self._answer(request, origin)
        return await answer if inspect.isawaitable(answer) else answer

    async def aclose(self) -> None:
        """There is nothing to close; for the likeness with other origins."""


def canned_origin(answer: Answer) -> CannedOrigin:
    """An origin that answers with what `answer(request, origin)` returns."""
    return CannedOrigin(answer)


def trouble(kind: OriginTrouble, message: str = "The origin failed as the script says") -> Answer:
    """A script that fails every time."""

    def fail(_request: Request, _origin: Origin) -> Response:
        raise OriginFault(kind, message)

    return fail


def slowly(clock: Clock, span: float, answer: Answer) -> Answer:
    """A script that takes `span` seconds before it answers."""

    async def wait_and_answer(request: Request, origin: Origin) -> Response:
        await clock.sleep(Duration(span))
        response = answer(request, origin)
        return await response if inspect.isawaitable(response) else response

    return wait_and_answer


class ScriptedBody(BodyStream):
    """A body that comes in the given pieces, with a pause of `every` seconds on a clock before each of them.

    It breaks off with `fault` after the last one, if there is one. `read` counts the bytes that were read so far, and
    `closed` says whether the reader closed it.
    """

    __slots__ = ("_clock", "_every", "_fault", "_pieces", "closed", "read")

    def __init__(
        self,
        *pieces: bytes,
        length: int | None = None,
        clock: Clock | None = None,
        every: float = 0,
        fault: OriginFault | None = None,
    ) -> None:
        super().__init__(length)
        self._pieces: Iterable[bytes] = pieces
        self._clock, self._every, self._fault = clock, Duration(every), fault
        self.read = 0
        self.closed = False

    async def chunks(self) -> AsyncGenerator[bytes]:
        for piece in self._pieces:
            if self._clock is not None:
                await self._clock.sleep(self._every)
            self.read += len(piece)
            yield piece
        if self._fault is not None:
            raise self._fault

    async def aclose(self) -> None:
        self.closed = True


def truncated(data: bytes, length: int) -> ScriptedBody:
    """A body of which `length` bytes were announced, and that breaks off after `data`."""
    fault = OriginFault(OriginTrouble.RESET, f"The origin sent {len(data)} of {length} bytes and closed the connection")
    return ScriptedBody(data, length=length, fault=fault)


async def _whole(body: Body) -> bytes:
    if isinstance(body, BodyStream):
        return b"".join([chunk async for chunk in body.chunks()])
    return body if isinstance(body, bytes) else b""
