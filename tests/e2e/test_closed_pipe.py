"""`edgesim … | head`: the reader has gone, and that is no failure to speak of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.program import edgesim

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
        ended = edgesim(*args, cwd=tmp_path, stdout=writing)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")
