"""FIDELITY.md: every row has its evidence, and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EVIDENCE = ("documented", "observed", "inferred", "left out")


def _rows() -> list[list[str]]:
    lines = (ROOT / "FIDELITY.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] != "Rule" and not row[0].startswith("---")]


def _tests() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[0][:60])
def test_a_row_has_four_cells_and_one_of_the_four_words(row: list[str]) -> None:
    assert len(row) == 4
    assert row[1].startswith(EVIDENCE)


def test_every_test_that_is_named_exists() -> None:
    known = _tests()
    for row in _rows():
        names = [name.strip() for name in row[3].split(",")]
        assert names
        for name in names:
            exists = (ROOT / name).is_file() if "/" in name else name in known
            assert exists, f"{row[0]!r} names {name}, which does not exist"
