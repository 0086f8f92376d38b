"""Any bytes at all: no exception, whole answers, and never a request that nobody sent."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from tests.server.wire import FakeTransport, Seen, Wire

REQUESTS = (
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"GET /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /e HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi",
    b"GET /f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
    b"GET /\xc3\xa9?\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"FROB /h HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n\r\n\r\nhi",
    b"GET /i HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
)
MUTATIONS = (
    b"",
    b" ",
    b"\r",
    b"\n",
    b"\r\n",
    b"\x00",
    b":",
    b"0",
    b"\xff",
    b"Content-Length: 3\r\n",
    b"\r\n\r\n",
    b"Host: b\r\n",
)


@st.composite
def nearly_requests(draw: st.DrawFn) -> bytes:
    """Pipelined requests with a few bytes replaced."""
    data = b"".join(draw(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from(MUTATIONS)) + data[at + draw(st.integers(0, 2)) :]
    return data


def converse(pieces: list[bytes]) -> tuple[Seen, bytes, bool]:
    async def story() -> tuple[Seen, bytes, bool]:
        seen = Seen()
        wire = Wire(seen, FakeTransport())
        answer = await wire.send(*pieces)
        closed = wire.transport.closed
        await wire.end()
        return seen, answer, closed

    return asyncio.run(story())


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[start:stop] for start, stop in pairwise(edges)]


@given(nearly_requests() | st.binary(max_size=60), st.lists(st.integers(0, 500), max_size=4))
@example(REQUESTS[4] + REQUESTS[0], [len(REQUESTS[4]) - 2])  # a body that an upgrade made look like a request
@example(REQUESTS[2].replace(b"chunked", b"xchunked") + REQUESTS[0], [])
def test_any_bytes_get_whole_answers_or_a_refusal_however_they_are_cut(data: bytes, at: list[int]) -> None:
    seen, answer, closed = converse([data] if data else [])
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d\d\d) ", answer)]
    answered, refused = statuses.count(200), statuses.count(400)
    assert answered == len(seen.requests)
    assert refused <= 1
    if refused:
        assert closed
        assert statuses[-1] == 400
    again, same, _ = converse(cut(data, at))
    assert again.requests == seen.requests
    assert same.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"") == answer.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
