"""An emulator that takes in what was saved, and keeps what it had where that can't be."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edgesim.emulator import Emulator
from edgesim.settings import Settings
from edgesim.terminal import Terminal

pytestmark = pytest.mark.slow

TEMPLATE = """\
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Code: code, Handler: index.handler, Runtime: python3.11, Role: "arn:aws:iam::1:role/r"}
  V:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Fn}
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Comment: first
        Origins: [{Id: site, DomainName: site.example.com, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          Compress: true
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
          LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref V}]
"""
HANDLER = "def handler(event, context):\n    return {'status': '20%s'}\n"


def story(folder: Path, tell: Callable[[Emulator, Path], Awaitable[None]]) -> str:
    """Run a story on an emulator of the template; what was said."""
    (folder / "code").mkdir()
    (folder / "code" / "index.py").write_text(HANDLER % 0)
    (folder / "public").mkdir()
    (folder / "template.yaml").write_text(TEMPLATE)
    stream = io.StringIO()

    async def run() -> None:
        settings = Settings(source=str(folder / "template.yaml"), origins={"site": str(folder / "public")})
        emulator = Emulator(settings, Terminal(stream, quiet=True))
        try:
            await emulator.start()
            await tell(emulator, folder)
        finally:
            await emulator.close()

    asyncio.run(run())
    return stream.getvalue()


def test_an_origin_directory_that_vanished_leaves_the_last_configuration(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        (folder / "public").rename(folder / "away")
        (folder / "template.yaml").write_text(TEMPLATE.replace("first", "second"))
        await emulator.saved({folder / "template.yaml"})
        assert emulator.distributions[0].comment == "first"
        (folder / "away").rename(folder / "public")
        await emulator.saved({folder / "template.yaml"})
        assert emulator.distributions[0].comment == "second"

    said = story(tmp_path, tell)
    assert "neither a URL nor a directory that exists" in said
    assert "the last good configuration goes on serving" in said
    assert said.count("configuration reloaded") == 1


def test_a_warning_is_told_once_and_again_when_it_comes_back(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        template = folder / "template.yaml"
        for text in (TEMPLATE, "# moved by a line\n" + TEMPLATE, TEMPLATE.replace("Compress: true", ""), TEMPLATE):
            template.write_text(text)
            await emulator.saved({template})

    assert story(tmp_path, tell).count("does not compress") == 2


def test_a_saved_function_is_said_to_be_reloaded_and_a_vanished_one_to_be_gone(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        (folder / "code" / "index.py").write_text(HANDLER % 1)
        await emulator.saved({folder / "code" / "index.py"})
        shutil.rmtree(folder / "code")
        await emulator.saved({folder / "code"})

    said = story(tmp_path, tell)
    assert "function Fn reloaded" in said
    assert "the code of function Fn is gone: what it was goes on serving" in said
