from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from edgesim.distribution.model import ALL_METHODS
from edgesim.distribution.policies import Selection, Selects
from edgesim.rules.cache_key import cache_key, lookup_keys, not_looked_up
from edgesim.rules.reasons import LookUpReason
from edgesim.testing.make import a_distribution, a_request, an_origin, behavior
from edgesim.testing.strategies import behaviors, header_fields, query_strings, viewer_requests
from edgesim.values.headers import Headers

EXCEPT_B = Selection(Selects.ALL_EXCEPT, ("b",))


def key_of(request, chosen=None):
    chosen = chosen or behavior()
    return cache_key(a_distribution(chosen), chosen, request)


def key(target="/", **of_behavior):
    return key_of(a_request(target), behavior(**of_behavior))


@pytest.mark.parametrize(
    ("selects", "query", "keyed"),
    [
        pytest.param("none", "a=1", "", id="none"),
        pytest.param("all", "&&b=2&a", "&&b=2&a", id="all, as written"),
        pytest.param(["a"], "b=2&a=1&a=0&A=3", "a=1&a=0", id="listed: every occurrence, in order, by case"),
        pytest.param(["a"], "a&a=&&=a", "a&a=", id="listed: without a value, with an empty one"),
        pytest.param(["a"], "%61=1", "", id="listed: by the name as written"),
        pytest.param(["b", "a"], "a=1&b=2", "a=1&b=2", id="listed: in the viewer's order"),
        pytest.param(EXCEPT_B, "a=1&b=2&c&", "a=1&c", id="all but one"),
        pytest.param("all", "", "", id="no query"),
    ],
)
def test_query_strings_in_the_key(selects, query, keyed):
    assert key(f"/?{query}", query_strings=selects).query == keyed


@pytest.mark.parametrize(
    ("lines", "keyed"),
    [
        pytest.param(["b=2; a=1"], ("a=1",), id="listed alone"),
        pytest.param(["a=2; a=1"], ("a=2", "a=1"), id="repeated: in the viewer's order"),
        pytest.param(["z=1; a=1", "c=3"], ("a=1", "c=3"), id="sorted by name, over all lines"),
        pytest.param(["A=1"], (), id="by case"),
        pytest.param(["a"], (), id="malformed"),
    ],
)
def test_cookies_in_the_key(lines, keyed):
    assert key_of(a_request(cookie=lines), behavior(cookies=["a", "c"])).cookies == keyed


def test_absent_and_empty_headers_differ():
    chosen = behavior(headers=["X-A"])
    assert key_of(a_request(), chosen).headers == (("x-a", None),)
    assert key_of(a_request(x_a=""), chosen).headers == (("x-a", ""),)
    assert key_of(a_request(x_a=["1", "2"]), chosen).headers == (("x-a", "1, 2"),)
    assert key_of(a_request(x_a="1, 2"), chosen) == key_of(a_request(x_a=["1", "2"]), chosen)


def test_accept_encoding_is_keyed_normalised_or_as_it_is():
    request = a_request(accept_encoding="gzip, x")
    normalised = key_of(request, behavior(headers=["Accept-Encoding"], gzip=True))
    assert (normalised.headers, normalised.accept_encoding) == ((), "gzip")
    plain = key_of(request, behavior(headers=["Accept-Encoding"]))
    assert (plain.headers, plain.accept_encoding) == ((("accept-encoding", "gzip, x"),), None)


def test_an_empty_custom_header_takes_accept_encoding_out_of_the_key():
    chosen = behavior(gzip=True)
    distribution = a_distribution(chosen, origins=[an_origin(custom_headers={"Accept-Encoding": ""})])
    assert cache_key(distribution, chosen, a_request(accept_encoding="gzip")).accept_encoding is None


def test_the_path_is_keyed_raw():
    assert key("/a/../%62").path == "/a/../%62"
    assert key("/a") != key("/a/")


def test_get_and_head_share_a_key_and_options_has_its_own():
    get, head, options = (key_of(a_request(method=method)) for method in ("GET", "HEAD", "OPTIONS"))
    assert get == head != options


def test_aliases_share_a_key():
    assert key_of(a_request(host="a.example")) == key_of(a_request(host="b.example"))
    assert key_of(a_request(host="a.example"), behavior(headers=["host"])) != key_of(
        a_request(), behavior(headers=["host"])
    )


def test_a_head_looks_under_its_own_key_last():
    get = key("/a")
    assert lookup_keys(get, a_request("/a")) == (get,)
    assert lookup_keys(get, a_request("/a", method="HEAD")) == (get, get._replace(method="HEAD"))


