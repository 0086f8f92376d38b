"""The user's file as a tree that knows where each value stands.

Every scalar is text, as CloudFormation itself sees it: `80`, `true` and `2012-10-17` are only given a type where
somebody asks for one (distribution/config.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from edgesim.distribution.findings import Finding, Loc
from edgesim.distribution.problems import Problem
from edgesim.values.place import Place

Value: TypeAlias = "str | Mapping[str, Node] | Sequence[Node] | None"


@dataclass(frozen=True, slots=True)
class Node:
    """One value: a text, None, a mapping or a list.

    `line` (from 1) is that of its key, or of the list item; `at` is its path in the user's own spelling. `unknown`
    names what would have to be known to say the value (a parameter, `Alb.DNSName`); the value is a stand-in then.
    `first_line` is that of a text's first line where each of its lines is one of the file's; else 0.
    """

    value: Value
    line: int = 1
    at: str = ""
    unknown: str = ""
    first_line: int = 0

    @property
    def fields(self) -> Mapping[str, Node]:
        """The members of a mapping, none for anything else."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> Sequence[Node]:
        """The items of a list, none for anything else."""
        return self.value if isinstance(self.value, Sequence) and not isinstance(self.value, str) else ()

    @property
    def text(self) -> str:
        """The text of a scalar, empty for anything else."""
        return self.value if isinstance(self.value, str) else ""

    def get(self, *path: str) -> Node:
        """A member of a member; an absent one is an empty node in the place of the last that exists."""
        here = self
        for key in path:
            here = here.fields.get(key) or Node(None, here.line, joined(here.at, key))
        return here

    def with_value(self, value: Value, unknown: str = "") -> Node:
        """The same place with another value."""
        return replace(self, value=value, unknown=unknown)

    def place(self, file: str) -> Place:
        """Where it stands in its file."""
        return Place(file, self.line, self.at)

    def leaves(self, loc: Loc = ()) -> Iterator[tuple[Loc, Node]]:
        """Every node below and including this one that is unknown, or neither mapping nor list, with its path."""
        if self.unknown or not (self.fields or self.items):
            yield loc, self
        else:
            for step, child in self.children():
                yield from child.leaves((*loc, step))

    def children(self) -> Iterator[tuple[str | int, Node]]:
        """Members by name, or items by number."""
        yield from self.fields.items()
        yield from enumerate(self.items)


def joined(at: str, step: str | int) -> str:
    """A path with one more step: `Origins` and 0 are `Origins[0]`."""
    if isinstance(step, int):
        return f"{at}[{step}]"
    return f"{at}.{step}" if at else step


def plain(node: Node) -> Any:
    """A node as dicts, lists and texts of the caller's own. Members that are null or an empty text are left out.

    documented: Terraform and the API's JSON write '' for "not set" (distribution-config.md §1.1)
    """
    if isinstance(node.value, Mapping):
        return {key: plain(child) for key, child in node.value.items() if child.value not in (None, "")}
    if isinstance(node.value, str) or node.value is None:
        return node.value or ""
    return [plain(child) for child in node.value]


def find(tree: Node, loc: Loc) -> Node:
    """The node at a path; for an absent one an empty node by its full name, on the line of its nearest ancestor."""
    here = tree
    for step in loc:
        here = dict(here.children()).get(step) or Node(None, here.line, joined(here.at, step))
    return here


def problem(finding: Finding, tree: Node, file: str) -> Problem:
    """A finding with its place in the user's file."""
    place = find(tree, finding.at)
    return Problem(
        finding.message, place.at, finding.hint, finding.severity, file, place.line, finding.code, finding.is_refused
    )
