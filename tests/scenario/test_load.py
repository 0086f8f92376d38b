"""What scenario files say, as values."""

import hashlib
from pathlib import Path

import pytest

from edgesim.distribution.aws_endpoints import EVERY_SERVICE
from edgesim.distribution.limits import Limit, PackageLimits
from edgesim.distribution.model import Trigger
from edgesim.errors import ConfigError, OriginTrouble
from edgesim.scenario.language.load import find_files, load_file, load_text
from edgesim.scenario.model import (
    UNSET,
    Account,
    Advance,
    Answer,
    Barrier,
    CacheState,
    Capture,
    Check,
    Content,
    Deploy,
    Evidence,
    Invalidate,
    Match,
    Need,
    OriginExpectation,
    Parallel,
    Place,
    Repeat,
    Rule,
    Send,
    SetOrigins,
)

FILE = Path("scenarios/a.scenario.yaml")


def loaded(text, path=FILE):
    found = load_text(text, path)
    assert [str(problem) for problem in found.problems] == []
    return found.scenarios


def scenario(text, path=FILE):
    (found,) = loaded(text, path)
    return found


def steps(text, path=FILE):
    return scenario("title: t\nsteps:\n" + text, path).steps


def step(text, path=FILE):
    (found,) = steps(text, path)
    return found


def expect(text, path=FILE):
    return step("- get: /\n  expect:\n" + "".join(f"    {line}\n" for line in text.splitlines()), path).expect


# ── scenarios ────────────────────────────────────────────────────────────────


def test_the_least_scenario_has_one_origin_one_behavior_and_a_cache():
    found = scenario("title: hello\nsteps: [{get: /}]\n")
    (distribution,) = found.setting.distributions
    (behavior,) = distribution.behaviors
    assert (found.title, found.place) == ("hello", Place("scenarios/a.scenario.yaml", 1))
    assert (distribution.origins["site"].domain_name, behavior.path_pattern) == ("site.example.com", "*")
    assert (behavior.cache_policy.min_ttl, behavior.cache_policy.default_ttl) == (0, 86_400)
    assert (found.evidence, found.at, found.fresh) == (None, None, False)
    assert found.steps == (Send("GET", "/", place=Place("scenarios/a.scenario.yaml", 2)),)


def test_what_holds_for_the_whole_scenario():
    found = scenario(
        """
title: t
evidence: "documented: Expiration, first table"
at: 2026-01-01
environments: fresh
viewer: {country: DE, http_version: '2.0'}
origins: {site: {body: hello}}
steps: [{get: /}]
"""
    )
    assert (found.evidence, found.source) == (Evidence.DOCUMENTED, "Expiration, first table")
    assert found.at == 1_767_225_600
    assert found.fresh
    assert found.viewer == {"country": "DE", "http-version": "2.0"}
    assert found.origins["site"].rules[0].answers[0].body == Content(text="hello")


def test_what_an_account_allows_and_a_machine_must_have():
    found = scenario("title: t\nneeds: [sandbox]\npackage-size: 2KB\nrelax: memory\nsteps: [{get: /}]\n")
    assert found.needs == {Need.SANDBOX}
    assert found.account == Account(package=PackageLimits(unzipped=2048), relaxed=frozenset({Limit.MEMORY}))


def test_where_functions_find_aws():
    found = scenario("title: t\naws-endpoints: {dynamodb: 'http://localhost:8000'}\nsteps: [{get: /}]\n")
    assert found.account == Account(endpoints=(("dynamodb", "http://localhost:8000"),))
    found = scenario("title: t\naws-endpoints: http://localhost:4566\nsteps: [{get: /}]\n")
    assert found.account == Account(endpoints=((EVERY_SERVICE, "http://localhost:4566"),))


@pytest.mark.parametrize(("way", "runtime"), [("node", "nodejs16.x"), ("python", "python3.8")])
def test_a_deprecated_runtime_is_taken_as_in_a_template(way, runtime):
    code = {"node": "exports.handler = 1", "python": "def handler(event, context): return 1"}[way]
    text = f"title: t\nfunctions: {{f: {{{way}: '{code}', runtime: {runtime}}}}}\n"
    found = scenario(f"{text}distribution: {{viewer-request: f}}\nsteps: [{{get: /}}]\n")
    assert [one.runtime for one in found.setting.distributions[0].functions] == [runtime]


