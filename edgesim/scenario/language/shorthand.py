"""A distribution written in a scenario, in AWS's words and in short.

Rule 1: it becomes a tree in CloudFormation's spelling, whose nodes keep the user's lines and spelling. So everything
        that is known about distributions (loaders/assemble.py, distribution/checks.py) holds here too.
Rule 2: what is left out is as little as CloudFront takes: one origin, one behavior, and a cache policy with the API's
        defaults, which keys on nothing but the path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgesim.distribution.findings import closest
from edgesim.distribution.model import Distribution, Trigger
from edgesim.distribution.problems import Problem
from edgesim.loaders.arn import ACCOUNT, REGION
from edgesim.loaders.assemble import Books, Named, assemble
from edgesim.loaders.associations import FunctionBook
from edgesim.loaders.code import Located
from edgesim.loaders.nodes import Node
from edgesim.loaders.policies import CACHE, ORIGIN_REQUEST, RESPONSE_HEADERS, PolicyBook, T
from edgesim.scenario.language import reading as r
from edgesim.scenario.language import shorthand_nodes as n
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.read_sign import private_key
from edgesim.scenario.language.reading import Reader, Reading, Shape, Told, Wrong
from edgesim.scenario.language.shorthand_headers import response_headers_policy
from edgesim.scenario.language.shorthand_policies import TTLS, cache_policy, forwarded_values, origin_request_policy
from edgesim.signatures.keys import public_half

NAME = "scenario"
DEFAULT_ORIGIN = "site"
DEFAULT_PATH = "*"


def load_shorthand(
    reading: Reading, element: Element, functions: Mapping[str, Located], named: set[str], private: Mapping[str, str]
) -> tuple[Distribution, list[Problem]]:
    """The distribution, and what CloudFront would say to it. `named` are all functions that the user named, be they
    right or wrong; `private` the private keys of signers, by Key-Pair-Id."""
    found = DISTRIBUTION.read(reading, element)
    return _Building(reading, element, functions, named, private).distribution(found)


# ── origins ──────────────────────────────────────────────────────────────────

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


def _origins(reading: Reading, element: Element) -> Node:
    found: list[Node] = []
    for name, child in r.fields_of(element, "origins").items():
        node = _origin(reading, Element(Kind.MAPPING, line=child.line, at=child.at), name)
        with reading.noting():
            node = _origin(reading, child, name)
        found.append(node)
    return n.node(element, found)


def _origin(reading: Reading, element: Element, name: str) -> Node:
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


def _origin_groups(reading: Reading, element: Element) -> Node:
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


# ── behaviors ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Association:
    element: Element
    name: str
    include_body: Node


def _association(reading: Reading, element: Element) -> _Association:
    """A function's name, or the name with settings."""
    if element.kind is Kind.LIST:
        raise Wrong(element, "one function runs at a trigger, and here is a list", "write the name alone")
    if element.kind is not Kind.MAPPING:
        return _Association(element, r.text(reading, element), n.node(element, "false"))
    found = ASSOCIATION.read(reading, element)
    if "function" not in element.fields:
        raise Wrong(element, "which function is not said", "write {function: NAME}")
    if "function" not in found:
        raise Told
    include_body: Node = found.get("include-body", n.node(element, "false"))
    return _Association(element.fields["function"], found["function"], include_body)


ASSOCIATION = Shape(
    "a trigger",
    {"function": r.text, "include-body": n.truth},
    {
        **dict.fromkeys(("code", "node", "python", "handler"), "the code stands in the scenario's functions, by name"),
        "name": "write function",
        "body": "write include-body",
    },
)


def _methods(reading: Reading, element: Element) -> Node:
    node = n.texts(reading, element)
    return node.with_value([item.with_value(item.text.upper()) for item in node.items])


_BEHAVIOR_NAMES = {
    "origin": "TargetOriginId",
    "protocol": "ViewerProtocolPolicy",
    "methods": "AllowedMethods",
    "cached-methods": "CachedMethods",
    "compress": "Compress",
}
_BEHAVIOR_KEYS: Mapping[str, Reader[Any]] = {
    "origin": n.text,
    "cache-policy": cache_policy,
    "origin-request-policy": origin_request_policy,
    "response-headers-policy": response_headers_policy,
    "forwarded-values": forwarded_values,
    "methods": _methods,
    "cached-methods": _methods,
    "compress": n.truth,
    "protocol": n.text,
    "signers": n.texts,
    **dict.fromkeys(Trigger, _association),
}
_BEHAVIOR_HINTS = {
    "path-pattern": "write path",
    "target-origin-id": "write origin",
    "allowed-methods": "write methods",
    "viewer-protocol-policy": "write protocol",
    "function": "write the trigger: viewer-request: NAME",
    "functions": "write the trigger: viewer-request: NAME",
    "trusted-key-groups": "write signers: [NAME]",
    "key-groups": "write signers: [NAME]",
    **dict.fromkeys(TTLS, "TTLs belong into cache-policy: {…}"),
}
BEHAVIOR = Shape("a behavior", {"path": n.text, **_BEHAVIOR_KEYS}, _BEHAVIOR_HINTS)


