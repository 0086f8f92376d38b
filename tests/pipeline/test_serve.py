"""The request path without functions: what is asked of the world, in which order, and what the viewer gets."""

from __future__ import annotations

import pytest

from edgesim.distribution.model import ALL_METHODS, GET_HEAD_OPTIONS, OriginGroup, ViewerProtocolPolicy
from edgesim.errors import OriginTrouble
from edgesim.pipeline.effects import Fetch, Fetched, GiveUp, Keep, Kept, LookUp
from edgesim.pipeline.transcript import Station
from edgesim.rules.freshness import use_of
from edgesim.rules.reasons import (
    ArrivalReason,
    BehaviorReason,
    DeliveryReason,
    LookUpReason,
    OriginReason,
    Outcome,
    RevalidationReason,
    RootReason,
    StoreReason,
    TtlReason,
)
from edgesim.testing.make import NOW, a_cache_policy, a_distribution, a_request, a_response, an_entry, an_origin
from edgesim.testing.make import behavior as a_behavior
from edgesim.testing.play import ANY, having, visit
from edgesim.values.body import Span
from edgesim.values.instant import Instant
from tests.pipeline.helpers import NO_CACHING, fetched, fresh, key_of, nothing, stale, unreachable

SITE = a_distribution()
STYLE = key_of("/a.css")
NOW_DATE = "Tue, 06 May 2025 10:00:00 GMT"


# ── the cache ────────────────────────────────────────────────────────────────


def test_the_first_request_is_a_miss_and_is_kept() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp((STYLE,), use_of), reply=nothing())
        .expect(Fetch, reply=fetched(cache_control="max-age=60"))
        .expect(Keep(ANY, having(ttl=60, because=TtlReason.MAX_AGE, stored_at=NOW, status=200)))
        .returns(
            status=200,
            x_cache=Outcome.MISS,
            body=b"hello",
            headers={"age": None},
            because=[LookUpReason.NOT_STORED, OriginReason.ANSWERED, StoreReason.STORED, Outcome.MISS],
        )
    )


def test_what_is_sent_to_the_viewer_is_the_body_that_fills_the_cache() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched())
        .expect(Keep, reply=Kept(b"hello, on its way into the cache"))
        .returns(body=b"hello, on its way into the cache")
    )


def test_a_response_that_the_store_finds_too_large_is_sent_all_the_same() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched())
        .expect(Keep, reply=Kept(b"huge", too_large=True))
        .returns(status=200, body=b"huge", because=[StoreReason.STORED, StoreReason.TOO_LARGE, Outcome.MISS])
    )


def test_a_fresh_object_answers_with_its_age() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=fresh(an_entry(stored_at=Instant(NOW - 41.5))))
        .returns(status=200, x_cache=Outcome.HIT, body=b"hello", headers={"age": "41"}, because=[LookUpReason.FRESH])
    )


def test_one_that_waited_for_another_request_gets_a_hit() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=fresh(an_entry(), waited=True))
        .returns(x_cache=Outcome.HIT, because=[LookUpReason.WAITED])
    )


def test_a_cached_error_says_error_and_has_an_age() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=fresh(an_entry(404)))
        .returns(status=404, x_cache=Outcome.ERROR, headers={"age": "0"})
    )


def test_a_response_that_may_not_be_kept_releases_who_waits_for_it() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(cache_control="private, max-age=60, stale-if-error=0"))
        .expect(GiveUp(STYLE))
        .returns(status=200, x_cache=Outcome.MISS, because=[StoreReason.PRIVATE])
    )


def test_a_response_that_may_not_be_stored_is_kept_for_an_origin_out_of_reach() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(cache_control="private, max-age=60"))
        .expect(Keep(STYLE, having(ttl=0, for_outages=True)))
        .returns(status=200, x_cache=Outcome.MISS, because=[StoreReason.PRIVATE, StoreReason.FOR_OUTAGES])
    )


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_is_not_cached_goes_to_the_origin_and_touches_no_cache(method: str) -> None:
    behavior = a_behavior(allowed_methods=ALL_METHODS)
    (
        visit(a_request("/a.css", method=method), a_distribution(behavior))
        .expect(Fetch, reply=fetched(cache_control="max-age=60"))
        .returns(x_cache=Outcome.MISS, because=[LookUpReason.METHOD_NOT_CACHED, StoreReason.METHOD])
    )


