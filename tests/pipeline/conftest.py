from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgesim.testing.play import fail_unfinished


@pytest.fixture(autouse=True)
def _every_play_is_finished() -> Iterator[None]:
    yield
    fail_unfinished()
