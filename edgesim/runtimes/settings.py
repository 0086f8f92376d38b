"""How the service that runs functions treats them and their processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgesim.distribution.chaos import Chaos
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY, Limit, PackageLimits
from edgesim.runtimes.fleet import default_limit, default_limit_in_all
from edgesim.runtimes.interpreters import Language
from edgesim.runtimes.spares import DEFAULT_SPARES


@dataclass(frozen=True, slots=True)
class Settings:
    """How a service treats processes. Times are seconds.

    `max_environments`: real processes per function and region; `max_in_all`: of all of them, see fleet.py.
    `concurrency`: how many invocations may run at once in each region. `package`: how large a function may be.
    `idle_seconds`: after how long an idle one ends (Lambda: unspecified). `freeze_after`: see environment.py; None
    leaves threads and child processes running. `spares`: processes started ahead, per language. `initialise_ahead`:
    load every function when it is deployed, which finds broken ones and warms the first environment; its Init Duration
    is still reported with the first invocation, as Lambda does where it initialises ahead. `region`: where that first
    environment is. `relaxed`: the limits that are not enforced. `publishes`: changed code and settings are published as
    the next version (ledger.py), and what does not start leaves what did; without it every function is the version that
    it says it is. `chaos`: which invocations are their environment's last (distribution/chaos.py).
    `variables`: what functions find in their environment beside what Lambda gives them.
    `closed_ports`: those of this machine's loopback to which functions in a sandbox can't connect.
    """

    max_environments: int = field(default_factory=default_limit)
    max_in_all: int = field(default_factory=default_limit_in_all)
    concurrency: int = ACCOUNT_CONCURRENCY
    package: PackageLimits = field(default_factory=PackageLimits)
    idle_seconds: float = 300.0
    freeze_after: float | None = 0.05
    spares: Mapping[Language, int] = field(default_factory=lambda: DEFAULT_SPARES)
    initialise_ahead: bool = True
    region: str = "us-east-1"
    relaxed: frozenset[Limit] = frozenset()
    publishes: bool = True
    chaos: Chaos | None = None
    closed_ports: frozenset[int] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict)
