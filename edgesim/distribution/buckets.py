"""S3 buckets: their host names, and what is known of how they answer.

Source: S3's user guide, WebsiteEndpoints, IndexDocumentSupport, CustomErrorDocSupport, how-to-page-redirect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
_S3_HOST = re.compile(
    r"(?:^|(?P<bucket>.+)\.)s3(?:-accesspoint|-object-lambda)?"
    rf"(?:[.-](?:dualstack\.)?{_REGION})?\.amazonaws\.com(?:\.cn)?"
)
_WEBSITE_HOST = re.compile(rf"(?P<bucket>.+)\.s3-website[.-]{_REGION}\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a website sends a viewer. Empty parts stay what the request says; `replace_prefix` is None where the key
    keeps its prefix, which it may lose to an empty one."""

    host: str = ""
    protocol: str = ""
    replace_key: str = ""
    replace_prefix: str | None = None
    status: int = 301


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A redirect for keys that begin with `prefix`; with an `error` only where that would be the status."""

    redirect: Redirect
    prefix: str = ""
    error: int | None = None


@dataclass(frozen=True, slots=True)
class Website:
    """A bucket's website configuration. `index` is the index document of every folder; `error` is the key of the error
    document, empty for none. With `redirect_all` nothing else counts."""

    index: str = "index.html"
    error: str = "error.html"
    redirect_all: Redirect | None = None
    rules: tuple[RoutingRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a source says of a bucket. `listable`: a policy lets callers list it."""

    listable: bool = False
    website: Website = Website()


def s3_region(domain_name: str) -> str | None:
    """The region of an S3 bucket's host name, or None where it is no bucket's. Website endpoints are custom origins.

    inferred: a host without a region is shown as us-east-1
    """
    match = _S3_HOST.fullmatch(domain_name.lower())
    return (match["region"] or "us-east-1") if match else None


def is_website(domain_name: str) -> bool:
    """Is it the host name of a bucket's website endpoint?"""
    return _WEBSITE_HOST.fullmatch(domain_name.lower()) is not None


def bucket_name(domain_name: str) -> str:
    """The bucket that a REST or website host name belongs to; empty where it is no bucket's."""
    domain = domain_name.lower()
    match = _WEBSITE_HOST.fullmatch(domain) or _S3_HOST.fullmatch(domain)
    return (match["bucket"] or "") if match else ""
