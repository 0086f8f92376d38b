"""The headers object of a function's result: its shape, its forbidden names, and what it does to what was sent.

Source: edge-functions-restrictions (2023) and edge-function-restrictions-all (now).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from edgesim.distribution.choices import Choices, HeaderKey, HeaderNameTwice
from edgesim.rules.hooks import Hook, is_disallowed
from edgesim.rules.reasons import Rejection
from edgesim.values.headers import Field, Headers, readable, wire

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A result that CloudFront refuses: the code (whose value is the page's sentence), what exactly is wrong, and
    where in the result. `hint` is a way out, for a mistake that many make; CloudFront says nothing of it."""

    code: Rejection
    detail: str
    at: str = ""
    hint: str = ""


class Line(NamedTuple):
    """One header line of a result: its lower-case name, the key as it will be written, the value as text."""

    name: str
    key: str
    value: str


def read_headers(value: object, at: str, choices: Choices) -> list[Line] | Rejected:
    """The lines of a headers object in its order, or the first thing wrong with it."""
    if not isinstance(value, dict):
        return Rejected(Rejection.HEADERS_NOT_AN_OBJECT, "headers is not an object", at)
    lines: dict[str, list[Line]] = {}
    for name, entries in value.items():
        if not _TOKEN.fullmatch(name):
            detail = f"the header name {shown(name)} has invalid characters"
            return Rejected(Rejection.HEADER_CHARACTERS, detail, at)
        read = _plain_entries(name, entries) or _entries(name, entries, f"{at}[{shown(name)}]", choices.header_key)
        if isinstance(read, Rejected):
            return read
        before = lines.get(name.lower(), [])
        if before and choices.header_name_twice is HeaderNameTwice.REFUSED:
            detail = f"header {name} is there twice, in different case"
            return Rejected(Rejection.HEADER_NAME, detail, f"{at}[{shown(name)}]")
        lines[name.lower()] = read if choices.header_name_twice is HeaderNameTwice.LAST else before + read
    return [line for group in lines.values() for line in group]


def _plain_entries(name: str, entries: object) -> list[Line] | None:
    """The lines of entries as they mostly are, a good value each under its own name; None where they must be looked at
    one by one."""
    if not isinstance(entries, list):
        return None
    lower = name.lower()
    lines: list[Line] = []
    for entry in entries:
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, str) or _BAD_IN_VALUE.search(value):
            return None
        key = entry.get("key")
        if not isinstance(key, str) or not key.isascii() or key.lower() != lower:
            return None
        lines.append(Line(lower, key, value))
    return lines


def _entries(name: str, entries: object, at: str, rule: HeaderKey) -> list[Line] | Rejected:
    if not isinstance(entries, list):
        detail = f"the entry of header {name} is not an array"
        return Rejected(Rejection.HEADERS_ENTRY_NOT_AN_ARRAY, detail, at)
    lines: list[Line] = []
    for position, entry in enumerate(entries):
        read = _entry(name, entry, f"{at}[{position}]", rule)
        if isinstance(read, Rejected):
            return read
        lines += read
    return lines


def _entry(name: str, entry: object, at: str, rule: HeaderKey) -> list[Line] | Rejected:
    if not isinstance(entry, dict):
        return Rejected(Rejection.HEADER_VALUE, f"an entry of header {name} is not an object", at)
    value = entry.get("value")
    # observed: string or array of strings; inferred: an array makes one line a string
    given = value if isinstance(value, list) else [value]
    values = [text for text in given if isinstance(text, str)]
    if len(values) != len(given):
        kind = "an array with something else in it" if isinstance(value, list) else shown(value, absent="missing")
        detail = f"the value of header {name} is {kind}, not a string or an array of strings"
        return Rejected(Rejection.HEADER_VALUE, detail, f"{at}.value")
    key = _key(name, entry.get("key"), at, rule)
    return key if isinstance(key, Rejected) else _checked_lines(key, values, at)


