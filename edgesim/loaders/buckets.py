"""What a template says of its S3 buckets: their websites, and whether a policy lets callers list them.

Rule 1: only what decides an answer is read; the rest of a bucket is AWS's business.
Rule 2: a policy that allows s3:ListBucket to anybody makes the bucket listable (inferred: principals and conditions are
        not compared, and a Deny is not looked at).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from edgesim.distribution.buckets import Bucket, Redirect, RoutingRule, Website
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import Node

_POLICY = "AWS::S3::BucketPolicy"
_LIST = "s3:listbucket"


def declared_buckets(resolver: Resolver) -> Mapping[str, Bucket]:
    """The buckets of a template by name."""
    listable = set(_listable(resolver))
    found: dict[str, Bucket] = {}
    for logical_id, resource in resolver.live(resources.BUCKET):
        name = resolver.said(logical_id, resources.REF[resources.BUCKET], resource, resource.at, logical_id).text
        website = resolver.property_of(logical_id, "WebsiteConfiguration")
        found[name.lower()] = Bucket(name in listable, _website(website) if website.fields else Website())
    return found


# ── policies ─────────────────────────────────────────────────────────────────


def _listable(resolver: Resolver) -> Iterator[str]:
    for logical_id, resource in resolver.live(_POLICY):
        statements = resource.get("Properties", "PolicyDocument", "Statement")
        if any(_allows_listing(resolver, one) for one in statements.items or [statements]):
            yield resolver.property_of(logical_id, "Bucket").text


def _allows_listing(resolver: Resolver, statement: Node) -> bool:
    effect, action = (resolver.resolve(statement.get(name)) for name in ("Effect", "Action"))
    actions = [action, *action.items] if action is not None else []
    return effect is not None and effect.text == "Allow" and any(_is_listing(one.text) for one in actions)


def _is_listing(action: str) -> bool:
    return fnmatchcase(_LIST, action.lower())


# ── websites ─────────────────────────────────────────────────────────────────


def _website(node: Node) -> Website:
    everything = node.get("RedirectAllRequestsTo")
    return Website(
        node.get("IndexDocument").text or Website().index,
        node.get("ErrorDocument").text,
        _redirect(everything) if everything.fields else None,
        tuple(map(_rule, node.get("RoutingRules").items)),
    )


def _rule(node: Node) -> RoutingRule:
    condition = node.get("RoutingRuleCondition")
    error = _number(condition.get("HttpErrorCodeReturnedEquals").text)
    return RoutingRule(_redirect(node.get("RedirectRule")), condition.get("KeyPrefixEquals").text, error)


def _redirect(node: Node) -> Redirect:
    prefix = node.get("ReplaceKeyPrefixWith")
    return Redirect(
        node.get("HostName").text,
        node.get("Protocol").text,
        node.get("ReplaceKeyWith").text,
        None if prefix.value is None else prefix.text,
        _number(node.get("HttpRedirectCode").text) or 301,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
