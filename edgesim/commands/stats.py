"""`edgesim stats`."""

from __future__ import annotations

import json

import click

from edgesim.commands.control import ask, control_port_option, speaking


@click.command(short_help="Show what functions did, and what that costs at AWS.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@control_port_option
@speaking
def stats(control_port: int | None, *, as_json: bool) -> None:
    """Show what the running server's functions did since it started, and what AWS would charge for it.

    For each function: invocations, errors, results that CloudFront refused, throttled calls, cold starts, percentiles
    of its latest durations (up to a thousand for each trigger and Region), the most memory used beside what is
    configured, billed milliseconds, GB-seconds, and Lambda@Edge's charge for requests and GB-seconds. CloudFront's own
    charges are left out. And how many requests were hits, misses and errors.

    \b
      edgesim stats
      edgesim stats --json
      curl http://127.0.0.1:8090/metrics        by trigger and Region, with concurrency, for Prometheus
    """
    from edgesim.logs.stats import as_text
    from edgesim.terminal import painted

    data = ask(control_port, "GET", "/stats")
    told = json.dumps(data, indent=2) if as_json else as_text(data, painted)
    click.echo(told, nl=as_json)
