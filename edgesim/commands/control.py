"""What commands share: how errors are said, and how to talk to a running server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import click

from edgesim.errors import ConfigError, EdgesimError
from edgesim.settings import DEFAULT_CONTROL_PORT, find_config, read_config

P = ParamSpec("P")


def speaking(command: Callable[P, None]) -> Callable[P, None]:
    """Turns edgesim's own errors into one sentence on stderr and exit code 2."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except EdgesimError as error:
            hint = f"\n  hint: {error.hint}" if isinstance(error, ConfigError) and error.hint else ""
            click.echo(f"edgesim: {error}{hint}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            sys.exit(130)

    return guarded


control_port_option = click.option(
    "--control-port",
    type=int,
    metavar="PORT",
    help=f"The running server's control port.  [default: edgesim.toml's, else {DEFAULT_CONTROL_PORT}]",
)


def ask(port: int | None, method: str, path: str, **options: Any) -> Any:
    """Ask the running server. Raises ConfigError where none answers; exits with 1 where it says no."""
    import httpx

    port = control_port_of(port)
    try:
        response = httpx.request(method, f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=30, **options)
        answer = response.json()
    except (httpx.HTTPError, ValueError):
        raise no_server(port) from None
    if response.is_error:
        click.echo(f"edgesim: {answer.get('error', response.text)}", err=True)
        sys.exit(1)
    return answer


def ask_quietly(port: int | None, path: str) -> dict[str, Any]:
    """What the running server says, for what does without one, too: nothing where none answers."""
    import httpx

    try:
        response = httpx.get(f"http://127.0.0.1:{control_port_of(port)}{path}", trust_env=False, timeout=2)
        answer = response.json()
    except (httpx.HTTPError, ValueError):
        return {}
    return answer if response.is_success and isinstance(answer, dict) else {}


def control_port_of(port: int | None) -> int:
    """The port that was given, else edgesim.toml's, else the usual one. Raises ConfigError for a file that is not
    readable."""
    if port is not None:
        return port
    config = find_config("", None)
    return read_config(config).control_port if config is not None else DEFAULT_CONTROL_PORT


def no_server(port: int) -> ConfigError:
    """That no server answers."""
    hint = "is `edgesim serve` running? --control-port names another port"
    return ConfigError(f"no edgesim answers on control port {port}", hint)
