"""Requests as tests in Python say them. What can't be one is a ConfigError, in a sentence."""

from __future__ import annotations

import json as json_
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from edgesim.distribution.findings import closest
from edgesim.errors import ConfigError
from edgesim.scenario.model import Content, Send

HeaderValues: TypeAlias = Mapping[str, str | int | Sequence[str]]
"""Headers by name; a list is a header of several lines."""


def send_of(
    method: str,
    target: Any,
    *,
    headers: HeaderValues | None = None,
    cookies: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
    json: Any = None,
    viewer: Mapping[str, str] | None = None,
    **more: str,
) -> Send:
    """A request; `target` is a text. Raises ConfigError."""
    if not isinstance(target, str) or not target.startswith(("/", "*")):
        raise ConfigError(f"{target!r} is no target: it begins with / (the host goes into headers)")
    pairs = [(name, line) for name, values in _mapping("headers", headers) for line in _lines(name, values)]
    if json is not None:
        if body is not None:
            raise ConfigError("the body is said twice: by body and by json")
        body = _as_json(json)
        if "content-type" not in {name.lower() for name, _ in pairs}:
            pairs.append(("Content-Type", "application/json"))
    for name in more:
        if slip := closest(name, _OWN):
            raise ConfigError(f"a request has no {name!r} ({slip})")
    said = [*_mapping("viewer", viewer), *more.items()]
    settings = {name.replace("_", "-"): str(value) for name, value in said}
    sent = tuple((name, str(value)) for name, value in _mapping("cookies", cookies))
    return Send(method.upper(), target, tuple(pairs), sent, _content(body), viewer=settings)


_OWN = ("headers", "cookies", "body", "json", "viewer", "sign")
"""What a request has beside the settings of its viewer"""


def each_of(requests: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """What is said of each of several requests, a method and a target at least. Raises ConfigError."""
    for one in requests:
        said = {"target": one} if isinstance(one, str) else one
        if not isinstance(said, Mapping) or "target" not in said:
            raise ConfigError(f"{one!r} is no request: write '/a', or {{'target': '/a', 'method': 'POST'}}")
        yield {"method": "GET", **said}


def _mapping(what: str, value: Any) -> Iterable[tuple[str, Any]]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise ConfigError(f"{what} is {value!r}, and no dict (write {what}={{'name': 'value'}})")
    return value.items()


def _lines(name: str, values: Any) -> Iterable[str]:
    if isinstance(values, str | int):
        return (str(values),)
    if isinstance(values, Sequence) and not isinstance(values, bytes):
        return map(str, values)
    raise ConfigError(
        f"header {name} is {values!r}: write a text, or a list of texts; one that is not sent is left out"
    )


def _as_json(value: Any) -> str:
    try:
        return json_.dumps(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"json can't be sent: {error}") from None


def _content(body: Any) -> Content | None:
    if body is None:
        return None
    if isinstance(body, bytes):
        return Content(data=body)
    if isinstance(body, str):
        return Content(text=body)
    raise ConfigError(f"body is {body!r}: write a text or bytes, or json=… for what is to be sent as JSON")
