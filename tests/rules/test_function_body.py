import base64
from dataclasses import replace

import pytest

from edgesim.distribution.choices import (
    Base64Size,
    BodilessStatus,
    BodyAtViewerResponse,
    Choices,
    EmptyBody,
    OversizedText,
)
from edgesim.distribution.limits import Edition
from edgesim.distribution.terms import Terms
from edgesim.rules.function_headers import Rejected
from edgesim.rules.function_result import GeneratedResponse
from edgesim.values.headers import Headers
from tests.rules.judging import (
    OREQ,
    ORES,
    REQUEST,
    REQUEST_TRIGGERS,
    RESPONSE,
    VREQ,
    VRES,
    R,
    rejection,
    returned,
    verdict_on,
)


def by_choice(**answers):
    return Terms(choices=Choices(**answers))


# ── bodies of responses ──────────────────────────────────────────────────────


@pytest.mark.parametrize("trigger", [VREQ, OREQ, ORES])
@pytest.mark.parametrize(
    ("fields", "body"),
    [
        pytest.param({"body": "h\u00e9"}, "h\u00e9".encode(), id="text is UTF-8"),
        pytest.param({"body": "x", "bodyEncoding": "text"}, b"x", id="text, said so"),
        pytest.param({"body": "x", "bodyEncoding": None}, b"x", id="an encoding of null is none"),
        pytest.param({"body": "/w==", "bodyEncoding": "base64"}, b"\xff", id="base64"),
        pytest.param({"body": "", "bodyEncoding": "base64"}, b"", id="base64 of nothing"),
    ],
)
def test_bodies(trigger, fields, body):
    verdict = verdict_on(trigger, {"status": 200, **fields})
    assert (verdict.response if isinstance(verdict, GeneratedResponse) else verdict).body == body


@pytest.mark.parametrize("trigger", [VREQ, OREQ, ORES])
@pytest.mark.parametrize(
    ("fields", "code", "at"),
    [
        pytest.param({"body": 5}, R.BODY, "body", id="a number"),
        pytest.param({"body": {"a": 1}}, R.BODY, "body", id="an object"),
        pytest.param({"body": ["x"]}, R.BODY, "body", id="an array"),
        pytest.param({"body": False}, R.BODY, "body", id="a boolean"),
        pytest.param({"body": "x", "bodyEncoding": "gzip"}, R.BODY_ENCODING, "bodyEncoding", id="another encoding"),
        pytest.param({"body": "x", "bodyEncoding": ""}, R.BODY_ENCODING, "bodyEncoding", id="an empty encoding"),
        pytest.param({"body": "x", "bodyEncoding": [1]}, R.BODY_ENCODING, "bodyEncoding", id="an encoding of no text"),
        pytest.param({"body": "x", "bodyEncoding": "base64"}, R.BASE64, "body", id="base64 without padding"),
        pytest.param({"body": "_w==", "bodyEncoding": "base64"}, R.BASE64, "body", id="base64 for URLs"),
        pytest.param({"body": "/w==\n", "bodyEncoding": "base64"}, R.BASE64, "body", id="base64 with a line break"),
        pytest.param({"body": "\u00e9", "bodyEncoding": "base64"}, R.BASE64, "body", id="base64 beyond ASCII"),
    ],
)
def test_bodies_that_are_refused(trigger, fields, code, at):
    assert rejection(trigger, {"status": 200, **fields}) == (code, at)


def test_a_204_with_a_body_is_refused_at_viewer_request():
    assert rejection(VREQ, {"status": "204", "body": "x"}) == (R.BODY_NOT_ALLOWED, "body")
    assert verdict_on(VREQ, {"status": "204", "body": ""}).response.status == 204
    assert verdict_on(OREQ, {"status": "204", "body": "x"}).response.status == 204


def test_at_origin_response_no_body_keeps_the_origins_and_an_empty_one_removes_it():
    assert verdict_on(ORES, returned(ORES)).body is None
    assert verdict_on(ORES, returned(ORES, body=None)).body is None
    assert verdict_on(ORES, returned(ORES, body="")).body == b""


def test_at_viewer_response_a_body_is_ignored_whatever_it_is():
    for body in ("x", 5, "x" * 50_000):
        assert verdict_on(VRES, returned(VRES, body=body, bodyEncoding="gzip")).body is None


