"""Which headers the lists of policies may not name.

documented: RequestAndResponseBehaviorCustomOrigin, "Caching based on header values is supported: no";
adding-cloudfront-headers and add-origin-custom-headers for the rest; observed: aws-cdk#13410, the API refuses, and so
it does x-amz-content-sha256, which belongs to the signature of an origin access control
"""

from __future__ import annotations

_NEVER_KEYED = frozenset(
    {
        "cache-control", "cloudfront-viewer-address", "cloudfront-viewer-asn", "cloudfront-viewer-ja3-fingerprint",
        "cloudfront-viewer-ja4-fingerprint", "cloudfront-viewer-tls", "connection", "content-length", "max-forwards",
        "pragma", "proxy-authenticate", "proxy-authorization", "proxy-connection", "request-range", "te", "trailer",
        "transfer-encoding", "upgrade", "x-amz-cf-id", "x-forwarded-proto", "x-real-ip",
    }
)  # fmt: skip
_NEVER_KEYED_PREFIX = "x-edge-"
_NEVER_LISTED = frozenset({"authorization", "accept-encoding", "x-amz-content-sha256"})
_NEVER_FORWARDED = frozenset({"x-amz-content-sha256"})


def may_be_keyed(name: str) -> bool:
    """May a cache policy list a header of this name? Case does not count."""
    lower = name.lower()
    return lower not in _NEVER_KEYED and not lower.startswith(_NEVER_KEYED_PREFIX)


def may_be_listed_for_the_origin(name: str) -> bool:
    """May an origin request policy list a header of this name? Case does not count."""
    return name.lower() not in _NEVER_LISTED


def may_be_forwarded(name: str) -> bool:
    """May ForwardedValues list a header of this name? Case does not count. inferred: what a cache policy may list, but
    that there is no key without it; `*` is every header"""
    return may_be_keyed(name) and name.lower() not in _NEVER_FORWARDED
