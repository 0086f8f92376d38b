"""A distribution written in a scenario, in AWS's words and in short.

Rule 1: it becomes a tree in CloudFormation's spelling, whose nodes keep the user's lines and spelling. So everything
        that is known about distributions (loaders/assemble.py, distribution/checks.py) holds here too.
Rule 2: what is left out is as little as CloudFront takes: one origin, one behavior, and a cache policy with the API's
        defaults, which keys on nothing but the path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from edgesim.distribution.findings import closest
from edgesim.distribution.model import Distribution, Trigger
from edgesim.distribution.problems import Problem
from edgesim.loaders.arn import ACCOUNT, REGION, domain_name
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
from edgesim.scenario.language.shorthand_origins import origin, origin_groups, origins
from edgesim.scenario.language.shorthand_policies import TTLS, cache_policy, forwarded_values, origin_request_policy
from edgesim.scenario.language.shorthand_staging import POLICY, STAGING, staged, traffic
from edgesim.signatures.keys import public_half

NAME = "scenario"
STAGING_NAME = "staging"
DEFAULT_ORIGIN = "site"
DEFAULT_PATH = "*"


def load_shorthand(
    reading: Reading, element: Element, functions: Mapping[str, Located], named: set[str], private: Mapping[str, str]
) -> tuple[list[Distribution], list[Problem]]:
    """The distribution, and the staging one beside it where there is one, and what CloudFront would say to them.
    `named` are all functions that the user named, be they right or wrong; `private` the private keys of signers, by
    Key-Pair-Id."""
    before = len(reading.problems)
    found = DISTRIBUTION.read(reading, element)
    building = _Building(reading, element, functions, named, private)
    said: Element | None = found.get("staging")
    if said is None or len(reading.problems) > before:
        distribution, problems = building.distribution(found)
        return [distribution], problems
    staging = STAGING.read(reading, said)
    building.books.deployments.add(POLICY, traffic(said, staging, domain_name(STAGING_NAME)), reading.file)
    distribution, problems = building.distribution(found, {"ContinuousDeploymentPolicyId": n.node(said, POLICY)})
    other = staged(element, said.fields.get("distribution", said.with_fields({})))
    built = _Building(reading, other, functions, named, private, STAGING_NAME)
    beside, more = built.distribution(DISTRIBUTION.read(reading, other), {"Staging": n.node(said, "true")})
    return [distribution, beside], [*problems, *(one for one in more if one not in problems)]


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
        "origins": origins,
        "origin-groups": origin_groups,
        "error-responses": _error_responses,
        "countries": _countries,
        "logging": _logging,
        "cache-tags": _cache_tags,
        "staging": r.element_itself,
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
        "continuous-deployment": "write staging",
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
    name: str = NAME

    def __post_init__(self) -> None:
        self.books = Books(
            FunctionBook(self.functions), PolicyBook(CACHE), PolicyBook(ORIGIN_REQUEST), PolicyBook(RESPONSE_HEADERS)
        )

    def distribution(
        self, found: Mapping[str, Any], more: Mapping[str, Node] = MappingProxyType({})
    ) -> tuple[Distribution, list[Problem]]:
        """`more` is what the short form does not say."""
        tree = self.tree(found)
        tree = tree.with_value({**tree.fields, **more})
        distribution, problems = assemble(tree, Named(self.name), self.books, self.reading.file)
        return distribution, [*problems, *self.books.problems()]

    def tree(self, found: Mapping[str, Any]) -> Node:
        fields: dict[str, Node] = {"Enabled": n.node(self.element, "true"), **n.renamed(found, _DISTRIBUTION_NAMES)}
        if "Origins" not in fields:
            fields["Origins"] = n.node(self.element, [origin(self.reading, self.nothing, DEFAULT_ORIGIN)])
        first = next((one.get("Id").text for one in fields["Origins"].items), DEFAULT_ORIGIN)
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
