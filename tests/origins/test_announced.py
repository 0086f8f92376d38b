from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.origins.announced import Announced

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def taken(pieces: list[bytes]) -> tuple[bytes, bool]:
    announced = Announced()
    return b"".join([announced.take(piece) for piece in pieces]), announced.surplus


@given(st.binary(max_size=20), st.lists(st.integers(0, 80), max_size=6))
def test_what_follows_the_announced_body_is_left_out_however_it_comes_in(more, cuts):
    sent = HELLO + more
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    pieces = [sent[start:stop] for start, stop in pairwise(places)]
    assert taken(pieces) == (HELLO, bool(more))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.1 200 OK", id="no length: all until the connection closes"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", id="chunks delimit"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1", id="the length of another response"),
        pytest.param(b"HTTP/1.1 100 Continue", id="an interim response is followed by the final one"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x", id="no number: for the parser to refuse"),
    ],
)
def test_where_the_head_announces_nothing_everything_is_taken(head):
    sent = head + b"\r\n\r\nsome bytes"
    assert taken([sent[:20], sent[20:]]) == (sent, False)
