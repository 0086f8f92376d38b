"""The far end of the request path: the origin, between the functions of origin request and origin response."""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution.edge_choices import OriginResponseBeforeFailover
from edgesim.distribution.model import Origin, OriginGroup, Trigger
from edgesim.pipeline.effects import (
    FetchFailed,
    Steps,
    resolve,
)
from edgesim.pipeline.fetching import fetch_usable
from edgesim.pipeline.functions import run_request_hook, run_response_hook
from edgesim.pipeline.journey import Answer, Journey, Reached, head_of, response_head
from edgesim.pipeline.transcript import Station
from edgesim.rules.cloudfront_headers import for_the_origin
from edgesim.rules.edge import edge_name
from edgesim.rules.error_pages import origin_error_page
from edgesim.rules.failover import FAILS_OVER, came_of, failover_verdict
from edgesim.rules.forwarding import origin_request, with_custom_headers
from edgesim.rules.function_event import settled
from edgesim.rules.hooks import MadeBy
from edgesim.rules.reasons import (
    HookReason,
    OriginReason,
    Outcome,
)
from edgesim.rules.received import received
from edgesim.rules.revalidation import conditional
from edgesim.rules.websocket import switched
from edgesim.values.entry import Entry
from edgesim.values.message import SWITCHING_PROTOCOLS, Request, Response


def reach_any(journey: Journey, request: Request, asked: Entry | None) -> Steps[Reached]:
    """The answer of the behavior's origin, or of the first origin of its group that does not fail. documented:
    high_availability_origin_failover, what the secondary answers goes to the viewer, whatever it is"""
    behavior, origins = journey.behavior, journey.distribution.origins
    group = journey.distribution.origin_groups.get(behavior.target_origin_id)
    if group is None:
        return (yield from reach(journey, request, origins[behavior.target_origin_id], asked))
    reached = yield from reach(journey, request, origins[group.members[0]], asked, group)
    status = reached.answer.response.status
    came = came_of(journey.distribution.terms.choices, reached.came, reached.answer.made_by, status)
    verdict = failover_verdict(group, behavior, request.method, came) if came is not None else None
    if verdict is None:
        return reached
    if verdict not in FAILS_OVER:
        journey.transcript.note(Station.FAILOVER, verdict, status=status)
        return reached
    inner = journey.transcript.within(Station.FAILOVER, verdict, status=status)
    return (yield from reach(replace(journey, transcript=inner), request, origins[group.members[1]], asked))


