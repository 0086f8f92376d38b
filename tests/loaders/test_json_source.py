from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.loaders.json_source import read_json
from edgesim.loaders.nodes import Node
from edgesim.loaders.unreadable import Unreadable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def as_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_texts(each) for each in value]
    return value if isinstance(value, str | None) else json.dumps(value)


def unfolded(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: unfolded(each) for key, each in node.value.items()}
    return [unfolded(each) for each in node.value] if isinstance(node.value, list) else node.value


@given(JSON, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_any_json_reads_as_the_standard_library_reads_it(value: Any, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert unfolded(read_json(text, "")[0]) == as_texts(value)


def test_every_value_knows_its_line_and_path() -> None:
    root = read_json('{\n "a": {\n  "b": [\n   1,\n   {"c":\n 2}]}}', "t.json")[0]
    assert (root.get("a", "b").line, root.get("a", "b").at) == (3, "a.b")
    last = root.get("a", "b").items[1]
    assert (last.line, last.at, last.get("c").line, last.get("c").at) == (5, "a.b[1]", 5, "a.b[1].c")


def test_a_key_that_stands_twice_is_warned_of() -> None:
    _, [problem] = read_json('{"a": 1,\n"a": 2}', "t.json")
    assert (problem.line, problem.at) == (2, "a")


@pytest.mark.parametrize(
    ("text", "line"),
    [('{"a": 1\n"b": 2}', 2), ("{", 1), ("", 1), ('{"a": 1}\n{}', 2)],
    ids=["a comma", "open", "empty", "two"],
)
def test_what_is_no_json_says_where(text: str, line: int) -> None:
    with pytest.raises(Unreadable, match="not valid JSON") as caught:
        read_json(text, "t.json")
    assert caught.value.problem.line == line


@pytest.mark.parametrize("depth", [150, 100_000])
def test_depth_is_limited(depth: int) -> None:
    with pytest.raises(Unreadable, match="deeply"):
        read_json("[" * depth + "]" * depth, "t.json")
