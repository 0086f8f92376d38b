"""What a failure says where it used to say too little."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgesim.scenario.language.load import load_text
from edgesim.scenario.model import BodyMatch, Capture, Expectation
from edgesim.scenario.runner.report import failure, gist
from tests.scenario.helpers import a_scenario, get, is_, mismatches_of, played, says

LONG = "x" * 300


def test_a_reason_that_must_not_be_is_shown_among_those_that_were():
    story = a_scenario(get("/a", expect=Expectation(not_because=("LookUpReason.NOT_STORED",))))
    [found] = mismatches_of(story)
    assert found.expected == "not 'not in the cache'"
    assert "not in the cache" in found.got.splitlines()
    assert found.why == "'not in the cache' is among them, and must not be"


def test_a_long_line_is_shown_where_it_differs_and_as_a_whole_with_explain():
    wanted = Expectation(body=BodyMatch(text=is_(f"{LONG}a{LONG}")))
    outcome = played(a_scenario(get("/a", says(f"{LONG}b{LONG}"), expect=wanted)))
    short, whole = failure(outcome), failure(outcome, explain=True)
    assert "601 characters and 601: see --explain" in short
    assert f"{LONG}a{LONG}" not in short
    assert "xa" in short
    assert f"{LONG}a{LONG}" in whole
    assert f"{LONG}b{LONG}" in whole


def test_a_line_that_does_not_fit_is_shown_as_a_whole_below():
    wanted = Expectation(body=BodyMatch(text=is_(f"{LONG}a")))
    told = failure(played(a_scenario(get("/a", says(f"{LONG}b"), expect=wanted))))
    assert "expected, all of it" in told
    assert "".join(told.partition("got, all of it")[2].partition("GET ")[0].split()) == f"{LONG}b"
    assert all(len(line) <= 100 for line in told.splitlines())


def test_a_cookie_that_the_edge_removed_is_said_to_be():
    story = a_scenario(get("/a", says(set_cookie="sid=1; Path=/"), capture=(Capture("s", "cookie", "sid"),)))
    [found] = mismatches_of(story)
    assert found.got == "nothing: the answer sets no cookie"
    assert "CloudFront removes Set-Cookie where no cookie is forwarded" in found.why


@pytest.mark.parametrize(
    ("capture", "got"),
    [
        (Capture("s", "cookie", "sid"), "nothing: the answer sets no cookie"),
        (Capture("s", "json", "id"), 'nothing: there is no such member in {"a": 1}'),
    ],
)
def test_where_nothing_is_captured_it_says_what_there_was(capture, got):
    [found] = mismatches_of(a_scenario(get("/a", says('{"a": 1}'), capture=(capture,))))
    assert (found.got, found.why) == (got, "")


@pytest.mark.parametrize(
    ("deploy", "message"),
    [("{origins: {}}", "deploy has no key 'origins'"), ("{}", "this deploys nothing")],
)
def test_a_deploy_that_is_wrong_is_told_once(deploy, message):
    found = load_text(f"title: t\nsteps: [{{deploy: {deploy}}}]\n", Path("a.scenario.yaml"))
    assert [problem.message for problem in found.problems] == [message]


REFUSED = """\
scenarios:
- title: a method that is not allowed
  steps: [{post: /a, body: x, expect: {status: 200}}]
- title: no signature
  distribution: {signers: [members]}
  steps: [{get: /a, expect: {status: 200}}]
- title: a country that is shut out
  distribution: {countries: {block: [FR]}}
  viewer: {country: FR}
  steps: [{get: /a, expect: {status: 200}}]
- title: HTTPS alone
  distribution: {protocol: https-only}
  steps: [{get: /a, expect: {status: 200}}]
