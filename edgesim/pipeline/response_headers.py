"""The behavior's response headers policy, on the way back.

documented: it is applied to every response of the behavior, from the cache or not. inferred: also to CloudFront's own
(redirects, refusals, errors), to what functions generate, and to a custom error page, which answers a request of this
behavior, whatever behavior the page's own path belongs to.
"""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution.response_headers import ResponseHeadersPolicy
from edgesim.pipeline.journey import Answer, Journey
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.rules.cors import with_cors
from edgesim.rules.reasons import HeadersPolicyReason, HookReason, ServerTimingReason
from edgesim.rules.response_headers import before_function, unsent, with_policy_headers
from edgesim.rules.server_timing import Timing, cache_metric, server_timing, with_server_timing
from edgesim.values.headers import Headers
from edgesim.values.instant import Duration, Instant
from edgesim.values.message import Response


def before_viewer_response(journey: Journey, policy: ResponseHeadersPolicy, answer: Answer) -> Answer:
    """The answer as the viewer-response function sees it. Whether the policy comes first is a choice."""
    if not before_function(journey.distribution.terms.choices):
        return answer
    return _with_policy(journey, policy, answer, Station.RESPONSE_HEADERS)


def after_viewer_response(journey: Journey, policy: ResponseHeadersPolicy, answer: Answer) -> Answer:
    """The answer as the viewer gets it. inferred: the page of a viewer-response function that failed has the policy's
    headers; Server-Timing comes last, since it tells when the response was sent"""
    if not before_function(journey.distribution.terms.choices) or _viewer_response_failed(journey.transcript):
        answer = _with_policy(journey, policy, answer, Station.DELIVERY)
    hidden = unsent(policy)
    if hidden:
        answer = replace(answer, unsent=hidden)
    if policy.server_timing is not None:
        answer = _with_server_timing(journey, policy.server_timing, answer)
    return answer


def _with_policy(journey: Journey, policy: ResponseHeadersPolicy, answer: Answer, station: Station) -> Answer:
    note, headers = journey.transcript.note, answer.response.headers
    if policy.headers or policy.removed:
        had, headers = headers, with_policy_headers(policy, headers)
        because = HeadersPolicyReason.NOTHING_TO_CHANGE if headers is had else HeadersPolicyReason.APPLIED
        note(station, because, headers_policy=policy, had=had, has=headers)
    if policy.cors is not None:
        had = headers
        cors = with_cors(policy.cors, journey.arrival.request, had, journey.distribution.terms.choices)
        headers = cors.headers
        note(station, cors.because, had=had, has=headers)
    return _with_headers(answer, headers)


def _with_headers(answer: Answer, headers: Headers) -> Answer:
    told = answer.response
    return replace(answer, response=Response(told.status, headers, told.body, told.reason))


_FAILED = frozenset({HookReason.FAILED, HookReason.REJECTED})


def _viewer_response_failed(transcript: Transcript) -> bool:
    return any(note.because in _FAILED for note in transcript.at(Station.VIEWER_RESPONSE))


# ── Server-Timing ────────────────────────────────────────────────────────────


def _with_server_timing(journey: Journey, sampling_rate: float, answer: Answer) -> Answer:
    because = server_timing(sampling_rate, journey.arrival)
    if because is ServerTimingReason.NOT_SAMPLED:
        journey.transcript.note(Station.DELIVERY, because)
        return answer
    notes, arrived = _notes_of_what_is_sent(journey.transcript), journey.arrival.at
    looked_up = any(note.station is Station.CACHE for note in notes)
    timing = Timing(
        cache_metric(answer.outcome, answer.age, looked_up=looked_up),
        _upstream(notes, arrived),
        Duration(answer.at - arrived),
    )
    had = answer.response.headers
    has = with_server_timing(had, timing, journey.arrival)
    journey.transcript.note(Station.DELIVERY, because, had=had, has=has)
    return _with_headers(answer, has)


def _notes_of_what_is_sent(transcript: Transcript) -> list[Note]:
    """Those of the custom error page, where there is one."""
    pages = [note.facts["inner"] for note in transcript.at(Station.ERROR_PAGE) if "inner" in note.facts]
    return pages[-1].notes if pages else transcript.notes


def _upstream(notes: list[Note], arrived: Instant) -> Duration | None:
    """How long the origin took, from what was done before it until its head came; of several, the last."""
    before, took = arrived, None
    for note in notes:
        at: Instant | None = note.facts.get("at")
        if at is None:
            continue
        if note.station is Station.ORIGIN:
            took = Duration(at - before)
        before = at
    return took
