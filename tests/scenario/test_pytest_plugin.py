"""Scenarios as tests of pytest, and the fixture `edge`: what a user sees who has installed edgesim.

pytest runs within pytest. The plugin is loaded by name: the environment of these tests need not have edgesim installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import edgesim.scenario.language.load
import edgesim.scenario.playing.stage
import edgesim.testing.live  # noqa: F401  all of them once, and not anew for each pytest within
from edgesim import pytest_plugin

ROOT = Path(__file__).parents[2]
INSTALLED = any(one.value == "edgesim.pytest_plugin" for one in entry_points(group="pytest11"))

PASSES = """\
title: an object is fresh until its TTL has passed
evidence: documented Expiration
steps:
- get: /a
  origin: {answers: 200, headers: {cache-control: max-age=60}}
- advance: 59s
- get: /a
  expect: {x-cache: Hit}
"""
FAILS = """\
title: nothing is ever cached
steps:
- get: /a
- get: /a
  expect:
    x-cache: Miss
"""
BROKEN = "title: a word is wrong\nsteps:\n- get: /a\n  expext: {status: 200}\n"
TEMPLATE = "Resources:\n  Site:\n    Type: AWS::CloudFront::Distribution\n"


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest over files, without other plugins. `alone`: in a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*args, alone=False, **files):
        for name, text in files.items():
            path = pytester.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        # Warnings are errors: whoever sets that in a project of theirs must be able to use edgesim
        args = ("-W", "error", "-p", "no:cacheprovider", *args)
        if alone:
            return pytester.runpytest_subprocess("-p", "edgesim.pytest_plugin", *args)
        return pytester.runpytest_inprocess(*args, plugins=[pytest_plugin])

    return run


def files(**texts):
    """Files by name, the dots of which are no keywords."""
    return {f"{name}.scenario.yaml": text for name, text in texts.items()}


OTHER = "python3.9" if sys.version_info >= (3, 14) else "python3.14"
STANDS_IN = f"""\
title: a runtime that is not installed
distribution: {{viewer-request: fn}}
functions: {{fn: {{python: 'def handler(event, context): return {{"status": "200"}}', runtime: {OTHER}}}}}
steps: [{{get: /a}}]
"""
AND_IN_PYTHON = f"""\
CODE = 'def handler(event, context): return {{"status": "200"}}'
import pytest
@pytest.mark.edge({{"viewer-request": "fn"}}, functions={{"fn": {{"python": CODE, "runtime": "{OTHER}"}}}})
def test_it(edge):
    assert edge.get("/").status == 200
"""


@pytest.fixture
def only_this_python(monkeypatch, tmp_path):
    """No interpreter but the one that runs the tests."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.slow
@pytest.mark.usefixtures("only_this_python")
@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two processes"])
def test_a_runtime_that_is_not_installed_is_said_once_at_the_end(run, workers):
    result = run(*workers, alone=True, **files(a=STANDS_IN, b=STANDS_IN), **{"test_c.py": AND_IN_PYTHON})
    result.assert_outcomes(passed=3)
    [said] = [line for line in result.stdout.lines if "is not installed" in line]
    assert said.startswith(f"warning: {OTHER} is not installed: Python ")


# ── scenarios ────────────────────────────────────────────────────────────────


def test_a_scenario_is_a_test_by_its_title(run):
    result = run("-v", **files(a=PASSES, b=FAILS))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["a.scenario.yaml::an object is fresh until its TTL has passed PASSED*"])


def test_words_of_the_title_select_and_so_does_the_whole_of_it(run):
    result = run("-k", "fresh and ttl", **files(a=PASSES, b=FAILS))
    result.assert_outcomes(passed=1, deselected=1)
    run("b.scenario.yaml::nothing is ever cached").assert_outcomes(failed=1)


