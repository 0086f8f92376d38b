"""Scenarios played with a server that is somewhere else: what is sent, compared, left out, and said about it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edgesim.distribution.model import Trigger
from edgesim.driver.clock import SystemClock
from edgesim.errors import ConfigError
from edgesim.origins.targets import Url
from edgesim.pipeline.transcript import Transcript
from edgesim.scenario.model import (
    Advance,
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
    Match,
    OriginExpectation,
    Parallel,
    Repeat,
    Send,
    SetOrigins,
    Setting,
    Sign,
)
from edgesim.scenario.outcome import Mismatch, Verdict
from edgesim.scenario.playing import client
from edgesim.scenario.playing.against import Against, Target, parse_against
from edgesim.scenario.playing.comparable import OwnOrigins
from edgesim.scenario.playing.seen import Answered
from edgesim.scenario.runner.workers import Job
from edgesim.server.listeners import bind
from edgesim.signatures.keys import key_pair_named
from edgesim.signatures.signing import Signer
from edgesim.testing.make import a_distribution
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request
from edgesim.values.viewer import Arrival, Viewer
from tests.scenario.helpers import a_scenario, any_origin, get, is_, says, x_cache
from tests.scenario.served import Server, live_edge, served

STATUS = Expectation(status=(200,))
NEVER = OriginExpectation("*", times=0)


class Watch:
    """A clock on which time passes at once, and that remembers how much."""

    def __init__(self):
        self.slept = []

    async def sleep(self, span):
        self.slept.append(span)


def body(text):
    return Expectation(body=BodyMatch(text=is_(text)))


def has(name, value):
    return Expectation(headers=(HeaderMatch(name, is_(value)),))


async def outcome_of(scenario, url, clock=None, **more):
    async with Against(Target(url, **more), clock or Watch()) as against:
        return await against.one(scenario)


def against(server, scenario, clock=None, **more):
    """What comes of a scenario with a server in the edge's place."""

    async def story():
        async with served(server) as url:
            return await outcome_of(scenario, url, clock, **more)

    return asyncio.run(story())


def mismatches(outcome):
    return [(one.what, one.expected, one.got, one.why) for step in outcome.failures for one in step.mismatches]


# ── what is sent ─────────────────────────────────────────────────────────────


def test_a_request_goes_out_as_it_is_written_and_nothing_is_added():
    server = Server()
    step = Send(
        "POST",
        "/a//b%2F?x=1&&y",
        headers=(("X-One", "1"), ("x-TWO", "a"), ("x-TWO", "b")),
        cookies=(("sid", "7"),),
        body=Content(text="text"),
        expect=STATUS,
    )
    assert against(server, a_scenario(step)).verdict is Verdict.PASSED
    [(method, target, fields, sent)] = server.asked
    assert (method, target, sent) == ("POST", "/a//b%2F?x=1&&y", b"text")
    [host, *others] = fields
    assert host[0] == "Host"
    assert host[1].startswith("127.0.0.1:")
    assert others == [
        ("Cookie", "sid=7"),
        ("Content-Length", "4"),
        ("X-One", "1"),
        ("x-TWO", "a"),
        ("x-TWO", "b"),
    ]


def test_the_host_is_the_steps_own_or_the_one_asked_for_or_the_servers():
    server = Server()
    scenario = a_scenario(get(expect=STATUS), get(headers=(("host", "own.example.com"),), expect=STATUS))
    against(server, scenario, host="www.example.com")
    assert [dict(fields)[name] for (*_, fields, _), name in zip(server.asked, ("Host", "host"), strict=True)] == [
        "www.example.com",
        "own.example.com",
    ]


@pytest.mark.parametrize(
    ("text", "url", "named"),
    [
        ("https://d1.cloudfront.net", "https://d1.cloudfront.net:443", "d1.cloudfront.net"),
        ("d1.cloudfront.net", "https://d1.cloudfront.net:443", "d1.cloudfront.net"),
        ("http://localhost:8080/", "http://localhost:8080", "localhost:8080"),
        ("localhost:8080", "http://localhost:8080", "localhost:8080"),
        ("127.0.0.1:8080/stage", "http://127.0.0.1:8080/stage", "127.0.0.1:8080"),
        ("localhost.example.com", "https://localhost.example.com:443", "localhost.example.com"),
        ("http://[::1]:80/stage", "http://[::1]:80/stage", "[::1]"),
    ],
)
def test_the_target_is_a_url(text, url, named):
    target = parse_against(text)
    assert (str(target.url), target.named) == (url, named)
    assert target.url.verify is text.endswith((".com", ".net"))


@pytest.mark.parametrize("text", ["ftp://example.com", "https://", "https://u:p@example.com", "http://a:b"])
def test_what_is_no_url_is_refused(text):
    with pytest.raises(ConfigError):
        parse_against(text)