def test_options_is_cached_under_a_key_of_its_own_where_the_behavior_says_so() -> None:
    behavior = a_behavior(allowed_methods=GET_HEAD_OPTIONS, cached_methods=GET_HEAD_OPTIONS)
    (
        visit(a_request("/a.css", method="OPTIONS"), a_distribution(behavior))
        .expect(LookUp((key_of("/a.css", "OPTIONS"),), ANY), reply=nothing())
        .expect(Fetch, reply=fetched())
        .expect(Keep(key_of("/a.css", "OPTIONS"), ANY))
        .returns(status=200)
    )


@pytest.mark.parametrize("status", [200, 404, 503])
def test_caching_disabled_touches_no_cache_not_even_for_errors(status: int) -> None:
    (
        visit(a_request("/a.css"), a_distribution(a_behavior(cache_policy=NO_CACHING)))
        .expect(Fetch, reply=fetched(status, cache_control="max-age=60"))
        .returns(status=status, because=[LookUpReason.CACHING_DISABLED, StoreReason.CACHING_DISABLED])
    )


def test_head_is_served_from_a_stored_get_without_its_body() -> None:
    (
        visit(a_request("/a.css", method="HEAD"), SITE)
        .expect(LookUp((STYLE, key_of("/a.css", "HEAD")), ANY), reply=fresh(an_entry(content_length="5")))
        .returns(status=200, x_cache=Outcome.HIT, body=b"", headers={"content-length": "5"})
    )


def test_what_the_origin_answers_to_head_is_kept_apart() -> None:
    (
        visit(a_request("/a.css", method="HEAD"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(a_response(body=b"", content_length="5")))
        .expect(Keep(key_of("/a.css", "HEAD"), ANY))
        .returns(status=200, body=b"", headers={"content-length": "5"})
    )


# ── revalidation ─────────────────────────────────────────────────────────────

STALE = an_entry(etag='"v1"', last_modified="Mon, 05 May 2025 10:00:00 GMT", cache_control="max-age=60")


def asks_with_validators(effect: Fetch) -> Fetched:
    assert effect.request.headers.get("if-none-match") == '"v1"'
    assert effect.request.headers.get("if-modified-since") == "Mon, 05 May 2025 10:00:00 GMT"
    return Fetched(a_response(304, body=b"", date="now"), Instant(NOW + 100_000))


def test_a_stale_object_is_revalidated_and_its_ttl_starts_anew() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=stale(STALE))
        .expect(Fetch, reply=asks_with_validators)
        .expect(Keep(ANY, having(status=200, body=b"hello", ttl=60, stored_at=NOW + 100_000)))
        .returns(
            status=200,
            x_cache=Outcome.REFRESH_HIT,
            body=b"hello",
            headers={"age": None, "date": "now"},
            because=[LookUpReason.STALE, RevalidationReason.ASKED, RevalidationReason.REVALIDATED],
        )
    )


def test_a_304_that_forbids_storing_leaves_the_object_as_stale_as_it_was() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=stale(STALE))
        .expect(Fetch, reply=fetched(304, cache_control="no-store"))
        .expect(GiveUp)
        .returns(status=200, x_cache=Outcome.REFRESH_HIT, body=b"hello", because=[StoreReason.NO_STORE])
    )


def test_an_object_that_changed_at_the_origin_is_replaced() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=stale(STALE))
        .expect(Fetch, reply=fetched(body=b"new", etag='"v2"'))
        .expect(Keep(ANY, having(body=b"new")))
        .returns(
            status=200,
            x_cache=Outcome.MISS,
            body=b"new",
            because=[RevalidationReason.ASKED, RevalidationReason.CHANGED, StoreReason.STORED],
        )
    )


