"""What is deployed: distributions from files, and those that are written in short."""

import json
import os
from pathlib import Path

import pytest

from edgesim.distribution.choices import Choices, EmptyBody, HeaderKey, Tls13
from edgesim.distribution.limits import Edition
from edgesim.distribution.model import GET_HEAD_OPTIONS, OriginProtocolPolicy, S3Access, Trigger, ViewerProtocolPolicy
from edgesim.distribution.policies import ALL, NONE, Selection, Selects, listed
from edgesim.distribution.response_headers import EVERY_METHOD, Cors, PolicyHeader, ResponseHeadersPolicy
from edgesim.distribution.terms import Terms
from edgesim.scenario.language.load import load_setting, load_text

FILE = Path("a.scenario.yaml")
NODE = "{node: 'exports.handler = async () => null'}"
TEMPLATE = """
Parameters: {Stage: {Type: String, Default: one}}
Resources:
  Auth:
    Type: AWS::Lambda::Function
    Properties: {Handler: index.handler, Runtime: nodejs20.x, Timeout: 5, Code: {ZipFile: 'exports.handler = 1'}}
  AuthVersion: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Auth}}
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Comment: !Ref Stage
        Origins: [{Id: site, DomainName: a.example.com, CustomOriginConfig: {OriginProtocolPolicy: https-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
          LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref AuthVersion}]
"""


def load(distribution, more="", path=FILE):
    body = "".join(f"  {line}\n" for line in distribution.strip().splitlines())
    return load_text(f"title: t\n{more}distribution:\n{body}steps: [{{get: /}}]\n", path)


def deployed(distribution, more="", path=FILE):
    found = load(distribution, more, path)
    assert [str(problem) for problem in found.problems] == []
    return found.scenarios[0].setting.distributions[0]


def told(distribution, more=""):
    return [(problem.line, problem.at, problem.message, problem.hint) for problem in load(distribution, more).problems]


# ── in short ─────────────────────────────────────────────────────────────────


def test_a_distribution_with_everything():
    found = deployed(
        """
default-root-object: index.html
aliases: [www.example.com]
enabled: false
comment: hello
origins:
  site: site.example.com
  assets: {domain: assets.s3.eu-central-1.amazonaws.com, s3: true, path: /v1, headers: {x-secret: s}}
  api: {protocol: https-only, http-port: 8080, https-port: 8443, read-timeout: 1m, keepalive-timeout: 7,
        connection-attempts: 2, connection-timeout: 3s}
error-responses: {404: {page: /errors/404.html, status: 200, min-ttl: 10s}}
viewer-request: f
protocol: redirect-to-https
behaviors:
  - {path: /api/*, origin: api, cache-policy: Managed-CachingDisabled, origin-request-policy: AllViewer,
     methods: [get, HEAD, OPTIONS], cached-methods: [GET, HEAD, OPTIONS], protocol: https-only,
     origin-request: {function: f, include-body: true}}
  - path: /old/*
    forwarded-values: {query-string: true, query-string-keys: [a], headers: [x], cookies: [c], max-ttl: 1h}
""",
        f"functions: {{f: {NODE}}}\n",
    )
    assert (found.default_root_object, found.aliases, found.enabled) == ("index.html", ("www.example.com",), False)
    assert (found.comment, found.error_responses[404].page_path) == ("hello", "/errors/404.html")
    assert (found.error_responses[404].response_code, found.error_responses[404].caching_min_ttl) == (200, 10)
    site, assets, api = found.origins.values()
    assert (site.domain_name, site.protocol_policy) == ("site.example.com", OriginProtocolPolicy.MATCH_VIEWER)
    assert (assets.s3, assets.path) == (S3Access("", "eu-central-1"), "/v1")
    assert assets.custom_headers == (("x-secret", "s"),)
    assert (api.domain_name, api.http_port, api.https_port) == ("api.example.com", 8080, 8443)
    assert (api.read_timeout, api.keepalive_timeout, api.connection_attempts, api.connection_timeout) == (60, 7, 2, 3)
    first, second, default = found.behaviors
    assert (first.path_pattern, first.target_origin_id, first.cache_policy.name) == (
        "/api/*", "api", "Managed-CachingDisabled",
    )  # fmt: skip
    assert first.origin_request_policy.name == "Managed-AllViewer"
    assert (first.allowed_methods, first.cached_methods) == (GET_HEAD_OPTIONS, GET_HEAD_OPTIONS)
    assert first.viewer_protocol_policy is ViewerProtocolPolicy.HTTPS_ONLY
    assert first.associations[Trigger.ORIGIN_REQUEST].include_body
    assert second.forwarded_values.query_string_cache_keys == ("a",)
    assert (second.cache_policy.max_ttl, second.cache_policy.cookies) == (3600, listed("c"))
    assert (default.path_pattern, default.viewer_protocol_policy) == ("*", ViewerProtocolPolicy.REDIRECT_TO_HTTPS)
    assert default.associations[Trigger.VIEWER_REQUEST].function.name == "f"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{}", (0, 86_400, 31_536_000, NONE, NONE, NONE, False, False)),
        ("{min-ttl: 1, default-ttl: 1d, max-ttl: 1y}", (1, 86_400, 31_536_000, NONE, NONE, NONE, False, False)),
        ("{max-ttl: 60s}", (0, 60, 60, NONE, NONE, NONE, False, False)),
        (
            "{headers: [X, Y], cookies: all, query-strings: {all-except: [a]}, accept-encoding: [gzip, br]}",
            (0, 86_400, 31_536_000, listed("X", "Y"), ALL, Selection(Selects.ALL_EXCEPT, ("a",)), True, True),
        ),
        (
            "{headers: none, cookies: [a], query-strings: [], accept-encoding: gzip}",
            (0, 86_400, 31_536_000, NONE, listed("a"), NONE, True, False),
        ),
    ],
)
def test_cache_policies(written, expected):
    policy = deployed(f"cache-policy: {written}").behaviors[0].cache_policy
    found = (
        policy.min_ttl, policy.default_ttl, policy.max_ttl, policy.headers, policy.cookies, policy.query_strings,
        policy.gzip, policy.brotli,
    )  # fmt: skip
    assert found == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("all-viewer", Selection(Selects.ALL_VIEWER)),
        ("{all-viewer-and: [CloudFront-Viewer-Country]}",
         Selection(Selects.ALL_VIEWER_AND_CLOUDFRONT, ("CloudFront-Viewer-Country",))),
        ("{all-except: [Host]}", Selection(Selects.ALL_EXCEPT, ("Host",))),
        ("[Accept]", listed("Accept")),
    ],
)  # fmt: skip
def test_headers_of_origin_request_policies(written, expected):
    found = deployed(f"origin-request-policy: {{headers: {written}}}").behaviors[0]
    assert found.origin_request_policy.headers == expected


