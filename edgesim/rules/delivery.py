"""The head that goes to the viewer.

Source: RequestAndResponseBehaviorCustomOrigin. Observed order: the origin's headers, X-Cache, Via, X-Amz-Cf-Pop,
X-Amz-Cf-Id, Age.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from edgesim.rules.conditionals import NOT_MODIFIED_HEADERS, not_modified
from edgesim.rules.ranges import Unsatisfiable, asked_part, asked_spans, part_of, span_in_part
from edgesim.rules.reasons import DeliveryReason, Outcome
from edgesim.values.body import NO_BODY, Cut, Pieces, Span, length_of
from edgesim.values.entry import Entry
from edgesim.values.headers import Field, Headers
from edgesim.values.instant import Instant, http_date
from edgesim.values.message import Request, Response
from edgesim.values.record import record
from edgesim.values.viewer import Arrival


@record
class Delivery:
    """What to send. `span` selects a part of the response's stored body; None is all of it."""

    response: Response
    because: DeliveryReason = DeliveryReason.WHOLE
    span: Cut | None = None


def from_entry(request: Request, entry: Entry, now: Instant) -> Delivery:
    """A stored response for this viewer: whole, in part, or as a 304. Only GET has parts (RFC 9110 §14.2)."""
    whole = Response(entry.status, entry.headers, entry.body, entry.reason)
    if entry.status == 206:
        return _of_stored_part(request, whole)
    if entry.status != 200 or _CONDITIONS.isdisjoint(request.headers.index):
        return Delivery(whole)
    if not_modified(request.headers, entry.headers):
        return Delivery(_not_modified(entry, now), DeliveryReason.NOT_MODIFIED)
    return _in_part(request, whole) if request.method == "GET" else Delivery(whole)


_CONDITIONS = frozenset({"if-none-match", "if-modified-since", "range"})


def _not_modified(entry: Entry, now: Instant) -> Response:
    """observed: on a 304 from the cache Date is the current time, on a 200 it is the stored one"""
    kept = entry.headers.only(lambda name: name in NOT_MODIFIED_HEADERS)
    return Response(304, kept.having("Date", http_date(now)))


def _in_part(request: Request, whole: Response) -> Delivery:
    length = length_of(whole.body)
    spans = asked_spans(request.headers, whole.headers, length) if length is not None else None
    if spans is None or length is None:
        return Delivery(whole)
    if isinstance(spans, Unsatisfiable):
        headers = Headers((("Content-Range", f"bytes */{length}"), ("Content-Length", "0")))
        return Delivery(Response(416, headers), DeliveryReason.RANGE_NOT_SATISFIABLE)
    return _one_part(whole, spans[0], length) if len(spans) == 1 else _several_parts(whole, spans, length)


def _content_range(span: Span, length: int | None) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{'*' if length is None else length}"


def _one_part(whole: Response, span: Span, length: int) -> Delivery:
    head = whole.headers.without("content-length").adding(
        ("Content-Length", str(span.stop - span.start)),
        ("Content-Range", _content_range(span, length)),
    )
    return Delivery(Response(206, head, whole.body), DeliveryReason.PART, span)


def _several_parts(whole: Response, spans: tuple[Span, ...], length: int) -> Delivery:
    """multipart/byteranges. inferred: as RFC 9110 §14.6 has it, with a boundary made of what is asked"""
    text = repr((spans, whole.headers.get("etag"), length))
    boundary = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    kind = whole.headers.get("content-type")
    pieces: list[bytes | Span] = []
    for span in spans:
        told = f"Content-Type: {kind}\r\n" if kind else ""
        head = f"\r\n--{boundary}\r\n{told}Content-Range: {_content_range(span, length)}\r\n\r\n"
        pieces += [head.encode("latin-1"), span]
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    size = sum(len(piece) if isinstance(piece, bytes) else piece.stop - piece.start for piece in pieces)
    headers = whole.headers.without("content-length", "content-type").adding(
        ("Content-Length", str(size)), ("Content-Type", f"multipart/byteranges; boundary={boundary}")
    )
    return Delivery(Response(206, headers, whole.body), DeliveryReason.PARTS, Pieces(tuple(pieces)))


def _of_stored_part(request: Request, stored: Response) -> Delivery:
    """What a range asks for of a part that covers it."""
    asked, part = asked_part(request), part_of(stored.headers)
    within = span_in_part(asked, part) if asked is not None and part is not None else None
    if within is None or part is None:
        return Delivery(stored)
    span = Span(within.start + part.span.start, within.stop + part.span.start)
    head = stored.headers.without("content-length", "content-range").adding(
        ("Content-Length", str(span.stop - span.start)),
        ("Content-Range", _content_range(span, part.length)),
    )
    return Delivery(Response(206, head, stored.body), DeliveryReason.PART_OF_PART, within)


def edge_fields(arrival: Arrival, outcome: Outcome, edge_name: str, age: int | None) -> tuple[Field, ...]:
    """What the edge adds to every response."""
    fields = (*_same_for_many(outcome.value, edge_name, arrival.viewer.pop), ("X-Amz-Cf-Id", arrival.id))
    return fields if age is None else (*fields, ("Age", str(age)))


@lru_cache(maxsize=256)
def _same_for_many(result: str, edge_name: str, pop: str) -> tuple[Field, ...]:
    return (
        ("X-Cache", f"{result} from cloudfront"),
        ("Via", f"1.1 {edge_name}.cloudfront.net (CloudFront)"),
        ("X-Amz-Cf-Pop", pop),
    )


def for_viewer(
    response: Response,
    arrival: Arrival,
    outcome: Outcome,
    *,
    edge_name: str,
    age: int | None,
    now: Instant,
    unsent: frozenset[str] = frozenset(),
) -> Response:
    """The finished response: Server and Date where the origin gave none, the origin's Via kept before the edge's own
    (inferred), the edge's fields at the end but for those that are `unsent`, no body for HEAD, 204 and 304."""
    headers = response.headers
    index = headers.index
    missing: list[Field] = []
    if "date" not in index:
        missing.append(("Date", http_date(now)))
    if "server" not in index:
        missing.append(("Server", "CloudFront"))
    added = edge_fields(arrival, outcome, edge_name, age)
    if not _EDGE_NAMES.isdisjoint(index):
        headers = _without_edge_names(headers)
        if (via := index.get("via")) is not None:
            added = tuple((n, f"{', '.join(via)}, {v}") if n == "Via" else (n, v) for n, v in added)
    if unsent:
        added = tuple(field for field in added if field[0].lower() not in unsent)
    headers = headers.adding(*missing, *added)
    bodiless = arrival.request.method == "HEAD" or response.status in {204, 304}
    return Response(response.status, headers, NO_BODY if bodiless else response.body, response.reason)


# Framing is the viewer connection's own matter
_EDGE_NAMES = frozenset({"x-cache", "via", "x-amz-cf-pop", "x-amz-cf-id", "age", "transfer-encoding"})


def _without_edge_names(headers: Headers) -> Headers:
    return headers.only(lambda name: name not in _EDGE_NAMES)
