from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgesim.distribution.choices import (
    Choices,
    ClientIpChanged,
    CustomHeaderTwice,
    HeaderKey,
    MethodChanged,
    NoQuerystring,
    StatusAtViewerResponse,
)
from edgesim.distribution.model import Origin, Trigger
from edgesim.distribution.terms import STANDARD_TERMS, Terms
from edgesim.rules.function_event import ReadBody
from edgesim.rules.function_headers import Rejected
from edgesim.rules.function_result import ChangedRequest, ChangedResponse, GeneratedResponse
from edgesim.rules.hooks import Hook, is_disallowed
from edgesim.rules.reasons import Rejection
from edgesim.testing.make import a_request, a_response
from edgesim.testing.strategies import function_results, function_values, origin_responses, terms, viewer_requests
from edgesim.values.headers import Headers, readable
from edgesim.values.message import Request, Response
from tests.rules.judging import (
    OAC_ORIGIN,
    OREQ,
    ORES,
    ORIGIN,
    REQUEST,
    REQUEST_TRIGGERS,
    RESPONSE,
    RESPONSE_TRIGGERS,
    S3_ORIGIN,
    VREQ,
    VRES,
    R,
    event_of,
    rejection,
    returned,
    verdict_on,
)

# ── any text at all ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param("", R.NOT_JSON, id="nothing"),
        pytest.param("{", R.NOT_JSON, id="cut off"),
        pytest.param("undefined", R.NOT_JSON, id="undefined"),
        pytest.param("{'a': 1}", R.NOT_JSON, id="single quotes"),
        pytest.param("\ufeff{}", R.NOT_JSON, id="a byte order mark"),
        pytest.param('{"a": NaN}', R.NOT_JSON, id="NaN"),
        pytest.param('{"a": -Infinity}', R.NOT_JSON, id="infinity"),
        pytest.param('{"a": ' + "9" * 5_000 + "}", R.NOT_JSON, id="a number of 5,000 digits"),
        pytest.param("[" * 100_000, R.NOT_JSON, id="nested without end"),
        pytest.param('{"a":' * 50_000, R.NOT_JSON, id="objects nested without end"),
        pytest.param("null", R.NOT_AN_OBJECT, id="null"),
        pytest.param('"text"', R.NOT_AN_OBJECT, id="text"),
        pytest.param("5", R.NOT_AN_OBJECT, id="a number"),
        pytest.param("true", R.NOT_AN_OBJECT, id="a boolean"),
        pytest.param("[{}]", R.NOT_AN_OBJECT, id="an array"),
    ],
)
def test_what_is_no_json_object_is_refused(trigger, payload, code):
    assert rejection(trigger, payload) == (code, "")


@pytest.mark.parametrize("deep", [2_000, 100_000])
def test_nesting_that_nobody_reads_is_refused_in_words_of_its_own(deep):
    verdict = verdict_on(Trigger.VIEWER_REQUEST, '{"uri":' + "[" * deep + "]" * deep + "}")
    assert verdict.detail == "the result is nested deeper than can be read: by hundreds of levels"


DEEPLY_NESTED = [
    f'{{"{name}":' + "[" * deep + "]" * deep + "}" for name in ("status", "uri") for deep in range(850, 1_000, 3)
]


@pytest.mark.parametrize("trigger", Trigger)
def test_deep_nesting_is_refused_whether_or_not_it_is_still_parsed(trigger):
    """Once raised RecursionError: what could just be parsed was too deep to be shown in the message."""
    assert all(isinstance(verdict_on(trigger, payload), Rejected) for payload in DEEPLY_NESTED)


@given(st.sampled_from(list(Trigger)), st.text() | function_results, terms)
@example(VREQ, '{"status":"200","status":"201"}', STANDARD_TERMS)
@example(OREQ, '{"uri":"/\\ud800","querystring":"\\udfff","headers":{"x":[{"value":"\\ud800"}]}}', STANDARD_TERMS)
@example(VREQ, '{"status":200,"statusDescription":"\\ud800","body":"\\ud800"}', STANDARD_TERMS)
@example(VREQ, '{"status":200,"body":"\\u00e9","bodyEncoding":"base64"}', STANDARD_TERMS)
def test_25_any_text_is_accepted_or_rejected_on_any_terms(trigger, payload, terms):
    verdict = verdict_on(trigger, payload, terms=terms)
    accepted = (ChangedResponse,) if trigger in RESPONSE_TRIGGERS else (ChangedRequest, GeneratedResponse)
    assert isinstance(verdict, (*accepted, Rejected))
    assert isinstance(verdict, Rejected) or sendable(verdict)
    assert not isinstance(verdict, Rejected) or verdict.detail.isprintable()


