"""The Server-Timing header of a response headers policy.

Source: understanding-response-headers-policies, "Server-Timing header".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import Enum

from edgesim.rules.reasons import Outcome, ServerTimingReason
from edgesim.values.headers import Headers, list_items
from edgesim.values.instant import Duration
from edgesim.values.record import record
from edgesim.values.viewer import Arrival

NAME = "Server-Timing"


# ── whether ──────────────────────────────────────────────────────────────────


def server_timing(sampling_rate: float, arrival: Arrival) -> ServerTimingReason:
    """Does this response get the header? documented: by the rate in percent, and wherever the viewer sends
    `Pragma: server-timing`"""
    asked = list_items(arrival.request.headers.all("pragma"))
    if any(item.lower() == "server-timing" for item in asked):
        return ServerTimingReason.ASKED_FOR
    return ServerTimingReason.SAMPLED if drawn(arrival.id) < sampling_rate else ServerTimingReason.NOT_SAMPLED


def drawn(request_id: str) -> float:
    """A number from 0 to 100, below 100: the chance in a request's id, which is random where requests are real and
    always the same in a scenario."""
    digest = hashlib.blake2b(request_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * 100


# ── what ─────────────────────────────────────────────────────────────────────


class CacheMetric(Enum):
    """What the cache had to do with a response."""

    HIT = "cdn-cache-hit"
    REFRESH = "cdn-cache-refresh"
    MISS = "cdn-cache-miss"


@record
class Timing:
    """What the header tells. `cache` is None where the cache was not asked (inferred: then there is no metric of it);
    `upstream` is how long the origin took until its first byte, None where it was not asked; `downstream` is how long
    CloudFront took."""

    cache: CacheMetric | None
    upstream: Duration | None
    downstream: Duration


def cache_metric(outcome: Outcome, age: int | None, *, looked_up: bool) -> CacheMetric | None:
    """documented: a hit has asked no origin, a refresh has asked whether the object is still valid; all else is a miss.
    `age` is that of what the cache had."""
    if age is not None:
        return CacheMetric.HIT
    if outcome is Outcome.REFRESH_HIT:
        return CacheMetric.REFRESH
    return CacheMetric.MISS if looked_up else None


def with_server_timing(headers: Headers, timing: Timing, arrival: Arrival) -> Headers:
    """The head with one Server-Timing header.

    documented: on a miss it has the origin's metrics too, "at the end, or in between" (inferred: at the end); on a hit
    CloudFront's alone
    """
    told = list(_metrics(timing, arrival))
    if timing.cache is CacheMetric.MISS:
        told += headers.all(NAME)
    return headers.without(NAME).adding((NAME, ",".join(told)))


def _metrics(timing: Timing, arrival: Arrival) -> Iterator[str]:
    """documented: the order in the guide's samples. inferred: that of a refresh, which has no upstream layer since
    that is told where "the full object" is asked for"""
    hit = timing.cache is CacheMetric.HIT
    if timing.upstream is not None and not hit:
        if timing.cache is not CacheMetric.REFRESH:
            yield 'cdn-upstream-layer;desc="EDGE"'
        # inferred: as with a name and a connection that CloudFront has already; edgesim does not take these times
        yield "cdn-upstream-dns;dur=0"
        yield "cdn-upstream-connect;dur=0"
        yield f"cdn-upstream-fbl;dur={_milliseconds(timing.upstream)}"
    if timing.cache is not None:
        yield timing.cache.value
    yield f'cdn-pop;desc="{arrival.viewer.pop}"'
    yield f'cdn-rid;desc="{arrival.id}"'
    if hit:
        yield 'cdn-hit-layer;desc="EDGE"'
    yield f"cdn-downstream-fbl;dur={_milliseconds(timing.downstream)}"


def _milliseconds(span: Duration) -> int:
    return max(0, round(span * 1000))
