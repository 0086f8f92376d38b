"""Lambda's own lines in a function's log, in text format. Fields are separated by tabs.

Source: monitoring-cloudwatchlogs, and forms observed in public logs. A line that Lambda follows with a blank one, or
that holds a line break, comes as one string with "\\n" in it.
"""

from __future__ import annotations

import math

from edgesim.values.instant import Instant, iso_utc


def init_start(runtime: str, arn: str) -> str:
    return f"INIT_START Runtime Version: {runtime}\tRuntime Version ARN: {arn}"


def init_report(milliseconds: float, phase: str, status: str, error_type: str = "") -> str:
    """Written where an init fails only. `phase` is `init`, or `invoke` when it happened again inside an invocation."""
    line = f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\tStatus: {status}"
    return f"{line}\tError Type: {error_type}" if error_type else line


def start(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}"


def end(request_id: str) -> str:
    return f"END RequestId: {request_id}"


def timed_out(at: Instant, request_id: str, seconds: float) -> str:
    """Both the error message of the invocation and a line of the log."""
    return f"{iso_utc(at)} {request_id} Task timed out after {seconds:.2f} seconds"


BEFORE_TIMED_OUT = r"\S+Z \S+ (?=Task timed out after \d+\.\d\d seconds\b)"
"""What is before these words; who reads of one request knows it."""


def exited(request_id: str, how: str) -> str:
    """The error message of a process that ended; `how` is `exit status 1` or `signal: killed`, or empty for exit 0."""
    text = f"Runtime exited with error: {how}" if how else "Runtime exited without providing a reason"
    return f"RequestId: {request_id} Error: {text}"


def billed(duration_ms: float, init_ms: float | None) -> int:
    """documented: whole milliseconds, and since August 2025 the init phase counts."""
    return math.ceil(duration_ms + (init_ms or 0))


def report(
    request_id: str,
    *,
    duration_ms: float,
    billed_ms: int,
    memory_mb: int,
    used_mb: int,
    init_ms: float | None = None,
    status: str = "",
    error_type: str = "",
) -> str:
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {billed_ms} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {used_mb} MB",
    ]
    if init_ms is not None:
        fields.append(f"Init Duration: {init_ms:.2f} ms")
    if status:
        fields.append(f"Status: {status}")
    if error_type:
        fields.append(f"Error Type: {error_type}")
    return "\t".join(fields) + "\t"
