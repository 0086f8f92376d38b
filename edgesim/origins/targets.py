"""Where an origin really is: an address to speak HTTP to, or a directory that plays an S3 bucket."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from edgesim.distribution.model import Origin, OriginProtocolPolicy
from edgesim.errors import ConfigError

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Url:
    """An HTTP server. `prefix` is empty or `/x` without a trailing slash and goes before the OriginPath.

    `verify` says whether its certificate is checked.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    verify: bool = True

    @property
    def https(self) -> bool:
        return self.scheme == "https"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory that plays an S3 bucket's REST endpoint."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


Target: TypeAlias = Url | Directory


def parse_target(text: str, relative_to: Path | None = None) -> Target:
    """A target as written after `--origin ID=` or `--resolve DOMAIN=`: an http or https URL, or a directory.

    Raises ConfigError.
    """
    return _url(text) if "://" in text else _directory(text, relative_to or Path())


def own_address(origin: Origin, *, https: bool) -> Url:
    """Where an origin is in the world: its domain, by its protocol policy. `https` is what the viewer used.

    documented: RequestAndResponseBehaviorS3Origin, an S3 bucket is asked with the viewer's protocol, over HTTPS where
    an access control always signs (private-content-restricting-access-to-s3)
    """
    if origin.s3 is not None:
        scheme = "https" if https or origin.s3.always_signs else "http"
        return Url(scheme, origin.domain_name, DEFAULT_PORTS[scheme])
    by_policy = {
        OriginProtocolPolicy.HTTP_ONLY: False,
        OriginProtocolPolicy.HTTPS_ONLY: True,
        OriginProtocolPolicy.MATCH_VIEWER: https,
    }
    if by_policy[origin.protocol_policy]:
        return Url("https", origin.domain_name, origin.https_port, verify=not is_loopback(origin.domain_name))
    return Url("http", origin.domain_name, origin.http_port)


def _directory(text: str, relative_to: Path) -> Directory:
    path = relative_to / Path(text).expanduser()
    if not text or not path.exists():
        raise ConfigError(
            f"{text or 'An empty text'} is neither a URL nor a directory that exists",
            hint="write http://localhost:3000 or ./public",
        )
    if not path.is_dir():
        raise ConfigError(f"{text} is a file, and an origin can only be a directory or a URL")
    return Directory(path.resolve())


def _url(text: str) -> Url:
    parts, port = _split(text)
    if parts.scheme not in DEFAULT_PORTS:
        raise ConfigError(f"{text} is no http or https URL", hint="write http://localhost:3000")
    if not parts.hostname:
        raise ConfigError(f"{text} names no host", hint="write http://localhost:3000")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigError(f"{text} may hold a host, a port and a path, but no user, query string or fragment")
    return Url(
        parts.scheme,
        parts.hostname,
        port or DEFAULT_PORTS[parts.scheme],
        prefix=parts.path.rstrip("/"),
        verify=not is_loopback(parts.hostname),
    )


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError as error:
        raise ConfigError(f"{text} is no valid URL: {error}") from error


def is_loopback(host: str) -> bool:
    """Does a host name or address stay on this machine? inferred: certificates there are self-signed, and the
    user named the server, so nothing is gained by checking them."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
