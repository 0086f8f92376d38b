import pytest
from hypothesis import given

from edgesim.distribution.policies import ALL, NONE, ForwardedValues, Selection, Selects, listed
from edgesim.rules.selection import cookies_forwarded, forwarded_names, keyed_cookies, takes
from edgesim.testing.make import a_cache_policy, an_origin_request_policy, behavior
from edgesim.testing.strategies import selections

ITEMS = {"cp", "orp", "both", "other"}
CP_LIST, ORP_LIST = listed("cp", "both"), listed("orp", "both")
CP_BLOCK = Selection(Selects.ALL_EXCEPT, ("cp", "both"))
ORP_BLOCK = Selection(Selects.ALL_EXCEPT, ("orp", "both"))


# The table of controlling-origin-requests: what reaches the origin
@pytest.mark.parametrize(
    ("cache", "request_policy", "reaching"),
    [
        pytest.param(NONE, None, set(), id="none, no policy: nothing"),
        pytest.param(NONE, NONE, set(), id="none, none: nothing"),
        pytest.param(NONE, ALL, ITEMS, id="none, all: all"),
        pytest.param(NONE, ORP_LIST, {"orp", "both"}, id="none, allow: the list"),
        pytest.param(NONE, ORP_BLOCK, {"cp", "other"}, id="none, block: all but the list"),
        pytest.param(ALL, None, ITEMS, id="all, no policy: all"),
        pytest.param(ALL, NONE, ITEMS, id="all, none: all"),
        pytest.param(ALL, ALL, ITEMS, id="all, all: all"),
        pytest.param(ALL, ORP_LIST, ITEMS, id="all, allow: all"),
        pytest.param(ALL, ORP_BLOCK, ITEMS, id="all, block: all, since the cache policy wins"),
        pytest.param(CP_LIST, NONE, {"cp", "both"}, id="allow, none: the cache policy's list"),
        pytest.param(CP_LIST, ALL, ITEMS, id="allow, all: all"),
        pytest.param(CP_LIST, ORP_LIST, {"cp", "orp", "both"}, id="allow, allow: both lists"),
        pytest.param(CP_LIST, ORP_BLOCK, {"cp", "both", "other"}, id="allow, block: what is keyed, though blocked"),
        pytest.param(CP_BLOCK, NONE, {"orp", "other"}, id="block, none: all but the list"),
        pytest.param(CP_BLOCK, ALL, ITEMS, id="block, all: all"),
        pytest.param(CP_BLOCK, ORP_LIST, ITEMS - {"cp"}, id="block, allow: allowed by either"),
        pytest.param(CP_BLOCK, ORP_BLOCK, {"other"}, id="block, block: what is in neither list"),
    ],
)
def test_what_reaches_the_origin_by_both_policies(cache, request_policy, reaching):
    assert set(filter(forwarded_names(cache, request_policy), ITEMS)) == reaching


@given(selections, selections)
def test_everything_keyed_is_forwarded_unless_both_block(cache, requested):
    both = cache.selects is Selects.ALL_EXCEPT and requested.selects is Selects.ALL_EXCEPT
    for name in ("a", "b", "id"):
        if takes(cache, name) and not both:
            assert forwarded_names(cache, requested)(name)


@pytest.mark.parametrize(
    ("selection", "name", "taken"),
    [
        pytest.param(listed("id"), "id", True, id="a listed name"),
        pytest.param(listed("id"), "ID", False, id="case counts"),
        pytest.param(listed("user-*"), "user-name", True, id="a star"),
        pytest.param(listed("user-?"), "user-1", True, id="a question mark"),
        pytest.param(listed("user-?"), "user-12", False, id="a question mark is one character"),
        pytest.param(Selection(Selects.ALL_EXCEPT, ("id",)), "id", False, id="a blocked name"),
        pytest.param(Selection(Selects.ALL_EXCEPT, ("id",)), "x", True, id="a name that is not blocked"),
    ],
)
def test_names_that_a_selection_takes(selection, name, taken):
    assert takes(selection, name) is taken


LEGACY_ALL = ForwardedValues(headers=("*",), cookies=ALL)


@pytest.mark.parametrize(
    ("chosen", "forwarded"),
    [
        pytest.param(behavior(), False, id="no policy takes any"),
        pytest.param(behavior(cookies=["a"]), True, id="the cache policy takes some"),
        pytest.param(behavior(origin_request_policy=an_origin_request_policy()), False, id="neither policy takes any"),
        pytest.param(
            behavior(origin_request_policy=an_origin_request_policy(cookies="all")),
            True,
            id="the origin request policy takes all",
        ),
        pytest.param(
            behavior(cache_policy=a_cache_policy(max_ttl=0), forwarded_values=LEGACY_ALL),
            True,
            id="legacy settings that forward all headers, though nothing is keyed",
        ),
    ],
)
def test_cookies_count_as_forwarded(chosen, forwarded):
    assert cookies_forwarded(chosen) is forwarded


def test_keyed_cookies_of_legacy_settings_are_theirs():
    assert keyed_cookies(behavior(forwarded_values=LEGACY_ALL)) is ALL
    assert keyed_cookies(behavior(cookies="none")) is NONE
