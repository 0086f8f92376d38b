"""Running an emulator on real ports until somebody says stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from socket import socket
from typing import Any, TypeVar

from edgesim.emulator import Emulator, report_bug
from edgesim.rules.behavior import names_of
from edgesim.server.listeners import Listener, bind, serve_all, stop_on_signals
from edgesim.server.reload import watch
from edgesim.settings import Settings
from edgesim.starting import catch_interrupts
from edgesim.terminal import Terminal

T = TypeVar("T")
CONTROL_HOST = "127.0.0.1"

_COLLECT_AFTER = 50_000  # objects more than there were


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one. Ctrl-C ends what runs, as a KeyboardInterrupt."""
    catch_interrupts()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class _BugReports(logging.Handler):
    """What the server library logs: an exception there is a bug in edgesim."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.ERROR)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            report_bug(self._terminal, record.exc_info[1])


def report_bugs(terminal: Terminal) -> None:
    """From now on a bug that shows in the server library is said on the terminal, and nothing else of what it logs."""
    logging.getLogger("uvicorn.error").addHandler(_BugReports(terminal))
    logging.getLogger("uvicorn.error").propagate = False


@contextlib.contextmanager
def _ports(settings: Settings) -> Iterator[list[socket]]:
    """Every port, bound: viewers', control, HTTPS where it is wanted. Raises ConfigError."""
    wanted = [
        (settings.host, settings.port, "--port"),
        (CONTROL_HOST, settings.control_port, "--control-port"),
    ]
    if settings.https_port is not None:
        wanted.append((settings.host, settings.https_port, "--https-port"))
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(bind(*one)) for one in wanted]


def _listeners(emulator: Emulator, settings: Settings, ports: list[socket]) -> list[Listener]:
    """What answers at the ports."""
    viewers, control, *https = ports
    listeners = [Listener(viewers, emulator.app, faithful=True), Listener(control, emulator.control())]
    for port in https:
        listeners.append(_https(emulator, settings, port))
        emulator.answers_https_at(listeners[-1].port)
    return listeners


def _https(emulator: Emulator, settings: Settings, port: socket) -> Listener:
    from edgesim.server.tls import server_context

    names = {"localhost", settings.host, "*.localhost"}
    names |= {name for d in emulator.distributions for name in names_of(d)}
    return Listener(port, emulator.app, faithful=True, tls=server_context(sorted(names)))


async def serve(
    settings: Settings,
    terminal: Terminal,
    *,
    ready: Callable[[Emulator, list[Listener]], None],
    meanwhile: Callable[[list[Listener]], Awaitable[None]] | None = None,
) -> None:
    """Serve until Ctrl-C, or until `meanwhile` is through. `ready` is called when every port answers.

    Raises ConfigError where the settings or the source are not usable.
    """
    report_bugs(terminal)
    with _ports(settings) as ports:
        bound = replace(settings, control_port=ports[1].getsockname()[1])
        await _serve_at(ports, bound, Emulator(bound, terminal), ready, meanwhile)


async def _serve_at(
    ports: list[socket],
    settings: Settings,
    emulator: Emulator,
    ready: Callable[[Emulator, list[Listener]], None],
    meanwhile: Callable[[list[Listener]], Awaitable[None]] | None,
) -> None:
    stop, started = asyncio.Event(), asyncio.Event()
    try:
        await emulator.start()
        listeners = _listeners(emulator, settings, ports)
        stop_on_signals(stop)
        helpers = [asyncio.create_task(_announce(emulator, listeners, started, ready))]
        if settings.reload:
            helpers.append(asyncio.create_task(watch(emulator.watched, emulator.saved)))
        if meanwhile is not None:
            helpers.append(asyncio.create_task(_meanwhile(meanwhile, listeners, started, stop)))
        await serve_all(listeners, started=started, stop=stop)
        await _ended(helpers)
    finally:
        await emulator.close()


async def _announce(
    emulator: Emulator,
    listeners: list[Listener],
    started: asyncio.Event,
    ready: Callable[[Emulator, list[Listener]], None],
) -> None:
    await started.wait()
    _collect_rarely()
    ready(emulator, listeners)
    emulator.terminal.flush()


def _collect_rarely() -> None:
    """Garbage in cycles is rare here, and looking for it costs: measured, a third of the time of a fresh hit, in
    pauses of 16 ms, since the transcripts that are kept for a while are looked through again and again. What is there
    now stays, and what comes is looked at when there is more of it than the latest transcripts hold."""
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


async def _meanwhile(
    work: Callable[[list[Listener]], Awaitable[None]],
    listeners: list[Listener],
    started: asyncio.Event,
    stop: asyncio.Event,
) -> None:
    await started.wait()
    try:
        await work(listeners)
    finally:
        stop.set()


async def _ended(helpers: list[asyncio.Task[None]]) -> None:
    """The helpers' ends: those still at work are cancelled, one that failed says so."""
    for task in helpers:
        task.cancel()
    for result in await asyncio.gather(*helpers, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
