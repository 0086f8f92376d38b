"""The request path. Read this first.

`serve` is CloudFront's way of answering, top to bottom. It is a generator: it yields effects
(effects.py) and is sent their replies, so nothing here waits, reads or writes, and what happened can be replayed.
Every decision is a rule's (edgesim/rules), and every rule's reason goes into the transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgesim.distribution.model import Distribution, Origin, Trigger
from edgesim.distribution.terms import STANDARD_TERMS
from edgesim.pipeline.effects import FetchFailed, LookedUp, Steps, fetch, give_up, keep, look_up, resolve
from edgesim.pipeline.functions import run_request_hook, run_response_hook
from edgesim.pipeline.journey import Answer, Journey, Served, head_of, response_head
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.arrival import Refusal, behavior_refusal, distribution_refusal, size_refusal, unknown_host
from edgesim.rules.behavior import behavior_for, distribution_for
from edgesim.rules.cache_key import cache_key, lookup_keys, not_looked_up
from edgesim.rules.cloudfront_headers import for_the_cache, for_the_origin, without_viewers_own
from edgesim.rules.delivery import for_viewer, from_entry
from edgesim.rules.edge import edge_name
from edgesim.rules.error_pages import custom_error_response, origin_error_page
from edgesim.rules.forwarding import origin_request, with_custom_headers
from edgesim.rules.freshness import is_fresh
from edgesim.rules.function_event import settled
from edgesim.rules.hooks import MadeBy, viewer_response_skipped
from edgesim.rules.reasons import (
    ArrivalReason,
    DeliveryReason,
    ErrorPageReason,
    HookReason,
    LookUpReason,
    OriginReason,
    Outcome,
    RevalidationReason,
    RootReason,
    StoreReason,
)
from edgesim.rules.received import kept_vary, received
from edgesim.rules.result_types import result_types
from edgesim.rules.revalidation import conditional, merged_headers, refreshed, revalidation_verdict
from edgesim.rules.storing import KEPT, entry_of, response_ttl, storing_verdict
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response
from edgesim.values.viewer import Arrival


def serve(arrival: Arrival, distributions: Sequence[Distribution], transcript: Transcript) -> Steps[Served]:
    """CloudFront's request path, top to bottom."""
    # ── arrive ───────────────────────────────────────────────────────────────
    distribution = transcript.distribution = distribution_for(distributions, arrival.request.headers.get("host") or "")
    allowed = (distribution.terms if distribution is not None else STANDARD_TERMS).limits
    if (refusal := size_refusal(arrival, allowed)) is not None:
        return refused(arrival, transcript, refusal)
    if distribution is None:
        return refused(arrival, transcript, unknown_host(arrival))
    if (refusal := distribution_refusal(arrival, distribution)) is not None:
        return refused(arrival, transcript, refusal)
    behavior, because = behavior_for(distribution, arrival.request.path)
    transcript.note(Station.BEHAVIOR, because, behavior=behavior)
    journey = Journey(arrival, distribution, behavior, transcript)
    if (refusal := behavior_refusal(arrival, behavior)) is not None:
        answer = _refusal_answer(journey, refusal)
        return (yield from _finish(journey, arrival.request, answer))
    transcript.note(Station.ARRIVAL, ArrivalReason.ACCEPTED)

    # ── viewer request ───────────────────────────────────────────────────────
    request = _with_headers(arrival.request, without_viewers_own(arrival.request.headers))
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

    # ── viewer response ──────────────────────────────────────────────────────
    if Trigger.VIEWER_RESPONSE in journey.behavior.associations:
        answer = yield from viewer_response(journey, request, answer)

    # ── deliver ──────────────────────────────────────────────────────────────
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
    journey.transcript.note(Station.ARRIVAL, refusal.because)
    return _refused(journey.arrival, refusal)


def at_the_edge(journey: Journey, request: Request) -> Request:
    """The request as cache and origin see it: default root object, CloudFront-* headers.

    documented: the default root object is for the path `/` alone; inferred: after the viewer-request function
    """
    root = journey.distribution.default_root_object
    path = request.path
    if path == "/" and root:
        path = f"/{root}"
        journey.transcript.note(Station.CACHE, RootReason.DEFAULT_ROOT_OBJECT, path=path)
    headers = for_the_cache(journey.behavior, journey.arrival, request.headers)
    if path == request.path and headers is request.headers:
        return request
    return Request(request.method, path, request.query, headers, request.body)


