"""`edgesim record` on a HAR file: where it writes, and that nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgesim.cli import main
from edgesim.commands import record as command


def har(*paths: str, body: str = "hi") -> str:
    def entry(path: str) -> dict[str, object]:
        return {
            "startedDateTime": "2026-10-01T12:00:00Z",
            "request": {"method": "GET", "url": f"https://shop.example{path}", "headers": []},
            "response": {"status": 200, "headers": [], "content": {"mimeType": "text/plain", "text": body}},
        }

    return json.dumps({"log": {"version": "1.2", "entries": [entry(path) for path in paths]}})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.har").write_text(har("/a"))
    (tmp_path / "long.har").write_text(har("/a", body="x" * 5_000))
    return tmp_path


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, ["record", *args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_file_that_is_there_is_refused_and_stays(here: Path) -> None:
    (here / "a.scenario.yaml").write_text("mine")
    told = run("shop.har", "-o", "a.scenario.yaml")
    assert told.exit_code == 2
    assert "a.scenario.yaml is there already\n  hint: --force overwrites it" in told.output
    assert (here / "a.scenario.yaml").read_text() == "mine"


def test_with_force_it_is_overwritten(here: Path) -> None:
    (here / "a.scenario.yaml").write_text("mine")
    assert run("shop.har", "-o", "a.scenario.yaml", "--force").exit_code == 0
    assert "get: /a" in (here / "a.scenario.yaml").read_text()


def test_without_o_a_new_name_is_found(here: Path) -> None:
    (here / "shop.scenario.yaml").write_text("mine")
    assert "wrote shop-2.scenario.yaml" in run("shop.har").output
    assert (here / "shop.scenario.yaml").read_text() == "mine"


def test_bodies_of_another_recording_stay(here: Path) -> None:
    (here / "a-bodies").mkdir()
    (here / "a-bodies" / "01-a.txt").write_text("mine")
    assert "1 body in a-bodies-2/" in run("long.har", "-o", "a.scenario.yaml").output
    assert (here / "a-bodies" / "01-a.txt").read_text() == "mine"
    assert "1 body in a-bodies/" in run("long.har", "-o", "a.scenario.yaml", "--force").output


def test_a_file_that_comes_into_being_during_the_recording_stays(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = command._from_har

    def meanwhile(*args: object) -> object:
        (here / "a.scenario.yaml").write_text("mine")
        return read(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "_from_har", meanwhile)
    told = run("shop.har", "-o", "a.scenario.yaml").output
    assert "a.scenario.yaml has come into being meanwhile, and stays as it is" in told
    assert "wrote a-2.scenario.yaml" in told
    assert (here / "a.scenario.yaml").read_text() == "mine"


def test_the_help_says_where_it_goes(here: Path) -> None:
    (here / "shop.scenario.yaml").write_text("mine")
    said = " ".join(CliRunner().invoke(main, ["record", "--help"]).output.split())
    assert "[default: recorded.scenario.yaml; of capture.har, capture.scenario.yaml; where that is" in said
    assert [run("shop.har").output.count(f"wrote shop-{number}.scenario.yaml") for number in (2, 3)] == [1, 1]


TEMPLATE = """\
Resources:
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Aliases: [shop.example]
        Origins: [{Id: site, DomainName: origin.example, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]
        DefaultCacheBehavior:
          {TargetOriginId: site, ViewerProtocolPolicy: allow-all, CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6}
"""


def test_the_control_port_is_that_of_edgesim_toml(here: Path) -> None:
    (here / "edgesim.toml").write_text('control-port = "many"\n')
    result = CliRunner().invoke(main, ["record", "http://localhost:8080"])
    assert result.exit_code == 2
    assert "edgesim.toml:1: control-port must be a whole number" in result.output


def test_that_functions_see_what_is_masked_is_said_where_there_may_be_some(here: Path) -> None:
    (here / "template.yaml").write_text(TEMPLATE)
    (here / "in.har").write_text(har("/a?token=abcdefghij"))
    said = "a function that checks what is masked"
    assert said not in run("in.har", "-o", "alone.scenario.yaml").output
    assert said in run("in.har", "-o", "whole.scenario.yaml", "--distribution", "template.yaml").output
    assert said.capitalize() in (here / "whole.scenario.yaml").read_text()
    kept = run("in.har", "-o", "kept.scenario.yaml", "--distribution", "template.yaml", "--keep", "token").output
    assert said not in kept
