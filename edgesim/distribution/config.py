"""What the user may write: the raw configuration in CloudFormation's spelling, as pydantic models.

Rule 1: every form a user has (CloudFormation, SAM, the API's JSON) is brought to this one shape before it comes here.
Rule 2: `parse` never raises. It names every violation by its path in the raw form, and returns what is left, so that
        the rules between properties (distribution/checks.py) can be asked in the same go.
Rule 3: a property that AWS has and edgesim ignores is declared too, so that only what AWS refuses is "unknown".
Source: distribution-config.md §1.2 to §1.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import ErrorDetails

from edgesim.distribution import limits
from edgesim.distribution.findings import Finding, Loc, closest
from edgesim.distribution.model import OriginProtocolPolicy, SigningBehavior, Trigger, ViewerProtocolPolicy

# documented: distribution-config.md §1.2
COMMENT_CHARS = 128

Raw: TypeAlias = dict[str, Any]


# ── names ────────────────────────────────────────────────────────────────────

_UPPER_WORDS = re.compile(r"Ttl$|^Http(?=Port)|^Https(?=Port)|(?<=Function)Arn$|(?<=WebA)cl(?=Id)|(?<=Origin)Ssl|^Ipv6")


def aws_name(field: str) -> str:
    """`min_ttl` → `MinTTL`: CloudFormation's spelling of a field."""
    return _UPPER_WORDS.sub(lambda match: match[0].upper(), to_pascal(field))


class Part(BaseModel):
    """One structure of the configuration. `required` names the properties that CloudFormation wants written; they
    still have defaults here, so that one missing property doesn't hide what else is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=aws_name, coerce_numbers_to_str=True)
    required: ClassVar[tuple[str, ...]] = ()


Inert: TypeAlias = Any
"""A property that does not change a local answer, or that distribution/unapplied.py speaks about."""
Seconds = Annotated[float, Field(ge=0)]
Texts: TypeAlias = tuple[str, ...]
"""A list of texts; one text is none. observed: "expected type: JSONArray, found: String" (troposphere issue 2023)"""


# ── behaviors ────────────────────────────────────────────────────────────────


class Cookies(Part):
    forward: Literal["none", "whitelist", "all"] = "none"
    whitelisted_names: Texts = ()


class Forwarded(Part):
    required = ("query_string",)

    query_string: bool = False
    query_string_cache_keys: Texts = ()
    headers: Texts = ()
    cookies: Cookies = Cookies()


class LambdaAssociation(Part):
    required = ("event_type", "lambda_function_arn")

    event_type: Trigger | None = None
    lambda_function_arn: str = ""
    include_body: bool = False


class FunctionAssociation(Part):
    event_type: Literal["viewer-request", "viewer-response"] | None = None
    function_arn: str = ""


class DefaultBehavior(Part):
    required: ClassVar[tuple[str, ...]] = ("target_origin_id", "viewer_protocol_policy")

    target_origin_id: str = ""
    viewer_protocol_policy: ViewerProtocolPolicy = ViewerProtocolPolicy.ALLOW_ALL
    allowed_methods: Texts = ("GET", "HEAD")
    cached_methods: Texts = ("GET", "HEAD")
    cache_policy_id: str = ""
    origin_request_policy_id: str = ""
    forwarded_values: Forwarded | None = None
    min_ttl: Seconds | None = None
    default_ttl: Seconds | None = None
    max_ttl: Seconds | None = None
    compress: bool = False
    lambda_function_associations: tuple[LambdaAssociation, ...] = ()
    function_associations: tuple[FunctionAssociation, ...] = ()
    smooth_streaming: bool = False
    response_headers_policy_id: str = ""
    trusted_key_groups: Texts = ()
    trusted_signers: Texts = ()
    field_level_encryption_id: str = ""
    grpc_config: Inert = None
    realtime_log_config_arn: Inert = None


class Behavior(DefaultBehavior):
    required = ("path_pattern", *DefaultBehavior.required)

    path_pattern: str = ""


# ── origins ──────────────────────────────────────────────────────────────────


class CustomHeader(Part):
    required = ("header_name",)

    header_name: str = ""
    header_value: str = ""


class S3Config(Part):
    origin_access_identity: str = ""
    origin_read_timeout: int = limits.ORIGIN_READ_TIMEOUT_SECONDS


class CustomConfig(Part):
    required = ("origin_protocol_policy",)

    origin_protocol_policy: OriginProtocolPolicy = OriginProtocolPolicy.MATCH_VIEWER
    http_port: int = 80
    https_port: int = 443
    # documented: CloudFormation's own default, older than the API's (distribution-config.md §1.3)
    origin_ssl_protocols: tuple[Literal["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"], ...] = ("TLSv1", "SSLv3")
    origin_read_timeout: int = limits.ORIGIN_READ_TIMEOUT_SECONDS
    origin_keepalive_timeout: int = limits.ORIGIN_KEEPALIVE_TIMEOUT_SECONDS
    ip_address_type: Inert = None
    origin_mtls_config: Inert = None


class VpcConfig(Part):
    required = ("vpc_origin_id",)

    vpc_origin_id: str = ""
    owner_account_id: Inert = None
    origin_read_timeout: int = limits.ORIGIN_READ_TIMEOUT_SECONDS
    origin_keepalive_timeout: int = limits.ORIGIN_KEEPALIVE_TIMEOUT_SECONDS


class VpcEndpointConfig(Part):
    """What an AWS::CloudFront::VpcOrigin says. documented: the API's VpcOriginEndpointConfig"""

    required = ("arn", "name")

    arn: Inert = None
    name: str = ""
    http_port: int = 80
    https_port: int = 443
    origin_protocol_policy: OriginProtocolPolicy = OriginProtocolPolicy.MATCH_VIEWER
    origin_ssl_protocols: tuple[Literal["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"], ...] = ("TLSv1.2",)


