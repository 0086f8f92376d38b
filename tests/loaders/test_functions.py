"""Where functions come from and where their code is, as templates say it."""

from __future__ import annotations

import base64
import hashlib
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edgesim.distribution.model import AutoPublish, EdgeFunction
from edgesim.distribution.problems import Severity
from edgesim.distribution.runtimes import RUNTIMES
from edgesim.distribution.versions import Alias
from edgesim.loaders import Loaded
from edgesim.loaders.function_settings import (
    NO_EFFECT_LOCALLY,
    READ_ELSEWHERE,
    Quota,
    Settings,
    VersionSettings,
    code_over_quota,
    over_quota,
)
from edgesim.loaders.properties import PROPERTIES
from edgesim.loaders.resources import FUNCTIONS, VERSION

Load = Callable[..., Loaded]
CACHING = "658327ea-f89d-4fab-a63d-7e88639e58f6"
TINY = Quota(5, 128, 1_048_576)
SAM = "Transform: AWS::Serverless-2016-10-31\n"


def attach(arn: str, event: str = "viewer-request") -> str:
    return f"LambdaFunctionAssociations: [{{EventType: {event}, LambdaFunctionARN: {arn}}}]\n"


def only_function(loaded: Loaded) -> EdgeFunction:
    assert loaded.errors == ()
    [function] = loaded.distributions[0].functions
    return function


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "src" / "auth"
    folder.mkdir(parents=True)
    (folder / "index.mjs").write_text("export const handler = async (event) => event.Records[0].cf.request;")
    return folder


def a_function(code: str = "{ZipFile: 'handler = x; exports.handler = x'}", **more: str) -> str:
    properties = {"FunctionName": "fn", "Handler": "index.handler", "Runtime": "nodejs22.x", "Code": code, **more}
    written = ", ".join(f"{name}: {value}" for name, value in properties.items() if value)
    return textwrap.dedent(f"""\
        Fn: {{Type: AWS::Lambda::Function, Properties: {{{written}}}}}
        V: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref Fn}}}}
        """)


# ── code ─────────────────────────────────────────────────────────────────────


def test_a_directory_is_relative_to_the_template(distribution: Load, code: Path) -> None:
    function = only_function(distribution(attach("!Ref V"), resources=a_function("src/auth")))
    assert function.code.path == str(code)


def test_a_single_file_and_a_zip_are_code_too(distribution: Load, code: Path) -> None:
    with zipfile.ZipFile(code.parent / "auth.zip", "w") as archive:
        archive.writestr("index.js", "exports.handler = 1")
    for name in ("src/auth/index.mjs", "src/auth.zip"):
        loaded = distribution(attach("!Ref V"), resources=a_function(name))
        assert only_function(loaded).code.path == str(code.parent.parent / name)
        assert loaded.problems == ()


def test_inline_code_keeps_its_text(distribution: Load) -> None:
    function = only_function(distribution(attach("!Ref V"), resources=a_function("{ZipFile: 'exports.handler = 1'}")))
    assert (function.code.inline, function.code.path) == ("exports.handler = 1", "")


def test_inline_code_is_substituted(distribution: Load) -> None:
    code = "{ZipFile: !Sub 'region = \"${AWS::Region}\"; `${!x}`'}"
    function = only_function(distribution(attach("!Ref V"), resources=a_function(code)))
    assert function.code.inline == 'region = "us-east-1"; `${x}`'


@pytest.mark.parametrize("written", ["|", "!Sub |", "|-"])
def test_the_lines_of_inline_code_are_those_of_the_template(distribution: Load, written: str) -> None:
    code = f"\n      ZipFile: {written}\n        // ${{AWS::Region}}\n        exports.handler = 1\n"
    resources = f"""\
Fn:
  Type: AWS::Lambda::Function
  Properties:
    Handler: index.handler
    Runtime: nodejs22.x
    Code:{code}V: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref Fn}}}}
"""
    inline = only_function(distribution(attach("!Ref V"), resources=resources)).code
    assert inline.written.line == 9
    assert Path(inline.written.file).name == "t.yaml"


@pytest.mark.parametrize("code", ["{ZipFile: 'exports.handler = 1'}", "{ZipFile: !Join ['', ['a', 'b']]}"])
def test_inline_code_whose_lines_are_no_lines_of_the_template_has_no_place_there(distribution: Load, code: str) -> None:
    loaded = distribution(attach("!Ref V"), resources=a_function(code))
    [function] = loaded.distributions[0].functions
    assert not function.code.written


def test_inline_code_with_an_unknown_value_is_warned_of(distribution: Load) -> None:
    resources = a_function("{ZipFile: !Sub 'pool = \"${Pool}\"'}") + "Pool: {Type: AWS::Cognito::UserPool}\n"
    [problem] = distribution(attach("!Ref V"), resources=resources).problems
    assert (problem.severity, problem.at) == (Severity.WARNING, "Resources.Fn.Properties.Code.ZipFile")
    assert "Pool" in problem.message


