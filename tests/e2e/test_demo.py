"""`edgesim demo NAME` on a terminal: it waits for Enter, and then goes on serving."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.program import PATIENCE, edgesim

pytestmark = [pytest.mark.slow, pytest.mark.long]

STORY = """\
title: a hit after a miss
origins: {site: {headers: {cache-control: max-age=60}, body: hello}}
functions:
  stamp:
    node: |
      exports.handler = async (event) => {
        const response = event.Records[0].cf.response;
        response.headers['x-now'] = [{key: 'X-Now', value: String(Date.now())}];
        return response;
      };
distribution: {viewer-response: stamp}
steps:
- get: /
  expect: {x-cache: Miss, headers: {x-now: '1746525600000'}}
- advance: 59s
- get: /
  expect: {x-cache: Hit, headers: {x-now: '1746525659000', age: '59'}}
"""


@dataclass
class Screen:
    """A program on a terminal of its own."""

    process: subprocess.Popen[bytes]
    terminal: int
    seen: str = ""

    def wait_for(self, text: str) -> None:
        self._found(re.escape(text))

    def number_after(self, text: str) -> int:
        return int(self._found(rf"{re.escape(text)}(\d+)\D")[1])

    def _found(self, pattern: str) -> re.Match[str]:
        """What comes next that fits; what came before is left behind."""
        while (match := re.search(pattern, self.seen)) is None:
            ready, _, _ = select.select([self.terminal], [], [], PATIENCE)
            assert ready, f"{pattern!r} did not come:\n{self.seen}"
            self.seen += os.read(self.terminal, 65_536).decode()
        self.seen = self.seen[match.end() :]
        return match

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())


@contextmanager
def on_a_terminal(*args: str) -> Iterator[Screen]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "edgesim", *args], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield Screen(process, ours)
    finally:
        process.kill()
        process.wait(timeout=PATIENCE)
        os.close(ours)


@pytest.fixture
def story(tmp_path: Path) -> str:
    path = tmp_path / "story.scenario.yaml"
    path.write_text(STORY)
    return str(path)


def test_it_runs_through_where_nobody_looks_on(story: str) -> None:
    done = edgesim("demo", story, "--port", "0", "--control-port", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2. … 59s pass" in done.stdout
    assert "\x1b" not in done.stdout


def test_on_a_terminal_it_waits_for_enter_and_goes_on_serving(story: str) -> None:
    with on_a_terminal("demo", story, "--port", "0", "--control-port", "0") as screen:
        port = screen.number_after("http://127.0.0.1:")
        control = screen.number_after("--control-port ")
        screen.wait_for("Enter: go on, q: quit")
        # Between two steps there is a server as any other
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).headers["x-cache"] == "Hit from cloudfront"
        screen.type("\n")
        screen.wait_for("2. ")
        screen.wait_for("Enter: go on, q: quit")
        screen.type("\n")
        screen.wait_for("the server goes on until Ctrl-C")
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).headers["age"] == "59"
        assert "GET" in edgesim("explain", "last", "--control-port", str(control)).stdout
        screen.process.send_signal(signal.SIGINT)
        assert screen.process.wait(timeout=PATIENCE) == 0


def test_q_ends_it(story: str) -> None:
    with on_a_terminal("demo", story, "--port", "0", "--control-port", "0") as screen:
        screen.wait_for("Enter: go on, q: quit")
        screen.type("q\n")
        assert screen.process.wait(timeout=PATIENCE) == 0


def test_ctrl_c_ends_it_between_two_steps(story: str) -> None:
    with on_a_terminal("demo", story, "--port", "0", "--control-port", "0") as screen:
        screen.wait_for("Enter: go on, q: quit")
        screen.process.send_signal(signal.SIGINT)
        assert screen.process.wait(timeout=PATIENCE) == 0
