"""Scenarios played on an edge behind a real port, and whoever else asks there."""

from __future__ import annotations

import asyncio

import httpx

from edgesim.origins.targets import Url
from edgesim.scenario.model import (
    Advance,
    Answer,
    Barrier,
    BodyMatch,
    CacheExpectation,
    CacheState,
    Capture,
    Check,
    Deploy,
    Expectation,
    HeaderMatch,
    Invalidate,
    OriginExpectation,
    Parallel,
    Repeat,
    Send,
    SetOrigins,
    Setting,
)
from edgesim.scenario.playing.demonstration import Demonstration
from edgesim.scenario.playing.live import LiveEdge
from edgesim.scenario.playing.stage import Stage
from edgesim.server.listeners import bind
from edgesim.server.viewer_header import parse_settings
from edgesim.testing.make import a_distribution, a_request
from tests.scenario.helpers import a_scenario, any_origin, get, is_, says, x_cache
from tests.scenario.served import live_edge, served

ONCE = (OriginExpectation("*", times=1),)
UNTOUCHED = (OriginExpectation("*", times=0),)
SETTING = Setting((a_distribution(),))


async def shown(scenario, before_step=None):
    """What a demonstration says, and whether an expectation failed."""
    said, socket = [], bind("127.0.0.1", 0, "--port")
    address = Url("http", "127.0.0.1", socket.getsockname()[1])

    async def no_pause():
        pass

    async with Stage() as stage:
        await stage.begin(scenario.setting, at=scenario.at)
        viewer = parse_settings(scenario.viewer)
        edge = LiveEdge(scenario.setting, stage, stage.clock, stage.ids, address, viewer)
        demonstration = Demonstration(
            scenario,
            stage,
            "http://edge",
            say=said.append,
            paint=lambda text, style: text,
            before_step=before_step or no_pause,
        )
        try:
            async with served(edge, socket):
                await demonstration.show(edge)
        finally:
            await edge.aclose()
    return "\n".join(said), demonstration.failed


def show(scenario, **more):
    return asyncio.run(shown(scenario, **more))


def holds(*steps, **more):
    """It is shown, and everything in it holds. Returns what was said."""
    said, failed = show(a_scenario(*steps, **more))
    assert not failed, said
    return said


# ── played as in tests ───────────────────────────────────────────────────────


def test_a_step_is_shown_with_its_command_answer_explanation_and_what_holds():
    said = holds(
        get("/a.css?x=1", says("one", cache_control="max-age=60"), expect=x_cache("Miss", origins=ONCE)),
        Advance(61),
        get("/a.css?x=1", expect=x_cache("Miss", status=(200,), origins=ONCE)),
        source="Expiration",
    )
    first, second, third = (said.index(f"{number}. ") for number in (1, 2, 3))
    told = said[first:second]
    assert told.startswith("1. GET /a.css?x=1\n  curl -i -H 'Host: d2emuexample01.cloudfront.net' 'http://edge/a.css")
    assert "\n  HTTP/1.1 200 OK\n  x-cache: Miss from cloudfront\n  cache-control: max-age=60\n\n  one\n" in told
    assert "\n  store: stored\n      TTL  60 s from max-age\n" in told
    assert told.rstrip().endswith("✓ as expected: x-cache Miss, the origin asked once")
    assert said[second:third].rstrip() == "2. … 1m1s pass"
    assert "age  61 s, stale for 1 s" in said[third:]


def test_what_does_not_hold_is_shown_and_does_not_end_it():
    wanted = Expectation(status=(404,), body=BodyMatch(text=is_("two")))
    said, failed = show(a_scenario(get("/", says("one"), expect=wanted), get("/b", expect=Expectation(status=(200,)))))
    assert failed
    assert "  ✗ status\n    expected  404\n    got       200 OK\n" in said
    assert "  ✗ body\n" in said
    assert "2. GET /b" in said


def test_what_is_refused_is_shown_as_such():
    said = holds(Deploy(SETTING, refused=(is_("Code: no"),), refusals=("Code: no",)))
    assert "1. something is deployed that AWS refuses" in said
    said, failed = show(a_scenario(Deploy(SETTING, refused=(is_("no"),)), get("/b")))
    assert failed
    assert "  ✗ refused\n    expected  no\n    got       it can be deployed\n" in said
    assert "2. GET /b" in said


def test_origins_that_take_their_time_take_the_scenarios():
    slow = Answer(200, after=20)
    said = holds(get("/", slow, expect=Expectation(status=(200,), takes=20)))
    assert "200 Miss after 20000.0 ms" in said


def test_a_read_timeout_and_its_attempts():
    holds(get("/", Answer(after=31), expect=Expectation(status=(504,), takes=90, origins=(OriginExpectation("*", 3),))))


def test_a_body_that_breaks_off():
    cut = Answer(200, body=says("hello").body, truncate=2)
    said = holds(get("/", cut, expect=Expectation(complete=False)))
    assert "… and here the connection breaks off" in said


def test_requests_at_once_are_one_fetch():
    slow = says(cache_control="max-age=60", after=2)
    origins = any_origin(slow)
    items = (get(expect=x_cache("Miss")), Barrier(), get(expect=Expectation()), Barrier(seconds=1), get())
    said = holds(Parallel(items, Expectation(origins=ONCE, takes=2)), origins=origins)
    assert "1. requests at once\n  curl" in said


def test_each_of_the_requests_at_once_has_its_own_scripts():
    items = tuple(
        get(f"/{n}", says(f"of {n}", after=3 - n), expect=Expectation(body=BodyMatch(text=is_(f"of {n}"))))
        for n in (1, 2)
    )
    holds(Parallel(items))


