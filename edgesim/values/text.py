"""Text for people."""

from __future__ import annotations


def printable(line: str) -> str:
    """One line that can't steer a terminal: spaces of any kind are plain ones, what does not print is an escape."""
    # Lambda's Python runtime indents stack frames with no-break spaces
    line = line.replace("\t", "    ").replace("\xa0", " ")
    return line if line.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)


def printable_lines(text: str) -> list[str]:
    """The lines of a text, each printable; an empty text is one empty line."""
    if text.isprintable():
        return [text]
    return [printable(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
