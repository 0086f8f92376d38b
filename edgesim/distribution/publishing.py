"""What a deployment publishes of a function whose settings changed while its code did not.

Rule 1: changed code publishes, whoever deploys; that is not asked here. inferred: a save is a deployment
Rule 2: so do changed settings, but for what no version freezes: reserved concurrency.
Rule 3: with SAM's AutoPublishAlias MemorySize alone does (and Environment and SnapStart, which no function at the edge
        has); with AutoPublishAliasAllProperties each of them; with AutoPublishCodeSha256 none but that itself. Until
        something is published the association leads to the version that was there, with the settings it has.
Source: SAM's AWS::Serverless::Function, AutoPublishAlias; observed: the logical id of the version in what
aws-sam-translator 1.115 makes of a template. Where it changes, CloudFormation has another version published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from edgesim.distribution.model import CacheBehavior, Distribution, EdgeFunction


def publishes(before: EdgeFunction, after: EdgeFunction) -> bool:
    """Does what changed of a function publish a version, its code being the same?"""
    rule = after.auto_publish
    if rule is None or rule != before.auto_publish or before.code != after.code:
        return True
    if rule.code_sha256:
        return False
    return rule.all_properties or before.memory != after.memory


def unpublished(before: EdgeFunction, after: EdgeFunction) -> EdgeFunction:
    """The function where that publishes nothing: as before, but for what is no version's."""
    return replace(before, concurrency=after.concurrency)


_SETTINGS = (("Handler", "handler"), ("Runtime", "runtime"), ("Timeout", "timeout"), ("MemorySize", "memory"))


def kept_back(published: EdgeFunction, latest: EdgeFunction) -> Mapping[str, str]:
    """The settings that a function would have, and that no version of it has yet: what they are, by property."""
    pairs = ((name, getattr(published, field), getattr(latest, field)) for name, field in _SETTINGS)
    return {name: f"{now:g}" if isinstance(now, int | float) else now for name, now, new in pairs if now != new}


def with_functions(distribution: Distribution, functions: Mapping[EdgeFunction, EdgeFunction]) -> Distribution:
    """A distribution with other functions in the places of its own. Those that are not named stay."""
    return replace(distribution, behaviors=tuple(_behavior(one, functions) for one in distribution.behaviors))


def _behavior(behavior: CacheBehavior, functions: Mapping[EdgeFunction, EdgeFunction]) -> CacheBehavior:
    associations = {
        trigger: replace(association, function=functions.get(association.function, association.function))
        for trigger, association in behavior.associations.items()
    }
    return replace(behavior, associations=MappingProxyType(associations))
