"""CORS headers of a response headers policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.choices import STANDARD, Choices
from edgesim.distribution.edge_choices import CorsExposeHeaders, CorsVary
from edgesim.distribution.response_headers import Cors, origin_pattern
from edgesim.rules.cors import allowed_headers, allowed_origin, with_cors
from edgesim.rules.reasons import CorsReason
from edgesim.testing.make import a_request, some_headers
from edgesim.testing.strategies import response_headers, response_headers_policies

SITE = "https://www.example.org"
CORS = Cors((SITE,), ("X-A", "X-B"), ("GET", "PUT"), ("X-C", "X-D"), max_age=600)
ANY = Cors(("*",), ("*",), ("GET",), ("*",))
NO_VARY = Choices(cors_vary=CorsVary.NEVER)


def given_to(cors, method="GET", had=(), choices=STANDARD, **request):
    """What a request's answer says, by lower-case name, and why."""
    answer = with_cors(cors, a_request(method=method, **request), some_headers(had), choices)
    return {name.lower(): value for name, value in answer.headers}, answer.because


# ── which requests get which headers ─────────────────────────────────────────


def test_a_request_with_origin_gets_the_origin_back_and_what_is_exposed():
    headers, because = given_to(CORS, origin=SITE, choices=NO_VARY)
    assert headers == {"access-control-allow-origin": SITE, "access-control-expose-headers": "X-C, X-D"}
    assert because is CorsReason.GIVEN


def test_a_preflight_request_gets_methods_headers_and_max_age_too():
    headers, because = given_to(CORS, "OPTIONS", origin=SITE, choices=NO_VARY)
    assert headers == {
        "access-control-allow-origin": SITE,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "X-A, X-B",
        "access-control-max-age": "600",
        "access-control-expose-headers": "X-C, X-D",
    }
    assert because is CorsReason.PREFLIGHT


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_request_without_origin_gets_none(method):
    assert given_to(CORS, method, choices=NO_VARY) == ({}, CorsReason.NOT_ASKED)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "https://www.example.org.evil.example"])
def test_an_origin_that_is_not_allowed_gets_none(origin):
    assert given_to(CORS, origin=origin, choices=NO_VARY) == ({}, CorsReason.ORIGIN_NOT_ALLOWED)


def test_a_star_is_sent_as_it_stands():
    headers, _ = given_to(ANY, origin="null")
    assert headers == {"access-control-allow-origin": "*", "access-control-expose-headers": "*"}


def test_credentials_are_a_header_only_where_they_are_allowed():
    headers, _ = given_to(Cors((SITE,), allow_credentials=True), origin=SITE)
    assert headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-credentials" not in given_to(CORS, origin=SITE)[0]


def test_exposed_headers_are_for_preflight_requests_alone_by_choice():
    choices = Choices(cors_expose_headers=CorsExposeHeaders.PREFLIGHT)
    assert "access-control-expose-headers" not in given_to(CORS, origin=SITE, choices=choices)[0]
    assert "access-control-expose-headers" in given_to(CORS, "OPTIONS", origin=SITE, choices=choices)[0]


# ── the origin's own ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["Access-Control-Allow-Origin", "access-control-max-age", "Access-Control-Allow-Headers"]
)
def test_any_cors_header_of_the_origins_keeps_all_of_the_policys_away(name):
    assert given_to(CORS, had=[(name, "1")], origin=SITE) == ({name.lower(): "1"}, CorsReason.ORIGINS_OWN)


def test_an_overriding_policy_replaces_what_it_has_itself_and_leaves_the_rest():
    cors = Cors((SITE,), override=True)
    had = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Max-Age", "5")]
    headers, because = given_to(cors, had=had, origin=SITE, choices=NO_VARY)
    assert headers == {"access-control-allow-origin": SITE, "access-control-max-age": "5"}
    assert because is CorsReason.GIVEN


def test_an_overriding_policy_leaves_them_where_it_does_not_allow_the_origin():
    cors = Cors((SITE,), override=True)
    had = [("Access-Control-Allow-Origin", "*")]
    assert given_to(cors, had=had, origin="https://evil.example", choices=NO_VARY) == (
        {"access-control-allow-origin": "*"}, CorsReason.ORIGIN_NOT_ALLOWED,
    )  # fmt: skip


