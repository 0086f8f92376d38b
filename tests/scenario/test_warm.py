"""What is left of one scenario for the next one of the same functions: warm environments, and no other time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edgesim.scenario.language.load import load_text
from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.playing.stage import Stage

pytestmark = pytest.mark.slow

FUNCTION = """
functions:
  f:
    node: |
      const born = Date.now()
      let count = 0
      exports.handler = async () => ({
        status: '200', body: JSON.stringify({count: ++count, age: Date.now() - born}),
      })
distribution: {viewer-request: f}
"""
STORIES = f"""{FUNCTION.strip()}
scenarios:
  - title: at once
    steps: [{{get: /, expect: {{json-contains: {{age: 0}}}}}}]
  - title: a minute later
    steps: [{{get: /}}, {{advance: 60s}}, {{get: /, expect: {{json-contains: {{age: 60000}}}}}}]
  - title: before all of that
    at: 2001-01-01
    steps: [{{get: /, expect: {{json-contains: {{age: 0}}}}}}]
  - title: the first
    steps: [{{get: /, expect: {{json-contains: {{count: 1}}}}}}]
  - title: the first, cold
    environments: fresh
    steps: [{{get: /, expect: {{json-contains: {{count: 1}}}}}}]
  - title: twice
    steps: [{{get: /, expect: {{json-contains: {{count: 2}}}}}}]
"""


def in_turn(*titles: str) -> list[Outcome]:
    """The outcomes of stories, one after the other on one stage."""
    found = load_text(STORIES, Path("a.scenario.yaml"))
    assert found.problems == ()
    scenarios = {scenario.title: scenario for scenario in found.scenarios}

    async def story() -> list[Outcome]:
        async with Stage() as stage:
            return [await stage.play(scenarios[title]) for title in titles]

    return asyncio.run(story())


def test_an_environment_sees_the_time_of_one_story():
    titles = ("a minute later", "at once", "at once", "a minute later", "before all of that", "at once")
    assert [one.verdict for one in in_turn(*titles)] == [Verdict.PASSED] * len(titles)


def test_a_failure_that_goes_away_with_fresh_environments_says_so():
    at_first, failed = in_turn("at once", "the first")
    assert (at_first.verdict, failed.verdict) == (Verdict.PASSED, Verdict.FAILED)
    assert failed.message.startswith("it passes with fresh environments: ")
    assert "environments: fresh" in failed.message
    assert [one.got for step in failed.failures for one in step.mismatches] == ['{\n  "age": 0,\n  "count": 2\n}']


def test_a_failure_that_stays_has_nothing_to_say_of_environments():
    alone, shared = in_turn("twice", "at once", "twice")[::2]
    assert (alone.verdict, alone.message, shared.verdict, shared.message) == ("failed", "", "failed", "")


def test_fresh_environments_are_the_way_out():
    titles = ("at once", "the first, cold", "at once", "the first, cold")
    assert [one.verdict for one in in_turn(*titles)] == [Verdict.PASSED] * len(titles)


DEPLOYS = """
title: what is deployed is cold
functions: {f: {node: 'exports.handler = async () => ({status: "200"})'}}
distribution: {viewer-request: f}
steps:
  - get: /
  - deploy: {functions: {f: {node: 'let n = 0; exports.handler = async () => ({status: "200", body: `${++n}`})'}}}
  - get: /
    expect: {body: '1', functions: {viewer-request: {start: cold}}}
  - get: /
    expect: {body: '2', functions: {viewer-request: {start: warm}}}
"""


def test_a_story_of_cold_starts_finds_no_warm_code_where_it_deploys_some():
    found = load_text(DEPLOYS, Path("a.scenario.yaml"))

    async def twice() -> list[Outcome]:
        async with Stage() as stage:
            return [await stage.play(found.scenarios[0]) for _ in range(2)]

    assert [outcome.verdict for outcome in asyncio.run(twice())] == [Verdict.PASSED, Verdict.PASSED]


GOES_ON = "exports.handler = async (event) => event.Records[0].cf.request"


def test_what_is_saved_between_two_plays_counts_whether_it_can_be_loaded_or_not(tmp_path):
    code = tmp_path / "auth" / "index.js"
    code.parent.mkdir()
    text = """\
title: it goes on
functions: {f: auth/index.js}
distribution: {viewer-request: f}
steps: [{get: /, expect: {status: 200}}]
"""

    async def story() -> list[Verdict]:
        verdicts = []
        async with Stage() as stage:
            for saved in (GOES_ON, "this is no JavaScript", GOES_ON, f"{GOES_ON} // again", "throw new Error('no')"):
                code.write_text(saved)
                [scenario] = load_text(text, tmp_path / "a.scenario.yaml").scenarios
                verdicts.append((await stage.play(scenario)).verdict)
        return verdicts

    assert asyncio.run(story()) == ["passed", "failed", "passed", "passed", "failed"]