@pytest.mark.parametrize(
    ("code", "says"),
    [
        pytest.param("nowhere", "there is no code at nowhere", id="a path that is wrong"),
        pytest.param("{S3Bucket: b, S3Key: k}", "the code is in S3", id="a packaged template"),
        pytest.param("s3://bucket/key", "the code is in S3", id="an S3 URI"),
        pytest.param("!Ref CodePath", "it comes from CodePath", id="a parameter without a value"),
    ],
)
def test_code_that_cannot_be_found_is_an_error_with_a_way_out(distribution: Load, code: str, says: str) -> None:
    loaded = distribution(attach("!Ref V"), resources=a_function(code), head="Parameters: {CodePath: {Type: String}}\n")
    [error] = loaded.errors
    assert says in error.message
    assert error.hint == "say where it is: --function Fn=PATH[:HANDLER]"
    assert (error.at, error.line) == ("Resources.Fn.Properties.Code", 3)
    assert loaded.distributions == ()


@pytest.mark.parametrize("name", ["fn", "Fn"], ids=["by its name", "by its logical id"])
def test_code_can_be_given_by_hand(distribution: Load, code: Path, name: str) -> None:
    resources = a_function("{S3Bucket: b, S3Key: k}", Timeout="7", MemorySize="256", Runtime="nodejs20.x")
    function = only_function(distribution(attach("!Ref V"), resources=resources, functions={name: str(code)}))
    assert (function.code.path, function.handler) == (str(code), "index.handler")
    assert (function.runtime, function.timeout, function.memory) == ("nodejs20.x", 7, 256)


def test_reserved_concurrency_is_the_functions_own(distribution: Load) -> None:
    resources = a_function(ReservedConcurrentExecutions="5")
    assert only_function(distribution(attach("!Ref V"), resources=resources)).concurrency == 5


def test_a_mistyped_function_is_an_error_and_an_idle_one_a_warning(distribution: Load, code: Path) -> None:
    resources = a_function() + "Idle: {Type: AWS::Lambda::Function, Properties: {FunctionName: idle}}\n"
    given = {"fm": str(code), "idle": str(code)}
    wrong, idle = distribution(attach("!Ref V"), resources=resources, functions=given).problems
    assert (wrong.severity, wrong.at, wrong.message) == (Severity.ERROR, "--function fm", "there is no function fm")
    assert (idle.severity, idle.at) == (Severity.WARNING, "--function idle")


def test_a_handler_without_its_file_is_warned_of(distribution: Load, code: Path) -> None:
    [problem] = distribution(attach("!Ref V"), resources=a_function(str(code), Handler="app.handler")).problems
    assert problem.severity is Severity.WARNING
    assert "app.js, app.mjs, app.cjs" in problem.message


def test_typescript_sources_ask_for_a_build(distribution: Load, code: Path) -> None:
    (code / "app.ts").touch()
    [problem] = distribution(attach("!Ref V"), resources=a_function(str(code), Handler="app.handler")).problems
    assert problem.hint == (
        "run `sam build`, and edgesim takes what it makes; or name what your own build makes: "
        "--function Fn=dist/app.js:handler"
    )


def test_so_does_what_sam_builds_with_esbuild(distribution: Load, code: Path) -> None:
    properties = "{AutoPublishAlias: live, CodeUri: src/auth, Handler: main.run, Runtime: nodejs22.x, Role: r}"
    resources = (
        f"Fn: {{Type: AWS::Serverless::Function, Metadata: {{BuildMethod: esbuild}}, Properties: {properties}}}\n"
    )
    [problem] = distribution(attach("!Ref Fn.Version"), resources=resources, head=SAM).problems
    assert "none of main.js, main.mjs, main.cjs" in problem.message
    assert "run `sam build`" in problem.hint
    assert "--function Fn=dist/main.js:run" in problem.hint


def test_cdk_assets_are_found_beside_the_template(distribution: Load, tmp_path: Path) -> None:
    (tmp_path / "asset.0a1b").mkdir()
    (tmp_path / "asset.0a1b" / "index.js").write_text("exports.handler = 1")
    resources = """\
        Fn:
          Type: AWS::Lambda::Function
          Properties: {Handler: index.handler, Runtime: nodejs22.x, Code: {S3Bucket: {Fn::Sub: 'cdk-${AWS::Region}'}, S3Key: k}}
          Metadata: {'aws:asset:path': asset.0a1b, 'aws:asset:property': Code}
        FnCurrentVersion0a: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
        """  # noqa: E501
    function = only_function(distribution(attach("!Ref FnCurrentVersion0a"), resources=resources))
    assert function.code.path == str(tmp_path / "asset.0a1b")


