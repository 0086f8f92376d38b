"""`edgesim record` as a user runs it: real traffic goes in, a scenario that passes comes out."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.e2e.origin import BIG, Origin
from tests.e2e.program import PATIENCE, Program, _read, edgesim, serving

pytestmark = [pytest.mark.slow, pytest.mark.long]

_HERE = re.compile(r"on http://127\.0\.0\.1:(\d+)")


@contextmanager
def recording(*args: str, cwd: Path) -> Iterator[Program]:
    """`edgesim record` on a free port, once it answers; ended when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edgesim", "record", *args, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
    )
    program = Program(process, queue.Queue())
    reader = threading.Thread(target=_read, args=(process, program.lines), daemon=True)
    reader.start()
    try:
        found = _HERE.search(program.wait_for("recording "))
        assert found is not None
        program.port = int(found[1])
        yield program
    finally:
        if process.poll() is None:
            program.interrupt()
        reader.join(timeout=PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def steps_in(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(file.read_text())["steps"]
    return found


def passes(file: Path) -> None:
    played = edgesim("test", str(file))
    assert played.returncode == 0, played.stdout + played.stderr


def test_a_dev_server_is_recorded_and_the_recording_passes(dev_origin: Origin, tmp_path: Path) -> None:
    with recording(dev_origin.url, "-o", "a.scenario.yaml", cwd=tmp_path) as program:
        assert program.get("/a?x=1", cookie="session=abcdef123456").text.startswith("/a?x=1\n127.0.0.1:")
        assert httpx.post(program.url("/post"), content=b"hello", trust_env=False).text.endswith("hello")
        assert program.get("/missing").status_code == 404
        program.wait_for("GET /missing 404")
        assert program.interrupt() == 0
        output = program.output()
    assert "wrote a.scenario.yaml: 3 requests" in output
    assert "masked: session" in output
    assert "edgesim test a.scenario.yaml" in output
    steps = steps_in(tmp_path / "a.scenario.yaml")
    assert [next(iter(step.items())) for step in steps] == [("get", "/a?x=1"), ("post", "/post"), ("get", "/missing")]
    assert steps[0]["cookies"] == {"session": "session-1"}
    assert steps[1]["body"] == "hello"
    passes(tmp_path / "a.scenario.yaml")


def test_being_ended_politely_writes_the_scenario_too(dev_origin: Origin, tmp_path: Path) -> None:
    with recording(dev_origin.url, cwd=tmp_path) as program:
        program.get("/a")
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(timeout=PATIENCE) == 0
    assert len(steps_in(tmp_path / "recorded.scenario.yaml")) == 1


def test_nothing_recorded_is_nothing_written(dev_origin: Origin, tmp_path: Path) -> None:
    with recording(dev_origin.url, cwd=tmp_path) as program:
        assert program.interrupt() == 1
    assert not list(tmp_path.iterdir())


def test_an_edgesim_is_recorded_with_its_cache_and_its_functions(dev_origin: Origin, tmp_path: Path) -> None:
    (tmp_path / "auth.py").write_text("def handler(event, context):\n    return event['Records'][0]['cf']['request']\n")
    (tmp_path / "stamp.py").write_text(
        "def handler(event, context):\n    response = event['Records'][0]['cf']['response']\n"
        "    response['headers']['x-stamp'] = [{'value': 'seen'}]\n    return response\n"
    )
    serve = ("serve", "--origin", dev_origin.url, "--viewer-request", "auth.py", "--viewer-response", "stamp.py")
    serve += ("--viewer-protocol", "https", "--viewer-country", "DE")
    with serving(*serve, cwd=tmp_path) as edge:
        asked = (edge.url("").rstrip("/"), "--control-port", str(edge.control_port), "--distribution", "auth.py")
        with recording(*asked, cwd=tmp_path) as program:
            program.get("/a")
            program.get("/a")
            program.wait_for("GET /a 200 Hit")
            assert program.interrupt() == 0
    first, second = steps_in(tmp_path / "recorded.scenario.yaml")
    assert first["expect"]["x-cache"] == "Miss"
    assert first["expect"]["ran"] == ["viewer-request", "viewer-response"]
    assert first["expect"]["headers"]["x-stamp"] == "seen"
    assert "x-stamp" not in first["origin"]["headers"]
    assert second["origin"] == "untouched"
    document = yaml.safe_load((tmp_path / "recorded.scenario.yaml").read_text())
    assert document["viewer"] == {"protocol": "https", "country": "DE"}


def test_an_edgesim_without_functions_is_recorded_and_the_recording_passes(dev_origin: Origin, tmp_path: Path) -> None:
    with (
        serving("serve", "--origin", dev_origin.url, cwd=tmp_path) as edge,
        recording(edge.url("").rstrip("/"), cwd=tmp_path) as program,
    ):
        for path in ("/a", "/a", "/dynamic", "/dynamic", "/missing", "/missing"):
            program.get(path)
        assert program.interrupt() == 0
    passes(tmp_path / "recorded.scenario.yaml")


# ── it passes on what comes, as it comes ─────────────────────────────────────


def raw(port: int, request: bytes) -> bytes:
    """What comes back until the connection ends."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


@pytest.fixture
def echo() -> Iterator[tuple[str, list[bytes]]]:
    """A server that remembers the bytes of a request's head and gives an odd answer."""
    heads: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (chunk := connection.recv(65536)):
                    head += chunk
                heads.append(head)
                connection.sendall(
                    b"HTTP/1.1 203 Quite Odd\r\nX-ODD: a\r\nx-Odd: b\r\nContent-Encoding: br\r\n"
                    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n0\r\n\r\n"
                )

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    yield f"http://127.0.0.1:{port}", heads
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(timeout=PATIENCE)


_ODD = b"GET //a%2f/../b?X=%zz HTTP/1.1\r\nhOST: shop.example\r\nx-TWO: 1\r\nX-two: 2\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(("option", "host"), [((), None), (("--keep-host",), b"shop.example")])
def test_requests_and_answers_pass_unchanged(
    echo: tuple[str, list[bytes]], tmp_path: Path, option: tuple[str, ...], host: bytes | None
) -> None:
    url, heads = echo
    with recording(url, *option, cwd=tmp_path) as program:
        answer = raw(program.port, _ODD)
    host = host or url.removeprefix("http://").encode()
    (line, *fields) = heads[0].split(b"\r\n\r\n")[0].split(b"\r\n")
    assert line == b"GET //a%2f/../b?X=%zz HTTP/1.1"
    assert [field.partition(b": ")[2] for field in fields if field.lower().startswith(b"host")] == [host]
    assert fields[1:] == [b"x-TWO: 1", b"X-two: 2"]
    assert answer.startswith(b"HTTP/1.1 203 Quite Odd\r\nX-ODD: a\r\nx-Odd: b\r\nContent-Encoding: br\r\n")
    assert answer.endswith(b"\r\n\r\n2\r\nab\r\n0\r\n\r\n")


def test_a_redirect_to_the_server_itself_leads_back_to_the_recorder(dev_origin: Origin, tmp_path: Path) -> None:
    with recording(dev_origin.url, cwd=tmp_path) as program:
        moved = program.get("/moved")
        assert moved.headers["location"] == program.url("/a?x=1")
        assert program.get("/secure").headers["location"] == "https://localhost:8443/a?x=1"
        program.wait_for("sends viewers to https://localhost:8443, which is not recorded here")
        program.wait_for("to have what follows: edgesim record https://localhost:8443")
        program.wait_for("GET /secure 302")
        program.interrupt()
    file = tmp_path / "recorded.scenario.yaml"
    port = dev_origin.server_address[1]
    assert steps_in(file)[0]["expect"]["headers"]["location"] == f"http://localhost:{port}/a?x=1"
    passes(file)


def test_an_answer_streams_and_a_large_one_is_told_by_its_size(dev_origin: Origin, tmp_path: Path) -> None:
    with recording(dev_origin.url, cwd=tmp_path) as program:
        with httpx.stream("GET", program.url("/drip"), trust_env=False, timeout=PATIENCE) as response:
            pieces = response.iter_raw()
            assert next(pieces) == b"a"
            dev_origin.go_on.set()
            assert b"".join(pieces) == b"b"
        assert len(program.get("/big").content) == BIG
        program.wait_for("GET /big 200")
        program.interrupt()
    drip, big = steps_in(tmp_path / "recorded.scenario.yaml")
    assert drip["expect"]["body"] == "ab"
    assert big["expect"]["size"] == BIG


def test_an_answer_that_breaks_off_breaks_off_and_is_left_out(dev_origin: Origin, tmp_path: Path) -> None:
    with recording(dev_origin.url, cwd=tmp_path) as program:
        with pytest.raises(httpx.RemoteProtocolError):
            program.get("/reset")
        program.get("/a")
        program.wait_for("GET /a 200")
        program.interrupt()
        assert "1 request left out: the answer broke off" in program.output()


def test_a_server_that_is_not_there_is_said_and_not_recorded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with recording(f"http://127.0.0.1:{port}", cwd=tmp_path) as program:
        answer = program.get("/a")
        assert answer.status_code == 502
        assert answer.text.startswith("edgesim record: The origin 127.0.0.1:")
        program.wait_for("not recorded")
        assert program.interrupt() == 1


# ── HAR files ────────────────────────────────────────────────────────────────


def _entry(url: str) -> dict[str, object]:
    return {
        "startedDateTime": "2026-10-01T12:00:00Z",
        "request": {"method": "GET", "url": url, "headers": []},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "text/plain", "text": "hi"}},
    }