@pytest.mark.parametrize(
    "written",
    ["CachingOptimized", "cachingoptimized", "Managed-CachingOptimized", "658327ea-f89d-4fab-a63d-7e88639e58f6"],
)
def test_managed_policies_have_names_and_ids(written):
    found = deployed(f"cache-policy: {written}").behaviors[0].cache_policy
    assert found.name == "Managed-CachingOptimized"


def test_the_default_behavior_may_be_the_last_of_the_behaviors():
    found = deployed("behaviors: [{path: /a, protocol: https-only}, {path: '*', cache-policy: CachingDisabled}]")
    assert [behavior.path_pattern for behavior in found.behaviors] == ["/a", "*"]
    assert not found.behaviors[1].cache_policy.caches


def test_a_response_headers_policy():
    found = (
        deployed("""
response-headers-policy:
  cors: {origins: https://a.example, credentials: true, headers: X-A, methods: [GET, PUT], max-age: 10m, override: true}
  security:
    strict-transport-security: max-age=60; includeSubDomains; preload
    x-xss-protection: {value: 1; report=/xss, override: true}
    x-content-type-options: nosniff
    content-security-policy: default-src 'self'
    referrer-policy: origin
    x-frame-options: DENY
  headers: {x-a: 1, x-b: {value: '', override: true}}
  remove: server
  server-timing: 12.5
""")
        .behaviors[0]
        .response_headers_policy
    )
    assert found == ResponseHeadersPolicy(
        "inline *",
        "inline",
        Cors(("https://a.example",), ("X-A",), ("GET", "PUT"), (), allow_credentials=True, max_age=600, override=True),
        (
            PolicyHeader("X-XSS-Protection", "1; report=/xss", override=True),
            PolicyHeader("X-Frame-Options", "DENY"),
            PolicyHeader("Referrer-Policy", "origin"),
            PolicyHeader("Content-Security-Policy", "default-src 'self'"),
            PolicyHeader("X-Content-Type-Options", "nosniff"),
            PolicyHeader("Strict-Transport-Security", "max-age=60; includeSubDomains; preload"),
            PolicyHeader("x-a", "1"),
            PolicyHeader("x-b", "", override=True),
        ),
        ("server",),
        12.5,
    )


