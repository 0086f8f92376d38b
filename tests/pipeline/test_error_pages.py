"""Custom error responses: a page in the place of an error, fetched by a request of its own."""

from __future__ import annotations

from typing import Any

import pytest

from edgesim.distribution.model import CustomErrorResponse, Trigger
from edgesim.pipeline.effects import Effect, Fetch, Fetched, GiveUp, Invoke, Keep, LookUp
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import (
    ArrivalReason,
    BehaviorReason,
    DeliveryReason,
    ErrorPageReason,
    HookReason,
    LookUpReason,
    OriginReason,
    Outcome,
    StoreReason,
)
from edgesim.testing.make import NOW, a_distribution, a_request, an_entry
from edgesim.testing.play import ANY, Play, having, visit
from edgesim.values.instant import Instant
from edgesim.values.invocation import FailureKind
from tests.pipeline.helpers import (
    EVERY_TRIGGER,
    NO_CACHING,
    echo,
    failed,
    fetched,
    fresh,
    key_of,
    nothing,
    pages,
    returned,
    unreachable,
    with_functions,
)

PAGE = key_of("/404.html")
SITE = a_distribution(error_responses=pages(_404="/404.html"))


def inner_of(play: Play) -> Transcript:
    (note,) = [note for note in play.transcript.at(Station.ERROR_PAGE) if "inner" in note.facts]
    inner: Transcript = note.facts["inner"]
    return inner


def test_the_page_takes_the_place_of_the_error_and_both_are_kept() -> None:
    play = (
        visit(a_request("/nowhere"), SITE)
        .expect(LookUp((key_of("/nowhere"),), ANY), reply=nothing())
        .expect(Fetch, reply=fetched(404, body=b"the origin's own words"))
        .expect(Keep(key_of("/nowhere"), having(status=404)))
        .expect(LookUp((PAGE,), ANY), reply=nothing())
        .expect(Fetch, reply=fetched(200, body=b"the page", content_type="text/html"))
        .expect(Keep(PAGE, having(status=200)))
    )
    play.returns(
        status=404,
        x_cache=Outcome.ERROR,
        body=b"the page",
        headers={"content-type": "text/html"},
        because=[StoreReason.ERROR_STORED, ErrorPageReason.SUBSTITUTED, Outcome.ERROR],
    )
    assert inner_of(play).reasons == [
        BehaviorReason.DEFAULT,
        LookUpReason.NOT_STORED,
        OriginReason.ANSWERED,
        StoreReason.STORED,
    ]


def test_the_page_is_sent_with_the_configured_status() -> None:
    configured = {404: CustomErrorResponse(404, page_path="/index.html", response_code=200)}
    (
        visit(a_request("/nowhere"), a_distribution(error_responses=configured))
        .expect(LookUp, reply=fresh(an_entry(404)))
        .expect(LookUp, reply=fresh(an_entry(body=b"the app", stored_at=Instant(NOW - 3))))
        .returns(status=200, x_cache=Outcome.ERROR, body=b"the app", headers={"age": "3"})
    )


def test_a_caching_time_alone_leaves_the_error_as_it_is() -> None:
    (
        visit(a_request("/nowhere"), a_distribution(error_responses={404: CustomErrorResponse(404, 5)}))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(404, body=b"own words"))
        .expect(Keep(ANY, having(ttl=5)))
        .returns(status=404, body=b"own words")
    )


def test_the_page_is_matched_against_the_behaviors_from_the_top() -> None:
    distribution = a_distribution(
        with_functions(path_pattern="/errors/*", cache_policy=NO_CACHING),
        error_responses=pages(_503="/errors/503.html"),
    )
    play = (
        visit(a_request("/x"), distribution)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(503))
        .expect(Keep)
        .expect(Fetch(having(path="/errors/503.html"), ANY, ANY), reply=fetched(body=b"page"))
    )
    play.returns(status=503, body=b"page")
    assert inner_of(play).reasons[0] is BehaviorReason.FIRST_MATCH


def test_the_page_is_asked_for_plainly_whatever_the_viewer_asked() -> None:
    """No condition, no range and no body of the viewer's is about the page."""

    def plain_get(effect: Fetch) -> Fetched:
        request = effect.request
        assert (request.method, request.path, request.query, request.body) == ("GET", "/404.html", "v=1", b"")
        assert not {"if-none-match", "range", "content-length", "content-type"} & request.headers.index.keys()
        return fetched(body=b"page")

    request = a_request(
        "/nowhere?x=1",
        method="POST",
        body=b"name=x",
        content_length="6",
        content_type="text/plain",
        if_none_match='"v1"',
        range="bytes=0-1",
    )
    distribution = a_distribution(with_functions(query_strings="all"), error_responses=pages(_404="/404.html?v=1"))
    (
        visit(request, distribution)
        .expect(Fetch, reply=fetched(404))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=plain_get)
        .expect(Keep)
        .returns(status=404, body=b"page")
    )


def test_a_page_that_fails_too_gives_its_own_status() -> None:
    (
        visit(a_request("/x"), a_distribution(error_responses=pages(_500="/500.html")))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(500))
        .expect(Keep)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(404, body=b"no page either"))
        .expect(Keep)
        .returns(
            status=404,
            x_cache=Outcome.ERROR,
            body=b"no page either",
            because=[ErrorPageReason.SUBSTITUTED, ErrorPageReason.PAGE_FAILED],
        )
    )


