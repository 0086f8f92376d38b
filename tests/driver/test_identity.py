"""Names that must not repeat, and real time."""

from __future__ import annotations

import re
import uuid

from edgesim.driver.identity import invocation_id, request_id


def test_a_request_id_looks_like_cloudfronts() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{54}==", request_id())


def test_a_request_id_can_stand_on_a_command_line() -> None:
    assert not any(request_id().startswith("-") for _ in range(1_000))


def test_an_invocation_id_is_a_uuid() -> None:
    assert uuid.UUID(invocation_id()).version == 4


def test_no_id_comes_twice() -> None:
    assert len({request_id() for _ in range(1_000)} | {invocation_id() for _ in range(1_000)}) == 2_000
