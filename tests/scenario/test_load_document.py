"""A file's text as a tree: types, places, and what YAML's parser has against it."""

import json

import pytest

from edgesim.loaders.unreadable import Unreadable
from edgesim.scenario.language.document import Kind, from_python, read_document


def value(text):
    root, problems = read_document(f"key: {text}\n", "a.scenario.yaml")
    assert problems == []
    return root.fields["key"]


@pytest.mark.parametrize(
    ("text", "kind", "plain"),
    [
        ("one", Kind.TEXT, "one"),
        ("'1'", Kind.TEXT, "1"),
        ("1", Kind.NUMBER, 1),
        ("-1.5", Kind.NUMBER, -1.5),
        ("1e3", Kind.NUMBER, 1000.0),
        ("060", Kind.NUMBER, 60),
        ("true", Kind.TRUTH, True),
        ("FALSE", Kind.TRUTH, False),
        ("yes", Kind.TEXT, "yes"),
        ("on", Kind.TEXT, "on"),
        ("12:30", Kind.TEXT, "12:30"),
        ("2026-01-01", Kind.TEXT, "2026-01-01"),
        ("0x1F", Kind.TEXT, "0x1F"),
        ("1_000", Kind.TEXT, "1_000"),
        (".inf", Kind.TEXT, ".inf"),
        ("٣", Kind.TEXT, "٣"),
        ("~", Kind.NOTHING, None),
        ("", Kind.NOTHING, None),
        ("''", Kind.TEXT, ""),
        ("[1, a]", Kind.LIST, [1, "a"]),
        ("{a: {b: null}}", Kind.MAPPING, {"a": {"b": None}}),
    ],
)
def test_only_what_looks_like_json_has_a_type(text, kind, plain):
    found = value(text)
    assert (found.kind, found.plain) == (kind, plain)


@pytest.mark.parametrize("text", ["060", "1.50", "True", "1e3", "yes"])
def test_a_scalar_stays_as_it_is_written(text):
    assert value(text).text == text


def test_every_value_has_its_place():
    root, _ = read_document("a:\n  - b: 1\n    c:\n      2\n", "a.scenario.yaml")
    found = root.fields["a"].items[0].fields["c"]
    assert (found.line, found.at) == (3, "a[0].c")


def test_anchors_and_merges_are_read():
    root, problems = read_document("base: &b {x: 1, y: 2}\nown: {<<: *b, y: 3}\n", "a.scenario.yaml")
    assert problems == []
    assert root.fields["own"].plain == {"x": 1, "y": 3}


def test_json_is_read_with_its_escapes():
    said = {"title": "a \\ud83d \U0001f600 /", "n": [1, True, None]}
    root, problems = read_document(json.dumps(said, indent="\t"), "a.scenario.json")
    assert problems == []
    assert root.plain == said


def test_a_key_that_stands_twice_is_told_with_both_lines():
    _, [problem] = read_document("a: 1\nb: 2\na: 3\n", "a.scenario.yaml")
    assert (problem.line, problem.message) == (3, "a is written twice: here and in line 1")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("a:\n\t- b\n", 2, "YAML is indented with spaces, and here is a tab", id="a tab"),
        pytest.param(
            "a:\n  b: 1\n c: 2\n", 3, "the indentation of this line does not fit the lines above", id="in between"
        ),
        pytest.param(
            "a: 1\n  b: 2\n", 2, "this line is indented too far, or the one above lacks its colon", id="too far"
        ),
        pytest.param("a: b: c\n", 1, "a text with ': ' in it needs quotes", id="a colon"),
        pytest.param("a: {*: 1}\n", 1, "a text that begins with * needs quotes", id="a star as a key"),
        pytest.param("a: *\n", 1, "a text that begins with * needs quotes", id="a star"),
        pytest.param("a: */b\n", 1, "a text that begins with * needs quotes", id="a star in front"),
        pytest.param("a: @b\n", 1, "a text that begins with @ needs quotes", id="an at sign"),
        pytest.param("a: {b: ${c}}\n", 1, "${…} needs quotes between { } and [ ]", id="a capture"),
        pytest.param(
            'a: "\\w"\n', 1, "in double quotes a backslash begins an escape, and there is no such one", id="regex"
        ),
        pytest.param(
            "a: [1, 2\nb: 3\n", 2, "a bracket or a brace is not closed, or a comma is missing", id="a bracket"
        ),
        pytest.param("a: 'b\n", 2, "a quote is not closed", id="a quote"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "a file is one document, and --- begins a second one", id="two documents"),
        pytest.param("a: &x [*x]\n", 1, "this is nested too deeply or too large", id="a loop"),
        pytest.param("[" * 500 + "]" * 500, 1, "this is nested too deeply or too large", id="too deep"),
        pytest.param(
            "a: \x00\n", None, "this is not valid YAML: control characters are not allowed", id="a control character"
        ),
        pytest.param("a: \ud800\n", None, "this is not a text in UTF-8", id="half a character"),
        pytest.param("# nothing\n", None, "this file is empty", id="nothing"),
    ],
)
def test_what_is_no_yaml_is_told_in_words_that_help(text, line, message):
    with pytest.raises(Unreadable) as caught:
        read_document(text, "a.scenario.yaml")
    problem = caught.value.problem
    assert problem.file == "a.scenario.yaml"
    assert problem.line == line
    assert message is None or problem.message == message


@pytest.mark.slow
def test_many_aliases_do_not_fill_the_memory():
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    with pytest.raises(Unreadable, match="too large"):
        read_document(bomb, "a.scenario.yaml")


def test_tags_belong_into_templates():
    _, [problem] = read_document("title: !Ref A\ndistribution: {Resources: !Ref B}\n", "a.scenario.yaml")
    assert (problem.line, problem.message) == (1, "!Ref means nothing here")


def test_values_of_python_become_the_same_tree():
    said = {"a": [1, "b", True, None, 1.5], "c": {"d": ("e",)}}
    assert from_python(said).plain == {"a": [1, "b", True, None, 1.5], "c": {"d": ["e"]}}


@pytest.mark.parametrize("value", [object(), {"a": b"bytes"}, [{1, 2}]])
def test_other_values_of_python_are_refused(value):
    with pytest.raises(Unreadable, match="can't be a"):
        from_python(value, "distribution")
