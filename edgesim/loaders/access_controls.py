"""Origin access controls of a template: how requests to a bucket, or another AWS service, are signed."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgesim.distribution.config import OriginAccessControlConfig, parse
from edgesim.distribution.model import ServiceAccess, SigningBehavior
from edgesim.distribution.problems import Problem
from edgesim.distribution.services import SERVICES, service_of
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import plain, problem
from edgesim.loaders.properties import report_unknown
from edgesim.loaders.unknowns import Unknowns


@dataclass
class AccessControls:
    """By id. One that is not known here signs always (inferred: that is what AWS recommends)."""

    behaviors: dict[str, SigningBehavior] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def signing(self, control_id: str) -> SigningBehavior:
        """What an access control of this id says."""
        return self.behaviors.get(control_id, SigningBehavior.ALWAYS)

    def service(self, control_id: str, domain_name: str) -> ServiceAccess | None:
        """That of a custom origin: the type of its access control, or what its host name tells."""
        named, region = service_of(domain_name) or ("", _DEFAULT_REGION)
        service = self.types.get(control_id, named)
        return ServiceAccess(service, region, self.signing(control_id)) if service in SERVICES else None


_DEFAULT_REGION = "us-east-1"


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
        found.types[control_id] = config.origin_access_control_origin_type
    return found
