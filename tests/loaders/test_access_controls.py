"""AWS::CloudFront::OriginAccessControl in a template, and what is said where nothing signs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.distribution.model import SigningBehavior
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
