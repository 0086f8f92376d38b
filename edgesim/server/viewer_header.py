"""Who the viewer is: the command line's defaults, and the `Edgesim-Viewer` header of a single request.

`Edgesim-Viewer: country=DE, device=mobile, ip=198.51.100.7, pop=FRA56-P3` is taken from loopback only, and never goes
any further.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from edgesim.distribution.findings import closest
from edgesim.errors import ConfigError
from edgesim.values.headers import list_items
from edgesim.values.viewer import TLS, Device, Viewer

HEADER = b"edgesim-viewer"

# The name a person would guess → the end of the CloudFront-Viewer-* header's name
PLACES = {
    "country": "country",
    "country-name": "country-name",
    "region": "country-region",
    "region-name": "country-region-name",
    "city": "city",
    "latitude": "latitude",
    "longitude": "longitude",
    "metro-code": "metro-code",
    "postal-code": "postal-code",
    "time-zone": "time-zone",
    "asn": "asn",
}
KEYS = ("ip", "pop", "device", "protocol", "http-version", *PLACES)


@dataclass(frozen=True, slots=True)
class ViewerDefaults:
    """What holds for every request that does not say otherwise. `ip` and `protocol` of None are the connection's."""

    ip: str | None = None
    protocol: str | None = None
    pop: str = "FRA56-P3"
    device: Device | None = None
    http_version: str | None = None
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    https_port: int | None = None


def parse_settings(pairs: Mapping[str, str], base: ViewerDefaults = ViewerDefaults()) -> ViewerDefaults:
    """The defaults with some of them replaced, by the names in KEYS. Raises ConfigError for anything else."""
    for name, value in pairs.items():
        base = _with_setting(base, name.strip().lower().replace("_", "-"), value.strip())
    return base


def _with_setting(base: ViewerDefaults, name: str, value: str) -> ViewerDefaults:
    if name in PLACES:
        text = _country(value) if name == "country" else value
        return replace(base, place=MappingProxyType({**base.place, PLACES[name]: text}))
    match name:
        case "ip":
            return replace(base, ip=_ip(value))
        case "pop":
            return replace(base, pop=_pop(value))
        case "device":
            return replace(base, device=_device(value))
        case "protocol":
            return replace(base, protocol=_one_of("protocol", value, ("http", "https")))
        case "http-version":
            return replace(base, http_version=_one_of("http-version", value, ("1.0", "1.1", "2.0", "3.0")))
    raise ConfigError(f"viewers have no setting {name!r}", closest(name, KEYS) or f"known: {', '.join(KEYS)}")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value.lower() not in allowed:
        raise ConfigError(f"viewer {name} is {value!r}", f"one of {', '.join(allowed)}")
    return value.lower()


def _device(value: str) -> Device:
    name = value.lower().replace("-", "").replace("_", "")
    return Device(_one_of("device", name, tuple(Device)))


_POP = re.compile(r"[A-Z]{3}[0-9]+(-[CP][0-9]+)?")


def _pop(value: str) -> str:
    """observed: an airport's three letters, a number, and mostly -C or -P with another number"""
    if not _POP.fullmatch(value.upper()):
        raise ConfigError(f"viewer pop is {value!r}", "an edge location such as FRA56-P3 or IAD89-C1")
    return value.upper()


def _country(value: str) -> str:
    if len(value) != 2 or not value.isascii() or not value.isalpha():
        raise ConfigError(f"viewer country is {value!r}", "two letters by ISO 3166, such as DE or US")
    return value.upper()


def _ip(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ConfigError(f"viewer ip is {value!r}", "an IPv4 or IPv6 address") from None


def parse_header(value: str, base: ViewerDefaults) -> ViewerDefaults:
    """The defaults as one request's `Edgesim-Viewer` changes them. Raises ConfigError."""
    pairs: dict[str, str] = {}
    for item in list_items([value]):
        name, equals, text = item.partition("=")
        if not equals:
            raise ConfigError(f"Edgesim-Viewer has {item!r} without a value", "write it as name=value, name=value")
        pairs[name] = text
    return parse_settings(pairs, base)


def viewer_of(
    defaults: ViewerDefaults,
    peer: tuple[str, int],
    scheme: str,
    http_version: str,
    tls: tuple[str, str] | None = None,
) -> Viewer:
    """The viewer of one connection. `tls` is the version and cipher that it uses, None for one in the clear."""
    return Viewer(
        ip=defaults.ip or peer[0],
        port=peer[1],
        protocol=defaults.protocol or scheme,
        http_version=defaults.http_version or http_version,
        place=defaults.place,
        device=defaults.device,
        pop=defaults.pop,
        https_port=defaults.https_port,
        tls=tls or TLS,
    )


def is_loopback(address: str) -> bool:
    """Does a peer's address belong to this machine?"""
    try:
        return ipaddress.ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False
