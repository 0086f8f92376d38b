"""The request path. Read this first.

`serve` is CloudFront's way of answering, top to bottom. It is a generator: it yields effects
(effects.py) and is sent their replies, so nothing here waits, reads or writes, and what happened can be replayed.
Every decision is a rule's (edgesim/rules), and every rule's reason goes into the transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgesim.distribution.model import Distribution, Trigger
from edgesim.distribution.terms import STANDARD_TERMS
from edgesim.pipeline.caching import answer_from_edge
from edgesim.pipeline.continuous_deployment import deployed_continuously
from edgesim.pipeline.effects import Steps
from edgesim.pipeline.functions import run_request_hook, run_response_hook
from edgesim.pipeline.journey import Answer, Journey, Served
from edgesim.pipeline.response_headers import after_viewer_response, before_viewer_response
from edgesim.pipeline.signed import for_viewer_request, signature_refusal
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.arrival import Refusal, behavior_refusal, distribution_refusal, size_refusal, unknown_host
from edgesim.rules.behavior import behavior_for, distribution_for
from edgesim.rules.cloudfront_headers import for_error_page, for_the_cache, without_viewers_own
from edgesim.rules.delivery import for_viewer
from edgesim.rules.edge import edge_name
from edgesim.rules.error_pages import custom_error_response, page_life
from edgesim.rules.geo import geo_refusal
from edgesim.rules.hooks import MadeBy, viewer_response_skipped
from edgesim.rules.reasons import (
    ArrivalReason,
    DeliveryReason,
    ErrorPageReason,
    HookReason,
    Outcome,
    RootReason,
)
from edgesim.rules.result_types import result_types
from edgesim.rules.signed import unsigned
from edgesim.values.headers import Headers
from edgesim.values.message import SWITCHING_PROTOCOLS, Request
from edgesim.values.viewer import Arrival


def serve(arrival: Arrival, distributions: Sequence[Distribution], transcript: Transcript) -> Steps[Served]:
    """CloudFront's request path, top to bottom."""
    # ── arrive ───────────────────────────────────────────────────────────────
    distribution = transcript.distribution = distribution_for(distributions, arrival.request.headers.get("host") or "")
    allowed = (distribution.terms if distribution is not None else STANDARD_TERMS).limits
    if (refusal := size_refusal(arrival, allowed)) is not None:
        return refused(arrival, transcript, refusal)
    if distribution is None:
        return refused(arrival, transcript, unknown_host(arrival, distributions))
    if distribution.continuous_deployment is not None:
        return (yield from deployed_continuously(arrival, distribution, distributions, transcript, _through))
    return (yield from _through(arrival, distribution, transcript))


def _through(arrival: Arrival, distribution: Distribution, transcript: Transcript) -> Steps[Served]:
    """The path through the distribution that answers."""
    if (refusal := distribution_refusal(arrival, distribution)) is not None:
        return refused(arrival, transcript, refusal)
    behavior, because = behavior_for(distribution, arrival.request.path)
    transcript.note(Station.BEHAVIOR, because, behavior=behavior)
    journey = Journey(arrival, distribution, behavior, transcript)
    refusal = geo_refusal(arrival, distribution) or behavior_refusal(arrival, behavior, distribution.domain_name)
    if refusal is not None:
        answer = _refusal_answer(journey, refusal)
        return (yield from _finish(journey, arrival.request, answer))
    transcript.note(Station.ARRIVAL, ArrivalReason.ACCEPTED)

    # ── signed URL, signed cookies ───────────────────────────────────────────
    if behavior.signers is not None and (refusal := signature_refusal(journey, behavior.signers)) is not None:
        return (yield from _finish(journey, arrival.request, _refused(arrival, refusal)))

    # ── viewer request ───────────────────────────────────────────────────────
    request = _with_headers(arrival.request, without_viewers_own(arrival.request.headers))
    if behavior.signers is not None:
        request = for_viewer_request(journey, request)
    passed = yield from run_request_hook(journey, Trigger.VIEWER_REQUEST, request)
    request = passed.request
    if passed.answer is not None:
        return (yield from _finish(journey, request, passed.answer))

    # ── cache, and where it does not have it, the origin ─────────────────────
    answer = yield from answer_from_edge(journey, at_the_edge(journey, request))

    # ── custom error response, viewer response, deliver ──────────────────────
    return (yield from _finish(journey, request, answer))


def _finish(journey: Journey, request: Request, answer: Answer) -> Steps[Served]:
    """The way back, the same for every answer."""
    # ── custom error response ────────────────────────────────────────────────
    answer = yield from with_error_page(journey, answer)

    # ── response headers policy ──────────────────────────────────────────────
    policy = journey.behavior.response_headers_policy
    if policy is not None:
        answer = before_viewer_response(journey, policy, answer)

    # ── viewer response ──────────────────────────────────────────────────────
    if Trigger.VIEWER_RESPONSE in journey.behavior.associations:
        answer = yield from viewer_response(journey, request, answer)

    # ── deliver ──────────────────────────────────────────────────────────────
    if policy is not None:
        answer = after_viewer_response(journey, policy, answer)
    return deliver(journey.arrival, journey.transcript, answer)


def refused(arrival: Arrival, transcript: Transcript, refusal: Refusal) -> Served:
    """The answer to a request that reaches no distribution, or one that takes nothing in."""
    transcript.note(Station.ARRIVAL, refusal.because)
    answer = _refused(arrival, refusal)
    return replace(deliver(arrival, transcript, answer), closes=refusal.closes)


def _refused(arrival: Arrival, refusal: Refusal) -> Answer:
    return Answer(refusal.response, refusal.outcome, MadeBy.CLOUDFRONT, arrival.at, trouble=refusal.because)


