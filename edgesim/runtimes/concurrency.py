"""Lambda's limit on how much runs at once, and what every invocation takes of it.

An account may run so many invocations at once in a Region. A function with reserved concurrency has its part of that
for itself, used or not, and no more than it; all others share the rest. Beyond either an invocation is throttled.
Versions of a function share what is reserved for it.

Source, documented: Lambda's guide, lambda-concurrency and configuration-concurrency; the names of the reasons:
API_Invoke, ThrottleReason. inferred: each Region's replica of a function has the reservation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from edgesim.distribution.findings import Finding
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY, UNRESERVED_CONCURRENCY_MIN
from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Severity
from edgesim.values.invocation import Failed, FailureKind


class ThrottleReason(StrEnum):
    """Why an invocation is throttled, by Lambda's names."""

    ACCOUNT = "ConcurrentInvocationLimitExceeded"
    RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"


@dataclass(frozen=True, slots=True)
class Load:
    """What runs in a Region when another invocation comes. `running`: of all that share `most` with it.
    `reserved`: whether that is its function's own reservation, and not the rest of the account."""

    running: int
    most: int
    reserved: bool


def throttled(load: Load) -> ThrottleReason | None:
    """Why an invocation can't run beside what runs; None where it can."""
    if load.running < load.most:
        return None
    return ThrottleReason.RESERVED if load.reserved else ThrottleReason.ACCOUNT


def refusal(load: Load, because: ThrottleReason) -> Failed:
    """observed: error type and words are those of Lambda's API; in brackets, edgesim's own"""
    told = _PAUSED if load.reserved and not load.most else _LIMITS[because]
    message = f"Rate Exceeded. {because} ({told.format(running=load.running, most=load.most)})"
    return Failed(FailureKind.THROTTLED, "TooManyRequestsException", message)


_PAUSED = "the function is paused: its ReservedConcurrentExecutions is 0"
_LIMITS = {
    ThrottleReason.ACCOUNT: "the account's limit: {running} of {most} run that functions without a reservation share; "
    "--concurrency changes it",
    ThrottleReason.RESERVED: "the function's own limit: {running} of {most} run; its ReservedConcurrentExecutions "
    "changes it",
}


def unreserved(account: int, reserved: Iterable[int]) -> int:
    """What functions without a reservation share."""
    return max(0, account - sum(reserved))


def overcommitment(account: int, reserved: Iterable[int]) -> Finding | None:
    """What Lambda has against reservations that leave the other functions too little.

    documented: 100 stay unreserved; observed: the text, and that an account of less can reserve nothing
    """
    least = min(UNRESERVED_CONCURRENCY_MIN, account)
    kept = list(reserved)
    if not sum(kept) or unreserved(account, kept) >= least:
        return None
    message = (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        f"its minimum value of [{least}]."
    )
    told = f"{sum(kept)} of {account} are reserved; functions without a reservation share the rest"
    return Finding((), message, told, "InvalidParameterValueException", Severity.WARNING)


class Concurrency:
    """Counts what runs. `account` is the limit of every Region; None where nothing is limited."""

    def __init__(self, account: int | None = ACCOUNT_CONCURRENCY) -> None:
        self._account = account
        self._unreserved = account or 0
        self._running: Counter[tuple[str, str]] = Counter()

    def reserve(self, functions: Iterable[EdgeFunction]) -> Finding | None:
        """These functions are there from now on, with their reservations. Says what Lambda has against them."""
        if self._account is None:
            return None
        reserved = _by_name(functions).values()
        self._unreserved = unreserved(self._account, reserved)
        return overcommitment(self._account, reserved)

    def enter(self, function: EdgeFunction, region: str) -> Failed | None:
        """Count an invocation that begins, or say why it can't."""
        key = _share(function, region)
        if self._account is not None:
            load = self._load(function, self._running[key])
            if (because := throttled(load)) is not None:
                return refusal(load, because)
        self._running[key] += 1
        return None

    def leave(self, function: EdgeFunction, region: str) -> None:
        """An invocation that was let in has ended."""
        self._running[_share(function, region)] -= 1

    def _load(self, function: EdgeFunction, running: int) -> Load:
        if function.concurrency is None:
            return Load(running, self._unreserved, reserved=False)
        return Load(running, function.concurrency, reserved=True)


def _share(function: EdgeFunction, region: str) -> tuple[str, str]:
    """Whose running invocations count: the function's own where it has a reservation, else those of all others."""
    return region, "" if function.concurrency is None else function.name


def _by_name(functions: Iterable[EdgeFunction]) -> Mapping[str, int]:
    """What is reserved for each function, whatever versions of it there are."""
    reserved: dict[str, int] = {}
    for function in functions:
        if function.concurrency is not None:
            reserved[function.name] = max(function.concurrency, reserved.get(function.name, 0))
    return reserved
