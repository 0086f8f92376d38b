"""Headers and bodies: those to send. Those that are expected: read_match.py."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.reading import Reader, Reading, Wrong
from edgesim.scenario.model import Content, Pairs
from edgesim.scenario.wire_faults import value_fault


def headers(reading: Reading, element: Element) -> Pairs:
    """Names and values; a list is a header of several lines."""
    fields = r.fields_of(element, "headers")
    found: list[tuple[str, str]] = []
    for name, child in fields.items():
        with reading.noting():
            found += [(header_name(name, child), value) for value in reading.each(r.one_or_more(child), _value)]
    return tuple(found)


def _value(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    if (fault := value_fault(written)) is not None:
        raise Wrong(element, *fault)
    return written


def header_name(name: str, element: Element) -> str:
    """A header's name, checked. documented: RFC 9110 §5.1, a token"""
    if not name or any(char in _NO_TOKEN or not char.isascii() or not char.isprintable() for char in name):
        raise Wrong(element, f"'{name}' can't be a header's name", "letters, digits and hyphens can")
    return name


_NO_TOKEN = frozenset(' "(),/:;<=>?@[\\]{}')


def cookies(reading: Reading, element: Element) -> Pairs:
    return tuple(reading.by_name(element, "cookies", _value).items())


# ── bodies ───────────────────────────────────────────────────────────────────


def _text(reading: Reading, element: Element) -> Content:
    if element.kind in (Kind.MAPPING, Kind.LIST):
        raise Wrong(element, f"body must be a text, not {element.shown}", "write json: for a structure")
    return Content(text=r.text(reading, element))


def _json(_: Reading, element: Element) -> Content:
    # Text rather than bytes, so that it may hold what an earlier step captured
    return Content(text=json.dumps(element.plain, ensure_ascii=False, separators=(",", ":")))


def file(reading: Reading, element: Element) -> Path:
    """A file that exists."""
    path = reading.path(element)
    if not path.is_file():
        raise Wrong(element, f"{element.text} is no file")
    reading.files[str(path)] = None
    return path


def _file(reading: Reading, element: Element) -> Content:
    return Content(file=file(reading, element))


def _size(reading: Reading, element: Element) -> Content:
    return Content(size=r.size(reading, element))


def _base64(reading: Reading, element: Element) -> Content:
    try:
        return Content(data=base64.b64decode("".join(r.text(reading, element).split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise Wrong(element, f"this is not valid base64: {error}") from error


CONTENT: Mapping[str, Reader[Content]] = {
    "body": _text,
    "json": _json,
    "file": _file,
    "size": _size,
    "base64": _base64,
}
"""The ways to say what is sent; at most one of them."""


def content(reading: Reading, element: Element, found: Mapping[str, Any]) -> Content | None:
    """The one body among what a mapping says."""
    ways = [key for key in CONTENT if key in element.fields]
    if len(ways) > 1:
        reading.complain(element.fields[ways[1]], f"the body is said twice: by {' and by '.join(ways)}", "leave one")
    return next((found[key] for key in ways if key in found), None)


def with_json_type(pairs: Pairs, element: Element) -> Pairs:
    """`json` says its type, where the headers don't."""
    if "json" not in element.fields or any(name.lower() == "content-type" for name, _ in pairs):
        return pairs
    return (*pairs, ("Content-Type", "application/json"))
