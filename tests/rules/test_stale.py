from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.choices import STANDARD, Choices
from edgesim.distribution.edge_choices import ForbiddenInOutage, HoldAfterError, StaleAfterFailedFunction, StaleLimit
from edgesim.distribution.policies import CachePolicy
from edgesim.errors import OriginTrouble
from edgesim.rules.freshness import use_of
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import StaleReason, TtlReason
from edgesim.rules.stale import SERVED, held, instead_of_error, replaceable, stale_terms
from edgesim.rules.ttl import ttl
from edgesim.testing.make import NOW, an_entry, some_headers
from edgesim.testing.strategies import cache_policies, origin_responses
from edgesim.values.entry import NEVER_STALE, StaleTerms, Use

HOUR = CachePolicy("hour", max_ttl=3600)


def terms(cache_control, policy=HOUR, choices=STANDARD, status=200):
    headers = some_headers(cache_control=cache_control)
    return stale_terms(status, headers, ttl(headers, policy, NOW), policy, choices)


@pytest.mark.parametrize(
    ("cache_control", "while_revalidated", "on_error"),
    [
        pytest.param("max-age=60", 0, 3540, id="nothing said: on an error until the maximum TTL"),
        pytest.param("max-age=60, stale-while-revalidate=30", 30, 3540, id="stale-while-revalidate"),
        pytest.param("max-age=60, stale-if-error=300", 0, 300, id="stale-if-error"),
        pytest.param("max-age=60, stale-if-error=0", 0, 0, id="switched off"),
        pytest.param("max-age=60, stale-while-revalidate=9999, stale-if-error=9999", 3540, 3540, id="capped"),
        pytest.param("max-age=9999, stale-while-revalidate=30", 0, 0, id="a TTL at the maximum leaves no time"),
        pytest.param("no-cache, stale-while-revalidate=30", 0, 3600, id="no-cache is asked about each time"),
        pytest.param("max-age=60, stale-while-revalidate=x, stale-if-error=-1", 0, 3540, id="no numbers"),
        pytest.param("private", 0, 3600, id="private, for an origin out of reach"),
    ],
)
def test_for_how_long_a_stale_object_may_answer(cache_control, while_revalidated, on_error):
    found = terms(cache_control)
    assert (found.while_revalidated, found.on_error) == (while_revalidated, on_error)


def test_errors_never_answer_when_they_are_stale():
    assert terms("max-age=60, stale-if-error=300", status=503) == NEVER_STALE


def test_the_choices_of_the_maximum_ttl_and_of_what_may_not_be_stored():
    from_expiry = replace(STANDARD, stale_limit=StaleLimit.FROM_EXPIRY)
    assert terms("max-age=60, stale-if-error=9999", choices=from_expiry).on_error == 3600
    never = replace(STANDARD, forbidden_in_outage=ForbiddenInOutage.NEVER)
    assert terms("no-store", choices=never) == NEVER_STALE
    assert terms("max-age=60", choices=never).on_error == 3540


@given(origin_responses(), cache_policies())
def test_nothing_stale_outlives_the_maximum_ttl(response, policy):
    life = ttl(response.headers, policy, NOW)
    found = stale_terms(200, response.headers, life, policy, STANDARD)
    assert 0 <= found.while_revalidated <= max(0, policy.max_ttl - life.seconds)
    assert 0 <= found.on_error <= max(0, policy.max_ttl - life.seconds)


def aged(stale, **more):
    return replace(an_entry(ttl=60, stored_at=NOW), stale=stale, **more)


@pytest.mark.parametrize(
    ("later", "came", "because"),
    [
        (60, 503, StaleReason.ORIGIN_FAILED),
        (159, OriginTrouble.CONNECT, StaleReason.ORIGIN_FAILED),
        (160, 503, StaleReason.TOO_OLD),
    ],
)
def test_an_object_stands_in_for_an_error_until_its_time_is_over(later, came, because):
    assert instead_of_error(aged(StaleTerms(on_error=100)), came, NOW + later) is because
    asked = instead_of_error(aged(StaleTerms(on_error=100, asked=True)), came, NOW + later)
    assert (asked is StaleReason.STALE_IF_ERROR) == (because in SERVED)


def test_why_an_object_does_not_stand_in():
    assert instead_of_error(aged(StaleTerms(asked=True)), 500, NOW + 61) is StaleReason.SWITCHED_OFF
    spare = aged(StaleTerms(on_error=100), for_outages=True)
    assert instead_of_error(spare, 500, NOW + 61) is StaleReason.ORIGIN_ANSWERS
    assert instead_of_error(spare, OriginTrouble.READ_TIMEOUT, NOW + 61) is StaleReason.ORIGIN_FAILED


def test_an_object_that_stood_in_answers_for_the_error_caching_minimum_and_no_longer():
    kept = held(aged(StaleTerms(on_error=100)), 10, NOW + 70, STANDARD)
    assert [use_of(kept, NOW + at) for at in (70, 79.9, 80)] == [Use.HELD, Use.HELD, Use.STALE]


def test_holding_ends_with_the_time_in_which_the_object_may_stand_in():
    kept = held(aged(StaleTerms(on_error=15)), 10, NOW + 70, STANDARD)
    assert [use_of(kept, NOW + at) for at in (74.9, 75)] == [Use.HELD, Use.STALE]


def test_where_nothing_is_held_each_request_asks_again():
    never = replace(STANDARD, hold_after_error=HoldAfterError.NEVER)
    assert held(aged(StaleTerms(on_error=100)), 10, NOW + 70, never) is None
    assert held(aged(StaleTerms(on_error=100)), 0, NOW + 70, STANDARD) is None


def test_what_an_object_is_good_for_as_it_ages():
    entry = aged(StaleTerms(while_revalidated=30))
    assert [use_of(entry, NOW + at) for at in (0, 59.9, 60, 89.9, 90)] == [
        Use.FRESH,
        Use.FRESH,
        Use.WHILE_REVALIDATED,
        Use.WHILE_REVALIDATED,
        Use.STALE,
    ]


@given(st.floats(0, 1000), st.floats(0, 100), st.floats(0, 100))
def test_an_object_without_stale_terms_is_fresh_or_stale(later, seconds, held_for):
    entry = replace(an_entry(ttl=seconds, because=TtlReason.MAX_AGE), stored_at=NOW)
    assert use_of(entry, NOW + later) in {Use.FRESH, Use.STALE}


EVEN_FUNCTIONS = Choices(stale_after_failed_function=StaleAfterFailedFunction.STALE)


@pytest.mark.parametrize(
    ("choices", "status", "made_by", "came", "replaced"),
    [
        pytest.param(STANDARD, 500, MadeBy.ORIGIN, 500, 500, id="an error of the origin"),
        pytest.param(STANDARD, 502, MadeBy.CLOUDFRONT, OriginTrouble.RESET, OriginTrouble.RESET, id="no answer"),
        pytest.param(STANDARD, 404, MadeBy.ORIGIN, 404, None, id="what is not there"),
        pytest.param(STANDARD, 503, MadeBy.FAILED_FUNCTION, 200, None, id="a function's failure"),
        pytest.param(EVEN_FUNCTIONS, 503, MadeBy.FAILED_FUNCTION, None, 503, id="that, by choice"),
        pytest.param(EVEN_FUNCTIONS, 503, MadeBy.ORIGIN_REQUEST, None, None, id="what a function generated"),
    ],
)
def test_what_a_stale_object_takes_the_place_of(choices, status, made_by, came, replaced):
    assert replaceable(choices, status, made_by, came) == replaced
