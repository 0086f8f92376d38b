"""What CloudFront makes of an origin's response before anybody else sees it.

Source: Cookies, RequestAndResponseBehaviorCustomOrigin.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from edgesim.distribution.model import CacheBehavior
from edgesim.rules.cloudfront_headers import DEVICE_HEADERS
from edgesim.rules.forwarding import is_listed
from edgesim.rules.selection import cookies_forwarded
from edgesim.values.headers import Headers, list_items
from edgesim.values.instant import Instant, http_date
from edgesim.values.message import Response

# RFC 9110 §7.6.1, and documented as removed: Trailer, Upgrade
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "upgrade"}
)
# documented for S3 origins (RequestAndResponseBehaviorS3Origin); observed for website endpoints, too
_S3S_OWN = frozenset({"x-amz-id-2", "x-amz-request-id"})


class Removed(Enum):
    """Why a header of an origin's response goes no further."""

    OF_A_CONNECTION = "it is about the origin's connection alone"
    ID_OF_S3 = "CloudFront passes on no ids of S3's own"
    NO_COOKIES = "no cookies are forwarded"


def removed(behavior: CacheBehavior, headers: Headers) -> dict[str, Removed]:
    """Which headers of an origin's response `received` takes away, by their lower-case names, and why."""
    named = {token.lower() for token in list_items(headers.all("connection"))}
    why = dict.fromkeys(_HOP_BY_HOP | named, Removed.OF_A_CONNECTION) | dict.fromkeys(_S3S_OWN, Removed.ID_OF_S3)
    if not cookies_forwarded(behavior):
        why["set-cookie"] = Removed.NO_COOKIES
    return {name: why[name] for name in headers.index if name in why}


def received(behavior: CacheBehavior, response: Response, now: Instant) -> Response:
    """The origin's response as the origin-response function sees it: no hop-by-hop fields and no ids of S3's, a
    Date, and Set-Cookie only where cookies are forwarded.

    documented: Set-Cookie is removed where no cookie is forwarded. inferred: before the origin-response function,
    so that one it adds itself stays; the same for S3's ids
    """
    headers = response.headers.without(*removed(behavior, response.headers))
    if "date" not in headers:
        headers = headers.having("Date", http_date(now))
    return replace(response, headers=headers)


def kept_vary(behavior: CacheBehavior, headers: Headers) -> Headers:
    """Vary with the names that CloudFront passes on: Accept-Encoding, Cookie, what is forwarded, and User-Agent where
    device headers are; and `*` with a minimum TTL of 0. documented: RequestAndResponseBehaviorCustomOrigin, "Vary" """
    if "vary" not in headers:
        return headers
    names = [name for name in list_items(headers.all("vary")) if _varies(behavior, name.lower())]
    return headers.having("Vary", ", ".join(names)) if names else headers.without("vary")


def _varies(behavior: CacheBehavior, name: str) -> bool:
    if name == "*":
        # documented: it has a rule of its own with a minimum TTL of 0, and goes with the others otherwise;
        # inferred: that rule leaves it in place
        return not behavior.cache_policy.min_ttl
    if name in {"accept-encoding", "cookie"} or is_listed(behavior, name):
        return True
    return name == "user-agent" and any(is_listed(behavior, device) for device in DEVICE_HEADERS)
