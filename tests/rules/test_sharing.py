"""What of a stored answer is one viewer's, and the cautions when others get it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgesim.rules.reasons import SharingReason
from edgesim.rules.sharing import given_with, shares, stored_with
from edgesim.testing.make import a_cache_policy, a_request, an_entry, an_origin_request_policy, behavior, some_headers
from edgesim.values.entry import Shares
from edgesim.values.headers import NO_HEADERS


def varies(vary, made=None, **asked):
    found = shares(made or behavior(), a_request(**asked), some_headers(vary=vary), NO_HEADERS)
    return found and found.varies


@pytest.mark.parametrize(
    ("vary", "policy", "outside"),
    [
        ("Accept-Language, X-Theme", {"headers": ["X-Theme"]}, ["accept-language"]),
        (["X-B", "x-a, X-B"], {}, ["x-a", "x-b"]),
        ("Cookie", {}, ["cookie"]),
        ("Cookie", {"cookies": ["a"]}, None),
        ("Accept-Encoding", {}, None),
        ("Accept-Encoding", {"gzip": True}, None),
        ("User-Agent", {}, ["user-agent"]),
        ("User-Agent", {"headers": ["CloudFront-Is-Mobile-Viewer"]}, None),
        ("*", {"min_ttl": 0}, None),
        ("*", {"min_ttl": 1}, ["*"]),
    ],
)
def test_headers_of_vary_that_are_not_in_the_key(vary, policy, outside):
    found = varies(vary, behavior(cache_policy=a_cache_policy(**policy)))
    assert (found and [name for name, _ in found]) == outside


def test_accept_encoding_counts_where_the_origin_gets_it_as_it_came():
    made = behavior(origin_request_policy=an_origin_request_policy(headers=["Accept-Encoding"]))
    assert varies("Accept-Encoding", made, accept_encoding="br") == (("accept-encoding", "br"),)


def test_cookies_that_are_stored():
    stored = some_headers(set_cookie=["sid=1; Path=/", "theme=dark"])
    assert shares(behavior(), a_request(), NO_HEADERS, stored) == Shares((), ("sid", "theme"))
    assert shares(behavior(), a_request(), stored, NO_HEADERS) is None


def test_the_cautions_of_what_is_stored():
    assert list(stored_with(Shares((("a", "1"),), ("sid",)))) == [
        (SharingReason.VARIES, ("a",)),
        (SharingReason.SETS_COOKIES, ("sid",)),
    ]


@pytest.mark.parametrize(
    ("asked", "named"),
    [({"x_a": "1"}, []), ({"x_a": "2"}, ["x-a"]), ({}, ["x-a"]), ({"x_a": "1", "x_b": ""}, ["x-b"])],
)
def test_whoever_differs_gets_what_was_made_for_another(asked, named):
    entry = replace(an_entry(), shares=Shares((("x-a", "1"), ("x-b", None))))
    expected = [(SharingReason.GIVEN_DESPITE_VARY, tuple(named))] if named else []
    assert list(given_with(entry, a_request(**asked))) == expected


def test_everybody_gets_the_cookie_and_what_varies_by_everything():
    entry = replace(an_entry(set_cookie="sid=1"), shares=Shares((("*", None),), ("sid",)))
    assert list(given_with(entry, a_request())) == [
        (SharingReason.GIVEN_DESPITE_VARY, ("*",)),
        (SharingReason.COOKIES_GIVEN, ("sid",)),
    ]
    assert list(given_with(an_entry(), a_request())) == []
