"""Continuous deployment policies: those of a template, and those in files; and staging distributions without one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgesim.distribution.config import parse
from edgesim.distribution.continuous_deployment import ContinuousDeployment
from edgesim.distribution.continuous_deployment_config import (
    ContinuousDeploymentPolicyConfig,
    check_continuous_deployment,
    continuous_deployment,
)
from edgesim.distribution.findings import Finding
from edgesim.distribution.model import Distribution
from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders import resources
from edgesim.loaders.api_form import cloudformation_form, miscounted, tolerant
from edgesim.loaders.intrinsics import Resolver
from edgesim.loaders.nodes import Node, plain, problem
from edgesim.loaders.properties import report_unknown
from edgesim.loaders.read import read_file
from edgesim.loaders.request import Texts
from edgesim.loaders.unknowns import Unknowns
from edgesim.loaders.unreadable import Unreadable
from edgesim.values.place import Place

FLAG = "--continuous-deployment-policy"
_AT = ("ContinuousDeploymentPolicyId",)
_CONFIG = "ContinuousDeploymentPolicyConfig"


@dataclass
class DeploymentBook:
    """The policies by id. `problems`, `findings` and `files` grow as policies are added and asked for."""

    policies: dict[str, ContinuousDeployment] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def add(self, policy_id: str, tree: Node, file: str, parameters: Collection[str] = ()) -> None:
        """A policy from its raw form."""
        unknowns = Unknowns(tree, parameters)
        config, faults = parse(ContinuousDeploymentPolicyConfig, plain(tree))
        self.policies[policy_id] = continuous_deployment(config)
        findings = [*unknowns.softened(faults), *unknowns.sayable(check_continuous_deployment(config))]
        self.problems += [problem(finding, tree, file) for finding in findings]

    def add_files(self, files: Texts) -> None:
        """Policies from files, by id, as `aws cloudfront get-continuous-deployment-policy` prints them, or the bare
        configuration."""
        for policy_id, file in files.items():
            try:
                root, odd = read_file(Path(file).expanduser(), file)
            except Unreadable as error:
                self.problems.append(error.problem)
                continue
            for key in ("ContinuousDeploymentPolicy", _CONFIG):
                root = root.get(key) if key in root.fields else root
            self.files.append(file)
            before = len(self.problems)
            self.add(policy_id, cloudformation_form(root), file)
            self.problems[before:] = [*odd, *miscounted(root, file), *map(tolerant, self.problems[before:])]

    def policy(self, policy_id: str, unknown: str) -> ContinuousDeployment | None:
        """The policy of an id, or None where there is none, or where it is not known: then that has been told."""
        wanted = unknown or policy_id
        found = self.policies.get(wanted)
        if wanted and found is None:
            message = f"the continuous deployment policy {wanted} is not there: nobody gets to a staging distribution"
            self.findings.append(Finding(_AT, message, f"give its JSON: {FLAG} {wanted}=FILE", "", Severity.WARNING))
        return found


def declared_deployments(resolver: Resolver, files: Texts) -> DeploymentBook:
    """Those of a template, by what a Ref to them gives, and those in files."""
    book = DeploymentBook()
    for logical_id, resource in resolver.live(resources.CONTINUOUS_DEPLOYMENT_POLICY):
        report_unknown(resolver, logical_id)
        ref = resources.REF[resources.CONTINUOUS_DEPLOYMENT_POLICY]
        policy_id = resolver.said(logical_id, ref, resource, resource.at, logical_id).text
        book.add(policy_id, resolver.property_of(logical_id, _CONFIG), resolver.file, resolver.parameters.keys())
    book.add_files(files)
    return book


def unconnected(distributions: Sequence[Distribution], place_of: Callable[[Distribution], Place]) -> Iterator[Problem]:
    """Staging distributions that no viewer gets to, and one that is served all by itself."""
    named = {name.lower() for one in distributions if (policy := one.continuous_deployment) for name in policy.staging}
    for one in distributions:
        if not one.staging or one.domain_name.lower() in named:
            continue
        place, alone = place_of(one), all(other.staging for other in distributions)
        told = "edgesim serves it by itself" if alone else "no policy here names this one"
        message = f"viewers get to a staging distribution through its primary distribution only; {told}"
        yield Problem(message, place.at, "", Severity.WARNING, place.file, place.line)
