"""Where a program is run that it can't do anything in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE

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
