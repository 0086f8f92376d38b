"""`--aws-endpoint`: stand-ins for AWS's services."""

from __future__ import annotations

from typing import Any

import click

from edgesim.distribution.aws_endpoints import parse_endpoint
from edgesim.errors import ConfigError


def _read(context: Any, option: Any, values: tuple[str, ...]) -> dict[str, str] | None:
    del context, option
    try:
        return dict(map(parse_endpoint, values)) or None
    except ConfigError as error:
        raise click.BadParameter(f"{error}; {error.hint}") from None


aws_endpoint_option = click.option(
    "--aws-endpoint",
    "aws_endpoints",
    multiple=True,
    callback=_read,
    metavar="[SERVICE=]URL",
    help="Where functions' AWS SDKs find a service, such as dynamodb=http://localhost:8000; without SERVICE all of "
    "them. localhost is this machine's.",
)
