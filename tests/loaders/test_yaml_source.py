from __future__ import annotations

from typing import Any

import pytest

from edgesim.distribution.problems import Severity
from edgesim.loaders.nodes import Node, plain
from edgesim.loaders.unreadable import Unreadable
from edgesim.loaders.yaml_source import read_yaml


def read(text: str) -> Node:
    return read_yaml(text, "t.yaml")[0]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        pytest.param("a: !Ref B", {"a": {"Ref": "B"}}, id="Ref has no prefix"),
        pytest.param("a: !Condition B", {"a": {"Condition": "B"}}, id="Condition has no prefix"),
        pytest.param("a: !GetAtt A.B", {"a": {"Fn::GetAtt": ["A", "B"]}}, id="GetAtt splits"),
        pytest.param("a: !GetAtt A.B.C", {"a": {"Fn::GetAtt": ["A", "B.C"]}}, id="GetAtt splits once"),
        pytest.param("a: !GetAtt [A, B]", {"a": {"Fn::GetAtt": ["A", "B"]}}, id="GetAtt takes a list"),
        pytest.param("a: !Sub '${A}'", {"a": {"Fn::Sub": "${A}"}}, id="a text"),
        pytest.param("a: !Sub ['${A}', {A: b}]", {"a": {"Fn::Sub": ["${A}", {"A": "b"}]}}, id="a list with a mapping"),
        pytest.param(
            "a: !Join ['', [!Ref A, !GetAtt B.C]]",
            {"a": {"Fn::Join": ["", [{"Ref": "A"}, {"Fn::GetAtt": ["B", "C"]}]]}},
            id="tags within tags",
        ),
        pytest.param("!If [A, b, c]", {"Fn::If": ["A", "b", "c"]}, id="a tag at the top"),
        pytest.param("a: 2012-10-17", {"a": "2012-10-17"}, id="a date stays a text"),
        pytest.param("a: [010, 1_0, 1:30]", {"a": ["010", "1_0", "1:30"]}, id="numbers stay texts"),
        pytest.param("a: [True, FALSE, 'True']", {"a": ["true", "false", "True"]}, id="truth values are lower case"),
        pytest.param("a: [yes, no, on]", {"a": ["yes", "no", "on"]}, id="yes is a word, too"),
        pytest.param("x: &x {a: b}\ny: *x", {"x": {"a": "b"}, "y": {"a": "b"}}, id="anchors"),
        pytest.param("[&x {a: b, c: d}, {<<: *x, a: e}]", [{"a": "b", "c": "d"}, {"a": "e", "c": "d"}], id="merges"),
        pytest.param("a: |\n  x\n  y\n", {"a": "x\ny\n"}, id="a block of text"),
    ],
)
def test_short_tags_and_scalars(text: str, means: Any) -> None:
    assert plain(read(text)) == means


def test_every_value_knows_its_line_and_path() -> None:
    root = read("a:\n  b:\n    - x\n    - c: y\n      d:\n        !Ref Z\n")
    assert (root.get("a", "b").line, root.get("a", "b").at) == (2, "a.b")
    second = root.get("a", "b").items[1]
    assert (second.line, second.at) == (4, "a.b[1]")
    assert (second.get("d").line, second.get("d").at) == (5, "a.b[1].d")


def test_a_key_that_stands_twice_is_warned_of_where_it_stands_again() -> None:
    root, problems = read_yaml("a: 1\nb: 2\na: 3\n", "t.yaml")
    assert plain(root) == {"a": "3", "b": "2"}
    [problem] = problems
    assert (problem.line, problem.at, problem.severity) == (3, "a", Severity.WARNING)


def test_an_unknown_tag_is_an_error_with_a_guess() -> None:
    [problem] = read_yaml("a: !GetAttr b", "t.yaml")[1]
    assert problem.message == "CloudFormation has no function Fn::GetAttr"
    assert problem.hint == "did you mean GetAtt?"


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        pytest.param("a: [1, 2\nb: 3\n", "a bracket or a brace is not closed", 2, id="a bracket is open"),
        pytest.param("a: 1\n\tb: 2\n", "here is a tab", 2, id="a tab"),
        pytest.param("a: *b\n", "a text that begins with * needs quotes", 1, id="an alias of nothing"),
        pytest.param("a:\n  b: 1\n    c: 2\n", "indented too far", 3, id="indented too far"),
        pytest.param("a: one: two\n", "a text with ': ' in it needs quotes", 1, id="a colon in a text"),
        pytest.param("", "empty", None, id="nothing"),
        pytest.param("a: 1\n---\nb: 2\n", "--- begins a second one", 2, id="two documents"),
        pytest.param("a: \x07", "not valid YAML", None, id="a control character"),
        pytest.param("&a [*a]", "deeply", 1, id="an alias of itself"),
        pytest.param("[" * 120 + "]" * 120, "deeply", 1, id="a hundred levels"),
        pytest.param("[" * 5000 + "]" * 5000, "deeply", None, id="thousands of levels"),
    ],
)
def test_what_is_no_yaml_says_so(text: str, says: str, line: int | None) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    assert says in caught.value.problem.message
    if line is not None:
        assert caught.value.problem.line == line


def test_a_small_file_cannot_expand_without_end() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )
    with pytest.raises(Unreadable, match="too large"):
        read(text)
