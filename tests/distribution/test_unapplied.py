"""Nothing that changes an answer is dropped silently, and nothing else is mentioned."""

from __future__ import annotations

from typing import Any

import pytest

from edgesim.distribution.config import DistributionConfig, parse
from edgesim.distribution.findings import Loc
from edgesim.distribution.problems import Severity
from edgesim.distribution.unapplied import unapplied

DEFAULT = ("DefaultCacheBehavior",)


def parsed(
    config: dict[str, Any] | None = None, behavior: dict[str, Any] | None = None, **origin: Any
) -> DistributionConfig:
    raw = {
        "Enabled": "true",
        "Origins": [{"Id": "o", "DomainName": "b.s3.amazonaws.com", **origin}],
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", **(behavior or {})},
        **(config or {}),
    }
    made, faults = parse(DistributionConfig, raw)
    assert faults == []
    return made


def warned(config: dict[str, Any] | None = None, behavior: dict[str, Any] | None = None, **origin: Any) -> list[Loc]:
    found = unapplied(parsed(config, behavior, **origin))
    assert all(finding.severity is Severity.WARNING and finding.message.startswith("edgesim ") for finding in found)
    return [finding.at for finding in found]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WebACLId", "arn"),
        ("ConnectionMode", "tenant-only"),
        ("CNAMEs", ["a"]),
    ],
)
def test_the_distributions_gaps_are_told(name: str, value: Any) -> None:
    assert warned({name: value}) == [(name,)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FunctionAssociations", [{"EventType": "viewer-request", "FunctionARN": "a"}]),
        ("FieldLevelEncryptionId", "x"),
        ("GrpcConfig", {"Enabled": "true"}),
        ("SmoothStreaming", "true"),
    ],
)
def test_the_behaviors_gaps_are_told(name: str, value: Any) -> None:
    assert warned(behavior={name: value}) == [(*DEFAULT, name)]


def test_the_origins_gaps_are_told() -> None:
    assert warned(VpcOriginConfig={"VpcOriginId": "v"}) == [("Origins", 0, "VpcOriginConfig")]


def test_a_vpc_origin_that_the_user_serves_needs_no_vpc() -> None:
    assert unapplied(parsed(VpcOriginConfig={"VpcOriginId": "v"}), {"o"}) == []


def test_what_has_no_meaning_locally_is_not_mentioned() -> None:
    config = {
        "PriceClass": "PriceClass_100",
        "HttpVersion": "http1.1",
        "IPV6Enabled": "true",
        "ViewerCertificate": {"CloudFrontDefaultCertificate": "true"},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none"}},
        "Logging": {"Enabled": "false"},
    }
    behavior = {"SmoothStreaming": "false", "GrpcConfig": {"Enabled": "false"}}
    assert warned(config, behavior, OriginShield={"Enabled": "false"}, OriginAccessControlId="") == []


@pytest.mark.parametrize(
    ("config", "behavior", "origin"),
    [
        pytest.param({"HttpVersion": "http2and3"}, {}, {}, id="the protocol's version"),
        pytest.param({}, {"RealtimeLogConfigArn": "a"}, {}, id="real-time logs"),
        pytest.param({}, {}, {"OriginShield": {"Enabled": "true", "OriginShieldRegion": "x"}}, id="Origin Shield"),
    ],
)
def test_what_changes_no_answer_is_a_note(
    config: dict[str, Any], behavior: dict[str, Any], origin: dict[str, Any]
) -> None:
    [note] = unapplied(parsed(config, behavior, **origin))
    assert note.severity is Severity.NOTE


@pytest.mark.parametrize(
    "origin",
    [
        {"OriginAccessControlId": "E1"},
        {"S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/E1"}},
    ],
    ids=["an OAC", "an OAI"],
)
def test_signing_matters_towards_a_real_bucket_only(origin: dict[str, Any]) -> None:
    config = parsed(**origin)
    [real] = unapplied(config)
    [mapped] = unapplied(config, {"o"})
    assert (real.severity, mapped.severity) == (Severity.WARNING, Severity.NOTE)
    assert (real.hint, mapped.hint) == (
        "serve a copy of it: --origin ID=DIRECTORY; or give credentials to sign with: --s3-credentials env",
        "",
    )


def test_one_gap_in_many_places_is_one_line() -> None:
    behaviors = [
        {"PathPattern": f"/{i}", "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "SmoothStreaming": "true"}
        for i in range(4)
    ]
    [warning] = unapplied(parsed({"CacheBehaviors": behaviors}, {"SmoothStreaming": "true"}))
    assert warning.at == ("CacheBehaviors", 0, "SmoothStreaming")
    assert warning.hint == "the same in CacheBehaviors[1], CacheBehaviors[2], CacheBehaviors[3] and 1 more"
