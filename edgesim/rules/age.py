"""How old a response is already when it comes from the origin, which may be a cache itself.

Source: none of AWS's; RFC 9111 §4.2.3 and §5.1, by the choice `origin-age`.
"""

from __future__ import annotations

from edgesim.distribution.edge_choices import OriginAge
from edgesim.values.cache_control import delta_seconds
from edgesim.values.headers import Headers, list_items


def origin_age(headers: Headers, choice: OriginAge) -> int | None:
    """Seconds by the Age header, 0 where there is none; None for one that can't be read and that nobody forgives."""
    lines = headers.all("age")
    if choice is OriginAge.IGNORED or not lines:
        return 0
    members = list_items(lines)
    if choice is OriginAge.FIRST_NUMBER:
        return delta_seconds(members[0]) or 0 if members else 0
    return delta_seconds(members[0]) if len(members) == 1 else None
