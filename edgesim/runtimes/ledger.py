"""What has been published of the functions that a service runs.

An association names a version by its ARN. At first that is the version it runs; when its code or its settings change
here, the next version is published, as a deployment would, and takes the place of the one that the ARN names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.publishing import publishes, unpublished
from edgesim.distribution.versions import Configuration, LambdaFunction, recorded, with_latest_published
from edgesim.ports import Clock
from edgesim.values.instant import Instant


@dataclass(frozen=True, slots=True)
class Published:
    """One version, for people."""

    version: str
    code_sha256: str
    at: Instant


class Ledger:
    """See the module. One for the whole life of a service, since numbers are not used twice."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._functions: dict[tuple[str, str], LambdaFunction] = {}
        self._published_at: dict[tuple[str, str, int], Instant] = {}
        self._stands_for: dict[str, int] = {}
        self._published_as: dict[str, tuple[EdgeFunction, str]] = {}

    def publish(self, function: EdgeFunction, code_sha256: str) -> str:
        """The version that runs for a function's ARN now that it has this code and these settings."""
        content = _configuration(function, code_sha256)
        key = (function.account, function.name)
        known = self._functions.get(key) or _unpublished(function, content)
        number = self._stands_for.get(function.arn, int(function.version))
        state, version = recorded(replace(known, latest=content), number)
        if version.source != content:
            state, version = with_latest_published(state)
        self._functions[key] = state
        self._stands_for[function.arn] = version.number
        self._published_as[function.arn] = function, code_sha256
        self._published_at.setdefault((*key, version.number), self._clock.now())
        return str(version.number)

    def as_published(self, function: EdgeFunction, code_sha256: str) -> EdgeFunction:
        """The function, or where what changed of it publishes nothing, what its ARN stands for."""
        before, sha = self._published_as.get(function.arn, (function, ""))
        if sha != code_sha256 or publishes(before, function):
            return function
        return unpublished(before, function)

    def versions(self, function: EdgeFunction) -> tuple[Published, ...]:
        """Everything that was published of a function here, the oldest first."""
        key = (function.account, function.name)
        return tuple(
            Published(str(one.number), one.configuration.code_sha256, self._published_at[(*key, one.number)])
            for one in self.function(function).versions
        )

    def function(self, function: EdgeFunction) -> LambdaFunction:
        """A function as Lambda would have it, without its aliases."""
        known = self._functions.get((function.account, function.name))
        return known or _unpublished(function, _configuration(function, ""))


def _unpublished(function: EdgeFunction, latest: Configuration) -> LambdaFunction:
    return LambdaFunction(function.name, latest, account=function.account)


def _configuration(function: EdgeFunction, code_sha256: str) -> Configuration:
    return Configuration(code_sha256, function.runtime, function.handler, function.timeout, function.memory)
