"""Functions at their triggers: what runs, what it may do, and what comes of it where it fails."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from edgesim.distribution.model import ALL_METHODS, Trigger
from edgesim.pipeline.effects import BodyRead, Fetch, Fetched, GiveUp, Invoke, Invoked, Keep, LookUp, ReadBody, Reply
from edgesim.pipeline.transcript import Station
from edgesim.rules.reasons import BehaviorReason, HookReason, LookUpReason, Outcome, StoreReason, TtlReason
from edgesim.testing.make import NOW, a_distribution, a_request, a_response, an_entry
from edgesim.testing.play import ANY, Play, having, visit
from edgesim.values.body import Ticket
from edgesim.values.instant import Instant
from edgesim.values.invocation import FailureKind
from tests.pipeline.helpers import (
    EVERY_TRIGGER,
    body_read,
    changed,
    echo,
    failed,
    fetched,
    fresh,
    key_of,
    nothing,
    returned,
    seen,
    with_functions,
)

VIEWER_REQUEST, ORIGIN_REQUEST, ORIGIN_RESPONSE, VIEWER_RESPONSE = EVERY_TRIGGER
EVERYWHERE = a_distribution(with_functions(*EVERY_TRIGGER))


def invoke(trigger: Trigger) -> Invoke:
    return Invoke(trigger, ANY, ANY, ANY, ANY)


def up_to(trigger: Trigger, play: Play) -> Play:
    """A miss with echoing functions, up to the invocation at a trigger."""
    steps: list[tuple[Any, Any]] = [
        (invoke(VIEWER_REQUEST), echo),
        (LookUp, nothing()),
        (invoke(ORIGIN_REQUEST), echo),
        (Fetch, fetched(content_type="text/css")),
        (invoke(ORIGIN_RESPONSE), echo),
        (Keep, None),
    ]
    for expected, reply in steps:
        if expected == invoke(trigger):
            return play
        play.expect(expected, reply=reply)
    return play


# ── functions that do nothing ────────────────────────────────────────────────


def test_four_functions_run_in_order_and_echoes_change_nothing() -> None:
    (
        up_to(VIEWER_RESPONSE, visit(a_request("/a.css"), EVERYWHERE))
        .expect(invoke(VIEWER_RESPONSE), reply=echo)
        .returns(
            status=200,
            x_cache=Outcome.MISS,
            body=b"hello",
            because=[HookReason.PASSED, LookUpReason.NOT_STORED, HookReason.PASSED, HookReason.PASSED,
                     StoreReason.STORED, HookReason.PASSED, Outcome.MISS],
        )
    )  # fmt: skip


def test_a_function_runs_with_its_own_timeout_and_in_the_region_of_the_edge() -> None:
    (
        visit(a_request(), a_distribution(with_functions(VIEWER_REQUEST)), pop="NRT12-P9")
        .expect(Invoke(VIEWER_REQUEST, ANY, ANY, 3, "ap-northeast-1"), reply=returned({"status": "200"}))
        .returns(status=200)
    )


# ── functions that fail, at each trigger ─────────────────────────────────────

REJECTED = returned({"status": "999"})
FAILURES = [
    pytest.param(failed(), 503, Outcome.LAMBDA_EXECUTION_ERROR, HookReason.FAILED, id="throws"),
    pytest.param(failed(FailureKind.TIMEOUT), 503, Outcome.LAMBDA_EXECUTION_ERROR, HookReason.FAILED, id="times out"),
    pytest.param(failed(FailureKind.EXIT), 503, Outcome.LAMBDA_EXECUTION_ERROR, HookReason.FAILED, id="crashes"),
    pytest.param(failed(FailureKind.INIT), 503, Outcome.LAMBDA_EXECUTION_ERROR, HookReason.FAILED, id="can't load"),
    pytest.param(failed(FailureKind.THROTTLED), 503, Outcome.LAMBDA_LIMIT_EXCEEDED, HookReason.FAILED, id="throttled"),
    pytest.param(REJECTED, 502, Outcome.LAMBDA_VALIDATION_ERROR, HookReason.REJECTED, id="returns nonsense"),
    pytest.param(returned(None), 502, Outcome.LAMBDA_VALIDATION_ERROR, HookReason.REJECTED, id="returns null"),
]


@pytest.mark.parametrize("trigger", EVERY_TRIGGER)
@pytest.mark.parametrize(("reply", "status", "outcome", "because"), FAILURES)
def test_where_a_function_fails_no_later_one_runs_and_nothing_of_it_is_kept(
    trigger: Trigger, reply: Invoked, status: int, outcome: Outcome, because: HookReason
) -> None:
    play = up_to(trigger, visit(a_request("/a.css"), EVERYWHERE)).expect(invoke(trigger), reply=reply)
    if trigger in {ORIGIN_REQUEST, ORIGIN_RESPONSE}:
        play.expect(GiveUp(key_of("/a.css")))
    served = play.returns(status=status, x_cache=outcome, headers={"age": None}, because=[because, outcome])
    assert isinstance(served.response.body, bytes)
    assert b"Lambda function" in served.response.body


@pytest.mark.parametrize("trigger", [VIEWER_REQUEST, ORIGIN_REQUEST, ORIGIN_RESPONSE])
def test_the_transcript_says_why_viewer_response_did_not_run_after_a_failure(trigger: Trigger) -> None:
    play = up_to(trigger, visit(a_request("/a.css"), EVERYWHERE)).expect(invoke(trigger), reply=failed())
    if trigger is not VIEWER_REQUEST:
        play.expect(GiveUp)
    play.returns(because=[HookReason.FAILED, HookReason.SKIPPED_FUNCTION_FAILED])


def test_a_failure_at_viewer_response_leaves_what_was_kept_alone() -> None:
    """The Keep came before; the object is good, only this viewer gets an error."""
    (
        visit(a_request("/a.css"), a_distribution(with_functions(VIEWER_RESPONSE)))
        .expect(LookUp, reply=fresh(an_entry(stored_at=Instant(NOW - 9))))
        .expect(invoke(VIEWER_RESPONSE), reply=failed())
        .returns(status=503, x_cache=Outcome.LAMBDA_EXECUTION_ERROR, headers={"age": None})
    )


def test_a_note_holds_the_failure_and_what_the_function_saw_but_no_result() -> None:
    play = visit(a_request("/a.css"), EVERYWHERE).expect(invoke(VIEWER_REQUEST), reply=failed())
    play.returns(status=503)
    (note,) = play.transcript.at(Station.VIEWER_REQUEST)
    assert note.facts["failure"].message == "x is not a function"
    assert note.facts["before"].path == "/a.css"
    assert note.facts["function"].name == "viewer-request"


# ── functions that answer ────────────────────────────────────────────────────

GENERATED = returned({"status": "302", "statusDescription": "Over there", "headers": {"location": [{"value": "/b"}]}})


def test_what_viewer_request_generates_touches_no_cache_and_no_other_function() -> None:
    (
        visit(a_request("/a.css"), EVERYWHERE)
        .expect(invoke(VIEWER_REQUEST), reply=GENERATED)
        .returns(
            status=302,
            x_cache=Outcome.LAMBDA_GENERATED,
            headers={"location": "/b", "content-length": "0", "server": "CloudFront"},
            because=[HookReason.GENERATED, HookReason.SKIPPED_GENERATED, Outcome.LAMBDA_GENERATED],
        )
    )


def test_what_origin_request_generates_is_kept_and_seen_by_viewer_response_only() -> None:
    generated = returned({"status": "200", "body": "made up", "headers": {"cache-control": [{"value": "max-age=7"}]}})
    (
        up_to(ORIGIN_REQUEST, visit(a_request("/a.css"), EVERYWHERE))
        .expect(invoke(ORIGIN_REQUEST), reply=generated)
        .expect(Keep(ANY, having(generated=True, ttl=7, because=TtlReason.MAX_AGE, body=b"made up")))
        .expect(invoke(VIEWER_RESPONSE), reply=echo)
        .returns(
            status=200,
            x_cache=Outcome.LAMBDA_GENERATED,
            body=b"made up",
            headers={"content-length": "7"},
            because=[HookReason.GENERATED, HookReason.SKIPPED_ORIGIN_GENERATED, StoreReason.STORED],
        )
    )


def test_a_generated_answer_to_head_has_no_body() -> None:
    (
        visit(a_request(method="HEAD"), EVERYWHERE)
        .expect(invoke(VIEWER_REQUEST), reply=returned({"status": "200", "body": "made up"}))
        .returns(status=200, body=b"", headers={"content-length": "7"})
    )


@pytest.mark.parametrize("status", ["204", "304"])
def test_a_generated_answer_that_can_have_no_body_has_no_length_either(status: str) -> None:
    (
        visit(a_request("/a.css"), a_distribution(with_functions(ORIGIN_REQUEST)))
        .expect(LookUp, reply=nothing())
        .expect(invoke(ORIGIN_REQUEST), reply=returned({"status": status, "body": "made up"}))
        .expect(Keep if status == "204" else GiveUp)
        .returns(status=int(status), body=b"", headers={"content-length": None})
    )


# ── functions that change something ──────────────────────────────────────────


def test_what_viewer_request_changes_decides_about_the_key_but_not_about_the_behavior() -> None:
    distribution = a_distribution(with_functions(path_pattern="/b*"), with_functions(VIEWER_REQUEST))
    (
        visit(a_request("/a.css"), distribution)
        .expect(invoke(VIEWER_REQUEST), reply=changed(uri="/b.css"))
        .expect(LookUp((key_of("/b.css"),), ANY), reply=fresh(an_entry()))
        .returns(because=[BehaviorReason.DEFAULT, HookReason.CHANGED, LookUpReason.FRESH])
    )


def test_the_default_root_object_comes_after_viewer_request() -> None:
    def sees_the_root(effect: Invoke) -> Invoked:
        assert seen(effect)["uri"] == "/"
        return echo(effect)

    distribution = a_distribution(with_functions(VIEWER_REQUEST), default_root_object="index.html")
    (
        visit(a_request("/"), distribution)
        .expect(invoke(VIEWER_REQUEST), reply=sees_the_root)
        .expect(LookUp((key_of("/index.html"),), ANY), reply=fresh(an_entry()))
        .returns(status=200)
    )


def test_what_origin_request_changes_is_what_the_origin_gets_under_the_same_key() -> None:
    def gets_the_change(effect: Fetch) -> Fetched:
        assert (effect.request.path, effect.request.headers.get("x-new")) == ("/b.css", "1")
        return fetched()

    (
        up_to(ORIGIN_REQUEST, visit(a_request("/a.css"), a_distribution(with_functions(*EVERY_TRIGGER[:2]))))
        .expect(invoke(ORIGIN_REQUEST), reply=changed(uri="/b.css", headers={"x-new": "1"}))
        .expect(Fetch, reply=gets_the_change)
        .expect(Keep(key_of("/a.css"), ANY))
        .returns(status=200)
    )


def _moves_the_origin(effect: Invoke) -> Invoked:
    told = seen(effect)
    told["origin"]["custom"] |= {
        "domainName": "elsewhere.example",
        "path": "/v2",
        "customHeaders": {"x-key": [{"key": "X-Key", "value": "k"}]},
    }
    told["headers"]["host"] = [{"key": "Host", "value": "elsewhere.example"}]
    return returned(told)


def test_a_function_can_send_the_request_to_another_origin() -> None:
    def goes_there(effect: Fetch) -> Fetched:
        assert (effect.origin.domain_name, effect.origin.path) == ("elsewhere.example", "/v2")
        assert effect.request.headers.get("x-key") == "k"
        assert effect.request.headers.get("host") == "elsewhere.example"
        return fetched()

    play = (
        visit(a_request("/a.css"), a_distribution(with_functions(ORIGIN_REQUEST)))
        .expect(LookUp, reply=nothing())
        .expect(invoke(ORIGIN_REQUEST), reply=_moves_the_origin)
        .expect(Fetch, reply=goes_there)
        .expect(Keep)
    )
    play.returns(because=[HookReason.CHANGED])
    (note,) = play.transcript.at(Station.ORIGIN_REQUEST)
    assert (note.facts["origin_before"].domain_name, note.facts["origin_after"].domain_name) == (
        "origin.example.com",
        "elsewhere.example",
    )


def test_what_origin_response_changes_is_kept_and_decides_about_the_ttl() -> None:
    (
        visit(a_request("/a.css"), a_distribution(with_functions(ORIGIN_RESPONSE)))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(cache_control="max-age=60", content_length="5"))
        .expect(
            invoke(ORIGIN_RESPONSE),
            reply=changed(headers={"cache-control": "max-age=5"}, body="other words", status="201"),
        )
        .expect(Keep(ANY, having(status=201, ttl=5, body=b"other words")))
        .returns(status=201, body=b"other words", headers={"content-length": "11"}, x_cache=Outcome.MISS)
    )


def test_what_viewer_response_changes_is_for_this_viewer_alone() -> None:
    (
        visit(a_request("/a.css"), a_distribution(with_functions(VIEWER_RESPONSE)))
        .expect(LookUp, reply=fresh(an_entry(stored_at=Instant(NOW - 9))))
        .expect(invoke(VIEWER_RESPONSE), reply=changed(headers={"x-frame-options": "DENY"}))
        .returns(x_cache=Outcome.HIT, headers={"x-frame-options": "DENY", "age": "9"})
    )


def test_viewer_response_sees_the_age_of_a_hit() -> None:
    def sees_it(effect: Invoke) -> Invoked:
        assert seen(effect)["headers"]["age"][0]["value"] == "9"
        return echo(effect)

    (
        visit(a_request("/a.css"), a_distribution(with_functions(VIEWER_RESPONSE)))
        .expect(LookUp, reply=fresh(an_entry(stored_at=Instant(NOW - 9))))
        .expect(invoke(VIEWER_RESPONSE), reply=sees_it)
        .returns(headers={"age": "9"})
    )


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"content-length": "999"}, id="another length"),
        pytest.param({"content-length": "many"}, id="no number"),
    ],
)
def test_the_length_of_an_untouched_body_is_not_for_a_function_to_say(headers: dict[str, str]) -> None:
    (
        visit(a_request("/a.css"), a_distribution(with_functions(ORIGIN_RESPONSE)))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(content_length="5"))
        .expect(invoke(ORIGIN_RESPONSE), reply=changed(headers=headers))
        .expect(Keep)
        .returns(headers={"content-length": "5"})
    )


def test_a_length_that_the_origin_did_not_send_is_not_invented_by_a_function() -> None:
    (
        visit(a_request("/a.css"), a_distribution(with_functions(ORIGIN_RESPONSE)))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(body=Ticket()))
        .expect(invoke(ORIGIN_RESPONSE), reply=changed(headers={"content-length": "5"}))
        .expect(Keep)
        .returns(headers={"content-length": None})
    )


def test_an_echo_of_a_response_without_a_reason_phrase_is_no_change() -> None:
    play = (
        visit(a_request("/a.css"), a_distribution(with_functions(ORIGIN_RESPONSE)))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched())
        .expect(invoke(ORIGIN_RESPONSE), reply=echo)
        .expect(Keep)
    )
    served = play.returns(because=[HookReason.PASSED])
    assert served.response.reason == ""


def test_a_status_description_goes_into_the_status_line() -> None:
    served = (
        visit(a_request("/a.css"), EVERYWHERE)
        .expect(invoke(VIEWER_REQUEST), reply=returned({"status": "200", "statusDescription": "Fine"}))
        .returns(status=200)
    )
    assert served.response.reason == "Fine"


# ── request bodies ───────────────────────────────────────────────────────────

READS_BODIES = a_distribution(
    with_functions(VIEWER_REQUEST, ORIGIN_REQUEST, allowed_methods=ALL_METHODS, include_body=True)
)


def post(body: bytes) -> Play:
    return visit(a_request("/form", method="POST", body=body, content_length=str(len(body))), READS_BODIES)


def with_body(action: str, data: bytes) -> Reply | Any:
    def reply(effect: Invoke) -> Invoked:
        told = seen(effect)
        told["body"] |= {"action": action, "data": base64.b64encode(data).decode()}
        return returned(told)

    return reply


def shows_body(data: bytes, *, truncated: bool) -> Any:
    def reply(effect: Invoke) -> Invoked:
        assert seen(effect)["body"] == {
            "inputTruncated": truncated,
            "action": "read-only",
            "encoding": "base64",
            "data": base64.b64encode(data).decode(),
        }
        return echo(effect)

    return reply


def origin_gets(body: bytes) -> Any:
    def reply(effect: Fetch) -> Fetched:
        assert effect.request.body == body
        assert effect.request.headers.get("content-length") == str(len(body))
        return fetched()

    return reply


def test_a_function_sees_the_body_and_the_origin_gets_it() -> None:
    (
        post(b"name=x")
        .expect(ReadBody(b"name=x", 40 * 1024), reply=body_read)
        .expect(invoke(VIEWER_REQUEST), reply=shows_body(b"name=x", truncated=False))
        .expect(ReadBody(b"name=x", 1024 * 1024), reply=body_read)
        .expect(invoke(ORIGIN_REQUEST), reply=shows_body(b"name=x", truncated=False))
        .expect(Fetch, reply=origin_gets(b"name=x"))
        .returns(status=200)
    )


def test_a_large_body_is_cut_for_the_function_and_whole_for_the_origin() -> None:
    large = b"x" * 50_000
    (
        post(large)
        .expect(ReadBody, reply=body_read)
        .expect(invoke(VIEWER_REQUEST), reply=shows_body(large[: 40 * 1024], truncated=True))
        .expect(ReadBody, reply=body_read)
        .expect(invoke(ORIGIN_REQUEST), reply=shows_body(large, truncated=False))
        .expect(Fetch, reply=origin_gets(large))
        .returns(status=200)
    )


def test_the_body_that_reading_left_behind_is_the_one_that_goes_on() -> None:
    """The driver has to put a stream together again: whatever ticket it gives is sent."""
    ticket = Ticket(7)

    def goes_on(effect: Fetch) -> Fetched:
        assert effect.request.body is ticket
        return fetched()

    distribution = a_distribution(with_functions(VIEWER_REQUEST, include_body=True))
    (
        visit(a_request("/form", method="POST", body=Ticket(7)), distribution)
        .expect(ReadBody, reply=BodyRead(b"name", truncated=True, body=ticket))
        .expect(invoke(VIEWER_REQUEST), reply=echo)
        .expect(Fetch, reply=goes_on)
        .returns(status=200)
    )


def test_a_replaced_body_goes_to_the_next_function_and_to_the_origin_with_its_length() -> None:
    (
        post(b"name=x")
        .expect(ReadBody, reply=body_read)
        .expect(invoke(VIEWER_REQUEST), reply=with_body("replace", b"name=other"))
        .expect(ReadBody(b"name=other", ANY), reply=body_read)
        .expect(invoke(ORIGIN_REQUEST), reply=shows_body(b"name=other", truncated=False))
        .expect(Fetch, reply=origin_gets(b"name=other"))
        .returns(status=200)
    )


def test_a_read_only_body_is_forwarded_as_it_came_whatever_the_function_wrote() -> None:
    (
        post(b"name=x")
        .expect(ReadBody, reply=body_read)
        .expect(invoke(VIEWER_REQUEST), reply=with_body("read-only", b"something else"))
        .expect(ReadBody, reply=body_read)
        .expect(invoke(ORIGIN_REQUEST), reply=echo)
        .expect(Fetch, reply=origin_gets(b"name=x"))
        .returns(status=200)
    )


def test_without_include_body_nothing_is_read() -> None:
    def has_no_body(effect: Invoke) -> Invoked:
        assert "body" not in seen(effect)
        return echo(effect)

    request = replace(a_request("/form", method="POST"), body=Ticket())
    (
        visit(request, a_distribution(with_functions(VIEWER_REQUEST)))
        .expect(invoke(VIEWER_REQUEST), reply=has_no_body)
        .expect(Fetch, reply=Fetched(a_response(), NOW))
        .returns(status=200)
    )
