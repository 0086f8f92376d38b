"""Terminals and files that can't have every character, and a locale that says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import PATIENCE

pytestmark = pytest.mark.slow

SCENARIO = """\
title: grüße
functions:
  greets:
    python: |
      def handler(event, context):
          print("grüße")
          return {"status": "200", "body": "grüße → alle"}
distribution: {viewer-request: greets}
steps: [{get: /, expect: {body: gruesse}}]
"""


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"PYTHONIOENCODING": "ascii"}, id="an output in ASCII"),
        pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="a locale in ASCII"),
    ],
)
@pytest.mark.parametrize("args", [("test", "."), ("demo", "--no-pause", "--once", "--port", "0", "a.scenario.yaml")])
def test_what_can_not_be_shown_is_escaped(tmp_path: Path, settings: dict[str, str], args: tuple[str, ...]) -> None:
    (tmp_path / "a.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "edgesim", *args],
        cwd=tmp_path,
        env={**os.environ, **settings},
        capture_output=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert ended.returncode == 1
    assert rb"gr\xfc\xdfe \u2192 alle" in ended.stdout
    assert b"Traceback" not in ended.stderr
