"""Where something stands in the user's files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """All members are empty where nothing is known. `line` counts from 1; `at` is the path within a structured file, in
    the user's own spelling."""

    file: str = ""
    line: int | None = None
    at: str = ""

    def __bool__(self) -> bool:
        return bool(self.file or self.at)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file and self.line else self.file


NOWHERE = Place()
