"""A function's settings, and what AWS has against them at the edge.

Rule 1: what Lambda@Edge refuses in a function's settings is a warning, and an error of `edgesim check`: locally the
        function runs all the same.
Rule 2: what only edgesim leaves out is told as distribution/unapplied.py does.
Source: distribution-config.md §4, lambda-edge.md §9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pydantic import Field

from edgesim.distribution import limits
from edgesim.distribution.config import Inert, Part, Texts
from edgesim.distribution.findings import Finding
from edgesim.distribution.problems import Severity
from edgesim.distribution.runtimes import runtime_finding
from edgesim.distribution.unapplied import Gap, gaps
from edgesim.loaders.associations import REFUSED
from edgesim.values.function_arn import function_name


class Settings(Part):
    """The properties that matter of AWS::Lambda::Function and AWS::Serverless::Function."""

    function_name: str = ""
    description: str = ""
    handler: str = ""
    runtime: str = ""
    timeout: int = Field(limits.DEFAULT_FUNCTION_TIMEOUT_SECONDS, ge=1, le=900)
    memory_size: int = Field(limits.DEFAULT_FUNCTION_MEMORY_MB, ge=128, le=10_240)
    package_type: str = "Zip"
    architectures: Texts = ()
    code: Inert = None
    source_kms_key_arn: Inert = Field(None, alias="SourceKMSKeyArn")
    layers: Inert = None
    environment: Inert = None
    vpc_config: Inert = None
    file_system_configs: Inert = None
    dead_letter_config: Inert = None
    dead_letter_queue: Inert = None
    tracing_config: Inert = None
    tracing: Inert = None
    ephemeral_storage: Inert = None
    provisioned_concurrency_config: Inert = None
    runtime_management_config: Inert = None
    capacity_provider_config: Inert = None
    durable_config: Inert = None
    tenancy_config: Inert = None
    snap_start: Inert = None
    logging_config: Inert = None
    reserved_concurrent_executions: int | None = Field(None, ge=0)
    auto_publish_alias: str = ""
    auto_publish_alias_all_properties: bool = False
    auto_publish_code_sha256: str = ""
    code_signing_config_arn: Inert = None


class VersionSettings(Part):
    """The properties that matter of AWS::Lambda::Version."""

    provisioned_concurrency_config: Inert = None
    runtime_policy: Inert = None


READ_ELSEWHERE = (
    "Role", "AssumeRolePolicyDocument", "CodeUri", "InlineCode", "ImageUri",
    "CodeSha256",
)  # fmt: skip
"""Properties that functions.py, intrinsics.py and resources.py ask for by name."""
NO_EFFECT_LOCALLY = (
    "DeploymentPreference", "EventInvokeConfig", "Events", "FunctionScalingConfig", "FunctionUrlConfig", "ImageConfig",
    "KmsKeyArn", "PermissionsBoundary", "Policies", "PropagateTags", "PublishToLatestPublished", "RecursiveLoop",
    "RolePath", "Tags", "VersionDeletionPolicy", "VersionDescription",
)  # fmt: skip
"""What has no meaning on one machine, or none for a function that CloudFront calls. Nothing is said about it."""


# ── what Lambda@Edge refuses ─────────────────────────────────────────────────


_LIMIT_HINT = "AWS refuses the association; edgesim runs the function all the same"
_VARIABLES_HINT = (
    "AWS refuses the association: have the build write the values into the code; it runs here without them"
)


class Limit(NamedTuple):
    """A property that keeps Lambda@Edge from taking a function, what AWS says of it, and what to do."""

    property: str
    says: str
    applies: Callable[[Any], Any]
    hint: str = _LIMIT_HINT


def _member(structure: object, name: str) -> Any:
    return structure.get(name) if isinstance(structure, dict) else None


_NO_PROVISIONED = "Lambda@Edge knows no provisioned concurrency. Function: {arn}"
_NO_MANUAL_UPDATES = "Lambda@Edge updates runtimes by itself: UpdateRuntimeOn is Auto. Function: {arn}"
_LIMITS = (
    # observed: distribution-config.md §4
    Limit(
        "Environment",
        "The function cannot have environment variables. Function: {arn}",
        lambda s: _member(s.environment, "Variables"),
        _VARIABLES_HINT,
    ),
    Limit("VpcConfig", "The function cannot have a VPC configuration. Function: {arn}", lambda s: s.vpc_config),
    Limit("Layers", "The function cannot have a layer. Function: {arn}", lambda s: s.layers),
    # documented: lambda-edge.md §9, without the text
    Limit(
        "Architectures", "Lambda@Edge runs x86_64 functions only. Function: {arn}", lambda s: "arm64" in s.architectures
    ),
    Limit(
        "DeadLetterConfig", "Lambda@Edge knows no dead-letter queue. Function: {arn}", lambda s: s.dead_letter_config
    ),
    Limit("DeadLetterQueue", "Lambda@Edge knows no dead-letter queue. Function: {arn}", lambda s: s.dead_letter_queue),
    Limit(
        "TracingConfig",
        "Lambda@Edge knows no X-Ray. Function: {arn}",
        lambda s: _member(s.tracing_config, "Mode") == "Active",
    ),
    Limit("Tracing", "Lambda@Edge knows no X-Ray. Function: {arn}", lambda s: s.tracing == "Active"),
    Limit(
        "EphemeralStorage",
        "Lambda@Edge has 512 MB of /tmp. Function: {arn}",
        lambda s: (_member(s.ephemeral_storage, "Size") or "512") != "512",
    ),
    Limit("ProvisionedConcurrencyConfig", _NO_PROVISIONED, lambda s: s.provisioned_concurrency_config),
    Limit(
        "RuntimeManagementConfig",
        _NO_MANUAL_UPDATES,
        lambda s: (_member(s.runtime_management_config, "UpdateRuntimeOn") or "Auto") != "Auto",
    ),
    Limit("Code", "Lambda@Edge takes no zip under a key of one's own. Function: {arn}",
          lambda s: _member(s.code, "SourceKMSKeyArn")),
    Limit("SourceKMSKeyArn", "Lambda@Edge takes no zip under a key of one's own. Function: {arn}",
          lambda s: s.source_kms_key_arn),
    Limit("PackageType", "Lambda@Edge takes no container images. Function: {arn}",
          lambda s: s.package_type == "Image"),
    # inferred: a file system is reached through a VPC
    Limit("FileSystemConfigs", "Lambda@Edge has no file systems. Function: {arn}", lambda s: s.file_system_configs),
)  # fmt: skip
_VERSION_LIMITS = (
    Limit("ProvisionedConcurrencyConfig", _NO_PROVISIONED, lambda s: s.provisioned_concurrency_config),
    Limit(
        "RuntimePolicy",
        _NO_MANUAL_UPDATES,
        lambda s: (_member(s.runtime_policy, "UpdateRuntimeOn") or "Auto") != "Auto",
    ),
)

# What edgesim leaves out. inferred: the fact sheets don't say what Lambda@Edge makes of these
_GAPS = (
    Gap("capacity_provider_config", "runs functions as processes here, on no capacity provider"),
    Gap("durable_config", "has no durable functions: each run stands by itself"),
    Gap("tenancy_config", "keeps no environments apart by tenant"),
    Gap(
        "snap_start",
        "takes no snapshots: functions start cold",
        lambda value: (_member(value, "ApplyOn") or "None") != "None",
        Severity.NOTE,
    ),
    Gap(
        "logging_config",
        "writes logs as text, all levels of them, to the group that every function has: it does not apply LogFormat, "
        "ApplicationLogLevel, SystemLogLevel and LogGroup",
        lambda value: value != {"LogFormat": "Text"},
        Severity.NOTE,
    ),
    Gap("code_signing_config_arn", "checks no signatures of code", severity=Severity.NOTE),
)


def faults(settings: Settings, arn: str) -> Iterator[Finding]:
    """What AWS has against a function, whoever associates it."""
    if settings.package_type != "Image" and not (settings.handler and settings.runtime):
        name = "Runtime" if settings.handler else "Handler"
        message = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        yield Finding((name,), message)
    elif settings.runtime:
        yield from _runtime_faults(settings.runtime, arn)
    yield from _misshapen(settings)
    yield from _refused(_LIMITS, settings, arn)
    yield from over_quota(settings, arn)


def left_out(settings: Settings) -> list[Finding]:
    """What edgesim does not do that Lambda does, whatever the values are."""
    return gaps([((), settings, _GAPS)])


def version_faults(settings: VersionSettings, arn: str) -> Iterator[Finding]:
    """What Lambda@Edge has against a version."""
    return _refused(_VERSION_LIMITS, settings, arn)


def _refused(rows: tuple[Limit, ...], settings: Part, arn: str) -> Iterator[Finding]:
    for limit in rows:
        if limit.applies(settings):
            message = limit.says.format(arn=arn)
            yield Finding((limit.property,), message, limit.hint, REFUSED, Severity.WARNING, is_refused=True)


# ── how much a function may have ─────────────────────────────────────────────


class Quota(NamedTuple):
    """What a function may have at most that a trigger runs: seconds, megabytes, bytes of its zip."""

    timeout: int
    memory: int
    code_bytes: int


# documented: cloudfront-limits, current edition, the same for every trigger
CURRENT_QUOTA = Quota(limits.FUNCTION_TIMEOUT_SECONDS, 10_240, 50 * limits.MB)

# observed: distribution-config.md §4
_OVER = (
    "The function {what} is larger than the maximum allowed{size} for functions that are triggered by a CloudFront "
    "event: {has} Max allowed: {most} Function: {arn}"
)


def over_quota(settings: Settings, arn: str, quota: Quota = CURRENT_QUOTA) -> Iterator[Finding]:
    """What a function has more of than a trigger's quota allows; of its code see code_over_quota."""
    if settings.timeout > quota.timeout:
        yield _over("Timeout", "timeout", "", settings.timeout, quota.timeout, arn)
    if settings.memory_size > quota.memory:
        yield _over("MemorySize", "memory size", " size", settings.memory_size, quota.memory, arn)


