"""Functions, told as data: what `edgesim functions` shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from edgesim.distribution.findings import closest, there_are
from edgesim.distribution.model import Distribution, EdgeFunction
from edgesim.distribution.problems import Problem
from edgesim.distribution.versions import Alias, LambdaFunction, Refused, Routes, routes
from edgesim.runtimes.deployed import EnvironmentStatus, FunctionStatus
from edgesim.values.function_arn import name_and_qualifier
from edgesim.values.instant import iso_utc

Aliases = Mapping[str, tuple[Alias, ...]]
"""By function name, as they are declared."""
_NO_IDS: Mapping[str, str] = MappingProxyType({})


def functions_as_data(
    statuses: Sequence[FunctionStatus],
    distributions: Iterable[Distribution],
    aliases: Aliases,
    wanted: str = "",
    logical_ids: Mapping[str, str] = _NO_IDS,
) -> list[dict[str, Any]] | Refused:
    """Every function, or the one that `wanted` names (a name, a key of `logical_ids`, an ARN, each with or without a
    qualifier) and where its qualifier leads. Refused in Lambda's words where there is none, with those there are."""
    triggers = _triggers(distributions)
    told = [_told(status, _as_lambda(status, statuses, aliases), triggers) for status in statuses]
    if not wanted:
        return told
    name, qualifier = name_and_qualifier(wanted)
    pairs = list(zip(statuses, told, strict=True))
    found = [pair for pair in pairs if pair[0].name == name] or [
        pair for pair in pairs if pair[0].name == logical_ids.get(name)
    ]
    if not found:
        return Refused(
            "ResourceNotFoundException", f"Function not found: {wanted}{_known(name, statuses, logical_ids)}"
        )
    if qualifier:
        leads = routes(_as_lambda(found[0][0], statuses, aliases), qualifier)
        if isinstance(leads, Refused):
            return leads
        return [{**data, "qualifier": qualifier, "leadsTo": _routes(leads)} for _, data in found]
    return [data for _, data in found]


def _known(name: str, statuses: Iterable[FunctionStatus], logical_ids: Mapping[str, str]) -> str:
    """What may have been meant, as the rest of a sentence: names and logical ids that run."""
    running = dict.fromkeys(status.name for status in statuses)
    ids = [key for key, function in logical_ids.items() if function in running]
    names = [*ids, *running]
    hint = closest(name, names) or there_are(names)
    return f"; {hint}" if hint else ""


def _told(status: FunctionStatus, state: LambdaFunction, triggers: Mapping[EdgeFunction, list[str]]) -> dict[str, Any]:
    function, problem = status.function, status.problem
    return {
        "name": status.name,
        "arn": f"{state.arn}:{status.version}",
        "version": status.version,
        "serving": list(status.serving),
        "runtime": status.runtime,
        "handler": function.handler,
        "interpreter": status.interpreter,
        "memory": function.memory,
        "timeout": function.timeout,
        "codeSize": status.code_size,
        "codeSha256": status.code_sha256,
        "problem": _in_place(problem) if problem is not None else None,
        "triggers": triggers.get(function, []),
        "versions": [
            {"version": one.version, "codeSha256": one.code_sha256, "publishedAt": iso_utc(one.at)}
            for one in status.versions
        ],
        "aliases": [{"name": alias, "leadsTo": _routes(routes(state, alias))} for alias in state.aliases],
        "queue": status.queue,
        "environments": [_environment(one) for one in status.environments],
    }


def _in_place(problem: Problem) -> str:
    return f"{problem.place}: {problem.message}" if problem.place else problem.message


def _environment(one: EnvironmentStatus) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "region": one.region,
        "state": one.state,
        "pid": one.pid,
        "invocations": one.invocations,
        "peakMb": one.peak_mb,
    }


def _routes(leads: Routes | Refused) -> list[dict[str, Any]]:
    return [] if isinstance(leads, Refused) else [{"version": one.version, "weight": one.weight} for one in leads]


def _triggers(distributions: Iterable[Distribution]) -> dict[EdgeFunction, list[str]]:
    """Where each function runs: distribution, path pattern and event type."""
    found: dict[EdgeFunction, list[str]] = {}
    for distribution in distributions:
        for behavior in distribution.behaviors:
            for trigger, association in behavior.associations.items():
                place = f"{distribution.name} {behavior.path_pattern} {trigger.value}"
                found.setdefault(association.function, []).append(place)
    return found


def _as_lambda(status: FunctionStatus, statuses: Iterable[FunctionStatus], aliases: Aliases) -> LambdaFunction:
    """A function with its aliases. What a template says of a version holds for the one that took its place here."""
    runs = {one.function.version: one.version for one in statuses if one.name == status.name}
    moved = {alias.name: _moved(alias, runs) for alias in aliases.get(status.name, ())}
    return replace(status.published, aliases=moved)


def _moved(alias: Alias, runs: Mapping[str, str]) -> Alias:
    beside = {runs.get(version, version): weight for version, weight in alias.additional.items()}
    version = runs.get(alias.version, alias.version)
    return replace(alias, version=version, additional={one: beside[one] for one in beside if one != version})