def test_an_error_at_revalidation_is_not_called_a_change() -> None:
    play = (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=stale(STALE))
        .expect(Fetch, reply=Fetched(a_response(503), Instant(NOW + 100_001)))
        .expect(Keep(ANY, having(status=503)))
    )
    play.returns(status=503, x_cache=Outcome.ERROR, because=[RevalidationReason.ASKED, StoreReason.ERROR_STORED])
    assert RevalidationReason.CHANGED not in play.transcript.reasons


def test_without_a_validator_a_stale_object_is_fetched_anew() -> None:
    def asks_plainly(effect: Fetch) -> Fetched:
        assert "if-none-match" not in effect.request.headers
        return fetched(body=b"new")

    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=stale(an_entry()))
        .expect(Fetch, reply=asks_plainly)
        .expect(Keep(ANY, having(body=b"new")))
        .returns(x_cache=Outcome.MISS, because=[LookUpReason.STALE, RevalidationReason.NO_VALIDATOR])
    )


def test_where_cookies_are_forwarded_nothing_is_revalidated() -> None:
    (
        visit(a_request("/a.css"), a_distribution(a_behavior(cookies="all")))
        .expect(LookUp, reply=stale(STALE))
        .expect(Fetch, reply=fetched())
        .expect(Keep)
        .returns(because=[RevalidationReason.COOKIES_FORWARDED])
    )


def test_no_cache_is_stored_and_asked_about_each_time() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(cache_control="no-cache", etag='"v1"'))
        .expect(Keep(ANY, having(ttl=0, because=TtlReason.NO_CACHE)))
        .returns(because=[StoreReason.STORED_FOR_REVALIDATION])
    )


# ── a viewer's own conditions and ranges ─────────────────────────────────────


def test_a_viewers_matching_validator_gets_a_304_from_the_edge() -> None:
    entry = an_entry(etag='"v1"', content_type="text/css", stored_at=Instant(NOW - 5), date="long ago")
    (
        visit(a_request("/a.css", if_none_match='W/"v1"'), SITE)
        .expect(LookUp, reply=fresh(entry))
        .returns(
            status=304,
            x_cache=Outcome.HIT,
            body=b"",
            headers={"age": "5", "etag": '"v1"', "content-type": None, "date": NOW_DATE},
            because=[LookUpReason.FRESH, DeliveryReason.NOT_MODIFIED, Outcome.HIT],
        )
    )


def test_a_viewers_matching_validator_gets_a_304_after_revalidation_too() -> None:
    (
        visit(a_request("/a.css", if_none_match='"v1"'), SITE)
        .expect(LookUp, reply=stale(STALE))
        .expect(Fetch, reply=asks_with_validators)
        .expect(Keep)
        .returns(status=304, x_cache=Outcome.REFRESH_HIT, because=[DeliveryReason.NOT_MODIFIED])
    )


def test_on_a_miss_the_origin_answers_the_viewers_condition_and_its_304_is_not_kept() -> None:
    def answers_the_viewer(effect: Fetch) -> Fetched:
        assert effect.request.headers.get("if-none-match") == '"v1"'
        return fetched(a_response(304, body=b""))

    (
        visit(a_request("/a.css", if_none_match='"v1"'), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=answers_the_viewer)
        .expect(GiveUp(STYLE))
        .returns(status=304, x_cache=Outcome.MISS, because=[StoreReason.NOT_MODIFIED])
    )


def test_a_range_of_a_stored_object_is_a_206() -> None:
    served = (
        visit(a_request("/a.css", range="bytes=1-3"), SITE)
        .expect(LookUp, reply=fresh(an_entry(content_length="5")))
        .returns(
            status=206,
            x_cache=Outcome.HIT,
            headers={"content-range": "bytes 1-3/5", "content-length": "3"},
            because=[DeliveryReason.PART, Outcome.HIT],
        )
    )
    assert served.span == Span(1, 4)


