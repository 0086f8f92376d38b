"""Makers: a template from its interesting lines, loaded from a real file."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from edgesim.loaders import Loaded, Overrides, load

Load = Callable[..., Loaded]

FUNCTIONS = """\
Fn:
  Type: AWS::Lambda::Function
  Properties: {FunctionName: fn, Handler: index.handler, Runtime: nodejs22.x, Code: {ZipFile: "exports.handler = 1"}}
V:
  Type: AWS::Lambda::Version
  Properties: {FunctionName: !Ref Fn}
"""


def block(text: str, indent: int) -> str:
    """Lines of their own indentation, moved to the right."""
    return textwrap.indent(textwrap.dedent(text), " " * indent)


@pytest.fixture
def template(tmp_path: Path) -> Load:
    """Loads a whole template's text."""

    def loaded(text: str, name: str = "t.yaml", **overrides: dict[str, str]) -> Loaded:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return load(path, Overrides(**overrides))

    return loaded


@pytest.fixture
def distribution(template: Load) -> Load:
    """Loads a template of one distribution, given the lines that differ: of the default behavior, of the
    configuration, of other resources, of the template's head."""

    def loaded(
        behavior: str = "", config: str = "", resources: str = FUNCTIONS, head: str = "", **kw: dict[str, str]
    ) -> Loaded:
        policy = "" if "ForwardedValues" in behavior or "CachePolicyId" in behavior else CACHING
        origins = "" if "Origins:" in config else ORIGINS
        return template(
            f"{textwrap.dedent(head)}Resources:\n"
            + block(resources, 2)
            + "  Web:\n    Type: AWS::CloudFront::Distribution\n    Properties:\n      DistributionConfig:\n"
            + "        Enabled: true\n"
            + block(origins, 8)
            + block(config, 8)
            + "        DefaultCacheBehavior:\n          TargetOriginId: o\n          ViewerProtocolPolicy: allow-all\n"
            + block(policy, 10)
            + block(behavior, 10),
            **kw,
        )

    return loaded


CACHING = "CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6\n"
ORIGINS = "Origins: [{Id: o, DomainName: example.com, CustomOriginConfig: {OriginProtocolPolicy: https-only}}]\n"
