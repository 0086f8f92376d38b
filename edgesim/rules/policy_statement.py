"""Policies of signed URLs and cookies, read: what they grant.

Source: private-content-creating-signed-url-custom-policy, "Create a policy statement".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Any

from edgesim.values.headers import wire
from edgesim.values.signed import Grant

LAST_EPOCH = 2**63 - 1
"""documented: a 64-bit integer"""


class Malformed(Exception):
    """A policy that CloudFront can't read."""


def canned(url: str, expires: str) -> Grant:
    """What a canned policy grants. Raises Malformed where Expires is no time."""
    if not expires.isascii() or not expires.isdecimal() or len(expires) > len(str(LAST_EPOCH)):
        raise Malformed
    return Grant(_epoch(int(expires)), url)


def statement(policy: bytes) -> Grant:
    """What a custom policy grants. Raises Malformed.

    documented: one statement, DateLessThan required; inferred: members that there are not are not read
    """
    whole = _object(_json(policy))
    statements = whole.get("Statement")
    if isinstance(statements, list):
        if len(statements) != 1:
            raise Malformed
        statements = statements[0]
    one = _object(statements)
    condition = _object(one.get("Condition"))
    resource = one.get("Resource")
    if resource is not None and not isinstance(resource, str):
        raise Malformed
    starts = condition.get("DateGreaterThan")
    return Grant(
        _epoch(_object(condition.get("DateLessThan")).get("AWS:EpochTime")),
        None if resource is None else wire(resource),
        None if starts is None else _epoch(_object(starts).get("AWS:EpochTime")),
        _ip(condition.get("IpAddress")),
    )


_LONE_BACKSLASH = re.compile(rb"(?<!\\)\\\?")


def _json(policy: bytes) -> object:
    """documented: UTF-8. inferred: the guide's examples have `\\?` in a Resource, which is no JSON by itself, and is
    taken for the `\\\\?` that is meant"""
    try:
        return json.loads(_LONE_BACKSLASH.sub(rb"\\\\?", policy))
    except (ValueError, RecursionError):
        raise Malformed from None


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed
    return value


def _epoch(value: object) -> int:
    """documented: seconds, as a number and not in quotation marks"""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LAST_EPOCH:
        raise Malformed
    return value


def _ip(value: object) -> str | None:
    """documented: one IPv4 address or range; IPv6 is not supported"""
    if value is None:
        return None
    try:
        return str(IPv4Network(str(_object(value).get("AWS:SourceIp")), strict=False))
    except (AddressValueError, NetmaskValueError):
        raise Malformed from None
