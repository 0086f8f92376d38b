"""What a template says of its buckets."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgesim.distribution.buckets import Bucket, Redirect, RoutingRule, Website
from edgesim.loaders import Loaded, load

TEMPLATE = """
Resources:
  Site:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: docs
      %s
  Nameless: {Type: AWS::S3::Bucket}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Site
      PolicyDocument:
        Statement: %s
  Web:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins:
          - Id: site
            DomainName: !Select [2, !Split ["/", !GetAtt %s.WebsiteURL]]
            CustomOriginConfig: {OriginProtocolPolicy: http-only}
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: allow-all
          CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
"""
GET = "[{Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}]"


def loaded(tmp_path: Path, properties: str = "", statements: str = GET, bucket: str = "Site") -> Loaded:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE % (properties, statements, bucket))
    found = load(file)
    assert found.errors == ()
    return found


def test_a_bucket_that_says_nothing_has_the_usual_documents(tmp_path) -> None:
    assert loaded(tmp_path).buckets["docs"] == Bucket()


@pytest.mark.parametrize(
    ("statements", "listable"),
    [
        (GET, False),
        ("[{Effect: Allow, Action: 's3:ListBucket'}]", True),
        ("{Effect: Allow, Action: ['s3:GetObject', 's3:List*']}", True),
        ("[{Effect: Allow, Action: '*'}]", True),
        ("[{Effect: Deny, Action: 's3:*'}]", False),
        ("[{Effect: Allow, Action: 's3:ListBucketVersions'}]", False),
    ],
)
def test_who_may_list_it_is_in_its_policy(tmp_path, statements, listable) -> None:
    assert loaded(tmp_path, statements=statements).buckets["docs"].listable is listable


def test_its_website_has_documents_and_rules(tmp_path) -> None:
    website = """
      WebsiteConfiguration:
        IndexDocument: home.html
        ErrorDocument: 404.html
        RoutingRules:
          - RedirectRule: {HostName: www.example.com, Protocol: https, ReplaceKeyPrefixWith: '', HttpRedirectCode: 302}
            RoutingRuleCondition: {KeyPrefixEquals: old/, HttpErrorCodeReturnedEquals: 404}
          - RedirectRule: {ReplaceKeyWith: index.html}
"""
    assert loaded(tmp_path, website).buckets["docs"].website == Website(
        "home.html",
        "404.html",
        None,
        (
            RoutingRule(Redirect("www.example.com", "https", "", "", 302), "old/", 404),
            RoutingRule(Redirect(replace_key="index.html")),
        ),
    )


def test_an_error_document_that_is_not_configured_is_none(tmp_path) -> None:
    assert loaded(tmp_path, "WebsiteConfiguration: {IndexDocument: index.html}").buckets["docs"].website.error == ""


def test_everything_may_be_redirected(tmp_path) -> None:
    found = loaded(tmp_path, "WebsiteConfiguration: {RedirectAllRequestsTo: {HostName: example.com}}")
    assert found.buckets["docs"].website.redirect_all == Redirect("example.com")


def test_a_bucket_without_a_name_is_found_by_the_one_that_stands_for_it(tmp_path) -> None:
    found = loaded(tmp_path, bucket="Nameless")
    domain = found.distributions[0].origins["site"].domain_name
    name, _, endpoint = domain.partition(".")
    assert endpoint == "s3-website-us-east-1.amazonaws.com"
    assert name in found.buckets
