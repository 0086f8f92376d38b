"""What goes to the origin: the request that the cache sends on.

Source: the header table of RequestAndResponseBehaviorCustomOrigin, controlling-origin-requests
(RequestAndResponseBehaviorCustomOrigin, controlling-origin-requests).
"""

from __future__ import annotations

from enum import Enum

from edgesim.distribution.model import CacheBehavior, Origin
from edgesim.distribution.policies import NONE, OriginRequestPolicy, Selects
from edgesim.rules.accept_encoding import forwarded_encoding
from edgesim.rules.cloudfront_headers import PREFIX as CLOUDFRONT_PREFIX
from edgesim.rules.ranges import gets_whole_object
from edgesim.rules.selection import forwarded_names, keyed_cookies
from edgesim.rules.websocket import is_handshake
from edgesim.values.body import length_of
from edgesim.values.headers import Field, Headers
from edgesim.values.message import Request
from edgesim.values.uri import cookie_pairs, query_pairs
from edgesim.values.viewer import Arrival

CLOUDFRONT_USER_AGENT = "Amazon CloudFront"


class Treatment(Enum):
    """What CloudFront does with a request header of its own accord, where no policy lists it."""

    FORWARD = "forwarded"
    REMOVE = "removed unless a policy lists it"
    NEVER = "removed"
    OWN = "CloudFront writes it itself"


# documented: the header table; with policies, Origin and every header not named here need to be listed
_TREATMENT: dict[str, Treatment] = {
    "accept": Treatment.REMOVE,
    "accept-charset": Treatment.REMOVE,
    "accept-encoding": Treatment.OWN,
    "accept-language": Treatment.REMOVE,
    "authorization": Treatment.OWN,
    "cache-control": Treatment.FORWARD,
    "connection": Treatment.OWN,
    "content-length": Treatment.OWN,
    "content-md5": Treatment.FORWARD,
    "content-type": Treatment.FORWARD,
    "cookie": Treatment.OWN,
    "date": Treatment.FORWARD,
    "expect": Treatment.REMOVE,
    "from": Treatment.FORWARD,
    "host": Treatment.OWN,
    "if-match": Treatment.FORWARD,
    "if-modified-since": Treatment.FORWARD,
    "if-none-match": Treatment.FORWARD,
    "if-range": Treatment.FORWARD,
    "if-unmodified-since": Treatment.FORWARD,
    "keep-alive": Treatment.NEVER,
    "max-forwards": Treatment.FORWARD,
    "pragma": Treatment.FORWARD,
    "proxy-authenticate": Treatment.NEVER,
    "proxy-authorization": Treatment.NEVER,
    "proxy-connection": Treatment.NEVER,
    "range": Treatment.FORWARD,
    "referer": Treatment.REMOVE,
    "request-range": Treatment.FORWARD,
    "te": Treatment.NEVER,
    "trailer": Treatment.NEVER,
    "transfer-encoding": Treatment.OWN,
    "upgrade": Treatment.OWN,
    "user-agent": Treatment.OWN,
    "via": Treatment.OWN,
    "warning": Treatment.FORWARD,
    "x-amz-cf-id": Treatment.OWN,
    "x-forwarded-for": Treatment.OWN,
    "x-forwarded-proto": Treatment.NEVER,
    "x-http-method-override": Treatment.REMOVE,
    "x-real-ip": Treatment.NEVER,
}


class KeptBack(Enum):
    """Why a header of the viewer's does not go to the origin, or not with the viewer's value."""

    UNLISTED = "no policy has it"
    NEVER = "CloudFront never passes it on"
    AUTHORIZATION = (
        "it goes on with PUT, POST, PATCH and DELETE, else only where the cache policy has it, or the origin request "
        "policy has all viewer headers"
    )
    SIGNED = "the origin's access control signs in its place"
    HOST_OF_S3 = "an S3 origin always gets its own"
    ENCODING = "where a cache policy compresses, gzip and br alone go on"
    UPGRADE = "it goes on for WebSockets alone"
    CLOUDFRONT = "only CloudFront itself writes such headers"
    WHOLE = "such ranges get the whole object, which is what the origin is asked for"
    REPLACED = "CloudFront or the origin's custom headers have another in its place"


_EDGES_OWN = "x-edge-"
_BODY_METHODS_AUTHORIZATION = frozenset({"PUT", "POST", "PATCH", "DELETE"})


