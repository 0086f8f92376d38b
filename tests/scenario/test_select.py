"""Which scenarios are meant: paths as users write them, and the words of -k."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.errors import ConfigError
from edgesim.scenario.model import Advance, Place, Scenario
from edgesim.scenario.runner.select import expression, target

TEXTS = ("a stale object is revalidated", "scenarios/ttl.scenario.yaml")
SCENARIOS = tuple(
    Scenario(title, (Advance(1),), place=Place("ttl.scenario.yaml", line))
    for title, line in (("fresh from the cache", 3), ("Stale, so asked again", 10), ("stale, and gone", 20))
)


@pytest.mark.parametrize(
    "words",
    ["stale", "STALE", "ttl.scenario", "stale and ttl", "nothing or ttl", "not nothing", "'object is'",
     '"stale object"', "stale and not (range or cookies)", "(stale)", "not not stale", "a or nothing and nothing",
     "scenarios/ttl"],
)  # fmt: skip
def test_words_that_fit(words: str) -> None:
    assert expression(words)(TEXTS)


@pytest.mark.parametrize(
    "words",
    ["nothing", "stale and nothing", "not stale", "not (stale or nothing)", "'stale is'", "(a or b) and nothing",
     "'revalidated scenarios'"],
)  # fmt: skip
def test_words_that_do_not_fit(words: str) -> None:
    assert not expression(words)(TEXTS)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "ends where a word"),
        ("   ", "ends where a word"),
        ("a and", "ends where a word"),
        ("not", "ends where a word"),
        ("(a", "not closed"),
        ("a)", "no '('"),
        ("a b", "'and' or 'or' is missing before 'b'"),
        ("a (b)", "missing before '('"),
        ("or a", "where 'or' stands"),
        ("a and or b", "where 'or' stands"),
        ("()", "where ')' stands"),
    ],
)
def test_what_can_not_be_read_is_said_in_a_sentence(words: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        expression(words)
    assert why in str(caught.value)
    assert f"-k {words!r}" in str(caught.value)


def test_many_brackets_are_refused_or_read_but_do_no_harm() -> None:
    assert expression("(" * 50 + "stale" + ")" * 50)(TEXTS)


# ── paths ────────────────────────────────────────────────────────────────────


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ttl.scenario.yaml").write_text("#\n" * 30)
    return "ttl.scenario.yaml"


def titles(text: str) -> list[str]:
    return [scenario.title for scenario in target(text).among(SCENARIOS)]


def test_a_file_is_all_of_its_scenarios(file: str) -> None:
    assert len(titles(file)) == 3


def test_a_part_of_the_title_in_capitals_or_not(file: str) -> None:
    assert titles(f"{file}::stale") == ["Stale, so asked again", "stale, and gone"]


def test_a_part_that_no_title_has_is_an_error_that_says_where_to_look(file: str) -> None:
    with pytest.raises(ConfigError, match="'nowhere'") as caught:
        titles(f"{file}::nowhere")
    assert f"--collect-only {file}" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (1, "fresh from the cache"),
        (3, "fresh from the cache"),
        (9, "fresh from the cache"),
        (10, "Stale, so asked again"),
        (30, "stale, and gone"),
    ],
)
def test_a_line_is_the_scenario_around_it(file: str, line: int, title: str) -> None:
    assert titles(f"{file}:{line}") == [title]


@pytest.mark.parametrize("line", ["0", "31", "9" * 20])
def test_a_line_that_the_file_has_not_is_an_error(file: str, line: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no line {line}") as caught:
        target(f"{file}:{line}")
    assert "has 30" in caught.value.hint


def test_a_line_of_a_file_without_scenarios_is_none(file: str) -> None:
    assert target(f"{file}:4").among(()) == ()


def test_a_file_that_has_colons_in_its_name_is_that_file(file: str) -> None:
    Path("a::b:3").touch()
    assert target("a::b:3").path == Path("a::b:3")


@pytest.mark.parametrize("text", ["gone.scenario.yaml", "gone.scenario.yaml:3", "gone::part", "ttl.scenario.yaml:x"])
def test_what_is_not_there_is_an_error(file: str, text: str) -> None:
    with pytest.raises(ConfigError, match="there is no"):
        target(text)


def test_a_folder_has_no_lines(file: str) -> None:
    Path("folder").mkdir()
    with pytest.raises(ConfigError, match="folder is a folder"):
        target("folder:3")