LIMITS = [pytest.param(VREQ, 40_960, id="40 KB"), pytest.param(OREQ, 1_048_576, id="1 MB"), pytest.param(ORES, 1_048_576, id="1 MB after the origin")]  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(("trigger", "limit"), LIMITS)
def test_headers_and_body_have_a_limit_together(trigger, limit):
    headers = {"x-a": [{"key": "X-A", "value": "12345"}]}
    sent = replace(RESPONSE, headers=Headers())
    fits, too_large = ({"status": 200, "headers": headers, "body": "x" * (limit - 8 + more)} for more in (0, 1))
    assert not isinstance(verdict_on(trigger, fits, response=sent), Rejected)
    assert rejection(trigger, too_large, response=sent) == (R.BODY, "body")


def test_headers_alone_can_be_too_large():
    """Once only a response with a body was measured."""
    headers = {"x-a": [{"value": "x" * 41_000}]}
    assert rejection(VREQ, {"status": 200, "headers": headers}) == (R.BODY, "body")


def test_the_limit_counts_bytes_and_base64_as_written():
    assert rejection(VREQ, {"status": 200, "body": "\u20ac" * 14_000}) == (R.BODY, "body")
    encoded = base64.b64encode(b"x" * 31_000).decode()
    assert rejection(VREQ, {"status": 200, "body": encoded, "bodyEncoding": "base64"}) == (R.BODY, "body")


# ── responses, by choice ─────────────────────────────────────────────────────

EVERYWHERE = by_choice(bodiless_status=BodilessStatus.EVERY_204)
WITH_304 = by_choice(bodiless_status=BodilessStatus.EVERY_204_AND_304)


@pytest.mark.parametrize(
    ("trigger", "status", "standard", "everywhere", "with_304"),
    [
        (VREQ, "204", True, True, True),
        (OREQ, "204", False, True, True),
        (ORES, "204", False, True, True),
        (VREQ, "304", False, False, True),
        (ORES, "304", False, False, True),
        (OREQ, "200", False, False, False),
    ],
)
def test_where_a_status_without_a_body_refuses_one_is_a_choice(trigger, status, standard, everywhere, with_304):
    result = {"status": status, "body": "x"}
    verdicts = [verdict_on(trigger, result), *(verdict_on(trigger, result, terms=t) for t in (EVERYWHERE, WITH_304))]
    refused = [isinstance(each, Rejected) and each.code is R.BODY_NOT_ALLOWED for each in verdicts]
    assert refused == [standard, everywhere, with_304]


@pytest.mark.parametrize(("body", "ignored", "counted"), [("", False, True), (None, False, False), ("x", True, True)])
def test_whether_an_empty_body_counts_there_is_a_choice(body, ignored, counted):
    result = {"status": "204", "body": body}
    found = verdict_on(VREQ, result), verdict_on(VREQ, result, terms=by_choice(empty_body=EmptyBody.COUNTED))
    assert tuple(isinstance(verdict, Rejected) for verdict in found) == (ignored, counted)


def test_base64_counts_encoded_or_decoded_by_choice():
    fits, decoded = base64.b64encode(b"x" * 31_000).decode(), by_choice(base64_size=Base64Size.DECODED)
    assert rejection(VREQ, {"status": 200, "body": fits, "bodyEncoding": "base64"}) == (R.BODY, "body")
    verdict = verdict_on(VREQ, {"status": 200, "body": fits, "bodyEncoding": "base64"}, terms=decoded)
    assert len(verdict.response.body) == 31_000
    over = base64.b64encode(b"x" * 40_961).decode()
    assert verdict_on(VREQ, {"status": 200, "body": over, "bodyEncoding": "base64"}, terms=decoded).code is R.BODY


@pytest.mark.parametrize(("trigger", "code"), [(VREQ, R.BODY), (OREQ, R.NOT_JSON), (ORES, R.NOT_JSON)])
def test_the_sentence_for_what_is_too_large_at_origin_triggers_is_a_choice(trigger, code):
    result = {"status": 200, "body": "x" * 1_048_577}
    assert verdict_on(trigger, result).code is R.BODY
    assert verdict_on(trigger, result, terms=by_choice(oversized_text=OversizedText.JSON)).code is code


def test_a_body_at_viewer_response_is_refused_by_choice():
    refusing = by_choice(body_at_viewer_response=BodyAtViewerResponse.REFUSED)
    verdict = verdict_on(VRES, returned(VRES, body="x"), terms=refusing)
    assert (verdict.code, verdict.at) == (R.BODY, "body")
    assert verdict_on(VRES, returned(VRES, body=None), terms=refusing).body is None