class OriginConfig(Part):
    required = ("id", "domain_name")

    id: str = ""
    domain_name: str = ""
    origin_path: str = ""
    origin_custom_headers: tuple[CustomHeader, ...] = ()
    s3_origin_config: S3Config | None = Field(None, alias="S3OriginConfig")
    custom_origin_config: CustomConfig | None = None
    vpc_origin_config: VpcConfig | None = None
    connection_attempts: int = limits.CONNECTION_ATTEMPTS
    connection_timeout: int = limits.CONNECTION_TIMEOUT_SECONDS
    response_completion_timeout: int = 0
    origin_access_control_id: str = ""
    origin_shield: Inert = None


class OriginAccessControlConfig(Part):
    required = ("name", "origin_access_control_origin_type", "signing_behavior", "signing_protocol")

    name: str = ""
    description: str = ""
    origin_access_control_origin_type: Literal["s3", "mediastore", "lambda", "mediapackagev2"] = "s3"
    signing_behavior: SigningBehavior = SigningBehavior.ALWAYS
    signing_protocol: Literal["sigv4", "sigv4a"] = "sigv4"


class FailoverCriteria(Part):
    required = ("status_codes",)

    status_codes: tuple[int, ...] = ()


class GroupMember(Part):
    required = ("origin_id",)

    origin_id: str = ""


class OriginGroupConfig(Part):
    required = ("id", "failover_criteria", "members")

    id: str = ""
    failover_criteria: FailoverCriteria = FailoverCriteria()
    members: tuple[GroupMember, ...] = ()
    selection_criteria: Inert = None


# ── the distribution ─────────────────────────────────────────────────────────


class ErrorResponse(Part):
    required = ("error_code",)

    error_code: int = 0
    error_caching_min_ttl: Seconds = limits.CONFIGURED_ERROR_CACHING_MIN_TTL_SECONDS
    response_code: int | None = None
    response_page_path: str = ""


class GeoRestriction(Part):
    required = ("restriction_type",)

    restriction_type: Literal["none", "whitelist", "blacklist"] = "none"
    locations: Texts = ()


class Restrictions(Part):
    geo_restriction: GeoRestriction = GeoRestriction()


