"""Policies: managed ones, those of a template, and those in files.

Rule: a cache policy or an origin request policy that is neither is an error, since nothing can be said about the cache
      without it; without a response headers policy headers are missing, which is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from edgesim.distribution import policies as model
from edgesim.distribution.config import (
    CachePolicyConfig,
    CookiesConfig,
    HeadersConfig,
    OriginRequestPolicyConfig,
    QueryStringsConfig,
    parse,
)
from edgesim.distribution.findings import Finding, Loc
from edgesim.distribution.policy_checks import check_policy
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.response_headers import MANAGED_RESPONSE_HEADERS_POLICIES, ResponseHeadersPolicy
from edgesim.loaders.api_form import cloudformation_form, miscounted, tolerant
from edgesim.loaders.intrinsics import FAILED
from edgesim.loaders.nodes import Node, plain, problem
from edgesim.loaders.read import read_file
from edgesim.loaders.request import Texts
from edgesim.loaders.response_headers import items_form, read_response_headers_policy
from edgesim.loaders.unknowns import Unknowns
from edgesim.loaders.unreadable import Unreadable

T = TypeVar("T", bound=model.CachePolicy | model.OriginRequestPolicy | ResponseHeadersPolicy)

DEFAULT_TTL = 86_400
MAX_TTL = 31_536_000


def filled_ttls(min_ttl: float, default_ttl: float | None, max_ttl: float | None) -> tuple[float, float, float]:
    """The three TTLs, those not written filled in so that they stay in order.

    documented: the API's CachePolicyConfig (86,400 or MinTTL if larger; 31,536,000 or DefaultTTL if larger)
    inferred: the same for legacy behaviors; a MaxTTL below 86,400 lowers the default
    """
    if default_ttl is None:
        default_ttl = max(min_ttl, DEFAULT_TTL if max_ttl is None else min(DEFAULT_TTL, max_ttl))
    return min_ttl, default_ttl, max(default_ttl, MAX_TTL) if max_ttl is None else max_ttl


# ── one policy ───────────────────────────────────────────────────────────────


def _selections(
    headers: HeadersConfig, cookies: CookiesConfig, queries: QueryStringsConfig
) -> tuple[model.Selection, model.Selection, model.Selection]:
    return (
        model.Selection(model.Selects(headers.header_behavior), headers.headers),
        model.Selection(model.Selects(cookies.cookie_behavior), cookies.cookies),
        model.Selection(model.Selects(queries.query_string_behavior), queries.query_strings),
    )


def read_cache_policy(policy_id: str, unknowns: Unknowns) -> tuple[model.CachePolicy, list[Finding]]:
    """A cache policy from its raw form (CachePolicyConfig), and what is wrong with it."""
    config, faults = parse(CachePolicyConfig, plain(unknowns.tree))
    key = config.parameters_in_cache_key_and_forwarded_to_origin
    policy = model.CachePolicy(
        policy_id,
        config.name,
        *filled_ttls(config.min_ttl, config.default_ttl, config.max_ttl),
        *_selections(key.headers_config, key.cookies_config, key.query_strings_config),
        key.enable_accept_encoding_gzip,
        key.enable_accept_encoding_brotli,
    )
    return policy, [*unknowns.softened(faults), *unknowns.sayable(check_policy(config))]


def read_origin_request_policy(policy_id: str, unknowns: Unknowns) -> tuple[model.OriginRequestPolicy, list[Finding]]:
    """An origin request policy from its raw form (OriginRequestPolicyConfig), and what is wrong with it."""
    config, faults = parse(OriginRequestPolicyConfig, plain(unknowns.tree))
    lists = _selections(config.headers_config, config.cookies_config, config.query_strings_config)
    policy = model.OriginRequestPolicy(policy_id, config.name, *lists)
    return policy, [*unknowns.softened(faults), *unknowns.sayable(check_policy(config))]


# ── the policies of a source ─────────────────────────────────────────────────


@dataclass(frozen=True)
class Kind(Generic[T]):
    """What differs between the kinds of policies. `form` brings the API's spelling to CloudFormation's; `missed` says
    what comes of serving without a policy that can't be known, empty where that can't be done."""

    name: str
    flag: str
    code: str
    managed: tuple[T, ...]
    read: Callable[[str, Unknowns], tuple[T, list[Finding]]]
    form: Callable[[Node], Node] = cloudformation_form
    missed: str = ""

    @property
    def config(self) -> str:
        return f"{self.name}Config"


CACHE = Kind("CachePolicy", "--cache-policy", "NoSuchCachePolicy", model.MANAGED_CACHE_POLICIES, read_cache_policy)
ORIGIN_REQUEST = Kind(
    "OriginRequestPolicy",
    "--origin-request-policy",
    "NoSuchOriginRequestPolicy",
    model.MANAGED_ORIGIN_REQUEST_POLICIES,
    read_origin_request_policy,
)
RESPONSE_HEADERS = Kind(
    "ResponseHeadersPolicy",
    "--response-headers-policy",
    "NoSuchResponseHeadersPolicy",
    MANAGED_RESPONSE_HEADERS_POLICIES,
    read_response_headers_policy,
    items_form,
    "its headers will be missing",
)


# A policy's own id, so that there may be one in the user's account
_AWS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class PolicyBook(Generic[T]):
    """The policies of one kind by id. `problems`, `findings` and `files` grow as policies are added and asked for."""

    kind: Kind[T]
    policies: dict[str, T] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policies |= {policy.id: policy for policy in self.kind.managed}

    def add(self, policy_id: str, tree: Node, file: str, parameters: Collection[str] = ()) -> None:
        """A policy from its raw form."""
        self.policies[policy_id], findings = self.kind.read(policy_id, Unknowns(tree, parameters))
        self.problems += [problem(finding, tree, file) for finding in findings]

    def add_files(self, files: Texts) -> None:
        """Policies from files, by id, as `aws cloudfront get-cache-policy` or `get-cache-policy-config` print them,
        or the bare configuration."""
        for policy_id, file in files.items():
            try:
                self._add_file(policy_id, file)
            except Unreadable as error:
                self.problems.append(error.problem)

    def _add_file(self, policy_id: str, file: str) -> None:
        root, odd = read_file(Path(file).expanduser(), file)
        for key in (self.kind.name, self.kind.config):
            root = root.get(key) if key in root.fields else root
        self.problems += [*odd, *miscounted(root, file)]
        self.files.append(file)
        before = len(self.problems)
        self.add(policy_id, self.kind.form(root), file)
        self.problems[before:] = map(tolerant, self.problems[before:])

    def policy(self, policy_id: str, unknown: str, loc: Loc) -> T | None:
        """The policy of an id that stands at `loc`, or None where that has been reported."""
        wanted = unknown or policy_id
        if unknown == FAILED:
            return None
        if wanted not in self.policies:
            self.findings.append(self._missing(wanted, unknown, loc))
        return self.policies.get(wanted)

    def _missing(self, wanted: str, unknown: str, loc: Loc) -> Finding:
        message = f"there is no {self._words} with the id {wanted}"
        if unknown:
            message = f"which {self._words} this is can't be known locally: it comes from {unknown}"
        missed = self.kind.missed if unknown or _AWS_ID.fullmatch(wanted) else ""
        managed = next((p for p in self.kind.managed if wanted in (p.name, p.name.removeprefix("Managed-"))), None)
        hint = (
            f"{managed.name} has the id {managed.id}" if managed else f"give its JSON: {self.kind.flag} {wanted}=FILE"
        )
        if missed:
            return Finding(loc, f"{message}; {missed}", hint, severity=Severity.WARNING)
        return Finding(loc, message, hint, self.kind.code)

    @property
    def _words(self) -> str:
        return self.kind.flag.removeprefix("--").replace("-", " ")
