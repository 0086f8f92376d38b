"""An edge of a scenario behind a real port: requests come over sockets, from the scenario's steps and from whoever else
likes to ask, and time is the scenario's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from edgesim.distribution.versions import Refused
from edgesim.driver.clock import SystemClock
from edgesim.driver.virtual_clock import VirtualClock
from edgesim.errors import EdgesimBug
from edgesim.origins.targets import Url
from edgesim.ports import Runtime
from edgesim.scenario.model import Scripts, Setting
from edgesim.scenario.playing.client import Client, NoAnswerError, untold
from edgesim.scenario.playing.edge import Edge, Ids
from edgesim.scenario.playing.seen import Answered, nothing_for
from edgesim.server.app import Receive, Scope, ViewerApp
from edgesim.server.app import Send as SendMessage
from edgesim.server.control import Control, control_app
from edgesim.server.viewer_header import ViewerDefaults
from edgesim.values.headers import NO_HEADERS
from edgesim.values.instant import Duration, Instant, Pace
from edgesim.values.message import Request

_STEP_HEADER = "Edgesim-Step"
_RAW_STEP_HEADER = _STEP_HEADER.lower().encode()

_REAL_TIME = SystemClock()

_CALM_SECONDS = Duration(0.02)
"""Real time in which nothing is heard of anybody: then all that are under way wait for the clock, and not for a
socket, since bytes on this machine take far less."""


@dataclass(frozen=True, slots=True)
class _Errand:
    """A request of a step: who asks, and the scripts that hold for it. `over` is set when the edge is done with it."""

    step: object
    viewer: ViewerDefaults
    scripts: Scripts
    over: asyncio.Event = field(default_factory=asyncio.Event)


class LiveEdge(Edge):
    """An edge that is an ASGI application for viewers. Its own requests go to `address`, where somebody must serve it;
    requests from elsewhere are viewers like `viewer`, and are answered by the scripts of the latest step. `functions`
    is what the control port tells of functions.
    """

    def __init__(
        self,
        setting: Setting,
        runtime: Runtime,
        clock: VirtualClock,
        ids: Ids,
        address: Url,
        viewer: ViewerDefaults,
        *,
        functions: Callable[[str], list[dict[str, Any]] | Refused] = lambda wanted: [],
    ) -> None:
        super().__init__(setting, runtime, clock, ids)
        self._address, self._viewer, self._functions = address, viewer, functions
        self._client = Client()
        self._numbers = count(1)
        self._errands: dict[bytes, _Errand] = {}
        self._scripts: Scripts = {}
        self._guests = 0
        self._signs_of_life = 0
        self._guest_came = asyncio.Event()
        self._time_for_guests: asyncio.Task[None] | None = None

    # ── the steps' requests ──────────────────────────────────────────────────

    async def send(
        self,
        request: Request,
        viewer: ViewerDefaults,
        *,
        step: object = None,
        scripts: Scripts | None = None,
        leaves: float | None = None,
    ) -> Answered:
        self._scripts = scripts or {}
        number = str(next(self._numbers))
        errand = self._errands[number.encode()] = _Errand(step, viewer, self._scripts)
        message = replace(request, headers=request.headers.adding((_STEP_HEADER, number)))
        self._under_way += 1
        try:
            if leaves is None:
                answered = await self._client.send(self._address, message)
            else:
                answered = await self._until_left(message, Duration(leaves), errand)
        except NoAnswerError as error:
            raise EdgesimBug(str(error)) from error
        finally:
            self._under_way -= 1
            self._errands.pop(number.encode(), None)
        told = self.recorder.find(answered.headers.get("x-amz-cf-id") or number) or answered.transcript
        return replace(answered, transcript=told, ended=self.clock.now())

    async def _until_left(self, message: Request, span: Duration, errand: _Errand) -> Answered:
        """The answer, or what the viewer has of it when it leaves."""
        body = bytearray()
        asking = asyncio.ensure_future(self._client.send(self._address, message, body))
        leaving = self.clock.call_later(span, asking.cancel)
        try:
            await asyncio.wait({asking})
        finally:
            asking.cancel()
            leaving.cancel()
        if not asking.cancelled():
            return asking.result()
        if errand not in self._errands.values():
            await errand.over.wait()
        told = self.recorder.find("last") or untold(message)
        if told.wire is None or not told.wire.sent:
            return nothing_for(told, self.clock.now())
        return Answered(told.status, told.headers or NO_HEADERS, bytes(body), False, told)

    # ── everybody's requests ─────────────────────────────────────────────────

    async def __call__(self, scope: Scope, receive: Receive, send: SendMessage) -> None:
        """What answers viewers, as ASGI."""
        if scope["type"] != "http":
            return
        fields = scope["headers"]
        number = next((value for name, value in fields if name.lower() == _RAW_STEP_HEADER), b"")
        errand = self._errands.pop(number, None)
        scope = {**scope, "headers": [field for field in fields if field[0].lower() != _RAW_STEP_HEADER]}
        is_guest = errand is None
        errand = errand or _Errand(None, self._viewer, self._scripts)
        self._come(is_guest)
        try:
            with self.origins.during(errand.step, errand.scripts):
                app = ViewerApp(self.driver, self.distributions, errand.viewer)
                app.rollout = self.rollout
                await app(scope, receive, self._noticed(send))
        finally:
            self._gone(is_guest)
            errand.over.set()

    def _come(self, is_guest: bool) -> None:
        self._under_way += 1
        self._guests += is_guest
        if is_guest:
            self._guest_came.set()
            if self._time_for_guests is None:
                self._time_for_guests = asyncio.create_task(self._let_time_pass())

    def _gone(self, is_guest: bool) -> None:
        self._under_way -= 1
        self._guests -= is_guest
        if not self._guests:
            self._guest_came.clear()

    def _noticed(self, send: SendMessage) -> SendMessage:
        async def noticed(message: Any) -> None:
            self._signs_of_life += 1
            await send(message)

        return noticed

    # ── time ─────────────────────────────────────────────────────────────────

    async def quiet(self, tasks: Sequence[asyncio.Task[Any]] = ()) -> None:
        """Until nothing goes on any more but waiting for the clock, on sockets either."""
        before = None
        while True:
            await super().quiet(tasks)
            now = self._signs()
            if now == before or not self._under_way or (tasks and all(task.done() for task in tasks)):
                return
            before = now
            await self._moment(tasks)

    async def _moment(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        if tasks:
            await asyncio.wait(tasks, timeout=_CALM_SECONDS)
        else:
            await _REAL_TIME.sleep(_CALM_SECONDS)

    def _signs(self) -> tuple[int, ...]:
        """What changes when something goes on."""
        asked, ran = len(self.origins.asked), len(self.functions.calls)
        return self._signs_of_life, len(self.recorder), asked, ran, self._under_way

    async def _let_time_pass(self) -> None:
        """Nobody waits for ever because the scenario has no step that lets time pass: where all that are there are
        guests, it goes on for them."""
        while True:
            await self._guest_came.wait()
            await self.quiet()
            if self._under_way == self._guests and self.clock.next_due() is not None:
                await self.clock.jump()
            await _REAL_TIME.sleep(_CALM_SECONDS)

    # ── beside it ────────────────────────────────────────────────────────────

    def control(self) -> Any:
        """What `edgesim explain`, `invalidate` and `clock` talk to, as ASGI."""
        return control_app(
            Control(
                store=self.store,
                recorder=self.recorder,
                clock=_StoryTime(self),
                distributions=lambda: self.distributions,
                status=self._status,
                functions=self._functions,
            )
        )

    def _status(self) -> dict[str, Any]:
        return {
            "distributions": [
                {"name": d.name, "id": d.id, "domain": d.domain_name, "aliases": list(d.aliases)}
                for d in self.distributions
            ],
            "functions": sorted({function.name for d in self.distributions for function in d.functions}),
            "requests": len(self.recorder),
        }

    async def aclose(self) -> None:
        if self._time_for_guests is not None:
            self._time_for_guests.cancel()
            with suppress(asyncio.CancelledError):
                await self._time_for_guests
        await self._client.aclose()
        await super().aclose()


class _StoryTime:
    """The scenario's clock for whoever wants to move it from outside (control.Steerable)."""

    def __init__(self, edge: LiveEdge) -> None:
        self._edge = edge

    @property
    def pace(self) -> Pace:
        return self._edge.clock.pace

    @property
    def offset(self) -> Duration:
        return Duration(self._edge.clock.now() - _REAL_TIME.now())

    def now(self) -> Instant:
        return self._edge.clock.now()

    async def advance(self, seconds: float) -> None:
        await self._edge.advance(seconds)

    def freeze(self) -> None:
        """It stands still already."""

    def resume(self) -> None:
        raise ValueError("the time of a scenario stands still between its steps, but it can be advanced")

    def reset(self) -> None:
        self.resume()
