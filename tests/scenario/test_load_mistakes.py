"""What people get wrong, and what they are told: the line, one sentence, and a way out."""

from pathlib import Path

import pytest

from edgesim.scenario.language.load import load_text

FILE = Path("a.scenario.yaml")
HEAD = "title: t\nsteps:\n"


def told(text, path=FILE):
    """Every problem of a text: its line, message and hint."""
    found = load_text(text, path)
    assert found.scenarios == ()
    assert all(problem.file == str(path) for problem in found.problems)
    return [(problem.line, problem.message, problem.hint) for problem in found.problems]


IN_A_STEP = [
    pytest.param(
        "expect: {cloudwatch: {/aws/lambda/*: REPORT, lambda: START}}",
        "'lambda' is no log group",
        "these begin with a slash: /aws/cloudfront/LambdaEdge/*",
        id="no log group",
    ),
    pytest.param(
        "expect: {cloudwach: REPORT}", "expect has no key 'cloudwach'", "did you mean cloudwatch?", id="no cloudwatch"
    ),
    pytest.param("hedaers: {a: b}", "a request has no key 'hedaers'", "did you mean headers?", id="an unknown key"),
    pytest.param("Headers: {a: b}", "a request has no key 'Headers'", "write headers", id="a capital"),
    pytest.param(
        "status: 200", "a request has no key 'status'", "it belongs under expect: expect: {status: …}", id="no expect"
    ),
    pytest.param(
        "expect:\n  status: 200\n".replace("\n  ", "\n"),
        "expect is a mapping of keys and values, not nothing",
        "what belongs to it stands below, two spaces further in",
        id="an expect that is not indented",
    ),
    pytest.param("expect: {status: OK}", "a status is a number, not 'OK'", "write 200", id="a status in words"),
    pytest.param(
        "expect: {status: not found}",
        "a status is a number, not 'not found'",
        "write 404",
        id="another status in words",
    ),
    pytest.param(
        "expect: {because: capped at maximum ttl}",
        "there is no reason 'capped at maximum ttl'",
        "did you mean 'capped at the maximum TTL'?",
        id="a reason with a slip",
    ),
    pytest.param(
        "expect: {access-log: {x-edge-resulttype: Hit}}",
        "the access log has no field 'x-edge-resulttype'",
        "did you mean x-edge-result-type?",
        id="a field with a slip",
    ),
    pytest.param(
        "expect: {access-log: Hit}",
        "a line of the access log can't be expected to be 'Hit'",
        "write absent, or fields: {x-edge-result-type: Hit}",
        id="a line that is a word",
    ),
    pytest.param(
        "expect: {because: S_MAXGE}",
        "there is no reason 'S_MAXGE'",
        "did you mean 's-maxage'?",
        id="a name with a slip",
    ),
    pytest.param(
        "expect: {headers: {x: {starts-with: a}}}",
        "a test of a text has no key 'starts-with'",
        "write matches: ^…",
        id="an unknown test",
    ),
    pytest.param(
        "expect: {body: {a: 1}}",
        "body must be a text or tests of it",
        "write json: or json-contains: for a structure",
        id="a structure as a body",
    ),
    pytest.param(
        "expect: {body: {matches: '(a'}}",
        "'(a' is no regular expression: missing ), unterminated subpattern at position 0",
        "use single quotes, so that backslashes stay what they are",
        id="a regular expression",
    ),
    pytest.param(
        "expect: {x-cache: Mis}", "X-Cache is never 'Mis'", "did you mean Miss?", id="a result that is never there"
    ),
    pytest.param(
        "expect: {takes: 1 hour}",
        "takes must be a span of time, not '1 hour'",
        "write 500ms, 61s, 5m, 1h30m, 2d, or a number of seconds",
        id="a duration",
    ),
    pytest.param(
        "expect: {functions: {auth: changed}}",
        "functions are expected by trigger, and 'auth' is none",
        "a function's name goes inside: viewer-request: {function: auth}",
        id="a function's name for a trigger",
    ),
    pytest.param(
        "expect: {cache: {a: fresh}}", "the cache is asked by path, and 'a' is none", "write /a", id="no path"
    ),
    pytest.param(
        "expect: {cache: {/a: fressh}}",
        "/a can't be 'fressh': it is one of fresh, stale, stored, absent",
        "did you mean fresh?",
        id="a state",
    ),
    pytest.param(
        "origins: {sit: untouched}",
        "the distribution has no origin 'sit'",
        "did you mean site?",
        id="an origin with a slip",
    ),
    pytest.param(
        "expect: {origins: {bucket: {times: 1}}}",
        "the distribution has no origin 'bucket'",
        "there is site",
        id="an origin that is not there",
    ),
    pytest.param(
        "origin: false", "an origin can't be 'false'", "where it must not be asked, write untouched", id="no origin"
    ),
    pytest.param(
        "origin: not called",
        "there is no folder 'not called' that could play an origin",
        "where it must not be asked, write untouched; for a body write {body: …}",
        id="an origin in words",
    ),
    pytest.param(
        "expect: {cache: {/a: hit}}",
        "/a can't be 'hit': it is one of fresh, stale, stored, absent",
        "write fresh",
        id="a state by another name",
    ),
    pytest.param(
        "expect: {functions: {viewer-request: threw}}",
        "viewer-request can't be 'threw': it is one of ran, not run, passed, changed, generated, failed, rejected",
        "write failed",
        id="an outcome by another name",
    ),
    pytest.param("viewer: {contry: DE}", "a viewer has no setting 'contry'", "did you mean country?", id="a viewer"),
    pytest.param(
        "viewer: {country: Germany}",
        "viewer country is 'Germany'",
        "two letters by ISO 3166, such as DE or US",
        id="a country",
    ),
    pytest.param(
        "origin: {status: 200}",
        "an origin of a step has no key 'status'",
        "write answers: 200",
        id="a status of an origin",
    ),
    pytest.param(
        "origin: {fails: reset, answers: 200}",
        "an origin that fails has no answers",
        "leave one of them out; a body that breaks off is written truncate: 3",
        id="an answer that fails",
    ),
    pytest.param(
        "origin: {/a: {body: b}, answers: 200}",
        "'answers' stands among paths: an origin has answers by path, or one for all",
        "put it under a path: '*': {answers: …}",
        id="paths and an answer",
    ),
    pytest.param(
        "origin: {times: 1, receives: [{path: /a}, {path: /b}]}",
        "receives has 2 requests, and times says that there are 1",
        "",
        id="more received than asked",
    ),
    pytest.param("headers: {x: }", "x must be a text, not nothing", "for an empty text write ''", id="no value"),
    pytest.param(
        "body: {a: 1}", "body must be a text, not a mapping", "write json: for a structure", id="a structure to send"
    ),
    pytest.param("size: 3\nbody: a", "the body is said twice: by body and by size", "leave one", id="two bodies"),
    pytest.param(
        "capture: {a: {headr: x}}", "a capture has no key 'headr'", "did you mean header?", id="a capture's source"
    ),
    pytest.param("sleep: 3", "a request has no key 'sleep'", "write a step of its own: - advance: 61s", id="sleep"),
]


