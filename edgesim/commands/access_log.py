"""`--access-log` and `--access-log-format`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def access_log_options(command: F) -> F:
    """The options of a command that serves."""
    for option in (
        click.option(
            "--access-log-format",
            type=click.Choice(("w3c", "json")),
            help="w3c: the lines of standard logging; json: an object a line, as version 2 writes them.  "
            "[default: w3c]",
        ),
        click.option(
            "--access-log",
            metavar="DIR",
            help="Write CloudFront's standard log: DIR/PREFIX/ID.YYYY-MM-DD-HH.UNIQUE.log, which becomes .gz when the "
            "hour is over or edgesim ends.  [default: none]",
        ),
    ):
        command = option(command)
    return command
