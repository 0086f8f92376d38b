"""Whole files: every problem at once, each in its place, and never an exception."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgesim.distribution.model import ALL_METHODS, Trigger
from edgesim.distribution.problems import Severity
from edgesim.loaders import Loaded, Overrides, load
from edgesim.loaders.overlooked import meant_type

Load = Callable[..., Loaded]
DATA = Path(__file__).parent / "data"


# ── files ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "text", "says", "hint"),
    [
        ("t.yaml", None, "there is no such file", ""),
        ("t.yaml", "", "this file is empty", ""),
        ("t.yaml", "a: [", "a bracket or a brace is not closed", "look at this line"),
        ("t.json", "{", "this is not valid JSON", ""),
        ("t.yaml", "just a text", "this describes no distribution", "edgesim reads CloudFormation and SAM"),
        ("t.json", "[1]", "this describes no distribution", "edgesim reads CloudFormation and SAM"),
        ("t.json", '{"terraform_version": "1.11"}', "this describes no distribution", "Terraform"),
        ("t.json", '{"planned_values": {}}', "this describes no distribution", "Terraform"),
        ("t.tf.json", '{"resource": {}}', "this describes no distribution", "Terraform"),
        ("t.tf", "resource x y {}", "this describes no distribution", "Terraform"),
        (
            "t.yaml",
            "{title: t, steps: []}",
            "this describes no distribution",
            "this is a scenario: edgesim test plays it",
        ),
        ("t.yaml", "{scenarios: []}", "this describes no distribution", "this is a scenario: edgesim test plays it"),
        ("t.yaml", "{service: s, provider: p}", "this describes no distribution", "serverless.yml"),
        ("t.json", '{"CachePolicyConfig": {}}', "this describes no distribution", "--cache-policy ID=FILE"),
        ("t.yaml", "Resources: {}", "this template has no AWS::CloudFront::Distribution", ""),
        ("t.yaml", "Resources:", "this template has no AWS::CloudFront::Distribution", ""),
    ],
)
def test_what_is_no_source_says_so(tmp_path: Path, name: str, text: str | None, says: str, hint: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    loaded = load(path)
    [problem] = loaded.problems
    assert says in problem.message
    assert hint in problem.hint
    assert problem.file == str(path)
    assert loaded.distributions == ()


def test_a_binary_file_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"\xff\xfe\x00")
    assert load(tmp_path / "t.yaml").problems[0].message == "this is not a text in UTF-8"


def test_a_directory_means_its_template(tmp_path: Path) -> None:
    assert "directory" in load(tmp_path).problems[0].message
    (tmp_path / "template.yaml").write_text((DATA / "cfn.yaml").read_text())
    assert load(tmp_path).files == (str(tmp_path / "template.yaml"),)


def test_a_directory_with_terraform_is_told_that_it_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("")
    assert "Terraform" in load(tmp_path).problems[0].hint


def test_cdk_output_with_two_stacks_asks_which(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.template.json").write_text("{}")
    assert load(tmp_path).problems[0].hint == "name one of a.template.json, b.template.json"


def test_json_templates_may_have_tabs_and_escapes(template: Load) -> None:
    origin = {"Id": "o", "DomainName": "b.s3.amazonaws.com"}
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "ForwardedValues": {"QueryString": True}}
    config = {"Enabled": True, "Comment": "\U0001f600", "Origins": [origin], "DefaultCacheBehavior": behavior}
    resource = {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}
    loaded = template(json.dumps({"Resources": {"Web": resource}}, indent="\t"), "t.json")
    assert loaded.problems == ()
    assert loaded.distributions[0].comment == "\U0001f600"


# ── places ───────────────────────────────────────────────────────────────────


def test_problems_stand_in_the_order_of_the_file_with_their_lines(distribution: Load) -> None:
    loaded = distribution(
        "ViewerProtocolPolcy: x\nAllowedMethods: [GET]\n", "DefaultRootObject: /i\nEnabeld: true\n", resources=""
    )
    assert [(problem.line, problem.at.rpartition(".")[2]) for problem in loaded.problems] == [
        (8, "DefaultRootObject"),
        (9, "Enabeld"),
        (14, "ViewerProtocolPolcy"),
        (15, "AllowedMethods"),
    ]
    assert {problem.at.partition(".Properties.")[0] for problem in loaded.problems} == {"Resources.Web"}


def test_a_missing_property_stands_where_its_structure_begins(distribution: Load) -> None:
    loaded = distribution(config="CustomErrorResponses:\n  - ErrorCode: 404\n  - ResponseCode: 200\n", resources="")
    missing = next(problem for problem in loaded.problems if "required" in problem.message)
    assert (missing.line, missing.at.rpartition("Config.")[2]) == (10, "CustomErrorResponses[1].ErrorCode")


def test_a_problem_reads_as_one_line(distribution: Load) -> None:
    text = str(distribution(config="Enabeld: true\n", resources="").problems[0])
    assert text.endswith(
        "t.yaml:8: error: Resources.Web.Properties.DistributionConfig.Enabeld: unknown property Enabeld "
        "(did you mean Enabled?)"
    )


def test_null_values_are_refused_as_cloudformation_does(distribution: Load) -> None:
    [problem] = distribution(config="Aliases:\n", resources="").problems
    assert problem.message == "Null values are not allowed in templates"


def test_a_key_written_twice_is_a_warning(distribution: Load) -> None:
    loaded = distribution(config="Comment: a\nComment: b\n", resources="")
    assert [problem.severity for problem in loaded.problems] == [Severity.WARNING]
    assert loaded.distributions[0].comment == "b"


# ── templates ────────────────────────────────────────────────────────────────


def test_ids_are_the_same_on_every_run(distribution: Load) -> None:
    [web] = distribution(resources="").distributions
    assert (web.name, web.id, web.domain_name) == ("Web", "EFF2RAR4EUQA6H", "dff2rar4euqa6h.cloudfront.net")


def test_a_template_may_have_several_distributions(distribution: Load, tmp_path: Path) -> None:
    distribution(resources="")
    text = (tmp_path / "t.yaml").read_text()
    (tmp_path / "t.yaml").write_text(text + text.replace("Resources:\n", "").replace("  Web:", "  Shop:"))
    assert [each.name for each in load(tmp_path / "t.yaml").distributions] == ["Web", "Shop"]


def test_a_distribution_whose_condition_is_false_is_not_made(template: Load) -> None:
    text = """\
        Conditions: {Never: !Equals [a, b]}
        Resources: {Web: {Type: AWS::CloudFront::Distribution, Condition: Never, Properties: {DistributionConfig: {}}}}
        """
    [problem] = template(text).problems
    assert "Condition of every" in problem.message


def test_parameters_are_checked(distribution: Load) -> None:
    head = "Parameters: {Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}}\n"
    wrong, unknown = distribution(resources="", head=head, parameters={"Stage": "prd", "Stag": "x"}).problems
    assert wrong.message == "Parameter 'Stage' must be one of AllowedValues: dev, prod"
    assert wrong.hint == "did you mean prod?"
    assert unknown.message == "Parameters: [Stag] do not exist in the template"
    assert unknown.hint == "did you mean Stage?"


def test_a_parameter_without_a_value_is_one_warning(distribution: Load) -> None:
    head = "Parameters: {Host: {Type: String}}\n"
    config = "Aliases: [!Ref Host, !Sub 'www.${Host}']\n"
    loaded = distribution(config=config, resources="", head=head)
    [problem] = loaded.problems
    assert problem.severity is Severity.WARNING
    assert problem.hint == "give the parameter a value: --parameter Host=…"
    given = distribution(config=config, resources="", head=head, parameters={"Host": "a.com"})
    assert given.distributions[0].aliases == ("a.com", "www.a.com")


def test_a_number_that_cannot_be_known_is_left_at_its_default(distribution: Load) -> None:
    head = "Parameters: {Ttl: {Type: Number}}\n"
    behavior = "ForwardedValues: {QueryString: false}\nMinTTL: !Ref Ttl\n"
    loaded = distribution(behavior, resources="", head=head)
    assert {problem.severity for problem in loaded.problems} == {Severity.WARNING}
    assert loaded.distributions[0].behaviors[0].cache_policy.min_ttl == 0


CUSTOM = "CustomOriginConfig: {OriginProtocolPolicy: http-only}, "


@pytest.mark.parametrize(
    ("host", "s3", "domain"),
    [
        pytest.param(
            "!GetAtt Site.RegionalDomainName",
            "",
            "site-7j4vlakogkxnh.s3.us-east-1.amazonaws.com",
            id="a nameless bucket",
        ),
        pytest.param("!GetAtt Alb.DNSName", CUSTOM, "alb.unresolved.invalid", id="a load balancer"),
        pytest.param("!ImportValue host", CUSTOM, "host.unresolved.invalid", id="another stack's host"),
        pytest.param("!Ref Host", "", "host.s3.us-east-1.amazonaws.com", id="a parameter, of a bucket"),
        pytest.param("!Ref Host", CUSTOM, "host.unresolved.invalid", id="a parameter, of a server"),
    ],
)
def test_an_origin_that_cannot_be_known_gets_a_stand_in(distribution: Load, host: str, s3: str, domain: str) -> None:
    head = "Parameters: {Host: {Type: String}}\n"
    resources = "Site: {Type: AWS::S3::Bucket}\nAlb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}\n"
    config = f"Origins: [{{Id: o, {s3}DomainName: {host}}}]\n"
    loaded = distribution(config=config, resources=resources, head=head)
    [problem] = loaded.problems
    assert problem.severity is Severity.WARNING
    assert problem.hint == "say where it is: --origin o=URL or --origin o=DIRECTORY"
    origin = loaded.distributions[0].origins["o"]
    assert (origin.domain_name, origin.s3 is None) == (domain, bool(s3))
    assert distribution(config=config, resources=resources, head=head, origins={"o": "./public"}).problems == ()


def test_a_mapped_origin_must_exist(distribution: Load) -> None:
    [problem] = distribution(resources="", origins={"x": "./public"}).problems
    assert (problem.message, problem.hint) == ("there is no origin x", "there is o")


def test_a_mapped_origin_may_be_named_with_its_distribution(distribution: Load) -> None:
    config = "Origins: [{Id: o, CustomOriginConfig: {OriginProtocolPolicy: http-only}, DomainName: !ImportValue x}]\n"
    named = distribution(config=config, origins={"Web.o": "./public"})
    assert named.problems == ()
    assert named.distributions[0].origins["o"].distribution == named.distributions[0].name == "Web"
    [problem] = distribution(config=config, origins={"Web.o": "./public", "Web.oo": "./public"}).problems
    assert (problem.message, problem.hint) == ("there is no origin Web.oo", "did you mean Web.o?")


def test_a_behavior_needs_an_origin_even_where_its_name_is_unknown(distribution: Load) -> None:
    behavior = "TargetOriginId: !ImportValue x\n"
    assert "NoSuchOrigin" in {problem.code for problem in distribution(behavior, resources="").errors}


def test_a_mapped_origin_is_not_hinted_at_twice_or_in_vain(template: Load, distribution: Load, tmp_path: Path) -> None:
    distribution(resources="")
    text = (tmp_path / "t.yaml").read_text()
    (tmp_path / "t.yaml").write_text(text + text.replace("Resources:\n", "").replace("  Web:", "  Shop:"))
    [problem] = load(tmp_path / "t.yaml", Overrides(origins={"x": "./public"})).problems
    assert problem.hint == "there is o"
    loaded = distribution(config="Origins: []\n", resources="", origins={"s4": "./public"})
    assert next(p for p in loaded.problems if p.at == "--origin s4").hint == ""


# ── one mistake, one line ────────────────────────────────────────────────────

STAGES = """\
    Parameters: {Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}}
    Mappings: {ByStage: {dev: {Ttl: 5, Target: o}, prod: {Ttl: 60, Target: o}}}
    """
POLICY_OF_STAGE = """\
    P:
      Type: AWS::CloudFront::CachePolicy
      Properties:
        CachePolicyConfig:
          Name: p
          MinTTL: 0
          DefaultTTL: !FindInMap [ByStage, !Ref Stage, Ttl]
          ParametersInCacheKeyAndForwardedToOrigin:
            EnableAcceptEncodingGzip: false
            HeadersConfig: {HeaderBehavior: none}
            CookiesConfig: {CookieBehavior: none}
            QueryStringsConfig: {QueryStringBehavior: none}
    """


def test_a_parameter_that_is_not_allowed_is_one_error(distribution: Load) -> None:
    behavior = "ForwardedValues: {QueryString: false}\nMinTTL: !FindInMap [ByStage, !Ref Stage, Ttl]\n"
    config = "Comment: !Ref Stage\nDefaultRootObject: !Sub '/${Stage}'\n"
    loaded = distribution(behavior, config, POLICY_OF_STAGE, STAGES, parameters={"Stage": "qa"})
    assert [problem.at for problem in loaded.problems] == ["--parameter Stage"]


@pytest.mark.parametrize(
    ("behavior", "at"),
    [
        pytest.param("MinTTL: !FindInMap [ByStag, dev, Ttl]\n", "MinTTL", id="a number"),
        pytest.param("Compress: !FindInMap [ByStage, dev, Ttll]\n", "Compress", id="a truth value"),
    ],
)
def test_what_cannot_be_looked_up_is_one_error(distribution: Load, behavior: str, at: str) -> None:
    loaded = distribution(f"ForwardedValues: {{QueryString: false}}\n{behavior}", resources="", head=STAGES)
    [problem] = loaded.problems
    assert problem.at.endswith(at)
    assert problem.message.startswith("Template error: Unable to get mapping for ByStag")
    assert problem.hint in ("did you mean ByStage?", "did you mean Ttl?")


def test_an_origin_that_failed_is_not_missed(distribution: Load) -> None:
    behavior = "PathPattern: /a, ViewerProtocolPolicy: allow-all, ForwardedValues: {QueryString: false}"
    config = f"CacheBehaviors: [{{{behavior}, TargetOriginId: !FindInMap [ByStag, dev, Target]}}]\n"
    [problem] = distribution(config=config, resources="", head=STAGES).problems
    assert problem.hint == "did you mean ByStage?"


def test_a_policys_number_that_failed_is_not_told_again(distribution: Load) -> None:
    resources = POLICY_OF_STAGE.replace("[ByStage,", "[ByStages,")
    [problem] = distribution("CachePolicyId: !Ref P\n", resources=resources, head=STAGES).problems
    assert problem.hint == "did you mean ByStage?"


def test_a_policys_number_that_cannot_be_known_is_a_warning(distribution: Load) -> None:
    resources = POLICY_OF_STAGE.replace("!FindInMap [ByStage, !Ref Stage, Ttl]", "!Ref Ttl")
    loaded = distribution("CachePolicyId: !Ref P\n", resources=resources, head="Parameters: {Ttl: {Type: Number}}\n")
    [problem] = loaded.problems
    assert (problem.severity, problem.hint) == (
        Severity.WARNING,
        "give the parameter a value: --parameter Ttl=…",
    )


def test_an_unknown_number_is_one_warning(distribution: Load) -> None:
    custom = "CustomOriginConfig: {OriginProtocolPolicy: http-only, HTTPPort: !Ref Port, HTTPSPort: !Ref Port}"
    config = f"Origins: [{{Id: o, DomainName: example.com, {custom}}}]\n"
    [problem] = distribution(config=config, resources="", head="Parameters: {Port: {Type: Number}}\n").problems
    assert problem.message.endswith("edgesim takes the default")


def test_a_name_that_nothing_has_is_answered_with_those_there_are(distribution: Load) -> None:
    [near] = distribution(config="Comment: !Ref Webb\n").errors
    [far] = distribution(config="Comment: !Ref Nope\n").errors
    [pseudo] = distribution(config="Comment: !Ref AWS::Regoin\n").errors
    assert near.message == "Unresolved resource dependencies [Webb] in the Resources block of the template"
    hints = ("did you mean Web?", "there are Fn, V, Web", "did you mean AWS::Region?")
    assert (near.hint, far.hint, pseudo.hint) == hints


# ── what is not read ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("resource", "hint"),
    [
        ("{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./site.yaml}}", "by itself: ./site.yaml"),
        ("{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://s3/x}}", "load its template by itself"),
        ("{Type: AWS::Serverless::Application, Properties: {Location: app.yaml}}", "by itself: app.yaml"),
    ],
)
def test_nested_stacks_are_not_looked_into(distribution: Load, template: Load, resource: str, hint: str) -> None:
    [warning] = distribution(resources=f"Nested: {resource}\n").problems
    assert (warning.severity, warning.at, warning.line) == (Severity.WARNING, "Resources.Nested", 2)
    assert "nested stacks" in warning.message
    assert warning.hint.endswith(hint)
    alone = template(f"Resources: {{Nested: {resource}}}\n").problems
    assert {problem.severity for problem in alone} == {Severity.WARNING, Severity.ERROR}


def test_loops_over_resources_are_not_worked_out(distribution: Load) -> None:
    resources = "Fn::ForEach::Sites: [Name, [a, b], {'Site${Name}': {Type: AWS::S3::Bucket}}]\n"
    [warning] = distribution(resources=resources).problems
    assert warning.message.startswith("edgesim does not work out Fn::ForEach::Sites")
    assert "--template-stage Processed" in warning.hint


def test_a_misspelt_type_is_told_with_its_line(template: Load) -> None:
    [error] = template("Resources:\n  Web:\n    Type: AWS::CloudFront::Distributon\n").errors
    assert error.message == "Template format error: Unrecognized resource types: [AWS::CloudFront::Distributon]"
    assert (error.line, error.hint) == (3, "did you mean AWS::CloudFront::Distribution?")


@pytest.mark.parametrize(
    "known",
    [
        "AWS::CloudFront::DistributionTenant",
        "AWS::CloudFront::StreamingDistribution",
        "AWS::CloudFront::Function",
        "AWS::CloudFront::ContinuousDeploymentPolicy",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::CloudFront::KeyGroup",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::CloudFront::ConnectionFunction",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Alias",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Url",
        "AWS::Serverless::Application",
        "AWS::Serverless::LayerVersion",
    ],
)
def test_no_type_of_its_own_passes_for_a_misspelt_one(known: str) -> None:
    assert meant_type(known) == ""


def test_properties_beside_the_configuration_are_known_or_errors(distribution: Load, tmp_path: Path) -> None:
    distribution(resources="")
    text = (tmp_path / "t.yaml").read_text()
    beside = text.replace("    Properties:\n", "    Properties:\n      Tag: []\n      Tags: []\n")
    (tmp_path / "t.yaml").write_text(beside)
    [error] = load(tmp_path / "t.yaml").problems
    assert (error.message, error.hint, error.line) == ("unknown property Tag", "did you mean Tags?", 5)


@pytest.mark.parametrize("name", ["basicauth.js", "basicauth.mjs", "basicauth.cjs", "basicauth.py"])
def test_a_function_is_no_template(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("exports.handler = async (event) => event;")
    [problem] = load(tmp_path / name).problems
    assert problem.message == f"{name} is a function, not a template"
    assert problem.hint == f"edgesim serve --origin URL --viewer-request {tmp_path / name}"
    assert "no such file" in load(tmp_path / f"no-{name}").problems[0].message


def test_other_resources_are_nobodys_business(distribution: Load) -> None:
    resources = "Table: {Type: AWS::DynamoDB::Table, Properties: {Key: !Ref Nowhere, Nothing: null}}\n"
    assert distribution(resources=resources).problems == ()


# ── what becomes of it ───────────────────────────────────────────────────────


def test_legacy_settings_become_a_cache_policy(distribution: Load) -> None:
    behavior = """\
        ForwardedValues:
          QueryString: true
          QueryStringCacheKeys: [q]
          Headers: [Origin]
          Cookies: {Forward: whitelist, WhitelistedNames: [sid]}
        MinTTL: 90000
        """
    [default] = distribution(behavior, resources="").distributions[0].behaviors
    policy, legacy = default.cache_policy, default.forwarded_values
    assert legacy is not None
    assert (policy.min_ttl, policy.default_ttl, policy.max_ttl) == (90000, 90000, 31536000)
    assert (policy.query_strings.names, policy.headers.names, policy.cookies.names) == (("q",), ("Origin",), ("sid",))
    assert legacy.query_string_cache_keys == ("q",)


def test_legacy_defaults_are_a_day_and_a_year(distribution: Load) -> None:
    [default] = distribution("ForwardedValues: {QueryString: false}\n", resources="").distributions[0].behaviors
    policy = default.cache_policy
    assert (policy.min_ttl, policy.default_ttl, policy.max_ttl) == (0, 86400, 31536000)


def test_policies_of_the_template_are_used(distribution: Load) -> None:
    resources = """\
        Forward:
          Type: AWS::CloudFront::OriginRequestPolicy
          Properties:
            OriginRequestPolicyConfig:
              Name: forward
              HeadersConfig: {HeaderBehavior: allViewer}
              CookiesConfig: {CookieBehavior: allExcept, Cookies: [sid]}
              QueryStringsConfig: {QueryStringBehavior: all}
        """
    behavior = "CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad\nOriginRequestPolicyId: !Ref Forward\n"
    policy = distribution(behavior, resources=resources).distributions[0].behaviors[0].origin_request_policy
    assert policy is not None
    assert (policy.name, policy.headers.selects, policy.cookies.names) == ("forward", "allViewer", ("sid",))


@pytest.mark.parametrize(
    ("policy_id", "hint"),
    [
        pytest.param("CachingOptimized", "Managed-CachingOptimized has the id 658327ea", id="a managed policy's name"),
        pytest.param("1234", "give its JSON: --cache-policy 1234=FILE", id="somebody's policy"),
        pytest.param("!ImportValue p", "give its JSON: --cache-policy p=FILE", id="another stack's policy"),
    ],
)
def test_an_unknown_policy_is_an_error_with_a_way_out(distribution: Load, policy_id: str, hint: str) -> None:
    [error] = distribution(f"CachePolicyId: {policy_id}\n", resources="").errors
    assert error.code == "NoSuchCachePolicy"
    assert error.hint.startswith(hint)


def test_a_policys_faults_stand_in_the_policy(distribution: Load) -> None:
    resources = (
        "P: {Type: AWS::CloudFront::CachePolicy, Properties: {CachePolicyConfig: {Name: p, MinTTL: 5, MaxTTL: 1}}}\n"
    )
    order, missing = distribution("CachePolicyId: !Ref P\n", resources=resources).errors
    assert {order.at, missing.at} == {
        "Resources.P.Properties.CachePolicyConfig.MaxTTL",
        "Resources.P.Properties.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin",
    }


def test_origin_groups_are_read(distribution: Load) -> None:
    config = """\
        Origins:
          - {Id: a, DomainName: a.s3.amazonaws.com}
          - {Id: b, DomainName: b.s3.amazonaws.com}
        OriginGroups:
          Quantity: 1
          Items:
            - Id: o
              FailoverCriteria: {StatusCodes: {Quantity: 2, Items: [500, 503]}}
              Members: {Quantity: 2, Items: [{OriginId: a}, {OriginId: b}]}
        """
    loaded = distribution(config=config, resources="")
    assert loaded.problems == ()
    group = loaded.distributions[0].origin_groups["o"]
    assert (group.members, group.status_codes) == (("a", "b"), frozenset({500, 503}))


def test_origins_keep_what_is_written(distribution: Load) -> None:
    config = """\
        Origins:
          - Id: o
            DomainName: b.s3.eu-west-1.amazonaws.com
            OriginPath: /v1/
            ConnectionAttempts: '2'
            S3OriginConfig: {OriginAccessIdentity: origin-access-identity/cloudfront/E2}
            OriginCustomHeaders: [{HeaderName: X-Key, HeaderValue: ''}]
        """
    loaded = distribution(config=config, resources="")
    slash, unsigned = loaded.problems
    assert slash.at.endswith("OriginPath")
    assert unsigned.at.endswith("S3OriginConfig.OriginAccessIdentity")
    origin = loaded.distributions[0].origins["o"]
    assert origin.s3 is not None
    assert (origin.s3.origin_access_identity, origin.s3.region) == ("E2", "eu-west-1")
    assert (origin.path, origin.connection_attempts, origin.custom_headers) == ("/v1", 2, (("X-Key", ""),))


def test_behaviors_keep_their_order_and_methods(distribution: Load) -> None:
    config = """\
        CacheBehaviors:
          - {PathPattern: /b, TargetOriginId: o, ViewerProtocolPolicy: https-only, CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad}
          - {PathPattern: /a, TargetOriginId: o, ViewerProtocolPolicy: https-only, CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad}
        """  # noqa: E501
    behaviors = (
        distribution("AllowedMethods: [GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE]\n", config, "")
        .distributions[0]
        .behaviors
    )
    assert [behavior.path_pattern for behavior in behaviors] == ["/b", "/a", "*"]
    assert behaviors[-1].allowed_methods == ALL_METHODS


def test_functions_are_attached_by_trigger(distribution: Load) -> None:
    behavior = (
        "LambdaFunctionAssociations: [{EventType: origin-request, LambdaFunctionARN: !Ref V, IncludeBody: true}]\n"
    )
    [default] = distribution(behavior).distributions[0].behaviors
    assert default.associations[Trigger.ORIGIN_REQUEST].include_body


# ── any document at all ──────────────────────────────────────────────────────

KEYS = """
    Resources Type Properties DistributionConfig Origins Items Quantity Id DomainName DefaultCacheBehavior Condition
    CacheBehaviors TargetOriginId LambdaFunctionAssociations EventType LambdaFunctionARN CachePolicyId Parameters Ref
    Conditions Mappings Globals Function Transform Fn::GetAtt Fn::If Code FunctionName CachePolicyConfig Web Fn P
    Distribution OriginGroups Members
