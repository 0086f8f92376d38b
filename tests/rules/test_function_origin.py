import pytest
from hypothesis import given

from edgesim.distribution.choices import (
    STANDARD,
    AccessControlAuthMethod,
    Choices,
    OriginTimeouts,
    RegionWithoutIdentity,
    Tls13,
)
from edgesim.distribution.model import Origin, OriginProtocolPolicy, S3Access
from edgesim.rules import function_event, function_origin
from edgesim.rules.function_event import settled
from edgesim.rules.function_headers import Rejected
from edgesim.rules.reasons import Rejection
from edgesim.testing.make import an_origin
from edgesim.testing.strategies import json_values

CUSTOM = an_origin(protocol_policy=OriginProtocolPolicy.HTTPS_ONLY, path="/v2", custom_headers={"X-Token": "t"})
OAI = an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access("E2OAI", "eu-west-1"))
BUCKET = an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access())

ALL_EIGHT = {
    "domainName": "other.example.org",
    "path": "/x",
    "customHeaders": {"x-a": [{"key": "X-A", "value": "1"}]},
    "port": 8080,
    "protocol": "http",
    "readTimeout": 7,
    "keepaliveTimeout": 8,
    "sslProtocols": ["TLSv1.2", "TLSv1.1"],
}
S3 = {"domainName": "other.s3.amazonaws.com", "path": "", "customHeaders": {}, "authMethod": "none", "region": ""}


def chosen(value, origin, choices=STANDARD):
    return function_origin.chosen(value, origin, choices)


def origin_object(origin, viewer, choices=STANDARD):
    return function_event.origin_object(origin, viewer, choices)


def custom(**changes):
    return {"custom": {name: value for name, value in {**ALL_EIGHT, **changes}.items() if value is not ...}}


def s3(**changes):
    return {"s3": {name: value for name, value in {**S3, **changes}.items() if value is not ...}}


def test_a_custom_origin_replaces_everything_that_the_object_has():
    assert chosen(custom(), OAI) == an_origin(
        "other.example.org",
        path="/x",
        custom_headers={"X-A": "1"},
        protocol_policy=OriginProtocolPolicy.HTTP_ONLY,
        http_port=8080,
        ssl_protocols=("TLSv1.2", "TLSv1.1"),
        read_timeout=7,
        keepalive_timeout=8,
    )


def test_a_custom_origin_over_https_has_the_port_there():
    changed = chosen(custom(protocol="https", port=8443), CUSTOM)
    assert (changed.protocol_policy, changed.https_port) == (OriginProtocolPolicy.HTTPS_ONLY, 8443)


def test_an_s3_origin_replaces_a_custom_one():
    changed = chosen(s3(), CUSTOM)
    assert (changed.domain_name, changed.s3, changed.path) == ("other.s3.amazonaws.com", S3Access(), "")
    assert changed.custom_headers == ()


def test_the_same_identity_moves_from_bucket_to_bucket():
    moved = chosen(s3(authMethod="origin-access-identity", region="us-east-1"), OAI)
    assert moved.s3 == S3Access("E2OAI", "us-east-1")
    assert chosen(s3(), OAI).s3 == S3Access()


@pytest.mark.parametrize(
    ("origin", "viewer"),
    [
        pytest.param(CUSTOM, "http", id="custom"),
        pytest.param(an_origin(), "https", id="custom, as the viewer"),
        pytest.param(
            an_origin(read_timeout=2.5, http_port=81), "http", id="custom, with what a function could not choose"
        ),
        pytest.param(an_origin("127.0.0.1"), "http", id="custom, a local address"),
        pytest.param(
            an_origin(custom_headers={"X-Forwarded-Proto": "https"}), "http", id="custom, with an unusual header"
        ),
        pytest.param(OAI, "http", id="s3 with an identity"),
        pytest.param(BUCKET, "https", id="s3"),
        pytest.param(
            an_origin("b.s3.amazonaws.com", s3=S3Access("E2OAI")), "http", id="s3 with an identity in a region unknown"
        ),
    ],
)
def test_23_an_origin_that_a_function_leaves_alone_stays_as_it_is(origin, viewer):
    seen = settled(origin, viewer)
    assert chosen(origin_object(seen, viewer), seen) is seen


