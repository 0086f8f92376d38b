"""The CORS headers of a response headers policy.

Source: understanding-response-headers-policies; the API's ResponseHeadersPolicyCorsConfig.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from edgesim.distribution.choices import Choices
from edgesim.distribution.edge_choices import CorsExposeHeaders, CorsVary
from edgesim.distribution.response_headers import Cors
from edgesim.rules.reasons import CorsReason
from edgesim.values.headers import Field, Headers, list_items
from edgesim.values.message import Request
from edgesim.values.record import record


@record
class CorsAnswer:
    """The head with its CORS headers, and why they are there or not."""

    headers: Headers
    because: CorsReason


def with_cors(cors: Cors, request: Request, headers: Headers, choices: Choices) -> CorsAnswer:
    """The head for this viewer's request.

    documented: a CORS request is answered, one with Origin; without override, any CORS header of the origin's keeps all
    of the policy's away, and with it those that the policy has too are replaced.
    inferred: an origin that is not allowed gets none of the policy's; every OPTIONS with Origin is a preflight request
    """
    if not cors.override and any(name.startswith(_PREFIX) for name in headers.index):
        return CorsAnswer(headers, CorsReason.ORIGINS_OWN)
    origin = request.headers.get("origin")
    if origin is None:
        return CorsAnswer(_varying(headers, choices), CorsReason.NOT_ASKED)
    allowed = allowed_origin(cors, origin)
    if allowed is None:
        return CorsAnswer(_varying(headers, choices), CorsReason.ORIGIN_NOT_ALLOWED)
    preflight = request.method == "OPTIONS"
    headers = _having(headers, Headers(_fields(cors, request, allowed, choices, preflight=preflight)))
    if allowed != _ANY:
        headers = _varying(headers, choices)
    return CorsAnswer(headers, CorsReason.PREFLIGHT if preflight else CorsReason.GIVEN)


def _having(headers: Headers, fields: Headers) -> Headers:
    """These fields in the place of those of their names, else at the end."""
    if headers.index.keys().isdisjoint(fields.index):
        return headers.followed_by(fields)
    for name, value in fields:
        headers = headers.having(name, value)
    return headers


_ANY = "*"
_PREFIX = "access-control-"


def allowed_origin(cors: Cors, origin: str) -> str | None:
    """What Access-Control-Allow-Origin says to this Origin, None where it is not allowed. inferred: `*` is sent as it
    stands, of a list the one that matches"""
    if cors.any_origin:
        return _ANY
    return origin if any(pattern.fullmatch(origin) for pattern in cors.origin_patterns) else None


def _fields(cors: Cors, request: Request, allowed: str, choices: Choices, *, preflight: bool) -> Iterator[Field]:
    """documented: methods, headers and max-age are for preflight requests. inferred: the order"""
    yield "Access-Control-Allow-Origin", allowed
    if cors.allow_credentials:
        yield "Access-Control-Allow-Credentials", "true"
    if preflight:
        yield from _preflight_fields(cors, request)
    to_all = choices.cors_expose_headers is CorsExposeHeaders.EVERY_CORS_REQUEST
    if cors.expose_headers and (preflight or to_all):
        yield "Access-Control-Expose-Headers", ", ".join(cors.expose_headers)


def _preflight_fields(cors: Cors, request: Request) -> Iterator[Field]:
    if cors.allow_methods:
        yield "Access-Control-Allow-Methods", ", ".join(cors.allow_methods)
    names = allowed_headers(cors, request.headers.all("access-control-request-headers"))
    if names:
        yield "Access-Control-Allow-Headers", ", ".join(names)
    if cors.max_age is not None:
        yield "Access-Control-Max-Age", str(cors.max_age)


def allowed_headers(cors: Cors, asked: tuple[str, ...]) -> tuple[str, ...]:
    """What Access-Control-Allow-Headers says; `asked` are the lines of Access-Control-Request-Headers.

    documented: `x-amz-*` and `x-*-amz` allow each name that fits, `*` all but Authorization. inferred: `*` alone is
    sent as it stands, which means the same to a browser; other patterns are answered with the names that fit
    """
    if _ANY in cors.allow_headers:
        named = [name for name in cors.allow_headers if name.lower() == "authorization"]
        return (_ANY, *named)
    found: dict[str, None] = {}
    for name in cors.allow_headers:
        found |= dict.fromkeys(_fitting(name, asked) if _ANY in name else (name,))
    return tuple(found)


def _fitting(pattern: str, asked: tuple[str, ...]) -> Iterator[str]:
    fits = re.compile(re.escape(pattern).replace(r"\*", ".*"), re.IGNORECASE)
    return (name for name in list_items(asked) if fits.fullmatch(name))


def _varying(headers: Headers, choices: Choices) -> Headers:
    """The head with `Vary: Origin`, unless it says so or more already."""
    if choices.cors_vary is CorsVary.NEVER:
        return headers
    items = list_items(headers.all("vary"))
    if any(item.lower() in _SAID for item in items):
        return headers
    return headers.having("Vary", ", ".join([*items, "Origin"]))


_SAID = frozenset({"origin", "*"})
