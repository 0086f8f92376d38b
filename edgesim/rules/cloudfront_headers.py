"""The CloudFront-* request headers: which a policy asks for, and what they say of this viewer.

Source: adding-cloudfront-headers. They are added after the viewer-request function, and
only where a cache policy or an origin request policy names them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

from edgesim.distribution.model import CacheBehavior
from edgesim.distribution.policies import CLOUDFRONT_HEADERS_2022_06, Selects
from edgesim.rules.accept_encoding import without_old_encodings
from edgesim.rules.websocket import without_old_upgrades
from edgesim.values.headers import Field, Headers
from edgesim.values.viewer import Arrival, Device, Viewer

PREFIX = "cloudfront-"

# inferred: CloudFront's User-Agent rules are not published; these tokens tell the common families apart
_DEVICE_TOKENS: tuple[tuple[Device, tuple[str, ...]], ...] = (
    (Device.SMART_TV, ("smart-tv", "smarttv", "googletv", "appletv", "hbbtv", "netcast", "roku", "crkey")),
    (Device.TABLET, ("ipad", "tablet", "kindle", "silk/", "playbook")),
    (Device.MOBILE, ("mobile", "iphone", "ipod", "blackberry", "opera mini", "windows phone")),
)


def device_of(viewer: Viewer, user_agent: str) -> Device:
    """The kind of device, as the request says it or, where it does not, by the User-Agent."""
    if viewer.device is not None:
        return viewer.device
    agent = user_agent.lower()
    for device, tokens in _DEVICE_TOKENS:
        if any(token in agent for token in tokens):
            return device
    return Device.TABLET if "android" in agent else Device.DESKTOP


_KINDS: dict[str, frozenset[Device]] = {
    "is-desktop-viewer": frozenset({Device.DESKTOP}),
    "is-mobile-viewer": frozenset({Device.MOBILE, Device.ANDROID, Device.IOS}),
    "is-tablet-viewer": frozenset({Device.TABLET}),
    "is-smarttv-viewer": frozenset({Device.SMART_TV}),
}
# Android and iOS are systems, so they may be true beside a kind of device
_SYSTEMS: dict[str, tuple[Device, tuple[str, ...]]] = {
    "is-android-viewer": (Device.ANDROID, ("android",)),
    "is-ios-viewer": (Device.IOS, ("iphone", "ipad", "ipod")),
}


DEVICE_HEADERS = tuple(f"{PREFIX}{name}" for name in (*_KINDS, *_SYSTEMS))


def _device_value(name: str, arrival: Arrival) -> str:
    agent = arrival.request.headers.get("user-agent") or ""
    device = device_of(arrival.viewer, agent)
    if name in _KINDS:
        return "true" if device in _KINDS[name] else "false"
    system, tokens = _SYSTEMS[name]
    by_agent = arrival.viewer.device is None and any(token in agent.lower() for token in tokens)
    return "true" if device is system or by_agent else "false"


def _header_order(arrival: Arrival) -> str:
    return ":".join(name for name, _ in arrival.request.headers)[:7_680]


# documented: the values' forms; inferred: what a local viewer without TLS reports
_FACTS: dict[str, Callable[[Arrival], str | None]] = {
    "viewer-address": lambda a: f"{a.viewer.ip}:{a.viewer.port}",
    "forwarded-proto": lambda a: a.viewer.protocol,
    "viewer-http-version": lambda a: a.viewer.http_version,
    "viewer-header-order": _header_order,
    "viewer-header-count": lambda a: str(len(a.request.headers)),
    "viewer-tls": lambda a: ":".join((*a.viewer.tls, "fullHandshake")) if a.viewer.protocol == "https" else None,
}


def _value(name: str, arrival: Arrival) -> str | None:
    """The value of one header by the end of its name, or None where there is nothing to say."""
    if name in _KINDS or name in _SYSTEMS:
        return _device_value(name, arrival)
    if name in _FACTS:
        return _FACTS[name](arrival)
    told = arrival.viewer.place.get(name.removeprefix("viewer-")) if name.startswith("viewer-") else None
    return quote(told, safe=" !\"#$&'()*+,-./:;<=>?@[]^_`{|}~") if told is not None else None


# documented: using-managed-origin-request-policies (newer text): protocol, HTTP version, TLS version, device and
# location headers; inferred: which names those are
_ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
_ADDED_TO_ALL_EXCEPT_HOST = tuple(
    name for name in CLOUDFRONT_HEADERS_2022_06 if name not in {"CloudFront-Viewer-Address", "CloudFront-Viewer-ASN"}
)


def keyed(behavior: CacheBehavior) -> tuple[str, ...]:
    """The CloudFront-* headers that have a part in the cache key, each once."""
    legacy = behavior.forwarded_values
    names = legacy.headers if legacy is not None else behavior.cache_policy.headers.names
    return _ours(tuple(names)) if names else ()


@lru_cache(maxsize=256)
def _ours(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if _is_ours(name.lower())))


def asked_for(behavior: CacheBehavior) -> tuple[str, ...]:
    """The CloudFront-* headers that a behavior's policies, or its legacy header list, name, each once."""
    policy, names = behavior.origin_request_policy, list(keyed(behavior))
    if policy is not None and policy.headers.selects is not Selects.ALL_EXCEPT:
        names += policy.headers.names
    if policy is not None and policy.id == _ALL_VIEWER_EXCEPT_HOST:
        names += _ADDED_TO_ALL_EXCEPT_HOST
    return _ours(tuple(names))


def for_the_cache(behavior: CacheBehavior, arrival: Arrival, headers: Headers) -> Headers:
    """The request's headers as the cache sees them: with those that the key has (one that a function made is
    overwritten), without an Accept-Encoding or an Upgrade that the viewer's HTTP version makes void."""
    version = arrival.viewer.http_version
    headers = without_old_upgrades(without_old_encodings(headers, version), version)
    return _with(headers, keyed(behavior), arrival)


def for_the_origin(behavior: CacheBehavior, arrival: Arrival, headers: Headers) -> Headers:
    """What `for_the_cache` gave, with all that the policies ask for."""
    return _with(headers, asked_for(behavior), arrival)


def _with(headers: Headers, names: tuple[str, ...], arrival: Arrival) -> Headers:
    if not names:
        return headers
    values = [(name, _value(name.lower().removeprefix(PREFIX), arrival)) for name in names]
    added: list[Field] = [(name, value) for name, value in values if value is not None]
    return headers.without(*(name for name, _ in added)).adding(*added)


def for_error_page(behavior: CacheBehavior, arrival: Arrival, headers: Headers) -> Headers:
    """What a request for a custom error page tells of the viewer's, where a policy of the page's behavior names it.
    documented: adding-cloudfront-headers. inferred: for error pages alone, and either policy may name them"""
    told = {f"{PREFIX}error-uri": arrival.request.path, f"{PREFIX}error-args": arrival.request.query}
    names = [name for name in asked_for(behavior) if name.lower() in told]
    return headers.adding(*((name, told[name.lower()]) for name in names)) if names else headers


def without_viewers_own(headers: Headers) -> Headers:
    """A viewer can't supply these headers itself. inferred: adding-cloudfront-headers"""
    if not [name for name in headers.index if name.startswith(PREFIX)]:
        return headers
    return headers.only(lambda name: not _is_ours(name))


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX)
