"""What `Ref` and `Fn::GetAtt` give for the resources that matter at the edge.

Rule 1: ids are made up, but always the same; names are the user's where there are any.
Rule 2: of every other resource only the name is known, so that its attributes become stand-ins.
Source: distribution-config.md §3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgesim.loaders.arn import stable_id

BUCKET = "AWS::S3::Bucket"
FUNCTION = "AWS::Lambda::Function"
SAM_FUNCTION = "AWS::Serverless::Function"
VERSION = "AWS::Lambda::Version"
ALIAS = "AWS::Lambda::Alias"
DISTRIBUTION = "AWS::CloudFront::Distribution"
CACHE_POLICY = "AWS::CloudFront::CachePolicy"
ORIGIN_REQUEST_POLICY = "AWS::CloudFront::OriginRequestPolicy"
VPC_ORIGIN = "AWS::CloudFront::VpcOrigin"
ACCESS_CONTROL = "AWS::CloudFront::OriginAccessControl"
RESPONSE_HEADERS_POLICY = "AWS::CloudFront::ResponseHeadersPolicy"
KEY_GROUP = "AWS::CloudFront::KeyGroup"
PUBLIC_KEY = "AWS::CloudFront::PublicKey"
CONTINUOUS_DEPLOYMENT_POLICY = "AWS::CloudFront::ContinuousDeploymentPolicy"
FUNCTIONS = (FUNCTION, SAM_FUNCTION)

NAME_PROPERTY = {
    BUCKET: "BucketName",
    FUNCTION: "FunctionName",
    SAM_FUNCTION: "FunctionName",
    "AWS::CloudFront::Function": "Name",
    "AWS::CloudFront::KeyValueStore": "Name",
}

_FUNCTION_ARN = "arn:{partition}:lambda:{region}:{account}:function:{name}"
_VERSION_ARN = "arn:{partition}:lambda:{region}:{account}:function:{function}:{version}"
_ALIAS_ARN = "arn:{partition}:lambda:{region}:{account}:function:{function}:{alias}"
_EDGE_FUNCTION_ARN = "arn:{partition}:cloudfront::{account}:function/{name}"

REF = {
    DISTRIBUTION: "{aws_id}",
    CACHE_POLICY: "{id}",
    ORIGIN_REQUEST_POLICY: "{id}",
    ACCESS_CONTROL: "{aws_id}",
    VPC_ORIGIN: "vo_{id}",
    RESPONSE_HEADERS_POLICY: "{id}",
    "AWS::CloudFront::CloudFrontOriginAccessIdentity": "{aws_id}",
    KEY_GROUP: "{id}",
    PUBLIC_KEY: "{id}",
    CONTINUOUS_DEPLOYMENT_POLICY: "{id}",
    "AWS::CloudFront::Function": _EDGE_FUNCTION_ARN,
    "AWS::CloudFront::KeyValueStore": "{name}",
    FUNCTION: "{name}",
    SAM_FUNCTION: "{name}",
    VERSION: _VERSION_ARN,
    ALIAS: _ALIAS_ARN,
    BUCKET: "{name}",
}

ATTRIBUTES = {
    (DISTRIBUTION, "Id"): "{aws_id}",
    (DISTRIBUTION, "DomainName"): "{domain}",
    (CACHE_POLICY, "Id"): "{id}",
    (ORIGIN_REQUEST_POLICY, "Id"): "{id}",
    (ACCESS_CONTROL, "Id"): "{aws_id}",
    (VPC_ORIGIN, "Id"): "vo_{id}",
    (RESPONSE_HEADERS_POLICY, "Id"): "{id}",
    ("AWS::CloudFront::CloudFrontOriginAccessIdentity", "Id"): "{aws_id}",
    ("AWS::CloudFront::CloudFrontOriginAccessIdentity", "S3CanonicalUserId"): "{id}",
    (KEY_GROUP, "Id"): "{id}",
    # Its logical id, so that a person who signs need not look it up
    (PUBLIC_KEY, "Id"): "{id}",
    (CONTINUOUS_DEPLOYMENT_POLICY, "Id"): "{id}",
    ("AWS::CloudFront::Function", "FunctionARN"): _EDGE_FUNCTION_ARN,
    ("AWS::CloudFront::Function", "FunctionMetadata.FunctionARN"): _EDGE_FUNCTION_ARN,
    ("AWS::CloudFront::Function", "Stage"): "LIVE",
    ("AWS::CloudFront::KeyValueStore", "Arn"): "arn:{partition}:cloudfront::{account}:key-value-store/{id}",
    ("AWS::CloudFront::KeyValueStore", "Id"): "{id}",
    (FUNCTION, "Arn"): _FUNCTION_ARN,
    (SAM_FUNCTION, "Arn"): _FUNCTION_ARN,
    (SAM_FUNCTION, "Version"): "{version}",
    (SAM_FUNCTION, "Version.Version"): "{version}",
    (SAM_FUNCTION, "Version.FunctionArn"): _VERSION_ARN,
    (SAM_FUNCTION, "Alias"): _ALIAS_ARN,
    (VERSION, "Version"): "{version}",
    (VERSION, "FunctionArn"): _VERSION_ARN,
    (ALIAS, "AliasArn"): _ALIAS_ARN,
    (BUCKET, "Arn"): "arn:{partition}:s3:::{name}",
    (BUCKET, "DomainName"): "{name}.s3.amazonaws.com",
    (BUCKET, "RegionalDomainName"): "{name}.s3.{region}.amazonaws.com",
    (BUCKET, "DualStackDomainName"): "{name}.s3.dualstack.{region}.amazonaws.com",
    (BUCKET, "WebsiteURL"): "http://{name}.s3-website-{region}.amazonaws.com",
}

# `!Ref Fn.Version` and `${Fn.Alias}` are SAM's, resolved by its transform
SAM_REFS = {"Version": _VERSION_ARN, "Alias": _ALIAS_ARN, "Arn": _FUNCTION_ARN}

# What a URL looks like matters: CDK takes the host name out of it with Split and Select.
NOWHERE = ".unresolved.invalid"  # documented: RFC 2606, .invalid never resolves
STAND_IN = "{slug}" + NOWHERE
STAND_INS = {
    "FunctionUrl": f"https://{STAND_IN}/",
    "ApiEndpoint": f"https://{STAND_IN}",
}

# Resources whose attributes are all in the table above, so that any other is the user's mistake
COMPLETE = (FUNCTION, VERSION, ALIAS)


@dataclass(slots=True)
class Facts:
    """What the tables may say about one resource, each found out when it is asked for (`str.format_map`).

    `property_of` gives a resolved property's text, and what is unknown about it.
    """

    logical_id: str
    type: str
    property_of: Callable[[str], tuple[str, str]]
    pseudo: Callable[[str], str]
    version: Callable[[], str]
    unknown: str = ""

    def __getitem__(self, key: str) -> str:
        return _FACTS[key](self)

    def known(self, name: str) -> str:
        """A property's text; remembers where it can't be known."""
        text, unknown = self.property_of(name)
        self.unknown = self.unknown or unknown
        return text


def slug(text: str) -> str:
    """A text as part of a host name."""
    return "".join(char if char.isalnum() and char.isascii() else "-" for char in text.lower()).strip("-") or "unknown"


def _name(facts: Facts) -> str:
    if facts.type in NAME_PROPERTY and (name := facts.known(NAME_PROPERTY[facts.type])):
        return name
    if facts.type != BUCKET:
        return facts.logical_id
    # AWS makes up the names of nameless buckets; so does edgesim, with an ending that keeps it from being anybody's
    facts.unknown = facts.unknown or facts.logical_id
    return f"{slug(facts.logical_id)}-{stable_id('', facts.logical_id).lower()}"


def _function(facts: Facts) -> str:
    if facts.type in FUNCTIONS:
        return _name(facts)
    return facts.known("FunctionName").rpartition("function:")[2].partition(":")[0]


def _alias(facts: Facts) -> str:
    return facts.known("AutoPublishAlias" if facts.type == SAM_FUNCTION else "Name")


_FACTS: dict[str, Callable[[Facts], str]] = {
    "id": lambda facts: facts.logical_id,
    "slug": lambda facts: slug(facts.logical_id),
    "aws_id": lambda facts: stable_id("E", facts.logical_id),
    "domain": lambda facts: f"{stable_id('d', facts.logical_id).lower()}.cloudfront.net",
    "name": _name,
    "function": _function,
    "alias": _alias,
    "version": lambda facts: facts.version(),
    "region": lambda facts: facts.pseudo("AWS::Region"),
    "account": lambda facts: facts.pseudo("AWS::AccountId"),
    "partition": lambda facts: facts.pseudo("AWS::Partition"),
}