def sendable(verdict):
    """Everything in it can be written as ISO-8859-1 on one line."""
    response = verdict.response if isinstance(verdict, GeneratedResponse) else verdict
    texts = [value for _, value in response.headers] + [name for name, _ in response.headers]
    texts += [response.path, response.query] if isinstance(response, ChangedRequest) else [response.reason]
    return all(text.encode("latin-1") is not None and not set(text) & set("\r\n\0") for text in texts)


@given(st.sampled_from(list(Trigger)), function_results, terms)
def test_24_nothing_accepted_holds_a_disallowed_header_or_another_read_only_one(trigger, payload, terms):
    verdict = verdict_on(trigger, payload, terms=terms)
    if isinstance(verdict, Rejected):
        return
    response = verdict.response if isinstance(verdict, GeneratedResponse) else verdict
    seen = RESPONSE.headers if trigger in RESPONSE_TRIGGERS else REQUEST.headers
    before = Headers() if isinstance(verdict, GeneratedResponse) else seen
    for name in response.headers.index:
        if is_disallowed(name) or name in Hook(trigger, terms).rules.read_only:
            assert response.headers.all(name) == before.all(name)


# ── functions that change nothing ────────────────────────────────────────────


@given(viewer_requests(), st.sampled_from(REQUEST_TRIGGERS), st.sampled_from((ORIGIN, S3_ORIGIN, OAC_ORIGIN)), terms)
@example(
    Request("GET", "/caf\xe9", "#a b\x7f", Headers([("x-Odd", "\xe9"), ("X-ODD", "\xc3\xa9")])),
    VREQ,
    ORIGIN,
    STANDARD_TERMS,
)
@example(
    Request("GET", "/" + "a" * 8_191, "", Headers()), OREQ, ORIGIN, STANDARD_TERMS
)  # the longest that a viewer may send
def test_23_a_request_comes_back_as_it_went(request, trigger, origin, terms):
    body = ReadBody(request.body if isinstance(request.body, bytes) else b"")
    seen = event_of(trigger, request, origin=origin, body=body, terms=terms)["request"]
    verdict = verdict_on(trigger, seen, request, origin=origin, terms=terms)
    assert verdict == ChangedRequest(
        request.path, request.query, request.headers, None, origin if trigger is OREQ else None
    )
    assert verdict.headers.fields == request.headers.fields


@given(origin_responses(), st.sampled_from(RESPONSE_TRIGGERS), terms)
@example(Response(299, Headers(), b"", ""), ORES, STANDARD_TERMS)
@example(Response(200, Headers([("a", "\xe9")]), b"", "\xe9"), VRES, STANDARD_TERMS)
def test_23_a_response_comes_back_as_it_went(response, trigger, terms):
    verdict = verdict_on(trigger, event_of(trigger, response=response)["response"], response=response, terms=terms)
    assert verdict == ChangedResponse(response.status, response.reason, response.headers, None)
    assert verdict.headers.fields == response.headers.fields


# ── status ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trigger", [VREQ, OREQ, ORES])
@pytest.mark.parametrize(
    ("status", "accepted"),
    [
        pytest.param("200", 200, id="the lowest"),
        pytest.param("599", 599, id="the highest"),
        pytest.param(302, 302, id="a number (documented example)"),
        pytest.param("199", None, id="below"),
        pytest.param("600", None, id="above"),
        pytest.param(99, None, id="two digits"),
        pytest.param("2000", None, id="four digits"),
        pytest.param("-200", None, id="negative"),
        pytest.param(" 200", None, id="a space"),
        pytest.param("200\n", None, id="a line break"),
        pytest.param("OK", None, id="a word"),
        pytest.param("", None, id="nothing"),
        pytest.param("\u0662\u0660\u0660", None, id="digits of another script"),
        pytest.param(200.5, None, id="a fraction"),
        pytest.param(True, None, id="a boolean"),
        pytest.param(None, None, id="null"),
        pytest.param(["200"], None, id="an array"),
    ],
)
def test_status(trigger, status, accepted):
    verdict = verdict_on(trigger, {"status": status})
    if accepted is None:
        assert (verdict.code, verdict.at) == (R.STATUS, "status")
    else:
        assert (verdict.response if isinstance(verdict, GeneratedResponse) else verdict).status == accepted


