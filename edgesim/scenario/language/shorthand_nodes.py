"""The nodes of an inline distribution: each stands where the user wrote what it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgesim.loaders.nodes import Node, Value
from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import Element
from edgesim.scenario.language.reading import Reading


def node(element: Element, value: Value) -> Node:
    """Something that stands where the user's element does."""
    return Node(value, element.line, element.at)


def text(reading: Reading, element: Element) -> Node:
    return node(element, r.text(reading, element))


def texts(reading: Reading, element: Element) -> Node:
    return node(element, [node(item, r.text(reading, item)) for item in r.one_or_more(element)])


def truth(reading: Reading, element: Element) -> Node:
    return node(element, str(r.truth(reading, element)).lower())


def number(reading: Reading, element: Element) -> Node:
    return node(element, str(r.count(reading, element)))


def numbers(reading: Reading, element: Element) -> Node:
    return node(element, [number(reading, item) for item in r.one_or_more(element)])


def seconds(reading: Reading, element: Element) -> Node:
    span = r.duration(reading, element)
    return node(element, str(int(span) if span.is_integer() else span))


def renamed(found: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Node]:
    """Members by CloudFormation's names."""
    return {names[key]: value for key, value in found.items() if key in names}
