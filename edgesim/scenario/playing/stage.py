"""Where scenarios are played, one after the other: one clock, and functions whose environments stay warm in between.

Rule 1: an environment sees no other time than one of this story alone would. It stays warm for the next scenario only
        where both begin at the same instant and it knows of no later one; else the next one's start is cold.
Rule 2: what a function keeps in an environment is there for the next scenario, as it is for the next request at the
        edge. A scenario that fails where it found a warm one is played once more, cold, and says so if it passes then.
"""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edgesim.distribution.aws_endpoints import NO_ENDPOINTS, Endpoints, endpoint_variables
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY, Limit
from edgesim.distribution.model import Code, Distribution, EdgeFunction, Trigger
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.publishing import with_functions
from edgesim.distribution.versions import Refused
from edgesim.driver.virtual_clock import VIRTUAL_START, VirtualClock
from edgesim.errors import ConfigError
from edgesim.ports import Call
from edgesim.runtimes import LambdaService, Settings, functions_as_data
from edgesim.runtimes.ledger import Ledger
from edgesim.runtimes.variables import log_group
from edgesim.scenario.model import Account, Need, Scenario, Setting
from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.playing.edge import Edge, Ids
from edgesim.scenario.playing.run import play
from edgesim.scenario.playing.seen import LogEvent
from edgesim.values.instant import Instant
from edgesim.values.invocation import Invocation

_WARM = 12
"""Functions that are kept warm: each may hold a process or more of some 40 MB."""


@dataclass(slots=True)
class FunctionLines:
    """What functions write (ports.FunctionLog), since it was last emptied."""

    events: list[LogEvent] = field(default_factory=list)
    tagged: list[str] = field(default_factory=list)
    """the same with who wrote it"""

    def lines(self, function: EdgeFunction, trigger: Trigger | None, texts: Sequence[str]) -> None:
        self.events += [LogEvent(log_group(function), text) for text in texts]
        self.tagged += [f"[{f'{trigger.value} ' if trigger else ''}{function.name}] {text}" for text in texts]

    def clear(self) -> None:
        self.events.clear()
        self.tagged.clear()