"""


def test_a_refusal_of_the_edge_is_told_below_the_status_and_in_the_one_line():
    scenarios = load_text(REFUSED, Path("a.scenario.yaml")).scenarios
    outcomes = [played(scenario) for scenario in scenarios]
    whys = [outcome.failures[0].mismatches[0].why for outcome in outcomes]
    assert whys == [
        "refused: the behavior does not allow this method",
        "refused: neither a signed URL nor signed cookies",
        "refused: the distribution is not served in the viewer's country",
        "refused: the behavior takes HTTPS only",
    ]
    for outcome, why in zip(outcomes, whys, strict=True):
        assert f"    got       403 Forbidden\n    why       {why}\n" in failure(outcome)
        assert gist(outcome).endswith(f"status: expected 200, got 403 Forbidden ({why})")


BAD_CODE = """\
title: code that is no code
functions:
  fn:
    {language}: |
{code}
distribution: {{viewer-request: fn}}
steps: [{{get: /, expect: {{status: 200}}}}]
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "code", "line"),
    [
        ("node", "      exports.handler = async () => {\n        const a = ;\n      }", 6),
        ("node", "      exports.handler = async () => {\n\n        throw new Error('no') }", 7),
        ("python", "      def handler(event, context):\n          return (", 6),
        ("python", "      # a comment\n      def handler(event, context):\n          return 1 / 0", 7),
    ],
)
def test_code_in_a_scenario_fails_at_the_scenarios_own_line(language, code, line):
    [scenario] = load_text(BAD_CODE.format(language=language, code=code), Path("a.scenario.yaml")).scenarios
    assert f"(a.scenario.yaml:{line})" in mismatches_of(scenario)[0].why


@pytest.mark.slow
def test_the_same_code_elsewhere_has_its_own_lines():
    text = BAD_CODE.format(language="python", code="      def handler(event, context): 1 / 0")
    for moved in (0, 3):
        [scenario] = load_text("# \n" * moved + text, Path("a.scenario.yaml")).scenarios
        assert f"(a.scenario.yaml:{5 + moved})" in mismatches_of(scenario)[0].why


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("      exports.handler = async (event) => event", "this is the event: return its Records[0].cf.request"),
        ("      function handler(event) { return event.request }", "this is a CloudFront Function"),
    ],
)
def test_what_a_function_may_have_meant_is_told(code, hint):
    [scenario] = load_text(BAD_CODE.format(language="node", code=code), Path("a.scenario.yaml")).scenarios
    assert hint in mismatches_of(scenario)[0].why


# ── why it is not what the origin was to give ────────────────────────────────

FAILING = """\
functions: {auth: {python: "def handler(event, context): raise ValueError('no')"}}
distribution: {viewer-request: auth}
"""


def whys(text: str) -> list[str]:
    loaded = load_text(f"title: t\n{text}", Path("a.scenario.yaml"))
    assert not loaded.problems, loaded.problems
    return [found.why for found in mismatches_of(loaded.scenarios[0])]


@pytest.mark.parametrize("expect", ["headers: {x-a: '1'}", "body: hello", "json: {a: 1}"])
def test_what_is_not_there_since_a_function_failed_says_so(expect):
    [why] = whys(f"{FAILING}steps: [{{get: /a, expect: {{{expect}}}}}]")
    assert why.endswith("viewer-request failed: the function failed: ValueError: no (a.scenario.yaml:2)")


@pytest.mark.parametrize("expect", ["ran: [viewer-request, viewer-response]", "functions: {origin-response: changed}"])
def test_a_function_that_did_not_get_its_turn_is_told_with_the_one_that_failed(expect):
    [why] = whys(f"{FAILING}steps: [{{get: /a, expect: {{{expect}}}}}]")
    assert why.startswith("viewer-request failed: the function failed: ValueError: no")


def test_a_failure_that_the_status_tells_is_told_once():
    status, header = whys(f"{FAILING}steps: [{{get: /a, expect: {{status: 200, headers: {{x-a: '1'}}}}}}]")
    assert "viewer-request failed" in status
    assert header == ""


def test_a_body_that_nobody_fetched_says_what_came_in_its_place():
    [why] = whys(
        "steps:\n- {get: /a, origin: {headers: {cache-control: max-age=60}, body: one}}\n"
        "- {get: /a, origin: {body: two}, expect: {body: two}}"
    )
    assert why == "nothing fetched this step's answer: fresh, 0 s old with a TTL of 60 s"


NO_POLICY = "there is no origin request policy"


