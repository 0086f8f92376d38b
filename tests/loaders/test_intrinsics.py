from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.loaders.intrinsics import _FUNCTIONS, Resolver
from edgesim.loaders.json_source import read_json
from edgesim.loaders.nodes import Node, plain
from edgesim.loaders.yaml_source import read_yaml

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
  Hosts: {Type: CommaDelimitedList, Default: 'a.example.com, b.example.com'}
  None: {Type: CommaDelimitedList, Default: ''}
  Unset: {Type: String}
  FromSsm: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /edge/arn}
Mappings:
  ByStage: {dev: {Class: low, List: [x, y]}, prod: {Class: high}}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Equals [!Ref Stage, prod]
  Either: !Or [!Condition IsDev, !Condition IsProd]
  Both: !And [!Condition IsDev, !Condition IsProd]
  NotDev: !Not [!Condition IsDev]
  Loop: !Not [!Condition Loop]
Resources:
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'site-${Stage}'}}
  Nameless: {Type: 'AWS::S3::Bucket'}
  Self: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Self}}
  Off: {Type: 'AWS::S3::Bucket', Condition: IsProd}
  Alb: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer'}
  Api: {Type: 'AWS::ApiGateway::RestApi'}
  Url: {Type: 'AWS::Lambda::Url'}
  Fn: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: fn}}
  Anon: {Type: 'AWS::Lambda::Function'}
  V1: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !Ref Fn}}
  V2: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !GetAtt Fn.Arn}}
  Live: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Fn, Name: live}}
  Web: {Type: 'AWS::CloudFront::Distribution'}
  Policy: {Type: 'AWS::CloudFront::CachePolicy'}
  Edge: {Type: 'AWS::CloudFront::Function', Properties: {Name: rewrite}}
