"""`--chaos`: environments that end at random."""

from __future__ import annotations

from typing import Any

import click

from edgesim.distribution.chaos import parse_chaos
from edgesim.errors import ConfigError


def _read(context: Any, option: Any, value: str | None) -> str | None:
    """Looked at here; what is random about it comes when it is used."""
    del context, option
    try:
        if value is not None:
            parse_chaos(value, 0)
    except ConfigError as error:
        raise click.BadParameter(f"{error}; {error.hint}" if error.hint else str(error)) from None
    return value


chaos_option = click.option(
    "--chaos",
    callback=_read,
    metavar="PERCENT[:SEED]",
    help="So many invocations are the last of their environment, at random: does a function count on what it left? "
    "[default: none]",
)
