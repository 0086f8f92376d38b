"""Scenario documents as YAML: tidy, and the same values when read back."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgesim.scenario.recording.write_yaml import fits_a_block, is_representable, write_yaml
from edgesim.testing.strategies import json_values

_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
_LINES = st.lists(st.text(" \t\nab:#-'\"\\${}[]|>&*!%@`é", max_size=12), max_size=5).map("\n".join)
_NUMBER_LIKE = st.text("0123456789+-.eExob_:", max_size=6)


def read(text: str) -> Any:
    return yaml.safe_load(text)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param({"body": "one\ntwo\n"}, "body: |\n  one\n  two\n", id="lines that end"),
        pytest.param({"body": "one\ntwo"}, "body: |-\n  one\n  two\n", id="lines without an end"),
        pytest.param({"body": "<a>\n\t<b>\n</a>\n"}, "body: |\n  <a>\n  \t<b>\n  </a>\n", id="tabs"),
        pytest.param({"body": "a  \nb\n"}, "body: |\n  a  \n  b\n", id="spaces at the end of a line"),
        pytest.param({"body": "a\r\nb"}, 'body: "a\\r\\nb"\n', id="line ends that readers would change"),
        pytest.param({"body": "a\x85b"}, 'body: "a\\Nb"\n', id="a line end of YAML 1.1 alone"),
        pytest.param({"title": "yes"}, "title: 'yes'\n", id="a word that YAML 1.1 takes for a truth value"),
        pytest.param({"title": "1e3"}, "title: '1e3'\n", id="a number in YAML 1.2 alone"),
        pytest.param({"title": "010"}, "title: '010'\n", id="a number in YAML 1.1"),
        pytest.param({"advance": "61s"}, "advance: 61s\n", id="a span needs no quotes"),
        pytest.param({"headers": {"etag": '"v1"', "x": "a: b"}}, "headers: {etag: '\"v1\"', x: 'a: b'}\n", id="short"),
        pytest.param({"steps": [{"get": "/a"}]}, "steps:\n  - get: /a\n", id="a step begins with its request"),
        pytest.param({"ran": []}, "ran: []\n", id="an empty list"),
    ],
)
def test_it_is_written_as_a_person_would(value: dict[str, Any], written: str) -> None:
    assert write_yaml(value) == written
    assert read(written) == value


@given(st.dictionaries(_TEXTS | _LINES | _NUMBER_LIKE, _TEXTS | _LINES | _NUMBER_LIKE | json_values, max_size=4))
def test_reading_gives_the_same_back(document: dict[str, Any]) -> None:
    if is_representable(document):
        assert read(write_yaml(document)) == document


@given(_LINES)
def test_a_block_gives_its_text_back(text: str) -> None:
    if fits_a_block(text):
        assert read(write_yaml({"body": text, "after": 1})) == {"body": text, "after": 1}


@given(_TEXTS)
def test_comments_stay_comments(comment: str) -> None:
    assert read(write_yaml({"a": 1}, [comment])) == {"a": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"a": ["\udfff"]}], ids=repr)
def test_some_json_has_no_place_in_yaml(value: Any) -> None:
    assert not is_representable(value)
