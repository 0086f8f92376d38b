"""YAML with CloudFormation's short tags and the line of every value.

Rule 1: a short tag is the long form: `!GetAtt A.B` is {"Fn::GetAtt": ["A", "B"]}, in any place and any nesting.
Rule 2: scalars stay as written: `2012-10-17` is no date, `010` no number and `yes` no truth value (a parameter's
        AllowedValues of [yes, no] must still match what the user gives it). Only True and FALSE become lower case.
"""

from __future__ import annotations

import yaml

from edgesim.distribution.findings import closest
from edgesim.distribution.problems import Problem
from edgesim.loaders.json_source import twice
from edgesim.loaders.nodes import Node, Value, joined
from edgesim.loaders.unreadable import MAX_DEPTH, MAX_NODES, Unreadable
from edgesim.loaders.yaml_errors import explained

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PLAIN_KEYS = ("Ref", "Condition")
_SHORT_TAGS = frozenset(
    (
        "Ref", "Condition", "GetAtt", "Sub", "Join", "Select", "Split", "FindInMap", "If", "Equals", "And", "Or", "Not",
        "Base64", "ImportValue", "Cidr", "GetAZs", "Transform", "Length", "ToJsonString", "ForEach",
    )
)  # fmt: skip


def read_yaml(text: str, file: str) -> tuple[Node, list[Problem]]:
    """The tree of a YAML text, and what is odd about it. Raises Unreadable."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise explained(error, text, file, of_several="keep the one with the Resources") from error
    except RecursionError as error:
        raise Unreadable("this is nested too deeply", file) from error
    if root is None:
        raise Unreadable("this file is empty", file)
    return tree_of(root, file)


def tree_of(root: yaml.Node, file: str, at: str = "") -> tuple[Node, list[Problem]]:
    """The same of a part of a text that has been parsed; `at` is where it stands in it. Raises Unreadable."""
    build = _Build(file)
    return build.node(root, at, root.start_mark.line + 1, 0), build.problems


class _Build:
    """Turns PyYAML's graph, in which aliases share nodes, into a tree."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0

    def node(self, source: yaml.Node, at: str, line: int, depth: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise Unreadable("this is nested too deeply or too large", self.file, line)
        if source.tag.startswith("!") and source.tag != "!":
            return self.tagged(source, at, line, depth)
        return Node(self.value(source, at, depth), line, at, first_line=_first_line(source))

    def value(self, source: yaml.Node, at: str, depth: int) -> Value:
        if isinstance(source, yaml.MappingNode):
            return self.members(source, at, depth)
        if isinstance(source, yaml.SequenceNode):
            return [
                self.node(item, joined(at, index), item.start_mark.line + 1, depth + 1)
                for index, item in enumerate(source.value)
            ]
        return _scalar(source)

    def members(self, source: yaml.MappingNode, at: str, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in source.value:
            line = key.start_mark.line + 1
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if key.tag == "tag:yaml.org,2002:merge":
                merged |= self.merged(value, at, line, depth)
                continue
            child = self.node(value, joined(at, name), line, depth + 1)
            if name in found:
                self.problems.append(twice(name, child, self.file))
            found[name] = child
        return merged | found if merged else found

    def merged(self, source: yaml.Node, at: str, line: int, depth: int) -> dict[str, Node]:
        """What `<<: *anchor` brings in; of several, the first wins."""
        node = self.node(source, at, line, depth + 1)
        found: dict[str, Node] = {}
        for each in reversed(node.items or [node]):
            found |= each.fields
        return found

    def tagged(self, source: yaml.Node, at: str, line: int, depth: int) -> Node:
        name = source.tag[1:]
        if name not in _SHORT_TAGS:
            message = f"CloudFormation has no function Fn::{name}"
            self.problems.append(Problem(message, at, closest(name, _SHORT_TAGS), file=self.file, line=line))
        key = name if name in _PLAIN_KEYS else f"Fn::{name}"
        inner = joined(at, key)
        argument: Value = self.value(source, inner, depth + 1)
        if name == "GetAtt" and isinstance(argument, str):
            argument = [Node(part, line, joined(inner, i)) for i, part in enumerate(argument.split(".", 1))]
        return Node({key: Node(argument, line, inner, first_line=_first_line(source))}, line, at)


def _first_line(source: yaml.Node) -> int:
    """documented: YAML 1.2, 8.1, a literal text is below its header"""
    return source.start_mark.line + 2 if getattr(source, "style", None) == "|" else 0


def _scalar(source: yaml.Node) -> str | None:
    text = str(source.value)
    if source.tag == "tag:yaml.org,2002:null":
        return None
    is_truth = source.tag == "tag:yaml.org,2002:bool" and text.lower() in ("true", "false")
    return text.lower() if is_truth else text
