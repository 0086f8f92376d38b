"""`edgesim demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgesim.commands.control import speaking
from edgesim.commands.ready import run, say_ready
from edgesim.errors import ConfigError
from edgesim.settings import DEFAULT_CONTROL_PORT, DEFAULT_PORT, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgesim.emulator import Emulator
    from edgesim.scenario.model import Scenario
    from edgesim.scenario.runner.select import Target
    from edgesim.server.listeners import Listener


@click.command(short_help="Show an example, or a scenario step by step.")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--list", "listing", is_flag=True, help="List the scenarios that there are.")
@click.option(
    "--port", type=int, metavar="PORT", help=f"Port for viewers.  [default: {DEFAULT_PORT}; NAME: if it is free]"
)
@click.option(
    "--control-port",
    type=int,
    metavar="PORT",
    help=f"Port for explain.  [default: {DEFAULT_CONTROL_PORT}; NAME: if it is free]",
)
@click.option("--no-pause", is_flag=True, help="NAME: don't wait for Enter between the steps.")
@click.option("--once", is_flag=True, help="Stop when everything has been shown.")
@speaking
def demo(
    name: str | None, port: int | None, control_port: int | None, *, listing: bool, no_pause: bool, once: bool
) -> None:
    """Show what edgesim does: an example to try, or a scenario step by step.

    Without NAME: serve the sample distribution in front of a small built-in origin, with requests to try.

    NAME is a scenario of those that --list names, or a file; NAME::PART for those of its scenarios that have PART in
    their title, NAME:LINE for the one at this line, as in edgesim test. It is played against a live server: each step
    with its answer and why that is so, and with the command that asks for it again from another terminal. Exits with 1
    where an expectation does not hold.
    """
    if listing:
        _list()
    elif name is None:
        ports = (DEFAULT_PORT if port is None else port, DEFAULT_CONTROL_PORT if control_port is None else control_port)
        _serve_example(*ports, once=once)
    else:
        _show(name, port, control_port, no_pause=no_pause, once=once)


# ── the example ──────────────────────────────────────────────────────────────


def _serve_example(port: int, control_port: int, *, once: bool) -> None:
    from edgesim import demo as example
    from edgesim import serving
    from edgesim.terminal import Terminal

    terminal = Terminal()

    async def show() -> None:
        async with example.origin_running() as origin_url:
            settings = example.demo_settings(Settings(port=port, control_port=control_port), origin_url)

            def ready(emulator: Emulator, listeners: list[Listener]) -> None:
                say_ready(terminal, settings, emulator, listeners)
                if not once:
                    example.tell(terminal, f"http://127.0.0.1:{listeners[0].port}")

            async def meanwhile(listeners: list[Listener]) -> None:
                await example.try_all(terminal, f"http://127.0.0.1:{listeners[0].port}")

            await serving.serve(settings, terminal, ready=ready, meanwhile=meanwhile if once else None)

    run(show())


# ── a scenario ───────────────────────────────────────────────────────────────


def _show(name: str, port: int | None, control_port: int | None, *, no_pause: bool, once: bool) -> None:
    from edgesim.commands.output import Output
    from edgesim.commands.showing import Showing

    scenarios = _scenarios(_meant(name))
    watched = sys.stdin.isatty() and sys.stdout.isatty()
    showing = Showing(Output(sys.stdout), pauses=watched and not no_pause, goes_on=watched and not once)
    with showing.at(port, control_port):
        sys.exit(1 if run(showing.all(scenarios)) else 0)


def _scenarios(target: Target) -> tuple[Scenario, ...]:
    from edgesim.distribution.problems import Severity
    from edgesim.scenario.language.load import load_file
    from edgesim.scenario.runner.report import problem_lines

    loaded = load_file(target.path)
    errors = [problem for problem in loaded.problems if problem.severity is Severity.ERROR]
    for line in (line for problem in errors for line in problem_lines(problem)):
        click.echo(line, err=True)
    if errors:
        raise ConfigError(f"{target.path} can't be played as it is")
    return target.among(loaded.scenarios)


def _meant(text: str) -> Target:
    """The scenarios that a NAME stands for: a file, or one that is shipped, and perhaps a part of a title, or a line.
    After one colon a number is a line, and anything else is part of a title; after two everything is."""
    from edgesim.scenario.runner.select import Target, line_of

    known = _shipped()
    named = {**_shipped_by_folder(), **known}
    if text in named or Path(text).is_file():
        return Target(text, named.get(text) or Path(text))
    head, _, part = text.partition(":")
    file = named.get(head) or Path(head)
    if file.is_dir():
        raise ConfigError(f"{head} is a folder", "name a scenario file")
    if not file.is_file():
        raise ConfigError(f"there is no scenario {head!r}", _near(head, known))
    if part.isascii() and part.isdecimal():
        return Target(text, file, line=line_of(file, part, text))
    return Target(text, file, part=part.lstrip(":").strip())


def _near(word: str, known: Iterable[str]) -> str:
    """The names that may be meant: those with this word in them, or one with a slip."""
    from edgesim.distribution.findings import closest

    names = sorted(name for name in known if word and word.casefold() in name)
    if len(names) == 1 or not names:
        listed = "edgesim demo --list says which there are; a path to a file does as well"
        return f"did you mean {names[0]}?" if names else closest(word, known) or listed
    more = " …" if len(names) > _MOST_NAMES else ""
    return f"there are {', '.join(names[:_MOST_NAMES])}{more}"


_MOST_NAMES = 6


def _shipped() -> dict[str, Path]:
    """The scenario files that come with edgesim, by name. Two of a name are told apart by their folders."""
    named: dict[str, Path] = {}
    for path, file in _shipped_by_folder().items():
        stem = path.rpartition("/")[2]
        named[path if stem in named else stem] = file
    return named


def _shipped_by_folder() -> dict[str, Path]:
    """The same, each by its path without the suffix: `cache/stale-on-error`."""
    from edgesim.samples import samples_folder
    from edgesim.scenario.language.load import SUFFIXES, find_files

    folder, named = samples_folder() / "scenarios", dict[str, Path]()
    for file in find_files([folder]):
        stem = next(file.name.removesuffix(suffix) for suffix in SUFFIXES if file.name.endswith(suffix))
        named[(file.relative_to(folder).parent / stem).as_posix()] = file
    return named


def _list() -> None:
    from edgesim.scenario.language.load import load_file

    files = _shipped()
    for name, file in sorted(files.items()):
        click.echo(name)
        for scenario in load_file(file).scenarios:
            click.echo(f"    {scenario.title}")
    click.echo(f"\nedgesim demo NAME shows one of {len(files)}" if files else "no scenarios come with this edgesim")
