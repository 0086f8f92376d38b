"""A viewer's own conditions, answered at the edge.

Source: Expiration: on a hit the edge answers 304 itself (observed). If-None-Match compares weakly and
wins over If-Modified-Since (inferred, as RFC 9110 §13).
"""

from __future__ import annotations

import re

from edgesim.values.headers import Headers
from edgesim.values.instant import parse_http_date

# observed: what a 304 carries; no content-type, -length, -encoding, last-modified
NOT_MODIFIED_HEADERS = frozenset({"cache-control", "date", "etag", "expires", "server", "vary", "via"})


def not_modified(request_headers: Headers, stored: Headers) -> bool:
    """Does the viewer already have this representation?"""
    index = request_headers.index
    if "if-none-match" in index:
        return _any_match(index["if-none-match"], stored.get("etag"))
    since, modified = request_headers.get("if-modified-since"), stored.get("last-modified")
    if since is None or modified is None:
        return False
    asked, changed = parse_http_date(since), parse_http_date(modified)
    return asked is not None and changed is not None and changed <= asked


# An entity tag may hold commas; one without quotes is taken as it stands (inferred)
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*"|[^\s,"]+)')


def _any_match(lines: tuple[str, ...], etag: str | None) -> bool:
    """RFC 9110 §13.1.2: `*` matches whatever there is."""
    tags = [tag for line in lines for tag in _ENTITY_TAG.findall(line)]
    return tags == ["*"] or (etag is not None and etag.removeprefix("W/") in tags)