def test_redirects_are_not_followed_and_bodies_not_decoded():
    server = Server(302, ((b"Location", b"/b"), (b"Content-Encoding", b"gzip")), b"no gzip")
    expect = Expectation(status=(302,), headers=has("location", "/b").headers, body=body("no gzip").body)
    assert against(server, a_scenario(get(expect=expect))).verdict is Verdict.PASSED
    assert len(server.asked) == 1


@pytest.mark.parametrize("ends", [True, False], ids=["one that ends", "one that stays"])
def test_a_websocket_is_listened_to_for_a_moment(ends, monkeypatch):
    monkeypatch.setattr(client, "SILENT_SECONDS", 0.1)

    async def chat(scope, receive, send):
        await send({"type": "http.response.start", "status": 101, "headers": [(b"Upgrade", b"websocket")]})
        await send({"type": "http.response.body", "body": b"hello", "more_body": True})
        if ends:
            await send({"type": "http.response.body", "body": b""})
        while (await receive())["type"] != "http.disconnect":
            pass

    asks = (("Connection", "Upgrade"), ("Upgrade", "websocket"))
    scenario = a_scenario(get(headers=asks, expect=Expectation(status=(101,), body=body("hello").body)))
    assert against(chat, scenario).verdict is Verdict.PASSED


# ── what is compared ─────────────────────────────────────────────────────────


def test_every_difference_is_shown_and_none_ends_the_scenario():
    server = Server(503, ((b"X-Cache", b"Error from cloudfront"), (b"X-B", b"2")), b"down")
    wanted = Expectation(status=(404,), headers=has("x-b", "1").headers, x_cache=is_("Hit"), complete=True)
    outcome = against(server, a_scenario(get("/one", expect=wanted), get("/two", expect=has("x-b", "3"))))
    assert outcome.verdict is Verdict.FAILED
    assert [failure.title for failure in outcome.failures] == ["GET /one", "GET /two"]
    assert mismatches(outcome) == [
        ("status", "404", "503 Service Unavailable", ""),
        ("x-cache", "Hit", "Error from cloudfront", ""),
        ("header x-b", "1", "2", ""),
        ("header x-b", "3", "2", ""),
    ]


def test_a_body_that_breaks_off_is_seen_as_one():
    server = Server(breaks_off=True)
    cut = Expectation(body=BodyMatch(text=is_("hello")), complete=False)
    assert against(server, a_scenario(get(expect=cut))).verdict is Verdict.PASSED
    [mismatch] = mismatches(against(server, a_scenario(get(expect=Expectation(complete=True)))))
    assert mismatch[0] == "complete"


def test_what_only_edgesim_can_know_is_counted():
    expect = Expectation(
        status=(200,),
        headers=(HeaderMatch("Date", is_("Tue, 06 May 2025 10:00:00 GMT")), HeaderMatch("x-cache", is_("Hit"))),
        x_cache=is_("Hit"),
        because=("LookUpReason.FRESH",),
        not_because=("StoreReason.STORED",),
        origins=(NEVER,),
        functions=(FunctionExpectation(Trigger.VIEWER_REQUEST, "changed"),),
        ran=(Trigger.VIEWER_REQUEST,),
        log=(is_("signed in"),),
        cache=(CacheExpectation("/a", CacheState.FRESH),),
        entries=1,
        takes=1,
    )
    outcome = against(Server(), a_scenario(get(expect=expect), Check(Expectation(entries=2))))
    assert outcome.verdict is Verdict.PASSED
    assert outcome.message == (
        "not compared: origins (1), functions (2), log lines (1), reasons (2), cache (3), time it takes (1), date (1), "
        "x-cache (2)"
    )


def test_what_the_scenarios_own_origin_decides_is_said_to_be_so():
    own = "the scenario's own origin decides this"
    wanted = Expectation(
        status=(201,),
        headers=(*has("x-own", "1").headers, *has("x-edge", "1").headers),
        body=BodyMatch(text=is_("scripted"), size=8),
    )
    outcome = against(Server(), a_scenario(get("/", says("scripted", 201, x_own="1"), expect=wanted)))
    assert [(what, why) for what, _, _, why in mismatches(outcome)] == [
        ("status", own),
        ("header x-own", own),
        ("header x-edge", ""),
        ("body", own),
        ("body size", own),
    ]


def test_what_a_function_generates_is_not_the_origins():
    generated = (FunctionExpectation(Trigger.VIEWER_REQUEST, "generated"),)
    wanted = Expectation(body=BodyMatch(text=is_("by the function")), functions=generated)
    [(_, _, _, why)] = mismatches(against(Server(), a_scenario(get(expect=wanted))))
    assert why == ""


