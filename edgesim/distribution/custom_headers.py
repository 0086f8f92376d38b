"""Which headers an origin's custom headers may not be. documented: add-origin-custom-headers"""

from __future__ import annotations

_NEVER = frozenset(
    {
        "cache-control", "connection", "content-length", "cookie", "host", "if-match", "if-modified-since",
        "if-none-match", "if-range", "if-unmodified-since", "max-forwards", "pragma", "proxy-authorization",
        "proxy-connection", "range", "request-range", "te", "trailer", "transfer-encoding", "upgrade", "via",
        "x-real-ip",
    }
)  # fmt: skip
_NEVER_PREFIXES = ("x-amz-", "x-edge-")


def may_be_custom(name: str) -> bool:
    """May an origin have a custom header of this name? Case does not count."""
    lower = name.lower()
    return lower not in _NEVER and not lower.startswith(_NEVER_PREFIXES)
