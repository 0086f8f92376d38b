"""What every command does where its surroundings are in the way.

`edgesim … | head`: who reads has seen enough, so the command ends and says nothing, as other programs do. A folder that
is gone, and what this user may not do, is a sentence.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

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
        _drop_the_rest(sys.stdout)
        sys.exit(_READER_GONE)
    except OSError as error:
        if not is_of_the_surroundings(error):
            raise
        named = f"{error.filename}: " if error.filename is not None else ""
        click.echo(f"edgesim: {named}{error.strerror}", err=True)
        if error.errno == errno.ENOSPC:
            _drop_the_rest(sys.stdout)
        sys.exit(2)
    finally:
        try:
            sys.stderr.flush()
        except OSError:  # nobody reads it: that changes nothing of what was done
            _drop_the_rest(sys.stderr)


def _drop_the_rest(stream: TextIO) -> None:
    """What could not be written goes nowhere. Else Python complains of it on its way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())


def is_of_the_surroundings(error: BaseException | None) -> bool:
    """Is it what the machine has against a command, and no fault of edgesim's: a pipe that nobody reads, a full disk,
    a file that this user may not touch?"""
    if isinstance(error, PermissionError):
        return error.filename is not None
    return isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and error.errno == errno.ENOSPC)


def _look_around() -> None:
    try:
        Path.cwd()
    except FileNotFoundError:
        click.echo("edgesim: the current folder is gone\n  hint: cd to where you want to be", err=True)
        sys.exit(2)
