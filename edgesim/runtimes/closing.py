"""How the platform closes an invocation in a function's log."""

from __future__ import annotations

from edgesim.logs import lambda_log
from edgesim.values.invocation import Failed, FailureKind, Invocation

_STATUS = {
    FailureKind.TIMEOUT: "timeout",
    FailureKind.EXIT: "error",
    FailureKind.INIT: "error",
    FailureKind.OUT_OF_MEMORY: "error",
}
"""What REPORT says. inferred: an error that the function threw itself is not among it"""


def closing_lines(invocation: Invocation) -> list[str]:
    """What went wrong, END, REPORT."""
    result = invocation.result
    failed = result if isinstance(result, Failed) else None
    status = _STATUS.get(failed.kind, "") if failed else ""
    report = lambda_log.report(
        invocation.request_id,
        duration_ms=invocation.duration_ms,
        billed_ms=invocation.billed_ms,
        memory_mb=invocation.memory_mb,
        used_mb=invocation.memory_used_mb,
        init_ms=invocation.init_ms,
        status=status,
        error_type=_reported_type(failed) if failed and status == "error" else "",
    )
    return [*_obituary(failed), lambda_log.end(invocation.request_id), report]


def _reported_type(failed: Failed) -> str:
    return "Runtime.OutOfMemory" if failed.kind is FailureKind.OUT_OF_MEMORY else failed.error_type


def _obituary(failed: Failed | None) -> list[str]:
    """observed: older text logs have these lines, newer ones have REPORT's status; here are both"""
    if failed is None:
        return []
    if failed.kind is FailureKind.TIMEOUT:
        return [f"{failed.message}\n"]
    if failed.error_type == "Runtime.ExitError":
        return [f"{failed.message}\n{failed.error_type}"]
    return []
