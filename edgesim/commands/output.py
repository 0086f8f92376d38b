"""What `edgesim test` writes: lines, in colour where these are wanted, and on a terminal one line that is alive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click

from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.runner.report import BAD
from edgesim.scenario.runner.workers import Job
from edgesim.terminal import STYLES, in_colour
from edgesim.values.text import printable

_ERASE_LINE = "\r\x1b[K"
_ERASE_SCREEN = "\x1b[2J\x1b[3J\x1b[H"


class Output:
    """Lines on a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colour = in_colour(stream)
        self._alive = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._live = False

    def paint(self, text: str, style: str) -> str:
        """The text in a style of terminal.STYLES."""
        return click.style(text, **STYLES[style]) if self._colour else text

    def say(self, text: str = "") -> None:
        """Write a text and a line end."""
        self._write(f"{self._forget()}{text}\n")

    def live(self, text: str) -> None:
        """Show a line until the next thing is written; on a terminal alone."""
        if self._alive:
            cut = printable(text)[: shutil.get_terminal_size().columns - 1]
            self._write(f"{self._forget()}{self.paint(cut, 'label')}")
            self._live = True

    def clear(self) -> None:
        """An empty screen, where there is one."""
        if self._alive:
            self._write(_ERASE_SCREEN)

    def _forget(self) -> str:
        was_live, self._live = self._live, False
        return _ERASE_LINE if was_live else ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


_MARKS = {
    Verdict.PASSED: (".", "ok"),
    Verdict.FAILED: ("F", "bad"),
    Verdict.BROKEN: ("B", "bad"),
    Verdict.LEFT_OUT: ("-", "label"),
}


class Progress:
    """Says how far it is while scenarios are played. `verbosity`: -1 nothing, 0 a line for each file when it is done, 1
    a line for each scenario."""

    def __init__(self, output: Output, jobs: Sequence[Job], verbosity: int) -> None:
        self._output, self._jobs, self._verbosity = output, jobs, verbosity
        self._marks: dict[Path, dict[int, Verdict]] = {}
        self._sizes: dict[Path, int] = {}
        for job in jobs:
            self._sizes[job.file] = self._sizes.get(job.file, 0) + 1
        self._done = self._bad = 0

    def begin(self) -> None:
        """Before the first scenario is through."""
        self._show("")

    def done(self, index: int, outcome: Outcome) -> None:
        """A scenario is through."""
        self._done += 1
        self._bad += outcome.verdict in BAD
        file = self._jobs[index].file
        marks = self._marks.setdefault(file, {})
        marks[index] = outcome.verdict
        if self._verbosity > 0:
            self._output.say(self._scenario(outcome))
        elif self._verbosity == 0 and len(marks) == self._sizes[file]:
            self._output.say(self._file(file))
        self._show(str(file))

    def end(self) -> None:
        """The files that were begun and not brought to their end."""
        if self._verbosity == 0:
            for file, marks in self._marks.items():
                if len(marks) < self._sizes[file]:
                    self._output.say(self._file(file))

    def _file(self, file: Path) -> str:
        marks = (_MARKS[verdict] for _, verdict in sorted(self._marks[file].items()))
        return f"{printable(str(file))} {''.join(self._output.paint(*mark) for mark in marks)}"

    def _scenario(self, outcome: Outcome) -> str:
        word = self._output.paint(outcome.verdict.value.upper(), _MARKS[outcome.verdict][1])
        said = f": {outcome.message}" if outcome.message and outcome.verdict not in BAD else ""
        return f"{outcome.place} {printable(outcome.title)} {word} ({outcome.seconds:.2f} s){said}"

    def _show(self, file: str) -> None:
        if self._verbosity >= 0:
            bad = f", {self._bad} failed" if self._bad else ""
            self._output.live(f"{self._done}/{len(self._jobs)}{bad}  {file}")
