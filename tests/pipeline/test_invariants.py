"""What holds for every request and every sequence of replies (house-style.md §7.4, numbers in brackets)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from edgesim.distribution.model import ALL_METHODS, CustomErrorResponse, Distribution, Trigger
from edgesim.distribution.policies import CachePolicy
from edgesim.errors import OriginTrouble
from edgesim.pipeline.effects import (
    BodyRead,
    Compress,
    Compressed,
    Effect,
    Fetch,
    Fetched,
    FetchFailed,
    GaveUp,
    GiveUp,
    Invoke,
    Invoked,
    Keep,
    Kept,
    LookedUp,
    LookUp,
    ReadBody,
    Refresh,
    RefreshBegun,
    Reply,
    Resolve,
    Resolved,
    Update,
    Updated,
)
from edgesim.pipeline.journey import Served
from edgesim.pipeline.phases import in_order
from edgesim.pipeline.serve import serve
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.hooks import is_disallowed
from edgesim.rules.reasons import HookReason, TtlReason
from edgesim.rules.usable import trouble_with
from edgesim.testing import strategies
from edgesim.testing.make import NOW, a_distribution, a_function, an_arrival, behavior
from edgesim.values.entry import Entry, StaleTerms, Use
from edgesim.values.instant import Duration, Instant
from edgesim.values.invocation import Failed, FailureKind, Invocation, Returned
from edgesim.values.message import Request, Response
from edgesim.values.viewer import Arrival
from tests.pipeline.helpers import body_read, echo, seen

# Drawing a whole world is slow enough to be remarked on, and meant
slow_to_draw = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass
class Run:
    """One request through the path: every effect with its reply, and what came of it."""

    served: Served
    transcript: Transcript
    effects: list[tuple[Effect, Reply]] = field(default_factory=list)

    def of(self, kind: type[Effect]) -> list[Effect]:
        return [effect for effect, _ in self.effects if isinstance(effect, kind)]

    @property
    def triggers(self) -> list[Trigger]:
        return [effect.trigger for effect, _ in self.effects if isinstance(effect, Invoke)]


# More effects than any request can ask for: its own path twice (a page), with four functions and two bodies read
MOST_EFFECTS = 20


def run(arrival: Arrival, distribution: Distribution, world: World) -> Run:
    transcript = Transcript(arrival)
    steps = serve(arrival, [distribution], transcript)
    effects: list[tuple[Effect, Reply]] = []
    reply: Reply | None = None
    while len(effects) < MOST_EFFECTS:
        try:
            effect = steps.send(reply)
        except StopIteration as done:
            return Run(done.value, transcript, effects)
        reply = world.reply(effect)
        effects.append((effect, reply))
    raise AssertionError(f"no end to it: {effects}")


class World:
    """Replies to effects as hypothesis draws them."""

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw

    def reply(self, effect: Effect) -> Reply:
        match effect:
            case LookUp():
                return self._draw(looked_up)
            case Invoke():
                return self._invoked(effect)
            case ReadBody():
                return body_read(effect) if isinstance(effect.body, bytes) else BodyRead(b"", False, effect.body)
            case Fetch():
                return self._draw(fetched)
            case Keep():
                return Kept(effect.entry.body, too_large=self._draw(st.booleans()))
            case Resolve():
                return self._draw(resolved)
            case _:
                return obvious(effect)

    def _invoked(self, effect: Invoke) -> Invoked:
        way = self._draw(st.sampled_from(("echo", "answer", "anything", "fail")))
        event(f"{effect.trigger.value} {way}")
        if way == "echo":
            return echo(effect)
        if way == "answer":
            return _invoked(json.dumps({**seen(effect), "status": self._draw(st.sampled_from(("200", "404")))}))
        if way == "anything":
            return _invoked(self._draw(strategies.function_results))
        kind = self._draw(st.sampled_from(FailureKind))
        return Invoked(Invocation("i", Failed(kind, "Error", "oh"), 1.0, 1, 128, 64, "e"), NOW)


def obvious(effect: Compress | Update | Refresh | GiveUp) -> Reply:
    """What can only be answered in one way."""
    match effect:
        case Compress():
            return Compressed(effect.body)
        case Update():
            return Updated()
        case Refresh():
            return RefreshBegun()
        case GiveUp():
            return GaveUp()


def _invoked(payload: str) -> Invoked:
    return Invoked(Invocation("i", Returned(payload), 1.0, 1, 128, 64, "e"), NOW)


moments = st.integers(0, 1_000).map(lambda seconds: Instant(NOW + seconds))
fetched = st.builds(Fetched, strategies.origin_responses(), moments) | st.builds(
    FetchFailed, st.sampled_from(OriginTrouble), st.just("why"), moments
)


resolved = st.just(Resolved()) | st.builds(FetchFailed, st.just(OriginTrouble.DNS), st.just("why"), moments)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    response, ttl = draw(strategies.origin_responses()), Duration(draw(st.integers(0, 100)))
    kept = (response.status, response.reason, response.headers, response.body, "GET", NOW, ttl)
    terms = draw(st.builds(StaleTerms, spans, spans, st.booleans()))
    return Entry(*kept, draw(st.sampled_from(TtlReason)), error=response.status >= 400, stale=terms)


spans = st.integers(0, 1_000).map(Duration)
looked_up = (
    st.builds(LookedUp, st.none(), st.just(Use.STALE), moments, st.booleans())
    | st.builds(LookedUp, entries(), st.sampled_from((Use.FRESH, Use.HELD, Use.STALE)), moments, st.booleans())
    | st.builds(LookedUp, entries(), st.just(Use.WHILE_REVALIDATED), moments, st.booleans(), st.booleans())
)


@st.composite
def arrivals(draw: st.DrawFn) -> Arrival:
    return an_arrival(
        draw(strategies.viewer_requests()),
        protocol=draw(st.sampled_from(("http", "https"))),
        http_version=draw(st.sampled_from(("1.0", "1.1"))),
    )


@st.composite
def distributions(draw: st.DrawFn, *, with_pages: bool = True) -> Distribution:
    triggers = draw(st.sets(st.sampled_from(Trigger)))
    made = behavior(
        functions={trigger: a_function(trigger.value) for trigger in triggers},
        include_body=draw(st.booleans()),
        allowed_methods=ALL_METHODS,
        cache_policy=draw(strategies.cache_policies()),
        origin_request_policy=draw(st.none() | strategies.origin_request_policies),
    )
    errors = draw(st.sets(st.sampled_from((403, 404, 416, 500, 502, 503, 504)), max_size=3)) if with_pages else ()
    responses = {status: CustomErrorResponse(status, page_path="/page") for status in errors}
    root = draw(st.sampled_from(("", "index.html")))
    terms = draw(strategies.terms)
    return a_distribution(made, error_responses=responses, default_root_object=root, terms=terms)


@pytest.mark.slow
@slow_to_draw
@given(arrivals(), distributions(), st.data())
def test_every_sequence_of_replies_ends_with_one_response(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """[21] Totality; the transcript is in order, and its last word is what the viewer gets."""
    done = run(arrival, distribution, World(data))
    response = done.served.response
    assert 200 <= response.status <= 599
    assert (response.headers.get("x-cache") or "").endswith(" from cloudfront")
    assert len(response.headers.all("x-cache")) == len(response.headers.all("via")) == 1
    assert done.transcript.status == response.status
    assert done.transcript.ended_at is not None
    assert in_order(note.station for note in done.transcript.notes)
    for note in done.transcript.notes:
        assert in_order(inner.station for inner in note.facts.get("inner", Transcript(arrival)).notes)


@slow_to_draw
@given(arrivals(), distributions(with_pages=False), st.data())
def test_each_hook_runs_at_most_once_and_in_order(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """[17] Order and number. A custom error page is a request of its own, with hooks of its own."""
    ran = run(arrival, distribution, World(data)).triggers
    assert ran == [trigger for trigger in Trigger if trigger in ran]


@slow_to_draw
@given(arrivals(), distributions(), st.data())
def test_a_permit_to_fetch_is_used_or_given_back_before_the_next_one(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """What request collapsing lives on: after a look-up without a usable object comes one Keep, Update or GiveUp, and
    after one that makes the asker the one to refresh comes a Refresh."""
    permits = 0
    for effect, reply in run(arrival, distribution, World(data)).effects:
        if isinstance(effect, LookUp) and isinstance(reply, LookedUp):
            assert permits == 0
            permits = not reply.usable or reply.refreshes
        elif isinstance(effect, Keep | Update | Refresh | GiveUp):
            permits -= 1
    assert permits == 0


@slow_to_draw
@given(arrivals(), distributions(with_pages=False), entries(), st.data())
def test_a_fresh_hit_asks_nobody_at_the_origin(
    arrival: Arrival, distribution: Distribution, entry: Entry, data: st.DataObject
) -> None:
    """[18]"""

    class Hits(World):
        def reply(self, effect: Effect) -> Reply:
            return LookedUp(entry, use=Use.FRESH, at=NOW) if isinstance(effect, LookUp) else super().reply(effect)

    done = run(arrival, distribution, Hits(data))
    if done.of(LookUp):
        assert not done.of(Fetch) + done.of(Keep)
        assert not {Trigger.ORIGIN_REQUEST, Trigger.ORIGIN_RESPONSE} & set(done.triggers)


@slow_to_draw
@given(arrivals(), distributions(with_pages=False), st.data())
def test_generated_answers_leave_out_what_they_replace(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """[19] Of a viewer-request answer nothing is looked up or kept, of an origin-request answer nothing is fetched."""
    done = run(arrival, distribution, World(data))
    notes = {note.station: note.because for note in done.transcript.notes}
    if notes.get(Station.VIEWER_REQUEST) is HookReason.GENERATED:
        assert not done.of(LookUp) + done.of(Keep) + done.of(Fetch)
        assert done.triggers == [Trigger.VIEWER_REQUEST]
    if notes.get(Station.ORIGIN_REQUEST) is HookReason.GENERATED:
        assert not done.of(Fetch)
        assert Trigger.ORIGIN_RESPONSE not in done.triggers


@slow_to_draw
@given(arrivals(), strategies.origin_responses(), strategies.cache_policies())
def test_an_origins_error_runs_origin_response_and_not_viewer_response(
    arrival: Arrival, response: Response, policy: CachePolicy
) -> None:
    """[20] with functions that change nothing."""
    functions = {trigger: a_function(trigger.value) for trigger in Trigger}
    distribution = a_distribution(behavior(functions=functions, allowed_methods=ALL_METHODS, cache_policy=policy))
    done = run(arrival, distribution, Echoing(response))
    if done.of(Fetch) and trouble_with(distribution.behaviors[0], arrival.request, response) is None:
        assert Trigger.ORIGIN_RESPONSE in done.triggers
        assert (Trigger.VIEWER_RESPONSE in done.triggers) == (response.status < 400)


class Echoing(World):
    """Functions echo, the cache is empty, the origin always answers the same."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def reply(self, effect: Effect) -> Reply:
        match effect:
            case LookUp():
                return LookedUp(None, use=Use.STALE, at=NOW)
            case Invoke():
                return echo(effect)
            case ReadBody():
                return body_read(effect)
            case Fetch():
                return Fetched(self._response, NOW)
            case Keep():
                return Kept(effect.entry.body)
            case Resolve():
                return Resolved()
            case _:
                return obvious(effect)


