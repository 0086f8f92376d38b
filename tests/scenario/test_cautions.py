"""What a scenario that passes is told of all the same: answers that nobody fetched, functions that failed unseen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edgesim.scenario.language.load import load_text
from edgesim.scenario.outcome import Caution, Outcome, Verdict, strictly
from edgesim.scenario.playing.stage import Stage
from edgesim.scenario.runner.junit import Case, as_xml
from edgesim.scenario.runner.report import caution_lines, counted, summary
from edgesim.scenario.runner.worker import as_data, from_data

FRESH = "headers: {cache-control: max-age=60}"
FAILS = "{python: 'def handler(event, context): raise ValueError(1)'}"
NOISY = '{python: \'def handler(event, context): print("good", "day"); raise ValueError(1)\'}'
REFUSED = "{python: 'def handler(event, context): return 1'}"
MAKES = '{python: \'def handler(event, context): return {"status": "200"}\'}'
UNLOADABLE = "{node: 'import nothing from \"nowhere\"'}"


def outcome_of(text: str, number: int = 0) -> Outcome:
    loaded = load_text(text, Path("a.scenario.yaml"))
    assert not loaded.problems, loaded.problems

    async def story() -> Outcome:
        async with Stage() as stage:
            return await stage.play(loaded.scenarios[number])

    outcome = asyncio.run(story())
    assert outcome.verdict is Verdict.PASSED, (outcome.message, outcome.failures)
    return outcome


def cautions(text: str, number: int = 0) -> list[tuple[str, str]]:
    return [(one.place, one.message) for one in outcome_of(text, number).cautions]


def steps(*written: str) -> str:
    return "title: t\nsteps:\n" + "".join(f"- {step}\n" for step in written)


# ── answers ──────────────────────────────────────────────────────────────────


def test_an_answer_that_the_cache_made_needless_is_told():
    told = cautions(steps(f"{{get: /a, origin: {{{FRESH}}}}}", "{get: /a, origin: {body: other}}"))
    assert told == [
        (
            "a.scenario.yaml:4",
            "nothing fetched this answer of the origin: GET /a: fresh, 0 s old with a TTL of 60 s",
        )
    ]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param((f"{{get: /a, origin: {{{FRESH}}}}}", "{get: /a, origin: untouched}"), id="untouched"),
        pytest.param((f"{{get: /a, origin: {{{FRESH}}}}}", "{get: /a, origin: {times: 0}}"), id="an expectation alone"),
        pytest.param((f"{{get: /a, repeat: 3, origin: {{{FRESH}}}}}",), id="fetched at the first of several times"),
        pytest.param(
            ("repeat: 2\n  steps:\n  - {get: /a, origin: {body: x}}",), id="fetched at the first of several rounds"
        ),
        pytest.param(("{get: /a, origin: {fails: connect}}",), id="an answer that is none"),
        pytest.param(("{get: /a, origin: {fails: dns}}",), id="a name that leads nowhere"),
        pytest.param(("{get: /a, origin: [{fails: connect}, {body: x}]}",), id="one answer for each try"),
        pytest.param(("{get: /a, origin: {'/a*': {body: x}}}",), id="a path that is asked for"),
        pytest.param(("set: {site: {answers: 503}}", "get: /a"), id="set"),
        pytest.param(("get: /a", "set: {site: {answers: 503}}"), id="one answer that stands, and is not needed"),
    ],
)
def test_where_all_is_fetched_there_is_nothing_to_tell(written):
    assert cautions(steps(*written)) == []


@pytest.mark.parametrize(
    ("written", "where", "told"),
    [
        pytest.param(
            ("{get: /a, origin: {/a: {body: x}, /b: {body: y}}}",),
            3,
            "nothing fetched this answer of the origin: GET /a: not in the cache",
            id="a path that is not asked for",
        ),
        pytest.param(
            ("{get: /a, origins: {site: [{body: x}, {body: y}]}}",),
            3,
            "nothing fetched this answer of origin site: GET /a: not in the cache",
            id="a turn that does not come",
        ),
        pytest.param(
            (f"parallel:\n  - {{get: /a, origin: {{after: 1s, {FRESH}}}}}\n  - {{get: /a, origin: {{body: y}}}}",),
            5,
            "nothing fetched this answer of the origin: GET /a: "
            "waited for the same object, then fresh, 0 s old with a TTL of 60 s",
            id="a request that waits for another",
        ),
        pytest.param(
            ("set: {site: [{body: x}, {body: y}, {body: z}]}", "get: /a"),
            3,
            "nothing fetched 2 of the answers that origin site has by turn",
            id="turns that were set",
        ),
        pytest.param(
            ("get: /a", "set: {'*': [{body: x}, {body: y}]}", "get: /b"),
            4,
            "nothing fetched one of the answers that the origin has by turn",
            id="a turn of any origin",
        ),
    ],
)
def test_an_answer_that_is_left_is_told(written, where, told):
    assert cautions(steps(*written)) == [(f"a.scenario.yaml:{where}", told)]


def test_turns_that_hold_for_a_whole_file_are_no_ones():
    shared = "origins: {site: [{body: a}, {body: b}]}\nscenarios:\n- {title: s, steps: [{get: /}]}\n"
    own = "- {title: t, origins: {site: [{body: a}, {body: b}]}, steps: [{get: /}]}\n"
    assert cautions(shared + own) == []
    assert cautions(shared + own, 1) == [
        ("a.scenario.yaml:4", "nothing fetched one of the answers that origin site has by turn")
    ]


def test_a_scenario_that_fails_is_told_nothing_more():
    text = steps(f"{{get: /a, origin: {{{FRESH}}}}}", "{get: /a, origin: {body: x}, expect: {status: 404}}")

    async def story() -> Outcome:
        async with Stage() as stage:
            return await stage.play(load_text(text, Path("a.scenario.yaml")).scenarios[0])

    outcome = asyncio.run(story())
    assert (outcome.verdict, outcome.cautions) == (Verdict.FAILED, ())


# ── functions ────────────────────────────────────────────────────────────────


def with_function(function: str, step: str, trigger: str = "viewer-request") -> str:
    return f"title: t\nfunctions: {{f: {function}}}\ndistribution: {{{trigger}: f}}\nsteps:\n- {step}\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "step", "told"),
    [
        pytest.param(
            UNLOADABLE, "get: /a", "f failed at viewer-request, and no step expects it: the function could not",
            id="one that can't be loaded",
        ),
        pytest.param(
            UNLOADABLE, "{get: /a, expect: {status: 503}}", "f failed at viewer-request", id="of which the status fits"
        ),
        pytest.param(FAILS, "{get: /a, expect: {headers: {x: null}}}", "f failed at viewer-request", id="that throws"),
        pytest.param(NOISY, "{get: /a, expect: {log: [good day]}}", "f failed", id="that wrote something else, too"),
        pytest.param(REFUSED, "get: /a", "f rejected at viewer-request", id="a result that is refused"),
        pytest.param(MAKES, "{get: /a, origin: {body: x}}", "nothing fetched this answer", id="generated"),
    ],
)  # fmt: skip
def test_what_became_of_a_function_is_told_where_nobody_expects_it(function, step, told):
    [(place, message)] = cautions(with_function(function, step))
    assert place == "a.scenario.yaml:5"
    assert message.startswith(told)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "expect"),
    [
        pytest.param(FAILS, "{functions: {viewer-request: failed}}", id="its outcome"),
        pytest.param(FAILS, "{functions: {viewer-request: ran}}", id="that it ran"),
        pytest.param(FAILS, "{x-cache: LambdaExecutionError}", id="X-Cache"),
        pytest.param(FAILS, "{because: 'ran: failed'}", id="the reason"),
        pytest.param(FAILS, "{log: [ValueError]}", id="its log"),
        pytest.param(FAILS, "{functions: {viewer-request: {log: [Traceback]}}}", id="the log of the function alone"),
        pytest.param(FAILS, "{status: 503}", id="the status"),
        pytest.param(UNLOADABLE, "{x-cache: LambdaExecutionError}", id="X-Cache of one that can't be loaded"),
        pytest.param(REFUSED, "{because: not an object}", id="the rule"),
    ],
)
def test_a_failure_that_is_expected_is_not_told(function, expect):
    assert cautions(with_function(function, f"{{get: /a, expect: {expect}}}")) == []


@pytest.mark.slow
def test_what_is_expected_of_parallel_requests_is_expected_of_each():
    step = "parallel: [{get: /a}, {get: /b}]\n  expect: {because: 'ran: failed'}"
    assert cautions(with_function(FAILS, step)) == []


def test_functions_of_which_none_ran_are_told_unless_that_is_the_point():
    redirected = "get: /a\n  expect: {{status: 403{}}}"
    text = with_function(FAILS, redirected.format("")).replace(
        "viewer-request: f", "viewer-request: f, protocol: https-only"
    )
    assert cautions(text) == [("a.scenario.yaml:1", "none of its functions ran: f")]
    assert cautions(text.replace("status: 403", "status: 403, ran: []")) == []


def test_functions_of_a_whole_file_or_of_a_template_may_be_for_other_requests():
    function = f"functions: {{f: {FAILS}}}\ndistribution: {{viewer-request: f, protocol: https-only}}\n"
    refused = "title: t\n  steps: [{get: /, expect: {status: 403}}]\n"
    assert cautions(f"{function}scenarios:\n- {refused}") == []
    own = function.replace("\n", "\n  ")
    assert cautions(f"scenarios:\n- {own}{refused}") == [("a.scenario.yaml:4", "none of its functions ran: f")]


# ── how it is told ───────────────────────────────────────────────────────────

PASSED = Outcome("t", "a:1", Verdict.PASSED, cautions=(Caution("a:2", "it is odd", "leave it out"),))


def test_cautions_are_counted_and_listed():
    assert list(caution_lines(PASSED)) == ["a:2: warning: it is odd", "    hint: leave it out"]
    assert summary(counted([PASSED, PASSED]), 1) == "2 passed, 2 warnings in 1.0 s"
    assert not counted([PASSED]).bad
    assert b"<system-err>a:2: warning: it is odd" in as_xml([Case(PASSED)])


def test_cautions_cross_from_a_worker():
    assert from_data(as_data(PASSED)) == PASSED


def test_strictly_a_caution_is_a_failure():
    strict = strictly(PASSED)
    assert (strict.verdict, strict.message, strict.cautions) == (Verdict.FAILED, "a:2: it is odd (leave it out)", ())
    without = Outcome("t", "a:1", Verdict.PASSED)
    assert strictly(without) is without


# ── answers of other viewers ─────────────────────────────────────────────────


VARYING = "{get: /a, headers: {x-a: '1'}, origin: {headers: {cache-control: max-age=60, vary: X-A}}}"


def test_what_was_stored_for_another_viewer_is_told():
    told = cautions(steps(VARYING, "{get: /a, headers: {x-a: '2'}, expect: {status: 200}}"))
    [(place, message)] = told
    assert place == "a.scenario.yaml:4"
    assert message.startswith("GET /a, from the cache: it was stored for a request with another x-a, which its Vary")


@pytest.mark.parametrize("expect", ["x-cache: Hit", "because: [fresh]", "cache: {/a: {objects: 1}}"])
def test_a_step_that_is_about_the_cache_has_noticed(expect):
    assert not cautions(steps(VARYING, f"{{get: /a, headers: {{x-a: '2'}}, expect: {{{expect}}}}}"))
