"""`edgesim sign`: signed URLs and signed cookies, and key pairs to make them with."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import click

from edgesim.commands.control import ask_quietly, control_port_option, no_server, speaking
from edgesim.driver.clock import SystemClock
from edgesim.errors import ConfigError
from edgesim.signatures.keys import new_key_pair, public_half
from edgesim.signatures.signing import Signer, as_cookies, signed, with_parameters
from edgesim.values.durations import parse_duration
from edgesim.values.instant import Instant, iso_utc
from edgesim.values.signed import HASHES, Grant

_LEAST_EPOCH = 10**8
"""A plain number from here on is a time (1973 and later), below it a span."""


@click.command()
@click.argument("url", required=False)
@click.option("--key-pair-id", metavar="ID", help="By which CloudFront knows the key: serve --public-key ID=FILE.")
@click.option("--private-key", metavar="FILE", help="The private key, in PEM form.")
@click.option(
    "--expires",
    default="1h",
    show_default=True,
    metavar="SPAN|DATE",
    help="In 30m, in 3600 seconds, or at 2030-01-01T00:00:00Z; a number from 100000000 on is a time, in seconds since "
    "1970.",
)
@click.option("--starts", metavar="SPAN|DATE", help="From when on. Makes the policy a custom one, as do the next two.")
@click.option("--ip", metavar="CIDR", help="For viewers with this IPv4 address, or in this range.")
@click.option("--resource", metavar="PATTERN", help="For all URLs that fit: 'http://localhost:8080/films/*'.")
@click.option("--hash", "hashed", type=click.Choice([name.lower() for name in HASHES]), default=HASHES[0].lower(),
              help="What is signed.  [default: sha1]")  # fmt: skip
@click.option("--cookies", is_flag=True, help='Print a Cookie header in the place of the URL: curl -H "$(…)".')
@click.option("--set-cookies", is_flag=True, help="Print the Set-Cookie headers that an application would send.")
@click.option("--new-key", metavar="FILE", help="Make a key pair: FILE, and FILE's name with .pub.pem for CloudFront.")
@control_port_option
@click.option("--ecdsa", is_flag=True, help="With --new-key: ECDSA P-256 rather than RSA 2048.")
@speaking
def sign(
    url: str | None,
    key_pair_id: str | None,
    private_key: str | None,
    expires: str,
    starts: str | None,
    ip: str | None,
    resource: str | None,
    hashed: str,
    new_key: str | None,
    control_port: int | None,
    *,
    cookies: bool,
    set_cookies: bool,
    ecdsa: bool,
) -> None:
    """Sign a URL for a behavior with trusted signers.

    The result is what AWS's own signers make: a canned policy, or a custom one where it has to say more.

    \b
      edgesim sign --new-key key.pem
      edgesim serve template.yaml --public-key MyKey=key.pub.pem
      edgesim sign http://localhost:8080/film.mp4 --key-pair-id MyKey --private-key key.pem

    MyKey is the logical id of the template's AWS::CloudFront::PublicKey, or the id of a key that AWS has. Sign the URL
    that the viewer will use: protocol, host and port belong to it. Spans count from the running server's time, which
    `edgesim clock` moves, and where none runs from the machine's.
    """
    if new_key is not None:
        if url is not None:
            raise click.UsageError("--new-key goes without a URL: make the key first")
        _make_key(Path(new_key), ecdsa=ecdsa)
        return
    if url is None or key_pair_id is None or private_key is None:
        raise click.UsageError(_missing(url, key_pair_id, private_key))
    now = _now(control_port)
    grant = Grant(
        _moment(expires, now, "--expires"),
        _checked_resource(resource),
        None if starts is None else _moment(starts, now, "--starts"),
        None if ip is None else _network(ip),
    )
    checked, signer = _checked_url(url), Signer(key_pair_id, _text(private_key), hashed.upper())
    try:
        parameters = signed(checked, grant, signer)
    except ConfigError as error:
        raise ConfigError(f"{private_key}: {error}", error.hint) from None
    if grant.expires <= now:
        said = f"{_iso(grant.expires)}, and that is over: it is {_iso(int(now))}"
        click.echo(f"edgesim: note: what is signed here expires at {said}", err=True)
    click.echo("\n".join(_told(url, parameters, cookies=cookies, set_cookies=set_cookies)))


def _now(control_port: int | None) -> Instant:
    """The time of the server that runs, which its clock may have moved; else the machine's."""
    told = ask_quietly(control_port, "/clock").get("now")
    if isinstance(told, str):
        with suppress(ValueError):  # it is no edgesim that answers there
            return Instant(datetime.fromisoformat(told).timestamp())
    if control_port is not None:
        raise no_server(control_port)
    return SystemClock().now()


