"""A distribution as the rules read it: frozen, valid, every default filled.

The loaders make these from the user's files (distribution/config.py checks the raw form). Times are seconds.
Names are CloudFront's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from edgesim.distribution import limits
from edgesim.distribution.continuous_deployment import ContinuousDeployment
from edgesim.distribution.geo import GeoRestriction
from edgesim.distribution.policies import CachePolicy, ForwardedValues, OriginRequestPolicy
from edgesim.distribution.response_headers import ResponseHeadersPolicy
from edgesim.distribution.signers import Signers
from edgesim.distribution.terms import STANDARD_TERMS, Terms
from edgesim.values.headers import Field
from edgesim.values.place import NOWHERE, Place


class Trigger(StrEnum):
    """The four points of a request where a function can run; the values are CloudFront's event types."""

    VIEWER_REQUEST = "viewer-request"
    ORIGIN_REQUEST = "origin-request"
    ORIGIN_RESPONSE = "origin-response"
    VIEWER_RESPONSE = "viewer-response"


class ViewerProtocolPolicy(StrEnum):
    ALLOW_ALL = "allow-all"
    HTTPS_ONLY = "https-only"
    REDIRECT_TO_HTTPS = "redirect-to-https"


class OriginProtocolPolicy(StrEnum):
    HTTP_ONLY = "http-only"
    HTTPS_ONLY = "https-only"
    MATCH_VIEWER = "match-viewer"


@dataclass(frozen=True, slots=True)
class Code:
    """Where a function's code is: a directory, a single file or a zip at `path` (absolute), or `inline` source
    text, which Lambda writes to index.js or index.py. `written` is where the first line of that text stands in a file
    of the user's, where its lines are lines there, too; it makes no other code."""

    path: str = ""
    inline: str = ""
    written: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AutoPublish:
    """SAM's AutoPublishAlias: when a deployment publishes a version (publishing.py). `all_properties` is
    AutoPublishAliasAllProperties, `code_sha256` AutoPublishCodeSha256 as it is written."""

    all_properties: bool = False
    code_sha256: str = ""


@dataclass(frozen=True, slots=True)
class EdgeFunction:
    """A Lambda function as an association names it. `runtime` is Lambda's identifier (`nodejs22.x`, `python3.13`);
    `handler` is `file.export`; `memory` is megabytes; `timeout` is seconds; `concurrency` is how many run at once
    before the others are throttled (ReservedConcurrentExecutions), None for as many as Lambda lets; `auto_publish` is
    None where SAM does not publish it."""

    name: str
    code: Code
    handler: str
    runtime: str
    version: str = "1"
    timeout: float = limits.DEFAULT_FUNCTION_TIMEOUT_SECONDS
    memory: int = limits.DEFAULT_FUNCTION_MEMORY_MB
    account: str = "123456789012"
    concurrency: int | None = None
    auto_publish: AutoPublish | None = None

    @property
    def arn(self) -> str:
        """The version's ARN in us-east-1, as an association names it."""
        return f"arn:aws:lambda:us-east-1:{self.account}:function:{self.name}:{self.version}"


@dataclass(frozen=True, slots=True)
class Association:
    """One trigger of a behavior."""

    trigger: Trigger
    function: EdgeFunction
    include_body: bool = False


class SigningBehavior(StrEnum):
    """Which requests an origin access control signs; no-override: those without an Authorization of the viewer's."""

    ALWAYS = "always"
    NO_OVERRIDE = "no-override"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class S3Access:
    """What makes an origin an S3 origin. `origin_access_identity` is the OAI's id or empty; `origin_access_control`
    says whether it has an OAC in its place, and `signing` is that one's behavior."""

    origin_access_identity: str = ""
    region: str = ""
    origin_access_control: bool = False
    signing: SigningBehavior = SigningBehavior.ALWAYS

    @property
    def signs(self) -> bool:
        """Does CloudFront sign requests, unless the viewer's own signature goes first?"""
        by_control = self.origin_access_control and self.signing is not SigningBehavior.NEVER
        return by_control or bool(self.origin_access_identity)

    @property
    def always_signs(self) -> bool:
        """documented: private-content-restricting-access-to-s3, then Authorization is CloudFront's, and over HTTPS"""
        return self.origin_access_control and self.signing is SigningBehavior.ALWAYS


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """The origin access control of a custom origin that is an AWS service: its name in signatures, such as `lambda`,
    and its Region."""

    service: str
    region: str
    signing: SigningBehavior = SigningBehavior.ALWAYS

    @property
    def signs(self) -> bool:
        return self.signing is not SigningBehavior.NEVER

    @property
    def always_signs(self) -> bool:
        return self.signing is SigningBehavior.ALWAYS


