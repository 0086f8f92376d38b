"""What CloudFront refuses although every property is valid by itself."""

from __future__ import annotations

from typing import Any

import pytest

from edgesim.distribution.buckets import s3_region
from edgesim.distribution.checks import check
from edgesim.distribution.config import CachePolicyConfig, DistributionConfig, OriginRequestPolicyConfig, parse
from edgesim.distribution.findings import Finding
from edgesim.distribution.policy_checks import check_policy
from edgesim.distribution.problems import Severity

ALL_SEVEN = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f:1"
CUSTOM = {"OriginProtocolPolicy": "https-only"}
PAIR = [{"OriginId": "o"}, {"OriginId": "p"}]


def checked(**more: Any) -> list[Finding]:
    raw = {
        "Enabled": "true",
        "Origins": [origin("o"), origin("p")],
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": "c"},
        **more,
    }
    config, faults = parse(DistributionConfig, raw)
    assert faults == []
    return check(config)


def origin(name: str, **more: Any) -> dict[str, Any]:
    return {"Id": name, "DomainName": "example.com", "CustomOriginConfig": CUSTOM, **more}


def behavior(**more: Any) -> dict[str, Any]:
    caching = {} if "ForwardedValues" in more or "no_caching" in more else {"CachePolicyId": "c"}
    more.pop("no_caching", None)
    return {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", **caching, **more}


def of_behavior(**more: Any) -> list[Finding]:
    return checked(DefaultCacheBehavior=behavior(**more))


def of_origin(**more: Any) -> list[Finding]:
    raw = {key: value for key, value in origin("o", **more).items() if value is not None}
    return checked(Origins=[raw])


def of_pattern(pattern: str) -> list[Finding]:
    return checked(CacheBehaviors=[behavior(PathPattern=pattern)])


def group(**more: Any) -> dict[str, Any]:
    return {"Id": "g", "FailoverCriteria": {"StatusCodes": ["500"]}, "Members": PAIR, **more}


def on(*events: str, **more: str) -> dict[str, Any]:
    return {"LambdaFunctionAssociations": [{"EventType": event, "LambdaFunctionARN": ARN, **more} for event in events]}


def page(**more: str) -> list[Finding]:
    return checked(CustomErrorResponses=[{"ErrorCode": "404", **more}])


TTL_ORDER = (
    "MinTTL, MaxTTL and DefaultTTL should follow order MinTTL less than or equal to DefaultTTL less than or equal to "
    "MaxTTL"
)
NO_ORIGIN = "One or more of your origins or origin groups do not exist."
POLICY_AND = "The parameter {} cannot be used when a cache policy is associated to the cache behavior."
UNIQUE_EVENT = (
    "The event type of a function association must be unique in the cache behavior. Event type viewer-request cannot "
    f"be associated with two functions: {ARN}, {ARN}"
)
GROUP_METHODS = (
    "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior associated with an "
    "origin group."
)

ROWS = [
    pytest.param(of_behavior(TargetOriginId="q"), "NoSuchOrigin", NO_ORIGIN, id="a target that is not there"),
    pytest.param(checked(Origins=[]), "", "a distribution needs at least one origin", id="no origin at all"),
    pytest.param(
        checked(Origins=[origin("o"), origin("o")]), "InvalidArgument", "the origin id 'o' is taken", id="an id twice"
    ),
    pytest.param(
        of_behavior(no_caching=True), "InvalidArgument", "The parameter ForwardedValues is required.", id="no caching"
    ),
    pytest.param(
        of_behavior(CachePolicyId="c", ForwardedValues={"QueryString": "true"}),
        "InvalidArgument",
        POLICY_AND.format("ForwardedValues"),
        id="a policy and legacy values",
    ),
    pytest.param(of_behavior(MinTTL="0"), "InvalidArgument", POLICY_AND.format("MinTTL"), id="a policy and a TTL"),
    pytest.param(
        of_behavior(ForwardedValues={"QueryString": "true"}, MinTTL="5", MaxTTL="1"),
        "InvalidTTLOrder",
        TTL_ORDER,
        id="a minimum above the maximum",
    ),
    pytest.param(
        of_behavior(ForwardedValues={"QueryString": "true"}, MinTTL="100000000", MaxTTL="1"),
        "InvalidTTLOrder",
        f"{TTL_ORDER}. Here MinTTL is 100000000, MaxTTL is 1.",
        id="a minimum of three years",
    ),
    pytest.param(
        of_behavior(ForwardedValues={"QueryString": "true"}, OriginRequestPolicyId="x"),
        "InvalidArgument",
        "OriginRequestPolicyId works only with CachePolicyId",
        id="legacy values and a new policy",
    ),
    pytest.param(
        of_behavior(ForwardedValues={"QueryString": "false", "QueryStringCacheKeys": ["a"]}),
        "InvalidArgument",
        "The parameter QueryString cannot be false if query strings are set in QueryStringCacheKeys",
        id="query string keys that are not forwarded",
    ),
    pytest.param(
        of_behavior(ForwardedValues={"QueryString": "true", "Headers": ["*"]}, MinTTL="1"),
        "InvalidArgument",
        "MinTTL must be 0",
        id="all headers and a minimum TTL",
    ),
    pytest.param(
        of_behavior(ForwardedValues={"QueryString": "true", "Cookies": {"Forward": "whitelist"}}),
        "InvalidForwardCookies",
        "no WhitelistedNames",
        id="a list of cookies without cookies",
    ),
    pytest.param(
        of_behavior(AllowedMethods=["GET", "POST"]),
        "InvalidArgument",
        "AllowedMethods can't be GET, POST",
        id="methods",
    ),
    pytest.param(
        of_behavior(CachedMethods=["GET"]), "InvalidArgument", "CachedMethods can't be GET", id="cached methods"
    ),
    pytest.param(
        of_behavior(CachedMethods=["GET", "HEAD", "OPTIONS"]),
        "InvalidArgument",
        "must be allowed methods too",
        id="a cached method that is not allowed",
    ),
    pytest.param(
        of_behavior(**on("viewer-request", "viewer-request")),
        "InvalidLambdaFunctionAssociation",
        UNIQUE_EVENT,
        id="two functions on one event",
    ),
    pytest.param(
        of_behavior(**on("origin-response", IncludeBody="true")),
        "InvalidLambdaFunctionAssociation",
        "IncludeBody can't be true for origin-response",
        id="the body of a response",
    ),
    pytest.param(
        of_behavior(
            **on("viewer-response"), FunctionAssociations=[{"EventType": "viewer-request", "FunctionARN": "a"}]
        ),
        "InvalidFunctionAssociation",
        "a behavior with a CloudFront Function",
        id="two kinds of functions at the viewer",
    ),
    pytest.param(
        of_pattern("/[0-9]+"), "InvalidArgument", "has a character that can't be there: '['", id="a regular expression"
    ),
    pytest.param(of_pattern("/" + "a" * 255), "InvalidArgument", "255 characters at most", id="a long pattern"),
    pytest.param(
        checked(CacheBehaviors=[behavior(PathPattern="/a"), behavior(PathPattern="a")]),
        "InvalidArgument",
        "CacheBehaviors[0] has the path pattern 'a' already",
        id="a pattern twice",
    ),
    pytest.param(
        checked(DefaultRootObject="/i.html"),
        "InvalidDefaultRootObject",
        "must not begin with",
        id="a root with a slash",
    ),
    pytest.param(
        of_origin(S3OriginConfig={}),
        "InvalidOrigin",
        "You must specify either a CustomOrigin or an S3Origin. You cannot specify both.",
        id="both kinds of origin",
    ),
    pytest.param(
        of_origin(CustomOriginConfig=None),
        "InvalidArgument",
        "The parameter Origin DomainName does not refer to a valid S3 bucket.",
        id="a server without CustomOriginConfig",
    ),
    pytest.param(
        of_origin(DomainName="b.s3-website-us-east-1.amazonaws.com", CustomOriginConfig=None, S3OriginConfig={}),
        "InvalidArgument",
        "does not refer to a valid S3 bucket",
        id="a website endpoint as a bucket",
    ),
    pytest.param(of_origin(DomainName="https://a.b"), "InvalidArgument", "must be a domain name", id="a URL"),
    pytest.param(
        of_origin(DomainName="a.b:80"),
        "InvalidArgument",
        "The parameter origin name cannot contain a colon.",
        id="a port",
    ),
    pytest.param(
        of_origin(OriginPath="v1"), "InvalidArgument", "OriginPath must begin with a slash", id="a path without a slash"
    ),
    pytest.param(
        of_origin(CustomOriginConfig={**CUSTOM, "OriginReadTimeout": "0"}),
        "InvalidOriginReadTimeout",
        "from 1 to 120, not 0",
        id="no read timeout",
    ),
    pytest.param(
        of_origin(CustomOriginConfig={**CUSTOM, "OriginKeepaliveTimeout": "121"}),
        "InvalidOriginKeepaliveTimeout",
        "from 1 to 120, not 121",
        id="a long keep-alive",
    ),
    pytest.param(
        of_origin(CustomOriginConfig={**CUSTOM, "HTTPPort": "81"}),
        "InvalidArgument",
        "80, 443 or from 1024",
        id="port 81",
    ),
    pytest.param(
        of_origin(
            DomainName="b.s3.amazonaws.com", CustomOriginConfig=None, S3OriginConfig={"OriginReadTimeout": "200"}
        ),
        "InvalidOriginReadTimeout",
        "from 1 to 120, not 200",
        id="a bucket's read timeout",
    ),
    pytest.param(
        of_origin(ResponseCompletionTimeout="29"),
        "InvalidArgument",
        "ResponseCompletionTimeout must be at least OriginReadTimeout, which is 30, not 29",
        id="a whole response in less than its first byte",
    ),
    pytest.param(
        of_origin(OriginCustomHeaders=[{"HeaderName": "X-Amz-Meta-A", "HeaderValue": "1"}]),
        "InvalidArgument",
        "X-Amz-Meta-A can't be a custom header",
        id="a custom header that none may be",
    ),
    pytest.param(of_origin(ConnectionAttempts="4"), "InvalidArgument", "from 1 to 3, not 4", id="four attempts"),
    pytest.param(
        of_origin(
            DomainName="b.s3.amazonaws.com",
            CustomOriginConfig=None,
            OriginAccessControlId="E1",
            S3OriginConfig={"OriginAccessIdentity": "origin-access-identity/cloudfront/E2"},
        ),
        "IllegalOriginAccessConfiguration",
        "both an origin access control and",
        id="two ways into a bucket",
    ),
    pytest.param(
        of_origin(
            DomainName="b.s3.amazonaws.com", CustomOriginConfig=None, S3OriginConfig={"OriginAccessIdentity": "E2"}
        ),
        "InvalidOriginAccessIdentity",
        "it begins with origin-access-identity/cloudfront/",
        id="an identity's bare id",
    ),
    pytest.param(
        checked(OriginGroups=[group(Members=PAIR[:1])]), "InvalidArgument", "exactly two members", id="a group of one"
    ),
    pytest.param(
        checked(OriginGroups=[group(Members=[PAIR[0], {"OriginId": "z"}])]),
        "NoSuchOrigin",
        NO_ORIGIN,
        id="a member that is not",
    ),
    pytest.param(
        checked(OriginGroups=[group(FailoverCriteria={"StatusCodes": ["418"]})]),
        "InvalidArgument",
        "418 can't make",
        id="418",
    ),
    pytest.param(
        checked(OriginGroups=[group()], DefaultCacheBehavior=behavior(TargetOriginId="g", AllowedMethods=ALL_SEVEN)),
        "InvalidArgument",
        GROUP_METHODS,
        id="writing to a group",
    ),
    pytest.param(
        page(ErrorCode="418"), "InvalidErrorCode", "there is no custom error response for 418", id="an odd error code"
    ),
    pytest.param(
        page(ResponseCode="201", ResponsePagePath="/x"),
        "InvalidResponseCode",
        "can't be 201",
        id="an odd response code",
    ),
    pytest.param(page(ResponseCode="200"), "InvalidArgument", "ResponsePagePath is not", id="a code without a page"),
    pytest.param(page(ResponsePagePath="/x"), "InvalidArgument", "ResponseCode is not", id="a page without a code"),
    pytest.param(
        page(ResponseCode="200", ResponsePagePath="x"),
        "InvalidRelativePath",
        "begin with a slash",
        id="a relative page",
    ),
    pytest.param(
        checked(CustomErrorResponses=[{"ErrorCode": "404"}] * 2),
        "InvalidArgument",
        "for 404 already",
        id="an error code twice",
    ),
]


@pytest.mark.parametrize(("findings", "code", "message"), ROWS)
def test_it_is_refused_in_cloudfronts_words(findings: list[Finding], code: str, message: str) -> None:
    [finding] = [each for each in findings if message in each.message]
    assert (finding.code, finding.severity) == (code, Severity.ERROR)


@pytest.mark.parametrize(
    "findings",
    [
        pytest.param(checked(), id="the least"),
        pytest.param(
            of_behavior(AllowedMethods=ALL_SEVEN[::-1], CachedMethods=["OPTIONS", "HEAD", "GET"]), id="any order"
        ),
        pytest.param(
            of_behavior(ForwardedValues={"QueryString": "true"}, MinTTL="90000"), id="a minimum above the default TTL"
        ),
        pytest.param(
            of_behavior(ForwardedValues={"QueryString": "true"}, MaxTTL="60"), id="a maximum below the default TTL"
        ),
        pytest.param(
            of_behavior(ForwardedValues={"QueryString": "true", "Headers": ["*"]}, MinTTL="0"), id="all headers"
        ),
        pytest.param(
            of_behavior(**on("viewer-request", "origin-request", "origin-response", "viewer-response")),
            id="every event",
        ),
        pytest.param(
            of_behavior(
                **on("origin-request"), FunctionAssociations=[{"EventType": "viewer-request", "FunctionARN": "a"}]
            ),
            id="functions at the viewer, Lambda at the origin",
        ),
        pytest.param(of_pattern("images/*.jp?g"), id="a pattern without a slash"),
        pytest.param(of_pattern("/_next/image*"), id="a pattern with an underscore"),
        pytest.param(
            of_origin(DomainName="b.s3.amazonaws.com", CustomOriginConfig=None), id="a bucket by its host name"
        ),
        pytest.param(of_origin(DomainName="b.s3-website-us-east-1.amazonaws.com"), id="a website endpoint"),
        pytest.param(of_origin(ResponseCompletionTimeout="30"), id="a completion timeout"),
        pytest.param(of_origin(ResponseCompletionTimeout="0"), id="no completion timeout, as Terraform writes it"),
        pytest.param(checked(OriginGroups=[group()], DefaultCacheBehavior=behavior(TargetOriginId="g")), id="a group"),
        pytest.param(page(ErrorCachingMinTTL="5"), id="only a caching time"),
    ],
)
def test_it_is_accepted(findings: list[Finding]) -> None:
    assert findings == []


def test_a_missing_target_gets_a_hint() -> None:
    assert checked(Origins=[origin("website")], DefaultCacheBehavior=behavior(TargetOriginId="webiste"))[0].hint == (
        "did you mean website?"
    )


def test_quotas_only_warn() -> None:
    [finding] = checked(Aliases=[f"a{i}.example.com" for i in range(101)])
    assert (finding.severity, finding.code) == (Severity.WARNING, "TooManyDistributionCNAMEs")


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("b.s3.amazonaws.com", "us-east-1"),
        ("b.s3.eu-central-1.amazonaws.com", "eu-central-1"),
        ("b.s3-us-west-2.amazonaws.com", "us-west-2"),
        ("b.c.s3.dualstack.ap-south-1.amazonaws.com", "ap-south-1"),
        ("b.s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("b.s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("b.s3-website-us-east-1.amazonaws.com", None),
        ("b.s3-website.eu-central-1.amazonaws.com", None),
        ("notas3.amazonaws.com", None),
        ("example.com", None),
    ],
)
def test_a_bucket_is_known_by_its_host_name(host: str, region: str | None) -> None:
    assert s3_region(host) == region