# ── which origins ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("allowed", "fits", "does_not"),
    [
        pytest.param(
            "http://*.example.org",
            ["http://www.example.org", "http://a.b.example.org", "HTTP://WWW.example.org"],
            ["https://www.example.org", "http://www.example.org:8080", "http://example.org", "http://a.xexample.org"],
            id="http on every sub-domain",
        ),
        pytest.param(
            "*.example.org",
            ["https://www.example.org", "http://a.b.example.org", "app://www.example.org"],
            ["https://www.example.org:443", "https://example.org", "https://example.org.evil"],
            id="every scheme on every sub-domain",
        ),
        pytest.param(
            "example.org",
            ["http://example.org", "https://example.org"],
            ["https://www.example.org", "https://example.org:8443", "https://exampleXorg", "example.org"],
            id="both schemes",
        ),
        pytest.param(
            "http://example.org:*",
            ["http://example.org", "http://example.org:80", "http://example.org:12345"],
            ["https://example.org", "http://example.org:", "http://example.org:x"],
            id="any port or none",
        ),
        pytest.param(
            "http://example.org:1*3",
            ["http://example.org:13", "http://example.org:123", "http://example.org:1893"],
            ["http://example.org", "http://example.org:1", "http://example.org:134", "http://example.org:31"],
            id="a pattern of ports",
        ),
        pytest.param(
            "https://example.org:8443",
            ["https://example.org:8443"],
            ["https://example.org", "https://example.org:84430"],
            id="one port",
        ),
    ],
)
def test_which_origins_a_pattern_allows(allowed, fits, does_not):
    pattern = origin_pattern(allowed)
    assert [origin for origin in fits if not pattern.fullmatch(origin)] == []
    assert [origin for origin in does_not if pattern.fullmatch(origin)] == []


def test_a_star_among_others_allows_every_origin():
    assert allowed_origin(Cors((SITE, "*")), "https://a.example") == "*"


@given(st.text("ab.:/*-1", max_size=12), st.text("ab.:/-1", max_size=12))
def test_what_comes_back_is_the_viewers_own_origin_or_a_star(pattern, origin):
    assert allowed_origin(Cors((pattern,)), origin) in (None, "*", origin)


# ── which headers ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("allowed", "asked", "expected"),
    [
        pytest.param(("X-A", "X-B"), ("x-z",), ("X-A", "X-B"), id="names, whatever is asked for"),
        pytest.param(("x-amz-*",), ("x-amz-test, X-Amz-, x-amz, y",), ("x-amz-test", "X-Amz-"), id="an end"),
        pytest.param(("x-*-amz",), ("x-test-amz,x--amz", "x-amz"), ("x-test-amz", "x--amz"), id="a middle"),
        pytest.param(("x-*", "X-A"), (), ("X-A",), id="a pattern that nothing asks for"),
        pytest.param(("*",), ("authorization",), ("*",), id="all, which is all but Authorization"),
        pytest.param(("*", "Authorization"), (), ("*", "Authorization"), id="Authorization by name"),
        pytest.param((), ("x",), (), id="none"),
    ],
)
def test_which_headers_are_allowed(allowed, asked, expected):
    assert allowed_headers(Cors(("*",), allowed), asked) == expected


# ── Vary ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cors", "origin", "had", "expected"),
    [
        pytest.param(ANY, None, [], "Origin", id="no Origin, all allowed"),
        pytest.param(ANY, SITE, [], None, id="all allowed"),
        pytest.param(CORS, SITE, [], "Origin", id="the origin sent back"),
        pytest.param(CORS, "https://evil.example", [], "Origin", id="the origin not allowed"),
        pytest.param(CORS, SITE, [("Vary", "Accept-Encoding")], "Accept-Encoding, Origin", id="beside the origin's"),
        pytest.param(CORS, SITE, [("Vary", "origin")], "origin", id="said already"),
        pytest.param(CORS, SITE, [("Vary", "*")], "*", id="more is said already"),
    ],
)
def test_the_answer_varies_with_origin_unless_it_allows_all(cors, origin, had, expected):
    assert given_to(cors, had=had, origin=origin)[0].get("vary") == expected


def test_vary_stays_what_it_was_by_choice():
    assert "vary" not in given_to(CORS, origin=SITE, choices=NO_VARY)[0]


# ── properties ───────────────────────────────────────────────────────────────


@given(response_headers_policies, response_headers(), st.sampled_from(("GET", "OPTIONS")))
def test_without_origin_nothing_but_vary_is_touched(policy, headers, method):
    cors = policy.cors or ANY
    after = with_cors(cors, a_request(method=method), headers, STANDARD).headers
    assert after.without("vary") == headers.without("vary")


@given(response_headers_policies, response_headers())
def test_applied_twice_is_applied_once(policy, headers):
    cors, request = policy.cors or ANY, a_request(origin="https://a.example", method="OPTIONS")
    once = with_cors(cors, request, headers, STANDARD).headers
    assert with_cors(cors, request, once, STANDARD).headers == once
