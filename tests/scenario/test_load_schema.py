"""schema.json, which editors read, says what the loader takes."""

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from edgesim.distribution.choices import QUESTIONS
from edgesim.distribution.runtimes import DEPRECATED_RUNTIMES, RUNTIMES
from edgesim.rules.reasons import Rejection
from edgesim.scenario.language import (
    durations,
    load,
    read_expect,
    read_functions,
    read_match,
    read_origins,
    read_sign,
    read_steps,
    reasons,
    shorthand,
    shorthand_headers,
    shorthand_origins,
    shorthand_policies,
    shorthand_staging,
)
from edgesim.scenario.language.document import read_document
from edgesim.server.viewer_header import KEYS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "edgesim" / "scenario" / "schema.json"
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
DEFS = SCHEMA["$defs"]
VALIDATOR = Draft202012Validator(SCHEMA)

TABLES = {
    "scenario": load.SCENARIO.keys,
    "file": load.FILE.keys,
    "viewer": KEYS,
    "choices": list(QUESTIONS),
    "function": read_functions.FUNCTION.keys,
    "distribution": shorthand.DISTRIBUTION.keys,
    "behavior": shorthand.BEHAVIOR.keys,
    "trigger": shorthand.ASSOCIATION.keys,
    "origin": shorthand_origins.ORIGIN.keys,
    "logging": shorthand.LOGGING.keys,
    "error-response": shorthand.ERROR_RESPONSE.keys,
    "origin-group": shorthand_origins.ORIGIN_GROUP.keys,
    "cache-policy": shorthand_policies.CACHE_POLICY.keys,
    "origin-request-policy": shorthand_policies.ORIGIN_REQUEST_POLICY.keys,
    "response-headers-policy": shorthand_headers.RESPONSE_HEADERS_POLICY.keys,
    "cors": shorthand_headers.CORS.keys,
    "security-headers": shorthand_headers.SECURITY.keys,
    "policy-header": shorthand_headers.HEADER.keys,
    "forwarded-values": shorthand_policies.FORWARDED.keys,
    "answer": read_origins.ANSWER.keys,
    "step-origin": read_origins.STEP_ORIGIN.keys,
    "expected-origin": read_match.EXPECTED_ORIGIN.keys,
    "received": read_match.RECEIVED.keys,
    "matcher": read_match.MATCHER.keys,
    "expect": read_expect.EXPECT.keys,
    "parallel-expect": read_expect.PARALLEL_EXPECT.keys,
    "check-expect": read_expect.CHECK.keys,
    "function-expectation": read_expect.FUNCTION.keys,
    "cache": [read_expect.ENTRIES],
    "cache-object": read_expect.CACHE.keys,
    "capture": read_steps.CAPTURE.keys,
    "send": read_steps.SEND.keys,
    "request": read_steps.REQUEST.keys,
    "advance": read_steps.ADVANCE.keys,
    "invalidate": read_steps.INVALIDATE.keys,
    "deploy": read_steps.DEPLOY.keys,
    "deployed": read_steps.DEPLOYED.keys,
    "set": read_steps.SET.keys,
    "parallel": read_steps.PARALLEL.keys,
    "barrier": read_steps.BARRIER.keys,
    "repeat": read_steps.REPEAT.keys,
    "sign": read_sign.SIGN.keys,
    "countries": shorthand.COUNTRIES.keys,
    "staging": shorthand_staging.STAGING.keys,
    "sessions": shorthand_staging.SESSIONS.keys,
    "check": read_steps.CHECK_STEP.keys,
}
"""What the loader knows, by the schema's name for it."""


@pytest.mark.parametrize("name", TABLES)
def test_the_schema_has_the_loaders_keys_and_no_others(name):
    assert sorted(DEFS[name]["properties"]) == sorted(TABLES[name])
    assert DEFS[name]["additionalProperties"] is False


def test_every_structure_of_the_schema_is_one_of_the_loaders():
    assert {name for name, one in DEFS.items() if "properties" in one} == set(TABLES)


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", DEFS)
def test_editors_can_explain_every_key(name):
    assert DEFS[name]["description"]
    assert [key for key, one in DEFS[name].get("properties", {}).items() if not one.get("description")] == []


def test_editors_offer_every_reason():
    offered = [
        reason.name.lower().replace("_", "-") if isinstance(reason, Rejection) else reason.value
        for reason in reasons.members()
    ]
    offered = list(dict.fromkeys(offered))
    names = [name for reason in reasons.members() for name in _names(reason)]
    names = sorted(set(names) - set(offered))
    _may_rewrite(DEFS["reason"], "anyOf", [{"enum": offered}, {"description": "By its name.", "enum": names}])
    assert [one["enum"] for one in DEFS["reason"]["anyOf"]] == [offered, names], "EDGESIM_GOLD=1 rewrites it"
    assert all(map(reasons.canonical, [*offered, *names]))


def _names(reason):
    """The usual spellings; the loader knows more of them, and an editor that marks one of these is no harm."""
    words = reason.name.lower()
    texts = {reason.value, reason.value.lower(), reason.value[:1].lower() + reason.value[1:]}
    return {reasons.name_of(reason), reason.name, words.replace("_", "-"), words.replace("_", " "), *texts}


def test_editors_offer_every_runtime():
    offered = [*RUNTIMES, *DEPRECATED_RUNTIMES]
    _may_rewrite(DEFS["function"]["properties"]["runtime"], "enum", offered)
    assert DEFS["function"]["properties"]["runtime"]["enum"] == offered, "EDGESIM_GOLD=1 rewrites it"


