import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import CustomErrorResponse
from edgesim.rules.reasons import TtlBound, TtlReason
from edgesim.rules.ttl import Ttl, error_caching_min_ttl, error_ttl, ttl
from edgesim.testing.make import NOW, a_cache_policy, a_distribution, some_headers
from edgesim.testing.strategies import cache_controls, cache_policies, expires, instants, response_headers
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant, http_date

M_ZERO = a_cache_policy(min_ttl=0, default_ttl=1_000, max_ttl=5_000)
M_POSITIVE = a_cache_policy(min_ttl=100, default_ttl=1_000, max_ttl=5_000)

R = TtlReason
MIN, MAX = TtlBound.MIN, TtlBound.MAX


def at(seconds: int) -> str:
    return http_date(Instant(NOW + seconds))


# The TTL matrix of Expiration, row by row: what the origin says, with m = 0, with m = 100
@pytest.mark.parametrize(
    ("said", "m_zero", "m_positive"),
    [
        pytest.param({"cache_control": "max-age=60"}, (60, R.MAX_AGE), (100, R.MAX_AGE, MIN), id="max-age below m"),
        pytest.param({"cache_control": "max-age=600"}, (600, R.MAX_AGE), (600, R.MAX_AGE), id="max-age in between"),
        pytest.param(
            {"cache_control": "max-age=9999"}, (5_000, R.MAX_AGE, MAX), (5_000, R.MAX_AGE, MAX), id="max-age above M"
        ),
        pytest.param({"cache_control": "max-age=0"}, (0, R.MAX_AGE), (100, R.MAX_AGE, MIN), id="max-age of zero"),
        pytest.param(
            {"cache_control": "max-age=600, s-maxage=60"},
            (60, R.S_MAXAGE),
            (100, R.S_MAXAGE, MIN),
            id="s-maxage beats max-age",
        ),
        pytest.param(
            {"cache_control": "s-maxage=9999"},
            (5_000, R.S_MAXAGE, MAX),
            (5_000, R.S_MAXAGE, MAX),
            id="s-maxage above M",
        ),
        pytest.param({"expires": at(60)}, (60, R.EXPIRES), (100, R.EXPIRES, MIN), id="Expires below m"),
        pytest.param({"expires": at(600)}, (600, R.EXPIRES), (600, R.EXPIRES), id="Expires in between"),
        pytest.param({"expires": at(9999)}, (5_000, R.EXPIRES, MAX), (5_000, R.EXPIRES, MAX), id="Expires above M"),
        pytest.param({"expires": at(-60)}, (0, R.EXPIRES), (100, R.EXPIRES, MIN), id="Expires in the past"),
        pytest.param({"expires": "0"}, (0, R.EXPIRES), (100, R.EXPIRES, MIN), id="Expires that is no date"),
        pytest.param(
            {"cache_control": "max-age=200", "expires": at(600)},
            (200, R.MAX_AGE),
            (200, R.MAX_AGE),
            id="max-age beats Expires",
        ),
        pytest.param({}, (1_000, R.DEFAULT), (1_000, R.DEFAULT), id="nothing said"),
        pytest.param({"cache_control": "public"}, (1_000, R.DEFAULT), (1_000, R.DEFAULT), id="bare public"),
        pytest.param(
            {"cache_control": "must-revalidate"}, (1_000, R.DEFAULT), (1_000, R.DEFAULT), id="bare must-revalidate"
        ),
        pytest.param({"cache_control": "max-age=x"}, (1_000, R.DEFAULT), (1_000, R.DEFAULT), id="max-age of no number"),
        pytest.param(
            {"cache_control": "public", "expires": at(600)}, (600, R.EXPIRES), (600, R.EXPIRES), id="public and Expires"
        ),
        pytest.param({"pragma": "no-cache"}, (1_000, R.DEFAULT), (1_000, R.DEFAULT), id="Pragma has no effect"),
        pytest.param(
            {"last_modified": at(-9999)}, (1_000, R.DEFAULT), (1_000, R.DEFAULT), id="no heuristics by Last-Modified"
        ),
        pytest.param({"cache_control": "no-cache"}, (0, R.NO_CACHE), (100, R.NO_CACHE, MIN), id="no-cache"),
        pytest.param({"cache_control": "no-store"}, (0, R.NO_STORE), (100, R.NO_STORE, MIN), id="no-store"),
        pytest.param({"cache_control": "private"}, (0, R.PRIVATE), (100, R.PRIVATE, MIN), id="private"),
        pytest.param(
            {"cache_control": "private, max-age=600"},
            (0, R.PRIVATE),
            (100, R.PRIVATE, MIN),
            id="private beats max-age, and only m is left",
        ),
        pytest.param(
            {"cache_control": "no-cache, s-maxage=600"},
            (0, R.NO_CACHE),
            (100, R.NO_CACHE, MIN),
            id="no-cache beats s-maxage",
        ),
        pytest.param(
            {"cache_control": "no-cache, private, no-store"},
            (0, R.NO_STORE),
            (100, R.NO_STORE, MIN),
            id="no-store is the strictest",
        ),
        pytest.param(
            {"cache_control": 'no-cache="Set-Cookie", max-age=600'},
            (600, R.MAX_AGE),
            (600, R.MAX_AGE),
            id="no-cache of a field is not about the response",
        ),
        pytest.param(
            {"vary": "*", "cache_control": "max-age=600"},
            (0, R.VARY_STAR),
            (600, R.MAX_AGE),
            id="Vary: * counts at m = 0",
        ),
        pytest.param(
            {"vary": ["Accept", "x, *"]}, (0, R.VARY_STAR), (1_000, R.DEFAULT), id="Vary: * on another line, in a list"
        ),
        pytest.param(
            {"vary": "*", "cache_control": "no-cache"},
            (0, R.VARY_STAR),
            (100, R.NO_CACHE, MIN),
            id="Vary: * beats no-cache, since it forbids revalidation too",
        ),
        pytest.param(
            {"vary": "*", "cache_control": "no-store"},
            (0, R.NO_STORE),
            (100, R.NO_STORE, MIN),
            id="no-store beats Vary: *",
        ),
        pytest.param({"vary": "Accept"}, (1_000, R.DEFAULT), (1_000, R.DEFAULT), id="another Vary has no effect"),
    ],
)
def test_the_ttl_matrix(said, m_zero, m_positive):
    assert ttl(some_headers(**said), M_ZERO, NOW) == Ttl(*m_zero)
    assert ttl(some_headers(**said), M_POSITIVE, NOW) == Ttl(*m_positive)


