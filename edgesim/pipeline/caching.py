"""The middle of the request path: from the cache where it has the object, else from the origin; and what is kept.

Functions at the origin, and the origin itself, are in reaching.py.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from edgesim.errors import OriginTrouble
from edgesim.pipeline.effects import (
    LookedUp,
    Steps,
    compress,
    give_up,
    keep,
    look_up,
    refresh,
    update,
)
from edgesim.pipeline.journey import Answer, Journey, Stored
from edgesim.pipeline.reaching import reach_any
from edgesim.pipeline.transcript import Station
from edgesim.rules.cache_key import cache_key, lookup_keys, not_looked_up, stored_key
from edgesim.rules.compression import compressed_headers, compressing, uncompressed_response
from edgesim.rules.delivery import from_entry
from edgesim.rules.freshness import use_of
from edgesim.rules.hooks import MadeBy
from edgesim.rules.ranges import asked_part, covers
from edgesim.rules.reasons import (
    LookUpReason,
    Outcome,
    RevalidationReason,
    StoreReason,
)
from edgesim.rules.received import kept_vary
from edgesim.rules.revalidation import CONDITIONALS, merged_headers, refreshed, revalidation_verdict
from edgesim.rules.sharing import given_with, shares, stored_with
from edgesim.rules.stale import (
    SERVED,
    held,
    instead_of_error,
    instead_of_error_outcome,
    replaceable,
    stale_terms,
    while_revalidated_outcome,
)
from edgesim.rules.storing import KEPT, cache_tags, entry_of, kept_for_outages, response_ttl, storing_verdict
from edgesim.rules.ttl import Ttl, error_caching_min_ttl
from edgesim.values.body import Coding
from edgesim.values.entry import CacheKey, Entry, StaleTerms, Use
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response


def answer_from_edge(journey: Journey, request: Request) -> Steps[Answer]:
    """From the cache where it has a fresh object, else from the origin."""
    unkeyed = not_looked_up(journey.behavior, request)
    if unkeyed is not None:
        journey.transcript.note(Station.CACHE, unkeyed)
        return (yield from answer_from_origin(journey, request, None, None))
    key = cache_key(journey.distribution, journey.behavior, request)
    keys = lookup_keys(key, request)
    part = asked_part(request) if keys[-1].part else None
    looked = yield from look_up(keys, use_of, partial(covers, part) if part is not None else None)
    entry = looked.entry
    if entry is None or entry.for_outages:
        journey.transcript.note(Station.CACHE, LookUpReason.NOT_STORED, key=key, waited=looked.waited, at=looked.at)
        spare = Stored(looked.key or key, entry) if entry is not None else None
        return (yield from answer_from_origin(journey, request, keys[-1], spare))
    because = LookUpReason.WAITED if looked.waited and looked.use is Use.FRESH else _LOOKED_UP[looked.use]
    _note_entry(journey, because, key, looked, entry)
    stored = Stored(looked.key or key, entry)
    if looked.use is Use.STALE:
        return (yield from answer_from_origin(journey, request, keys[-1], stored))
    if looked.refreshes:
        yield from refreshed_behind(journey, request, stored)
    choices = journey.distribution.terms.choices
    outcome = while_revalidated_outcome(choices) if looked.use is Use.WHILE_REVALIDATED else Outcome.HIT
    if entry.shares is not None:
        _note_given(journey, Station.CACHE, request, entry)
    return _hit(request, stored.entry, outcome, looked.at)


_LOOKED_UP = {
    Use.FRESH: LookUpReason.FRESH,
    Use.HELD: LookUpReason.HELD,
    Use.WHILE_REVALIDATED: LookUpReason.WHILE_REVALIDATED,
    Use.STALE: LookUpReason.STALE,
}


def refreshed_behind(journey: Journey, request: Request, stored: Stored) -> Steps[None]:
    """Have a stale object fetched anew while it answers. documented: Expiration, stale-while-revalidate; inferred: with
    what the viewer sent, but its conditions, and with the functions of origin request and origin response; a part as
    the part that it is"""
    inner = journey.transcript.within(Station.REFRESH, LookUpReason.WHILE_REVALIDATED)
    headers = request.headers.without(*CONDITIONALS)
    if stored.key.part:
        headers = headers.adding(("Range", f"bytes={stored.key.part}"))
    asked = Request(stored.entry.method, request.path, request.query, headers)
    steps = answer_from_origin(replace(journey, transcript=inner), asked, stored.key, stored)
    yield from refresh(steps, inner)


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


def _hit(request: Request, entry: Entry, outcome: Outcome, at: Instant, *, aged: bool = True) -> Answer:
    """The stored object for this viewer, with its Age unless that is 0 for being revalidated just now. observed: a
    cached error says `Error from cloudfront` and has an Age"""
    delivery = from_entry(request, entry, at)
    shown = Outcome.ERROR if delivery.response.status >= 400 else outcome
    age = entry.age(at) or (0 if aged else None)
    made_by = MadeBy.ORIGIN_REQUEST if entry.generated else MadeBy.ORIGIN
    return Answer(delivery.response, shown, made_by, at, age, delivery.span, delivery.because)


def _note_given(journey: Journey, station: Station, request: Request, entry: Entry) -> None:
    """That the stored object is one viewer's, and goes to this one."""
    for because, named in given_with(entry, request):
        journey.transcript.caution(station, because, named=named)


