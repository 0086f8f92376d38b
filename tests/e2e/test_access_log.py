"""The access log of a server as a user runs it."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest

from tests.e2e.origin import Origin
from tests.e2e.program import edgesim, serving
from tests.logs.cloudfront_log import parsed

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_every_request_has_a_line_that_log_tools_read(dev_origin: Origin, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    with serving("serve", "--origin", dev_origin.url, "--https-port", "0", "--access-log", str(logs)) as edge:
        for _ in range(2):
            edge.get("/a?x=1", user_agent="some browser\t1")
        secure = httpx.get(f"https://127.0.0.1:{edge.https_port}/b", verify=False, trust_env=False)
        assert edge.interrupt() == 0

    [file] = logs.iterdir()
    assert file.suffix == ".gz"
    first, second, third = parsed(gzip.decompress(file.read_bytes()).decode())
    assert (first["x-edge-result-type"], second["x-edge-result-type"]) == ("Miss", "Hit")
    assert (first["cs-uri-stem"], first["cs-uri-query"]) == ("/a", "x=1")
    assert first["cs(User-Agent)"] == "some browser\t1"
    assert first["x-host-header"] == f"127.0.0.1:{edge.port}"
    assert first["c-port"] != "0"
    assert (third["cs-protocol"], third["x-edge-request-id"]) == ("https", secure.headers["x-amz-cf-id"])
    assert third["ssl-protocol"] == "TLSv1.3"
    assert third["ssl-cipher"]
    assert file.name.startswith("E")


def test_a_folder_that_can_not_be_had_ends_it_with_one_sentence(dev_origin: Origin, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = edgesim("serve", "--origin", dev_origin.url, "--access-log", str(tmp_path / "file"), "--port", "0")
    assert told.returncode == 2
    assert "--access-log" in told.stderr
    assert "Traceback" not in told.stderr
