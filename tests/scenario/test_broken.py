"""What can't be played is broken, says where and why, and takes no other scenario along."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.scenario.language.load import load_text
from edgesim.scenario.model import BodyMatch, Capture, Expectation, Match, Place, SetOrigins
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.stage import Stage
from edgesim.scenario.runner.worker import as_data, from_data
from tests.scenario.helpers import a_scenario, any_origin, get, mismatches_of, passes, played, says

HERE = Place("a.scenario.yaml", 7)


def told(text: str) -> list[str]:
    return [problem.message for problem in load_text(text, Path("a.scenario.yaml")).problems]


def loaded(text: str):
    found = load_text(text, Path("a.scenario.yaml"))
    assert found.problems == ()
    return found.scenarios[0]


# ── captured values ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", ["(", "a.b*", "[x", "\\", "x{2}", "$^"])
def test_what_was_captured_stands_for_itself_in_a_pattern(value):
    capture = (Capture("b", "body"),)
    wanted = Expectation(body=BodyMatch(text=Match(matches=("^x${b}x$",))))
    passes(a_scenario(get("/a", says(value), capture=capture), get("/b", says(f"x{value}x"), expect=wanted)))


def test_a_pattern_means_no_more_than_what_was_captured():
    wanted = Expectation(body=BodyMatch(text=Match(matches=("^${b}$",))))
    story = a_scenario(get("/a", says("a.c"), capture=(Capture("b", "body"),)), get("/b", says("abc"), expect=wanted))
    assert [one.what for one in mismatches_of(story)] == ["body"]


def test_a_later_capture_may_look_for_an_earlier_one():
    captures = Capture("c", "body", matches=r"${b}=(\d)")
    wanted = Expectation(body=BodyMatch(text=Match(equals="7")))
    passes(
        a_scenario(
            get("/a", says("f(x)"), capture=(Capture("b", "body"),)),
            get("/b", says("f(x)=7"), capture=(captures,)),
            get("/c", says("${c}"), expect=wanted),
        )
    )


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (get("/a b${b}"), "the target, with what was captured"),
        (get("/a", headers=(("x-a", "${b}"),)), "the header x-a, with what was captured"),
        (get("/a", cookies=(("c", "${b}"),)), "the cookie c, with what was captured"),
        (get("/a", says("hello", x_a="${b}")), "the answer's header x-a"),
        (SetOrigins(any_origin(says("hello", x_a="${b}"))), "the answer's header x-a"),
        (get("/a", expect=Expectation(body=BodyMatch(text=Match(matches=("[z-${b}]",))))), "no regular expression"),
    ],
)
def test_a_captured_value_gets_the_checks_of_a_written_one(step, why):
    story = a_scenario(get("/a", says("a\nb"), capture=(Capture("b", "body"),)), replace(step, place=HERE))
    outcome = played(story)
    assert outcome.verdict is Verdict.BROKEN
    assert outcome.message.startswith("a.scenario.yaml:7: ")
    assert why in outcome.message
    assert not outcome.bug


def test_a_written_header_has_no_line_end_either():
    messages = told('title: t\nsteps: [{get: /, headers: {x: "a\\nb"}, cookies: {c: "d\\re"}}]\n')
    assert [message.partition(" has ")[0] for message in messages] == [r"'a\nb'", r"'d\re'"]


def test_names_of_captures_are_looked_for_in_every_text_of_a_step():
    assert told("title: t\nsteps: [{get: /, name: 'for ${x}', capture: {y: {header: '${z}'}}}]\n") == [
        "no earlier step captures 'x'",
        "no earlier step captures 'z'",
    ]


# ── time ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("at", ["9999-12-31", "1969-12-31", "0001-01-01"])
def test_a_scenario_begins_within_the_years_that_dates_have(at):
    assert told(f"title: t\nat: {at}\nsteps: [{{get: /}}]\n") == [f"a scenario's time is from 1970 to 9998, not '{at}'"]


@pytest.mark.parametrize(
    "steps",
    [
        "[{advance: 1001y}]",
        "[{parallel: [{get: /}, {barrier: 1001y}]}]",
        "[{get: /, origin: {after: 1001y}}]",
        "[{get: /, origin: {stream: [a], every: 1001y}}]",
    ],
)
def test_what_passes_in_one_step_is_bounded(steps):
    (message,) = told(f"title: t\nsteps: {steps}\n")
    assert message.endswith("can be 1000y at most, not '1001y'")


def test_where_time_ends_a_scenario_is_broken_at_the_step():
    outcome = played(
        loaded("title: t\nat: 9998-12-31\nsteps:\n  - get: /\n  - advance: 12h\n  - get: /\n  - advance: 2d\n")
    )
    assert (outcome.verdict, outcome.bug) == (Verdict.BROKEN, False)
    assert outcome.message.startswith("a.scenario.yaml:7: time would pass the end of the year 9998")


def test_time_that_passes_by_itself_ends_there_too():
    story = "title: t\nat: 9998-12-31T23:59:50Z\nsteps:\n  - get: /\n    origin: {after: 20s}\n"
    assert played(loaded(story)).message.startswith("a.scenario.yaml:4: time would pass")


# ── bugs ─────────────────────────────────────────────────────────────────────


def test_a_bug_breaks_the_scenario_that_meets_it_and_no_other():
    hopeless = get("/a", headers=None, place=HERE)  # the loader makes no such step

    async def story():
        async with Stage() as stage:
            return [await stage.play(a_scenario(step)) for step in (hopeless, get())]

    broken, sound = asyncio.run(story())
    assert (broken.verdict, broken.bug) == (Verdict.BROKEN, True)
    assert broken.message.startswith("a.scenario.yaml:7: this is a bug in edgesim: TypeError: ")
    assert "please report it" in broken.message
    assert "Traceback" in broken.message
    assert sound.verdict is Verdict.PASSED
    assert from_data(as_data(broken)) == broken
