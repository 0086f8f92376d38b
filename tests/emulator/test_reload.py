"""An emulator that takes in what was saved, and keeps what it had where that can't be."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.versions import Refused
from edgesim.emulator import Emulator
from edgesim.loaders import Loaded
from edgesim.server.reload import watch
from edgesim.settings import Settings
from edgesim.terminal import Terminal
from edgesim.testing.make import an_entry
from edgesim.values.entry import CacheKey
from edgesim.values.instant import Instant

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
          SmoothStreaming: true
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
          LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref V}]
"""
SAM = "Transform: AWS::Serverless-2016-10-31\n" + TEMPLATE.replace("Lambda::Function", "Serverless::Function").replace(
    "Code: code", "CodeUri: code, AutoPublishAlias: live"
).replace("!Ref V}", "!Ref Fn.Version}")
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
        for text in (
            TEMPLATE,
            "# moved by a line\n" + TEMPLATE,
            TEMPLATE.replace("SmoothStreaming: true", ""),
            TEMPLATE,
        ):
            template.write_text(text)
            await emulator.saved({template})

    assert story(tmp_path, tell).count("has no Smooth Streaming") == 2


ASSOCIATION = "[{EventType: viewer-request, LambdaFunctionARN: !Ref V}]"
RETAINED = TEMPLATE.replace("Fn:\n", "Fn:\n    DeletionPolicy: Retain\n", 1)
GONE_FROM_IT = re.sub(r"  Fn:.*?(?=  Web:)", "", TEMPLATE, flags=re.DOTALL).replace(ASSOCIATION, "[]")


@pytest.mark.parametrize(
    ("before", "after", "times"),
    [
        pytest.param(TEMPLATE, TEMPLATE.replace(ASSOCIATION, "[]"), 0, id="it is associated no longer"),
        pytest.param(TEMPLATE, GONE_FROM_IT, 1, id="it is gone with its association"),
        pytest.param(RETAINED, GONE_FROM_IT, 0, id="it is retained"),
    ],
)
def test_a_function_that_goes_with_its_association_can_not_be_deleted_yet(
    tmp_path: Path, before: str, after: str, times: int
) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        for text in (before, after, after.replace("first", "second")):
            (folder / "template.yaml").write_text(text)
            await emulator.saved({folder / "template.yaml"})

    assert story(tmp_path, tell).count("because it is a replicated function") == times