def _checked_lines(key: str, values: list[str], at: str) -> list[Line] | Rejected:
    for text in values:
        if (bad := _BAD_IN_VALUE.search(text)) is not None:
            detail = f"the value of header {key.lower()} has the invalid character '%{ord(bad[0]):02X}'"
            return Rejected(Rejection.HEADER_CHARACTERS, detail, f"{at}.value")
    return [Line(key.lower(), key, text) for text in values]


def _key(name: str, key: object, at: str, rule: HeaderKey) -> str | Rejected:
    """The name to write. `key` lends its case to the name that it stands under; where it is another one, the choice
    `header-key` decides. documented: without a key, each part of the map name is capitalised"""
    # U+212A lower-cases to k, so equal without case is not yet fit to be sent
    if isinstance(key, str) and key.isascii() and key.lower() == name.lower():
        return key
    if isinstance(key, str) and rule is HeaderKey.REFUSED:
        return Rejected(Rejection.HEADER_NAME, f"the key {shown(key)} stands under {name}", f"{at}.key")
    if isinstance(key, str) and rule is HeaderKey.KEY:
        if _TOKEN.fullmatch(key):
            return key
        return Rejected(Rejection.HEADER_CHARACTERS, f"the key {shown(key)} has invalid characters", f"{at}.key")
    return _capitalized(name)


def _capitalized(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def shown(value: object, absent: str = "null") -> str:
    """A value of a result for a person to read: on one line, and not longer than a line."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if value is None:
        return absent
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


_LONGEST_SHOWN = 120


def forbidden(hook: Hook, lines: list[Line], seen: Headers, at: str) -> Rejected | None:
    """The first disallowed header, or read-only header added, changed or deleted, against what the function saw.
    For a generated response `seen` is empty: then only additions can offend."""
    for line in lines:
        if is_disallowed(line.name):
            return Rejected(Rejection.DISALLOWED_HEADER, f"tried to add disallowed header {line.key}", at)
    return _read_only(hook, lines, seen, at)


def _read_only(hook: Hook, lines: list[Line], seen: Headers, at: str) -> Rejected | None:
    returned = _values(lines)
    rules = hook.rules
    guarded = rules.read_only | rules.may_not_add
    for name in sorted(guarded & (returned.keys() | seen.index.keys())):
        before = _texts(seen.all(name))
        after = returned.get(name, [])
        if before == after or (name in rules.may_not_add and not after):
            continue
        did = "add" if not before else "change" if after else "delete"
        detail = f"tried to {did} read-only header, headerName : {_capitalized(name)}"
        return Rejected(Rejection.READ_ONLY_HEADER, detail, at)
    return None


def _values(lines: list[Line]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in lines:
        values.setdefault(line.name, []).append(line.value)
    return values


def applied(lines: list[Line], sent: Headers) -> Headers:
    """The sent headers as the function leaves them: what it returns replaces what it saw, and what was hidden from it
    stays. Unchanged headers keep their place, changed and new ones follow in the function's order; a value that was
    there before keeps its bytes (documented), any other goes out as UTF-8."""
    if [(line.key, line.value) for line in lines] == [(name, readable(value)) for name, value in sent]:
        return sent
    returned = _values(lines)
    unchanged = {name for name, values in sent.index.items() if returned.get(name) == _texts(values)}
    keys: dict[str, list[str]] = {}
    for line in reversed(lines):
        keys.setdefault(line.name, []).append(line.key)
    fields: list[Field] = []
    for name, value in sent:
        lower = name.lower()
        if lower in unchanged:
            fields.append((keys[lower].pop(), value))
        elif is_disallowed(lower):
            fields.append((name, value))
    bytes_of = {(name, readable(value)): value for name, values in sent.index.items() for value in values}
    new = [line for line in lines if line.name not in unchanged]
    fields += [(line.key, bytes_of.get((line.name, line.value), wire(line.value))) for line in new]
    return Headers(fields)


def _texts(values: tuple[str, ...]) -> list[str]:
    return [readable(value) for value in values]
