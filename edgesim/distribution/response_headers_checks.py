"""What CloudFront refuses in a response headers policy although every property is valid by itself.

Codes are CloudFront's. observed: the texts about CustomHeaders and about credentials, in public reports; inferred:
those like them. Source: understanding-response-headers-policies, cloudfront-limits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from edgesim.distribution.findings import Finding, Findings, Loc
from edgesim.distribution.problems import Severity
from edgesim.distribution.response_headers_config import (
    CorsConfig,
    CustomHeadersConfig,
    MethodList,
    NameList,
    RemoveHeadersConfig,
    ResponseHeadersPolicyConfig,
    SecurityHeadersConfig,
    ServerTimingHeadersConfig,
)

# documented: cloudfront-limits
VALUE_CHARS = 1_783
CUSTOM_HEADERS = 10
SAMPLING_DECIMALS = 4


def check_response_headers_policy(config: ResponseHeadersPolicyConfig) -> list[Finding]:
    """Everything CloudFront would refuse in a policy."""
    sections: tuple[tuple[str, object, Callable[..., Findings]], ...] = (
        ("CorsConfig", config.cors_config, _cors),
        ("SecurityHeadersConfig", config.security_headers_config, _security),
        ("CustomHeadersConfig", config.custom_headers_config, _custom),
        ("RemoveHeadersConfig", config.remove_headers_config, _remove),
        ("ServerTimingHeadersConfig", config.server_timing_headers_config, _server_timing),
    )
    found = [
        finding.under((name,)) for name, section, rule in sections if section is not None for finding in rule(section)
    ]
    return [*found, *_custom_vary(config)]


# ── CORS ─────────────────────────────────────────────────────────────────────

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
_HOST = rf"(\*\.)?{_LABEL}(\.{_LABEL})*"
_ALLOWED_ORIGIN = re.compile(rf"\*|(https?://)?({_HOST}|\[[0-9A-Fa-f:.]+\])(:[\d*]+)?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _cors(cors: CorsConfig) -> Findings:
    yield from _origins_are_written_well(cors)
    yield from _lists_are_not_empty(cors)
    yield from _header_names(cors)
    yield from _methods_are_all_or_some(cors)
    yield from _credentials_want_names(cors)


def _origins_are_written_well(cors: CorsConfig) -> Findings:
    for index, origin in enumerate(cors.access_control_allow_origins.items):
        at: Loc = ("AccessControlAllowOrigins", "Items", index)
        if len(origin) > VALUE_CHARS:
            yield Finding(at, f"an origin may have {VALUE_CHARS:,} characters at most", code="InvalidArgument")
        elif not _ALLOWED_ORIGIN.fullmatch(origin):
            message = f"'{origin}' is no origin that can be allowed"
            hint = (
                "write https://www.example.org, *.example.org, http://example.org:* or *; no path, no slash at the end"
            )
            yield Finding(at, message, hint, "InvalidArgument")


def _lists_are_not_empty(cors: CorsConfig) -> Findings:
    """observed for headers: aws-cloudformation-user-guide#1179; documented for all three: the API has them required"""
    lists: dict[str, NameList | MethodList] = {
        "AccessControlAllowOrigins": cors.access_control_allow_origins,
        "AccessControlAllowHeaders": cors.access_control_allow_headers,
        "AccessControlAllowMethods": cors.access_control_allow_methods,
    }
    for name, written in lists.items():
        if not written.items and "items" in written.model_fields_set:
            yield Finding((name, "Items"), f"{name} must not be empty", code="InvalidArgument")


def _header_names(cors: CorsConfig) -> Findings:
    for index, name in enumerate(cors.access_control_allow_headers.items):
        if not _TOKEN.fullmatch(name) or name.count("*") > 1:
            message = f"'{name}' is neither a header's name nor one with a single *"
            yield Finding(("AccessControlAllowHeaders", "Items", index), message, code="InvalidArgument")
    exposed = cors.access_control_expose_headers
    for index, name in enumerate(exposed.items if exposed else ()):
        if name != "*" and (not _TOKEN.fullmatch(name) or "*" in name):
            message = f"'{name}' is neither a header's name nor *"
            yield Finding(("AccessControlExposeHeaders", "Items", index), message, code="InvalidArgument")


def _methods_are_all_or_some(cors: CorsConfig) -> Findings:
    """documented: ALL is a special value"""
    methods = cors.access_control_allow_methods.items
    if "ALL" in methods and len(methods) > 1:
        message = "ALL stands for every method: it can't be beside others"
        yield Finding(("AccessControlAllowMethods", "Items"), message, code="InvalidArgument")


def _credentials_want_names(cors: CorsConfig) -> Findings:
    """observed: the text, for headers (aws-cdk#35308). Of origins and exposed headers browsers don't take a * then (the
    Fetch standard); what CloudFront says to these is not known, so that is a warning."""
    if not cors.access_control_allow_credentials:
        return
    if any("*" in name for name in cors.access_control_allow_headers.items):
        message = "The parameter Access-Control-Allow-Headers cannot contain * when allowCredentials is true."
        yield Finding(("AccessControlAllowHeaders", "Items"), message, "name the headers", "InvalidArgument")
    exposed = cors.access_control_expose_headers
    lists = {
        "AccessControlAllowOrigins": cors.access_control_allow_origins.items,
        "AccessControlExposeHeaders": exposed.items if exposed else (),
    }
    for name, items in lists.items():
        if "*" in items:
            message = f"browsers take no * of {name} for requests with credentials"
            yield Finding((name, "Items"), message, "name them one by one", severity=Severity.WARNING)


# ── security headers ─────────────────────────────────────────────────────────