@slow_to_draw
@given(arrivals(), strategies.origin_responses(), distributions())
def test_functions_that_echo_change_nothing(arrival: Arrival, response: Response, distribution: Distribution) -> None:
    """[22] Metamorphic: four echoes deliver what no function at all delivers, and the origin is asked the same."""
    policy, forward = distribution.behaviors[0].cache_policy, distribution.behaviors[0].origin_request_policy
    shared: dict[str, Any] = {"allowed_methods": ALL_METHODS, "cache_policy": policy, "origin_request_policy": forward}
    functions = {trigger: a_function(trigger.value) for trigger in Trigger}
    terms = distribution.terms
    plain = run(arrival, a_distribution(behavior(**shared), terms=terms), Echoing(response))
    with_echoes = behavior(functions=functions, include_body=True, **shared)
    echoed = run(arrival, a_distribution(with_echoes, terms=terms), Echoing(response))
    assert echoed.served == plain.served
    assert echoed.of(Fetch) == plain.of(Fetch)
    assert echoed.of(Keep) == plain.of(Keep)


@slow_to_draw
@given(arrivals(), distributions(), st.data())
def test_no_disallowed_header_is_ever_in_an_event(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """[24] the half of it that is the pipeline's: what functions see."""
    for effect in run(arrival, distribution, World(data)).of(Invoke):
        assert isinstance(effect, Invoke)
        cf = effect.event["Records"][0]["cf"]
        for message in filter(None, (cf["request"], cf.get("response"))):
            assert not [name for name in message["headers"] if is_disallowed(name)]
            assert all(line["key"].lower() == name for name, entry in message["headers"].items() for line in entry)


@slow_to_draw
@given(arrivals(), distributions(), st.data())
def test_what_is_out_of_a_functions_reach_stays_as_it_was(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """[26] method and clientIp in every event and in every fetch; the events are JSON."""
    done = run(arrival, distribution, World(data))
    own = arrival.request.method
    methods = {own} if not distribution.error_responses else {own, "GET"}
    for effect in done.of(Fetch):
        assert isinstance(effect, Fetch)
        assert effect.request.method in methods
    for effect in done.of(Invoke):
        assert isinstance(effect, Invoke)
        request = json.loads(json.dumps(effect.event))["Records"][0]["cf"]["request"]
        assert request["method"] in methods
        assert request["clientIp"] == arrival.viewer.ip


@slow_to_draw
@given(arrivals(), distributions(with_pages=False), st.data())
def test_the_behavior_is_chosen_once_and_viewer_response_keeps_the_status(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """[26] whatever functions return; and what failed is one of CloudFront's own errors."""
    done = run(arrival, distribution, World(data))
    assert len(list(done.transcript.at(Station.BEHAVIOR))) <= 1
    for note in done.transcript.at(Station.VIEWER_RESPONSE):
        if note.because in {HookReason.PASSED, HookReason.CHANGED}:
            assert done.served.response.status == note.facts["before"].status
        if note.because in {HookReason.FAILED, HookReason.REJECTED}:
            assert done.served.response.status in {500, 502, 503}


@slow_to_draw
@given(arrivals(), distributions(), st.data())
def test_every_answer_has_its_three_result_types(
    arrival: Arrival, distribution: Distribution, data: st.DataObject
) -> None:
    """The first word of X-Cache stands in the first two."""
    done = run(arrival, distribution, World(data))
    (types,) = (n.facts["result_types"] for n in done.transcript.at(Station.DELIVERY) if "result_types" in n.facts)
    assert f"{types.result} from cloudfront" == done.served.response.headers.get("x-cache")
    assert types.response == types.result
    assert types.detailed


@slow_to_draw
@given(st.binary(max_size=100_000), st.data())
def test_a_read_only_body_reaches_the_origin_whole(body: bytes, data: st.DataObject) -> None:
    """[26] whatever was cut off for the functions."""
    triggers = (Trigger.VIEWER_REQUEST, Trigger.ORIGIN_REQUEST)
    made = behavior(
        functions={trigger: a_function(trigger.value) for trigger in triggers},
        include_body=True,
        allowed_methods=ALL_METHODS,
    )
    request = Request("POST", "/form", body=body)
    (fetch,) = run(an_arrival(request), a_distribution(made), Echoing(Response(200))).of(Fetch)
    assert isinstance(fetch, Fetch)
    assert fetch.request.body == body