REFUSED = """\
- deploy: {limits: 2023, functions: {f: %s}, distribution: {viewer-request: f%s}, refused: [one, {matches: two}]}
- deploy: {functions: {f: {node: exports.handler = 2}}}
"""


def test_what_must_be_refused_may_have_problems_and_is_not_what_is_deployed():
    text = f"title: t\nfunctions: {{f: {{node: exports.handler = 1}}}}\nsteps:\n{REFUSED}"
    in_vain, deployed = scenario(text % ("{node: exports.handler = 1, timeout: 6s}", ", cache-policy: Nonsense")).steps
    assert in_vain.refused == (
        Match(contains=("one",), place=in_vain.refused[0].place),
        Match(matches=("two",), place=in_vain.refused[1].place),
    )
    assert "Nonsense" in " ".join(in_vain.refusals)
    assert deployed.setting.distributions[0].behaviors[0].associations == {}
    (warned, _) = scenario(text % ("{node: exports.handler = 1, timeout: 6s}", "")).steps
    assert any("6 Max allowed: 5" in one for one in warned.refusals)


def test_a_scenario_that_speaks_of_cold_starts_begins_fresh():
    text = "title: t\n{}steps:\n- get: /\n  expect: {{functions: {{viewer-request: {{start: warm}}}}}}\n"
    assert scenario(text.format("")).fresh
    assert not scenario(text.format("environments: warm\n")).fresh


def test_several_scenarios_of_a_file_share_what_stands_beside_them():
    first, second = loaded(
        """
distribution: {origins: {site: a.example.com, api: b.example.com}}
origins: {site: {body: shared}, api: {answers: 503}}
viewer: {country: DE, city: Berlin}
evidence: inferred
scenarios:
  - title: one
    steps: [{get: /}]
  - title: two
    origins: {site: {body: own}}
    viewer: {country: FR}
    evidence: observed
    steps: [{get: /}]
"""
    )
    assert first.origins["site"].rules[0].answers[0].body == Content(text="shared")
    assert second.origins["site"].rules[0].answers[0].body == Content(text="own")
    assert second.origins["api"].rules[0].answers[0].status == 503
    assert second.viewer == {"country": "FR", "city": "Berlin"}
    assert (first.evidence, second.evidence) == (Evidence.INFERRED, Evidence.OBSERVED)
    assert (first.place.line, second.place.line) == (7, 9)
    assert list(second.setting.distributions[0].origins) == ["site", "api"]


def test_a_file_with_an_error_keeps_the_scenarios_that_have_none():
    found = load_text("scenarios:\n- {title: a, steps: [{get: /}]}\n- {title: b, steps: [{got: /}]}\n", FILE)
    assert [each.title for each in found.scenarios] == ["a"]
    assert [problem.line for problem in found.problems] == [3]


# ── requests ─────────────────────────────────────────────────────────────────


def test_a_request_with_everything():
    found = step(
        """
- post: /a?x=1
  name: the order
  host: www.example.com
  headers: {accept: text/html, x-two: [a, b], x-number: 060, x-truth: yes}
  cookies: {session: abc, n: 1}
  json: {a: [1, true, null, '1']}
  viewer: {country: FR}
  repeat: 3
  capture: {token: {header: location, matches: 'k=(\\w+)'}, sid: {cookie: sid}, id: {json: 'a[0].id'}, all: body}
"""
    )
    assert (found.method, found.target, found.title, found.times) == ("POST", "/a?x=1", "the order", 3)
    assert found.headers == (
        ("Host", "www.example.com"), ("accept", "text/html"), ("x-two", "a"), ("x-two", "b"), ("x-number", "060"),
        ("x-truth", "yes"), ("Content-Type", "application/json"),
    )  # fmt: skip
    assert found.cookies == (("session", "abc"), ("n", "1"))
    assert found.body == Content(text='{"a":[1,true,null,"1"]}')
    assert found.viewer == {"country": "FR"}
    place = Place("scenarios/a.scenario.yaml", 12)
    assert found.capture == (
        Capture("token", "header", "location", r"k=(\w+)", place), Capture("sid", "cookie", "sid", None, place),
        Capture("id", "json", "a[0].id", None, place), Capture("all", "body", "", None, place),
    )  # fmt: skip


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
def test_methods_are_verbs(method):
    assert step(f"- {method}: /a").method == method.upper()


