"""The command line. Exit codes: 0 done, 1 asked for something that is not there, 2 the user's input can't be used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from edgesim import __version__
from edgesim.commands.access_log import access_log_options
from edgesim.commands.aws_endpoint import aws_endpoint_option
from edgesim.commands.cache import cache
from edgesim.commands.chaos import chaos_option
from edgesim.commands.check import check
from edgesim.commands.choices import choices
from edgesim.commands.clock import clock
from edgesim.commands.control import ask, control_port_option, speaking
from edgesim.commands.demo import demo
from edgesim.commands.functions import functions
from edgesim.commands.here import give_a_source, say_whose_source, with_template_here
from edgesim.commands.inspect import inspect_option
from edgesim.commands.invoke import event, invoke
from edgesim.commands.program import Program
from edgesim.commands.ready import run, say_ready
from edgesim.commands.reasons import reasons
from edgesim.commands.record import record
from edgesim.commands.relax import relax_option
from edgesim.commands.sign import sign
from edgesim.commands.stats import stats
from edgesim.commands.test import test
from edgesim.distribution.choices import chosen
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY
from edgesim.distribution.terms import edition
from edgesim.errors import ConfigError
from edgesim.settings import (
    DEFAULT_CONTROL_PORT,
    DEFAULT_PORT,
    Settings,
    check_ranges,
    find_config,
    parse_size,
    read_config,
)
from edgesim.values.durations import parse_duration

if TYPE_CHECKING:
    from edgesim.emulator import Emulator
    from edgesim.server.listeners import Listener

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

TRIGGERS = ("viewer-request", "origin-request", "origin-response", "viewer-response")


# ── values of options ────────────────────────────────────────────────────────


def _pairs(kind: str, *, empty: bool = False) -> Callable[[Any, Any, tuple[str, ...]], dict[str, str] | None]:
    """A callback that reads NAME=VALUE options. Repeated names: the last one counts. `empty` allows empty values."""

    def read(context: Any, option: Any, values: tuple[str, ...]) -> dict[str, str] | None:
        del context, option
        pairs: dict[str, str] = {}
        for value in values:
            name, equals, text = value.partition("=")
            if not equals or not name or not (text or empty):
                raise click.BadParameter(f"{value!r} is not {kind}")
            pairs[name] = text
        return pairs or None

    return read


def _size(context: Any, option: Any, value: str | None) -> int | None:
    del context, option
    try:
        return parse_size(value) if value is not None else None
    except ConfigError as error:
        raise click.BadParameter(f"{error}; {error.hint}") from None


def _span(context: Any, option: Any, value: str | None) -> float | None:
    del context, option
    try:
        return parse_duration(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _choices(context: Any, option: Any, values: tuple[str, ...]) -> dict[str, str] | None:
    pairs = _pairs("NAME=VALUE")(context, option, values)
    _checked(lambda: chosen(pairs or {}))
    return pairs


def _limits(context: Any, option: Any, value: str | None) -> str | None:
    del context, option
    return _checked(lambda: edition(value)).value if value is not None else None


def _checked(read: Callable[[], T]) -> T:
    """What it reads; what is wrong is the option's fault."""
    try:
        return read()
    except ConfigError as error:
        raise click.BadParameter(f"{error}; {error.hint}" if error.hint else str(error)) from None


_URL_OR_PATH = re.compile(r"https?://|[./~]")


def _split_origins(values: tuple[str, ...], *, with_source: bool) -> dict[str, Any]:
    """`--origin` means ID=TARGET where there is a source, and just TARGET where there is none."""
    if not values:
        return {}
    if not with_source:
        if _name_origins(values):
            raise click.UsageError(f"--origin {values[0]!r} is about an origin of a SOURCE, and none is given")
        if len(values) > 1:
            raise click.UsageError("without a SOURCE there is one origin: give --origin once")
        return {"origin": values[0]}
    mapped: dict[str, str] = {}
    for value in values:
        name, _, target = value.partition("=")
        if not _name_origins((value,)):
            raise click.UsageError(f"--origin {value!r} does not say which origin: write --origin ID={value}")
        mapped[name] = target
    return {"origins": mapped}


def _name_origins(values: tuple[str, ...]) -> bool:
    """Do these say ID=TARGET, each of them?"""
    pairs = ((value, *value.partition("=")) for value in values)
    return all(name and target and not _URL_OR_PATH.match(value) for value, name, _, target in pairs)


