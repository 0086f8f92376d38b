"""Who plays what, and what becomes of it where a worker process dies."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import Code, EdgeFunction, Trigger
from edgesim.errors import ConfigError
from edgesim.scenario.model import Place, Scenario, Setting
from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.runner.worker import as_data, from_data
from edgesim.scenario.runner.workers import Alone, Crew, Job, Plan, worker_command, worker_count
from edgesim.testing.make import a_distribution, behavior
from tests.scenario.helpers import a_scenario, get, x_cache
from tests.scenario.outcomes import a_mismatch, broken, failed, passed

FAKE = """
import json, os, sys, time
for line in sys.stdin:
    order = json.loads(line)
    if "refresh" in order:
        answer = {"refreshed": True}
    else:
        title = order["play"]["title"]
        if title == "dies":
            print("I can't go on", file=sys.stderr)
            sys.exit(3)
        if title == "is killed":
            os.kill(os.getpid(), 9)
        if title == "never ends":
            sys.stdin.readlines()
            time.sleep(1000)
        log = [str(os.getpid()), "explained" if order["explain"] else ""]
        answer = {"outcome": {"title": title, "place": "", "verdict": "failed" if title == "fails" else "passed",
            "failures": [], "message": "", "seconds": 0, "log": log, "reasons": [], "transcripts": [],
            "cautions": [], "remarks": []}}
    print(json.dumps(answer), flush=True)
