"""No source at all: an origin and functions by trigger."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.distribution.model import ALL_METHODS, OriginProtocolPolicy, Trigger, ViewerProtocolPolicy
from edgesim.loaders import load_quick


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("auth.mjs", "headers.py", "sub/auth.mjs", "public/index.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("export const handler = 1;" if name.endswith("mjs") else "")
    return tmp_path


def test_the_one_behavior_suits_a_development_server() -> None:
    [distribution] = load_quick("http://localhost:3000", {}).distributions
    [behavior] = distribution.behaviors
    policy, forwards = behavior.cache_policy, behavior.origin_request_policy
    assert (behavior.path_pattern, behavior.allowed_methods) == ("*", ALL_METHODS)
    assert behavior.viewer_protocol_policy is ViewerProtocolPolicy.ALLOW_ALL
    assert (policy.min_ttl, policy.default_ttl, policy.caches) == (0, 0, True)
    assert "host" not in policy.headers.lower
    assert (policy.cookies.selects, policy.query_strings.selects) == ("all", "all")
    assert forwards is not None
    assert (forwards.headers.selects, forwards.headers.names) == ("allExcept", ("Host",))


@pytest.mark.parametrize(
    ("text", "host", "ports", "policy", "path"),
    [
        ("http://localhost:3000", "localhost", (3000, 443), OriginProtocolPolicy.HTTP_ONLY, ""),
        ("localhost:3000", "localhost", (3000, 443), OriginProtocolPolicy.HTTP_ONLY, ""),
        ("https://example.com/v1/", "example.com", (80, 443), OriginProtocolPolicy.HTTPS_ONLY, "/v1"),
        ("https://127.0.0.1:8443", "127.0.0.1", (80, 8443), OriginProtocolPolicy.HTTPS_ONLY, ""),
        ("http://[::1]:8080", "::1", (8080, 443), OriginProtocolPolicy.HTTP_ONLY, ""),
    ],
)
def test_a_url_is_a_custom_origin(
    text: str, host: str, ports: tuple[int, int], policy: OriginProtocolPolicy, path: str
) -> None:
    loaded = load_quick(text, {})
    origin = loaded.distributions[0].origins["origin"]
    assert origin.s3 is None
    assert (origin.domain_name, (origin.http_port, origin.https_port)) == (host, ports)
    assert (origin.protocol_policy, origin.path) == (policy, path)
    assert loaded.origins == {}


def test_a_directory_plays_a_bucket(site: Path) -> None:
    loaded = load_quick(str(site / "public"), {})
    [distribution] = loaded.distributions
    origin = distribution.origins["origin"]
    assert origin.s3 is not None
    assert (origin.domain_name, origin.s3.region) == ("public.s3.us-east-1.amazonaws.com", "us-east-1")
    assert loaded.origins == {"origin": str(site / "public")}
    assert distribution.default_root_object == "index.html"


def test_functions_stand_at_their_triggers(site: Path) -> None:
    given = {Trigger.VIEWER_REQUEST: str(site / "auth.mjs"), Trigger.ORIGIN_RESPONSE: f"{site / 'headers.py'}:run"}
    loaded = load_quick("http://localhost", given, include_body={Trigger.VIEWER_REQUEST})
    associations = loaded.distributions[0].behaviors[0].associations
    auth, headers = associations[Trigger.VIEWER_REQUEST], associations[Trigger.ORIGIN_RESPONSE]
    assert (auth.function.name, auth.function.handler, auth.function.runtime) == ("auth", "auth.handler", "nodejs22.x")
    assert (headers.function.handler, headers.function.runtime) == ("headers.run", "python3.13")
    assert auth.function.code.path == headers.function.code.path == str(site)
    assert (auth.include_body, headers.include_body) == (True, False)


def test_one_file_is_one_function_and_two_are_two(site: Path) -> None:
    auth, other = str(site / "auth.mjs"), str(site / "sub" / "auth.mjs")
    given = {Trigger.VIEWER_REQUEST: auth, Trigger.VIEWER_RESPONSE: auth, Trigger.ORIGIN_REQUEST: other}
    functions = load_quick("http://localhost", given).distributions[0].functions
    assert [function.name for function in functions] == ["auth", "auth-origin-request"]


def test_two_languages_of_one_name_are_two_functions(site: Path) -> None:
    (site / "auth.py").touch()
    triggers = {Trigger.VIEWER_REQUEST: f"{site}/auth.mjs", Trigger.ORIGIN_REQUEST: f"{site}/auth.py:handler"}
    [distribution] = load_quick("http://localhost:3000", triggers).distributions
    assert len({function.name for function in distribution.functions}) == 2


def test_an_origin_with_an_id_is_told_that_there_is_one_origin() -> None:
    [problem] = load_quick("site=http://localhost:3000", {}).errors
    assert problem.hint == "without a template there is one origin, without an id: write http://localhost:3000"


@pytest.mark.parametrize(
    ("text", "handler"),
    [
        pytest.param("def lambda_handler(event, context): ...", "lambda_handler", id="the consoles' name"),
        pytest.param("def handler(event, context): ...\ndef lambda_handler(e, c): ...", "handler", id="both"),
        pytest.param("from lib import make\nhandler = make()\ndef lambda_handler(e, c): ...", "handler", id="assigned"),
        pytest.param("from lib import handler\n", "handler", id="imported"),
        pytest.param(
            "class A:\n    def handler(self): ...\n\ndef lambda_handler(e, c): ...", "lambda_handler", id="in"
        ),
        pytest.param("def run(event, context): ...", "handler", id="neither"),
    ],
)
def test_a_python_file_says_which_handler_it_has(site: Path, text: str, handler: str) -> None:
    (site / "headers.py").write_text(text)
    loaded = load_quick("http://localhost", {Trigger.VIEWER_REQUEST: str(site / "headers.py")})
    [function] = loaded.distributions[0].functions
    assert function.handler == f"headers.{handler}"


@pytest.mark.parametrize(
    "origin", ["", "./nowhere", "ftp://x", "http://", "http://h:99999", "http://u@h/", "http://h?q"]
)
def test_an_origin_that_is_none_is_a_problem(origin: str) -> None:
    loaded = load_quick(origin, {})
    [problem] = loaded.problems
    assert problem.at == "--origin"
    assert loaded.distributions == ()


def test_every_problem_is_told_at_once() -> None:
    given = {Trigger.VIEWER_REQUEST: "nowhere.mjs", Trigger.VIEWER_RESPONSE: "never.py"}
    loaded = load_quick("ftp://x", given)
    assert [problem.at for problem in loaded.problems] == ["--viewer-request", "--viewer-response", "--origin"]


def test_responses_have_no_body_to_include(site: Path) -> None:
    given = {Trigger.VIEWER_RESPONSE: str(site / "auth.mjs")}
    [problem] = load_quick("http://localhost", given, include_body={Trigger.VIEWER_RESPONSE}).problems
    assert problem.message == "IncludeBody can't be true for viewer-response: only request events have a body"
