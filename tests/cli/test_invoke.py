"""`edgesim invoke` and `edgesim event`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edgesim.cli import main

FUNCTION = """\
import sys

def handler(event, context):
    cf = event["Records"][0]["cf"]
    print("seen", cf["config"]["eventType"])
    if "response" in cf:
        cf["response"]["headers"]["x-edge-made"] = [{"value": "1"}]
        return cf["response"]
    request = cf["request"]
    match request["uri"]:
        case "/raise": raise ValueError("no such page")
        case "/exit": sys.exit(3)
        case "/text": return "text"
        case "/host": request["headers"].pop("host")
        case "/made": return {"status": "302", "headers": {"location": [{"value": "/x"}]}}
        case "/changed": request["uri"] = "/index.html"
        case "/body": request["uri"] = "/" + request["body"]["data"]
    return request

def fine(event, context):
    if "Records" not in event:
        return {"got": event}
    cf = event["Records"][0]["cf"]
    if "response" in cf:
        cf["response"]["headers"]["x-made"] = [{"value": "1"}]
    return cf.get("response") or cf["request"]
"""

ALONE = """\
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: fn, Handler: app.handler, Runtime: python3.11, Code: .}
"""

TEMPLATE = """\
Resources:
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Aliases: [www.example.com]
        Origins:
          - Id: site
            DomainName: site.example.com
            OriginPath: /v2
            CustomOriginConfig: {OriginProtocolPolicy: https-only}
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: redirect-to-https
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
          LambdaFunctionAssociations:
            - {EventType: origin-request, LambdaFunctionARN: !Ref AuthVersion}
  Auth:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: the-guard, Runtime: python3.11, Handler: app.fine, Code: ., Role: x, MemorySize: 256}
  AuthVersion: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Auth}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(FUNCTION)
    (tmp_path / "edge.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(main, args, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def made(*args: str) -> dict[str, Any]:
    """The `cf` of an event that edgesim made."""
    told = run("event", *args)
    assert told.exit_code == 0, told.output
    cf: dict[str, Any] = json.loads(told.stdout)["Records"][0]["cf"]
    return cf


def judged(*args: str, stdin: str | None = None) -> tuple[int, dict[str, Any]]:
    told = run("invoke", *args, "--json", stdin=stdin)
    return told.exit_code, json.loads(told.stdout)


# ── events ───────────────────────────────────────────────────────────────────


def test_an_event_has_what_the_viewer_says() -> None:
    request = made(
        *("--trigger", "viewer-request", "--url", "https://www.example.com/a?x=%20", "-H", "X-A: caf\u00e9"),
        *("-H", "X-A: 2", "--viewer-ip", "198.51.100.7", "--method", "delete"),
    )["request"]
    assert (request["uri"], request["querystring"], request["method"]) == ("/a", "x=%20", "DELETE")
    assert request["clientIp"] == "198.51.100.7"
    assert request["headers"]["host"] == [{"key": "Host", "value": "www.example.com"}]
    assert [line["value"] for line in request["headers"]["x-a"]] == ["caf\u00e9", "2"]


def test_an_event_goes_through_the_sources_policies_and_origins() -> None:
    cf = made("--trigger", "origin-request", "--source", "edge.yaml", "--url", "https://www.example.com/a?x=1")
    assert cf["request"]["querystring"] == ""  # CachingOptimized forwards none
    assert cf["request"]["headers"]["host"][0]["value"] == "site.example.com"
    assert cf["request"]["origin"]["custom"]["path"] == "/v2"
    assert cf["config"]["eventType"] == "origin-request"


def test_an_event_shows_the_body_where_that_is_wanted() -> None:
    told = ("--trigger", "viewer-request", "--body", "a=1")
    assert "body" not in made(*told)["request"]
    request = made(*told, "--include-body")["request"]
    assert (request["method"], request["body"]["data"]) == ("POST", "YT0x")


def test_a_body_may_be_a_file(folder: Path) -> None:
    (folder / "body.bin").write_bytes(b"\xff")
    request = made("--trigger", "origin-request", "--body", "@body.bin", "--include-body")["request"]
    assert request["body"]["data"] == "/w=="


def test_a_response_event_has_what_the_origin_answers() -> None:
    cf = made("--trigger", "origin-response", "--status", "404", "--response-header", "Server: x")
    assert (cf["response"]["status"], cf["response"]["headers"]["server"][0]["value"]) == ("404", "x")
    assert "origin" in cf["request"]


def test_where_there_is_no_event_it_says_why() -> None:
    told = run("event", "--trigger", "viewer-response", "--status", "404")
    assert told.exit_code == 2
    assert "there is no such event: not run: the status is 400 or higher" in told.output
    told = run("event", "--trigger", "viewer-request", "--source", "edge.yaml", "--url", "http://www.example.com/")
    assert told.exit_code == 2
    assert "redirected to HTTPS by the viewer protocol policy" in told.output
    assert "hint: ask over HTTPS: --url https://…, or --viewer-protocol https" in told.output


def test_a_path_is_asked_for_by_the_protocol_that_its_behavior_takes() -> None:
    told = run("event", "--trigger", "viewer-request", "--source", "edge.yaml", "--url", "/a")
    assert told.exit_code == 0
    assert "/a is asked for over HTTPS, since its cache behavior takes nothing else" in told.stderr
    asked = ("--url", "/a", "--viewer-protocol", "http")
    assert run("event", "--trigger", "viewer-request", "--source", "edge.yaml", *asked).exit_code == 2
    assert run("event", "--trigger", "viewer-request", "--url", "/a").stderr == ""


def test_where_there_is_an_edgesim_toml_its_source_counts(folder: Path) -> None:
    (folder / "edgesim.toml").write_text('source = "edge.yaml"\nviewer-country = "DE"\n')
    told = run("event", "--trigger", "origin-request", "--url", "https://www.example.com/")
    cf = json.loads(told.stdout)["Records"][0]["cf"]
    assert cf["request"]["origin"]["custom"]["domainName"] == "site.example.com"
    assert told.stderr == "edgesim: note: no SOURCE is given: edge.yaml of edgesim.toml is taken\n"
    assert "edge.yaml of edgesim.toml is taken" in run("check").stderr
    assert "is taken" not in run("check", "edge.yaml").stderr


def test_without_a_source_the_template_of_the_folder_is_taken_and_that_is_said(folder: Path) -> None:
    (folder / "edge.yaml").rename(folder / "template.yaml")
    told = run("event", "--trigger", "origin-request", "--url", "https://www.example.com/")
    assert told.stderr == "edgesim: note: no SOURCE is given: template.yaml of this folder is taken\n"
    cf = json.loads(told.stdout)["Records"][0]["cf"]
    assert cf["request"]["origin"]["custom"]["domainName"] == "site.example.com"
    told = run("invoke", "Auth", "--trigger", "viewer-request", "--url", "https://www.example.com/a")
    assert told.exit_code == 0, told.output
    assert "template.yaml of this folder is taken" in told.stderr


def test_code_needs_no_template_of_the_folder(folder: Path) -> None:
    (folder / "template.yaml").write_text("Resources: {}")
    told = run("invoke", "app.py:fine", "--trigger", "viewer-request", "--url", "/a")
    assert (told.exit_code, "is taken" in told.output) == (0, False)


def test_of_several_templates_none_is_taken_and_they_are_named(folder: Path) -> None:
    for name in ("template.yaml", "template.json"):
        (folder / name).write_text(TEMPLATE)
    told = run("invoke", "Auth", "--trigger", "viewer-request")
    assert (told.exit_code, "name a function of --source template.yaml or template.json" in told.output) == (2, True)


# ── mistakes ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("invoke", "app.py"), "say either --event FILE or --trigger TRIGGER"),
        (("invoke", "app.py", "--event", "e", "--trigger", "viewer-request"), "say either --event FILE or"),
        (("invoke", "app.py", "--event", "e", "--method", "GET"), "--method goes with --trigger"),
        (("invoke", "app.py", "--event", "none.json"), "none.json can't be read: No such file"),
        (("invoke", "app.py", "--event", "app.py"), "app.py is not JSON"),
        (("invoke", "app.py", "--trigger", "viewer"), "'viewer' is not one of"),
        (("invoke", "none.py", "--trigger", "viewer-request"), "there is no file none.py"),
        (("invoke", "./lib/none", "--trigger", "viewer-request"), "there is no file ./lib/none"),
        (("invoke", "Auth", "--source", "edge.yaml"), "edge.yaml runs the-guard at origin-request"),
        (("invoke", "Aut", "--source", "edge.yaml"), "did you mean"),
        (("invoke", "Aut", "--source", "edge.yaml", "--trigger", "viewer-request"), "did you mean"),
        (("invoke", "app.py", "--source", "none.yaml", "--trigger", "viewer-request"), "none.yaml can't be used"),
        (("event", "--trigger", "viewer-request", "--url", "ftp://x/"), "is neither a URL nor a path"),
        (("event", "--trigger", "viewer-request", "--url", "/a b"), "write it as %20"),
        (("event", "--trigger", "viewer-request", "-H", "nonsense"), "is not 'Name: value'"),
        (("event", "--trigger", "viewer-request", "--body", "@none"), "none can't be read"),
        (("event", "--trigger", "viewer-request", "--viewer-country", "Germany"), "viewer country is"),
        (("event",), "Missing option '--trigger'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(args: tuple[str, ...], says: str) -> None:
    told = run(*args)
    assert told.exit_code == 2
    assert says in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            ("--trigger", "viewer-request", "--status", "404"),
            "--status is about the origin's answer, which comes after",
        ),
        (
            ("--trigger", "origin-request", "--response-header", "A: b"),
            "--response-header is about the origin's answer",
        ),
        (
            ("--trigger", "viewer-request", "--body", "a=1"),
            "the function does not see the body: --include-body shows it",
        ),
    ],
)
def test_an_option_that_the_function_can_not_see_is_noted(args: tuple[str, ...], says: str) -> None:
    told = run("invoke", "app.py", *args)
    assert told.exit_code == 0
    assert f"edgesim: note: {says}" in told.stderr


