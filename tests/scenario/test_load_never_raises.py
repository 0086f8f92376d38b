"""Whatever a user writes, loading answers with scenarios or problems."""

from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgesim.scenario.language import (
    load,
    read_expect,
    read_functions,
    read_match,
    read_origins,
    read_steps,
    shorthand,
    shorthand_policies,
)
from edgesim.scenario.language.load import load_setting, load_text
from edgesim.scenario.language.reading import Shape

FILE = Path("a.scenario.yaml")
MODULES = (load, read_expect, read_functions, read_match, read_origins, read_steps, shorthand, shorthand_policies)
KNOWN = sorted(
    {str(key) for module in MODULES for one in vars(module).values() if isinstance(one, Shape) for key in one.keys}
)
WORDS = ("/", "/a?x=1", "*", "site", "f", "untouched", "all", "none", "GET", "61s", "Miss", "fresh", "${a}", "stored",
         "viewer-request", "", "~", "POST /a", "404", "index.js", "functions/ab-test/index.js", "😀")  # fmt: skip

scalars = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.none(), st.dates()
)
keys = st.one_of(st.sampled_from(KNOWN), st.sampled_from(WORDS), st.text(max_size=4), st.integers(0, 999))
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
known_structures = st.dictionaries(st.sampled_from(KNOWN), trees, max_size=6)


def has_an_answer(text):
    found = load_text(text, FILE)
    assert found.scenarios or found.problems
    assert all(problem.message and problem.file for problem in found.problems)


@given(st.text())
def test_any_text(text):
    has_an_answer(text)


@given(st.text(alphabet="-:[]{}&*!|>'\"%@`#, \n\tatilsep/1${}", max_size=60))
def test_any_text_that_looks_like_yaml(text):
    has_an_answer(text)


@given(known_structures, st.lists(known_structures, max_size=4))
def test_any_tree_of_known_keys(beside, steps):
    has_an_answer(yaml.safe_dump({**beside, "title": "t", "steps": steps}, allow_unicode=True))


@given(st.lists(st.one_of(trees, known_structures), max_size=4), known_structures)
def test_any_list_of_scenarios(scenarios, beside):
    has_an_answer(yaml.safe_dump({**beside, "scenarios": scenarios}, allow_unicode=True))


@given(st.sampled_from(list(read_expect.EXPECT.keys)), trees, st.sampled_from(list(read_steps.SEND.keys)), trees)
def test_any_value_of_a_request_and_its_expectation(expected, what, key, value):
    step = {"get": "/", "expect": {expected: what}, key: value}
    has_an_answer(yaml.safe_dump({"title": "t", "steps": [step]}, allow_unicode=True))


@given(known_structures, st.dictionaries(st.sampled_from(["f", "g", "a b", ""]), trees, max_size=2))
def test_any_setting_of_python(distribution, functions):
    setting, problems = load_setting(distribution, functions, parameters={}, folder=Path())
    assert setting.distributions or problems
