"""What a function does that works here and does not do what its author may think, or would fail on Lambda: said once
for each function, beside its log and not in it."""

from __future__ import annotations

import platform
from enum import StrEnum
from pathlib import Path

from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Problem, Severity


class Leftover(StrEnum):
    """What goes on when a function has answered. The values are what is said, the names go over the wire."""

    TIMERS = "timers"
    WORK = "unfinished work (files, name look-ups, connections being made)"
    THREADS = "threads"
    PROCESSES = "processes that it started"


def left_over(function: EdgeFunction, leftover: Leftover) -> Problem:
    """documented: Lambda's execution environment lifecycle, background processes resume when it is used again"""
    return Problem(
        f"{function.name} has answered and left {leftover.value}: they stand still until its next event, if one comes "
        "here at all, and go on within its time",
        at=f"function {function.name}",
        hint="finish, or end, everything before the answer: await it, clear it, join it",
        severity=Severity.WARNING,
    )


def reaches_inside(function: EdgeFunction, address: str) -> Problem:
    """documented: lambda-at-edge-function-restrictions, functions have no VPC"""
    return Problem(
        f"{function.name} connects to {address}, a private address, where nothing answers at the edge: functions there "
        "are in no VPC",
        at=f"function {function.name}",
        severity=Severity.WARNING,
    )


HELD_SECONDS = 5.0
"""inferred: by then whoever stands at a breakpoint knows of it, and whoever waits for an answer does not"""


def held_up(function: EdgeFunction) -> Problem:
    """A function under a debugger has one environment and no time limit: what holds it holds everybody."""
    return Problem(
        f"a request has waited for {function.name} for {HELD_SECONDS:.0f} s: its only environment, a debugger's, is at "
        "work on another one, at a breakpoint or in a loop without end",
        at=f"function {function.name}",
        hint="go on in the debugger, or save the function's code: that begins anew",
        severity=Severity.WARNING,
    )


def this_processor() -> tuple[str, str]:
    """This machine's, and what Linux says that it has; empty elsewhere."""
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        said = ""
    return platform.machine(), said


def of_processor(machine: str, said: str) -> Problem | None:
    """What Lambda@Edge's processors have and this one lacks; None where it lacks nothing, or does not tell. documented:
    x86_64 alone, with AVX2"""
    if machine.lower() not in {"x86_64", "amd64"}:
        message = f"this machine is {machine} and Lambda@Edge is x86_64: native code in packages can't run on both"
    elif said and "avx2" not in said.split():
        message = "this machine's processor has no AVX2, which Lambda's have: native code that uses it fails here"
    else:
        return None
    return Problem(message, severity=Severity.NOTE)
