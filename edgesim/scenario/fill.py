"""`${name}` in the texts of a step: what an earlier step captured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from edgesim.errors import ConfigError

T = TypeVar("T")

PLACEHOLDER = re.compile(r"\$\$\{|\$\{([A-Za-z_][\w-]*)\}")
"""`${name}`, or `$${`, which is a plain `${`; any other `${` is itself."""


def names_in(text: str) -> list[str]:
    """The names that a text asks for."""
    return [match[1] for match in PLACEHOLDER.finditer(text) if match[1]]


def filled(value: T, captured: Mapping[str, str]) -> T:
    """A value with every placeholder in its texts filled in; what has none is returned itself, not a copy.

    Raises ConfigError for a name that nothing captured.
    """
    result: T = _filled(value, captured)  # type: ignore[assignment]
    return result


def _filled(value: object, captured: Mapping[str, str]) -> object:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return PLACEHOLDER.sub(partial(_one, captured), value) if "${" in value else value
    if isinstance(value, bytes):
        return _filled(value.decode("latin-1"), captured).encode("latin-1") if b"${" in value else value  # type: ignore[attr-defined]
    if isinstance(value, tuple | list):
        return _items(value, captured)
    if isinstance(value, Mapping):
        return _members(value, captured)
    return _fields(value, captured) if is_dataclass(value) else value


def _one(captured: Mapping[str, str], match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "${"
    if name not in captured:
        raise ConfigError(f"nothing has captured {name!r} by now", "capture it in an earlier step")
    return captured[name]


def _items(value: tuple[object, ...] | list[object], captured: Mapping[str, str]) -> object:
    items = [_filled(item, captured) for item in value]
    same = all(new is old for new, old in zip(items, value, strict=True))
    return value if same else type(value)(items)


def _members(value: Mapping[object, object], captured: Mapping[str, str]) -> object:
    members = {_filled(name, captured): _filled(item, captured) for name, item in value.items()}
    same = all(members.get(name) is item for name, item in value.items())
    return value if same else MappingProxyType(members) if isinstance(value, MappingProxyType) else members


def _fields(value: object, captured: Mapping[str, str]) -> object:
    assert is_dataclass(value)  # noqa: S101
    assert not isinstance(value, type)  # noqa: S101
    old = {field.name: getattr(value, field.name) for field in fields(value)}
    new = {name: _filled(item, captured) for name, item in old.items()}
    changed = {name: item for name, item in new.items() if item is not old[name]}
    return replace(value, **changed) if changed else value
