"""What CloudFront refuses in a response headers policy; mistakes as users make them are in tests/gold/loaders."""

from __future__ import annotations

from typing import Any

import pytest

from edgesim.distribution.config import parse
from edgesim.distribution.findings import Finding, Loc
from edgesim.distribution.problems import Severity
from edgesim.distribution.response_headers_checks import check_response_headers_policy
from edgesim.distribution.response_headers_config import ResponseHeadersPolicyConfig


def found(**sections: Any) -> list[Finding]:
    config, faults = parse(ResponseHeadersPolicyConfig, {"Name": "p", **sections})
    assert faults == []
    return check_response_headers_policy(config)


def cors(**more: Any) -> dict[str, Any]:
    usual = {"Origins": ["https://a.example"], "Headers": ["X-A"], "Methods": ["GET"]}
    lists = {f"AccessControlAllow{name}": {"Items": more.pop(name, items)} for name, items in usual.items()}
    return {**lists, "AccessControlAllowCredentials": False, "OriginOverride": False, **more}


def custom(*names: str, value: str = "v") -> dict[str, Any]:
    return {"Items": [{"Header": name, "Value": value, "Override": False} for name in names]}


def remove(*names: str) -> dict[str, Any]:
    return {"Items": [{"Header": name} for name in names]}


# ── CORS ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "origin",
    ["*", "https://www.example.com", "http://localhost:3000", "*.example.org", "http://*.example.org", "example.org",
     "http://example.org:*", "http://example.org:1*3", "https://[::1]:8443"],
)  # fmt: skip
def test_origins_that_can_be_allowed(origin: str) -> None:
    assert found(CorsConfig=cors(Origins=[origin])) == []


@pytest.mark.parametrize(
    "origin",
    ["https://www.example.com/", "https://www.example.com/a", "example.*", "test.*.example.org", "exa*mple.org",
     "ftp://example.org", "https://", "a b"],
)  # fmt: skip
def test_origins_that_can_not(origin: str) -> None:
    [finding] = found(CorsConfig=cors(Origins=["*", origin]))
    assert finding.at == ("CorsConfig", "AccessControlAllowOrigins", "Items", 1)
    assert finding.code == "InvalidArgument"


def test_an_origin_has_1783_characters_at_most() -> None:
    longest = "a." * 891 + "b"
    assert found(CorsConfig=cors(Origins=[longest])) == []
    assert len(found(CorsConfig=cors(Origins=[f"{longest}b"]))) == 1


@pytest.mark.parametrize("name", ["Origins", "Headers", "Methods"])
def test_lists_must_not_be_empty(name: str) -> None:
    [finding] = found(CorsConfig=cors(**{name: []}))
    assert finding.at == ("CorsConfig", f"AccessControlAllow{name}", "Items")


def test_exposed_headers_may_be_none_or_all() -> None:
    assert found(CorsConfig=cors(AccessControlExposeHeaders={"Items": []})) == []
    assert found(CorsConfig=cors(AccessControlExposeHeaders={"Items": ["*"]})) == []
    assert len(found(CorsConfig=cors(AccessControlExposeHeaders={"Items": ["x-*", "a b"]}))) == 2


@pytest.mark.parametrize(("name", "faults"), [("*", 0), ("x-*", 0), ("x-*-a", 0), ("x-*-*", 1), ("a b", 1), ("", 1)])
def test_a_header_may_have_one_star(name: str, faults: int) -> None:
    assert len(found(CorsConfig=cors(Headers=[name]))) == faults


def test_all_methods_stand_alone() -> None:
    assert found(CorsConfig=cors(Methods=["ALL"])) == []
    assert len(found(CorsConfig=cors(Methods=["ALL", "GET"]))) == 1


@pytest.mark.parametrize("name", ["*", "x-*"])
def test_credentials_and_a_star_for_headers_do_not_go_together(name: str) -> None:
    [finding] = found(CorsConfig=cors(Headers=[name], AccessControlAllowCredentials=True))
    assert (
        finding.message == "The parameter Access-Control-Allow-Headers cannot contain * when allowCredentials is true."
    )
    assert finding.severity is Severity.ERROR


def test_credentials_and_a_star_for_origins_are_warned_of() -> None:
    [finding] = found(CorsConfig=cors(Origins=["*"], AccessControlAllowCredentials=True))
    assert finding.severity is Severity.WARNING


# ── security headers ─────────────────────────────────────────────────────────


def test_a_content_security_policy_has_1783_characters_at_most() -> None:
    def policy(length: int) -> dict[str, Any]:
        return {"ContentSecurityPolicy": {"ContentSecurityPolicy": "a" * length, "Override": False}}

    assert found(SecurityHeadersConfig=policy(1783)) == []
    [finding] = found(SecurityHeadersConfig=policy(1784))
    assert finding.code == "TooLongCSPInResponseHeadersPolicy"
    assert finding.at == ("SecurityHeadersConfig", "ContentSecurityPolicy", "ContentSecurityPolicy")


