"""How often CloudFront tries an origin.

documented: DownloadDistValuesOrigin: connect failures for any method, a read timeout for GET and HEAD alone.
inferred: a name that does not resolve won't do so at once, and is not tried again.
"""

from __future__ import annotations

from edgesim.distribution.model import Origin
from edgesim.errors import OriginTrouble

_CONNECT_FAILURES = frozenset({OriginTrouble.CONNECT, OriginTrouble.CONNECT_TIMEOUT})
_RETRIED_AFTER_READ_TIMEOUT = frozenset({"GET", "HEAD"})


def tries_again(trouble: OriginTrouble, method: str, attempts: int, origin: Origin) -> bool:
    """Is there another attempt after this many?"""
    if attempts >= origin.connection_attempts:
        return False
    if trouble is OriginTrouble.READ_TIMEOUT:
        return method in _RETRIED_AFTER_READ_TIMEOUT
    return trouble in _CONNECT_FAILURES