@pytest.mark.parametrize(
    ("distribution", "sent", "receives", "why"),
    [
        pytest.param(
            "{}",
            "headers: {x-token: t}",
            "headers: {x-token: t}",
            f"the viewer's x-token is not forwarded: the cache policy has no header and {NO_POLICY}",
            id="a header that no policy has",
        ),
        pytest.param(
            "{origin-request-policy: {headers: [x-other]}}",
            "headers: {x-token: t}",
            "headers: {x-token: t}",
            "the viewer's x-token is not forwarded: the cache policy has no header and the origin request policy has"
            " the header x-other",
            id="a header that the origin request policy has not",
        ),
        pytest.param(
            "{}",
            "host: www.example.com",
            "headers: {host: www.example.com}",
            f"the viewer's host is not forwarded: the cache policy has no header and {NO_POLICY}",
            id="the viewer's host",
        ),
        pytest.param(
            "{cache-policy: {cookies: [a]}}",
            "cookies: {a: '1', b: '2'}",
            "headers: {cookie: a=1; b=2}",
            f"the viewer's cookie b is not forwarded: the cache policy has the cookie a and {NO_POLICY}",
            id="one of the cookies",
        ),
        pytest.param(
            "{cache-policy: {query-strings: [page]}}",
            "name: n",
            "query: x=1&page=2",
            f"the viewer's ?x=1 is not forwarded: the cache policy has the query string page and {NO_POLICY}",
            id="a part of the query string",
        ),
        pytest.param(
            "{forwarded-values: {query-string: false}}",
            "name: n",
            "target: /a?x=1&page=2",
            "the viewer's ?x=1&page=2 is not forwarded: ForwardedValues do not have the query string",
            id="legacy settings",
        ),
        pytest.param(
            "{origin-request-policy: {headers: all-viewer}}",
            "headers: {x-token: t}",
            "headers: {x-token: other}",
            "",
            id="what came as the viewer sent it",
        ),
    ],
)
def test_what_the_policies_leave_out_is_told(distribution, sent, receives, why):
    steps = f"steps: [{{get: '/a?x=1&page=2', {sent}, origin: {{receives: {{{receives}}}}}}}]"
    assert whys(f"distribution: {distribution}\n{steps}") == [why]


def test_a_header_that_a_function_took_away_is_told():
    takes = "def handler(event, context):\n    r = event['Records'][0]['cf']['request']\n    del r['headers']['x-a']\n"
    [why] = whys(
        f"functions: {{takes: {{python: {json.dumps(takes + '    return r')}}}}}\n"
        "distribution: {viewer-request: takes, origin-request-policy: {headers: all-viewer}}\n"
        "steps: [{get: /a, headers: {x-a: '1'}, origin: {receives: {headers: {x-a: '1'}}}}]"
    )
    assert why == "viewer-request removed it"


NO_COOKIES = "(no cookies are forwarded: the cache policy has no cookie and there is no origin request policy)"
COOKIE_GIVEN = "origin: {headers: {set-cookie: a=1, cache-control: max-age=60}}"


@pytest.mark.parametrize("first", ["", f"{{get: /a, {COOKIE_GIVEN}}}, "], ids=["fetched now", "fetched before"])
def test_a_header_of_the_origins_that_cloudfront_removed_is_told(first):
    [why] = whys(f"steps: [{first}{{get: /a, {COOKIE_GIVEN}, expect: {{headers: {{set-cookie: a=1}}}}}}]")
    told = f"CloudFront removed the origin's set-cookie: a=1 {NO_COOKIES}"
    assert why == (f"{told}; nothing fetched this step's answer: fresh, 0 s old with a TTL of 60 s" if first else told)


def test_what_is_left_of_vary_is_told():
    answers = "origin: {headers: {vary: 'X-A, Accept-Encoding'}}"
    [why] = whys(f"steps: [{{get: /a, {answers}, expect: {{headers: {{vary: {{contains: X-A}}}}}}}}]")
    assert why.startswith("the origin's vary was X-A, Accept-Encoding; CloudFront passes on Accept-Encoding, Cookie,")


def test_who_took_a_header_from_the_response_is_told():
    takes = "def handler(event, context):\n    r = event['Records'][0]['cf']['response']\n    del r['headers']['x-a']\n"
    answers = "origin: {headers: {x-a: '1', x-b: '1'}}"
    a, b = whys(
        f"functions: {{takes: {{python: {json.dumps(takes + '    return r')}}}}}\n"
        "distribution: {origin-response: takes, response-headers-policy: {remove: [x-b]}}\n"
        f"steps: [{{get: /a, {answers}, expect: {{headers: {{x-a: '1', x-b: '1'}}}}}}]"
    )
    assert a == "origin-response removed it"
    assert b == "the response headers policy removed it"