def test_viewers_cookies_captures_and_every_other_step():
    country = HeaderMatch("location", is_("/de"))
    kept = CacheExpectation("/kept", CacheState.FRESH)
    said = holds(
        get("/", says("", 302, location="/de"), expect=Expectation(headers=(country,)), viewer={"pop": "IAD89-C1"},
            capture=(Capture("to", "header", "location"),)),
        get("${to}", expect=Expectation(body=BodyMatch(text=is_("origin origin: GET /de")))),
        SetOrigins(any_origin(says("kept", cache_control="max-age=60"))),
        Repeat(2, (get("/kept", times=2),)),
        Check(Expectation(cache=(kept,), entries=3)),
        Invalidate(("/*",)),
        Deploy(SETTING),
        get("/kept", expect=x_cache("Miss")),
        viewer={"country": "DE"},
    )  # fmt: skip
    assert "Edgesim-Viewer: country=DE, pop=IAD89-C1" in said
    assert "viewer 127.0.0.1 at IAD89-C1" in said
    assert "2. GET ${to}" in said
    assert "http://edge/de" in said
    assert "3. from now on the origins answer\n  *: * 200\n" in said
    assert "What follows, 2 times:\n\n4. GET /kept, 2 times" in said
    assert "6. how things stand\n  ✓ as expected: /kept fresh, 3 objects in the cache" in said
    assert "7. /* is invalidated" in said
    assert "8. another configuration or other code is deployed" in said


def test_a_long_body_is_cut_and_shown_without_steering_the_terminal():
    said = holds(get("/", says("\x1b[2J" + "line\n" * 50)))
    assert "\\x1b[2Jline" in said
    assert "… (254 bytes)" in said


def test_what_an_edge_does_not_take_is_shown_as_such():
    said = holds(Send("GET", "/", headers=(("No Name", "x"),), expect=Expectation(status=(400,))))
    assert "its listener refused it" in said


def test_the_pause_comes_between_steps():
    pauses = []

    async def pause():
        pauses.append(None)

    show(a_scenario(get(), Repeat(2, (get(),))), before_step=pause)
    assert len(pauses) == 2


# ── whoever else asks ────────────────────────────────────────────────────────


async def asking(url, path, **headers):
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"{url}{path}", headers=headers)


def test_guests_are_answered_by_what_stands_and_time_goes_on_for_them():
    async def story():
        async with live_edge(SETTING) as (edge, url):
            edge.origins.set(any_origin(says("slow", after=20, cache_control="max-age=60")))
            before = edge.clock.now()
            response = await asking(url, "/a")
            hit = await asking(url, "/a", **{"Edgesim-Viewer": "pop=IAD89-C1"})
            return response, hit, edge.clock.now() - before

    response, hit, passed = asyncio.run(story())
    assert (response.text, response.headers["x-cache"], passed) == ("slow", "Miss from cloudfront", 20)
    assert (hit.headers["x-cache"], hit.headers["x-amz-cf-pop"]) == ("Hit from cloudfront", "IAD89-C1")


def test_guests_get_what_the_latest_step_says_and_count_for_no_expectation():
    async def story():
        async with live_edge(SETTING) as (edge, url):
            scripts = any_origin(says("of the step"))
            await edge.finish(edge.send(a_request("/a"), parse_settings({}), step="mine", scripts=scripts))
            response = await asking(url, "/b")
            return response.text, [asked.step for asked in edge.origins.asked]

    assert asyncio.run(story()) == ("of the step", ["mine", None])


def test_the_control_port_explains_and_moves_the_scenarios_clock():
    async def story():
        async with live_edge(SETTING) as (edge, url), served(edge.control(), faithful=False) as control:
            await asking(url, "/a")
            async with httpx.AsyncClient(base_url=str(control), trust_env=False) as client:
                told = (await client.get("/transcript?of=last")).json()
                overview = (await client.get("/")).json()
                before = (await client.get("/clock")).json()
                moved = await client.post("/clock", json={"advance": 3600})
                refused = await client.post("/clock", json={"resume": True})
                frozen = await client.post("/clock", json={"freeze": True})
            return told, overview, before, moved, refused, frozen

    told, overview, before, moved, refused, frozen = asyncio.run(story())
    assert (told["target"], told["outcome"]) == ("/a", "Miss")
    assert overview["requests"] == 1
    assert (before["now"], before["pace"]) == ("2025-05-06T10:00:00.000Z", "still")
    assert moved.json()["now"] == "2025-05-06T11:00:00.000Z"
    assert (refused.status_code, frozen.status_code) == (409, 200)


def test_a_viewer_leaves_with_what_it_has_or_with_nothing():
    left = Expectation(
        complete=False,
        access_log=(HeaderMatch("x-edge-detailed-result-type", is_("ClientCommError")),),
        logged=True,
        body=BodyMatch(is_("he")),
    )
    slow = Answer(chunks=("he", "llo"), every=2)
    nothing = Expectation(
        complete=False, access_log=(HeaderMatch("sc-status", is_("000")),), logged=True, body=BodyMatch(is_(""))
    )
    patient = Expectation(status=(200,), body=BodyMatch(is_("hello")), complete=True)
    scenario = a_scenario(
        get("/a", slow, leaves=3, expect=left),
        get("/b", says(after=5), leaves=2, expect=nothing),
        get("/c", slow, leaves=60, expect=patient),
    )
    said, failed = asyncio.run(shown(scenario))
    assert not failed, said
    assert "GET /a, whose viewer leaves after 3s" in said
    assert "nothing: the viewer has left" in said
    assert "x-edge-detailed-result-type ClientCommError" in said
