"""The origin that an origin-request function chose.

Source: lambda-event-structure. Ranges that other pages contradict are choices (distribution/choices.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from edgesim.distribution.choices import Choices, OriginTimeouts, Tls13
from edgesim.distribution.custom_headers import may_be_custom
from edgesim.distribution.model import Origin, OriginProtocolPolicy, S3Access
from edgesim.rules.function_event import origin_object, shows_identity
from edgesim.rules.function_headers import Rejected, read_headers, shown
from edgesim.rules.reasons import Rejection
from edgesim.values.headers import Field, wire

_DNS_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
)
_IP = re.compile(r"[0-9]+(\.[0-9]+){3}")
_PATH = re.compile(r"(/[^\x00-\x20\x7f?#]*(?<!/))?")
_SSL_PROTOCOLS = frozenset({"TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3"})


class _Offence(Exception):
    """Leaves the checks below at the first thing wrong; never leaves this module."""

    def __init__(self, detail: str, at: str) -> None:
        super().__init__(detail)
        self.rejected = Rejected(Rejection.ORIGIN, detail, at)


def chosen(value: object, origin: Origin, choices: Choices) -> Origin | Rejected:
    """The origin that `request.origin` of a result describes, or what is wrong with it. `origin` is the one that the
    function saw; if its protocol is settled (function_event.py), leaving it alone gives the very same."""
    unsettled = origin.s3 is None and origin.protocol_policy is OriginProtocolPolicy.MATCH_VIEWER
    if not unsettled and value == origin_object(origin, "", choices):
        return origin
    try:
        return _chosen(value, origin, choices)
    except _Offence as offence:
        return offence.rejected


def _chosen(value: object, origin: Origin, choices: Choices) -> Origin:
    # inferred: null is as good as absent, since it is what languages make of an attribute without a value
    kinds = [kind for kind in ("custom", "s3") if value.get(kind) is not None] if isinstance(value, dict) else []
    if not isinstance(value, dict) or len(kinds) != 1:
        raise _Offence("origin must have exactly one of custom and s3", "origin")
    kind, fields = kinds[0], value[kinds[0]]
    at = f"origin.{kind}"
    if not isinstance(fields, dict):
        raise _Offence(f"{at} is not an object", at)
    read = _custom if kind == "custom" else _s3
    return read(fields, origin, at, choices)


def _custom(fields: dict[str, Any], origin: Origin, at: str, choices: Choices) -> Origin:
    protocol = _one_of(fields, "protocol", {"http", "https"}, at)
    port = _port(fields.get("port"), at)
    return replace(
        origin,
        domain_name=_domain(fields, origin, at, longest=253),
        path=_path(fields, at),
        custom_headers=_custom_headers(fields, at, choices),
        s3=None,
        protocol_policy=OriginProtocolPolicy.HTTPS_ONLY if protocol == "https" else OriginProtocolPolicy.HTTP_ONLY,
        http_port=port if protocol == "http" else origin.http_port,
        https_port=port if protocol == "https" else origin.https_port,
        ssl_protocols=_ssl_protocols(fields.get("sslProtocols"), at, choices.tls_1_3),
        read_timeout=_seconds(fields, "readTimeout", at, choices.origin_timeouts),
        keepalive_timeout=_seconds(fields, "keepaliveTimeout", at, choices.origin_timeouts),
    )


def _s3(fields: dict[str, Any], origin: Origin, at: str, choices: Choices) -> Origin:
    method = _one_of(fields, "authMethod", {"origin-access-identity", "none"}, at)
    before = origin.s3 or S3Access()
    # Where none is shown beside `none`, leaving it out is no change
    region = fields.get("region") or (before.region if method == "none" and "region" not in fields else "")
    if not isinstance(region, str):
        raise _Offence("region is not a string", f"{at}.region")
    if method == "origin-access-identity":
        # documented: the same identity moves from S3 to S3, none can be had coming from a custom origin
        if not shows_identity(before, choices):
            raise _Offence("the configured origin has no origin access identity to use", f"{at}.authMethod")
        # A bucket's global domain name tells no region, so the function was not shown one either
        if not region and before.region:
            raise _Offence("origin-access-identity needs a region", f"{at}.region")
    domain = _domain(fields, origin, at, longest=128)
    if domain != domain.lower():
        raise _Offence("domainName of an S3 origin must be lower-case", f"{at}.domainName")
    return replace(
        origin,
        domain_name=domain,
        path=_path(fields, at),
        custom_headers=_custom_headers(fields, at, choices),
        s3=replace(
            before,
            origin_access_identity=before.origin_access_identity if method == "origin-access-identity" else "",
            region=region,
        ),
    )


def _domain(fields: dict[str, Any], origin: Origin, at: str, *, longest: int) -> str:
    """documented: a DNS name, no colon, no IP address; a local origin's own name may be any, as long as it stays"""
    name = fields.get("domainName")
    if name == origin.domain_name:
        return origin.domain_name
    if not isinstance(name, str) or len(name) > longest or not _DNS_NAME.fullmatch(name) or _IP.fullmatch(name):
        raise _Offence(
            f"domainName is {shown(name)}; it must be a DNS name of up to {longest} characters", f"{at}.domainName"
        )
    return name