@pytest.mark.parametrize(("written", "message", "hint"), IN_A_STEP)
def test_a_mistake_in_a_request(written, message, hint):
    lines = "".join(f"  {line}\n" for line in written.splitlines())
    assert (message, hint) in [(one, other) for _, one, other in told(f"{HEAD}- get: /a\n{lines}")]


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        pytest.param(
            "- get: /a\n  advance: 3s",
            "a step does one thing, and this one has get and advance",
            "begin another step: - advance: …",
            id="two verbs",
        ),
        pytest.param("- get /a", "a step is a mapping, not the text 'get /a'", "write - get: /a", id="no colon"),
        pytest.param(
            "- advnace: 1s", "a step has no verb: nothing says what happens", "did you mean advance?", id="a slip"
        ),
        pytest.param(
            "- get: a.css",
            "a request is for a path, which begins with a slash, not for 'a.css'",
            "write /a.css",
            id="slash",
        ),
        pytest.param(
            "- get: https://a.example.com/b",
            "a request is for a path, which begins with a slash, not for 'https://a.example.com/b'",
            "write /b, and host: a.example.com where it matters",
            id="a URL",
        ),
        pytest.param(
            "- advance: soon",
            "advance must be a span of time, not 'soon'",
            "write 500ms, 61s, 5m, 1h30m, 2d, or a number of seconds",
            id="a duration",
        ),
        pytest.param(
            "- advance: 3s\n  expect: {status: 200}",
            "advance has no key 'expect'",
            "expectations of the cache are a step of their own: - expect: {cache: …}",
            id="expect after advance",
        ),
        pytest.param(
            "- expect: {status: 200}",
            "an expect by itself has no key 'status'",
            "there is no request here that it could be about: it belongs to the expect of a request",
            id="expect without a request",
        ),
        pytest.param("- invalidate: a", "'a' does not start with /: try '/a'", "", id="a path without its slash"),
        pytest.param(
            "- invalidate: '#a b'",
            "the tag '#a b' has a character that no tag has: they are visible ASCII without the comma",
            "",
            id="no tag",
        ),
        pytest.param(
            "- repeat: 3", "there is nothing to repeat", "write steps: beside it, or a request: get: /a", id="repeat"
        ),
        pytest.param("- set: {site: 503}", "an origin can't be '503'", "write {answers: 503}", id="a bare status"),
        pytest.param(
            "- get: /${token}",
            "no earlier step captures 'token'",
            "capture it, or write $${ for a plain ${",
            id="capture",
        ),
        pytest.param(
            "- {get: /, capture: {token: body}}\n- get: /\n  headers: {x: 'a ${tokn}'}",
            "no earlier step captures 'tokn'",
            "did you mean token?",
            id="a capture with a slip",
        ),
        pytest.param(
            "- get: /\n  capture: {me: body}\n  headers: {x: '${me}'}",
            "no earlier step captures 'me'",
            "capture it, or write $${ for a plain ${",
            id="a capture of the step itself",
        ),
        pytest.param(
            "- parallel:\n    - {get: /a, capture: {a: body}}\n    - get: /${a}",
            "no earlier step captures 'a'",
            "capture it, or write $${ for a plain ${",
            id="a capture of a request beside it",
        ),
        pytest.param(
            "- deploy: {origins: {}}",
            "deploy has no key 'origins'",
            "what origins answer is changed by a step of its own: - set: {site: {answers: 503}}",
            id="deploy origins",
        ),
        pytest.param(
            "- parallel: [{advance: 1s}]",
            "parallel has requests, barriers and invalidations, and advance is none of these",
            "let time pass at a barrier: - barrier: 1s",
            id="time in parallel",
        ),
        pytest.param(
            "- parallel: [{get: /a}, {set: {site: {answers: 503}}}]",
            "parallel has requests, barriers and invalidations, and set is none of these",
            "make it a step of its own, before or after parallel",
            id="another step in parallel",
        ),
        pytest.param(
            "- parallel: [{get: /a}, {expect: {cache: {/a: fresh}}}]",
            "parallel has requests, barriers and invalidations, and expect is none of these",
            "put it into a request, or beside parallel for all of them",
            id="an expect in parallel",
        ),
        pytest.param(
            "- parallel:\n    - get: /a\n    - barrier",
            "an item of parallel is a mapping, not the text 'barrier'",
            "write - barrier: waiting",
            id="a barrier without what for",
        ),
        pytest.param(
            "- barrier",
            "a barrier stands among the requests of parallel",
            "write - parallel: [{get: /a}, {barrier: waiting}, {get: /a}]",
            id="a barrier by itself",
        ),
        pytest.param(
            "- barrier: done",
            "a barrier stands among the requests of parallel",
            "write - parallel: [{get: /a}, {barrier: waiting}, {get: /a}]",
            id="a barrier as a step",
        ),
        pytest.param("- /a", "a step is a mapping, not the text '/a'", "write - get: /a", id="a path alone"),
        pytest.param(
            "- invalidte", "a step is a mapping, not the text 'invalidte'", "write - invalidate: /a*", id="a verb alone"
        ),
        pytest.param(
            "- expcet: {}", "a step has no verb: nothing says what happens", "did you mean expect?", id="slip"
        ),
    ],
)
def test_a_mistake_in_a_step(written, message, hint):
    assert (message, hint) in [(one, other) for _, one, other in told(f"{HEAD}{written}\n")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "distribution: {}\n",
            [
                (1, "this scenario has no title", "write title: what it shows"),
                (1, "this scenario has no steps", "write steps:, and under it - get: /"),
            ],
            id="neither title nor steps",
        ),
        pytest.param(
            "title: t\nexpect: {status: 200}\nsteps: [{get: /}]\n",
            [(2, "a scenario has no key 'expect'", "it belongs to a step")],
            id="expect beside the steps",
        ),
        pytest.param(
            "- get: /\n",
            [
                (
                    1,
                    "a scenario is a mapping of keys and values, not a list",
                    "put the list under steps:, beside title:; several scenarios stand under scenarios:",
                )
            ],
            id="steps alone",
        ),
        pytest.param(
            "- {title: a, steps: [{get: /}]}\n- {title: b, steps: [{get: /}]}\n",
            [(1, "a scenario is a mapping of keys and values, not a list", "put the list under scenarios:")],
            id="scenarios alone",
        ),
        pytest.param(
            "title: t\ndistribution: {viewer-request: [a, b], origin-request: {name: a}}\nsteps: [{get: /}]\n",
            [
                (2, "one function runs at a trigger, and here is a list", "write the name alone"),
                (2, "a trigger has no key 'name'", "write function"),
                (2, "which function is not said", "write {function: NAME}"),
            ],
            id="triggers",
        ),
        pytest.param(
            "title: t\nsteps:\n\t- get: /\n",
            [(3, "YAML is indented with spaces, and here is a tab", "replace the tab by two spaces")],
            id="tabs",
        ),
        pytest.param(
            "title: t\nsteps: [{get: /}]\nevidence: maybe so\nat: now\nenvironments: cold\n",
            [
                (
                    3,
                    "evidence can't begin with 'maybe': one of documented, observed, inferred, and the source after it",
                    "",
                ),
                (4, "at must be a point in time, not 'now'", "write 2026-01-01T00:00:00Z"),
                (5, "environments can't be 'cold': it is one of fresh, warm", ""),
            ],
            id="several at once",
        ),
        pytest.param(
            "title: t\naws-endpoints: {s3: here}\nsteps: [{get: /}]\n",
            [(2, "'here' is no endpoint", "write s3=http://localhost:8000, with http or https")],
            id="an endpoint that is none",
        ),
        pytest.param(
            "title: t\nneeds: sandbx\npackage-size: large\nsteps: [{deploy: {refused: no}}]\n",
            [
                (2, "needs can't be 'sandbx': it is one of sandbox", "did you mean sandbox?"),
                (3, "package-size must be a size, not 'large'", "write 300, 40KB or 1.5MB"),
                (4, "this deploys nothing", "write deploy: {functions: {auth: PATH}}, or distribution:"),
            ],
            id="an account that is none",
        ),
        pytest.param(
            "scenarios:\n- {title: a, steps: [{get: /}]}\n- {title: a, steps: [{get: /}]}\n",
            [(3, "the scenario in line 2 has this title too", "say what is different about this one")],
            id="two scenarios of one title",
        ),
        pytest.param(
            "functions: {f: none.js}\nscenarios:\n- {title: a, steps: [{get: /}]}\n- {title: b, steps: [{get: /}]}\n",
            [(1, "there is no none.js", f"paths begin in the scenario's folder, {Path().absolute()}")],
            id="a shared mistake is told once",
        ),
    ],
)
def test_a_mistake_in_a_file(text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            "site.yaml",
            "Resources:\n  Auth: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref F}}\n",
            (
                "this is a CloudFormation or SAM template, and no scenario",
                "a scenario names it, distribution: site.yaml; `edgesim check site.yaml` says whether it is sound",
            ),
            id="a template",
        ),
        pytest.param(
            "dist.json",
            '{"ETag": "E", "DistributionConfig": {}}',
            (
                "this is a distribution as the AWS CLI prints it, and no scenario",
                "a scenario names it, distribution: dist.json; `edgesim check dist.json` says whether it is sound",
            ),
            id="what the AWS CLI prints",
        ),
        pytest.param(
            "capture.har",
            '{"log": {"version": "1.2", "entries": []}}',
            ("this is a HAR file, and no scenario", "`edgesim record capture.har` makes a scenario of it"),
            id="a HAR file",
        ),
        pytest.param(
            "auth.mjs",
            "export const handler = async () => {}",
            (
                "this is a function, and no scenario",
                "a scenario names it, functions: {NAME: auth.mjs}; edgesim invoke runs one once",
            ),
            id="a function",
        ),
    ],
)
def test_what_is_another_kind_of_file_is_told_to_be_that_and_nothing_else(name, text, expected):
    assert [(message, hint) for _, message, hint in told(text, Path(name))] == [expected]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("../tmpl.yaml", "did you mean ../template.yaml?"),
        ("template.yaml", "paths begin in the scenario's folder, {folder}; there is ../template.yaml"),
        ("nothing.txt", "paths begin in the scenario's folder, {folder}"),
    ],
)
def test_a_path_that_leads_nowhere_is_mended_with_its_folder(tmp_path, written, hint):
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (tmp_path / "template.yaml").write_text("")
    text = f"title: t\ndistribution: {written}\nsteps: [{{get: /}}]\n"
    [problem] = load_text(text, folder / "a.scenario.yaml").problems
    assert (problem.message, problem.hint) == (f"there is no {written}", hint.format(folder=folder))


