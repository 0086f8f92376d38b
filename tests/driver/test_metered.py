"""Calls on their way to a runtime are counted, whatever becomes of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgesim.distribution.model import Trigger
from edgesim.driver.metered import Metered
from edgesim.ports import Call
from edgesim.runtimes.inline import InlineRuntime
from edgesim.testing.clock import VirtualClock
from edgesim.testing.make import a_function

CALL = Call(a_function("stamp"), Trigger.ORIGIN_REQUEST, {"a": 1}, 5.0, "eu-central-1")


class Heard:
    """A Meter that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def began(self, *said: Any) -> None:
        self.heard.append(said)

    def ended(self, *said: Any) -> None:
        self.heard.append(said)


def test_a_call_is_told_when_it_begins_and_with_its_invocation_when_it_ends() -> None:
    meter = Heard()
    runtime = InlineRuntime({"stamp": lambda event: event}, VirtualClock(), lambda: "id")
    invocation = asyncio.run(Metered(runtime, meter).invoke(CALL))
    assert meter.heard == [
        (CALL.function, "eu-central-1"),
        (CALL.function, Trigger.ORIGIN_REQUEST, "eu-central-1", invocation),
    ]


def test_a_call_whose_caller_leaves_ends_all_the_same() -> None:
    meter = Heard()

    async def for_ever(event: object) -> None:
        await asyncio.get_running_loop().create_future()

    async def leave() -> None:
        runtime = InlineRuntime({"stamp": for_ever}, VirtualClock(), lambda: "id")
        task = asyncio.ensure_future(Metered(runtime, meter).invoke(CALL))
        await asyncio.wait([task], timeout=0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert meter.heard[-1] == (CALL.function, Trigger.ORIGIN_REQUEST, "eu-central-1", None)