@pytest.mark.parametrize("made_by", ["LambdaGeneratedResponse", "LambdaExecutionError", "LambdaValidationError"])
def test_what_x_cache_says_that_a_function_answered_is_not_the_origins(made_by):
    request = Request("GET", "/", "", Headers())
    made = Headers([("X-Cache", f"{made_by} from cloudfront")])
    found, expect = Mismatch("body", "scripted", "by the function"), Expectation(body=BodyMatch(text=is_("scripted")))
    own = OwnOrigins(a_scenario(get("/", says("scripted"), expect=expect)))
    transcript = Transcript(Arrival("", Instant(0.0), Viewer(), request))
    assert own.marked(found, expect, Answered(503, made, b"by the function", True, transcript)) == found
    assert own.marked(found, expect, Answered(200, Headers(), b"by the origin", True, transcript)).why


@pytest.mark.parametrize("step", [SetOrigins(any_origin(says(x_own="1"))), Parallel((get("/b", says(x_own="1")),))])
def test_scripts_of_other_steps_count_as_well(step):
    scenario = a_scenario(get("/", expect=has("x-own", "1")), Repeat(1, (step,)))
    [(_, _, _, why)] = mismatches(against(Server(), scenario))
    assert why


def test_captures_go_into_later_steps():
    server = Server(headers=((b"Location", b"/next?token=abc"),))
    scenario = a_scenario(
        get("/a", capture=(Capture("token", "header", "location", r"token=(\w+)"),), expect=STATUS),
        get("/b?t=${token}", expect=STATUS),
    )
    assert against(server, scenario).verdict is Verdict.PASSED
    assert server.asked[1][1] == "/b?t=abc"


def test_a_capture_that_fails_is_a_difference_and_takes_along_what_depends_on_it():
    scenario = a_scenario(get("/a", capture=(Capture("token", "header", "location"),)), get("/b?t=${token}"))
    outcome = against(Server(), scenario)
    assert [what for what, *_ in mismatches(outcome)] == ["capture token"]
    assert outcome.message == "1 step left out: it needs what another step would have captured"


# ── what is left out ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("step", "need"),
    [
        (Advance(3600), "1h to pass"),
        (Parallel((get("/b"), Barrier(seconds=5), get("/b"))), "5s to pass"),
        (Invalidate(("/*",)), "something to be invalidated"),
        (Deploy(Setting()), "something to be deployed"),
        (SetOrigins({}), "the origins to change"),
    ],
)
def test_a_scenario_ends_where_something_is_needed_that_can_not_be_had(step, need):
    server = Server()
    after = 3 if isinstance(step, Parallel) else 2
    outcome = against(server, a_scenario(get(expect=STATUS), step, Repeat(2, (get("/c", expect=STATUS),))))
    assert outcome.verdict is Verdict.PASSED
    assert outcome.message == f"{after} steps left out: they need {need}"
    assert [target for _, target, *_ in server.asked] == ["/a"]


def test_time_passes_as_far_as_is_allowed():
    server, clock = Server(), Watch()
    scenario = a_scenario(
        Advance(61), get(expect=STATUS), Parallel((get("/b"), Barrier(seconds=9), get("/c"))), Advance(51), get("/d")
    )
    outcome = against(server, scenario, clock, wait=120)
    assert clock.slept == [61, 9]
    assert [target for _, target, *_ in server.asked] == ["/a", "/b", "/c"]
    assert outcome.message == "1 step left out: it needs 51s to pass"


def test_nothing_is_said_of_time_after_which_nothing_comes():
    assert against(Server(), a_scenario(get(expect=STATUS), Advance(61))).message == ""


def test_a_viewer_elsewhere_can_not_be_had_nor_what_it_would_have_left_in_the_cache():
    server = Server(headers=((b"X-Cache", b"Miss from cloudfront"),))
    scenario = a_scenario(
        get("/a", viewer={"country": "FR", "pop": "IAD89-C1"}, expect=x_cache("Miss")),
        get("/a?x=1", expect=x_cache("Hit", status=(200,))),
        get("/b", viewer={"pop": "IAD89-C1", "protocol": "http", "http-version": "1.1"}, expect=x_cache("Miss")),
        get("/c", viewer={"protocol": "https"}),
        get("/d", leaves=1),
    )
    outcome = against(server, scenario)
    assert outcome.verdict is Verdict.PASSED
    assert [target for _, target, *_ in server.asked] == ["/a?x=1", "/b"]
    assert outcome.message == (
        "1 step left out: it needs a viewer with country=FR; 1 step left out: it needs a viewer with protocol=https; "
        "1 step left out: it needs a viewer that leaves; not compared: x-cache (1)"
    )


