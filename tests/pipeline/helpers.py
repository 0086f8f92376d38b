"""Distributions with functions, and replies to the effects of the request path."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from edgesim.distribution.model import ALL_METHODS, CacheBehavior, CustomErrorResponse, Trigger
from edgesim.distribution.policies import CachePolicy
from edgesim.errors import OriginTrouble
from edgesim.pipeline.effects import BodyRead, Fetched, FetchFailed, Invoke, Invoked, LookedUp, ReadBody
from edgesim.testing.make import NOW, a_function, a_response, behavior
from edgesim.values.entry import CacheKey, Entry, Use
from edgesim.values.instant import Instant
from edgesim.values.invocation import Failed, FailureKind, Invocation, Result, Returned
from edgesim.values.message import Response

EVERY_TRIGGER = tuple(Trigger)
NO_CACHING = CachePolicy("none", "CachingDisabled", 0, 0, 0)


def with_functions(*triggers: Trigger, path_pattern: str = "*", **settings: Any) -> CacheBehavior:
    """A behavior with a function at each of these triggers, named after it, that allows every method."""
    functions = {trigger: a_function(trigger.value) for trigger in triggers}
    return behavior(path_pattern, functions=functions, **{"allowed_methods": ALL_METHODS, **settings})


def pages(**by_status: str) -> dict[int, CustomErrorResponse]:
    """`pages(_404="/404.html")`: custom error responses by status."""
    numbered = {int(name.lstrip("_")): path for name, path in by_status.items()}
    return {status: CustomErrorResponse(status, page_path=path) for status, path in numbered.items()}


def key_of(path: str, method: str = "GET", query: str = "") -> CacheKey:
    """The key under the distribution that makers make, with nothing keyed but the path."""
    return CacheKey("E1LOCALEMU0001", method, path, query)


# ── replies ──────────────────────────────────────────────────────────────────


def nothing(*, waited: bool = False) -> LookedUp:
    return LookedUp(None, use=Use.STALE, at=NOW, waited=waited)


def fresh(entry: Entry, *, waited: bool = False) -> LookedUp:
    return LookedUp(entry, use=Use.FRESH, at=NOW, waited=waited)


def stale(entry: Entry) -> LookedUp:
    """The entry, long past its TTL."""
    return LookedUp(entry, use=Use.STALE, at=Instant(NOW + 100_000))


def fetched(response: Response | int = 200, **named: Any) -> Fetched:
    return Fetched(a_response(response, **named) if isinstance(response, int) else response, NOW)


def unreachable(trouble: OriginTrouble = OriginTrouble.CONNECT) -> FetchFailed:
    return FetchFailed(trouble, "connection refused", NOW)


def returned(result: Any) -> Invoked:
    """The function returned this value."""
    return _invoked(Returned(json.dumps(result)))


def failed(kind: FailureKind = FailureKind.ERROR) -> Invoked:
    return _invoked(Failed(kind, "TypeError", "x is not a function", ("at handler (index.js:1)",)))


def _invoked(result: Result) -> Invoked:
    return Invoked(Invocation("invocation-1", result, 1.5, 2, 128, 64, "environment-1"), NOW)


def seen(effect: Invoke) -> dict[str, Any]:
    """What the function sees: the response where there is one, else the request."""
    cf: dict[str, Any] = effect.event["Records"][0]["cf"]
    told: dict[str, Any] = cf.get("response", cf["request"])
    return told


def echo(effect: Invoke) -> Invoked:
    """The function passes on what it saw."""
    return returned(seen(effect))


def changed(*, headers: dict[str, str] | None = None, **changes: Any) -> Callable[[Invoke], Invoked]:
    """The function passes on what it saw with some keys replaced, and these headers set."""

    def reply(effect: Invoke) -> Invoked:
        told = seen(effect)
        new = {name: [{"value": value}] for name, value in (headers or {}).items()}
        return returned({**told, **changes, "headers": {**told["headers"], **new}})

    return reply


def body_read(effect: ReadBody) -> BodyRead:
    """Reads a body of bytes."""
    body = effect.body
    assert isinstance(body, bytes)
    return BodyRead(body[: effect.limit], len(body) > effect.limit, body)
