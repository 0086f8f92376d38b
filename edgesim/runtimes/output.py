"""The output of one invocation, as far as an Invocation carries it; the FunctionLog gets all of it."""

from __future__ import annotations

_KEPT_BYTES = 256 * 1024
_LINE_BYTES = 50  # what a text takes besides its characters
_MORE = "[the log holds the rest of this invocation's output]"

CUT = "[it was ended amid more output than can be told at once: the last of it is left out]"
"""The last line of what had to end at once."""


class Output:
    """Lines, from the first on until they are too many."""

    __slots__ = ("_bytes", "lines")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._bytes = 0

    def add(self, lines: list[str]) -> None:
        """Keep them, while there is room."""
        for line in lines:
            if self._bytes > _KEPT_BYTES:
                return
            self._bytes += len(line) + _LINE_BYTES
            self.lines.append(line if self._bytes <= _KEPT_BYTES else _MORE)
