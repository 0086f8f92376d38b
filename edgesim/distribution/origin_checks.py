"""What CloudFront checks of an origin. Source: distribution-config.md §4 of the fact sheets; see checks.py."""

from __future__ import annotations

from edgesim.distribution import limits
from edgesim.distribution.buckets import s3_region
from edgesim.distribution.config import OriginConfig
from edgesim.distribution.custom_headers import may_be_custom
from edgesim.distribution.findings import Finding, Findings, Loc
from edgesim.distribution.problems import Severity


def _one_kind_of_origin(origin: OriginConfig) -> Findings:
    if origin.s3_origin_config is not None and origin.custom_origin_config is not None:
        message = "You must specify either a CustomOrigin or an S3Origin. You cannot specify both."
        yield Finding(("CustomOriginConfig",), message, code="InvalidOrigin")
    elif origin.custom_origin_config is None and origin.vpc_origin_config is None and _is_no_bucket(origin):
        yield Finding(
            ("DomainName",),
            "The parameter Origin DomainName does not refer to a valid S3 bucket.",
            f"{origin.domain_name} is not an S3 bucket's host name; for any other server write CustomOriginConfig",
            "InvalidArgument",
        )


def _is_no_bucket(origin: OriginConfig) -> bool:
    return bool(origin.domain_name) and _host_fault(origin.domain_name) == "" and s3_region(origin.domain_name) is None


def _host_fault(name: str) -> str:
    if "/" in name or " " in name:
        return "The parameter origin name must be a domain name."
    return "The parameter origin name cannot contain a colon." if ":" in name else ""


def _host_is_a_name(origin: OriginConfig) -> Findings:
    if fault := _host_fault(origin.domain_name):
        hint = "ports belong in CustomOriginConfig, paths in OriginPath, and schemes in OriginProtocolPolicy"
        yield Finding(("DomainName",), f"{fault} It is '{origin.domain_name}'.", hint, "InvalidArgument")


def _path_is_a_prefix(origin: OriginConfig) -> Findings:
    """documented: DownloadDistValuesOrigin, begins with a slash, does not end with one"""
    if origin.origin_path and not origin.origin_path.startswith("/"):
        hint = f"write /{origin.origin_path}"
        yield Finding(("OriginPath",), "OriginPath must begin with a slash", hint, "InvalidArgument")
    elif origin.origin_path.endswith("/"):
        message = "OriginPath should not end with a slash; edgesim leaves it out"
        yield Finding(("OriginPath",), message, severity=Severity.WARNING)


_OAI = "origin-access-identity/cloudfront/"


def _identity_is_written_in_full(origin: OriginConfig) -> Findings:
    """documented: the API's S3OriginConfig"""
    identity = origin.s3_origin_config.origin_access_identity if origin.s3_origin_config else ""
    if identity and not identity.startswith(_OAI):
        loc = ("S3OriginConfig", "OriginAccessIdentity")
        message = f"'{identity}' is no origin access identity: it begins with {_OAI}"
        yield Finding(loc, message, f"write {_OAI}{identity}", "InvalidOriginAccessIdentity")


def _one_way_into_the_bucket(origin: OriginConfig) -> Findings:
    if origin.origin_access_control_id and origin.s3_origin_config and origin.s3_origin_config.origin_access_identity:
        message = "an origin can't have both an origin access control and an origin access identity"
        hint = "leave OriginAccessIdentity empty"
        yield Finding(("OriginAccessControlId",), message, hint, "IllegalOriginAccessConfiguration")


# documented: distribution-config.md §1.3
_RANGES = {
    "ConnectionAttempts": (range(1, 4), "InvalidArgument"),
    "ConnectionTimeout": (range(1, 11), "InvalidArgument"),
    "OriginReadTimeout": (range(1, 121), "InvalidOriginReadTimeout"),
    "OriginKeepaliveTimeout": (range(1, 121), "InvalidOriginKeepaliveTimeout"),
}


def _numbers_are_in_range(origin: OriginConfig) -> Findings:
    yield from _in_range(("ConnectionAttempts",), origin.connection_attempts)
    yield from _in_range(("ConnectionTimeout",), origin.connection_timeout)
    if (bucket := origin.s3_origin_config) is not None:
        yield from _in_range(("S3OriginConfig", "OriginReadTimeout"), bucket.origin_read_timeout)
    for name, config in (
        ("CustomOriginConfig", origin.custom_origin_config),
        ("VpcOriginConfig", origin.vpc_origin_config),
    ):
        if config is not None:
            yield from _in_range((name, "OriginReadTimeout"), config.origin_read_timeout)
            yield from _in_range((name, "OriginKeepaliveTimeout"), config.origin_keepalive_timeout)
    if (custom := origin.custom_origin_config) is not None:
        for name, port in (("HTTPPort", custom.http_port), ("HTTPSPort", custom.https_port)):
            if port not in (80, 443) and not 1024 <= port <= 65535:  # documented: DownloadDistValuesOrigin
                message = f"{name} must be 80, 443 or from 1024 to 65535, not {port}"
                yield Finding(("CustomOriginConfig", name), message, code="InvalidArgument")


def _custom_headers_may_be_custom(origin: OriginConfig) -> Findings:
    """documented: add-origin-custom-headers; the words are ours"""
    for index, header in enumerate(origin.origin_custom_headers):
        if not may_be_custom(header.header_name):
            message = f"{header.header_name} can't be a custom header: CloudFront does not let origins have it"
            yield Finding(("OriginCustomHeaders", index, "HeaderName"), message, code="InvalidArgument")


def _custom_headers_are_few(origin: OriginConfig) -> Findings:
    """documented: cloudfront-limits; a warning, since quotas can be raised"""
    count, most = len(origin.origin_custom_headers), limits.ORIGIN_CUSTOM_HEADERS
    if count > most:
        message = f"{count} OriginCustomHeaders are more than the {most} that AWS grants at first"
        code = "TooManyOriginCustomHeaders"
        yield Finding(("OriginCustomHeaders",), message, code=code, severity=Severity.WARNING)


def _read_timeout(origin: OriginConfig) -> int:
    """What is written in the origin's own structure, or the default."""
    configs = (origin.custom_origin_config, origin.vpc_origin_config, origin.s3_origin_config)
    return next((config.origin_read_timeout for config in configs if config), limits.ORIGIN_READ_TIMEOUT_SECONDS)


def _completion_is_no_sooner_than_reading(origin: OriginConfig) -> Findings:
    """documented: DownloadDistValuesOrigin, the words are ours; observed in Terraform's documentation: 0 is none"""
    whole, reading = origin.response_completion_timeout, _read_timeout(origin)
    if whole < 0 or 0 < whole < reading:
        message = f"ResponseCompletionTimeout must be at least OriginReadTimeout, which is {reading}, not {whole}"
        yield Finding(("ResponseCompletionTimeout",), message, code="InvalidArgument")


def _in_range(loc: Loc, value: int) -> Findings:
    allowed, code = _RANGES[str(loc[-1])]
    if value not in allowed:
        yield Finding(loc, f"{loc[-1]} must be from {allowed[0]} to {allowed[-1]}, not {value}", code=code)


ORIGIN_RULES = (
    _one_kind_of_origin,
    _host_is_a_name,
    _path_is_a_prefix,
    _identity_is_written_in_full,
    _one_way_into_the_bucket,
    _numbers_are_in_range,
    _completion_is_no_sooner_than_reading,
    _custom_headers_may_be_custom,
    _custom_headers_are_few,
)