def reach(
    journey: Journey, request: Request, origin: Origin, asked: Entry | None, group: OriginGroup | None = None
) -> Steps[Reached]:
    """One origin's answer, between the functions of origin request and origin response. `asked` is the stored object
    that it is to be compared with; `group` the one that has another origin beside this."""
    behavior, arrival = journey.behavior, journey.arrival
    origin = settled(origin, arrival.viewer.protocol)
    forwarded = replace(request, headers=for_the_origin(behavior, arrival, request.headers))
    sending = origin_request(behavior, origin, arrival, forwarded, edge_name=edge_name(arrival.viewer.pop))
    if asked is not None:
        sending = conditional(sending, asked)

    # ── origin request ───────────────────────────────────────────────────────
    https = arrival.viewer.protocol == "https"
    if Trigger.ORIGIN_REQUEST in behavior.associations:
        # documented: lambda-at-edge-function-restrictions, the origin's name is resolved before its function runs
        resolved = yield from resolve(origin, https=https)
        if isinstance(resolved, FetchFailed):
            journey.transcript.note(Station.ORIGIN_REQUEST, HookReason.SKIPPED_UNRESOLVED)
            return _unreachable(journey, resolved, {"origin": origin})
    passed = yield from run_request_hook(journey, Trigger.ORIGIN_REQUEST, sending, origin)
    if passed.answer is not None:
        return _generated(journey, passed.answer)
    sending, origin = passed.request, passed.origin or origin

    # ── origin ───────────────────────────────────────────────────────────────
    sent = with_custom_headers(sending, origin)
    fetched = yield from fetch_usable(behavior, sent, origin, https=https)
    facts: dict[str, object] = {
        "origin": origin,
        "where": fetched.where or None,
        "sent": head_of(sent),
        "at": fetched.at,
    }
    if isinstance(fetched, FetchFailed):
        return _unreachable(journey, fetched, facts)
    response = switched(received(behavior, fetched.response, fetched.at))
    told = {"status": response.status, "answer": response_head(response), "came": fetched.response.headers}
    journey.transcript.note(Station.ORIGIN, OriginReason.ANSWERED, **told, **facts)
    answer = Answer(response, _outcome(response), MadeBy.ORIGIN, fetched.at)

    # ── origin response ──────────────────────────────────────────────────────
    if group is not None and _leaves_it_to_the_secondary(journey, group, request, response.status):
        return Reached(answer, response.status)
    if response.status == SWITCHING_PROTOCOLS:
        # inferred: a function sees a status from 200 on, and could say nothing to what follows
        if Trigger.ORIGIN_RESPONSE in behavior.associations:
            journey.transcript.note(Station.ORIGIN_RESPONSE, HookReason.SKIPPED_WEBSOCKET)
        return Reached(answer, response.status)
    answer = yield from run_response_hook(journey, Trigger.ORIGIN_RESPONSE, sending, answer, origin)
    if answer.made_by is not MadeBy.FAILED_FUNCTION:
        answer = replace(answer, outcome=_outcome(answer.response))
    return Reached(answer, response.status)


def _leaves_it_to_the_secondary(journey: Journey, group: OriginGroup, request: Request, status: int) -> bool:
    """Does origin-response not run, since the secondary origin is asked? That is a choice."""
    choice = journey.distribution.terms.choices.origin_response_before_failover
    if choice is OriginResponseBeforeFailover.RUNS:
        return False
    fails_over = failover_verdict(group, journey.behavior, request.method, status) in FAILS_OVER
    if fails_over and Trigger.ORIGIN_RESPONSE in journey.behavior.associations:
        journey.transcript.note(Station.ORIGIN_RESPONSE, HookReason.SKIPPED_FAILOVER)
    return fails_over


def _outcome(response: Response) -> Outcome:
    """observed: an origin's 4xx or 5xx is `Error`, also where it is passed through"""
    return Outcome.ERROR if response.status >= 400 else Outcome.MISS


def _generated(journey: Journey, answer: Answer) -> Reached:
    """What the origin-request function gave instead: a response, kept like an origin's (documented), or a failure."""
    if Trigger.ORIGIN_RESPONSE in journey.behavior.associations:
        failed = answer.made_by is MadeBy.FAILED_FUNCTION
        skipped = HookReason.SKIPPED_FUNCTION_FAILED if failed else HookReason.SKIPPED_ORIGIN_GENERATED
        journey.transcript.note(Station.ORIGIN_RESPONSE, skipped)
    return Reached(answer)


def _unreachable(journey: Journey, failed: FetchFailed, facts: dict[str, object]) -> Reached:
    """CloudFront's own error; it is kept like an origin's (documented: HTTPStatusCodes)."""
    told = {"trouble": failed.trouble, "message": failed.message, **facts}
    journey.transcript.note(Station.ORIGIN, OriginReason.FAILED, **told)
    if Trigger.ORIGIN_RESPONSE in journey.behavior.associations:
        journey.transcript.note(Station.ORIGIN_RESPONSE, HookReason.SKIPPED_NO_ORIGIN_RESPONSE)
    page = origin_error_page(failed.trouble, journey.arrival.id)
    answer = Answer(page, Outcome.ERROR, MadeBy.CLOUDFRONT, failed.at, trouble=failed.trouble)
    return Reached(answer, failed.trouble)
