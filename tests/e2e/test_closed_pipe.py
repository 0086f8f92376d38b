"""`edgesim … | head`: the reader has gone, and that is no failure to speak of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("demo", "--list"), id="demo --list"),
        pytest.param(("choices",), id="choices"),
        pytest.param(("reasons",), id="reasons"),
        pytest.param(("test", "-v", "a.scenario.yaml"), id="test"),
        pytest.param(("demo", "--no-pause", "--once", "--port", "0", "a.scenario.yaml"), id="demo"),
    ],
)
def test_a_command_whose_reader_has_gone_ends_in_silence(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "a.scenario.yaml").write_text("title: a\nsteps: [{get: /}]\n")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "edgesim", *args],
            cwd=tmp_path,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE * 2,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")
