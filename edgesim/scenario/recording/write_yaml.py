"""Scenario documents as YAML that a person would have written.

Rule 1: reading gives the same values back, for a reader of YAML 1.1, of YAML 1.2, and for edgesim's own, which takes
        dates, times and words such as `yes` for text.
Rule 2: keys stay in the order given; text of several lines stands as a block; what is short stands on one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_WIDTH = 4096
"""Nothing is folded: a header value broken in two is hard to search for."""

_SHORT = 88
"""Characters that a mapping or a list may have to stand on one line."""

# Some reader of YAML takes these for numbers, though PyYAML would leave them plain: 1e3, 0o17, 08, +.5, 1_000
_MAY_BE_NUMBER = re.compile(r"[-+]?(?:\.?[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]*)?|0[xob][0-9a-f_]+)", re.IGNORECASE)

# What a literal block can't hold: line ends that readers normalise, and what YAML wants escaped
_NOT_IN_A_BLOCK = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def write_yaml(document: Mapping[str, Any], comments: Sequence[str] = ()) -> str:
    """The document as YAML, below these lines of comment. Values are mappings, lists, texts, numbers, booleans and
    None."""
    head = "".join(f"# {_one_line(line)}".rstrip() + "\n" for line in comments)
    root = _node(document)
    root.flow_style = not document
    text: str = yaml.serialize(root, Dumper=_Dumper, width=_WIDTH, allow_unicode=True)
    return head + text


def is_representable(value: Any) -> bool:
    """Can a JSON value stand in YAML as it is? Numbers that JSON can't tell apart from others, and text that is no
    Unicode, can't."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


class _Dumper(yaml.SafeDumper):
    """PyYAML's emitter, which also writes blocks for text with tabs or with spaces at the ends of lines."""

    def analyze_scalar(self, scalar: str) -> Any:
        analysis = super().analyze_scalar(scalar)
        if "\n" in scalar and fits_a_block(scalar):
            analysis.allow_block = True
        return analysis

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists are indented below their key."""
        super().increase_indent(flow, False)


def fits_a_block(text: str) -> bool:
    """Does every reader give a literal block of this text back as it was?"""
    if _NOT_IN_A_BLOCK.search(text):
        return False
    first, last = text.lstrip("\n")[:1], text.rstrip("\n").rpartition("\n")[2]
    return first not in {"", " ", "\t"} and bool(last.strip())


def _node(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = [(_scalar(str(name)), _node(inner)) for name, inner in value.items()]
        return yaml.MappingNode(f"{_TAG}map", pairs, flow_style=_is_short(value))
    if isinstance(value, list | tuple):
        return yaml.SequenceNode(f"{_TAG}seq", [_node(item) for item in value], flow_style=_is_short(value))
    return _scalar(value)


def _is_short(value: Mapping[str, Any] | Sequence[Any]) -> bool:
    """An empty one must be on one line, one of plain values may be. A step never is: it begins with its request."""
    if not value:
        return True
    inner = list(value.values()) if isinstance(value, Mapping) else list(value)
    if any(isinstance(one, Mapping | list | tuple) for one in inner):
        return False
    if isinstance(value, Mapping) and not _ONE_LINERS.isdisjoint(value):
        return False
    return len(str(value)) <= _SHORT and "\n" not in "".join(str(one) for one in inner)


_ONE_LINERS = frozenset({"title", "get", "head", "post", "put", "patch", "delete", "options", "advance", "invalidate"})
"""Keys of mappings that stand as blocks however short they are."""


def _scalar(value: Any) -> yaml.ScalarNode:
    if value is None:
        return yaml.ScalarNode(f"{_TAG}null", "null")
    if isinstance(value, bool):
        return yaml.ScalarNode(f"{_TAG}bool", "true" if value else "false")
    if isinstance(value, int):
        return yaml.ScalarNode(f"{_TAG}int", str(value))
    if isinstance(value, float):
        return yaml.ScalarNode(f"{_TAG}float", _float(value))
    return yaml.ScalarNode(f"{_TAG}str", value, style=_style(value))


def _float(value: float) -> str:
    """YAML 1.1 wants a point and a sign in an exponent: 1.0e+20."""
    text = repr(value)
    return text.replace("e", ".0e", 1) if "." not in text and "e" in text else text


# Line ends in YAML 1.1 and not in 1.2, and a mark that readers drop
_ESCAPED = re.compile("[\x85\u2028\u2029\ufeff]")


def _style(text: str) -> str | None:
    if _ESCAPED.search(text):
        return '"'
    if "\n" in text:
        return "|" if fits_a_block(text) else '"'
    return "'" if _MAY_BE_NUMBER.fullmatch(text) else None
