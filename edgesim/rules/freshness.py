"""May a stored object answer now?

Source: Expiration. A viewer's Cache-Control and Pragma have no say (documented).
"""

from __future__ import annotations

from edgesim.values.entry import Entry
from edgesim.values.instant import Instant


def is_fresh(entry: Entry, now: Instant) -> bool:
    """Is the object younger than its TTL? At exactly its TTL it is stale, so a TTL of 0 is never fresh."""
    return now - entry.stored_at < entry.ttl
