"""How large a function's package may be, and what AWS says of one that is larger.

The numbers are parameters (limits.PackageLimits): editions of the guide differ. Sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgesim.distribution.findings import Finding
from edgesim.distribution.limits import PackageLimits
from edgesim.distribution.problems import Severity

REFUSED = "InvalidLambdaFunctionAssociation"


@dataclass(frozen=True, slots=True)
class PackageSize:
    """What was measured. `zipped`: the archive's own size, None where there is none yet. `unzipped`: everything that
    is the function's own. `linked`: what its node_modules hold besides; `is_exact`: without what a build leaves out."""

    unzipped: int
    zipped: int | None = None
    linked: int = 0
    is_exact: bool = True


def package_faults(size: PackageSize, limits: PackageLimits, arn: str) -> Finding | None:
    """What AWS has against a package of this size; a warning where only a build would show how large it becomes."""
    if size.zipped is not None and size.zipped > limits.zipped:
        return _too_large_a_zip(size.zipped, limits.zipped, arn)
    if size.unzipped > limits.unzipped:
        return _too_large(limits.unzipped, "leave out what the function does not need, or --relax package-size")
    if size.unzipped + size.linked > limits.unzipped:
        if size.is_exact:
            return _too_large(limits.unzipped, "its node_modules are part of it; --relax package-size runs it here")
        hint = "its node_modules count, as far as a build does not leave them out (devDependencies); it runs here"
        return _too_large(limits.unzipped, hint, Severity.WARNING)
    return None


def _too_large_a_zip(size: int, most: int, arn: str) -> Finding:
    """observed: distributions that are refused, in Widen/cloudfront-auth#43 and others"""
    message = (
        "The function code size is larger than the maximum allowed size for functions that are triggered by a "
        f"CloudFront event: {size} Max allowed: {most} Function: {arn}"
    )
    return Finding((), message, "leave out what it does not need, or --relax package-size", REFUSED)


def _too_large(most: int, hint: str, severity: Severity = Severity.ERROR) -> Finding:
    """observed: the text of Lambda's API, which names the limit alone"""
    message = f"Unzipped size must be smaller than {most} bytes"
    return Finding((), message, hint, "InvalidParameterValueException", severity)
