"""What AWS would act on and edgesim does not, yet: one row per property, with what will differ.

Rule 1: nothing that changes an answer is dropped silently.
Rule 2: what can't change a local answer (PriceClass, HttpVersion, IPV6Enabled, certificates, tags, real-time logs,
        Origin Shield …) is not mentioned; a person reads these lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from edgesim.distribution.config import DefaultBehavior, DistributionConfig, OriginConfig, Part, aws_name
from edgesim.distribution.findings import Finding, Loc
from edgesim.distribution.problems import Severity


class Gap(NamedTuple):
    """`field` is acted on by AWS where `matters(value)`; `differs` ends the sentence "edgesim …"."""

    field: str
    differs: str
    matters: Callable[[Any], bool] = bool


def _is_on(value: Any) -> bool:
    """A structure with an Enabled of true, or without one: CloudFormation's Logging is on by being there."""
    return isinstance(value, dict) and str(value.get("Enabled", "true")).lower() == "true"


def _is_switched_on(value: Any) -> bool:
    """A structure that says Enabled: true."""
    return isinstance(value, dict) and str(value.get("Enabled", "false")).lower() == "true"


_DISTRIBUTION = (
    Gap("logging", "writes no standard access logs to a bucket yet", _is_on),
    Gap(
        "restrictions",
        "does not apply geographic restrictions yet: viewers of every country are let in",
        lambda value: value.geo_restriction.restriction_type != "none",
    ),
    Gap("web_acl_id", "does not apply AWS WAF rules: nothing is blocked"),
    Gap("staging", "treats a staging distribution like any other"),
    Gap("continuous_deployment_policy_id", "sends no share of the traffic to a staging distribution"),
    Gap("connection_mode", "does not know tenants: the distribution is served itself", lambda value: value != "direct"),
    Gap("tenant_config", "does not fill in tenant parameters"),
    Gap("viewer_mtls_config", "asks no viewer for a certificate"),
    Gap("connection_function_association", "does not run connection functions"),
    Gap("cache_tag_config", "does not invalidate by cache tag"),
    Gap("origin_groups", "does not emulate origin failover yet: only the first origin of a group is asked"),
    Gap("cname_list", "reads Aliases, not CloudFormation's legacy CNAMEs"),
    Gap("custom_origin", "reads Origins, not CloudFormation's legacy CustomOrigin"),
    Gap("s3_origin", "reads Origins, not CloudFormation's legacy S3Origin"),
)

_BEHAVIOR = (
    Gap("response_headers_policy_id", "does not apply response headers policies yet: their headers will be missing"),
    Gap("function_associations", "does not run CloudFront Functions yet: requests pass as if there were none"),
    Gap("trusted_key_groups", "does not check signed URLs and cookies yet: every viewer is let in"),
    Gap("trusted_signers", "does not check signed URLs and cookies yet: every viewer is let in"),
    Gap("field_level_encryption_id", "does not encrypt fields: the origin gets them in the clear"),
    Gap("grpc_config", "does not speak gRPC", _is_switched_on),
    Gap("smooth_streaming", "has no Smooth Streaming"),
    Gap("compress", "does not compress responses yet: they go out as the origin sent them"),
)

_ORIGIN = (
    Gap("vpc_origin_config", "has no VPC: it fetches from the origin's domain name itself"),
    Gap("response_completion_timeout", "does not limit the time of a whole response"),
)


def unapplied(config: DistributionConfig) -> Iterator[Finding]:
    """A warning for each thing that will differ from AWS."""
    yield from _gaps((), config, _DISTRIBUTION)
    for loc, _, behavior in config.behaviors():
        yield from _gaps(loc, behavior, _BEHAVIOR)
    for index, origin in enumerate(config.origins):
        yield from _gaps(("Origins", index), origin, _ORIGIN)


def _gaps(
    loc: Loc, part: DistributionConfig | DefaultBehavior | OriginConfig, gaps: tuple[Gap, ...]
) -> Iterator[Finding]:
    for gap in gaps:
        if gap.matters(getattr(part, gap.field)):
            name = spelling(part, gap.field)
            yield Finding((*loc, name), f"edgesim {gap.differs}", severity=Severity.WARNING)


def spelling(part: Part, field: str) -> str:
    """A field's name as the user writes it."""
    return type(part).model_fields[field].alias or aws_name(field)
