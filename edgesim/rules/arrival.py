"""May the request come in at all? Size limits, viewer protocol policy, allowed methods.

Source: cloudfront-limits, using-https-viewers-to-cloudfront,
RequestAndResponseBehaviorCustomOrigin. The order of the checks is inferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgesim.distribution import limits
from edgesim.distribution.model import CacheBehavior, Distribution, ViewerProtocolPolicy
from edgesim.rules import error_pages
from edgesim.rules.behavior import host_name, names_staging
from edgesim.rules.reasons import ArrivalReason, Outcome, SignatureReason
from edgesim.values.body import length_of
from edgesim.values.message import Response
from edgesim.values.viewer import Arrival


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that goes no further: the answer, its X-Cache result and why. `closes` ends the connection."""

    response: Response
    outcome: Outcome
    because: ArrivalReason | SignatureReason
    closes: bool = False


def size_refusal(arrival: Arrival, allowed: limits.Limits) -> Refusal | None:
    """414 for a long URL, 494 for a big head, and the connection is closed. documented: cloudfront-limits.
    inferred: the pages' text"""
    url = len(arrival.request.target)
    if url > limits.URL_BYTES:
        return replace(_refused(arrival, 414, error_pages.BAD_REQUEST, ArrivalReason.URL_TOO_LONG), closes=True)
    if url + arrival.request.headers.size > allowed.request_head_bytes:
        return replace(_refused(arrival, 494, error_pages.BAD_REQUEST, ArrivalReason.HEAD_TOO_BIG), closes=True)
    return None


def unknown_host(arrival: Arrival, distributions: Sequence[Distribution]) -> Refusal:
    """The answer where no distribution of the viewers' has the host name. documented: http-403-permission-denied"""
    is_staging = names_staging(distributions, arrival.request.headers.get("host") or "")
    because = ArrivalReason.STAGING if is_staging else ArrivalReason.UNKNOWN_HOST
    return _refused(arrival, 403, error_pages.BAD_REQUEST, because)


def distribution_refusal(arrival: Arrival, distribution: Distribution) -> Refusal | None:
    """A disabled distribution answers nothing (inferred: no page says what it answers), and none is the third of a
    chain. documented: cloudfront-limits. inferred: Via tells"""
    if not distribution.enabled:
        return _refused(arrival, 403, error_pages.BAD_REQUEST, ArrivalReason.DISABLED)
    via = arrival.request.headers.index.get("via")
    if via is not None and sum(line.count(_OF_CLOUDFRONT) for line in via) >= limits.DISTRIBUTIONS_IN_A_CHAIN:
        return _refused(arrival, 403, error_pages.BAD_REQUEST, ArrivalReason.CHAIN_TOO_LONG)
    return None


_OF_CLOUDFRONT = ".cloudfront.net (CloudFront)"


def behavior_refusal(arrival: Arrival, behavior: CacheBehavior, domain_name: str = "") -> Refusal | None:
    """Protocol policy first, then methods, then bodies; the signature is judged after all of them. `domain_name` is
    the distribution's own. inferred: the order"""
    return (
        _protocol_refusal(arrival, behavior, domain_name)
        or _method_refusal(arrival, behavior)
        or _body_refusal(arrival)
    )


def _protocol_refusal(arrival: Arrival, behavior: CacheBehavior, domain_name: str) -> Refusal | None:
    policy = behavior.viewer_protocol_policy
    if arrival.viewer.protocol == "https" or policy is ViewerProtocolPolicy.ALLOW_ALL:
        return None
    if policy is ViewerProtocolPolicy.REDIRECT_TO_HTTPS:
        return _https_redirect(arrival, domain_name)
    return _refused(arrival, 403, error_pages.BAD_REQUEST, ArrivalReason.HTTPS_ONLY)


def _https_redirect(arrival: Arrival, domain_name: str) -> Refusal:
    """documented: using-https-viewers-to-cloudfront: GET and HEAD 301, others 307, others over HTTP/1.0 403"""
    request = arrival.request
    if request.method in {"GET", "HEAD"}:
        status = 301
    elif arrival.viewer.http_version == "1.0":
        return _refused(arrival, 403, error_pages.BAD_REQUEST, ArrivalReason.HTTPS_ONLY)
    else:
        status = 307
    location = f"https://{_https_host(arrival) or domain_name}{request.target}"
    page = error_pages.redirect_page(status, location)
    return Refusal(page, Outcome.REDIRECT, ArrivalReason.REDIRECTED_TO_HTTPS)


def _https_host(arrival: Arrival) -> str:
    """The viewer's Host (observed), which HTTP/1.0 may leave out: then it is the distribution's name (inferred). On a
    machine of one's own it names the port for HTTP: the one for HTTPS takes its place, where there is one."""
    host, port = arrival.request.headers.get("host") or "", arrival.viewer.https_port
    name = host_name(host)
    return f"{name}:{port}" if port is not None and len(name) < len(host) else host


def _method_refusal(arrival: Arrival, behavior: CacheBehavior) -> Refusal | None:
    """observed: 403, not 405, with CloudFront's own sentence"""
    if arrival.request.method in behavior.allowed_methods:
        return None
    return _refused(arrival, 403, error_pages.METHOD_NOT_ALLOWED, ArrivalReason.METHOD_NOT_ALLOWED)


def _body_refusal(arrival: Arrival) -> Refusal | None:
    """documented: RequestAndResponseBehaviorCustomOrigin, "GET requests that include a body" """
    if arrival.request.method != "GET" or length_of(arrival.request.body) == 0:
        return None
    return _refused(arrival, 403, error_pages.BAD_REQUEST, ArrivalReason.BODY_WITH_GET)


def _refused(arrival: Arrival, status: int, reason: str, because: ArrivalReason) -> Refusal:
    return Refusal(error_pages.error_page(status, reason, arrival.id), Outcome.ERROR, because)
