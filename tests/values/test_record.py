"""Records: values that are cheap to make."""

from __future__ import annotations

from dataclasses import is_dataclass, replace

import pytest

from edgesim.values.message import Request


def test_a_record_is_compared_hashed_and_changed_like_any_value() -> None:
    request = Request("GET", "/a")
    assert is_dataclass(request)
    assert request == Request("GET", "/a")
    assert {request: 1}[Request("GET", "/a")] == 1
    assert replace(request, path="/b") != request


def test_a_record_has_its_fields_and_no_others() -> None:
    with pytest.raises(AttributeError):
        Request("GET", "/a").pth = "/b"
