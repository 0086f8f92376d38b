"""Logs on disk, metrics and the bill, of a server as a user runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.origin import Origin
from tests.e2e.program import Program, edgesim, serving

pytestmark = [pytest.mark.slow, pytest.mark.long]

FUNCTION = """\
exports.handler = async (event) => {
  const request = event.Records[0].cf.request;
  console.log('asked for', request.uri);
  if (request.uri === '/throws') throw new TypeError('no');
  if (request.uri === '/refused') delete request.headers.host;
  return request;
};
"""


def _metrics(edge: Program) -> dict[str, float]:
    text = httpx.get(f"http://127.0.0.1:{edge.control_port}/metrics", trust_env=False).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value.replace("Inf", "inf")) for name, _, value in lines}


def test_what_functions_did_is_logged_counted_and_priced(dev_origin: Origin, tmp_path: Path) -> None:
    code, logs = tmp_path / "code", tmp_path / "logs"
    code.mkdir()
    (code / "auth.js").write_text(FUNCTION)
    flags = ("--origin", dev_origin.url, "--viewer-request", str(code / "auth.js"), "--log-dir", str(logs))
    with serving("serve", *flags, "--pop", "DUB56-P1") as edge:
        for path, status in (("/a", 200), ("/a", 200), ("/throws", 503), ("/refused", 502)):
            assert edge.get(path).status_code == status
        said = edge.wait_for("ERROR Validation error: ")
        assert "the function tried to delete read-only header, headerName : Host." in said
        metrics = _metrics(edge)
        told = json.loads(edge.ask("stats", "--json").stdout)
        table = edge.ask("stats").stdout
        assert edge.interrupt() == 0

    labels = '{function="auth",region="eu-west-1",version="1",trigger="viewer-request"}'
    assert metrics[f"edgesim_lambda_invocations_total{labels}"] == 4
    assert metrics[f"edgesim_lambda_errors_total{labels}"] == 1
    assert metrics[f"edgesim_lambda_cold_starts_total{labels}"] == 1
    assert metrics[f"edgesim_lambda_duration_seconds_count{labels}"] == 4

    [auth] = told["functions"]
    assert (auth["invocations"], auth["errors"], auth["refused_results"]) == (4, 1, 1)
    assert auth["cost_usd"] == pytest.approx(4 * 0.6e-6 + auth["gb_seconds"] * 0.00005001)
    assert (told["requests"]["hits"], told["requests"]["misses"]) == (1, 1)
    assert re.search(r"^auth +4 +1 +1 +0 +1 ", table, re.MULTILINE)

    [stream] = (logs / "eu-west-1" / "aws" / "lambda" / "us-east-1.auth").rglob("[[]1[]]*")
    lines = stream.read_text().splitlines()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INIT_START ", lines[0])
    assert sum(" REPORT RequestId: " in line for line in lines) == 4
    assert sum("\tInit Duration: " in line for line in lines) == 1
    [refused] = (logs / "eu-west-1" / "aws" / "cloudfront" / "LambdaEdge").rglob("[[]1[]]*")
    assert said.partition("] ")[2] in refused.read_text()


def test_a_log_dir_that_can_not_be_had_ends_it_with_one_sentence(dev_origin: Origin, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = edgesim("serve", "--origin", dev_origin.url, "--log-dir", str(tmp_path / "file"), "--port", "0")
    assert told.returncode == 2
    assert "file can't be written: File exists" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_function_is_tried_without_a_server(tmp_path: Path) -> None:
    (tmp_path / "auth.js").write_text(FUNCTION)
    event = edgesim("event", "--trigger", "viewer-request", "--url", "/refused", cwd=tmp_path)
    (tmp_path / "event.json").write_text(event.stdout)
    told = edgesim("invoke", "auth.js", "--event", "event.json", cwd=tmp_path)
    assert told.returncode == 1
    assert "INFO    asked for /refused" in told.stderr
    assert "refused: the viewer gets 502 LambdaValidationError" in told.stdout
    assert edgesim("invoke", "auth.js", "--trigger", "viewer-request", "--url", "/a", cwd=tmp_path).returncode == 0


def test_who_stops_reading_does_not_keep_a_function_from_ending(tmp_path: Path) -> None:
    (tmp_path / "auth.js").write_text(FUNCTION)
    command = [sys.executable, "-m", "edgesim", "invoke", "auth.js", "--trigger", "viewer-request", "--url", "/a"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(timeout=30) == 0