def test_a_saved_function_is_said_to_be_reloaded(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        await _save(emulator, folder, HANDLER % 1)
        await emulator.saved({folder / "code" / "index.py"})  # heard of twice, and nothing new

    assert story(tmp_path, tell).count("function Fn reloaded") == 1


@pytest.mark.parametrize(
    ("trigger", "stored", "times"),
    [
        pytest.param("origin-response", True, 1, id="what it made is stored"),
        pytest.param("origin-request", True, 1, id="before the origin"),
        pytest.param("origin-response", False, 0, id="nothing is stored"),
        pytest.param("viewer-request", True, 0, id="before the cache"),
        pytest.param("viewer-response", True, 0, id="after the cache"),
    ],
)
def test_a_reload_says_that_the_cache_keeps_what_earlier_versions_made(
    tmp_path: Path, trigger: str, stored: bool, times: int
) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        (folder / "template.yaml").write_text(TEMPLATE.replace("viewer-request", trigger))
        await emulator.saved({folder / "template.yaml"})
        if stored:
            await emulator.store.put(CacheKey(emulator.distributions[0].id, "GET", "/"), an_entry())
        await _save(emulator, folder, HANDLER % 1)

    said = "what is cached already keeps what earlier versions made: edgesim invalidate '/*'\n"
    assert story(tmp_path, tell).count(said) == times


def test_a_handler_that_is_renamed_while_it_runs_is_told_with_what_may_be_meant(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        await _save(emulator, folder, HANDLER.replace("handler", "handle") % 1)

    said = story(tmp_path, tell)
    assert "Runtime.HandlerNotFound: Handler 'handler' missing on module 'index'" in said
    assert "hint: did you mean handle?; this is version 2; the last version that worked goes on serving" in said


def test_a_broken_function_that_is_put_back_is_said_to_be_reloaded(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        await _save(emulator, folder, "def (")
        [function] = emulator.functions()
        assert function["problem"].startswith(f"{folder}/code/index.py:1: Runtime.UserCodeSyntaxError: ")
        await _save(emulator, folder, HANDLER % 0)

    said = story(tmp_path, tell)
    assert said.index("the last version that worked goes on serving") < said.index("function Fn reloaded")


@pytest.mark.parametrize("with_the_folder", [True, False], ids=["with its folder", "out of its folder"])
def test_code_that_is_gone_is_spoken_of_in_one_line_and_again_when_it_is_back(
    tmp_path: Path, with_the_folder: bool
) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        shutil.rmtree(folder / "code")
        if not with_the_folder:
            (folder / "code").mkdir()
        before = _said(emulator)
        for _ in range(2):
            await emulator.saved({folder / "code"})
            await emulator.saved({folder / "code" / "index.py"})
        assert _said(emulator) == before + GONE
        (folder / "code").mkdir(exist_ok=True)
        await _save(emulator, folder, HANDLER % 0)

    assert story(tmp_path, tell).endswith(GONE + "function Fn reloaded\n")


def test_code_that_is_gone_is_watched_for(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        watched = emulator.watched()
        shutil.rmtree(folder / "code")
        assert emulator.watched() == watched

    story(tmp_path, tell)


def test_a_bug_in_a_reload_is_reported_and_the_next_save_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(settings: Settings) -> Loaded:
        raise KeyError(settings.source)

    async def tell(emulator: Emulator, folder: Path) -> None:
        (folder / "template.yaml").write_text(TEMPLATE.replace("first", "second"))
        with monkeypatch.context() as patch:
            patch.setattr("edgesim.emulator.load_source", broken)
            await emulator.saved({folder / "template.yaml"})
        assert emulator.distributions[0].comment == "first"
        await emulator.saved({folder / "template.yaml"})
        assert emulator.distributions[0].comment == "second"

    said = story(tmp_path, tell)
    assert "edgesim: this is a bug in edgesim" in said
    assert "KeyError" in said


def test_a_folder_that_a_build_makes_anew_goes_live_and_is_watched_on(tmp_path: Path) -> None:
    """The watch and the emulator together."""

    async def tell(emulator: Emulator, folder: Path) -> None:
        watching = asyncio.create_task(watch(emulator.watched, emulator.saved))
        for number in range(1, 4):
            shutil.rmtree(folder / "code")
            (folder / "code").mkdir()
            (folder / "code" / "index.py").write_text(HANDLER % number)
            await _reloaded(emulator, number)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    story(tmp_path, tell)


# ── versions ─────────────────────────────────────────────────────────────────


def test_a_save_publishes_the_next_version_and_says_so(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        await _save(emulator, folder, HANDLER % 1)
        await _save(emulator, folder, HANDLER % 1)
        (folder / "template.yaml").write_text(TEMPLATE.replace("Handler:", "MemorySize: 256, Handler:"))
        await emulator.saved({folder / "template.yaml"})
        (folder / "template.yaml").write_text(TEMPLATE.replace("Handler:", "MemorySize: 256, Handler:") + "# the same")
        await emulator.saved({folder / "template.yaml"})
        [function] = emulator.functions()
        assert function["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:Fn:3"
        assert [one["version"] for one in function["versions"]] == ["1", "2", "3"]
        assert function["triggers"] == ["Web * viewer-request"]

    lines = [line for line in story(tmp_path, tell).splitlines() if "function Fn" in line]
    assert lines == ["function Fn reloaded: version 2", "function Fn reloaded: version 3"]


def test_with_sam_changed_settings_wait_for_the_next_version_and_it_is_said(tmp_path: Path) -> None:
    def seconds(emulator: Emulator) -> float:
        [function] = emulator.functions()
        [deployed] = emulator.distributions[0].functions
        assert deployed.timeout == function["timeout"]
        return float(function["timeout"])

    async def tell(emulator: Emulator, folder: Path) -> None:
        template = folder / "template.yaml"
        template.write_text(SAM)
        await emulator.saved({template})
        template.write_text(SAM.replace("Handler:", "Timeout: 9, Handler:").replace("first", "second"))
        await emulator.saved({template})
        assert (seconds(emulator), emulator.distributions[0].comment) == (3, "second")
        await _save(emulator, folder, HANDLER % 1)
        assert seconds(emulator) == 9

    said = story(tmp_path, tell)
    assert (
        f"{tmp_path}/template.yaml:5: warning: Fn goes on with Timeout 3: SAM publishes a version when the code or "
        "MemorySize changes\n    at: Resources.Fn.Properties.Timeout\n    hint: AutoPublishAliasAllProperties: true"
    ) in said
    assert said.index("Timeout 3") < said.index("function Fn reloaded: version")


def test_a_wrong_handler_that_waits_for_its_version_makes_nothing_fail_and_nothing_else_is_said(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        template = folder / "template.yaml"
        for handler in ("handler", "nothing", "handler"):
            template.write_text(SAM.replace("index.handler", f"index.{handler}"))
            await emulator.saved({template})
        [function] = emulator.functions()
        assert function["handler"] == "index.handler"

    said = story(tmp_path, tell)
    assert "Fn goes on with Handler index.handler" in said
    assert "with that handler each invocation would fail: Handler 'nothing' missing on module 'index'" in said
    assert "will fail" not in said


def test_where_a_handler_does_not_start_the_next_one_is_tried_and_no_other_is_said_to_go_on(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        template = folder / "template.yaml"
        template.write_text(SAM)
        await emulator.saved({template})
        template.write_text(SAM.replace("index.handler", "index.nothing"))
        await emulator.saved({template})
        await _save(emulator, folder, HANDLER % 1)
        template.write_text(SAM)
        await emulator.saved({template})
        [function] = emulator.functions()
        assert (function["handler"], function["problem"]) == ("index.handler", None)

    said = story(tmp_path, tell)
    assert "the last version that worked goes on serving" in said
    assert "goes on with Handler index.nothing" not in said


def test_an_update_reaches_edge_locations_one_after_the_other(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        assert emulator.app is not None
        emulator.settings = replace(emulator.settings, propagation=60.0)
        emulator.clock.freeze()
        before = emulator.clock.now()
        (folder / "template.yaml").write_text(TEMPLATE.replace("first", "second"))
        await emulator.saved({folder / "template.yaml"})
        pops = [f"IAD{number}-C1" for number in range(40)]

        def comments(seconds: float) -> list[str]:
            assert emulator.app is not None
            return [emulator.app.rollout.at(pop, Instant(before + seconds))[0].comment for pop in pops]

        assert comments(-1) == ["first"] * 40
        assert set(comments(30)) == {"first", "second"}
        assert comments(60) == ["second"] * 40

    assert "configuration reloaded, at every edge location within 1m\n" in story(tmp_path, tell)


def test_aliases_lead_to_what_took_the_place_of_their_version(tmp_path: Path) -> None:
    alias = """\
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Fn, FunctionVersion: !GetAtt V.Version, Name: live}
"""

    async def tell(emulator: Emulator, folder: Path) -> None:
        (folder / "template.yaml").write_text(TEMPLATE.replace("  Web:\n", f"{alias}  Web:\n"))
        await emulator.saved({folder / "template.yaml"})
        await _save(emulator, folder, HANDLER % 1)
        leads = [{"version": "2", "weight": 1.0}]
        [function] = _found(emulator, "Fn:live")
        assert (function["aliases"], function["leadsTo"]) == ([{"name": "live", "leadsTo": leads}], leads)
        assert _found(emulator, "Fn:1")[0]["leadsTo"] == [{"version": "1", "weight": 1.0}]
        assert _found(emulator, function["arn"].rpartition(":")[0])[0]["name"] == "Fn"
        nowhere = emulator.functions("Fn:9")
        assert isinstance(nowhere, Refused)
        assert nowhere.code == "ResourceNotFoundException"
        assert isinstance(emulator.functions("nobody"), Refused)

    story(tmp_path, tell)


def _found(emulator: Emulator, wanted: str) -> list[dict[str, Any]]:
    found = emulator.functions(wanted)
    assert not isinstance(found, Refused)
    return found


GONE = "the code of function Fn is gone: what it was goes on serving\n"


async def _save(emulator: Emulator, folder: Path, text: str) -> None:
    (folder / "code" / "index.py").write_text(text)
    await emulator.saved({folder / "code" / "index.py"})


def _said(emulator: Emulator) -> str:
    emulator.terminal.flush()
    stream = emulator.terminal._stream
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


async def _reloaded(emulator: Emulator, times: int) -> None:
    for _ in range(100):
        if _said(emulator).count("function Fn reloaded") == times:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


def test_a_function_is_found_by_its_logical_id_and_those_that_there_are_are_named(tmp_path: Path) -> None:
    async def tell(emulator: Emulator, folder: Path) -> None:
        named = TEMPLATE.replace("Properties: {Code", "Properties: {FunctionName: the-guard, Code")
        (folder / "template.yaml").write_text(named)
        await emulator.saved({folder / "template.yaml"})
        for wanted in ("Fn", "the-guard", "Fn:1"):
            [function] = _found(emulator, wanted)
            assert function["name"] == "the-guard"
        near, far = emulator.functions("the-gard"), emulator.functions("Auth")
        assert isinstance(near, Refused)
        assert isinstance(far, Refused)
        assert near.message == "Function not found: the-gard; did you mean the-guard?"
        assert far.message == "Function not found: Auth; there are Fn, the-guard"

    story(tmp_path, tell)
