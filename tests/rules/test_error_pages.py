import pytest

from edgesim.distribution.choices import Choices, FailedFunctionPage, GeneratedErrorPage
from edgesim.distribution.model import CustomErrorResponse
from edgesim.distribution.terms import Terms
from edgesim.errors import OriginTrouble
from edgesim.rules import error_pages
from edgesim.rules.error_pages import custom_error_response, error_page, origin_error_page, page_life, redirect_page
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import BehaviorReason, Outcome, Rejection, TtlReason
from edgesim.testing.make import NOW, REQUEST_ID, a_cache_policy, a_distribution, a_response


@pytest.mark.parametrize(("reason", "size"), [("Request blocked.", 919), (error_pages.BAD_REQUEST, 915)])
def test_the_error_page_has_the_observed_number_of_bytes(reason, size):
    page = error_page(403, reason, "x" * 56)
    assert len(page.body) == size
    assert page.headers.get("content-length") == str(size)
    assert not page.body.endswith(b"\n")
    assert b"\r" not in page.body


def test_the_error_page_names_status_reason_and_request():
    page = error_page(502, "Why not.", REQUEST_ID)
    assert page.status == 502
    assert b"<H1>502 ERROR</H1>" in page.body
    assert b'<HR noshade size="1px">\nWhy not.\nWe can\'t connect' in page.body
    assert f"Request ID: {REQUEST_ID}\n</PRE>".encode() in page.body
    assert page.headers.fields[:2] == (("Server", "CloudFront"), ("Content-Type", "text/html"))


@pytest.mark.parametrize("rejection", Rejection, ids=lambda rejection: rejection.name)
def test_every_rejection_fits_the_page(rejection):
    assert rejection.value.encode() in error_page(502, rejection.value, REQUEST_ID).body


def test_the_redirect_page_has_the_observed_167_bytes():
    page = redirect_page(301, "https://www.example.com/")
    assert len(page.body) == 167
    assert page.body.startswith(b"<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n")
    assert page.headers.fields == (
        ("Server", "CloudFront"),
        ("Content-Type", "text/html"),
        ("Content-Length", "167"),
        ("Location", "https://www.example.com/"),
    )


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (OriginTrouble.DNS, 502),
        (OriginTrouble.CONNECT, 502),
        (OriginTrouble.CONNECT_TIMEOUT, 504),
        (OriginTrouble.READ_TIMEOUT, 504),
        (OriginTrouble.RESET, 502),
        (OriginTrouble.WRITE, 502),
        (OriginTrouble.INVALID_RESPONSE, 502),
        (OriginTrouble.COMPLETION_TIMEOUT, 504),
        (OriginTrouble.HEADERS_TOO_BIG, 502),
        (OriginTrouble.CONTENT_RANGE, 502),
        (OriginTrouble.TOO_LARGE, 502),
    ],
)
def test_an_origin_that_fails_is_502_or_504(trouble, status):
    assert origin_error_page(trouble, REQUEST_ID).status == status


def test_every_trouble_has_a_page():
    assert {origin_error_page(trouble, REQUEST_ID).status for trouble in OriginTrouble} == {502, 504}


def test_a_custom_error_response_without_a_page_substitutes_nothing():
    page = CustomErrorResponse(404, page_path="/404.html", response_code=200)
    distribution = a_distribution(error_responses={404: page, 503: CustomErrorResponse(503)})
    assert custom_error_response(distribution, 404, MadeBy.ORIGIN, Outcome.ERROR) is page
    assert custom_error_response(distribution, 503, MadeBy.ORIGIN, Outcome.ERROR) is None
    assert custom_error_response(distribution, 500, MadeBy.ORIGIN, Outcome.ERROR) is None


OWN_FOR_FAILED = Choices(failed_function_page=FailedFunctionPage.OWN)
OWN_FOR_GENERATED = Choices(generated_error_page=GeneratedErrorPage.OWN)


@pytest.mark.parametrize(
    ("made_by", "outcome", "choices", "has_page"),
    [
        pytest.param(MadeBy.ORIGIN, Outcome.ERROR, Choices(), True, id="the origin's"),
        pytest.param(MadeBy.CLOUDFRONT, Outcome.ERROR, Choices(), True, id="CloudFront's own"),
        pytest.param(MadeBy.VIEWER_REQUEST, Outcome.LAMBDA_GENERATED, OWN_FOR_GENERATED, True, id="at viewer request"),
        pytest.param(MadeBy.ORIGIN_REQUEST, Outcome.LAMBDA_GENERATED, Choices(), True, id="at origin request"),
        pytest.param(
            MadeBy.ORIGIN_REQUEST, Outcome.LAMBDA_GENERATED, OWN_FOR_GENERATED, False, id="at origin request, own"
        ),
        pytest.param(MadeBy.FAILED_FUNCTION, Outcome.LAMBDA_EXECUTION_ERROR, Choices(), True, id="a failure"),
        pytest.param(MadeBy.FAILED_FUNCTION, Outcome.LAMBDA_EXECUTION_ERROR, OWN_FOR_FAILED, False, id="failure, own"),
        pytest.param(MadeBy.FAILED_FUNCTION, Outcome.LAMBDA_LIMIT_EXCEEDED, Choices(), False, id="throttled, never"),
    ],
)
def test_what_functions_made_or_ran_into_gets_a_page_by_choice(made_by, outcome, choices, has_page):
    distribution = a_distribution(
        error_responses={503: CustomErrorResponse(503, page_path="/503.html")}, terms=Terms(choices=choices)
    )
    assert (custom_error_response(distribution, 503, made_by, outcome) is not None) is has_page


@pytest.mark.parametrize(
    ("cache_control", "seconds", "because"),
    [
        pytest.param(None, 30, TtlReason.ERROR_MIN_TTL, id="what is configured for the status"),
        pytest.param("max-age=5", 30, TtlReason.ERROR_MIN_TTL, id="at least"),
        pytest.param("max-age=60", 60, TtlReason.MAX_AGE, id="what the error's origin says"),
        pytest.param("s-maxage=999", 100, TtlReason.S_MAXAGE, id="up to the maximum TTL"),
    ],
)
def test_a_page_is_kept_as_long_as_its_error(cache_control, seconds, because):
    distribution = a_distribution(error_responses={404: CustomErrorResponse(404, 30, "/404.html", 404)})
    error, policy = a_response(404, cache_control=cache_control), a_cache_policy(max_ttl=100)
    life = page_life(error, distribution, policy, BehaviorReason.DEFAULT, NOW)
    assert (life.seconds, life.because) == (seconds, because)


def test_a_page_with_a_behavior_of_its_own_is_kept_as_that_says():
    error = a_response(404, cache_control="max-age=60")
    assert page_life(error, a_distribution(), a_cache_policy(), BehaviorReason.FIRST_MATCH, NOW) is None
