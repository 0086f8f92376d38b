"""What edgesim says while it serves: a line for each request, the lines of functions, problems.

Lines are gathered and written together a few times a second, so that a busy edge does not wait for its terminal.
Colours are for terminals alone, and off where NO_COLOR is set.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from edgesim.distribution.problems import Severity
from edgesim.logs.lambda_log import BEFORE_TIMED_OUT
from edgesim.logs.why import place_of
from edgesim.values.headers import readable
from edgesim.values.invocation import Failed, FailureKind
from edgesim.values.text import printable, printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


_SEVERITY_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}


STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "station": {"fg": "cyan", "bold": True},
    "label": {"dim": True},
    "ok": {"fg": "green"},
    "bad": {"fg": "red"},
}
"""What the styles of explanations and reports look like."""


def in_colour(stream: TextIO) -> bool:
    """Is it a terminal, and one whose user has nothing against colours?"""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, style: str) -> str:
    """The text in a style of STYLES, for stdout; as it is where there are to be no colours."""
    return click.style(text, **STYLES[style]) if in_colour(sys.stdout) else text


def why_it_failed(transcript: Transcript) -> str:
    """The one fact behind an error, in a few words; empty where there is none."""
    for note in reversed(transcript.notes):
        facts = note.facts
        if "failure" in facts:
            return f"{facts['function'].name}: {_failure(facts['failure'], facts['function'])}"
        if "rejected" in facts:
            rejected = facts["rejected"]
            return f"{facts['function'].name}: {rejected.detail}{f' ({rejected.hint})' if rejected.hint else ''}"
        if "message" in facts:
            return str(facts["message"])
        if note.because.value.startswith("refused"):
            return str(note.because.value).removeprefix("refused: ")
    return ""


_STARTED = r"INIT_START Runtime Version: [^\t\n]*\tRuntime Version ARN: \S*\Z"
_TOLD_OF_REQUESTS = re.compile(BEFORE_TIMED_OUT + r"[^\n]*\n\Z|" + _STARTED)
"""The line of the request says it, and which runtime it is said at the start."""
_PLATFORMS = re.compile(r"(?:START|END|REPORT) RequestId: ")
_TOLD_OF_LOADING = re.compile(
    _STARTED + r"|\S+Z\t\S+\tERROR\t(?:Uncaught Exception|Init Error|Unhandled Promise Rejection) \t\{"
    r"|\[WARNING\]\t\S+Z\t\S*\tLAMBDA_WARNING: Unhandled exception\."
    r"|\[ERROR\] [\w.]+(?:: |\r|\n|\Z)"
)
"""A problem with its place says why a function does not load, or the invocation that loads it again."""


class Terminal:
    """Writes to a stream, in colour where it is a terminal. Implements ports.FunctionLog."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._quiet = quiet
        self._lines: list[str] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._colour = in_colour(self._stream)

    def paint(self, text: str, fg: str | None = None, *, bold: bool = False) -> str:
        """The text in colour, or as it is where there are no colours."""
        return click.style(text, fg=fg, bold=bold) if self._colour else text

    def say(self, *lines: str) -> None:
        """A line, or several, now or with the next ones."""
        self._lines += lines
        if self._flushing is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            self._flushing = loop.call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what has gathered. A reader that went away, or a full disk, is no reason to fail."""
        lines, self._lines = self._lines, []
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if not lines:
            return
        try:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._quiet = True

    # ── requests and functions ───────────────────────────────────────────────

    def request(self, transcript: Transcript) -> None:
        """The line of a request that is over, with the reason where it failed. Quiet leaves the failures of functions
        and origins alone."""
        why = why_it_failed(transcript) if transcript.status >= 400 else ""
        if self._quiet and not (why and transcript.status >= 500):
            return
        request, status = transcript.arrival.request, transcript.status
        head = f"{request.method} {printable(readable(request.target))}"
        if not status:
            self.say(f"{head} {self.paint('not answered: the viewer left, or edgesim ended', fg='red')}")
            return
        colour = "green" if status < 400 else "yellow" if status < 500 else "red"
        outcome = transcript.notes[-1].because.value
        told = f": {printable_lines(why)[0]}" if why else ""
        cut = "" if transcript.complete else self.paint("  not sent to its end", fg="red")
        self.say(f"{head} {self.paint(str(status), fg=colour)} {outcome}{told}{cut}")

    def lines(self, function: EdgeFunction, trigger: Trigger | None, texts: Sequence[str]) -> None:
        """A function's lines, tagged by trigger, but for those of the platform that are said in its words anyway."""
        if self._quiet:
            return
        tag = trigger.value if trigger else "init"
        head = self.paint(f"[{tag} {function.name}]", fg=_TRIGGER_COLOURS.get(tag))
        told = _TOLD_OF_REQUESTS if trigger else _TOLD_OF_LOADING
        self.say(*[f"{head} {part}" for text in texts if not told.match(text) for part in self._parts(text)])

    def _parts(self, text: str) -> list[str]:
        """The lines of an event; where there are colours, the platform's own step back behind the function's."""
        parts = printable_lines(text)
        if not self._colour or not _PLATFORMS.match(text):
            return parts
        return [click.style(part, dim=True) for part in parts]

    # ── problems ─────────────────────────────────────────────────────────────

    def problems(self, problems: Iterable[Problem]) -> None:
        """Each problem with its place, a line or two."""
        for problem in problems:
            place = problem.place
            word = self.paint(problem.severity.value, fg=_SEVERITY_COLOURS[problem.severity], bold=True)
            code = f" [{problem.code}]" if problem.code and not problem.message.startswith(problem.code) else ""
            self.say(f"{place}{': ' if place else ''}{word}: {problem.message}{code}")
            for label, text in (("at", problem.at), ("hint", problem.hint)):
                if text:
                    self.say(f"    {label}: {text}")


def _failure(failure: Failed, function: EdgeFunction) -> str:
    """Lambda's own words, what they are about where they name the signal alone, and the place in the code."""
    what = f"{failure.kind.value} ({function.memory} MB): " if failure.kind is FailureKind.OUT_OF_MEMORY else ""
    first, *_ = re.sub(BEFORE_TIMED_OUT, "", failure.message).splitlines() or [""]
    place, hint = place_of(failure, function), f" ({failure.hint})" if failure.hint else ""
    return f"{what}{failure.error_type}: {first}{f' ({place})' if place else ''}{hint}"
