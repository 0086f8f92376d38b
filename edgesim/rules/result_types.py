"""The three result types of the access log: as they are when the head of the answer is ready, and at its end.

Source: standard-logs-reference; observed: the Lambda* values, in old editions of the guide and in people's queries.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

from edgesim.distribution.edge_choices import GeneratedResult
from edgesim.errors import OriginTrouble, ViewerTrouble
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import ArrivalReason, Outcome, SignatureReason
from edgesim.values.record import record

Trouble: TypeAlias = OriginTrouble | ArrivalReason | SignatureReason
"""What was in the way, where CloudFront itself made the error: an origin that failed, or a request that it refuses."""


@record
class ResultTypes:
    """x-edge-result-type, x-edge-response-result-type and x-edge-detailed-result-type."""

    result: str
    response: str
    detailed: str


_DETAILED: dict[Trouble, str] = {
    # documented: standard-logs-reference; both timeouts are communication errors
    **{trouble: trouble.value.partition(" ")[0] for trouble in OriginTrouble},
    ArrivalReason.METHOD_NOT_ALLOWED: "InvalidRequestMethod",
    ArrivalReason.GEO_BLOCKED: "ClientGeoBlocked",
    # inferred: these are requests that no distribution would take
    ArrivalReason.URL_TOO_LONG: "InvalidRequest",
    ArrivalReason.HEAD_TOO_BIG: "InvalidRequest",
    ArrivalReason.BODY_WITH_GET: "InvalidRequest",
}
_UNCLASSIFIED = "Error"
_GENERATED_AT_ORIGIN = "MissGeneratedResponse"
_LOGGED_AS = {
    GeneratedResult.LAMBDA_GENERATED: Outcome.LAMBDA_GENERATED.value,
    GeneratedResult.MISS: Outcome.MISS.value,
}


@cache
def result_types(
    outcome: Outcome,
    made_by: MadeBy,
    trouble: Trouble | None = None,
    generated: GeneratedResult = GeneratedResult.LAMBDA_GENERATED,
) -> ResultTypes:
    """documented: all three are alike, but that an Error may be told in detail, and that the detail of what
    origin-request generated has a name of its own. inferred: the Lambda* errors stand in all three. What functions
    `generated` is logged as is a choice"""
    word = outcome.value
    if outcome is Outcome.ERROR:
        detail = _DETAILED.get(trouble, _UNCLASSIFIED) if trouble is not None else _UNCLASSIFIED
        return ResultTypes(word, word, detail)
    if outcome is Outcome.LAMBDA_GENERATED:
        logged = _LOGGED_AS[generated]
        return ResultTypes(logged, logged, _GENERATED_AT_ORIGIN if made_by is MadeBy.ORIGIN_REQUEST else logged)
    return ResultTypes(word, word, word)


Interruption: TypeAlias = OriginTrouble | ViewerTrouble
"""Who ended an answer before its end."""


def interrupted(ready: ResultTypes | None, by: Interruption) -> ResultTypes:
    """The result types of an answer that was not sent to its end. `ready` are those of its head, None where the viewer
    got nothing of it.

    documented: Error at the end, and what it had been just before as the response's result type (standard-logs-
    reference). inferred: where nothing was sent both are Error; an origin that breaks off is told like a viewer that
    leaves, with its own detail
    """
    word = Outcome.ERROR.value
    return ResultTypes(word, word if ready is None else ready.response, by.value.partition(" ")[0])


FAILED = ResultTypes(Outcome.ERROR.value, Outcome.ERROR.value, "InternalError")
"""Those of a request that edgesim itself could not answer. documented: CloudFront's own fault has this name"""
