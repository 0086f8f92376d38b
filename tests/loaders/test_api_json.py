"""What `aws cloudfront get-distribution-config` and `get-distribution` print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.model import Logging
from edgesim.distribution.problems import Severity
from edgesim.loaders import Loaded, Overrides, load

DATA = Path(__file__).parent / "data"
Load = Callable[..., Loaded]
POLICY = "11111111-2222-4333-8444-555555555555"


def wrapped(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)} if items else {"Quantity": 0}


def config(**more: Any) -> dict[str, Any]:
    """A configuration as the command line prints it: complete, with everything that is off."""
    return {
        "CallerReference": "c",
        "Aliases": wrapped("www.example.com"),
        "DefaultRootObject": "",
        "Origins": wrapped(
            {
                "Id": "o",
                "DomainName": "b.s3.eu-west-1.amazonaws.com",
                "OriginPath": "",
                "CustomHeaders": wrapped(),
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "ConnectionAttempts": 3,
                "ConnectionTimeout": 10,
                "OriginShield": {"Enabled": False},
                "OriginAccessControlId": "",
            }
        ),
        "OriginGroups": wrapped(),
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "TrustedSigners": {"Enabled": False, "Quantity": 0},
            "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": {**wrapped("HEAD", "GET", "OPTIONS"), "CachedMethods": wrapped("HEAD", "GET")},
            "SmoothStreaming": False,
            "Compress": False,
            "LambdaFunctionAssociations": wrapped(),
            "FunctionAssociations": wrapped(),
            "FieldLevelEncryptionId": "",
            "GrpcConfig": {"Enabled": False},
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
        "CacheBehaviors": wrapped(),
        "CustomErrorResponses": wrapped(),
        "Comment": "",
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "PriceClass": "PriceClass_All",
        "Enabled": True,
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "CertificateSource": "cloudfront"},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "",
        "HttpVersion": "http1.1",
        "IsIPV6Enabled": True,
        "ContinuousDeploymentPolicyId": "",
        "Staging": False,
        **more,
    }


@pytest.fixture
def printed(tmp_path: Path) -> Load:
    def loaded(document: dict[str, Any], **overrides: dict[str, str]) -> Loaded:
        (tmp_path / "prod.json").write_text(json.dumps(document, indent=2))
        return load(tmp_path / "prod.json", Overrides(**overrides))

    return loaded


@pytest.mark.parametrize(
    ("document", "name", "distribution_id"),
    [
        pytest.param({"ETag": "E2", "DistributionConfig": config()}, "prod", "", id="get-distribution-config"),
        pytest.param(config(), "prod", "", id="the configuration alone"),
        pytest.param(
            {
                "ETag": "E2",
                "Distribution": {"Id": "EABC", "DomainName": "d1.cloudfront.net", "DistributionConfig": config()},
            },
            "EABC",
            "EABC",
            id="get-distribution",
        ),
    ],
)
def test_a_complete_configuration_has_no_problems(
    printed: Load, document: dict[str, Any], name: str, distribution_id: str
) -> None:
    loaded = printed(document)
    assert loaded.problems == ()
    [distribution] = loaded.distributions
    assert distribution.name == name
    assert distribution.id == (distribution_id or distribution.id)
    assert distribution.domain_name == "d1.cloudfront.net" or not distribution_id
    assert distribution.aliases == ("www.example.com",)
    assert distribution.behaviors[0].allowed_methods == {"GET", "HEAD", "OPTIONS"}
    assert distribution.behaviors[0].cached_methods == {"GET", "HEAD"}


def test_legacy_values_are_unwrapped(printed: Load) -> None:
    values = {
        "QueryString": True,
        "Cookies": {"Forward": "whitelist", "WhitelistedNames": wrapped("sid")},
        "Headers": wrapped("Origin"),
        "QueryStringCacheKeys": wrapped("q"),
    }
    behavior = {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": values,
        "CachePolicyId": "",
    }
    [default] = printed(config(DefaultCacheBehavior={**behavior, "MinTTL": 1})).distributions[0].behaviors
    assert default.forwarded_values is not None
    assert default.cache_policy.headers.names == ("Origin",)
    assert default.cache_policy.cookies.names == ("sid",)
    assert default.cache_policy.query_strings.names == ("q",)


def test_what_is_switched_on_is_warned_of(printed: Load) -> None:
    loaded = printed(config(Staging=True))
    assert [problem.at for problem in loaded.problems] == ["Staging"]


@pytest.mark.parametrize(
    ("said", "logging"),
    [
        pytest.param({"Enabled": True}, Logging("b.s3.amazonaws.com", "edge/", True), id="on"),
        pytest.param({"Enabled": False}, Logging(), id="off"),
    ],
)
def test_logging_is_read(printed: Load, said: dict[str, object], logging: Logging) -> None:
    more = {"Bucket": "b.s3.amazonaws.com", "Prefix": "edge/", "IncludeCookies": True}
    loaded = printed(config(Logging={**more, **said}))
    assert loaded.problems == ()
    assert loaded.distributions[0].logging == logging


def test_the_header_of_cache_tags_is_read(printed: Load) -> None:
    loaded = printed(config(CacheTagConfig={"HeaderName": "X-Tags"}))
    assert loaded.problems == ()
    assert loaded.distributions[0].cache_tag_header == "X-Tags"
    assert printed(config()).distributions[0].cache_tag_header == ""


def test_a_wrong_quantity_is_cloudfronts_error(printed: Load) -> None:
    [error] = printed(config(Aliases={"Quantity": 2, "Items": ["a"]})).errors
    assert error.message.startswith("The value of Quantity and the size of Items don't match")
    assert (error.code, error.at, error.line) == ("InconsistentQuantities", "Aliases.Quantity", 4)


def test_places_are_in_the_apis_spelling(printed: Load) -> None:
    origin = {"Id": "o", "DomainName": "example.com", "CustomHeaders": wrapped({"HeaderName": "a", "HeaderValu": "b"})}
    wrong = printed({"ETag": "E", "DistributionConfig": config(Origins=wrapped(origin))}).problems
    assert {problem.at for problem in wrong} == {
        "DistributionConfig.Origins.Items[0].DomainName",
        "DistributionConfig.Origins.Items[0].CustomHeaders.Items[0].HeaderValu",
    }


def test_a_property_newer_than_edgesim_is_only_warned_of(printed: Load) -> None:
    [problem] = printed(config(BrandNew={"Enabled": False})).problems
    assert (problem.severity, problem.at) == (Severity.WARNING, "BrandNew")


def test_null_is_not_set(printed: Load) -> None:
    assert printed(config(Comment=None, OriginGroups=None)).problems == ()


def test_functions_are_joined_by_name(printed: Load) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:edge-auth:7"
    behavior = config()["DefaultCacheBehavior"]
    behavior["LambdaFunctionAssociations"] = wrapped({"EventType": "viewer-request", "LambdaFunctionARN": arn})
    [error] = printed(config(DefaultCacheBehavior=behavior)).errors
    assert error.hint == "say where its code is: --function edge-auth=PATH[:HANDLER]"
    given = {"edge-auth": f"{DATA / 'functions' / 'auth' / 'index.js'}:handler"}
    [function] = printed(config(DefaultCacheBehavior=behavior), functions=given).distributions[0].functions
    assert (function.arn, function.handler) == (arn, "index.handler")
    assert function.code.path == str(DATA / "functions" / "auth")


@pytest.mark.parametrize("keys", [(), ("CachePolicyConfig",), ("CachePolicy", "CachePolicyConfig")], ids=str)
def test_policies_come_from_what_the_command_line_prints(printed: Load, tmp_path: Path, keys: tuple[str, ...]) -> None:
    document = json.loads((DATA / "cli-cache-policy.json").read_text())
    for key in reversed(keys):
        document = {key: document, "ETag": "E"}
    (tmp_path / "policy.json").write_text(json.dumps(document))
    behavior = {**config()["DefaultCacheBehavior"], "CachePolicyId": POLICY}
    loaded = printed(config(DefaultCacheBehavior=behavior), cache_policies={POLICY: str(tmp_path / "policy.json")})
    assert loaded.problems == ()
    policy = loaded.distributions[0].behaviors[0].cache_policy
    assert (policy.id, policy.name, policy.query_strings.names) == (POLICY, "edge-demo-page-dev", ("q", "v"))


def test_a_policy_file_that_is_none_is_told_by_its_own_name(printed: Load, tmp_path: Path) -> None:
    behavior = {**config()["DefaultCacheBehavior"], "CachePolicyId": POLICY}
    path = tmp_path / "policy.json"
    missing = printed(config(DefaultCacheBehavior=behavior), cache_policies={POLICY: str(path)}).errors
    assert (str(path), "there is no such file") in [(problem.file, problem.message) for problem in missing]
    path.write_text('{"Name": "p",\n"MinTTL": "soon"}')
    wrong = printed(config(DefaultCacheBehavior=behavior), cache_policies={POLICY: str(path)}).errors
    assert [(problem.file, problem.line, problem.at) for problem in wrong] == [
        (str(path), 1, "ParametersInCacheKeyAndForwardedToOrigin"),
        (str(path), 2, "MinTTL"),
    ]
