"""What a viewer gets of a function's failure."""

import pytest

from edgesim.distribution.choices import Choices, ExecutionErrorStatus, TimeoutResult
from edgesim.distribution.limits import Edition
from edgesim.distribution.terms import STANDARD_TERMS, Terms
from edgesim.rules.error_pages import FUNCTION_INVALID, FUNCTION_THROTTLED
from edgesim.rules.failures import FailedAs, failed_as, rejected_as
from edgesim.rules.reasons import Outcome, Rejection
from edgesim.values.invocation import FailureKind

EXECUTION_ERROR = FailedAs(503, Outcome.LAMBDA_EXECUTION_ERROR, FUNCTION_INVALID)
BY_KIND = {
    FailureKind.ERROR: EXECUTION_ERROR,
    FailureKind.INIT: EXECUTION_ERROR,
    FailureKind.EXIT: EXECUTION_ERROR,
    FailureKind.TIMEOUT: EXECUTION_ERROR,
    FailureKind.OUT_OF_MEMORY: EXECUTION_ERROR,
    FailureKind.THROTTLED: FailedAs(503, Outcome.LAMBDA_LIMIT_EXCEEDED, FUNCTION_THROTTLED),
    FailureKind.UNAVAILABLE: EXECUTION_ERROR,
}


@pytest.mark.parametrize("kind", FailureKind, ids=lambda kind: kind.name)
def test_each_failure_has_its_answer(kind):
    assert failed_as(kind, STANDARD_TERMS) == BY_KIND[kind]


@pytest.mark.parametrize(
    "kind", [kind for kind in FailureKind if kind is not FailureKind.THROTTLED], ids=lambda kind: kind.name
)
@pytest.mark.parametrize(
    ("edition", "choice", "status"),
    [
        (Edition.CURRENT, ExecutionErrorStatus.BY_LIMITS, 503),
        (Edition.OF_2023, ExecutionErrorStatus.BY_LIMITS, 500),
        (Edition.OF_2023, ExecutionErrorStatus.ALWAYS_503, 503),
        (Edition.CURRENT, ExecutionErrorStatus.ALWAYS_500, 500),
    ],
)
def test_the_status_of_an_execution_error_is_by_edition_and_choice(kind, edition, choice, status):
    found = failed_as(kind, Terms(edition, Choices(execution_error_status=choice)))
    assert (found.status, found.outcome) == (status, Outcome.LAMBDA_EXECUTION_ERROR)


def test_throttling_is_a_503_whatever_is_chosen():
    terms = Terms(Edition.OF_2023, Choices(execution_error_status=ExecutionErrorStatus.ALWAYS_500))
    assert failed_as(FailureKind.THROTTLED, terms).status == 503


def test_a_timeout_is_a_limit_exceeded_by_choice_with_the_same_sentence():
    terms = Terms(choices=Choices(timeout_result=TimeoutResult.LIMIT_EXCEEDED))
    found = failed_as(FailureKind.TIMEOUT, terms)
    assert found == FailedAs(503, Outcome.LAMBDA_LIMIT_EXCEEDED, FUNCTION_INVALID)
    assert failed_as(FailureKind.ERROR, terms) == EXECUTION_ERROR


@pytest.mark.parametrize("code", Rejection, ids=lambda code: code.name)
def test_a_result_that_is_not_valid_is_a_502_with_its_sentence(code):
    assert rejected_as(code) == FailedAs(502, Outcome.LAMBDA_VALIDATION_ERROR, code.value)