def forwarded_query(behavior: CacheBehavior, query: str) -> str:
    """The query string that the origin gets: taken pairs as written, in their order."""
    legacy = behavior.forwarded_values
    if legacy is not None:
        # documented: with QueryStringCacheKeys all parameters are forwarded, only the listed ones keyed
        return query if legacy.query_string else ""
    policy = behavior.origin_request_policy
    forwarded = forwarded_names(behavior.cache_policy.query_strings, policy.query_strings if policy else None)
    if behavior.cache_policy.query_strings.selects is Selects.ALL or _asks_for_all(policy):
        return query
    return "&".join(pair for name, pair in query_pairs(query) if forwarded(name))


def _asks_for_all(policy: OriginRequestPolicy | None) -> bool:
    return policy is not None and policy.query_strings.selects is Selects.ALL


def _forwarded_cookies(behavior: CacheBehavior, headers: Headers) -> str | None:
    """The Cookie header, sorted by name (documented: Cookies), or None."""
    if "cookie" not in headers:
        return None
    policy = behavior.origin_request_policy
    forwarded = forwarded_names(keyed_cookies(behavior), policy.cookies if policy else None)
    pairs = [pair for pair in cookie_pairs(headers.all("cookie")) if forwarded(pair[0])]
    return "; ".join(pair for _, pair in sorted(pairs, key=lambda pair: pair[0])) or None


def is_listed(behavior: CacheBehavior, name: str) -> bool:
    """Does a policy, or the legacy header list, name this lower-case header for the origin?"""
    legacy = behavior.forwarded_values
    if legacy is not None:
        return legacy.all_headers or name in {listed.lower() for listed in legacy.headers}
    return name in behavior.cache_policy.headers.lower or _requested(behavior.origin_request_policy, name)


def _requested(policy: OriginRequestPolicy | None, name: str) -> bool:
    selection = policy.headers if policy else NONE
    match selection.selects:
        case Selects.WHITELIST:
            return name in selection.lower
        case Selects.ALL_EXCEPT:
            return name not in selection.lower
        case Selects.ALL_VIEWER:
            return True
        case Selects.ALL_VIEWER_AND_CLOUDFRONT:
            return not name.startswith(CLOUDFRONT_PREFIX) or name in selection.lower
        case _:
            return False


def _passes(behavior: CacheBehavior, name: str) -> bool:
    """Does a header that CloudFront does not write itself go to the origin?"""
    if name.startswith(_EDGES_OWN):
        return False
    treatment = _TREATMENT.get(name)
    if treatment is Treatment.NEVER or treatment is Treatment.OWN:
        return False
    if treatment is Treatment.FORWARD:
        return True
    # documented ("Legacy"): only legacy settings forward headers that nobody listed
    other = treatment is None and behavior.forwarded_values is not None
    return other or is_listed(behavior, name)


# CloudFront writes these anew on every way to an origin
_WRITTEN_ANEW = frozenset(
    {"connection", "content-length", "cookie", "transfer-encoding", "via", "x-amz-cf-id", "x-forwarded-for"}
)
# It puts its own in their place, where no policy lists them
_OF_ITS_OWN = frozenset({"host", "user-agent"})


def kept_back(behavior: CacheBehavior, asked: Request, sent: Request) -> dict[str, KeptBack]:
    """Which headers of a request, by their names as they were written, are not in what was sent on of it, and why.
    Not of Cookie, which goes on in parts, nor of what CloudFront writes anew."""
    gone = (
        name
        for name in asked.headers.index
        if name not in _WRITTEN_ANEW
        and (name not in sent.headers or (name in _OF_ITS_OWN and sent.headers.all(name) != asked.headers.all(name)))
    )
    written = {name.lower(): name for name, _ in asked.headers}
    return {written[name]: _why_kept_back(behavior, asked, name) for name in gone}


def _why_kept_back(behavior: CacheBehavior, asked: Request, name: str) -> KeptBack:
    if name == "authorization":
        return KeptBack.SIGNED if _authorization(behavior, asked) else KeptBack.AUTHORIZATION
    if name == "accept-encoding" and (behavior.cache_policy.gzip or behavior.cache_policy.brotli):
        return KeptBack.ENCODING
    if name == "host" and is_listed(behavior, name):
        return KeptBack.HOST_OF_S3
    if name == "upgrade":
        return KeptBack.UPGRADE
    if name.startswith(CLOUDFRONT_PREFIX):
        return KeptBack.CLOUDFRONT
    if name in {"range", "if-range"}:
        return KeptBack.WHOLE
    if _TREATMENT.get(name) is Treatment.NEVER or name.startswith(_EDGES_OWN):
        return KeptBack.NEVER
    return KeptBack.REPLACED if _passes(behavior, name) else KeptBack.UNLISTED


