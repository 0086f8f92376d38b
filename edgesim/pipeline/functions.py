"""Running a function at a trigger: build its event, invoke it, judge its result, apply it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from edgesim.distribution.choices import RequestWithoutBody
from edgesim.distribution.model import Association, Origin, Trigger
from edgesim.pipeline.effects import Invoked, Steps, invoke, read_body
from edgesim.pipeline.journey import Answer, Journey, head_of, response_head
from edgesim.pipeline.transcript import Station
from edgesim.rules import error_pages
from edgesim.rules.edge import region_of
from edgesim.rules.failures import FailedAs, failed_as, rejected_as
from edgesim.rules.function_event import ReadBody, function_event, resolved_https
from edgesim.rules.function_headers import Rejected
from edgesim.rules.function_result import ChangedRequest, ChangedResponse, GeneratedResponse, Verdict, judge
from edgesim.rules.hooks import Hook, MadeBy, time_limit
from edgesim.rules.reasons import HookReason, Outcome
from edgesim.values.body import NO_BODY, Body, length_of
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.invocation import Failed, Invocation, Returned
from edgesim.values.message import Request, Response
from edgesim.values.record import record

STATIONS = {
    Trigger.VIEWER_REQUEST: Station.VIEWER_REQUEST,
    Trigger.ORIGIN_REQUEST: Station.ORIGIN_REQUEST,
    Trigger.ORIGIN_RESPONSE: Station.ORIGIN_RESPONSE,
    Trigger.VIEWER_RESPONSE: Station.VIEWER_RESPONSE,
}


@record
class PassedOn:
    """What goes on from a request trigger: the request and its origin, or an answer that ends the way out."""

    request: Request
    origin: Origin | None = None
    answer: Answer | None = None


def run_request_hook(
    journey: Journey, trigger: Trigger, request: Request, origin: Origin | None = None
) -> Steps[PassedOn]:
    """Run the behavior's function at viewer request or origin request, if it has one there."""
    association = journey.behavior.associations.get(trigger)
    if association is None:
        return PassedOn(request, origin)
    hook, body = Hook(trigger, journey.distribution.terms), None
    if association.include_body and not _hides_body(hook, request):
        request, body = yield from _with_body_read(hook, request)
    event = function_event(trigger, journey.distribution, journey.arrival, request, body=body, origin=origin)
    invoked = yield from _invoke(journey, hook, association, event)
    failure = _failure(journey, trigger, association, invoked, head_of(request))
    if failure is not None:
        return PassedOn(request, origin, failure)
    client_ip = journey.arrival.viewer.ip
    verdict = judge(hook, _payload(invoked), request=request, origin=origin, client_ip=client_ip)
    return _request_applied(journey, trigger, association, invoked, verdict, PassedOn(request, origin))


def run_response_hook(
    journey: Journey, trigger: Trigger, request: Request, answer: Answer, origin: Origin | None = None
) -> Steps[Answer]:
    """Run the behavior's function at origin response or viewer response, if it has one there."""
    association = journey.behavior.associations.get(trigger)
    if association is None:
        return answer
    sent, hook = answer.response, Hook(trigger, journey.distribution.terms)
    event = function_event(trigger, journey.distribution, journey.arrival, request, origin=origin, response=sent)
    invoked = yield from _invoke(journey, hook, association, event)
    failure = _failure(journey, trigger, association, invoked, response_head(sent))
    if failure is not None:
        return failure
    verdict = judge(hook, _payload(invoked), request=request, response=sent)
    if isinstance(verdict, ChangedResponse):
        after = _changed_response(sent, verdict)
        because = HookReason.PASSED if after == sent else HookReason.CHANGED
        head = response_head(after)
        _note(journey, trigger, association, because, invoked, response_head(sent), verdict.body, after=head)
        return replace(answer, response=after, at=invoked.at, origins_status=sent.status)
    return _rejection(journey, trigger, association, invoked, verdict, response_head(sent))


def _hides_body(hook: Hook, request: Request) -> bool:
    """Is there nothing to be shown of a request without a body? That is a choice"""
    return length_of(request.body) == 0 and hook.choices.request_without_body is RequestWithoutBody.NO_BODY


def _with_body_read(hook: Hook, request: Request) -> Steps[tuple[Request, ReadBody]]:
    """The request with a body that is whole again, and as much of it as the function sees."""
    read = yield from read_body(request.body, hook.rules.body_limit)
    return replace(request, body=read.body), ReadBody(read.head, read.truncated)


def _invoke(journey: Journey, hook: Hook, association: Association, event: dict[str, object]) -> Steps[Invoked]:
    function = association.function
    region = region_of(journey.arrival.viewer.pop)
    return (yield from invoke(hook.trigger, function, event, time_limit(hook, function), region))


def _payload(invoked: Invoked) -> str:
    result = invoked.invocation.result
    return result.payload if isinstance(result, Returned) else ""


def _failure(
    journey: Journey, trigger: Trigger, association: Association, invoked: Invoked, before: Request | Response
) -> Answer | None:
    """The answer where the function gave no result at all."""
    result = invoked.invocation.result
    if not isinstance(result, Failed):
        return None
    _note(journey, trigger, association, HookReason.FAILED, invoked, before, failure=result)
    return _failed(journey, failed_as(result.kind, journey.distribution.terms), invoked.at)


