"""What a look at the code of functions finds: whether it changed, a copy of it, and what it can be run with.

Everything here reads, searches and copies: for threads.
"""

from __future__ import annotations

from edgesim.distribution.limits import Limit
from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.package_size import package_faults
from edgesim.distribution.problems import Problem, Severity
from edgesim.errors import ConfigError
from edgesim.runtimes.deployed import Deployed, Update
from edgesim.runtimes.deployment import Deployment
from edgesim.runtimes.inspecting import Inspector
from edgesim.runtimes.interpreters import (
    Interpreter,
    Interpreters,
    Language,
    no_interpreter,
    parse_runtime,
    stand_in,
)
from edgesim.runtimes.measuring import Measure
from edgesim.runtimes.package_problems import of_package, unreadable_code, unreadable_files
from edgesim.runtimes.settings import Settings
from edgesim.runtimes.snapshot import Snapshot, Snapshots, fingerprint, package_size
from edgesim.runtimes.workspace import Lent, Workspace

# documented: what Lambda's Python runtimes bring along (the SDK and what it needs)
_LENT_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")


class FoundCode:
    """Looks at code, and keeps the copies of it. `inspectors` are the functions, by name, that a debugger may attach
    to."""

    def __init__(self, settings: Settings, interpreters: Interpreters, workspace: Workspace) -> None:
        self.inspectors: dict[str, Inspector] = {}
        self._settings, self._interpreters, self._workspace = settings, interpreters, workspace
        self._snapshots = Snapshots(workspace.code)
        self._measure = Measure(settings.package)
        self._copies: set[Snapshot] = set()

    def look_at(self, deployed: Deployed) -> Update | None:
        try:
            seen = fingerprint(deployed.function.code)
            if seen == deployed.fingerprint:
                return None
            return self._prepare(deployed, seen)
        except ConfigError as error:
            return Update(deployed, "", None, [unreadable_code(deployed.function, error)])

    def _prepare(self, deployed: Deployed, seen: str) -> Update:
        function = deployed.function
        too_large = self._too_large(function)
        if too_large and too_large[0].severity is Severity.ERROR:
            return Update(deployed, seen, None, too_large)
        runtime, interpreter = parse_runtime(function.runtime), self._interpreters.choose(function.runtime)
        if runtime is None or interpreter is None:
            return Update(deployed, seen, None, [no_interpreter(function, self._interpreters.given(function.runtime))])
        inspector = self.inspectors.get(function.name)
        take = self._snapshots.in_place if inspector else self._snapshots.take
        snapshot = take(function, runtime.language)
        if self._snapshots.holds(snapshot):
            self._copies.add(snapshot)
        deployment = Deployment(function, runtime, interpreter, snapshot, self._lend(interpreter), inspector)
        warnings = (stand_in(function, interpreter), unreadable_files(function, snapshot))
        return Update(deployed, seen, deployment, [*too_large, *(one for one in warnings if one is not None)])

    def _too_large(self, function: EdgeFunction) -> list[Problem]:
        """What AWS has against the size of a function's package: one problem or none."""
        if Limit.PACKAGE_SIZE in self._settings.relaxed:
            return []
        size = package_size(function.code, self._measure)
        finding = package_faults(size, self._settings.package, function.arn)
        return [of_package(function, finding)] if finding else []

    def _lend(self, interpreter: Interpreter) -> Lent | None:
        if interpreter.language is not Language.PYTHON:
            return None
        key = str(interpreter.path).strip("/").replace("/", "-")
        return self._workspace.lend(key, _LENT_PACKAGES, interpreter.packages)

    def is_the_same(self, deployed: Deployed) -> bool:
        """Does this run what is there now?"""
        function, live = deployed.function, deployed.live
        try:
            if live is None or fingerprint(function.code) == deployed.fingerprint:
                return live is not None
            snapshot = self._snapshots.take(function, live.runtime.language)
        except ConfigError:  # it is gone, perhaps between two steps of a build
            return True
        self._copies.add(snapshot)
        return snapshot.code_sha256 == live.snapshot.code_sha256

    def drop_copies(self, in_use: set[Snapshot]) -> None:
        """Remove the copies of code that nothing runs any more."""
        for copy in self._copies - in_use:
            self._snapshots.remove(copy)
        self._copies &= in_use
