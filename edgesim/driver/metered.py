"""A Runtime whose calls are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgesim.ports import Call, Meter, Runtime
    from edgesim.values.invocation import Invocation


class Metered:
    """Passes calls on to a runtime and tells a meter of each (ports.Runtime)."""

    def __init__(self, runtime: Runtime, meter: Meter) -> None:
        self._runtime, self._meter = runtime, meter

    async def invoke(self, call: Call) -> Invocation:
        self._meter.began(call.function, call.region)
        invocation: Invocation | None = None
        try:
            invocation = await self._runtime.invoke(call)
        finally:
            self._meter.ended(call.function, call.trigger, call.region, invocation)
        return invocation
