from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e import origin


@pytest.fixture(scope="module")
def dev_origin() -> Iterator[origin.Origin]:
    with origin.running() as server:
        yield server
