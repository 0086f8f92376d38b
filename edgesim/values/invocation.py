"""What came of running a function once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from edgesim.values.place import NOWHERE, Place


class FailureKind(StrEnum):
    """Why a function gave no result. documented: the guide's http-502-* and http-503-* pages"""

    ERROR = "the function failed"
    INIT = "the function could not be loaded"
    EXIT = "the function's process ended"
    TIMEOUT = "the function timed out"
    OUT_OF_MEMORY = "the function ran out of memory"
    THROTTLED = "the function was throttled"
    UNAVAILABLE = "there is nothing to run the function with"


@dataclass(frozen=True, slots=True)
class Returned:
    """The function's answer: JSON text, not yet judged."""

    payload: str


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer. `error_type` and `message` are Lambda's (`Runtime.ExitError`, `TypeError` …); `stack` has one frame
    a line, outermost call last in Node.js and first in Python, as each language prints it. `place` is the file and line
    of the user's code that this points to, where that is known; Lambda has it in the stack alone. `hint` is a way out,
    for a mistake that many make."""

    kind: FailureKind
    error_type: str
    message: str
    stack: tuple[str, ...] = ()
    place: Place = NOWHERE
    hint: str = ""


class Start(StrEnum):
    """How an invocation found its environment."""

    COLD = "cold"
    WARM = "warm"
    ANEW = "anew"
    """its process had been lost, and was started within the invocation; Lambda reports no Init Duration"""
    FAILED = "failed"
    """the function could not be loaded"""


Result: TypeAlias = Returned | Failed


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of a function in an execution environment.

    Times are milliseconds. `init_ms` is set on a cold start only; `memory_used_mb` is the environment's peak so far;
    `environment` names the environment, so that reuse can be seen; `log` holds the function's own output lines;
    `version` is the function's version that ran, as X-Amz-Executed-Version tells it, empty where none did; `anew`: the
    process was started within the invocation; `waited_ms`: how long it waited for an environment before, which is no
    part of its duration; `newer` is why code that was saved since does not run in its place, where there is some.
    """

    request_id: str
    result: Result
    duration_ms: float
    billed_ms: int
    memory_mb: int
    memory_used_mb: int
    environment: str
    init_ms: float | None = None
    log: tuple[str, ...] = ()
    version: str = ""
    anew: bool = False
    waited_ms: float = 0.0
    newer: str = ""

    @property
    def cold(self) -> bool:
        return self.init_ms is not None

    @property
    def start(self) -> Start:
        if isinstance(self.result, Failed) and self.result.kind is FailureKind.INIT:
            return Start.FAILED
        if self.anew:
            return Start.ANEW
        return Start.WARM if self.init_ms is None else Start.COLD
