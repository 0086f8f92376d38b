"""AWS::CloudFront::OriginAccessControl in a template, and what is said where nothing signs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.distribution.model import ServiceAccess, SigningBehavior
from edgesim.loaders import Loaded, Overrides, load

TEMPLATE = """
Resources:
  Control:
    Type: AWS::CloudFront::OriginAccessControl
    Properties:
      OriginAccessControlConfig:
        Name: control
        OriginAccessControlOriginType: s3
        SigningBehavior: %s
        SigningProtocol: sigv4
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins:
          - Id: site
            DomainName: docs.s3.eu-west-1.amazonaws.com
            S3OriginConfig: {}
            OriginAccessControlId: %s
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
"""


def loaded(tmp_path: Path, behavior: str = "always", control: str = "!Ref Control", *, signs: bool = False) -> Loaded:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE % (behavior, control))
    return load(file, Overrides(signs=signs))


def told(found: Loaded) -> list[str]:
    return [problem.message for problem in found.problems]


@pytest.mark.parametrize("control", ["!Ref Control", "!GetAtt Control.Id"])
@pytest.mark.parametrize("behavior", list(SigningBehavior))
def test_an_origin_signs_as_its_control_says(tmp_path, behavior, control) -> None:
    [distribution] = loaded(tmp_path, behavior, control).distributions
    s3 = distribution.origins["site"].s3
    assert (s3.origin_access_control, s3.signing) == (True, behavior)


def test_a_control_of_another_stack_signs_always(tmp_path) -> None:
    [distribution] = loaded(tmp_path, "never", "E1EXAMPLE").distributions
    assert distribution.origins["site"].s3.signing is SigningBehavior.ALWAYS


def test_without_credentials_a_signature_that_is_missing_is_told(tmp_path) -> None:
    found = loaded(tmp_path)
    assert told(found) == ["edgesim does not sign requests to the origin: a private bucket answers 403"]
    assert "--s3-credentials env" in found.problems[0].hint


def test_where_none_is_missing_nothing_is_told(tmp_path) -> None:
    assert told(loaded(tmp_path, signs=True)) == []
    assert told(loaded(tmp_path, "never")) == []


def test_a_behavior_that_there_is_not_is_an_error(tmp_path) -> None:
    [problem] = loaded(tmp_path, "sometimes").errors
    assert problem.message == "'sometimes' is not a valid SigningBehavior: it is one of always, no-override, never"
    assert problem.line == 9


# ── other services ───────────────────────────────────────────────────────────

URL_ID = "abc123.lambda-url.eu-west-1.on.aws"


@pytest.mark.parametrize(
    ("kind", "domain", "service"),
    [
        ("lambda", URL_ID, ServiceAccess("lambda", "eu-west-1")),
        ("lambda", "function.internal", ServiceAccess("lambda", "us-east-1")),
        ("mediastore", "a.data.mediastore.eu-central-1.amazonaws.com", ServiceAccess("mediastore", "eu-central-1")),
        ("mediapackagev2", "a.egress.b.mediapackagev2.us-west-2.amazonaws.com",
         ServiceAccess("mediapackagev2", "us-west-2")),
        ("s3", URL_ID, None),
        (None, URL_ID, ServiceAccess("lambda", "eu-west-1")),
        (None, "www.example.com", None),
    ],
)  # fmt: skip
def test_a_custom_origin_is_signed_for_as_its_control_or_its_name_says(tmp_path, kind, domain, service):
    text = TEMPLATE % ("always", "!Ref Control" if kind else "E1EXAMPLE")
    text = text.replace("OriginAccessControlOriginType: s3", f"OriginAccessControlOriginType: {kind or 's3'}")
    text = text.replace("docs.s3.eu-west-1.amazonaws.com", domain)
    text = text.replace("S3OriginConfig: {}", "CustomOriginConfig: {OriginProtocolPolicy: https-only}")
    file = tmp_path / "template.yaml"
    file.write_text(text)
    [distribution] = load(file, Overrides(signs=True)).distributions
    assert (distribution.origins["site"].service, distribution.origins["site"].s3) == (service, None)
