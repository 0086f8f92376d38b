"""Versions of Lambda functions and the aliases that lead to them, as Lambda keeps them.

Rule 1: a version is a snapshot that nothing changes. Numbers count up, and none is given twice.
Rule 2: publishing what the last version is already publishes nothing, and gives that version.
Rule 3: what Lambda refuses is a value, in its own code and words; nothing here is raised.
Rule 4: nothing is drawn here: who resolves an alias with weights brings a number.
Source: lambda-platform.md §7 (configuration-versions, configuration-aliases, the API's PublishVersion, CreateAlias);
the words of refusals: observed in public emulators that hold them against AWS's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from edgesim.distribution import limits

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a version freezes: the code, by `code_sha256` as Lambda's CodeSha256 gives it (base64), and the settings
    that make a new version when they change. Reserved concurrency does not. `timeout` is seconds, `memory` MB."""

    code_sha256: str
    runtime: str = ""
    handler: str = ""
    timeout: float = limits.DEFAULT_FUNCTION_TIMEOUT_SECONDS
    memory: int = limits.DEFAULT_FUNCTION_MEMORY_MB
    description: str = ""
    role: str = ""
    dead_letter_target: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version. `source` is what $LATEST was when it was published: the description may differ from it."""

    number: int
    configuration: Configuration
    source: Configuration


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a version, or for two by weight: `additional` has the second one's share, from 0 to below 1."""

    name: str
    version: str
    additional: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    description: str = ""


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A function with everything that was published of it. `versions` count up, and may have gaps."""

    name: str
    latest: Configuration
    versions: tuple[Version, ...] = ()
    aliases: Mapping[str, Alias] = field(default_factory=lambda: MappingProxyType({}))
    region: str = "us-east-1"
    account: str = "123456789012"

    @property
    def arn(self) -> str:
        """The ARN without a qualifier, which means $LATEST."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def last_number(self) -> int:
        """The highest number given; 0 before the first."""
        return self.versions[-1].number if self.versions else 0

    def version(self, qualifier: str) -> Version | None:
        """A published version by its number as text."""
        return next((version for version in self.versions if str(version.number) == qualifier), None)


class Refused(NamedTuple):
    """What Lambda says where it does not do what it is asked."""

    code: str
    message: str


# ── publishing ───────────────────────────────────────────────────────────────


def publish(
    function: LambdaFunction, *, code_sha256: str = "", description: str | None = None
) -> tuple[LambdaFunction, Version] | Refused:
    """PublishVersion: the function as it is afterwards, and the version that its $LATEST is now.

    `code_sha256` is the guard: where it is given, $LATEST must have that code. `description` is the version's own.
    """
    latest = function.latest
    if code_sha256 and code_sha256 != latest.code_sha256:
        return Refused(
            "InvalidParameterValueException",
            f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST ({latest.code_sha256}). "
            "Please try again with the CodeSHA256 in $LATEST.",
        )
    return with_latest_published(function, description)


def with_latest_published(function: LambdaFunction, description: str | None = None) -> tuple[LambdaFunction, Version]:
    """The same without a guard, which nothing refuses."""
    latest = function.latest
    if function.versions and function.versions[-1].source == latest:
        return function, function.versions[-1]
    frozen = latest if description is None else replace(latest, description=description)
    return _with_version(function, Version(function.last_number + 1, frozen, latest))


def recorded(function: LambdaFunction, number: int) -> tuple[LambdaFunction, Version]:
    """The version `number`, which an ARN names, taken to be what $LATEST is; one that is there stays as it is.

    inferred: what somebody associates has been published, wherever that was; counting goes on from there
    """
    known = function.version(str(number))
    if known is not None:
        return function, known
    return _with_version(function, Version(number, function.latest, function.latest))


def _with_version(function: LambdaFunction, version: Version) -> tuple[LambdaFunction, Version]:
    versions = sorted((*function.versions, version), key=lambda one: one.number)
    return replace(function, versions=tuple(versions)), version


# ── aliases ──────────────────────────────────────────────────────────────────