def test_any_other_method_is_a_request():
    found = step("- request: {method: PURGE, target: /a}\n  body: ''\n")
    assert (found.method, found.target, found.body) == ("PURGE", "/a", Content(text=""))


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ("body: 200", Content(text="200")),
        ("json: {a: 060}", Content(text='{"a":60}')),
        ("json: null", Content(text="null")),
        ("size: 1.5KB", Content(size=1536)),
        ("base64: aGVs bG8=", Content(data=b"hello")),
    ],
)
def test_bodies(written, body):
    assert step(f"- post: /\n  {written}\n").body == body


def test_a_content_type_that_is_said_stays():
    assert step("- post: /\n  headers: {content-type: text/x}\n  json: 1\n").headers == (("content-type", "text/x"),)


def test_a_body_from_a_file_belongs_to_what_was_read(tmp_path):
    (tmp_path / "page.html").write_text("hello")
    path = tmp_path / "a.scenario.yaml"
    path.write_text("title: t\nsteps:\n- post: /\n  file: page.html\n  expect: {file: ./page.html}\n")
    found = load_file(path)
    (sent,) = found.scenarios[0].steps
    assert sent.body == Content(file=tmp_path / "page.html")
    assert sent.expect.body.file == tmp_path / "page.html"
    assert found.files == (str(path), str(tmp_path / "page.html"))


# ── origins ──────────────────────────────────────────────────────────────────


def answers(text):
    return scenario(f"title: t\norigins:\n  site: {text}\nsteps: [{{get: /}}]\n").origins["site"]