def test_a_failure_says_what_was_expected_and_why_it_is_not_so_without_a_traceback(run):
    result = run(**files(b=FAILS))
    result.stdout.fnmatch_lines(
        [
            "FAILED nothing is ever cached*b.scenario.yaml:1",
            "*at GET /a*b.scenario.yaml:4",
            "*x-cache*b.scenario.yaml:6",
            "*expected*Miss*",
            "*got*Hit*",
            "*cache: fresh*",
            "FAILED b.scenario.yaml::nothing is ever cached - x-cache: expected Miss*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin*")


def test_explain_shows_all_of_it_and_with_rp_that_of_what_passes(run):
    result = run("--edgesim-explain", "-rP", **files(a=PASSES))
    result.stdout.fnmatch_lines(["PASSED an object is fresh*", "*delivery*"])
    run("--edgesim-explain", **files(b=FAILS)).stdout.fnmatch_lines(["*delivery*"])


def test_a_file_with_problems_is_an_error_that_names_their_lines(run):
    result = run(**files(c=BROKEN))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["c.scenario.yaml:4: error: *expext*", "*did you mean expect?*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_scenario_that_cannot_be_played_any_more_fails_with_the_reason(run):
    text = "title: a body from a file\nsteps:\n- get: /a\n  origin: {file: page.html}\n"
    conftest = "from pathlib import Path\ndef pytest_runtest_setup(): Path('page.html').unlink()\n"
    result = run(**files(d=text), **{"page.html": "", "conftest.py": conftest})
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["BROKEN a body from a file*", "*page.html: No such file or directory*"])


def test_a_scenario_that_needs_what_is_not_there_is_skipped_with_the_reason(run, monkeypatch):
    monkeypatch.setattr("edgesim.runtimes.zygotes.PROGRAMS", "/nowhere")
    text = (
        "title: nobody comes in\nneeds: sandbox\ndistribution: {viewer-request: fn}\nsteps: [{get: /a}]\n"
        "functions: {fn: {python: 'def handler(event, context): return {}'}}\n"
    )
    result = run("-rs", **files(needs=text))
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*it needs a sandbox: *"])


def test_what_makes_a_scenario_less_than_it_seems_is_a_warning_and_may_be_an_error(run):
    text = PASSES.replace("- advance: 59s\n- get: /a\n", "- get: /a\n  origin: {body: other}\n")
    allowed = run("-W", "default::edgesim.errors.ScenarioWarning", **{"a.scenario.yaml": text})
    allowed.assert_outcomes(passed=1, warnings=1)
    allowed.stdout.fnmatch_lines(
        ["*a.scenario.yaml:7: ScenarioWarning: nothing fetched this answer of the origin: GET /a*"]
    )
    refused = run(**{"a.scenario.yaml": text})
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(["a.scenario.yaml:7: nothing fetched this answer of the origin*"])
    refused.stdout.no_fnmatch_line("*Traceback*")


def test_several_scenarios_of_a_file_are_several_tests(run):
    text = "scenarios:\n- title: one\n  steps: [{get: /a}]\n- title: two::three\n  steps: [{get: /a}]\n"
    result = run("-v", **files(several=text))
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::one PASSED*", "*::two:three PASSED*"])


def test_json_is_as_good(run):
    result = run(**{"a.scenario.json": '{"title": "one", "steps": [{"get": "/a"}]}'})
    result.assert_outcomes(passed=1)


def test_evidence_is_a_property_in_junit(run, pytester):
    run("--junit-xml=out.xml", **files(a=PASSES))
    assert '<property name="evidence" value="documented Expiration"' in (pytester.path / "out.xml").read_text()


# ── which files ──────────────────────────────────────────────────────────────

IN_A_FOLDER = {
    "checks/cache.yaml": PASSES,
    "checks/deep/other.yml": FAILS,
    "checks/template.yaml": TEMPLATE,
    "checks/list.yaml": "- 1\n",
    "else/cache.yaml": PASSES,
}


def test_in_a_folder_for_scenarios_any_name_will_do_and_what_is_none_is_left_alone(run):
    ini = "[pytest]\nedgesim_scenarios = checks\n"
    run(**IN_A_FOLDER, **{"pytest.ini": ini}).assert_outcomes(passed=1, failed=1)


def test_without_the_option_only_files_named_as_scenarios_are_collected(run):
    assert run(**IN_A_FOLDER).ret is pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_broken_file_in_the_folder_is_not_passed_over(run):
    ini = "[pytest]\nedgesim_scenarios = checks\n"
    result = run(**{"pytest.ini": ini, "checks/cache.yaml": "title: [\n"})
    result.assert_outcomes(errors=1)


def test_a_file_that_is_named_on_the_command_line_is_played(run):
    run("else/cache.yaml", **IN_A_FOLDER).assert_outcomes(passed=1)


def test_the_folder_need_not_stand_in_testpaths_too(run):
    ini = "[pytest]\ntestpaths = tests\nedgesim_scenarios = checks\n"
    test = {"tests/test_a.py": "def test_a(): pass\n", "pytest.ini": ini}
    run(**IN_A_FOLDER, **test).assert_outcomes(passed=2, failed=1)
    run("tests").assert_outcomes(passed=1)


# ── with and without others ──────────────────────────────────────────────────


@pytest.mark.long
def test_with_xdist_every_worker_has_its_own(run):
    result = run("-p", "xdist", "-n2", alone=True, **files(a=PASSES, b=FAILS))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*expected*Miss*", "FAILED b.scenario.yaml::nothing is ever cached - x-cache*"])


@pytest.mark.long
@pytest.mark.skipif(not INSTALLED, reason="edgesim is not installed here, so nobody finds its plugin")
@pytest.mark.parametrize(("args", "passed"), [((), 1), (("-p", "no:edgesim"), 0)], ids=["found", "switched off"])
def test_it_is_found_where_it_is_installed_and_can_be_switched_off(pytester, args, passed):
    (pytester.path / "a.scenario.yaml").write_text(PASSES)
    pytester.runpytest_subprocess(*args).assert_outcomes(passed=passed)


@pytest.mark.slow
def test_it_costs_next_to_nothing_where_nobody_uses_it():
    new = "import sys, pytest; old = set(sys.modules); import edgesim.pytest_plugin; print(set(sys.modules) - old)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run([sys.executable, "-c", new], env=env, capture_output=True, text=True, check=True).stdout
    assert eval(told) == {
        "edgesim",
        "edgesim.errors",
        "edgesim.scenario",
        "edgesim.scenario.playing",
        "edgesim.scenario.playing.background",
        "edgesim.pytest_plugin",
    }


# ── the fixture ──────────────────────────────────────────────────────────────


def test_without_a_marker_there_is_one_origin(run):
    test = """
def test_a(edge):
    assert edge.get("/a").text == "origin site: GET /a"
"""
    run(**{"test_a.py": test}).assert_outcomes(passed=1)


def test_markers_of_module_class_and_function_are_merged_and_the_closest_wins(run):
    test = """
import pytest

pytestmark = pytest.mark.edge({"origins": {"one": "one.example"}}, at="2026-01-01T00:00:00Z", viewer={"country": "DE"})

@pytest.mark.edge(origins={"one": {"answers": 201}}, viewer={"city": "Berlin"})
class TestIt:
    @pytest.mark.edge(at="2027-01-01T00:00:00Z")
    def test_a(self, edge):
        assert list(edge.origins) == ["one"]
        assert edge.get("/a").status == 201
        assert edge.clock.now() == 1798761600

    @pytest.mark.edge(distribution={"origins": {"two": "two.example"}})
    def test_b(self, edge):
        pass

    @pytest.mark.edge(distribution={"origins": {"one": "one.example"}, "origin-request-policy":
                      {"headers": ["CloudFront-Viewer-Country", "CloudFront-Viewer-City"]}})
    def test_c(self, edge):
        edge.get("/a", country="FR")
        headers = edge.origin.requests[0].headers
        assert (headers["cloudfront-viewer-country"], headers["cloudfront-viewer-city"]) == ("FR", "Berlin")
"""
    result = run(**{"test_a.py": test})
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["the distribution has no origin 'one' (there is two)"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        pytest.param("distributon='a'", "the marker edge has no 'distributon' (did you mean distribution?)", id="key"),
        pytest.param("{}, {}", "the marker edge takes one distribution*", id="two distributions"),
        pytest.param("'template.yaml'", "*there is no template.yaml*", id="path"),
        pytest.param("{'orgins': {}}", "*a distribution has no key 'orgins' (did you mean origins?)", id="short form"),
        pytest.param("at='soon'", "at is 'soon', which is no point in time*", id="time"),
        pytest.param("viewer={'contry': 'DE'}", "viewers have no setting 'contry'", id="viewer"),
    ],
)
def test_what_is_wrong_with_a_marker_is_said_without_a_traceback(run, marker, told):
    test = f"import pytest\n@pytest.mark.edge({marker})\ndef test_a(edge): pass\n"
    result = run("--strict-markers", **{"test_a.py": test})
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([told])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_test_that_fails_shows_the_way_of_its_requests(run):
    test = "def test_a(edge):\n    assert edge.get('/a').x_cache == 'Hit'\n"
    result = run(**{"test_a.py": test})
    result.stdout.fnmatch_lines(["*requests of the edge*", "GET *a → 200 Miss*", "*cache: not in the cache*"])
    run("--edgesim-explain").stdout.fnmatch_lines(["*requests of the edge*", "*delivery*"])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("edge.get('a')", "'a' is no target: it begins with /"),
        ("edge.get('/', contry='DE')", "viewers have no setting 'contry'"),
        ("edge.get('/', heders={})", "a request has no 'heders' (did you mean headers?)"),
        ("edge.get(1)", "1 is no target: it begins with /"),
        ("edge.get('/', headers={'a': None})", "header a is None: write a text"),
        ("edge.get('/', headers='a')", "headers is 'a', and no dict"),
        ("edge.get('/', cookies=['a'])", "cookies is ['a'], and no dict"),
        ("edge.get('/', body={'a': 1})", "body is {'a': 1}: write a text or bytes, or json=…"),
        ("edge.get('/', json=object())", "json can't be sent: Object of type object is not JSON serializable"),
        ("edge.get('/', sign={'key': 'a'})", "sign.key: there is no key 'a'"),
        ("edge.get('/').json()", "the body is no JSON (Expecting value"),
        ("edge.get('/').headers['x-none']", "'x-none'"),
        ("edge.parallel([{'method': 'POST'}])", "{'method': 'POST'} is no request: write '/a', or"),
        ("edge.invalidate(1)", "1 can't be invalidated: write edge.invalidate('/a*', '/b')"),
        ("edge.cache['/none']", "there is no /none in the cache, which holds nothing"),
        ("edge.clock.advance('-5s')", "'-5s' is back in time, and the clock only goes forward"),
        ("edge.origins['api'].answers(200)", "the distribution has no origin 'api'"),
        ("edge.function('auth')", "the distribution has no function 'auth'"),
        ("edge.deploy({'viewer-request': 'auth'})", "distribution.viewer-request: there is no function 'auth'"),
    ],
)
def test_what_can_not_be_asked_of_the_edge_is_told_at_the_tests_own_line(run, asked, told):
    found = run(**{"test_a.py": f"def test_a(edge):\n    {asked}\n"})
    found.assert_outcomes(failed=1)
    assert f">       {asked}" in found.outlines
    assert any(f"Error: {told}" in line for line in found.outlines if line.startswith("E "))
    found.stdout.no_fnmatch_line("*edgesim/testing/*")
    found.stdout.no_fnmatch_line("*concurrent/futures*")