# ── cache ────────────────────────────────────────────────────────────────────


def answer_from_edge(journey: Journey, request: Request) -> Steps[Answer]:
    """From the cache where it has a fresh object, else from the origin."""
    unkeyed = not_looked_up(journey.behavior, request)
    if unkeyed is not None:
        journey.transcript.note(Station.CACHE, unkeyed)
        return (yield from answer_from_origin(journey, request, None, None))
    key = cache_key(journey.distribution, journey.behavior, request)
    keys = lookup_keys(key, request)
    looked = yield from look_up(keys, is_fresh)
    entry = looked.entry
    if entry is None:
        journey.transcript.note(Station.CACHE, LookUpReason.NOT_STORED, key=key, waited=looked.waited, at=looked.at)
    elif looked.usable:
        because = LookUpReason.WAITED if looked.waited else LookUpReason.FRESH
        _note_entry(journey, because, key, looked, entry)
        return _hit(request, entry, Outcome.HIT, looked.at)
    else:
        _note_entry(journey, LookUpReason.STALE, key, looked, entry)
    return (yield from answer_from_origin(journey, request, keys[-1], entry))


def _note_entry(journey: Journey, because: LookUpReason, key: CacheKey, looked: LookedUp, entry: Entry) -> None:
    journey.transcript.note(
        Station.CACHE,
        because,
        key=key,
        ttl=entry.ttl,
        ttl_because=entry.because,
        age=entry.age(looked.at),
        waited=looked.waited and not looked.usable,
        at=looked.at,
    )


def _hit(request: Request, entry: Entry, outcome: Outcome, at: Instant) -> Answer:
    """observed: a cached error says `Error from cloudfront` and has an Age"""
    delivery = from_entry(request, entry, at)
    shown = Outcome.ERROR if delivery.response.status >= 400 else outcome
    age = entry.age(at) if outcome is Outcome.HIT else None
    made_by = MadeBy.ORIGIN_REQUEST if entry.generated else MadeBy.ORIGIN
    return Answer(delivery.response, shown, made_by, at, age, delivery.span, delivery.because)


# ── origin ───────────────────────────────────────────────────────────────────


def answer_from_origin(journey: Journey, request: Request, key: CacheKey | None, stale: Entry | None) -> Steps[Answer]:
    """Origin request, origin, origin response, and what is kept of it. `key` is None where nothing may be."""
    behavior, arrival = journey.behavior, journey.arrival
    origin = settled(_origin(journey.distribution, behavior.target_origin_id), arrival.viewer.protocol)
    forwarded = replace(request, headers=for_the_origin(behavior, arrival, request.headers))
    sending = origin_request(behavior, origin, arrival, forwarded, edge_name=edge_name(arrival.viewer.pop))
    asked = _revalidation(journey, stale)
    if asked is not None:
        sending = conditional(sending, asked)

    # ── origin request ───────────────────────────────────────────────────────
    https = arrival.viewer.protocol == "https"
    if Trigger.ORIGIN_REQUEST in behavior.associations:
        # documented: lambda-at-edge-function-restrictions, the origin's name is resolved before its function runs
        resolved = yield from resolve(origin, https=https)
        if isinstance(resolved, FetchFailed):
            journey.transcript.note(Station.ORIGIN_REQUEST, HookReason.SKIPPED_UNRESOLVED)
            return (yield from _unreachable(journey, request, key, resolved, {"origin": origin}))
    passed = yield from run_request_hook(journey, Trigger.ORIGIN_REQUEST, sending, origin)
    if passed.answer is not None:
        return (yield from _generated(journey, request, key, passed.answer))
    sending, origin = passed.request, passed.origin or origin

    # ── origin ───────────────────────────────────────────────────────────────
    sent = with_custom_headers(sending, origin)
    fetched = yield from fetch(sent, origin, https=https)
    facts: dict[str, object] = {
        "origin": origin,
        "where": fetched.where or None,
        "sent": head_of(sent),
        "at": fetched.at,
    }
    if isinstance(fetched, FetchFailed):
        return (yield from _unreachable(journey, request, key, fetched, facts))
    response = received(behavior, fetched.response, fetched.at)
    told = {"status": response.status, "answer": response_head(response)}
    journey.transcript.note(Station.ORIGIN, OriginReason.ANSWERED, **told, **facts)
    answer = Answer(response, _outcome(response), MadeBy.ORIGIN, fetched.at)

    # ── origin response ──────────────────────────────────────────────────────
    answer = yield from run_response_hook(journey, Trigger.ORIGIN_RESPONSE, sending, answer, origin)
    if answer.made_by is MadeBy.FAILED_FUNCTION:
        return (yield from _not_kept(journey, key, answer))

    # ── store ────────────────────────────────────────────────────────────────
    if asked is not None and key is not None:
        if answer.response.status == 304:
            return (yield from _revalidated(journey, request, key, asked, answer))
        if answer.response.status < 400:
            journey.transcript.note(Station.STORE, RevalidationReason.CHANGED)
    return (yield from _stored(journey, request, key, replace(answer, outcome=_outcome(answer.response))))


