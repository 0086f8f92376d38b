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
    text and as its name; both can be written. With WORDS only those that have them, in their text, their name or what
    they are about: as they stand here, or else all of them anywhere.

    \b
      edgesim reasons               all of them
      edgesim reasons not stored    those with "not stored" in them
      edgesim reasons error page    those about custom error pages, for instance
    """
    from edgesim.scenario.language import reason_hints
    from edgesim.scenario.language.reasons import members

    wanted = " ".join(words)
    texts = {reason: _searched(reason) for reason in members()}
    found = [reason for reason, text in texts.items() if wanted.casefold() in text]
    found = found or [one for one, text in texts.items() if all(word in text for word in wanted.casefold().split())]
    if not found:
        raise ConfigError(f"no reason has {wanted!r} in it", reason_hints.hint(wanted))
    click.echo("\n".join(_lines(found)))


def _searched(reason: StrEnum) -> str:
    name = f"{type(reason).__name__}.{reason.name} {reason.name.replace('_', '-')}"
    return f"{reason.value} {name} {_about(type(reason))}".casefold()


def _about(kind: type[StrEnum]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def _lines(found: Iterable[StrEnum]) -> Iterator[str]:
    for kind, members in groupby(found, type):
        yield f"{kind.__name__}: {_about(kind)}"
        for reason in members:
            yield f"    {reason.name.ljust(_NAME)}  {reason.value}"


_NAME = 26
"""Characters of the longest name."""
