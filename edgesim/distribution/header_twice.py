"""Custom headers of an origin that the viewer's request may have to go there with too.

observed: UpdateDistribution refuses a header that is listed for an origin and one of its custom headers, with this
text; documented: one that comes with all of the viewer's headers gives way (add-origin-custom-headers)
"""

from __future__ import annotations

from collections.abc import Iterator

from edgesim.distribution.config import DistributionConfig
from edgesim.distribution.findings import Finding, Findings
from edgesim.distribution.model import CacheBehavior, Distribution
from edgesim.distribution.policies import Selects

_LISTING = (Selects.WHITELIST, Selects.ALL_VIEWER_AND_CLOUDFRONT)


def headers_said_twice(config: DistributionConfig, distribution: Distribution) -> Findings:
    """`distribution` is what `config` describes, with its policies."""
    for index, origin in enumerate(config.origins):
        listed = {name for behavior in _behaviors_of(distribution, origin.id) for name in _listed(behavior)}
        for number, header in enumerate(origin.origin_custom_headers):
            if header.header_name.lower() in listed:
                yield Finding(
                    ("Origins", index, "OriginCustomHeaders", number, "HeaderName"),
                    f"The parameter Header Name with value {header.header_name} is not allowed as both an origin "
                    "custom header and a forward header.",
                    "a policy of a behavior with this origin lists it",
                    "InvalidArgument",
                )


def _behaviors_of(distribution: Distribution, origin: str) -> Iterator[CacheBehavior]:
    for behavior in distribution.behaviors:
        group = distribution.origin_groups.get(behavior.target_origin_id)
        if origin in (group.members if group is not None else (behavior.target_origin_id,)):
            yield behavior


def _listed(behavior: CacheBehavior) -> Iterator[str]:
    """The headers that are listed for the origin, in lower case."""
    if behavior.forwarded_values is not None:
        yield from map(str.lower, behavior.forwarded_values.headers)
        return
    policies = (behavior.cache_policy, behavior.origin_request_policy)
    for headers in (policy.headers for policy in policies if policy is not None):
        if headers.selects in _LISTING:
            yield from headers.lower
