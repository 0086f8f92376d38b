"""What every command does where its surroundings are in the way.

`edgesim … | head`: who reads has seen enough, so the command ends and says nothing, as other programs do. A folder that
is gone, and what this user may not do, is a sentence.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

_READER_GONE = 141
"""As shells have it for a program that SIGPIPE ended."""


class Program(click.Group):
    """The commands together."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _surroundings():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _surroundings():
            _look_around()
            return super().invoke(ctx)


@contextmanager
def _surroundings() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # Else Python complains on its way out of what it could not write
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        sys.exit(_READER_GONE)
    except PermissionError as error:
        if error.filename is None:
            raise
        click.echo(f"edgesim: {error.filename}: {error.strerror}", err=True)
        sys.exit(2)


def _look_around() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        click.echo("edgesim: the current folder is gone\n  hint: cd to where you want to be", err=True)
        sys.exit(2)