def test_options_that_it_sees_are_not_noted() -> None:
    seen = (("origin-response", "--status", "404"), ("viewer-request", "--body", "a=1", "--include-body"))
    for trigger, *options in seen:
        assert "note:" not in run("invoke", "app.py", "--trigger", trigger, *options).stderr


def test_a_malformed_event_is_told_with_its_place() -> None:
    event = {"Records": [{"cf": {"config": {"eventType": "viewer-request"}, "request": {"uri": "/", "method": 1}}}]}
    told = run("invoke", "app.py", "--event", "-", stdin=json.dumps(event))
    assert told.exit_code == 2
    assert "method is 1, not a string (at Records[0].cf.request.method)" in told.output


@pytest.mark.parametrize("command", ["invoke", "event", "stats"])
def test_each_has_help_with_examples(command: str) -> None:
    told = run(command, "--help")
    assert told.exit_code == 0
    assert f"\n    edgesim {command}" in told.output


# ── functions, in real processes ─────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uri", "verdict", "because", "code"),
    [
        ("/", "accepted", "ran: passed on unchanged", 0),
        ("/changed", "accepted", "ran: changed", 0),
        ("/made", "accepted", "ran: generated a response", 0),
        ("/raise", "failed", "ran: failed", 1),
        ("/exit", "failed", "ran: failed", 1),
        ("/text", "refused", "ran: its result is not valid", 1),
        ("/host", "refused", "ran: its result is not valid", 1),
    ],
)
def test_a_result_is_judged_as_cloudfront_would(uri: str, verdict: str, because: str, code: int) -> None:
    exit_code, told = judged("app.py", "--trigger", "viewer-request", "--url", uri)
    assert (told["verdict"], told["because"], exit_code) == (verdict, because, code)
    assert told["trigger"] == told["event"]["Records"][0]["cf"]["config"]["eventType"] == "viewer-request"
    assert told["init_ms"] is not None
    assert told["log"][0].startswith("INIT_START ")
    if verdict == "refused":
        assert told["viewer"]["status"] == 502
        assert told["viewer"]["sentence"] == told["refused"]["sentence"]
    if verdict == "failed":
        assert told["viewer"]["x_cache"] == "LambdaExecutionError"
        assert told["failure"]["error_type"] in ("ValueError", "Runtime.ExitError")