# ── what an association may name ─────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arn", "version"),
    [
        ("!Ref V", "1"),
        ("!GetAtt V.FunctionArn", "1"),
        ("!Sub '${Fn.Arn}:3'", "3"),
        ("!Join [':', [!GetAtt Fn.Arn, !GetAtt V.Version]]", "1"),
        ("!Sub 'arn:aws:lambda:us-east-1:${AWS::AccountId}:function:${Fn}:12'", "12"),
        ("arn:aws:lambda:us-east-1:999999999999:function:fn:4", "4"),
    ],
)
def test_every_way_to_name_a_version(distribution: Load, arn: str, version: str) -> None:
    function = only_function(distribution(attach(f"{arn}"), resources=a_function()))
    assert (function.name, function.version) == ("fn", version)


@pytest.mark.parametrize(
    ("arn", "hint"),
    [
        pytest.param("!Ref Live", "no alias", id="an alias"),
        pytest.param("!GetAtt Fn.Arn", "the function itself", id="the function itself"),
        pytest.param("!Sub '${Fn.Arn}:$LATEST'", "no $LATEST", id="the latest"),
        pytest.param("!Ref Fn", "!Ref MyVersion", id="a name"),
    ],
)
def test_only_a_version_can_be_associated(distribution: Load, arn: str, hint: str) -> None:
    resources = a_function() + "Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, Name: live}}\n"
    [error] = distribution(attach(arn), resources=resources).errors
    assert error.code == "InvalidLambdaFunctionAssociation"
    assert error.message.startswith(
        "The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: "
    )
    assert hint in error.hint


def test_functions_live_in_us_east_1(distribution: Load) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:fn:1"
    [error] = distribution(attach(arn)).errors
    assert error.message == f"The function must be in region 'us-east-1'. ARN: {arn}"


def test_a_function_that_nobody_declares_is_asked_for_by_name(distribution: Load, code: Path) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:shared:2"
    [error] = distribution(attach(arn)).errors
    assert error.hint == "say where its code is: --function shared=PATH[:HANDLER]"
    assert error.at.endswith("DefaultCacheBehavior.LambdaFunctionAssociations[0].LambdaFunctionARN")
    function = only_function(distribution(attach(arn), functions={"shared": str(code / "index.mjs")}))
    assert (function.arn, function.handler, function.runtime) == (arn, "index.handler", "nodejs22.x")


@pytest.mark.parametrize(
    ("arn", "name"),
    [("!ImportValue edge-auth", "edge-auth"), ("!Ref Arn", "Arn"), ("!GetAtt Stack.Outputs.Arn", "Stack.Outputs.Arn")],
)
def test_an_arn_from_elsewhere_can_be_mapped(distribution: Load, code: Path, arn: str, name: str) -> None:
    head = "Parameters: {Arn: {Type: String}}\n"
    resources = "Stack: {Type: AWS::CloudFormation::Stack}\n"
    [error] = distribution(attach(arn), resources=resources, head=head).errors
    assert f"--function {name}=" in error.hint
    assert distribution(attach(arn), resources=resources, head=head, functions={name: str(code)}).errors == ()


def test_a_custom_resource_leads_to_the_function_it_publishes(distribution: Load) -> None:
    resources = a_function() + textwrap.dedent("""\
        Publish:
          Type: Custom::LambdaVersion
          Properties: {ServiceToken: !GetAtt Publisher.Arn, FunctionName: !Ref Fn, Nonce: '1'}
        Publisher: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: exports.handler = x}}}
        """)
    loaded = distribution(attach("!GetAtt Publish.FunctionArn"), resources=resources)
    assert only_function(loaded).name == "fn"
    [warning] = loaded.problems
    assert "edgesim takes Fn" in warning.message


def test_versions_of_one_function_share_its_code(distribution: Load) -> None:
    resources = a_function() + "V2: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}\n"
    behavior = """\
        LambdaFunctionAssociations:
          - {EventType: viewer-request, LambdaFunctionARN: !Ref V}
          - {EventType: viewer-response, LambdaFunctionARN: !Ref V2}
        """
    first, second = distribution(behavior, resources=resources).distributions[0].functions
    assert (first.version, second.version) == ("1", "2")
    assert first.code == second.code


# ── SAM ──────────────────────────────────────────────────────────────────────

SAM_FN = (
    "Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live, InlineCode: exports.handler = x}}\n"
)
GLOBALS = SAM + textwrap.dedent("""\
    Globals:
      Function:
        Handler: index.handler
        Runtime: nodejs22.x
        Timeout: 4
        AssumeRolePolicyDocument: {Statement: {Principal: {Service: [lambda.amazonaws.com, edgelambda.amazonaws.com]}}}
    """)


