"""From the API's spelling to CloudFormation's: lists out of their `{Quantity, Items}`, and a few names.

Every node keeps its place, so that problems are told in the user's own spelling.
Source: distribution-config.md §1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders.nodes import Node

_NAMES = {
    "IsIPV6Enabled": "IPV6Enabled",
    "CustomHeaders": "OriginCustomHeaders",
    "OriginSslProtocols": "OriginSSLProtocols",
}


def cloudformation_form(node: Node) -> Node:
    """The same configuration as CloudFormation writes it."""
    if node.fields:
        return _structure(node)
    if node.items:
        return node.with_value([cloudformation_form(item) for item in node.items])
    return node


def _structure(node: Node) -> Node:
    if "RestrictionType" in node.fields:
        return node.with_value({"RestrictionType": node.get("RestrictionType"), "Locations": _list(node)})
    if "Quantity" in node.fields:
        return _list(node)
    found = {_NAMES.get(key, key): cloudformation_form(child) for key, child in node.fields.items()}
    if "CachedMethods" in node.get("AllowedMethods").fields:
        found["CachedMethods"] = cloudformation_form(node.get("AllowedMethods", "CachedMethods"))
    return node.with_value(found)


def _list(node: Node) -> Node:
    """What `{Quantity, Items}` holds; nothing where `Enabled` is false, as in TrustedSigners."""
    items = [] if node.get("Enabled").text == "false" else node.get("Items").items
    return node.with_value([cloudformation_form(item) for item in items])


def tolerant(problem: Problem) -> Problem:
    """AWS printed this, so a property that edgesim has never heard of is newer than edgesim, not wrong."""
    if problem.message.startswith("unknown property"):
        return replace(problem, severity=Severity.WARNING)
    return problem


def miscounted(node: Node, file: str) -> Iterator[Problem]:
    """Every Quantity that is not the number of Items."""
    if "Quantity" in node.fields and node.get("Quantity").text != str(len(node.get("Items").items)):
        said, count = node.get("Quantity"), len(node.get("Items").items)
        message = f"The value of Quantity and the size of Items don't match: {said.text} and {count}"
        yield Problem(message, said.at, file=file, line=said.line, code="InconsistentQuantities")
    for _, child in node.children():
        yield from miscounted(child, file)