def test_a_template_in_a_scenario_is_none_by_itself():
    problems = load_text("title: t\nResources: {}\nsteps: [{get: /}]\n", FILE).problems
    assert [problem.message for problem in problems] == ["a scenario has no key 'Resources'"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("index.js", None),
        ("code", "there is no code"),
        ("folder", "has no index.js, app.py or the like"),
        ("page.html", "page.html can't run: edgesim runs .js, .mjs, .cjs and .py files, and .zip"),
    ],
)
def test_functions_are_where_they_are_said_to_be(tmp_path, name, message):
    (tmp_path / "index.js").write_text("")
    (tmp_path / "page.html").write_text("")
    (tmp_path / "folder").mkdir()
    text = f"title: t\nfunctions: {{f: {name}}}\ndistribution: {{viewer-request: f}}\nsteps: [{{get: /}}]\n"
    problems = load_text(text, tmp_path / "a.scenario.yaml").problems
    assert bool(problems) is (message is not None)
    assert all(message in problem.message and problem.line == 2 for problem in problems)


def test_a_path_with_a_slip_gets_the_name_beside_it(tmp_path):
    (tmp_path / "auth.mjs").write_text("")
    problems = told("title: t\nfunctions: {f: auth.js:handler}\nsteps: [{get: /}]\n", tmp_path / "a.scenario.yaml")
    assert problems == [(2, "there is no auth.js", "did you mean auth.mjs?")]


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        (
            "{handler: index.handler}",
            "this function has no code",
            "write one of code: PATH[:HANDLER], node: |, python: |",
        ),
        ("{node: a, python: b}", "the code is said twice: by node and by python", None),
        ("{node: a, runtime: python3.13}", "python3.13 does not run node", "leave it out"),
        ("{node: a, runtime: nodejs22}", "there is no runtime 'nodejs22'", "did you mean nodejs22.x?"),
        ("{node: a, timeout: 0}", "a function's timeout is from 1 to 900 seconds, not '0'", ""),
        ("{node: a, memory: 1GB}", "a function's memory is from 128 to 10240 MB, not '1GB'", ""),
        ("{node: ''}", "there is no code here", None),
        ("{js: a}", "a function has no key 'js'", "write node: |"),
    ],
)
def test_a_mistake_in_a_function(written, message, hint):
    text = f"title: t\nfunctions: {{f: {written}}}\nsteps: [{{get: /}}]\n"
    found = told(text)
    assert (2, message) in [(line, one) for line, one, _ in found]
    assert hint is None or hint in [other for _, _, other in found]


