"""Which of the formats a source has, by what is in it rather than by its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path

from edgesim.loaders.code import SUFFIXES
from edgesim.loaders.nodes import Node
from edgesim.loaders.unreadable import Unreadable


class Format(StrEnum):
    """What a source may be."""

    TEMPLATE = "a CloudFormation or SAM template"
    API_JSON = "a distribution as the AWS CLI prints it"


def format_of(root: Node, file: str) -> Format:
    """The format of a tree. Raises Unreadable, with a word about what it looks like."""
    if found := format_by(root.fields):
        return found
    hint = next((hint for looks_like, hint in _STRANGERS if looks_like(root)), _EXPECTED)
    raise Unreadable("this describes no distribution", file, root.line, hint)


def format_by(keys: Collection[str]) -> Format | None:
    """What has these keys at its top; None for what describes no distribution."""
    if "Resources" in keys:
        return Format.TEMPLATE
    return Format.API_JSON if any(key in keys for key in _OF_THE_API) else None


_OF_THE_API = ("DistributionConfig", "Distribution", "DefaultCacheBehavior")
_EXPECTED = "edgesim reads CloudFormation and SAM templates, and what `aws cloudfront get-distribution-config` prints"


def _has(*keys: str) -> Callable[[Node], bool]:
    return lambda root: all(key in root.fields for key in keys)


# Files that people try, and what to do with them
_CACHE_POLICY = "this is a cache policy: --cache-policy ID=FILE"
_ORIGIN_REQUEST_POLICY = "this is an origin request policy: --origin-request-policy ID=FILE"
_RESPONSE_HEADERS_POLICY = "this is a response headers policy: --response-headers-policy ID=FILE"
_SCENARIO = "this is a scenario: edgesim test plays it, and edgesim demo shows it step by step"
_DEPLOYMENT_POLICY = "this is a continuous deployment policy: --continuous-deployment-policy ID=FILE"
_TERRAFORM = "edgesim does not read Terraform yet; save what `aws cloudfront get-distribution-config` prints"
_STRANGERS: tuple[tuple[Callable[[Node], bool], str], ...] = (
    (_has("CachePolicyConfig"), _CACHE_POLICY),
    (_has("CachePolicy"), _CACHE_POLICY),
    (_has("ParametersInCacheKeyAndForwardedToOrigin"), _CACHE_POLICY),
    (_has("OriginRequestPolicyConfig"), _ORIGIN_REQUEST_POLICY),
    (_has("OriginRequestPolicy"), _ORIGIN_REQUEST_POLICY),
    (_has("ResponseHeadersPolicyConfig"), _RESPONSE_HEADERS_POLICY),
    (_has("ResponseHeadersPolicy"), _RESPONSE_HEADERS_POLICY),
    (_has("ContinuousDeploymentPolicy"), _DEPLOYMENT_POLICY),
    (_has("StagingDistributionDnsNames"), _DEPLOYMENT_POLICY),
    (_has("terraform_version"), _TERRAFORM),
    (_has("planned_values"), _TERRAFORM),
    (_has("resource"), _TERRAFORM),
    (
        _has("service", "provider"),
        "edgesim does not read serverless.yml; load the template that it puts into .serverless",
    ),
    (_has("artifacts", "version"), "this is CDK's manifest; load the stack's template beside it, *.template.json"),
    (_has("title", "steps"), _SCENARIO),
    (_has("scenarios"), _SCENARIO),
    (_has("DistributionList"), "this is a list; save what `aws cloudfront get-distribution-config --id …` prints"),
)

TEMPLATES = ("template.yaml", "template.yml", "template.json")


def source_file(source: Path, shown: str) -> Path:
    """The file that a source means: itself, or a directory's template. Raises Unreadable."""
    if source.suffix in SUFFIXES and source.is_file():
        message = f"{source.name} is a function, not a template"
        raise Unreadable(message, shown, hint=f"edgesim serve --origin URL --viewer-request {shown}")
    if source.suffix == ".tf" and source.is_file():
        raise Unreadable("this describes no distribution", shown, hint=_TERRAFORM)
    if not source.is_dir():
        return source
    if not os.access(source, os.R_OK | os.X_OK):
        raise Unreadable("this directory can't be read: Permission denied", shown)
    usual = [source / name for name in TEMPLATES if (source / name).is_file()]
    found = usual[:1] or sorted(source.glob("*.template.json")) or sorted(source.glob("cdk.out/*.template.json"))
    if len(found) == 1:
        return found[0]
    raise Unreadable("this is a directory, and it is not clear which file to take", shown, hint=_which(source, found))


def _which(folder: Path, found: Collection[Path]) -> str:
    if found:
        return f"name one of {', '.join(path.name for path in found)}"
    if any(folder.glob("*.tf")):
        return _TERRAFORM
    return f"a directory's template is called {' or '.join(TEMPLATES)}"
