"""The scenarios of this repository: they load, they pass, in whatever order, and together they reach every reason."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from edgesim.scenario.language.load import LoadedFile, find_files, load_file
from edgesim.scenario.language.reasons import members, name_of
from edgesim.scenario.model import Scenario
from edgesim.scenario.outcome import Mismatch, Outcome, StepFailure, Verdict
from edgesim.scenario.playing.stage import Stage

ROOT = Path(__file__).parents[2] / "scenarios"
LOADED: dict[str, LoadedFile] = {
    path.relative_to(ROOT).as_posix().removesuffix(".scenario.yaml"): load_file(path) for path in find_files([ROOT])
}
SCENARIOS: dict[str, Scenario] = {
    f"{name}::{scenario.title}": scenario for name, loaded in LOADED.items() for scenario in loaded.scenarios
}


def _has_functions(scenario: Scenario) -> bool:
    return any(distribution.functions for distribution in scenario.setting.distributions)


WITH_FUNCTIONS = [name for name, scenario in SCENARIOS.items() if _has_functions(scenario)]


class Repertoire:
    """One stage for all plays of this module, and the first outcome of each scenario."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._stage = Stage()
        self._outcomes: dict[str, Outcome] = {}

    def play(self, name: str) -> Outcome:
        """What comes of a scenario now."""
        return self._runner.run(self._stage.play(SCENARIOS[name]))

    def outcome(self, name: str) -> Outcome:
        """What came of a scenario when it was first played, which may be now."""
        if name not in self._outcomes:
            self._outcomes[name] = self.play(name)
        return self._outcomes[name]

    def close(self) -> None:
        self._runner.run(self._stage.aclose())


@pytest.fixture(scope="module")
def repertoire():
    with asyncio.Runner() as runner:
        found = Repertoire(runner)
        yield found
        found.close()


@pytest.mark.parametrize("name", LOADED)
def test_it_loads_without_problems(name):
    assert [str(problem) for problem in LOADED[name].problems] == []


@pytest.mark.parametrize("name", LOADED)
def test_it_says_how_sure_it_is(name):
    assert [scenario.title for scenario in LOADED[name].scenarios if scenario.evidence is None] == []


def test_names_are_unique():
    """`edgesim demo NAME` plays one."""
    names = [name.rpartition("/")[2] for name in LOADED]
    assert [name for name in names if names.count(name) > 1] == []


def _param(name: str):
    return pytest.param(name, id=name, marks=[pytest.mark.slow] if name in WITH_FUNCTIONS else [])


@pytest.mark.parametrize("name", [_param(name) for name in SCENARIOS])
def test_it_passes(name, repertoire):
    outcome = repertoire.outcome(name)
    if outcome.verdict is Verdict.LEFT_OUT and SCENARIOS[name].needs:
        pytest.skip(outcome.message)
    told = [line for failure in outcome.failures for line in _told(failure)]
    assert outcome.verdict is Verdict.PASSED, "\n".join([outcome.message, *told])
    assert outcome.cautions == ()


def _told(failure: StepFailure) -> list[str]:
    return [f"{one.place or failure.place}: {failure.title}: {_shown(one)}" for one in failure.mismatches]


def _shown(one: Mismatch) -> str:
    return f"{one.what}: {one.expected!r} was expected, {one.got!r} came. {one.why}".rstrip()


@pytest.mark.slow
def test_those_without_functions_come_out_the_same_again_in_another_order(repertoire):
    """Nothing of one scenario is left for the next."""
    _play_again(repertoire, [name for name in SCENARIOS if name not in WITH_FUNCTIONS], seed=7)


@pytest.mark.slow
@pytest.mark.long
def test_those_with_functions_come_out_the_same_again_in_another_order_too(repertoire):
    """Nor of its functions: without their neighbours they start anew, or find what others have left."""
    _play_again(repertoire, list(SCENARIOS), seed=11)


def _play_again(repertoire: Repertoire, names: list[str], *, seed: int) -> None:
    first = {name: _come_out(repertoire.outcome(name)) for name in names}
    random.Random(seed).shuffle(names)
    assert {name: _come_out(repertoire.play(name)) for name in names} == first


def _come_out(outcome: Outcome) -> tuple[object, ...]:
    return outcome.verdict, outcome.message, outcome.cautions, sorted(outcome.reasons)


@pytest.mark.slow
def test_every_reason_is_reached(repertoire):
    """A reason that no scenario reaches is one that nobody has seen explained."""
    reached = {reason for name in SCENARIOS for reason in repertoire.outcome(name).reasons}
    missing = [name_of(reason) for reason in members() if name_of(reason) not in reached]
    assert missing == [], f"no scenario reaches {', '.join(missing)}"
