"""The log group of results that CloudFront refuses."""

from __future__ import annotations

import asyncio

import pytest

from edgesim.distribution.model import CustomErrorResponse, Trigger
from edgesim.logs.lambda_edge import function_notes, trigger_of, validation_error, validation_stream
from edgesim.rules.function_headers import Rejected
from edgesim.rules.reasons import Rejection
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import a_distribution, a_function, a_request, a_response, behavior
from edgesim.values.instant import Instant


@pytest.mark.parametrize(
    ("rejected", "says"),
    [
        pytest.param(
            Rejected(
                Rejection.READ_ONLY_HEADER,
                "tried to delete read-only header, headerName : Transfer-Encoding",
                "headers",
            ),
            "the function tried to delete read-only header, headerName : Transfer-Encoding.",
            id="as it was seen at AWS",
        ),
        pytest.param(
            Rejected(Rejection.STATUS, "status is 99, not a number from 200 to 599", "status"),
            "status is 99, not a number from 200 to 599 (at status).",
            id="anything else, with its place",
        ),
    ],
)
def test_the_line_of_a_validation_error(rejected: Rejected, says: str) -> None:
    line = validation_error("Id==", rejected)
    assert line == f"(Id==) ERROR Validation error: Lambda function result failed validation, {says}"


def test_validation_errors_have_a_log_group_of_their_own_for_each_distribution() -> None:
    stream = validation_stream("eu-west-1", "E1", Instant(0))
    assert (stream.region, stream.group) == ("eu-west-1", "/aws/cloudfront/LambdaEdge/E1")
    assert stream.name.startswith("1970/01/01/[1]")
    assert stream == validation_stream("eu-west-1", "E1", Instant(3600))
    assert stream != validation_stream("eu-west-1", "E1", Instant(90_000))


def test_functions_are_found_behind_a_custom_error_page_too() -> None:
    pages = {404: CustomErrorResponse(404, page_path="/404.html")}
    functions = {Trigger.ORIGIN_RESPONSE: a_function("stamp")}
    distribution = a_distribution(behavior(functions=functions), error_responses=pages)

    async def ask() -> list[Trigger]:
        edge = FakeEdge(
            lambda request, origin: a_response(404 if request.path != "/404.html" else 200),
            distribution,
            functions={"stamp": lambda event: event["Records"][0]["cf"]["response"]},
        )
        answered = await edge.ask(a_request("/none"))
        return [trigger_of(note) for note in function_notes(answered.transcript)]

    assert asyncio.run(ask()) == [Trigger.ORIGIN_RESPONSE] * 2
