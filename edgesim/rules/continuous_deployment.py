"""Continuous deployment: which of two distributions answers a viewer.

Rule 1: viewers only know the primary distribution; its policy sends those with a header, or a share of them, to the
        staging distribution, which has a cache of its own.
Rule 2: in a session a viewer stays with the distribution that answered first.
Source: understanding-continuous-deployment. inferred: the session cookie, of which no page says name or form; it is
CloudFront's own and goes to no function, cache key or origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from edgesim.distribution.continuous_deployment import ByHeader, ByWeight, Stickiness
from edgesim.distribution.model import Distribution
from edgesim.rules.reasons import DeploymentReason
from edgesim.rules.server_timing import drawn
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request
from edgesim.values.uri import cookie_pairs
from edgesim.values.viewer import Arrival

COOKIE = "aws-cf-cd-session"


class Session(NamedTuple):
    """A viewer's session: with which distribution, since when (epoch seconds), when it was there last, and how often
    all sessions had ended before."""

    in_staging: bool
    began: int
    seen: int
    ended: int = 0

    def is_over(self, stickiness: Stickiness, now: Instant) -> bool:
        """documented: after the idle duration; the API's MaximumTTL: and after that, however busy it is"""
        return now >= self.seen + stickiness.idle or now >= self.began + stickiness.maximum

    @property
    def text(self) -> str:
        return f"{'staging' if self.in_staging else 'primary'}.{self.began}.{self.seen}.{self.ended}"


class Routed(NamedTuple):
    """The distribution that answers, why, and the Set-Cookie by which the viewer stays with it, empty for none."""

    distribution: Distribution
    because: DeploymentReason
    cookie: str = ""


def routed(arrival: Arrival, primary: Distribution, distributions: Sequence[Distribution]) -> Routed:
    """Who answers a request to a primary distribution that has a policy."""
    policy = primary.continuous_deployment
    if policy is None or not policy.enabled:
        return Routed(primary, DeploymentReason.DISABLED)
    names = {name.lower() for name in policy.staging}
    staging = next((one for one in distributions if one.staging and one.domain_name.lower() in names), None)
    if staging is None:
        return Routed(primary, DeploymentReason.NO_STAGING)
    if isinstance(policy.traffic, ByHeader):
        has = policy.traffic.value in arrival.request.headers.all(policy.traffic.name)
        return Routed(staging, DeploymentReason.HEADER) if has else Routed(primary, DeploymentReason.NO_HEADER)
    return _by_weight(arrival, primary, staging, policy.traffic)


def _by_weight(arrival: Arrival, primary: Distribution, staging: Distribution, traffic: ByWeight) -> Routed:
    now, stickiness = int(arrival.at), traffic.stickiness
    session = session_of(arrival.request.headers)
    is_known = session is not None and session.ended == primary.sessions_ended
    if session is not None and is_known and stickiness is not None and not session.is_over(stickiness, arrival.at):
        because = DeploymentReason.SESSION_IN_STAGING if session.in_staging else DeploymentReason.SESSION_IN_PRIMARY
        session = session._replace(seen=now)
    else:
        # The chance in a request's id, as for Server-Timing, but another one
        session = Session(drawn(f"staging {arrival.id}") < traffic.weight * 100, now, now, primary.sessions_ended)
        because = DeploymentReason.DRAWN if session.in_staging else DeploymentReason.NOT_DRAWN
    cookie = set_cookie(session, stickiness) if stickiness is not None else ""
    return Routed(staging if session.in_staging else primary, because, cookie)


# ── the session's cookie ─────────────────────────────────────────────────────


def session_of(headers: Headers) -> Session | None:
    """The session that a viewer says it is in; None where its cookie is not there, or none of CloudFront's."""
    for name, pair in cookie_pairs(headers.all("cookie")):
        if name == COOKIE:
            where, *numbers = pair.partition("=")[2].split(".")
            if where in ("staging", "primary") and len(numbers) == 3 and all(map(str.isdecimal, numbers)):
                return Session(where == "staging", *(int(number[:12]) for number in numbers))
    return None


def without_session(request: Request) -> Request:
    """The request as everybody after this sees it."""
    pairs = list(cookie_pairs(request.headers.all("cookie")))
    if all(name != COOKIE for name, _ in pairs):
        return request
    kept = "; ".join(pair for name, pair in pairs if name != COOKIE)
    headers = request.headers.having("Cookie", kept) if kept else request.headers.without("cookie")
    return replace(request, headers=headers)


def set_cookie(session: Session, stickiness: Stickiness) -> str:
    """The Set-Cookie field by which the viewer stays."""
    lasts = min(stickiness.idle, session.began + stickiness.maximum - session.seen)
    return f"{COOKIE}={session.text}; Path=/; Max-Age={lasts:g}; HttpOnly"
