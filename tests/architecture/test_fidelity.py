"""FIDELITY.md: every row has its evidence, and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EVIDENCE = ("documented", "observed", "inferred", "left out")


def _cells() -> list[list[str]]:
    lines = (ROOT / "FIDELITY.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] not in ("Rule", "No.") and not row[0].startswith("---")]


def _rows() -> list[list[str]]:
    return [row for row in _cells() if not row[0].isdigit()]


def _statements() -> list[list[str]]:
    return [row for row in _cells() if row[0].isdigit()]


def _tests() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[0][:60])
def test_a_row_has_four_cells_and_one_of_the_four_words(row: list[str]) -> None:
    assert len(row) == 4
    assert row[1].startswith(EVIDENCE)


def test_every_statement_about_lambda_has_its_row() -> None:
    assert [row[0] for row in _statements()] == [str(number) for number in range(1, 90)]
    assert {len(row) for row in _statements()} == {5}
    assert {row[2] for row in _statements()} == {"Y", "P", "N"}
    assert [row[0] for row in _statements() if not row[1] or not row[3] or not row[4]] == []


def test_every_test_that_is_named_exists() -> None:
    known = _tests()
    for row in _rows() + [row for row in _statements() if row[4] != "–"]:
        names = [name.strip() for name in row[-1].split(",")]
        assert names
        for name in names:
            exists = (ROOT / name).is_file() if "/" in name else name in known
            assert exists, f"{row[0]!r} names {name}, which does not exist"
