"""The ports: bound before anything starts, served in one event loop, closed together."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from edgesim.errors import ConfigError
from edgesim.server.protocol import EdgeProtocol

# What answers that are nearly through have after Ctrl-C, beside a tenth of a second of uvicorn's own
_GRACE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket and the application behind it. `tls` makes it speak HTTPS; `faithful` is the viewers' protocol
    rather than uvicorn's own."""

    socket: socket.socket
    app: Any
    faithful: bool = False
    tls: ssl.SSLContext | None = None

    @property
    def port(self) -> int:
        port: int = self.socket.getsockname()[1]
        return port


def bind(host: str, port: int, option: str) -> socket.socket:
    """A listening socket. Raises ConfigError that names the option to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    nowhere = ConfigError(f"{host} is no address of this machine", "--host 127.0.0.1, ::1 or 0.0.0.0")
    try:
        socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise nowhere from None
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as why:
        if why.errno == errno.EADDRNOTAVAIL:
            raise nowhere from None
        reason = os.strerror(why.errno) if why.errno else str(why)
        raise ConfigError(f"can't listen on {host}:{port}: {reason}", f"choose another with {option}") from None


class _Server(uvicorn.Server):
    """uvicorn's server, without signal handlers of its own: one place handles them for all listeners."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(listener: Listener) -> _Server:
    config = uvicorn.Config(
        listener.app,
        http=EdgeProtocol if listener.faithful else "httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=60,
    )
    config.timeout_graceful_shutdown = _GRACE_SECONDS  # type: ignore[assignment]  # it is asyncio's, which takes parts
    config.load()
    config.ssl = listener.tls
    return _Server(config)


async def serve_all(listeners: list[Listener], *, started: asyncio.Event, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; `started` is set when every listener answers. In-flight requests get a moment."""
    servers = [_server(listener) for listener in listeners]
    tasks = [
        asyncio.create_task(server.serve([listener.socket]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    stopping = asyncio.create_task(stop.wait())
    try:
        while not all(server.started for server in servers):
            done, _ = await asyncio.wait(tasks, timeout=0.005, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
        started.set()
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


def stop_on_signals(stop: asyncio.Event) -> None:
    """Ctrl-C and a polite kill end the servers. A second one ends the process at once, by itself: what it has started
    is the guard's then (runtimes/guard.py)."""
    loop = asyncio.get_running_loop()

    def asked() -> None:
        stop.set()
        for number in _ENDING:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in _ENDING:
        loop.add_signal_handler(number, asked)


def let_signals_be() -> None:
    """Ctrl-C means what it usually does. uvloop leaves handlers behind that go on catching it for a closed loop."""
    for number in _ENDING:
        asyncio.get_running_loop().remove_signal_handler(number)


_ENDING = (signal.SIGINT, signal.SIGTERM)
