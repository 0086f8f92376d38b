"""HTTP/1.1 with viewers: bytes in, bytes out."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from edgesim.errors import ViewerFault
from edgesim.testing.clock import settle
from tests.server.wire import Seen, Wire, answering, splits, talk

GET = b"GET /a.css HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nServer: CloudFront\r\n"


# ── requests, read faithfully ────────────────────────────────────────────────


def test_names_keep_their_case_and_the_target_stays_as_written() -> None:
    seen = Seen()
    talk(seen, b"GET /A//b/../%7Ec?x=%20&&y#z HTTP/1.1\r\nhOsT: a\r\nX-LOWER-upper:  v  \r\nx-lower-UPPER: w\r\n\r\n")
    assert seen.requests == [
        (
            "GET",
            b"/A//b/../%7Ec?x=%20&&y#z",
            [(b"hOsT", b"a"), (b"X-LOWER-upper", b"v"), (b"x-lower-UPPER", b"w")],
            b"",
        )
    ]


REQUESTS = [
    pytest.param(GET, [("GET", b"/a.css", b"")], id="no body"),
    pytest.param(
        b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nname=x", [("POST", b"/f", b"name=x")], id="a length"
    ),
    pytest.param(
        b"POST /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\nname\r\n2\r\n=x\r\n0\r\n\r\n",
        [("POST", b"/f", b"name=x")],
        id="chunked",
    ),
    pytest.param(
        GET + b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n=x" + GET,
        [("GET", b"/a.css", b""), ("POST", b"/f", b"=x"), ("GET", b"/a.css", b"")],
        id="pipelined",
    ),
    pytest.param(
        b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n" + GET,
        [("GET", b"/1", b""), ("GET", b"/a.css", b"")],
        id="an upgrade is taken as plain HTTP, and so is what follows",
    ),
    pytest.param(
        b"POST /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi"
        + GET,
        [("POST", b"/ws", b"hi"), ("GET", b"/a.css", b"")],
        id="an upgrade with a body",
    ),
    pytest.param(
        b"POST /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nX: y\r\n\r\n" + GET,
        [("POST", b"/1", b"hi"), ("GET", b"/a.css", b"")],
        id="an upgrade with a chunked body",
    ),
    pytest.param(
        b"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n" + GET,
        [("GET", b"/1", b""), ("GET", b"/a.css", b"")],
        id="an upgrade with a length of nothing",
    ),
    pytest.param(b"\r\n\r\n" + GET, [("GET", b"/a.css", b"")], id="empty lines before the request"),
    pytest.param(
        b"GET /caf\xc3\xa9?n=\xff HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
        [("GET", b"/caf\xc3\xa9?n=\xff", b""), ("GET", b"/a.css", b"")],
        id="bytes outside ASCII",
    ),
    pytest.param(
        b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhi\r\n\r\nhi"
        b"FROB /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
        [("POST", b"/f", b"hi\r\n\r\nhi"), ("FROB", b"/\xe9", b""), ("GET", b"/a.css", b"")],
        id="a method that nobody knows, after a body with an empty line in it",
    ),
    pytest.param(
        b"get /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\nX: \xe9\r\n\r\n"
        b"M-SEARCH /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
        [("get", b"/f", b"\r\n\r\n"), ("M-SEARCH", b"/\xe9", b""), ("GET", b"/a.css", b"")],
        id="others, after chunks with an empty line in them",
    ),
]


@pytest.mark.parametrize(("data", "expected"), REQUESTS)
def test_a_request_is_the_same_however_its_bytes_arrive(data: bytes, expected: list[tuple[str, bytes, bytes]]) -> None:
    whole = Seen()
    answer, _ = talk(whole, data)
    assert [(method, target, body) for method, target, _, body in whole.requests] == expected
    for pieces in (*splits(data), tuple(data[at : at + 1] for at in range(len(data)))):
        seen = Seen()
        assert talk(seen, *pieces)[0] == answer, pieces
        assert seen.requests == whole.requests, pieces


def test_trailer_fields_are_dropped_and_never_taken_for_headers() -> None:
    seen = Seen()
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    talk(seen, head + b"2\r\nhi\r\n0\r\nEdgesim-Viewer: country=FR\r\nHost: evil\r\n\r\n" + GET)
    assert [headers for _, _, headers, _ in seen.requests] == [
        [(b"Host", b"a"), (b"Transfer-Encoding", b"chunked")],
        [(b"Host", b"a")],
    ]


def test_what_follows_connect_is_for_the_far_end_of_the_tunnel() -> None:
    seen = Seen()
    answer, closed = talk(seen, b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" + GET)
    assert [method for method, *_ in seen.requests] == ["CONNECT"]
    assert b"Connection: close" in answer
    assert closed


# ── requests that are refused ────────────────────────────────────────────────

H = b"POST / HTTP/1.1\r\nHost: a\r\n"
REFUSED = [
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="a TLS greeting"),
    pytest.param(b"hello\r\n\r\n", id="no HTTP at all"),
    pytest.param(b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", id="a method that is no token"),
    pytest.param(b"GET /\r\n\r\n", id="HTTP/0.9"),
    pytest.param(b"GET /a RTSP/1.0\r\nHost: a\r\n\r\n", id="RTSP"),
    pytest.param(b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", id="a target with a space"),
    pytest.param(b"GET /\xc3\xa9\x7f HTTP/1.1\r\nHost: a\r\n\r\n", id="a target with a control character"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="the preface of HTTP/2"),
    pytest.param(b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", id="HTTP/2.0 in words"),
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no Host"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", id="two Hosts"),
    pytest.param(b"GET / HTTP/1.1\nHost: a\n\n", id="bare line feeds"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", id="a folded line"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", id="a space before the colon"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", id="a null in a value"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", id="a field without a name"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", id="a lone carriage return"),
    pytest.param(H + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="length and chunked"),
    pytest.param(H + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", id="chunked and length"),
    pytest.param(H + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", id="two lengths"),
    pytest.param(H + b"Content-Length: 1, 1\r\n\r\na", id="a list of lengths"),
    pytest.param(H + b"Content-Length: +1\r\n\r\na", id="a signed length"),
    pytest.param(H + b"Content-Length: 0x1\r\n\r\na", id="a hexadecimal length"),
    pytest.param(H + b"Transfer-Encoding: identity\r\n\r\n", id="a transfer coding that is not chunked"),
    pytest.param(H + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", id="a coding that would be lost"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", id="a Host with a space"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", id="a Host with a path"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: b@a\r\n\r\n", id="a Host with a user"),
    pytest.param(H + b"Transfer-Encoding: xchunked\r\n\r\n", id="nearly chunked"),
    pytest.param(H + b"Transfer-Encoding: chunked, identity\r\n\r\n", id="chunked is not last"),
    pytest.param(H + b"Transfer-Encoding : chunked\r\n\r\n", id="chunked, after a space"),
    pytest.param(H + b"Transfer-Encoding:\x0bchunked\r\n\r\n", id="chunked, after a vertical tab"),
    pytest.param(H + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", id="a chunk size that is no number"),
    pytest.param(H + b"Transfer-Encoding: chunked\r\n\r\n2 \r\nhi\r\n0\r\n\r\n", id="a chunk size with a space"),
    pytest.param(H + b"Transfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n", id="a chunk ended by a bare line feed"),
    pytest.param(H + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhiX\r\n", id="a chunk longer than it says"),
    pytest.param(H + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 17 + b"\r\n", id="a chunk size beyond all bounds"),
]


@pytest.mark.parametrize("data", REFUSED)
def test_what_can_not_be_read_in_one_way_only_gets_a_400_and_the_end(data: bytes) -> None:
    seen = Seen()
    answer, closed = talk(seen, data, GET)
    assert answer.startswith(BAD_REQUEST)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert closed
    assert seen.requests == []


@pytest.mark.parametrize("data", REFUSED)
def test_a_refusal_is_the_same_however_its_bytes_arrive(data: bytes) -> None:
    seen = Seen()
    answer, closed = talk(seen, *(data[at : at + 1] for at in range(len(data))))
    assert (answer[: len(BAD_REQUEST)], closed, seen.requests) == (BAD_REQUEST, True, [])


@pytest.mark.parametrize("data", REFUSED)
def test_a_refusal_comes_after_the_answers_to_earlier_requests(data: bytes) -> None:
    answer, closed = talk(answering(), GET + GET + data)
    assert answer.startswith(OK + OK + BAD_REQUEST)
    assert closed


def test_a_request_whose_framing_turns_out_bad_is_never_answered_by_the_application() -> None:
    calls: list[bytes] = []

    async def counts(scope: Any, receive: Any, send: Any) -> None:
        calls.append(scope["raw_target"])

    answer, _ = talk(counts, H + b"Transfer-Encoding: xchunked\r\n\r\n")
    assert answer.startswith(BAD_REQUEST)
    assert calls == []


def test_a_body_that_can_not_be_read_any_more_ends_an_answer_that_has_begun() -> None:
    async def story() -> tuple[bytes, bool]:
        wire = Wire(begins_and_waits)
        begun = await wire.send(H + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        rest = await wire.send(b"ZZ\r\n")
        closed = wire.transport.closed
        await wire.end()
        return begun + rest, closed

    answer, closed = asyncio.run(story())
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 200")
    assert closed


async def begins_and_waits(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [], "flush": True})
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: " + b"a" * 600_000, id="one value without an end"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a" * 600_000, id="one name without an end"),
        pytest.param(b"GET /" + b"a" * 600_000, id="a target without an end"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1234567890\r\n" * 30_000, id="lines without an end"),
    ],
)
@pytest.mark.parametrize("size", [1_000, 60_000])
def test_a_head_without_an_end_is_not_kept_in_memory(head: bytes, size: int) -> None:
    async def story() -> int:
        wire, fed = Wire(Seen()), 0
        for at in range(0, len(head), size):
            wire.protocol.data_received(head[at : at + size])
            fed += size
            if wire.transport.closed:
                break
        await wire.end()
        assert wire.taken().startswith(BAD_REQUEST)
        return fed

    assert asyncio.run(story()) < 512 * 1024


@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_a_head_within_the_guard_passes_in_whatever_pieces(size: int) -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n" + b"X: 1234567890\r\n" * 7_000 + b"\r\n"
    seen = Seen()
    talk(seen, *(head[at : at + size] for at in range(0, len(head), size)))
    assert len(seen.requests) == 1


# ── answers ──────────────────────────────────────────────────────────────────

RESPONSES = [
    pytest.param(answering(), GET, OK, False, id="a length and keep-alive"),
    pytest.param(
        answering(headers=[(b"x-lower", b"1"), (b"X-UPPER", b"2"), (b"content-length", b"5")]),
        GET,
        b"HTTP/1.1 200 OK\r\nx-lower: 1\r\nX-UPPER: 2\r\ncontent-length: 5\r\nConnection: keep-alive\r\n\r\nhello",
        False,
        id="names keep their case on the way out",
    ),
    pytest.param(
        answering(reason="Fine, thank you"),
        GET,
        OK.replace(b"OK", b"Fine, thank you"),
        False,
        id="a reason phrase of its own",
    ),
    pytest.param(
        answering(status=299), GET, OK.replace(b"200 OK", b"299 "), False, id="a status without a standard phrase"
    ),
    pytest.param(
        answering(headers=[]),
        GET,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        False,
        id="chunked where the length is not known",
    ),
    pytest.param(
        answering(b"", headers=[]),
        GET,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
        False,
        id="chunked and empty",
    ),
    pytest.param(
        answering(),
        b"GET / HTTP/1.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        True,
        id="HTTP/1.0 ends with its answer",
    ),
    pytest.param(
        answering(headers=[]),
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        True,
        id="HTTP/1.0 is never chunked",
    ),
    pytest.param(
        answering(),
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        OK.replace(b"keep-alive", b"close"),
        True,
        id="Connection: close is obeyed",
    ),
    pytest.param(
        answering(b"", headers=[(b"Content-Length", b"5")]),
        GET.replace(b"GET", b"HEAD"),
        OK.removesuffix(b"hello"),
        False,
        id="HEAD has the length and no body",
    ),
    pytest.param(
        answering(b"", headers=[]),
        GET.replace(b"GET", b"HEAD"),
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n",
        False,
        id="HEAD is not chunked",
    ),
    pytest.param(
        answering(b"", status=204, headers=[]),
        GET,
        b"HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n",
        False,
        id="204 has no body and no framing",
    ),
    pytest.param(
        answering(b"", status=204, headers=[(b"Content-Length", b"2")]),
        GET,
        b"HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n",
        False,
        id="204 has no length, whatever its origin said",
    ),
    pytest.param(
        answering(b"", status=304, headers=[(b"ETag", b'"v1"')]),
        GET,
        b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nConnection: keep-alive\r\n\r\n',
        False,
        id="304 has no body and no framing",
    ),
    pytest.param(
        answering(b"", status=304, headers=[(b"Content-Length", b"5")]),
        GET,
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n",
        False,
        id="304 may tell the length of what it stands for",
    ),
    pytest.param(
        answering(b"hello, and more", headers=[(b"Content-Length", b"5")]),
        GET,
        OK,
        False,
        id="more than announced is cut off, lest it be read as the next answer",
    ),
    pytest.param(
        answering(b"hel", headers=[(b"Content-Length", b"5")]),
        GET,
        OK.removesuffix(b"lo"),
        True,
        id="less than announced ends the connection",
    ),
    pytest.param(
        answering(headers=[(b"Content-Length", b"5"), (b"Content-Length", b"7")]), GET, OK, False, id="two lengths: one"
    ),
    pytest.param(
        answering(headers=[(b"Content-Length", b"many")]),
        GET,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        False,
        id="a length that is no number: chunked",
    ),
]


@pytest.mark.parametrize(("app", "request_", "expected", "closes"), RESPONSES)
def test_an_answer_on_the_wire(app: Any, request_: bytes, expected: bytes, closes: bool) -> None:
    assert talk(app, request_) == (expected, closes)


def test_a_head_and_a_small_body_leave_in_one_write() -> None:
    async def story() -> list[bytes]:
        wire = Wire(answering())
        await wire.send(GET)
        await wire.end()
        return wire.transport.writes

    assert asyncio.run(story()) == [OK]


async def streams(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [], "flush": True})
    for piece in (b"hel", b"", b"lo"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def test_a_stream_leaves_piece_by_piece_its_head_first() -> None:
    async def story() -> list[bytes]:
        wire = Wire(streams)
        await wire.send(GET)
        await wire.end()
        return wire.transport.writes

    head, *pieces = asyncio.run(story())
    assert head.endswith(b"\r\n\r\n")
    assert pieces == [b"3\r\nhel\r\n", b"2\r\nlo\r\n", b"0\r\n\r\n"]


async def breaks_off(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    await send({"type": "http.response.body", "abort": True})


def test_an_answer_that_breaks_off_has_no_end() -> None:
    answer, closed = talk(breaks_off, GET, GET)
    assert answer.endswith(b"\r\n\r\n4\r\nhalf\r\n")
    assert closed


# ── connections ──────────────────────────────────────────────────────────────


def test_pipelined_answers_come_in_the_order_of_their_requests() -> None:
    release: list[asyncio.Future[None]] = []

    async def the_first_takes_its_time(scope: Any, receive: Any, send: Any) -> None:
        if scope["raw_target"] == b"/slow":
            release.append(asyncio.get_running_loop().create_future())
            await release[0]
        await answering(scope["raw_target"])(scope, receive, send)

    async def story() -> bytes:
        wire = Wire(the_first_takes_its_time)
        early = await wire.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
        assert (early, wire.transport.reading) == (b"", False)
        release[0].set_result(None)
        await settle()
        assert wire.transport.reading
        await wire.end()
        return wire.taken()

    answer = asyncio.run(story())
    assert 0 < answer.index(b"/slow") < answer.index(b"/a.css")


async def does_not_read(scope: Any, receive: Any, send: Any) -> None:
    await answering(status=413)(scope, receive, send)


def test_a_body_that_nobody_read_is_not_taken_for_the_next_request() -> None:
    body = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    head = b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer, closed = talk(does_not_read, head + body[:9], body[9:] + GET)
    assert answer.count(b"HTTP/1.1 413") == 2
    assert not closed


def test_reading_pauses_while_nobody_wants_the_body() -> None:
    async def story() -> None:
        wire = Wire(begins_and_waits)
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n", b"x" * 100_000)
        assert not wire.transport.reading
        await wire.end()

    asyncio.run(story())


EXPECTS = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"


def test_a_viewer_that_waits_is_told_to_go_on_when_its_body_is_wanted() -> None:
    async def story() -> tuple[bytes, bytes]:
        wire = Wire(Seen())
        first = await wire.send(EXPECTS)
        second = await wire.send(b"hi")
        await wire.end()
        return first, second

    first, second = asyncio.run(story())
    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert second.endswith(b"/ hi")


def test_a_viewer_that_waits_in_vain_gets_its_answer_and_the_end() -> None:
    """It may or may not send its body now, so nothing that follows could be read for certain."""
    answer, closed = talk(does_not_read, EXPECTS)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"Connection: close" in answer
    assert closed


def test_an_answer_that_has_begun_ends_when_its_viewer_leaves() -> None:
    ended: list[str] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [], "flush": True})
        try:
            await asyncio.Event().wait()  # the origin says nothing more
        finally:
            ended.append("let go")

    async def story() -> None:
        wire = Wire(endless)
        await wire.send(GET)
        await wire.leave()
        await settle()
        assert ended == ["let go"]
        await wire.end()

    asyncio.run(story())


def test_an_answer_may_close_the_connection() -> None:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        head = {"type": "http.response.start", "status": 414, "headers": [(b"Content-Length", b"0")], "close": True}
        await send(head)
        await send({"type": "http.response.body"})

    sent, closed = talk(refuses, GET + GET)
    assert sent.count(b"HTTP/1.1 414") == 1
    assert b"Connection: close" in sent
    assert closed


def test_sending_to_a_viewer_that_left_is_a_fault_of_the_viewers() -> None:
    faults: list[ViewerFault] = []
    left = asyncio.Event()

    async def goes_on(scope: Any, receive: Any, send: Any) -> None:
        await left.wait()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [], "flush": True})
        except ViewerFault as fault:
            faults.append(fault)

    async def story() -> None:
        wire = Wire(goes_on)
        await wire.send(GET + GET)  # with another request waiting behind it
        await wire.leave()
        left.set()
        await settle()
        await wire.end()

    asyncio.run(story())
    assert len(faults) == 1


def test_an_application_that_fails_is_edgesims_own_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("oh")

    answer, closed = talk(fails, GET)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert answer.count(b"Connection: close") == 1
    assert b"please report it" in answer
    assert closed
    assert "oh" in caplog.text


def test_an_application_that_fails_after_the_viewer_left_is_logged_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    left = asyncio.Event()

    async def fails_late(scope: Any, receive: Any, send: Any) -> None:
        await left.wait()
        raise RuntimeError("oh")

    async def story() -> None:
        wire = Wire(fails_late)
        await wire.send(GET)
        await wire.leave()
        left.set()
        await settle()

    asyncio.run(story())
    assert "oh" in caplog.text


def test_a_shutdown_ends_what_is_under_way_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    async def story() -> bool:
        wire = Wire(begins_and_waits)
        await wire.send(GET)
        await wire.end()
        return wire.transport.closed

    assert asyncio.run(story())
    assert caplog.text == ""


@pytest.mark.parametrize("answered", [True, False])
def test_a_polite_shutdown_closes_an_idle_connection_and_waits_for_a_busy_one(answered: bool) -> None:
    async def story() -> bool:
        wire = Wire(answering() if answered else begins_and_waits)
        await wire.send(GET)
        wire.protocol.shutdown()
        closed = wire.transport.closed
        await wire.end()
        return closed

    assert asyncio.run(story()) is answered


# ── idle connections ─────────────────────────────────────────────────────────


class Watch:
    """An event loop whose time is told, and whose timer goes when that has come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self.now = loop, 1000.0
        self.timers: list[tuple[float, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Any) -> Any:
        self.timers.append((self.now + seconds, call))
        return self._loop.call_later(3600, lambda: None)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        due, self.timers = [t for t in self.timers if t[0] <= self.now], [t for t in self.timers if t[0] > self.now]
        for _, call in due:
            call()


def closed_after(*what: float | bytes, app: Any = None) -> bool:
    """Is a connection closed when this has come to pass: bytes from the viewer, seconds without any? A connection is
    kept for a minute."""

    async def story() -> bool:
        wire = Wire(app or answering())
        wire.protocol.timeout_keep_alive = 60
        wire.protocol.loop = watch = Watch(asyncio.get_running_loop())  # type: ignore[assignment]
        for step in what:
            if isinstance(step, bytes):
                await wire.send(step)
            else:
                watch.pass_time(step)
        closed = wire.transport.closed
        await wire.end()
        return closed

    return asyncio.run(story())


def test_a_connection_is_closed_a_minute_after_its_last_answer() -> None:
    assert not closed_after(GET, 59.9)
    assert closed_after(GET, 60)
    assert not closed_after(GET, 40, GET, 40)
    assert closed_after(GET, 40, GET, 40, 20)
    assert closed_after(GET, GET, 60)


def test_a_connection_with_a_request_under_way_is_not_idle() -> None:
    assert not closed_after(GET, 30, b"GET /a.css HT", 40)
    assert not closed_after(GET, 30, b"GET /a.css HT", 40, b"TP/1.1\r\nHost: a\r\n\r\n", 59)
    assert closed_after(GET, 30, b"GET /a.css HT", 40, b"TP/1.1\r\nHost: a\r\n\r\n", 60)
    assert not closed_after(GET, 300, app=begins_and_waits)