# ── bodies of requests ───────────────────────────────────────────────────────


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
@pytest.mark.parametrize(
    ("body", "replaced"),
    [
        pytest.param(None, None, id="null"),
        pytest.param({}, None, id="no action"),
        pytest.param({"action": "read-only", "data": "eA=="}, None, id="read-only, whatever the data"),
        pytest.param({"action": "read-only", "data": 5}, None, id="read-only, even if it is not valid"),
        pytest.param({"action": None, "data": "eA=="}, None, id="an action of null"),
        pytest.param({"action": "replace", "data": "eA=="}, b"x", id="base64 by default"),
        pytest.param({"action": "replace", "data": "eA==", "encoding": "base64"}, b"x", id="base64"),
        pytest.param({"action": "replace", "data": "x\u00e9", "encoding": "text"}, b"x\xc3\xa9", id="text"),
        pytest.param({"action": "replace"}, b"", id="nothing"),
    ],
)
def test_request_bodies(trigger, body, replaced):
    assert verdict_on(trigger, returned(trigger, body=body)).body == replaced


@pytest.mark.parametrize("trigger", REQUEST_TRIGGERS)
@pytest.mark.parametrize(
    ("body", "code", "at"),
    [
        pytest.param({"data": 5}, R.BODY, "body.data", id="data that is no text"),
        pytest.param({"data": "x"}, R.BASE64, "body.data", id="data that is no base64"),
        pytest.param({"data": "x", "encoding": "gzip"}, R.BODY_ENCODING, "body.encoding", id="another encoding"),
    ],
)
def test_request_bodies_that_are_refused(trigger, body, code, at):
    assert rejection(trigger, returned(trigger, body={"action": "replace", **body})) == (code, at)


@pytest.mark.parametrize(("trigger", "limit", "encoded_limit"), [(VREQ, 40_960, 54_476), (OREQ, 1_048_576, 1_394_606)])
def test_a_replaced_body_has_a_limit(trigger, limit, encoded_limit):
    """53.2 KB and 1.33 MB as base64, which has four characters at a time."""

    def with_data(data, encoding):
        return returned(trigger, body={"action": "replace", "data": data, "encoding": encoding})

    fits = "A" * (encoded_limit // 4 * 4)
    assert len(verdict_on(trigger, with_data("x" * limit, "text")).body) == limit
    assert len(verdict_on(trigger, with_data(fits, "base64")).body) == len(fits) // 4 * 3
    assert rejection(trigger, with_data("x" * (limit + 1), "text")) == (R.BODY, "body.data")
    assert rejection(trigger, with_data(fits + "AAAA", "base64")) == (R.BODY, "body.data")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_and_head_get_no_body(method):
    request = replace(REQUEST, method=method, body=b"")
    body = {"action": "replace", "data": "eA=="}
    assert verdict_on(VREQ, {**returned(VREQ, method=method), "body": body}, request).body is None


# ── requests, in 2023 ────────────────────────────────────────────────────────

IN_2023 = Terms(Edition.OF_2023)


@pytest.mark.parametrize(
    ("trigger", "encoding", "limit"),
    [
        (VREQ, "text", 40_960),
        (OREQ, "text", 1_048_576),
        pytest.param(VREQ, "base64", 40_857, id="53.2 KB of base64"),
        pytest.param(OREQ, "base64", 1_045_953, id="1.33 MB of base64"),
    ],
)
def test_a_replaced_body_that_is_too_large_was_cut(trigger, encoding, limit):
    body = b"abcd" * (limit // 4 + 1)
    data = body.decode() if encoding == "text" else base64.b64encode(body).decode()
    result = returned(trigger, body={"action": "replace", "data": data, "encoding": encoding})
    assert verdict_on(trigger, result, terms=IN_2023).body == body[:limit]
    refused = verdict_on(trigger, {**result, "body": {**result["body"], "data": data + "AAAA" * 2}})
    assert isinstance(refused, Rejected)


def test_what_was_cut_had_to_be_what_its_encoding_says_all_the_same():
    body = {"action": "replace", "data": "=" * 100_000, "encoding": "base64"}
    assert verdict_on(VREQ, returned(VREQ, body=body), terms=IN_2023).code is R.BASE64
    assert rejection(VREQ, returned(VREQ, body=body)) == (R.BASE64, "body.data")
