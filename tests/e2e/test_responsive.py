"""With a hundred thousand objects in the cache, looking at it and invalidating it leaves the loop to others.

In this process, on a real clock: what is measured is the longest time that nobody else came to work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from edgesim.distribution.model import Distribution
from edgesim.driver.clock import SteeredClock
from edgesim.driver.recorder import TranscriptRing
from edgesim.server.control import Control, control_app
from edgesim.stores.memory import MemoryStore
from edgesim.testing.make import a_distribution, an_entry
from edgesim.values.entry import CacheKey

pytestmark = [pytest.mark.slow, pytest.mark.long]

OBJECTS = 100_000
LONGEST = 0.25  # seconds, on a machine that has other things to do; in one piece it is 1 s or more
SITE = a_distribution(id="E1", name="Site")


async def filled() -> MemoryStore:
    store = MemoryStore(1024**3)
    entry = an_entry(cache_control="max-age=60", content_type="text/html")
    for number in range(OBJECTS):
        key = CacheKey("E1", "GET", f"/{number % 1000}/{number}", f"v={number}", (("accept-language", "de"),))
        await store.put(key, entry)
    return store


def control_of(store: MemoryStore) -> httpx.AsyncClient:
    distributions: list[Distribution] = [SITE]
    control = Control(
        store=store,
        recorder=TranscriptRing(),
        clock=SteeredClock(),
        distributions=lambda: distributions,
        status=dict,
        functions=lambda wanted: [],
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(control_app(control)), base_url="http://localhost")


class Gaps:
    """The times between two turns of somebody who has something to do in every round of the loop."""

    longest = 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Gaps]:
    gaps, loop, last = Gaps(), asyncio.get_running_loop(), time.perf_counter()
    handle: asyncio.Handle | None = None

    def turn() -> None:
        nonlocal last, handle
        now = time.perf_counter()
        gaps.longest, last = max(gaps.longest, now - last), now
        handle = loop.call_soon(turn)

    turn()
    yield gaps
    turn()
    assert handle is not None
    handle.cancel()


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/cache", {"stored": OBJECTS}),
        ("POST", "/invalidations", {"invalidated": OBJECTS}),
    ],
    ids=["edgesim cache", "edgesim invalidate /*"],
)
def test_traffic_goes_on_meanwhile(method: str, path: str, told: dict[str, Any]) -> None:
    async def story() -> tuple[dict[str, Any], float]:
        async with control_of(await filled()) as client:
            asked = {"json": {"paths": ["/*"]}} if method == "POST" else {}
            async with watched() as gaps:
                answer = await client.request(method, path, **asked)
        return answer.json(), gaps.longest

    answer, longest = asyncio.run(story())
    assert answer.items() >= told.items()
    assert longest < LONGEST, f"{longest:.3f} s"
