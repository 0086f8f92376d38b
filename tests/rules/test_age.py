from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.choices import STANDARD
from edgesim.distribution.edge_choices import ExpiresFrom, OriginAge
from edgesim.distribution.terms import Terms
from edgesim.rules.age import origin_age
from edgesim.rules.reasons import TtlBound, TtlReason
from edgesim.rules.ttl import Ttl, error_ttl, ttl
from edgesim.testing.make import NOW, a_cache_policy, a_distribution, some_headers
from edgesim.values.cache_control import LONGEST_AGE
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant, http_date

POLICY = a_cache_policy(min_ttl=0, default_ttl=1_000, max_ttl=5_000)


@pytest.mark.parametrize(
    ("lines", "counted", "first_number"),
    [
        pytest.param([], 0, 0, id="none"),
        pytest.param(["30"], 30, 30, id="a number"),
        pytest.param([" 007 "], 7, 7, id="with zeros and spaces"),
        pytest.param(["9" * 30], LONGEST_AGE, LONGEST_AGE, id="a huge one"),
        pytest.param(["abc"], None, 0, id="a word"),
        pytest.param(["-30"], None, 0, id="negative"),
        pytest.param(["30.0"], None, 0, id="a fraction"),
        pytest.param(["30;x=1"], None, 0, id="with a parameter"),
        pytest.param([""], None, 0, id="empty"),
        pytest.param(["30, 0"], None, 30, id="two in a line"),
        pytest.param(["0", "30"], None, 0, id="two lines"),
    ],
)
def test_how_old_a_response_is_when_it_comes(lines, counted, first_number):
    headers = some_headers(age=lines)
    assert origin_age(headers, OriginAge.COUNTED) == counted
    assert origin_age(headers, OriginAge.FIRST_NUMBER) == first_number
    assert origin_age(headers, OriginAge.IGNORED) == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"cache_control": "max-age=60"}, (30, TtlReason.MAX_AGE, TtlBound.AGE, 30), id="max-age"),
        pytest.param({"cache_control": "s-maxage=60"}, (30, TtlReason.S_MAXAGE, TtlBound.AGE, 30), id="s-maxage"),
        pytest.param({"cache_control": "max-age=20"}, (0, TtlReason.MAX_AGE, TtlBound.AGE, 30), id="older than that"),
        pytest.param({"cache_control": "max-age=9999"}, (5_000, TtlReason.MAX_AGE, TtlBound.MAX, 30), id="above M"),
        pytest.param({}, (1_000, TtlReason.DEFAULT, None, 30), id="the default TTL is CloudFront's own time"),
        pytest.param({"cache_control": "no-cache"}, (0, TtlReason.NO_CACHE, None, 30), id="no-cache"),
    ],
)
def test_the_origins_age_is_taken_off_what_it_asks_for(said, expected):
    assert ttl(some_headers(age="30", **said), POLICY, NOW) == Ttl(*expected)


def test_the_origins_age_does_not_go_below_the_minimum_ttl():
    life = ttl(some_headers(age="30", cache_control="max-age=40"), replace(POLICY, min_ttl=20), NOW)
    assert life == Ttl(20, TtlReason.MAX_AGE, TtlBound.MIN, 30)


def test_an_age_that_cant_be_read_means_expired():
    life = ttl(some_headers(age="x", cache_control="max-age=60"), POLICY, NOW)
    assert life == Ttl(0, TtlReason.MAX_AGE, TtlBound.AGE_UNREADABLE)


def test_an_errors_age_counts_too():
    headers = some_headers(age="30", cache_control="max-age=60")
    assert error_ttl(404, headers, a_distribution(), POLICY, NOW) == Ttl(30, TtlReason.MAX_AGE, TtlBound.AGE, 30)
    ignored = a_distribution(terms=Terms(choices=replace(STANDARD, origin_age=OriginAge.IGNORED)))
    assert error_ttl(404, headers, ignored, POLICY, NOW) == Ttl(60, TtlReason.MAX_AGE)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_older_response_never_lives_longer(one, other):
    young, old = (
        ttl(some_headers(age=str(age), cache_control="max-age=4000"), POLICY, NOW).seconds
        for age in (min(one, other), max(one, other))
    )
    assert old <= young


def expiring(date: int, expires: int) -> Headers:
    return some_headers(date=http_date(Instant(NOW + date)), expires=http_date(Instant(NOW + expires)))


@pytest.mark.parametrize(
    ("headers", "by_date", "by_receipt"),
    [
        pytest.param(expiring(0, 60), 60, 60, id="clocks agree"),
        pytest.param(expiring(-300, -240), 60, 0, id="the origin's is slow"),
        pytest.param(expiring(300, 360), 60, 360, id="the origin's is fast"),
        pytest.param(expiring(400, 300), 0, 300, id="Expires before Date"),
        pytest.param(some_headers(date="x", expires=http_date(Instant(NOW + 60))), 60, 60, id="no date to go by"),
    ],
)
def test_expires_counts_from_date_or_by_choice_from_receipt(headers, by_date, by_receipt):
    from_receipt = replace(STANDARD, expires_from=ExpiresFrom.RECEIPT)
    assert ttl(headers, POLICY, NOW).seconds == by_date
    assert ttl(headers, POLICY, NOW, from_receipt).seconds == by_receipt
