"""`edgesim reasons`: every decision that there is, in the words of `edgesim explain` and of scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby

import click

from edgesim.commands.control import speaking
from edgesim.errors import ConfigError


@click.command()
@click.argument("words", nargs=-1, metavar="[WORDS]...")
@speaking
def reasons(words: tuple[str, ...]) -> None:
    """List the reasons that decisions have.

    `edgesim explain` prints them, and scenarios expect them with because: and not-because:. Each stands here as its
    text and as its name; both can be written. With WORDS only those that have them.

    \b
      edgesim reasons               all of them
      edgesim reasons not stored    those with "not stored" in their text or name
    """
    from edgesim.scenario.language import reason_hints
    from edgesim.scenario.language.reasons import members

    wanted = " ".join(words)
    found = [reason for reason in members() if wanted.casefold() in _searched(reason)]
    if not found:
        raise ConfigError(f"no reason has {wanted!r} in it", reason_hints.hint(wanted))
    click.echo("\n".join(_lines(found)))


def _searched(reason: StrEnum) -> str:
    return f"{reason.value} {type(reason).__name__}.{reason.name} {reason.name.replace('_', '-')}".casefold()


def _lines(found: Iterable[StrEnum]) -> Iterator[str]:
    for kind, members in groupby(found, type):
        yield f"{kind.__name__}: {(kind.__doc__ or '').splitlines()[0]}"
        for reason in members:
            yield f"    {reason.name.ljust(_NAME)}  {reason.value}"


_NAME = 26
"""Characters of the longest name."""
