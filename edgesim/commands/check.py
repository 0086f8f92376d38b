"""`edgesim check`. The options of sources are added in cli.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from edgesim.commands.control import speaking
from edgesim.commands.here import give_a_source, say_whose_source, with_template_here
from edgesim.errors import ConfigError
from edgesim.settings import Settings, find_config, read_config


@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@speaking
def check(source: str | None, config: str | None, *, as_json: bool, strict: bool, **flags: Any) -> None:
    """Report every problem in SOURCE with its place.

    SOURCE is what `edgesim serve` takes; default: edgesim.toml's, else the template of this folder. What AWS refuses is
    an error, also where `serve` has a warning and goes on; a runtime that is not installed here is a note. Exits with 2
    where there are errors, or with --strict warnings, otherwise with 0.
    """
    from dataclasses import asdict

    from edgesim.emulator import load_source
    from edgesim.runtimes.interpreters import Interpreters, not_at_hand
    from edgesim.runtimes.package_problems import unpacked_too_large
    from edgesim.terminal import Terminal

    path = find_config(source or "", config)
    given = (read_config(path) if path is not None else Settings()).given(source=source, **flags)
    say_whose_source(source, given, path)
    settings = with_template_here(given)
    if not settings.source:
        raise ConfigError("there is nothing to check", give_a_source())
    loaded = load_source(settings)
    functions = dict.fromkeys(function for one in loaded.distributions for function in one.functions)
    programs = Interpreters({name: Path(program) for name, program in settings.runtimes.items()})
    deployed = [*(problem.at_deployment for problem in loaded.problems), *unpacked_too_large(functions)]
    problems = [*deployed, *not_at_hand(functions, programs)]
    severities = [problem.severity.value for problem in problems]
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in problems], indent=2))
    else:
        terminal = Terminal()
        terminal.problems(problems)
        terminal.say(_verdict(severities))
    sys.exit(2 if "error" in severities or (strict and "warning" in severities) else 0)


def _verdict(severities: list[str]) -> str:
    counts = ((severities.count(word), word) for word in ("error", "warning", "note"))
    return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if n) or "no problems"
