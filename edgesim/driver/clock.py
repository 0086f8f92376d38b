"""Real time."""

from __future__ import annotations

import asyncio
import time

from edgesim.values.instant import Duration, Instant


class SystemClock:
    """The machine's clock (ports.Clock)."""

    def now(self) -> Instant:
        return Instant(time.time())

    async def sleep(self, span: Duration) -> None:
        await asyncio.sleep(span)