@pytest.mark.parametrize("trigger", RESPONSE_TRIGGERS)
def test_a_response_needs_a_status(trigger):
    assert rejection(trigger, returned(trigger, status=...)) == (R.STATUS, "status")


@pytest.mark.parametrize("trigger", RESPONSE_TRIGGERS)
def test_a_response_with_headers_of_an_odd_shape_is_refused(trigger):
    assert rejection(trigger, returned(trigger, headers=[])) == (R.HEADERS_NOT_AN_OBJECT, "headers")


def test_a_fresh_response_that_drops_chunked_coding_is_refused():
    """The classic failure at origin-response (serverless-express#369)."""
    chunked = a_response(transfer_encoding="chunked")
    verdict = verdict_on(ORES, {"status": "200", "headers": {}}, response=chunked)
    assert (verdict.code, verdict.at) == (R.READ_ONLY_HEADER, "headers")
    assert verdict.detail == "tried to delete read-only header, headerName : Transfer-Encoding"


def test_without_headers_the_origins_are_gone():
    assert verdict_on(ORES, returned(ORES, headers=...)).headers.fields == (("X-Cache", "hidden"),)


def test_26_viewer_response_can_not_change_the_status():
    assert rejection(VRES, returned(VRES, status="201")) == (R.STATUS_CHANGED, "status")
    assert verdict_on(VRES, returned(VRES, status=200)).status == 200


def test_origin_response_can():
    assert verdict_on(ORES, returned(ORES, status="404")).status == 404


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({}, "Fine", id="the origin's own, left alone"),
        pytest.param({"statusDescription": ...}, "Fine", id="the origin's own, left out"),
        pytest.param({"statusDescription": None}, "Fine", id="the origin's own, null"),
        pytest.param({"statusDescription": "Better"}, "Better", id="the function's"),
        pytest.param({"statusDescription": "a\r\nb"}, "ab", id="without control characters"),
        pytest.param({"statusDescription": "\u20ac"}, "\xe2\x82\xac", id="as UTF-8"),
        pytest.param({"statusDescription": 5}, "", id="no text: the standard one"),
        pytest.param({"status": "404", "statusDescription": ...}, "", id="the standard one of another status"),
        pytest.param({"status": "404", "statusDescription": "Gone"}, "Gone", id="the function's, with its status"),
    ],
)
def test_status_description(changes, reason):
    assert verdict_on(ORES, returned(ORES, **changes)).reason == reason


# ── generated responses ──────────────────────────────────────────────────────


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
def test_a_status_makes_it_a_response(trigger):
    result = {
        "status": "302",
        "statusDescription": "Found",
        "headers": {"location": [{"key": "Location", "value": "/b"}]},
        "body": "moved",
        "unknown": {"is": "ignored"},
    }
    expected = Response(302, Headers([("Location", "/b")]), b"moved", "Found")
    assert verdict_on(trigger, result) == GeneratedResponse(expected)


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
def test_a_status_is_all_that_a_response_needs(trigger):
    assert verdict_on(trigger, {"status": 200}) == GeneratedResponse(Response(200))
    assert verdict_on(trigger, {"status": 200, "headers": None, "body": None}) == GeneratedResponse(Response(200))


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
@pytest.mark.parametrize("name", ["content-length", "Transfer-Encoding", "via"])
def test_a_generated_response_may_not_have_the_request_triggers_read_only_headers(trigger, name):
    result = {"status": 200, "headers": {name: [{"value": "1"}]}, "body": "x"}
    assert rejection(trigger, result) == (R.READ_ONLY_HEADER, "headers")


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
def test_content_encoding_is_passed_as_it_is(trigger):
    result = {"status": 200, "headers": {"content-encoding": [{"value": "UTF-8"}]}}
    assert verdict_on(trigger, result).response.headers.get("content-encoding") == "UTF-8"