@pytest.mark.parametrize(
    "arn",
    [
        "!Ref Fn.Version",
        "!Sub '${Fn.Version}'",
        "!GetAtt Fn.Version.FunctionArn",
        "{'Fn::GetAtt': [Fn, Version.FunctionArn]}",
        "{'Fn::GetAtt': [Fn.Version, FunctionArn]}",
        "!Join [':', [!GetAtt Fn.Arn, !GetAtt Fn.Version.Version]]",
        "!Ref FnVersion0a1b2c3d4e",
    ],
)
def test_every_way_to_name_a_version_in_sam(distribution: Load, arn: str) -> None:
    function = only_function(distribution(attach(arn), resources=SAM_FN, head=GLOBALS))
    assert (function.name, function.version, function.timeout, function.runtime) == ("Fn", "1", 4, "nodejs22.x")


@pytest.mark.parametrize("arn", ["!Ref Fn.Alias", "!Ref FnAliaslive"])
def test_sams_alias_is_refused_as_any_alias(distribution: Load, arn: str) -> None:
    [error] = distribution(attach(arn), resources=SAM_FN, head=GLOBALS).errors
    assert error.message.endswith("function:Fn:live")


def test_sam_publishes_nothing_without_auto_publish_alias(distribution: Load) -> None:
    resources = "Fn: {Type: AWS::Serverless::Function, Properties: {InlineCode: exports.handler = x}}\n"
    [error] = distribution(attach("!Ref Fn.Version"), resources=resources, head=GLOBALS).errors
    assert "has no Version" in error.message
    assert "AutoPublishAlias" in error.hint


@pytest.mark.parametrize(
    ("properties", "rule"),
    [
        ("", AutoPublish()),
        ("AutoPublishAliasAllProperties: true, ", AutoPublish(all_properties=True)),
        ("AutoPublishCodeSha256: abc, ", AutoPublish(code_sha256="abc")),
    ],
)
def test_sam_says_when_it_publishes_a_version(distribution: Load, properties: str, rule: AutoPublish) -> None:
    resources = SAM_FN.replace("AutoPublishAlias:", f"{properties}AutoPublishAlias:")
    function = only_function(distribution(attach("!Ref Fn.Version"), resources=resources, head=GLOBALS))
    assert function.auto_publish == rule


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("    Role: arn:aws:iam::1:role/r", "'Role' is not a supported property of 'Function'.", "each function's own"),
        ("    Layerz: [a]", "'Layerz' is not a supported property of 'Function'.", "did you mean Layers?"),
        ("  Functions: {Timeout: 3}", "'Functions' is not supported.", "did you mean Function?"),
    ],
    ids=["a property that each function has for itself", "a misspelt property", "a misspelt section"],
)
def test_what_sam_refuses_of_its_globals(distribution: Load, line: str, message: str, hint: str) -> None:
    [error] = distribution(attach("!Ref Fn.Version"), resources=SAM_FN, head=f"{GLOBALS}{line}\n").errors
    assert error.message == f"'Globals' section is invalid. {message}"
    assert hint in error.hint
    assert error.line == 8


@pytest.mark.parametrize(("ignored", "seconds"), [("'*'", 3), ("[Timeout]", 3), ("[MemorySize]", 4)])
def test_a_function_may_ignore_globals(distribution: Load, ignored: str, seconds: int) -> None:
    own = "Handler: index.handler, Runtime: nodejs22.x, AutoPublishAlias: live, InlineCode: exports.handler = x"
    resources = f"Fn: {{Type: AWS::Serverless::Function, IgnoreGlobals: {ignored}, Properties: {{{own}}}}}\n"
    found = distribution(attach("!Ref Fn.Version"), resources=resources, head=GLOBALS)
    assert only_function(found).timeout == seconds


def test_a_misspelt_property_is_named_although_no_version_can_be_associated_for_it(distribution: Load) -> None:
    resources = SAM_FN.replace("AutoPublishAlias", "AutoPublishAliass")
    found = distribution(attach("!Ref Fn.Version"), resources=resources, head=GLOBALS)
    [unknown] = [problem for problem in found.problems if "AutoPublishAliass" in problem.message]
    assert (unknown.hint, unknown.line) == ("did you mean AutoPublishAlias?", 9)


def test_a_misspelt_property_of_a_function_elsewhere_is_a_warning(distribution: Load) -> None:
    other = "Job: {Type: AWS::Lambda::Function, Properties: {Handlr: a.b}}\n"
    [problem] = distribution(resources=other).problems
    assert (problem.message, problem.hint, problem.severity) == (
        "unknown property Handlr",
        "did you mean Handler?",
        Severity.WARNING,
    )


def test_sams_own_role_does_not_trust_lambda_edge(distribution: Load) -> None:
    head = SAM + "Globals: {Function: {Handler: index.handler, Runtime: nodejs22.x}}\n"
    [problem] = distribution(attach("!Ref Fn.Version"), resources=SAM_FN, head=head).problems
    assert problem.severity is Severity.WARNING
    assert "must be assumable with edgelambda.amazonaws.com" in problem.message


