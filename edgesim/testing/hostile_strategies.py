"""What viewers and origins send that functions did not reckon with. Needs hypothesis.

All of it can be said in a scenario: text is Unicode, and goes over the wire as UTF-8. Everything that CloudFront itself
refuses is left out, since no function sees it. Simple values come first in every list, for hypothesis to shrink to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from hypothesis import strategies as st

from edgesim.values.headers import Field, Headers, wire
from edgesim.values.message import Request, Response
from edgesim.values.uri import split_target

__all__ = ["answers_one_by_one", "hostile_requests", "hostile_responses", "one_by_one"]

T = TypeVar("T")

HOST = "www.example.com"

_LONG = "a" * 3000


def _any_of(*values: T) -> st.SearchStrategy[T]:
    return st.sampled_from(values)


# ── requests ─────────────────────────────────────────────────────────────────

_SEGMENTS = (
    *("a", "", "index.html", "%", "%zz", "%ff", "%00", "%2e%2e", "%2F", "%25", "%E0%A4%A", "%F0%9F%92%A5", ".", ".."),
    *("a.b.c", "é", "💥", "+", "a%20b", "'", '"', "<b>", "\\", "{id}", "[0]", "$1", "$&", "*", ";"),
    *("__proto__", "constructor", "null", "-1", "NaN", "1e999", ":", "@", "~", "|", "http:", _LONG),
)
_segments = st.sampled_from(_SEGMENTS) | st.text("ab01%./-_~é", max_size=8)
_paths = st.lists(_segments, max_size=4).map(lambda segments: f"/{'/'.join(segments)}")

_PAIRS = (
    *("a=1", "a", "=", "a=", "=1", "a=1=2", "a=%", "a=%ff", "a=%E0%A4%A", "a=é", "a=+", "a[]=1", "a[b]=1", "a.b=1"),
    *("__proto__=1", "constructor=1", "length=1", "a=null", "a=-1", "a=1e999", "a=%00", "a=<b>", "a='", ""),
    f"a={_LONG}",
)
_pairs = st.sampled_from(_PAIRS) | st.text("ab=&%01é", max_size=8)
_queries = st.just("") | st.lists(_pairs, max_size=4).map("&".join)

_HOSTILE_VALUES: dict[str, tuple[str, ...]] = {
    "Accept": ("*/*", "", "text", ";q=1", "text/html;q=x", ",,,"),
    "Accept-Encoding": ("gzip", "", "br;q=0", "*", "x"),
    "Accept-Language": ("de", "", "*", ";q=", "de;q=x,en;;", "zh-Hant-TW", "é", "a" * 300),
    "Authorization": (
        *(
            "Basic",
            "",
            "Basic ",
            "Basic !",
            "Basic dXNlcg==",
            "Basic Og==",
            "Basic /w==",
            "Bearer",
            "Bearer ",
            "bearer a",
        ),
        *("Bearer a.b.c", "Bearer e30.e30.", "Bearer eyJhbGciOiJub25lIn0.bnVsbA.", "Bearer é", "bearer a"),
    ),
    "Cache-Control": ("no-cache", "", "max-age=x"),
    "Content-Type": ("application/json", "", "text", "application/x-www-form-urlencoded", "multipart/form-data", ";"),
    "Cookie": (
        *("a=b", "", "a", "=", "=b", ";", "; ;", "a=b; a=c", "a=b;c=d", 'a="b', "a=%", "a=%E0%A4%A", "a=é", "a=b=c"),
        *("__proto__=a", "constructor=a", "session=", "session=e30", "session=null", f"a={_LONG}"),
    ),
    "If-Modified-Since": ("Thu, 01 Jan 1970 00:00:00 GMT", "", "yesterday"),
    "If-None-Match": ('"a"', "", "a", "*", "W/"),
    "Origin": ("https://example.com", "", "null", "a", "https://"),
    "Range": ("bytes=0-0", "", "bytes=a", "bytes=9-1"),
    "Referer": ("https://example.com/", "", "a", "https://", "https://%", "android-app://a", f"https://a/{_LONG}"),
    "User-Agent": ("a", "", "Mozilla/5.0", "Mozilla/5.0 (", "é", "💥", "<b>", _LONG),
    "X-Forwarded-For": ("198.51.100.1", "", "unknown", "::1", "a, b", ","),
    "X-A": ("a", "", "é", "{}", "null", _LONG),
    "x-LOWER-upper": ("a", ""),
    "__proto__": ("a",),
    "constructor": ("a",),
}


def _field(name: str, values: tuple[str, ...]) -> st.SearchStrategy[Field]:
    return st.tuples(st.just(name), st.sampled_from(values))


_fields = st.one_of(*(_field(name, values) for name, values in _HOSTILE_VALUES.items()))
_bodies = _any_of(
    *(
        b"a",
        b"",
        b"{",
        b"{}",
        b"null",
        b"[]",
        b'"a"',
        b"a=1&a=2",
        b"a=%",
        b"\xff",
        b"\x00",
        "é".encode(),
        b"a" * 50_000,
    ),
)
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


@st.composite
def hostile_requests(draw: st.DrawFn) -> Request:
    """Requests that CloudFront lets in and functions stumble over: broken percent escapes, text beyond ASCII, dots
    and empty parts in paths; empty, repeated and nameless parameters; headers that are missing, empty, repeated,
    malformed or long; credentials and cookies that are not what they should be; odd bodies."""
    method = draw(_any_of("GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
    path, query = wire(draw(_paths)), wire(draw(_queries))
    fields = [(name, wire(value)) for name, value in draw(st.lists(_fields, max_size=4))]
    body = draw(st.just(b"") | _bodies) if method in _WITH_BODY else b""
    length = [("Content-Length", str(len(body)))] if body else []
    path, query = split_target(f"{path}?{query}" if query else path)
    return Request(method, path, query, Headers([("Host", HOST), *length, *fields]), body)


def one_by_one() -> Iterator[Request]:
    """A request with nothing about it, and then one for each of the oddities that stands alone."""
    yield _plain("/")
    yield from (_plain(f"/{wire(segment)}") for segment in _SEGMENTS)
    yield from (_plain("/", wire(pair)) for pair in _PAIRS if pair)
    for name, values in _HOSTILE_VALUES.items():
        yield from (_plain("/", "", (name, wire(value))) for value in values)


def _plain(path: str, query: str = "", *fields: Field) -> Request:
    return Request("GET", path, query, Headers([("Host", HOST), *fields]))


# ── responses ────────────────────────────────────────────────────────────────

_STATUSES = (200, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 405, 410, 416, 429, 500, 502, 503, 504, 599)
_statuses = st.sampled_from(_STATUSES)

_ANSWERED: dict[str, tuple[str, ...]] = {
    "Cache-Control": ("max-age=60", "", "no-store", "max-age=x", "max-age=-1", "private", ",", "max-age=1, max-age=2"),
    "Content-Disposition": ("attachment", "", 'attachment; filename="é"'),
    "Content-Language": ("de", ""),
    "Content-Security-Policy": ("default-src 'none'", ""),
    "Content-Type": ("text/html", "", "text", "text/html; charset", "application/json", ";", "é"),
    "ETag": ('"a"', "", "a", "W/", '"é"'),
    "Expires": ("0", "", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"),
    "Last-Modified": ("Thu, 01 Jan 1970 00:00:00 GMT", "", "yesterday"),
    "Link": ("</a>; rel=preload", ""),
    "Location": ("/a", "", "//", "https://", "https://%", "/é", "http://site.example.com/a", "?", _LONG),
    "Server": ("a", ""),
    "Set-Cookie": ("a=b", "", "a", "=", "a=b; Path", "a=é", "a=b; Expires=yesterday", f"a={_LONG}"),
    "Strict-Transport-Security": ("max-age=1", ""),
    "Vary": ("Origin", "", "*"),
    "WWW-Authenticate": ("Basic", ""),
    "X-A": ("a", "", "é", "{}", _LONG),
    "x-LOWER-upper": ("a",),
    "__proto__": ("a",),
}
_answered = st.one_of(*(_field(name, values) for name, values in _ANSWERED.items()))
_answers = _any_of(b"hello", b"", b"{", b"null", b"\xff\xfe", b"\x00", "é".encode(), b"<html>", b"a" * 50_000)


@st.composite
def hostile_responses(draw: st.DrawFn) -> Response:
    """Answers of origins that functions stumble over: any status, redirects without a Location, headers that are
    missing, empty, repeated, malformed or long, odd bodies."""
    status = draw(_statuses)
    fields = [(name, wire(value)) for name, value in draw(st.lists(_answered, max_size=4))]
    body = b"" if status in {204, 304} else draw(_answers)
    return Response(status, Headers(fields), body)


def answers_one_by_one() -> Iterator[Response]:
    """An answer of each status with nothing about it, and then one for each header that is odd by itself."""
    yield from (Response(status, body=b"" if status in {204, 304} else b"hello") for status in _STATUSES)
    for name, values in _ANSWERED.items():
        yield from (Response(200, Headers([(name, wire(value))]), b"hello") for value in values)