_ALIAS_NAME = re.compile(r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", re.ASCII)
_MOST_ALIAS_CHARS = 128


def put_alias(function: LambdaFunction, alias: Alias) -> LambdaFunction | Refused:
    """CreateAlias or UpdateAlias: the function with the alias, in the place of any of that name."""
    refusal = alias_refusal(function, alias)
    return refusal or replace(function, aliases=MappingProxyType({**function.aliases, alias.name: alias}))


def alias_refusal(function: LambdaFunction, alias: Alias) -> Refused | None:
    """What Lambda has against an alias of a function, the first thing that it finds."""
    return alias_fault(alias) or next(_faults_with_versions(function, alias), None)


def alias_fault(alias: Alias) -> Refused | None:
    """What Lambda has against an alias whatever its function has published."""
    return next((refusal for rule in _ALIAS_RULES if (refusal := rule(alias)) is not None), None)


def _name_fits(alias: Alias) -> Refused | None:
    if len(alias.name) > _MOST_ALIAS_CHARS:
        return _constraint(alias.name, "name", f"Member must have length less than or equal to {_MOST_ALIAS_CHARS}")
    if not _ALIAS_NAME.fullmatch(alias.name):
        pattern = f"Member must satisfy regular expression pattern: {_ALIAS_NAME.pattern}"
        return _constraint(alias.name, "name", pattern)
    return None


def _version_is_none_but_a_version(alias: Alias) -> Refused | None:
    """documented: an alias leads to a version and never to an alias; it may lead to $LATEST by itself"""
    if alias.version == LATEST or _is_number(alias.version):
        return None
    pattern = "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)"
    return _constraint(alias.version, "functionVersion", pattern)


def _one_version_beside(alias: Alias) -> Refused | None:
    if len(alias.additional) <= 1:
        return None
    message = "Number of items in AdditionalVersionWeights cannot be greater than 1"
    return Refused("InvalidParameterValueException", message)


def _weights_are_shares(alias: Alias) -> Refused | None:
    for version, weight in alias.additional.items():
        if not 0 <= weight < 1:
            told = (
                "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must "
                "have value greater than or equal to 0.0, Member must not be null]"
            )
            return _constraint(f"{{{version}={weight}}}", "routingConfig.additionalVersionWeights", told)
    return None


def _two_versions_are_two(alias: Alias) -> Refused | None:
    if alias.version not in alias.additional:
        return None
    version = alias.version
    message = (
        f"Invalid function version {version}. Function version {version} is already included in routing configuration."
    )
    return Refused("InvalidParameterValueException", message)


def _latest_stands_alone(alias: Alias) -> Refused | None:
    if not alias.additional or alias.version != LATEST:
        return None
    message = "$LATEST is not supported for an alias pointing to more than 1 version"
    return Refused("InvalidParameterValueException", message)


def _beside_is_a_number(alias: Alias) -> Refused | None:
    for version, weight in alias.additional.items():
        if not _is_number(version):
            told = (
                "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must "
                "have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, "
                "Member must not be null]"
            )
            return _constraint(f"{{{version}={weight}}}", "routingConfig.additionalVersionWeights", told)
    return None


_ALIAS_RULES: tuple[Callable[[Alias], Refused | None], ...] = (
    _name_fits,
    _version_is_none_but_a_version,
    _one_version_beside,
    _weights_are_shares,
    _two_versions_are_two,
    _latest_stands_alone,
    _beside_is_a_number,
)


def _faults_with_versions(function: LambdaFunction, alias: Alias) -> Iterator[Refused]:
    targets = [target for target in (alias.version, *alias.additional) if target != LATEST]
    versions = [function.version(target) for target in targets]
    for target, version in zip(targets, versions, strict=True):
        if version is None:
            yield _not_found(function, target)
    frozen = [version.configuration for version in versions if version is not None]
    if len({(one.role, one.dead_letter_target) for one in frozen}) > 1:
        # documented: configuration-aliases, weighted aliases; the words are not known
        message = "Both versions of an alias must have the same execution role and the same dead-letter queue"
        yield Refused("InvalidParameterValueException", message)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _constraint(value: str, member: str, told: str) -> Refused:
    """How Lambda says that a parameter has a shape that it can't have."""
    message = f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {told}"
    return Refused("ValidationException", message)


# ── resolving ────────────────────────────────────────────────────────────────


class Route(NamedTuple):
    """A version that a qualifier leads to, a number as text or `$LATEST`, with the share of invocations it gets."""

    version: str
    weight: float


Routes: TypeAlias = tuple[Route, ...]


def routes(function: LambdaFunction, qualifier: str = "") -> Routes | Refused:
    """Where a qualifier leads: one version, or two whose weights come to 1. Without one, or at `$LATEST`, it is what
    was not published yet."""
    if qualifier in {"", LATEST}:
        return (Route(LATEST, 1.0),)
    if function.version(qualifier) is not None:
        return (Route(qualifier, 1.0),)
    alias = function.aliases.get(qualifier)
    if alias is None:
        return _not_found(function, qualifier)
    beside = tuple(Route(version, weight) for version, weight in alias.additional.items())
    return (Route(alias.version, 1.0 - sum(route.weight for route in beside)), *beside)


def resolve(function: LambdaFunction, qualifier: str, draw: float) -> str | Refused:
    """The one version that an invocation of a qualifier runs. `draw` is a random number from 0 to below 1."""
    leads = routes(function, qualifier)
    if isinstance(leads, Refused):
        return leads
    first, *others = leads
    for other in others:
        if draw < other.weight:
            return other.version
    return first.version


def configuration_of(function: LambdaFunction, version: str) -> Configuration | Refused:
    """What a version is: of `$LATEST`, what the function is now."""
    if version == LATEST:
        return function.latest
    known = function.version(version)
    return known.configuration if known is not None else _not_found(function, version)


def _not_found(function: LambdaFunction, qualifier: str) -> Refused:
    return Refused("ResourceNotFoundException", f"Function not found: {function.arn}:{qualifier}")