@dataclass(frozen=True, slots=True)
class Origin:
    """Where CloudFront fetches. `s3` is set for an S3 bucket origin, None for a custom one.

    `path` is the OriginPath: empty, or `/x` without a trailing slash. `custom_headers` keep their configured case.
    `completion_timeout` is the ResponseCompletionTimeout, from the first attempt to the last byte; 0 for none.
    `service` is set for a custom origin with an origin access control. `distribution` is the name of the distribution
    that configures it, empty where there is one alone.
    """

    id: str
    domain_name: str
    path: str = ""
    custom_headers: tuple[Field, ...] = ()
    s3: S3Access | None = None
    protocol_policy: OriginProtocolPolicy = OriginProtocolPolicy.MATCH_VIEWER
    http_port: int = 80
    https_port: int = 443
    ssl_protocols: tuple[str, ...] = ("TLSv1.2",)
    read_timeout: float = limits.ORIGIN_READ_TIMEOUT_SECONDS
    keepalive_timeout: float = limits.ORIGIN_KEEPALIVE_TIMEOUT_SECONDS
    connection_attempts: int = limits.CONNECTION_ATTEMPTS
    connection_timeout: float = limits.CONNECTION_TIMEOUT_SECONDS
    completion_timeout: float = 0
    service: ServiceAccess | None = None
    distribution: str = ""

    @property
    def access(self) -> S3Access | ServiceAccess | None:
        """Who may have its requests signed."""
        return self.s3 or self.service


@dataclass(frozen=True, slots=True)
class OriginGroup:
    """A primary and a secondary origin, and the statuses that make CloudFront turn to the second."""

    id: str
    members: tuple[str, str]
    status_codes: frozenset[int]


@dataclass(frozen=True, slots=True)
class CustomErrorResponse:
    """What to do with one error status. Without a page, only the caching time is set."""

    error_code: int
    caching_min_ttl: float = limits.CONFIGURED_ERROR_CACHING_MIN_TTL_SECONDS
    page_path: str = ""
    response_code: int | None = None


GET_HEAD = frozenset({"GET", "HEAD"})
GET_HEAD_OPTIONS = frozenset({"GET", "HEAD", "OPTIONS"})
ALL_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class CacheBehavior:
    """How requests under one path pattern are treated. The default behavior's pattern is `*`.

    `cache_policy` is always set: legacy behaviors get one derived from `forwarded_values`
    (distribution/legacy.py), which stays here since legacy forwarding differs from policies in what it drops.
    With `signers` a request must have a signed URL or signed cookies.
    """

    path_pattern: str
    target_origin_id: str
    cache_policy: CachePolicy
    viewer_protocol_policy: ViewerProtocolPolicy = ViewerProtocolPolicy.ALLOW_ALL
    allowed_methods: frozenset[str] = GET_HEAD
    cached_methods: frozenset[str] = GET_HEAD
    compress: bool = False
    origin_request_policy: OriginRequestPolicy | None = None
    response_headers_policy: ResponseHeadersPolicy | None = None
    forwarded_values: ForwardedValues | None = None
    associations: Mapping[Trigger, Association] = field(default_factory=lambda: MappingProxyType({}))
    signers: Signers | None = None


@dataclass(frozen=True, slots=True)
class Logging:
    """Standard logging. `bucket` is the bucket's domain name; `prefix` begins the names of the log's files."""

    bucket: str = ""
    prefix: str = ""
    include_cookies: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution. `behaviors` stand in matching order, the default one last; `name` is what the user calls it
    (the template's logical id), `domain_name` is the `d….cloudfront.net` name that events and logs carry. Origins name
    an object's cache tags in the header `cache_tag_header`; where it is empty there are none. A `staging`
    distribution has only the viewers that another one's `continuous_deployment` sends. `terms` are no part of its
    configuration: the user of edgesim sets them (`--limits`, `--choice`). Nor is `sessions_ended`, how often the
    sessions of its continuous deployment have ended (sessions.py)."""

    id: str
    name: str
    domain_name: str
    behaviors: tuple[CacheBehavior, ...]
    origins: Mapping[str, Origin]
    origin_groups: Mapping[str, OriginGroup] = field(default_factory=lambda: MappingProxyType({}))
    aliases: tuple[str, ...] = ()
    enabled: bool = True
    default_root_object: str = ""
    error_responses: Mapping[int, CustomErrorResponse] = field(default_factory=lambda: MappingProxyType({}))
    comment: str = ""
    geo_restriction: GeoRestriction | None = None
    logging: Logging = Logging()
    cache_tag_header: str = ""
    staging: bool = False
    continuous_deployment: ContinuousDeployment | None = None
    terms: Terms = STANDARD_TERMS
    sessions_ended: int = field(default=0, compare=False)

    @property
    def functions(self) -> tuple[EdgeFunction, ...]:
        """Every function that some behavior associates, each once, in order."""
        found = {a.function: None for b in self.behaviors for a in b.associations.values()}
        return tuple(found)
