"""What a viewer gets where a function gave no result, or one that CloudFront refuses.

documented: http-502-lambda-validation-error, http-503-service-unavailable, http-500-lambda-execution-error (2023).
observed: which failure is which, and the sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgesim.distribution.choices import ExecutionErrorStatus, TimeoutResult
from edgesim.distribution.terms import Terms
from edgesim.rules import error_pages
from edgesim.rules.reasons import Outcome, Rejection
from edgesim.values.invocation import FailureKind


@dataclass(frozen=True, slots=True)
class FailedAs:
    """The answer: its status, its X-Cache result, and the sentence on its page. Nothing else of the failure shows."""

    status: int
    outcome: Outcome
    sentence: str


def failed_as(kind: FailureKind, terms: Terms) -> FailedAs:
    """The answer where there is no result."""
    if kind is FailureKind.THROTTLED:
        return FailedAs(503, Outcome.LAMBDA_LIMIT_EXCEEDED, error_pages.FUNCTION_THROTTLED)
    if kind is FailureKind.TIMEOUT and terms.choices.timeout_result is TimeoutResult.LIMIT_EXCEEDED:
        return FailedAs(503, Outcome.LAMBDA_LIMIT_EXCEEDED, error_pages.FUNCTION_INVALID)
    return FailedAs(_execution_error(terms), Outcome.LAMBDA_EXECUTION_ERROR, error_pages.FUNCTION_INVALID)


def _execution_error(terms: Terms) -> int:
    match terms.choices.execution_error_status:
        case ExecutionErrorStatus.BY_LIMITS:
            return terms.limits.execution_error_status
        case ExecutionErrorStatus.ALWAYS_503:
            return 503
        case ExecutionErrorStatus.ALWAYS_500:
            return 500


def rejected_as(code: Rejection) -> FailedAs:
    """The answer where the result is not valid. documented: 502"""
    return FailedAs(502, Outcome.LAMBDA_VALIDATION_ERROR, code.value)
