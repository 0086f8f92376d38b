import base64
import json

import pytest
from hypothesis import given

from edgesim.distribution.choices import STANDARD
from edgesim.distribution.model import OriginProtocolPolicy, S3Access, Trigger
from edgesim.rules.cloudfront_headers import for_the_origin
from edgesim.rules.forwarding import origin_request
from edgesim.rules.function_event import ReadBody, function_event, header_map, origin_object, resolved_https, settled
from edgesim.rules.hooks import is_disallowed
from edgesim.testing.make import (
    DOMAIN,
    a_distribution,
    a_request,
    a_response,
    an_arrival,
    an_origin,
    behavior,
    some_headers,
)
from edgesim.testing.strategies import headers, origin_responses, viewer_requests
from edgesim.values.headers import readable
from edgesim.values.message import Request

VREQ, OREQ, ORES, VRES = Trigger
DISTRIBUTION = a_distribution(id="E1LOCALEMU0001", domain_name=DOMAIN)

# ── the worked examples of lambda-event-structure, word for word ────────────────

VIEWER_REQUEST = """
{"Records":[{"cf":{"config":{"distributionDomainName":"d2emuexample01.cloudfront.net","distributionId":"E1LOCALEMU0001","eventType":"viewer-request","requestId":"q0Zt3mU-LocalEmulatorExample_0001Aa=="},
"request":{"clientIp":"198.51.100.24","method":"POST","uri":"/contact","querystring":"lang=de&src=mail",
"headers":{"host":[{"key":"Host","value":"shop.example.net"}],"content-type":[{"key":"content-type","value":"application/x-www-form-urlencoded"}],"content-length":[{"key":"content-length","value":"8"}],"cookie":[{"key":"cookie","value":"a=1"},{"key":"cookie","value":"b=2"}]},
"body":{"inputTruncated":false,"action":"read-only","encoding":"base64","data":"bmFtZT1Jcmk="}}}}]}
"""
ORIGIN_REQUEST = """
{"Records":[{"cf":{"config":{"distributionDomainName":"d2emuexample01.cloudfront.net","distributionId":"E1LOCALEMU0001","eventType":"origin-request","requestId":"q0Zt3mU-LocalEmulatorExample_0002Aa=="},
"request":{"clientIp":"2001:db8::24","method":"GET","uri":"/img/cat.jpg","querystring":"",
"headers":{"host":[{"key":"Host","value":"backend.example.org"}],"user-agent":[{"key":"User-Agent","value":"Amazon CloudFront"}],"via":[{"key":"Via","value":"2.0 0123456789abcdef0123456789abcdef.cloudfront.net (CloudFront)"}],"x-forwarded-for":[{"key":"X-Forwarded-For","value":"2001:db8::24"}],"accept-encoding":[{"key":"Accept-Encoding","value":"br,gzip"}],"cloudfront-viewer-country":[{"key":"CloudFront-Viewer-Country","value":"AT"}]},
"origin":{"custom":{"customHeaders":{"x-origin-token":[{"key":"X-Origin-Token","value":"t0k"}]},"domainName":"backend.example.org","path":"/v2","port":443,"protocol":"https","readTimeout":30,"keepaliveTimeout":5,"sslProtocols":["TLSv1.2"]}}}}}]}
"""  # noqa: E501
ORIGIN_RESPONSE = """
{"Records":[{"cf":{"config":{"distributionDomainName":"d2emuexample01.cloudfront.net","distributionId":"E1LOCALEMU0001","eventType":"origin-response","requestId":"q0Zt3mU-LocalEmulatorExample_0003Aa=="},
"request":{"clientIp":"198.51.100.24","method":"GET","uri":"/missing.txt","querystring":"","headers":{"host":[{"key":"Host","value":"emu-assets.s3.eu-west-1.amazonaws.com"}],"user-agent":[{"key":"User-Agent","value":"Amazon CloudFront"}],"x-forwarded-for":[{"key":"X-Forwarded-For","value":"198.51.100.24"}]},
"origin":{"s3":{"authMethod":"origin-access-identity","customHeaders":{},"domainName":"emu-assets.s3.eu-west-1.amazonaws.com","path":"","region":"eu-west-1"}}},
"response":{"status":"404","statusDescription":"Not Found","headers":{"content-type":[{"key":"Content-Type","value":"application/xml"}],"transfer-encoding":[{"key":"Transfer-Encoding","value":"chunked"}],"server":[{"key":"Server","value":"AmazonS3"}],"date":[{"key":"Date","value":"Tue, 06 May 2025 10:00:00 GMT"}]}}}}]}
"""  # noqa: E501
VIEWER_RESPONSE = """
{"Records":[{"cf":{"config":{"distributionDomainName":"d2emuexample01.cloudfront.net","distributionId":"E1LOCALEMU0001","eventType":"viewer-response","requestId":"q0Zt3mU-LocalEmulatorExample_0004Aa=="},
"request":{"clientIp":"198.51.100.24","method":"GET","uri":"/index.html","querystring":"","headers":{"host":[{"key":"Host","value":"shop.example.net"}],"accept":[{"key":"accept","value":"*/*"}]}},
"response":{"status":"200","statusDescription":"OK","headers":{"content-type":[{"key":"Content-Type","value":"text/html"}],"content-length":[{"key":"Content-Length","value":"512"}],"age":[{"key":"Age","value":"37"}],"set-cookie":[{"key":"Set-Cookie","value":"x=1"},{"key":"Set-Cookie","value":"y=2"}]}}}}]}
"""