def test_policies_need_their_lists_and_their_order() -> None:
    key = {"QueryStringsConfig": {"QueryStringBehavior": "whitelist"}}
    config, _ = parse(
        CachePolicyConfig, {"MinTTL": "9", "MaxTTL": "1", "ParametersInCacheKeyAndForwardedToOrigin": key}
    )
    order, names = check_policy(config)
    assert order.message.startswith(TTL_ORDER)
    assert names.at == ("ParametersInCacheKeyAndForwardedToOrigin", "QueryStringsConfig")
    other, _ = parse(OriginRequestPolicyConfig, {"CookiesConfig": {"CookieBehavior": "allExcept"}})
    assert [finding.at for finding in check_policy(other)] == [("CookiesConfig",)]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Origins": [origin(name) for name in ["o", *map(str, range(100))]]}, "TooManyOrigins"),
        ({"OriginGroups": [group(Id=f"g{number}") for number in range(11)]}, "TooManyOriginGroupsPerDistribution"),
        (
            {"Origins": [origin("o", OriginCustomHeaders=[{"HeaderName": f"X-{n}"} for n in range(31)])]},
            "TooManyOriginCustomHeaders",
        ),
    ],
)
def test_a_quota_that_is_exceeded_is_warned_of(more: dict[str, Any], code: str) -> None:
    [warning] = checked(**more)
    assert (warning.code, warning.severity) == (code, Severity.WARNING)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (CachePolicyConfig, "TooManyHeadersInCachePolicy"),
        (OriginRequestPolicyConfig, "TooManyHeadersInOriginRequestPolicy"),
    ],
)
def test_more_than_ten_names_of_a_kind_are_warned_of(
    policy: type[CachePolicyConfig | OriginRequestPolicyConfig], code: str
) -> None:
    names = [f"X-{number}" for number in range(11)]
    [warning] = check_policy(_listing(policy, *names))
    assert (warning.code, warning.severity) == (code, Severity.WARNING)
    assert check_policy(_listing(policy, *names[:10])) == []


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (CachePolicyConfig, "CloudFront-Viewer-Address"),
        (CachePolicyConfig, "cloudfront-viewer-tls"),
        (CachePolicyConfig, "Cache-Control"),
        (CachePolicyConfig, "X-Edge-Location"),
        (OriginRequestPolicyConfig, "Authorization"),
        (OriginRequestPolicyConfig, "accept-encoding"),
    ],
)
def test_some_headers_can_not_be_listed(policy: type[CachePolicyConfig | OriginRequestPolicyConfig], name: str) -> None:
    [refused] = check_policy(_listing(policy, name))
    assert refused.at[-3:] == ("HeadersConfig", "Headers", 0)
    assert (refused.code, name in refused.message) == ("InvalidArgument", True)


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (CachePolicyConfig, "Authorization"),
        (CachePolicyConfig, "CloudFront-Viewer-Country"),
        (OriginRequestPolicyConfig, "CloudFront-Viewer-Address"),
        (OriginRequestPolicyConfig, "X-Authorization"),
    ],
)
def test_others_can(policy: type[CachePolicyConfig | OriginRequestPolicyConfig], name: str) -> None:
    assert check_policy(_listing(policy, name)) == []