def test_functions_run_from_what_sam_build_made(distribution: Load, code: Path, tmp_path: Path) -> None:
    built = tmp_path / ".aws-sam" / "build" / "Fn"
    built.mkdir(parents=True)
    (built / "index.js").write_text("exports.handler = 1")
    (built.parent / "template.yaml").write_text("Resources: {Fn: {Properties: {CodeUri: Fn}}}")
    resources = "Fn: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live, CodeUri: src/auth}}\n"
    loaded = distribution(attach("!Ref Fn.Version"), resources=resources, head=GLOBALS)
    assert only_function(loaded).code.path == str(built)
    [notice] = loaded.problems
    assert "sam build" in notice.message
    assert str(built.parent / "template.yaml") in loaded.files


# ── what Lambda@Edge refuses ─────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("Environment", "{Variables: {A: b}}", "The function cannot have environment variables. Function: arn:"),
        ("VpcConfig", "{SubnetIds: [s]}", "The function cannot have a VPC configuration. Function: arn:"),
        ("Layers", "[arn]", "The function cannot have a layer. Function: arn:"),
        ("Timeout", "31", "triggered by a CloudFront event: 31 Max allowed: 30 Function: arn:"),
        ("Architectures", "[arm64]", "x86_64"),
        ("TracingConfig", "{Mode: Active}", "X-Ray"),
        ("EphemeralStorage", "{Size: 1024}", "512 MB"),
        ("DeadLetterConfig", "{TargetArn: a}", "dead-letter"),
        ("RuntimeManagementConfig", "{UpdateRuntimeOn: Manual, RuntimeVersionArn: a}", "UpdateRuntimeOn is Auto"),
        ("FileSystemConfigs", "[{Arn: a, LocalMountPath: /mnt/x}]", "no file systems"),
        ("Code", "{ZipFile: exports.handler = x, SourceKMSKeyArn: !GetAtt Key.Arn}", "a key of one's own"),
    ],
)
def test_settings_that_lambda_edge_refuses_are_warnings(distribution: Load, name: str, value: str, says: str) -> None:
    resources = a_function(**({"code": value} if name == "Code" else {name: value})) + "Key: {Type: AWS::KMS::Key}\n"
    loaded = distribution(attach("!Ref V"), resources=resources)
    [problem] = loaded.problems
    assert says in problem.message
    assert (problem.severity, problem.code) == (Severity.WARNING, "InvalidLambdaFunctionAssociation")
    assert problem.at == f"Resources.Fn.Properties.{name}"
    assert len(loaded.distributions) == 1


def test_what_to_do_without_variables(distribution: Load) -> None:
    resources = a_function(Environment="{Variables: {A: b}}")
    [problem] = distribution(attach("!Ref V"), resources=resources).problems
    assert "have the build write the values into the code" in problem.hint
    assert problem.is_refused


def test_a_role_in_the_template_must_trust_lambda_edge(distribution: Load) -> None:
    role = (
        "R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: [{Principal: {Service: %s}}]}}}\n"
    )
    for service, warnings in (("lambda.amazonaws.com", 1), ("[lambda.amazonaws.com, edgelambda.amazonaws.com]", 0)):
        resources = a_function(Role="!GetAtt R.Arn") + role % service
        assert len(distribution(attach("!Ref V"), resources=resources).problems) == warnings


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        pytest.param({"Runtime": "java21"}, "Lambda@Edge runs Node.js and Python, not java21", id="another language"),
        pytest.param({"Handler": ""}, "Runtime and Handler are mandatory", id="no handler"),
        pytest.param({"Timeout": "soon"}, "Timeout must be a whole number, not 'soon'", id="no number"),
        pytest.param({"PackageType": "Image", "Code": "{ImageUri: i}"}, "no container images", id="an image"),
    ],
)
def test_functions_that_cannot_run_are_errors(distribution: Load, properties: dict[str, str], says: str) -> None:
    resources = a_function(**{"code": "{ZipFile: exports.handler = x}", **properties})
    [error] = distribution(attach("!Ref V"), resources=resources).errors
    assert says in error.message


# ── properties ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("resource", "at", "hint"),
    [
        pytest.param(a_function(Timout="5"), "Fn.Properties.Timout", "did you mean Timeout?", id="a function"),
        pytest.param(a_function("{ZipFle: x}"), "Fn.Properties.Code.ZipFle", "did you mean ZipFile?", id="its code"),
        pytest.param(a_function(CodeUri="."), "Fn.Properties.CodeUri", "did you mean Code?", id="SAM's property"),
        pytest.param(
            a_function().replace("!Ref Fn}", "!Ref Fn, Descripton: x}"),
            "V.Properties.Descripton",
            "did you mean Description?",
            id="a version",
        ),
    ],
)
def test_an_unknown_property_is_an_error(distribution: Load, resource: str, at: str, hint: str) -> None:
    errors = distribution(attach("!Ref V"), resources=resource).errors
    unknown = next(error for error in errors if error.message.startswith("unknown property"))
    assert (unknown.at, unknown.hint) == (f"Resources.{at}", hint)


