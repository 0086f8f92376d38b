"""Where scenarios are played, one after the other: one clock, and functions whose environments stay warm in between."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from edgesim.distribution.model import EdgeFunction, Trigger
from edgesim.distribution.problems import Problem, Severity
from edgesim.driver.virtual_clock import VIRTUAL_START, VirtualClock
from edgesim.errors import ConfigError
from edgesim.ports import Call
from edgesim.runtimes import LambdaService, Settings
from edgesim.scenario.model import Scenario, Setting
from edgesim.scenario.outcome import Outcome
from edgesim.scenario.playing.edge import Edge, Ids
from edgesim.scenario.playing.run import play
from edgesim.values.instant import Instant
from edgesim.values.invocation import Invocation

_WARM = 12
"""Functions that are kept warm: each may hold a process or more of some 40 MB."""


@dataclass(slots=True)
class FunctionLines:
    """What functions write (ports.FunctionLog), since it was last emptied."""

    lines: list[str] = field(default_factory=list)

    def line(self, function: EdgeFunction, trigger: Trigger | None, text: str) -> None:
        self.lines.append(f"[{f'{trigger.value} ' if trigger else ''}{function.name}] {text}")


class Stage:
    """Makes edges. Belongs to one event loop; one edge is in use at a time, since they share the clock."""

    def __init__(self, *, interpreters: Mapping[str, Path] | None = None) -> None:
        self.clock = VirtualClock()
        self.ids = Ids()
        self.log = FunctionLines()
        self._interpreters = interpreters
        self._service: LambdaService | None = None
        self._functions: OrderedDict[EdgeFunction, None] = OrderedDict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def play(self, scenario: Scenario, *, explain: bool = False) -> Outcome:
        """What comes of a scenario. Never raises, but where it is cancelled.

        `explain`: the outcome has the transcripts of all requests, and not of those alone that failed.
        """
        return await play(scenario, self, explain=explain)

    async def edge(self, setting: Setting, *, at: Instant | None = None, fresh: bool = False) -> Edge:
        """An edge with this setting, at an instant (always the same, unless told). `fresh`: without environments that
        are warm from before. Raises ConfigError where a function can't be run at all."""
        await self.begin(setting, at=at, fresh=fresh)
        return Edge(setting, self, self.clock, self.ids)

    async def begin(self, setting: Setting, *, at: Instant | None = None, fresh: bool = False) -> None:
        """Another story: everything that an edge needs is as it is at the beginning."""
        self.clock.restart(VIRTUAL_START if at is None else at)
        self.ids.restart()
        self.log.lines.clear()
        await self.prepare(setting, fresh=fresh)

    async def prepare(self, setting: Setting, *, fresh: bool = False) -> None:
        """Have the functions of a setting deployed, those used last still warm. Raises ConfigError."""
        functions = list(dict.fromkeys(f for d in setting.distributions for f in d.functions))
        if not functions:
            return
        for function in functions:
            self._functions[function] = None
            self._functions.move_to_end(function)
        while len(self._functions) > max(_WARM, len(functions)):
            self._functions.popitem(last=False)
        if self._service is None:
            settings = Settings(initialise_ahead=False)
            self._service = LambdaService(
                self.clock, self.log, self.ids.invocation, interpreters=self._interpreters, settings=settings
            )
        problems = await self._service.deploy(self._functions)
        if fresh:
            self._service.cool(functions)
        _refuse(functions, problems, self._service)

    async def invoke(self, call: Call) -> Invocation:
        """ports.Runtime: run a function that was prepared."""
        assert self._service is not None  # noqa: S101  who has functions has prepared them
        return await self._service.invoke(call)

    async def refresh(self) -> None:
        """Take in functions' code that was saved."""
        if self._service is not None:
            await self._service.refresh()

    async def aclose(self) -> None:
        """End every process."""
        if self._service is not None:
            await self._service.close()


def _refuse(functions: Iterable[EdgeFunction], problems: Iterable[Problem], service: LambdaService) -> None:
    """A function that starts and fails is a matter for its requests; one for which there is no interpreter, or no code,
    is none for any scenario."""
    wanted = {function.name for function in functions}
    unable = {one.name: one.problem for one in service.status().functions if one.name in wanted and not one.interpreter}
    for name, problem in unable.items():
        told = problem or next((one for one in problems if one.severity is Severity.ERROR), None)
        raise ConfigError(told.message if told else f"{name} can't be run", told.hint if told else "")
