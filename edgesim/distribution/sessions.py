"""Sessions of continuous deployment from one deployment to the next.

Source: understanding-continuous-deployment. documented: they end where the policy, or its stickiness, is switched off
and on again
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgesim.distribution.continuous_deployment import ByWeight
from edgesim.distribution.model import Distribution


def with_sessions(before: Iterable[Distribution], after: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """What is deployed in the place of what was there `before`: it knows which sessions have ended."""
    known = {one.id: one for one in before}
    return tuple(_after(known.get(one.id), one) for one in after)


def _after(before: Distribution | None, now: Distribution) -> Distribution:
    if before is None:
        return now
    ended = before.sessions_ended + (_keeps_sessions(now) and not _keeps_sessions(before))
    return replace(now, sessions_ended=ended) if ended else now


def _keeps_sessions(distribution: Distribution) -> bool:
    policy = distribution.continuous_deployment
    if policy is None or not policy.enabled:
        return False
    return isinstance(policy.traffic, ByWeight) and policy.traffic.stickiness is not None
