"""Accept-Encoding, normalised for the cache key and the origin.

Source: controlling-the-cache-key, "Compressed objects".
"""

from __future__ import annotations

from functools import lru_cache

from edgesim.distribution.model import CacheBehavior, Distribution
from edgesim.distribution.policies import CachePolicy
from edgesim.values.headers import Headers, list_items


def _accepted(line: str) -> frozenset[str]:
    """Codings of the header, lower case. inferred: an item with q=0 counts as absent, and `*` is no coding"""
    accepted = set()
    for item in list_items([line]):
        coding, *parameters = (part.strip().lower() for part in item.split(";"))
        weights = [p[2:].strip() for p in parameters if p.startswith("q=")]
        if not any(w.rstrip("0").rstrip(".") in {"", "0"} for w in weights):
            accepted.add(coding)
    return frozenset(accepted)


@lru_cache(maxsize=1024)
def _enabled(line: str, *, gzip: bool, brotli: bool) -> str | None:
    accepted = _accepted(line)
    return ",".join(name for name, on in (("br", brotli), ("gzip", gzip)) if on and name in accepted) or None


def keyed_encoding(policy: CachePolicy, headers: Headers) -> str | None:
    """The part of the key: `br,gzip`, `br`, `gzip`, or None where the header has no part in it."""
    if not (policy.gzip or policy.brotli):
        return None
    line = headers.joined("accept-encoding")
    return None if line is None else _enabled(line, gzip=policy.gzip, brotli=policy.brotli)


def switched_off(distribution: Distribution, behavior: CacheBehavior) -> bool:
    """Does the origin's configuration take the header out of key and request? documented: cache-hit-ratio, by an
    empty custom header"""
    origin = distribution.origins.get(behavior.target_origin_id)
    headers = origin.custom_headers if origin is not None else ()
    return bool(headers) and any(not value and name.lower() == "accept-encoding" for name, value in headers)


def without_old_encodings(headers: Headers, http_version: str) -> Headers:
    """documented: ServingCompressedFiles, CloudFront drops the header of a viewer that speaks HTTP/1.0"""
    return headers.without("accept-encoding") if http_version == "1.0" else headers


def forwarded_encoding(policy: CachePolicy, headers: Headers) -> str | None:
    """What the origin gets where the policy normalises: `identity` when the viewer accepts none of the enabled
    codings, None when it sent no header."""
    if "accept-encoding" not in headers:
        return None
    return keyed_encoding(policy, headers) or "identity"
