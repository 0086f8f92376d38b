"""Where a program is run that it can't do anything in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE, edgesim

pytestmark = pytest.mark.slow

GONE = """
import os, runpy, sys
os.rmdir(os.getcwd())
sys.argv[0] = "edgesim"
runpy.run_module("edgesim", run_name="__main__")
"""


@pytest.mark.parametrize("args", [("test",), ("serve",), ("demo", "--list"), ("explain",)], ids=" ".join)
def test_a_current_folder_that_is_gone_is_told(tmp_path: Path, args: tuple[str, ...]) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", GONE, *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[0] == "edgesim: the current folder is gone"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("args", [("reasons",), ("test", "."), ("demo", "--list")], ids=" ".join)
def test_a_full_disk_is_told(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "a.scenario.yaml").write_text("title: a\nsteps: [{get: /}]\n")
    with Path("/dev/full").open("w") as full:
        ended = edgesim(*args, cwd=tmp_path, stdout=full)
    assert (ended.returncode, ended.stderr) == (2, "edgesim: No space left on device\n")


def test_a_program_without_any_stream_does_what_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.scenario.yaml").write_text("title: a\nsteps: [{get: /}]\n")
    shell = '"$0" -m edgesim demo --once --port 0 a.scenario.yaml <&- >&- 2>&-'
    ended = subprocess.run(["sh", "-c", shell, sys.executable], cwd=tmp_path, timeout=PATIENCE * 2, check=False)
    assert ended.returncode == 0
