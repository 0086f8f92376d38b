"""The response headers policy on the way back: which answers get it, when, and what it leaves alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given

from edgesim.distribution.choices import Choices
from edgesim.distribution.edge_choices import ResponseHeadersPolicyOrder
from edgesim.distribution.model import Distribution, Trigger, ViewerProtocolPolicy
from edgesim.distribution.response_headers import Cors, PolicyHeader, ResponseHeadersPolicy
from edgesim.distribution.terms import Terms
from edgesim.pipeline.effects import Effect, Fetch, Invoke, Keep, LookUp, Reply
from edgesim.pipeline.transcript import Station
from edgesim.rules.reasons import CorsReason, HeadersPolicyReason, Outcome, ServerTimingReason
from edgesim.testing import strategies
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import NOW, a_distribution, a_request, a_response, an_entry, behavior
from edgesim.testing.play import ANY, Play, having, visit
from edgesim.values.headers import Headers
from edgesim.values.instant import Duration, Instant
from edgesim.values.message import Request, Response
from tests.pipeline.helpers import (
    echo,
    failed,
    fetched,
    fresh,
    key_of,
    nothing,
    pages,
    returned,
    seen,
    stale,
    unreachable,
    with_functions,
)

APPLIED = HeadersPolicyReason.APPLIED
STAMPED = ResponseHeadersPolicy("p", "stamp", headers=(PolicyHeader("X-Stamp", "policy"),), remove=("X-Powered-By",))
TIMED = ResponseHeadersPolicy("t", "timed", server_timing=100)
AFTER = Terms(choices=Choices(response_headers_policy_order=ResponseHeadersPolicyOrder.AFTER_FUNCTION))


def site(policy: ResponseHeadersPolicy = STAMPED, *triggers: Trigger, **more: Any) -> Distribution:
    settings = {name: more.pop(name) for name in ("viewer_protocol_policy",) if name in more}
    return a_distribution(with_functions(*triggers, response_headers_policy=policy, **settings), **more)


def miss(distribution: Distribution, response: Response, **request: Any) -> Play:
    return (
        visit(a_request("/a", **request), distribution)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(response))
        .expect(Keep)
    )


# ── which answers ────────────────────────────────────────────────────────────


def test_a_miss_and_a_hit_are_stamped_and_what_is_kept_is_the_origins() -> None:
    raw = a_response(x_powered_by="PHP", cache_control="max-age=60", date="Tue, 06 May 2025 10:00:00 GMT")
    expected: dict[str, str | None] = {"x-stamp": "policy", "x-powered-by": None}
    kept = having(headers=raw.headers, ttl=60)
    (
        visit(a_request("/a"), site())
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(raw))
        .expect(Keep(ANY, kept))
        .returns(headers=expected, because=[APPLIED])
    )
    entry = an_entry(x_powered_by="PHP")
    visit(a_request("/a"), site()).expect(LookUp, reply=fresh(entry)).returns(headers=expected, x_cache=Outcome.HIT)


def test_a_policys_cache_control_is_for_the_viewer_alone() -> None:
    private = ResponseHeadersPolicy(headers=(PolicyHeader("Cache-Control", "no-store", override=True),))
    (
        visit(a_request("/a"), site(private))
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(cache_control="max-age=60"))
        .expect(Keep(ANY, having(ttl=60)))
        .returns(headers={"cache-control": "no-store"})
    )


def test_the_origins_errors_are_stamped() -> None:
    miss(site(), a_response(404)).returns(status=404, headers={"x-stamp": "policy"})


def test_cloudfronts_own_errors_are_stamped() -> None:
    (
        visit(a_request("/a"), site())
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=unreachable())
        .expect(Keep)
        .returns(status=502, headers={"x-stamp": "policy"})
    )


def test_redirects_to_https_and_refusals_of_the_behavior_are_stamped() -> None:
    redirecting = site(viewer_protocol_policy=ViewerProtocolPolicy.REDIRECT_TO_HTTPS)
    visit(a_request("/a"), redirecting).returns(status=301, headers={"x-stamp": "policy"})
    reading = a_distribution(behavior(response_headers_policy=STAMPED))
    visit(a_request("/a", method="POST"), reading).returns(status=403, headers={"x-stamp": "policy"})


def test_a_request_that_reaches_no_behavior_has_no_policy() -> None:
    visit(a_request(f"/{'a' * 9_000}"), site()).returns(status=414, headers={"x-stamp": None})


def test_what_functions_generate_is_stamped() -> None:
    generated = returned({"status": "200", "body": "hi"})
    (
        visit(a_request("/a"), site(STAMPED, Trigger.VIEWER_REQUEST))
        .expect(Invoke, reply=generated)
        .returns(headers={"x-stamp": "policy"}, x_cache=Outcome.LAMBDA_GENERATED)
    )


def test_a_custom_error_page_has_the_policy_of_the_request_and_not_of_its_own_path() -> None:
    others = ResponseHeadersPolicy(headers=(PolicyHeader("X-Page", "policy"),))
    distribution = a_distribution(
        behavior("/errors/*", response_headers_policy=others),
        with_functions(response_headers_policy=STAMPED),
        error_responses=pages(_404="/errors/404.html"),
    )
    (
        visit(a_request("/a"), distribution)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(404))
        .expect(Keep)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(200))
        .expect(Keep)
        .returns(headers={"x-stamp": "policy", "x-page": None})
    )


# ── CloudFront's own headers ─────────────────────────────────────────────────


def test_removed_server_and_date_are_cloudfronts_own_again() -> None:
    policy = ResponseHeadersPolicy(remove=("Server", "Date"))
    old = a_response(server="nginx", date="Mon, 05 May 2025 10:00:00 GMT")
    miss(site(policy), old).returns(headers={"server": "CloudFront", "date": "Tue, 06 May 2025 10:00:00 GMT"})


def test_x_cache_and_age_can_be_removed() -> None:
    policy = ResponseHeadersPolicy(remove=("X-Cache", "Age"))
    served = visit(a_request("/a"), site(policy)).expect(LookUp, reply=fresh(an_entry())).returns()
    assert {"x-cache", "age"}.isdisjoint(served.response.headers.index)
    assert "via" in served.response.headers


# ── viewer response ──────────────────────────────────────────────────────────


def overwriting(effect: Effect) -> Reply:
    """A function that says which stamp it saw, and sets its own."""
    assert isinstance(effect, Invoke)
    response = seen(effect)
    saw = response["headers"].get("x-stamp", [{"value": "none"}])[0]["value"]
    response["headers"]["x-saw"] = [{"key": "X-Saw", "value": saw}]
    response["headers"]["x-stamp"] = [{"key": "X-Stamp", "value": "function"}]
    return returned(response)


def test_the_function_sees_the_policys_headers_and_has_the_last_word() -> None:
    play = visit(a_request("/a"), site(STAMPED, Trigger.VIEWER_RESPONSE))
    play.expect(LookUp, reply=fresh(an_entry())).expect(Invoke, reply=overwriting)
    play.returns(headers={"x-saw": "policy", "x-stamp": "function"})
    assert [note.because for note in play.transcript.at(Station.RESPONSE_HEADERS)] == [APPLIED]


def test_by_choice_the_policy_has_the_last_word() -> None:
    overriding = ResponseHeadersPolicy(headers=(PolicyHeader("X-Stamp", "policy", override=True),))
    play = visit(a_request("/a"), site(overriding, Trigger.VIEWER_RESPONSE, terms=AFTER))
    play.expect(LookUp, reply=fresh(an_entry())).expect(Invoke, reply=overwriting)
    play.returns(headers={"x-saw": "none", "x-stamp": "policy"})
    assert list(play.transcript.at(Station.RESPONSE_HEADERS)) == []


@pytest.mark.parametrize("reply", [failed(), returned({"status": "teapot"})], ids=["it fails", "it is refused"])
def test_the_page_of_a_function_that_failed_is_stamped(reply: Reply) -> None:
    (
        visit(a_request("/a"), site(STAMPED, Trigger.VIEWER_RESPONSE))
        .expect(LookUp, reply=fresh(an_entry()))
        .expect(Invoke, reply=reply)
        .returns(headers={"x-stamp": "policy"})
    )


# ── CORS ─────────────────────────────────────────────────────────────────────


def test_one_stored_object_answers_viewers_of_every_origin() -> None:
    policy = ResponseHeadersPolicy(cors=Cors(("*.example.org", "https://b.example")))
    for origin in ("https://a.example.org", "https://b.example"):
        visit(a_request("/a", origin=origin), site(policy)).expect(
            LookUp((key_of("/a"),), ANY), reply=fresh(an_entry())
        ).returns(headers={"access-control-allow-origin": origin}, because=[CorsReason.GIVEN])


def test_cors_headers_that_the_origin_stored_keep_the_policys_away() -> None:
    policy = ResponseHeadersPolicy(cors=Cors(("*",)))
    entry = an_entry(access_control_allow_origin="https://a.example")
    (
        visit(a_request("/a", origin="https://b.example"), site(policy))
        .expect(LookUp, reply=fresh(entry))
        .returns(headers={"access-control-allow-origin": "https://a.example"}, because=[CorsReason.ORIGINS_OWN])
    )


def test_a_preflight_request_goes_to_the_origin_and_gets_the_policys_headers() -> None:
    policy = ResponseHeadersPolicy(cors=Cors(("*",), ("*",), ("GET", "PUT")))
    request = {"method": "OPTIONS", "origin": "https://a.example", "access_control_request_method": "PUT"}
    (
        visit(a_request("/a", **request), site(policy))
        .expect(Fetch, reply=fetched(403))
        .returns(status=403, headers={"access-control-allow-methods": "GET, PUT"}, because=[CorsReason.PREFLIGHT])
    )


# ── Server-Timing ────────────────────────────────────────────────────────────


def timing(headers: Headers) -> list[str]:
    return (headers.joined("server-timing") or "").split(",")


def test_a_miss_tells_how_long_the_origin_took() -> None:
    async def play() -> Headers:
        async def slow(request: Request, origin: Any) -> Response:
            await edge.clock.sleep(Duration(0.25))
            return a_response(server_timing="db;dur=3")

        edge = FakeEdge(slow, site(TIMED))
        answered, _ = await asyncio.gather(edge.ask(a_request("/a")), edge.clock.advance(1))
        return answered.headers

    told = timing(asyncio.run(play()))
    assert "cdn-cache-miss" in told
    assert {"cdn-upstream-fbl;dur=250", "cdn-downstream-fbl;dur=250", "db;dur=3"} <= set(told)


def test_a_hit_tells_of_no_origin() -> None:
    entry = an_entry(server_timing="db;dur=3")
    served = visit(a_request("/a"), site(TIMED)).expect(LookUp, reply=fresh(entry)).returns()
    told = timing(served.response.headers)
    assert told[0] == "cdn-cache-hit"
    assert not any("upstream" in metric or "db" in metric for metric in told)


def test_a_refresh_is_told_as_one() -> None:
    entry = an_entry(etag='"1"')
    served = (
        visit(a_request("/a"), site(TIMED))
        .expect(LookUp, reply=stale(entry))
        .expect(Fetch, reply=fetched(304, body=b""))
        .expect(Keep)
        .returns(x_cache=Outcome.REFRESH_HIT)
    )
    assert "cdn-cache-refresh" in timing(served.response.headers)


def test_an_answer_without_the_cache_tells_of_the_edge_alone() -> None:
    reading = a_distribution(behavior(response_headers_policy=TIMED))
    served = visit(a_request("/a", method="POST"), reading).returns(status=403)
    assert [metric.partition(";")[0] for metric in timing(served.response.headers)] == [
        "cdn-pop", "cdn-rid", "cdn-downstream-fbl",
    ]  # fmt: skip


def test_server_timing_is_no_business_of_the_function() -> None:
    play = visit(a_request("/a"), site(TIMED, Trigger.VIEWER_RESPONSE))
    play.expect(LookUp, reply=fresh(an_entry())).expect(Invoke, reply=echo)
    served = play.returns(because=[ServerTimingReason.SAMPLED])
    assert "server-timing" in served.response.headers
    assert Instant(NOW) == play.transcript.ended_at


def test_a_page_tells_of_its_own_fetch() -> None:
    distribution = site(TIMED, error_responses=pages(_404="/404.html"))
    served = (
        visit(a_request("/a"), distribution)
        .expect(LookUp, reply=nothing())
        .expect(Fetch, reply=fetched(404))
        .expect(Keep)
        .expect(LookUp, reply=fresh(an_entry()))
        .returns(status=404)
    )
    assert timing(served.response.headers)[0] == "cdn-cache-hit"


# ── properties ───────────────────────────────────────────────────────────────


@given(strategies.origin_responses(), strategies.response_headers_policies)
def test_a_policy_changes_no_decision_of_the_cache(response: Response, policy: ResponseHeadersPolicy) -> None:
    def kept(headers_policy: ResponseHeadersPolicy | None) -> tuple[list[Any], int]:
        edge = FakeEdge(lambda *_: response, a_distribution(behavior(response_headers_policy=headers_policy)))
        answered = [asyncio.run(_asked(edge)) for _ in range(2)]
        reasons = [[r for r in one.transcript.reasons if not isinstance(r, _OWN)] for one in answered]
        return reasons, answered[-1].status

    assert kept(policy) == kept(None)


_OWN = (HeadersPolicyReason, CorsReason, ServerTimingReason)


async def _asked(edge: FakeEdge) -> Any:
    return await edge.ask(a_request("/a", origin="https://a.example"))