def _iso(seconds: int) -> str:
    return iso_utc(Instant(float(seconds)))


def _missing(url: str | None, key_pair_id: str | None, private_key: str | None) -> str:
    given = {"a URL": url, "--key-pair-id": key_pair_id, "--private-key": private_key}
    *most, last = [name for name, value in given.items() if value is None]
    names = f"{', '.join(most)} and {last}" if most else last
    return f"give {names}; --new-key FILE makes a key pair, and serve says which ids the template trusts"


def _told(url: str, parameters: list[tuple[str, str]], *, cookies: bool, set_cookies: bool) -> Iterator[str]:
    pairs = [f"{name}={value}" for name, value in as_cookies(parameters)]
    if cookies:
        yield f"Cookie: {'; '.join(pairs)}"
    if set_cookies:
        # documented: private-content-signed-cookies recommends Secure and HttpOnly, and no Expires
        secure = "; Secure" if url.startswith("https:") else ""
        yield from (f"Set-Cookie: {pair}; Path=/{secure}; HttpOnly" for pair in pairs)
    if not cookies and not set_cookies:
        yield with_parameters(url, parameters)


# ── what was given ───────────────────────────────────────────────────────────


def _moment(text: str, now: Instant, option: str) -> int:
    """A span from now, a date, or seconds since 1970. Raises ConfigError."""
    if text.isascii() and text.isdecimal() and int(text) >= _LEAST_EPOCH:
        return int(text)
    try:
        return int(now + (-parse_duration(text[1:]) if text.startswith("-") else parse_duration(text)))
    except ValueError:
        pass
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option} can't be {text!r}", "write 30m, 2030-01-01T00:00:00Z or seconds since 1970"
        ) from None
    return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())


def _network(text: str) -> str:
    try:
        IPv4Network(text)
    except ValueError:
        raise ConfigError(f"--ip can't be {text!r}", "an IPv4 address, or a range such as 192.0.2.0/24") from None
    return text


def _checked_url(url: str) -> str:
    protocol, separator, rest = url.partition("://")
    if protocol not in ("http", "https") or not separator or not rest.partition("/")[0]:
        raise ConfigError(f"{url} is no http or https URL", "write http://localhost:8080/film.mp4")
    if "/" not in rest:
        raise ConfigError(f"{url} has no path", f"viewers ask for {url}/, so sign that")
    return url


def _checked_resource(resource: str | None) -> str | None:
    """documented: http://, https://, *:// or a leading asterisk"""
    if resource is not None and not resource.startswith(("http://", "https://", "*")):
        hint = f"write http://localhost:8080/{resource.lstrip('/')}, or *://*/{resource.lstrip('/')}"
        raise ConfigError(f"--resource can't be {resource!r}: it begins with http://, https:// or *", hint)
    return resource


def _text(file: str) -> str:
    try:
        return Path(file).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is no private key in PEM form") from None


# ── a new key pair ───────────────────────────────────────────────────────────


def _make_key(path: Path, *, ecdsa: bool) -> None:
    """Write both halves; the private one for its owner alone. Raises ConfigError."""
    private, public = path, path.with_suffix(".pub.pem")
    for one in (private, public):
        if one.exists():
            raise ConfigError(f"{one} exists already, and a key that is overwritten is lost", "name another file")
    pem = new_key_pair(ecdsa=ecdsa)
    try:
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(pem)
        public.write_text(public_half(pem), encoding="ascii")
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from None
    id_and_file = shlex.quote(f"MyKey={public}")
    click.echo(f"{private} and {public} are written. Trust the pair:")
    click.echo(f"  edgesim serve … --public-key {id_and_file}")
    click.echo("  edgesim sign http://localhost:8080/… --key-pair-id MyKey --private-key " + shlex.quote(str(private)))