"""
WORDS = """
    AWS::CloudFront::Distribution AWS::Lambda::Function AWS::Lambda::Version AWS::CloudFront::CachePolicy Web Fn P true
    1 viewer-request arn:aws:lambda:us-east-1:1:function:f:1 AWS::Serverless-2016-10-31 Fn.Arn AWS::Serverless::Function
"""
TYPES = st.sampled_from(WORDS.split())
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    TYPES | st.text(max_size=3) | st.none() | st.integers(-2, 2) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4),
    max_leaves=25,
)
RESOURCES = st.dictionaries(
    st.sampled_from(["Web", "Fn", "P"]), st.fixed_dictionaries({"Type": TYPES, "Properties": DOCUMENTS}), max_size=3
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    DOCUMENTS | RESOURCES.map(lambda found: {"Resources": found}) | DOCUMENTS.map(lambda d: {"DistributionConfig": d})
)
def test_loading_never_raises(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(document))
    loaded = load(path, Overrides(functions={"f": str(tmp_path)}, parameters={"P": "x"}, origins={"o": "."}))
    assert loaded.problems
    assert not loaded.errors or loaded.distributions == ()


def test_loading_a_template_needs_no_network_stack_and_quick_mode_no_pydantic() -> None:
    program = (
        "import edgesim.loaders, sys; print([m for m in ('pydantic', 'yaml', 'httpx', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    assert load(folder).problems[0].message == "this directory can't be read: Permission denied"