def test_a_range_on_a_miss_goes_to_the_origin_and_the_part_is_kept_by_itself() -> None:
    (
        visit(a_request("/a.css", range="bytes=1-3"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(a_response(206, body=b"ell", content_range="bytes 1-3/5")))
        .expect(Keep(STYLE._replace(part="1-3"), having(status=206)))
        .returns(status=206, x_cache=Outcome.MISS, body=b"ell", because=[StoreReason.PART_STORED])
    )


def test_a_range_beyond_the_end_is_a_416_and_an_error() -> None:
    (
        visit(a_request("/a.css", range="bytes=9-"), SITE)
        .expect(LookUp, reply=fresh(an_entry(content_length="5")))
        .returns(
            status=416,
            x_cache=Outcome.ERROR,
            headers={"content-range": "bytes */5"},
            because=[DeliveryReason.RANGE_NOT_SATISFIABLE],
        )
    )


# ── the origin ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        pytest.param(OriginTrouble.DNS, 502, id="a name that nobody knows is a 502"),
        pytest.param(OriginTrouble.CONNECT, 502, id="a refused connection is a 502"),
        pytest.param(OriginTrouble.CONNECT_TIMEOUT, 504, id="a connection that does not come about is a 504"),
        pytest.param(OriginTrouble.READ_TIMEOUT, 504, id="an answer that does not come is a 504"),
        pytest.param(OriginTrouble.RESET, 502, id="a connection that breaks is a 502"),
        pytest.param(OriginTrouble.INVALID_RESPONSE, 502, id="an answer that is no HTTP is a 502"),
    ],
)
def test_an_unreachable_origin_is_cloudfronts_own_error_kept_for_ten_seconds(
    trouble: OriginTrouble, status: int
) -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=unreachable(trouble))
        .expect(Keep(ANY, having(status=status, ttl=10, because=TtlReason.ERROR_MIN_TTL)))
        .returns(
            status=status,
            x_cache=Outcome.ERROR,
            headers={"server": "CloudFront", "content-type": "text/html"},
            because=[OriginReason.FAILED, StoreReason.ERROR_STORED, Outcome.ERROR],
        )
    )


def test_the_transcript_tells_what_was_sent_to_an_origin_that_failed_too() -> None:
    play = (
        visit(a_request("/a.css?x=1"), a_distribution(origins=[an_origin(custom_headers={"X-Secret": "1"})]))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=unreachable())
        .expect(Keep)
    )
    play.returns(status=502)
    (note,) = play.transcript.at(Station.ORIGIN)
    assert note.facts["sent"].headers.get("x-secret") == "1"
    assert note.facts["trouble"] is OriginTrouble.CONNECT


