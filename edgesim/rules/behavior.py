"""Which distribution, and which cache behavior, answers a request.

Rule 1: behaviors are tried in order; the first pattern that matches the normalised path wins; the default is last.
Rule 2: the choice is made once, on the path as the viewer sent it; no function changes it.
Source: DownloadDistValuesCacheBehavior; edge-functions-restrictions.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgesim.distribution.model import CacheBehavior, Distribution
from edgesim.rules.reasons import BehaviorReason
from edgesim.values.uri import matches_path_pattern, matches_wildcards, normalized_path


def behavior_for(distribution: Distribution, path: str) -> tuple[CacheBehavior, BehaviorReason]:
    """The behavior for a raw path, and why."""
    behaviors = distribution.behaviors
    if len(behaviors) > 1:
        normal = normalized_path(path)
        for behavior in behaviors[:-1]:
            if matches_path_pattern(behavior.path_pattern, normal):
                return behavior, BehaviorReason.FIRST_MATCH
    return behaviors[-1], BehaviorReason.DEFAULT


def host_name(host: str) -> str:
    """A Host header's value without its port, in lower case."""
    name = host.lower().strip()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.rpartition(":")[0] if ":" in name else name


def names_of(distribution: Distribution) -> tuple[str, ...]:
    """Every host name that a distribution answers to, lower case: its own, its aliases, `<logical id>.localhost`."""
    return (
        distribution.domain_name.lower(),
        f"{distribution.name.lower()}.localhost",
        *(alias.lower() for alias in distribution.aliases),
    )


def _wildcard_for(distribution: Distribution, host: str) -> int:
    """The length of the longest wildcard alias that covers a host name, 0 where none does."""
    wildcards = (name for name in names_of(distribution) if "*" in name)
    return max((len(name) for name in wildcards if matches_wildcards(name, host)), default=0)


def names_staging(distributions: Sequence[Distribution], host: str) -> bool:
    """Is it the name of a staging distribution?"""
    name = host_name(host)
    return any(name in names_of(one) for one in distributions if one.staging)


def distribution_for(distributions: Sequence[Distribution], host: str) -> Distribution | None:
    """The distribution that a Host header names: by its own name, an alias (wildcards too), or its logical id.

    Of one distribution alone every host is taken, since a local viewer says `localhost`; of several, an unknown host
    is nobody's (documented: http-403-permission-denied). A staging distribution is nobody's by its own name
    (documented: understanding-continuous-deployment). inferred: of several wildcards the longest counts
    """
    if len(distributions) == 1:
        return distributions[0]
    if (production := [one for one in distributions if not one.staging]) and len(production) < len(distributions):
        return None if names_staging(distributions, host) else distribution_for(production, host)
    name = host_name(host)
    for distribution in distributions:
        if name in names_of(distribution):
            return distribution
    best = max(distributions, key=lambda each: _wildcard_for(each, name), default=None)
    return best if best is not None and _wildcard_for(best, name) else None