# ── origin ───────────────────────────────────────────────────────────────────


def answer_from_origin(
    journey: Journey, request: Request, key: CacheKey | None, stored: Stored | None = None
) -> Steps[Answer]:
    """Origin request, origin, origin response, and what is kept of it. `key` is None where nothing may be; `stored` is
    the stale object, where there is one."""
    asked = _revalidation(journey, stored)
    reached = yield from reach_any(journey, request, asked)

    # ── store ────────────────────────────────────────────────────────────────
    answer = reached.answer
    came = replaceable(journey.distribution.terms.choices, answer.response.status, answer.made_by, reached.came)
    if stored is not None and came is not None:
        instead = yield from _stale_instead(journey, request, stored, answer, came)
        if instead is not None:
            return instead
    if answer.made_by is MadeBy.FAILED_FUNCTION:
        return (yield from _not_kept(journey, key, answer))
    if asked is not None and stored is not None and reached.came is not None:
        if answer.response.status == 304:
            return (yield from _revalidated(journey, request, stored, answer))
        if answer.response.status < 400:
            journey.transcript.note(Station.STORE, RevalidationReason.CHANGED)
    return (yield from _stored(journey, request, key, answer))


def _revalidation(journey: Journey, stored: Stored | None) -> Entry | None:
    """The stale entry where the origin can be asked whether it has changed."""
    if stored is None or stored.entry.for_outages:
        return None
    verdict = revalidation_verdict(journey.behavior, stored.entry)
    journey.transcript.note(Station.CACHE, verdict)
    return stored.entry if verdict is RevalidationReason.ASKED else None


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
    """The answer with what CloudFront passes on of it, compressed and kept where the rules say so."""
    behavior, response = journey.behavior, answer.response
    origins = response.headers
    life, stale = _lifetime(journey, response.status, response.headers, answer.at)
    verdict = storing_verdict(behavior, request, response, life)
    spare = kept_for_outages(verdict, stale)
    etag = response.headers.get("etag")
    response = replace(response, headers=kept_vary(behavior, response.headers))
    coding: Coding | None = None
    if behavior.compress and key is not None and answer.made_by is MadeBy.ORIGIN:
        response, coding = yield from _compressed(journey, key, response)
    answer = replace(answer, response=response, age=life.age or None)
    if key is None or not (verdict in KEPT or spare):
        journey.transcript.note(Station.STORE, verdict)
        yield from _nothing_kept(key)
        return answer
    key = stored_key(key, response.status)
    tags = cache_tags(journey.distribution, response.headers)
    _note_kept(journey, verdict, life, {"key": key, "tags": tags}, spare=spare)
    generated = answer.made_by is MadeBy.ORIGIN_REQUEST
    entry = entry_of(request, response, life, answer.at, generated=generated, stale=stale, for_outages=spare, tags=tags)
    if coding is not None:
        entry = replace(entry, coding=coding, origin_etag=etag)
    kept = yield from keep(key, entry if spare else _with_shares(journey, request, origins, entry))
    if kept.too_large:
        journey.transcript.note(Station.STORE, StoreReason.TOO_LARGE)
    return replace(answer, response=replace(response, body=kept.body))


