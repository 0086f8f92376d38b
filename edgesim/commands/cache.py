"""`edgesim cache`."""

from __future__ import annotations

import json

import click

from edgesim.commands.control import ask, control_port_option, speaking


@click.command()
@click.argument("what", metavar="[[METHOD] PATH[?QUERY][*]]", nargs=-1)
@click.option("--distribution", metavar="NAME", help="Only this distribution, by logical id or id; default: all.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Most objects to show.  [default: 50]")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@control_port_option
@speaking
def cache(
    what: tuple[str, ...], distribution: str | None, limit: int | None, control_port: int | None, *, as_json: bool
) -> None:
    """List what the running server has stored.

    \b
      edgesim cache                          all of it, by path
      edgesim cache '/images/*'              what `edgesim invalidate '/images/*'` would drop
      edgesim cache /style.css               every variant of a path, with its headers
      edgesim cache GET '/style.css?v=2'     the one with this query string in its key; '/style.css?': with none

    For each object: the parts of its key, status, size of the body as stored, until when it is fresh, its age, where
    its TTL came from, and its hits: how often requests found it since it was stored or last revalidated.
    """
    from edgesim.logs.cached import as_text
    from edgesim.terminal import painted

    asked = {"of": " ".join(what), "distribution": distribution, "limit": limit}
    data = ask(control_port, "GET", "/cache", params={name: value for name, value in asked.items() if value})
    told = json.dumps(data, indent=2) if as_json else as_text(data, painted)
    click.echo(told, nl=as_json)
