"""The distribution that a recording is played with where no other is given: one that does what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edgesim.scenario.recording.recorded_cache import Keying, Passed, is_plain_path, uncached_paths, x_cache

_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
# documented: CustomErrorResponse, ErrorCode
_CONFIGURABLE_ERRORS = frozenset({400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504})


def fitting_distribution(passed: Sequence[Passed], keying: Keying) -> dict[str, Any]:
    """A distribution that does what was seen: it caches if the server did."""
    caches = any(x_cache(one.response) for one in passed)
    errors = sorted({one.response.status for one in passed} & _CONFIGURABLE_ERRORS)
    methods = {} if {one.request.method for one in passed} <= {"GET", "HEAD"} else {"methods": _METHODS}
    settings: dict[str, Any] = {
        "cache-policy": keying.policy() if caches else "CachingDisabled",
        "origin-request-policy": _WITHOUT_COOKIES if _refreshes(passed) else _EVERYTHING,
        **methods,
        # Each error that was seen is told by the origin again, however soon it came
        "error-responses": {status: {"min-ttl": 0} for status in errors} if caches else {},
        "behaviors": [{**behavior, **methods} for behavior in _behaviors(passed, keying)],
    }
    return {name: value for name, value in settings.items() if name == "cache-policy" or value not in ([], {})}


# Everything goes to the origin, as it does without a CDN; so Set-Cookie and Vary come back, too
_EVERYTHING = "AllViewer"
_WITHOUT_COOKIES = {"headers": "all-viewer", "query-strings": "all"}


def _refreshes(passed: Iterable[Passed]) -> bool:
    """Was an object revalidated? Then no cookies are forwarded. documented: Expiration, "HTTP conditional requests" """
    return any(x_cache(one.response) == "RefreshHit" for one in passed)


def _behaviors(passed: Sequence[Passed], keying: Keying) -> list[dict[str, Any]]:
    """Behaviors for the paths that the default one is not right for."""
    never = uncached_paths(passed, keying)
    found = [_behavior(path, "CachingDisabled") for path in never]
    if _refreshes(passed):
        setting = dict.fromkeys(one.request.path for one in passed if "set-cookie" in one.response.headers)
        found += [_behavior(path, keying.policy()) for path in setting if path not in never and is_plain_path(path)]
    return found[:_MOST_BEHAVIORS]


_MOST_BEHAVIORS = 20


def _behavior(path: str, cache_policy: Any) -> dict[str, Any]:
    return {"path": path, "cache-policy": cache_policy, "origin-request-policy": _EVERYTHING}


def never_kept(passed: Sequence[Passed], keying: Keying, inline: Mapping[str, Any] | None) -> frozenset[str]:
    return frozenset(uncached_paths(passed, keying)) if inline is not None else frozenset()
