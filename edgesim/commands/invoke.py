"""`edgesim invoke` and `edgesim event`. The options of sources and viewers are added in cli.py."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from edgesim.commands.control import speaking
from edgesim.commands.here import say_whose_source, with_template_here
from edgesim.commands.ready import run
from edgesim.errors import ConfigError
from edgesim.settings import Settings, find_config, read_config
from edgesim.values.headers import Field, wire
from edgesim.values.uri import split_target

if TYPE_CHECKING:
    from edgesim.distribution.model import Distribution, EdgeFunction, Trigger
    from edgesim.distribution.problems import Problem
    from edgesim.invoking import Asked, Laboratory, Report
    from edgesim.loaders import Loaded
    from edgesim.rules.given_event import GivenEvent

F = TypeVar("F", bound=Callable[..., Any])

_TRIGGERS = ("viewer-request", "origin-request", "origin-response", "viewer-response")


def _fields(context: Any, option: Any, values: tuple[str, ...]) -> tuple[Field, ...]:
    """A callback that reads `Name: value` options."""
    del context, option
    fields = []
    for value in values:
        name, colon, text = value.partition(":")
        if not colon or not name or name != name.strip() or not name.isascii() or "\n" in value:
            raise click.BadParameter(f"{value!r} is not 'Name: value'")
        fields.append((name, wire(text.strip())))
    return tuple(fields)


def _body(context: Any, option: Any, value: str | None) -> bytes | None:
    """A callback that reads a text, or @FILE."""
    del context, option
    if value is None or not value.startswith("@"):
        return value.encode() if value is not None else None
    try:
        return Path(value[1:]).read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{value[1:]} can't be read: {error.strerror}") from None


_OF_REQUESTS = ("url", "method", "header", "body", "include_body", "status", "response_header")


def _request_options(command: F) -> F:
    """The request that makes an event."""
    options = (
        click.option("--url", metavar="URL|PATH", help="What the viewer asks for.  [default: /]"),
        click.option("--method", metavar="METHOD", help="[default: GET; POST with --body]"),
        click.option("-H", "--header", multiple=True, callback=_fields, metavar="'NAME: VALUE'",
                     help="A header that the viewer sends."),
        click.option("--body", callback=_body, metavar="TEXT|@FILE", help="The request's body."),
        click.option("--include-body", is_flag=True, help="The function sees the body, whatever SOURCE says."),
        click.option("--status", type=click.IntRange(200, 599), metavar="STATUS",
                     help="What the origin answers.  [default: 200]"),
        click.option("--response-header", multiple=True, callback=_fields, metavar="'NAME: VALUE'",
                     help="A header that the origin answers with."),
        click.option("--source", metavar="SOURCE", help="Template or JSON, as for serve.  [default: edgesim.toml's, "
                     "else the template of this folder]"),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.argument("function", metavar="FUNCTION|PATH[:HANDLER]")
@click.option("--event", metavar="FILE|-", help="The event, as JSON; - reads it from stdin.")
@click.option("--trigger", type=click.Choice(_TRIGGERS), help="Make the event that a request has at this trigger.")
@_request_options
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON: verdict, result, log, event.")
@speaking
def invoke(function: str, event: str | None, trigger: str | None, *, as_json: bool, **flags: Any) -> None:
    """Run a function once, without a server, and judge its result as CloudFront would.

    FUNCTION is a function of SOURCE, by name or logical id, whether or not a distribution has it, or code as `serve
    --viewer-request` takes it, which needs no template of this folder. Its event is a file, or made of a request that
    takes the way through SOURCE: behavior, policies, forwarding, origin. Without a distribution there is one origin
    that gets everything. A path as --url is asked for over HTTPS where its behavior takes nothing else.

    \b
      edgesim invoke Auth --trigger viewer-request --url https://www.example.com/a?x=1 -H 'Cookie: id=7'
      edgesim invoke headers.py:handler --trigger origin-response --status 404 --response-header 'Server: x'
      edgesim event --trigger origin-request --url /a > event.json; edgesim invoke Auth --event event.json

    The function's log goes to stderr. Exits with 0 where CloudFront would take the result, with 1 where it would refuse
    it or the function failed, with 2 where the function is not reached. A result for an event that is none of
    CloudFront's is not judged.
    """
    settings = _settings(flags, function)
    if event is None and trigger is None:
        _say_which_event(function, settings)
    if event is not None and trigger is not None:
        raise click.UsageError("say either --event FILE or --trigger TRIGGER: an event has its trigger in it")
    if event is not None:
        _no_request(flags)
        found = _invoked_with(function, _read(event), settings, quiet=as_json)
    else:
        found = _invoked_at(function, trigger or "", settings, flags, quiet=as_json)
    _tell(found, as_json=as_json)


@click.option("--trigger", required=True, type=click.Choice(_TRIGGERS), help="Where a function would see it.")
@_request_options
@speaking
def event(trigger: str, **flags: Any) -> None:
    """Print the event that a function sees, as JSON: for `edgesim invoke`, or for tests of your own.

    The request takes the way through SOURCE: behavior, policies, forwarding, origin. Without SOURCE there is one origin
    that gets everything.

    \b
      edgesim event --trigger viewer-request --url https://www.example.com/a?x=1 --viewer-country DE
      edgesim event --trigger origin-request --source template.yaml --url /shop/ --method POST --body a=1 --include-body
      edgesim event --trigger origin-response --status 404 --response-header 'Content-Type: text/plain'
    """
    settings = _settings(flags)
    found = run(_made_event(trigger, _loaded(settings), settings, flags))
    if found.reached:
        raise ConfigError(f"there is no such event: {found.reached}", _way_to(found))
    click.echo(json.dumps(found.event, indent=2))


async def _made_event(at: str, loaded: Loaded, settings: Settings, flags: dict[str, Any]) -> Report:
    from edgesim.distribution.model import Code, EdgeFunction, Trigger
    from edgesim.invoking import Witness, chosen_distribution, report, send

    trigger, nobody, witness = Trigger(at), EdgeFunction("event", Code(), "", ""), Witness()
    asked = _asked(settings, flags)
    distribution = replace(chosen_distribution(loaded.distributions, asked, trigger, None), terms=settings.terms)
    asked = _by_the_protocol_that_gets_in(asked, distribution, settings)
    return report(nobody, witness, await send(asked, distribution, trigger, nobody, witness))


# ── what is asked ────────────────────────────────────────────────────────────


def _settings(flags: dict[str, Any], function: str = "") -> Settings:
    """What edgesim.toml and the options of sources and viewers say; takes these out of the flags. A `function` that is
    a file needs no template of this folder."""
    from edgesim.loaders.code import existing, split_spec

    source, config = flags.pop("source"), flags.pop("config")
    path = find_config(source or "", config)
    settings = read_config(path) if path is not None else Settings()
    say_whose_source(source, settings, path)
    of_request = {name: flags.pop(name) for name in _OF_REQUESTS}
    given = settings.given(source=source, **flags)
    flags.clear()
    flags.update(of_request)
    is_code = bool(function) and existing(Path(), split_spec(function)[0]) is not None
    return given if is_code else with_template_here(given)


def _say_which_event(name: str, settings: Settings) -> NoReturn:
    """What is missing, with the triggers that would suit the function."""
    from edgesim.invoking import find_function, triggers_of

    loaded = _loaded(settings, name)
    function = find_function(name, loaded)
    known = " and ".join(triggers_of(function, loaded.distributions))
    suits = f"; {settings.source} runs {function.name} at {known}" if known else ""
    raise click.UsageError(f"say either --event FILE or --trigger TRIGGER{suits}")


def _no_request(flags: dict[str, Any]) -> None:
    said = next((name for name in _OF_REQUESTS if flags[name]), None)
    if said is not None:
        raise click.UsageError(f"--{said.replace('_', '-')} goes with --trigger; an event says it all")


def _loaded(settings: Settings, function: str = "") -> Loaded:
    """The source, if there is one, with a function of it that is wanted. Its errors are told, and end it."""
    from edgesim.emulator import load_source
    from edgesim.loaders import Loaded

    if not settings.source:
        return Loaded()
    loaded = load_source(settings, function=function)
    if loaded.errors:
        _warn(loaded.errors)
        click.echo(f"edgesim: {settings.source} can't be used", err=True)
        sys.exit(2)
    return loaded


def _warn(problems: Iterable[Problem]) -> None:
    from edgesim.terminal import Terminal

    terminal = Terminal(sys.stderr)
    terminal.problems(problems)
    terminal.flush()


def _asked(settings: Settings, flags: dict[str, Any]) -> Asked:
    from edgesim.invoking import Asked
    from edgesim.server.viewer_header import parse_settings, viewer_of

    _say_what_no_viewer_sends(flags["header"])
    scheme, host, path, query = _target(flags["url"] or "/")
    body = flags["body"] or b""
    return Asked(
        (flags["method"] or ("POST" if body else "GET")).upper(),
        host,
        path,
        query,
        viewer_of(parse_settings(settings.viewer), ("127.0.0.1", 0), scheme, "1.1"),
        flags["header"],
        body,
        flags["status"] or 200,
        flags["response_header"],
        flags["include_body"],
    )


def _say_what_no_viewer_sends(fields: tuple[Field, ...]) -> None:
    """inferred, as the rule itself: CloudFront leaves these out of what a viewer sends"""
    from edgesim.rules.cloudfront_headers import PREFIX

    names = dict.fromkeys(name for name, _ in fields if name.lower().startswith(PREFIX))
    if names:
        said = "is CloudFront's own and left out: " if len(names) == 1 else "are CloudFront's own and left out: "
        how = "it adds those that a policy names, with values from --viewer-country, --viewer-device …"
        click.echo(f"edgesim: note: {', '.join(names)} {said}{how}", err=True)


def _target(url: str) -> tuple[str, str, str, str]:
    """Scheme, host, path and query string of a URL or a path; a path has no host. Raises ConfigError."""
    if any(character.isspace() for character in url):
        raise ConfigError(f"--url {url!r} has a space in it", "write it as %20")
    scheme, host, target = ("http", "", url) if url.startswith("/") else _parts(url)
    path, query = split_target(wire(target.partition("#")[0]))
    return scheme, host, path, query


def _parts(url: str) -> tuple[str, str, str]:
    scheme, colon, rest = url.partition("://")
    host = re.split("[/?#]", rest, maxsplit=1)[0]
    if scheme.lower() not in ("http", "https") or not colon or not host:
        raise ConfigError(f"--url {url!r} is neither a URL nor a path", "write https://www.example.com/a or /a")
    target = rest[len(host) :]
    return scheme.lower(), host, target if target.startswith("/") else f"/{target}"


def _read(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        event = json.loads(text)
    except OSError as error:
        raise ConfigError(f"{file} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{_named(file)} is not JSON: {error}", "edgesim event prints a sample") from None
    except RecursionError:
        raise _too_deep(file) from None
    if _is_deeper(event, _MOST_LEVELS):
        raise _too_deep(file)
    return event


_MOST_LEVELS = 500
"""Every reader of JSON on the way has a limit of about twice that. inferred: an event has less than ten"""


def _is_deeper(value: Any, most: int) -> bool:
    """Is a JSON value nested by more levels than that?"""
    level = [value]
    for _ in range(most):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        if not inner:
            return False
        level = [value for values in inner for value in values]
    return True


def _too_deep(file: str) -> ConfigError:
    message = f"{_named(file)} is nested by more than {_MOST_LEVELS} levels, which no event is"
    return ConfigError(message, "edgesim event prints a sample")


def _named(file: str) -> str:
    return "stdin" if file == "-" else file


# ── running it ───────────────────────────────────────────────────────────────


def _invoked_with(name: str, given: Any, settings: Settings, *, quiet: bool) -> Report:
    """The function run with an event that was given."""
    from edgesim.invoking import find_function

    shown = _shown(given)
    function = find_function(name, _loaded(settings, name))
    found: Report = run(_laboratory(function, settings, quiet=quiet).given(given, shown))
    return found


def _shown(event: Any) -> GivenEvent | None:
    from edgesim.rules.given_event import Foreign, Malformed, read_event

    match read_event(event):
        case Malformed(detail, at):
            raise ConfigError(f"CloudFront sends no such event: {detail} (at {at})", "edgesim event prints a sample")
        case Foreign():
            said = "this is no event of CloudFront's, so the result is not judged; edgesim event prints one"
            click.echo(f"edgesim: warning: {said}", err=True)
            return None
        case shown:
            return shown


def _invoked_at(name: str, at: str, settings: Settings, flags: dict[str, Any], *, quiet: bool) -> Report:
    """The function run with the event that a request makes."""
    from edgesim.distribution.model import Trigger
    from edgesim.invoking import chosen_distribution, find_function, runs_there

    trigger, loaded, asked = Trigger(at), _loaded(settings, name), _asked(settings, flags)
    function = find_function(name, loaded)
    distribution = replace(chosen_distribution(loaded.distributions, asked, trigger, function), terms=settings.terms)
    asked = _by_the_protocol_that_gets_in(asked, distribution, settings)
    _say_what_is_not_seen(trigger, flags)
    found: Report = run(_laboratory(function, settings, quiet=quiet).made(asked, distribution, trigger))
    if loaded.distributions and not runs_there(distribution, asked, trigger, function):
        said = f"{settings.source} does not run {function.name} at {at} of {asked.path}"
        click.echo(f"edgesim: note: {said}{'' if found.reached else '; it was run there all the same'}", err=True)
    if found.reached and (hint := _way_to(found)):
        click.echo(f"  hint: {hint}", err=True)
    if asked.body and "body" not in _request_of(found.event):
        click.echo("edgesim: note: the function does not see the body: --include-body shows it", err=True)
    return found


def _by_the_protocol_that_gets_in(asked: Asked, distribution: Distribution, settings: Settings) -> Asked:
    """A path leaves it open how a viewer asks for it: over HTTPS where its behavior takes nothing else, which is
    said."""
    from edgesim.invoking import over_https, wants_https

    if asked.host or "protocol" in settings.viewer or not wants_https(distribution, asked):
        return asked
    said = f"{asked.path} is asked for over HTTPS, since its cache behavior takes nothing else"
    click.echo(f"edgesim: note: {said}; --viewer-protocol http has it otherwise", err=True)
    return over_https(asked)


def _way_to(found: Report) -> str:
    """How a function is reached that was not; empty where the reason says it all."""
    from edgesim.rules.reasons import ArrivalReason

    wants_https = found.reached in (ArrivalReason.REDIRECTED_TO_HTTPS, ArrivalReason.HTTPS_ONLY)
    return "ask over HTTPS: --url https://…, or --viewer-protocol https" if wants_https else ""


def _say_what_is_not_seen(trigger: Trigger, flags: dict[str, Any]) -> None:
    """Options about what comes after this trigger."""
    if trigger.endswith("-response"):
        return
    for name in ("status", "response_header"):
        if flags[name]:
            said = f"--{name.replace('_', '-')} is about the origin's answer, which comes after {trigger}"
            click.echo(f"edgesim: note: {said}", err=True)


def _request_of(event: Any) -> dict[str, Any]:
    """The request in an event that edgesim made; where nothing was reached there is none."""
    records = event.get("Records") or [{"cf": {"request": {"body": None}}}]
    request: dict[str, Any] = records[0]["cf"]["request"]
    return request


def _laboratory(function: EdgeFunction, settings: Settings, *, quiet: bool) -> Laboratory:
    from edgesim.invoking import Laboratory
    from edgesim.server.viewer_header import parse_settings
    from edgesim.values.text import printable_lines

    def say(text: str) -> None:
        if not quiet:
            with suppress(BrokenPipeError):  # whoever read it went away; the function runs to its end
                click.echo("\n".join(printable_lines(text)), err=True)

    interpreters = {name: Path(program) for name, program in settings.runtimes.items()}
    pop = parse_settings(settings.viewer).pop
    return Laboratory(
        function,
        say,
        _warn,
        interpreters=interpreters,
        pop=pop,
        terms=settings.terms,
        relaxed=settings.relax,
        endpoints=settings.aws_endpoints,
    )


def _tell(found: Report, *, as_json: bool) -> None:
    from edgesim.commands.judgement import EXIT_CODES, as_data, as_text
    from edgesim.terminal import painted

    data = as_data(found)
    if as_json:
        click.echo(json.dumps(data, indent=2))
    else:
        click.echo(as_text(data, painted), nl=False)
    sys.exit(EXIT_CODES[data["verdict"]])
