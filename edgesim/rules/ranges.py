"""Parts of a stored object.

Source: RangeGETs; RFC 9110 §14. Several ranges at once get the whole object, which the RFC
allows; multipart answers are not given yet.
"""

from __future__ import annotations

import re

from edgesim.values.body import Span
from edgesim.values.headers import Headers
from edgesim.values.instant import parse_http_date

_ONE_RANGE = re.compile(r"bytes=[ \t]*+([0-9]*+)[ \t]*+-[ \t]*+([0-9]*+)[ \t]*+", re.IGNORECASE)
_LONGEST_NUMBER = 18  # digits; more than any object's size has


class Unsatisfiable:
    """The range lies beyond the object's end."""


def asked_span(request_headers: Headers, stored: Headers, length: int) -> Span | Unsatisfiable | None:
    """The part that a request asks for of an object of `length` bytes; None means the whole object: no Range, several
    ranges, an invalid one, or an If-Range that does not hold."""
    value = request_headers.get("range")
    if value is None or not if_range_holds(request_headers.get("if-range"), stored):
        return None
    match = _ONE_RANGE.fullmatch(value.strip())
    if match is None or not (match[1] or match[2]):
        return None
    return _span(match[1], match[2], length)


def _span(first: str, last: str, length: int) -> Span | Unsatisfiable | None:
    if not first:
        start, stop = max(0, length - _number(last)), length
    else:
        start, stop = _number(first), min(_number(last) + 1, length) if last else length
        if last and _number(last) < start:
            return None
    return Span(start, stop) if start < length and start < stop else Unsatisfiable()


def _number(digits: str) -> int:
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER


def if_range_holds(condition: str | None, stored: Headers) -> bool:
    """Does If-Range, an ETag or a date, still describe the stored object? inferred: ETags compare strongly"""
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return not condition.startswith("W/") and condition == stored.get("etag")
    date = parse_http_date(condition)
    return date is not None and date == parse_http_date(stored.get("last-modified") or "")
