"""One `edgesim test`: collect, play, report; with `--watch` again after every save."""

from __future__ import annotations

import asyncio
import platform
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from time import perf_counter
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING

from edgesim import __version__
from edgesim.commands.collecting import (
    Collected,
    Stamps,
    affected,
    collect,
    outputs,
    stamps,
    stamps_again,
    targets_of,
    watched,
)
from edgesim.commands.output import Output, Progress
from edgesim.commands.relax import relaxed_line
from edgesim.distribution.aws_endpoints import NO_ENDPOINTS, Endpoints, endpoints_line
from edgesim.distribution.limits import Limit
from edgesim.distribution.problems import Severity
from edgesim.errors import ConfigError
from edgesim.scenario.model import Scenario
from edgesim.scenario.outcome import Outcome, Verdict, strictly
from edgesim.scenario.runner.junit import Case, as_xml
from edgesim.scenario.runner.report import BAD, caution_lines, counted, explained, failure, gist, problem_lines, summary
from edgesim.scenario.runner.select import expression
from edgesim.scenario.runner.workers import Alone, Crew, Players, worker_command

if TYPE_CHECKING:
    from edgesim.scenario.playing.against import Target
    from edgesim.server.reload import Watched


class ExitCode(IntEnum):
    """Those of pytest."""

    OK = 0
    FAILED = 1
    INTERRUPTED = 2
    BUG = 3
    USAGE = 4
    NOTHING = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. `verbosity` is below 0 for quiet; `workers` 0 or 1 is this process alone; `against`
    is a server that plays the edge's part; `relax` are the limits that are not enforced, None for none;
    `aws_endpoints` where functions find AWS's services, None for where they are; `strict`: a warning is a failure."""

    paths: tuple[str, ...] = ()
    words: str | None = None
    junit: Path | None = None
    workers: int = 1
    verbosity: int = 0
    explain: bool = False
    watch: bool = False
    exit_first: bool = False
    collect_only: bool = False
    against: Target | None = None
    relax: frozenset[Limit] | None = None
    aws_endpoints: Endpoints | None = None
    strict: bool = False


