import pytest

from edgesim.distribution.policies import ALL, ForwardedValues, Selection, Selects
from edgesim.rules.received import Removed, kept_vary, received, removed
from edgesim.testing.make import NOW, a_cache_policy, a_response, an_origin_request_policy, behavior, some_headers

ALL_VIEWER = behavior(origin_request_policy=an_origin_request_policy(headers=Selection(Selects.ALL_VIEWER)))
LEGACY_ALL = behavior(
    cache_policy=a_cache_policy(max_ttl=0), forwarded_values=ForwardedValues(headers=("*",), cookies=ALL)
)


def test_hop_by_hop_fields_go():
    response = a_response(
        connection="close, X-Hop", x_hop="1", keep_alive="5", trailer="x", upgrade="h2c", te="x", date="now", etag="y"
    )
    assert received(behavior(), response, NOW).headers.fields == (("Date", "now"), ("Etag", "y"))


def test_the_ids_of_s3_go_and_what_else_it_says_stays():
    response = a_response(x_amz_id_2="a", x_amz_request_id="b", x_amz_version_id="c", date="now")
    assert received(behavior(), response, NOW).headers.fields == (("X-Amz-Version-Id", "c"), ("Date", "now"))


def test_what_goes_has_its_reason():
    response = a_response(connection="X-Hop", x_hop="1", x_amz_id_2="a", set_cookie="a=1", etag="y")
    assert removed(behavior(), response.headers) == {
        "connection": Removed.OF_A_CONNECTION,
        "x-hop": Removed.OF_A_CONNECTION,
        "x-amz-id-2": Removed.ID_OF_S3,
        "set-cookie": Removed.NO_COOKIES,
    }


def test_chunked_coding_can_be_seen():
    assert "transfer-encoding" in received(behavior(), a_response(transfer_encoding="chunked"), NOW).headers


def test_a_missing_date_is_the_time_of_receipt():
    assert received(behavior(), a_response(), NOW).headers.get("date") == "Tue, 06 May 2025 10:00:00 GMT"


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        pytest.param(behavior(), False, id="no cookie is forwarded"),
        pytest.param(behavior(cookies=["a"]), True, id="a cookie is keyed"),
        pytest.param(
            behavior(origin_request_policy=an_origin_request_policy(cookies="all")),
            True,
            id="all cookies are requested",
        ),
        pytest.param(LEGACY_ALL, True, id="legacy: all headers and all cookies"),
    ],
)
def test_set_cookie_passes_where_cookies_are_forwarded(chosen, kept):
    assert ("set-cookie" in received(chosen, a_response(set_cookie=["a=1", "b=2"]), NOW).headers) is kept


@pytest.mark.parametrize(
    ("chosen", "vary", "kept"),
    [
        pytest.param(behavior(), "Accept-Encoding, Cookie", "Accept-Encoding, Cookie", id="always these two"),
        pytest.param(
            behavior(), "Accept-Language, accept-encoding", "accept-encoding", id="what is not forwarded goes"
        ),
        pytest.param(behavior(), "Origin", None, id="nothing is left"),
        pytest.param(behavior(headers=["origin"]), "Origin, X", "Origin", id="what is keyed stays"),
        pytest.param(ALL_VIEWER, "Origin, X", "Origin, X", id="all viewer headers are forwarded"),
        pytest.param(behavior(), "*, X", "*", id="a star has a rule of its own"),
        pytest.param(behavior(min_ttl=1), "*", None, id="but none with a minimum TTL"),
        pytest.param(behavior(), "User-Agent", None, id="User-Agent"),
        pytest.param(behavior(headers=["User-Agent"]), "User-Agent", "User-Agent", id="a forwarded User-Agent"),
        pytest.param(
            behavior(headers=["CloudFront-Is-SmartTV-Viewer"]),
            "User-Agent",
            "User-Agent",
            id="a device header is forwarded",
        ),
    ],
)
def test_vary_is_filtered(chosen, vary, kept):
    assert kept_vary(chosen, some_headers(vary=vary)).get("vary") == kept


def test_several_lines_of_vary_become_one_in_their_place():
    headers = some_headers(vary=["Cookie", "X, Accept-Encoding"], etag="x")
    assert kept_vary(behavior(), headers).fields == (("Vary", "Cookie, Accept-Encoding"), ("Etag", "x"))


def test_without_vary_nothing_changes():
    headers = some_headers(etag="x")
    assert kept_vary(behavior(), headers) is headers
