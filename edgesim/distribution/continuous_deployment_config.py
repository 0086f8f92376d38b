"""The raw configuration of continuous deployment policies, in CloudFormation's spelling (see config.py), and what
CloudFront refuses of it.

Source: the API's ContinuousDeploymentPolicyConfig; CloudFormation has the same, and Type, SingleHeaderPolicyConfig and
SingleWeightPolicyConfig in the place of TrafficConfig.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edgesim.distribution.config import DistributionConfig, Part, Texts
from edgesim.distribution.continuous_deployment import (
    MOST_WEIGHT,
    PREFIX,
    SESSION_SECONDS,
    ByHeader,
    ByWeight,
    ContinuousDeployment,
    Stickiness,
    Traffic,
)
from edgesim.distribution.findings import Finding, Findings, Loc
from edgesim.values.headers import wire


class SingleHeader(Part):
    required = ("header", "value")

    header: str = ""
    value: str = ""


class SessionStickiness(Part):
    required = ("idle_ttl", "maximum_ttl")

    idle_ttl: int = SESSION_SECONDS[0]
    maximum_ttl: int = SESSION_SECONDS[1]


class SingleWeight(Part):
    required = ("weight",)

    weight: float = Field(0, ge=0)
    session_stickiness_config: SessionStickiness | None = None


Type = Literal["SingleHeader", "SingleWeight"]


class TrafficConfig(Part):
    required = ("type",)

    type: Type | None = None
    single_header_config: SingleHeader | None = None
    single_weight_config: SingleWeight | None = None


class ContinuousDeploymentPolicyConfig(Part):
    required = ("enabled", "staging_distribution_dns_names")

    enabled: bool = True
    staging_distribution_dns_names: Texts = ()
    traffic_config: TrafficConfig | None = None
    type: Type | None = None
    single_header_policy_config: SingleHeader | None = None
    single_weight_policy_config: SingleWeight | None = None

    @property
    def traffic(self) -> tuple[Type | None, SingleHeader | None, SingleWeight | None]:
        """What is said of the traffic, in whichever form."""
        if (told := self.traffic_config) is not None:
            return told.type, told.single_header_config, told.single_weight_config
        return self.type, self.single_header_policy_config, self.single_weight_policy_config


def continuous_deployment(config: ContinuousDeploymentPolicyConfig) -> ContinuousDeployment:
    """The policy as the rules read it. Where its traffic is not said nobody goes to staging."""
    kind, header, weight = config.traffic
    traffic: Traffic = ByWeight(0)
    if kind == "SingleHeader" and header is not None:
        traffic = ByHeader(header.header.lower(), wire(header.value))
    elif kind == "SingleWeight" and weight is not None:
        sticky = weight.session_stickiness_config
        kept = Stickiness(sticky.idle_ttl, sticky.maximum_ttl) if sticky is not None else None
        traffic = ByWeight(weight.weight, kept)
    return ContinuousDeployment(config.staging_distribution_dns_names, traffic, config.enabled)


# ── what CloudFront refuses ──────────────────────────────────────────────────


def check_continuous_deployment(config: ContinuousDeploymentPolicyConfig) -> list[Finding]:
    """Everything CloudFront would refuse in a policy. documented: the API's model, cloudfront-limits. inferred: the
    codes"""
    loc: Loc = ("TrafficConfig",) if config.traffic_config is not None else ()
    names = (
        ("SingleHeaderConfig", "SingleWeightConfig")
        if loc
        else ("SingleHeaderPolicyConfig", "SingleWeightPolicyConfig")
    )
    kind, header, weight = config.traffic
    found = [] if header is None else [finding.under((*loc, names[0])) for finding in _header(header)]
    found += [] if weight is None else [finding.under((*loc, names[1])) for finding in _weight(weight)]
    missing = {"SingleHeader": (header, names[0]), "SingleWeight": (weight, names[1])}
    if kind is not None and missing[kind][0] is None:
        found.append(
            Finding((*loc, missing[kind][1]), f"Type is {kind}, but there is no {missing[kind][1]}", "", _CODE)
        )
    return found


_CODE = "InvalidArgument"


def _header(header: SingleHeader) -> Findings:
    if not header.header.lower().startswith(PREFIX):
        hint = f"write {PREFIX}{header.header}"
        yield Finding(("Header",), f"the header's name must begin with {PREFIX}", hint, _CODE)


def _weight(weight: SingleWeight) -> Findings:
    if weight.weight > MOST_WEIGHT:
        message = f"Weight may be {MOST_WEIGHT} at most, which is {MOST_WEIGHT:.0%} of the traffic"
        yield Finding(("Weight",), message, "", _CODE)
    sticky, (least, most) = weight.session_stickiness_config, SESSION_SECONDS
    if sticky is None:
        return
    at = "SessionStickinessConfig"
    for name, seconds in (("IdleTTL", sticky.idle_ttl), ("MaximumTTL", sticky.maximum_ttl)):
        if not least <= seconds <= most:
            yield Finding((at, name), f"{name} must be from {least} to {most} seconds", "", _CODE)
    if sticky.idle_ttl > sticky.maximum_ttl:
        yield Finding((at, "IdleTTL"), "IdleTTL must not be more than MaximumTTL", "", _CODE)


def check_deploys_continuously(config: DistributionConfig) -> Findings:
    """What a distribution can't have together with a continuous deployment policy, or as a staging distribution.
    documented: continuous-deployment-quotas-considerations, DownloadDistValuesOrigin. inferred: the code"""
    if not (config.staging or config.continuous_deployment_policy_id):
        return
    if config.http_version in ("http3", "http2and3"):
        message = "a distribution that supports HTTP/3 can't be deployed continuously"
        yield Finding(("HttpVersion",), message, "write http2", _CODE)
    for index, origin in enumerate(config.origins):
        if origin.response_completion_timeout:
            message = "continuous deployment and ResponseCompletionTimeout can't be used together"
            yield Finding(("Origins", index, "ResponseCompletionTimeout"), message, "leave it out", _CODE)
