"""`${name}`: what an earlier step captured, in the texts of later ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from edgesim.distribution.findings import closest
from edgesim.scenario.fill import PLACEHOLDER, names_in
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.reading import Reading

# Of a step: source code with braces of its own, and steps within
_NOT_LOOKED_INTO = ("deploy", "parallel", "steps")


def without_captures(text: str) -> str:
    """A text with something harmless in the place of every capture."""
    return PLACEHOLDER.sub("x", text)


def check_references(reading: Reading, element: Element, known: Collection[str]) -> None:
    """An error for every name in a step that no earlier step captures."""
    for text in (
        text for key, child in element.fields.items() if key not in _NOT_LOOKED_INTO for text in _texts(child)
    ):
        for name in names_in(text.text):
            if name not in known:
                reading.complain(text, f"no earlier step captures '{name}'", _hint(name, known))


def _hint(name: str, known: Collection[str]) -> str:
    if near := closest(name, known):
        return near
    return f"captured so far: {', '.join(known)}" if known else "capture it, or write $${ for a plain ${"


def _texts(element: Element) -> Iterator[Element]:
    if element.kind is Kind.TEXT and "${" in element.text:
        yield element
    for key, child in element.fields.items():
        if "${" in key:
            yield Element(Kind.TEXT, key, line=child.line, at=child.at)
        yield from _texts(child)
    for item in element.items:
        yield from _texts(item)
