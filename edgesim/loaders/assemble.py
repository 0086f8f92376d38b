"""From a valid configuration to the `Distribution` that the rules read: defaults filled, names joined.

Rule 1: nothing is refused here; distribution/checks.py has done that, or a book (policies, functions) does.
Rule 2: what can't be known locally gets a stand-in that is the same on every run, and a warning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from edgesim.distribution.buckets import is_website, s3_region
from edgesim.distribution.checks import check
from edgesim.distribution.config import (
    CustomConfig,
    DefaultBehavior,
    DistributionConfig,
    Forwarded,
    LoggingConfig,
    OriginConfig,
    Raw,
    parse,
)
from edgesim.distribution.continuous_deployment import ContinuousDeployment
from edgesim.distribution.findings import Finding, Loc, closest, there_are
from edgesim.distribution.geo import GeoRestriction
from edgesim.distribution.header_twice import headers_said_twice
from edgesim.distribution.legacy import cache_policy_of
from edgesim.distribution.model import (
    Association,
    CacheBehavior,
    CustomErrorResponse,
    Distribution,
    EdgeFunction,
    Logging,
    Origin,
    OriginGroup,
    S3Access,
    SigningBehavior,
    Trigger,
)
from edgesim.distribution.origin_names import known_names, own_ids
from edgesim.distribution.policies import (
    ALL,
    NONE,
    CachePolicy,
    ForwardedValues,
    OriginRequestPolicy,
    listed,
)
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.response_headers import ResponseHeadersPolicy
from edgesim.distribution.unapplied import unapplied
from edgesim.loaders.access_controls import AccessControls
from edgesim.loaders.arn import domain_name, stable_id
from edgesim.loaders.associations import FunctionBook
from edgesim.loaders.continuous_deployment import DeploymentBook
from edgesim.loaders.intrinsics import FAILED
from edgesim.loaders.nodes import Node, find, plain, problem
from edgesim.loaders.policies import PolicyBook, filled_ttls
from edgesim.loaders.public_keys import KeyBook
from edgesim.loaders.resources import NOWHERE, slug
from edgesim.loaders.unknowns import Unknowns
from edgesim.loaders.vpc_origins import VpcOrigins
from edgesim.values.headers import wire


@dataclass
class Books:
    """What a distribution refers to by name. `signs`: the user has given credentials for S3."""

    functions: FunctionBook
    cache_policies: PolicyBook[CachePolicy]
    origin_request_policies: PolicyBook[OriginRequestPolicy]
    response_headers_policies: PolicyBook[ResponseHeadersPolicy]
    parameters: Collection[str] = ()
    access_controls: AccessControls = field(default_factory=AccessControls)
    vpc_origins: VpcOrigins = field(default_factory=VpcOrigins)
    signs: bool = False
    keys: KeyBook = field(default_factory=KeyBook)
    deployments: DeploymentBook = field(default_factory=DeploymentBook)

    def findings(self) -> list[Finding]:
        """What has come up since the last time."""
        found: list[Finding] = []
        books = (
            self.functions.findings,
            self.keys.findings,
            self.deployments.findings,
            *(book.findings for book in self._policies),
        )
        for findings in books:
            found += findings
            findings.clear()
        return found

    def problems(self) -> list[Problem]:
        """What is wrong with the things themselves."""
        of_policies = [problem for book in self._policies for problem in book.problems]
        of_resources = [
            *self.access_controls.problems,
            *self.vpc_origins.problems,
            *self.keys.problems,
            *self.keys.left_over(),
            *self.deployments.problems,
        ]
        return [*self.functions.problems, *of_policies, *of_resources]

    def files(self) -> list[str]:
        """The files of policies and keys that were read."""
        return [*(file for book in self._policies for file in book.files), *self.keys.files, *self.deployments.files]

    @property
    def _policies(self) -> tuple[PolicyBook[Any], ...]:
        return self.cache_policies, self.origin_request_policies, self.response_headers_policies


@dataclass(frozen=True)
class Named:
    """What a distribution is called. An empty id or domain name is made up from the name."""

    name: str
    id: str = ""
    domain_name: str = ""


def assemble(
    tree: Node, named: Named, books: Books, file: str, mapped: Collection[str] = ()
) -> tuple[Distribution, list[Problem]]:
    """The distribution that a resolved DistributionConfig (CloudFormation's spelling) describes, and its problems.

    `mapped` are the origins that the user serves from elsewhere, by `--origin`'s names.
    """
    raw = plain(tree)
    mapped = own_ids(mapped, named.name, named.id or stable_id("E", named.name))
    findings = list(_stand_in_domains(tree, raw, mapped))
    config, faults = parse(DistributionConfig, raw)
    unknowns = Unknowns(tree, books.parameters)
    findings += [
        *unknowns.softened(faults),
        *unknowns.stand_ins(),
        *unknowns.sayable(check(config)),
        *unapplied(config, {*mapped, *_stood_in_for(tree)}, set(_signed(config, books))),
    ]
    distribution = _Assembly(tree, books, config, file).distribution(named)
    findings += [*headers_said_twice(config, distribution), *books.findings()]
    return distribution, [problem(finding, tree, file) for finding in findings]


def _signed(config: DistributionConfig, books: Books) -> Iterator[str]:
    """The origins to which no signature is missing."""
    for origin in config.origins:
        signing = books.access_controls.signing(origin.origin_access_control_id)
        if books.signs or signing is SigningBehavior.NEVER:
            yield origin.id


def unknown_origins(distributions: list[Distribution], mapped: Collection[str]) -> Iterator[Problem]:
    """An `--origin` for an origin that no distribution has."""
    known = [(origin.id, names) for origin, names in known_names(distributions) if origin.id]
    names = dict.fromkeys(name for _, them in known for name in them)
    for name in mapped:
        if name not in names:
            hint = closest(name, names) or there_are(id_ for id_, _ in known)
            yield Problem(f"there is no origin {name}", f"--origin {name}", hint)


# ── what can't be known ──────────────────────────────────────────────────────


def _stand_in_domains(tree: Node, raw: object, mapped: Collection[str]) -> Iterator[Finding]:
    """Put stand-ins into the raw form for the hosts of origins that can't be known."""
    origins = raw.get("Origins") if isinstance(raw, dict) else None
    for index, origin in enumerate(origins if isinstance(origins, list) else ()):
        node = find(tree, ("Origins", index, "DomainName"))
        if not isinstance(origin, dict) or not node.unknown:
            continue
        origin["DomainName"] = domain = _stand_in_domain(node, origin)
        if origin.get("Id") not in mapped and node.unknown != FAILED:
            message = f"this host can't be known locally: it comes from {node.unknown}; edgesim calls it {domain}"
            name = origin.get("Id", "ID")
            hint = f"say where it is: --origin {name}=URL or --origin {name}=DIRECTORY"
            yield Finding(("Origins", index, "DomainName"), message, hint, severity=Severity.WARNING)


def _stood_in_for(tree: Node) -> Iterator[str]:
    """The ids of the origins whose host can't be known."""
    return (origin.get("Id").text for origin in tree.get("Origins").items if origin.get("DomainName").unknown)


def _stand_in_domain(node: Node, origin: Raw) -> str:
    if s3_region(node.text) or is_website(node.text):
        return node.text
    if "CustomOriginConfig" in origin or "VpcOriginConfig" in origin:
        return node.text if node.text.endswith(NOWHERE) else f"{slug(node.unknown)}{NOWHERE}"
    return f"{slug(node.unknown)}.s3.us-east-1.amazonaws.com"


# ── the model ────────────────────────────────────────────────────────────────


@dataclass
class _Assembly:
    tree: Node
    books: Books
    config: DistributionConfig
    file: str

    def distribution(self, named: Named) -> Distribution:
        config = self.config
        return Distribution(
            id=named.id or stable_id("E", named.name),
            name=named.name,
            domain_name=named.domain_name or domain_name(named.name),
            behaviors=tuple(self.behavior(*each) for each in config.behaviors()),
            origins=MappingProxyType(
                {one.id: replace(self.origin(one), distribution=named.name) for one in config.origins}
            ),
            origin_groups=MappingProxyType(_groups(config)),
            aliases=config.aliases,
            enabled=config.enabled,
            default_root_object=wire(config.default_root_object),
            error_responses=MappingProxyType(_error_responses(config)),
            comment=config.comment,
            geo_restriction=_geo_restriction(config),
            logging=_logging(config.logging),
            cache_tag_header=config.cache_tag_config.header_name if config.cache_tag_config else "",
            staging=config.staging,
            continuous_deployment=self.continuous_deployment(),
        )

    def continuous_deployment(self) -> ContinuousDeployment | None:
        unknown = find(self.tree, ("ContinuousDeploymentPolicyId",)).unknown
        return self.books.deployments.policy(self.config.continuous_deployment_policy_id, unknown)

    def origin(self, origin: OriginConfig) -> Origin:
        made = origin_of(origin)
        if origin.custom_origin_config is None and origin.vpc_origin_config is not None:
            return self.books.vpc_origins.applied(made, origin.vpc_origin_config.vpc_origin_id)
        if not origin.origin_access_control_id:
            return made
        if made.s3 is None:
            service = self.books.access_controls.service(origin.origin_access_control_id, origin.domain_name)
            return replace(made, service=service)
        signing = self.books.access_controls.signing(origin.origin_access_control_id)
        return replace(made, s3=replace(made.s3, signing=signing))

    def behavior(self, loc: Loc, pattern: str, behavior: DefaultBehavior) -> CacheBehavior:
        forwarded = behavior.forwarded_values
        legacy = None if behavior.cache_policy_id else _forwarded_values(forwarded or Forwarded())
        return CacheBehavior(
            path_pattern=pattern,
            target_origin_id=behavior.target_origin_id,
            cache_policy=self.cache_policy(loc, behavior, legacy),
            viewer_protocol_policy=behavior.viewer_protocol_policy,
            allowed_methods=frozenset(behavior.allowed_methods),
            cached_methods=frozenset(behavior.cached_methods),
            compress=behavior.compress,
            origin_request_policy=self.origin_request_policy(loc, behavior),
            response_headers_policy=self.response_headers_policy(loc, behavior),
            forwarded_values=legacy,
            associations=MappingProxyType(dict(self.associations(loc, behavior))),
            signers=self.books.keys.signers(behavior, self.tree, loc),
        )

    def cache_policy(self, loc: Loc, behavior: DefaultBehavior, legacy: ForwardedValues | None) -> CachePolicy:
        if legacy is not None:
            min_ttl, default_ttl, max_ttl = filled_ttls(behavior.min_ttl or 0, behavior.default_ttl, behavior.max_ttl)
            return cache_policy_of(legacy, min_ttl=min_ttl, default_ttl=default_ttl, max_ttl=max_ttl)
        at = (*loc, "CachePolicyId")
        found = self.books.cache_policies.policy(behavior.cache_policy_id, find(self.tree, at).unknown, at)
        return found or CachePolicy(behavior.cache_policy_id)

    def origin_request_policy(self, loc: Loc, behavior: DefaultBehavior) -> OriginRequestPolicy | None:
        if not behavior.origin_request_policy_id:
            return None
        at = (*loc, "OriginRequestPolicyId")
        book = self.books.origin_request_policies
        return book.policy(behavior.origin_request_policy_id, find(self.tree, at).unknown, at)

    def response_headers_policy(self, loc: Loc, behavior: DefaultBehavior) -> ResponseHeadersPolicy | None:
        if not behavior.response_headers_policy_id:
            return None
        at = (*loc, "ResponseHeadersPolicyId")
        book = self.books.response_headers_policies
        return book.policy(behavior.response_headers_policy_id, find(self.tree, at).unknown, at)

    def associations(self, loc: Loc, behavior: DefaultBehavior) -> Iterator[tuple[Trigger, Association]]:
        for index, association in enumerate(behavior.lambda_function_associations):
            at = (*loc, "LambdaFunctionAssociations", index, "LambdaFunctionARN")
            function = self.function(association.lambda_function_arn, at)
            if function is not None and association.event_type is not None:
                yield association.event_type, Association(association.event_type, function, association.include_body)

    def function(self, arn: str, at: Loc) -> EdgeFunction | None:
        node = find(self.tree, at)
        return self.books.functions.function(arn, node.unknown, at, node.place(self.file)) if arn else None


def _logging(config: LoggingConfig) -> Logging:
    """What is said of a log that is off counts for nothing."""
    return Logging(config.bucket, config.prefix, config.include_cookies) if config.enabled else Logging()


def _forwarded_values(forwarded: Forwarded) -> ForwardedValues:
    cookies = {"none": NONE, "all": ALL, "whitelist": listed(*forwarded.cookies.whitelisted_names)}
    return ForwardedValues(
        forwarded.query_string,
        forwarded.query_string_cache_keys,
        forwarded.headers,
        cookies[forwarded.cookies.forward],
    )


_OAI = "origin-access-identity/cloudfront/"


def origin_of(origin: OriginConfig) -> Origin:
    """An origin in the model's form."""
    common = Origin(
        id=origin.id,
        domain_name=origin.domain_name,
        path=wire(origin.origin_path.rstrip("/")),
        custom_headers=tuple((h.header_name, wire(h.header_value)) for h in origin.origin_custom_headers),
        s3=_s3_access(origin),
        connection_attempts=origin.connection_attempts,
        connection_timeout=origin.connection_timeout,
        completion_timeout=origin.response_completion_timeout,
    )
    if (custom := origin.custom_origin_config) is not None:
        return _custom(common, custom)
    if (vpc := origin.vpc_origin_config) is not None:
        return replace(common, read_timeout=vpc.origin_read_timeout, keepalive_timeout=vpc.origin_keepalive_timeout)
    bucket = origin.s3_origin_config
    return replace(common, read_timeout=bucket.origin_read_timeout) if bucket is not None else common


def _custom(origin: Origin, custom: CustomConfig) -> Origin:
    return replace(
        origin,
        protocol_policy=custom.origin_protocol_policy,
        http_port=custom.http_port,
        https_port=custom.https_port,
        ssl_protocols=custom.origin_ssl_protocols,
        read_timeout=custom.origin_read_timeout,
        keepalive_timeout=custom.origin_keepalive_timeout,
    )


def _s3_access(origin: OriginConfig) -> S3Access | None:
    """documented: what has neither S3OriginConfig nor CustomOriginConfig is a bucket by its host name"""
    if origin.custom_origin_config is not None or origin.vpc_origin_config is not None:
        return None
    identity = origin.s3_origin_config.origin_access_identity if origin.s3_origin_config else ""
    region, access_control = s3_region(origin.domain_name) or "", bool(origin.origin_access_control_id)
    return S3Access(identity.removeprefix(_OAI), region, access_control)


def _geo_restriction(config: DistributionConfig) -> GeoRestriction | None:
    geo = config.restrictions.geo_restriction
    if geo.restriction_type == "none":
        return None
    return GeoRestriction(geo.restriction_type == "whitelist", frozenset(geo.locations))


def _groups(config: DistributionConfig) -> dict[str, OriginGroup]:
    return {
        group.id: OriginGroup(
            group.id,
            (group.members[0].origin_id, group.members[1].origin_id),
            frozenset(group.failover_criteria.status_codes),
        )
        for group in config.origin_groups
        if len(group.members) == 2
    }


def _error_responses(config: DistributionConfig) -> dict[int, CustomErrorResponse]:
    return {
        page.error_code: CustomErrorResponse(
            page.error_code, page.error_caching_min_ttl, wire(page.response_page_path), page.response_code
        )
        for page in config.custom_error_responses
    }
