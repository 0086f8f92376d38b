"""Open questions that the request path itself answers, and what the log calls an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgesim.distribution.choices import (
    Choices,
    FailedFunctionPage,
    GeneratedErrorPage,
    RequestWithoutBody,
    TimeoutResult,
    ViewerResponseAfterGeneratedError,
    ViewerResponseStatus,
)
from edgesim.distribution.limits import Edition
from edgesim.distribution.model import Distribution, Trigger
from edgesim.distribution.terms import Terms
from edgesim.errors import OriginTrouble
from edgesim.pipeline.effects import Fetch, GiveUp, Invoke, Invoked, Keep, LookUp, ReadBody
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import HookReason, Outcome
from edgesim.rules.result_types import ResultTypes
from edgesim.testing.make import a_distribution, a_function, a_request, an_entry, behavior
from edgesim.testing.play import ANY, visit
from edgesim.values.invocation import FailureKind
from tests.pipeline.helpers import (
    body_read,
    changed,
    echo,
    failed,
    fetched,
    fresh,
    nothing,
    pages,
    returned,
    unreachable,
    with_functions,
)

VREQ, OREQ, ORES, VRES = Trigger


def at(*triggers: Trigger, answers: dict[str, Any] | None = None, **settings: Any) -> Distribution:
    """A distribution with functions at these triggers and pages for 403 and 503."""
    include_body = settings.pop("include_body", False)
    return a_distribution(
        with_functions(*triggers, include_body=include_body),
        error_responses=pages(_403="/page", _503="/page"),
        terms=Terms(choices=Choices(**(answers or {})), **settings),
    )


def invoke(trigger: Trigger) -> Invoke:
    return Invoke(trigger, ANY, ANY, ANY, ANY)


def test_a_failure_keeps_its_own_page_by_choice() -> None:
    distribution = at(VREQ, answers={"failed_function_page": FailedFunctionPage.OWN})
    play = visit(a_request(), distribution).expect(invoke(VREQ), reply=failed())
    play.returns(status=503, x_cache=Outcome.LAMBDA_EXECUTION_ERROR)


def test_a_timeout_that_is_a_limit_exceeded_gets_no_page() -> None:
    distribution = at(VREQ, answers={"timeout_result": TimeoutResult.LIMIT_EXCEEDED})
    play = visit(a_request(), distribution).expect(invoke(VREQ), reply=failed(FailureKind.TIMEOUT))
    play.returns(status=503, x_cache=Outcome.LAMBDA_LIMIT_EXCEEDED)


GENERATED = returned({"status": "403", "body": "no"})


def test_an_error_that_origin_request_generates_keeps_its_body_by_choice_also_when_it_is_cached() -> None:
    distribution = at(OREQ, answers={"generated_error_page": GeneratedErrorPage.OWN})
    play = visit(a_request(), distribution).expect(LookUp, reply=nothing()).expect(invoke(OREQ), reply=GENERATED)
    play.expect(GiveUp).returns(status=403, body=b"no", x_cache=Outcome.LAMBDA_GENERATED)


def test_viewer_response_runs_after_it_by_choice() -> None:
    answers = {
        "generated_error_page": GeneratedErrorPage.OWN,
        "viewer_response_after_generated_error": ViewerResponseAfterGeneratedError.RUNS,
    }
    play = visit(a_request(), at(OREQ, VRES, answers=answers)).expect(LookUp, reply=nothing())
    play.expect(invoke(OREQ), reply=GENERATED).expect(GiveUp).expect(invoke(VRES), reply=echo)
    play.returns(status=403, because=[HookReason.GENERATED, HookReason.PASSED])


def test_a_response_that_origin_request_generated_says_so_when_it_comes_from_the_cache() -> None:
    play = visit(a_request(), at()).expect(LookUp, reply=fresh(replace(an_entry(), generated=True)))
    play.returns(status=200, x_cache=Outcome.HIT)
    (note,) = play.transcript.at(Station.DELIVERY)
    assert note.facts["made_by"].name == "ORIGIN_REQUEST"


@pytest.mark.parametrize(
    ("choice", "sent", "set_to", "runs"),
    [
        (ViewerResponseStatus.NEW, 404, "200", True),
        (ViewerResponseStatus.ORIGINS, 404, "200", False),
        (ViewerResponseStatus.NEW, 200, "404", False),
        (ViewerResponseStatus.ORIGINS, 200, "404", True),
    ],
)
def test_which_status_viewer_response_goes_by(choice: ViewerResponseStatus, sent: int, set_to: str, runs: bool) -> None:
    play = visit(a_request(), at(ORES, VRES, answers={"viewer_response_status": choice}))
    play.expect(LookUp, reply=nothing()).expect(Fetch, reply=fetched(sent))
    play.expect(invoke(ORES), reply=changed(status=set_to)).expect(Keep)
    if runs:
        play.expect(invoke(VRES), reply=echo)
    play.returns(status=int(set_to))


@pytest.mark.parametrize(
    ("choice", "method", "body", "shown"),
    [
        (RequestWithoutBody.EMPTY_BODY, "GET", b"", True),
        (RequestWithoutBody.NO_BODY, "GET", b"", False),
        (RequestWithoutBody.NO_BODY, "POST", b"", False),
        (RequestWithoutBody.NO_BODY, "POST", b"x", True),
    ],
)
def test_whether_a_request_without_a_body_shows_one(
    choice: RequestWithoutBody, method: str, body: bytes, shown: bool
) -> None:
    def see(effect: Invoke) -> Invoked:
        assert ("body" in effect.event["Records"][0]["cf"]["request"]) is shown
        return returned({"status": "200"})

    distribution = at(VREQ, include_body=True, answers={"request_without_body": choice})
    play = visit(a_request(method=method, body=body), distribution)
    if shown:
        play.expect(ReadBody, reply=body_read)
    play.expect(invoke(VREQ), reply=see).returns(status=200)


def test_in_2023_a_viewer_trigger_had_five_seconds_and_its_failure_was_a_500() -> None:
    slow = behavior(functions={VREQ: a_function(timeout=20)})
    play = visit(a_request(), a_distribution(slow, terms=Terms(Edition.OF_2023)))
    play.expect(Invoke(VREQ, ANY, ANY, 5, ANY), reply=failed())
    play.returns(status=500, x_cache=Outcome.LAMBDA_EXECUTION_ERROR)


# ── what the log calls it ────────────────────────────────────────────────────


def logged(transcript: Transcript) -> ResultTypes:
    (note,) = [note for note in transcript.at(Station.DELIVERY) if "result_types" in note.facts]
    found: ResultTypes = note.facts["result_types"]
    return found


def test_a_failure_stands_in_all_three_result_types() -> None:
    play = visit(a_request(), a_distribution(with_functions(VREQ))).expect(invoke(VREQ), reply=returned(None))
    play.returns(status=502)
    assert logged(play.transcript) == ResultTypes(*["LambdaValidationError"] * 3)


def test_what_was_in_the_way_is_the_detail_behind_a_custom_error_page_too() -> None:
    distribution = a_distribution(error_responses=pages(_502="/502.html"))
    play = visit(a_request("/x"), distribution).expect(LookUp, reply=nothing())
    play.expect(Fetch, reply=unreachable(OriginTrouble.DNS)).expect(Keep)
    play.expect(LookUp, reply=fresh(an_entry(body=b"back soon"))).returns(status=502, body=b"back soon")
    assert logged(play.transcript) == ResultTypes("Error", "Error", "OriginDnsError")


def test_a_method_that_is_not_allowed_has_a_detail() -> None:
    play = visit(a_request(method="POST"), a_distribution())
    play.returns(status=403)
    assert logged(play.transcript).detailed == "InvalidRequestMethod"
