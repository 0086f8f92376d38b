"""The raw form: types, names, required properties; every fault at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.config import (
    Behavior,
    CachePolicyConfig,
    DistributionConfig,
    OriginConfig,
    aws_name,
    parse,
)
from edgesim.distribution.findings import Finding, Loc, closest, there_are
from edgesim.distribution.model import Trigger


def raw(**more: Any) -> dict[str, Any]:
    return {
        "Enabled": "true",
        "Origins": [{"Id": "o", "DomainName": "b.s3.amazonaws.com"}],
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        **more,
    }


def findings(**more: Any) -> list[Finding]:
    return parse(DistributionConfig, raw(**more))[1]


def only(**more: Any) -> Finding:
    [finding] = findings(**more)
    return finding


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("min_ttl", "MinTTL"),
        ("error_caching_min_ttl", "ErrorCachingMinTTL"),
        ("http_port", "HTTPPort"),
        ("https_port", "HTTPSPort"),
        ("http_version", "HttpVersion"),
        ("ipv6_enabled", "IPV6Enabled"),
        ("web_acl_id", "WebACLId"),
        ("origin_ssl_protocols", "OriginSSLProtocols"),
        ("lambda_function_arn", "LambdaFunctionARN"),
        ("function_arn", "FunctionARN"),
        ("realtime_log_config_arn", "RealtimeLogConfigArn"),
        ("vpc_origin_id", "VpcOriginId"),
    ],
)
def test_names_are_cloudformations(field: str, name: str) -> None:
    assert aws_name(field) == name


def test_texts_become_numbers_and_truth_values() -> None:
    custom = {"OriginProtocolPolicy": "http-only", "HTTPPort": "8080"}
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "Compress": "false", "MinTTL": "5"}
    config, found = parse(
        DistributionConfig,
        raw(Origins=[{"Id": "o", "DomainName": "d", "CustomOriginConfig": custom}], DefaultCacheBehavior=behavior),
    )
    assert found == []
    assert config.origins[0].custom_origin_config is not None
    assert config.origins[0].custom_origin_config.http_port == 8080
    assert (config.default_cache_behavior.compress, config.default_cache_behavior.min_ttl) == (False, 5)


def test_defaults_are_cloudformations() -> None:
    config, _ = parse(DistributionConfig, raw())
    assert config.http_version == "http1.1"
    assert config.default_cache_behavior.allowed_methods == ("GET", "HEAD")
    origin, _ = parse(
        OriginConfig, {"Id": "o", "DomainName": "d", "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"}}
    )
    custom = origin.custom_origin_config
    assert custom is not None
    assert (custom.http_port, custom.https_port, custom.origin_read_timeout) == (80, 443, 30)
    assert custom.origin_ssl_protocols == ("TLSv1", "SSLv3")


@pytest.mark.parametrize(
    ("part", "names"),
    [("HeadersConfig", "Headers"), ("CookiesConfig", "Cookies"), ("QueryStringsConfig", "QueryStrings")],
)
def test_a_text_is_no_list_of_names_in_a_policy(part: str, names: str) -> None:
    behavior = names.removesuffix("s") + "Behavior"
    key = {part: {behavior: "whitelist", names: "X-Tenant"}}
    _, found = parse(CachePolicyConfig, {"Name": "p", "ParametersInCacheKeyAndForwardedToOrigin": key})
    wrong = [one for one in found if one.at[-1] == names]
    assert [(one.at, one.message, one.hint) for one in wrong] == [
        (
            ("ParametersInCacheKeyAndForwardedToOrigin", part, names),
            f"{names} must be a list, not 'X-Tenant'",
            "write [X-Tenant]",
        )
    ]


@pytest.mark.parametrize(
    ("more", "at", "message", "hint"),
    [
        pytest.param(
            {"Enabeld": "1"}, ("Enabeld",), "unknown property Enabeld", "did you mean Enabled?", id="mistyped"
        ),
        pytest.param({"Zzz": "1"}, ("Zzz",), "unknown property Zzz", "", id="nothing like it"),
        pytest.param(
            {"PriceClass": "PriceClass_10"},
            ("PriceClass",),
            "'PriceClass_10' is not a valid PriceClass: it is one "
            "of PriceClass_100, PriceClass_200, PriceClass_All, PriceClass_None",
            "did you mean PriceClass_100?",
            id="no such value",
        ),
        pytest.param(
            {"Staging": "maybe"}, ("Staging",), "Staging must be true or false, not 'maybe'", "", id="no truth"
        ),
        pytest.param(
            {"Comment": {"a": "b"}}, ("Comment",), "Comment must be a text, not a structure", "", id="no text"
        ),
        pytest.param(
            {"Comment": "x" * 129}, ("Comment",), "Comment may have 128 characters at most", "", id="too long"
        ),
        pytest.param(
            {"Restrictions": "x"},
            ("Restrictions",),
            "Restrictions must be a structure of properties, not 'x'",
            "",
            id="no structure",
        ),
        pytest.param(
            {"Aliases": "a.example.com"},
            ("Aliases",),
            "Aliases must be a list, not 'a.example.com'",
            "write [a.example.com]",
            id="a text for a list",
        ),
        pytest.param(
            {"Aliases": {"Quantity": "0"}},
            ("Aliases",),
            "Aliases must be a list, not a structure",
            "CloudFormation takes a plain list here; Quantity and Items belong to the API's form",
            id="the API's list",
        ),
        pytest.param(
            {"CacheBehaviors": ["x"]},
            ("CacheBehaviors", 0),
            "an item of CacheBehaviors must be a structure of properties, not 'x'",
            "",
            id="an item",
        ),
    ],
)
def test_faults_say_what_and_where(more: dict[str, Any], at: Loc, message: str, hint: str) -> None:
    finding = only(**more)
    assert (finding.at, finding.message, finding.hint) == (at, message, hint)


def test_hints_know_the_structure_they_are_in() -> None:
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"}
    association = {"EventType": "viewer-requests", "LambdaFunctionArn": "a", "LambdaFunctionARN": "a"}
    wrong_event, wrong_name = findings(DefaultCacheBehavior={**behavior, "LambdaFunctionAssociations": [association]})
    where: Loc = ("DefaultCacheBehavior", "LambdaFunctionAssociations", 0)
    assert (wrong_event.at, wrong_event.hint) == ((*where, "EventType"), "did you mean viewer-request?")
    assert (wrong_name.at, wrong_name.hint) == ((*where, "LambdaFunctionArn"), "did you mean LambdaFunctionARN?")


def test_every_fault_is_told_at_once_and_the_rest_is_kept() -> None:
    origins = [{"Id": "o", "DomainName": "d", "Port": "1"}, {"DomainName": "e"}]
    config, found = parse(DistributionConfig, raw(Comment={}, Origins=origins, Aliases=["a"], DefaultCacheBehavior={}))
    assert {finding.at for finding in found} == {
        ("Comment",),
        ("Origins", 0, "Port"),
        ("Origins", 1, "Id"),
        ("DefaultCacheBehavior", "TargetOriginId"),
        ("DefaultCacheBehavior", "ViewerProtocolPolicy"),
    }
    assert config.aliases == ("a",)
    assert [origin.domain_name for origin in config.origins] == ["d", "e"]


def test_a_fault_is_not_also_a_missing_property() -> None:
    assert only(Enabled="perhaps").message.startswith("Enabled must be")


def test_list_positions_stay_when_an_item_is_wrong() -> None:
    behaviors = ["x", {"PathPattern": "/b", "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"}]
    config, _ = parse(DistributionConfig, raw(CacheBehaviors=behaviors))
    assert [pattern for _, pattern, _ in config.behaviors()] == ["", "/b", "*"]


def test_a_list_with_a_wrong_number_is_left_out() -> None:
    group = {"Id": "g", "Members": [], "FailoverCriteria": {"StatusCodes": ["500", "x"]}}
    config, found = parse(DistributionConfig, raw(OriginGroups=[group]))
    assert config.origin_groups[0].failover_criteria.status_codes == ()
    assert found[0].at == ("OriginGroups", 0, "FailoverCriteria", "StatusCodes", 1)


def test_a_whole_policy_is_read() -> None:
    key = {
        "EnableAcceptEncodingGzip": "true",
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["X"]},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    policy, found = parse(
        CachePolicyConfig, {"Name": "p", "MinTTL": "1", "ParametersInCacheKeyAndForwardedToOrigin": key}
    )
    assert found == []
    assert policy.parameters_in_cache_key_and_forwarded_to_origin.headers_config.headers == ("X",)


def test_a_cache_key_cannot_take_all_headers() -> None:
    key = {"HeadersConfig": {"HeaderBehavior": "allViewer"}}
    _, found = parse(CachePolicyConfig, {"Name": "p", "MinTTL": "1", "ParametersInCacheKeyAndForwardedToOrigin": key})
    assert "it is one of none, whitelist" in found[0].message


def test_events_are_triggers() -> None:
    behavior, _ = parse(Behavior, {"LambdaFunctionAssociations": [{"EventType": "origin-request"}]})
    assert behavior.lambda_function_associations[0].event_type is Trigger.ORIGIN_REQUEST


def test_closest_ignores_case_and_gives_up_on_strangers() -> None:
    assert closest("enabled", ["Enabled", "Comment"]) == "did you mean Enabled?"
    assert closest("xyz", ["Enabled"]) == ""


NAMES = st.sampled_from(
    [field.alias or "" for field in DistributionConfig.model_fields.values()] + ["Id", "Items", "x"]
)
RAW = st.recursive(
    st.text(max_size=4) | st.sampled_from(["true", "1", "viewer-request", "o", "GET"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(NAMES, RAW, max_size=6))
def test_any_raw_form_can_be_parsed(anything: dict[str, Any]) -> None:
    config, found = parse(DistributionConfig, anything)
    assert isinstance(config, DistributionConfig)
    assert all(finding.message for finding in found)


@pytest.mark.parametrize(
    ("known", "says"),
    [((), ""), (("web",), "there is web"), (("web", "api", "web"), "there are web, api")],
)
def test_what_there_is_is_told_in_the_right_number(known: tuple[str, ...], says: str) -> None:
    assert there_are(known) == says
