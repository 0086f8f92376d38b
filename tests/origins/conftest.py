"""A server that speaks bytes from a script, and coroutine tests that run on an event loop of their own."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import ssl
import warnings
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest

from edgesim.driver.virtual_clock import VirtualClock
from edgesim.values.instant import Duration

CLOSE = "close"
RESET = "reset"
STALL = "stall"
TURN = "let the other side read"

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Step = bytes | str
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

CERTIFICATE = Path(__file__).with_name("origin_test.pem")
"""Key and self-signed certificate for origin.test and www.example.org, good until 2125."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


class RawServer:
    """Answers the first request with the script's first row of steps, the second with the second, and so on; the last
    row repeats. A handler may serve the connections instead. Bytes are sent as they are. `tls` may be the newest
    version that it speaks. `requests` has every request as it came, `connections` counts them.
    """

    CLOSE, RESET, STALL, TURN, OK = CLOSE, RESET, STALL, TURN, OK

    def __init__(
        self, *script: Sequence[Step], tls: bool | ssl.TLSVersion = False, handler: Handler | None = None
    ) -> None:
        self._handler = handler
        self._script = list(script) or [[OK]]
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.connections = 0
        self._stopping = False
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._context() if self._tls else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
        if isinstance(self._tls, ssl.TLSVersion):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, self._tls
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        return context

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        self.connections += 1
        with contextlib.suppress(asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
            if self._handler is not None:
                await self._handler(reader, writer)
            else:
                while await self._exchange(reader, writer):
                    pass
        writer.transport.abort() if self._stopping else writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.requests.append(await read_request(reader))
        self.asked.set()
        for step in self._script[min(len(self.requests), len(self._script)) - 1]:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif step == TURN:
                await turns()
            elif step == STALL:
                await reader.read()
                self.gone.set()
                return False
            else:
                if step == RESET:
                    writer.transport.abort()
                return False
        return True


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"\r\ntransfer-encoding:" in lower:
        return head + await reader.readuntil(b"0\r\n\r\n")
    if b"\r\ncontent-length:" in lower:
        length = lower.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        return head + await reader.readexactly(int(length))
    return head


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class StandingClock(VirtualClock):
    """A clock that moves when somebody sleeps, and by nothing else."""

    async def sleep(self, span: Duration) -> None:
        await self.advance(span)


@pytest.fixture
def raw_server() -> type[RawServer]:
    return RawServer


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def certificate() -> Path:
    return CERTIFICATE


@pytest.fixture
def new_id() -> Iterator[object]:
    names = iter(f"ID{number}" for number in range(1000))
    return lambda: next(names)