def test_an_origin_whose_protocol_is_not_settled_gets_it_settled():
    changed = chosen(origin_object(an_origin(), "https"), an_origin())
    assert changed == settled(an_origin(), "https")


def test_one_attribute_changes_and_the_rest_stays():
    bucket = an_origin("b.s3.amazonaws.com", s3=S3Access("E2OAI"))
    shown = origin_object(bucket, "http")["s3"]
    assert chosen({"s3": {**shown, "path": "/v3"}}, bucket) == an_origin(
        "b.s3.amazonaws.com", path="/v3", s3=S3Access("E2OAI")
    )
    local = an_origin("127.0.0.1", protocol_policy=OriginProtocolPolicy.HTTP_ONLY)
    shown = origin_object(local, "http")["custom"]
    assert chosen({"custom": {**shown, "path": "/v3"}}, local).domain_name == "127.0.0.1"


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        pytest.param(custom(customHeaders=...), CUSTOM, id="customHeaders is optional"),
        pytest.param(custom(customHeaders=None), CUSTOM, id="customHeaders may be null"),
        pytest.param({**custom(), "s3": None}, CUSTOM, id="the other kind may be null"),
        pytest.param(custom(port=443), CUSTOM, id="port 443"),
        pytest.param(custom(port=65_535), CUSTOM, id="the last port"),
        pytest.param(custom(readTimeout=120), CUSTOM, id="120 seconds"),
        pytest.param(custom(readTimeout=30.0), CUSTOM, id="seconds with a decimal point"),
        pytest.param(custom(path=""), CUSTOM, id="no path"),
        pytest.param(custom(path="/a//b"), CUSTOM, id="a path with an empty segment"),
        pytest.param(custom(sslProtocols=["TLSv1", "TLSv1.1"]), CUSTOM, id="without TLSv1.2 (documented example)"),
        pytest.param(custom(domainName="localhost"), CUSTOM, id="a single label"),
        pytest.param(s3(region=...), OAI, id="region is optional with none"),
        pytest.param(s3(region=None), CUSTOM, id="region may be null with none"),
    ],
)
def test_accepted_origins(value, origin):
    assert isinstance(chosen(value, origin), Origin)


LONG = ".".join(["a" * 60] * 5)


