"""What CloudFront has against a function at a trigger by the limits of the edition that is asked for.

Told is what an edition refuses beyond Lambda's own limits, which are told where the function is declared.
documented: cloudfront-limits; observed: the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgesim.distribution.limits import LIMITS, Edition, FunctionLimits
from edgesim.distribution.model import Association, Distribution, EdgeFunction

CODE = "InvalidLambdaFunctionAssociation"

CodeSize = Callable[[EdgeFunction, int], int]
"""The bytes of a function's zip, or fewer where it fits into so many."""


@dataclass(frozen=True, slots=True)
class Excess:
    """What a function has more of than its trigger allows. `property` is CloudFormation's name for it, `Code` for its
    package; `where` is the association, in words. `is_certain`: the value is what AWS would see, no estimate."""

    function: EdgeFunction
    property: str
    where: str
    message: str
    hint: str
    is_certain: bool = True


def over_limits(distribution: Distribution, code_size: CodeSize) -> Iterator[Excess]:
    """For each association whose function has more than its trigger allows."""
    for behavior in distribution.behaviors:
        for association in behavior.associations.values():
            where = f"{distribution.name}, {behavior.path_pattern}, {association.trigger}"
            yield from _excesses(association, _allowed(distribution, association), code_size, where)


def _allowed(distribution: Distribution, association: Association) -> FunctionLimits:
    limits = distribution.terms.limits
    return limits.viewer if association.trigger.startswith("viewer-") else limits.origin


_LAMBDAS = LIMITS[Edition.CURRENT].origin


def _excesses(association: Association, allowed: FunctionLimits, code_size: CodeSize, where: str) -> Iterator[Excess]:
    function, trigger = association.function, association.trigger
    if function.timeout > allowed.timeout < _LAMBDAS.timeout:
        says = _says("timeout", "", function.timeout, allowed.timeout, function)
        yield Excess(function, "Timeout", where, says, f"edgesim ends it after {allowed.timeout:g} s at {trigger}")
    if function.memory > allowed.memory_mb < _LAMBDAS.memory_mb:
        says = _says("memory size", " size", function.memory, allowed.memory_mb, function)
        yield Excess(function, "MemorySize", where, says, f"edgesim lets it have all of it at {trigger}, too")
    if allowed.code_bytes < _LAMBDAS.code_bytes:
        size = code_size(function, allowed.code_bytes)
        if size > allowed.code_bytes:
            says = _says("code size", " size", size, allowed.code_bytes, function)
            hint, is_zip = f"edgesim runs it at {trigger} all the same", function.code.path.endswith(".zip")
            yield Excess(function, "Code", where, says, hint, is_certain=is_zip)


def _says(what: str, kind: str, value: float, most: float, function: EdgeFunction) -> str:
    return (
        f"The function {what} is larger than the maximum allowed{kind} for functions that are triggered by a "
        f"CloudFront event: {value:.0f} Max allowed: {most:.0f} Function: {function.arn}"
    )
