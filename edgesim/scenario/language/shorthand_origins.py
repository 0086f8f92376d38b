"""The origins of an inline distribution, and their groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgesim.loaders.arn import REGION
from edgesim.loaders.nodes import Node
from edgesim.scenario.language import reading as r
from edgesim.scenario.language import shorthand_nodes as n
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.reading import Reading, Shape

_ORIGIN_NAMES = {
    "domain": "DomainName",
    "path": "OriginPath",
    "connection-attempts": "ConnectionAttempts",
    "connection-timeout": "ConnectionTimeout",
    "completion-timeout": "ResponseCompletionTimeout",
}
_CUSTOM_NAMES = {
    "protocol": "OriginProtocolPolicy",
    "http-port": "HTTPPort",
    "https-port": "HTTPSPort",
    "read-timeout": "OriginReadTimeout",
    "keepalive-timeout": "OriginKeepaliveTimeout",
}
_ENDPOINTS = {
    (True, False): f"s3.{REGION}.amazonaws.com",
    (False, True): f"s3-website-{REGION}.amazonaws.com",
}
_S3_NAMES = {"read-timeout": "OriginReadTimeout"}


def _origin_headers(reading: Reading, element: Element) -> Node:
    fields = r.fields_of(element, "headers").items()
    return n.node(
        element,
        [
            n.node(child, {"HeaderName": n.node(child, name), "HeaderValue": n.text(reading, child)})
            for name, child in fields
        ],
    )


ORIGIN = Shape(
    "an origin",
    {
        "domain": n.text,
        "s3": n.truth,
        "website": n.truth,
        "path": n.text,
        "headers": _origin_headers,
        "protocol": n.text,
        "http-port": n.number,
        "https-port": n.number,
        "read-timeout": n.seconds,
        "keepalive-timeout": n.seconds,
        "connection-attempts": n.number,
        "connection-timeout": n.seconds,
        "completion-timeout": n.seconds,
    },
    {
        "domain-name": "write domain",
        "host": "write domain",
        "origin-path": "write path",
        "id": "its id is the key before the colon",
        "timeout": "write read-timeout",
        "port": "write http-port or https-port",
        "custom-headers": "write headers",
        **dict.fromkeys(
            ("answers", "body", "status", "after", "fails"), "what it answers stands in the scenario's own origins"
        ),
    },
)


def origins(reading: Reading, element: Element) -> Node:
    found: list[Node] = []
    for name, child in r.fields_of(element, "origins").items():
        node = origin(reading, Element(Kind.MAPPING, line=child.line, at=child.at), name)
        with reading.noting():
            node = origin(reading, child, name)
        found.append(node)
    return n.node(element, found)


def origin(reading: Reading, element: Element, name: str) -> Node:
    if element.kind is Kind.TEXT:
        found: dict[str, Any] = {"domain": n.text(reading, element)}
    else:
        found = ORIGIN.read(reading, element)
    is_bucket, is_website = (key in found and found[key].text == "true" for key in ("s3", "website"))
    if is_bucket and is_website:
        reading.complain(element.fields["website"], "an origin is a bucket or a bucket's website", "leave out s3")
    host = f"{name}.{_ENDPOINTS.get((is_bucket, is_website), 'example.com')}"
    fields = {"Id": n.node(element, name), "DomainName": n.node(element, host), **n.renamed(found, _ORIGIN_NAMES)}
    if "headers" in found:
        fields["OriginCustomHeaders"] = found["headers"]
    if is_bucket:
        for key in _CUSTOM_NAMES.keys() - _S3_NAMES.keys() & found.keys():
            reading.complain(element.fields[key], f"an S3 origin has no {key}", "leave it out, or s3: true")
        fields["S3OriginConfig"] = n.node(element, n.renamed(found, _S3_NAMES))
    else:
        fields["CustomOriginConfig"] = _custom(element, found, "http-only" if is_website else "match-viewer")
    return n.node(element, fields)


def _custom(element: Element, found: Mapping[str, Any], protocol: str) -> Node:
    fields = {
        "OriginProtocolPolicy": n.node(element, protocol),
        "OriginSSLProtocols": n.node(element, [n.node(element, "TLSv1.2")]),
        **n.renamed(found, _CUSTOM_NAMES),
    }
    return n.node(element, fields)


ORIGIN_GROUP = Shape(
    "an origin group",
    {"members": n.texts, "fails-over-at": n.numbers},
    {
        "origins": "write members: [PRIMARY, SECONDARY]",
        **dict.fromkeys(("status-codes", "statuses", "failover-criteria"), "write fails-over-at: [500, 502, …]"),
    },
)


def origin_groups(reading: Reading, element: Element) -> Node:
    found: list[Node] = []
    for name, child in r.fields_of(element, "origin-groups").items():
        with reading.noting():
            said = ORIGIN_GROUP.read(reading, child)
            found.append(n.node(child, {"Id": n.node(child, name), **_group_members(said)}))
    return n.node(element, found)


def _group_members(said: Mapping[str, Node]) -> dict[str, Node]:
    """What CloudFormation's form says in its own way; what is missing stays missing, for the checks to tell."""
    fields: dict[str, Node] = {}
    if (members := said.get("members")) is not None:
        fields["Members"] = members.with_value([item.with_value({"OriginId": item}) for item in members.items])
    if (statuses := said.get("fails-over-at")) is not None:
        fields["FailoverCriteria"] = statuses.with_value({"StatusCodes": statuses})
    return fields