"""
ARN = "arn:aws:lambda:us-east-1:123456789012:function"


def resolver(given: dict[str, str] | None = None, template: str = TEMPLATE) -> Resolver:
    return Resolver(read_yaml(template, "t.yaml")[0], "t.yaml", given or {})


def resolved(expression: str, **given: str) -> Node | None:
    of = resolver(given)
    node = of.resolve(read_yaml(expression, "t.yaml")[0])
    assert of.problems == []
    return node


def value(expression: str, **given: str) -> Any:
    node = resolved(expression, **given)
    return None if node is None else plain(node)


@pytest.mark.parametrize(
    ("expression", "gives"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref Hosts", ["a.example.com", "b.example.com"]),
        ("!Ref None", []),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::NoValue", None),
        ("!Ref Bucket", "site-dev"),
        ("!Ref Fn", "fn"),
        ("!Ref Anon", "Anon"),
        ("!Ref V1", f"{ARN}:fn:1"),
        ("!Ref V2", f"{ARN}:fn:2"),
        ("!Ref Live", f"{ARN}:fn:live"),
        ("!Ref Policy", "Policy"),
        ("!GetAtt V1.Version", "1"),
        ("!GetAtt V1.FunctionArn", f"{ARN}:fn:1"),
        ("!GetAtt [Fn, Arn]", f"{ARN}:fn"),
        ("Fn::GetAtt: Fn.Arn", f"{ARN}:fn"),
        ("!GetAtt [!Sub 'Bucket', Arn]", "arn:aws:s3:::site-dev"),
        ("!GetAtt Bucket.RegionalDomainName", "site-dev.s3.us-east-1.amazonaws.com"),
        ("!GetAtt Bucket.WebsiteURL", "http://site-dev.s3-website-us-east-1.amazonaws.com"),
        ("!GetAtt Edge.FunctionMetadata.FunctionARN", "arn:aws:cloudfront::123456789012:function/rewrite"),
        ("!Sub '${Stage}-${AWS::AccountId}'", "dev-123456789012"),
        ("!Sub ['${Stage}-${X}', {X: !Ref Bucket}]", "dev-site-dev"),
        ("!Sub '${Fn.Arn}:3'", f"{ARN}:fn:3"),
        ("!Sub 'a${!Literal}b'", "a${Literal}b"),
        ("!Join [':', [!GetAtt Fn.Arn, !GetAtt V1.Version]]", f"{ARN}:fn:1"),
        ("!Join ['-', !Ref Hosts]", "a.example.com-b.example.com"),
        ("!Join ['-', [a, !Ref AWS::NoValue, b]]", "a-b"),
        ("!Select [1, !Ref Hosts]", "b.example.com"),
        ("!Select [2, !Split ['/', !GetAtt Bucket.WebsiteURL]]", "site-dev.s3-website-us-east-1.amazonaws.com"),
        ("!Split [',', 'a,b']", ["a", "b"]),
        ("!FindInMap [ByStage, !Ref Stage, Class]", "low"),
        ("!FindInMap [ByStage, dev, List]", ["x", "y"]),
        ("!FindInMap [ByStage, no, Class, {DefaultValue: mid}]", "mid"),
        ("!If [IsDev, yes, no]", "yes"),
        ("!If [IsProd, yes, {a: !Ref Stage}]", {"a": "dev"}),
        ("!If [Either, 1, 2]", "1"),
        ("!If [Both, 1, 2]", "2"),
        ("!If [NotDev, 1, 2]", "2"),
        ("[a, !If [IsProd, b, !Ref AWS::NoValue], c]", ["a", "c"]),
        ("{a: 1, b: !If [IsProd, 2, !Ref AWS::NoValue]}", {"a": "1"}),
        ("!Base64 abc", "YWJj"),
        ("!Length [a, b]", "2"),
        ("!ToJsonString {a: !Ref Stage}", '{"a": "dev"}'),
    ],
    ids=str,
)  # fmt: skip
def test_functions_give_what_cloudformation_gives(expression: str, gives: Any) -> None:
    assert value(expression) == gives


def test_parameters_can_be_given() -> None:
    assert value("!Ref Bucket", Stage="prod") == "site-prod"
    assert value("!If [IsProd, 1, 2]", Stage="prod") == "1"
    assert value("!Ref FromSsm", FromSsm="arn") == "arn"
    assert value("!Ref AWS::Region", **{"AWS::Region": "eu-west-1"}) == "eu-west-1"


@pytest.mark.parametrize(
    ("expression", "stand_in", "unknown"),
    [
        ("!Ref Unset", "unset", "Unset"),
        ("!Ref FromSsm", "fromssm", "FromSsm"),
        ("!Ref Nameless", "nameless-ekpvl3vd3vyx6", "Nameless"),
        ("!GetAtt Nameless.RegionalDomainName", "nameless-ekpvl3vd3vyx6.s3.us-east-1.amazonaws.com", "Nameless"),
        ("!Sub '${Nameless}.s3.amazonaws.com'", "nameless-ekpvl3vd3vyx6.s3.amazonaws.com", "Nameless"),
        ("!GetAtt Alb.DNSName", "alb.unresolved.invalid", "Alb.DNSName"),
        ("!Sub '${Api}.execute-api.us-east-1.amazonaws.com'", "api.execute-api.us-east-1.amazonaws.com", "Api"),
        ("!Select [2, !Split ['/', !GetAtt Url.FunctionUrl]]", "url.unresolved.invalid", "Url.FunctionUrl"),
        ("!Select [9, !Split ['/', !GetAtt Alb.DNSName]]", "alb-dnsname.unresolved.invalid", "Alb.DNSName"),
        ("!ImportValue shared-arn", "shared-arn.unresolved.invalid", "shared-arn"),
        ("!ImportValue {'Fn::Sub': '${Stage}-arn'}", "dev-arn.unresolved.invalid", "dev-arn"),
        ("'{{resolve:ssm:/edge/host}}'", "{{resolve:ssm:/edge/host}}", "ssm:/edge/host"),
        ("!FindInMap [ByStage, !Ref Unset, Class]", "unset.unresolved.invalid", "Unset"),
        ("!GetAZs ''", "fn--getazs.unresolved.invalid", "Fn::GetAZs"),
    ],
    ids=str,
)
def test_what_only_aws_knows_gets_a_stand_in(expression: str, stand_in: str, unknown: str) -> None:
    node = resolved(expression)
    assert node is not None
    assert (node.text, node.unknown) == (stand_in, unknown)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("!Ref Bukket", "Unresolved resource dependencies [Bukket] in the Resources block of the template"),
        ("!Ref Off", "Unresolved resource dependencies [Off]"),
        ("!Sub '${Nope}'", "Unresolved resource dependencies [Nope]"),
        ("!GetAtt Nope.Arn", "Unresolved resource dependencies [Nope]"),
        ("!GetAtt Fn.Version", "resource Fn does not support attribute type Version in Fn::GetAtt"),
        ("!FindInMap [ByStage, x, Class]", "Unable to get mapping for ByStage::x::Class"),
        ("!FindInMap [ByStage]", "Fn::FindInMap wants"),
        ("!Select [5, [a]]", "can't take item 5 of 1"),
        ("!Select [x, [a]]", "can't take item x"),
        ("!Join [a]", "Fn::Join wants"),
        ("!Split ['', a]", "Fn::Split wants"),
        ("!If [IsDev, a]", "Fn::If wants"),
        ("!If [IsDve, a, b]", "the condition IsDve is not defined"),
        ("!If [Loop, a, b]", "the condition Loop depends on itself"),
        ("!Ref Self", "it depends on itself"),
        ("Fn::Jion: [a, [b]]", "CloudFormation has no function Fn::Jion"),
    ],
)
def test_what_cloudformation_refuses_is_a_problem(expression: str, says: str) -> None:
    of = resolver()
    of.resolve(read_yaml(expression, "t.yaml")[0])
    assert says in of.problems[0].message
    assert of.problems[0].line == 1 or "itself" in says


def test_a_mistyped_name_gets_a_hint() -> None:
    of = resolver()
    of.resolve(read_yaml("!Ref Bukket", "t.yaml")[0])
    assert of.problems[0].hint == "did you mean Bucket?"


def test_a_resource_without_its_condition_says_why_it_is_missing() -> None:
    of = resolver()
    of.resolve(read_yaml("!Ref Off", "t.yaml")[0])
    assert "Condition of Off does not hold" in of.problems[0].hint


def test_nothing_is_asked_for_that_nobody_needs() -> None:
    of = resolver(template="Resources: {Table: {Type: 'AWS::DynamoDB::Table', Properties: {X: !Ref Nowhere}}}")
    assert list(of.live("AWS::S3::Bucket")) == []
    assert of.problems == []


def test_a_macro_may_make_any_name() -> None:
    of = resolver(template="{Transform: MyMacro, Resources: {A: {Type: 'AWS::S3::Bucket'}}}")
    node = of.resolve(read_yaml("!Ref Made", "t.yaml")[0])
    assert node is not None
    assert node.unknown == "Made"
    assert of.problems == []


def test_a_branch_keeps_its_line_and_gets_the_path_of_its_place() -> None:
    node = resolver().resolve(read_yaml("A:\n  - !If\n    - IsDev\n    - B: x\n    - B: y\n", "t.yaml")[0])
    assert node is not None
    place = node.get("A").items[0].get("B")
    assert (place.text, place.line, place.at) == ("x", 4, "A[0].B")


NAMES = st.sampled_from([*_FUNCTIONS, "Condition", "Fn::Transform", "Fn::Nope", "a", "b"])
WORDS = "Stage Bucket Nameless Fn V1 Self Off IsDev Loop Alb.DNSName 0 1 ByStage AWS::NoValue {{resolve:a}}"
TEXTS = st.sampled_from([*WORDS.split(), "", "${", "${Stage}", "${Nope.X}", "${!a}"])
EXPRESSIONS = st.recursive(
    TEXTS | st.text(max_size=5) | st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES, inner, max_size=1)
        | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=15,
)


@given(EXPRESSIONS)
def test_resolving_never_raises(expression: Any) -> None:
    of = resolver()
    node = of.resolve(read_json(json.dumps(expression), "t.json")[0])
    assert node is None or isinstance(node, Node)
    assert all(problem.message and problem.file for problem in of.problems)
