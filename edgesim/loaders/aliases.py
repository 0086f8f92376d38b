"""Aliases as templates declare them: AWS::Lambda::Alias, and SAM's AutoPublishAlias.

Rule 1: only the aliases of functions that an association names are looked at.
Rule 2: no association takes an alias; they are read to be shown, and to say what Lambda would refuse.
Source: lambda-platform.md §7, CloudFormation's AWS::Lambda::Alias.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from edgesim.distribution.findings import Finding, Loc
from edgesim.distribution.problems import Severity
from edgesim.distribution.versions import (
    Alias,
    Configuration,
    LambdaFunction,
    Refused,
    alias_fault,
    configuration_of,
    recorded,
)
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import Node, problem
from edgesim.loaders.properties import report_unknown
from edgesim.loaders.unknowns import Unknowns
from edgesim.values.function_arn import function_name

_PROPERTIES = ("FunctionName", "FunctionVersion", "Name", "Description", "RoutingConfig")
_PLACES: Mapping[str, Loc] = MappingProxyType(
    {
        "name": ("Name",),
        "functionVersion": ("FunctionVersion",),
        "routingConfig.additionalVersionWeights": ("RoutingConfig", "AdditionalVersionWeights"),
    }
)
"""Where in the template what Lambda's API calls so is."""


def declared_aliases(
    resolver: Resolver, logical_ids: Mapping[str, str], associated: Mapping[str, Collection[str]]
) -> dict[str, tuple[Alias, ...]]:
    """The aliases of associated functions by function name. `logical_ids` are the template's functions by name,
    `associated` the versions that associations name, by function. What Lambda would refuse is among the resolver's
    problems."""
    found: dict[str, list[Alias]] = {}
    for name in logical_ids.keys() & associated.keys():
        found[name] = list(_published_by_sam(resolver, logical_ids[name]))
    for logical_id, _ in resolver.live(resources.ALIAS):
        name = function_name(resolver.property_of(logical_id, "FunctionName").text)
        if name in found:
            found[name] += _declared(resolver, logical_id, _function(resolver, name, associated[name]))
    return {name: tuple(aliases) for name, aliases in found.items() if aliases}


def _function(resolver: Resolver, name: str, associated: Collection[str]) -> LambdaFunction:
    """A function with the versions that the template publishes of it, and those that it associates."""
    declared = (
        resolver.version_of(logical_id)
        for logical_id, _ in resolver.live(resources.VERSION)
        if function_name(resolver.property_of(logical_id, "FunctionName").text) == name
    )
    function = LambdaFunction(name, Configuration(""), account=resolver.pseudo("AWS::AccountId"))
    for number in {*declared, *associated}:
        function, _ = recorded(function, int(number))
    return function


def _published_by_sam(resolver: Resolver, logical_id: str) -> Iterator[Alias]:
    """documented: AutoPublishAlias makes a version and an alias that leads to it"""
    if resolver.resources[logical_id].get("Type").text != resources.SAM_FUNCTION:
        return
    name = resolver.property_of(logical_id, "AutoPublishAlias")
    if not name.text:
        return
    alias = Alias(name.text, resolver.version_of(logical_id))
    fault = None if name.unknown else alias_fault(alias)
    if fault is None:
        yield alias
    else:
        finding = Finding((), fault.message, code=fault.code)
        resolver.problems.append(problem(finding, name, resolver.file))


def _declared(resolver: Resolver, logical_id: str, function: LambdaFunction) -> Iterator[Alias]:
    where = resolver.resources[logical_id].get("Properties")
    tree = where.with_value({name: resolver.property_of(logical_id, name) for name in _PROPERTIES})
    report_unknown(resolver, logical_id)
    alias = _alias(tree)
    if not alias.version:  # a property that must be there, which is CloudFormation's to say
        return
    fault = alias_fault(alias)
    if fault is None:
        missing = _missing(function, alias)
        resolver.problems += [problem(one, tree, resolver.file) for one in Unknowns(tree).sayable(missing)]
        yield alias
        return
    place = next((loc for member, loc in _PLACES.items() if f"at '{member}'" in fault.message), ("RoutingConfig",))
    findings = Unknowns(tree).sayable([Finding(place, fault.message, code=fault.code)])
    resolver.problems += [problem(finding, tree, resolver.file) for finding in findings]


def _missing(function: LambdaFunction, alias: Alias) -> Iterator[Finding]:
    """What Lambda says of versions that are not there. inferred: a warning, for one that an earlier deployment has
    published may be"""
    weighted = ("RoutingConfig", "AdditionalVersionWeights")
    places: list[tuple[Loc, str]] = [(("FunctionVersion",), alias.version)]
    places += [((*weighted, index, "FunctionVersion"), version) for index, version in enumerate(alias.additional)]
    for place, version in places:
        led = configuration_of(function, version)
        if isinstance(led, Refused):
            hint = "this template publishes no such version; at AWS it has to be there from an earlier deployment"
            yield Finding(place, led.message, hint, led.code, Severity.WARNING)


def _alias(tree: Node) -> Alias:
    weights = tree.get("RoutingConfig", "AdditionalVersionWeights").items
    beside = {item.get("FunctionVersion").text: _share(item.get("FunctionWeight").text) for item in weights}
    return Alias(
        tree.get("Name").text,
        tree.get("FunctionVersion").text,
        MappingProxyType(beside),
        tree.get("Description").text,
    )


def _share(text: str) -> float:
    """A weight; what is no number is none that Lambda takes."""
    try:
        return float(text)
    except ValueError:
        return -1.0
