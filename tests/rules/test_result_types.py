"""What the access log calls an answer."""

import pytest

from edgesim.distribution.edge_choices import GeneratedResult
from edgesim.errors import OriginTrouble, ViewerTrouble
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import ArrivalReason, Outcome
from edgesim.rules.result_types import ResultTypes, interrupted, result_types


@pytest.mark.parametrize(
    "outcome", [outcome for outcome in Outcome if outcome is not Outcome.ERROR], ids=lambda outcome: outcome.name
)
def test_all_three_are_alike(outcome):
    assert result_types(outcome, MadeBy.ORIGIN) == ResultTypes(outcome.value, outcome.value, outcome.value)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome.LAMBDA_EXECUTION_ERROR, "LambdaExecutionError"),
        (Outcome.LAMBDA_VALIDATION_ERROR, "LambdaValidationError"),
        (Outcome.LAMBDA_LIMIT_EXCEEDED, "LambdaLimitExceeded"),
    ],
)
def test_a_functions_failure_stands_in_all_three(outcome, word):
    assert result_types(outcome, MadeBy.FAILED_FUNCTION) == ResultTypes(word, word, word)


def test_what_origin_request_generated_has_a_detail_of_its_own():
    generated = Outcome.LAMBDA_GENERATED
    word = "LambdaGeneratedResponse"
    assert result_types(generated, MadeBy.VIEWER_REQUEST) == ResultTypes(word, word, word)
    assert result_types(generated, MadeBy.ORIGIN_REQUEST) == ResultTypes(word, word, "MissGeneratedResponse")
    assert result_types(Outcome.HIT, MadeBy.ORIGIN_REQUEST) == ResultTypes("Hit", "Hit", "Hit")


def test_as_what_a_functions_response_is_logged_is_a_choice():
    generated, miss = Outcome.LAMBDA_GENERATED, GeneratedResult.MISS
    assert result_types(generated, MadeBy.VIEWER_REQUEST, None, miss) == ResultTypes("Miss", "Miss", "Miss")
    at_origin = ResultTypes("Miss", "Miss", "MissGeneratedResponse")
    assert result_types(generated, MadeBy.ORIGIN_REQUEST, None, miss) == at_origin


@pytest.mark.parametrize(
    ("trouble", "detail"),
    [
        pytest.param(None, "Error", id="an origin's own error"),
        pytest.param(OriginTrouble.DNS, "OriginDnsError", id="no name"),
        pytest.param(OriginTrouble.CONNECT, "OriginConnectError", id="no connection"),
        pytest.param(OriginTrouble.CONNECT_TIMEOUT, "OriginCommError", id="a slow connection"),
        pytest.param(OriginTrouble.READ_TIMEOUT, "OriginCommError", id="a slow answer"),
        pytest.param(OriginTrouble.RESET, "OriginReadError", id="a reset"),
        pytest.param(OriginTrouble.WRITE, "OriginWriteError", id="a reset while the request is sent"),
        pytest.param(OriginTrouble.INVALID_RESPONSE, "OriginInvalidResponseError", id="no HTTP"),
        pytest.param(OriginTrouble.HEADERS_TOO_BIG, "OriginHeaderTooBigError", id="a big head"),
        pytest.param(OriginTrouble.COMPLETION_TIMEOUT, "OriginCommError", id="a response that takes too long"),
        pytest.param(OriginTrouble.CONTENT_RANGE, "OriginContentRangeLengthError", id="a range of another length"),
        pytest.param(OriginTrouble.TOO_LARGE, "OriginError", id="too large an object"),
        pytest.param(ArrivalReason.METHOD_NOT_ALLOWED, "InvalidRequestMethod", id="a method"),
        pytest.param(ArrivalReason.URL_TOO_LONG, "InvalidRequest", id="a long URL"),
        pytest.param(ArrivalReason.HTTPS_ONLY, "Error", id="any other refusal"),
    ],
)
def test_an_error_is_told_in_detail_where_it_has_a_name(trouble, detail):
    assert result_types(Outcome.ERROR, MadeBy.CLOUDFRONT, trouble) == ResultTypes("Error", "Error", detail)


@pytest.mark.parametrize(
    ("ready", "by", "expected"),
    [
        pytest.param("Hit", ViewerTrouble.LEFT, ("Error", "Hit", "ClientCommError"), id="the viewer left a hit"),
        pytest.param("Error", ViewerTrouble.LEFT, ("Error", "Error", "ClientCommError"), id="the viewer left an error"),
        pytest.param(None, ViewerTrouble.LEFT, ("Error", "Error", "ClientCommError"), id="nothing was sent"),
        pytest.param(None, ViewerTrouble.HUNG_UP, ("Error", "Error", "ClientHungUpRequest"), id="nothing was asked"),
        pytest.param("Miss", OriginTrouble.RESET, ("Error", "Miss", "OriginReadError"), id="the origin broke off"),
        pytest.param("Miss", OriginTrouble.READ_TIMEOUT, ("Error", "Miss", "OriginCommError"), id="it fell silent"),
    ],
)
def test_an_answer_that_does_not_come_to_its_end_is_an_error(ready, by, expected):
    types = ResultTypes(ready, ready, ready) if ready else None
    assert interrupted(types, by) == ResultTypes(*expected)
