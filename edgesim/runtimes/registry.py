"""The service that runs functions: what is deployed, which version is live, where each invocation goes.

    deploy    the functions of a configuration: copy their code, choose interpreters, initialise one environment each
    refresh   look for changed code; a version that starts becomes live at once, one that does not leaves the last good
              one serving, with a Problem that names file and line
    invoke    one Call; see pool.py and environment.py
    close     end every process and remove every temporary file

Everything that blocks (looking for interpreters, copying code) happens in threads.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import perf_counter

from edgesim.distribution.chaos import Chaos
from edgesim.distribution.limits import Limit
from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.propagation import AT_ONCE, Rollout, Spread
from edgesim.distribution.publishing import publishes, unpublished
from edgesim.ports import Call, Clock, FunctionLog, LogKeeper
from edgesim.runtimes.concurrency import Concurrency
from edgesim.runtimes.deployed import Deployed, Running, ServiceStatus, Update, function_status
from edgesim.runtimes.deployment import Deployment
from edgesim.runtimes.environment import SHUT_DOWN, Environment, Host
from edgesim.runtimes.fleet import Fleet
from edgesim.runtimes.found_code import FoundCode
from edgesim.runtimes.guard import Guard
from edgesim.runtimes.inspecting import Inspector
from edgesim.runtimes.interpreters import (
    Interpreters,
)
from edgesim.runtimes.ledger import Ledger
from edgesim.runtimes.memory import MemoryWatch
from edgesim.runtimes.pool import Pool
from edgesim.runtimes.remarks import held_up
from edgesim.runtimes.settings import Settings
from edgesim.runtimes.snapshot import Snapshot
from edgesim.runtimes.spares import Spares
from edgesim.runtimes.wire import encode_json
from edgesim.runtimes.workspace import Workspace
from edgesim.runtimes.zygotes import Zygotes
from edgesim.values.instant import Instant
from edgesim.values.invocation import Failed, FailureKind, Invocation

_REAP_SECONDS = 15.0
_LINGER_SECONDS = 60.0
"""A request that began before a reload may call its functions for about as long."""


class LambdaService:
    """Lambda on this machine: a Runtime (ports.py) of real processes.

    `interpreters` maps runtime names to executables to use; others are searched. `new_id` makes request ids. `kept` is
    where log groups are kept. `remark` is told what functions do that is not to be passed over (remarks.py), once.
    """

    def __init__(
        self,
        clock: Clock,
        log: FunctionLog,
        new_id: Callable[[], str],
        *,
        interpreters: Mapping[str, Path] | None = None,
        settings: Settings | None = None,
        kept: LogKeeper | None = None,
        remark: Callable[[Problem], None] | None = None,
    ) -> None:
        self._settings = chosen = settings or Settings()
        relaxed = chosen.relaxed
        self._workspace = Workspace()
        self._code = FoundCode(self._settings, Interpreters(interpreters), self._workspace)
        self._guard = Guard(self._workspace.path)
        wanted, closed = Limit.ISOLATION not in relaxed, self._settings.closed_ports
        self._zygotes = Zygotes(self._workspace.path / "sandbox", self._guard, wanted=wanted, closed=closed)
        spares = Spares(self._guard, self._zygotes, self._settings.spares)
        self._memory = None if Limit.MEMORY in relaxed else MemoryWatch()
        time_limits = Limit.TIMEOUTS not in relaxed
        self._remark = remark
        self._host = Host(
            clock,
            log,
            new_id,
            spares,
            chosen.freeze_after,
            self._memory,
            kept,
            time_limits,
            self._note,
            chosen.variables,
        )
        self._patient = replace(self._host, freeze_after=None, memory=None, time_limits=False)
        self._ledger = Ledger(clock)
        self._deployed: dict[EdgeFunction, Deployed] = {}
        self._names: Counter[str] = Counter()
        self._count = count()
        self._concurrency = Concurrency(None if Limit.CONCURRENCY in relaxed else self._settings.concurrency)
        self._fleet = Fleet(self._pools, self._settings.max_in_all)
        self._told: set[Problem] = set()
        self._leaving: dict[EdgeFunction, Deployed] = {}
        self._deploying = asyncio.Lock()
        self._starting = asyncio.Semaphore(2 * (os.cpu_count() or 1))
        self._reaping: asyncio.TimerHandle | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<LambdaService {len(self._deployed)} functions>"

    @property
    def chaos(self) -> Chaos | None:
        """Which invocations are their environment's last, where that is not left to be seen."""
        return self._settings.chaos

    # ── invoking ────────────────────────────────────────────────────────────────────────────────────────────────

    async def invoke(self, call: Call) -> Invocation:
        """Run a function once. A caller that goes away does not stop the function: Lambda would not either."""
        request_id, event = self._host.new_id(), encode_json(call.event)
        deployed = self._find(call.function)
        refusal = self._refusal(call, deployed)
        if deployed is None or refusal is not None:
            return _never_ran(call, request_id, refusal or SHUT_DOWN)
        outcome = await self._pool_for(call, deployed).invoke(call, request_id, event)
        if isinstance(outcome, Failed):
            return _never_ran(call, request_id, outcome)
        return replace(outcome, newer=str(deployed.problem)) if deployed.problem and deployed.works else outcome

    def _refusal(self, call: Call, deployed: Deployed | None) -> Failed | None:
        """Why a call can't run at all."""
        if self._closed:
            return SHUT_DOWN
        if deployed is None:
            message = f"the function {call.function.name} is not deployed"
            return Failed(FailureKind.UNAVAILABLE, "ResourceNotFoundException", message)
        if deployed.live is None:
            problem = deployed.problem
            message = f"{problem.message} ({problem.hint})" if problem and problem.hint else str(problem)
            return Failed(FailureKind.UNAVAILABLE, "Edgesim.Unavailable", message)
        return self._concurrency.enter(call.function, call.region)

    def _ended(self, call: Call) -> bool:
        """Count it. Was it its environment's last?"""
        self._concurrency.leave(call.function, call.region)
        chaos = self._settings.chaos
        if chaos is None or call.function.name in self._code.inspectors:
            return False
        return chaos.ends_with(next(self._count))

    def _find(self, function: EdgeFunction) -> Deployed | None:
        return self._deployed.get(function) or self._leaving.get(function)

    def _pool_for(self, call: Call, deployed: Deployed) -> Pool:
        """The environments of the version that the call's edge location had when its request came."""
        assert deployed.rollout is not None  # noqa: S101  callers have looked
        if call.arrived is None:
            return self._pool(deployed.rollout.newest, call.region, over=deployed.left_at is not None)
        running = deployed.rollout.at(call.pop, call.arrived)
        return self._pool(running, call.region, over=deployed.left_at is not None)

    def _pool(self, running: Running, region: str, *, over: bool = False) -> Pool:
        inspected = running.deployment.inspector is not None  # then there is one environment, for one debugger
        region = self._settings.region if inspected else region
        pool = running.pools.get(region)
        if pool is None:
            start = lambda deployment: self._environment(deployment, region)  # noqa: E731
            limit = 1 if inspected else self._settings.max_environments
            held = (lambda: self._note(held_up(running.deployment.function))) if inspected else None
            pool = running.pools[region] = Pool(running.deployment, start, limit, self._fleet, self._ended, held)
            if over or running.over:
                pool.drain()
        return pool

    def _pools(self) -> list[Pool]:
        """Every pool, those of functions that are no longer deployed too."""
        return [pool for one in self._all() for pool in one.pools]

    def _all(self) -> list[Deployed]:
        each = {id(one): one for one in (*self._deployed.values(), *self._leaving.values())}
        return list(each.values())

    def _environment(self, deployment: Deployment, region: str) -> Environment:
        name = deployment.function.name
        self._names[name] += 1
        host = self._patient if deployment.inspector is not None else self._host
        return Environment(f"{name}#{self._names[name]}", deployment, region, host)

    def inspect(self, inspectors: Mapping[str, Inspector]) -> None:
        """Let debuggers attach to these functions, by name, from their next deployment on."""
        self._code.inspectors = dict(inspectors)

    # ── deploying ───────────────────────────────────────────────────────────────────────────────────────────────

    async def published(self, functions: Iterable[EdgeFunction]) -> dict[EdgeFunction, EdgeFunction]:
        """These functions as they are published: each as it is, or where what changed of one that is deployed publishes
        nothing, as it was. inferred: a version that never started is published anew, with whatever changed"""
        standing = {one.function.arn: one for one in self._deployed.values() if one.works and not one.fell_back}
        changed = {
            function: standing[function.arn]
            for function in functions
            if function.arn in standing and not publishes(standing[function.arn].function, function)
        }
        same = await asyncio.to_thread(lambda: [one for one in changed.values() if self._code.is_the_same(one)])
        kept = {function: unpublished(one.function, function) for function, one in changed.items() if one in same}
        return {function: kept.get(function, function) for function in functions}

    async def deploy(self, functions: Iterable[EdgeFunction], spread: Spread = AT_ONCE) -> list[Problem]:
        """Make exactly these functions available. Those that stay the same keep their environments unless their code
        changed. Those no longer listed end once the update is everywhere; requests that began with them are served for
        another minute."""
        async with self._deploying:
            wanted = dict.fromkeys(functions)
            self._forget_left()
            gone = [self._deployed.pop(function) for function in self._deployed.keys() - wanted.keys()]
            self._leaving.update({one.function: one for one in gone})
            before = {one.function.arn: one for one in gone} if self._settings.publishes else {}
            for function in wanted:
                self._deployed.setdefault(function, Deployed(function, before=before.get(function.arn)))
            problems = [*self._reserve(), *await self._update_all(list(self._deployed.values()), spread)]
            for one in gone:
                if self._leaving.get(one.function) is one:
                    self._withdraw(one, spread)
            self._host.spares.keep_only({tuple(one.live.program()) for one in self._deployed.values() if one.live})
            self._reap_later()
            return problems

    def _reserve(self) -> list[Problem]:
        finding = self._concurrency.reserve(self._deployed)
        if finding is None:
            return []
        problem = Problem(finding.message, hint=finding.hint, severity=finding.severity, code=finding.code)
        return [problem] if self._is_news(problem) else []

    async def refresh(self, spread: Spread = AT_ONCE) -> list[Problem]:
        """Take over changed code. The problems are those of the functions that changed."""
        async with self._deploying:
            return await self._update_all(list(self._deployed.values()), spread)

    def cool(self, functions: Iterable[EdgeFunction]) -> None:
        """Nothing of these functions stays warm: each one's next invocation is a cold start."""
        for function in functions:
            if (deployed := self._find(function)) is not None:
                for pool in deployed.pools:
                    pool.cool()

    def recycle(self, names: Iterable[str]) -> dict[str, int]:
        """End every environment of these functions, those at work when they have answered; how many there were, by
        name."""
        ended = Counter(dict.fromkeys(names, 0))
        for deployed in self._all():
            if deployed.function.name in ended:
                ended[deployed.function.name] += sum(pool.recycle() for pool in deployed.pools)
        return dict(ended)

    async def why_no_sandbox(self) -> str:
        """Why what is deployed has no sandbox, or not a whole one; empty where it has. Builds it to find out."""
        if Limit.ISOLATION in self._settings.relaxed:
            return "isolation is relaxed"
        for interpreter in {one.live.interpreter for one in self._deployed.values() if one.live is not None}:
            await self._zygotes.zygote(interpreter)
        isolation = self._zygotes.isolation
        return isolation.refused or ", ".join(isolation.missing)

    def watched_paths(self) -> tuple[Path, ...]:
        """The files and folders whose changes matter."""
        return tuple(dict.fromkeys(Path(one.code.path) for one in self._deployed if one.code.path))

    async def _update_all(self, deployed: list[Deployed], spread: Spread) -> list[Problem]:
        if self._closed:
            return []
        updates = await asyncio.to_thread(self._changed, deployed)
        found = await asyncio.gather(*(self._update(update, spread) for update in updates))
        await asyncio.to_thread(self._code.drop_copies, self._copies_in_use())
        return [problem for problems in found for problem in problems]

    def _copies_in_use(self) -> set[Snapshot]:
        running = {environment.deployment.snapshot for pool in self._pools() for environment in pool.environments}
        return running | {running.deployment.snapshot for one in self._all() for running in one.running}

    def _changed(self, deployed: list[Deployed]) -> list[Update]:
        """The functions whose code changed, with a new copy of it. In a thread: it searches, reads and copies."""
        return [update for one in deployed if (update := self._code.look_at(one)) is not None]

    async def _update(self, update: Update, spread: Spread) -> list[Problem]:
        """Try a new version, and let it go live if it starts, or if nothing better is there."""
        deployed, deployment = update.deployed, update.deployment
        deployed.fingerprint = update.fingerprint
        problems = [problem for problem in update.problems if self._is_news(problem)]
        if deployment and deployed.live and deployed.live.runs_as(deployment):  # saved anew, or put back
            deployed.problem = None if deployed.works else deployed.problem
            return problems
        if not self._settings.initialise_ahead:  # who calls it finds out
            deployed.problem = None if deployment else update.problems[0]
            deployed.stand_as(self._published(deployment) if deployment else None)
            return problems
        if deployment is None:
            deployed.problem = update.problems[0]
            self._fall_back(deployed)
            return problems
        return [*problems, *await self._try_out(deployed, self._published(deployment), spread)]

    def _published(self, deployment: Deployment) -> Deployment:
        """What is about to be tried out, as a version. As at AWS, that it starts is no condition."""
        if not self._settings.publishes:
            return deployment
        function = deployment.function
        version = self._ledger.publish(function, deployment.snapshot.code_sha256)
        return replace(deployment, function=replace(function, version=version))

    async def _try_out(self, deployed: Deployed, deployment: Deployment, spread: Spread) -> list[Problem]:
        if deployment.inspector is not None:  # its port is the one of the version before
            await asyncio.gather(*(pool.clear() for pool in deployed.pools))
        environment = self._environment(deployment, self._settings.region)
        async with self._starting:
            failure = await environment.initialise()
        if failure is None:
            deployed.problem, deployed.works, deployed.before = None, True, None
            self._go_live(deployed, environment, spread)
            return []
        problem = deployed.problem = deployment.problem(failure.failed)
        self._fall_back(deployed)
        if deployed.works:
            environment.dispose()
            number = f"this is version {deployment.function.version}" if self._settings.publishes else ""
            hints = [hint for hint in (problem.hint, number, "the last version that worked goes on serving") if hint]
            return [replace(problem, hint="; ".join(hints))]
        self._go_live(deployed, environment, spread)
        return [problem]

    def _fall_back(self, deployed: Deployed) -> None:
        """What its ARN stood for before its settings were changed goes on serving, if that works and this does not."""
        before, deployed.before = deployed.before, None
        if before is not None and before.works and not deployed.works:
            deployed.rollout, deployed.works = before.rollout, True
            self._leaving[before.function] = deployed

    def _go_live(self, deployed: Deployed, environment: Environment, spread: Spread) -> None:
        """The version before serves until the update is everywhere; its environments finish what they do."""
        if self._closed:
            environment.dispose()
            return
        running, rollout = Running(environment.deployment), deployed.rollout
        now = self._host.clock.now()
        deployed.rollout = Rollout(running) if rollout is None else rollout.then(running, now, spread)
        self._pool(running, self._settings.region).adopt(environment)
        self._end_older(deployed)
        if spread.seconds:
            self._host.clock.call_later(spread.seconds, self._end_older, deployed)

    def _end_older(self, deployed: Deployed) -> None:
        """End what no edge location has any more, and forget of it what nobody can ask for."""
        rollout, now = deployed.rollout, self._host.clock.now()
        if rollout is None:
            return
        for running in rollout.over(now):
            if not running.over:
                running.end()
        forgotten = rollout.over(Instant(now - _LINGER_SECONDS))
        if not any(pool.environments for one in forgotten for pool in one.pools.values()):
            deployed.rollout = rollout.since(Instant(now - _LINGER_SECONDS))

    def _is_news(self, problem: Problem) -> bool:
        """Warnings are given once, errors always."""
        if problem.severity is Severity.ERROR:
            return True
        fresh = problem not in self._told
        self._told.add(problem)
        return fresh

    def _note(self, problem: Problem) -> None:
        if self._remark is not None and self._is_news(problem):
            self._remark(problem)

    def _withdraw(self, deployed: Deployed, spread: Spread) -> None:
        if spread.seconds:
            self._host.clock.call_later(spread.seconds, deployed.leave)
        else:
            deployed.leave()

    def _forget_left(self) -> None:
        oldest = perf_counter() - _LINGER_SECONDS
        gone = [one for one in self._leaving.values() if one.left_at is not None and one.left_at < oldest]
        for deployed in gone:
            if not any(pool.environments for pool in deployed.pools):
                del self._leaving[deployed.function]

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _reap_later(self) -> None:
        if self._reaping is None and not self._closed:
            seconds = min(_REAP_SECONDS, self._settings.idle_seconds)
            self._reaping = asyncio.get_running_loop().call_later(seconds, self._reap)

    def _reap(self) -> None:
        self._reaping = None
        for deployed in self._all():
            self._end_older(deployed)
        for pool in self._pools():
            pool.reap(self._settings.idle_seconds)
        self._fleet.trim()
        self._reap_later()

    async def close(self) -> None:
        """End every process and remove every temporary file. Invocations in flight end as failed."""
        if self._closed:
            return
        self._closed = True
        if self._reaping is not None:
            self._reaping.cancel()
        for pool in self._pools():
            pool.close()
        if self._memory is not None:
            self._memory.close()
        await self._host.spares.close()
        await asyncio.gather(*(pool.settled() for pool in self._pools()))
        async with self._deploying:
            await asyncio.to_thread(self._workspace.close)
        await asyncio.to_thread(self._guard.close)

    # ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────

    def status(self) -> ServiceStatus:
        """What is deployed and what runs, for people."""
        told = (function_status(one, self._ledger) for one in self._deployed.values())
        return ServiceStatus(tuple(told), self._host.spares.count, self._zygotes.isolation)


def _never_ran(call: Call, request_id: str, failed: Failed) -> Invocation:
    return Invocation(request_id, failed, 0.0, 0, call.function.memory, 0, environment="")
