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
        pytest.param(b"HTTP/1.1 100 Continue", id="an interim response is followed by the final one"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols", id="another protocol has no end that is known here"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x", id="no number: for the parser to refuse"),
    ],
)
def test_where_the_head_announces_nothing_everything_is_taken(head):
    sent = head + b"\r\n\r\nsome bytes"
    assert taken([sent[:20], sent[20:]]) == (sent, False)


@pytest.mark.parametrize(
    ("head", "to_head"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5", True, id="HEAD"),
        pytest.param(b"HTTP/1.1 200 OK", True, id="HEAD, without a length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", True, id="HEAD, chunked"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", True, id="HEAD, after an interim response"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5", False, id="304"),
        pytest.param(b"HTTP/1.1 204 No Content", False, id="204"),
    ],
)
def test_what_has_no_body_ends_with_its_head(head, to_head):
    sent = head + b"\r\n\r\n"
    for cut in range(len(sent) + 5):
        announced = Announced(to_head=to_head)
        parts = announced.take((sent + b"hello")[:cut]), announced.take((sent + b"hello")[cut:])
        assert (b"".join(parts), announced.surplus) == (sent, True)