def test_sams_own_properties_are_known_and_its_globals_are_checked(distribution: Load) -> None:
    head = GLOBALS.replace("    Timeout: 4\n", "    Timout: 4\n    VersionDeletionPolicy: Retain\n")
    [error] = distribution(attach("!Ref Fn.Version"), resources=SAM_FN, head=head).problems
    assert (error.at, error.hint) == ("Globals.Function.Timout", "did you mean Timeout?")


def test_functions_that_nothing_associates_are_nobodys_business(distribution: Load) -> None:
    assert distribution(resources=a_function(Newest="5", Runtime="cobol")).problems == ()


@pytest.mark.parametrize(
    ("name", "value", "severity"),
    [
        ("LoggingConfig", "{LogFormat: JSON}", Severity.NOTE),
        ("SnapStart", "{ApplyOn: PublishedVersions}", Severity.NOTE),
        ("CodeSigningConfigArn", "!Ref Signing", Severity.NOTE),
        ("TenancyConfig", "{TenantIsolationMode: PER_TENANT}", Severity.WARNING),
    ],
)
def test_what_edgesim_leaves_out_is_told(distribution: Load, name: str, value: str, severity: Severity) -> None:
    resources = a_function(**{name: value}) + "Signing: {Type: AWS::Lambda::CodeSigningConfig}\n"
    [problem] = distribution(attach("!Ref V"), resources=resources).problems
    assert (problem.severity, problem.at) == (severity, f"Resources.Fn.Properties.{name}")


def test_what_is_as_it_would_be_anyway_is_not_told(distribution: Load) -> None:
    same = {
        "LoggingConfig": "{LogFormat: Text}",
        "SnapStart": "{ApplyOn: None}",
        "RuntimeManagementConfig": "{UpdateRuntimeOn: Auto}",
        "Tags": "[]",
    }
    assert distribution(attach("!Ref V"), resources=a_function(**same)).problems == ()


def test_a_version_may_not_be_provisioned(distribution: Load) -> None:
    provisioned = "ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}"
    resources = a_function().replace("!Ref Fn}", f"!Ref Fn, {provisioned}}}")
    [problem] = distribution(attach("!Ref V"), resources=resources).problems
    assert (problem.severity, problem.at) == (
        Severity.WARNING,
        "Resources.V.Properties.ProvisionedConcurrencyConfig",
    )


def test_every_known_property_of_a_function_is_read_or_told_or_listed() -> None:
    told = {field.alias for part in (Settings, VersionSettings) for field in part.model_fields.values()}
    for kind in (*FUNCTIONS, VERSION):
        assert set(PROPERTIES[kind]) <= {*told, *READ_ELSEWHERE, *NO_EFFECT_LOCALLY}
    assert told <= {name for kind in (*FUNCTIONS, VERSION) for name in PROPERTIES[kind]}


# ── runtimes ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("runtime", "hint"),
    [("pyton3.12", "did you mean python3.12?"), ("nodejs22", "did you mean nodejs22.x?"), ("cobol", "")],
)
def test_an_unknown_runtime_is_an_error(distribution: Load, runtime: str, hint: str) -> None:
    [error] = distribution(attach("!Ref V"), resources=a_function(Runtime=runtime)).errors
    assert error.message == f"there is no runtime {runtime}: it is one of {', '.join(RUNTIMES)}"
    assert (error.at, error.hint) == ("Resources.Fn.Properties.Runtime", hint)


def test_a_runtime_that_never_was_is_answered_with_one_that_is(distribution: Load) -> None:
    [error] = distribution(attach("!Ref V"), resources=a_function(Runtime="nodejs99.x")).errors
    assert error.hint.removeprefix("did you mean ").rstrip("?") in RUNTIMES


@pytest.mark.parametrize("runtime", ["nodejs16.x", "python3.8"])
def test_a_deprecated_runtime_is_a_warning(distribution: Load, runtime: str) -> None:
    [problem] = distribution(attach("!Ref V"), resources=a_function(Runtime=runtime)).problems
    assert problem.severity is Severity.WARNING
    assert problem.message.startswith(f"{runtime} is deprecated")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_runtimes_that_lambda_takes_are_silent(distribution: Load, runtime: str) -> None:
    assert distribution(attach("!Ref V"), resources=a_function(Runtime=runtime)).problems == ()


# ── quotas and shapes ────────────────────────────────────────────────────────


