"""A scenario file as a tree whose values have types and places, from YAML or JSON.

Rule 1: YAML 1.1's surprises are off: only true and false are truth values, numbers are decimal, everything else
        (`yes`, `12:30`, `2026-01-01`) is text. A quoted scalar is always text.
Rule 2: every scalar keeps how it is written, so that `max-age: 060` can be taken as the text 060.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

import yaml

from edgesim.distribution.problems import Problem
from edgesim.loaders.nodes import joined
from edgesim.loaders.unreadable import MAX_DEPTH, MAX_NODES, Unreadable
from edgesim.loaders.yaml_errors import explained

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Kind(StrEnum):
    """What a value is; the texts are for messages."""

    TEXT = "a text"
    NUMBER = "a number"
    TRUTH = "true or false"
    NOTHING = "nothing"
    LIST = "a list"
    MAPPING = "a mapping"


SCALARS = (Kind.TEXT, Kind.NUMBER, Kind.TRUTH)
_NO_FIELDS: Mapping[str, Element] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Element:
    """One value of the file.

    `text` is a scalar as it is written. `line` (from 1) is that of its key, or of the list item; `at` is its path
    (`steps[2].expect.status`). `source` is what YAML made of it, for those who read it in their own way.
    """

    kind: Kind
    text: str = ""
    fields: Mapping[str, Element] = field(default_factory=lambda: _NO_FIELDS)
    items: Sequence[Element] = ()
    line: int = 0
    at: str = ""
    source: yaml.Node | None = field(default=None, repr=False, compare=False)

    @property
    def shown(self) -> str:
        """As it may stand in a message."""
        if self.kind not in SCALARS:
            return str(self.kind)
        return f"'{self.text}'" if len(self.text) <= _SHOWN else f"'{self.text[: _SHOWN - 1]}…'"

    @property
    def first_line(self) -> int | None:
        """The line of the file in which a text of several lines begins, if each of its lines is one of the file's."""
        if self.source is None or self.kind is not Kind.TEXT:
            return None
        mark = self.source.start_mark.line + 1
        if getattr(self.source, "style", None) == "|":  # documented: YAML 1.2, 8.1; the text is below its header
            return mark + 1
        return mark if "\n" not in self.text else None

    def with_fields(self, fields: Mapping[str, Element]) -> Element:
        """The same place with other members."""
        return Element(Kind.MAPPING, fields=fields, line=self.line, at=self.at, source=self.source)

    @property
    def words(self) -> object:
        """What is said, wherever it stands: equal for elements that say the same."""
        if self.kind is Kind.MAPPING:
            return tuple((key, child.words) for key, child in self.fields.items())
        return self.kind, self.text, tuple(item.words for item in self.items)

    @property
    def plain(self) -> Any:
        """The value as JSON has it."""
        match self.kind:
            case Kind.MAPPING:
                return {key: child.plain for key, child in self.fields.items()}
            case Kind.LIST:
                return [item.plain for item in self.items]
            case Kind.NOTHING:
                return None
            case Kind.TRUTH:
                return self.text.lower() == "true"
            case Kind.NUMBER:
                return number_of(self.text)
            case Kind.TEXT:
                return self.text


_SHOWN = 60


# ── scalars ──────────────────────────────────────────────────────────────────

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_TRUTHS = ("true", "false", "True", "False", "TRUE", "FALSE")
_NOTHINGS = ("", "~", "null", "Null", "NULL")


def _kind_of(plain: str) -> Kind:
    """What an unquoted scalar is."""
    if plain in _TRUTHS:
        return Kind.TRUTH
    if plain in _NOTHINGS:
        return Kind.NOTHING
    return Kind.NUMBER if _NUMBER.fullmatch(plain) and plain.isascii() else Kind.TEXT


_MOST_DIGITS = 400  # documented: Python refuses to read longer whole numbers from 4,300 on


def number_of(text: str) -> int | float:
    """The number that a NUMBER is."""
    whole = text.lstrip("+-")
    return int(text) if whole.isdecimal() and len(whole) <= _MOST_DIGITS else float(text)


# ── reading ──────────────────────────────────────────────────────────────────


def read_document(text: str, file: str) -> tuple[Element, list[Problem]]:
    """The tree of a file's text, and what is wrong with its keys. Raises Unreadable."""
    text = text.removeprefix("\ufeff")
    if file.endswith(".json"):
        text = _without_surrogate_pairs(text)
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise explained(error, text, file, of_several="list them: scenarios: […]") from error
    except UnicodeEncodeError as error:
        raise Unreadable("this is not a text in UTF-8", file) from error
    except RecursionError as error:
        raise Unreadable("this is nested too deeply", file) from error
    if root is None:
        raise Unreadable("this file is empty", file, hint="a scenario has a title and steps")
    build = _Build(file)
    return build.element(root, "", root.start_mark.line + 1, 0), build.problems


