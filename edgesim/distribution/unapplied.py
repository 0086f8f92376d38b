"""What AWS would act on and edgesim does not, yet: one row per property, with what will differ.

Rule 1: every property is read by the assembling code, or has a row here, or stands in NO_EFFECT_LOCALLY.
Rule 2: a WARNING where an answer will be another, a NOTE where only the way to it is.
Rule 3: each row is told once, where it comes up first; a person reads these lines.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from edgesim.distribution.config import (
    CachePolicyConfig,
    CustomConfig,
    DefaultBehavior,
    DistributionConfig,
    OriginConfig,
    OriginGroupConfig,
    OriginRequestPolicyConfig,
    Part,
    S3Config,
    VpcConfig,
    aws_name,
)
from edgesim.distribution.findings import Finding, Loc
from edgesim.distribution.key_config import KeyGroupConfig, PublicKeyConfig
from edgesim.distribution.problems import Severity
from edgesim.distribution.response_headers_config import ResponseHeadersPolicyConfig


class Gap(NamedTuple):
    """`field` is acted on by AWS where it is written and `matters(value)`; `differs` ends "edgesim …"."""

    field: str
    differs: str
    matters: Callable[[Any], bool] = bool
    severity: Severity = Severity.WARNING
    hint: str = ""


def _is_on(value: Any) -> bool:
    """A structure with an Enabled of true, or without one: CloudFormation's Logging is on by being there."""
    return isinstance(value, dict) and str(value.get("Enabled", "true")).lower() == "true"


def _is_switched_on(value: Any) -> bool:
    """A structure that says Enabled: true."""
    return isinstance(value, dict) and str(value.get("Enabled", "false")).lower() == "true"


_DISTRIBUTION = (
    Gap("web_acl_id", "does not apply AWS WAF rules: nothing is blocked"),
    Gap("connection_mode", "does not know tenants: the distribution is served itself", lambda value: value != "direct"),
    Gap("tenant_config", "does not fill in tenant parameters"),
    Gap("viewer_mtls_config", "asks no viewer for a certificate"),
    Gap("connection_function_association", "does not run connection functions"),
    Gap("cname_list", "reads Aliases, not CloudFormation's legacy CNAMEs"),
    Gap("custom_origin", "reads Origins, not CloudFormation's legacy CustomOrigin"),
    Gap("s3_origin", "reads Origins, not CloudFormation's legacy S3Origin"),
    Gap("http_version", "speaks HTTP/1.1 to viewers only", lambda value: value != "http1.1", Severity.NOTE),
)

_BEHAVIOR = (
    Gap("function_associations", "does not run CloudFront Functions yet: requests pass as if there were none"),
    Gap("field_level_encryption_id", "does not encrypt fields: the origin gets them in the clear"),
    Gap("grpc_config", "does not speak gRPC", _is_switched_on),
    Gap("smooth_streaming", "has no Smooth Streaming"),
    Gap("realtime_log_config_arn", "sends no real-time logs to Kinesis", severity=Severity.NOTE),
)

_ORIGIN_GROUP = (
    Gap(
        "selection_criteria",
        "knows no media quality scores: the first origin of a group is asked first",
        lambda value: value == "media-quality-based",
    ),
)

_VPC = Gap(
    "vpc_origin_config",
    "has no VPC: it fetches from the origin's domain name itself",
    hint="say where it is: --origin ID=URL",
)
_ORIGIN = (Gap("origin_shield", "has one cache only, and no Origin Shield before the origin", _is_on, Severity.NOTE),)
_CUSTOM_ORIGIN = (Gap("origin_mtls_config", "shows no client certificate to the origin"),)

_UNSIGNED = "does not sign requests to the origin: a private bucket answers 403"
_COPY_OR_KEY = "serve a copy of it: --origin ID=DIRECTORY; or give credentials to sign with: --s3-credentials env"
_SIGNING = Gap("origin_access_control_id", _UNSIGNED, hint=_COPY_OR_KEY)
_IDENTITY = _SIGNING._replace(field="origin_access_identity")