def test_a_profile_of_its_own_says_what_a_trigger_allows() -> None:
    settings = Settings.model_validate({"Timeout": 6, "MemorySize": 256})
    told = [*over_quota(settings, "arn:x", TINY), *code_over_quota(1_048_577, "arn:x", TINY)]
    mb, event = 1_048_576, "for functions that are triggered by a CloudFront event:"
    assert [finding.message.removesuffix(" Function: arn:x") for finding in told] == [
        f"The function timeout is larger than the maximum allowed {event} 6 Max allowed: 5",
        f"The function memory size is larger than the maximum allowed size {event} 256 Max allowed: 128",
        f"The function code size is larger than the maximum allowed size {event} 1048577 Max allowed: {mb}",
    ]
    assert {finding.code for finding in told} == {"InvalidLambdaFunctionAssociation"}
    assert not [*over_quota(settings, "arn:x"), *code_over_quota(1_048_577, "arn:x")]


def test_a_package_that_is_too_large_is_warned_of(distribution: Load, code: Path) -> None:
    package = code.parent / "auth.zip"
    with package.open("wb") as made:
        made.seek(50 * 1024 * 1024)  # a zip may have anything before it
        with zipfile.ZipFile(made, "w") as packed:
            packed.writestr("index.js", "exports.handler = 1")
    [problem] = distribution(attach("!Ref V"), resources=a_function("src/auth.zip")).problems
    assert (problem.severity, problem.code) == (Severity.WARNING, "InvalidLambdaFunctionAssociation")
    assert "code size" in problem.message
    assert f"event: {package.stat().st_size} Max allowed: 52428800 Function: arn:" in problem.message


@pytest.mark.parametrize("fits", [True, False])
def test_a_version_may_ask_for_the_digest_of_its_package(distribution: Load, code: Path, fits: bool) -> None:
    package = code.parent / "auth.zip"
    with zipfile.ZipFile(package, "w") as packed:
        packed.writestr("index.js", "exports.handler = 1")
    wanted = base64.b64encode(hashlib.sha256(package.read_bytes() if fits else b"").digest()).decode()
    resources = a_function("src/auth.zip").replace("!Ref Fn}", f"!Ref Fn, CodeSha256: '{wanted}'}}")
    problems = distribution(attach("!Ref V"), resources=resources).problems
    assert [(problem.severity, problem.code, problem.at) for problem in problems] == (
        [] if fits else [(Severity.WARNING, "InvalidParameterValueException", "Resources.V.Properties.CodeSha256")]
    )


def test_an_image_is_refused_wherever_its_code_comes_from(distribution: Load, code: Path) -> None:
    resources = a_function("{ImageUri: i}", PackageType="Image")
    loaded = distribution(attach("!Ref V"), resources=resources, functions={"fn": str(code / "index.mjs")})
    [problem] = loaded.problems
    assert (problem.severity, problem.code) == (Severity.WARNING, "InvalidLambdaFunctionAssociation")
    assert "no container images" in problem.message


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("FunctionName", "a.b", "Value 'a.b' at 'functionName' failed to satisfy constraint: Member must satisfy"),
        ("FunctionName", "a" * 65, "at 'functionName' failed to satisfy constraint: Member must have length less than"),
        ("Handler", "a" * 129, "at 'handler' failed to satisfy constraint: Member must have length less than or equal"),
        ("Handler", "'index.my handler'", "at 'handler' failed to satisfy constraint: Member must satisfy"),
        ("Description", "a" * 257, "at 'description' failed to satisfy constraint: Member must have length less than"),
    ],
)
def test_names_and_texts_that_lambda_takes_nowhere_are_errors(
    distribution: Load, name: str, value: str, says: str
) -> None:
    errors = distribution(attach("!Ref V"), resources=a_function(**{name: value})).errors
    [error] = [error for error in errors if error.code == "ValidationException"]
    assert says in error.message
    assert error.at == f"Resources.Fn.Properties.{name}"


# ── accounts ─────────────────────────────────────────────────────────────────

ELSEWHERE = "arn:aws:lambda:us-east-1:999999999999:function:fn:1"


def two_functions(first: str, second: str) -> str:
    return (
        f"LambdaFunctionAssociations: [{{EventType: viewer-request, LambdaFunctionARN: {first}}}, "
        f"{{EventType: viewer-response, LambdaFunctionARN: {second}}}]\n"
    )


def test_functions_of_two_accounts_are_in_no_distribution(distribution: Load) -> None:
    behavior = two_functions(ELSEWHERE, ELSEWHERE.replace("9" * 12, "8" * 12))
    [error] = distribution(behavior, resources=a_function()).errors
    assert error.code == "InvalidLambdaFunctionAssociation"
    assert "888888888888" in error.message
    assert "999999999999" in error.hint


def test_an_account_that_the_user_tells_is_the_distributions_own(distribution: Load) -> None:
    behavior = two_functions("!Ref V", ELSEWHERE)
    assert distribution(behavior, resources=a_function()).errors == ()
    given = {"AWS::AccountId": "111111111111"}
    assert len(distribution(behavior, resources=a_function(), parameters=given).errors) == 1


