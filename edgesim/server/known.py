"""Requests that were answered at once, and what their answers depend on: the same one need not be understood again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from edgesim.values.record import record

if TYPE_CHECKING:
    from edgesim.distribution.model import Distribution
    from edgesim.pipeline.again import Again
    from edgesim.server.viewer_header import ViewerDefaults
    from edgesim.values.message import Request
    from edgesim.values.viewer import Viewer

MOST = 4096
SELDOM = 16


def asked(scope: Any) -> Hashable:
    """All that tells one request without a body from another: its bytes, and whom it comes from."""
    return (
        scope["raw_target"],
        tuple(scope["headers"]),
        scope["method"],
        scope["http_version"],
        scope.get("client"),
        scope["scheme"],
        scope.get("tls"),
    )


@record
class Known:
    """A request that was answered at once, of whom and by what."""

    viewer: Viewer
    request: Request
    defaults: ViewerDefaults
    distributions: Sequence[Distribution]
    again: Again


class KnownRequests:
    """The latest of them, by what was `asked`. Where there are MOST, only one in SELDOM takes the place of the oldest:
    to make a place for each costs more than it saves where so many are asked for in turn (measured: a third)."""

    def __init__(self) -> None:
        self._by_asked: OrderedDict[Hashable, Known] = OrderedDict()
        self._turned_away = 0

    def get(self, asked: Hashable) -> Known | None:
        return self._by_asked.get(asked)

    def forget(self, asked: Hashable) -> None:
        del self._by_asked[asked]

    def has_room(self) -> bool:
        """May another one be put now?"""
        if len(self._by_asked) < MOST:
            return True
        self._turned_away += 1
        if self._turned_away % SELDOM:
            return False
        self._by_asked.popitem(last=False)
        return True

    def put(self, asked: Hashable, known: Known) -> None:
        self._by_asked[asked] = known
