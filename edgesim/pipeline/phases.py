"""The stations of the request path as a table: what happens at each, in the order a request passes them.

The diagram in the documentation is drawn from it, and every transcript in the tests is held against it
(tests/pipeline/test_phases.py): a request passes a station or leaves it out, and never goes back to one. A custom
error page is fetched by a request of its own, whose transcript stands inside the note of that station.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from edgesim.pipeline.transcript import Station


@dataclass(frozen=True, slots=True)
class Phase:
    """One station, and one sentence about it."""

    station: Station
    says: str


PHASES = (
    Phase(Station.DEPLOYMENT, "A continuous deployment policy sends some viewers to the staging distribution."),
    Phase(Station.BEHAVIOR, "The first cache behavior whose path pattern matches the path is chosen, for good."),
    Phase(Station.ARRIVAL, "The request is let in, redirected to HTTPS, or refused for its country, method or body."),
    Phase(Station.SIGNATURE, "Where the behavior has signers: a signed URL or signed cookies let the viewer in."),
    Phase(Station.VIEWER_REQUEST, "The viewer-request function changes the request, or answers it."),
    Phase(Station.CACHE, "The cache key is made; a fresh object answers, a stale one may be revalidated, or answer."),
    Phase(Station.REFRESH, "Within stale-while-revalidate the object is fetched anew, and nobody waits for that."),
    Phase(Station.ORIGIN_REQUEST, "The origin-request function changes the request or its origin, or answers it."),
    Phase(Station.ORIGIN, "The origin answers, or fails to."),
    Phase(Station.ORIGIN_RESPONSE, "The origin-response function changes what will be kept and sent on."),
    Phase(Station.FAILOVER, "Where the primary origin of a group failed, the secondary one is asked the same."),
    Phase(Station.COMPRESSION, "A behavior that compresses does it now, for viewers who accept that."),
    Phase(Station.STORE, "The response is kept for its TTL, or not, by its headers and the cache policy."),
    Phase(Station.ERROR_PAGE, "A configured page takes the place of an error."),
    Phase(Station.RESPONSE_HEADERS, "The behavior's policy removes headers and adds its own, CORS among them."),
    Phase(Station.VIEWER_RESPONSE, "The viewer-response function changes what this viewer gets."),
    Phase(Station.DELIVERY, "The edge adds its headers and sends the answer, whole, in part or as a 304."),
)

_ORDER = {phase.station: position for position, phase in enumerate(PHASES)}


def in_order(stations: Iterable[Station]) -> bool:
    """Does a request that passes these stations never go back to one? It may do several things at each."""
    return all(_ORDER[one] <= _ORDER[next_one] for one, next_one in pairwise(stations))
