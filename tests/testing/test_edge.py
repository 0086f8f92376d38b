"""edgesim.testing.edge: requests, origins, time, cache and functions, as a test in Python says them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

import edgesim.testing
from edgesim.errors import ConfigError
from edgesim.scenario.playing.background import STAGES
from edgesim.testing import LiveEdge

MAX_AGE = {"cache-control": "max-age=60"}


@pytest.fixture
def live():
    methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    with edgesim.testing.edge({"methods": methods}) as edge:
        yield edge


# ── requests and responses ───────────────────────────────────────────────────


def test_a_response_has_what_the_viewer_got():
    with edgesim.testing.edge({"origin-request-policy": {"cookies": "all"}}) as edge:
        edge.origin.answers(201, headers={"set-cookie": ["a=1; Path=/", "b=2"], "x-word": "é"}, body="hé")
        answered = edge.get("/a?x=1")
    assert (answered.status, answered.text, answered.content) == (201, "hé", "hé".encode())
    assert answered.headers["X-WORD"] == "é"
    assert "x-none" not in answered.headers
    assert answered.headers.all("Set-Cookie") == ["a=1; Path=/", "b=2"]
    assert answered.cookies == {"a": "1", "b": "2"}
    assert answered.complete


def test_a_response_has_the_reasons(live: LiveEdge):
    live.origin.answers(headers=MAX_AGE)
    answered = live.get("/a?x=1")
    assert (answered.x_cache, answered.outcome) == ("Miss", "Miss")
    assert {"not in the cache", "stored", "max-age"} <= set(answered.because)
    assert "not in the cache" in answered.explain()
    assert repr(answered) == "<Response 200 Miss /a?x=1>"
    assert repr(live.head("/a")) == "<Response 200 Hit HEAD /a>"
    assert live.responses[0] is answered


def test_a_miss_is_explained_with_the_nearest_key():
    with edgesim.testing.edge({"cache-policy": {"query-strings": "all"}}) as live:
        live.origin.answers(headers=MAX_AGE)
        live.get("/a")
        assert "stored without ?utm_source=x" in live.get("/a?utm_source=x").explain()


def test_every_method_sends_its_own(live: LiveEdge):
    for verb in ("get", "head", "post", "put", "patch", "delete", "options"):
        getattr(live, verb)(f"/{verb}")
    assert [one.method.lower() for one in live.origin.requests] == [one.path[1:] for one in live.origin.requests]
    assert len(live.origin.requests) == 7


def test_a_request_has_headers_cookies_a_body_and_a_viewer():
    headers = ["CloudFront-Viewer-Country", "X-Two", "Content-Type"]
    policy = {"headers": headers, "cookies": "all", "query-strings": "all"}
    methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    with edgesim.testing.edge({"origin-request-policy": policy, "methods": methods}, viewer={"country": "DE"}) as edge:
        edge.post("/a?b=c", headers={"x-two": ["1", "2"]}, cookies={"d": "e", "f": "g"}, json={"h": 1}, country="FR")
        edge.put("/", body=b"\xff")
        edge.get("/")
    sent, raw, bare = edge.origin.requests
    assert (sent.target, sent.path, sent.query, sent.origin) == ("/a?b=c", "/a", "b=c", "site")
    assert sent.json() == {"h": 1}
    assert (sent.headers["content-type"], sent.headers["cookie"]) == ("application/json", "d=e; f=g")
    assert sent.headers.all("x-two") == ["1", "2"]
    assert sent.headers["cloudfront-viewer-country"] == "FR"
    assert raw.content == b"\xff"
    assert bare.headers["cloudfront-viewer-country"] == "DE"


def test_requests_at_once_are_collapsed(live: LiveEdge):
    live.origin.answers(headers=MAX_AGE, after="2s")
    first, second = live.parallel(["/a", {"target": "/a", "headers": {"accept": "x"}}])
    assert (first.x_cache, second.x_cache) == ("Miss", "Hit")
    assert len(first.origin_requests) == 1
    assert second.origin_requests == ()
    assert live.clock.now() - 1746525600 == 2


# ── origins ──────────────────────────────────────────────────────────────────


def test_an_origin_answers_by_path_by_method_and_by_turn(live: LiveEdge):
    live.origins["site"].answers(404)
    live.origins["site"].on("/a*").answers(200, body=b"\x00")
    live.origins["site"].on("/a*", method="post").turns(503, {"answers": 201, "body": "made"})
    assert live.get("/a1").content == b"\x00"
    assert [live.post("/a").status for _ in range(3)] == [200, 200, 200]
    live.origins["site"].on("/b", method="post").turns(503, {"answers": 201, "body": "made"})
    assert [live.post("/b").status for _ in range(3)] == [503, 201, 201]
    assert live.get("/c").status == 404


def test_what_is_said_last_counts_and_its_turns_begin_anew(live: LiveEdge):
    for _ in range(50):
        live.origin.turns(201, 202)
        assert [live.post("/").status for _ in range(3)] == [201, 202, 202]


def test_whichever_origin_is_asked_means_those_with_a_script_too():
    distribution = {
        "origins": {"one": "one.example", "two": "two.example"},
        "behaviors": [{"path": "/2*", "origin": "two"}],
    }
    with edgesim.testing.edge(distribution, origins={"one": {"/x": {"answers": 201}}}) as edge:
        assert (edge.get("/x").status, edge.get("/2").status) == (201, 200)
        edge.origin.answers(503)
        assert (edge.get("/y").status, edge.get("/2y").status) == (503, 503)
        assert edge.get("/x?1").status == 201
        assert list(edge.origins) == ["one", "two"]
        assert len(edge.origins["two"].requests) == 2


def test_an_origin_fails_after_as_long_as_cloudfront_waits(live: LiveEdge):
    live.origin.fails("connect-timeout")
    began = live.clock.now()
    response = live.get("/")
    assert (response.status, response.x_cache) == (504, "Error")
    assert live.clock.now() - began == 30
    assert len(response.origin_requests) == 3


def test_untouched_means_never_asked_until_it_is_told_to_forget(live: LiveEdge):
    assert live.origin.untouched
    live.get("/")
    assert not live.origin.untouched
    live.origin.forget()
    assert live.origin.untouched
    assert live.origins["site"].untouched


def test_a_body_breaks_off(live: LiveEdge):
    live.origin.answers(body="hello", truncate=2)
    response = live.get("/")
    assert (response.text, response.complete) == ("he", False)
    assert repr(response).endswith("broken off>")


# ── time and the cache ───────────────────────────────────────────────────────


def test_the_clock_moves_when_it_is_told(live: LiveEdge):
    live.origin.answers(headers={**MAX_AGE, "etag": '"v1"'}, validates=True)
    live.get("/a")
    live.clock.advance("59s")
    assert live.get("/a").headers["age"] == "59"
    live.clock.advance(2)
    response = live.get("/a")
    assert response.x_cache == "RefreshHit"
    assert [one.headers["if-none-match"] for one in response.origin_requests] == ['"v1"']


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00Z", 1767225600, datetime(2026, 1, 1, tzinfo=UTC)], ids=str)
def test_it_begins_when_one_says(at):
    with edgesim.testing.edge(at=at) as edge:
        assert edge.clock.now() == 1767225600
        assert edge.get("/").headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_the_cache_can_be_looked_at(live: LiveEdge):
    live.origin.answers(headers=MAX_AGE, body="hello")
    live.get("/a")
    live.clock.advance(70)
    stored = live.cache["/a"]
    assert (stored.state, stored.ttl, stored.age, stored.because, stored.status) == ("stale", 60, 70, "max-age", 200)
    assert (stored.text, stored.path, stored.query, stored.key) == ("hello", "/a", "", "GET /a")
    assert live.cache.get("/b") is None
    assert "/a" in live.cache
    assert "/b" not in live.cache
    assert live.cache.entries == [stored]
    with pytest.raises(LookupError, match="there is no /b in the cache, which holds GET /a"):
        live.cache["/b"]
    assert live.invalidate("/b*", "/a") == 1
    assert len(live.cache) == 0


def test_of_several_objects_for_a_target_the_latest_is_meant():
    policy = {"headers": ["X-A"], "query-strings": "all"}
    with edgesim.testing.edge({"cache-policy": policy}) as edge:
        edge.get("/a", headers={"x-a": "1"})
        edge.clock.advance(1)
        edge.get("/a?q=1", headers={"x-a": "2"})
        assert len(edge.cache.all("/a")) == 2
        assert "2" in edge.cache["/a"].key
        assert "1" in edge.cache.all("/a")[0].key
        assert len(edge.cache.all("/a?q=1")) == 1


# ── functions ────────────────────────────────────────────────────────────────

AUTH = """
exports.handler = async (event) => {
  const { request } = event.Records[0].cf;
  console.log('asked for', request.uri);
  if (request.uri === '/throw') throw new TypeError('no');
  if (request.uri === '/odd') return { status: 99 };
  return request.headers.authorization ? request : { status: '401', body: new Date().toISOString() };
};
"""
STAMP = """
def handler(event, context):
    response = event["Records"][0]["cf"]["response"]
    response["headers"]["x-stamp"] = [{"value": "VERSION"}]
    return response
