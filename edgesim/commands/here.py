"""The template of the current folder, for commands that are given no SOURCE."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from edgesim.loaders.detect import TEMPLATES
from edgesim.settings import Settings


def with_template_here(settings: Settings) -> Settings:
    """Without a source: the current folder's only template, which is said on stderr. Where several could be meant, or
    none is there, as they are."""
    found = templates_here()
    if settings.source or len(found) != 1:
        return settings
    click.echo(f"edgesim: note: no SOURCE is given: {found[0]} of this folder is taken", err=True)
    return replace(settings, source=found[0])


def say_whose_source(given: str | None, settings: Settings, config: Path | None) -> None:
    """A source that is not `given`, but edgesim.toml's, is said on stderr."""
    if given is None and config is not None and settings.source:
        click.echo(f"edgesim: note: no SOURCE is given: {settings.source} of {config} is taken", err=True)


def templates_here() -> list[str]:
    """The templates that have a usual name, in the current folder."""
    return [name for name in TEMPLATES if Path(name).is_file()]


def give_a_source(otherwise: str = "") -> str:
    """The hint where no source is given and none could be taken."""
    found = templates_here() or [str(path) for path in sorted(Path().glob("cdk.out/*.template.json"))]
    one = f"give a SOURCE: {' or '.join(found)}" if found else "give a SOURCE"
    return f"{one}{otherwise}"