def _security(security: SecurityHeadersConfig) -> Findings:
    policy, xss = security.content_security_policy, security.xss_protection
    if policy is not None and len(policy.content_security_policy) > VALUE_CHARS:
        message = (
            "The length of the Content-Security-Policy header value in the response headers policy exceeds the "
            f"maximum of {VALUE_CHARS:,} characters: it has {len(policy.content_security_policy):,}."
        )
        at = ("ContentSecurityPolicy", "ContentSecurityPolicy")
        yield Finding(at, message, code="TooLongCSPInResponseHeadersPolicy")
    if policy is not None:
        yield from _one_line(("ContentSecurityPolicy", "ContentSecurityPolicy"), policy.content_security_policy)
    if xss is not None and xss.mode_block and xss.report_uri:
        message = "You cannot specify a ReportUri when ModeBlock is true."
        yield Finding(("XSSProtection", "ReportUri"), message, code="InvalidArgument")


def _one_line(at: Loc, value: str) -> Findings:
    if any(ord(char) < 0x20 and char != "\t" for char in value):
        yield Finding(at, "a header's value can't have line breaks or other control characters", code="InvalidArgument")


# ── custom headers, and headers to remove ────────────────────────────────────

_SECURITY_HEADERS = frozenset(
    {
        "content-security-policy",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
        "x-xss-protection",
    }
)
_CORS_HEADERS = frozenset(
    f"access-control-{end}"
    for end in ("allow-credentials", "allow-headers", "allow-methods", "allow-origin", "expose-headers", "max-age")
)
# documented: understanding-response-headers-policies, "Headers that you can't remove"; X-Cache was one of them in 2023
_NOT_ALLOWED = re.compile(
    r"connection|content-encoding|content-length|expect|host|keep-alive|proxy-authenticate|proxy-authorization"
    r"|proxy-connection|trailer|transfer-encoding|upgrade|via|warning|x-accel-(buffering|charset|limit-rate|redirect)"
    r"|x-amz-cf-.*|x-amzn-(auth|cf-billing|cf-id|cf-xff|errortype|fle-profile|header-count|header-order"
    r"|lambda-integration-tag|requestid)|x-edge-.*|x-forwarded-proto|x-real-ip"
)


def _custom(custom: CustomHeadersConfig) -> Findings:
    """documented: names that can't be removed are errors; observed of X-Accel-Buffering, inferred of the rest: they
    can't be custom headers either. Their number is a quota that can be raised, so it is warned of."""
    if len(custom.items) > CUSTOM_HEADERS:
        message = f"{len(custom.items)} custom headers are more than the {CUSTOM_HEADERS} that AWS grants at first"
        code = "TooManyCustomHeadersInResponseHeadersPolicy"
        yield Finding(("Items",), message, code=code, severity=Severity.WARNING)
    for index, item in enumerate(custom.items):
        at: Loc = ("Items", index, "Header")
        lower = item.header.lower()
        if lower in _SECURITY_HEADERS | _CORS_HEADERS:
            kind, section = (
                ("security", "SecurityHeadersConfig") if lower in _SECURITY_HEADERS else ("CORS", "CorsConfig")
            )
            message = (
                f"The parameter CustomHeaders contains {item.header} that is a {kind} header and cannot be set as "
                "custom header."
            )
            yield Finding(at, message, f"it belongs to {section}", "InvalidArgument")
        elif _NOT_ALLOWED.fullmatch(lower):
            message = f"The parameter CustomHeaders contains {item.header} that is not allowed."
            yield Finding(at, message, code="InvalidArgument")
        yield from _one_line(("Items", index, "Value"), item.value)
    yield from _names([item.header for item in custom.items])


def _remove(remove: RemoveHeadersConfig) -> Findings:
    for index, item in enumerate(remove.items):
        if _NOT_ALLOWED.fullmatch(item.header.lower()):
            message = f"The parameter RemoveHeaders contains {item.header} that is not allowed."
            yield Finding(("Items", index, "Header"), message, code="InvalidArgument")
    yield from _names([item.header for item in remove.items])


def _names(names: Iterable[str]) -> Findings:
    """inferred: a name must be one, and stand there once"""
    seen: Counter[str] = Counter()
    for index, name in enumerate(names):
        if name and not _TOKEN.fullmatch(name):
            yield Finding(("Items", index, "Header"), f"'{name}' is no header's name", code="InvalidArgument")
        seen[name.lower()] += 1
        if name and seen[name.lower()] > 1:
            yield Finding(("Items", index, "Header"), f"{name} is there twice", code="InvalidArgument")


def _custom_vary(config: ResponseHeadersPolicyConfig) -> Findings:
    """observed: ttoss#1205, a custom Vary beside CorsConfig never reaches viewers"""
    custom = config.custom_headers_config
    for index, item in enumerate(custom.items if custom else ()):
        if config.cors_config is not None and item.header.lower() == "vary":
            message = "a custom Vary is lost beside CorsConfig: CloudFront writes this header itself then"
            at = ("CustomHeadersConfig", "Items", index, "Header")
            yield Finding(at, message, severity=Severity.WARNING)


# ── Server-Timing ────────────────────────────────────────────────────────────


def _server_timing(timing: ServerTimingHeadersConfig) -> Findings:
    """documented: any number from 0 to 100 with up to four decimal places"""
    rate = timing.sampling_rate
    if rate is not None and round(rate, SAMPLING_DECIMALS) != rate:
        message = f"SamplingRate may have {SAMPLING_DECIMALS} decimal places at most, not {rate:g}"
        yield Finding(("SamplingRate",), message, code="InvalidArgument")
