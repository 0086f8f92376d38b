"""Hypothesis strategies for everything that comes in from outside: requests, responses, policies, functions' results.

    viewer_requests()       any request that a viewer can send
    hostile_requests()      those that functions stumble over
    origin_responses()      any response that an origin can give
    hostile_responses()     those that functions stumble over
    valid_results(event)    what a function may return for an event
    generated_responses()   responses that a function may make by itself
    function_values         what functions might return, nearly right and wrong in every way
    function_results        the same as JSON text, and any other JSON text
    json_values             any JSON value
    terms                   an edition of the limits and answers to the open questions, any of them

Requests and responses are edgesim's own values, whose text is wire text: bytes, decoded as ISO-8859-1. Needs
hypothesis, which is in the `test` extra.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from hypothesis import strategies as st

from edgesim.distribution.choices import Choices
from edgesim.distribution.limits import Edition
from edgesim.distribution.model import ALL_METHODS, CacheBehavior
from edgesim.distribution.policies import CachePolicy, OriginRequestPolicy, Selection, Selects
from edgesim.distribution.response_headers import Cors, PolicyHeader, ResponseHeadersPolicy
from edgesim.distribution.terms import Terms
from edgesim.testing.hostile_strategies import hostile_requests, hostile_responses
from edgesim.testing.make import NOW, behavior
from edgesim.testing.result_strategies import generated_responses, valid_results
from edgesim.values.headers import Field, Headers
from edgesim.values.instant import Instant, http_date
from edgesim.values.message import Request, Response

__all__ = [
    "behaviors", "cache_controls", "cache_policies", "choices", "cookies", "expires", "function_results",
    "function_values", "generated_responses", "header_fields", "header_names", "header_values", "headers",
    "hostile_requests", "hostile_responses", "instants", "json_values", "methods", "origin_request_policies",
    "origin_responses", "paths", "query_strings", "reasons", "response_headers", "response_headers_policies",
    "selections", "statuses", "terms", "valid_results", "viewer_requests",
]  # fmt: skip

# ── header fields ────────────────────────────────────────────────────────────

_NAME_CHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KNOWN = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "CloudFront-Viewer-Country",
    "Connection", "Content-Length", "Content-Type", "Cookie", "Date", "ETag", "Expect", "Host", "If-Modified-Since",
    "If-None-Match", "Origin", "Pragma", "Range", "Referer", "Set-Cookie", "Transfer-Encoding", "User-Agent", "Vary",
    "Via", "X-Amz-Cf-Id", "X-Edge-Foo", "X-Forwarded-For", "X-Forwarded-Proto", "x-LOWER-upper",
)  # fmt: skip

header_names = st.sampled_from(_KNOWN) | st.text(_NAME_CHARS, min_size=1, max_size=12)
"""Names that exist, in usual and unusual case, and any other token."""

visible = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
"""One octet that a field value may hold, obs-text included."""

header_values = st.text(visible, max_size=24).map(str.strip) | st.text(max_size=8).map(
    lambda text: "".join(c for c in text.encode("utf-8", "replace").decode("latin-1") if c >= " " and c != "\x7f")
)
"""Values in ISO-8859-1 and in UTF-8."""

header_fields: st.SearchStrategy[Field] = st.tuples(header_names, header_values)
headers = st.lists(header_fields, max_size=8).map(Headers)

# ── paths, query strings, cookies ────────────────────────────────────────────

_PATH = "abcXYZ019-._~%/:@!$&'()*+,;=\xe9\xc3\xa9"
paths = st.text(_PATH, max_size=24).map(lambda rest: f"/{rest}")

_names = st.sampled_from(("a", "b", "A", "id", "a%62", "")) | st.text("abcdef[]%._-", max_size=4)
query_strings = st.lists(st.tuples(_names, st.sampled_from(("", "=", "=1", "=b", "==", "=%20"))), max_size=6).map(
    lambda pairs: "&".join(name + value for name, value in pairs)
)
"""Query strings with repeated names, empty pairs, names without a value."""

cookie_names = st.sampled_from(("a", "b", "A", "session-id", "_ga", "_gid"))
cookies = st.lists(st.tuples(cookie_names, st.text("abc012=%", max_size=5)), max_size=5).map(
    lambda pairs: "; ".join(f"{name}={value}" for name, value in pairs)
)
"""The value of one Cookie header line."""

# ── messages ─────────────────────────────────────────────────────────────────

instants = st.integers(min_value=0, max_value=4_000_000_000).map(lambda second: Instant(float(second)))
methods = st.sampled_from(sorted(ALL_METHODS))


@st.composite
def viewer_requests(draw: st.DrawFn, *, method: st.SearchStrategy[str] = methods) -> Request:
    """Any request that a viewer can send, with a Host."""
    fields = [("Host", "www.example.com"), *draw(headers)]
    if draw(st.booleans()):
        fields.append(("Cookie", draw(cookies)))
    return Request(draw(method), draw(paths), draw(query_strings), Headers(fields), draw(st.binary(max_size=20)))


_seconds = st.sampled_from((0, 1, 5, 60, 86_400, 10**9)) | st.integers(0, 400_000_000)
_directives = st.one_of(
    st.sampled_from(("no-cache", "no-store", "private", "public", "must-revalidate", "immutable", 'no-cache="x"')),
    _seconds.map(lambda seconds: f"max-age={seconds}"),
    _seconds.map(lambda seconds: f"s-maxage={seconds}"),
    st.sampled_from(("max-age=abc", "max-age=", "max-age=-1", 's-maxage="7"', "MAX-AGE=3", "x=y")),
)
cache_controls = st.lists(_directives, max_size=4).map(", ".join)
"""Cache-Control values, contradictory and malformed ones too."""

expires = instants.map(http_date) | st.sampled_from(("0", "-1", "", "yesterday", http_date(Instant(NOW + 60))))


@st.composite
def response_headers(draw: st.DrawFn) -> Headers:
    """The head of a response, with what decides about caching in many of them."""
    fields = list(draw(headers))
    for name, values in (("Cache-Control", cache_controls), ("Expires", expires), ("Vary", st.sampled_from("*a"))):
        if draw(st.booleans()):
            fields.append((name, draw(values)))
    return Headers(fields)


statuses = st.sampled_from((200, 204, 206, 301, 302, 304, 400, 403, 404, 405, 412, 416, 429, 500, 502, 503)) | (
    st.integers(200, 599)
)
reasons = st.text(visible, max_size=12)


@st.composite
def origin_responses(draw: st.DrawFn) -> Response:
    """Any response that an origin can give."""
    return Response(draw(statuses), draw(response_headers()), draw(st.binary(max_size=20)), draw(reasons))


# ── policies ─────────────────────────────────────────────────────────────────

_listed_names = st.lists(st.sampled_from(("a", "b", "A", "id", "session-id", "_ga")), unique=True, max_size=3).map(
    tuple
)
_some = st.sampled_from((Selects.NONE, Selects.WHITELIST, Selects.ALL_EXCEPT, Selects.ALL))
selections = st.builds(Selection, _some, _listed_names)
"""Of cookies or query strings."""

_header_lists = st.lists(
    st.sampled_from(("Accept-Language", "Origin", "Authorization", "Host", "CloudFront-Viewer-Country", "X-A")),
    unique=True,
    max_size=3,
).map(tuple)
keyed_headers = st.builds(Selection, st.sampled_from((Selects.NONE, Selects.WHITELIST)), _header_lists)
requested_headers = st.builds(
    Selection,
    st.sampled_from((Selects.NONE, Selects.WHITELIST, Selects.ALL_EXCEPT, Selects.ALL_VIEWER,
                     Selects.ALL_VIEWER_AND_CLOUDFRONT)),
    _header_lists,
)  # fmt: skip


@st.composite
def cache_policies(draw: st.DrawFn) -> CachePolicy:
    """Cache policies with minimum ≤ default ≤ maximum."""
    least, default, most = sorted(draw(st.tuples(_seconds, _seconds, _seconds)))
    return CachePolicy(
        min_ttl=least if draw(st.booleans()) else 0,
        default_ttl=default,
        max_ttl=most,
        headers=draw(keyed_headers),
        cookies=draw(selections),
        query_strings=draw(selections),
        gzip=draw(st.booleans()),
        brotli=draw(st.booleans()),
    )


origin_request_policies = st.builds(
    OriginRequestPolicy, headers=requested_headers, cookies=selections, query_strings=selections
)


_policy_headers = st.lists(
    st.builds(PolicyHeader, st.sampled_from(("X-Frame-Options", "Cache-Control", "X-A", "Set-Cookie")), st.just("p"),
              st.booleans()),
    max_size=3, unique_by=lambda header: header.name,
).map(tuple)  # fmt: skip
response_headers_policies = st.builds(
    ResponseHeadersPolicy,
    cors=st.none()
    | st.builds(
        Cors,
        st.sampled_from((("*",), ("https://a.example",), ("*.example", "http://b.test:*"))),
        st.sampled_from(((), ("*",), ("x-*", "x-b"))),
        st.sampled_from(((), ("GET", "PUT"))),
        st.sampled_from(((), ("*",))),
        st.booleans(),
        st.none() | st.integers(0, 600),
        st.booleans(),
    ),
    headers=_policy_headers,
    remove=st.lists(st.sampled_from(("Server", "Vary", "x-a", "Age", "X-Cache")), unique=True).map(tuple),
    server_timing=st.none() | st.sampled_from((0.0, 50.0, 100.0)),
)
"""Policies with any of their sections."""


@st.composite
def behaviors(draw: st.DrawFn) -> CacheBehavior:
    """Cache behaviors that allow every method."""
    return behavior(
        cache_policy=draw(cache_policies()),
        origin_request_policy=draw(st.none() | origin_request_policies),
        response_headers_policy=draw(st.none() | response_headers_policies),
        allowed_methods=ALL_METHODS,
        cached_methods=draw(st.sampled_from((("GET", "HEAD"), ("GET", "HEAD", "OPTIONS")))),
    )


# ── terms ────────────────────────────────────────────────────────────────────

choices = st.builds(Choices, **{field.name: st.sampled_from(type(field.default)) for field in fields(Choices)})
"""Any answers to the open questions."""

terms = st.builds(Terms, st.sampled_from(Edition), choices)
"""Any edition of the limits, and any choices."""


# ── what functions return ────────────────────────────────────────────────────

_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
json_values: st.SearchStrategy[Any] = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
"""Any JSON value."""

_entries = st.lists(
    st.fixed_dictionaries({"value": st.text(max_size=6) | json_values}, optional={"key": st.text(max_size=6)}),
    max_size=2,
)
_maps = st.dictionaries(header_names | st.text(max_size=4), _entries | json_values, max_size=3)


def _or_odd(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return usual | usual | usual | json_values


_origins = st.fixed_dictionaries(
    {},
    optional={
        "custom": _or_odd(
            st.fixed_dictionaries(
                {
                    "domainName": _or_odd(st.sampled_from(("a.example", "1.2.3.4", "", "localhost"))),
                    "path": _or_odd(st.sampled_from(("", "/a", "/a/", "a"))),
                    "customHeaders": _or_odd(_maps),
                    "port": _or_odd(st.sampled_from((80, 443, 8080, 1, True))),
                    "protocol": _or_odd(st.sampled_from(("http", "https", "ftp"))),
                    "readTimeout": _or_odd(st.integers(0, 130)),
                    "keepaliveTimeout": _or_odd(st.integers(0, 130)),
                    "sslProtocols": _or_odd(st.just(["TLSv1.2"])),
                }
            )
        ),
        "s3": _or_odd(
            st.fixed_dictionaries(
                {
                    "domainName": _or_odd(st.sampled_from(("a.s3.amazonaws.com", "A.s3.amazonaws.com"))),
                    "path": _or_odd(st.sampled_from(("", "/a"))),
                    "authMethod": _or_odd(st.sampled_from(("none", "origin-access-identity"))),
                },
                optional={"region": json_values, "customHeaders": _maps},
            )
        ),
    },
)
function_values: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "status": _or_odd(st.sampled_from(("200", 302, "204", "600", "abc", 99))),
        "statusDescription": _or_odd(st.text(max_size=6)),
        "headers": _or_odd(_maps),
        "body": _or_odd(
            st.text(max_size=8)
            | st.fixed_dictionaries(
                {"action": _or_odd(st.just("replace")), "data": _or_odd(st.text(max_size=8))},
                optional={"encoding": _or_odd(st.sampled_from(("text", "base64", "gzip")))},
            )
        ),
        "bodyEncoding": _or_odd(st.sampled_from(("text", "base64", "gzip"))),
        "uri": _or_odd(st.sampled_from(("/", "/a b", "x", "/\ud800"))),
        "querystring": _or_odd(st.sampled_from(("", "a=1", "a b", "a#b"))),
        "method": _or_odd(st.sampled_from(("GET", "POST"))),
        "origin": _or_odd(_origins),
    },
)
"""What a function might return: nearly right, and wrong in every way."""

function_results = (function_values | json_values).map(json.dumps)
"""The same as JSON text, and any other JSON text."""
