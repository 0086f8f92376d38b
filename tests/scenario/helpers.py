"""Short ways to say scenarios as values."""

from __future__ import annotations

import asyncio

from edgesim.scenario.model import Answer, Content, Expectation, Match, Rule, Scenario, Script, Send, Setting
from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.playing.stage import Stage
from edgesim.testing.make import a_distribution


def says(body="hello", status=200, **more):
    """An origin's answer; header fields are keywords, with underscores for dashes."""
    fields = {name: more.pop(name) for name in list(more) if name not in Answer.__dataclass_fields__}
    headers = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return Answer(status, headers, Content(text=body), **more)


def any_origin(*answers):
    """The script of whatever origin is asked."""
    return {"*": Script((Rule("*", answers),))}


def get(target="/a", *answers, expect=None, **more):
    """A GET; the origin answers it so, where answers are given."""
    origins = any_origin(*answers) if answers else {}
    return Send("GET", target, origins=origins, expect=expect or Expectation(), **more)


def is_(text):
    return Match(equals=text)


def x_cache(text, **more):
    return Expectation(x_cache=is_(text), **more)


def a_scenario(*steps, distribution=None, **more):
    return Scenario("a story", steps, Setting((distribution or a_distribution(),)), **more)


def played(scenario: Scenario, **more) -> Outcome:
    """What comes of a scenario on a stage of its own."""

    async def story():
        async with Stage() as stage:
            return await stage.play(scenario, **more)

    return asyncio.run(story())


def passes(scenario: Scenario) -> Outcome:
    outcome = played(scenario)
    told = [(failure.title, *failure.mismatches) for failure in outcome.failures]
    assert outcome.verdict is Verdict.PASSED, (outcome.message, told)
    return outcome


def mismatches_of(scenario: Scenario):
    """The mismatches of the step that fails."""
    outcome = played(scenario)
    assert outcome.verdict is Verdict.FAILED, outcome.message
    return [mismatch for failure in outcome.failures for mismatch in failure.mismatches]
