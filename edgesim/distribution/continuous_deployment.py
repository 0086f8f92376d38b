"""A continuous deployment policy: which viewers of a distribution are answered by its staging distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

PREFIX = "aws-cf-cd-"
"""documented: understanding-continuous-deployment, with which the header's name begins"""
MOST_WEIGHT = 0.15
SESSION_SECONDS = (300, 3600)


@dataclass(frozen=True, slots=True)
class ByHeader:
    """Requests with this header, whose name is in lower case, and this value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Stickiness:
    """A viewer stays with the distribution that answered first: until it has been `idle` for so many seconds, and for
    `maximum` seconds at most."""

    idle: float
    maximum: float


@dataclass(frozen=True, slots=True)
class ByWeight:
    """A share of all requests, from 0 to 0.15."""

    weight: float
    stickiness: Stickiness | None = None


Traffic: TypeAlias = ByHeader | ByWeight


@dataclass(frozen=True, slots=True)
class ContinuousDeployment:
    """What is attached to a primary distribution. `staging` are domain names of staging distributions."""

    staging: tuple[str, ...]
    traffic: Traffic
    enabled: bool = True
