"""Response headers policies: what CloudFront adds to and removes from what it sends to viewers; the managed ones.

Source: understanding-response-headers-policies, using-managed-response-headers-policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from edgesim.values.headers import Headers

EVERY_METHOD = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""What ALL stands for. documented: the order in which the managed policies send them"""


@dataclass(frozen=True)
class PolicyHeader:
    """A header of the policy. Without `override` the origin's own counts, where it sends one."""

    name: str
    value: str
    override: bool = False


@dataclass(frozen=True)
class Cors:
    """The CORS headers of a policy; what is empty is not sent. Origins and headers may have wildcards; `max_age` is
    seconds; without `override` any CORS header from the origin keeps all of these away."""

    allow_origins: tuple[str, ...]
    allow_headers: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int | None = None
    override: bool = False

    @cached_property
    def any_origin(self) -> bool:
        return "*" in self.allow_origins

    @cached_property
    def origin_patterns(self) -> tuple[re.Pattern[str], ...]:
        """What an Origin must match as a whole, one of them."""
        return tuple(map(origin_pattern, self.allow_origins))


@dataclass(frozen=True)
class ResponseHeadersPolicy:
    """What is done to the head of every response of a behavior: first `remove`, then the others are added.

    `headers` are the security headers and the custom ones; `server_timing` is the sampling rate in percent, None where
    it is off.
    """

    id: str = ""
    name: str = ""
    cors: Cors | None = None
    headers: tuple[PolicyHeader, ...] = ()
    remove: tuple[str, ...] = ()
    server_timing: float | None = None

    @cached_property
    def removed(self) -> frozenset[str]:
        """The lower-case names that go."""
        return frozenset(name.lower() for name in self.remove)

    @cached_property
    def head(self) -> Headers:
        """All headers as they are where the origin has none of them."""
        return Headers((header.name, header.value) for header in self.headers).encoded()

    def given_way(self, headers: Headers) -> Iterator[PolicyHeader]:
        """The policy's headers that are not sent, since the origin has its own in this head."""
        for header in self.headers:
            if not header.override and header.name in headers and header.name.lower() not in self.removed:
                yield header


# ── origins ──────────────────────────────────────────────────────────────────

_ORIGIN = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<host>[^:/]+)(?::(?P<port>[\d*]+))?")
_ANY_SCHEME = "[A-Za-z][A-Za-z0-9+.-]*"


def origin_pattern(allowed: str) -> re.Pattern[str]:
    """An allowed origin as a pattern of Origin headers.

    documented: without a scheme any will do; `*.example.org` is every sub-domain, however deep, and not example.org
    itself; without a port the origin may have none, `:*` is any or none, `:1*3` each that begins and ends so.
    inferred: host names compare without case
    """
    parts = _ORIGIN.fullmatch(allowed)
    if parts is None:
        return re.compile(re.escape(allowed), re.IGNORECASE)
    scheme, host, port = parts["scheme"], parts["host"], parts["port"]
    host = rf"[^:/]+{re.escape(host[1:])}" if host.startswith("*.") else re.escape(host)
    return re.compile(f"{re.escape(scheme) if scheme else _ANY_SCHEME}://{host}{_port(port)}", re.IGNORECASE)


def _port(port: str | None) -> str:
    if port == "*":
        return r"(?::\d+)?"
    digits = r"\d*".join(port.split("*")) if port else ""
    return f":{digits}" if port else ""


# ── managed policies ─────────────────────────────────────────────────────────

# documented: using-managed-response-headers-policies, which has these headers and no others
_SIMPLE = Cors(("*",))
_WITH_PREFLIGHT = replace(_SIMPLE, allow_methods=EVERY_METHOD, expose_headers=("*",))

# inferred: their order, which is that of the API's structure
_SECURITY = (
    PolicyHeader("X-XSS-Protection", "1; mode=block"),
    PolicyHeader("X-Frame-Options", "SAMEORIGIN"),
    PolicyHeader("Referrer-Policy", "strict-origin-when-cross-origin"),
    PolicyHeader("X-Content-Type-Options", "nosniff", override=True),
    PolicyHeader("Strict-Transport-Security", "max-age=31536000"),
)

MANAGED_RESPONSE_HEADERS_POLICIES = (
    ResponseHeadersPolicy("60669652-455b-4ae9-85a4-c4c02393f86c", "Managed-SimpleCORS", _SIMPLE),
    ResponseHeadersPolicy("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "Managed-CORS-With-Preflight", _WITH_PREFLIGHT),
    ResponseHeadersPolicy(
        "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "Managed-SecurityHeadersPolicy",
        headers=_SECURITY,
    ),
    ResponseHeadersPolicy(
        "e61eb60c-9c35-4d20-a928-2b84e02af89c",
        "Managed-CORS-and-SecurityHeadersPolicy",
        _SIMPLE,
        _SECURITY,
    ),
    ResponseHeadersPolicy(
        "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
        "Managed-CORS-with-preflight-and-SecurityHeadersPolicy",
        _WITH_PREFLIGHT,
        _SECURITY,
    ),
)
