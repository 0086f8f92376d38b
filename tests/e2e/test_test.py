"""`edgesim test` as a user runs it: workers, Ctrl-C, saves, a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE, edgesim, started

pytestmark = [pytest.mark.slow, pytest.mark.long]

FUNCTION = """\
title: the function says %(word)s
functions: {hello: ../code/hello.py:handler}
distribution: {viewer-request: hello}
steps:
  - get: /
    expect: {body: %(word)s}
"""
CODE = "def handler(event, context):\n    return {'status': '200', 'body': '%s'}\n"
SPINS = """\
scenarios:
  - title: quick {number}
    steps: [{{get: /}}]
  - title: spins {number}
    functions: {{spin: {{node: 'exports.handler = async () => {{ for (;;) {{}} }}', timeout: 5s}}}}
    distribution: {{viewer-request: spin}}
    steps: [{{get: /}}, {{get: /}}, {{get: /}}, {{get: /}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a function and a scenario for it."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "hello.py").write_text(CODE % "hello")
    write(tmp_path, "hello", FUNCTION % {"word": "hello"})
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / "scenarios" / f"{name}.scenario.yaml").write_text(text)


def lasting(check: Callable[[], bool]) -> bool:
    """Does it come true, within PATIENCE?"""
    end = time.monotonic() + PATIENCE
    while not (found := check()) and time.monotonic() < end:
        select.select([], [], [], 0.02)
    return found


def below(pid: int) -> set[int]:
    """Every process below one, by /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new}
        found |= new
    return found


# ── workers ──────────────────────────────────────────────────────────────────


def test_workers_come_to_the_same_results(folder: Path) -> None:
    for number in range(4):
        write(folder, f"good{number}", f"title: story {number}\nsteps: [{{get: /, expect: {{x-cache: Miss}}}}]\n")
    write(folder, "wrong", FUNCTION % {"word": "goodbye"})
    told = edgesim("test", "-n", "2", cwd=folder)
    alone = edgesim("test", cwd=folder)
    assert told.returncode == alone.returncode == 1
    assert "5 passed, 1 failed in" in told.stdout
    assert "expected  goodbye\n    got       hello" in told.stdout

    def report(text: str) -> str:
        return re.sub(r"in [0-9.]+ s|after [0-9.]+ s", "", text.partition("FAILED")[2])

    assert report(told.stdout) == report(alone.stdout)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_is_relaxed_holds_for_every_process(tmp_path: Path, jobs: str) -> None:
    for name in "ab":
        (tmp_path / f"{name}.scenario.yaml").write_text(
            f"title: {name}\ndistribution: {{viewer-request: paused}}\nfunctions:\n  paused:\n    concurrency: 0\n"
            "    node: 'exports.handler = async (event) => event.Records[0].cf.request'\n"
            "steps:\n  - {get: /, expect: {status: 200}}\n"
        )
    relaxed = edgesim("test", ".", "-n", jobs, "--relax", "concurrency", cwd=tmp_path)
    assert relaxed.stdout.startswith("not enforced: concurrency\n")
    assert "2 passed" in relaxed.stdout
    assert "2 failed" in edgesim("test", ".", "-n", jobs, cwd=tmp_path).stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_functions_of_every_process_find_aws_where_it_was_said_to_be(tmp_path: Path, jobs: str) -> None:
    said = "JSON.stringify([process.env.AWS_ENDPOINT_URL_S3, process.env.AWS_ENDPOINT_URL_SQS])"
    for name in "ab":
        (tmp_path / f"{name}.scenario.yaml").write_text(
            f"title: {name}\naws-endpoints: {{s3: 'http://b', sqs: 'http://c'}}\n"
            "distribution: {viewer-request: tells}\nfunctions:\n  tells:\n"
            f"    node: \"exports.handler = async () => ({{status: '200', body: {said}}})\"\n"
            'steps:\n  - {get: /, expect: {body: \'["http://a","http://c"]\'}}\n'
        )
    told = edgesim("test", ".", "-n", jobs, "--aws-endpoint", "s3=http://a", cwd=tmp_path)
    assert told.stdout.startswith("functions find s3 at http://a\n")
    assert "2 passed" in told.stdout, told.stdout


def test_nothing_of_the_users_folder_gets_into_a_worker(folder: Path) -> None:
    (folder / "json.py").write_text("raise RuntimeError('the wrong json')\n")
    (folder / "edgesim").mkdir()
    write(folder, "more", "title: more\nsteps: [{get: /}]\n")
    command = [str(Path(sys.executable).with_name("python")), "-P", "-m", "edgesim", "test", "-n", "2"]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE * 2, check=False)
    assert "2 passed in" in told.stdout, told.stdout + told.stderr


# ── Ctrl-C ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("jobs", ["1", "3"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_of_it_and_says_what_was_played(tmp_path: Path, jobs: str, number: int) -> None:
    (tmp_path / "scenarios").mkdir()
    for each in range(3):
        write(tmp_path, f"s{each}", SPINS.format(number=each))
    with started("test", "-v", "-n", jobs, cwd=tmp_path) as program:
        program.wait_for("quick")
        pid = program.process.pid
        assert lasting(lambda: any(b"node" in command(child) for child in below(pid)))
        children = below(pid)
        program.process.send_signal(number)
        assert program.process.wait(timeout=PATIENCE) == 2
        output = program.output()
    assert re.search(r"\d passed, \d not played in", output)
    assert output.endswith("interrupted")
    assert lasting(lambda: not any(Path(f"/proc/{child}/exe").exists() for child in children))


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


# ── saves ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_save_plays_again_what_it_affects(folder: Path, jobs: str) -> None:
    write(folder, "other", "title: another story\nsteps: [{get: /}]\n")
    with started("test", "--watch", "-n", jobs, cwd=folder) as program:
        program.wait_for("2 passed")
        program.wait_for("watching 2 files")
        # the function: its own scenario alone is played, and finds that it is another
        (folder / "code" / "hello.py").write_text(CODE % "goodbye")
        program.wait_for("got       goodbye")
        program.wait_for("1 failed in")
        # the scenario
        write(folder, "hello", FUNCTION % {"word": "goodbye"})
        program.wait_for("1 passed in")
        # a file that is new, and can't be read
        write(folder, "new", "title: new\nstepz: []\n")
        program.wait_for("did you mean steps?")
        # and then can
        write(folder, "new", "title: new\nsteps: [{get: /}]\n")
        program.wait_for("1 passed in")
        program.wait_for("watching 3 files")
        # and then is gone, which changes nothing for the others
        (folder / "scenarios" / "new.scenario.yaml").unlink()
        program.wait_for("watching 2 files")
        program.process.send_signal(signal.SIGINT)
        assert program.process.wait(timeout=PATIENCE) == 2
        told = program.output()
        assert "\x1b" not in told
        assert "no scenarios" not in told


# ── a terminal ───────────────────────────────────────────────────────────────


def test_on_a_terminal_it_is_in_colour_and_one_line_is_alive(folder: Path) -> None:
    leader, follower = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "edgesim", "test"], cwd=folder, stdin=follower, stdout=follower, env=environment
    )
    os.close(follower)
    output = b""
    try:
        while chunk := os.read(leader, 65536):
            output += chunk
    except OSError:  # how a terminal ends on Linux
        pass
    os.close(leader)
    assert process.wait(timeout=PATIENCE) == 0
    text = output.decode()
    assert "0/1" in text
    assert "\r\x1b[Kscenarios/hello.scenario.yaml \x1b[32m.\x1b[0m" in text
    assert "\x1b[32m1 passed\x1b[0m in " in text
