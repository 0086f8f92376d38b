"""Makers: a value for a test, with whatever the test cares about said and the rest sensible.

    a_request("/a?x=1", cookie="id=7")
    a_response(cache_control="max-age=60")
    a_distribution(behavior("/api/*", min_ttl=0), error_responses={404: ...})

Every argument is optional. Header fields are keywords (`accept_encoding="br"` is `Accept-Encoding: br`): a list gives
several lines, None leaves a default field out. Names that are no keywords go through `fields`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from edgesim.distribution.model import (
    GET_HEAD,
    Association,
    CacheBehavior,
    Code,
    CustomErrorResponse,
    Distribution,
    EdgeFunction,
    Origin,
    Trigger,
)
from edgesim.distribution.policies import (
    ALL,
    NONE,
    CachePolicy,
    ForwardedValues,
    OriginRequestPolicy,
    Selection,
    listed,
)
from edgesim.driver.virtual_clock import VIRTUAL_START
from edgesim.rules.reasons import TtlReason
from edgesim.values.body import Body
from edgesim.values.entry import Entry
from edgesim.values.headers import Field, Headers
from edgesim.values.instant import Duration, Instant
from edgesim.values.message import Request, Response
from edgesim.values.uri import split_target
from edgesim.values.viewer import Arrival, Viewer

NOW = VIRTUAL_START
"""Tue, 06 May 2025 10:00:00 GMT"""

DOMAIN = "d2emuexample01.cloudfront.net"
REQUEST_ID = "q0Zt3mU-LocalEmulatorExample_0001AAAAAAAAAAAAAAAAAAAAA=="
ORIGIN_ID = "origin"
ORIGIN_DOMAIN = "origin.example.com"

Lines = str | Iterable[str] | None
Names = Selection | str | Iterable[str]


def header_name(keyword: str) -> str:
    """`accept_encoding` → `Accept-Encoding`."""
    return "-".join(part.capitalize() for part in keyword.strip("_").split("_"))


def some_headers(fields: Iterable[Field] = (), **named: Lines) -> Headers:
    """Header fields: those of keywords first, then `fields` as they stand."""
    by_name = ((header_name(keyword), lines) for keyword, lines in named.items() if lines is not None)
    spoken = [(name, line) for name, lines in by_name for line in ([lines] if isinstance(lines, str) else lines)]
    return Headers((*spoken, *fields))


def a_request(
    target: str = "/", *, method: str = "GET", body: Body = b"", fields: Iterable[Field] = (), **named: Lines
) -> Request:
    """A viewer's request; `Host` is the distribution's domain unless `host` says otherwise."""
    path, query = split_target(target)
    return Request(method, path, query, some_headers(fields, **{"host": DOMAIN, **named}), body)


def a_response(
    status: int = 200, *, body: Body = b"hello", reason: str = "", fields: Iterable[Field] = (), **named: Lines
) -> Response:
    """An origin's response, without any header field that is not asked for."""
    return Response(status, some_headers(fields, **named), body, reason)


def an_arrival(
    request: Request | str = "/",
    *,
    at: Instant = NOW,
    request_id: str = REQUEST_ID,
    **viewer: Any,
) -> Arrival:
    """A request at the edge; keywords are the Viewer's (`protocol="https"`, `ip="198.51.100.24"`)."""
    return Arrival(request_id, at, Viewer(**viewer), a_request(request) if isinstance(request, str) else request)


def an_entry(
    status: int = 200,
    *,
    body: Body = b"hello",
    ttl: float = 60,
    stored_at: Instant = NOW,
    because: TtlReason = TtlReason.MAX_AGE,
    method: str = "GET",
    fields: Iterable[Field] = (),
    **named: Lines,
) -> Entry:
    """Something stored, for a minute unless `ttl` says otherwise. From 400 it is an error."""
    headers = some_headers(fields, **named)
    return Entry(status, "", headers, body, method, stored_at, Duration(ttl), because, error=status >= 400)


def an_origin(
    domain_name: str = ORIGIN_DOMAIN,
    *,
    id: str = ORIGIN_ID,  # noqa: A002
    custom_headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Origin:
    """An origin; a custom one unless `s3=S3Access()`. Other keywords are the Origin's."""
    return Origin(id, domain_name, custom_headers=tuple((custom_headers or {}).items()), **more)


def a_function(name: str = "stamp", **more: Any) -> EdgeFunction:
    """A function; keywords are the EdgeFunction's."""
    defaults = {"code": Code(inline="exports.handler = async e => e"), "handler": "index.handler"}
    return EdgeFunction(name, **{**defaults, "runtime": "nodejs22.x", **more})


def a_selection(names: Names) -> Selection:
    """`"all"`, `"none"`, an allow list of names, or a Selection as it stands."""
    if isinstance(names, str):
        return {"all": ALL, "none": NONE}[names]
    return names if isinstance(names, Selection) else listed(*names)


def a_cache_policy(
    *, headers: Names = "none", cookies: Names = "none", query_strings: Names = "none", **more: Any
) -> CachePolicy:
    """A cache policy with the API's default TTLs; keywords are the CachePolicy's."""
    return CachePolicy(
        headers=a_selection(headers), cookies=a_selection(cookies), query_strings=a_selection(query_strings), **more
    )


def an_origin_request_policy(
    *, headers: Names = "none", cookies: Names = "none", query_strings: Names = "none", **more: Any
) -> OriginRequestPolicy:
    """An origin request policy that asks for nothing, unless told."""
    return OriginRequestPolicy(
        headers=a_selection(headers), cookies=a_selection(cookies), query_strings=a_selection(query_strings), **more
    )


_OF_POLICY = ("min_ttl", "default_ttl", "max_ttl", "headers", "cookies", "query_strings", "gzip", "brotli")


def behavior(
    path_pattern: str = "*",
    *,
    functions: Mapping[Trigger, EdgeFunction] | None = None,
    include_body: bool = False,
    allowed_methods: Iterable[str] = GET_HEAD,
    cached_methods: Iterable[str] = GET_HEAD,
    forwarded_values: ForwardedValues | None = None,
    **more: Any,
) -> CacheBehavior:
    """A cache behavior. Keywords are the CacheBehavior's, or the CachePolicy's (`min_ttl=0`, `cookies="all"`)."""
    of_policy = {name: more.pop(name) for name in _OF_POLICY if name in more}
    return CacheBehavior(
        path_pattern,
        more.pop("target_origin_id", ORIGIN_ID),
        more.pop("cache_policy", None) or a_cache_policy(**of_policy),
        allowed_methods=frozenset(allowed_methods),
        cached_methods=frozenset(cached_methods),
        forwarded_values=forwarded_values,
        associations=MappingProxyType(
            {trigger: Association(trigger, function, include_body) for trigger, function in (functions or {}).items()}
        ),
        **more,
    )


def a_distribution(
    *behaviors: CacheBehavior,
    origins: Iterable[Origin] = (),
    error_responses: Mapping[int, CustomErrorResponse] | None = None,
    **more: Any,
) -> Distribution:
    """A distribution of these behaviors; a default one is added unless the last pattern is `*`. Other keywords are
    the Distribution's."""
    if not behaviors or behaviors[-1].path_pattern != "*":
        behaviors = (*behaviors, behavior())
    return Distribution(
        more.pop("id", "E1LOCALEMU0001"),
        more.pop("name", "Site"),
        more.pop("domain_name", DOMAIN),
        behaviors,
        MappingProxyType({origin.id: origin for origin in (tuple(origins) or (an_origin(),))}),
        error_responses=MappingProxyType(dict(error_responses or {})),
        **more,
    )