def _origin(distribution: Distribution, target: str) -> Origin:
    """The origin of that id, or the primary one of a group. documented: the primary is always asked first"""
    group = distribution.origin_groups.get(target)
    return distribution.origins[group.members[0] if group else target]


def _outcome(response: Response) -> Outcome:
    """observed: an origin's 4xx or 5xx is `Error`, also where it is passed through"""
    return Outcome.ERROR if response.status >= 400 else Outcome.MISS


def _revalidation(journey: Journey, stale: Entry | None) -> Entry | None:
    """The stale entry where the origin can be asked whether it has changed."""
    if stale is None:
        return None
    verdict = revalidation_verdict(journey.behavior, stale)
    journey.transcript.note(Station.CACHE, verdict)
    return stale if verdict is RevalidationReason.ASKED else None


def _generated(journey: Journey, request: Request, key: CacheKey | None, answer: Answer) -> Steps[Answer]:
    """What the origin-request function gave instead: a response, kept like an origin's (documented), or a failure."""
    failed = answer.made_by is MadeBy.FAILED_FUNCTION
    if Trigger.ORIGIN_RESPONSE in journey.behavior.associations:
        skipped = HookReason.SKIPPED_FUNCTION_FAILED if failed else HookReason.SKIPPED_ORIGIN_GENERATED
        journey.transcript.note(Station.ORIGIN_RESPONSE, skipped)
    if failed:
        return (yield from _not_kept(journey, key, answer))
    return (yield from _stored(journey, request, key, answer))


def _unreachable(
    journey: Journey, request: Request, key: CacheKey | None, failed: FetchFailed, facts: dict[str, object]
) -> Steps[Answer]:
    """CloudFront's own error; it is kept like an origin's (documented: HTTPStatusCodes)."""
    told = {"trouble": failed.trouble, "message": failed.message, **facts}
    journey.transcript.note(Station.ORIGIN, OriginReason.FAILED, **told)
    if Trigger.ORIGIN_RESPONSE in journey.behavior.associations:
        journey.transcript.note(Station.ORIGIN_RESPONSE, HookReason.SKIPPED_NO_ORIGIN_RESPONSE)
    page = origin_error_page(failed.trouble, journey.arrival.id)
    answer = Answer(page, Outcome.ERROR, MadeBy.CLOUDFRONT, failed.at, trouble=failed.trouble)
    return (yield from _stored(journey, request, key, answer))


# ── store ────────────────────────────────────────────────────────────────────


def _nothing_kept(key: CacheKey | None) -> Steps[None]:
    if key is not None:
        yield from give_up(key)


def _not_kept(journey: Journey, key: CacheKey | None, answer: Answer) -> Steps[Answer]:
    """inferred: what a failed function leads to is never cached"""
    journey.transcript.note(Station.STORE, StoreReason.FUNCTION_FAILED)
    yield from _nothing_kept(key)
    return answer