def _rejection(
    journey: Journey,
    trigger: Trigger,
    association: Association,
    invoked: Invoked,
    verdict: Verdict,
    before: Request | Response,
) -> Answer:
    """The answer where CloudFront refuses the result."""
    assert isinstance(verdict, Rejected)  # noqa: S101  judge gives nothing else here; see its table in the tests
    _note(journey, trigger, association, HookReason.REJECTED, invoked, before, rejected=verdict)
    return _failed(journey, rejected_as(verdict.code), invoked.at)


def _failed(journey: Journey, failed: FailedAs, at: Instant) -> Answer:
    page = error_pages.error_page(failed.status, failed.sentence, journey.arrival.id)
    return Answer(page, failed.outcome, MadeBy.FAILED_FUNCTION, at)


def _request_applied(
    journey: Journey,
    trigger: Trigger,
    association: Association,
    invoked: Invoked,
    verdict: Verdict,
    sent: PassedOn,
) -> PassedOn:
    before = head_of(sent.request)
    if isinstance(verdict, GeneratedResponse):
        response = _completed(verdict.response)
        head = response_head(response)
        _note(journey, trigger, association, HookReason.GENERATED, invoked, before, response.body, after=head)
        made_by = MadeBy.VIEWER_REQUEST if trigger is Trigger.VIEWER_REQUEST else MadeBy.ORIGIN_REQUEST
        return replace(sent, answer=Answer(response, Outcome.LAMBDA_GENERATED, made_by, invoked.at))
    if isinstance(verdict, ChangedRequest):
        after = PassedOn(_changed_request(sent.request, verdict), _changed_origin(journey, sent.origin, verdict.origin))
        because = HookReason.PASSED if after == sent else HookReason.CHANGED
        origins = {"origin_before": sent.origin, "origin_after": after.origin} if after.origin != sent.origin else {}
        told = {"after": head_of(after.request), **origins}
        _note(journey, trigger, association, because, invoked, before, verdict.body, **told)
        return after
    return replace(sent, answer=_rejection(journey, trigger, association, invoked, verdict, before))


def _changed_request(sent: Request, change: ChangedRequest) -> Request:
    body, headers = sent.body, change.headers
    if change.body is not None:
        # inferred: CloudFront writes the length of a replaced body, since the function may not
        body, headers = change.body, _with_length(headers, len(change.body))
    return replace(sent, path=change.path, query=change.query, headers=headers, body=body)


def _changed_origin(journey: Journey, sent: Origin | None, chosen: Origin | None) -> Origin | None:
    """The origin that the function chose. An event shows match-viewer as the protocol it comes to, so getting that
    back is no change."""
    if sent is None or chosen is None or chosen == sent:
        return sent
    protocol = journey.arrival.viewer.protocol
    if resolved_https(sent, protocol) == resolved_https(chosen, protocol):
        chosen = replace(chosen, protocol_policy=sent.protocol_policy)
    return chosen


def _changed_response(sent: Response, change: ChangedResponse) -> Response:
    if change.body is None:
        return Response(change.status, _with_length_of(sent, change.headers), sent.body, change.reason)
    if change.status in _BODILESS:
        # RFC 9110 §8.6: such a response has no length either
        return Response(
            change.status, change.headers.without("content-length", "transfer-encoding"), NO_BODY, change.reason
        )
    # documented examples leave the old length in place, so CloudFront corrects it
    return Response(change.status, _with_length(change.headers, len(change.body)), change.body, change.reason)


_BODILESS = frozenset({204, 304})


def _with_length_of(sent: Response, headers: Headers) -> Headers:
    """inferred: how long an untouched body is, is not for a function to say; framing must hold"""
    lengths = sent.headers.all("content-length")
    if headers.all("content-length") == lengths:
        return headers
    return headers.having("Content-Length", lengths[0]) if lengths else headers.without("content-length")


def _with_length(headers: Headers, length: int) -> Headers:
    return headers.without("transfer-encoding").having("Content-Length", str(length))


def _completed(response: Response) -> Response:
    """A generated response with the length that CloudFront adds. observed: 0 without a body"""
    if response.status in _BODILESS:
        return replace(response, body=NO_BODY)
    return replace(response, headers=response.headers.having("Content-Length", str(length_of(response.body))))


def _note(
    journey: Journey,
    trigger: Trigger,
    association: Association,
    because: StrEnum,
    invoked: Invoked,
    before: Request | Response,
    new_body: Body | None = None,
    **facts: object,
) -> None:
    """`new_body` is what the function wrote, of which the length is told."""
    if new_body is not None:
        facts["new_length"] = length_of(new_body)
    journey.transcript.note(
        STATIONS[trigger],
        because,
        function=association.function,
        invocation=_for_transcript(invoked.invocation),
        before=before,
        at=invoked.at,
        **facts,
    )


_LOG_CHARS = 16 * 1024


def _for_transcript(invocation: Invocation) -> Invocation:
    """The invocation without its result, and with the beginning of its log: hundreds of transcripts are kept."""
    result = Returned("") if isinstance(invocation.result, Returned) else invocation.result
    return replace(invocation, result=result, log=tuple(_beginning(invocation.log)))


def _beginning(lines: tuple[str, ...]) -> Iterator[str]:
    left = _LOG_CHARS
    for line in lines:
        if left <= 0:
            return
        yield line[:left]
        left -= len(line)