# ── requests ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
@pytest.mark.parametrize(
    ("changes", "path", "query"),
    [
        pytest.param({"uri": "/b"}, "/b", "x=1", id="another uri"),
        pytest.param({"uri": "/\u00e9"}, "/\xc3\xa9", "x=1", id="a uri beyond ASCII goes out as UTF-8"),
        pytest.param({"uri": "/b%20c"}, "/b%20c", "x=1", id="a uri with an escape"),
        pytest.param({"uri": "/b?y=2#c"}, "/b?y=2#c", "x=1", id="a uri with what ends a path"),
        pytest.param({"querystring": "y=2&&y"}, "/a", "y=2&&y", id="another query string"),
        pytest.param({"querystring": ""}, "/a", "", id="an empty query string"),
        pytest.param({"querystring": ...}, "/a", "", id="no query string"),
        pytest.param({"querystring": None}, "/a", "", id="a query string of null"),
        pytest.param({"clientIp": "1.2.3.4", "config": {}, "x": 1}, "/a", "x=1", id="what is ignored"),
        pytest.param({"method": ...}, "/a", "x=1", id="no method"),
        pytest.param({"uri": "/" + "a" * 8_187}, "/" + "a" * 8_187, "x=1", id="8,191 characters with the query"),
    ],
)
def test_requests_are_changed(trigger, changes, path, query):
    verdict = verdict_on(trigger, returned(trigger, **changes))
    assert (verdict.path, verdict.query) == (path, query)
    assert verdict.headers == REQUEST.headers


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
@pytest.mark.parametrize(
    ("changes", "code", "at"),
    [
        pytest.param({"uri": ...}, R.URI, "uri", id="no uri"),
        pytest.param({"uri": None}, R.URI, "uri", id="a uri of null"),
        pytest.param({"uri": 5}, R.URI, "uri", id="a uri that is a number"),
        pytest.param({"uri": ""}, R.URI, "uri", id="an empty uri"),
        pytest.param({"uri": "a"}, R.URI, "uri", id="a uri without a slash"),
        pytest.param({"uri": "http://h/a"}, R.URI, "uri", id="a URL"),
        pytest.param({"uri": "/a b"}, R.URI, "uri", id="a space in the uri"),
        pytest.param({"uri": "/a\r\nx"}, R.URI, "uri", id="a line break in the uri"),
        pytest.param({"uri": "/a\x7f"}, R.URI, "uri", id="a DEL in the uri"),
        pytest.param({"uri": "/" + "a" * 8_188}, R.URI, "uri", id="8,192 characters with the query"),
        pytest.param({"querystring": "a b"}, R.QUERY_STRING, "querystring", id="a space in the query"),
        pytest.param({"querystring": "a#b"}, R.QUERY_STRING, "querystring", id="a fragment in the query"),
        pytest.param({"querystring": "a\n"}, R.QUERY_STRING, "querystring", id="a line break in the query"),
        pytest.param({"querystring": {"a": "b"}}, R.QUERY_STRING, "querystring", id="a query that is an object"),
        pytest.param({"method": "GET"}, R.METHOD_CHANGED, "method", id="another method"),
        pytest.param({"method": ["POST"]}, R.METHOD_CHANGED, "method", id="a method that is no text"),
        pytest.param({"headers": []}, R.HEADERS_NOT_AN_OBJECT, "headers", id="headers of an odd shape"),
        pytest.param({"body": "x"}, R.BODY, "body", id="a body that is text"),
        pytest.param({"body": []}, R.BODY, "body", id="a body that is an array"),
    ],
)
def test_requests_that_are_refused(trigger, changes, code, at):
    assert rejection(trigger, returned(trigger, **changes)) == (code, at)


def test_an_api_gateway_answer_is_judged_as_a_request():
    result = {"statusCode": 200, "headers": {"host": [{"key": "Host", "value": "h"}]}, "body": "x"}
    assert rejection(VREQ, {**result, "uri": "/"}) == (R.BODY, "body")
    assert rejection(VREQ, result) == (R.BODY, "body")
    assert rejection(VREQ, {"statusCode": 200, "body": "x"}) == (R.BODY, "body")
    assert rejection(VREQ, {"statusCode": 200}) == (R.READ_ONLY_HEADER, "headers")


def test_without_headers_the_read_only_ones_are_deleted():
    assert rejection(VREQ, returned(VREQ, headers=...)) == (R.READ_ONLY_HEADER, "headers")
    assert verdict_on(OREQ, returned(OREQ, headers=None)).headers == a_request(host=None, x_edge_hidden="0").headers


@given(st.sampled_from(RESPONSE_TRIGGERS), function_results)
def test_26_a_response_trigger_changes_nothing_but_the_response(trigger, payload):
    assert isinstance(verdict_on(trigger, payload), ChangedResponse | Rejected)


@given(function_results, terms)
def test_26_no_terms_let_viewer_response_change_status_or_body(payload, terms):
    verdict = verdict_on(VRES, payload, terms=terms)
    assert isinstance(verdict, Rejected) or (verdict.status, verdict.body) == (RESPONSE.status, None)


