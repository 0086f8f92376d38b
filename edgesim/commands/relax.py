"""`--relax`: what is not enforced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from edgesim.distribution.limits import Limit, read_limits
from edgesim.errors import ConfigError


def _read(context: Any, option: Any, values: tuple[str, ...]) -> frozenset[Limit] | None:
    del context, option
    try:
        return read_limits(values) or None
    except ConfigError as error:
        raise click.BadParameter(f"{error}; {error.hint}") from None


relax_option = click.option(
    "--relax",
    multiple=True,
    callback=_read,
    metavar="LIMIT,…",
    help=f"Limits of Lambda@Edge that are not enforced: {', '.join(Limit)}.",
)


def relaxed_line(relaxed: Iterable[Limit]) -> str:
    """What to say of it, empty where everything is enforced. In the order of the enum: nobody reads sets."""
    named = [limit for limit in Limit if limit in set(relaxed)]
    return f"not enforced: {', '.join(named)}" if named else ""
