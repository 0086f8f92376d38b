"""Scenarios as they are played: steps, time, captures, what is said where something does not hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from edgesim.distribution.limits import Limit, PackageLimits
from edgesim.distribution.model import Code, Trigger
from edgesim.errors import OriginTrouble
from edgesim.scenario.model import (
    Account,
    Advance,
    Answer,
    Barrier,
    BodyMatch,
    CacheExpectation,
    CacheState,
    Capture,
    Check,
    Content,
    Deploy,
    Expectation,
    FunctionExpectation,
    HeaderMatch,
    Invalidate,
    LogGroupExpectation,
    Match,
    Need,
    OriginExpectation,
    Parallel,
    Repeat,
    RequestMatch,
    Send,
    SetOrigins,
    Setting,
)
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.stage import Stage
from edgesim.testing.make import a_cache_policy, a_distribution, a_function, behavior
from tests.scenario.helpers import a_scenario, any_origin, get, is_, mismatches_of, passes, played, says, x_cache

UNTOUCHED = (OriginExpectation("*", times=0),)


def test_an_object_is_fresh_until_its_ttl_has_passed_and_then_revalidated():
    validator = RequestMatch(headers=(HeaderMatch("if-none-match", is_('"v1"')),))
    passes(
        a_scenario(
            get("/a.css", says("one", cache_control="max-age=60", etag='"v1"'), expect=x_cache("Miss")),
            Advance(59),
            get("/a.css", expect=x_cache("Hit", headers=(HeaderMatch("age", is_("59")),), origins=UNTOUCHED)),
            Advance(2),
            get(
                "/a.css",
                Answer(304),
                expect=x_cache(
                    "RefreshHit from cloudfront",
                    because=("LookUpReason.STALE", "RevalidationReason.REVALIDATED"),
                    origins=(OriginExpectation("*", receives=(validator,)),),
                ),
            ),
        )
    )


def test_dates_follow_the_clock():
    passes(
        a_scenario(
            Advance(3600),
            get(expect=Expectation(headers=(HeaderMatch("date", is_("Tue, 06 May 2025 11:00:00 GMT")),))),
        )
    )


def test_set_repeat_invalidate_and_the_state_of_the_cache():
    holds = CacheExpectation("/a", CacheState.FRESH, ttl=60, because="TtlReason.MAX_AGE", objects=1)
    passes(
        a_scenario(
            SetOrigins(any_origin(says(cache_control="max-age=60"))),
            Repeat(3, (get("/a"), get("/b"))),
            Check(Expectation(cache=(holds,), entries=2)),
            Invalidate(("/a*",)),
            Check(Expectation(cache=(CacheExpectation("/a", CacheState.ABSENT),), entries=1)),
            Send("GET", "/b", times=3, expect=x_cache("Hit", origins=UNTOUCHED)),
            Advance(61),
            Check(Expectation(cache=(CacheExpectation("/b", CacheState.STALE, age=61),))),
        )
    )


def test_parallel_requests_for_one_object_are_collapsed():
    slow = says(cache_control="max-age=60", after=2)
    passes(
        a_scenario(
            Parallel(
                (get("/a", slow, expect=x_cache("Miss")), Barrier(), get("/a", expect=x_cache("Hit"))),
                Expectation(origins=(OriginExpectation("*", times=1),), takes=2),
            )
        )
    )


def test_a_barrier_lets_time_pass_or_waits_for_the_end():
    slow = says(cache_control="max-age=1", after=2)
    passes(
        a_scenario(
            Parallel(
                (get("/a", slow), Barrier(seconds=1), Barrier("done"), get("/a", expect=x_cache("Hit"))),
                Expectation(takes=2),
            )
        )
    )


def test_a_slow_origin_takes_its_time_and_a_silent_one_is_a_504():
    passes(
        a_scenario(
            get("/slow", says(after=12), expect=Expectation(status=(200,), takes=12)),
            get("/silent", says(after=31), expect=Expectation(status=(504,), takes=90)),
            get("/gone", Answer(fails=OriginTrouble.CONNECT), expect=Expectation(status=(502,), takes=0)),
        )
    )


def test_a_body_that_breaks_off_is_seen_as_such():
    broken = Expectation(complete=False, body=BodyMatch(text=is_("hel")))
    passes(a_scenario(get("/a", says("hello", truncate=3), expect=broken)))


def test_what_is_captured_stands_in_later_steps():
    answer = says('{"id": [7]}', set_cookie="sid=abc; Path=/", location="/next?token=t1")
    captures = (
        Capture("sid", "cookie", "sid"),
        Capture("id", "json", "id[0]"),
        Capture("token", "header", "location", r"token=(\w+)"),
        Capture("code", "status"),
        Capture("all", "body"),
    )
    sent = RequestMatch(target=is_("/t1/7/200"))
    passes(
        a_scenario(
            get("/a", answer, capture=captures),
            get(
                "/${token}/${id}/${code}",
                says("${all}"),
                expect=Expectation(
                    body=BodyMatch(json={"id": [7]}), origins=(OriginExpectation("*", receives=(sent,)),)
                ),
            ),
            distribution=a_distribution(behavior(cookies="all")),
        )
    )


def test_a_capture_that_finds_nothing_fails_its_step():
    (mismatch,) = mismatches_of(a_scenario(get("/a", capture=(Capture("sid", "cookie", "sid"),))))
    assert (mismatch.what, mismatch.expected) == ("capture sid", "a cookie sid")


def test_a_story_ends_with_its_first_failing_step():
    outcome = played(a_scenario(get("/a", expect=Expectation(status=(404,))), get("/b", expect=x_cache("Hit"))))
    (failure,) = outcome.failures
    assert (failure.title, failure.mismatches[0].what) == ("GET /a", "status")
    assert failure.transcripts[0]["target"] == "/a"


def test_a_miss_says_why_from_what_came_before():
    (mismatch,) = mismatches_of(a_scenario(get("/a", says(cache_control="no-store")), get("/a", expect=x_cache("Hit"))))
    assert mismatch.why == "not in the cache; of GET /a before: not stored: no-store"


def test_an_outcome_has_every_reason_that_was_met_and_all_transcripts_where_asked():
    outcome = played(a_scenario(get("/a", says(cache_control="max-age=60"))), explain=True)
    assert {"LookUpReason.NOT_STORED", "TtlReason.MAX_AGE", "StoreReason.STORED", "Outcome.MISS"} <= outcome.reasons
    assert [transcript["target"] for transcript in outcome.transcripts] == ["/a"]


def test_a_file_that_is_not_there_breaks_the_scenario_with_its_name(tmp_path):
    outcome = played(a_scenario(Send("PUT", "/a", body=Content(file=tmp_path / "none"))))
    assert outcome.verdict is Verdict.BROKEN
    assert "none: No such file" in outcome.message


def test_the_host_of_a_step_chooses_the_distribution():
    one = a_distribution(name="One", id="E1", aliases=("one.example.com",))
    two = a_distribution(name="Two", id="E2", domain_name="d2.cloudfront.net", aliases=("two.example.com",))
    scenario = a_scenario(get("/a", headers=(("Host", "two.example.com"),)))
    outcome = played(replace(scenario, setting=Setting((one, two))), explain=True)
    assert outcome.transcripts[0]["distribution"] == "Two"


# ── functions ────────────────────────────────────────────────────────────────

STAMP = """
exports.handler = async (event) => {
  const response = event.Records[0].cf.response;
  response.headers['x-at'] = [{ value: new Date().toISOString() }];
  response.headers['x-version'] = [{ value: 'VERSION' }];
  console.log('stamped', 'VERSION');
  return response;
};
"""


def stamped(version="1", trigger=Trigger.VIEWER_RESPONSE):
    function = a_function(code=Code(inline=STAMP.replace("VERSION", version)))
    return a_distribution(behavior(functions={trigger: function}))


def function(start=None, outcome="changed"):
    return (FunctionExpectation(Trigger.VIEWER_RESPONSE, outcome, "stamp", start, (Match(contains=("stamped",)),)),)


@pytest.mark.slow
def test_functions_run_for_real_and_see_the_scenarios_time():
    at = Expectation(headers=(HeaderMatch("x-at", is_("2025-05-06T11:00:00.000Z")),), functions=function())
    passes(a_scenario(Advance(3600), get(expect=at), distribution=stamped()))


@pytest.mark.slow
def test_a_fresh_scenario_begins_with_cold_starts_and_others_stay_warm():
    scenario = a_scenario(
        get(expect=Expectation(functions=function("cold"))),
        get(expect=Expectation(functions=function("warm"), ran=(Trigger.VIEWER_RESPONSE,))),
        distribution=stamped(),
        fresh=True,
    )
    warm = a_scenario(get(expect=Expectation(functions=function("warm"))), distribution=stamped())

    async def story():
        async with Stage() as stage:
            return [await stage.play(one) for one in (scenario, scenario, warm)]

    assert [outcome.verdict for outcome in asyncio.run(story())] == [Verdict.PASSED] * 3


@pytest.mark.slow
def test_a_deployment_changes_functions_and_keeps_the_cache():
    passes(
        a_scenario(
            get("/a", says(cache_control="max-age=60")),
            Deploy(Setting((stamped("2"),))),
            get("/a", expect=x_cache("Hit", headers=(HeaderMatch("x-version", is_("2")),))),
            distribution=stamped("1"),
        )
    )


@pytest.mark.slow
def test_a_function_that_fails_is_the_reason_that_is_given():
    broken = a_function(code=Code(inline="exports.handler = async () => { throw new TypeError('no way') }"))
    scenario = a_scenario(
        get(expect=Expectation(status=(200,))),
        distribution=a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: broken})),
    )
    (mismatch,) = mismatches_of(scenario)
    assert mismatch.got == "503 Service Unavailable"
    assert "TypeError: no way" in mismatch.why


@pytest.mark.slow
def test_what_is_refused_changes_nothing():
    large = a_function(code=Code(inline="exports.handler = async () => ({ status: '200' }) // " + "x" * 2_000))
    too_large = Setting((a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: large})),))
    account = Account(package=PackageLimits(unzipped=1_000))
    refused = (Match(contains=("Unzipped size must be smaller than 1000 bytes",)),)
    passes(
        a_scenario(
            get("/a", expect=Expectation(headers=(HeaderMatch("x-version", is_("1")),))),
            Deploy(too_large, refused=refused),
            get("/b", expect=Expectation(headers=(HeaderMatch("x-version", is_("1")),))),
            distribution=stamped("1"),
            account=account,
        )
    )
    (mismatch,) = mismatches_of(
        a_scenario(Deploy(too_large, refused=(is_("no"),)), distribution=stamped("1"), account=account)
    )
    assert (mismatch.what, mismatch.expected) == ("refused", "no")
    assert mismatch.got.startswith("InvalidParameterValueException: Unzipped size")


@pytest.mark.slow
def test_what_should_be_refused_and_is_not_fails():
    (mismatch,) = mismatches_of(
        a_scenario(Deploy(Setting((stamped("2"),)), refused=(is_("no"),)), distribution=stamped("1"))
    )
    assert (mismatch.what, mismatch.got) == ("refused", "it can be deployed")


@pytest.mark.slow
def test_what_needs_a_sandbox_is_left_out_where_there_is_none(monkeypatch):
    scenario = a_scenario(get("/a"), distribution=stamped("1"), needs=frozenset({Need.SANDBOX}))
    assert "isolation is relaxed" in played(replace(scenario, account=Account(relaxed=frozenset(Limit)))).message
    monkeypatch.setattr("edgesim.runtimes.zygotes.PROGRAMS", "/nowhere")
    outcome = played(scenario)
    assert outcome.verdict is Verdict.LEFT_OUT
    assert outcome.message.startswith("it needs a sandbox: ")


@pytest.mark.slow
def test_cloudwatch_has_lambdas_lines_and_what_cloudfront_refuses():
    refused = a_function(code=Code(inline="exports.handler = async () => 1"))
    expected = tuple(Match(contains=(text,)) for text in ("START RequestId", "REPORT RequestId", "Validation error"))
    distribution = a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: refused}))
    passes(a_scenario(get("/a", expect=Expectation(cloudwatch=expected)), distribution=distribution))
    parallel = Parallel((get("/a", expect=Expectation(cloudwatch=expected[:2])),))
    passes(a_scenario(parallel, distribution=distribution))
    wanted = Expectation(cloudwatch=(Match(contains=("INIT_REPORT",)),))
    (mismatch,) = mismatches_of(a_scenario(get("/a", expect=wanted), distribution=distribution))
    assert mismatch.what == "cloudwatch"


@pytest.mark.slow
def test_events_are_expected_by_log_group():
    refused = a_function(code=Code(inline="exports.handler = async () => 1"))
    distribution = a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: refused}))
    error = (Match(contains=("Validation error",)),)
    own, function = (LogGroupExpectation(f"/aws/{group}/*", error) for group in ("cloudfront/LambdaEdge", "lambda"))
    passes(a_scenario(get("/a", expect=Expectation(log_groups=(own,))), distribution=distribution))
    wanted = Expectation(log_groups=(own, function))
    (mismatch,) = mismatches_of(a_scenario(get("/a", expect=wanted), distribution=distribution))
    assert mismatch.what == "log group /aws/lambda/*"
    assert "START RequestId" in mismatch.got


def test_a_function_that_nothing_can_run_breaks_the_scenario():
    ghost = a_function(code=Code(path="/nowhere/at/all"), handler="index.handler")
    scenario = a_scenario(get(), distribution=a_distribution(behavior(functions={Trigger.VIEWER_REQUEST: ghost})))
    outcome = played(scenario)
    assert outcome.verdict is Verdict.BROKEN
    assert "/nowhere/at/all" in outcome.message


UTM = a_distribution(behavior(cache_policy=a_cache_policy(query_strings=["utm"], default_ttl=60)))
NEAREST = "stored without ?utm=x; the cache policy keys on the query string utm"


def test_a_miss_is_told_in_what_the_nearest_key_differs():
    [mismatch] = mismatches_of(a_scenario(get("/a"), get("/a?utm=x", expect=x_cache("Hit")), distribution=UTM))
    assert mismatch.why.endswith(NEAREST)


@pytest.mark.parametrize("expected", ["Hit", "Miss"])
def test_what_is_explained_has_what_was_nearest_when_the_request_came(expected):
    later = get("/a?utm=y", says(cache_control="max-age=60"))
    scenario = a_scenario(get("/a"), get("/a?utm=x", expect=x_cache(expected)), later, distribution=UTM)
    outcome = played(scenario, explain=True)
    told = [detail for data in outcome.transcripts[1]["sections"] for detail in data["details"]]
    assert ("nearest key stored now", "GET /a") in told
    assert ("it differs", NEAREST) in told
