"""edgesim.testing.never_fails: functions with planted bugs, found, made small and saved; and some without."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import strategies as st

from edgesim.errors import ConfigError
from edgesim.scenario.language.load import load_file
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.stage import Stage
from edgesim.testing import never_fails
from edgesim.testing.make import a_request, a_response

pytestmark = pytest.mark.slow

DECODES = """
exports.handler = async (event) => {
  const { request } = event.Records[0].cf;
  request.uri = encodeURI(decodeURIComponent(request.uri));
  return request;
};
"""
SPLITS = """
def handler(event, context):
    request = event["Records"][0]["cf"]["request"]
    for header in request["headers"].get("authorization", []):
        kind, value = header["value"].split(" ")
    return request
"""
FIRST_TYPE = """
exports.handler = async (event) => {
  const { response } = event.Records[0].cf;
  response.headers['x-type'] = [{ value: response.headers['content-type'][0].value }];
  return response;
};
"""
NO_STATUS = """
exports.handler = async (event) => {
  const { request } = event.Records[0].cf;
  return request.querystring.includes('=1') ? { status: 999 } : request;
};
"""
HANGS = """
exports.handler = async (event) => {
  const { request } = event.Records[0].cf;
  if (request.querystring) for (;;);
  return request;
};
"""
GOOD = """
def handler(event, context):
    cf = event["Records"][0]["cf"]
    return cf.get("response") or cf["request"]
"""


@pytest.fixture
def code(tmp_path):
    """Write a function's file; its folder is where paths begin."""

    def write(name: str, text: str) -> dict[str, object]:
        (tmp_path / "functions").mkdir(exist_ok=True)
        (tmp_path / "functions" / name).write_text(text)
        return {"folder": tmp_path / "functions", "save_to": tmp_path / "scenarios"}

    return write


TWO_PARTS = """
def handler(event, context):
    request = event["Records"][0]["cf"]["request"]
    for header in request["headers"].get("cookie", []):
        dict(pair.split("=") for pair in header["value"].split("; ") if pair)
    return request
"""
TWO_SIGNS = """
exports.handler = async (event) => {
  const { request } = event.Records[0].cf;
  const cookies = (request.headers.cookie || []).map((header) => header.value);
  if (cookies.some((value) => value.split('=').length > 2)) throw new Error('two');
  return request;
};
"""
LENGTH = """
exports.handler = async (event) => {
  const { response } = event.Records[0].cf;
  response.headers['x-length'] = [{ value: response.headers['content-length'][0].value }];
  return response;
};
"""


def failure_of(function, **more) -> str:
    """What is said. Hypothesis draws from the constants of every module that is loaded, so that how soon a failure is
    found depends on what else runs."""
    with pytest.raises(AssertionError) as raised:
        never_fails(function, **{"examples": 1_000, **more})
    return str(raised.value)


def the_scenario(tmp_path: Path) -> Path:
    [file] = (tmp_path / "scenarios").iterdir()
    return file


def verdict_of(file: Path) -> Verdict:
    """What comes of a scenario that was saved, for somebody else."""

    async def story():
        loaded = load_file(file)
        assert loaded.problems == ()
        async with Stage() as stage:
            return await stage.play(loaded.scenarios[0])

    return asyncio.run(story()).verdict


def test_a_function_that_throws_is_shown_with_the_smallest_request(code):
    text = failure_of("decode.cjs:handler", **code("decode.cjs", DECODES))
    assert text.startswith("decode fails at viewer-request")
    assert "\n  GET /%\n" in text
    assert "URIError: URI malformed" in text
    assert "decode.cjs:4" in text
    assert "Authorization" not in text


def test_the_failure_is_saved_as_a_scenario_that_fails_until_the_function_is_mended(code, tmp_path):
    text = failure_of("auth.py", **code("auth.py", SPLITS))
    file = the_scenario(tmp_path)
    assert f"saved as {file}, which fails until the function is mended" in text
    assert verdict_of(file) is Verdict.FAILED
    code("auth.py", GOOD)
    assert verdict_of(file) is Verdict.PASSED
    assert file.read_text() == (
        "# Found by edgesim.testing.never_fails: the function failed: "
        "ValueError: not enough values to unpack (expected 2, got 1)\n"
        "title: 'auth does not fail at viewer-request: GET /'\n"
        "distribution:\n"
        "  methods: [GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE]\n"
        "  cache-policy: CachingDisabled\n"
        "  origin-request-policy: AllViewer\n"
        "  viewer-request: {function: auth, include-body: true}\n"
        "functions: {auth: ../functions/auth.py}\n"
        "steps:\n"
        "  - get: /\n"
        "    headers: {Authorization: Basic}\n"
        "    expect:\n"
        "      functions: {viewer-request: ran}\n"
        "      not-because: ['ran: failed', 'ran: its result is not valid']\n"
    )


def test_the_same_failure_is_one_file_and_another_is_another(code, tmp_path):
    place = code("auth.py", SPLITS)
    failure_of("auth.py", **place)
    failure_of("auth.py", **place)
    the_scenario(tmp_path)
    failure_of("auth.py", **place, trigger="origin-request")
    assert len(list((tmp_path / "scenarios").iterdir())) == 2


def test_what_one_oddity_is_enough_for_is_found_each_time(code):
    for name, text, trigger in (
        ("two.py", TWO_PARTS, "viewer-request"),
        ("signs.cjs", TWO_SIGNS, "viewer-request"),
        ("length.cjs", LENGTH, "origin-response"),
    ):
        assert "failed" in failure_of(name, trigger=trigger, examples=1, **code(name, text))