HttpVersion = Annotated[
    Literal["http1.1", "http2", "http3", "http2and3"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]


class LoggingConfig(Part):
    """The API's form has Enabled; CloudFormation's is on by being there."""

    enabled: bool = True
    bucket: str = ""
    prefix: str = ""
    include_cookies: bool = False


class CacheTagConfig(Part):
    required = ("header_name",)

    header_name: str = ""


class DistributionConfig(Part):
    """A whole distribution as CloudFormation spells it, with every default filled."""

    required = ("enabled", "default_cache_behavior", "origins")

    enabled: bool = True
    default_cache_behavior: DefaultBehavior = DefaultBehavior()
    cache_behaviors: tuple[Behavior, ...] = ()
    origins: tuple[OriginConfig, ...] = ()
    origin_groups: tuple[OriginGroupConfig, ...] = ()
    aliases: Texts = ()
    comment: str = Field("", max_length=COMMENT_CHARS)
    default_root_object: str = ""
    custom_error_responses: tuple[ErrorResponse, ...] = ()
    http_version: HttpVersion = "http1.1"
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All", "PriceClass_None"] = "PriceClass_All"
    ipv6_enabled: bool = False
    caller_reference: Inert = None
    logging: LoggingConfig = LoggingConfig()
    restrictions: Restrictions = Restrictions()
    viewer_certificate: Inert = None
    web_acl_id: str = ""
    staging: bool = False
    continuous_deployment_policy_id: str = ""
    anycast_ip_list_id: Inert = None
    connection_mode: str = "direct"
    tenant_config: Inert = None
    viewer_mtls_config: Inert = None
    connection_function_association: Inert = None
    cache_tag_config: CacheTagConfig | None = None
    cname_list: Inert = Field(None, alias="CNAMEs")
    custom_origin: Inert = None
    s3_origin: Inert = Field(None, alias="S3Origin")

    def behaviors(self) -> Iterator[tuple[Loc, str, DefaultBehavior]]:
        """Every behavior in matching order, the default one last: where it stands, its pattern, and itself."""
        for index, behavior in enumerate(self.cache_behaviors):
            yield ("CacheBehaviors", index), behavior.path_pattern, behavior
        yield ("DefaultCacheBehavior",), "*", self.default_cache_behavior


# ── policies ─────────────────────────────────────────────────────────────────


class HeadersConfig(Part):
    required = ("header_behavior",)

    header_behavior: Literal["none", "whitelist", "allViewer", "allViewerAndWhitelistCloudFront", "allExcept"] = "none"
    headers: Texts = ()


class KeyHeadersConfig(HeadersConfig):
    header_behavior: Literal["none", "whitelist"] = "none"


class CookiesConfig(Part):
    required = ("cookie_behavior",)

    cookie_behavior: Literal["none", "whitelist", "allExcept", "all"] = "none"
    cookies: Texts = ()


class QueryStringsConfig(Part):
    required = ("query_string_behavior",)

    query_string_behavior: Literal["none", "whitelist", "allExcept", "all"] = "none"
    query_strings: Texts = ()


class KeyParameters(Part):
    required = ("enable_accept_encoding_gzip", "headers_config", "cookies_config", "query_strings_config")

    enable_accept_encoding_gzip: bool = False
    enable_accept_encoding_brotli: bool = False
    headers_config: KeyHeadersConfig = KeyHeadersConfig()
    cookies_config: CookiesConfig = CookiesConfig()
    query_strings_config: QueryStringsConfig = QueryStringsConfig()


class CachePolicyConfig(Part):
    required = ("name", "min_ttl", "parameters_in_cache_key_and_forwarded_to_origin")

    name: str = ""
    comment: str = ""
    min_ttl: Seconds = 0
    default_ttl: Seconds | None = None
    max_ttl: Seconds | None = None
    parameters_in_cache_key_and_forwarded_to_origin: KeyParameters = KeyParameters()


class OriginRequestPolicyConfig(Part):
    required = ("name", "headers_config", "cookies_config", "query_strings_config")

    name: str = ""
    comment: str = ""
    headers_config: HeadersConfig = HeadersConfig()
    cookies_config: CookiesConfig = CookiesConfig()
    query_strings_config: QueryStringsConfig = QueryStringsConfig()


# ── parsing ──────────────────────────────────────────────────────────────────

P = TypeVar("P", bound=Part)


def parse(kind: type[P], raw: object) -> tuple[P, list[Finding]]:
    """The valid part of a raw structure, and a finding for everything that had to be left out or is missing.

    `raw` is the caller's own copy: what is invalid gets removed from it.
    """
    if not isinstance(raw, dict):
        return kind(), [Finding((), f"{kind.__name__} must be a structure of properties, not {_shown(raw)}")]
    findings: list[Finding] = []
    # Each round removes at least one value; a second round is only needed where a removal uncovers another fault.
    for _ in range(_ROUNDS):
        try:
            valid = kind.model_validate(raw)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                findings.append(_finding(kind, detail))
                _remove(raw, detail["loc"], wants_structure=detail["type"] in _NO_STRUCTURE)
            continue
        skipped = tuple(finding.at for finding in findings)
        missing = (f for f in _missing(valid, ()) if not any(_on_one_path(f.at, at) for at in skipped))
        return valid, [*findings, *missing]
    return kind(), findings


def _on_one_path(one: Loc, other: Loc) -> bool:
    """Is one of the two within the other, or are they the same?"""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


_ROUNDS = 4
_NO_STRUCTURE = ("model_type", "model_attributes_type")


def _remove(raw: Raw, loc: Loc, *, wants_structure: bool) -> None:
    """Take the value at `loc` out. In a list of structures an empty one stays in its place, so that the others keep
    their numbers; a list of plain values goes as a whole."""
    parent: Any = raw
    for step in loc[:-1]:
        parent = parent.get(step) if isinstance(parent, dict) else parent[step]
    if isinstance(parent, dict):
        parent.pop(loc[-1], None)
    elif isinstance(parent, list) and wants_structure:
        parent[int(loc[-1])] = {}
    elif isinstance(parent, list):
        _remove(raw, loc[:-1], wants_structure=False)


def _missing(part: Part, loc: Loc) -> Iterator[Finding]:
    for name in part.required:
        if name not in part.model_fields_set:
            yield Finding((*loc, aws_name(name)), f"{aws_name(name)} is required")
    for field, value in part:
        name = type(part).model_fields[field].alias or field
        if isinstance(value, Part) and field in part.model_fields_set:
            yield from _missing(value, (*loc, name))
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Part):
                    yield from _missing(item, (*loc, name, index))


