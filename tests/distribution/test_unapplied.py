"""Nothing that changes an answer is dropped silently, and nothing else is mentioned."""

from __future__ import annotations

from typing import Any

import pytest

from edgesim.distribution.config import DistributionConfig, parse
from edgesim.distribution.findings import Loc
from edgesim.distribution.problems import Severity
from edgesim.distribution.unapplied import unapplied

DEFAULT = ("DefaultCacheBehavior",)


def warned(config: dict[str, Any] | None = None, behavior: dict[str, Any] | None = None, **origin: Any) -> list[Loc]:
    raw = {
        "Enabled": "true",
        "Origins": [{"Id": "o", "DomainName": "b.s3.amazonaws.com", **origin}],
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", **(behavior or {})},
        **(config or {}),
    }
    parsed, faults = parse(DistributionConfig, raw)
    assert faults == []
    found = list(unapplied(parsed))
    assert all(finding.severity is Severity.WARNING and finding.message.startswith("edgesim ") for finding in found)
    return [finding.at for finding in found]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Logging", {"Bucket": "b"}),
        ("Restrictions", {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE"]}}),
        ("WebACLId", "arn"),
        ("Staging", "true"),
        ("ContinuousDeploymentPolicyId", "x"),
        ("CacheTagConfig", {"HeaderName": "x"}),
        ("ConnectionMode", "tenant-only"),
        ("CNAMEs", ["a"]),
    ],
)
def test_the_distributions_gaps_are_told(name: str, value: Any) -> None:
    assert warned({name: value}) == [(name,)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ResponseHeadersPolicyId", "x"),
        ("FunctionAssociations", [{"EventType": "viewer-request", "FunctionARN": "a"}]),
        ("TrustedKeyGroups", ["k"]),
        ("TrustedSigners", ["self"]),
        ("FieldLevelEncryptionId", "x"),
        ("GrpcConfig", {"Enabled": "true"}),
        ("SmoothStreaming", "true"),
        ("Compress", "true"),
    ],
)
def test_the_behaviors_gaps_are_told(name: str, value: Any) -> None:
    assert warned(behavior={name: value}) == [(*DEFAULT, name)]


def test_the_origins_gaps_are_told() -> None:
    assert warned(VpcOriginConfig={"VpcOriginId": "v"}) == [("Origins", 0, "VpcOriginConfig")]


def test_what_changes_no_local_answer_is_not_mentioned() -> None:
    config = {
        "PriceClass": "PriceClass_100",
        "HttpVersion": "http2and3",
        "IPV6Enabled": "true",
        "ViewerCertificate": {"CloudFrontDefaultCertificate": "true"},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none"}},
        "Logging": {"Enabled": "false"},
    }
    behavior = {
        "SmoothStreaming": "false",
        "Compress": "false",
        "GrpcConfig": {"Enabled": "false"},
        "RealtimeLogConfigArn": "a",
    }
    assert warned(config, behavior, OriginShield={"Enabled": "true"}, OriginAccessControlId="E") == []
