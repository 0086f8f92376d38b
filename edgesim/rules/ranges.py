"""Parts of objects: which part a request asks for, and which part a stored one is.

Source: RangeGETs; RFC 9110 §14. documented: ranges that overlap, are not in ascending order or not valid get the whole
object; each part that comes from an origin is stored, and answers for what it covers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from edgesim.values.body import Span
from edgesim.values.entry import Entry
from edgesim.values.headers import Headers
from edgesim.values.instant import parse_http_date
from edgesim.values.message import Request
from edgesim.values.record import record

_RANGES = re.compile(r"bytes=(.*)", re.IGNORECASE | re.DOTALL)
_ONE = re.compile(r"[ \t]*+([0-9]*+)[ \t]*+-[ \t]*+([0-9]*+)[ \t]*+")
_CONTENT_RANGE = re.compile(r"bytes[ \t]++([0-9]{1,18}+)-([0-9]{1,18}+)/([0-9]{1,18}+|\*)", re.IGNORECASE)
_LONGEST_NUMBER = 18  # digits; more than any object's size has


class Unsatisfiable:
    """The range lies beyond the object's end."""


@record
class AskedRange:
    """One range as it is asked for: `first` to `last`, both counted in; without `last` to the end; without `first` the
    last `last` bytes."""

    first: int | None
    last: int | None

    def __str__(self) -> str:
        first, last = ("" if number is None else str(number) for number in (self.first, self.last))
        return f"{first}-{last}"

    def span(self, length: int) -> Span | None:
        """The bytes that this is of an object of that length; None where it lies beyond the end."""
        if self.first is None:
            start, stop = max(0, length - (self.last or 0)), length
        else:
            start, stop = self.first, length if self.last is None else min(self.last + 1, length)
        return Span(start, stop) if start < min(length, stop) else None


def asked_ranges(headers: Headers) -> tuple[AskedRange, ...]:
    """The ranges of a request in their order; none where there is no Range, or one that is not valid."""
    match = _RANGES.fullmatch((headers.get("range") or "").strip())
    found = [_one(text) for text in match[1].split(",")] if match is not None else [None]
    return tuple(one for one in found if one is not None) if all(found) else ()


def _one(text: str) -> AskedRange | None:
    match = _ONE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return None
    asked = AskedRange(_number(match[1]), _number(match[2]))
    if asked.first is not None and asked.last is not None and asked.last < asked.first:
        return None
    return asked


def _number(digits: str) -> int | None:
    if not digits:
        return None
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER


def gets_whole_object(headers: Headers) -> bool:
    """Does a request get the whole object whatever its size, since its ranges are not valid, overlap or don't ascend?
    Of last bytes beside other ranges (`0-1,-5`) only the size tells."""
    if "range" not in headers:
        return False
    asked = asked_ranges(headers)
    return not asked or any(_comes_too_early(one, after) for one, after in pairwise(asked))


def _comes_too_early(one: AskedRange, after: AskedRange) -> bool:
    if one.first is None or after.first is None:
        return False
    return one.last is None or after.first <= one.last


def asked_spans(request_headers: Headers, stored: Headers, length: int) -> tuple[Span, ...] | Unsatisfiable | None:
    """The parts that a request asks for of an object of `length` bytes; None means the whole object: no Range, an
    invalid one, ranges in no order, or an If-Range that does not hold. inferred: of several those beyond the end are
    left out, as RFC 9110 has it"""
    if not if_range_holds(request_headers.get("if-range"), stored):
        return None
    asked = asked_ranges(request_headers)
    spans = tuple(span for one in asked if (span := one.span(length)) is not None)
    if asked and not spans:
        return Unsatisfiable()
    ascending = all(one.stop <= next_one.start for one, next_one in pairwise(spans))
    return spans if spans and ascending else None


def if_range_holds(condition: str | None, stored: Headers) -> bool:
    """Does If-Range, an ETag or a date, still describe the stored object? inferred: ETags compare strongly"""
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return not condition.startswith("W/") and condition == stored.get("etag")
    date = parse_http_date(condition)
    return date is not None and date == parse_http_date(stored.get("last-modified") or "")


# ── stored parts ─────────────────────────────────────────────────────────────


def asked_part(request: Request) -> AskedRange | None:
    """The one range for which a stored part may do. inferred: a condition is for the whole object to answer"""
    if request.method != "GET" or "if-range" in request.headers:
        return None
    asked = asked_ranges(request.headers)
    return asked[0] if len(asked) == 1 else None


@record
class Part:
    """What a Content-Range says: these bytes of an object of so many; None where that is not told."""

    span: Span
    length: int | None


def part_of(headers: Headers) -> Part | None:
    """The part that a response is, or None where it does not say so in one valid Content-Range."""
    return _part(headers.get("content-range") or "")


@lru_cache(maxsize=16384)  # a range is looked for in each part of its object
def _part(content_range: str) -> Part | None:
    match = _CONTENT_RANGE.fullmatch(content_range)
    if match is None or int(match[2]) < int(match[1]):
        return None
    span, length = Span(int(match[1]), int(match[2]) + 1), None if match[3] == "*" else int(match[3])
    return Part(span, length) if length is None or span.stop <= length else None


def span_in_part(asked: AskedRange, part: Part) -> Span | None:
    """Where in a stored part the bytes are that a range asks for; None where some of them are not in it."""
    if asked.first is not None and not part.span.start <= asked.first < part.span.stop:
        return None
    if part.length is not None:
        wanted = asked.span(part.length)
    elif asked.first is not None and asked.last is not None:
        wanted = Span(asked.first, asked.last + 1)
    else:
        return None
    if wanted is None or not (part.span.start <= wanted.start and wanted.stop <= part.span.stop):
        return None
    return Span(wanted.start - part.span.start, wanted.stop - part.span.start)


def covers(asked: AskedRange, entry: Entry) -> bool:
    """Has a stored part all that the range asks for?"""
    part = part_of(entry.headers)
    return part is not None and span_in_part(asked, part) is not None
