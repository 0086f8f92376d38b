"""Requests as commands to paste."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.scenario.model import Content, Send
from edgesim.scenario.playing.curl import curl
from edgesim.scenario.playing.run import request_of

BASE = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("step", "command"),
    [
        (Send("GET", "/a"), "curl -i -H 'Host: h' http://127.0.0.1:8080/a"),
        (Send("GET", "/a?x=1&y='"), """curl -i -H 'Host: h' 'http://127.0.0.1:8080/a?x=1&y='"'"''"""),
        (Send("HEAD", "/ü"), "curl -I -H 'Host: h' 'http://127.0.0.1:8080/ü'"),
        (Send("PURGE", "/"), "curl -i -X PURGE -H 'Host: h' http://127.0.0.1:8080/"),
        (
            Send("GET", "/../{a}", headers=(("Host", "x"), ("X-Empty", ""))),
            "curl -i -H 'Host: x' -H 'X-Empty;' --path-as-is -g 'http://127.0.0.1:8080/../{a}'",
        ),
        (
            Send("GET", "/", cookies=(("a", "1"), ("b", "2"))),
            "curl -i -H 'Host: h' -H 'Cookie: a=1; b=2' http://127.0.0.1:8080/",
        ),
        (
            Send("GET", "/", viewer={"country": "DE", "device": "mobile"}),
            "curl -i -H 'Host: h' -H 'Edgesim-Viewer: country=DE, device=mobile' http://127.0.0.1:8080/",
        ),
        (
            Send("POST", "/", body=Content(text="@one\ntwo")),
            "curl -i -X POST -H 'Host: h' -H Content-Type: --data-raw '@one\ntwo' http://127.0.0.1:8080/",
        ),
        (
            Send("POST", "/", headers=(("Content-Type", "a/b"),), body=Content(data=b"\xff")),
            "curl -i -X POST -H 'Host: h' -H 'Content-Type: a/b' --data-binary @1-bytes http://127.0.0.1:8080/",
        ),
        (
            Send("POST", "/", body=Content(size=3000)),
            "curl -i -X POST -H 'Host: h' -H Content-Type: --data-binary @3000-bytes http://127.0.0.1:8080/",
        ),
        (
            Send("GET", "/", headers=(("X", "\x1b[31m"),)),
            "curl -i -H 'Host: h' -H 'X: \\x1b[31m' http://127.0.0.1:8080/",
        ),
    ],
)
def test_a_request_as_a_command(step, command):
    assert curl(BASE, request_of(step, "h"), step.viewer, step.body) == command


def test_a_file_is_named(tmp_path: Path):
    file = tmp_path / "a file"
    file.write_bytes(b"x")
    step = Send("PUT", "/", headers=(("Content-Type", "a/b"),), body=Content(file=file))
    assert f"--data-binary '@{file}'" in curl(BASE, request_of(step, "h"), {}, step.body)
