"""The response headers policy of an inline distribution.

Rule: headers are written as they are sent; what AWS has settings for is taken apart into these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgesim.distribution.response_headers import MANAGED_RESPONSE_HEADERS_POLICIES
from edgesim.loaders.nodes import Node
from edgesim.scenario.language import reading as r
from edgesim.scenario.language import shorthand_nodes as n
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.reading import Reading, Shape, Wrong
from edgesim.scenario.language.shorthand_policies import managed


def response_headers_policy(reading: Reading, element: Element) -> Node:
    """The policy's id, or its configuration."""
    if element.kind is not Kind.MAPPING:
        return managed(element, MANAGED_RESPONSE_HEADERS_POLICIES, "response headers policy")
    found = RESPONSE_HEADERS_POLICY.read(reading, element)
    return n.node(element, {"Name": n.node(element, "inline"), **n.renamed(found, _SECTIONS)})


# ── CORS ─────────────────────────────────────────────────────────────────────

_LISTS = {
    "origins": "AccessControlAllowOrigins",
    "headers": "AccessControlAllowHeaders",
    "methods": "AccessControlAllowMethods",
    "expose-headers": "AccessControlExposeHeaders",
}
_SETTINGS = {
    "credentials": "AccessControlAllowCredentials",
    "max-age": "AccessControlMaxAgeSec",
    "override": "OriginOverride",
}
CORS = Shape(
    "cors",
    {**dict.fromkeys(_LISTS, n.texts), "credentials": n.truth, "max-age": n.seconds, "override": n.truth},
    {
        "allow-origins": "write origins",
        "allow-headers": "write headers",
        "allow-methods": "write methods",
        "allow-credentials": "write credentials",
        "expose": "write expose-headers",
    },
)


def _cors(reading: Reading, element: Element) -> Node:
    """What is left out is every header and every method, and neither credentials nor override."""
    found = CORS.read(reading, element)
    if "origins" not in element.fields:
        raise Wrong(element, "cors has no origins", "write origins: ['*'], or [https://www.example.org]")
    everything = {"headers": _items(element, "*"), "methods": _items(element, "ALL")}
    lists = {key: _wrapped(node) for key, node in {**everything, **found}.items() if key in _LISTS}
    off = {"credentials": n.node(element, "false"), "override": n.node(element, "false")}
    return n.node(element, {**n.renamed(lists, _LISTS), **n.renamed({**off, **found}, _SETTINGS)})


def _items(element: Element, word: str) -> Node:
    return n.node(element, [n.node(element, word)])


def _wrapped(node: Node) -> Node:
    return node.with_value({"Items": node})


# ── headers, each with or without override ───────────────────────────────────

HEADER = Shape("a header", {"value": n.text, "override": n.truth})


def _header(reading: Reading, element: Element) -> tuple[Element, Node, Node]:
    """Where the value stands, the value, and whether it overrides."""
    off = n.node(element, "false")
    if element.kind is not Kind.MAPPING:
        return element, n.text(reading, element), off
    found = HEADER.read(reading, element)
    if "value" not in found:
        raise Wrong(element, "this header has no value", "write its value alone, or {value: …, override: true}")
    return element.fields["value"], found["value"], found.get("override", off)


def _custom(reading: Reading, element: Element) -> Node:
    found: list[Node] = []
    for name, child in r.fields_of(element, "headers").items():
        with reading.noting():
            _, value, override = _header(reading, child)
            fields = {"Header": n.node(child, name), "Value": value, "Override": override}
            found.append(n.node(child, fields))
    return n.node(element, {"Items": n.node(element, found)})


def _remove(reading: Reading, element: Element) -> Node:
    names = [n.node(item, {"Header": n.node(item, r.text(reading, item))}) for item in r.one_or_more(element)]
    return n.node(element, {"Items": n.node(element, names)})


# ── security headers ─────────────────────────────────────────────────────────