def test_an_answer_with_everything():
    found = answers(
        "{answers: 201, headers: {cache-control: max-age=60, set-cookie: [a=1, b=2]}, body: hello, after: 2s,"
        " truncate: 3, validates: true}"
    )
    assert found.rules == (
        Rule(
            "*",
            (
                Answer(
                    201,
                    (("cache-control", "max-age=60"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
                    Content(text="hello"),
                    2,
                    truncate=3,
                    validates=True,
                    place=Place("scenarios/a.scenario.yaml", 3),
                ),
            ),
        ),
    )


def test_an_answer_in_pieces_and_answers_by_turn():
    first, second = answers("[{stream: [one, two], every: 500ms}, {fails: read-timeout}]").rules[0].answers
    assert (first.chunks, first.every) == (("one", "two"), 0.5)
    assert second.fails is OriginTrouble.READ_TIMEOUT


def test_answers_by_path_and_method():
    found = answers("{/cart*: {body: cart}, POST /cart: [{answers: 201}, {answers: 409}], '*': {answers: 404}}")
    assert [(rule.method, rule.path, len(rule.answers)) for rule in found.rules] == [
        (None, "/cart*", 1), ("POST", "/cart", 2), (None, "*", 1),
    ]  # fmt: skip


def test_a_folder_plays_a_bucket(tmp_path):
    (tmp_path / "public").mkdir()
    text = "title: t\norigins: {site: ./public}\nsteps: [{get: /}]\n"
    assert scenario(text, tmp_path / "a.scenario.yaml").origins["site"].folder == tmp_path / "public"


def test_an_origin_of_a_step_answers_is_expected_or_both():
    answering, asked, both, untouched = steps(
        """
- {get: /, origin: {answers: 503}}
- {get: /, origin: {times: 2}}
- {get: /, origins: {site: {body: a, receives: {path: /a}}}}
- {get: /, origin: untouched}
"""
    )
    place = Place("scenarios/a.scenario.yaml", 4)
    assert answering.origins["*"].rules[0].answers[0].status == 503
    assert answering.expect.origins == ()
    assert asked.origins == {}
    assert asked.expect.origins == (OriginExpectation("*", 2, (), place=Place(place.file, 5)),)
    assert both.origins["site"].rules[0].answers[0].body == Content(text="a")
    assert both.expect.origins[0].receives[0].path.equals == "/a"
    assert untouched.expect.origins[0].times == 0


# ── expectations ─────────────────────────────────────────────────────────────


def test_an_expectation_with_everything():
    found = expect(
        """
status: [200, 304]
headers: {cache-control: max-age=060, etag: {absent: true}, age: 3, x: [a, b], y: null, z: {not: {contains: a}}}
body: {contains: [a, b], matches: '^a', one-of: [ab, 12]}
x-cache: RefreshHit from cloudfront
complete: false
because: [stale, Asks the origin with the stored validator, StoreReason.STORED]
not-because: no_store
ran: [viewer-request, origin-response]
functions:
  origin-request: not-run
  viewer-request: {outcome: generated, function: auth, start: cold, log: signed in}
log: [one, {matches: '^two$'}]
cache:
  /a.css: fresh
  /b?x=1: {state: stale, ttl: 60s, age: 3, because: s-maxage, status: 200, objects: 1, where: [cookie a=1]}
  entries: 2
takes: 30s
origin: {times: 1}
origins: {site: untouched}
"""
    )
    headers = {header.name: header.match for header in found.headers}
    assert found.status == (200, 304)
    assert headers["cache-control"].equals == "max-age=060"
    assert headers["etag"].present is False
    assert headers["age"].equals == "3"
    assert headers["x"].lines == ("a", "b")
    assert headers["y"].present is False
    assert headers["z"].but_not.contains == ("a",)
    assert (found.body.text.contains, found.body.text.one_of) == (("a", "b"), ("ab", "12"))
    assert found.x_cache.equals == "RefreshHit from cloudfront"
    assert found.complete is False
    assert found.because == ("LookUpReason.STALE", "RevalidationReason.ASKED", "StoreReason.STORED")
    assert found.not_because == ("TtlReason.NO_STORE|StoreReason.NO_STORE",)
    assert found.ran == (Trigger.VIEWER_REQUEST, Trigger.ORIGIN_RESPONSE)
    assert [(one.trigger, one.outcome, one.start) for one in found.functions] == [
        (Trigger.ORIGIN_REQUEST, "not run", None), (Trigger.VIEWER_REQUEST, "generated", "cold"),
    ]  # fmt: skip
    assert [match.contains or match.matches for match in found.log] == [("one",), ("^two$",)]
    assert [(one.target, one.state, one.ttl, one.because) for one in found.cache] == [
        ("/a.css", CacheState.FRESH, None, None), ("/b?x=1", CacheState.STALE, 60, "TtlReason.S_MAXAGE"),
    ]  # fmt: skip
    assert (found.entries, found.takes) == (2, 30)
    assert [(one.id, one.times) for one in found.origins] == [("*", 1), ("site", 0)]


def test_bodies_are_expected_in_many_ways():
    digest = hashlib.sha256(b"").hexdigest()
    found = expect(f"json: {{a: 1}}\njson-contains: null\nsize: 12\nsha256: {digest.upper()}").body
    assert (found.json, found.json_contains, found.size, found.sha256) == ({"a": 1}, None, 12, digest)
    assert found.text is None
    assert expect("body: hello").body.json is UNSET


@pytest.mark.parametrize("written", ["Miss", "miss", "Miss from cloudfront"])
def test_x_cache_is_written_with_or_without_its_tail(written):
    assert expect(f"x-cache: {written}").x_cache.equals.startswith("Miss")


def test_reasons_that_fit_several_enums_are_joined():
    assert expect("because: private").because == ("TtlReason.PRIVATE|StoreReason.PRIVATE",)
    assert expect("because: TtlReason.PRIVATE").because == ("TtlReason.PRIVATE",)
    assert expect("because: disallowed header").because == ("Rejection.DISALLOWED_HEADER",)


def test_functions_that_did_not_run_at_all():
    assert expect("ran: []").ran == ()


# ── the other steps ──────────────────────────────────────────────────────────


def test_the_other_steps():
    advance, invalidate, standing, check, repeat = steps(
        """
- advance: 1h30m
- invalidate: [/a*, /b]
- set: {site: {answers: 503}}
- expect: {cache: {/a: stale}}
- repeat: 3
  steps:
    - get: /
    - advance: 1
"""
    )
    assert (advance, invalidate.paths) == (Advance(5_400, advance.place), ("/a*", "/b"))
    assert isinstance(invalidate, Invalidate)
    assert isinstance(standing, SetOrigins)
    assert standing.origins["site"].rules[0].answers[0].status == 503
    assert isinstance(check, Check)
    assert check.expect.cache[0].state is CacheState.STALE
    assert isinstance(repeat, Repeat)
    assert (repeat.times, [type(inner) for inner in repeat.steps]) == (3, [Send, Advance])


def test_parallel_requests_have_barriers_and_expectations_of_their_own():
    found = step(
        """
- parallel:
    - get: /a
      expect: {x-cache: Miss}
    - barrier: waiting
    - barrier: 2s
    - get: /a
  expect: {origin: {times: 1}, because: stored, takes: 2s}
"""
    )
    assert isinstance(found, Parallel)
    first, waiting, pause, _ = found.items
    assert first.expect.x_cache == Match(equals="Miss", place=Place("scenarios/a.scenario.yaml", 6))
    assert (waiting, pause.seconds) == (Barrier("waiting", place=waiting.place), 2)
    assert (found.expect.origins[0].times, found.expect.takes) == (1, 2)


def test_a_deployment_is_put_over_what_was_there():
    first, second = (
        found.setting.distributions[0].behaviors[0]
        for found in scenario(
            """
title: t
functions: {f: {node: exports.handler = async () => null}}
distribution: {viewer-request: f}
steps:
  - deploy:
      functions: {g: {python: "def lambda_handler(e, c): return None"}}
      distribution: {viewer-request: g, origin-request: f}
  - deploy: {functions: {g: {node: exports.handler = async () => 1}}}
"""
        ).steps
        if isinstance(found, Deploy)
    )
    assert first.associations[Trigger.VIEWER_REQUEST].function.runtime == "python3.13"
    assert first.associations[Trigger.VIEWER_REQUEST].function.handler == "index.lambda_handler"
    assert first.associations[Trigger.ORIGIN_REQUEST].function.name == "f"
    assert second.associations[Trigger.VIEWER_REQUEST].function.runtime == "nodejs22.x"


def test_captures_stand_in_later_steps_and_a_dollar_can_be_plain():
    assert steps("- {get: /, capture: {id: body}}\n- get: /${id}?${id}\n  headers: {x: '$${none}', y: '${id}'}\n")


def test_source_code_of_a_deployment_may_have_braces():
    code = "{f: {node: 'exports.handler = async () => `${x}`'}}"
    steps(f"- deploy: {{functions: {code}, distribution: {{viewer-request: f}}}}\n")


# ── files ────────────────────────────────────────────────────────────────────


def test_folders_are_searched_and_files_taken_as_they_are(tmp_path):
    for name in ("b.scenario.yaml", "a.scenario.json", "sub/c.scenario.yml", "no.yaml", ".hidden/d.scenario.yaml",
                 "node_modules/e.scenario.yaml", ".venv/f.scenario.yaml"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = find_files([tmp_path, tmp_path / "no.yaml", tmp_path / "b.scenario.yaml"])
    names = [str(path.relative_to(tmp_path)) for path in found]
    assert names == ["a.scenario.json", "b.scenario.yaml", "sub/c.scenario.yml", "no.yaml"]


def test_a_path_that_does_not_exist_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cache.scenario.yaml").write_text("")
    with pytest.raises(ConfigError, match=r"no file or folder cach\.scenario\.yaml") as caught:
        find_files([Path("cach.scenario.yaml")])
    assert caught.value.hint == "did you mean cache.scenario.yaml?"


def test_a_file_that_can_not_be_read_is_a_problem(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    assert [problem.message for problem in load_file(tmp_path / "none.yaml").problems] == ["there is no such file"]
    assert [problem.message for problem in load_file(tmp_path / "a.yaml").problems] == ["this is not a text in UTF-8"]
    assert load_file(tmp_path).problems
