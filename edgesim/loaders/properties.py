"""The properties that CloudFormation and SAM know, for the resources that edgesim reads.

Source: CloudFormation's resource schemas and SAM's specification.
"""

from __future__ import annotations

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
}  # fmt: skip
"""By resource type. A function's structures: STRUCTURES."""
STRUCTURES = {
    "Code": ("ImageUri", "S3Bucket", "S3Key", "S3ObjectStorageMode", "S3ObjectVersion", "SourceKMSKeyArn", "ZipFile"),
    "CodeUri": ("Bucket", "Key", "Version"),
    "Environment": ("Variables",),
    "EphemeralStorage": ("Size",),
}
"""Structures of a function that are read, and what may be in them."""


def report_unknown(resolver: Resolver, logical_id: str) -> None:
    """An error for each property of a resource that AWS does not know."""
    resource = resolver.resources[logical_id]
    kind = resource.get("Type").text
    places = [resource.get("Properties")]
    if kind == resources.SAM_FUNCTION:
        places.append(resolver.root.get("Globals", "Function"))
    for place in places:
        _report(resolver, place, PROPERTIES[kind])
        for name, known in STRUCTURES.items():
            if kind in resources.FUNCTIONS:
                _report(resolver, place.get(name), known)


def _report(resolver: Resolver, place: Node, known: tuple[str, ...]) -> None:
    for name, node in place.fields.items():
        if name not in known and name != "Ref" and not name.startswith("Fn::"):
            resolver.complain(f"unknown property {name}", node, hint=closest(name, known))
