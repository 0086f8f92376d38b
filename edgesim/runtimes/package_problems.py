"""What is wrong with a function's package, for the person who packed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from edgesim.distribution.findings import Finding
from edgesim.distribution.limits import PackageLimits
from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.package_size import package_faults
from edgesim.distribution.problems import Problem, Severity
from edgesim.errors import ConfigError
from edgesim.runtimes.measuring import Measure
from edgesim.runtimes.snapshot import Snapshot, package_size


def unreadable_code(function: EdgeFunction, error: ConfigError) -> Problem:
    """Code that can't be had."""
    return Problem(
        f"{function.name}: {error}", at=f"function {function.name}", file=function.code.path, hint=error.hint
    )


def unreadable_files(function: EdgeFunction, snapshot: Snapshot) -> Problem | None:
    """Files of its zip that a function may not read (documented: troubleshooting-deployment), or None."""
    if not snapshot.unreadable:
        return None
    first, *more = snapshot.unreadable
    others = f", nor {len(more)} more" if more else ""
    return Problem(
        f"{function.name} can't read {first}{others}: permission denied, as on Lambda",
        at=f"function {function.name}",
        hint="pack files with mode 644, folders and programs with 755",
        severity=Severity.WARNING,
        file=function.code.path,
    )


def of_package(function: EdgeFunction, finding: Finding) -> Problem:
    """What AWS has against a function's package."""
    return Problem(
        finding.message,
        at=f"function {function.name}",
        hint=finding.hint,
        severity=finding.severity,
        file=function.code.path,
        code=finding.code,
    )


def unpacked_too_large(functions: Iterable[EdgeFunction]) -> Iterator[Problem]:
    """What Lambda has against packages as large as these become when they are unpacked; a zip's own size is told where
    the zip is named. Raises ConfigError where code can't be read."""
    limits = PackageLimits()
    measure = Measure(limits)
    for function in functions:
        size = replace(package_size(function.code, measure), zipped=None)
        finding = package_faults(size, limits, function.arn)
        if finding is not None:
            yield of_package(function, finding)
