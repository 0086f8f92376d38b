"""A step's request, signed at the moment when it is sent."""

from __future__ import annotations

from dataclasses import replace

from edgesim.scenario.model import Moment, Send, Sign
from edgesim.signatures.signing import as_cookies, signed, with_parameters
from edgesim.values.instant import Instant
from edgesim.values.signed import Grant


def signed_step(step: Send, protocol: str, host: str, now: Instant) -> Send:
    """The step with what its signature adds, for a viewer that asks this host with this protocol; itself where it is
    not signed. Raises ConfigError where the key is none."""
    if (sign := step.sign) is None:
        return step
    named = next((value for name, value in step.headers if name.lower() == "host"), host)
    base = f"{protocol}://{named}"
    grant = Grant(
        _epoch(sign.expires, now),
        _resource(sign, base),
        None if sign.starts is None else _epoch(sign.starts, now),
        sign.ip,
    )
    parameters = signed(base + (step.target if sign.target is None else sign.target), grant, sign.signer)
    if sign.cookies:
        return replace(step, cookies=(*step.cookies, *as_cookies(parameters)), sign=None)
    return replace(step, target=with_parameters(step.target, parameters), sign=None)


def _epoch(moment: Moment, now: Instant) -> int:
    return int(moment.at if moment.at is not None else now + moment.after)


def _resource(sign: Sign, base: str) -> str | None:
    """documented: cookies of a canned policy are for one URL, as a signed URL is"""
    resource = sign.resource
    return f"{base}{resource}" if resource is not None and resource.startswith("/") else resource
