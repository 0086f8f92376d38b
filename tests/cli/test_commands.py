"""The command line: what it understands, what it says, how it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from edgesim import __version__
from edgesim.cli import main
from edgesim.distribution.problems import Severity
from edgesim.emulator import load_source
from edgesim.rules.reasons import DeliveryReason
from edgesim.scenario.language.reasons import members
from edgesim.settings import Settings

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
        "--chaos",
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
    "command", ["serve", "check", "explain", "invalidate", "functions", "clock", "demo", "stats", "reasons", "cache"]
)
def test_every_command_is_in_the_help_and_has_help_of_its_own(command: str) -> None:
    assert command in run("--help").output
    told = run(command, "--help")
    assert told.exit_code == 0
    assert told.output.startswith(f"Usage: main {command}")


def test_the_list_of_commands_has_whole_sentences() -> None:
    assert "..." not in run("--help").output.partition("Commands:")[2]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_option_says_what_it_takes_and_what_for(command: str) -> None:
    for param in main.commands[command].params:
        if isinstance(param, click.Option):
            assert param.help
            assert param.is_flag or param.metavar or isinstance(param.type, click.Choice)


def test_what_a_command_has_for_itself_comes_before_what_it_shares() -> None:
    told = run("invoke", "--help").output
    assert told.index("--trigger") < told.index("--response-header") < told.index("--function") < told.index("--relax")


def test_help_names_every_option_of_serve() -> None:
    told = run("serve", "--help").output
    for option in OPTIONS:
        assert option in told


def test_check_of_a_sound_template_ends_with_0(template: Path) -> None:
    told = run("check", str(template))
    assert (told.exit_code, told.output) == (0, "no problems\n")


def test_check_notes_a_runtime_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "python3.9" if sys.version_info >= (3, 14) else "python3.14"
    for name in ("PATH", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "app.py").write_text("def handler(event, context): return event\n")
    settings = f"{{Handler: app.handler, Runtime: {other}, Code: .}}"
    function = f"  Fn: {{Type: AWS::Lambda::Function, Properties: {settings}}}\n"
    version = "  V: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}\n"
    runs = "          LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref V}]\n"
    (tmp_path / "template.yaml").write_text(TEMPLATE + runs + function + version)
    told = run("check", "--strict", str(tmp_path / "template.yaml"))
    assert told.exit_code == 0, told.output
    assert told.output.startswith(f"note: {other} is not installed: Python ")
    assert told.output.endswith("1 note\n")


def test_check_takes_the_only_template_of_the_folder(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(template.parent)
    told = run("check")
    assert told.stderr == "edgesim: note: no SOURCE is given: template.yaml of this folder is taken\n"
    assert (told.exit_code, told.stdout) == (0, "no problems\n")
    template.with_name("template.json").write_text("{}")
    told = run("check")
    assert (told.exit_code, "give a SOURCE: template.yaml or template.json" in told.output) == (2, True)


def test_what_cdk_has_made_is_named_where_no_source_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out" / "Web.template.json").write_text("{}")
    assert "give a SOURCE: cdk.out/Web.template.json" in run("check").output


def test_serve_takes_the_only_template_of_the_folder_where_nothing_else_is_said(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(template.parent)
    assert "template.yaml of this folder is taken" in run("serve", "--port", "70000").output
    assert "template.yaml of this folder is taken" in run("serve", "--origin", "site=.", "--port", "70000").output
    quick = run("serve", "--origin", "http://localhost:1", "--port", "70000")
    assert ("is taken" in quick.output, "a port is a number" in quick.output) == (False, True)


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
    template.write_text(TEMPLATE + "          SmoothStreaming: true\n")
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
        pytest.param(("serve", "--origin", "a=./b"), "is about an origin of a SOURCE", id="an id without a source"),
        pytest.param(
            ("serve", "t.yaml", "--viewer-request", "a.js"), "goes without SOURCE", id="a trigger beside a source"
        ),
        pytest.param(("serve", "--origin", "http://a", "--viewer", "x"), "is not NAME=VALUE", id="half a pair"),
        pytest.param(("serve", "--origin", "http://a", "--pop", "!"), "viewer pop is '!'", id="a pop that is none"),
        pytest.param(
            ("serve", "--origin", "http://a", "--port", "70000"), "a port is a number", id="a port that is none"
        ),
        pytest.param(
            ("serve", "--origin", "http://a", "--chaos", "often"), "no share of invocations", id="no share of chaos"
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
        pytest.param(
            ("serve", "--origin", "http://a", "--aws-endpoint", "dynamodb=localhost:8000"),
            "'localhost:8000' is no endpoint; write dynamodb=http://localhost:8000",
            id="an endpoint that is none",
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
        pytest.param(("clock", "advance", "-5"), "the clock only goes forward", id="back in time"),
        pytest.param(
            ("clock", "advance", "-1h30m", "--control-port", "1"),
            "-1h30m is back in time, and the clock only goes forward: edgesim clock advance 1h30m",
            id="back in time, and an option after it",
        ),
        pytest.param(("clock", "--", "advance", "-5s"), "the clock only goes forward", id="back in time after --"),
        pytest.param(("clock", "-5s"), "'-5s' is not one of 'show', 'advance'", id="back in time without a move"),
        pytest.param(("clock", "advance", "-x"), "No such option '-x'", id="an option that there is not"),
        pytest.param(("reasons", "outdated"), "did you mean 'stale'?", id="a reason that is called otherwise"),
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


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("Environment: {Variables: {A: b}}", "The function cannot have environment variables."),
        ("Timeout: 31", "31 Max allowed: 30"),
        ("VpcConfig: {SubnetIds: [a]}", "The function cannot have a VPC configuration."),
    ],
)
def test_check_ends_with_2_where_aws_refuses_what_serve_takes(tmp_path: Path, setting: str, says: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        WITH_A_SLOW_FUNCTION.replace("Timeout: 6", setting).replace("AutoPublishAlias", f"{TRUST}, AutoPublishAlias")
    )
    told = run("check", str(path))
    text = " ".join(told.output.split())
    assert told.exit_code == 2
    assert f"template.yaml:6: error: {'The function timeout' if 'Max' in says else says}" in text
    assert says in text
    assert "[InvalidLambdaFunctionAssociation]" in text
    assert "1 error" in text
    [problem] = load_source(Settings(source=str(path))).problems
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("!GetAtt Auth.Arn", "The function ARN must reference a specific function version."),
        ("!Sub '${Auth.Arn}:$LATEST'", "The function ARN must reference a specific function version."),
        ("!Sub '${Auth.Arn}:live'", "The function ARN must reference a specific function version."),
        ("arn:aws:lambda:eu-west-1:123456789012:function:a:1", "The function must be in region 'us-east-1'."),
    ],
)
def test_check_ends_with_2_where_an_association_is_refused(tmp_path: Path, reference: str, says: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(WITH_A_SLOW_FUNCTION.replace("!Ref Auth.Version", reference))
    told = run("check", str(path))
    assert told.exit_code == 2
    assert says in " ".join(told.output.split())


def test_check_ends_with_2_where_a_package_unpacks_to_too_much(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "index.js").write_text("exports.handler = 1")
    with (code / "model.bin").open("wb") as large:
        large.truncate(251 << 20)
    path = tmp_path / "template.yaml"
    settings = f"CodeUri: code, {TRUST}"
    path.write_text(WITH_A_SLOW_FUNCTION.replace("InlineCode: exports.handler = 1", settings))
    told = run("check", str(path))
    assert (told.exit_code, told.output.count("error: ")) == (2, 1)
    assert "Unzipped size must be smaller than 262144000 bytes" in told.output


def test_with_strict_a_warning_ends_check_with_2_and_a_note_does_not(template: Path) -> None:
    template.write_text(TEMPLATE + "          SmoothStreaming: true\n")
    assert run("check", str(template)).exit_code == 0
    assert run("check", str(template), "--strict").exit_code == 2
    template.write_text(TEMPLATE.replace("Enabled: true", "Enabled: true\n        HttpVersion: http2"))
    told = run("check", str(template), "--strict")
    assert (told.exit_code, told.output.splitlines()[-1]) == (0, "1 note")


def test_check_tells_what_the_limits_of_2023_have_against_a_function(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(WITH_A_SLOW_FUNCTION)
    assert "Max allowed: 5" not in run("check", str(path)).output
    told = run("check", str(path), "--limits", "2023")
    assert "Max allowed: 5" in " ".join(told.output.split())
    assert told.exit_code == 2


def test_reasons_are_listed_by_their_text_and_name() -> None:
    listed = run("reasons").output
    assert all(str(reason.value) in listed and reason.name in listed for reason in members())
    assert run("reasons", "NOT_STORED").output == (
        "LookUpReason: What the cache had.\n    NOT_STORED                  not in the cache\n"
    )
    assert run("reasons", "no-store").output.count("no-store") == 3


def test_reasons_are_found_by_what_they_are_about_and_by_words_in_any_order() -> None:
    listed = run("reasons", "what", "the", "viewer", "gets").output.splitlines()
    assert listed[0] == "DeliveryReason: The last decisions about what the viewer gets."
    assert [line.split()[0] for line in listed[1:]] == list(DeliveryReason.__members__)
    assert "GEO_BLOCKED" in run("reasons", "country", "refused").output


def test_choices_are_listed_with_what_they_mean() -> None:
    listed = run("choices").output
    assert "header-key: Which name counts" in listed
    assert "    map-name  the name it stands under\n" in listed
    assert "documented" not in listed
    assert "documented: read-only" in run("choices", "method-changed").output
    assert run("choices", "method").exit_code == 2
    assert "did you mean method-changed?" in run("choices", "methods-changed").output


TRUST = "AssumeRolePolicyDocument: {Principal: [edgelambda.amazonaws.com]}"

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


def test_what_is_wrong_in_edgesim_toml_is_told_with_its_line(template: Path) -> None:
    config = template.with_name("edgesim.toml")
    config.write_text('[origins]\nsit = "http://localhost:3000"\n[functions]\nauht = "a.js"\n')
    told = run("check", str(template))
    assert told.exit_code == 2
    assert f"{config}:2: error: there is no origin sit\n    at: [origins] sit" in told.output
    assert f"{config}:4: error: there is no function auht" in told.output
    config.write_text("\nconcurrency = 0\n")
    told = run("check", str(template))
    assert (told.exit_code, told.stderr.splitlines()[0]) == (
        2,
        f"edgesim: {config}:2: concurrency must be above zero",
    )