"""
WITH_FUNCTIONS = {"viewer-request": "auth", "origin-response": "stamp"}


@pytest.mark.slow
def test_functions_are_real_and_what_they_did_can_be_looked_at():
    with edgesim.testing.edge(WITH_FUNCTIONS, functions={"auth": {"node": AUTH}, "stamp": {"python": STAMP}}) as edge:
        refused = edge.get("/a")
        assert (refused.status, refused.text) == (401, "2025-05-06T10:00:00.000Z")
        assert (refused.ran, refused.outcome) == (["viewer-request"], "LambdaGeneratedResponse")
        assert edge.origin.untouched
        let_in = edge.get("/a", headers={"authorization": "x"})
        assert let_in.headers["x-stamp"] == "VERSION"
        assert let_in.outcomes == {"viewer-request": "passed", "origin-response": "changed"}

        first, second = edge.function("auth").calls
        assert (first.outcome, second.outcome, first.result["status"], second.cold) == (
            "generated",
            "passed",
            "401",
            False,
        )
        assert (second.request["uri"], second.response, second.trigger) == ("/a", None, "viewer-request")
        assert "asked for /a" in first.log[0]
        assert first.duration_ms > 0
        [stamped] = edge.functions["stamp"].calls
        assert stamped.response["status"] == "200"
        assert any("asked for /a" in line for line in edge.log)


@pytest.mark.slow
def test_a_function_that_fails_says_why():
    with edgesim.testing.edge(WITH_FUNCTIONS, functions={"auth": {"node": AUTH}, "stamp": {"python": STAMP}}) as edge:
        assert edge.get("/throw").status == 503
        assert edge.get("/odd").status == 502
        threw, odd = edge.function("auth").calls
    assert (threw.outcome, threw.result) == ("failed", None)
    assert threw.error == "the function failed: TypeError: no"
    assert (odd.outcome, odd.result) == ("rejected", {"status": 99})
    assert "status" in odd.error


@pytest.mark.slow
def test_other_code_and_another_distribution_are_deployed_over_what_there_is():
    with edgesim.testing.edge({"origin-response": "stamp"}, functions={"stamp": {"python": STAMP}}) as edge:
        assert edge.get("/a").headers["x-stamp"] == "VERSION"
        edge.deploy(functions={"stamp": {"python": STAMP.replace("VERSION", "two")}})
        assert edge.get("/a").headers["x-stamp"] == "VERSION"
        assert edge.get("/b").headers["x-stamp"] == "two"
        edge.deploy({"origin-request": "stamp"})
        assert edge.get("/c").status == 503
        with pytest.raises(ConfigError, match="there is no function 'x'"):
            edge.deploy({"origin-request": "x"})


# ── what is wrong ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("do", "told"),
    [
        pytest.param(lambda edge: edge.origins["sit"], r"no origin 'sit' \(did you mean site\?\)", id="origin"),
        pytest.param(lambda edge: edge.function("a"), r"no function 'a' \(there is none\)", id="function"),
        pytest.param(lambda edge: edge.get("a"), "'a' is no target", id="target"),
        pytest.param(lambda edge: edge.get("/", contry="DE"), "(?s)no setting 'contry'.*country", id="viewer"),
        pytest.param(lambda edge: edge.get("/", body="", json=1), "said twice", id="two bodies"),
        pytest.param(lambda edge: edge.clock.advance("1 fortnight"), "no span of time", id="span"),
        pytest.param(lambda edge: edge.clock.advance(-1), "only goes forward", id="back"),
        pytest.param(lambda edge: edge.origin.fails("rest"), r"did you mean reset\?", id="trouble"),
        pytest.param(lambda edge: edge.origin.answers(delay=1), "write after: 2s", id="answer"),
        pytest.param(lambda edge: edge.origin.answers(headers={"a b": "c"}), "can't be a header's name", id="header"),
        pytest.param(lambda edge: edge.origin.answers(file="none.html"), "there is no none.html", id="file"),
        pytest.param(lambda edge: edge.origin.turns(), "at least one answer", id="no turns"),
        pytest.param(lambda edge: edge.deploy({"behaviours": []}), r"did you mean behaviors\?", id="deploy"),
    ],
)
def test_mistakes_are_explained(live: LiveEdge, do, told):
    with pytest.raises(ConfigError, match=told):
        do(live)
    assert live.get("/").status == 200


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ConfigError) as raised, edgesim.testing.edge({"orgins": {}, "viewer-request": "auth"}):
        pass
    assert str(raised.value).splitlines() == [
        "distribution.orgins: a distribution has no key 'orgins' (did you mean origins?)",
        "distribution.viewer-request: there is no function 'auth' (define it: functions: {auth: PATH[:HANDLER]})",
    ]


# ── wherever it is used ──────────────────────────────────────────────────────


def test_it_works_while_an_event_loop_runs():
    async def story():
        with edgesim.testing.edge() as edge:
            return edge.get("/").status

    assert asyncio.run(story()) == 200


def test_two_at_a_time_have_a_clock_each():
    with edgesim.testing.edge() as one, edgesim.testing.edge() as other:
        one.clock.advance(60)
        assert other.clock.now() == one.clock.now() - 60
        assert (one.get("/").status, other.get("/").status) == (200, 200)


def test_stages_are_kept_as_long_as_somebody_wants_them_warm():
    STAGES.keep()
    try:
        with STAGES.borrowed() as one:
            pass
        with STAGES.borrowed() as other:
            assert one is other
    finally:
        STAGES.release()


def test_paths_begin_at_the_file_that_speaks_of_them():
    with edgesim.testing.edge(origins={"site": {"file": "test_edge.py"}}) as edge:
        assert edge.get("/").text.startswith('"""edgesim.testing.edge')
    with pytest.raises(ConfigError, match=r"there is no test_edge\.py"):
        edgesim.testing.edge(origins={"site": {"file": "test_edge.py"}}, folder="/").__enter__()


def test_the_viewer_may_be_said_as_in_scenarios_and_a_response_has_a_body():
    with edgesim.testing.edge() as edge:
        edge.origin.answers(200, body="hello")
        response = edge.get("/a", viewer={"country": "FR"}, protocol="https")
        viewer = response.transcript.arrival.viewer
        assert (viewer.place["country"], viewer.protocol) == ("FR", "https")
        assert response.body == response.text == "hello"
