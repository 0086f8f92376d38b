"""Values that are made a dozen times for every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """A dataclass with slots, compared and hashed by its fields, that is frozen for the type checker alone.

    At run time nothing keeps a field from being set: a frozen dataclass sets each of its own through
    `object.__setattr__`, which was a sixth of the time of a fresh hit (measured). Everything made once, or once for a
    function, is a frozen dataclass.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