@pytest.mark.slow
def test_for_people_the_log_goes_to_stderr_and_the_verdict_to_stdout() -> None:
    told = run("invoke", "app.py", "--trigger", "viewer-request", "--url", "/changed")
    assert "seen viewer-request\n" in told.stderr
    assert "REPORT RequestId: " in told.stderr
    assert "    changed uri  /changed → /index.html\n" in told.stdout
    assert told.stdout.endswith("\naccepted\n")
    refused = run("invoke", "app.py", "--trigger", "viewer-request", "--url", "/host")
    assert "tried to delete read-only header, headerName : Host" in refused.stdout
    assert "refused: the viewer gets 502 LambdaValidationError: The Lambda function result failed" in refused.stdout
    failed = run("invoke", "app.py", "--trigger", "viewer-request", "--url", "/raise")
    assert "ValueError: no such page" in failed.stdout
    assert "failed: the viewer gets 503 LambdaExecutionError: The Lambda function associated" in failed.stdout


@pytest.mark.slow
def test_an_event_that_edgesim_made_can_be_given_back(folder: Path) -> None:
    event = run("event", "--trigger", "origin-response", "--status", "404").stdout
    code, told = judged("app.py", "--event", "-", stdin=event)
    assert (code, told["verdict"], told["refused"]["at"]) == (1, "refused", "headers")
    code, told = judged("app.py:fine", "--event", "-", stdin=event)
    assert (code, told["verdict"]) == (0, "accepted")
    assert ["added header x-made", "1"] in told["changes"]
    assert told["event"] == json.loads(event)