@pytest.mark.parametrize(
    ("value", "origin", "at"),
    [
        pytest.param([], CUSTOM, "origin", id="no object"),
        pytest.param({}, CUSTOM, "origin", id="neither kind"),
        pytest.param({**custom(), **s3()}, CUSTOM, "origin", id="both kinds"),
        pytest.param({"custom": "x"}, CUSTOM, "origin.custom", id="a kind that is no object"),
        pytest.param(custom(domainName=...), CUSTOM, "origin.custom.domainName", id="no domain name"),
        pytest.param(custom(domainName=""), CUSTOM, "origin.custom.domainName", id="an empty domain name"),
        pytest.param(custom(domainName="a:80"), CUSTOM, "origin.custom.domainName", id="a colon"),
        pytest.param(custom(domainName="10.0.0.1"), CUSTOM, "origin.custom.domainName", id="an IP address"),
        pytest.param(custom(domainName="::1"), CUSTOM, "origin.custom.domainName", id="an IPv6 address"),
        pytest.param(custom(domainName=LONG), CUSTOM, "origin.custom.domainName", id="more than 253 characters"),
        pytest.param(custom(domainName="a b"), CUSTOM, "origin.custom.domainName", id="a space"),
        pytest.param(custom(domainName="a\n"), CUSTOM, "origin.custom.domainName", id="a line break"),
        pytest.param(custom(domainName="-a"), CUSTOM, "origin.custom.domainName", id="a leading hyphen"),
        pytest.param(custom(path="x"), CUSTOM, "origin.custom.path", id="a path without a slash"),
        pytest.param(custom(path="/x/"), CUSTOM, "origin.custom.path", id="a path with a slash at the end"),
        pytest.param(custom(path="/"), CUSTOM, "origin.custom.path", id="a path that is a slash"),
        pytest.param(custom(path="/a b"), CUSTOM, "origin.custom.path", id="a space in the path"),
        pytest.param(custom(path="/a\r\nX: y"), CUSTOM, "origin.custom.path", id="a line break in the path"),
        pytest.param(custom(path="/a\n"), CUSTOM, "origin.custom.path", id="a line break at the path's end"),
        pytest.param(custom(path="/a?b"), CUSTOM, "origin.custom.path", id="a query in the path"),
        pytest.param(custom(path="/" + "a" * 255), CUSTOM, "origin.custom.path", id="a path of 256 characters"),
        pytest.param(custom(path=...), CUSTOM, "origin.custom.path", id="no path"),
        pytest.param(custom(port="443"), CUSTOM, "origin.custom.port", id="a port that is text"),
        pytest.param(custom(port=True), CUSTOM, "origin.custom.port", id="a port that is a boolean"),
        pytest.param(custom(port=81), CUSTOM, "origin.custom.port", id="a port below 1024"),
        pytest.param(custom(port=65_536), CUSTOM, "origin.custom.port", id="a port beyond the last"),
        pytest.param(custom(protocol="match-viewer"), CUSTOM, "origin.custom.protocol", id="match-viewer"),
        pytest.param(custom(protocol=["http"]), CUSTOM, "origin.custom.protocol", id="a protocol that is no text"),
        pytest.param(custom(readTimeout=0), CUSTOM, "origin.custom.readTimeout", id="no time"),
        pytest.param(custom(readTimeout=121), CUSTOM, "origin.custom.readTimeout", id="too much time"),
        pytest.param(custom(readTimeout=True), CUSTOM, "origin.custom.readTimeout", id="time that is a boolean"),
        pytest.param(custom(keepaliveTimeout="5"), CUSTOM, "origin.custom.keepaliveTimeout", id="time that is text"),
        pytest.param(
            custom(sslProtocols="TLSv1.2"), CUSTOM, "origin.custom.sslProtocols", id="protocols that are text"
        ),
        pytest.param(custom(sslProtocols=["TLSv9"]), CUSTOM, "origin.custom.sslProtocols", id="an unknown protocol"),
        pytest.param(custom(sslProtocols=[[]]), CUSTOM, "origin.custom.sslProtocols", id="a protocol that is an array"),
        pytest.param(custom(sslProtocols=[]), CUSTOM, "origin.custom.sslProtocols", id="no protocol"),
        pytest.param(custom(customHeaders=[]), CUSTOM, "origin.custom.customHeaders", id="headers of an odd shape"),
        pytest.param(
            custom(customHeaders={"host": [{"value": "x"}]}), CUSTOM, "origin.custom.customHeaders", id="Host as header"
        ),
        pytest.param(
            custom(customHeaders={"X-Amz-A": [{"value": "x"}]}),
            CUSTOM,
            "origin.custom.customHeaders",
            id="X-Amz-* as header",
        ),
        pytest.param(s3(authMethod="oac"), CUSTOM, "origin.s3.authMethod", id="an unknown method"),
        pytest.param(
            s3(authMethod="origin-access-identity", region="x"),
            CUSTOM,
            "origin.s3.authMethod",
            id="no identity from custom",
        ),
        pytest.param(
            s3(authMethod="origin-access-identity", region="x"),
            BUCKET,
            "origin.s3.authMethod",
            id="no identity was there",
        ),
        pytest.param(s3(authMethod="origin-access-identity"), OAI, "origin.s3.region", id="an identity needs a region"),
        pytest.param(s3(region=5), OAI, "origin.s3.region", id="a region that is a number"),
        pytest.param(s3(domainName="B.s3.amazonaws.com"), OAI, "origin.s3.domainName", id="a bucket in upper case"),
        pytest.param(s3(domainName=LONG[:129]), OAI, "origin.s3.domainName", id="a bucket of 129 characters"),
    ],
)
def test_refused_origins(value, origin, at):
    refused = chosen(value, origin)
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.at) == (Rejection.ORIGIN, at)


