"""JSON with the line of every value. The standard library says whether it is valid; this walks valid text."""

from __future__ import annotations

import json
import re
from bisect import bisect_right

from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders.nodes import Node, joined
from edgesim.loaders.unreadable import MAX_DEPTH, Unreadable

_TOKEN = re.compile(r'\s*(?:([{}\[\]])|("[^"\\]*(?:\\.[^"\\]*)*")|[:,]|([^\s{}\[\]:,"]+))', re.DOTALL)


def read_json(text: str, file: str) -> tuple[Node, list[Problem]]:
    """The tree of a JSON text, and a warning for each key that stands twice. Raises Unreadable."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"this is not valid JSON: {error.msg}", file, error.lineno) from error
    except RecursionError as error:
        raise Unreadable("this is nested too deeply", file) from error
    walk = _Walk(text, file)
    return walk.value("", 0), walk.problems


class _Walk:
    """One pass over the tokens of a valid text."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.tokens = [
            (match[match.lastindex], match.start(match.lastindex))
            for match in _TOKEN.finditer(text)
            if match.lastindex is not None
        ]
        self.next = 0

    def take(self) -> tuple[str, int]:
        """The next token and its line."""
        token, start = self.tokens[self.next]
        self.next += 1
        return token, bisect_right(self.ends, start) + 1

    def value(self, at: str, depth: int, line: int = 0) -> Node:
        """The value that begins here. `line` is its key's, where it has one."""
        token, own_line = self.take()
        line = line or own_line
        if depth > MAX_DEPTH:
            raise Unreadable("this is nested too deeply", self.file, line)
        if token == "{":  # noqa: S105 - a bracket, no password
            return Node(self.members(at, depth), line, at)
        if token == "[":  # noqa: S105
            return Node(self.elements(at, depth), line, at)
        return Node(_scalar(token), line, at)

    def members(self, at: str, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while (key := self.take())[0] != "}":
            name = str(json.loads(key[0], strict=False))
            child = self.value(joined(at, name), depth + 1, key[1])
            if name in found:
                self.problems.append(twice(name, child, self.file))
            found[name] = child
        return found

    def elements(self, at: str, depth: int) -> list[Node]:
        found: list[Node] = []
        while self.tokens[self.next][0] != "]":
            found.append(self.value(joined(at, len(found)), depth + 1))
        self.take()
        return found


def _scalar(token: str) -> str | None:
    """A text, or a number or truth value as it is written."""
    if token.startswith('"'):
        return str(json.loads(token, strict=False))
    return None if token == "null" else token  # noqa: S105


def twice(name: str, child: Node, file: str) -> Problem:
    """The warning about a key that stands twice in one mapping."""
    return Problem(f"{name} is written twice; the last one counts", child.at, "", Severity.WARNING, file, child.line)
