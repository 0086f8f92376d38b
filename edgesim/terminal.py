"""What edgesim says while it serves: a line for each request, the lines of functions, problems.

Lines are gathered and written together a few times a second, so that a busy edge does not wait for its terminal.
Colours are for terminals alone, and off where NO_COLOR is set.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

from edgesim.distribution.problems import Severity
from edgesim.values.headers import readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgesim.distribution.model import EdgeFunction, Trigger
    from edgesim.distribution.problems import Problem
    from edgesim.pipeline.transcript import Transcript

FLUSH_SECONDS = 0.05

_TRIGGER_COLOURS = {
    "viewer-request": "cyan",
    "origin-request": "blue",
    "origin-response": "magenta",
    "viewer-response": "yellow",
}


def printable(text: str) -> str:
    """Text that can't steer a terminal: control characters are shown as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in text)


class Terminal:
    """Writes to a stream, in colour where it is a terminal. Implements ports.FunctionLog."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._quiet = quiet
        self._lines: list[str] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._colour = self._stream.isatty() and not os.environ.get("NO_COLOR")

    def paint(self, text: str, fg: str | None = None, *, bold: bool = False) -> str:
        """The text in colour, or as it is where there are no colours."""
        return click.style(text, fg=fg, bold=bold) if self._colour else text

    def say(self, line: str) -> None:
        """A line, now or with the next ones."""
        self._lines.append(line)
        if self._flushing is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            self._flushing = loop.call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what has gathered. A reader that went away is no reason to fail."""
        lines, self._lines = self._lines, []
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if not lines:
            return
        try:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            self._quiet = True

    # ── requests and functions ───────────────────────────────────────────────

    def request(self, transcript: Transcript) -> None:
        """The line of a request that is over."""
        if self._quiet:
            return
        request, status = transcript.arrival.request, transcript.status
        outcome = transcript.notes[-1].because.value if transcript.notes else ""
        colour = "green" if status < 400 else "yellow" if status < 500 else "red"
        cut = "" if transcript.complete else self.paint("  not sent to its end", fg="red")
        target = printable(readable(request.target))
        self.say(f"{request.method} {target} {self.paint(str(status), fg=colour)} {outcome}{cut}")

    def line(self, function: EdgeFunction, trigger: Trigger | None, text: str) -> None:
        """A function's line, tagged by trigger."""
        if self._quiet:
            return
        tag = trigger.value if trigger else "init"
        head = self.paint(f"[{tag} {function.name}]", fg=_TRIGGER_COLOURS.get(tag))
        for part in text.splitlines() or [""]:
            self.say(f"{head} {printable(part)}")

    # ── problems ─────────────────────────────────────────────────────────────

    def problems(self, problems: Iterable[Problem]) -> None:
        """Each problem with its place, a line or two."""
        for problem in problems:
            bad = problem.severity is Severity.ERROR
            place = f"{problem.file}:{problem.line}" if problem.line else problem.file
            word = self.paint(problem.severity.value, fg="red" if bad else "yellow", bold=True)
            code = f" [{problem.code}]" if problem.code else ""
            self.say(f"{place}{': ' if place else ''}{word}: {problem.message}{code}")
            for label, text in (("at", problem.at), ("hint", problem.hint)):
                if text:
                    self.say(f"    {label}: {text}")