def run(asked: Asked) -> ExitCode:
    """Do what was asked. Raises ConfigError where that can't be done."""
    return _Session(asked).whole()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C is a KeyboardInterrupt and ends what asyncio runs, whatever ran in this process before; unless whoever
    started it wants it to be ignored, as shells do for what runs in the background."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGINT] is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    """Being told to end is as good as Ctrl-C."""
    del number
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        handler = signal.default_int_handler
    handler(signal.SIGINT, frame)


@dataclass(slots=True)
class _Results:
    """What came of the jobs so far, by their index."""

    collected: Collected
    progress: Progress
    begun: float = field(default_factory=perf_counter)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    @property
    def in_order(self) -> list[tuple[Scenario, Outcome]]:
        """In the order of the files."""
        return [(self.collected.jobs[index].scenario, outcome) for index, outcome in sorted(self.outcomes.items())]


class _Session:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._output = Output(sys.stdout)
        self._targets = targets_of(asked.paths)
        self._wanted = expression(asked.words) if asked.words is not None else None
        self._playing: _Results | None = None
        self._code: ExitCode | None = None
        self._watched: Watched | None = None
        self._stamps: Stamps = {}
        self._own = outputs([asked.junit] if asked.junit is not None else [])
        self._told = ""
        if asked.junit is not None:
            _prepare(asked.junit)

    def whole(self) -> ExitCode:
        """Everything, until the end or Ctrl-C."""
        try:
            collected = collect(self._targets, self._wanted)
            if self._asked.collect_only:
                return self._list(collected)
            with _interruptible():
                asyncio.run(self._watch(collected) if self._asked.watch else self._once(collected))
        except KeyboardInterrupt:
            self._interrupted()
            return ExitCode.INTERRUPTED
        return self._code or ExitCode.OK

    # ── playing ──────────────────────────────────────────────────────────────

    async def _once(self, collected: Collected) -> None:
        async with self._players(len(collected.jobs)) as players:
            await self._play(players, collected)

    def _players(self, most: int) -> Players:
        if self._asked.against is not None:
            from edgesim.scenario.playing.against import Against

            return Against(self._asked.against)
        workers = min(self._asked.workers, most)
        terms = self._asked.relax or frozenset(), self._asked.aws_endpoints or NO_ENDPOINTS
        return Crew(workers, worker_command(*terms)) if workers > 1 else Alone(*terms)

    async def _play(self, players: Players, collected: Collected) -> None:
        progress = Progress(self._output, collected.jobs, self._asked.verbosity)
        self._playing = results = _Results(collected, progress)

        def told(index: int, outcome: Outcome) -> bool:
            outcome = strictly(outcome) if self._asked.strict else outcome
            results.outcomes[index] = outcome
            progress.done(index, outcome)
            return not (self._asked.exit_first and outcome.verdict in BAD)

        for line in (relaxed_line(self._asked.relax or ()), endpoints_line(self._asked.aws_endpoints or NO_ENDPOINTS)):
            if line and self._asked.verbosity >= 0:
                self._output.say(line)
        progress.begin()
        if not (self._asked.exit_first and collected.unreadable):
            await players.play(collected.jobs, told, explain=self._asked.explain)
        self._code = self._conclude(results)
        self._playing = None

    async def _watch(self, collected: Collected) -> None:
        from edgesim.server.reload import watch

        async with self._players(self._asked.workers) as players:
            self._look_at(collected)
            await self._play(players, collected)
            self._wait(collected)

            async def saved(paths: set[Path]) -> None:
                del paths  # a folder among them does not say what changed below it; the stamps do
                await self._again(players)

            await watch(self._plan, saved)

    def _plan(self) -> Watched:
        assert self._watched is not None  # noqa: S101  what there is to watch has been looked at
        return self._watched

    async def _again(self, players: Players) -> None:
        """Play what a save changed something for."""
        standing = stamps_again(self._stamps, self._own)
        try:
            collected = collect(self._targets, self._wanted)
        except ConfigError as error:
            # Once: where the output goes to a file among those that are watched, each time would cause the next
            if self._told != str(error):
                self._told = str(error)
                self._output.say(f"edgesim: {error}")
            return
        self._told = ""
        before = self._stamps
        self._look_at(collected, standing)
        if self._stamps == before:
            return
        self._output.clear()
        await players.refresh()
        jobs = affected(collected, before, self._stamps)
        if jobs or collected.unreadable or not collected.jobs:  # else a file is gone, and no other has to do with it
            await self._play(players, replace(collected, jobs=jobs))
        self._wait(collected)

    def _look_at(self, collected: Collected, standing: Stamps = MappingProxyType({})) -> None:
        """Remember what to watch, and how it stood before it was read, where that is known."""
        self._watched = watched(collected, self._targets)
        self._stamps = stamps(collected, self._own, standing)

    def _wait(self, collected: Collected) -> None:
        number = len(collected.files)
        self._output.say(
            self._output.paint(
                f"watching {number} file{'' if number == 1 else 's'} of scenarios, and what they use; Ctrl-C ends",
                "label",
            )
        )

    # ── reporting ────────────────────────────────────────────────────────────

    def _conclude(self, results: _Results, *, interrupted: bool = False) -> ExitCode:
        """What came of it all, the problems of files first, and a line of counts at the end."""
        seconds = perf_counter() - results.begun
        results.progress.end()
        collected, outcomes = results.collected, [outcome for _, outcome in results.in_order]
        self._say_problems(collected)
        self._say_outcomes(outcomes)
        unplayed = len(collected.jobs) - len(outcomes)
        counts = counted(outcomes, errors=collected.unreadable, deselected=collected.deselected, unplayed=unplayed)
        if not collected.jobs and (not collected.unreadable or self._asked.words):
            self._output.say(self._why_nothing(collected))
        if collected.jobs or collected.unreadable:
            self._output.say(summary(counts, seconds, self._output.paint))
        self._write_junit(results, seconds)
        if interrupted:
            return ExitCode.INTERRUPTED
        if any(outcome.bug for outcome in outcomes):
            return ExitCode.BUG
        if counts.bad:
            return ExitCode.FAILED
        compared = any(outcome.verdict is not Verdict.LEFT_OUT for outcome in outcomes)
        return ExitCode.OK if compared else ExitCode.NOTHING

    def _interrupted(self) -> None:
        if self._playing is not None:
            self._conclude(self._playing, interrupted=True)
        self._output.say(self._output.paint("interrupted", "bad"))

    def _say_problems(self, collected: Collected) -> None:
        """The errors; warnings unless quiet; notes, which change no answer, where everything is wanted."""
        shown = {Severity.ERROR, *((Severity.WARNING,) if self._asked.verbosity >= 0 else ())}
        shown |= {Severity.NOTE} if self._asked.verbosity > 0 else set()
        lines = [
            line
            for problem in collected.problems
            if problem.severity in shown and not (self._asked.words and problem.severity is Severity.ERROR)
            for line in problem_lines(problem, self._output.paint)
        ]
        lines += self._errors_in_short(collected) if self._asked.words else ()
        if lines:
            self._output.say("\n".join(["", *lines] if collected.jobs and self._asked.verbosity >= 0 else lines))

    def _errors_in_short(self, collected: Collected) -> Iterator[str]:
        """Who asks for some scenarios asks little of the files that can't be read: the first error of each."""
        for file, (first, number) in collected.first_errors.items():
            yield from problem_lines(first, self._output.paint)
            if number > 1:
                yield f"    and {number - 1} more: edgesim test {file}"

    def _say_outcomes(self, outcomes: list[Outcome]) -> None:
        paint, explain = self._output.paint, self._asked.explain
        bad = [outcome for outcome in outcomes if outcome.verdict in BAD]
        if self._asked.verbosity >= 0 and outcomes:
            self._output.say()
            for outcome in outcomes:
                if outcome.verdict in BAD:
                    self._output.say(failure(outcome, paint, explain=explain))
                elif outcome.message:
                    self._output.say(failure(outcome, paint))
                elif explain:
                    self._output.say(explained(outcome, paint))
        if len(bad) > 1 or self._asked.verbosity < 0:
            for outcome in bad:
                self._output.say(gist(outcome, paint))
        cautions = [line for outcome in outcomes for line in caution_lines(outcome, paint)]
        remarks = dict.fromkeys(f"warning: {remark}" for outcome in outcomes for remark in outcome.remarks)
        if self._asked.verbosity >= 0 and (cautions or remarks):
            self._output.say("\n".join([*cautions, *remarks]))

    def _why_nothing(self, collected: Collected) -> str:
        if collected.unreadable or (collected.deselected and self._asked.words is not None):
            number, files = collected.deselected, collected.unreadable
            unknown = f"; of {files} file{'' if files == 1 else 's'} it can't be told" if files else ""
            return f"-k {self._asked.words!r} fits none of {number} scenario{'' if number == 1 else 's'}{unknown}"
        places = ", ".join(target.text for target in self._targets)
        return f"no scenarios in {places}: they are files such as first.scenario.yaml"

    def _list(self, collected: Collected) -> ExitCode:
        if self._asked.verbosity >= 0:
            for job in collected.jobs:
                self._output.say(f"{job.scenario.place} {job.scenario.title}")
        self._say_problems(collected)
        number, deselected = len(collected.jobs), collected.deselected
        left_out = f", {deselected} deselected" if deselected else ""
        self._output.say(f"{number} scenario{'' if number == 1 else 's'}{left_out}")
        if collected.unreadable:
            return ExitCode.FAILED
        return ExitCode.OK if collected.jobs else ExitCode.NOTHING

    def _write_junit(self, results: _Results, seconds: float) -> None:
        if self._asked.junit is None:
            return
        cases = [Case(outcome, _evidence(scenario)) for scenario, outcome in results.in_order]
        about = {"edgesim": __version__, "python": platform.python_version()}
        document = as_xml(cases, results.collected.problems, seconds=seconds, properties=about)
        try:
            self._asked.junit.write_bytes(document)
        except OSError as error:
            raise _unwritable(self._asked.junit, error) from None


def _evidence(scenario: Scenario) -> dict[str, str]:
    told = {"evidence": scenario.evidence.value if scenario.evidence else "", "source": scenario.source}
    return {name: text for name, text in told.items() if text}


def _prepare(junit: Path) -> None:
    """Find out before anything is played. Raises ConfigError where no file can be written there."""
    if junit.is_dir():
        raise ConfigError(f"--junit {junit}: this is a folder", "name a file, such as report.xml")
    try:
        junit.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(junit, error) from None


def _unwritable(junit: Path, error: OSError) -> ConfigError:
    return ConfigError(f"--junit {junit} can't be written: {error.strerror}")
