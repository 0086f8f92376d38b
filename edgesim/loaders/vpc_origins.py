"""VPC origins of a template: protocol, ports and TLS versions, which are theirs and not the distribution's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edgesim.distribution.config import VpcEndpointConfig, parse
from edgesim.distribution.model import Origin
from edgesim.distribution.problems import Problem
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import plain, problem
from edgesim.loaders.properties import report_unknown
from edgesim.loaders.unknowns import Unknowns


@dataclass
class VpcOrigins:
    """By id. One that is not known here has the API's defaults."""

    endpoints: dict[str, VpcEndpointConfig] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def applied(self, origin: Origin, vpc_origin_id: str) -> Origin:
        """The origin with what its VPC origin says. inferred: in all else it is a custom origin"""
        endpoint = self.endpoints.get(vpc_origin_id, VpcEndpointConfig())
        return replace(
            origin,
            protocol_policy=endpoint.origin_protocol_policy,
            http_port=endpoint.http_port,
            https_port=endpoint.https_port,
            ssl_protocols=endpoint.origin_ssl_protocols,
        )


def declared_vpc_origins(resolver: Resolver) -> VpcOrigins:
    """Those of a template, by what a Ref to them gives."""
    found = VpcOrigins()
    for logical_id, resource in resolver.live(resources.VPC_ORIGIN):
        report_unknown(resolver, logical_id)
        tree = resolver.property_of(logical_id, "VpcOriginEndpointConfig")
        config, faults = parse(VpcEndpointConfig, plain(tree))
        softened = Unknowns(tree, resolver.parameters.keys()).softened(faults)
        found.problems += [problem(fault, tree, resolver.file) for fault in softened]
        ref = resources.REF[resources.VPC_ORIGIN]
        found.endpoints[resolver.said(logical_id, ref, resource, resource.at, logical_id).text] = config
    return found