def _authorization(behavior: CacheBehavior, request: Request) -> bool:
    """documented: the table's row; an origin request policy takes it only among all viewer headers"""
    if request.method in _BODY_METHODS_AUTHORIZATION or is_listed(behavior, "authorization"):
        return True
    return request.method == "OPTIONS" and "OPTIONS" not in behavior.cached_methods


def _host(behavior: CacheBehavior, origin: Origin, headers: Headers) -> str:
    """documented: the origin's name, unless Host is forwarded; never for S3"""
    viewer_host = headers.get("host")
    if origin.s3 is None and viewer_host and is_listed(behavior, "host"):
        return viewer_host
    return origin.domain_name


def _encoding(behavior: CacheBehavior, headers: Headers) -> str | None:
    policy = behavior.cache_policy
    if policy.gzip or policy.brotli:
        return forwarded_encoding(policy, headers)
    return headers.joined("accept-encoding") if is_listed(behavior, "accept-encoding") else None


def via_of(behavior_host: str, version: str) -> str:
    """One hop of Via. `behavior_host` is the 32 hex digits that name the edge."""
    return f"{version} {behavior_host}.cloudfront.net (CloudFront)"


def _own_headers(
    behavior: CacheBehavior, origin: Origin, arrival: Arrival, request: Request, edge_name: str
) -> list[Field]:
    """What CloudFront itself says, in the order it is sent."""
    headers = request.headers
    is_websocket = is_handshake(request)
    user_agent = headers.get("user-agent") if is_listed(behavior, "user-agent") else None
    vias = [*headers.all("via"), via_of(edge_name, arrival.viewer.http_version)]
    # documented: appended after a comma; the doc's examples have no space
    hops = [*headers.all("x-forwarded-for"), arrival.viewer.ip]
    own: list[tuple[str, str | None]] = [
        ("Host", _host(behavior, origin, headers)),
        ("User-Agent", user_agent or CLOUDFRONT_USER_AGENT),
        ("X-Amz-Cf-Id", arrival.id),
        ("Connection", "Upgrade" if is_websocket else "Keep-Alive"),
        ("Upgrade", "websocket" if is_websocket else None),
        ("Via", ", ".join(vias)),
        ("X-Forwarded-For", ",".join(hops)),
        ("Accept-Encoding", _encoding(behavior, headers)),
        ("Authorization", headers.get("authorization") if _authorization(behavior, request) else None),
        ("Cookie", _forwarded_cookies(behavior, headers)),
        ("Content-Length", _content_length(request)),
        ("Transfer-Encoding", "chunked" if length_of(request.body) is None else None),
    ]
    return [(name, value) for name, value in own if value is not None]


def _content_length(request: Request) -> str | None:
    length = length_of(request.body)
    if length:
        return str(length)
    return "0" if length == 0 and "content-length" in request.headers else None


def origin_request(
    behavior: CacheBehavior, origin: Origin, arrival: Arrival, request: Request, *, edge_name: str
) -> Request:
    """The request for an origin, before the origin-request function sees it. OriginPath and the origin's custom
    headers are not in it yet: they are `origin`'s, and a function may still choose another. What they overwrite is
    gone already, since no header may stand in both places (documented: lambda-event-structure)."""
    passed = request.headers.only(lambda name: _passes(behavior, name))
    if request.method == "GET" and gets_whole_object(passed):
        # documented: RangeGETs, the viewer gets the full object; inferred: since the origin is asked for that
        passed = passed.without("Range", "If-Range")
    own = _own_headers(behavior, origin, arrival, request, edge_name)
    headers = Headers(own).adding(*passed.fields).without(*(name for name, _ in origin.custom_headers))
    return Request(request.method, request.path, forwarded_query(behavior, request.query), headers, request.body)


def with_custom_headers(request: Request, origin: Origin) -> Request:
    """The finished request: with the origin's custom headers, which overwrite others of the same name, and with a
    Host, where a function took it away (inferred: the origin's name).

    documented: add-origin-custom-headers; an empty Accept-Encoding there removes the header (cache-hit-ratio). An
    access control that always signs leaves no other Authorization (private-content-restricting-access-to-s3)
    """
    gone = ["authorization"] if (access := origin.access) is not None and access.always_signs else []
    headers = request.headers.without(*gone, *(name for name, _ in origin.custom_headers))
    if "host" not in headers:
        headers = Headers((("Host", origin.domain_name), *headers))
    added = [(name, value) for name, value in origin.custom_headers if value or name.lower() != "accept-encoding"]
    return Request(request.method, request.path, request.query, headers.adding(*added), request.body)
