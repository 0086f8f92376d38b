"""`edgesim … | head`: who reads has seen enough, so the command ends and says nothing, as other programs do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

_GONE = 141
"""As shells have it for a program that SIGPIPE ended."""


class EndsWithItsReader(click.Group):
    """Commands that end as if by SIGPIPE where their output goes nowhere."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _reader_may_leave():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _reader_may_leave():
            return super().invoke(ctx)


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # Else Python complains on its way out of what it could not write
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        sys.exit(_GONE)