PASSES = "{node: 'exports.handler = async (event) => event.Records[0].cf.request'}"
WITH_AUTH = f"title: t\nfunctions: {{auth: {PASSES}}}\ndistribution: {{viewer-request: auth}}\nsteps:\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            f"{WITH_AUTH}- deploy: {{functions: {{autth: {PASSES}}}}}\n",
            (5, "no behavior runs the function 'autth'", "did you mean auth?"),
            id="a deployed one with a slip",
        ),
        pytest.param(
            f"{HEAD}- deploy: {{functions: {{auth: {PASSES}}}}}\n",
            (
                3,
                "no behavior runs the function 'auth'",
                "write distribution: {viewer-request: auth}, or another trigger",
            ),
            id="a deployed one without a place",
        ),
        pytest.param(
            f"title: t\nfunctions:\n  auth: {PASSES}\nsteps: [{{get: /}}]\n",
            (
                3,
                "no behavior runs the function 'auth'",
                "write distribution: {viewer-request: auth}, or another trigger",
            ),
            id="one without a trigger",
        ),
        pytest.param(
            f"{WITH_AUTH}- deploy: {{distribution: {{viewer-request: auht}}}}\n",
            (5, "there is no function 'auht'", "did you mean auth?"),
            id="a trigger of one that there is not",
        ),
    ],
)
def test_a_function_that_nothing_runs_is_a_mistake(text, expected):
    assert told(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{WITH_AUTH}- deploy: {{functions: {{auth: {PASSES}}}}}\n", id="new code"),
        pytest.param(
            f"{HEAD}- deploy: {{functions: {{f: {PASSES}}}, distribution: {{origin-request: f}}}}\n",
            id="with its place",
        ),
        pytest.param(
            f"title: t\nfunctions: {{f: {PASSES}}}\nsteps: [{{deploy: {{distribution: {{viewer-request: f}}}}}}]\n",
            id="a place that comes later",
        ),
        pytest.param(
            f"functions: {{f: {PASSES}}}\nscenarios:\n- {{title: a, steps: [{{get: /}}]}}\n", id="of a whole file"
        ),
    ],
)
def test_a_function_that_may_be_run_is_none(text):
    assert load_text(text, FILE).problems == ()


