"""A stage whose event loop runs in a thread of its own: for tests, which have no event loop, or another one.

Stages that are done with are kept, warm, as long as somebody says so: the pytest plugin does while it is configured.
Importing this is cheap, since that happens in every run of pytest.
"""

from __future__ import annotations

import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

    from edgesim.scenario.playing.stage import Stage

T = TypeVar("T")


class BackgroundStage:
    """A stage and its thread. `call` may be used from any thread but that one, with an event loop running or not."""

    def __init__(self) -> None:
        import asyncio
        from threading import Thread

        from edgesim.scenario.playing.stage import Stage

        self.stage: Stage = Stage()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="edgesim", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine comes to. Ctrl-C while it runs ends it."""
        import asyncio

        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()

    def close(self) -> None:
        """End every process, and the thread."""
        self.call(_end(self.stage, self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end(stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
    await stage.aclose()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


class Stages:
    """Stages to borrow. One that is in use belongs to its borrower alone, since a stage has one clock."""

    def __init__(self) -> None:
        self._keepers = 0
        self._idle: list[BackgroundStage] = []

    @contextmanager
    def borrowed(self) -> Iterator[BackgroundStage]:
        """A stage that is idle, or a new one."""
        stage = self._idle.pop() if self._idle else BackgroundStage()
        try:
            yield stage
        finally:
            if self._keepers:
                self._idle.append(stage)
            else:
                stage.close()

    def keep(self) -> None:
        """From now on stages stay warm when they are given back, until as many have called `release`."""
        self._keepers += 1

    def release(self) -> None:
        """Close what is idle, if this was the last who wanted it kept."""
        self._keepers -= 1
        while not self._keepers and self._idle:
            self._idle.pop().close()

    def forget(self) -> None:
        """In a forked process: the threads are the parent's."""
        self._idle.clear()


STAGES = Stages()
"""Those of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=STAGES.forget)
