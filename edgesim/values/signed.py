"""The form of signed URLs and signed cookies: their names, their encoding, and the policies that are signed.

Source: private-content-creating-signed-url-canned-policy, private-content-creating-signed-url-custom-policy,
private-content-setting-signed-cookie-custom-policy.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

EXPIRES = "Expires"
POLICY = "Policy"
SIGNATURE = "Signature"
KEY_PAIR_ID = "Key-Pair-Id"
HASH_ALGORITHM = "Hash-Algorithm"
PARAMETERS = frozenset({EXPIRES, POLICY, SIGNATURE, KEY_PAIR_ID, HASH_ALGORITHM})
"""The query parameters that CloudFront keeps for itself where a behavior has signers."""
COOKIE_PREFIX = "CloudFront-"
COOKIES = frozenset(COOKIE_PREFIX + name for name in PARAMETERS)
"""The cookies that mean the same."""

HASHES = ("SHA1", "SHA256")
"""What Hash-Algorithm may say; the first where it says nothing."""

_TO_URL = bytes.maketrans(b"+=/", b"-_~")
_FROM_URL = bytes.maketrans(b"-_~", b"+=/")


def encoded(data: bytes) -> str:
    """Base64 with the three characters replaced that a query string can't have."""
    return b64encode(data).translate(_TO_URL).decode("ascii")


def decoded(text: str) -> bytes | None:
    """What was encoded so, or None where nothing was."""
    try:
        return b64decode(text.encode("ascii").translate(_FROM_URL), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a signature allows: until `expires`, after `starts`, for a viewer within `ip` (an IPv4 range), what fits
    `resource`. Times are whole seconds since 1970; None is no condition, of a resource: everything."""

    expires: int
    resource: str | None = None
    starts: int | None = None
    ip: str | None = None


def canned_policy(url: str, expires: int) -> str:
    """The policy that a canned one stands for; it is signed, and not sent."""
    return custom_policy(Grant(expires, url))


def custom_policy(grant: Grant) -> str:
    """A policy without any white space, with its members in the order in which AWS's own signers write them."""
    condition: dict[str, Any] = {"DateLessThan": {"AWS:EpochTime": grant.expires}}
    if grant.ip is not None:
        condition["IpAddress"] = {"AWS:SourceIp": grant.ip if "/" in grant.ip else f"{grant.ip}/32"}
    if grant.starts is not None:
        condition["DateGreaterThan"] = {"AWS:EpochTime": grant.starts}
    resource = {} if grant.resource is None else {"Resource": grant.resource}
    return json.dumps({"Statement": [{**resource, "Condition": condition}]}, separators=(",", ":"))