@pytest.mark.slow
def test_whatever_a_function_returns_can_be_printed(folder: Path) -> None:
    (folder / "odd.js").write_text("exports.handler = async () => ({ uri: '\\ud800\\x1b[2J' });\n")
    code, told = judged("odd.js", "--trigger", "viewer-request")
    assert (code, told["returned"]) == (1, {"uri": "\ud800\x1b[2J"})
    said = run("invoke", "odd.js", "--trigger", "viewer-request")
    assert said.exit_code == 1
    assert "\x1b" not in said.output


@pytest.mark.slow
def test_another_services_event_runs_without_judgement(folder: Path) -> None:
    told = run("invoke", "app.py:fine", "--event", "-", stdin='{"detail": 1}')
    assert told.exit_code == 0
    assert "warning: this is no event of CloudFront's" in told.stderr
    assert '"got"' in told.stdout
    assert run("invoke", "app.py:handler", "--event", "-", stdin='{"detail": 1}').exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["the-guard", "Auth"], ids=["by name", "by logical id"])
def test_a_function_of_a_template_is_found_with_its_settings(name: str) -> None:
    told = run("invoke", name, "--source", "edge.yaml", "--trigger", "origin-request", "--url", "https://x/a", "--json")
    data = json.loads(told.stdout)
    assert (data["function"], data["memory_mb"], data["runtime"]) == ("the-guard", 256, "python3.11")
    assert data["event"]["Records"][0]["cf"]["request"]["origin"]["custom"]["domainName"] == "site.example.com"
    assert "does not run" not in told.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Fn", "fn"])
def test_a_function_of_a_template_without_a_distribution_is_enough(folder: Path, name: str) -> None:
    (folder / "alone.yaml").write_text(ALONE)
    result = run("invoke", name, "--source", "alone.yaml", "--trigger", "viewer-request", "--url", "/changed")
    assert result.exit_code == 0, result.output
    assert "/changed → /index.html" in result.output


def test_a_function_that_a_template_does_not_have_is_said_to_be_missing(folder: Path) -> None:
    (folder / "alone.yaml").write_text(ALONE)
    result = run("invoke", "Fm", "--source", "alone.yaml", "--trigger", "viewer-request")
    assert (result.exit_code, "there is no function Fm" in result.output) == (2, True)


@pytest.mark.parametrize("command", [("invoke", "app.py:fine"), ("event",)], ids=["invoke", "event"])
def test_headers_that_no_viewer_can_send_are_left_out_and_that_is_said_once(command: tuple[str, ...]) -> None:
    sent = ("-H", "CloudFront-Viewer-Country: DE", "-H", "CloudFront-Is-Mobile-Viewer: true", "-H", "X-A: 1")
    result = run(*command, "--trigger", "viewer-request", *sent)
    told = [line for line in result.stderr.splitlines() if "note" in line]
    assert [line.partition(": it adds")[0] for line in told] == [
        "edgesim: note: CloudFront-Viewer-Country, CloudFront-Is-Mobile-Viewer are CloudFront's own and left out"
    ]
    assert "cloudfront-viewer-country" not in result.stdout