"""
COMMAND = [sys.executable, "-I", "-c", FAKE]


def jobs(*titles: str) -> list[Job]:
    return [
        Job(Path("a.scenario.yaml"), number, Scenario(title, (), place=Place("a.scenario.yaml", number + 1)))
        for number, title in enumerate(titles)
    ]


def play(
    crew_size: int, wanted: Sequence[Job], *, first_bad_ends: bool = False, explain: bool = False
) -> list[Outcome | None]:
    """The outcomes in the order of the jobs; None for those that were not played."""
    found: list[Outcome | None] = [None] * len(wanted)

    def told(index: int, outcome: Outcome) -> bool:
        assert found[index] is None
        found[index] = outcome
        return not (first_bad_ends and outcome.verdict is not Verdict.PASSED)

    async def story() -> None:
        async with asyncio.timeout(60), Crew(crew_size, COMMAND) as crew:
            await crew.play(wanted, told, explain=explain)

    asyncio.run(story())
    return found


# ── on the wire ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "outcome",
    [
        passed(seconds=0.25, log=("a", "b"), reasons=frozenset({"StoreReason.STORED", "TtlReason.DEFAULT"})),
        failed(a_mismatch(why="so"), a_mismatch("body")),
        broken(),
    ],
    ids=["passed", "failed", "broken"],
)
def test_an_outcome_comes_over_whole(outcome: Outcome) -> None:
    wire = json.dumps(as_data(outcome))
    again = from_data(json.loads(wire))
    assert json.dumps(as_data(again)) == wire
    assert again.reasons == outcome.reasons
    assert again.verdict is outcome.verdict


# ── the plan ─────────────────────────────────────────────────────────────────


def test_a_worker_stays_with_one_kind_while_others_have_theirs() -> None:
    plan = Plan(["a", "b", "a", "b", "b"])
    assert [plan.next(worker) for worker in "xyxyy"] == [1, 0, 3, 2, 4]
    assert plan.next("x") is None


def test_a_worker_without_work_helps_where_most_is_left() -> None:
    plan = Plan(["a", "a", "a", "b"])
    assert [plan.next(worker) for worker in "xyyx"] == [0, 3, 1, 2]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("xyz"), min_size=60))
def test_every_job_is_handed_out_once(kins: list[str], workers: list[str]) -> None:
    plan = Plan(kins[:60])
    handed = [index for index in map(plan.next, workers) if index is not None]
    assert sorted(handed) == list(range(len(kins[:60])))


def test_scenarios_of_the_same_functions_are_kin_wherever_they_stand() -> None:
    def job(file: str, code: str) -> Job:
        function = EdgeFunction("auth", Code(path=code), "index.handler", "nodejs22.x")
        associated = {Trigger.VIEWER_REQUEST: function} if code else {}
        distribution = a_distribution(behavior(functions=associated))
        return Job(Path(file), 0, Scenario("", (), Setting((distribution,))))

    assert job("a", "/auth.js").kin == job("b", "/auth.js").kin
    assert job("a", "/auth.js").kin != job("a", "/other.js").kin
    assert job("a", "").kin == job("a", "").kin != job("b", "").kin


def test_how_many_workers_are_meant() -> None:
    assert worker_count("0") == 0
    assert worker_count("3") == 3
    assert worker_count("auto") >= 1
    for wrong in ("-1", "many", ""):
        with pytest.raises(ConfigError, match="neither a number nor auto"):
            worker_count(wrong)


# ── alone ────────────────────────────────────────────────────────────────────


def test_alone_scenarios_are_played_in_order() -> None:
    scenarios = [a_scenario(get(expect=x_cache(wanted))) for wanted in ("Miss", "Hit", "Miss")]
    wanted = [Job(Path("a"), number, scenario) for number, scenario in enumerate(scenarios)]
    heard: list[tuple[int, Verdict]] = []

    async def story(*, until_bad: bool) -> None:
        def told(index: int, outcome: Outcome) -> bool:
            heard.append((index, outcome.verdict))
            return not until_bad or outcome.verdict is Verdict.PASSED

        async with Alone() as players:
            await players.play(wanted, told)
            await players.refresh()

    asyncio.run(story(until_bad=False))
    assert heard == [(0, Verdict.PASSED), (1, Verdict.FAILED), (2, Verdict.PASSED)]
    heard.clear()
    asyncio.run(story(until_bad=True))
    assert heard == [(0, Verdict.PASSED), (1, Verdict.FAILED)]


# ── a crew ───────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_a_crew_plays_all_of_them() -> None:
    found = play(2, jobs(*"abcdefgh"), explain=True)
    assert [outcome.title for outcome in found if outcome] == list("abcdefgh")
    assert all(outcome and outcome.log[1] == "explained" for outcome in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "why"),
    [("dies", "ended with exit code 3:\nI can't go on"), ("is killed", "was ended by SIGKILL")],
)
def test_a_worker_that_dies_takes_its_scenario_along_and_no_other(how: str, why: str) -> None:
    found = play(1, jobs("a", how, "b"))
    assert [outcome and outcome.verdict for outcome in found] == [Verdict.PASSED, Verdict.BROKEN, Verdict.PASSED]
    assert found[1] == Outcome(
        how, "a.scenario.yaml:2", Verdict.BROKEN, message=f"the worker process that played it {why}"
    )


@pytest.mark.slow
def test_after_the_first_bad_one_nobody_waits_for_the_others() -> None:
    found = play(2, jobs("never ends", "fails", "a", "b"), first_bad_ends=True)
    assert [outcome and outcome.title for outcome in found] == [None, "fails", None, None]


@pytest.mark.slow
def test_a_worker_that_can_not_start_breaks_its_scenarios() -> None:
    found: list[Outcome] = []

    async def story() -> None:
        async with Crew(2, [sys.executable, "-I", "-c", "raise SystemExit('no room')"]) as crew:
            await crew.play(jobs("a", "b", "c"), lambda index, outcome: bool(found.append(outcome)) or True)

    asyncio.run(story())
    assert [outcome.verdict for outcome in found] == [Verdict.BROKEN] * 3
    assert "no room" in found[0].message


@pytest.mark.slow
def test_workers_live_from_one_play_to_the_next_and_not_longer() -> None:
    heard: list[Outcome] = []

    async def story() -> None:
        async with Crew(1, COMMAND) as crew:
            for _ in range(2):
                await crew.refresh()
                await crew.play(jobs("a"), lambda index, outcome: bool(heard.append(outcome)) or True)

    asyncio.run(story())
    first, second = (int(outcome.log[0]) for outcome in heard)
    assert first == second
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


@pytest.mark.slow
def test_who_stops_waiting_leaves_no_process_behind() -> None:
    pids: list[int] = []

    async def story() -> None:
        async with Crew(1, COMMAND) as crew:

            def told(index: int, outcome: Outcome) -> bool:
                pids.append(int(outcome.log[0]))
                playing.cancel()
                return True

            playing = asyncio.create_task(crew.play(jobs("a", "never ends"), told))
            with pytest.raises(asyncio.CancelledError):
                await playing
            with pytest.raises(ProcessLookupError):
                os.kill(pids[0], 0)

    asyncio.run(story())


@pytest.mark.slow
def test_real_workers_play_real_scenarios(tmp_path: Path) -> None:
    file = tmp_path / "a.scenario.yaml"
    file.write_text("title: a story\nsteps: [{get: /, expect: {x-cache: Miss}}, {get: /, expect: {x-cache: Miss}}]\n")
    heard: list[Outcome] = []

    async def story() -> None:
        async with Crew(1, worker_command()) as crew:
            for title in ("a story", "another"):
                job = Job(file, 0, Scenario(title, (), place=Place(str(file), 1)))
                await crew.play([job], lambda index, outcome: bool(heard.append(outcome)) or True)
            file.write_text("title: another\nsteps: [{get: /, expect: {x-cache: Miss}}]\n")
            await crew.refresh()
            await crew.play([job], lambda index, outcome: bool(heard.append(outcome)) or True)

    asyncio.run(story())
    assert [outcome.verdict for outcome in heard] == [Verdict.FAILED, Verdict.BROKEN, Verdict.PASSED]
    assert heard[0].failures[0].mismatches[0].what == "x-cache"
    assert "was changed after" in heard[1].message