def test_the_default_ttl_is_at_least_the_minimum():
    policy = a_cache_policy(min_ttl=100, default_ttl=50, max_ttl=5_000)
    assert ttl(Headers(), policy, NOW) == Ttl(100, R.DEFAULT, MIN)


@given(response_headers(), cache_policies())
def test_6_a_ttl_lies_between_minimum_and_maximum(headers, policy):
    life = ttl(headers, policy, NOW)
    assert policy.min_ttl <= life.seconds <= max(policy.max_ttl, policy.min_ttl)


@given(st.integers(0, 10**9), cache_controls, expires, cache_policies())
def test_7_with_s_maxage_nothing_else_that_is_asked_for_counts(seconds, others, date, policy):
    said = [line for line in others.split(", ") if not line.lower().startswith("s-maxage")]
    alone = [line for line in said if "age" not in line.lower()]
    first = ttl(some_headers(cache_control=", ".join([f"s-maxage={seconds}", *said]), expires=date), policy, NOW)
    assert first == ttl(some_headers(cache_control=", ".join([f"s-maxage={seconds}", *alone])), policy, NOW)


@given(st.integers(0, 10**9), expires, cache_policies())
def test_7_with_max_age_expires_counts_for_nothing(seconds, date, policy):
    control = f"max-age={seconds}"
    with_date = ttl(some_headers(cache_control=control, expires=date), policy, NOW)
    assert with_date == ttl(some_headers(cache_control=control), policy, NOW)


@given(st.integers(0, 10**9), st.integers(0, 10**6), cache_policies())
def test_8_a_larger_max_age_never_lowers_the_ttl(seconds, more, policy):
    less = ttl(some_headers(cache_control=f"max-age={seconds}"), policy, NOW).seconds
    assert less <= ttl(some_headers(cache_control=f"max-age={seconds + more}"), policy, NOW).seconds


@given(response_headers(), st.integers(0, 5_000), st.integers(0, 5_000))
def test_8_a_larger_minimum_never_lowers_the_ttl(headers, one, other):
    low, high = (
        ttl(headers, a_cache_policy(min_ttl=least, default_ttl=5_000, max_ttl=9_000), NOW).seconds
        for least in sorted((one, other))
    )
    assert low <= high


@given(instants, st.integers(-(10**6), 10**6), st.integers(0, 10**8), cache_policies())
def test_9_moving_every_instant_changes_nothing(now, lead, shift, policy):
    def life(moved: float) -> Ttl:
        date = http_date(Instant(max(0.0, now + lead) + moved))
        return ttl(some_headers(expires=date), policy, Instant(now + moved))

    assert life(0) == life(shift)


# ── errors ───────────────────────────────────────────────────────────────────

TEN = a_distribution()
LONG = a_distribution(error_responses={404: CustomErrorResponse(404, caching_min_ttl=300)})


@pytest.mark.parametrize(
    ("said", "ten", "long"),
    [
        pytest.param({}, (10, R.ERROR_MIN_TTL), (300, R.ERROR_MIN_TTL), id="nothing said"),
        pytest.param({"cache_control": "max-age=60"}, (60, R.MAX_AGE), (300, R.ERROR_MIN_TTL), id="max-age"),
        pytest.param(
            {"cache_control": "max-age=5"}, (10, R.ERROR_MIN_TTL), (300, R.ERROR_MIN_TTL), id="a short max-age"
        ),
        pytest.param({"cache_control": "s-maxage=600"}, (600, R.S_MAXAGE), (600, R.S_MAXAGE), id="s-maxage"),
        pytest.param({"expires": at(600)}, (600, R.EXPIRES), (600, R.EXPIRES), id="Expires"),
        pytest.param({"cache_control": "max-age=9999"}, (5_000, R.MAX_AGE, MAX), (5_000, R.MAX_AGE, MAX), id="above M"),
        pytest.param({"cache_control": "no-store"}, (10, R.ERROR_MIN_TTL), (300, R.ERROR_MIN_TTL), id="no-store"),
        pytest.param({"cache_control": "private"}, (10, R.ERROR_MIN_TTL), (300, R.ERROR_MIN_TTL), id="private"),
    ],
)
def test_an_error_lives_as_long_as_asked_and_at_least_its_minimum(said, ten, long):
    headers = some_headers(**said)
    assert error_ttl(404, headers, TEN, M_POSITIVE, NOW) == Ttl(*ten)
    assert error_ttl(404, headers, LONG, M_ZERO, NOW) == Ttl(*long)


def test_the_minimum_holds_for_its_own_code_alone():
    assert error_caching_min_ttl(LONG, 404) == 300
    assert error_caching_min_ttl(LONG, 503) == 10


@given(response_headers(), cache_policies(), st.sampled_from((404, 503)))
def test_12_an_error_lives_at_least_its_minimum(headers, policy, status):
    assert error_ttl(status, headers, LONG, policy, NOW).seconds >= error_caching_min_ttl(LONG, status)
