"""`edgesim record`."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgesim.commands.control import control_port_of, speaking
from edgesim.errors import ConfigError
from edgesim.settings import DEFAULT_CONTROL_PORT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgesim.scenario.recording.recorded import Exchange, Recorded, Wishes

_SUFFIX = ".scenario.yaml"
_PORT = 8070
_WIDTH = 110
"""Characters of a line of comment."""


def _seconds(context: click.Context, option: click.Parameter, value: str) -> float:
    del context, option
    from edgesim.values.durations import parse_duration

    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("what", metavar="URL|FILE.har")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help=f"The scenario to write.  [default: recorded{_SUFFIX}; of capture.har, capture{_SUFFIX}; "
    f"where that is there already, the same with -2, -3 …]",
)
@click.option("--force", is_flag=True, help="With -o: overwrite FILE where it is there already.")
@click.option("--title", metavar="TEXT", help="The scenario's title.")
@click.option("--distribution", metavar="SOURCE", help="The distribution to play it with; default: one made to fit.")
@click.option("--port", type=int, metavar="PORT", default=_PORT, show_default=True, help="URL: the port to listen on.")
@click.option(
    "--bind", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="URL: the address to listen on."
)
@click.option("--keep-host", is_flag=True, help="URL: send the viewer's Host on; default: the server's own.")
@click.option(
    "--control-port",
    type=int,
    metavar="PORT",
    help="URL: the control port of the edgesim there, if it is one.  "
    f"[default: edgesim.toml's, else {DEFAULT_CONTROL_PORT}]",
)
@click.option("--host", metavar="HOST", help="FILE.har: whose requests; default: those of the host with most.")
@click.option(
    "--gap",
    default="5s",
    show_default=True,
    callback=_seconds,
    metavar="DURATION",
    help="Pauses shorter than this are left out.",
)
@click.option("--all-headers", is_flag=True, help="Also the request headers that every browser sends.")
@click.option(
    "--keep", multiple=True, metavar="NAME", help="A header, cookie or parameter that is neither masked nor left out."
)
@click.option("--keep-secrets", is_flag=True, help="Mask nothing.")
@speaking
def record(what: str, **asked: Any) -> None:
    """Make a scenario of real traffic.

    URL is a running server: edgesim serve, a dev server, a distribution. A proxy in front of it passes everything on
    and writes the scenario when it is ended with Ctrl-C. Redirects to the server itself lead back to the proxy; where
    it redirects to HTTPS, record its https address. FILE.har is what a browser or a proxy has saved.

    \b
      edgesim record http://localhost:8080              then browse http://127.0.0.1:8070, then Ctrl-C
      edgesim record https://d123.cloudfront.net -o shop.scenario.yaml --distribution template.yaml
      edgesim record capture.har --host www.example.com

    What is secret (cookies, Authorization, tokens) is masked, the same everywhere, and what differs each time (dates,
    ids) is left out or becomes a pattern.
    """
    output = _output(asked.pop("output"), what, force=asked["force"])
    wishes = _wishes(what, output, asked)
    exchanges: Iterable[Exchange]
    if what.startswith(("http://", "https://")):
        exchanges = _from_server(what, asked)
    else:
        exchanges, wishes = _from_har(what, asked["host"], wishes)
    _write(exchanges, wishes, output, what, force=asked["force"])


def _output(wanted: str | None, what: str, *, force: bool) -> Path:
    """The file that was asked for, or one that is not there yet. Raises ConfigError for one that would be lost."""
    if wanted is not None:
        path = Path(wanted)
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise ConfigError(
                f"{wanted} can't be written: {'it' if path.is_dir() else 'its folder'} is "
                f"{'a folder' if path.is_dir() else 'not there'}"
            )
        if path.exists() and not force:
            raise ConfigError(f"{wanted} is there already", "--force overwrites it; without -o a new name is found")
        return path
    return _new(Path(f"{'recorded' if '://' in what else Path(what).stem}{_SUFFIX}"))


def _new(wanted: Path, suffix: str = _SUFFIX) -> Path:
    """This path, or one like it that is not there yet."""
    stem = wanted.name.removesuffix(suffix)
    names = (f"{stem}{f'-{number}' if number > 1 else ''}{suffix}" for number in range(1, sys.maxsize))
    return next(path for path in map(wanted.with_name, names) if not path.exists())


def _stem(output: Path) -> str:
    name = output.name
    return name.removesuffix(_SUFFIX) if name.endswith(_SUFFIX) else output.stem


def _wishes(what: str, output: Path, asked: dict[str, Any]) -> Wishes:
    from edgesim.scenario.recording.recorded import Wishes

    return Wishes(
        title=asked["title"] or f"recorded from {what.partition('://')[2].rstrip('/') or Path(what).name}",
        distribution=_distribution(asked["distribution"], output),
        gap=asked["gap"],
        all_headers=asked["all_headers"],
        keep_secrets=asked["keep_secrets"],
        keep=frozenset(name.lower() for name in asked["keep"]),
        bodies=_bodies(output, force=asked["force"]),
    )


def _bodies(output: Path, *, force: bool) -> str:
    """The folder for bodies: a new one, unless everything may be overwritten."""
    wanted = output.with_name(f"{_stem(output)}-bodies")
    return (wanted if force else _new(wanted, "")).name


def _distribution(source: str | None, output: Path) -> str | None:
    """The source's path from the scenario's folder."""
    if source is None:
        return None
    if not Path(source).exists():
        raise ConfigError(f"there is no {source}", "--distribution takes any SOURCE that edgesim serve takes")
    return Path(os.path.relpath(Path(source).resolve(), output.absolute().parent.resolve())).as_posix()


# ── where it comes from ──────────────────────────────────────────────────────


def _from_server(url: str, asked: dict[str, Any]) -> list[Exchange]:
    from edgesim import recording, serving
    from edgesim.origins.targets import Url, parse_target
    from edgesim.terminal import Terminal

    target = parse_target(url)
    if not isinstance(target, Url) or target.prefix:
        raise ConfigError(f"{url} has a path", "give the server alone, such as http://localhost:8080")
    server = recording.Server(target, asked["keep_host"])
    terminal = Terminal()

    def ready(port: int) -> None:
        here = terminal.paint(f"http://{asked['bind']}:{port}", bold=True)
        terminal.say(f"recording {target} on {here}; Ctrl-C writes the scenario")

    return serving.run(
        recording.record(
            server,
            terminal,
            host=asked["bind"],
            port=asked["port"],
            control_port=asked["control_port"],
            default_control_port=control_port_of(asked["control_port"]),
            ready=ready,
        )
    )


def _from_har(file: str, host: str | None, wishes: Wishes) -> tuple[Iterable[Exchange], Wishes]:
    from dataclasses import replace

    from edgesim.scenario.recording.har import HarError, read_har

    try:
        text = Path(file).read_text(encoding="utf-8")
        har = read_har(text, host)
    except OSError as error:
        hint = "a server is written http://localhost:8080" if not Path(file).exists() else ""
        raise ConfigError(f"{file} can't be read: {error.strerror}", hint) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is no HAR: byte {error.start} is no text in UTF-8") from None
    except HarError as error:
        raise ConfigError(f"{file}: {error}", error.hint) from None
    click.echo(f"{_count(len(har.exchanges), 'request')} to {har.host}{'' if host else ', the host with the most'}")
    if har.others:
        names = ", ".join(f"{name} ({count})" for name, count in har.others.items())
        click.echo(f"{_count(sum(har.others.values()), 'request')} to other hosts left out: {names}")
    for note in har.notes:
        click.echo(note)
    named = wishes.title == f"recorded from {Path(file).name}"
    return har.exchanges, replace(wishes, title=f"recorded from {har.host}") if named else wishes


# ── where it goes to ─────────────────────────────────────────────────────────


def _write(exchanges: Iterable[Exchange], wishes: Wishes, output: Path, what: str, *, force: bool) -> None:
    from edgesim.scenario.recording.recorded import recorded
    from edgesim.scenario.recording.write_yaml import write_yaml

    result = recorded(exchanges, wishes)
    for note in result.notes:
        click.echo(note)
    if not result.requests:
        click.echo("edgesim: no request was recorded, so there is no scenario to write", err=True)
        sys.exit(1)
    if output.exists() and not force:
        click.echo(f"{output} has come into being meanwhile, and stays as it is")
        output = _new(output, _SUFFIX if output.name.endswith(_SUFFIX) else output.suffix)
    text = write_yaml(result.document, _comments(result, wishes, output, what))
    try:
        for name, data in result.files.items():
            path = output.parent / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigError(f"{error.filename} can't be written: {error.strerror}") from None
    _say_written(result, output, wishes)


_SEEN_MASKED = "a function that checks what is masked, as for a sign-in, may answer otherwise when this is played"


def _comments(result: Recorded, wishes: Wishes, output: Path, what: str) -> list[str]:
    lines = [f"Recorded by `edgesim record` from {what}. Play it: edgesim test {output.name}"]
    if result.masked:
        lines.append(f"Masked: {', '.join(result.masked)}.")
        lines += textwrap.wrap(f"{_SEEN_MASKED[0].upper()}{_SEEN_MASKED[1:]}.", _WIDTH) if wishes.distribution else []
    lines += (line for caveat in result.caveats for line in textwrap.wrap(caveat, _WIDTH))
    if wishes.distribution:
        return lines
    return [*lines, "The distribution is one that fits what was seen; put your own in its place: distribution: FILE"]


def _say_written(result: Recorded, output: Path, wishes: Wishes) -> None:
    files = f", with {_count(len(result.files), 'body', 'bodies')} in {wishes.bodies}/" if result.files else ""
    click.echo(f"wrote {output}: {_count(result.requests, 'request')}{files}")
    if result.masked:
        click.echo(f"  masked: {', '.join(result.masked)} (--keep NAME leaves one as it is, --keep-secrets all)")
        if wishes.distribution:
            click.echo(f"  {_SEEN_MASKED}")
    for caveat in result.caveats:
        click.echo(f"  {caveat}")
    click.echo(f"  edgesim test {output}")


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