@given(st.sampled_from(REQUEST_TRIGGERS), function_values, terms)
def test_26_no_terms_let_a_body_through_that_is_not_a_replacement(trigger, value, terms):
    body = value.get("body")
    result = returned(trigger, body=body)
    verdict = verdict_on(trigger, result, terms=terms)
    replaces = isinstance(body, dict) and body.get("action") == "replace"
    assert isinstance(verdict, Rejected) or replaces or verdict.body is None


# ── origins ──────────────────────────────────────────────────────────────────


def test_an_origin_is_chosen_at_origin_request():
    told = returned(OREQ)
    told["origin"]["custom"]["domainName"] = "other.example.org"
    assert verdict_on(OREQ, told).origin == replace(ORIGIN, domain_name="other.example.org")


@pytest.mark.parametrize("origin", [..., None])
def test_an_origin_that_is_left_out_stays(origin):
    assert verdict_on(OREQ, returned(OREQ, origin=origin)).origin is ORIGIN


def test_an_origin_is_ignored_at_viewer_request():
    assert verdict_on(VREQ, returned(VREQ, origin={"custom": 5})).origin is None


def test_an_origin_that_is_not_valid_is_refused():
    assert rejection(OREQ, returned(OREQ, origin={})) == (R.ORIGIN, "origin")


def test_a_header_may_not_be_in_both_places():
    told = returned(OREQ)
    told["origin"]["custom"]["customHeaders"] = {"X-a": [{"value": "1"}]}
    assert rejection(OREQ, told) == (R.ORIGIN, "origin")
    del told["headers"]["x-a"]
    assert isinstance(verdict_on(OREQ, told).origin, Origin)


# ── the whole ────────────────────────────────────────────────────────────────

X = [{"value": "x"}]

# One result for every member: edge-function-restrictions-all
EVERY_REJECTION = {
    R.NOT_JSON: (VREQ, "{"),
    R.NOT_AN_OBJECT: (VREQ, "[]"),
    R.HEADERS_ENTRY_NOT_AN_ARRAY: (VREQ, {"status": 200, "headers": {"a": "x"}}),
    R.DISALLOWED_HEADER: (VREQ, {"status": 200, "headers": {"connection": X}}),
    R.READ_ONLY_HEADER: (VREQ, {"status": 200, "headers": {"content-length": X}}),
    R.BODY: (VREQ, {"status": 200, "body": 5}),
    R.URI: (OREQ, {"uri": "x"}),
    R.HEADERS_NOT_AN_OBJECT: (VREQ, {"status": 200, "headers": []}),
    R.HEADER_VALUE: (VREQ, {"status": 200, "headers": {"a": [{"value": 5}]}}),
    R.HEADER_NAME: (VREQ, {"status": 200, "headers": {"a": [{"key": "b", "value": "x"}]}}),
    R.HEADER_CHARACTERS: (VREQ, {"status": 200, "headers": {"a": [{"value": "\n"}]}}),
    R.STATUS: (VREQ, {"status": 600}),
    R.STATUS_CHANGED: (VRES, {"status": 201}),
    R.BODY_NOT_ALLOWED: (VREQ, {"status": 204, "body": "x"}),
    R.BODY_ENCODING: (VREQ, {"status": 200, "body": "x", "bodyEncoding": "x"}),
    R.BASE64: (VREQ, {"status": 200, "body": "x", "bodyEncoding": "base64"}),
    R.METHOD_CHANGED: (OREQ, {"uri": "/", "method": "GET"}),
    R.CLIENT_IP_CHANGED: (OREQ, {"uri": "/", "method": "POST", "clientIp": "192.0.2.1"}),
    R.QUERY_STRING: (OREQ, {"uri": "/", "querystring": "#"}),
    R.ORIGIN: (OREQ, {"uri": "/", "origin": {}}),
}


REFUSING = {
    R.HEADER_NAME: Choices(header_key=HeaderKey.REFUSED),
    R.CLIENT_IP_CHANGED: Choices(client_ip_changed=ClientIpChanged.REFUSED),
}


@pytest.mark.parametrize("code", Rejection, ids=lambda code: code.name)
def test_every_rejection_is_reached(code):
    trigger, result = EVERY_REJECTION[code]
    response = replace(RESPONSE, headers=Headers())
    terms = Terms(choices=REFUSING[code]) if code in REFUSING else STANDARD_TERMS
    assert rejection(trigger, result, response=response, terms=terms)[0] is code