def test_mistakes_of_functions_origins_and_steps_are_told_together():
    text = (
        "title: t\n"
        "functions: {fn: {nod: x}}\n"
        "distribution: {viewer-request: fn, cache-policy: Nope, origins: {web: a.b}}\n"
        "origins: {wbe: {answers: 200}}\n"
        "steps:\n"
        "- {get: /, sign: {kye: x}}\n"
        "- {get: /, origins: {site: untouched}}\n"
        "- {get: /, expect: {statsu: 200}}\n"
    )
    assert [(line, message) for line, message, _ in told(text)] == [
        (2, "a function has no key 'nod'"),
        (3, "there is no managed cache policy 'Nope'"),
        (4, "the distribution has no origin 'wbe'"),
        (6, "sign has no key 'kye'"),
        (7, "the distribution has no origin 'site'"),
        (8, "expect has no key 'statsu'"),
    ]


def test_a_key_with_a_slip_is_one_mistake_and_not_one_that_is_missing_too():
    assert told("titel: t\nsteps: [{get: /}]\n") == [(1, "a scenario has no key 'titel'", "did you mean title?")]
    assert told("title: t\nstepz: []\n") == [(2, "a scenario has no key 'stepz'", "did you mean steps?")]


@pytest.mark.parametrize("distribution", ["nowhere.yaml", "{origins: [web]}", "{Resources: {}}"])
def test_where_no_origin_is_known_nothing_is_said_of_them(distribution):
    text = f"title: t\ndistribution: {distribution}\nsteps: [{{get: /, origins: {{site: untouched}}}}]\n"
    assert not any("no origin" in message for _, message, _ in told(text))