# ── wording ──────────────────────────────────────────────────────────────────

_QUOTED = re.compile(r"'([^']*)'")


def _finding(kind: type[Part], detail: ErrorDetails) -> Finding:
    loc, given = detail["loc"], detail["input"]
    name = next((step for step in reversed(loc) if isinstance(step, str) and (step != "Items" or step == loc[-1])), "")
    if detail["type"] == "extra_forbidden":
        # observed: CloudFormation says "Encountered unsupported properties in {/DistributionConfig/…}"
        return Finding(loc, f"unknown property {name}", closest(name, _known_at(kind, loc[:-1])))
    if detail["type"] in ("enum", "literal_error"):
        allowed = _QUOTED.findall(detail.get("ctx", {}).get("expected", ""))
        message = f"{_shown(given)} is not a valid {name}: it is one of {', '.join(allowed)}"
        return Finding(loc, message, closest(str(given), allowed))
    if isinstance(loc[-1], int):
        name = f"an item of {name}"
    template = _MESSAGES.get(detail["type"], f"{{name}}: {detail['msg']}")
    message = template.format(name=name, given=_shown(given), **detail.get("ctx", {}))
    hint = _API_LIST if isinstance(given, dict) and "Quantity" in given else ""
    if detail["type"] == "tuple_type" and isinstance(given, str) and len(given) <= 60:
        hint = f"write [{given}]"
    return Finding(loc, message, hint)


_API_LIST = "CloudFormation takes a plain list here; Quantity and Items belong to the API's form"
_MESSAGES = {
    "bool_parsing": "{name} must be true or false, not {given}",
    "bool_type": "{name} must be true or false, not {given}",
    "int_parsing": "{name} must be a whole number, not {given}",
    "int_type": "{name} must be a whole number, not {given}",
    "int_from_float": "{name} must be a whole number, not {given}",
    "float_parsing": "{name} must be a number, not {given}",
    "float_type": "{name} must be a number, not {given}",
    "string_type": "{name} must be a text, not {given}",
    "tuple_type": "{name} must be a list, not {given}",
    "model_type": "{name} must be a structure of properties, not {given}",
    "model_attributes_type": "{name} must be a structure of properties, not {given}",
    "string_too_long": "{name} may have {max_length} characters at most",
    "greater_than_equal": "{name} must not be less than {ge:g}",
    "less_than_equal": "{name} must not be more than {le:g}",
}


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a structure"
    if isinstance(value, list | tuple):
        return "a list"
    return f"'{value}'" if len(str(value)) <= 60 else f"'{str(value)[:57]}…'"


def _known_at(kind: type[Part], loc: Loc) -> list[str]:
    """The property names of the structure at `loc`."""
    here: Any = kind
    for step in loc:
        if isinstance(step, str):
            by_alias = {field.alias: field.annotation for field in here.model_fields.values()}
            here = _part_in(by_alias.get(step))
    return [field.alias or "" for field in here.model_fields.values()] if here else []


def _part_in(annotation: Any) -> type[Part] | None:
    """The Part inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((found for arg in getattr(annotation, "__args__", ()) if (found := _part_in(arg))), None)