@pytest.mark.parametrize(
    ("result", "code"),
    [
        pytest.param({"status": 1, "headers": 5}, R.STATUS, id="status before the headers' shape"),
        pytest.param({"status": 200, "headers": {"connection": 5}}, R.HEADERS_ENTRY_NOT_AN_ARRAY, id="shape first"),
        pytest.param(
            {"status": 200, "headers": {"via": X, "connection": X}},
            R.DISALLOWED_HEADER,
            id="disallowed before read-only",
        ),
        pytest.param(
            {"status": 200, "headers": {"via": X}, "body": 5}, R.READ_ONLY_HEADER, id="headers before the body"
        ),
        pytest.param({"uri": "x", "headers": {"via": X}}, R.READ_ONLY_HEADER, id="headers before the uri"),
        pytest.param({"uri": "x", "headers": {}, "origin": {}}, R.URI, id="the uri before the origin"),
        pytest.param({"uri": "x", "headers": {"via": X}, "body": 5}, R.BODY, id="a request's body that is none, first"),
        pytest.param(
            {"uri": "/", "headers": {}, "origin": {}, "body": {"action": "replace", "data": 5}},
            R.ORIGIN,
            id="the origin before what is in the body",
        ),
        pytest.param(
            {"status": 200, "body": "x" * 2_000_000, "bodyEncoding": "x"}, R.BODY_ENCODING, id="encoding before size"
        ),
    ],
)
def test_the_first_failure_decides(result, code):
    assert rejection(OREQ, result)[0] is code


def test_text_that_only_looks_like_the_bytes_that_were_sent_is_a_change():
    request = Request("GET", "/", "", Headers([("X-A", "caf\xc3\xa9")]))
    result = {"uri": "/", "headers": {"x-a": [{"key": "X-A", "value": "caf\xc3\xa9"}]}}
    assert verdict_on(VREQ, result, request).headers.get("x-a") == "caf\xc3\x83\xc2\xa9"


def test_values_from_the_event_are_text_that_functions_can_read():
    request = Request("GET", "/caf\xc3\xa9", "", Headers([("X-A", "caf\xe9")]))
    seen = event_of(VREQ, request)["request"]
    assert (seen["uri"], seen["headers"]["x-a"][0]["value"]) == ("/caf\u00e9", "caf\u00e9")
    assert readable(verdict_on(VREQ, seen, request).path) == "/caf\u00e9"


# ── by choice ────────────────────────────────────────────────────────────────


def by_choice(**answers):
    return Terms(choices=Choices(**answers))


def test_a_changed_status_at_viewer_response_is_ignored_by_choice():
    ignoring = by_choice(status_at_viewer_response=StatusAtViewerResponse.IGNORED)
    result = returned(VRES, status="404", statusDescription="Gone")
    verdict = verdict_on(VRES, result, terms=ignoring)
    assert (verdict.status, verdict.reason) == (200, "Gone")
    assert verdict_on(VRES, returned(VRES, status="OK"), terms=ignoring).code is R.STATUS
    assert verdict_on(ORES, returned(ORES, status="404"), terms=ignoring).status == 404


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
def test_a_changed_method_is_ignored_by_choice(trigger):
    ignoring = by_choice(method_changed=MethodChanged.IGNORED)
    assert verdict_on(trigger, returned(trigger, method="GET"), terms=ignoring).path == REQUEST.path


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
@pytest.mark.parametrize("querystring", [None, ...], ids=["null", "none"])
def test_a_querystring_that_is_not_there_is_kept_or_refused_by_choice(trigger, querystring):
    told = returned(trigger, querystring=querystring)
    keeping, refusing = by_choice(no_querystring=NoQuerystring.KEPT), by_choice(no_querystring=NoQuerystring.REFUSED)
    assert verdict_on(trigger, told, terms=keeping).query == REQUEST.query
    assert verdict_on(trigger, told, terms=refusing).code is R.QUERY_STRING
    assert verdict_on(trigger, told).query == ""


def test_a_header_in_both_places_is_the_custom_one_by_choice():
    told = returned(OREQ)
    told["origin"]["custom"]["customHeaders"] = {"X-a": [{"value": "1"}]}
    winning = by_choice(custom_header_twice=CustomHeaderTwice.CUSTOM_HEADER_WINS)
    assert verdict_on(OREQ, told, terms=winning).origin.custom_headers == (("X-A", "1"),)
