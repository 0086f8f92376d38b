"""The option `--inspect`: functions that a debugger may attach to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
_PORTS = range(1024, 65536)


def _read(context: Any, option: Any, values: tuple[str, ...]) -> dict[str, int] | None:
    """Function name → port, 0 where it is edgesim's to choose."""
    del context, option
    return dict(map(_one, values)) or None


def _one(value: str) -> tuple[str, int]:
    name, equals, port = value.rpartition("=") if "=" in value else (value, "", "")
    if not name:
        raise click.BadParameter(f"{value!r} names no function: write FUNCTION or FUNCTION=PORT")
    if not equals:
        return name, 0
    if not port.isdecimal() or int(port) not in _PORTS:
        raise click.BadParameter(f"{port!r} is no port from 1024 to 65535")
    return name, int(port)


def inspect_option(command: F) -> F:
    return click.option(
        "--inspect",
        multiple=True,
        callback=_read,
        metavar="FUNCTION[=PORT]",
        help="Let a debugger attach to a function: node --inspect, or debugpy. It runs where its files are, in one "
        "environment, without sandbox and without limits of time and memory.  [default: from port 9229, or 5678]",
    )(command)