_ESCAPES = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def _without_surrogate_pairs(text: str) -> str:
    """JSON writes characters beyond U+FFFF as two escapes, which YAML refuses."""
    return _ESCAPES.sub(lambda match: match[0] if match[0] == r"\\" else json.loads(f'"{match[0]}"'), text)


# CloudFormation's short forms, such as !Ref, may stand where a template is written inline
_IN_TEMPLATE = re.compile(r"(?:^|\.)distribution\.")


class _Build:
    """Turns PyYAML's graph, in which aliases share nodes, into a tree."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0

    def element(self, source: yaml.Node, at: str, line: int, depth: int) -> Element:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise Unreadable("this is nested too deeply or too large", self.file, line)
        if source.tag.startswith("!") and source.tag != "!" and not _IN_TEMPLATE.search(at):
            message, hint = (
                f"{source.tag} means nothing here",
                "it belongs into a template; a text that begins so needs quotes",
            )
            self.problems.append(Problem(message, at, hint, file=self.file, line=line))
        if isinstance(source, yaml.MappingNode):
            return Element(Kind.MAPPING, "", self.members(source, at, depth), (), line, at, source)
        if isinstance(source, yaml.SequenceNode):
            items = [
                self.element(item, joined(at, index), item.start_mark.line + 1, depth + 1)
                for index, item in enumerate(source.value)
            ]
            return Element(Kind.LIST, "", _NO_FIELDS, items, line, at, source)
        is_quoted = bool(source.style)  # type: ignore[attr-defined]  # the stubs lack it
        kind = Kind.TEXT if is_quoted else _kind_of(source.value)
        return Element(kind, source.value, _NO_FIELDS, (), line, at, source)

    def members(self, source: yaml.MappingNode, at: str, depth: int) -> dict[str, Element]:
        found: dict[str, Element] = {}
        merged: dict[str, Element] = {}
        for key, value in source.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                merged |= self.merged(value, at, line, depth)
                continue
            if not isinstance(key, yaml.ScalarNode):
                message = "a key must be a text, not a list or a mapping"
                self.problems.append(Problem(message, at, "put it in quotes", file=self.file, line=line))
                continue
            child = self.element(value, joined(at, key.value), line, depth + 1)
            if key.value in found:
                self.problems.append(_twice(key.value, found[key.value], child, self.file))
            found[key.value] = child
        return merged | found if merged else found

    def merged(self, source: yaml.Node, at: str, line: int, depth: int) -> dict[str, Element]:
        """What `<<: *anchor` brings in; of several, the first wins."""
        element = self.element(source, at, line, depth + 1)
        found: dict[str, Element] = {}
        for each in reversed(element.items or [element]):
            found |= each.fields
        return found


def _twice(name: str, first: Element, second: Element, file: str) -> Problem:
    message = f"{name} is written twice: here and in line {first.line}"
    return Problem(message, second.at, "leave one of them out", file=file, line=second.line)


# ── values of Python ─────────────────────────────────────────────────────────


def from_python(value: object, at: str = "", depth: int = 0) -> Element:
    """A value that comes from a test in Python rather than from a file. Raises Unreadable."""
    if depth > MAX_DEPTH:
        raise Unreadable("this is nested too deeply", at)
    if isinstance(value, Mapping):
        fields = {str(key): from_python(child, joined(at, str(key)), depth + 1) for key, child in value.items()}
        return Element(Kind.MAPPING, fields=fields, at=at)
    if isinstance(value, list | tuple):
        items = [from_python(child, joined(at, index), depth + 1) for index, child in enumerate(value)]
        return Element(Kind.LIST, items=items, at=at)
    if value is None:
        return Element(Kind.NOTHING, at=at)
    if isinstance(value, bool):
        return Element(Kind.TRUTH, str(value).lower(), at=at)
    if isinstance(value, int | float):
        return Element(Kind.NUMBER, str(value), at=at)
    if isinstance(value, str | PurePath):
        return Element(Kind.TEXT, str(value), at=at)
    raise Unreadable(
        f"{at or 'this'} can't be a {type(value).__name__}", "", hint="texts, numbers, lists and dicts can"
    )
