"""What of a stored answer is one viewer's, and yet goes to others: cautions, which change nothing.

Rule 1: an answer whose Vary names a request header outside the cache key is given to viewers whatever they send of it.
Rule 2: an answer that is stored with its Set-Cookie sets that cookie for every viewer (documented: Cookies).
Rule 3: what there is to say of an entry is found out when it is stored, so that others cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgesim.distribution.model import CacheBehavior
from edgesim.distribution.policies import Selects
from edgesim.rules.cloudfront_headers import DEVICE_HEADERS
from edgesim.rules.forwarding import is_listed
from edgesim.rules.reasons import SharingReason
from edgesim.values.entry import Entry, Shares
from edgesim.values.headers import Headers, list_items
from edgesim.values.message import Request


def shares(behavior: CacheBehavior, request: Request, origins: Headers, stored: Headers) -> Shares | None:
    """What is one viewer's in what `request` had stored; None where nothing is. `origins` are the headers before Vary
    is cut down to what CloudFront passes on, `stored` those of the entry."""
    varies = tuple(
        (name, request.headers.joined(name))
        for name in sorted({item.lower() for item in list_items(origins.all("vary"))})
        if not _is_accounted_for(behavior, name)
    )
    cookies = tuple(value.partition(";")[0].partition("=")[0].strip() for value in stored.all("set-cookie"))
    return Shares(varies, cookies) if varies or cookies else None


def _is_accounted_for(behavior: CacheBehavior, name: str) -> bool:
    """Is a header in the key, in some form? Accept-Encoding is also where the origin never sees it, since nearly every
    origin names it; and with a minimum TTL of 0 `Vary: *` has a rule of its own."""
    policy = behavior.cache_policy
    match name:
        case "*":
            return not policy.min_ttl
        case "cookie":
            return policy.cookies.selects is not Selects.NONE
        case "accept-encoding":
            return policy.gzip or policy.brotli or name in policy.headers.lower or not is_listed(behavior, name)
        case "user-agent" if any(device in policy.headers.lower for device in DEVICE_HEADERS):
            return True
        case _:
            return name in policy.headers.lower


def stored_with(found: Shares) -> Iterator[tuple[SharingReason, tuple[str, ...]]]:
    """The cautions when it is stored, with the names of headers or cookies."""
    if found.varies:
        yield SharingReason.VARIES, tuple(name for name, _ in found.varies)
    if found.cookies:
        yield SharingReason.SETS_COOKIES, found.cookies


def given_with(entry: Entry, request: Request) -> Iterator[tuple[SharingReason, tuple[str, ...]]]:
    """The cautions when an entry answers another request, with the names of headers or cookies."""
    if entry.shares is None:
        return
    differing = tuple(
        name for name, value in entry.shares.varies if name == "*" or request.headers.joined(name) != value
    )
    if differing:
        yield SharingReason.GIVEN_DESPITE_VARY, differing
    if entry.shares.cookies and "set-cookie" in entry.headers:
        yield SharingReason.COOKIES_GIVEN, entry.shares.cookies