def test_where_a_function_fails_with_what_is_no_event_it_is_said_what_one_has(folder: Path) -> None:
    (folder / "empty.json").write_text("{}")
    result = run("invoke", "app.py:handler", "--event", "empty.json")
    assert result.exit_code == 1
    assert result.stdout.endswith(
        "failed, and not judged: an event of CloudFront's has Records[0].cf with config, request and, at response "
        "triggers, response; edgesim event prints one\n"
    )


def test_where_a_function_is_not_associated_that_is_said() -> None:
    told = run("invoke", "Auth", "--source", "edge.yaml", "--trigger", "viewer-request", "--url", "https://x/a")
    assert told.exit_code == 0
    assert "edge.yaml does not run the-guard at viewer-request of /a; it was run there all the same" in told.stderr


@pytest.mark.slow
def test_where_it_is_not_even_reached_it_is_not_said_to_have_run() -> None:
    asked = ("--trigger", "viewer-request", "--url", "http://www.example.com/a")
    told = run("invoke", "Auth", "--source", "edge.yaml", *asked)
    assert told.exit_code == 2
    assert "edge.yaml does not run the-guard at viewer-request of /a\n" in told.stderr
    assert "hint: ask over HTTPS" in told.stderr


@pytest.mark.slow
def test_where_the_function_is_not_reached_there_is_nothing_to_judge() -> None:
    code, told = judged("Auth", "--source", "edge.yaml", "--trigger", "origin-request", "--url", "http://x/a")
    assert (code, told["verdict"]) == (2, "not reached")
    assert told["because"] == "redirected to HTTPS by the viewer protocol policy"


# ── terms ────────────────────────────────────────────────────────────────────


def test_results_are_judged_by_the_limits_and_choices_that_are_asked_for(folder: Path) -> None:
    (folder / "vs.py").write_text(
        "def handler(e, c):\n    return {**e['Records'][0]['cf']['response'], 'status': '201'}\n"
    )
    asked = ("vs.py:handler", "--trigger", "viewer-response", "--url", "/a")
    assert judged(*asked)[0] == 1
    code, told = judged(*asked, "--choice", "status-at-viewer-response=ignored")
    assert (code, told["verdict"]) == (0, "accepted")


@pytest.mark.parametrize(("limits", "status"), [("current", 503), ("2023", 500)])
def test_a_failure_is_what_a_viewer_would_get_under_these_limits(folder: Path, limits: str, status: int) -> None:
    (folder / "bad.py").write_text("def handler(e, c):\n    raise ValueError\n")
    code, told = judged("bad.py:handler", "--trigger", "viewer-request", "--url", "/a", "--limits", limits)
    assert (code, told["viewer"]["status"]) == (1, status)


def test_limits_can_be_lifted_for_one_invocation(folder: Path) -> None:
    (folder / "greedy.py").write_text(
        "def handler(e, c):\n    bytearray(200 << 20)\n    return e['Records'][0]['cf']['request']\n"
    )
    asked = ("greedy.py:handler", "--trigger", "viewer-request", "--url", "/a")
    assert judged(*asked)[1]["failure"]["kind"] == "the function ran out of memory"
    assert judged(*asked, "--relax", "memory")[0] == 0


@pytest.mark.parametrize("levels", [501, 990, 5_000, 100_000])
def test_an_event_that_nothing_could_read_is_refused_with_its_file(folder: Path, levels: int) -> None:
    (folder / "deep.json").write_text("[" * levels + "]" * levels)
    result = run("invoke", "app.py", "--event", "deep.json")
    assert result.exit_code != 0
    assert "deep.json is nested by more than 500 levels, which no event is" in result.output


@pytest.mark.slow
def test_a_deep_event_comes_to_the_function(folder: Path) -> None:
    (folder / "deep.json").write_text('{"a":' * 499 + "1" + "}" * 499)
    result = run("invoke", "app.py:fine", "--event", "deep.json", "--json")
    assert '"a":{' * 400 in result.output.replace(" ", "").replace("\n", "").replace("\\", "")