_Settings = Mapping[str, str]
_HSTS = re.compile(r"max-age=(?P<age>\d+)(?P<sub>; *includeSubDomains)?(?P<preload>; *preload)?", re.IGNORECASE)
_XSS = re.compile(r"(?P<on>[01])(; *(?P<block>mode=block)|; *report=(?P<uri>\S+))?", re.IGNORECASE)


def _hsts(element: Element) -> _Settings:
    parts = _HSTS.fullmatch(element.text)
    if parts is None:
        raise Wrong(element, f"{element.shown} can't be set", "write max-age=31536000; includeSubDomains; preload")
    truths = {"IncludeSubdomains": parts["sub"], "Preload": parts["preload"]}
    return {"AccessControlMaxAgeSec": parts["age"], **{key: "true" for key, said in truths.items() if said}}


def _xss(element: Element) -> _Settings:
    parts = _XSS.fullmatch(element.text)
    if parts is None:
        raise Wrong(element, f"{element.shown} can't be set", "write 0, 1, 1; mode=block or 1; report=URI")
    found = {"Protection": "true" if parts["on"] == "1" else "false"}
    if parts["block"]:
        found["ModeBlock"] = "true"
    return {**found, "ReportUri": parts["uri"]} if parts["uri"] else found


def _nosniff(element: Element) -> _Settings:
    if element.text != "nosniff":
        raise Wrong(element, f"{element.shown} can't be set", "write nosniff")
    return {}


def _as(setting: str) -> Callable[[Element], _Settings]:
    return lambda element: {setting: element.text}


_SECURITY: Mapping[str, tuple[str, Callable[[Element], _Settings]]] = {
    "content-security-policy": ("ContentSecurityPolicy", _as("ContentSecurityPolicy")),
    "referrer-policy": ("ReferrerPolicy", _as("ReferrerPolicy")),
    "strict-transport-security": ("StrictTransportSecurity", _hsts),
    "x-content-type-options": ("ContentTypeOptions", _nosniff),
    "x-frame-options": ("FrameOptions", _as("FrameOption")),
    "x-xss-protection": ("XSSProtection", _xss),
}
SECURITY = Shape("security", dict.fromkeys(_SECURITY, r.element_itself))


def _security(reading: Reading, element: Element) -> Node:
    return n.node(element, dict(_security_headers(reading, element)))


def _security_headers(reading: Reading, element: Element) -> Iterator[tuple[str, Node]]:
    for name, child in SECURITY.read(reading, element).items():
        section, settings_of = _SECURITY[name]
        with reading.noting():
            where, _, override = _header(reading, child)
            settings = {key: n.node(where, value) for key, value in settings_of(where).items()}
            yield section, n.node(child, {**settings, "Override": override})


# ── the policy ───────────────────────────────────────────────────────────────


def _server_timing(_: Reading, element: Element) -> Node:
    """The sampling rate in percent."""
    if element.kind is not Kind.NUMBER:
        raise Wrong(element, f"server-timing must be a number, not {element.shown}", "write the share in percent: 100")
    return n.node(element, {"Enabled": n.node(element, "true"), "SamplingRate": n.node(element, element.text)})


_SECTIONS = {
    "cors": "CorsConfig",
    "security": "SecurityHeadersConfig",
    "headers": "CustomHeadersConfig",
    "remove": "RemoveHeadersConfig",
    "server-timing": "ServerTimingHeadersConfig",
}
_READERS: Mapping[str, r.Reader[Any]] = {
    "cors": _cors,
    "security": _security,
    "headers": _custom,
    "remove": _remove,
    "server-timing": _server_timing,
}
RESPONSE_HEADERS_POLICY = Shape(
    "a response headers policy",
    _READERS,
    {
        "custom-headers": "write headers",
        "custom": "write headers",
        "remove-headers": "write remove",
        "security-headers": "write security",
    },
)
