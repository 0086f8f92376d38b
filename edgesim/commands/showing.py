"""`edgesim demo NAME`: the ports, the pauses, and one scenario after the other."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from edgesim.commands.output import Output
from edgesim.errors import ConfigError
from edgesim.origins.targets import Url
from edgesim.scenario.model import Scenario
from edgesim.scenario.playing.demonstration import Demonstration
from edgesim.scenario.playing.live import LiveEdge
from edgesim.scenario.playing.stage import Stage
from edgesim.server.listeners import Listener, bind, let_signals_be, serve_all, stop_on_signals
from edgesim.server.viewer_header import parse_settings
from edgesim.settings import DEFAULT_CONTROL_PORT, DEFAULT_PORT

_HOST = "127.0.0.1"


class _Enough(Exception):
    """Whoever looks on has seen enough."""


class _Front:
    """An ASGI application whose place others take; while there is none, requests wait."""

    def __init__(self) -> None:
        self._app: Any = None
        self._there = asyncio.Event()

    def take(self, app: Any) -> None:
        self._app = app
        self._there.set()

    def leave(self) -> None:
        self._there.clear()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._there.wait()
        await self._app(scope, receive, send)


class Showing:
    """One `edgesim demo NAME`. `pauses`: between steps it waits for Enter; `goes_on`: when all is shown, the server
    answers until Ctrl-C."""

    def __init__(self, output: Output, *, pauses: bool, goes_on: bool) -> None:
        self._output, self._pauses, self._goes_on = output, pauses, goes_on
        self._viewers, self._control = _Front(), _Front()
        self._listeners: list[Listener] = []
        self._failed = False

    @contextmanager
    def at(self, port: int | None, control_port: int | None) -> Iterator[None]:
        """With these ports, or where they don't matter, with some that are free. Raises ConfigError."""
        with ExitStack() as stack:
            viewers = stack.enter_context(_socket(port, DEFAULT_PORT, "--port"))
            control = stack.enter_context(_socket(control_port, DEFAULT_CONTROL_PORT, "--control-port"))
            self._listeners = [Listener(viewers, self._viewers, faithful=True), Listener(control, self._control)]
            yield

    async def all(self, scenarios: Sequence[Scenario]) -> bool:
        """Show them. Has any expectation failed? Raises ConfigError where a scenario can't be played."""
        started, stop = asyncio.Event(), asyncio.Event()
        stop_on_signals(stop)
        serving = asyncio.create_task(serve_all(self._listeners, started=started, stop=stop))
        await started.wait()
        self._say_where()
        showing = asyncio.create_task(self._show(scenarios, stop))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({showing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (showing, stopping):
            task.cancel()
        [result, _] = await asyncio.gather(showing, stopping, return_exceptions=True)
        stop.set()
        await serving
        let_signals_be()
        if isinstance(result, Exception):
            raise result
        return self._failed

    @property
    def _url(self) -> Url:
        return Url("http", _HOST, self._listeners[0].port)

    def _say_where(self) -> None:
        control = self._listeners[1].port
        option = "" if control == DEFAULT_CONTROL_PORT else f" --control-port {control}"
        self._output.say(f"edgesim answers viewers on {self._output.paint(str(self._url), 'title')}")
        self._output.say(f"  and in another terminal: edgesim explain last{option}")

    # ── the show ─────────────────────────────────────────────────────────────

    async def _show(self, scenarios: Sequence[Scenario], stop: asyncio.Event) -> None:
        async with Stage() as stage:
            for number, scenario in enumerate(scenarios):
                if number:
                    await self._pause()
                is_last = number == len(scenarios) - 1
                try:
                    await self._one(scenario, stage, stop if is_last and self._goes_on else None)
                except _Enough:
                    return

    async def _one(self, scenario: Scenario, stage: Stage, until: asyncio.Event | None) -> None:
        await stage.begin(scenario.setting, at=scenario.at, fresh=scenario.fresh, account=scenario.account)
        viewer = parse_settings(scenario.viewer)
        edge = LiveEdge(scenario.setting, stage, stage.clock, stage.ids, self._url, viewer, functions=stage.functions)
        self._viewers.take(edge)
        self._control.take(edge.control())
        demonstration = Demonstration(
            scenario, stage, str(self._url), say=self._output.say, paint=self._output.paint, before_step=self._pause
        )
        try:
            await demonstration.show(edge)
            if until is not None:
                self._output.say(self._output.paint("that was all; the server goes on until Ctrl-C", "label"))
                await until.wait()
        finally:
            self._failed = self._failed or demonstration.failed
            self._viewers.leave()
            self._control.leave()
            await edge.aclose()

    async def _pause(self) -> None:
        """Wait for Enter, where somebody is there to press it."""
        if not self._pauses:
            return
        self._output.live("Enter: go on, q: quit")
        line = await _line()
        if not line or line.strip().lower().startswith(b"q"):
            raise _Enough


async def _line() -> bytes:
    """What is typed, until Enter; nothing at the end of the input. The event loop goes on meanwhile, so that the
    server answers, which a blocked thread could not be made to give up at the end."""
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()
    typed: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        if not typed.done():
            typed.set_result(None)

    loop.add_reader(terminal, readable)
    try:
        await typed
    finally:
        loop.remove_reader(terminal)
    return os.read(terminal, 4096)


def _socket(port: int | None, default: int, option: str) -> Any:
    if port is not None:
        return bind(_HOST, port, option)
    try:
        return bind(_HOST, default, option)
    except ConfigError:
        return bind(_HOST, 0, option)
