"""Origin access controls of a template: how requests to a bucket are signed."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgesim.distribution.config import OriginAccessControlConfig, parse
from edgesim.distribution.model import SigningBehavior
from edgesim.distribution.problems import Problem
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import plain, problem
from edgesim.loaders.properties import report_unknown
from edgesim.loaders.unknowns import Unknowns


@dataclass
class AccessControls:
    """By id. One that is not known here signs always (inferred: that is what AWS recommends)."""

    behaviors: dict[str, SigningBehavior] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def signing(self, control_id: str) -> SigningBehavior:
        """What an access control of this id says."""
        return self.behaviors.get(control_id, SigningBehavior.ALWAYS)


def declared_access_controls(resolver: Resolver) -> AccessControls:
    """Those of a template, by what a Ref to them gives."""
    found = AccessControls()
    for logical_id, resource in resolver.live(resources.ACCESS_CONTROL):
        report_unknown(resolver, logical_id)
        tree = resolver.property_of(logical_id, "OriginAccessControlConfig")
        unknowns = Unknowns(tree, resolver.parameters.keys())
        config, faults = parse(OriginAccessControlConfig, plain(tree))
        found.problems += [problem(fault, tree, resolver.file) for fault in unknowns.softened(faults)]
        ref = resources.REF[resources.ACCESS_CONTROL]
        control_id = resolver.said(logical_id, ref, resource, resource.at, logical_id).text
        found.behaviors[control_id] = config.signing_behavior
    return found
