"""Continuous deployment policies and staging distributions, in templates and as the AWS CLI prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.continuous_deployment import ByHeader, ByWeight, ContinuousDeployment, Stickiness
from edgesim.loaders import Loaded, Overrides, load

BY_HEADER = "Type: SingleHeader, SingleHeaderConfig: {Header: AWS-CF-CD-x, Value: y}"
NEWER = """SingleWeightPolicyConfig: {Weight: '0.05', SessionStickinessConfig: {IdleTTL: 300, MaximumTTL: 600}}
        Type: SingleWeight"""
SESSIONS = (
    "TrafficConfig: {Type: SingleWeight, SingleWeightConfig: {Weight: 0.1, "
    "SessionStickinessConfig: {IdleTTL: %s, MaximumTTL: 600}}}"
)
TEMPLATE = """
Resources:
  Policy:
    Type: AWS::CloudFront::ContinuousDeploymentPolicy
    Properties:
      ContinuousDeploymentPolicyConfig:
        Enabled: true
        StagingDistributionDnsNames: [!GetAtt Staging.DomainName]
        %s
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig: &config
        Enabled: true
        ContinuousDeploymentPolicyId: %s
        Origins: [{Id: site, DomainName: a.example.com, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
  Staging:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Staging: true
        Origins: [{Id: site, DomainName: b.example.com, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
"""


def template(tmp_path: Path, traffic: str, policy: str = "!Ref Policy") -> Loaded:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE.replace("&config", "") % (traffic, policy))
    return load(file)


def told(found: Loaded) -> list[str]:
    return [problem.message for problem in found.problems]


@pytest.mark.parametrize(
    ("written", "traffic"),
    [
        (f"TrafficConfig: {{{BY_HEADER}}}", ByHeader("aws-cf-cd-x", "y")),
        ("TrafficConfig: {Type: SingleWeight, SingleWeightConfig: {Weight: 0.1}}", ByWeight(0.1)),
        (NEWER, ByWeight(0.05, Stickiness(300, 600))),
    ],
    ids=["by header", "by weight", "the newer form, sticky"],
)
@pytest.mark.parametrize("ref", ["!Ref Policy", "!GetAtt Policy.Id"])
def test_a_policy_is_read_and_names_the_staging_distribution(tmp_path, written, traffic, ref):
    found = template(tmp_path, written, ref)
    assert told(found) == []
    web, staging = found.distributions
    assert web.continuous_deployment == ContinuousDeployment((staging.domain_name,), traffic)
    assert (web.staging, staging.staging, staging.continuous_deployment) == (False, True, None)


@pytest.mark.parametrize(
    ("traffic", "message", "line"),
    [
        ("TrafficConfig: {Type: SingleHeader, SingleHeaderConfig: {Header: x, Value: y}}",
         "the header's name must begin with aws-cf-cd-", 9),
        ("TrafficConfig: {Type: SingleWeight, SingleWeightConfig: {Weight: 0.2}}",
         "Weight may be 0.15 at most, which is 15% of the traffic", 9),
        ("TrafficConfig: {Type: SingleWeight}", "Type is SingleWeight, but there is no SingleWeightConfig", 9),
        ("Type: SingleHeader", "Type is SingleHeader, but there is no SingleHeaderPolicyConfig", 6),
        (SESSIONS % 30, "IdleTTL must be from 300 to 3600 seconds", 9),
        (SESSIONS % 700, "IdleTTL must not be more than MaximumTTL", 9),
    ],
)  # fmt: skip
def test_what_cloudfront_refuses(tmp_path, traffic, message, line):
    [problem] = template(tmp_path, traffic).problems
    assert (problem.message, problem.line) == (message, line)


@pytest.mark.parametrize("policy", ["11111111-aaaa", "!ImportValue other"])
def test_a_policy_that_is_not_there_is_told(tmp_path, policy):
    found = template(tmp_path, f"TrafficConfig: {{{BY_HEADER}}}", policy)
    assert not found.errors
    messages = told(found)
    assert any(m.endswith("is not there: nobody gets to a staging distribution") for m in messages)
    assert any(m.endswith("no policy here names this one") for m in messages)


def test_what_does_not_go_together(tmp_path):
    file = tmp_path / "template.yaml"
    text = (TEMPLATE % (f"TrafficConfig: {{{BY_HEADER}}}", "!Ref Policy")).replace("&config", "")
    text = text.replace("Staging: true", "Staging: true\n        HttpVersion: http2and3")
    file.write_text(
        text.replace("DomainName: b.example.com,", "DomainName: b.example.com, ResponseCompletionTimeout: 60,")
    )
    messages = told(load(file))
    assert "a distribution that supports HTTP/3 can't be deployed continuously" in messages
    assert "continuous deployment and ResponseCompletionTimeout can't be used together" in messages


# ── as the AWS CLI prints it ─────────────────────────────────────────────────


def printed(host: str, **more: Any) -> dict[str, Any]:
    nothing = {"Quantity": 0}
    return {
        "ETag": "E1",
        "DistributionConfig": {
            "CallerReference": "x",
            "Comment": "",
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "site",
                        "DomainName": host,
                        "CustomOriginConfig": {
                            "HTTPPort": 80,
                            "HTTPSPort": 443,
                            "OriginProtocolPolicy": "http-only",
                            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                        },
                    }
                ],
            },
            "CacheBehaviors": nothing,
            "DefaultCacheBehavior": {
                "TargetOriginId": "site",
                "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            },
            **more,
        },
    }


POLICY = {
    "ContinuousDeploymentPolicy": {
        "Id": "p1",
        "LastModifiedTime": "2026-01-01T00:00:00Z",
        "ContinuousDeploymentPolicyConfig": {
            "StagingDistributionDnsNames": {"Quantity": 1, "Items": ["d222222abcdef8.cloudfront.net"]},
            "Enabled": True,
            "TrafficConfig": {
                "SingleWeightConfig": {
                    "Weight": 0.1,
                    "SessionStickinessConfig": {"IdleTTL": 300, "MaximumTTL": 600},
                },
                "Type": "SingleWeight",
            },
        },
    }
}


@pytest.fixture
def files(tmp_path):
    def write(name: str, value: object) -> str:
        (tmp_path / name).write_text(json.dumps(value))
        return str(tmp_path / name)

    return write


def test_the_json_of_all_three(files):
    primary = files("primary.json", printed("a.example.com", ContinuousDeploymentPolicyId="p1", Staging=False))
    staging = files("staging.json", printed("b.example.com", ContinuousDeploymentPolicyId="", Staging=True))
    policy = files("policy.json", POLICY)
    found = load(primary, Overrides(continuous_deployment_policies={"p1": policy}, staging=staging))
    assert told(found) == []
    web, other = found.distributions
    assert web.continuous_deployment is not None
    assert web.continuous_deployment.traffic == ByWeight(0.1, Stickiness(300, 600))
    assert (other.staging, other.domain_name) == (True, "d222222abcdef8.cloudfront.net")
    assert web.id != other.id
    assert set(found.files) == {primary, staging, policy}


def test_the_primary_one_alone_serves_everybody_and_says_so(files):
    primary = files("primary.json", printed("a.example.com", ContinuousDeploymentPolicyId="p1"))
    [problem] = load(primary).problems
    assert problem.hint == "give its JSON: --continuous-deployment-policy p1=FILE"


def test_a_staging_distribution_alone_is_served_by_itself(files):
    found = load(files("staging.json", printed("b.example.com", Staging=True)))
    assert told(found) == [
        "viewers get to a staging distribution through its primary distribution only; edgesim serves it by itself"
    ]
    assert found.distributions


@pytest.mark.parametrize(
    ("staging", "message"),
    [
        (printed("b.example.com"), "this is no staging distribution"),
        ({"a": 1}, "this describes no distribution"),
        (None, "there is no such file"),
    ],
)
def test_what_is_no_staging_distribution_is_refused(files, staging, message):
    primary = files("primary.json", printed("a.example.com", ContinuousDeploymentPolicyId="p1"))
    policy = files("policy.json", POLICY)
    path = "/nowhere.json" if staging is None else files("staging.json", staging)
    found = load(primary, Overrides(continuous_deployment_policies={"p1": policy}, staging=path))
    assert message in [problem.message for problem in found.errors]
