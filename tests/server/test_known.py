"""The requests that are known: as many as there is room for, and a place now and then for others."""

from __future__ import annotations

from typing import Any

from edgesim.server.known import MOST, SELDOM, KnownRequests, asked


def a_known(number: int) -> Any:
    return f"request {number}"


def full() -> KnownRequests:
    known = KnownRequests()
    for number in range(MOST):
        assert known.has_room()
        known.put(number, a_known(number))
    return known


def test_what_was_put_is_found_until_it_is_forgotten() -> None:
    known = KnownRequests()
    assert known.get(1) is None
    known.put(1, a_known(1))
    assert known.get(1) == a_known(1)
    known.forget(1)
    assert known.get(1) is None


def test_where_there_are_many_another_one_is_let_in_now_and_then_for_the_oldest() -> None:
    known = full()
    room = [known.has_room() for _ in range(SELDOM)]
    assert room == [False] * (SELDOM - 1) + [True]
    assert known.get(0) is None
    assert known.get(1) == a_known(1)
    assert known.has_room(), "the place that was made is not taken yet"


def test_requests_differ_in_every_byte_and_in_whom_they_come_from() -> None:
    scope: dict[str, Any] = {
        "raw_target": b"/a",
        "headers": [(b"Host", b"a")],
        "method": "GET",
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "tls": None,
    }
    others = {
        "raw_target": b"/A",
        "headers": [(b"host", b"a")],
        "method": "HEAD",
        "http_version": "1.0",
        "client": ("127.0.0.1", 2),
        "scheme": "https",
        "tls": ("TLSv1.3", "AES"),
    }
    assert asked(scope) == asked({**scope, "headers": list(scope["headers"])})
    assert len({asked(scope), *(asked({**scope, name: value}) for name, value in others.items())}) == len(others) + 1