def arrived(number, request, ip="198.51.100.24", **viewer):
    request_id = f"q0Zt3mU-LocalEmulatorExample_000{number}Aa=="
    return an_arrival(request, request_id=request_id, ip=ip, **viewer)


def test_the_documented_viewer_request_event():
    fields = [("content-type", "application/x-www-form-urlencoded"), ("content-length", "8"), ("cookie", "a=1")]
    request = a_request(
        "/contact?lang=de&src=mail", method="POST", host="shop.example.net", fields=[*fields, ("cookie", "b=2")]
    )
    event = function_event(VREQ, DISTRIBUTION, arrived(1, request), request, body=ReadBody(b"name=Iri"))
    assert event == json.loads(VIEWER_REQUEST)


def test_the_documented_origin_request_event():
    origin = an_origin("backend.example.org", path="/v2", custom_headers={"X-Origin-Token": "t0k"})
    chosen = behavior(headers=["CloudFront-Viewer-Country"], gzip=True, brotli=True)
    request = a_request("/img/cat.jpg", host="shop.example.net", accept_encoding="gzip, deflate, br")
    viewer = {"protocol": "https", "http_version": "2.0", "place": {"country": "AT"}}
    arrival = arrived(2, request, "2001:db8::24", **viewer)
    seen = Request("GET", request.path, headers=for_the_origin(chosen, arrival, request.headers))
    sending = origin_request(chosen, origin, arrival, seen, edge_name="0123456789abcdef0123456789abcdef")
    assert function_event(OREQ, DISTRIBUTION, arrival, sending, origin=origin) == json.loads(ORIGIN_REQUEST)


def test_the_documented_origin_response_event():
    bucket = "emu-assets.s3.eu-west-1.amazonaws.com"
    sent = a_request("/missing.txt", host=bucket, user_agent="Amazon CloudFront", x_forwarded_for="198.51.100.24")
    response = a_response(
        404,
        content_type="application/xml",
        transfer_encoding="chunked",
        server="AmazonS3",
        date="Tue, 06 May 2025 10:00:00 GMT",
    )
    origin = an_origin(bucket, s3=S3Access("E2OAI", "eu-west-1"))
    event = function_event(ORES, DISTRIBUTION, arrived(3, sent), sent, origin=origin, response=response)
    assert event == json.loads(ORIGIN_RESPONSE)


def test_the_documented_viewer_response_event():
    request = a_request("/index.html", host="shop.example.net", fields=[("accept", "*/*")])
    response = a_response(content_type="text/html", content_length="512", age="37", set_cookie=["x=1", "y=2"])
    event = function_event(VRES, DISTRIBUTION, arrived(4, request), request, origin=an_origin(), response=response)
    assert event == json.loads(VIEWER_RESPONSE)


# ── the parts ────────────────────────────────────────────────────────────────


def request_seen(trigger, request, **more):
    return function_event(trigger, DISTRIBUTION, an_arrival(request), request, **more)["Records"][0]["cf"]["request"]


def test_a_body_is_base64_and_tells_whether_it_was_cut():
    body = request_seen(VREQ, a_request(method="POST"), body=ReadBody(b"\xff", truncated=True))["body"]
    assert body == {"inputTruncated": True, "action": "read-only", "encoding": "base64", "data": "/w=="}


def test_without_include_body_there_is_none():
    assert "body" not in request_seen(VREQ, a_request(method="POST", body=b"x"))


