"""May a stored object answer now?

Source: Expiration, HTTPStatusCodes. A viewer's Cache-Control and Pragma have no say (documented).
"""

from __future__ import annotations

from edgesim.values.entry import Entry, Use
from edgesim.values.instant import Instant


def is_fresh(entry: Entry, now: Instant) -> bool:
    """Is the object younger than its TTL? At exactly its TTL it is stale, so a TTL of 0 is never fresh."""
    return now - entry.stored_at < entry.ttl


def use_of(entry: Entry, now: Instant) -> Use:
    """What the object is good for now.

    documented: Expiration, within stale-while-revalidate a stale object answers at once; HTTPStatusCodes, for the
    error caching minimum TTL after an error the stale object answers without the origin being asked
    """
    over = now - entry.stored_at - entry.ttl
    if over < 0:
        return Use.FRESH
    if now < entry.held_until:
        return Use.HELD
    return Use.WHILE_REVALIDATED if over < entry.stale.while_revalidated else Use.STALE