@dataclass(frozen=True, slots=True)
class _Behavior:
    element: Element
    said: Mapping[str, Any]

    @property
    def path(self) -> str:
        return self.said["path"].text if "path" in self.said else DEFAULT_PATH


def _behaviors(reading: Reading, element: Element) -> list[_Behavior]:
    found: list[_Behavior] = []
    for item in r.items_of(element, "behaviors"):
        with reading.noting():
            said = BEHAVIOR.read(reading, item)
            if "path" not in item.fields:
                raise Wrong(item, "this behavior has no path", "write path: /api/*, or path: '*' for all the rest")
            if "path" in said:
                found.append(_Behavior(item, said))
    return found


# ── the distribution ─────────────────────────────────────────────────────────

ERROR_RESPONSE = Shape(
    "an error response",
    {"page": n.text, "status": n.number, "min-ttl": n.seconds},
    {"path": "write page", "ttl": "write min-ttl", "code": "the error's status is the key before the colon"},
)
_ERROR_NAMES = {"page": "ResponsePagePath", "status": "ResponseCode", "min-ttl": "ErrorCachingMinTTL"}


def _error_responses(reading: Reading, element: Element) -> Node:
    found: list[Node] = []
    for code, child in r.fields_of(element, "error-responses").items():
        with reading.noting():
            if not code.isdecimal():
                raise Wrong(child, f"'{code}' is no status", "write 404: {page: /404.html, status: 200}")
            said = ERROR_RESPONSE.read(reading, child)
            found.append(n.node(child, {"ErrorCode": n.node(child, code), **n.renamed(said, _ERROR_NAMES)}))
    return n.node(element, found)


COUNTRIES = Shape(
    "countries",
    {"allow": n.texts, "block": n.texts},
    {"whitelist": "write allow", "blacklist": "write block"},
)


def _countries(reading: Reading, element: Element) -> Node:
    found = COUNTRIES.read(reading, element)
    if len(element.fields) != 1:
        raise Wrong(element, "countries are allowed or blocked", "write {allow: [DE, AT]}, or {block: [US]}")
    if not found:
        raise Told
    kind, locations = next(iter(found.items()))
    restriction_type = n.node(element, "whitelist" if kind == "allow" else "blacklist")
    fields = {"RestrictionType": restriction_type, "Locations": locations}
    return n.node(element, {"GeoRestriction": n.node(element, fields)})


LOGGING = Shape(
    "logging",
    {"bucket": n.text, "prefix": n.text, "include-cookies": n.truth},
    {"cookies": "write include-cookies: true"},
)
_LOGGING_NAMES = {"bucket": "Bucket", "prefix": "Prefix", "include-cookies": "IncludeCookies"}


def _logging(reading: Reading, element: Element) -> Node:
    return n.node(element, n.renamed(LOGGING.read(reading, element), _LOGGING_NAMES))


def _cache_tags(reading: Reading, element: Element) -> Node:
    return n.node(element, {"HeaderName": n.text(reading, element)})


_DISTRIBUTION_NAMES = {
    "default-root-object": "DefaultRootObject",
    "aliases": "Aliases",
    "enabled": "Enabled",
    "comment": "Comment",
    "origins": "Origins",
    "origin-groups": "OriginGroups",
    "error-responses": "CustomErrorResponses",
    "countries": "Restrictions",
    "logging": "Logging",
    "cache-tags": "CacheTagConfig",
}
DISTRIBUTION = Shape(
    "a distribution",
    {
        "default-root-object": n.text,
        "aliases": n.texts,
        "enabled": n.truth,
        "comment": n.text,
        "origins": _origins,
        "origin-groups": _origin_groups,
        "error-responses": _error_responses,
        "countries": _countries,
        "logging": _logging,
        "cache-tags": _cache_tags,
        "behaviors": _behaviors,
        **_BEHAVIOR_KEYS,
    },
    {
        **_BEHAVIOR_HINTS,
        "path": "it belongs to one of the behaviors",
        "root": "write default-root-object",
        "custom-error-responses": "write error-responses",
        "geo-restriction": "write countries: {allow: [DE]}, or {block: [US]}",
        "restrictions": "write countries: {allow: [DE]}, or {block: [US]}",
        "cache-behaviors": "write behaviors",
        "default-cache-behavior": "write its keys here, in distribution itself",
        "parameters": "it belongs to the scenario, beside distribution",
    },
)