def test_block_and_report_exclude_each_other() -> None:
    xss = {"Protection": True, "Override": False}
    assert found(SecurityHeadersConfig={"XSSProtection": {**xss, "ModeBlock": True}}) == []
    assert found(SecurityHeadersConfig={"XSSProtection": {**xss, "ReportUri": "/r"}}) == []
    assert len(found(SecurityHeadersConfig={"XSSProtection": {**xss, "ModeBlock": True, "ReportUri": "/r"}})) == 1


# ── custom headers, and headers to remove ────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Content-Security-Policy", "that is a security header and cannot be set as custom header."),
        ("strict-transport-security", "that is a security header and cannot be set as custom header."),
        ("Access-Control-Max-Age", "that is a CORS header and cannot be set as custom header."),
        ("X-Accel-Buffering", "that is not allowed."),
        ("x-amz-cf-id", "that is not allowed."),
    ],
)
def test_names_that_are_no_custom_headers(name: str, message: str) -> None:
    [finding] = found(CustomHeadersConfig=custom("X-A", name))
    assert finding.message == f"The parameter CustomHeaders contains {name} {message}"
    assert finding.at == ("CustomHeadersConfig", "Items", 1, "Header")


def test_more_than_ten_custom_headers_are_warned_of() -> None:
    assert found(CustomHeadersConfig=custom(*(f"X-{n}" for n in range(10)))) == []
    [finding] = found(CustomHeadersConfig=custom(*(f"X-{n}" for n in range(11))))
    assert (finding.code, finding.severity) == ("TooManyCustomHeadersInResponseHeadersPolicy", Severity.WARNING)


NEVER = (
    "Connection Content-Encoding Content-Length Expect Host Keep-Alive Proxy-Authenticate Proxy-Authorization "
    "Proxy-Connection Trailer Transfer-Encoding Upgrade Via Warning X-Accel-Buffering X-Accel-Charset "
    "X-Accel-Limit-Rate X-Accel-Redirect X-Amz-Cf-Pop X-Amz-Cf-Id X-Amzn-Auth X-Amzn-Cf-Billing X-Amzn-Cf-Id "
    "X-Amzn-Cf-Xff X-Amzn-ErrorType X-Amzn-Fle-Profile X-Amzn-Header-Count X-Amzn-Header-Order "
    "X-Amzn-Lambda-Integration-Tag X-Amzn-RequestId X-Edge-Location X-Forwarded-Proto X-Real-Ip"
)


@pytest.mark.parametrize("name", NEVER.split())
def test_headers_that_can_not_be_removed(name: str) -> None:
    for written in (name, name.lower()):
        [finding] = found(RemoveHeadersConfig=remove("Server", written))
        assert (finding.at, finding.code) == (("RemoveHeadersConfig", "Items", 1, "Header"), "InvalidArgument")


@pytest.mark.parametrize(
    "name", ["Server", "Date", "Vary", "X-Powered-By", "X-Cache", "Age", "ETag", "X-Amzn-Trace-Id"]
)
def test_headers_that_can_be_removed(name: str) -> None:
    assert found(RemoveHeadersConfig=remove(name)) == []


@pytest.mark.parametrize(
    ("sections", "at"),
    [
        ({"RemoveHeadersConfig": remove("a b")}, ("RemoveHeadersConfig", "Items", 0, "Header")),
        ({"RemoveHeadersConfig": remove("X-A", "x-a")}, ("RemoveHeadersConfig", "Items", 1, "Header")),
        ({"CustomHeadersConfig": custom("X-A", "x-a")}, ("CustomHeadersConfig", "Items", 1, "Header")),
        ({"CustomHeadersConfig": custom("X-A", value="a\nb")}, ("CustomHeadersConfig", "Items", 0, "Value")),
    ],
    ids=["no name", "removed twice", "there twice", "two lines"],
)
def test_names_and_values_of_headers(sections: dict[str, Any], at: Loc) -> None:
    [finding] = found(**sections)
    assert finding.at == at


def test_a_custom_vary_is_lost_beside_cors() -> None:
    assert found(CustomHeadersConfig=custom("Vary")) == []
    [finding] = found(CustomHeadersConfig=custom("Vary"), CorsConfig=cors())
    assert finding.severity is Severity.WARNING


# ── Server-Timing ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("rate", "faults"), [(0, 0), (100, 0), (12.3456, 0), (0.0001, 0), (12.34567, 1)])
def test_a_sampling_rate_has_four_decimal_places_at_most(rate: float, faults: int) -> None:
    assert len(found(ServerTimingHeadersConfig={"Enabled": True, "SamplingRate": rate})) == faults
