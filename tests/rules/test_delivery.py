import pytest
from hypothesis import given

from edgesim.rules.delivery import edge_fields, for_viewer, from_entry
from edgesim.rules.reasons import DeliveryReason, Outcome
from edgesim.testing.make import NOW, REQUEST_ID, a_request, a_response, an_arrival, an_entry
from edgesim.testing.strategies import origin_responses
from edgesim.values.body import Span, Ticket
from edgesim.values.instant import http_date

R = DeliveryReason
OLD = "Mon, 05 May 2025 10:00:00 GMT"
ENTRY = an_entry(
    body=b"0123456789",
    etag='"v1"',
    date=OLD,
    last_modified=OLD,
    content_type="a/b",
    content_length="10",
    cache_control="max-age=60",
    content_encoding="x",
    server="S",
)


@pytest.mark.parametrize(
    ("asked", "entry", "because"),
    [
        pytest.param({}, ENTRY, R.WHOLE, id="nothing special"),
        pytest.param({"if_none_match": '"v1"'}, ENTRY, R.NOT_MODIFIED, id="the viewer has it"),
        pytest.param({"if_modified_since": OLD}, ENTRY, R.NOT_MODIFIED, id="the viewer has it, by date"),
        pytest.param({"if_none_match": '"v2"'}, ENTRY, R.WHOLE, id="the viewer has another"),
        pytest.param({"range": "bytes=0-4"}, ENTRY, R.PART, id="a part"),
        pytest.param(
            {"range": "bytes=0-4", "if_none_match": '"v1"'}, ENTRY, R.NOT_MODIFIED, id="a condition before a part"
        ),
        pytest.param({"range": "bytes=0-4", "if_range": '"v2"'}, ENTRY, R.WHOLE, id="a part of another"),
        pytest.param({"range": "bytes=10-"}, ENTRY, R.RANGE_NOT_SATISFIABLE, id="beyond the end"),
        pytest.param({"range": "bytes=0-4", "method": "HEAD"}, ENTRY, R.WHOLE, id="HEAD has no parts"),
        pytest.param({"if_none_match": '"v1"', "method": "HEAD"}, ENTRY, R.NOT_MODIFIED, id="HEAD may be conditional"),
        pytest.param({"range": "bytes=0-4"}, an_entry(404), R.WHOLE, id="no part of an error"),
        pytest.param({"if_none_match": "*"}, an_entry(301), R.WHOLE, id="no condition on a redirect"),
        pytest.param({"range": "bytes=0-4"}, an_entry(body=Ticket()), R.WHOLE, id="no part of an unknown length"),
    ],
)
def test_how_a_stored_response_is_given(asked, entry, because):
    delivery = from_entry(a_request(**asked), entry, NOW)
    assert delivery.because is because
    assert delivery.span == (Span(0, 5) if because is R.PART else None)


def test_several_parts_are_one_multipart_body():
    delivery = from_entry(a_request(range="bytes=0-1,4-5"), an_entry(body=b"0123456789", content_type="a/b"), NOW)
    response = delivery.response
    body = b"".join(p if isinstance(p, bytes) else b"0123456789"[p.start : p.stop] for p in delivery.span.pieces)
    boundary = (response.headers.get("content-type") or "").partition("boundary=")[2]
    head = f"\r\n--{boundary}\r\nContent-Type: a/b\r\nContent-Range: bytes "
    assert (response.status, delivery.because) == (206, R.PARTS)
    assert body.decode() == f"{head}0-1/10\r\n\r\n01{head}4-5/10\r\n\r\n45\r\n--{boundary}--\r\n"
    assert response.headers.all("content-length") == (str(len(body)),)


def test_a_304_has_the_current_date_and_no_headers_about_the_body():
    response = from_entry(a_request(if_none_match="*"), ENTRY, NOW).response
    assert response.status == 304
    assert not response.body
    assert response.headers.fields == (
        ("Etag", '"v1"'),
        ("Date", http_date(NOW)),
        ("Cache-Control", "max-age=60"),
        ("Server", "S"),
    )


def test_a_part_has_its_own_length_and_says_which_it_is():
    response = from_entry(a_request(range="bytes=2-4"), ENTRY, NOW).response
    assert response.status == 206
    assert response.headers.all("content-length") == ("3",)
    assert response.headers.get("content-range") == "bytes 2-4/10"
    assert response.headers.get("date") == OLD


def test_a_range_beyond_the_end_is_told_the_length():
    response = from_entry(a_request(range="bytes=10-"), ENTRY, NOW).response
    assert (response.status, response.headers.get("content-range")) == (416, "bytes */10")


ARRIVAL = an_arrival(pop="FRA56-P3")


def delivered(response, arrival=ARRIVAL, age=None):
    return for_viewer(response, arrival, Outcome.MISS, edge_name="e" * 32, age=age, now=NOW)


def test_the_edges_fields_follow_the_origins():
    response = delivered(a_response(content_type="a/b", date=OLD, server="S"), age=41)
    assert response.headers.fields == (
        ("Content-Type", "a/b"),
        ("Date", OLD),
        ("Server", "S"),
        ("X-Cache", "Miss from cloudfront"),
        ("Via", f"1.1 {'e' * 32}.cloudfront.net (CloudFront)"),
        ("X-Amz-Cf-Pop", "FRA56-P3"),
        ("X-Amz-Cf-Id", REQUEST_ID),
        ("Age", "41"),
    )


def test_a_miss_has_no_age_but_the_one_it_is_given():
    assert "age" not in delivered(a_response(age="5")).headers
    assert delivered(a_response(age="5"), age=5).headers.all("age") == ("5",)


def test_date_and_server_are_cloudfronts_where_the_origin_gave_none():
    headers = delivered(a_response()).headers
    assert headers.fields[:2] == (("Date", http_date(NOW)), ("Server", "CloudFront"))


def test_the_origins_via_comes_before_the_edges():
    headers = delivered(a_response(via=["1.0 a", "1.1 b"])).headers
    assert headers.all("via") == (f"1.0 a, 1.1 b, 1.1 {'e' * 32}.cloudfront.net (CloudFront)",)


def test_what_another_edge_said_is_replaced():
    headers = delivered(
        a_response(x_cache="HIT", x_amz_cf_pop="X", x_amz_cf_id="Y", transfer_encoding="chunked")
    ).headers
    assert headers.all("x-cache") == ("Miss from cloudfront",)
    assert headers.all("x-amz-cf-pop") == ("FRA56-P3",)
    assert headers.all("x-amz-cf-id") == (REQUEST_ID,)
    assert "transfer-encoding" not in headers


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [("GET", 200, b"hello"), ("HEAD", 200, b""), ("GET", 204, b""), ("GET", 304, b""), ("GET", 404, b"hello")],
)
def test_what_has_no_body(method, status, body):
    assert delivered(a_response(status), an_arrival(a_request(method=method))).body == body


def test_the_reason_phrase_is_passed_on():
    assert delivered(a_response(reason="Why Not")).reason == "Why Not"


@given(origin_responses())
def test_the_edge_says_each_thing_once(response):
    headers = delivered(response, age=1).headers
    assert all(len(headers.all(name)) == 1 for name in ("x-cache", "via", "x-amz-cf-pop", "x-amz-cf-id", "age"))
    assert {"date", "server"} <= headers.index.keys()


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.name)
def test_x_cache_tells_the_outcome(outcome):
    assert edge_fields(ARRIVAL, outcome, "e", None)[0] == ("X-Cache", f"{outcome.value} from cloudfront")
