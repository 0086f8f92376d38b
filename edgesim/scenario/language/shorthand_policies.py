"""The policies of an inline distribution, and the legacy settings in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgesim.distribution.findings import closest
from edgesim.distribution.policies import MANAGED_CACHE_POLICIES, MANAGED_ORIGIN_REQUEST_POLICIES
from edgesim.loaders.nodes import Node
from edgesim.scenario.language import reading as r
from edgesim.scenario.language import shorthand_nodes as n
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.reading import Reader, Reading, Shape, Wrong

# ── policies ─────────────────────────────────────────────────────────────────


def _selection(words: Mapping[str, str], but: Mapping[str, str], selects: str, names: str) -> Reader[Node]:
    """A reader of what a policy takes: one of some words, a list of names, or some word's mapping to such a list."""

    def read(reading: Reading, element: Element) -> Node:
        if element.kind is Kind.LIST:
            how = "whitelist" if element.items else "none"
            return n.node(element, {selects: n.node(element, how), names: n.texts(reading, element)})
        if element.kind is Kind.MAPPING and len(element.fields) == 1 and element.fields.keys() <= but.keys():
            ((word, child),) = element.fields.items()
            return n.node(element, {selects: n.node(element, but[word]), names: n.texts(reading, child)})
        if element.text in words:
            return n.node(element, {selects: n.node(element, words[element.text])})
        name = element.at.rpartition(".")[2]
        forms = [*words, "a list of names", *(f"{{{word}: [..]}}" for word in but)]
        hint = closest(element.text, words) or f"write [{element.text}]" if element.kind is Kind.TEXT else ""
        raise Wrong(element, f"{name} can't be {element.shown}: it is {', '.join(forms[:-1])} or {forms[-1]}", hint)

    return read


_NONE = {"none": "none"}
_NONE_OR_ALL = {"none": "none", "all": "all"}
_ALL_EXCEPT = {"all-except": "allExcept"}
_COOKIES = _selection(_NONE_OR_ALL, _ALL_EXCEPT, "CookieBehavior", "Cookies")
_QUERY_STRINGS = _selection(_NONE_OR_ALL, _ALL_EXCEPT, "QueryStringBehavior", "QueryStrings")
_KEY_HEADERS = _selection(_NONE, {}, "HeaderBehavior", "Headers")
_HEADERS = _selection(
    {"none": "none", "all-viewer": "allViewer"},
    {"all-viewer-and": "allViewerAndWhitelistCloudFront", "all-except": "allExcept"},
    "HeaderBehavior",
    "Headers",
)
_CONFIGS = {
    "headers": ("HeadersConfig", "HeaderBehavior"),
    "cookies": ("CookiesConfig", "CookieBehavior"),
    "query-strings": ("QueryStringsConfig", "QueryStringBehavior"),
}
_TTL_NAMES = {"min-ttl": "MinTTL", "default-ttl": "DefaultTTL", "max-ttl": "MaxTTL"}
TTLS: Mapping[str, Reader[Any]] = dict.fromkeys(_TTL_NAMES, n.seconds)


def _encodings(_: Reading, element: Element) -> Mapping[str, Node]:
    known = {"gzip": "EnableAcceptEncodingGzip", "br": "EnableAcceptEncodingBrotli"}
    for item in r.one_or_more(element):
        if item.text not in known:
            raise Wrong(item, f"accept-encoding knows gzip and br, not {item.shown}")
    said = [item.text for item in r.one_or_more(element)]
    return {name: n.node(element, str(word in said).lower()) for word, name in known.items()}


_POLICY_HINTS = {"queries": "write query-strings", "query-string": "write query-strings", "ttl": "write default-ttl"}
CACHE_POLICY = Shape(
    "a cache policy",
    {
        **TTLS,
        "headers": _KEY_HEADERS,
        "cookies": _COOKIES,
        "query-strings": _QUERY_STRINGS,
        "accept-encoding": _encodings,
    },
    _POLICY_HINTS,
)
ORIGIN_REQUEST_POLICY = Shape(
    "an origin request policy",
    {"headers": _HEADERS, "cookies": _COOKIES, "query-strings": _QUERY_STRINGS},
    {**_POLICY_HINTS, **dict.fromkeys(TTLS, "TTLs belong to the cache policy")},
)


def _configs(element: Element, found: Mapping[str, Node]) -> dict[str, Node]:
    """Headers, cookies and query strings, each with what it takes, or nothing."""
    return {
        config: found.get(key) or n.node(element, {selects: n.node(element, "none")})
        for key, (config, selects) in _CONFIGS.items()
    }


def cache_policy(reading: Reading, element: Element) -> Node:
    """The policy's id, or its configuration."""
    if element.kind is not Kind.MAPPING:
        return managed(element, MANAGED_CACHE_POLICIES, "cache policy")
    found = CACHE_POLICY.read(reading, element)
    encodings: Mapping[str, Node] = found.pop("accept-encoding", None) or {
        "EnableAcceptEncodingGzip": n.node(element, "false")
    }
    parameters = n.node(element, {**_configs(element, found), **encodings})
    fields = {
        "Name": n.node(element, "inline"),
        "MinTTL": n.node(element, "0"),
        **n.renamed(found, _TTL_NAMES),
        "ParametersInCacheKeyAndForwardedToOrigin": parameters,
    }
    return n.node(element, fields)


def origin_request_policy(reading: Reading, element: Element) -> Node:
    """The policy's id, or its configuration."""
    if element.kind is not Kind.MAPPING:
        return managed(element, MANAGED_ORIGIN_REQUEST_POLICIES, "origin request policy")
    found = ORIGIN_REQUEST_POLICY.read(reading, element)
    return n.node(element, {"Name": n.node(element, "inline"), **_configs(element, found)})


_MANAGED = "Managed-"


def managed(element: Element, known: tuple[Any, ...], what: str) -> Node:
    """A managed policy by its name, with or without `Managed-`, or its id."""
    names = [policy.name.removeprefix(_MANAGED) for policy in known]
    wanted = element.text.removeprefix(_MANAGED).lower()
    for policy, name in zip(known, names, strict=True):
        if wanted in (policy.id, name.lower()):
            return n.node(element, policy.id)
    hint = closest(element.text, names) or f"managed ones are {', '.join(names)}; or write the policy itself"
    raise Wrong(element, f"there is no managed {what} {element.shown}", hint)


# ── the legacy settings ──────────────────────────────────────────────────────

FORWARDED = Shape(
    "forwarded-values",
    {
        "query-string": n.truth,
        "query-string-keys": n.texts,
        "headers": n.texts,
        "cookies": _selection(_NONE_OR_ALL, {}, "Forward", "WhitelistedNames"),
        **TTLS,
    },
    {
        "query-strings": "write query-string: true, and query-string-keys",
        "query-string-cache-keys": "query-string-keys",
    },
)
_FORWARDED_NAMES = {"query-string": "QueryString", "query-string-keys": "QueryStringCacheKeys", "cookies": "Cookies"}


def forwarded_values(reading: Reading, element: Element) -> dict[str, Node]:
    """ForwardedValues, and the TTLs beside it."""
    found = FORWARDED.read(reading, element)
    names = {**_FORWARDED_NAMES, "headers": "Headers"}
    values = {"QueryString": n.node(element, "false"), **n.renamed(found, names)}
    return {"ForwardedValues": n.node(element, values), **n.renamed(found, _TTL_NAMES)}