@pytest.mark.parametrize("trigger", Trigger)
def test_only_the_origins_triggers_see_the_origin(trigger):
    seen = request_seen(trigger, a_request(), origin=an_origin(), response=a_response())
    assert ("origin" in seen) is (trigger in {OREQ, ORES})


def test_text_that_is_not_utf_8_is_read_as_iso_8859_1():
    seen = request_seen(VREQ, Request("GET", "/caf\xe9", "\xc3\xa9=1", some_headers(x_a="\xe9")))
    assert (seen["uri"], seen["querystring"]) == ("/caf\xe9", "\xe9=1")
    assert seen["headers"] == {"x-a": [{"key": "X-A", "value": "\xe9"}]}


@pytest.mark.parametrize(
    ("response", "description"),
    [
        pytest.param(a_response(404), "Not Found", id="the standard phrase"),
        pytest.param(a_response(404, reason="Nope"), "Nope", id="the origin's own"),
        pytest.param(a_response(299), "", id="none is known"),
    ],
)
def test_status_and_description_are_text(response, description):
    event = function_event(ORES, DISTRIBUTION, an_arrival(), a_request(), response=response)
    told = event["Records"][0]["cf"]["response"]
    assert (told["status"], told["statusDescription"]) == (str(response.status), description)
    assert "body" not in told


@given(viewer_requests(), origin_responses())
def test_24_no_disallowed_header_is_ever_seen(request, response):
    event = function_event(ORES, DISTRIBUTION, an_arrival(request), request, response=response)["Records"][0]["cf"]
    for part in (event["request"], event["response"]):
        assert not any(is_disallowed(name) for name in part["headers"])


@given(headers)
def test_23_map_names_are_lower_case_and_keys_differ_by_case_alone(some):
    for name, lines in header_map(some).items():
        assert name == name.lower()
        assert all(line["key"].lower() == name for line in lines)
        assert [line["value"] for line in lines] == [readable(value) for value in some.all(name)]


@given(viewer_requests())
def test_events_are_json(request):
    read = ReadBody(request.body if isinstance(request.body, bytes) else b"")
    event = function_event(VREQ, DISTRIBUTION, an_arrival(request), request, body=read)
    again = json.loads(json.dumps(event))
    assert again == event
    assert base64.b64decode(again["Records"][0]["cf"]["request"]["body"]["data"]) == request.body


# ── origins ──────────────────────────────────────────────────────────────────

HTTP, HTTPS, MATCH = (
    an_origin(protocol_policy=OriginProtocolPolicy.HTTP_ONLY, http_port=8080),
    an_origin(protocol_policy=OriginProtocolPolicy.HTTPS_ONLY, https_port=8443),
    an_origin(),
)
S3 = an_origin("b.s3.amazonaws.com", s3=S3Access())


@pytest.mark.parametrize(
    ("origin", "viewer", "protocol", "port"),
    [
        pytest.param(HTTP, "https", "http", 8080, id="http only"),
        pytest.param(HTTPS, "http", "https", 8443, id="https only"),
        pytest.param(MATCH, "http", "http", 80, id="as the viewer, http"),
        pytest.param(MATCH, "https", "https", 443, id="as the viewer, https"),
    ],
)
def test_the_protocol_is_settled(origin, viewer, protocol, port):
    told = origin_object(origin, viewer, STANDARD)["custom"]
    assert (told["protocol"], told["port"]) == (protocol, port)
    assert origin_object(settled(origin, viewer), "either", STANDARD) == origin_object(origin, viewer, STANDARD)
    assert resolved_https(origin, viewer) is (protocol == "https")


def test_what_is_settled_stays_itself():
    assert settled(HTTP, "https") is HTTP
    assert settled(S3, "https") is S3
    assert resolved_https(S3, "https")


def test_timeouts_are_whole_numbers_where_they_are_whole():
    told = origin_object(an_origin(read_timeout=30.0, keepalive_timeout=2.5), "http", STANDARD)["custom"]
    assert (told["readTimeout"], told["keepaliveTimeout"]) == (30, 2.5)
    assert isinstance(told["readTimeout"], int)


def test_an_origin_access_control_shows_as_none():
    assert origin_object(S3, "http", STANDARD)["s3"]["authMethod"] == "none"


def test_custom_headers_are_shown_even_where_functions_may_not_add_them():
    told = origin_object(an_origin(custom_headers={"X-Forwarded-Proto": "https"}), "http", STANDARD)["custom"]
    assert told["customHeaders"] == {"x-forwarded-proto": [{"key": "X-Forwarded-Proto", "value": "https"}]}