def _stored(journey: Journey, request: Request, key: CacheKey | None, answer: Answer) -> Steps[Answer]:
    """The answer with what CloudFront passes on of it, kept where the rules say so."""
    behavior, response = journey.behavior, answer.response
    life = response_ttl(journey.distribution, behavior, response.status, response.headers, answer.at)
    verdict = storing_verdict(behavior, request, response, life)
    response = replace(response, headers=kept_vary(behavior, response.headers))
    answer = replace(answer, response=response)
    if key is None or verdict not in KEPT:
        journey.transcript.note(Station.STORE, verdict)
        yield from _nothing_kept(key)
        return answer
    journey.transcript.note(Station.STORE, verdict, ttl=life, key=key)
    generated = answer.made_by is MadeBy.ORIGIN_REQUEST
    entry = entry_of(request, response, life, answer.at, generated=generated)
    kept = yield from keep(key, entry)
    if kept.too_large:
        journey.transcript.note(Station.STORE, StoreReason.TOO_LARGE)
    return replace(answer, response=replace(response, body=kept.body))


def _revalidated(journey: Journey, request: Request, key: CacheKey, stale: Entry, answer: Answer) -> Steps[Answer]:
    """A 304: the stored body is good for another while. inferred: TTL from the merged head, and a 304 that forbids
    storing leaves the object as stale as it was"""
    headers = kept_vary(journey.behavior, merged_headers(stale.headers, answer.response.headers))
    life = response_ttl(journey.distribution, journey.behavior, stale.status, headers, answer.at)
    entry = refreshed(stale, headers, life, answer.at)
    journey.transcript.note(Station.STORE, RevalidationReason.REVALIDATED, ttl=life, key=key)
    verdict = storing_verdict(journey.behavior, request, Response(stale.status, headers), life)
    if verdict in KEPT:
        yield from keep(key, entry)
    else:
        journey.transcript.note(Station.STORE, verdict)
        yield from give_up(key)
    return _hit(request, entry, Outcome.REFRESH_HIT, answer.at)


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
    page = yield from _page(journey, configured.page_path, inner)
    if page.response.status >= 400:
        # documented: the viewer gets the status that the page's origin gave
        journey.transcript.note(Station.ERROR_PAGE, ErrorPageReason.PAGE_FAILED, status=page.response.status)
        return replace(page, made_by=MadeBy.ERROR_PAGE)
    response = replace(page.response, status=status, reason="")
    return replace(page, response=response, outcome=Outcome.ERROR, made_by=MadeBy.ERROR_PAGE, trouble=answer.trouble)


_NOT_FOR_PAGES = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range",
                  "Content-Length", "Content-Type", "Transfer-Encoding")  # fmt: skip


def _page(journey: Journey, target: str, inner: Transcript) -> Steps[Answer]:
    path, _, query = target.partition("?")
    behavior, because = behavior_for(journey.distribution, path)
    inner.note(Station.BEHAVIOR, because, behavior=behavior)
    headers: Headers = journey.arrival.request.headers.without(*_NOT_FOR_PAGES)
    page_journey = Journey(journey.arrival, journey.distribution, behavior, inner)
    headers = for_the_cache(behavior, journey.arrival, without_viewers_own(headers))
    return (yield from answer_from_edge(page_journey, Request("GET", path, query, headers)))


# ── viewer response ──────────────────────────────────────────────────────────


def viewer_response(journey: Journey, request: Request, answer: Answer) -> Steps[Answer]:
    """Run the viewer-response function where its conditions hold."""
    if answer.outcome is Outcome.REDIRECT:
        skipped: HookReason | None = HookReason.SKIPPED_REDIRECT
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
    response = for_viewer(answer.response, arrival, answer.outcome, edge_name=name, age=answer.age, now=answer.at)
    if answer.because is not DeliveryReason.WHOLE:
        transcript.note(Station.DELIVERY, answer.because, span=answer.span)
    transcript.note(
        Station.DELIVERY,
        answer.outcome,
        status=response.status,
        made_by=answer.made_by,
        result_types=result_types(answer.outcome, answer.made_by, answer.trouble),
        age=answer.age,
    )
    transcript.status, transcript.headers = response.status, response.headers
    transcript.ended_at = answer.at
    return Served(response, answer.span)