def test_cors_of_origins_alone_allows_every_header_and_method():
    cors = deployed("response-headers-policy: {cors: {origins: ['*']}}").behaviors[0].response_headers_policy.cors
    assert cors == Cors(("*",), ("*",), EVERY_METHOD)


@pytest.mark.parametrize("written", ["SimpleCORS", "Managed-SimpleCORS", "60669652-455b-4ae9-85a4-c4c02393f86c"])
def test_managed_response_headers_policies_by_name_and_id(written):
    found = deployed(f"response-headers-policy: {written}").behaviors[0].response_headers_policy
    assert found.name == "Managed-SimpleCORS"


@pytest.mark.parametrize(
    ("written", "line", "at", "message", "hint"),
    [
        pytest.param(
            "origins: {site: a.example.com}\norigin: sit", 4, "distribution.origin",
            "One or more of your origins or origin groups do not exist. There is no 'sit'.", "did you mean site?",
            id="an origin",
        ),
        pytest.param(
            "cache-policy: CachingOptimised", 3, "distribution.cache-policy",
            "there is no managed cache policy 'CachingOptimised'", "did you mean CachingOptimized?", id="a policy",
        ),
        pytest.param(
            "cache-policy:\n  min-ttl: 10\n  max-ttl: 5", 5, "distribution.cache-policy.max-ttl",
            "MinTTL, MaxTTL and DefaultTTL should follow order MinTTL less than or equal to DefaultTTL less than or "
            "equal to MaxTTL. Here MinTTL is 10, MaxTTL is 5.", "", id="TTLs out of order",
        ),
        pytest.param(
            "max-ttl: 3", 3, "distribution.max-ttl", "a distribution has no key 'max-ttl'",
            "TTLs belong into cache-policy: {…}", id="a TTL outside",
        ),
        pytest.param(
            "cache-policy: {cookies: some}", 3, "distribution.cache-policy.cookies",
            "cookies can't be 'some': it is none, all, a list of names or {all-except: [..]}", "write [some]",
            id="cookies",
        ),
        pytest.param(
            "response-headers-policy: SimpleCors2", 3, "distribution.response-headers-policy",
            "there is no managed response headers policy 'SimpleCors2'", "did you mean SimpleCORS?", id="managed",
        ),
        pytest.param(
            "response-headers-policy:\n  cors: {methods: [GET]}", 4, "distribution.response-headers-policy.cors",
            "cors has no origins", "write origins: ['*'], or [https://www.example.org]", id="CORS for nobody",
        ),
        pytest.param(
            "response-headers-policy:\n  security: {x-frame-options: ALLOW}", 4,
            "distribution.response-headers-policy.security.x-frame-options",
            "'ALLOW' is not a valid FrameOption: it is one of DENY, SAMEORIGIN", "", id="a security header",
        ),
        pytest.param(
            "response-headers-policy:\n  security: {strict-transport-security: 1y}", 4,
            "distribution.response-headers-policy.security.strict-transport-security", "'1y' can't be set",
            "write max-age=31536000; includeSubDomains; preload", id="HSTS",
        ),
        pytest.param(
            "response-headers-policy:\n  security: {x-xss-protection: yes}", 4,
            "distribution.response-headers-policy.security.x-xss-protection", "'yes' can't be set",
            "write 0, 1, 1; mode=block or 1; report=URI", id="XSS protection",
        ),
        pytest.param(
            "response-headers-policy:\n  security: {x-content-type-options: sniff}", 4,
            "distribution.response-headers-policy.security.x-content-type-options", "'sniff' can't be set",
            "write nosniff", id="sniffing",
        ),
        pytest.param(
            "response-headers-policy:\n  headers: {x-a: {override: true}}", 4,
            "distribution.response-headers-policy.headers.x-a", "this header has no value",
            "write its value alone, or {value: …, override: true}", id="a header without a value",
        ),
        pytest.param(
            "response-headers-policy:\n  remove: [server, via]", 4, "distribution.response-headers-policy.remove[1]",
            "The parameter RemoveHeaders contains via that is not allowed.", "", id="a header that can't go",
        ),
        pytest.param(
            "response-headers-policy:\n  server-timing: yes", 4, "distribution.response-headers-policy.server-timing",
            "server-timing must be a number, not 'yes'", "write the share in percent: 100", id="a sampling rate",
        ),
        pytest.param(
            "viewer-request: auht", 3, "distribution.viewer-request", "there is no function 'auht'",
            "did you mean auth?", id="a function with a slip",
        ),
        pytest.param(
            "viewer-request: other", 3, "distribution.viewer-request", "there is no function 'other'",
            "define it: functions: {other: PATH[:HANDLER]}", id="a function that is nowhere",
        ),
        pytest.param(
            "origin-response: {function: auth, include-body: true}", 3, "distribution.origin-response.include-body",
            "IncludeBody can't be true for origin-response: only request events have a body", "", id="a body",
        ),
        pytest.param(
            "protocol: allow_all", 3, "distribution.protocol",
            "'allow_all' is not a valid ViewerProtocolPolicy: it is one of allow-all, https-only, redirect-to-https",
            "did you mean allow-all?", id="a protocol",
        ),
        pytest.param(
            "behaviors: [{path: '*'}, {path: /a}]", 3, "distribution.behaviors[0]",
            "the behavior of path '*' fits everything, so it must be the last one", "", id="the default behavior first",
        ),
        pytest.param(
            "protocol: https-only\nbehaviors: [{path: '*'}]", 3, "distribution.protocol",
            "protocol is that of the default behavior, and behaviors has this one as path '*' too",
            "say it in one of the two places", id="the default behavior twice",
        ),
        pytest.param(
            "behaviors: [{origin: site}]", 3, "distribution.behaviors[0]", "this behavior has no path",
            "write path: /api/*, or path: '*' for all the rest", id="no path",
        ),
        pytest.param(
            "origins: {site: {domain: a.example.com, answers: 200}}", 3, "distribution.origins.site.answers",
            "an origin has no key 'answers'", "what it answers stands in the scenario's own origins", id="an answer",
        ),
        pytest.param(
            "origins: {site: {s3: true, protocol: https-only}}", 3, "distribution.origins.site.protocol",
            "an S3 origin has no protocol", "leave it out, or s3: true", id="a bucket with a protocol",
        ),
        pytest.param(
            "default-root-object: /index.html", 3, "distribution.default-root-object",
            "DefaultRootObject must not begin with a slash", "write index.html", id="what CloudFront checks",
        ),
        pytest.param(
            "staging: {}", 3, "distribution.staging", "viewers get to staging by a header or by weight",
            "write {header: {aws-cf-cd-new: 'true'}}, or {weight: 0.1}", id="nobody gets to staging",
        ),
        pytest.param(
            "staging: {header: {aws-cf-cd-new: 'true'}, sessions: {idle: 5m, maximum: 1h}}", 3,
            "distribution.staging.sessions", "there are sessions by weight alone", "leave them out",
            id="sessions by header",
        ),
        pytest.param(
            "staging: {header: {x-new: 'true'}}", 3, "distribution.staging.header.x-new",
            "the header's name must begin with aws-cf-cd-", "write aws-cf-cd-x-new", id="the header to staging",
        ),
        pytest.param(
            "staging: {weight: 0.2}", 3, "distribution.staging.weight",
            "Weight may be 0.15 at most, which is 15% of the traffic", "", id="too much to staging",
        ),
        pytest.param(
            "staging: {weight: much}", 3, "distribution.staging.weight", "Weight must be a number, not 'much'", "",
            id="a weight that is none",
        ),
        pytest.param(
            "staging: {weight: 0.1, distribution: {default-root-object: /index.html}}", 3,
            "distribution.staging.distribution.default-root-object", "DefaultRootObject must not begin with a slash",
            "write index.html", id="what CloudFront checks of staging",
        ),
        pytest.param(
            "protocol: https\nstaging: {weight: 0.1}", 3, "distribution.protocol",
            "'https' is not a valid ViewerProtocolPolicy: it is one of allow-all, https-only, redirect-to-https",
            "", id="what is wrong in both is told once",
        ),
        pytest.param(
            "staging: {weight: 0.1, distribution: {staging: {weight: 0.1}}}", 3,
            "distribution.staging.distribution.staging", "a staging distribution has none beside it", "",
            id="staging of staging",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_its_place(written, line, at, message, hint):
    found = load(written, f"functions: {{auth: {NODE}}}\n").problems
    assert [(problem.line, problem.at, problem.message, problem.hint) for problem in found] == [
        (line + 1, at, message, hint)
    ]


def test_what_is_wrong_in_short_does_not_hide_what_cloudfront_would_refuse():
    found = told("hedaers: 1\ndefault-root-object: /a\ncache-policy: Nothing")
    assert [at for _, at, _, _ in found] == [
        "distribution.hedaers", "distribution.default-root-object", "distribution.cache-policy",
    ]  # fmt: skip


# ── templates ────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path


def from_template(folder, more=""):
    return load_text(f"title: t\ndistribution: template.yaml\n{more}steps: [{{get: /}}]\n", folder / "a.scenario.yaml")


def function_of(found):
    assert [str(problem) for problem in found.problems] == []
    (distribution,) = found.scenarios[0].setting.distributions
    return distribution.behaviors[0].associations[Trigger.VIEWER_REQUEST].function


def test_a_template_is_loaded_with_its_parameters(folder):
    found = from_template(folder, "parameters: {Stage: 060}\n")
    assert function_of(found).code.inline == "exports.handler = 1"
    assert found.scenarios[0].setting.distributions[0].comment == "060"
    assert [Path(file).name for file in found.files] == ["a.scenario.yaml", "template.yaml"]


@pytest.mark.parametrize("name", [".", "template.yaml"])
def test_a_source_is_what_serve_takes(folder, name):
    found = load_text(f"title: t\ndistribution: {name}\nsteps: [{{get: /}}]\n", folder / "a.scenario.yaml")
    assert function_of(found).name == "Auth"


def test_functions_replace_a_templates_code_and_keep_its_settings(folder):
    found = function_of(from_template(folder, "functions: {Auth: {node: exports.handler = 2}}\n"))
    assert (found.code.inline, found.runtime, found.timeout) == ("exports.handler = 2", "nodejs20.x", 5)


def test_what_a_function_says_itself_counts(folder):
    said = "{node: exports.other = 2, handler: other, runtime: nodejs22.x, timeout: 1s, memory: 256MB, concurrency: 2}"
    found = function_of(from_template(folder, f"functions: {{Auth: {said}}}\n"))
    assert (found.handler, found.runtime) == ("index.other", "nodejs22.x")
    assert (found.timeout, found.memory, found.concurrency) == (1, 256, 2)


def test_a_path_replaces_a_templates_code_as_on_the_command_line(folder):
    (folder / "new.js").write_text("")
    found = function_of(from_template(folder, "functions: {Auth: new.js:main}\n"))
    assert (found.code.path, found.handler, found.runtime) == (str(folder), "new.main", "nodejs20.x")


def test_problems_of_a_template_stand_where_they_are(folder):
    (folder / "template.yaml").write_text(TEMPLATE.replace("TargetOriginId: site", "TargetOriginId: sit"))
    (problem,) = from_template(folder).problems
    assert (Path(problem.file).name, problem.line) == ("template.yaml", 16)


@pytest.mark.parametrize(
    ("more", "message", "hint"),
    [
        ("functions: {Auht: {node: a}}\n", "there is no function Auht", "did you mean Auth?"),
        ("functions: {Other: {node: a}}\n", "there is no function Other", "there is Auth"),
        ("parameters: {Stag: a}\n", "Parameters: [Stag] do not exist in the template", "did you mean Stage?"),
    ],
)
def test_what_a_scenario_says_beside_a_template_is_told_in_the_scenario(folder, more, message, hint):
    (problem,) = from_template(folder, more).problems
    assert (Path(problem.file).name, problem.line) == ("a.scenario.yaml", 3)
    assert (problem.message, problem.hint) == (message, hint)


def test_hints_speak_of_keys_rather_than_of_flags(folder):
    text = TEMPLATE.replace("Code: {ZipFile: 'exports.handler = 1'}", "Code: {S3Bucket: a, S3Key: b}")
    (folder / "template.yaml").write_text(text)
    (problem,) = from_template(folder).problems
    assert problem.hint == "say where it is: functions: {Auth: PATH[:HANDLER]}"


def test_parameters_need_a_template():
    (problem,) = load("comment: a", "parameters: {A: 1}\n").problems
    assert problem.message == "parameters are those of a template, and this distribution is none"


def test_a_template_may_stand_in_the_scenario():
    found = load(TEMPLATE)
    assert function_of(found).timeout == 5
    (problem,) = load(TEMPLATE.replace("Enabled: true", "Enabled: perhaps")).problems
    assert (problem.file, problem.at) == (
        "a.scenario.yaml", "distribution.Resources.Web.Properties.DistributionConfig.Enabled",
    )  # fmt: skip
    assert problem.line == 13


def test_what_the_cli_prints_may_stand_in_the_scenario():
    config = {
        "CallerReference": "a",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [
            {"Id": "site", "DomainName": "a.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}},
        ]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }  # fmt: skip
    assert list(deployed(json.dumps({"DistributionConfig": config})).origins) == ["site"]


def test_many_scenarios_on_one_template_load_it_once(folder):
    first, second = (from_template(folder).scenarios[0].setting.distributions[0] for _ in range(2))
    assert first is second
    (folder / "template.yaml").write_text(TEMPLATE.replace("Timeout: 5", "Timeout: 4"))
    os.utime(folder / "template.yaml", ns=(1, 1))
    assert function_of(from_template(folder)).timeout == 4


def test_other_code_is_another_distribution(folder):
    one = from_template(folder, "functions: {Auth: {node: a}}\n")
    two = from_template(folder, "functions: {Auth: {node: b}}\n")
    assert [function_of(each).code.inline for each in (one, two)] == ["a", "b"]


# ── from Python ──────────────────────────────────────────────────────────────


def test_a_test_in_python_says_the_same(folder):
    said = {"origins": {"site": "a.example.com"}, "viewer-request": "f"}
    setting, problems = load_setting(said, {"f": {"node": "exports.handler = 1"}}, parameters={}, folder=folder)
    assert problems == []
    assert setting.distributions[0].behaviors[0].associations[Trigger.VIEWER_REQUEST].function.name == "f"


@pytest.mark.parametrize("source", ["template.yaml", Path("template.yaml"), None, {}])
def test_a_test_in_python_may_name_a_template_or_nothing(folder, source):
    setting, problems = load_setting(source, {}, parameters={}, folder=folder)
    assert problems == []
    assert list(setting.distributions[0].origins) == ["site"]


def test_mistakes_in_python_are_told_by_their_paths(folder):
    setting, problems = load_setting({"origin": "b", "behaviour": []}, {"f": 3}, parameters={}, folder=folder)
    assert setting.distributions == ()
    assert {problem.at for problem in problems} == {"functions.f", "distribution.behaviour", "distribution.origin"}
    _, [problem] = load_setting({"origin": object()}, {}, parameters={}, folder=folder)
    assert "can't be a object" in problem.message


# ── on which terms ───────────────────────────────────────────────────────────


def test_limits_and_choices_are_the_distributions_terms():
    found = deployed("comment: a", "limits: 2023\nchoices: {header-key: key, tls-1-3: refused}\n")
    assert found.terms == Terms(Edition.OF_2023, Choices(header_key=HeaderKey.KEY, tls_1_3=Tls13.REFUSED))
    assert deployed("comment: a").terms == Terms()


def test_a_template_has_them_too(folder):
    (found,) = from_template(folder, "choices: {header-key: key}\n").scenarios[0].setting.distributions
    assert found.terms.choices.header_key is HeaderKey.KEY


def test_terms_that_there_are_not_are_told_at_their_line():
    assert told("comment: a", "limits: 2022\nchoices:\n  header-kee: key\n  empty-body: [1]\n  tls-1-3: no\n") == [
        (2, "limits", "limits can't be '2022': it is current or 2023", "AWS's guide of now, or of March 2023"),
        (4, "choices.header-kee", "there is no choice 'header-kee'", "did you mean header-key?"),
        (5, "choices.empty-body", "empty-body must be a text, not a list", ""),
        (6, "choices.tls-1-3", "tls-1-3 can't be 'no': it is accepted or refused", ""),
    ]


def test_a_later_deployment_keeps_what_it_does_not_name():
    text = (
        "title: t\nchoices: {header-key: key, empty-body: counted}\nlimits: 2023\n"
        "steps:\n- deploy: {choices: {header-key: refused}}\n- get: /\n"
    )
    (scenario,) = load_text(text, FILE).scenarios
    (distribution,) = scenario.steps[0].setting.distributions
    answers = Choices(header_key=HeaderKey.REFUSED, empty_body=EmptyBody.COUNTED)
    assert distribution.terms == Terms(Edition.OF_2023, answers)


def test_scenarios_of_a_file_share_choices_by_name():
    text = (
        "choices: {header-key: key}\nscenarios:\n- {title: a, choices: {empty-body: counted}, steps: [{get: /}]}\n"
        "- {title: b, choices: {header-key: refused}, steps: [{get: /}]}\n"
    )
    found = [one.setting.distributions[0].terms.choices for one in load_text(text, FILE).scenarios]
    assert found == [
        Choices(header_key=HeaderKey.KEY, empty_body=EmptyBody.COUNTED),
        Choices(header_key=HeaderKey.REFUSED),
    ]
