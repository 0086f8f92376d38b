"""Which names a policy's selection takes. Headers compare without case; cookies and query strings exactly.

Source: understanding-how-origin-request-policies-and-cache-policies-work-together.
"""

from __future__ import annotations

from collections.abc import Callable

from edgesim.distribution.model import CacheBehavior
from edgesim.distribution.policies import Selection, Selects
from edgesim.values.uri import matches_wildcards


def takes(selection: Selection, name: str) -> bool:
    """Does a selection of cookies or query strings take this name? Cookie names may hold `*` and `?` (legacy)."""
    match selection.selects:
        case Selects.NONE:
            return False
        case Selects.WHITELIST:
            return name in selection.exact or _by_wildcard(selection, name)
        case Selects.ALL_EXCEPT:
            return name not in selection.exact
        case _:
            return True


def _by_wildcard(selection: Selection, name: str) -> bool:
    return any(("*" in n or "?" in n) and matches_wildcards(n, name) for n in selection.names)


def forwarded_names(keyed: Selection, requested: Selection | None) -> Callable[[str], bool]:
    """Which cookies or query strings reach the origin, given what the cache policy keys and what the origin request
    policy asks for.

    documented: everything keyed is forwarded, and everything asked for, whatever the other one blocks; only where
    both are block lists, an item in either is dropped.
    """
    if requested is None:
        return lambda name: takes(keyed, name)
    both_block = keyed.selects is Selects.ALL_EXCEPT and requested.selects is Selects.ALL_EXCEPT
    if both_block:
        return lambda name: takes(keyed, name) and takes(requested, name)
    return lambda name: takes(keyed, name) or takes(requested, name)


def keyed_cookies(behavior: CacheBehavior) -> Selection:
    """The cookies that go to the origin with or without an origin request policy. Legacy settings that forward all
    headers have a derived cache policy without cookies, and yet may forward them."""
    return behavior.forwarded_values.cookies if behavior.forwarded_values else behavior.cache_policy.cookies


def cookies_forwarded(behavior: CacheBehavior) -> bool:
    """Can any cookie reach the origin? Then Set-Cookie passes, and objects are not revalidated.

    documented: Cookies.md; inferred for policies: forwarded means that either policy's cookies are not none
    """
    policy = behavior.origin_request_policy
    requested = policy is not None and policy.cookies.selects is not Selects.NONE
    return requested or keyed_cookies(behavior).selects is not Selects.NONE
