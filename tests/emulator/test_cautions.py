"""An emulator says on the terminal, once, that an answer was another viewer's."""

from __future__ import annotations

import asyncio
import io

import pytest

from edgesim.emulator import Emulator
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import Outcome, SharingReason
from edgesim.settings import Settings
from edgesim.terminal import Terminal
from edgesim.testing.make import a_distribution, a_request, an_arrival

pytestmark = pytest.mark.slow


def a_hit(*, shared: bool) -> Transcript:
    made = Transcript(an_arrival(a_request("/a")), a_distribution(), status=200, complete=True)
    if shared:
        made.caution(Station.CACHE, SharingReason.COOKIES_GIVEN, named=("sid",))
    made.note(Station.DELIVERY, Outcome.HIT, status=200)
    return made


def test_it_is_said_once_with_a_way_to_more() -> None:
    stream = io.StringIO()

    async def story() -> None:
        emulator = Emulator(Settings(origin="http://localhost:9"), Terminal(stream))
        for shared in (False, True, True):
            emulator.recorder.finished(a_hit(shared=shared))
        await emulator.close()
        emulator.terminal.flush()

    asyncio.run(story())
    said = stream.getvalue()
    assert said.count("every viewer gets the cookie sid") == 1
    assert "edgesim explain " in said
