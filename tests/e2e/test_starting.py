"""Ctrl-C while the program starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE

# An import that takes its time, and makes an error of its own of what interrupts it, as pydantic's schemas do
SLOW = """\
import sys
print("importing", flush=True)
try:
    sys.stdin.read()
except KeyboardInterrupt:
    raise RuntimeError("no schema") from None
"""


@pytest.mark.parametrize(
    ("args", "module", "code"),
    [
        pytest.param(("check", "template.yaml"), "click", 130, id="check, the first import"),
        pytest.param(("check", "template.yaml"), "pydantic", 130, id="check"),
        pytest.param(("serve", "template.yaml"), "click", 130, id="serve, the first import"),
        pytest.param(("serve", "template.yaml"), "pydantic", 130, id="serve"),
        pytest.param(("test", "."), "click", 2, id="test, the first import"),
        pytest.param(("test", "."), "pydantic", 2, id="test"),
    ],
)
def test_ctrl_c_during_the_start_ends_it_at_once_and_in_silence(
    tmp_path: Path, args: tuple[str, ...], module: str, code: int
) -> None:
    (tmp_path / "slow" / module).mkdir(parents=True)
    (tmp_path / "slow" / module / "__init__.py").write_text(SLOW)
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    (tmp_path / "a.scenario.yaml").write_text("title: a\nsteps: [{get: /}]\n")
    with subprocess.Popen(
        [sys.executable, "-m", "edgesim", *args],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "slow")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "importing\n"
        program.send_signal(signal.SIGINT)
        said = program.communicate(timeout=PATIENCE)
    assert (program.returncode, said) == (code, ("", ""))