def test_a_signature_of_a_key_that_edgesim_made_convinces_no_server():
    server = Server()
    signer = Signer("members", key_pair_named("members"))
    scenario = a_scenario(
        get("/a", sign=Sign(signer, made=True), expect=STATUS),
        get("/b", sign=Sign(signer), expect=STATUS),
    )
    outcome = against(server, scenario, SystemClock())
    assert outcome.verdict is Verdict.PASSED
    assert [target.partition("?")[0] for _, target, *_ in server.asked] == ["/b"]
    assert outcome.message == (
        "1 step left out: it needs a key that the server trusts, "
        "and that of the scenario is made: keys: {NAME: FILE.pem}"
    )


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((get(viewer={"device": "mobile"}, expect=STATUS),), id="none can be sent"),
        pytest.param((Invalidate(("/*",)), get(expect=STATUS)), id="it ends before the first"),
        pytest.param((get(expect=Expectation(origins=(NEVER,))),), id="nothing can be compared"),
    ],
)
def test_a_scenario_of_which_nothing_can_be_played_is_left_out(steps):
    outcome = against(Server(), a_scenario(*steps))
    assert outcome.verdict is Verdict.LEFT_OUT
    assert outcome.message


# ── how it is played ─────────────────────────────────────────────────────────


def test_repeated_requests_are_sent_that_often():
    server = Server()
    against(server, a_scenario(get("/a", times=2, expect=STATUS), Repeat(2, (get("/b"), get("/c")))))
    assert [target for _, target, *_ in server.asked] == ["/a", "/a", "/b", "/c", "/b", "/c"]


class Meeting:
    """Answers nobody until two are there."""

    def __init__(self):
        self.both, self.there, self.server = asyncio.Event(), 0, Server()

    async def __call__(self, scope, receive, send):
        self.there += 1
        if self.there == 2:
            self.both.set()
        await self.both.wait()
        await self.server(scope, receive, send)


def test_parallel_requests_are_sent_at_once_and_judged_each_for_itself():
    items = (get("/a", expect=STATUS), Barrier(), get("/b", expect=has("x-b", "1")), Barrier("done"))
    outcome = against(Meeting(), a_scenario(Parallel(items, Expectation(origins=(NEVER,)))))
    assert [failure.title for failure in outcome.failures] == ["GET /b"]
    assert outcome.message == "not compared: origins (1)"


def test_a_server_that_is_not_there_is_one_clear_sentence():
    socket = bind("127.0.0.1", 0, "--port")
    url = Url("http", "127.0.0.1", socket.getsockname()[1])
    socket.close()
    outcome = asyncio.run(outcome_of(a_scenario(get(expect=STATUS)), url))
    assert outcome.verdict is Verdict.BROKEN
    assert outcome.message.startswith(f"{url} took no connection: ")


def test_a_server_that_hangs_up_is_one_too():
    async def hangs_up(scope, receive, send):
        await send({"type": "http.response.body", "abort": True})

    outcome = against(hangs_up, a_scenario(Parallel((get(expect=STATUS), get("/b")))))
    assert outcome.verdict is Verdict.BROKEN
    assert outcome.message.endswith(" closed the connection before it answered")


def test_a_file_that_can_not_be_read_breaks_the_scenario():
    outcome = against(Server(), a_scenario(Send("PUT", "/a", body=Content(file=Path("nowhere.bin")))))
    assert outcome.verdict is Verdict.BROKEN
    assert "nowhere.bin" in outcome.message


def test_one_scenario_after_the_other_until_it_is_enough():
    jobs = [Job(Path("a.scenario.yaml"), number, a_scenario(get(expect=STATUS))) for number in range(3)]
    told = []

    def tell(index, outcome):
        told.append((index, outcome.verdict))
        return index < 1

    async def story():
        async with served(Server()) as url, Against(Target(url)) as players:
            await players.play(jobs, tell)
            await players.refresh()

    asyncio.run(story())
    assert told == [(0, Verdict.PASSED), (1, Verdict.PASSED)]


def test_edgesim_behaves_over_a_socket_as_it_does_without_one():
    setting = Setting((a_distribution(),))
    scenario = a_scenario(
        get("/a", says("one", cache_control="max-age=60"), expect=x_cache("Miss", body=body("one").body)),
        get("/a", expect=x_cache("Hit", headers=has("age", "0").headers)),
        get("/b", expect=Expectation(headers=(HeaderMatch("x-cache", Match(contains=("Miss",))),))),
    )

    async def story():
        async with live_edge(setting) as (edge, url):
            edge.origins.set(any_origin(says("one", cache_control="max-age=60")))
            return await outcome_of(scenario, url)

    outcome = asyncio.run(story())
    assert (outcome.verdict, outcome.message, mismatches(outcome)) == (Verdict.PASSED, "", [])