@pytest.mark.parametrize("trigger", ["origin-response", "viewer-response"])
def test_at_a_response_the_origin_is_hostile_too(code, tmp_path, trigger):
    text = failure_of("type.cjs", trigger=trigger, **code("type.cjs", FIRST_TYPE))
    assert "the origin: 200" in text
    assert "Cannot read properties of undefined" in text
    assert "origin: {answers: 200, body: hello}" in the_scenario(tmp_path).read_text()


def test_what_cloudfront_refuses_is_a_failure(code, tmp_path):
    text = failure_of("index.js", **code("index.js", NO_STATUS))
    assert text.startswith("functions returns what CloudFront refuses, at viewer-request")
    assert "\n  GET /?a=1\n" in text
    assert "status is 999" in text
    assert verdict_of(the_scenario(tmp_path)) is Verdict.FAILED


@pytest.mark.long
def test_a_function_that_does_not_end_is_a_failure_and_its_timeout_is_in_the_scenario(code, tmp_path):
    text = failure_of("hang.cjs", timeout=0.5, examples=60, **code("hang.cjs", HANGS))
    assert "timed out after 0.50 seconds" in text
    assert "timeout: 0.5s" in the_scenario(tmp_path).read_text()


@pytest.mark.parametrize(
    ("folders", "saved_in"),
    [
        pytest.param(("scenarios", "tests/functions"), "scenarios", id="the project's folder of scenarios"),
        pytest.param(("scenarios", "tests/functions", "tests/scenarios"), "tests/scenarios", id="the nearest"),
        pytest.param(("project/.git", "scenarios"), "project/tests", id="beside the test, and not in another project"),
    ],
)
def test_a_scenario_is_saved_where_scenarios_are(tmp_path, monkeypatch, folders, saved_in):
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    where = tmp_path / ("project/tests" if "project/.git" in folders else "tests/functions")
    where.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(where)
    text = failure_of({"python": SPLITS}, folder=where)
    [file] = tmp_path.rglob("*.scenario.yaml")
    assert file.parent == tmp_path / saved_in
    shown = file.relative_to(where) if file.is_relative_to(where) else file
    assert f"saved as {shown}, which fails until the function is mended" in text


def test_a_folder_to_save_to_is_from_the_test_and_may_be_none(tmp_path):
    (tmp_path / "scenarios").mkdir()
    failure_of({"python": SPLITS}, folder=tmp_path, save_to="found")
    assert len(list((tmp_path / "found").iterdir())) == 1
    assert "saved" not in failure_of({"python": SPLITS}, folder=tmp_path, save_to=False)
    assert list((tmp_path / "scenarios").iterdir()) == []


def test_code_may_stand_in_the_test(tmp_path):
    failure_of({"python": SPLITS}, save_to=tmp_path / "scenarios")
    assert "python: |" in the_scenario(tmp_path).read_text()
    assert verdict_of(the_scenario(tmp_path)) is Verdict.FAILED


@pytest.mark.parametrize("trigger", ["viewer-request", "origin-request", "origin-response", "viewer-response"])
def test_a_function_without_a_bug_never_fails(trigger, tmp_path):
    never_fails({"python": GOOD}, trigger=trigger, save_to=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_that_is_as_it_should_be_is_accepted(code):
    place = code("decode.cjs", DECODES)
    never_fails("decode.cjs", **place, accept=lambda failure: "URIError" in failure.why)


def test_requests_and_answers_of_ones_own_are_tried(code):
    requests = st.sampled_from(["/a", "/b"]).map(a_request)
    never_fails("decode.cjs", **code("decode.cjs", DECODES), requests=requests)
    with_type = st.just(a_response(content_type="text/plain"))
    never_fails("type.cjs", trigger="origin-response", **code("type.cjs", FIRST_TYPE), origin=with_type, examples=20)


def test_the_distribution_may_be_ones_own(code, tmp_path):
    place = code("auth.py", SPLITS)
    never_fails("auth.py", trigger="origin-request", distribution={}, **place, examples=20)
    policy = {"origin-request-policy": {"headers": ["Authorization-X"]}, "cache-policy": {"headers": ["Authorization"]}}
    failure_of("auth.py", trigger="origin-request", distribution={**policy, "methods": ["GET", "HEAD"]}, **place)
    assert "cache-policy:" in the_scenario(tmp_path).read_text()


def test_that_nothing_failed_means_nothing_where_nothing_ran():
    with pytest.raises(ConfigError, match="never ran"):
        never_fails({"python": GOOD}, distribution={"enabled": False}, examples=3)


def test_headers_that_are_no_text_can_not_be_saved(code, tmp_path):
    requests = st.just(a_request("/", authorization="\xff"))
    text = failure_of("auth.py", **code("auth.py", SPLITS), requests=requests)
    assert "not saved as a scenario" in text
    assert not (tmp_path / "scenarios").exists()


def test_a_failure_of_an_earlier_request_s_making_is_told_apart(code):
    counts = "seen = []\n" + SPLITS.replace("request =", "seen.append(1)\n    assert len(seen) < 5\n    request =")
    text = failure_of("counts.py", **code("counts.py", counts))
    assert "AssertionError" in text
    assert "which passes by itself" in text


def test_mistakes_are_explained(code):
    with pytest.raises(ConfigError, match="there is no trigger 'viewer'"):
        never_fails("a.py", trigger="viewer")
    with pytest.raises(ConfigError, match=r"there is no a\.py"):
        never_fails("a.py")
