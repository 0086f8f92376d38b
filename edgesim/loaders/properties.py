"""The properties that CloudFormation and SAM know, for the resources that edgesim reads.

Source: CloudFormation's resource schemas and SAM's specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from edgesim.distribution.findings import closest
from edgesim.loaders import resources
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import Node

_BOTH = """
    Architectures CapacityProviderConfig CodeSigningConfigArn Description DurableConfig Environment EphemeralStorage
    FileSystemConfigs FunctionName FunctionScalingConfig Handler ImageConfig KmsKeyArn Layers LoggingConfig MemorySize
    PackageType PublishToLatestPublished RecursiveLoop ReservedConcurrentExecutions Role Runtime
    RuntimeManagementConfig SnapStart Tags TenancyConfig Timeout VpcConfig
"""
_CLOUDFORMATION = "Code DeadLetterConfig TracingConfig"
_SAM = """
    AssumeRolePolicyDocument AutoPublishAlias AutoPublishAliasAllProperties AutoPublishCodeSha256 CodeUri
    DeadLetterQueue DeploymentPreference EventInvokeConfig Events FunctionUrlConfig ImageUri InlineCode
    PermissionsBoundary Policies PropagateTags ProvisionedConcurrencyConfig RolePath SourceKMSKeyArn Tracing
    VersionDeletionPolicy VersionDescription
"""
PROPERTIES: dict[str, tuple[str, ...]] = {
    resources.FUNCTION: (*_BOTH.split(), *_CLOUDFORMATION.split()),
    resources.SAM_FUNCTION: (*_BOTH.split(), *_SAM.split()),
    resources.VERSION: (
        "CodeSha256", "Description", "FunctionName", "FunctionScalingConfig", "ProvisionedConcurrencyConfig",
        "RuntimePolicy",
    ),
    resources.ALIAS: (
        "Description", "FunctionName", "FunctionVersion", "Name", "ProvisionedConcurrencyConfig", "RoutingConfig",
    ),
    resources.DISTRIBUTION: ("DistributionConfig", "Tags"),
    resources.CACHE_POLICY: ("CachePolicyConfig",),
    resources.ORIGIN_REQUEST_POLICY: ("OriginRequestPolicyConfig",),
    resources.VPC_ORIGIN: ("Tags", "VpcOriginEndpointConfig"),
    resources.ACCESS_CONTROL: ("OriginAccessControlConfig",),
    resources.RESPONSE_HEADERS_POLICY: ("ResponseHeadersPolicyConfig",),
    resources.KEY_GROUP: ("KeyGroupConfig",),
    resources.PUBLIC_KEY: ("PublicKeyConfig",),
    resources.CONTINUOUS_DEPLOYMENT_POLICY: ("ContinuousDeploymentPolicyConfig",),
}  # fmt: skip
"""By resource type. A function's structures: STRUCTURES."""
_NOT_IN_GLOBALS = """
    AutoPublishCodeSha256 Events FunctionName ImageConfig ImageUri InlineCode PackageType Policies Role
    VersionDescription
"""
GLOBALS = tuple(name for name in PROPERTIES[resources.SAM_FUNCTION] if name not in _NOT_IN_GLOBALS.split())
"""What SAM takes in `Globals.Function`. observed: aws-sam-translator 1.115"""
_SECTIONS = (
    "Api", "CapacityProvider", "Function", "HttpApi", "LayerVersion", "MicrovmImage", "NetworkConnector", "SimpleTable",
    "StateMachine", "WebSocketApi",
)  # fmt: skip
STRUCTURES = {
    "Code": ("ImageUri", "S3Bucket", "S3Key", "S3ObjectStorageMode", "S3ObjectVersion", "SourceKMSKeyArn", "ZipFile"),
    "CodeUri": ("Bucket", "Key", "Version"),
    "Environment": ("Variables",),
    "EphemeralStorage": ("Size",),
}
"""Structures of a function that are read, and what may be in them."""


class _Stranger(NamedTuple):
    """A property that AWS does not know, with a hint at the one that may be meant."""

    name: str
    node: Node
    hint: str

    def report(self, resolver: Resolver, *, warn: bool = False) -> None:
        resolver.complain(f"unknown property {self.name}", self.node, hint=self.hint, warn=warn)


def report_unknown(resolver: Resolver, logical_id: str) -> None:
    """An error for each property of a resource that AWS does not know."""
    for stranger in _strangers(resolver, logical_id):
        stranger.report(resolver)


def report_misspelt(resolver: Resolver, logical_id: str) -> None:
    """A warning for each property of a resource that is another one but for its spelling."""
    for stranger in _strangers(resolver, logical_id):
        if stranger.hint:
            stranger.report(resolver, warn=True)


def _strangers(resolver: Resolver, logical_id: str) -> Iterator[_Stranger]:
    resource = resolver.resources[logical_id]
    kind, place = resource.get("Type").text, resource.get("Properties")
    yield from _strangers_in(place, PROPERTIES[kind])
    if kind in resources.FUNCTIONS:
        yield from _strangers_in_structures(place)


def _strangers_in_structures(place: Node) -> Iterator[_Stranger]:
    for name, known in STRUCTURES.items():
        yield from _strangers_in(place.get(name), known)


def _strangers_in(place: Node, known: tuple[str, ...]) -> Iterator[_Stranger]:
    return (_Stranger(name, node, closest(name, known)) for name, node in _written(place) if name not in known)


def _written(place: Node) -> Iterator[tuple[str, Node]]:
    """The members of a structure that are no functions of CloudFormation's."""
    return ((name, node) for name, node in place.fields.items() if name != "Ref" and not name.startswith("Fn::"))


# ── Globals ──────────────────────────────────────────────────────────────────


def report_globals(resolver: Resolver) -> None:
    """What SAM refuses of its `Globals`, in its words. observed: aws-sam-translator 1.115"""
    if not resolver.is_sam:
        return
    for name, node in resolver.root.get("Globals").fields.items():
        if name not in _SECTIONS and (hint := closest(name, _SECTIONS)):  # any other is nobody's slip of a Function
            resolver.complain(f"'Globals' section is invalid. '{name}' is not supported.", node, hint=hint)
    place = resolver.root.get("Globals", "Function")
    for name, node in _written(place):
        if name not in GLOBALS:
            message = f"'Globals' section is invalid. '{name}' is not a supported property of 'Function'."
            own = name in PROPERTIES[resources.SAM_FUNCTION]
            hint = f"write {name} into each function's own Properties" if own else closest(name, GLOBALS)
            resolver.complain(message, node, hint=hint)
    for stranger in _strangers_in_structures(place):
        stranger.report(resolver)
