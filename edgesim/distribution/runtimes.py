"""Lambda's runtimes for Node.js and Python: what a function's Runtime may be.

documented: Lambda's page "Lambda runtimes"; lambda-edge.md §0, Lambda@Edge takes what Lambda takes.
"""

from __future__ import annotations

from edgesim.distribution.findings import Finding, closest
from edgesim.distribution.problems import Severity

RUNTIMES = (
    "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x",
    "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14",
)  # fmt: skip
DEPRECATED_RUNTIMES = (
    "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
    "nodejs16.x", "python2.7", "python3.6", "python3.7", "python3.8",
)  # fmt: skip
"""Functions that have them go on running."""


def runtime_finding(runtime: str) -> Finding | None:
    """What is to be said of a Runtime, a warning or an error; None where there is nothing."""
    if runtime in RUNTIMES:
        return None
    if runtime in DEPRECATED_RUNTIMES:
        message = f"{runtime} is deprecated: Lambda runs the functions that have it, and takes no new ones"
        return Finding((), message, severity=Severity.WARNING)
    message = f"there is no runtime {runtime}: it is one of {', '.join(RUNTIMES)}"
    return Finding((), message, closest(runtime, RUNTIMES))
