"""No property of the raw form can be forgotten: it is read, or told as a gap, or listed as having no effect here.

Which ones are read is found out by assembling a distribution that has every structure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.config import CachePolicyConfig, DistributionConfig, OriginRequestPolicyConfig, Part
from edgesim.distribution.key_config import KeyGroupConfig, PublicKeyConfig
from edgesim.distribution.response_headers_config import ResponseHeadersPolicyConfig
from edgesim.distribution.unapplied import GAPS, NO_EFFECT_LOCALLY
from edgesim.loaders import assemble, load, policies, response_headers
from edgesim.signatures.keys import key_pair_named, public_half

ROOTS = (
    DistributionConfig,
    CachePolicyConfig,
    OriginRequestPolicyConfig,
    ResponseHeadersPolicyConfig,
    PublicKeyConfig,
    KeyGroupConfig,
)
Property = tuple[type[Part], str]

BEHAVIOR = {
    "TargetOriginId": "s3",
    "ViewerProtocolPolicy": "allow-all",
    "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
}
LISTS = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
KEY = {"EnableAcceptEncodingGzip": True, **LISTS}
CACHE_POLICY = {"Name": "c", "MinTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": KEY}
ONE = {"Items": ["x"]}
RESPONSE_HEADERS = {
    "Name": "r",
    "CorsConfig": {
        "AccessControlAllowOrigins": ONE, "AccessControlAllowHeaders": ONE, "AccessControlExposeHeaders": ONE,
        "AccessControlAllowMethods": {"Items": ["GET"]}, "AccessControlAllowCredentials": True, "OriginOverride": True,
    },
    "SecurityHeadersConfig": {
        "XSSProtection": {"Protection": True, "Override": True},
        "FrameOptions": {"FrameOption": "DENY", "Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "origin", "Override": True},
        "ContentSecurityPolicy": {"ContentSecurityPolicy": "x", "Override": True},
        "ContentTypeOptions": {"Override": True},
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": 1, "Override": True},
    },
    "CustomHeadersConfig": {"Items": [{"Header": "x", "Value": "y", "Override": True}]},
    "RemoveHeadersConfig": {"Items": [{"Header": "x"}]},
    "ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 1},
}  # fmt: skip
WEB = {
    "Enabled": True,
    "DefaultCacheBehavior": {
        **BEHAVIOR,
        "LambdaFunctionAssociations": [{"EventType": "viewer-request", "LambdaFunctionARN": {"Ref": "V"}}],
    },
    "CacheBehaviors": [
        {**{k: v for k, v in BEHAVIOR.items() if k != "ForwardedValues"}, "PathPattern": "/a",
         "CachePolicyId": {"Ref": "C"}, "OriginRequestPolicyId": {"Ref": "O"},
         "ResponseHeadersPolicyId": {"Ref": "R"}},
    ],
    "Origins": [
        {"Id": "s3", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {},
         "OriginCustomHeaders": [{"HeaderName": "a", "HeaderValue": "b"}]},
        {"Id": "c", "DomainName": "c", "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"}},
        {"Id": "v", "DomainName": "v", "VpcOriginConfig": {"VpcOriginId": "v"}},
    ],
    "OriginGroups": {"Quantity": 1, "Items": [
        {"Id": "g", "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [500]}},
         "Members": {"Quantity": 2, "Items": [{"OriginId": "s3"}, {"OriginId": "c"}]}},
    ]},
    "CustomErrorResponses": [{"ErrorCode": 404}],
    "CacheTagConfig": {"HeaderName": "x"},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Locations": ["DE"]}},
}  # fmt: skip
PUBLIC_KEY = public_half(key_pair_named("k"))
TEMPLATE = {
    "Resources": {
        "Web": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": WEB}},
        "C": {"Type": "AWS::CloudFront::CachePolicy", "Properties": {"CachePolicyConfig": CACHE_POLICY}},
        "O": {
            "Type": "AWS::CloudFront::OriginRequestPolicy",
            "Properties": {"OriginRequestPolicyConfig": {"Name": "o", **LISTS}},
        },
        "R": {
            "Type": "AWS::CloudFront::ResponseHeadersPolicy",
            "Properties": {"ResponseHeadersPolicyConfig": RESPONSE_HEADERS},
        },
        "K": {
            "Type": "AWS::CloudFront::PublicKey",
            "Properties": {"PublicKeyConfig": {"CallerReference": "k", "Name": "k", "EncodedKey": PUBLIC_KEY}},
        },
        "G": {
            "Type": "AWS::CloudFront::KeyGroup",
            "Properties": {"KeyGroupConfig": {"Name": "g", "Items": [{"Ref": "K"}]}},
        },
        "V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Fn"}}},
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": {"ZipFile": "x"}, "Handler": "index.handler", "Runtime": "nodejs22.x"},
        },
    }
}


def parts(kind: type[Part]) -> Iterator[Property]:
    """Every property of a structure, and of the structures in it, but for those that a gap speaks about as a whole."""
    for name, field in kind.model_fields.items():
        yield owner(kind, name), name
        if name not in {gap.field for gap in rows(kind)}:
            for inner in structures(field.annotation):
                yield from parts(inner)


def structures(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from structures(inner)


def owner(kind: type[Part], name: str) -> type[Part]:
    """The structure that a property comes from: Behavior has most of DefaultBehavior."""
    return next(k for k in reversed(kind.mro()) if issubclass(k, Part) and name in k.model_fields)


def rows(kind: type[Part]) -> Any:
    return next((GAPS[k] for k in kind.mro() if k in GAPS), ())


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[Property]:
    """The properties that the assembling code asks for, all checks left out."""
    seen: set[Property] = set()

    def recording(self: Part, name: str) -> Any:
        if name in type(self).model_fields:
            seen.add((owner(type(self), name), name))
        return object.__getattribute__(self, name)

    for module, check in ((assemble, "check"), (assemble, "unapplied"), (policies, "check_policy"),
                          (response_headers, "check_response_headers_policy")):  # fmt: skip
        monkeypatch.setattr(module, check, lambda *_: [])
    path = tmp_path / "t.json"
    path.write_text(json.dumps(TEMPLATE))
    with monkeypatch.context() as patch:
        patch.setattr(Part, "__getattribute__", recording)
        assert load(path).errors == ()
    return seen


def test_every_property_is_read_or_told_or_listed(read: set[Property]) -> None:
    told = {(kind, gap.field) for kind, gaps in GAPS.items() for gap in gaps}
    listed = {(kind, name) for kind, names in NO_EFFECT_LOCALLY.items() for name in names}
    every = {each for root in ROOTS for each in parts(root)}
    assert {f"{kind.__name__}.{name}" for kind, name in every - read - told - listed} == set()


def test_nothing_is_both_listed_and_acted_on(read: set[Property]) -> None:
    told = {(kind, gap.field) for kind, gaps in GAPS.items() for gap in gaps}
    listed = {(kind, name) for kind, names in NO_EFFECT_LOCALLY.items() for name in names}
    assert listed & (read | told) == set()


@pytest.mark.parametrize("table", [GAPS, NO_EFFECT_LOCALLY], ids=["gaps", "no effect"])
def test_the_tables_name_properties_that_exist(table: Any) -> None:
    for kind, entries in table.items():
        assert {getattr(each, "field", each) for each in entries} <= set(kind.model_fields)
