"""One distribution, described in every form that edgesim reads, is one distribution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.distribution.model import Distribution, OriginProtocolPolicy, Trigger, ViewerProtocolPolicy
from edgesim.distribution.policies import Selects
from edgesim.distribution.problems import Severity
from edgesim.distribution.publishing import with_functions
from edgesim.loaders import Loaded, Overrides, load

DATA = Path(__file__).parent / "data"
FROM_THE_CLI = Overrides(
    functions={
        "edge-demo-auth": str(DATA / "functions" / "auth"),
        "edge-demo-headers": str(DATA / "functions" / "headers" / "index.js"),
        "edge-demo-route": f"{DATA / 'functions' / 'route'}:app.handler",
        "edge-demo-stamp": f"{DATA / 'functions' / 'stamp'}:index.handler",
    },
    cache_policies={"11111111-2222-4333-8444-555555555555": str(DATA / "cli-cache-policy.json")},
)


def sample(name: str) -> Loaded:
    return load(DATA / name, FROM_THE_CLI if name.endswith(".json") else Overrides())


@pytest.fixture(params=["cfn.yaml", "sam.yaml", "cli-distribution-config.json"])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return sample(request.param)


@pytest.fixture
def web(loaded: Loaded) -> Distribution:
    assert loaded.errors == ()
    return loaded.distributions[0]


def associations(distribution: Distribution) -> set[tuple[str, str, Trigger, bool, str]]:
    return {
        (behavior.path_pattern, behavior.target_origin_id, trigger, each.include_body, each.function.arn)
        for behavior in distribution.behaviors
        for trigger, each in behavior.associations.items()
    }


def test_every_form_has_the_same_functions_in_the_same_places(web: Distribution) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:edge-demo-{}:1"
    assert associations(web) == {
        ("*", "site", Trigger.VIEWER_REQUEST, False, arn.format("auth")),
        ("*", "site", Trigger.ORIGIN_RESPONSE, False, arn.format("headers")),
        ("/api/*", "api", Trigger.ORIGIN_REQUEST, True, arn.format("route")),
        ("/api/*", "api", Trigger.VIEWER_RESPONSE, False, arn.format("stamp")),
    }


def test_every_form_has_the_same_behaviors(web: Distribution) -> None:
    api, default = web.behaviors
    assert (api.path_pattern, default.path_pattern) == ("/api/*", "*")
    assert api.viewer_protocol_policy is ViewerProtocolPolicy.HTTPS_ONLY
    assert len(api.allowed_methods) == 7
    assert api.cache_policy.name == "Managed-CachingDisabled"
    assert api.origin_request_policy is not None
    assert api.origin_request_policy.name == "Managed-AllViewerExceptHostHeader"
    assert default.cache_policy.name == "edge-demo-page-dev"
    assert (default.cache_policy.default_ttl, default.cache_policy.max_ttl) == (60, 3600)
    assert default.cache_policy.headers.lower == {"x-variant"}
    assert default.cache_policy.query_strings.selects is Selects.WHITELIST
    assert default.cache_policy.brotli


def test_every_form_has_the_same_origins(web: Distribution) -> None:
    site, api = web.origins["site"], web.origins["api"]
    assert site.s3 is not None
    assert (site.domain_name, site.s3.region) == ("edge-demo-site.s3.us-east-1.amazonaws.com", "us-east-1")
    assert api.s3 is None
    assert (api.domain_name, api.path, api.read_timeout) == ("api.example.com", "/v1", 20)
    assert (api.protocol_policy, api.ssl_protocols) == (OriginProtocolPolicy.HTTPS_ONLY, ("TLSv1.2",))
    assert api.custom_headers == (("X-Origin-Key", "demo"),)


def test_every_form_has_the_same_error_page(web: Distribution) -> None:
    page = web.error_responses[404]
    assert (page.response_code, page.page_path, page.caching_min_ttl) == (200, "/index.html", 10)
    assert web.default_root_object == "index.html"


def test_only_what_edgesim_does_not_do_yet_is_warned_of(loaded: Loaded) -> None:
    told = {(problem.severity, problem.at.rpartition(".")[2]) for problem in loaded.problems}
    assert {name.lower() for severity, name in told if severity is Severity.WARNING} <= {
        "compress",
        "originaccesscontrolid",
    }
    assert {name.lower() for severity, name in told if severity is Severity.NOTE} <= {
        "httpversion",
        "originsslprotocols",
    }
    assert loaded.errors == ()


def test_cloudformation_and_sam_give_equal_distributions() -> None:
    cfn, sam = sample("cfn.yaml").distributions[0], sample("sam.yaml").distributions[0]
    as_cloudformation = {function: replace(function, auto_publish=None) for function in sam.functions}
    assert replace(cfn, comment="") == replace(with_functions(sam, as_cloudformation), comment="")


def test_functions_know_their_code_and_settings() -> None:
    by_name = {function.name: function for function in sample("cfn.yaml").distributions[0].functions}
    route, stamp = by_name["edge-demo-route"], by_name["edge-demo-stamp"]
    assert route.code.path == str(DATA / "functions" / "route")
    assert (route.runtime, route.handler, route.memory, route.timeout) == ("python3.13", "app.handler", 256, 10)
    assert "x-edge-demo" in stamp.code.inline


def test_the_files_whose_change_matters_are_named() -> None:
    assert sample("cfn.yaml").files == (str(DATA / "cfn.yaml"),)
    assert sample("cli-distribution-config.json").files == (
        str(DATA / "cli-distribution-config.json"),
        str(DATA / "cli-cache-policy.json"),
    )


def test_a_condition_follows_its_parameter() -> None:
    prod = load(DATA / "cfn.yaml", Overrides(parameters={"Stage": "prod"})).distributions[0]
    assert (prod.aliases, prod.comment) == (("www.example.com",), "edge-demo prod")
    assert sample("cfn.yaml").distributions[0].aliases == ()