@pytest.mark.parametrize("codings", [{"EnableAcceptEncodingGzip": True}, {"EnableAcceptEncodingBrotli": True}])
def test_accept_encoding_is_not_listed_where_it_is_normalised(codings: dict[str, bool]) -> None:
    listed = {"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["X-A", "accept-encoding"]}}
    [refused] = check_policy(_cache_policy({**listed, **codings}))
    assert refused.at == ("ParametersInCacheKeyAndForwardedToOrigin", "HeadersConfig", "Headers", 1)
    assert refused.message == "The parameter Headers contains accept-encoding that is not allowed."
    assert check_policy(_cache_policy(listed)) == []


@pytest.mark.parametrize(
    ("keyed", "name"),
    [
        ({"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["Authorization"]}}, "HeaderBehavior"),
        ({"CookiesConfig": {"CookieBehavior": "all"}}, "CookieBehavior"),
        ({"QueryStringsConfig": {"QueryStringBehavior": "all"}}, "QueryStringBehavior"),
        ({"EnableAcceptEncodingGzip": True}, "EnableAcceptEncodingGzip"),
        ({"EnableAcceptEncodingBrotli": True}, "EnableAcceptEncodingBrotli"),
    ],
)
def test_a_policy_that_caches_nothing_keys_on_nothing(keyed: dict[str, Any], name: str) -> None:
    [refused] = check_policy(_cache_policy(keyed, MaxTTL=0))
    assert refused.message == f"The parameter {name} is invalid for policy with caching disabled."
    assert refused.at[-1] == name
    assert check_policy(_cache_policy(keyed, MaxTTL=1)) == []
    assert check_policy(_cache_policy(keyed)) == []


def _cache_policy(keyed: dict[str, Any], **ttls: int) -> CachePolicyConfig:
    return parse(CachePolicyConfig, {"MinTTL": 0, **ttls, "ParametersInCacheKeyAndForwardedToOrigin": keyed})[0]


@pytest.mark.parametrize("name", ["Connection", "upgrade", "Cache-Control", "X-Amz-Content-SHA256", "X-Edge-Location"])
def test_forwarded_values_do_not_list_what_can_not_be_keyed(name: str) -> None:
    [refused] = of_behavior(ForwardedValues={"QueryString": False, "Headers": ["Accept", name]})
    assert refused.at == ("DefaultCacheBehavior", "ForwardedValues", "Headers", 1)
    assert refused.message == f"The parameter Header Name with value {name} is not allowed."
    allowed = ["Accept-Encoding", "Authorization", "Host", "CloudFront-Viewer-Country"]
    assert of_behavior(ForwardedValues={"QueryString": False, "Headers": allowed}) == []


@pytest.mark.parametrize(
    ("values", "code", "severity"),
    [
        ({"Headers": [f"x-{n}" for n in range(11)]}, "TooManyHeadersInForwardedValues", Severity.WARNING),
        (
            {"Cookies": {"Forward": "whitelist", "WhitelistedNames": [f"c{n}" for n in range(11)]}},
            "TooManyCookieNamesInWhiteList",
            Severity.WARNING,
        ),
        ({"QueryStringCacheKeys": [f"q{n}" for n in range(11)]}, "TooManyQueryStringParameters", Severity.WARNING),
        (
            {"Cookies": {"Forward": "whitelist", "WhitelistedNames": ["c" * 256, "d" * 255]}},
            "InvalidArgument",
            Severity.ERROR,
        ),
        ({"QueryStringCacheKeys": ["q" * 129]}, "InvalidQueryStringParameters", Severity.ERROR),
        ({"QueryStringCacheKeys": ["q" * 128] * 4 + ["q"]}, "InvalidQueryStringParameters", Severity.ERROR),
    ],
)
def test_forwarded_values_have_limits(values: dict[str, Any], code: str, severity: Severity) -> None:
    [found] = of_behavior(ForwardedValues={"QueryString": True, **values})
    assert (found.code, found.severity) == (code, severity)


def _listing(
    policy: type[CachePolicyConfig | OriginRequestPolicyConfig], *names: str
) -> CachePolicyConfig | OriginRequestPolicyConfig:
    lists = {"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": list(names)}}
    is_cache = policy is CachePolicyConfig
    return parse(policy, {"ParametersInCacheKeyAndForwardedToOrigin": lists} if is_cache else lists)[0]


@pytest.mark.parametrize(
    "bucket",
    ["b.s3.amazonaws.com", "my.logs.s3.eu-central-1.amazonaws.com", "b.s3-eu-west-1.amazonaws.com",
     "b.s3.cn-north-1.amazonaws.com.cn", ""],
)  # fmt: skip
def test_logs_go_to_a_bucket(bucket: str) -> None:
    assert checked(Logging={"Bucket": bucket}) == []


@pytest.mark.parametrize("bucket", ["my-logs", "arn:aws:s3:::my-logs", "logs.example.com"])
def test_a_bucket_is_named_by_its_domain(bucket: str) -> None:
    [refused] = checked(Logging={"Bucket": bucket})
    assert refused.message == "The parameter Logging Bucket does not refer to a valid S3 bucket."
    assert (refused.at, refused.code) == (("Logging", "Bucket"), "InvalidArgument")
    assert checked(Logging={"Bucket": bucket, "Enabled": "false"}) == []


def test_cache_tags_are_in_a_header() -> None:
    assert checked(CacheTagConfig={"HeaderName": "x-amz-meta-cache-tag"}) == []


@pytest.mark.parametrize("name", ["", "Cache Tag", "tags:", "é"])
def test_what_is_no_header_name_has_no_cache_tags(name: str) -> None:
    [refused] = checked(CacheTagConfig={"HeaderName": name})
    assert (refused.at, refused.code) == (("CacheTagConfig", "HeaderName"), "InvalidArgument")
