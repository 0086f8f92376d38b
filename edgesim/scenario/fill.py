"""`${name}` in the texts of a step: what an earlier step captured. Within a regular expression it stands for itself: a
field that holds one has the metadata PATTERN."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from edgesim.errors import ConfigError

T = TypeVar("T")

PLACEHOLDER = re.compile(r"\$\$\{|\$\{([A-Za-z_][\w-]*)\}")
"""`${name}`, or `$${`, which is a plain `${`; any other `${` is itself."""


_IS_PATTERN = "is a regular expression"
PATTERN: Mapping[str, Any] = MappingProxyType({_IS_PATTERN: True})
"""Metadata of a dataclass's field that holds one, or several."""


class NotCapturedError(ConfigError):
    """A text asks for what nothing captured."""


def names_in(text: str) -> list[str]:
    """The names that a text asks for."""
    return [match[1] for match in PLACEHOLDER.finditer(text) if match[1]]


def filled(value: T, captured: Mapping[str, str]) -> T:
    """A value with every placeholder in its texts filled in; what has none is returned itself, not a copy.

    Raises NotCapturedError for a name that nothing captured, ConfigError for a pattern that is none any more.
    """
    result: T = _Filling(captured).value(value)  # type: ignore[assignment]
    return result


def _as_it_is(text: str) -> str:
    return text


def _as_bytes(text: str) -> str:
    return text.encode().decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Filling:
    """Fills in what was captured, `spelled` as it must be where it goes."""

    captured: Mapping[str, str]
    spelled: Callable[[str], str] = _as_it_is

    def value(self, value: object) -> object:
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return PLACEHOLDER.sub(self._one, value) if "${" in value else value
        if isinstance(value, bytes):
            filled = _Filling(self.captured, _as_bytes).value(value.decode("latin-1")) if b"${" in value else value
            return filled.encode("latin-1") if isinstance(filled, str) else value
        if isinstance(value, tuple | list):
            return self._items(value)
        if isinstance(value, Mapping):
            return self._members(value)
        return self._fields(value) if is_dataclass(value) else value

    def _one(self, match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "${"
        if name not in self.captured:
            raise NotCapturedError(f"nothing has captured {name!r} by now", "capture it in an earlier step")
        return self.spelled(self.captured[name])

    def _items(self, value: tuple[object, ...] | list[object]) -> object:
        items = [self.value(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items)

    def _members(self, value: Mapping[object, object]) -> object:
        members = {self.value(name): self.value(item) for name, item in value.items()}
        same = all(members.get(name) is item for name, item in value.items())
        return value if same else MappingProxyType(members) if isinstance(value, MappingProxyType) else members

    def _fields(self, value: object) -> object:
        assert is_dataclass(value)  # noqa: S101
        assert not isinstance(value, type)  # noqa: S101
        changed = {}
        for field in fields(value):
            old = getattr(value, field.name)
            is_pattern = _IS_PATTERN in field.metadata
            filling = _Filling(self.captured, re.escape) if is_pattern else self
            if (new := filling.value(old)) is not old:
                changed[field.name] = _compilable(new) if is_pattern else new
        return replace(value, **changed) if changed else value


def _compilable(value: object) -> object:
    """Patterns as they are, where they still are some: `[a-${x}]` need not be."""
    for pattern in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ():
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise ConfigError(f"with what was captured, {pattern!r} is no regular expression: {error}") from error
    return value