def _with_shares(journey: Journey, request: Request, origins: Headers, entry: Entry) -> Entry:
    """The entry with what of it is one viewer's."""
    found = shares(journey.behavior, request, origins, entry.headers)
    if found is None:
        return entry
    for because, named in stored_with(found):
        journey.transcript.note(Station.STORE, because, named=named)
    return replace(entry, shares=found)


def _note_kept(journey: Journey, verdict: StoreReason, life: Ttl, facts: dict[str, object], *, spare: bool) -> None:
    """What is kept, for how long; or that it may not be stored, and is kept to stand in for the origin."""
    if spare:
        journey.transcript.note(Station.STORE, verdict)
        journey.transcript.note(Station.STORE, StoreReason.FOR_OUTAGES, **facts)
    else:
        journey.transcript.note(Station.STORE, verdict, ttl=life, **facts)


def _compressed(journey: Journey, key: CacheKey, response: Response) -> Steps[tuple[Response, Coding | None]]:
    """The response as it is stored by a behavior that compresses, and the coding that this took."""
    how = compressing(journey.behavior, key, response)
    journey.transcript.note(Station.COMPRESSION, how.because)
    if how.coding is None:
        return uncompressed_response(response, how), None
    body = yield from compress(response.body, how.coding)
    return replace(response, headers=compressed_headers(response.headers, how.coding), body=body), how.coding


def _lifetime(journey: Journey, status: int, headers: Headers, now: Instant) -> tuple[Ttl, StaleTerms]:
    """How long a response is fresh, and what it is good for afterwards."""
    policy, choices = journey.behavior.cache_policy, journey.distribution.terms.choices
    life, page = response_ttl(journey.distribution, journey.behavior, status, headers, now), journey.page_life
    if page is not None and status < 400:
        life = replace(page, age=life.age)
    return life, stale_terms(status, headers, life, policy, choices)


def _stale_instead(
    journey: Journey, request: Request, stored: Stored, answer: Answer, came: int | OriginTrouble
) -> Steps[Answer | None]:
    """The stale object in the place of an error, kept so that it answers a while without another attempt; None where
    it may not. documented: HTTPStatusCodes; inferred: as an object fetched for this request, but with its Age"""
    choices = journey.distribution.terms.choices
    verdict = instead_of_error(stored.entry, came, answer.at)
    journey.transcript.note(Station.STORE, verdict, status=answer.response.status)
    if verdict not in SERVED:
        return None
    least = error_caching_min_ttl(journey.distribution, answer.response.status)
    kept = held(stored.entry, least, answer.at, choices)
    if kept is None:
        yield from give_up(stored.key)
    else:
        yield from update(stored.key, kept)
    _note_given(journey, Station.STORE, request, stored.entry)
    return _hit(request, stored.entry, instead_of_error_outcome(choices), answer.at)


def _revalidated(journey: Journey, request: Request, stored: Stored, answer: Answer) -> Steps[Answer]:
    """A 304: the stored body is good for another while. inferred: TTL from the merged head, and a 304 that forbids
    storing leaves the object as stale as it was"""
    stale = stored.entry
    headers = kept_vary(journey.behavior, merged_headers(stale.headers, answer.response.headers, stale.coding))
    life, terms = _lifetime(journey, stale.status, headers, answer.at)
    tags = cache_tags(journey.distribution, headers)
    entry = refreshed(stale, headers, life, terms, answer.at, tags)
    journey.transcript.note(Station.STORE, RevalidationReason.REVALIDATED, ttl=life, key=stored.key, tags=tags)
    verdict = storing_verdict(journey.behavior, request, Response(stale.status, headers), life)
    if verdict in KEPT:
        yield from keep(stored.key, entry)
    else:
        journey.transcript.note(Station.STORE, verdict)
        yield from give_up(stored.key)
    _note_given(journey, Station.STORE, request, entry)
    return _hit(request, entry, Outcome.REFRESH_HIT, answer.at, aged=False)