@dataclass
class _Building:
    """The tree of one distribution. `functions` is their code, `named` all names that there are."""

    reading: Reading
    element: Element
    functions: Mapping[str, Located]
    named: set[str]
    private: Mapping[str, str]

    def __post_init__(self) -> None:
        self.books = Books(
            FunctionBook(self.functions), PolicyBook(CACHE), PolicyBook(ORIGIN_REQUEST), PolicyBook(RESPONSE_HEADERS)
        )

    def distribution(self, found: Mapping[str, Any]) -> tuple[Distribution, list[Problem]]:
        distribution, problems = assemble(self.tree(found), Named(NAME), self.books, self.reading.file)
        return distribution, [*problems, *self.books.problems()]

    def tree(self, found: Mapping[str, Any]) -> Node:
        fields: dict[str, Node] = {"Enabled": n.node(self.element, "true"), **n.renamed(found, _DISTRIBUTION_NAMES)}
        if "Origins" not in fields:
            fields["Origins"] = n.node(self.element, [_origin(self.reading, self.nothing, DEFAULT_ORIGIN)])
        first = next((origin.get("Id").text for origin in fields["Origins"].items), DEFAULT_ORIGIN)
        default, others = self.split(found)
        fields["DefaultCacheBehavior"] = n.node(default.element, self.behavior(default, first))
        patterns = [{**self.behavior(each, first), "PathPattern": each.said["path"]} for each in others]
        nodes = [n.node(each.element, pattern) for each, pattern in zip(others, patterns, strict=True)]
        fields["CacheBehaviors"] = n.node(self.element.fields.get("behaviors", self.element), nodes)
        return n.node(self.element, fields)

    @property
    def nothing(self) -> Element:
        """A mapping that says nothing, in the place of one that is not there."""
        return Element(Kind.MAPPING, line=self.element.line, at=self.element.at)

    def split(self, found: Mapping[str, Any]) -> tuple[_Behavior, list[_Behavior]]:
        """The default behavior and the others."""
        behaviors: list[_Behavior] = found.get("behaviors", [])
        here = {key: value for key, value in found.items() if key in _BEHAVIOR_KEYS}
        for each in (each for each in behaviors[:-1] if each.path == DEFAULT_PATH):
            self.reading.complain(each.element, "the behavior of path '*' fits everything, so it must be the last one")
        if not behaviors or behaviors[-1].path != DEFAULT_PATH:
            return _Behavior(self.element, here), behaviors
        for key in here:
            message = f"{key} is that of the default behavior, and behaviors has this one as path '*' too"
            self.reading.complain(self.element.fields[key], message, "say it in one of the two places")
        return behaviors[-1], behaviors[:-1]

    def behavior(self, behavior: _Behavior, first: str) -> dict[str, Node]:
        element, said = behavior.element, behavior.said
        fields = {
            "TargetOriginId": n.node(element, first),
            "ViewerProtocolPolicy": n.node(element, "allow-all"),
            **n.renamed(said, _BEHAVIOR_NAMES),
            **said.get("forwarded-values", {}),
        }
        if "cache-policy" in said or "forwarded-values" not in said:
            policy = said.get("cache-policy") or cache_policy(self.reading, self.nothing)
            fields["CachePolicyId"] = self.policy(self.books.cache_policies, policy, behavior.path)
        if "origin-request-policy" in said:
            policy = said["origin-request-policy"]
            fields["OriginRequestPolicyId"] = self.policy(self.books.origin_request_policies, policy, behavior.path)
        if "response-headers-policy" in said:
            policy = said["response-headers-policy"]
            fields["ResponseHeadersPolicyId"] = self.policy(self.books.response_headers_policies, policy, behavior.path)
        if "signers" in said:
            fields["TrustedKeyGroups"] = self.key_group(said["signers"], behavior.path)
        fields["LambdaFunctionAssociations"] = n.node(element, list(self.associations(said)))
        return fields

    def policy(self, book: PolicyBook[T], policy: Node, path: str) -> Node:
        """A policy's id. One that is written out gets an id by its behavior, the same on every deployment."""
        if not policy.fields:
            return policy
        policy_id = f"inline {path}"
        book.add(policy_id, policy, self.reading.file)
        return policy.with_value(policy_id)

    def key_group(self, signers: Node, path: str) -> Node:
        """A key group by its behavior, of the keys that these names have in the scenario, or get."""
        group_id = f"inline {path}"
        ids = tuple(item.text for item in signers.items)
        self.books.keys.groups[group_id] = ids
        self.books.keys.given |= {one: public_half(private_key(self.private, one)) for one in ids}
        return signers.with_value([signers.with_value(group_id)])

    def associations(self, found: Mapping[str, Any]) -> Iterator[Node]:
        for trigger in Trigger:
            said: _Association | None = found.get(trigger)
            if said is None:
                continue
            if said.name not in self.named:
                hint = closest(said.name, self.named) or f"define it: functions: {{{said.name}: PATH[:HANDLER]}}"
                self.reading.complain(said.element, f"there is no function {said.element.shown}", hint)
            if said.name not in self.functions:
                continue
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{said.name}:1"
            yield n.node(
                said.element,
                {
                    "EventType": n.node(said.element, trigger.value),
                    "LambdaFunctionARN": n.node(said.element, arn),
                    "IncludeBody": said.include_body,
                },
            )