# ── aliases ──────────────────────────────────────────────────────────────────


def an_alias(**properties: str) -> str:
    written = {"FunctionName": "!Ref Fn", "FunctionVersion": "!GetAtt V.Version", "Name": "live", **properties}
    listed = ", ".join(f"{name}: {value}" for name, value in written.items())
    return f"Live: {{Type: AWS::Lambda::Alias, Properties: {{{listed}}}}}\n"


def test_aliases_of_associated_functions_are_known_with_their_weights(distribution: Load) -> None:
    weights = "{AdditionalVersionWeights: [{FunctionVersion: '2', FunctionWeight: 0.1}]}"
    second = "V2: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}\n"
    loaded = distribution(attach("!Ref V"), resources=a_function() + second + an_alias(RoutingConfig=weights))
    assert loaded.problems == ()
    assert loaded.aliases == {"fn": (Alias("live", "1", {"2": 0.1}),)}


@pytest.mark.parametrize(
    ("properties", "at"),
    [
        ({"FunctionVersion": "'7'"}, "FunctionVersion"),
        (
            {"RoutingConfig": "{AdditionalVersionWeights: [{FunctionVersion: '7', FunctionWeight: 0.1}]}"},
            "RoutingConfig.AdditionalVersionWeights[0].FunctionVersion",
        ),
    ],
    ids=["the alias itself", "its second version"],
)
def test_an_alias_to_a_version_that_is_not_there_is_a_warning_in_lambdas_words(
    distribution: Load, properties: dict[str, str], at: str
) -> None:
    [problem] = distribution(attach("!Ref V"), resources=a_function() + an_alias(**properties)).problems
    assert (problem.severity, problem.code) == (Severity.WARNING, "ResourceNotFoundException")
    assert problem.message == "Function not found: arn:aws:lambda:us-east-1:123456789012:function:fn:7"
    assert problem.at == f"Resources.Live.Properties.{at}"


def test_sams_alias_leads_to_the_version_it_publishes(distribution: Load) -> None:
    loaded = distribution(attach("!Ref Fn.Version"), resources=SAM_FN, head=GLOBALS)
    assert loaded.aliases == {"Fn": (Alias("live", "1"),)}


@pytest.mark.parametrize(
    ("properties", "at", "code"),
    [
        ({"Name": "'12'"}, "Name", "ValidationException"),
        ({"FunctionVersion": "other"}, "FunctionVersion", "ValidationException"),
        (
            {"RoutingConfig": "{AdditionalVersionWeights: [{FunctionVersion: '1', FunctionWeight: 0.1}]}"},
            "RoutingConfig",
            "InvalidParameterValueException",
        ),
        (
            {"RoutingConfig": "{AdditionalVersionWeights: [{FunctionVersion: '2', FunctionWeight: 1.5}]}"},
            "RoutingConfig.AdditionalVersionWeights",
            "ValidationException",
        ),
    ],
    ids=["a number as name", "an alias to an alias", "the same version twice", "a weight above one"],
)
def test_an_alias_that_lambda_refuses_is_an_error(
    distribution: Load, properties: dict[str, str], at: str, code: str
) -> None:
    [error] = distribution(attach("!Ref V"), resources=a_function() + an_alias(**properties)).errors
    assert (error.at, error.code) == (f"Resources.Live.Properties.{at}", code)


def test_an_alias_of_a_function_that_nothing_associates_is_nobodys_business(distribution: Load) -> None:
    other = "Other: {Type: AWS::Lambda::Function, Properties: {FunctionName: other}}\n"
    loaded = distribution(
        attach("!Ref V"), resources=a_function() + other + an_alias(FunctionName="!Ref Other", Name="'1'")
    )
    assert (loaded.problems, loaded.aliases) == ((), {})


# ── how many ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("functions", "warnings"), [(100, 0), (101, 1)])
def test_a_distribution_has_a_hundred_functions_at_most(
    distribution: Load, code: Path, functions: int, warnings: int
) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f%s:1"
    events = ("viewer-request", "origin-request", "origin-response", "viewer-response")
    behaviors = [
        f"{{PathPattern: /{number}/*, TargetOriginId: o, ViewerProtocolPolicy: allow-all, CachePolicyId: {CACHING}, "
        "LambdaFunctionAssociations: ["
        + ", ".join(
            f"{{EventType: {event}, LambdaFunctionARN: '{arn % which}'}}"
            for which, event in zip(range(number, functions, 26), events, strict=False)
        )
        + "]}"
        for number in range(26)
    ]
    given = {f"f{number}": str(code / "index.mjs") for number in range(functions)}
    loaded = distribution(config=f"CacheBehaviors: [{', '.join(behaviors)}]\n", functions=given)
    assert [problem.code for problem in loaded.problems] == ["TooManyLambdaFunctionAssociations"] * warnings