def test_what_is_not_looked_up():
    assert not_looked_up(behavior(), a_request()) is None
    assert not_looked_up(behavior(default_ttl=0, max_ttl=0), a_request()) is LookUpReason.CACHING_DISABLED
    assert not_looked_up(behavior(), a_request(method="OPTIONS")) is LookUpReason.METHOD_NOT_CACHED
    assert not_looked_up(behavior(cached_methods=("GET", "HEAD", "OPTIONS")), a_request(method="OPTIONS")) is None
    assert (
        not_looked_up(behavior(allowed_methods=ALL_METHODS), a_request(method="POST")) is LookUpReason.METHOD_NOT_CACHED
    )


# ── invariants of house-style.md §7.4 ────────────────────────────────────────


@given(behaviors(), viewer_requests(), header_fields, query_strings)
def test_1_what_the_policy_does_not_name_leaves_the_key_alone(chosen, request, field, query):
    policy = chosen.cache_policy
    name = field[0].lower()
    if name not in policy.headers.lower and name not in {"cookie", "accept-encoding"}:
        assert key_of(request, chosen) == key_of(replace(request, headers=request.headers.adding(field)), chosen)
    if policy.query_strings.selects is Selects.NONE:
        assert key_of(request, chosen) == key_of(replace(request, query=query), chosen)
    if policy.cookies.selects is Selects.NONE:
        assert key_of(request, chosen) == key_of(replace(request, headers=request.headers.without("cookie")), chosen)


_pairs = st.lists(st.tuples(st.text("ab=", max_size=2), st.text("ab;=", max_size=2)), max_size=3)
ALL_KEYED = behavior(headers=["X-A", "X-B"], cookies="all", query_strings="all")


@given(_pairs, _pairs)
@example([("a", "b")], [("ab", "")])
def test_2_different_selected_parts_make_different_keys(one, other):
    """No name and value put together can imitate another pair, in headers as in cookies and query strings."""
    assume(one != other)

    def selected(pairs):
        named = {"x_a": pairs[0][0] + pairs[0][1], "x_b": pairs[0][1]} if pairs else {}
        return a_request(f"/?{'&'.join(f'{n}={v}' for n, v in pairs)}", **named)

    first, second = selected(one), selected(other)
    same = first.query == second.query and all(first.headers.get(n) == second.headers.get(n) for n in ("x-a", "x-b"))
    assert (key_of(first, ALL_KEYED) == key_of(second, ALL_KEYED)) is same


@given(viewer_requests(), behaviors())
def test_3_the_case_of_header_names_never_counts(request, chosen):
    swapped = replace(request, headers=Headers((name.swapcase(), value) for name, value in request.headers))
    assert key_of(request, chosen) == key_of(swapped, chosen)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(a_request(x_a="v"), a_request(x_a="V"), id="of a header's value"),
        pytest.param(a_request(cookie="a=v"), a_request(cookie="a=V"), id="of a cookie's value"),
        pytest.param(a_request(cookie="a=v"), a_request(cookie="A=v"), id="of a cookie's name"),
        pytest.param(a_request("/?a=v"), a_request("/?a=V"), id="of a parameter's value"),
        pytest.param(a_request("/?a=v"), a_request("/?A=v"), id="of a parameter's name"),
        pytest.param(a_request("/a"), a_request("/A"), id="of the path"),
    ],
)
def test_3_every_other_case_counts(one, other):
    assert key_of(one, ALL_KEYED) != key_of(other, ALL_KEYED)


@given(st.permutations([("X-A", "1"), ("X-B", "2"), ("Accept", "3")]), st.permutations(["a=1", "b=2", "c=3"]))
def test_4_the_order_of_headers_and_cookies_never_counts(fields, cookies):
    ordered = a_request(fields=[("X-A", "1"), ("X-B", "2"), ("Accept", "3")], cookie="a=1; b=2; c=3")
    assert key_of(ordered, ALL_KEYED) == key_of(a_request(fields=fields, cookie="; ".join(cookies)), ALL_KEYED)


def test_4_the_order_of_parameters_counts():
    assert key("/?a=1&b=2", query_strings="all") != key("/?b=2&a=1", query_strings="all")


@given(viewer_requests(), behaviors())
def test_5_distributions_and_options_keep_apart(request, chosen):
    here, there = (cache_key(a_distribution(chosen, id=name), chosen, request) for name in ("E1", "E2"))
    assert here != there
    get, options = (key_of(replace(request, method=method), chosen) for method in ("GET", "OPTIONS"))
    assert get != options


@given(viewer_requests(), behaviors())
def test_11_the_viewers_wishes_are_no_part_of_the_key(request, chosen):
    wishes = request.headers.adding(("Cache-Control", "no-cache"), ("Pragma", "no-cache"))
    assert key_of(request, chosen) == key_of(replace(request, headers=wishes), chosen)
