"""What stands in a template's Resources and edgesim does not read, though there might be a distribution in it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import Node
from edgesim.loaders.properties import PROPERTIES

# Nested stacks by type, with the property that says where their template is
_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
# As near to a type that edgesim reads as a slip of the finger, and types of their own
_SIBLINGS = ("AWS::CloudFront::DistributionTenant", "AWS::CloudFront::StreamingDistribution")
_SLIP = 0.9


def overlooked(resolver: Resolver) -> Iterator[Problem]:
    """Nested stacks, loops and macros, and types that are misspelt."""
    for logical_id, _ in resolver.live(*_NESTED):
        yield _nested(resolver, logical_id)
    for name, resource in resolver.resources.items():
        if name.startswith("Fn::"):
            yield _macro(name, resource, resolver.file)
        elif meant := meant_type(resource.get("Type").text):
            yield _misspelt(resource.get("Type"), meant, resolver.file)


def meant_type(written: str) -> str:
    """The type that a misspelt one means; empty where it is none of those that edgesim reads."""
    if written in PROPERTIES or written in _SIBLINGS:
        return ""
    by_lower = {name.lower(): name for name in PROPERTIES}
    near = get_close_matches(written.lower(), by_lower, n=1, cutoff=_SLIP)
    return by_lower[near[0]] if near else ""


def has_misspelt_distribution(resolver: Resolver) -> bool:
    """Is a distribution there, but for its type's spelling?"""
    types = (resource.get("Type").text for resource in resolver.resources.values())
    return any(meant_type(written) == resources.DISTRIBUTION for written in types)


def _nested(resolver: Resolver, logical_id: str) -> Problem:
    resource = resolver.resources[logical_id]
    written = resource.get("Properties", _NESTED[resource.get("Type").text]).text
    message = "edgesim does not look into nested stacks: what this one has is not there"
    hint = f"load its template by itself: {written}" if written and "://" not in written else _BY_ITSELF
    return Problem(message, resource.at, hint, Severity.WARNING, resolver.file, resource.line)


_BY_ITSELF = "load its template by itself"


def _macro(name: str, node: Node, file: str) -> Problem:
    message = f"edgesim does not work out {name}: the resources that it makes are not there"
    hint = "load the processed template: aws cloudformation get-template --template-stage Processed"
    return Problem(message, node.at, hint, Severity.WARNING, file, node.line)


def _misspelt(node: Node, meant: str, file: str) -> Problem:
    message = f"Template format error: Unrecognized resource types: [{node.text}]"
    return Problem(message, node.at, f"did you mean {meant}?", file=file, line=node.line)
