"""AWS::CloudFront::VpcOrigin in a template."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.distribution.model import Origin, OriginProtocolPolicy
from edgesim.loaders import Overrides, load

TEMPLATE = """
Resources:
  Inside:
    Type: AWS::CloudFront::VpcOrigin
    Properties:
      VpcOriginEndpointConfig:
        Arn: arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/1
        Name: inside
        %s
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins:
          - Id: site
            DomainName: internal.example.com
            VpcOriginConfig: {VpcOriginId: %s, OriginReadTimeout: 60}
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
"""


def origin(tmp_path: Path, settings: str = "", vpc_origin: str = "!Ref Inside") -> Origin:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE % (settings, vpc_origin))
    found = load(file, Overrides(origins={"site": "http://localhost:3000"}))
    assert found.problems == ()
    return found.distributions[0].origins["site"]


@pytest.mark.parametrize("vpc_origin", ["!Ref Inside", "!GetAtt Inside.Id"])
def test_protocol_ports_and_versions_are_those_of_the_vpc_origin(tmp_path, vpc_origin) -> None:
    settings = "{}: {}\n        ".format
    made = origin(
        tmp_path,
        settings("HTTPPort", "8080")
        + settings("HTTPSPort", "8443")
        + settings("OriginProtocolPolicy", "https-only")
        + settings("OriginSSLProtocols", "[TLSv1.1, TLSv1.2]"),
        vpc_origin,
    )
    assert (made.http_port, made.https_port, made.protocol_policy) == (8080, 8443, OriginProtocolPolicy.HTTPS_ONLY)
    assert (made.ssl_protocols, made.read_timeout, made.s3) == (("TLSv1.1", "TLSv1.2"), 60, None)


def test_one_of_another_stack_is_any_custom_origin(tmp_path) -> None:
    made = origin(tmp_path, vpc_origin="vo_of_another_stack")
    assert (made.http_port, made.https_port) == (80, 443)
    assert made.protocol_policy is OriginProtocolPolicy.MATCH_VIEWER
