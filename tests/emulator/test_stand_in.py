"""A runtime that is not installed is said once, however many functions have it and however often they are saved."""

from __future__ import annotations

import asyncio
import io
import sys

import pytest

from edgesim.emulator import Emulator
from edgesim.settings import Settings
from edgesim.terminal import Terminal

pytestmark = pytest.mark.slow

OTHER = "python3.9" if sys.version_info >= (3, 14) else "python3.14"
HANDLER = "def handler(event, context):\n    return event['Records'][0]['cf']['request']\n"
TEMPLATE = f"""\
Resources:
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{{Id: site, DomainName: example.com, CustomOriginConfig: {{OriginProtocolPolicy: http-only}}}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
          LambdaFunctionAssociations:
            - {{EventType: viewer-request, LambdaFunctionARN: !Ref FirstVersion}}
            - {{EventType: origin-request, LambdaFunctionARN: !Ref SecondVersion}}
  First: &function
    Type: AWS::Lambda::Function
    Properties: {{Runtime: {OTHER}, Handler: app.handler, Code: code}}
  Second: *function
  FirstVersion: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref First}}}}
  SecondVersion: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref Second}}}}
"""


def test_it_is_said_once(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    code = tmp_path / "code" / "app.py"
    code.parent.mkdir()
    code.write_text(HANDLER)
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE)
    stream = io.StringIO()

    async def story() -> None:
        emulator = Emulator(Settings(source=str(template)), Terminal(stream))
        try:
            await emulator.start()
            code.write_text(f"{HANDLER}# saved\n")
            await emulator.saved({code})
            await emulator.saved({template})
        finally:
            await emulator.close()
            emulator.terminal.flush()

    asyncio.run(story())
    said = stream.getvalue()
    assert said.count(f"{OTHER} is not installed: Python {sys.version_info[0]}.{sys.version_info[1]}.") == 1
    assert said.count("is not installed") == 1