@pytest.mark.parametrize("call", ["edge('nowhere.yaml')", "never_fails('nowhere.mjs', trigger='viewer-request')"])
def test_without_the_fixture_it_is_the_tests_own_line_as_well(run, call):
    test = f"import edgesim.testing\ndef test_a():\n    with edgesim.testing.{call}: pass\n"
    found = run(**{"test_a.py": test})
    assert any("Error: " in line and "there is no nowhere" in line for line in found.outlines)
    found.stdout.no_fnmatch_line("*edgesim/testing/*")
    found.stdout.no_fnmatch_line("*contextlib*")


def test_with_full_trace_all_frames_are_there(run):
    run("--full-trace", **{"test_a.py": "def test_a(edge):\n    edge.get('a')\n"}).stdout.fnmatch_lines(
        ["*testing/live*"]
    )


def test_paths_begin_at_the_test_file(run):
    test = """
import pytest
@pytest.mark.edge({"origins": {"site": "site.example"}}, origins={"site": {"file": "page.html"}})
def test_a(edge):
    assert edge.get("/").text == "hello"
"""
    run(**{"deep/test_a.py": test, "deep/page.html": "hello"}).assert_outcomes(passed=1)


@pytest.mark.slow
def test_functions_stay_warm_from_one_test_to_the_next_and_end_with_the_session(run, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    scenario = """\
title: TITLE
distribution: {viewer-request: id}
functions:
  id:
    node: "const m = crypto.randomUUID(); exports.handler = async e => (console.log(m), e.Records[0].cf.request)"
environments: warm
steps:
- get: /a
  expect: {functions: {viewer-request: {outcome: passed, start: START}}}
"""
    test = """
import os, pytest
NODE = "const m = crypto.randomUUID(); exports.handler = async e => (console.log(m), e.Records[0].cf.request)"
CODE = {"id": {"node": NODE}}

@pytest.mark.edge({"viewer-request": "id"}, functions=CODE)
@pytest.mark.parametrize("n", range(2))
def test_a(edge, n):
    edge.get("/")
    [call] = edge.function("id").calls
    assert not call.cold
    print("PROCESS", call.log[0].split()[-1])
"""
    first, second = (scenario.replace("TITLE", t).replace("START", s) for t, s in (("a", "cold"), ("b", "warm")))
    result = run("-s", alone=True, **{**files(a=first, b=second), "test_c.py": test})
    result.assert_outcomes(passed=4)
    processes = {line.split()[-1] for line in result.outlines if "PROCESS" in line}
    assert len(processes) == 1
    assert not list((tmp_path / "temporary").glob("edgesim-*"))  # removed when all that runs has ended
