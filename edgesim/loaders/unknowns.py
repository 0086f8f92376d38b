"""What can't be known locally, told once for each cause; what has failed already, not told again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from edgesim.distribution.findings import Finding, Loc
from edgesim.distribution.problems import Severity
from edgesim.loaders.intrinsics import FAILED
from edgesim.loaders.nodes import Node, find

# Spoken about elsewhere, or of no consequence here
_QUIET = frozenset(
    (
        "DomainName", "LambdaFunctionARN", "CachePolicyId", "OriginRequestPolicyId", "ResponseHeadersPolicyId",
        "FunctionAssociations", "ViewerCertificate", "WebACLId", "Logging", "TrustedKeyGroups", "TrustedSigners",
        "OriginAccessControlId", "OriginAccessIdentity", "OriginShield", "RealtimeLogConfigArn", "VpcOriginConfig",
        "FieldLevelEncryptionId", "Comment", "AnycastIpListId", "ContinuousDeploymentPolicyId",
    )
)  # fmt: skip


class Unknowns:
    """The unknown values of one resolved tree. `parameters` are the template's, which the user can give."""

    def __init__(self, tree: Node, parameters: Collection[str] = ()) -> None:
        self.tree = tree
        self.parameters = parameters
        self._said: set[str] = {"", FAILED}

    def at(self, loc: Loc) -> str:
        """Where the value at a path, or what it is part of, comes from; empty where it is known."""
        steps = (find(self.tree, loc[:length]).unknown for length in range(len(loc) + 1))
        return next(filter(None, steps), "")

    def softened(self, faults: Iterable[Finding]) -> Iterator[Finding]:
        """A stand-in in the place of a number is not the user's mistake: the default is taken."""
        for fault in faults:
            unknown = self.at(fault.at)
            if not unknown:
                yield fault
            elif self._is_news(unknown):
                message = f"this can't be known locally: it comes from {unknown}; edgesim takes the default"
                yield Finding(fault.at, message, self._way_out(unknown), severity=Severity.WARNING)

    def stand_ins(self) -> Iterator[Finding]:
        """One warning for each thing that is not known, where it is used first."""
        for loc, leaf in self.tree.leaves():
            if not _QUIET.intersection(map(str, loc)) and self._is_news(leaf.unknown):
                message = f"this can't be known locally: it comes from {leaf.unknown}; edgesim takes '{leaf.text}'"
                yield Finding(loc, message, self._way_out(leaf.unknown), severity=Severity.WARNING)

    def sayable(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """A stand-in breaks no rule, except that a behavior needs an origin to go to."""
        for finding in findings:
            unknown = self.at(finding.at)
            if not unknown or (finding.at[-1:] == ("TargetOriginId",) and unknown != FAILED):
                yield finding

    def _is_news(self, unknown: str) -> bool:
        news = unknown not in self._said
        self._said.add(unknown)
        return news

    def _way_out(self, unknown: str) -> str:
        return f"give the parameter a value: --parameter {unknown}=…" if unknown in self.parameters else ""
