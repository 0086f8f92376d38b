import pytest
from hypothesis import given

from edgesim.rules.compression import TYPES, compressed_headers, compressing, uncompressed_response
from edgesim.rules.reasons import CompressionReason as C
from edgesim.testing.make import a_cache_policy, a_response, behavior, some_headers
from edgesim.testing.strategies import origin_responses
from edgesim.values.body import Coding
from edgesim.values.entry import CacheKey

BOTH = a_cache_policy(gzip=True, brotli=True)
PAGE = {"content_type": "text/html; charset=utf-8", "content_length": "5000"}


def how(response, accepts="br,gzip", policy=BOTH):
    return compressing(
        behavior(compress=True, cache_policy=policy), CacheKey("E", "GET", "/", "", (), (), accepts), response
    )


@pytest.mark.parametrize(
    ("accepts", "because", "coding"),
    [
        ("br,gzip", C.BROTLI, Coding.BROTLI),
        ("br", C.BROTLI, Coding.BROTLI),
        ("gzip", C.GZIP, Coding.GZIP),
        (None, C.NOT_ACCEPTED, None),
    ],
)
def test_brotli_is_preferred(accepts, because, coding):
    found = how(a_response(**PAGE), accepts)
    assert (found.because, found.coding) == (because, coding)


@pytest.mark.parametrize(
    ("response", "because"),
    [
        (a_response(**PAGE), C.BROTLI),
        (a_response(403, **PAGE), C.BROTLI),
        (a_response(404, **PAGE), C.BROTLI),
        (a_response(206, **PAGE), C.STATUS),
        (a_response(301, **PAGE), C.STATUS),
        (a_response(500, **PAGE), C.STATUS),
        (a_response(**PAGE, content_encoding="identity"), C.ENCODED),
        (a_response(content_type="text/html"), C.NO_LENGTH),
        (a_response(body=b"", **PAGE), C.NO_LENGTH),
        (a_response(**{**PAGE, "content_length": "many"}), C.NO_LENGTH),
        (a_response(**{**PAGE, "content_length": "999"}), C.SIZE),
        (a_response(**{**PAGE, "content_length": "1000"}), C.BROTLI),
        (a_response(**{**PAGE, "content_length": "10000000"}), C.BROTLI),
        (a_response(**{**PAGE, "content_length": "10000001"}), C.SIZE),
        (a_response(**{**PAGE, "content_type": "TEXT/HTML"}), C.BROTLI),
        (a_response(**{**PAGE, "content_type": "image/png"}), C.TYPE),
        (a_response(**{**PAGE, "content_type": "application/manifest+json"}), C.TYPE),
        (a_response(**{**PAGE, "content_type": "font/woff2"}), C.TYPE),
        (a_response(content_length="5000"), C.TYPE),
    ],
)
def test_what_is_compressed(response, because):
    assert how(response).because is because


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_type_that_is_listed(kind):
    assert how(a_response(content_type=kind, content_length="5000")).coding is Coding.BROTLI


def test_not_where_the_policy_enables_no_coding():
    assert how(a_response(**PAGE), policy=a_cache_policy()).because is C.NOT_ENABLED


@pytest.mark.parametrize(
    ("etag", "weak"), [('"v1"', 'W/"v1"'), ('W/"v1"', 'W/"v1"'), ("v1", None), (None, None)], ids=str
)
def test_the_head_of_a_compressed_response(etag, weak):
    head = compressed_headers(some_headers(etag=etag, last_modified="then", **PAGE), Coding.GZIP)
    assert head.get("etag") == weak
    assert head.get("content-encoding") == "gzip"
    assert head.get("vary") == "Accept-Encoding"
    assert head.get("last-modified") == "then"
    assert "content-length" not in head


@pytest.mark.parametrize(
    ("vary", "told"),
    [(None, "Accept-Encoding"), ("Cookie", "Cookie, Accept-Encoding"), ("accept-encoding", "accept-encoding")],
)
def test_what_is_not_accepted_varies_all_the_same(vary, told):
    response = a_response(vary=vary, **PAGE)
    assert uncompressed_response(response, how(response, None)).headers.get("vary") == told
    unfit = a_response(vary=vary, content_type="image/png", content_length="5000")
    assert uncompressed_response(unfit, how(unfit, None)) is unfit


@given(origin_responses())
def test_compressing_a_head_twice_is_compressing_it_once(response):
    once = compressed_headers(response.headers, Coding.GZIP)
    assert sorted(compressed_headers(once, Coding.GZIP)) == sorted(once)
