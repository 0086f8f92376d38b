"""`edgesim functions`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from edgesim.commands.control import ask, control_port_option, speaking
from edgesim.terminal import painted
from edgesim.values.text import printable


@click.command(short_help="List the running server's functions.")
@click.argument("what", metavar="[NAME|LOGICALID|ARN[:QUALIFIER]]", default="")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--recycle", is_flag=True, help="End their environments, those at work when they have answered.")
@control_port_option
@speaking
def functions(what: str, control_port: int | None, *, as_json: bool, recycle: bool) -> None:
    """List the functions of the running server: versions, aliases, ARN, code, environments.

    Saved code and settings that differ from the last version are published as the next one, as a deployment would (with
    SAM's AutoPublishAlias settings wait for the next code); the version that an association names is the first. A
    QUALIFIER is a version, an alias or $LATEST: where it leads is told too.

    --recycle makes the next call of each function (or of the one that is named) a cold start.
    """
    if recycle:
        _recycle(control_port, what, as_json=as_json)
        return
    found = ask(control_port, "GET", "/functions", params={"of": what} if what else {})
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if not found:
        click.echo("there are no functions")
    for number, function in enumerate(found):
        click.echo(("\n" if number else "") + "\n".join(_lines(function)))


def _recycle(control_port: int | None, what: str, *, as_json: bool) -> None:
    ended = ask(control_port, "POST", "/functions/recycle", json={"of": what} if what else {})
    if as_json:
        click.echo(json.dumps(ended, indent=2))
        return
    for name, count in ended.items():
        environments = f"{count} environment{'' if count == 1 else 's'}"
        click.echo(f"{printable(name)}: {environments} ended; the next call is a cold start")


def _lines(function: dict[str, Any]) -> Iterator[str]:
    runs_on = f", on {function['interpreter']}" if function["interpreter"] else ""
    name = painted(printable(function["name"]), "title")
    yield f"{name}  {function['runtime']}, {printable(function['handler'])}{runs_on}"
    details = list(_details(function))
    width = max(len(label) for label, _ in details)
    last = ""
    for label, text in details:
        shown = "" if label == last else label
        yield f"  {painted(shown.ljust(width), 'label')}  {printable(text)}"
        last = label


def _details(function: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "qualifier" in function:
        yield "leads to", f"{function['qualifier']} → {_routes(function['leadsTo'])}; below is the newest"
    yield "arn", function["arn"]
    yield "version", _version(function)
    if function["problem"]:
        yield "problem", function["problem"]
    yield "code", f"{function['codeSize']:,} bytes, sha256 {function['codeSha256']}"
    yield "settings", f"{function['memory']} MB, {function['timeout']:g} s"
    for trigger in function["triggers"]:
        yield "trigger", trigger
    for version in reversed(function["versions"]):
        yield "versions", f"{version['version']}  {version['publishedAt']}  {version['codeSha256']}"
    for alias in function["aliases"]:
        yield "aliases", f"{alias['name']} → {_routes(alias['leadsTo'])}"
    if function["queue"]:
        yield "queue", f"{function['queue']} wait for an environment"
    for one in function["environments"]:
        yield "environments", _environment(one)


def _version(function: dict[str, Any]) -> str:
    older = [version for version in function["serving"] if version != function["version"]]
    if not older:
        return str(function["version"])
    return f"{function['version']}, and {', '.join(older)} until the update is at every edge location"


def _routes(routes: list[dict[str, Any]]) -> str:
    """`3`, or `3 (90 %), 4 (10 %)`."""
    if len(routes) == 1:
        return str(routes[0]["version"])
    return ", ".join(f"{route['version']} ({route['weight'] * 100:.3g} %)" for route in routes)


def _environment(one: dict[str, Any]) -> str:
    pid = f", pid {one['pid']}" if one["pid"] else ""
    count = one["invocations"]
    ran = f"{count} invocation{'' if count == 1 else 's'}"
    state = "without a process" if one["state"] == "reset" else one["state"]
    return f"{one['name']}  {state} in {one['region']}, version {one['version']}{pid}, {ran}, {one['peakMb']} MB"
