"""The examples of scenarios/README.md are scenarios, or parts of them, as they stand there."""

import asyncio
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from edgesim.scenario.language.document import read_document
from edgesim.scenario.language.load import load_text
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.stage import Stage
from tests.scenario.test_load_schema import SCHEMA

ROOT = Path(__file__).parents[2]
README = (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
SITES = (
    "distribution: {origins: {site: a.example.com, api: b.example.com, shop: c.example.com, assets: d.example.com}}\n"
)


def whole(example):
    """An example with what it lacks to be a file."""
    if re.search(r"^(title|scenarios):", example, re.MULTILINE):
        return example
    if example.startswith("expect:"):
        example = "- get: /a\n" + "".join(f"  {line}\n" for line in example.splitlines())
    if example.startswith("-"):
        return f"title: t\nsteps:\n{example}"
    return f"title: t\n{SITES}{example}steps: [{{get: /}}]\n"


@pytest.fixture
def folder(tmp_path):
    """A folder in which the paths of the examples lead somewhere."""
    (tmp_path / "functions").symlink_to(ROOT / "functions")
    (tmp_path / "scenarios" / "public").mkdir(parents=True)
    for template in (ROOT / "scenarios").glob("*.template.yaml"):
        (tmp_path / "scenarios" / template.name).symlink_to(template)
    return tmp_path / "scenarios"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.strip().splitlines()[0][:40])
def test_an_example_loads_and_editors_agree(example, folder):
    text = whole(example)
    found = load_text(text, folder / "readme.scenario.yaml")
    assert [str(problem) for problem in found.problems] == []
    root, _ = read_document(text, "readme.scenario.yaml")
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(root.plain)] == []


@pytest.mark.slow
def test_what_the_examples_expect_holds(folder):
    async def play():
        async with Stage() as stage:
            return [
                await stage.play(scenario)
                for example in EXAMPLES
                for scenario in load_text(whole(example), folder / "readme.scenario.yaml").scenarios
            ]

    outcomes = asyncio.run(play())
    assert len(outcomes) > len(EXAMPLES) >= 10
    assert [(one.title, one.message, one.failures) for one in outcomes if one.verdict is not Verdict.PASSED] == []
