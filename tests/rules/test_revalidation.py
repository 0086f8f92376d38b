import pytest

from edgesim.distribution.policies import ForwardedValues, Selection, Selects
from edgesim.rules.reasons import RevalidationReason, TtlReason
from edgesim.rules.revalidation import conditional, merged_headers, refreshed, revalidation_verdict
from edgesim.rules.ttl import Ttl
from edgesim.testing.make import NOW, a_request, an_entry, an_origin_request_policy, behavior, some_headers
from edgesim.values.cache_tags import NO_TAGS
from edgesim.values.entry import NEVER_STALE

R = RevalidationReason
LEGACY_COOKIES = ForwardedValues(headers=("*",), cookies=Selection(Selects.ALL))


@pytest.mark.parametrize(
    ("entry", "chosen", "verdict"),
    [
        pytest.param(an_entry(etag='"v1"'), behavior(), R.ASKED, id="an ETag"),
        pytest.param(an_entry(last_modified="x"), behavior(), R.ASKED, id="Last-Modified"),
        pytest.param(an_entry(), behavior(), R.NO_VALIDATOR, id="no validator"),
        pytest.param(an_entry(etag=""), behavior(), R.NO_VALIDATOR, id="an empty validator"),
        pytest.param(an_entry(404, etag='"v1"'), behavior(), R.NO_VALIDATOR, id="an error"),
        pytest.param(an_entry(etag='"v1"'), behavior(cookies="all"), R.COOKIES_FORWARDED, id="keyed cookies"),
        pytest.param(
            an_entry(etag='"v1"'),
            behavior(origin_request_policy=an_origin_request_policy(cookies=["a"])),
            R.COOKIES_FORWARDED,
            id="requested cookies",
        ),
        pytest.param(
            an_entry(etag='"v1"'), behavior(forwarded_values=LEGACY_COOKIES), R.COOKIES_FORWARDED, id="legacy cookies"
        ),
        pytest.param(
            an_entry(etag='"v1"', because=TtlReason.VARY_STAR), behavior(), R.VARY_STAR, id="an object with Vary: *"
        ),
    ],
)
def test_what_can_be_revalidated(entry, chosen, verdict):
    assert revalidation_verdict(chosen, entry) is verdict


def test_the_origin_is_asked_by_the_stored_validators_not_by_the_viewers_conditions():
    entry = an_entry(etag='"v1"', last_modified="Tue, 06 May 2025 10:00:00 GMT")
    request = a_request(
        "/a", host=None, if_none_match='"v0"', if_match="*", if_range="x", range="bytes=0-1", accept="b"
    )
    assert conditional(request, entry).headers.fields == (
        ("Accept", "b"),
        ("If-None-Match", '"v1"'),
        ("If-Modified-Since", "Tue, 06 May 2025 10:00:00 GMT"),
    )


def test_a_304_updates_the_stored_head_but_not_what_describes_the_body():
    stored = some_headers(etag='"v1"', content_length="5", cache_control="max-age=1", content_type="a/b")
    news = some_headers(
        cache_control="max-age=9", content_length="0", set_cookie="a=1", date="now", etag='"v2"', content_md5="x"
    )
    assert merged_headers(stored, news).fields == (
        ("Etag", '"v1"'),
        ("Content-Length", "5"),
        ("Content-Type", "a/b"),
        ("Cache-Control", "max-age=9"),
        ("Date", "now"),
    )


def test_the_age_of_before_is_gone_with_a_304():
    assert merged_headers(some_headers(age="50"), some_headers(x="1")) == some_headers(x="1")
    assert merged_headers(some_headers(age="50"), some_headers(age="7")) == some_headers(age="7")


def test_a_304_from_another_cache_is_as_old_as_that_says():
    entry = refreshed(
        an_entry(ttl=1), some_headers(), Ttl(60, TtlReason.MAX_AGE, age=7), NEVER_STALE, NOW + 100, NO_TAGS
    )
    assert entry.age(NOW + 101) == 8


def test_a_304_keeps_the_body_and_restarts_freshness():
    entry = refreshed(
        an_entry(ttl=1), some_headers(etag="x"), Ttl(60, TtlReason.S_MAXAGE), NEVER_STALE, NOW + 100, frozenset({"new"})
    )
    assert (entry.body, entry.ttl, entry.because) == (b"hello", 60, TtlReason.S_MAXAGE)
    assert entry.age(NOW + 100) == 0
    assert entry.tags == {"new"}
    assert entry.headers == some_headers(etag="x")
