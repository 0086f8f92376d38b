"""What a deployment of an edited template would delete, and Lambda would not."""

from __future__ import annotations

from collections.abc import Iterator

from edgesim.distribution.deletion import replicated
from edgesim.distribution.problems import Problem, Severity
from edgesim.loaders.request import Loaded


def deleted(before: Loaded, after: Loaded) -> Iterator[Problem]:
    """A warning for each function that ran at the edge and is no longer in its template. CloudFormation deletes it when
    the distribution has been updated, which is too early: replicas stay for hours."""
    stays, retained = set(after.logical_ids.values()), {before.logical_ids.get(one) for one in before.retained}
    ran = dict.fromkeys(function for distribution in before.distributions for function in distribution.functions)
    for function in ran:
        name = function.name
        if name in before.logical_ids.values() and name not in stays and name not in retained:
            refused = replicated(function.arn)
            yield Problem(
                f"a deployment can't delete {name}, which is no longer in the template: {refused.message}",
                at=f"function {name}",
                hint="have DeletionPolicy: Retain deployed first, and delete it by hand some hours later",
                severity=Severity.WARNING,
                code=refused.code,
            )