def test_editors_offer_every_question_with_its_answers():
    offered = {
        name: {
            "description": question.asks,
            "enum": [str(one) for one in question.alternatives],
            "default": str(question.alternatives[0]),
        }
        for name, question in QUESTIONS.items()
    }
    _may_rewrite(DEFS["choices"], "properties", offered)
    assert DEFS["choices"]["properties"] == offered, "EDGESIM_GOLD=1 rewrites it"


def _may_rewrite(structure, key, value):
    if os.environ.get("EDGESIM_GOLD") == "1":
        structure[key] = value
        FILE.write_text(json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    ["0", "61", "0.5", "500ms", "61s", "5m", "1h30m", "2d", "1w", "1y", "1h 30m", "1d2h3m4s5ms",
     "", "soon", "-3", "1 hour", "30m1h", "1x", "1h30", "s", "1y2d"],
)  # fmt: skip
def test_both_know_the_same_durations(text):
    valid = Draft202012Validator({"$ref": "#/$defs/duration", "$defs": DEFS}).is_valid(text)
    assert valid is (durations.seconds(text) is not None)


@pytest.mark.parametrize("text", ["0", "300", "40KB", "1.5mb", "2 KB", "", "KB", "1GB", "-1"])
def test_both_know_the_same_sizes(text):
    valid = Draft202012Validator({"$ref": "#/$defs/size", "$defs": DEFS}).is_valid(text)
    assert valid is (durations.size(text) is not None)


@pytest.mark.parametrize("text", ["title: t\nsteps: [{get: /}]\n", "scenarios: [{title: t, steps: [{get: /}]}]\n"])
def test_it_takes_a_scenario_or_several(text):
    assert VALIDATOR.is_valid(read_document(text, "a.scenario.yaml")[0].plain)


@pytest.mark.parametrize(
    "text",
    [
        "title: t\n",
        "title: t\nstep: []\nsteps: [{get: /}]\n",
        "title: t\nsteps: [{get: /, post: /}]\n",
        "title: t\nsteps: [{get: /, expect: {status: OK}}]\n",
        "title: t\nsteps: [{advance: soon}]\n",
        "title: t\nsteps: [{get: /, expect: {headers: {x: {starts-with: a}}}}]\n",
        "scenarios: []\n",
    ],
)
def test_it_refuses_what_the_loader_refuses(text):
    assert not VALIDATOR.is_valid(read_document(text, "a.scenario.yaml")[0].plain)
    assert load.load_text(text, Path("a.scenario.yaml")).problems


SOUND = """\
title: t
viewer: {protocol: https, http-version: 1.1, country: DE}
functions: {f: {node: 'exports.handler = async (e) => e.Records[0].cf.request'}}
distribution: {viewer-request: f}
steps:
  - get: /
    expect: {x-cache: Miss, because: [stored]}
    capture: {all: {header: x}}
"""


@pytest.mark.parametrize(
    ("written", "instead", "taken"),
    [
        ("title: t", "title: '  '", False),
        ("protocol: https", "protocol: ftp", False),
        ("protocol: https", "protocol: HTTP", True),
        ("http-version: 1.1", "http-version: '4'", False),
        ("http-version: 1.1", "http-version: '2.0'", True),
        ("country: DE", "country: Germany", False),
        ("country: DE", "country: fr", True),
        ("node: 'exports.handler = async (e) => e.Records[0].cf.request'", "timeout: 1s", False),
        ("node: 'exports.handler = async (e) => e.Records[0].cf.request'", "node: 5", False),
        ("node: 'exports.handler = async (e) => e.Records[0].cf.request'", "node: ' '", False),
        ("f: {node: 'exports", "f: {python: p, node: 'exports", False),
        ("x-cache: Miss", "x-cache: Missed", False),
        ("x-cache: Miss", "x-cache: RefreshHit from cloudfront", True),
        ("x-cache: Miss", "x-cache: {one-of: [Hit, Miss]}", True),
        ("because: [stored]", "because: [StoreReason.STORED, s-maxage, S_MAXAGE]", True),
        ("because: [stored]", "because: [stroed]", False),
        ("viewer-request: f}", "viewer-request: f, error-responses: {404: {page: e.html, status: 200}}}", False),
        ("viewer-request: f}", "viewer-request: f, error-responses: {404: {page: /e.html, status: 200}}}", True),
        ("get: /\n", "get: a\n", False),
        ("{header: x}", "{matches: x}", False),
        ("{header: x}", "{header: x, cookie: y}", False),
        ("{header: x}", "body", True),
    ],
)
def test_they_take_and_refuse_the_same_variations(written, instead, taken):
    assert SOUND.count(written) == 1
    text = SOUND.replace(written, instead)
    assert VALIDATOR.is_valid(read_document(text, "a.scenario.yaml")[0].plain) is taken
    problems = [str(problem) for problem in load.load_text(text, Path("a.scenario.yaml")).problems]
    assert (problems == []) is taken, problems


@pytest.mark.parametrize("path", load.find_files([ROOT / "scenarios"]), ids=lambda path: path.name)
def test_the_scenarios_of_this_repository_are_valid(path):
    root, _ = read_document(path.read_text(encoding="utf-8"), str(path))
    assert [error.message for error in VALIDATOR.iter_errors(root.plain)] == []
    assert [str(problem) for problem in load.load_file(path).problems] == []