_PATH_CHARS = 255


def _path(fields: dict[str, Any], at: str) -> str:
    """documented: empty, or starting with a slash and not ending with one; URL-encoded (so: no spaces, no query)"""
    path = fields.get("path")
    if isinstance(path, str) and len(path) <= _PATH_CHARS and _PATH.fullmatch(path):
        return wire(path)
    raise _Offence(f"path is {shown(path)}; it must be empty, or start with / and not end with it", f"{at}.path")


def _custom_headers(fields: dict[str, Any], at: str, choices: Choices) -> tuple[Field, ...]:
    value = fields.get("customHeaders")
    lines = read_headers(value if value is not None else {}, f"{at}.customHeaders", choices)
    if isinstance(lines, Rejected):
        raise _Offence(lines.detail, lines.at)
    for line in lines:
        if not may_be_custom(line.name):
            raise _Offence(f"{line.key} can't be a custom header", f"{at}.customHeaders")
    return tuple((line.key, wire(line.value)) for line in lines)


def _one_of(fields: dict[str, Any], name: str, allowed: set[str], at: str) -> str:
    value = fields.get(name)
    if isinstance(value, str) and value in allowed:
        return value
    raise _Offence(f"{name} is {shown(value)}; it must be {' or '.join(sorted(allowed))}", f"{at}.{name}")


def _port(value: object, at: str) -> int:
    """documented: 80, 443, or 1024 to 65535"""
    if isinstance(value, int) and not isinstance(value, bool) and (value in {80, 443} or 1024 <= value <= 65535):
        return value
    raise _Offence(f"port is {shown(value)}; it must be 80, 443, or from 1024 to 65535", f"{at}.port")


# documented, each on its page: cloudfront-limits now, lambda-event-structure in 2023
_SECONDS: dict[OriginTimeouts, dict[str, tuple[int, int]]] = {
    OriginTimeouts.QUOTA_PAGE: {"readTimeout": (1, 120), "keepaliveTimeout": (1, 120)},
    OriginTimeouts.EVENT_PAGE: {"readTimeout": (4, 60), "keepaliveTimeout": (1, 60)},
}


def _seconds(fields: dict[str, Any], name: str, at: str, rule: OriginTimeouts) -> float:
    value = fields.get(name)
    least, most = _SECONDS[rule][name]
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise _Offence(f"{name} is {shown(value)}; it must be a number from {least} to {most}", f"{at}.{name}")


def _ssl_protocols(value: object, at: str, rule: Tls13) -> tuple[str, ...]:
    allowed = _SSL_PROTOCOLS | {"TLSv1.3"} if rule is Tls13.ACCEPTED else _SSL_PROTOCOLS
    if isinstance(value, list) and value and all(isinstance(item, str) and item in allowed for item in value):
        return tuple(value)
    raise _Offence(f"sslProtocols is {shown(value)}; it must list TLS versions", f"{at}.sslProtocols")