def _with_headers(request: Request, headers: Headers) -> Request:
    """The request with these of its own headers; itself where those are all, as for nearly every one."""
    return request if len(headers) == len(request.headers) else replace(request, headers=headers)


def _refusal_answer(journey: Journey, refusal: Refusal) -> Answer:
    is_of_method = refusal.because is ArrivalReason.METHOD_NOT_ALLOWED
    facts = {"allowed": journey.behavior.allowed_methods} if is_of_method else {}
    journey.transcript.note(Station.ARRIVAL, refusal.because, **facts)
    return _refused(journey.arrival, refusal)


def at_the_edge(journey: Journey, request: Request) -> Request:
    """The request as cache and origin see it: without a signature, default root object, CloudFront-* headers.

    documented: the default root object is for the path `/` alone; inferred: after the viewer-request function
    """
    if journey.behavior.signers is not None:
        request = unsigned(request)
    root = journey.distribution.default_root_object
    path = request.path
    if path == "/" and root:
        path = f"/{root}"
        journey.transcript.note(Station.CACHE, RootReason.DEFAULT_ROOT_OBJECT, path=path)
    headers = for_the_cache(journey.behavior, journey.arrival, request.headers)
    if path == request.path and headers is request.headers:
        return request
    return Request(request.method, path, request.query, headers, request.body)


# ── custom error responses ───────────────────────────────────────────────────


def with_error_page(journey: Journey, answer: Answer) -> Steps[Answer]:
    """The configured page in the place of an error. documented: GeneratingCustomErrorResponses; the page's path is
    matched as a request of its own, without viewer functions"""
    configured = custom_error_response(journey.distribution, answer.response.status, answer.made_by, answer.outcome)
    if configured is None:
        return answer
    status = configured.response_code or answer.response.status
    facts = {"status": answer.response.status, "page": configured.page_path, "sent_as": status}
    inner = journey.transcript.within(Station.ERROR_PAGE, ErrorPageReason.SUBSTITUTED, **facts)
    page = yield from _page(journey, configured.page_path, answer, inner)
    if page.response.status >= 400:
        # documented: the viewer gets the status that the page's origin gave
        journey.transcript.note(Station.ERROR_PAGE, ErrorPageReason.PAGE_FAILED, status=page.response.status)
        return replace(page, made_by=MadeBy.ERROR_PAGE)
    response = replace(page.response, status=status, reason="")
    return replace(page, response=response, outcome=Outcome.ERROR, made_by=MadeBy.ERROR_PAGE, trouble=answer.trouble)


_NOT_FOR_PAGES = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range",
                  "Upgrade", "Content-Length", "Content-Type", "Transfer-Encoding")  # fmt: skip


def _page(journey: Journey, target: str, error: Answer, inner: Transcript) -> Steps[Answer]:
    path, _, query = target.partition("?")
    behavior, because = behavior_for(journey.distribution, path)
    inner.note(Station.BEHAVIOR, because, behavior=behavior)
    headers: Headers = journey.arrival.request.headers.without(*_NOT_FOR_PAGES)
    policy = journey.behavior.cache_policy
    life = page_life(error.response, journey.distribution, policy, because, error.at)
    page_journey = Journey(journey.arrival, journey.distribution, behavior, inner, life)
    headers = for_the_cache(behavior, journey.arrival, without_viewers_own(headers))
    headers = for_error_page(behavior, journey.arrival, headers)
    request = Request("GET", path, query, headers)
    if behavior.signers is not None:
        # inferred: CloudFront asks for the page itself, and needs no signature
        request = unsigned(request)
    return (yield from answer_from_edge(page_journey, request))


# ── viewer response ──────────────────────────────────────────────────────────


def viewer_response(journey: Journey, request: Request, answer: Answer) -> Steps[Answer]:
    """Run the viewer-response function where its conditions hold."""
    if answer.outcome is Outcome.REDIRECT:
        skipped: HookReason | None = HookReason.SKIPPED_REDIRECT
    elif answer.response.status == SWITCHING_PROTOCOLS:
        skipped = HookReason.SKIPPED_WEBSOCKET
    else:
        choices, status = journey.distribution.terms.choices, answer.response.status
        skipped = viewer_response_skipped(answer.made_by, status, choices, origins_status=answer.origins_status)
    if skipped is not None:
        journey.transcript.note(Station.VIEWER_RESPONSE, skipped)
        return answer
    if answer.age is not None:
        # documented: the event's response carries Age
        headers = answer.response.headers.having("Age", str(answer.age))
        answer = replace(answer, response=replace(answer.response, headers=headers))
    return (yield from run_response_hook(journey, Trigger.VIEWER_RESPONSE, request, answer))


# ── deliver ──────────────────────────────────────────────────────────────────


def deliver(arrival: Arrival, transcript: Transcript, answer: Answer) -> Served:
    """The finished response, and the end of the transcript."""
    name = edge_name(arrival.viewer.pop)
    response = for_viewer(
        answer.response,
        arrival,
        answer.outcome,
        edge_name=name,
        age=answer.age,
        now=answer.at,
        unsent=answer.unsent,
    )
    terms = transcript.distribution.terms if transcript.distribution is not None else STANDARD_TERMS
    if answer.because is not DeliveryReason.WHOLE:
        transcript.note(Station.DELIVERY, answer.because, span=answer.span)
    transcript.note(
        Station.DELIVERY,
        answer.outcome,
        status=response.status,
        made_by=answer.made_by,
        result_types=result_types(answer.outcome, answer.made_by, answer.trouble, terms.choices.generated_result),
        age=answer.age,
    )
    transcript.status, transcript.headers = response.status, response.headers
    transcript.ended_at = answer.at
    return Served(response, answer.span)
