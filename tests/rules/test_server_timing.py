"""Server-Timing of a response headers policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.rules.reasons import Outcome, ServerTimingReason
from edgesim.rules.server_timing import CacheMetric, Timing, cache_metric, drawn, server_timing, with_server_timing
from edgesim.testing.make import a_request, an_arrival, some_headers
from edgesim.values.headers import NO_HEADERS
from edgesim.values.instant import Duration

R = ServerTimingReason
AT = an_arrival(pop="PHX50-C2", request_id="rid==")
TOOK = Duration(0.4364)


def value(timing, headers=NO_HEADERS):
    return with_server_timing(headers, timing, AT).joined("server-timing")


# ── what it tells ────────────────────────────────────────────────────────────


def test_a_miss_tells_of_the_origin_first():
    told = value(Timing(CacheMetric.MISS, Duration(0.177), TOOK))
    assert told == (
        'cdn-upstream-layer;desc="EDGE",cdn-upstream-dns;dur=0,cdn-upstream-connect;dur=0,cdn-upstream-fbl;dur=177,'
        'cdn-cache-miss,cdn-pop;desc="PHX50-C2",cdn-rid;desc="rid==",cdn-downstream-fbl;dur=436'
    )


def test_a_hit_tells_of_its_layer_and_of_no_origin():
    told = value(Timing(CacheMetric.HIT, None, TOOK))
    assert told == (
        'cdn-cache-hit,cdn-pop;desc="PHX50-C2",cdn-rid;desc="rid==",cdn-hit-layer;desc="EDGE",cdn-downstream-fbl;dur=436'
    )


def test_a_refresh_tells_how_long_the_origin_took_but_asked_for_no_full_object():
    told = value(Timing(CacheMetric.REFRESH, Duration(0.02), TOOK))
    assert told.startswith(
        "cdn-upstream-dns;dur=0,cdn-upstream-connect;dur=0,cdn-upstream-fbl;dur=20,cdn-cache-refresh,"
    )
    assert "layer" not in told


def test_an_answer_without_the_cache_has_no_metric_of_it():
    assert value(Timing(None, None, TOOK)) == 'cdn-pop;desc="PHX50-C2",cdn-rid;desc="rid==",cdn-downstream-fbl;dur=436'


ORIGINS = some_headers(server_timing=["db;dur=3", "app"], x="y")


def test_on_a_miss_the_origins_metrics_are_in_the_same_header():
    headers = with_server_timing(ORIGINS, Timing(CacheMetric.MISS, Duration(0), TOOK), AT)
    assert len(headers.all("server-timing")) == 1
    assert headers.joined("server-timing").endswith("cdn-downstream-fbl;dur=436,db;dur=3,app")
    assert headers.get("x") == "y"


@pytest.mark.parametrize("cache", [CacheMetric.HIT, CacheMetric.REFRESH])
def test_from_the_cache_there_are_cloudfronts_alone(cache):
    assert "db" not in value(Timing(cache, None, TOOK), ORIGINS)


@pytest.mark.parametrize(
    ("outcome", "age", "looked_up", "expected"),
    [
        pytest.param(Outcome.HIT, 0, True, CacheMetric.HIT, id="a hit"),
        pytest.param(Outcome.ERROR, 7, True, CacheMetric.HIT, id="a cached error"),
        pytest.param(Outcome.REFRESH_HIT, None, True, CacheMetric.REFRESH, id="a refresh"),
        pytest.param(Outcome.MISS, None, True, CacheMetric.MISS, id="a miss"),
        pytest.param(Outcome.ERROR, None, True, CacheMetric.MISS, id="an error of the origin's"),
        pytest.param(Outcome.REDIRECT, None, False, None, id="a redirect to HTTPS"),
        pytest.param(Outcome.LAMBDA_GENERATED, None, False, None, id="generated at viewer request"),
    ],
)
def test_what_the_cache_had_to_do_with_it(outcome, age, looked_up, expected):
    assert cache_metric(outcome, age, looked_up=looked_up) is expected


# ── which responses get it ───────────────────────────────────────────────────


@pytest.mark.parametrize("pragma", ["server-timing", "Server-Timing", "no-cache, server-timing"])
def test_pragma_asks_for_it_at_any_rate(pragma):
    assert server_timing(0, an_arrival(a_request(pragma=pragma))) is R.ASKED_FOR


def test_another_pragma_asks_for_nothing():
    assert server_timing(0, an_arrival(a_request(pragma="no-cache"))) is R.NOT_SAMPLED


@given(st.text(min_size=1))
def test_all_and_none_leave_nothing_to_chance(request_id):
    arrival = an_arrival(request_id=request_id)
    assert (server_timing(100, arrival), server_timing(0, arrival)) == (R.SAMPLED, R.NOT_SAMPLED)


def test_a_rate_is_the_share_of_requests():
    sampled = [server_timing(30, an_arrival(request_id=f"id-{n}")) is R.SAMPLED for n in range(5_000)]
    assert 0.28 < sum(sampled) / len(sampled) < 0.32


@given(st.text(), st.floats(0, 100))
def test_chance_is_the_same_for_the_same_request(request_id, rate):
    assert 0 <= drawn(request_id) < 100
    arrival = an_arrival(request_id=request_id)
    assert server_timing(rate, arrival) is server_timing(rate, arrival)
