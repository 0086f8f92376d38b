"""Whether CloudFront takes what an origin sent, by its head.

Source: standard-logs-reference (the names of the failures), RangeGETs.
"""

from __future__ import annotations

import re

from edgesim.distribution.limits import CACHEABLE_OBJECT_BYTES
from edgesim.distribution.model import CacheBehavior
from edgesim.errors import OriginTrouble
from edgesim.rules.cache_key import not_looked_up
from edgesim.values.headers import Headers, list_items
from edgesim.values.message import Request, Response

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(?:\d+|\*)", re.ASCII)

_COMPRESSING = frozenset({"gzip", "x-gzip", "deflate", "compress", "x-compress", "br"})

SENTENCES = {
    OriginTrouble.INVALID_RESPONSE: "The origin compressed its response by Transfer-Encoding",
    OriginTrouble.CONTENT_RANGE: "The origin's Content-Length is not that of its Content-Range",
    OriginTrouble.TOO_LARGE: "The origin's object is larger than the 50 GB that CloudFront fetches where it may cache",
}


def trouble_with(behavior: CacheBehavior, request: Request, response: Response) -> OriginTrouble | None:
    """What keeps a response from being taken, or None.

    documented: chunked is the only transfer coding (RequestAndResponseBehaviorCustomOrigin). inferred: a response under
    one that compresses can't be read, and what is no coding at all says nothing; 206 alone has a Content-Range that
    counts, and HEAD, which fetches nothing, is never too large
    """
    codings = response.headers.all("transfer-encoding")
    if codings and not _COMPRESSING.isdisjoint(item.lower() for item in list_items(codings)):
        return OriginTrouble.INVALID_RESPONSE
    length = _declared(response.headers)
    if length is None or request.method == "HEAD":
        return None
    if response.status == 206 and _span(response.headers) not in (None, length):
        return OriginTrouble.CONTENT_RANGE
    if length > CACHEABLE_OBJECT_BYTES and not_looked_up(behavior, request) is None:
        return OriginTrouble.TOO_LARGE
    return None


def _declared(headers: Headers) -> int | None:
    length = headers.get("content-length") or ""
    return int(length) if length.isascii() and length.isdigit() and "transfer-encoding" not in headers else None


def _span(headers: Headers) -> int | None:
    match = _CONTENT_RANGE.fullmatch((headers.get("content-range") or "").strip())
    return int(match[2]) - int(match[1]) + 1 if match else None
