"""A handler that is not there: told at its setting, before the first invocation fails."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from edgesim.distribution.model import Code, Trigger
from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders import Overrides, load, load_quick
from edgesim.loaders.handlers import bound_names, handler_finding

TEMPLATE = """\
Resources:
  Auth:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: {handler}
      Runtime: {runtime}
      Timeout: 5
      AssumeRolePolicyDocument: {{Principal: [edgelambda.amazonaws.com]}}
      AutoPublishAlias: live
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{{Id: site, DomainName: site.example.com, CustomOriginConfig: {{OriginProtocolPolicy: http-only}}}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
          LambdaFunctionAssociations:
            - {{EventType: viewer-request, LambdaFunctionARN: !Ref Auth.Version}}
"""
PYTHON = "def handler(event, context):\n    return event\n"


def problems_of(folder: Path, handler: str, runtime: str = "python3.13") -> tuple[Problem, ...]:
    """What is said of a template whose function has this handler."""
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "app.py").write_text(PYTHON)
    (folder / "src" / "index.mjs").write_text("export const handler = async () => {}")
    (folder / "t.yaml").write_text(TEMPLATE.format(handler=handler, runtime=runtime))
    return load(str(folder / "t.yaml"), Overrides()).problems


# ── in a template ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("handler", "runtime"), [("app.handler", "python3.13"), ("index.handler", "nodejs22.x")])
def test_one_that_is_there_is_silent(tmp_path: Path, handler: str, runtime: str) -> None:
    assert problems_of(tmp_path, handler, runtime) == ()


def test_a_name_that_the_module_has_not_is_a_warning_at_the_handler(tmp_path: Path) -> None:
    [warning] = problems_of(tmp_path, "app.handlr")
    assert (warning.severity, warning.code) == (Severity.WARNING, "Runtime.HandlerNotFound")
    assert (warning.at, warning.line) == ("Resources.Auth.Properties.Handler", 6)
    assert warning.message == "each invocation will fail: Handler 'handlr' missing on module 'app'"
    assert warning.hint == "did you mean handler?"


def test_a_name_that_a_nodejs_module_does_not_export_is_one_in_lambdas_words(tmp_path: Path) -> None:
    [warning] = problems_of(tmp_path, "index.handlr", "nodejs22.x")
    assert (warning.severity, warning.code) == (Severity.WARNING, "Runtime.HandlerNotFound")
    assert warning.message == "each invocation will fail: index.handlr is undefined or not exported"
    assert warning.hint == "did you mean handler?"


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("index.js", "const handler = async () => {};", "export it: exports.handler = …"),
        ("index.mjs", "const handler = async () => {};", "export it: export const handler = …"),
        ("index.cjs", "exports.main = async () => {};", "it exports main"),
    ],
)
def test_what_to_write_instead(tmp_path: Path, name: str, text: str, hint: str) -> None:
    (tmp_path / name).write_text(text)
    found = handler_finding(Code(path=str(tmp_path)), "index.handler", "nodejs22.x")
    assert found is not None
    assert found.hint == hint


def test_of_a_dotted_name_the_first_is_the_modules(tmp_path: Path) -> None:
    (tmp_path / "index.js").write_text("exports.edge = { viewer: async () => {} };")
    code = Code(path=str(tmp_path))
    assert handler_finding(code, "index.edge.viewer", "nodejs22.x") is None
    assert handler_finding(code, "index.viewer", "nodejs22.x") is not None


def test_nodejs24_looks_into_a_default_export_and_older_ones_do_not(tmp_path: Path) -> None:
    (tmp_path / "index.mjs").write_text("export default { handler: async () => {} };")
    code = Code(path=str(tmp_path))
    assert handler_finding(code, "index.handler", "nodejs24.x") is None
    assert handler_finding(code, "index.handler", "nodejs22.x") is not None


def test_nothing_is_said_where_lambda_takes_a_file_without_a_suffix(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index.js").write_text("")
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("index/index.js", "exports.handler = 1")
        archive.writestr("index.js", "")
    for code in (Code(path=str(tmp_path)), Code(path=str(tmp_path / "code.zip"))):
        assert handler_finding(code, "index.handler", "nodejs22.x") is None


@pytest.mark.parametrize(
    ("handler", "runtime", "files"),
    [
        ("auth.handler", "python3.13", "auth.py, auth/__init__.py"),
        ("main.handler", "nodejs22.x", "main.js, main.mjs, main.cjs"),
    ],
)
def test_a_file_that_is_not_there_is_one_too(tmp_path: Path, handler: str, runtime: str, files: str) -> None:
    [warning] = problems_of(tmp_path, handler, runtime)
    assert (warning.severity, warning.code) == (Severity.WARNING, "Runtime.ImportModuleError")
    assert (warning.at, warning.line) == ("Resources.Auth.Properties.Handler", 6)
    assert f"has none of {files} for the handler {handler}" in warning.message


# ── by options ───────────────────────────────────────────────────────────────


def test_an_option_is_told_of_its_own_handler(tmp_path: Path) -> None:
    (tmp_path / "auth.py").write_text(PYTHON)
    spec = f"{tmp_path / 'auth.py'}:nothing"
    [quick] = load_quick("http://localhost", {Trigger.VIEWER_REQUEST: spec}).problems
    assert (quick.at, quick.code, quick.hint) == ("--viewer-request", "Runtime.HandlerNotFound", "it has handler")
    problems_of(tmp_path, "app.handler")
    [named] = load(str(tmp_path / "t.yaml"), Overrides(functions={"Auth": spec})).problems
    assert (named.severity, named.code) == (Severity.WARNING, "Runtime.HandlerNotFound")
    assert named.at.startswith("--function ")


# ── where the code is ────────────────────────────────────────────────────────


def test_a_module_in_a_package_a_zip_or_a_template_is_looked_into(tmp_path: Path) -> None:
    package = tmp_path / "edge" / "auth"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(PYTHON)
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("edge/auth.py", PYTHON)
    for code in (Code(path=str(tmp_path)), Code(path=str(tmp_path / "code.zip"))):
        assert handler_finding(code, "edge.auth.handler", "python3.13") is None
        found = handler_finding(code, "edge.auth.other", "python3.13")
        assert found is not None
        assert found.code == "Runtime.HandlerNotFound"
    assert handler_finding(Code(inline=PYTHON), "index.handler", "python3.13") is None
    assert handler_finding(Code(inline=PYTHON), "index.other", "python3.13") is not None


def test_a_single_file_is_the_whole_of_the_code(tmp_path: Path) -> None:
    (tmp_path / "auth.py").write_text(PYTHON)
    (tmp_path / "app.py").write_text(PYTHON)
    code = Code(path=str(tmp_path / "auth.py"))
    assert handler_finding(code, "auth.handler", "python3.13") is None
    wanted = (("auth.other", "Runtime.HandlerNotFound"), ("app.handler", "Runtime.ImportModuleError"))
    for handler, told in wanted:
        found = handler_finding(code, handler, "python3.13")
        assert found is not None
        assert found.code == told


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x"])
def test_inline_code_is_a_file_named_index(runtime: str) -> None:
    found = handler_finding(Code(inline=PYTHON), "app.handler", runtime)
    assert found is not None
    assert found.code == "Runtime.ImportModuleError"
    assert "the inline code, which is a file index, has none of app." in found.message


def test_what_is_no_zip_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_text("no zip")
    found = handler_finding(Code(path=str(tmp_path / "code.zip")), "app.handler", "python3.13")
    assert found is not None
    assert found.severity is Severity.ERROR


# ── what a module binds ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "def handler(event, context): ...",
        "async def handler(event, context): ...",
        "class handler: ...",
        "handler = make()",
        "handler: object = make()",
        "first, (handler, *rest) = make()",
        "import handler",
        "import handler.inner",
        "import inner as handler",
        "from inner import handler",
        "from inner import main as handler",
        "try:\n    from fast import handler\nexcept ImportError:\n    pass",
        "if True:\n    def handler(event, context): ...",
        "for handler in make(): ...",
        "with make() as handler: ...",
        "print(handler := make())",
        "def init():\n    global handler\n    handler = make()\ninit()",
        "match make():\n    case {'a': handler}: ...",
        "match make():\n    case [*handler]: ...",
        "match make():\n    case {**handler}: ...",
    ],
)
def test_a_name_is_bound(text: str) -> None:
    names = bound_names(text.encode())
    assert names is not None
    assert "handler" in names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def other():\n    handler = 1\n    def handler(): ...",
        "class Other:\n    def handler(self): ...",
        "handler.x = 1",
        "handler()",
        "'handler'",
        "# handler = 1",
        "from handler import other",
    ],
)
def test_a_name_is_not_bound(text: str) -> None:
    names = bound_names(text.encode())
    assert names is not None
    assert "handler" not in names


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("from inner import *", id="a star"),
        pytest.param("globals()['handler'] = 1", id="globals"),
        pytest.param("exec('handler = 1')", id="exec"),
        pytest.param("def __getattr__(name): ...", id="a module's own look-up"),
        pytest.param("import sys\nsetattr(sys.modules[__name__], 'handler', 1)", id="setattr"),
        pytest.param("def handler(: ...", id="a syntax that this Python does not know"),
        pytest.param("\0", id="no text"),
        pytest.param("(" * 5_000, id="too deep"),
    ],
)
def test_where_that_can_not_be_told_nothing_is(text: str) -> None:
    assert bound_names(text.encode()) is None


def test_a_text_in_another_encoding_is_read_as_python_reads_it() -> None:
    names = bound_names("# coding: latin-1\nhändler = 1\n".encode("latin-1"))
    assert names == {"händler"}


def test_escapes_that_are_none_warn_nobody() -> None:
    assert bound_names(rb"handler = '\d'") == {"handler"}
