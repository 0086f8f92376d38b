"""Headers that a response headers policy removes and adds."""

import pytest
from hypothesis import given

from edgesim.distribution.choices import STANDARD, Choices
from edgesim.distribution.edge_choices import ResponseHeadersPolicyOrder
from edgesim.distribution.response_headers import (
    EVERY_METHOD,
    MANAGED_RESPONSE_HEADERS_POLICIES,
    PolicyHeader,
    ResponseHeadersPolicy,
)
from edgesim.rules.response_headers import before_function, unsent, with_policy_headers
from edgesim.testing.make import some_headers
from edgesim.testing.strategies import response_headers, response_headers_policies

ORIGINS = some_headers(server="nginx", x_powered_by="PHP", x_frame_options="DENY")


def policy(*headers, remove=()):
    return ResponseHeadersPolicy(headers=tuple(PolicyHeader(*header) for header in headers), remove=remove)


def lines(applied):
    return [f"{name}: {value}" for name, value in with_policy_headers(applied, ORIGINS)]


def test_headers_are_added_after_the_origins():
    added = policy(("X-A", "1"), ("X-Empty", ""))
    assert lines(added) == ["Server: nginx", "X-Powered-By: PHP", "X-Frame-Options: DENY", "X-A: 1", "X-Empty: "]


def test_the_origins_own_stays_without_override():
    assert lines(policy(("x-frame-options", "SAMEORIGIN"))) == [f"{name}: {value}" for name, value in ORIGINS]


def test_with_override_the_policys_takes_its_place():
    expected = ["Server: nginx", "X-Powered-By: PHP", "x-frame-options: SAMEORIGIN"]
    assert lines(policy(("x-frame-options", "SAMEORIGIN", True))) == expected


def test_with_override_one_takes_the_place_of_several():
    cookies = some_headers(set_cookie=["a=1", "b=2"])
    assert with_policy_headers(policy(("Set-Cookie", "c=3", True)), cookies) == some_headers(set_cookie="c=3")


def test_headers_are_removed_without_regard_to_case():
    assert lines(policy(remove=("SERVER", "x-powered-by"))) == ["X-Frame-Options: DENY"]


def test_what_is_removed_and_added_is_there():
    both = policy(("Server", "mine"), remove=("server",))
    assert lines(both) == ["X-Powered-By: PHP", "X-Frame-Options: DENY", "Server: mine"]


def test_of_cloudfronts_own_headers_x_cache_and_age_can_be_kept_back():
    assert unsent(policy(remove=("X-Cache", "age", "Date", "Server", "X-A"))) == {"x-cache", "age"}
    assert unsent(policy()) == frozenset()


def test_the_policy_comes_before_the_function_unless_chosen_otherwise():
    assert before_function(STANDARD)
    after = Choices(response_headers_policy_order=ResponseHeadersPolicyOrder.AFTER_FUNCTION)
    assert not before_function(after)


def test_what_gave_way_is_told():
    kept = policy(("X-Frame-Options", "SAMEORIGIN"), ("Server", "mine"), ("X-A", "1"), remove=("server",))
    assert [header.name for header in kept.given_way(ORIGINS)] == ["X-Frame-Options"]


# ── managed policies ─────────────────────────────────────────────────────────

SECURITY = {
    "X-XSS-Protection": ("1; mode=block", False),
    "X-Frame-Options": ("SAMEORIGIN", False),
    "Referrer-Policy": ("strict-origin-when-cross-origin", False),
    "X-Content-Type-Options": ("nosniff", True),
    "Strict-Transport-Security": ("max-age=31536000", False),
}
PREFLIGHT = {"allow_methods": EVERY_METHOD, "expose_headers": ("*",)}


@pytest.mark.parametrize(
    ("policy_id", "name", "cors", "security"),
    [
        ("60669652-455b-4ae9-85a4-c4c02393f86c", "SimpleCORS", {}, {}),
        ("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "CORS-With-Preflight", PREFLIGHT, {}),
        ("67f7725c-6f97-4210-82d7-5512b31e9d03", "SecurityHeadersPolicy", None, SECURITY),
        ("e61eb60c-9c35-4d20-a928-2b84e02af89c", "CORS-and-SecurityHeadersPolicy", {}, SECURITY),
        ("eaab4381-ed33-4a86-88ca-d9558dc6cd63", "CORS-with-preflight-and-SecurityHeadersPolicy", PREFLIGHT, SECURITY),
    ],
)
def test_the_managed_policies(policy_id, name, cors, security):
    (managed,) = [each for each in MANAGED_RESPONSE_HEADERS_POLICIES if each.id == policy_id]
    assert managed.name == f"Managed-{name}"
    assert {header.name: (header.value, header.override) for header in managed.headers} == security
    if cors is None:
        assert managed.cors is None
    else:
        assert managed.cors is not None
        assert (managed.cors.allow_origins, managed.cors.override) == (("*",), False)
        assert managed.cors.allow_methods == cors.get("allow_methods", ())
        assert managed.cors.expose_headers == cors.get("expose_headers", ())


# ── properties ───────────────────────────────────────────────────────────────


@given(response_headers_policies, response_headers())
def test_every_header_of_the_policy_is_there_in_the_end(applied, headers):
    after = with_policy_headers(applied, headers)
    for header in applied.headers:
        gone_first = header.name not in headers or header.name.lower() in applied.removed
        if header.override or gone_first:
            assert after.all(header.name) == (header.value,)
        else:
            assert after.all(header.name) == headers.all(header.name)


@given(response_headers_policies, response_headers())
def test_what_the_policy_does_not_name_is_left_alone(applied, headers):
    named = (*applied.remove, *(header.name for header in applied.headers))
    assert with_policy_headers(applied, headers).without(*named) == headers.without(*named)