# ── commands ─────────────────────────────────────────────────────────────────


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="edgesim")
def main() -> None:
    """CloudFront and Lambda@Edge on your own machine.

    edgesim is a reverse proxy in front of a dev origin. It takes each request along CloudFront's path, runs your real
    Lambda@Edge functions in real execution environments, caches as CloudFront caches, and explains every answer.

    \b
      edgesim demo                          a running example, with requests to try
      edgesim serve template.yaml           the distribution you deploy, on port 8080
      edgesim explain last                  why the last answer was what it was
    """


def _source_options(command: F) -> F:
    """What `serve` and `check` have in common."""
    options = (
        click.option("--function", "functions", multiple=True, callback=_pairs("NAME=PATH[:HANDLER]"),
                     metavar="NAME=PATH[:HANDLER]", help="Where a function's code is, by function name or logical id."),
        click.option("--cache-policy", "cache_policies", multiple=True, callback=_pairs("ID=FILE"),
                     metavar="ID=FILE", help="A cache policy's JSON, as `aws cloudfront get-cache-policy` prints it."),
        click.option("--origin-request-policy", "origin_request_policies", multiple=True, callback=_pairs("ID=FILE"),
                     metavar="ID=FILE", help="An origin request policy's JSON."),
        click.option("--response-headers-policy", "response_headers_policies", multiple=True,
                     callback=_pairs("ID=FILE"), metavar="ID=FILE", help="A response headers policy's JSON."),
        click.option("--continuous-deployment-policy", "continuous_deployment_policies", multiple=True,
                     callback=_pairs("ID=FILE"), metavar="ID=FILE", help="A continuous deployment policy's JSON."),
        click.option("--staging", metavar="FILE", help="Beside JSON: that of the staging distribution."),
        click.option("--public-key", "public_keys", multiple=True, callback=_pairs("ID=FILE"),
                     metavar="ID=FILE", help="A public key of signed URLs and cookies, by its Key-Pair-Id: a PEM file. "
                     "`edgesim sign` has the other half."),
        click.option("--parameter", "parameters", multiple=True, callback=_pairs("NAME=VALUE", empty=True),
                     metavar="NAME=VALUE", help="A parameter of the template; AWS::Region and its like, too."),
        click.option("--limits", callback=_limits, metavar="EDITION",
                     help="AWS's limits and header lists as they are, or were: current or 2023.  [default: current]"),
        click.option("--choice", "choices", multiple=True, callback=_choices, metavar="NAME=VALUE",
                     help="What CloudFront does where AWS does not say: answer a question otherwise. `edgesim choices` "
                     "lists them."),
        click.option("--config", metavar="FILE", help="Settings file; default: edgesim.toml beside SOURCE."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _runtime_option(command: F) -> F:
    return click.option(
        "--runtime",
        "runtimes",
        multiple=True,
        callback=_pairs("RUNTIME=PROGRAM"),
        metavar="RUNTIME=PROGRAM",
        help="The program that runs a runtime, such as nodejs22.x=/opt/node22/bin/node.",
    )(command)


def _trigger_options(command: F) -> F:
    for trigger in reversed(TRIGGERS):
        command = click.option(
            f"--{trigger}",
            metavar="PATH[:HANDLER]",
            help=f"Without SOURCE: the function at {trigger.replace('-', ' ')}.",
        )(command)
    return command


def _viewer_options(command: F, *, ip: str = "the connection's", protocol: str = "what viewers really use") -> F:
    """Who viewers are. `ip` and `protocol` are what they have unless told."""
    options = (
        click.option("--pop", metavar="POP", help="The edge location, such as FRA56-P3 or IAD89-C1."),
        click.option("--viewer-ip", metavar="IP", help=f"The viewers' address.  [default: {ip}]"),
        click.option("--viewer-country", metavar="CC", help="The viewers' country, such as DE."),
        click.option("--viewer-city", metavar="NAME", help="The viewers' city."),
        click.option("--viewer-device", metavar="KIND", help="The viewers' device: desktop, mobile, tablet, smarttv, "
                     "android or ios.  [default: by User-Agent]"),
        click.option("--viewer-protocol", metavar="PROTOCOL",
                     help=f"Treat viewers as if they used this: http or https.  [default: {protocol}]"),
        click.option("--viewer", "viewer", multiple=True, callback=_pairs("NAME=VALUE"), metavar="NAME=VALUE",
                     help="Anything else about viewers: region, postal-code, time-zone, asn, http-version …"),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@click.argument("source", required=False)
@click.option(
    "--origin",
    "origin",
    multiple=True,
    metavar="ID=URL|DIRECTORY",
    help="A local server, or a directory that plays an S3 bucket, in the place of an origin. "
    "Of several distributions with that ID each has it; DISTRIBUTION.ID is one's. Without SOURCE: just the URL or "
    "directory.",
)
@click.option(
    "--s3-credentials",
    metavar="env|PROFILE",
    help="Sign requests to S3 origins with an access control or identity: with AWS_ACCESS_KEY_ID and its kin, or a "
    "profile of ~/.aws/credentials.  [default: unsigned]",
)
@click.option(
    "--resolve",
    multiple=True,
    callback=_pairs("DOMAIN=URL"),
    metavar="DOMAIN=URL",
    help="Send an origin domain to a local server; * is a wildcard. Host and events keep the real name.",
)
@_trigger_options
@click.option("--include-body", is_flag=True, default=None, help="Without SOURCE: request functions see the body.")
@_source_options
@click.option("--host", metavar="ADDRESS", help="Address to listen on for viewers.  [default: 127.0.0.1]")
@click.option("--port", type=int, metavar="PORT", help=f"Port for viewers.  [default: {DEFAULT_PORT}]")
@click.option(
    "--https-port", type=int, metavar="PORT", help="Port for viewers with HTTPS; the certificate is made on the spot."
)
@click.option(
    "--control-port",
    type=int,
    metavar="PORT",
    help="Port for explain, invalidate, functions, stats and Prometheus, on 127.0.0.1.  "
    f"[default: {DEFAULT_CONTROL_PORT}]",
)
@_viewer_options
@click.option(
    "--cache-size",
    callback=_size,
    metavar="SIZE",
    help="Most bytes that the cache takes; the least recently used objects make room, and one larger than a quarter of "
    "it is not stored.  [default: 256MiB]",
)
@click.option(
    "--environments",
    type=click.IntRange(1),
    metavar="N",
    help="Execution environments that a function may "
    "have at once; more requests wait.  [default: by the number of processors]",
)
@chaos_option
@click.option(
    "--propagation",
    callback=_span,
    metavar="SECONDS",
    help="An update reaches each edge location at some instant within this span; until then the old version answers "
    "there.  [default: 0]",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    metavar="N",
    help="Invocations that may run at once; more are throttled, as beyond the account's quota.  "
    f"[default: {ACCOUNT_CONCURRENCY}]",
)
@relax_option
@inspect_option
@_runtime_option
@aws_endpoint_option
@click.option(
    "--reload/--no-reload", default=None, help="Take in saved functions and templates at once.  [default: on]"
)
@click.option(
    "--log-dir", metavar="DIR", help="Keep the functions' logs: DIR/REGION/LOG GROUP/STREAM.  [default: nowhere]"
)
@access_log_options
@click.option("--quiet", is_flag=True, default=None, help="No line for each request, no function output.")
@speaking
def serve(source: str | None, origin: tuple[str, ...], config: str | None, **flags: Any) -> None:
    """Answer viewers as the distribution in SOURCE would.

    SOURCE is a CloudFormation or SAM template, or the JSON that `aws cloudfront get-distribution-config` prints.
    Several distributions in one template are told apart by Host: their alias, or LOGICALID.localhost. Without
    SOURCE, one distribution is made of --origin and the functions given for the triggers; without these, or with
    --origin ID=…, the template of this folder is served:

    \b
      edgesim serve template.yaml --origin site=http://localhost:3000 --origin assets=./public
      edgesim serve --origin http://localhost:3000 --viewer-request auth.mjs --origin-response headers.py:handler

    A single request can say who its viewer is (from this machine only):

    \b
      curl -H 'Edgesim-Viewer: country=DE, device=mobile, ip=198.51.100.7, pop=FRA56-P3' localhost:8080/
    """
    from edgesim import serving
    from edgesim.terminal import Terminal

    settings = _settings(source, origin, config, flags)
    terminal = Terminal(quiet=settings.quiet)

    def ready(emulator: Emulator, listeners: list[Listener]) -> None:
        say_ready(terminal, settings, emulator, listeners)

    run(serving.serve(settings, terminal, ready=ready))


def _settings(source: str | None, origin: tuple[str, ...], config: str | None, flags: dict[str, Any]) -> Settings:
    """Flags over the configuration file over the defaults."""
    path = find_config(source or "", config)
    settings = read_config(path) if path is not None else Settings()
    say_whose_source(source, settings, path)
    triggers = {name: flags.pop(name.replace("-", "_"), None) for name in TRIGGERS}
    given = {name: text for name, text in triggers.items() if text is not None}
    if _name_origins(origin) and not (source or given or settings.origin or settings.triggers):
        settings = with_template_here(settings)
    with_source = bool(source or settings.source)
    if with_source and given:
        raise click.UsageError(
            f"--{next(iter(given))} goes without SOURCE; the template says which functions run where"
        )
    settings = settings.given(
        source=source,
        triggers=given or None,
        viewer=_viewer(flags),
        **_split_origins(origin, with_source=with_source),
        **flags,
    )
    if not settings.source and not settings.origin:
        hint = give_a_source(", or --origin URL|DIRECTORY; edgesim serve --help")
        raise ConfigError("there is nothing to serve", hint)
    check_ranges(settings)
    return settings


def _viewer(flags: dict[str, Any]) -> dict[str, str] | None:
    named = {
        name: flags.pop(flag, None)
        for flag, name in (
            ("pop", "pop"),
            ("viewer_ip", "ip"),
            ("viewer_country", "country"),
            ("viewer_city", "city"),
            ("viewer_device", "device"),
            ("viewer_protocol", "protocol"),
        )
    }
    given = {**(flags.pop("viewer", None) or {}), **{name: text for name, text in named.items() if text is not None}}
    return given or None


main.command()(click.argument("source", required=False)(_source_options(check)))


@main.command()
@click.argument("what", metavar="URL|REQUEST-ID|last", default="last")
@click.option("--json", "as_json", is_flag=True, help="Print the transcript as JSON.")
@control_port_option
@speaking
def explain(what: str, control_port: int | None, *, as_json: bool) -> None:
    """Tell why an answer of the running server was what it was.

    Every station of the request: what was decided there and because of what, the cache key in its parts, where the TTL
    came from, what each function changed, and how long it took. A path such as /a.css?x=1 does for a URL.
    """
    from edgesim.logs.explain_text import as_text
    from edgesim.terminal import painted

    data = ask(control_port, "GET", "/transcript", params={"of": what})
    click.echo(json.dumps(data, indent=2) if as_json else as_text(data, painted), nl=as_json)


@main.command()
@click.argument("paths", metavar="PATH|#TAG...", nargs=-1, required=True)
@click.option("--distribution", metavar="NAME", help="Only this distribution, by logical id or id; default: all.")
@control_port_option
@speaking
def invalidate(paths: tuple[str, ...], distribution: str | None, control_port: int | None) -> None:
    """Drop objects from the running server's cache.

    PATH starts with / and may end in * for everything that begins so: '/images/*', or '/*' for all. A path without *
    drops the object without a query string; '/a*' drops '/a?x=1' too. '#TAG' drops what the origin gave that tag, in
    the header that CacheTagConfig names; quote it, or the shell takes it for a comment.
    """
    asked = {"paths": list(paths), **({"distribution": distribution} if distribution else {})}
    answer = ask(control_port, "POST", "/invalidations", json=asked)
    count = answer["invalidated"]
    click.echo(f"invalidated {count} {'object' if count == 1 else 'objects'}")
    for path in paths:
        if path.startswith("#") and "*" in path:
            click.echo(f"note: {path}: tags have no wildcard, * stands for itself", err=True)
        elif "*" in path[:-1]:
            click.echo(
                f"note: {path}: * is a wildcard as the last character only, elsewhere it stands for itself", err=True
            )
    for sentence in answer.get("alike", ()):
        click.echo(f"note: {sentence}", err=True)
    for name in answer.get("untagged", ()):
        click.echo(f"note: {name} has no CacheTagConfig, so none of its objects has a tag", err=True)


main.add_command(cache)
main.add_command(clock)


def _with_viewer(command: F) -> F:
    """Gathers the options of viewers into one, `viewer`."""

    @wraps(command)
    def gathered(**flags: Any) -> None:
        command(viewer=_viewer(flags), **flags)

    return cast("F", gathered)


def _of_one_request(command: F, short_help: str, *options: Callable[[F], F]) -> None:
    """A command about one request: its own options come first, then those that it shares with `serve`."""
    own = {param.name for param in getattr(command, "__click_params__", ())}
    command = _with_viewer(command)
    for option in options:
        command = option(command)
    command = _source_options(_viewer_options(command, ip="127.0.0.1", protocol="--url's"))
    made = main.command(short_help=short_help)(command)
    made.params.sort(key=lambda param: param.name not in own)


_of_one_request(invoke, "Run a function once, without a server.", aws_endpoint_option, relax_option, _runtime_option)
_of_one_request(event, "Print the event that a function sees.")
main.add_command(stats)
main.add_command(functions)


main.add_command(demo)
main.add_command(test)
main.add_command(record)
main.add_command(choices)
main.add_command(sign)
main.add_command(reasons)


if __name__ == "__main__":
    main()