def test_a_page_whose_own_path_fails_is_asked_for_once_more_and_no_further() -> None:
    (
        visit(a_request("/404.html"), SITE)
        .expect(LookUp((PAGE,), ANY), reply=nothing())
        .expect(Fetch, reply=fetched(404))
        .expect(Keep(PAGE, ANY))
        .expect(LookUp((PAGE,), ANY), reply=fresh(an_entry(404, body=b"kept a moment ago")))
        .returns(status=404, body=b"kept a moment ago", because=[ErrorPageReason.PAGE_FAILED])
    )


def test_functions_at_the_origin_run_for_the_page_and_those_at_the_viewer_do_not() -> None:
    distribution = a_distribution(
        with_functions(*EVERY_TRIGGER, path_pattern="/errors/*"),
        with_functions(Trigger.VIEWER_RESPONSE),
        error_responses=pages(_404="/errors/404.html"),
    )

    def at(trigger: Trigger) -> Invoke:
        return Invoke(trigger, ANY, ANY, ANY, ANY)

    play = (
        visit(a_request("/x"), distribution)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(404))
        .expect(Keep)
        .expect(LookUp, reply=nothing())
        .expect(at(Trigger.ORIGIN_REQUEST), reply=echo)
        .expect(Fetch, reply=fetched())
        .expect(at(Trigger.ORIGIN_RESPONSE), reply=echo)
        .expect(Keep)
    )
    play.returns(status=404, because=[ErrorPageReason.SUBSTITUTED, HookReason.SKIPPED_ERROR_PAGE])


@pytest.mark.parametrize("trigger", EVERY_TRIGGER)
def test_a_failed_function_gets_the_page_of_its_status(trigger: Trigger) -> None:
    distribution = a_distribution(with_functions(trigger), error_responses=pages(_503="/503.html"))
    steps: dict[Trigger, list[tuple[type[Effect], Any]]] = {
        Trigger.VIEWER_REQUEST: [(Invoke, failed())],
        Trigger.ORIGIN_REQUEST: [(LookUp, nothing()), (Invoke, failed()), (GiveUp, None)],
        Trigger.ORIGIN_RESPONSE: [(LookUp, nothing()), (Fetch, fetched()), (Invoke, failed()), (GiveUp, None)],
        Trigger.VIEWER_RESPONSE: [(LookUp, fresh(an_entry())), (Invoke, failed())],
    }
    play = visit(a_request("/x"), distribution)
    for expected, reply in steps[trigger]:
        play.expect(expected, reply=reply)
    if trigger is Trigger.VIEWER_RESPONSE:
        # inferred: the page was decided about before; what fails after it is what the viewer gets
        play.returns(status=503, x_cache=Outcome.LAMBDA_EXECUTION_ERROR)
        return
    play.expect(LookUp((key_of("/503.html"),), ANY), reply=fresh(an_entry(body=b"sorry")))
    play.returns(status=503, body=b"sorry", because=[ErrorPageReason.SUBSTITUTED])


def test_a_throttled_function_gets_no_page() -> None:
    distribution = a_distribution(with_functions(Trigger.VIEWER_REQUEST), error_responses=pages(_503="/503.html"))
    (
        visit(a_request("/x"), distribution)
        .expect(Invoke, reply=failed(FailureKind.THROTTLED))
        .returns(status=503, x_cache=Outcome.LAMBDA_LIMIT_EXCEEDED)
    )


def test_a_status_that_viewer_request_generated_gets_its_page() -> None:
    """observed: a sample could not answer 403 since the distribution mapped it to index.html"""
    distribution = a_distribution(with_functions(Trigger.VIEWER_REQUEST), error_responses=pages(_403="/index.html"))
    (
        visit(a_request("/x"), distribution)
        .expect(Invoke, reply=returned({"status": "403"}))
        .expect(LookUp, reply=fresh(an_entry(body=b"the app")))
        .returns(status=403, body=b"the app", x_cache=Outcome.ERROR)
    )


def test_an_origin_that_can_not_be_reached_gets_its_page() -> None:
    (
        visit(a_request("/x"), a_distribution(error_responses=pages(_502="/502.html")))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=unreachable())
        .expect(Keep)
        .expect(LookUp, reply=fresh(an_entry(body=b"back soon")))
        .returns(status=502, body=b"back soon")
    )


def test_a_request_that_is_refused_gets_its_page() -> None:
    (
        visit(a_request("/x", method="POST"), a_distribution(error_responses=pages(_403="/403.html")))
        .expect(LookUp, reply=fresh(an_entry(body=b"no")))
        .returns(status=403, body=b"no", because=[ArrivalReason.METHOD_NOT_ALLOWED, ErrorPageReason.SUBSTITUTED])
    )


def test_a_range_beyond_the_end_can_have_a_page_which_is_sent_whole() -> None:
    play = (
        visit(a_request("/a", range="bytes=99-"), a_distribution(error_responses=pages(_416="/416.html")))
        .expect(LookUp, reply=fresh(an_entry()))
        .expect(LookUp, reply=fresh(an_entry(body=b"page")))
    )
    served = play.returns(status=416, body=b"page")
    assert served.span is None
    assert DeliveryReason.RANGE_NOT_SATISFIABLE not in play.transcript.reasons


def test_a_head_request_gets_the_pages_head() -> None:
    (
        visit(a_request("/x", method="HEAD"), SITE)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(404))
        .expect(Keep)
        .expect(LookUp((PAGE,), ANY), reply=fresh(an_entry(body=b"page", content_length="4")))
        .returns(status=404, body=b"", headers={"content-length": "4"})
    )
