"""Response headers policies: of the template, managed ones, and those in files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.model import Distribution
from edgesim.distribution.problems import Severity
from edgesim.distribution.response_headers import EVERY_METHOD, Cors, PolicyHeader, ResponseHeadersPolicy
from edgesim.loaders import Loaded, Overrides, load
from tests.loaders.test_api_json import config, wrapped

Load = Callable[..., Loaded]
ID = "11111111-2222-4333-8444-555555555555"
HEADERS = """\
Headers:
  Type: AWS::CloudFront::ResponseHeadersPolicy
  Properties:
    ResponseHeadersPolicyConfig:
      Name: site-headers
      CustomHeadersConfig: {Items: [{Header: X-Site, Value: ours, Override: true}]}
"""


def printed() -> dict[str, Any]:
    """A policy as `aws cloudfront get-response-headers-policy` prints it."""
    cors = {
        "AccessControlAllowOrigins": wrapped("https://www.example.com"),
        "AccessControlAllowHeaders": wrapped("*"),
        "AccessControlAllowMethods": wrapped("ALL"),
        "AccessControlAllowCredentials": False,
        "AccessControlExposeHeaders": wrapped(),
        "AccessControlMaxAgeSec": None,
        "OriginOverride": False,
    }
    written = {
        "Comment": "",
        "Name": "site-headers",
        "CorsConfig": cors,
        "SecurityHeadersConfig": {"FrameOptions": {"Override": True, "FrameOption": "DENY"}},
        "ServerTimingHeadersConfig": {"Enabled": False, "SamplingRate": 0.0},
        "CustomHeadersConfig": wrapped({"Header": "X-Site", "Value": "ours", "Override": True}),
        "RemoveHeadersConfig": wrapped({"Header": "Server"}),
    }
    return {"ResponseHeadersPolicy": {"Id": ID, "ResponseHeadersPolicyConfig": written}, "ETag": "E1"}


PRINTED = ResponseHeadersPolicy(
    ID,
    "site-headers",
    Cors(("https://www.example.com",), ("*",), EVERY_METHOD),
    (PolicyHeader("X-Frame-Options", "DENY", override=True), PolicyHeader("X-Site", "ours", override=True)),
    ("Server",),
)


def policy(loaded: Loaded) -> ResponseHeadersPolicy | None:
    assert loaded.errors == ()
    [web] = loaded.distributions
    return web.behaviors[-1].response_headers_policy


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(printed()))
    return str(path)


def from_json(tmp_path: Path, policy_id: str, **policies: str) -> Loaded:
    described = config()
    described["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = policy_id
    path = tmp_path / "distribution.json"
    path.write_text(json.dumps({"ETag": "E", "DistributionConfig": described}))
    return load(path, Overrides(response_headers_policies=policies))


# ── templates ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reference", ["!Ref Headers", "!GetAtt Headers.Id", "!Sub '${Headers}'"])
def test_a_policy_of_the_template_is_used(distribution: Load, reference: str) -> None:
    found = policy(distribution(f"ResponseHeadersPolicyId: {reference}\n", resources=HEADERS))
    assert found is not None
    assert (found.name, found.headers) == ("site-headers", (PolicyHeader("X-Site", "ours", override=True),))


def test_a_managed_policy_is_known_by_its_id(distribution: Load) -> None:
    behavior = "ResponseHeadersPolicyId: 67f7725c-6f97-4210-82d7-5512b31e9d03\n"
    found = policy(distribution(behavior, resources=""))
    assert found is not None
    assert found.name == "Managed-SecurityHeadersPolicy"


def test_without_a_policy_there_is_none(distribution: Load) -> None:
    assert policy(distribution(resources="")) is None


def test_an_imported_policy_is_missed_and_can_be_handed_over(distribution: Load, file: str) -> None:
    behavior = "ResponseHeadersPolicyId: !ImportValue shared-headers\n"
    missed = distribution(behavior, resources="")
    [warning] = missed.problems
    assert policy(missed) is None
    assert warning.severity is Severity.WARNING
    assert warning.message == (
        "which response headers policy this is can't be known locally: it comes from shared-headers; "
        "its headers will be missing"
    )
    assert warning.hint == "give its JSON: --response-headers-policy shared-headers=FILE"
    given = distribution(behavior, resources="", response_headers_policies={"shared-headers": file})
    found = policy(given)
    assert found is not None
    assert found.name == "site-headers"


def test_a_name_in_the_place_of_an_id_is_an_error(distribution: Load) -> None:
    [error] = distribution("ResponseHeadersPolicyId: SecurityHeadersPolicy\n", resources="").errors
    assert (error.code, error.hint) == (
        "NoSuchResponseHeadersPolicy",
        "Managed-SecurityHeadersPolicy has the id 67f7725c-6f97-4210-82d7-5512b31e9d03",
    )


def test_a_mistake_has_its_line(distribution: Load) -> None:
    broken = HEADERS.replace("X-Site, Value", "X-Frame-Options, Value")
    [error] = distribution("ResponseHeadersPolicyId: !Ref Headers\n", resources=broken).errors
    assert (error.line, error.code) == (7, "InvalidArgument")
    assert error.at == "Resources.Headers.Properties.ResponseHeadersPolicyConfig.CustomHeadersConfig.Items[0].Header"


def test_a_value_that_can_not_be_known_is_told_and_breaks_no_rule(distribution: Load) -> None:
    head = "Parameters: {Seconds: {Type: Number}}\n"
    section = "SecurityHeadersConfig: {StrictTransportSecurity: {AccessControlMaxAgeSec: !Ref Seconds, Override: true}}"
    resources = HEADERS.replace(
        "CustomHeadersConfig: {Items: [{Header: X-Site, Value: ours, Override: true}]}", section
    )
    loaded = distribution("ResponseHeadersPolicyId: !Ref Headers\n", resources=resources, head=head)
    assert [problem.severity for problem in loaded.problems] == [Severity.WARNING]
    given = distribution(
        "ResponseHeadersPolicyId: !Ref Headers\n", resources=resources, head=head, parameters={"Seconds": "60"}
    )
    found = policy(given)
    assert found is not None
    assert found.headers == (PolicyHeader("Strict-Transport-Security", "max-age=60", override=True),)


# ── the API's JSON ───────────────────────────────────────────────────────────


def test_the_jsons_policy_is_handed_over_in_a_file(tmp_path: Path, file: str) -> None:
    loaded = from_json(tmp_path, ID, **{ID: file})
    assert policy(loaded) == PRINTED
    assert file in loaded.files


def test_its_bare_configuration_is_as_good(tmp_path: Path) -> None:
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(printed()["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]))
    assert policy(from_json(tmp_path, ID, **{ID: str(path)})) == PRINTED


def test_a_policy_that_is_not_handed_over_is_missed(tmp_path: Path) -> None:
    loaded = from_json(tmp_path, ID)
    [warning] = loaded.problems
    assert policy(loaded) is None
    assert "its headers will be missing" in warning.message
    assert warning.hint == f"give its JSON: --response-headers-policy {ID}=FILE"


def test_a_policy_is_no_source(tmp_path: Path, file: str) -> None:
    [problem] = load(file).problems
    assert problem.hint == "this is a response headers policy: --response-headers-policy ID=FILE"


def test_template_and_json_mean_the_same(distribution: Load, tmp_path: Path, file: str) -> None:
    def only(loaded: Loaded) -> Distribution:
        [web] = loaded.distributions
        return web

    template = only(
        distribution(f"ResponseHeadersPolicyId: {ID}\n", resources="", response_headers_policies={ID: file})
    )
    api = only(from_json(tmp_path, ID, **{ID: file}))
    assert template.behaviors[-1].response_headers_policy == api.behaviors[-1].response_headers_policy


# ── what headers say ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("StrictTransportSecurity: {AccessControlMaxAgeSec: 5, Override: false}", "max-age=5"),
        (
            (
                "StrictTransportSecurity: {AccessControlMaxAgeSec: 5, IncludeSubdomains: true, Preload: true, "
                "Override: false}"
            ),
            "max-age=5; includeSubDomains; preload",
        ),
        ("StrictTransportSecurity: {AccessControlMaxAgeSec: 5, Preload: true, Override: false}", "max-age=5; preload"),
        ("XSSProtection: {Protection: false, Override: false}", "0"),
        ("XSSProtection: {Protection: true, Override: false}", "1"),
        ("XSSProtection: {Protection: true, ModeBlock: true, Override: false}", "1; mode=block"),
        ("XSSProtection: {Protection: true, ReportUri: /r, Override: false}", "1; report=/r"),
        ("ContentTypeOptions: {Override: false}", "nosniff"),
        ("FrameOptions: {FrameOption: SAMEORIGIN, Override: false}", "SAMEORIGIN"),
        ("ReferrerPolicy: {ReferrerPolicy: no-referrer, Override: false}", "no-referrer"),
        ("ContentSecurityPolicy: {ContentSecurityPolicy: default-src 'none', Override: false}", "default-src 'none'"),
    ],
)
def test_what_a_security_header_says(distribution: Load, section: str, value: str) -> None:
    custom = "CustomHeadersConfig: {Items: [{Header: X-Site, Value: ours, Override: true}]}"
    resources = HEADERS.replace(custom, f"SecurityHeadersConfig:\n        {section}")
    found = policy(distribution("ResponseHeadersPolicyId: !Ref Headers\n", resources=resources))
    assert found is not None
    assert [header.value for header in found.headers] == [value]


@pytest.mark.parametrize(
    ("section", "rate"), [("{Enabled: true, SamplingRate: 5}", 5), ("{Enabled: true}", 0), ("{Enabled: false}", None)]
)
def test_server_timing_is_on_or_off(distribution: Load, section: str, rate: float | None) -> None:
    custom = "CustomHeadersConfig: {Items: [{Header: X-Site, Value: ours, Override: true}]}"
    resources = HEADERS.replace(custom, f"ServerTimingHeadersConfig: {section}")
    found = policy(distribution("ResponseHeadersPolicyId: !Ref Headers\n", resources=resources))
    assert found is not None
    assert found.server_timing == rate
