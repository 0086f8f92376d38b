"""What CloudFront has against a function at a trigger by the limits of the edition that is asked for.

Told is what an edition refuses beyond Lambda's own limits, which are told where the function is declared.
documented: cloudfront-limits; observed: the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edgesim.distribution.limits import LIMITS, Edition, FunctionLimits
from edgesim.distribution.model import Association, Distribution, EdgeFunction
from edgesim.distribution.problems import Problem, Severity

CODE = "InvalidLambdaFunctionAssociation"
_HINT = "edgesim runs it all the same, for as long as a function may at this trigger"

CodeSize = Callable[[EdgeFunction, int], int]
"""The bytes of a function's zip, or fewer where it fits into so many."""


def over_limits(distribution: Distribution, code_size: CodeSize) -> Iterator[Problem]:
    """Warnings for each association whose function has more than its trigger allows."""
    for behavior in distribution.behaviors:
        for association in behavior.associations.values():
            at = f"{distribution.name}, {behavior.path_pattern}, {association.trigger}"
            for message in _excesses(association, _allowed(distribution, association), code_size):
                yield Problem(message, at, _HINT, Severity.WARNING, code=CODE)


def _allowed(distribution: Distribution, association: Association) -> FunctionLimits:
    limits = distribution.terms.limits
    return limits.viewer if association.trigger.startswith("viewer-") else limits.origin


_LAMBDAS = LIMITS[Edition.CURRENT].origin


def _excesses(association: Association, allowed: FunctionLimits, code_size: CodeSize) -> Iterator[str]:
    function = association.function
    if function.timeout > allowed.timeout < _LAMBDAS.timeout:
        yield _says("timeout", function.timeout, allowed.timeout, function)
    if function.memory > allowed.memory_mb < _LAMBDAS.memory_mb:
        yield _says("memory", function.memory, allowed.memory_mb, function)
    if allowed.code_bytes < _LAMBDAS.code_bytes:
        size = code_size(function, allowed.code_bytes)
        if size > allowed.code_bytes:
            yield _says("code size", size, allowed.code_bytes, function)


def _says(what: str, value: float, most: float, function: EdgeFunction) -> str:
    return (
        f"The function {what} is larger than the maximum allowed for functions that are triggered by a CloudFront "
        f"event: {value:.0f} Max allowed: {most:.0f} Function: {function.arn}"
    )