@given(json_values)
def test_25_any_value_is_an_origin_or_refused(value):
    for told in (value, {"custom": value}, {"s3": value}):
        assert isinstance(chosen(told, OAI), Origin | Rejected)


# ── by choice ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["readTimeout", "keepaliveTimeout"])
@pytest.mark.parametrize(
    ("seconds", "by_quotas", "read_by_event_page", "kept_alive_by_event_page"),
    [(0, False, False, False), (1, True, False, True), (3, True, False, True), (4, True, True, True),
     (60, True, True, True), (61, True, False, False), (120, True, False, False), (121, False, False, False)],
)  # fmt: skip
def test_timeouts_have_the_range_of_the_page_that_is_chosen(
    name, seconds, by_quotas, read_by_event_page, kept_alive_by_event_page
):
    by_event_page = read_by_event_page if name == "readTimeout" else kept_alive_by_event_page
    value, narrow = custom(**{name: seconds}), Choices(origin_timeouts=OriginTimeouts.EVENT_PAGE)
    assert isinstance(chosen(value, CUSTOM), Origin) is by_quotas
    assert isinstance(chosen(value, CUSTOM, narrow), Origin) is by_event_page


def test_tls_1_3_is_taken_by_choice():
    value = custom(sslProtocols=["TLSv1.3", "TLSv1.2"])
    assert chosen(value, CUSTOM).ssl_protocols == ("TLSv1.3", "TLSv1.2")
    refused = chosen(value, CUSTOM, Choices(tls_1_3=Tls13.REFUSED))
    assert (refused.code, refused.at) == (Rejection.ORIGIN, "origin.custom.sslProtocols")


BUCKET_AT_HOME = an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access("", "eu-west-1"))
WITH_OAC = an_origin("b.s3.eu-west-1.amazonaws.com", s3=S3Access("", "eu-west-1", True))
AS_IDENTITY = Choices(access_control_auth_method=AccessControlAuthMethod.ORIGIN_ACCESS_IDENTITY)


def test_an_origin_access_control_shows_as_none_or_as_an_identity_by_choice():
    assert origin_object(WITH_OAC, "http")["s3"]["authMethod"] == "none"
    assert origin_object(WITH_OAC, "http", AS_IDENTITY)["s3"]["authMethod"] == "origin-access-identity"
    assert origin_object(BUCKET, "http", AS_IDENTITY)["s3"]["authMethod"] == "none"


@pytest.mark.parametrize("origin", [BUCKET_AT_HOME, WITH_OAC])
def test_a_region_without_an_identity_is_omitted_or_shown_by_choice(origin):
    shown = Choices(region_without_identity=RegionWithoutIdentity.SHOWN)
    assert "region" not in origin_object(origin, "http")["s3"]
    assert origin_object(origin, "http", shown)["s3"]["region"] == "eu-west-1"
    assert origin_object(OAI, "http")["s3"]["region"] == "eu-west-1"


@pytest.mark.parametrize(("region", "kept"), [(..., "eu-west-1"), ("", ""), (None, ""), ("us-east-1", "us-east-1")])
def test_a_region_that_a_function_was_not_shown_stays_unless_it_says_one(region, kept):
    told = {**origin_object(BUCKET_AT_HOME, "http")["s3"], "path": "/v3", "region": region}
    value = {"s3": {name: one for name, one in told.items() if one is not ...}}
    assert chosen(value, BUCKET_AT_HOME).s3.region == kept


@pytest.mark.parametrize("choices", [STANDARD, AS_IDENTITY])
def test_a_bucket_with_an_access_control_may_be_moved_as_it_is_shown(choices):
    shown = origin_object(WITH_OAC, "http", choices)["s3"]
    moved = chosen({"s3": {**shown, "domainName": "c.s3.eu-west-1.amazonaws.com"}}, WITH_OAC, choices)
    assert moved.s3 == WITH_OAC.s3


def test_an_access_control_that_shows_as_none_is_no_identity_to_move():
    value = s3(authMethod="origin-access-identity", region="eu-west-1")
    assert chosen(value, WITH_OAC).at == "origin.s3.authMethod"
    assert isinstance(chosen(value, WITH_OAC, AS_IDENTITY), Origin)