class Stage:
    """Makes edges. Belongs to one event loop; one edge is in use at a time, since they share the clock. `relaxed` are
    limits that none of them enforces, `endpoints` where all of their functions find AWS's services."""

    def __init__(
        self,
        *,
        interpreters: Mapping[str, Path] | None = None,
        relaxed: frozenset[Limit] = frozenset(),
        endpoints: Endpoints = NO_ENDPOINTS,
    ) -> None:
        self.clock = VirtualClock()
        self.ids = Ids()
        self.log = FunctionLines()
        self.remarks: tuple[str, ...] = ()
        self._interpreters = interpreters
        self._relaxed, self._endpoints = relaxed, endpoints
        self._account = Account()
        self._service: LambdaService | None = None
        self._functions: OrderedDict[EdgeFunction, None] = OrderedDict()
        self._ledger = Ledger(self.clock)
        self._deployed: tuple[Distribution, ...] = ()
        self._seen: dict[EdgeFunction, Instant] = {}
        """By function that may be warm: the latest instant that its environments know of."""
        self._from_before: set[EdgeFunction] = set()
        """Those of them that this scenario has not prepared yet."""
        self._begun = VIRTUAL_START
        self._fresh = False
        self._found_warm = False

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
        outcome = await play(scenario, self, explain=explain)
        if outcome.verdict is not Verdict.FAILED or not self._found_warm:
            return outcome
        again = await play(replace(scenario, fresh=True), self)
        return replace(outcome, message=_KEEPS_STATE) if again.verdict is Verdict.PASSED else outcome

    async def edge(
        self, setting: Setting, *, at: Instant | None = None, fresh: bool = False, account: Account | None = None
    ) -> Edge:
        """An edge with this setting, at an instant (always the same, unless told). `fresh`: without environments that
        are warm from before. Raises ConfigError where a function can't be run at all."""
        await self.begin(setting, at=at, fresh=fresh, account=account)
        return Edge(setting, self, self.clock, self.ids)

    async def begin(
        self, setting: Setting, *, at: Instant | None = None, fresh: bool = False, account: Account | None = None
    ) -> None:
        """Another story: everything that an edge needs is as it is at the beginning."""
        await self._move_to(account or Account())
        self._begun, self._fresh = VIRTUAL_START if at is None else at, fresh
        self.clock.restart(self._begun)
        self._from_before, self._found_warm, self.remarks = set(self._seen), False, ()
        self.ids.restart()
        self.log.clear()
        self._ledger = Ledger(self.clock)
        await self.prepare(setting)

    async def _move_to(self, account: Account) -> None:
        """Another account has functions and environments of its own. One whose concurrency is counted has none but
        those of one story: what others reserve would count, too."""
        is_counted = account.concurrency != ACCOUNT_CONCURRENCY
        if account == self._account and not is_counted:
            return
        self._account = account
        self._functions.clear()
        self._seen.clear()
        service, self._service = self._service, None
        if service is not None:
            await service.close()

    async def prepare(self, setting: Setting) -> Setting:
        """Have the functions of a setting deployed, those used last still warm, unless this story is a fresh one: the
        setting with the versions that they are in it. Raises ConfigError."""
        setting = published(setting, self._ledger)
        self._deployed = setting.distributions
        functions = list(dict.fromkeys(f for d in setting.distributions for f in d.functions))
        if not functions:
            return setting
        for function in functions:
            self._functions[function] = None
            self._functions.move_to_end(function)
        while len(self._functions) > max(_WARM, len(functions)):
            self._forget(self._functions.popitem(last=False)[0])
        if self._service is None:
            settings = Settings(
                initialise_ahead=False,
                publishes=False,
                concurrency=self._account.concurrency,
                package=self._account.package,
                relaxed=self._relaxed | self._account.relaxed,
                variables=endpoint_variables({**dict(self._account.endpoints), **self._endpoints}),
            )
            self._service = LambdaService(
                self.clock, self.log, self.ids.invocation, interpreters=self._interpreters, settings=settings
            )
        problems = await self._service.deploy(self._functions)
        self.remarks += tuple(
            f"{one.message}{f' ({one.hint})' if one.hint else ''}"
            for one in problems
            if one.severity is Severity.WARNING
        )
        old = self._from_before.intersection(functions)
        self._cool([function for function in old if self._fresh or self._seen[function] != self._begun])
        self._found_warm |= not old.isdisjoint(self._seen)
        self._from_before -= old
        _refuse(functions, problems, self._service)
        return setting

    async def lacks(self, needs: Collection[Need]) -> str:
        """Why what was prepared last can't be played here as it needs to be; empty where it can."""
        if Need.SANDBOX in needs and self._service is not None:
            return await self._service.why_no_sandbox()
        return ""

    def functions(self, wanted: str = "") -> list[dict[str, Any]] | Refused:
        """What runs of each function that is deployed, or of those that a name or an ARN means."""
        deployed = {function for d in self._deployed for function in d.functions}
        statuses = self._service.status().functions if self._service is not None else ()
        told = [one for one in statuses if one.function in deployed]
        return functions_as_data(told, self._deployed, {}, wanted)

    async def invoke(self, call: Call) -> Invocation:
        """ports.Runtime: run a function that was prepared."""
        assert self._service is not None  # noqa: S101  who has functions has prepared them
        self._note(call.function)
        try:
            return await self._service.invoke(call)
        finally:
            self._note(call.function)

    def _note(self, function: EdgeFunction) -> None:
        now = self.clock.now()
        self._seen[function] = max(self._seen.get(function, now), now)

    def _forget(self, function: EdgeFunction) -> None:
        self._seen.pop(function, None)
        self._from_before.discard(function)

    def _cool(self, functions: Collection[EdgeFunction]) -> None:
        assert self._service is not None  # noqa: S101
        self._service.cool(functions)
        for function in functions:
            self._seen.pop(function, None)

    async def refresh(self) -> None:
        """Take in functions' code that was saved."""
        if self._service is not None:
            await self._service.refresh()

    async def aclose(self) -> None:
        """End every process."""
        if self._service is not None:
            await self._service.close()


def published(setting: Setting, ledger: Ledger) -> Setting:
    """A setting with the versions that its functions are, after all that was deployed in a story before."""
    versions = {
        function: _published(function, ledger)
        for distribution in setting.distributions
        for function in distribution.functions
    }
    if all(function == version for function, version in versions.items()):
        return setting
    return replace(setting, distributions=tuple(with_functions(one, versions) for one in setting.distributions))


def _published(function: EdgeFunction, ledger: Ledger) -> EdgeFunction:
    sha = _sha_of(function.code)
    settled = ledger.as_published(function, sha)
    return replace(settled, version=ledger.publish(settled, sha))


def _sha_of(code: Code) -> str:
    """What tells one code from another within a story, in which no file changes."""
    return base64.b64encode(hashlib.sha256(f"{code.path}\0{code.inline}".encode()).digest()).decode()


_KEEPS_STATE = (
    "it passes with fresh environments: a function keeps something from one request to the next, and found what"
    " another scenario had left (write environments: fresh)"
)


def _refuse(functions: Iterable[EdgeFunction], problems: Iterable[Problem], service: LambdaService) -> None:
    """A function that starts and fails is a matter for its requests; one for which there is no interpreter, or no code,
    is none for any scenario."""
    wanted = set(functions)
    unable = {
        one.name: one.problem for one in service.status().functions if one.function in wanted and not one.interpreter
    }
    for name, problem in unable.items():
        told = problem or next((one for one in problems if one.severity is Severity.ERROR), None)
        if told is None:
            raise ConfigError(f"{name} can't be run")
        raise ConfigError(told.refusal, told.hint)