NO_EFFECT_LOCALLY: Mapping[type[Part], tuple[str, ...]] = {
    DistributionConfig: ("caller_reference", "price_class", "ipv6_enabled", "viewer_certificate", "anycast_ip_list_id"),
    CustomConfig: ("ip_address_type",),
    VpcConfig: ("owner_account_id",),
    CachePolicyConfig: ("comment",),
    OriginRequestPolicyConfig: ("comment",),
    ResponseHeadersPolicyConfig: ("comment",),
    PublicKeyConfig: ("caller_reference", "name", "comment"),
    KeyGroupConfig: ("name", "comment"),
}
"""What has no meaning on one machine. Nothing is said about it."""

GAPS: Mapping[type[Part], tuple[Gap, ...]] = {
    DistributionConfig: _DISTRIBUTION,
    DefaultBehavior: _BEHAVIOR,
    OriginGroupConfig: _ORIGIN_GROUP,
    OriginConfig: (*_ORIGIN, _VPC, _SIGNING),
    CustomConfig: _CUSTOM_ORIGIN,
    S3Config: (_IDENTITY,),
}
"""Every row by the structure that it is about."""

_Asked: TypeAlias = Iterator[tuple[Loc, Part, tuple[Gap, ...]]]


def unapplied(
    config: DistributionConfig, elsewhere: Collection[str] = (), signed: Collection[str] = ()
) -> list[Finding]:
    """What will differ from AWS. `elsewhere` are the ids of the origins that are not fetched from their host: signing
    makes no difference there. `signed` are those to which requests are as CloudFront's are, signed or not."""
    return gaps(
        [
            ((), config, _DISTRIBUTION),
            *((loc, behavior, _BEHAVIOR) for loc, _, behavior in config.behaviors()),
            *((("OriginGroups", i), group, _ORIGIN_GROUP) for i, group in enumerate(config.origin_groups)),
            *(
                each
                for i, origin in enumerate(config.origins)
                for each in _origin(("Origins", i), origin, elsewhere, is_signed=origin.id in signed)
            ),
        ]
    )


def _origin(loc: Loc, origin: OriginConfig, elsewhere: Collection[str], *, is_signed: bool) -> _Asked:
    signing, identity = _SIGNING, _IDENTITY
    rows = _ORIGIN if origin.id in elsewhere else (*_ORIGIN, _VPC)
    if origin.id in elsewhere:
        signing, identity = (
            gap._replace(differs="does not sign requests to the origin", hint="", severity=Severity.NOTE)
            for gap in (signing, identity)
        )
    yield loc, origin, rows if is_signed else (*rows, signing)
    if origin.s3_origin_config is not None and not is_signed:
        yield (*loc, "S3OriginConfig"), origin.s3_origin_config, (identity,)
    if (custom := origin.custom_origin_config) is not None:
        yield (*loc, "CustomOriginConfig"), custom, _CUSTOM_ORIGIN


def gaps(asked: Collection[tuple[Loc, Part, tuple[Gap, ...]]]) -> list[Finding]:
    """One finding for each row that matters, in its first place; the hint names the others."""
    places: dict[Gap, list[Loc]] = {}
    for loc, part, rows in asked:
        for gap in rows:
            if gap.field in part.model_fields_set and gap.matters(getattr(part, gap.field)):
                places.setdefault(gap, []).append((*loc, spelling(part, gap.field)))
    return [
        Finding(first, f"edgesim {gap.differs}", "; ".join(filter(None, (gap.hint, _also(others)))), "", gap.severity)
        for gap, (first, *others) in places.items()
    ]


_NAMED = 3


def _also(others: list[Loc]) -> str:
    """`the same in CacheBehaviors[0], DefaultCacheBehavior and 4 more`"""
    if not others:
        return ""
    names = ", ".join(map(_structure, others[:_NAMED]))
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return f"the same in {names}{more}"


def _structure(loc: Loc) -> str:
    """`CacheBehaviors[0]` or `DefaultCacheBehavior`, of a path below it."""
    return f"{loc[0]}[{loc[1]}]" if isinstance(loc[1], int) else str(loc[0])


def spelling(part: Part, field: str) -> str:
    """A field's name as the user writes it."""
    return type(part).model_fields[field].alias or aws_name(field)
