"""On which line of a TOML file a key stands, which tomllib does not tell.

A small search, for files that tomllib has read: headers of tables, and keys at the beginning of a line. A key that
stands elsewhere (in an inline table, say) is on the line of what it is in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = r"""(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*"
_HEADER = re.compile(rf"[ \t]*\[[ \t]*({_DOTTED})[ \t]*\][ \t]*(?:#.*)?")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_TOLD = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)$")

Path = tuple[str, ...]


class TomlLines:
    """The lines of a text's keys. A key is named by its path: `("origins", "site")`."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                table = _parts(header[1])
                self._note(table, number)
            elif key := _KEY.match(line):
                self._note((*table, *_parts(key[1])), number)

    def _note(self, path: Path, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)

    @property
    def known(self) -> Mapping[Path, int]:
        """Every key that was found, and every table."""
        return self._lines

    def of(self, *path: str) -> int | None:
        """The line of a key, or of the innermost table around it; None where neither was found."""
        prefixes = (path[:length] for length in range(len(path), 0, -1))
        return next((self._lines[prefix] for prefix in prefixes if prefix in self._lines), None)


def _parts(dotted: str) -> Path:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))


def split_error(message: str, text: str) -> tuple[str, int | None]:
    """What tomllib says of a text that is not TOML, and on which line that is, where it tells one."""
    told = _TOLD.search(message)
    if told is None:
        return message, None
    return message[: told.start()].rstrip(), int(told[1]) if told[1] else len(text.splitlines())
