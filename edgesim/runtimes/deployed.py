"""What a service has deployed: functions, their versions that run, and how that is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Problem
from edgesim.distribution.propagation import Rollout
from edgesim.distribution.publishing import kept_back
from edgesim.distribution.versions import LambdaFunction
from edgesim.runtimes.deployment import Deployment
from edgesim.runtimes.ledger import Ledger, Published
from edgesim.runtimes.pool import Pool
from edgesim.runtimes.zygotes import Isolation


@dataclass(slots=True)
class Running:
    """A version that runs, and its environments by Region. `over`: no request that comes from now on gets it."""

    deployment: Deployment
    pools: dict[str, Pool] = field(default_factory=dict)
    over: bool = False

    @property
    def at_work(self) -> bool:
        """Is there anything left of it to be ended, or anybody who waits for it?"""
        return any(pool.environments or pool.queue for pool in self.pools.values())

    def end(self) -> None:
        """Nothing stays warm. Requests that began with it are still served."""
        self.over = True
        for pool in self.pools.values():
            pool.drain()


@dataclass(slots=True)
class Deployed:
    """One function as it stands. `rollout` is None where there is nothing to run it with, or no code."""

    function: EdgeFunction
    fingerprint: str = ""
    rollout: Rollout[Running] | None = None
    works: bool = False
    """the live version was seen to start"""
    problem: Problem | None = None
    before: Deployed | None = None
    """what its ARN stood for until now, with other settings"""
    ended: tuple[Running, ...] = ()
    """what served before and may still be at work, for requests that began with it"""
    left_at: float | None = None
    """when it was last deployed, for one that no longer is"""

    @property
    def live(self) -> Deployment | None:
        """The newest version that serves."""
        return self.rollout.newest.deployment if self.rollout else None

    @property
    def fell_back(self) -> bool:
        """Does it run with settings from before, since its own did not start?"""
        return self.live is not None and bool(kept_back(self.live.function, self.function))

    @property
    def running(self) -> tuple[Running, ...]:
        return self.rollout.all if self.rollout else ()

    @property
    def pools(self) -> list[Pool]:
        """Those of what has ended, too."""
        return [pool for one in (*self.running, *self.ended) for pool in one.pools.values()]

    def stand_as(self, deployment: Deployment | None) -> None:
        """This serves from now on, whether it starts or not; None: nothing does."""
        for one in self.running:
            one.end()
        self.ended = tuple(one for one in (*self.ended, *self.running) if one.at_work)
        self.rollout = Rollout(Running(deployment)) if deployment is not None else None
        self.works = deployment is not None

    def leave(self) -> None:
        """It is deployed no longer."""
        self.left_at = perf_counter()
        for pool in self.pools:
            pool.drain()


# ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """`state` is `busy`, `warm` or `reset` (its process is gone, the next invocation starts another)."""

    name: str
    region: str
    state: str
    pid: int | None
    invocations: int
    peak_mb: int
    version: str


@dataclass(frozen=True, slots=True)
class FunctionStatus:
    """`interpreter` and `digest` are empty where nothing can run; `problem` is why the newest code does not start.
    `function` is what was deployed, `version` the one that runs for it; `serving` are the versions that edge locations
    have, the newest last; `versions` are all that were published, `published` holds them as Lambda would; `code_size`
    is bytes, of a zip where the code is one."""

    function: EdgeFunction
    name: str
    version: str
    runtime: str
    interpreter: str
    digest: str
    problem: Problem | None
    queue: int
    environments: tuple[EnvironmentStatus, ...]
    published: LambdaFunction
    serving: tuple[str, ...] = ()
    versions: tuple[Published, ...] = ()
    code_sha256: str = ""
    code_size: int = 0


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    functions: tuple[FunctionStatus, ...]
    spares: int
    isolation: Isolation


def function_status(deployed: Deployed, ledger: Ledger) -> FunctionStatus:
    """A function as it stands."""
    function, live = deployed.function, deployed.live
    return FunctionStatus(
        function=function,
        name=function.name,
        version=live.function.version if live else function.version,
        runtime=function.runtime,
        interpreter=live.interpreter.title if live else "",
        digest=live.snapshot.digest if live else "",
        problem=deployed.problem,
        queue=sum(pool.queue for pool in deployed.pools),
        environments=tuple(
            EnvironmentStatus(
                one.name, region, one.state, one.pid, one.invocations, one.peak_mb, running.deployment.function.version
            )
            for running in deployed.running
            for region, pool in running.pools.items()
            for one in pool.environments
        ),
        serving=tuple(running.deployment.function.version for running in deployed.running if not running.over),
        published=ledger.function(function),
        versions=ledger.versions(function),
        code_sha256=live.snapshot.code_sha256 if live else "",
        code_size=live.snapshot.code_size if live else 0,
    )


@dataclass(frozen=True, slots=True)
class Update:
    """What a look at a function's code found. `deployment` is None where nothing can be run."""

    deployed: Deployed
    fingerprint: str
    deployment: Deployment | None
    problems: list[Problem]