def test_set_cookie_is_dropped_where_no_cookie_is_forwarded() -> None:
    (
        visit(a_request("/a.css"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(set_cookie="id=7"))
        .expect(Keep)
        .returns(headers={"set-cookie": None})
    )


def test_set_cookie_is_passed_on_and_kept_where_cookies_are_forwarded() -> None:
    kept = a_behavior(cache_policy=a_cache_policy(cookies="all"))
    play = visit(a_request("/a.css"), a_distribution(kept)).expect(LookUp, reply=nothing())

    def keeps_the_cookie(effect: Keep) -> Kept:
        assert effect.entry.headers.get("set-cookie") == "id=7"
        return Kept(effect.entry.body)

    play.expect(Fetch, reply=fetched(set_cookie="id=7")).expect(Keep, reply=keeps_the_cookie)
    play.returns(headers={"set-cookie": "id=7"})


def test_the_primary_origin_of_a_group_is_asked() -> None:
    group = OriginGroup("both", ("one", "two"), frozenset({500}))
    origins = [an_origin("one.example", id="one"), an_origin("two.example", id="two")]
    distribution = a_distribution(a_behavior(target_origin_id="both"), origins=origins, origin_groups={"both": group})
    (
        visit(a_request("/a.css"), distribution)
        .expect(LookUp, reply=nothing())
        .expect(Fetch(ANY, having(domain_name="one.example"), https=False), reply=fetched())
        .expect(Keep)
        .returns(status=200)
    )


def test_the_viewers_protocol_is_told_for_match_viewer() -> None:
    (
        visit(a_request("/a.css"), SITE, protocol="https")
        .expect(LookUp, reply=nothing())
        .expect(Fetch(ANY, ANY, https=True), reply=fetched())
        .expect(Keep)
        .returns(status=200)
    )


# ── arrival ──────────────────────────────────────────────────────────────────


def test_http_is_redirected_to_https_where_the_policy_says_so() -> None:
    behavior = a_behavior(viewer_protocol_policy=ViewerProtocolPolicy.REDIRECT_TO_HTTPS)
    visit(a_request("/a.css?x=1", host="www.example"), a_distribution(behavior)).returns(
        status=301,
        x_cache=Outcome.REDIRECT,
        headers={"location": "https://www.example/a.css?x=1", "content-length": "167"},
        because=[ArrivalReason.REDIRECTED_TO_HTTPS, Outcome.REDIRECT],
    )


def test_a_method_that_is_not_allowed_is_refused() -> None:
    visit(a_request("/a.css", method="POST"), SITE).returns(
        status=403, x_cache=Outcome.ERROR, because=[BehaviorReason.DEFAULT, ArrivalReason.METHOD_NOT_ALLOWED]
    )


def test_get_with_a_body_is_refused() -> None:
    visit(a_request("/a.css", body=b"x"), SITE).returns(status=403, because=[ArrivalReason.BODY_WITH_GET])


def test_plain_http_is_refused_where_https_is_demanded() -> None:
    behavior = a_behavior(viewer_protocol_policy=ViewerProtocolPolicy.HTTPS_ONLY)
    visit(a_request(), a_distribution(behavior)).returns(status=403, because=[ArrivalReason.HTTPS_ONLY])


def test_a_url_that_is_too_long_is_refused_before_anything_else() -> None:
    visit(a_request("/" + "a" * 8_192), SITE).returns(status=414, because=[ArrivalReason.URL_TOO_LONG])


def test_a_head_that_is_too_big_is_refused() -> None:
    visit(a_request(x="a" * 32_768), SITE).returns(status=494, because=[ArrivalReason.HEAD_TOO_BIG])


def test_a_host_that_is_nobodys_is_refused() -> None:
    others = (a_distribution(id="E1", domain_name="d1.example"), a_distribution(id="E2", domain_name="d2.example"))
    play = visit(a_request(host="who.example"), *others)
    play.returns(status=403, x_cache=Outcome.ERROR, because=[ArrivalReason.UNKNOWN_HOST])
    assert play.transcript.distribution is None


def test_a_disabled_distribution_refuses_everything() -> None:
    visit(a_request(), a_distribution(enabled=False)).returns(status=403, because=[ArrivalReason.DISABLED])


# ── behaviors and the default root object ────────────────────────────────────


def test_the_first_matching_behavior_decides() -> None:
    distribution = a_distribution(a_behavior("/api/*", cache_policy=NO_CACHING))
    (
        visit(a_request("/api/x"), distribution)
        .expect(Fetch, reply=fetched())
        .returns(because=[BehaviorReason.FIRST_MATCH, LookUpReason.CACHING_DISABLED])
    )


def test_the_root_is_the_default_root_object_in_cache_and_origin() -> None:
    def asks_for_the_object(effect: Fetch) -> Fetched:
        assert effect.request.path == "/index.html"
        return fetched()

    (
        visit(a_request("/"), a_distribution(default_root_object="index.html"))
        .expect(LookUp((key_of("/index.html"),), ANY), reply=nothing())
        .expect(Fetch, reply=asks_for_the_object)
        .expect(Keep(key_of("/index.html"), ANY))
        .returns(because=[RootReason.DEFAULT_ROOT_OBJECT, LookUpReason.NOT_STORED])
    )


@pytest.mark.parametrize("path", ["/sub/", "//", "/index"])
def test_other_paths_are_not_the_root(path: str) -> None:
    (
        visit(a_request(path), a_distribution(default_root_object="index.html"))
        .expect(LookUp((key_of(path),), ANY), reply=nothing())
        .expect(Fetch, reply=fetched())
        .expect(Keep)
        .returns(status=200)
    )
