import pytest
from hypothesis import given

from edgesim.distribution.model import ALL_METHODS
from edgesim.rules.reasons import StoreReason, TtlReason
from edgesim.rules.storing import KEPT, cache_tags, entry_of, response_ttl, storing_verdict
from edgesim.rules.ttl import Ttl
from edgesim.testing.make import NOW, a_distribution, a_request, a_response, behavior
from edgesim.testing.strategies import behaviors, origin_responses, viewer_requests

S = StoreReason


def verdict(response, request=None, **of_behavior):
    request = request or a_request()
    chosen = behavior(**of_behavior)
    life = response_ttl(a_distribution(chosen), chosen, response.status, response.headers, NOW)
    return storing_verdict(chosen, request, response, life)


@pytest.mark.parametrize(
    ("response", "m_zero", "m_positive"),
    [
        pytest.param(a_response(cache_control="max-age=60"), S.STORED, S.STORED, id="max-age"),
        pytest.param(a_response(), S.STORED, S.STORED, id="nothing said"),
        pytest.param(a_response(301), S.STORED, S.STORED, id="a redirect"),
        pytest.param(a_response(303), S.STORED, S.STORED, id="303 too"),
        pytest.param(a_response(204), S.STORED, S.STORED, id="204"),
        pytest.param(a_response(cache_control="no-cache"), S.STORED_FOR_REVALIDATION, S.STORED, id="no-cache"),
        pytest.param(a_response(cache_control="max-age=0"), S.STORED_FOR_REVALIDATION, S.STORED, id="max-age of zero"),
        pytest.param(
            a_response(cache_control="s-maxage=0"), S.STORED_FOR_REVALIDATION, S.STORED, id="s-maxage of zero"
        ),
        pytest.param(a_response(vary="*"), S.STORED_FOR_REVALIDATION, S.STORED, id="Vary: *"),
        pytest.param(a_response(cache_control="no-store"), S.NO_STORE, S.STORED, id="no-store"),
        pytest.param(a_response(cache_control="private, max-age=60"), S.PRIVATE, S.STORED, id="private"),
        pytest.param(a_response(206), S.PARTIAL, S.PARTIAL, id="a part that was not asked for"),
        pytest.param(a_response(304), S.NOT_MODIFIED, S.NOT_MODIFIED, id="the answer to a viewer's condition"),
    ],
)
def test_what_is_kept_of_a_success(response, m_zero, m_positive):
    assert verdict(response, min_ttl=0) is m_zero
    assert verdict(response, min_ttl=5) is m_positive


@pytest.mark.parametrize(
    ("asked", "came", "kept"),
    [
        ("bytes=2-5", "bytes 2-5/10", S.PART_STORED),
        ("bytes=2-", "bytes 2-9/10", S.PART_STORED),
        ("bytes=2-5", None, S.PARTIAL),
        ("bytes=2-5,7-8", None, S.PARTIAL),
    ],
)
def test_a_part_is_kept_where_it_says_which_it_is(asked, came, kept):
    assert verdict(a_response(206, content_range=came), a_request(range=asked)) is kept


ALWAYS = (404, 414, 500, 501, 502, 503, 504)
WITH_MAX_AGE = (400, 403, 405, 412, 415)


@pytest.mark.parametrize("status", range(400, 600))
def test_which_errors_are_kept(status):
    plain, with_max_age = verdict(a_response(status)), verdict(a_response(status, cache_control="max-age=1"))
    if status in ALWAYS:
        assert (plain, with_max_age) == (S.ERROR_STORED, S.ERROR_STORED)
    elif status in WITH_MAX_AGE:
        assert (plain, with_max_age) == (S.ERROR_WITHOUT_MAX_AGE, S.ERROR_STORED)
    else:
        assert (plain, with_max_age) == (S.ERROR_NEVER, S.ERROR_NEVER)


def test_s_maxage_serves_where_an_error_needs_max_age_but_expires_does_not():
    assert verdict(a_response(403, cache_control="s-maxage=1")) is S.ERROR_STORED
    assert verdict(a_response(403, expires="Tue, 06 May 2031 10:00:00 GMT")) is S.ERROR_WITHOUT_MAX_AGE


@pytest.mark.parametrize("status", [200, 404, 503])
def test_nothing_is_kept_where_the_policy_disables_caching(status):
    response = a_response(status, cache_control="max-age=60")
    assert verdict(response, min_ttl=0, default_ttl=0, max_ttl=0) is S.CACHING_DISABLED


@pytest.mark.parametrize("method", sorted(ALL_METHODS))
def test_only_cached_methods_are_kept(method):
    kept = verdict(a_response(), a_request(method=method), allowed_methods=ALL_METHODS) in KEPT
    assert kept is (method in {"GET", "HEAD"})
    with_options = verdict(a_response(), a_request(method=method), cached_methods=("GET", "HEAD", "OPTIONS")) in KEPT
    assert with_options is (method in {"GET", "HEAD", "OPTIONS"})


@given(behaviors(), viewer_requests(), origin_responses())
def test_12_416_is_never_kept_and_nothing_of_a_method_that_is_not_cached(chosen, request, response):
    life = response_ttl(a_distribution(chosen), chosen, response.status, response.headers, NOW)
    if storing_verdict(chosen, request, response, life) in KEPT:
        assert response.status not in {206, 304, 416}
        assert request.method in chosen.cached_methods
        assert chosen.cache_policy.max_ttl > 0


def test_an_entry_keeps_the_response_and_why():
    response = a_response(404, reason="Nope", cache_control="max-age=60", body=b"gone")
    entry = entry_of(a_request(method="HEAD"), response, Ttl(60, TtlReason.MAX_AGE), NOW, generated=True)
    assert (entry.status, entry.reason, entry.body, entry.method) == (404, "Nope", b"gone", "HEAD")
    assert (entry.ttl, entry.because, entry.stored_at) == (60, TtlReason.MAX_AGE, NOW)
    assert entry.error
    assert entry.generated


def test_fields_that_no_cache_names_stay_out():
    response = a_response(cache_control='no-cache="Set-Cookie, X-Private"', set_cookie="a=1", x_private="1", etag="x")
    entry = entry_of(a_request(), response, Ttl(60, TtlReason.DEFAULT), NOW)
    assert list(entry.headers.index) == ["cache-control", "etag"]


def test_tags_are_in_the_header_that_the_distribution_names():
    headers = a_response(x_tags="A, b", cache_tag="c").headers
    assert cache_tags(a_distribution(cache_tag_header="X-Tags"), headers) == {"a", "b"}
    assert cache_tags(a_distribution(), headers) == frozenset()
