"""The command line: what it understands, what it says, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgesim import __version__
from edgesim.cli import main

TEMPLATE = """\
Resources:
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{Id: site, DomainName: site.example.com, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
"""


OPTIONS = (
    *("--origin", "--resolve", "--host", "--port", "--https-port", "--control-port", "--pop", "--viewer-country"),
    *("--viewer-request", "--origin-response", "--function", "--config", "--cache-size", "--no-reload"),
    *(
        "--parameter",
        "--environments",
        "--quiet",
        "--log-dir",
        "--propagation",
        "--concurrency",
        "--relax",
        "--inspect",
    ),
    *("--limits", "--choice", "--public-key"),
)


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_version() -> None:
    assert run("--version").output == f"edgesim, version {__version__}\n"


@pytest.mark.parametrize(
    "command", ["serve", "check", "explain", "invalidate", "functions", "clock", "demo", "stats", "cache"]
)
def test_every_command_is_in_the_help_and_has_help_of_its_own(command: str) -> None:
    assert command in run("--help").output
    told = run(command, "--help")
    assert told.exit_code == 0
    assert told.output.startswith(f"Usage: main {command}")


def test_help_names_every_option_of_serve() -> None:
    told = run("serve", "--help").output
    for option in OPTIONS:
        assert option in told


def test_check_of_a_sound_template_ends_with_0(template: Path) -> None:
    told = run("check", str(template))
    assert (told.exit_code, told.output) == (0, "no problems\n")


def test_check_reports_every_problem_with_its_line_and_ends_with_2(template: Path) -> None:
    broken = TEMPLATE.replace("allow-all", "allow-al").replace("TargetOriginId: site", "TargetOriginId: sit")
    template.write_text(broken + "          Colour: blue\n")
    told = run("check", str(template))
    assert told.exit_code == 2
    for line in (9, 10, 12):
        assert f"template.yaml:{line}: error" in told.output
    assert "did you mean" in told.output
    assert "3 errors" in told.output


def test_check_prints_problems_as_json(template: Path) -> None:
    template.write_text(TEMPLATE + "          Compress: true\n")
    told = run("check", str(template), "--json")
    problem = json.loads(told.output)[0]
    assert (problem["severity"], problem["line"]) == ("warning", 12)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        pytest.param(("serve",), "there is nothing to serve", id="serve without anything"),
        pytest.param(("check",), "there is nothing to check", id="check without anything"),
        pytest.param(("serve", "nowhere.yaml"), "nowhere.yaml", id="a source that is not there"),
        pytest.param(
            ("serve", "--origin", "nowhere"), "neither a URL nor a directory", id="an origin that is not there"
        ),
        pytest.param(
            ("serve", "t.yaml", "--origin", "http://x"), "does not say which origin", id="an origin without id"
        ),
        pytest.param(
            ("serve", "--origin", "http://a", "--origin", "http://b"), "there is one origin", id="two origins"
        ),
        pytest.param(
            ("serve", "t.yaml", "--viewer-request", "a.js"), "goes without SOURCE", id="a trigger beside a source"
        ),
        pytest.param(("serve", "--origin", "http://a", "--viewer", "x"), "is not NAME=VALUE", id="half a pair"),
        pytest.param(("serve", "--origin", "http://a", "--pop", "!"), "viewer pop is '!'", id="a pop that is none"),
        pytest.param(
            ("serve", "--origin", "http://a", "--port", "70000"), "a port is a number", id="a port that is none"
        ),
        pytest.param(
            ("serve", "--origin", "http://a", "--propagation", "soon"),
            "is not a length of time",
            id="a span that is none",
        ),
        pytest.param(
            ("serve", "--origin", "http://a", "--inspect", "auth=80"),
            "'80' is no port from 1024 to 65535",
            id="a debugger's port that is none",
        ),
        pytest.param(
            ("serve", "--origin", "http://a", "--relax", "memory,timeout"),
            "did you mean timeouts?",
            id="a limit that is none",
        ),
        pytest.param(("serve", "--origin", "http://a", "--cache-size", "x"), "is not a size", id="a size that is none"),
        pytest.param(
            ("serve", "--origin", "http://a", "--cache-size", "100"), "64KiB is the least", id="a cache for nothing"
        ),
        pytest.param(
            ("serve", "--origin", "http://a", "--viewer-request", "none.js"),
            "none.js",
            id="a function that is not there",
        ),
        pytest.param(("explain", "--control-port", "1"), "no edgesim answers on control port 1", id="nobody to ask"),
        pytest.param(("cache", "--control-port", "1"), "no edgesim answers on control port 1", id="no cache to show"),
        pytest.param(("cache", "--limit", "0"), "0 is not in the range x>=1", id="a list of nothing"),
        pytest.param(("invalidate",), "Missing argument", id="nothing to invalidate"),
        pytest.param(("clock", "advance"), "by how much?", id="no time to pass"),
        pytest.param(("clock", "advance", "soon"), "'soon' is not a length of time", id="no length of time"),
        pytest.param(("clock", "advance", "-5"), "No such option", id="back in time"),
        pytest.param(("clock", "freeze", "5m"), "freeze takes no duration", id="a duration too many"),
        pytest.param(("clock", "rewind"), "is not one of", id="an unknown move"),
        pytest.param(("clock", "--control-port", "1"), "no edgesim answers on control port 1", id="no clock to show"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    args: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run(*args)
    assert told.exit_code == 2
    assert says in told.output
    assert "Traceback" not in told.output


# ── limits and choices ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--limits", "2022"), "limits can't be '2022': it is current or 2023"),
        (("--choice", "header-keys=key"), "there is no choice 'header-keys'; did you mean header-key?"),
        (
            ("--choice", "empty-body=count"),
            "can't be 'count': it is ignored or counted; did you mean counted?",
        ),
        (("--choice", "empty-body"), "'empty-body' is not NAME=VALUE"),
    ],
)
def test_terms_that_there_are_not_are_one_sentence(option: tuple[str, str], says: str) -> None:
    result = run("serve", "--origin", "http://localhost:1", *option)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


def test_check_tells_what_the_limits_of_2023_have_against_a_function(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(WITH_A_SLOW_FUNCTION)
    assert "Max allowed: 5" not in run("check", str(path)).output
    assert "Max allowed: 5" in " ".join(run("check", str(path), "--limits", "2023").output.split())


def test_choices_are_listed_with_what_they_mean() -> None:
    listed = run("choices").output
    assert "header-key: Which name counts" in listed
    assert "    map-name  the name it stands under\n" in listed
    assert "documented" not in listed
    assert "documented: read-only" in run("choices", "method-changed").output
    assert run("choices", "method").exit_code == 2


WITH_A_SLOW_FUNCTION = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Auth:
    Type: AWS::Serverless::Function
    Properties:
      {Handler: index.handler, Runtime: nodejs22.x, InlineCode: exports.handler = 1, AutoPublishAlias: live, Timeout: 6}
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{Id: site, DomainName: site.example.com, CustomOriginConfig: {OriginProtocolPolicy: http-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          ForwardedValues: {QueryString: false}
          LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref Auth.Version}]
"""