def test_a_har_file_becomes_a_scenario_that_passes(tmp_path: Path) -> None:
    urls = ("https://shop.example/a", "https://shop.example/b", "https://ads.example/x")
    (tmp_path / "shop.har").write_text(json.dumps({"log": {"entries": [_entry(url) for url in urls]}}))
    done = edgesim("record", "shop.har", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 requests to shop.example, the host with the most" in done.stdout
    assert "1 request to other hosts left out: ads.example (1)" in done.stdout
    assert "wrote shop.scenario.yaml: 2 requests" in done.stdout
    passes(tmp_path / "shop.scenario.yaml")
    again = edgesim("record", "shop.har", "--host", "ads.example", cwd=tmp_path)
    assert "wrote shop-2.scenario.yaml: 1 request" in again.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        pytest.param(("nothing.har",), "nothing.har can't be read", id="no such file"),
        pytest.param(("localhost:8080",), "http://localhost:8080", id="a server without a scheme"),
        pytest.param(("http://localhost:1/shop",), "has a path", id="a server with a path"),
        pytest.param(("bad.har",), "bad.har: this is no HAR: log is missing", id="no HAR"),
        pytest.param(("bad.har", "-o", "no/a.yaml"), "no/a.yaml can't be written", id="no such folder"),
        pytest.param(("bad.har", "--distribution", "t.yaml"), "there is no t.yaml", id="no such template"),
        pytest.param(("http://127.0.0.1:1", "--control-port", "1"), "control port 1", id="no edgesim"),
    ],
)
def test_what_can_not_be_recorded_is_told_in_a_sentence(tmp_path: Path, args: tuple[str, ...], told: str) -> None:
    (tmp_path / "bad.har").write_text("{}")
    done = edgesim("record", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
