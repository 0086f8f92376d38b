"""What YAML's parser says, in words that help."""

from __future__ import annotations

import re

import yaml

from edgesim.loaders.unreadable import Unreadable

TOO_DEEP_FOR_THE_PARSER = "nesting depth"
"""In what libyaml says, from its newer versions on; older ones and the parser in Python end in a RecursionError."""


def explained(error: yaml.YAMLError, text: str, file: str, *, of_several: str) -> Unreadable:
    """The error of a text that is no YAML, with its line and a way out. `of_several` is that where there are several
    documents."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return Unreadable(f"this is not valid YAML: {getattr(error, 'reason', error)}", file)
    mark = error.problem_mark or error.context_mark
    said = _lower(error.problem or error.context or "it can't be parsed")
    if TOO_DEEP_FOR_THE_PARSER in said:
        return Unreadable("this is nested too deeply", file)
    if mark is None:
        return Unreadable(f"this is not valid YAML: {said}", file)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "single document" in f"{said} {error.context}":
        return Unreadable("a file is one document, and --- begins a second one", file, mark.line + 1, of_several)
    message, hint = _in_other_words(f"{said} {_lower(error.context or '')}", line, mark.column)
    return Unreadable(message or f"this is not valid YAML: {said}", file, mark.line + 1, hint)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


_QUOTE_IT = "put the text in single quotes: '…'"
_INDENTED = (
    "the indentation of this line does not fit the lines above",
    "keys of one mapping begin in the same column, two spaces further in than what they belong to",
)
_TOO_FAR = ("this line is indented too far, or the one above lacks its colon", _INDENTED[1])
_UNCLOSED = ("a bracket or a brace is not closed, or a comma is missing", "look at this line and the ones before it")
# A piece of what the parser says, and what that comes from most often, most particular first
_WORDS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("while scanning an alias", ("a text that begins with * needs quotes", "write '*'")),
    ("found undefined alias", ("a text that begins with * needs quotes", "write '*…'")),
    ("while scanning an anchor", ("a text that begins with & needs quotes", _QUOTE_IT)),
    (
        "unknown escape character",
        ("in double quotes a backslash begins an escape, and there is no such one", _QUOTE_IT),
    ),
    ("duplicate anchor", ("an anchor is defined twice", "give one of them another name")),
    ("unexpected end of stream", ("a quote is not closed", "look at this line and the ones before it")),
    ("expected ',' or", _UNCLOSED),
    ("while parsing a flow", _UNCLOSED),
    (
        "could not find expected ':'",
        ("a key without a colon", "write key: value, with a space after the colon"),
    ),
    ("while parsing a block", _INDENTED),
    ("sequence entries are not allowed", _INDENTED),
)
_RESERVED = re.compile(r"[@`%|>!&*]")


def _in_other_words(said: str, line: str, column: int) -> tuple[str, str]:
    if "\t" in line[: len(line) - len(line.lstrip())] or line[column : column + 1] == "\t":
        return "YAML is indented with spaces, and here is a tab", "replace the tab by two spaces"
    if "cannot start any token" in said and (found := _RESERVED.match(line[column:])):
        return f"a text that begins with {found[0]} needs quotes", _QUOTE_IT
    if "${" in line and ("expected ',' or" in said or "while parsing a flow" in said):
        return "${…} needs quotes between { } and [ ]", "write '${name}'"
    if "mapping values are not allowed" in said:
        return ("a text with ': ' in it needs quotes", _QUOTE_IT) if ": " in line[:column] else _TOO_FAR
    return next((words for piece, words in _WORDS if piece in said), ("", ""))