def code_over_quota(size: int, arn: str, quota: Quota = CURRENT_QUOTA) -> Iterator[Finding]:
    """Is a zip of so many bytes more than a trigger's quota allows?"""
    if size > quota.code_bytes:
        yield _over("", "code size", " size", size, quota.code_bytes, arn)


def _over(name: str, what: str, size: str, has: int, most: int, arn: str) -> Finding:
    message = _OVER.format(what=what, size=size, has=has, most=most, arn=arn)
    hint = _LIMIT_HINT if name else ""  # edgesim, too, has something against large packages
    return Finding((name,) if name else (), message, hint, REFUSED, Severity.WARNING, is_refused=True)


# ── names ────────────────────────────────────────────────────────────────────

# documented: the API's CreateFunction; Lambda's way to say it: observed
_SHAPES = (
    ("FunctionName", "functionName", r"[a-zA-Z0-9-_]+", 64),
    ("Handler", "handler", r"[^\s]+", 128),
    ("Description", "description", r"[\s\S]*", 256),
)


def _misshapen(settings: Settings) -> Iterator[Finding]:
    """Names and texts that Lambda takes in no function, wherever it is called from."""
    values = (_bare_name(settings.function_name), settings.handler, settings.description)
    for value, (name, member, pattern, most) in zip(values, _SHAPES, strict=True):
        told = ""
        if len(value) > most:
            told = f"Member must have length less than or equal to {most}"
        elif value and not re.fullmatch(pattern, value, re.ASCII):
            told = f"Member must satisfy regular expression pattern: {pattern}"
        if told:
            message = f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {told}"
            yield Finding((name,), message, code="ValidationException")


def _bare_name(text: str) -> str:
    """The name in what may be an ARN; the quota of 64 is about the name alone."""
    return function_name(text) if ":" in text else text


# ── runtimes ─────────────────────────────────────────────────────────────────

_OTHER_LANGUAGES = ("java", "dotnet", "ruby", "go1.", "provided")


def _runtime_faults(runtime: str, arn: str) -> Iterator[Finding]:
    at = ("Runtime",)
    if runtime.startswith(_OTHER_LANGUAGES):
        yield Finding(at, f"Lambda@Edge runs Node.js and Python, not {runtime}. Function: {arn}", code=REFUSED)
    elif (finding := runtime_finding(runtime)) is not None:
        yield finding.under(at)
