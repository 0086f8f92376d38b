"""For tests of functions and distributions, and for those of edgesim itself.

    edge            an edge in this process, for a `with` block; in pytest it is the fixture `edge`
    never_fails     a function against hostile requests
    strategies      hypothesis strategies: viewer requests, origin responses, function results …

For tests of edgesim: makers of values (make), fakes of every port (fakes), playbooks of the request path (play).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgesim.testing.hostile import never_fails as never_fails
    from edgesim.testing.live import LiveEdge as LiveEdge
    from edgesim.testing.live import edge as edge
    from edgesim.testing.views import Call as Call
    from edgesim.testing.views import Response as Response

__all__ = ["Call", "LiveEdge", "Response", "edge", "never_fails"]

# Made when they are asked for: never_fails needs hypothesis, which not everybody has
_WHERE = {"Call": "views", "LiveEdge": "live", "Response": "views", "edge": "live", "never_fails": "hostile"}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
