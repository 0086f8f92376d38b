"""HttpOrigin against a server that speaks bytes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import ssl
from collections.abc import AsyncGenerator

import httpx
import pytest

from edgesim.distribution.edge_choices import OriginSslProtocols
from edgesim.distribution.model import Origin
from edgesim.errors import EdgesimBug, OriginFault, OriginTrouble, ViewerFault
from edgesim.origins.http import TROUBLES, HttpOrigin
from edgesim.origins.targets import Url
from edgesim.ports import BodyStream
from edgesim.values.headers import Headers
from edgesim.values.message import Request, Response

HELLO_OF_TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"


def an_origin(**fields: object) -> Origin:
    return Origin("web", "origin.test", **fields)  # type: ignore[arg-type]


def a_request(method: str = "GET", path: str = "/", **fields: object) -> Request:
    headers = fields.pop("headers", [("Host", "origin.test")])
    return Request(method, path, headers=Headers(headers), **fields)  # type: ignore[arg-type]


def at(server, scheme: str = "http", **fields) -> Url:
    return Url(scheme, "127.0.0.1", server.port, **fields)


@contextlib.asynccontextmanager
async def client(**arguments) -> AsyncGenerator[HttpOrigin]:
    http = HttpOrigin(**arguments)
    try:
        yield http
    finally:
        await http.aclose()


async def fetch(server, request: Request, origin: Origin | None = None, **address) -> Response:
    """One request on a client of its own, with its body read whole."""
    async with client() as http:
        response = await http.fetch_at(at(server, **address), request, origin or an_origin())
        if isinstance(response.body, bytes):
            return response
        return Response(response.status, response.headers, await whole(response.body), response.reason)


async def whole(body: BodyStream | bytes) -> bytes:
    if isinstance(body, bytes):
        return body
    try:
        return b"".join([chunk async for chunk in body.chunks()])
    finally:
        await body.aclose()


async def fault_of(server, request: Request | None = None, origin: Origin | None = None, **address) -> OriginFault:
    with pytest.raises(OriginFault) as raised:
        await fetch(server, request or a_request(), origin, **address)
    return raised.value


class Streamed(BodyStream):
    """A request body in pieces; a piece that is an exception is raised, and one that is an event waited for."""

    def __init__(self, *pieces, length=None) -> None:
        super().__init__(length)
        self.pieces = pieces

    async def chunks(self) -> AsyncGenerator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                yield piece


class TestWhatGoesOut:
    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("/a/../b/./c", ""),
            ("//a///b", ""),
            ("/a%2Fb%2fc", ""),
            ("/%zz%", ""),
            ("/a b", "q=a b"),
            ("/caf\xc3\xa9/\xff", "n=\xe9"),
            ("/a;b=c,d", "x=1&&y=?&z=/../"),
            ('/[a]{b}|^`"<>\\', '[]{}|^`"<>\\'),
            ("/a#b", "c#d"),
            ("*", ""),
        ],
    )
    async def test_path_and_query_go_out_byte_for_byte(self, raw_server, path, query) -> None:
        async with raw_server() as server:
            await fetch(server, a_request(path=path, query=query))
        target = f"{path}?{query}" if query else path
        assert server.requests[0].split(b"\r\n")[0] == f"GET {target} HTTP/1.1".encode("latin-1")

    async def test_headers_keep_order_case_and_repetition_and_none_is_added(self, raw_server) -> None:
        headers = [
            ("x-FIRST", "1"),
            ("Host", "other.example:8080"),
            ("Cookie", "a=b"),
            ("X-Two", "a"),
            ("x-two", "b, c"),
            ("X-Bytes", "caf\xc3\xa9 \xff"),
            ("X-Empty", ""),
        ]
        async with raw_server() as server:
            await fetch(server, a_request(headers=headers))
        lines = [f"{name}: {value}".encode("latin-1") for name, value in headers]
        assert server.requests == [b"\r\n".join([b"GET / HTTP/1.1", *lines, b"", b""])]

    async def test_the_path_is_the_urls_then_the_origins_then_the_requests(self, raw_server) -> None:
        async with raw_server() as server:
            await fetch(server, a_request(path="/c", query="q"), an_origin(path="/b"), prefix="/a")
        assert server.requests[0].startswith(b"GET /a/b/c?q HTTP/1.1\r\n")

    async def test_a_line_break_in_a_header_is_never_sent(self, raw_server) -> None:
        async with raw_server() as server:
            for value in ("a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"):
                with pytest.raises(EdgesimBug, match="not fit to be sent"):
                    await fetch(server, a_request(headers=[("Host", "x"), ("X", value)]))
        assert server.requests == []

    async def test_no_proxy_of_the_environment_is_used(self, raw_server, monkeypatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        async with raw_server() as server:
            assert (await fetch(server, a_request())).status == 200


class TestBodiesThatGoOut:
    @pytest.mark.parametrize(
        ("body", "headers", "sent"),
        [
            pytest.param(b"abc", [("content-length", "3")], b"content-length: 3\r\n\r\nabc", id="bytes as declared"),
            pytest.param(b"abc", [], b"Content-Length: 3\r\n\r\nabc", id="bytes without a length get one"),
            pytest.param(
                b"abc", [("Content-Length", "9")], b"Content-Length: 3\r\n\r\nabc", id="a wrong length is mended"
            ),
            pytest.param(
                b"abc", [("Transfer-Encoding", "chunked")], b"Content-Length: 3\r\n\r\nabc", id="bytes are not chunked"
            ),
            pytest.param(b"", [("Content-Length", "0")], b"Content-Length: 0\r\n\r\n", id="empty as declared"),
            pytest.param(b"", [("X", "1")], b"X: 1\r\n\r\n", id="nothing stays nothing"),
            pytest.param(
                Streamed(b"ab", b"c", length=3),
                [("Content-Length", "3")],
                b"Content-Length: 3\r\n\r\nabc",
                id="a stream of known length",
            ),
            pytest.param(
                Streamed(b"ab", b"c"),
                [("transfer-encoding", "Chunked")],
                b"transfer-encoding: Chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                id="a stream of unknown length",
            ),
            pytest.param(
                Streamed(b"ab"),
                [("Content-Length", "7")],
                b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                id="a stream with a length nobody vouches for",
            ),
        ],
    )
    async def test_framing_fits_the_body(self, raw_server, body, headers, sent) -> None:
        async with raw_server() as server:
            await fetch(server, a_request("POST", body=body, headers=headers))
        assert server.requests == [b"POST / HTTP/1.1\r\n" + sent]

    async def test_a_large_upload_arrives_whole(self, raw_server) -> None:
        async with raw_server() as server:
            pieces = [bytes([number]) * 300_000 for number in range(5)]
            await fetch(server, a_request("PUT", body=Streamed(*pieces, length=1_500_000)))
        assert server.requests[0].endswith(b"\r\n\r\n" + b"".join(pieces))

    async def test_an_answer_before_the_upload_is_complete_comes_through(self, raw_server) -> None:
        head_only = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"

        async def refuse(reader, writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head_only)
            await reader.read()

        async with raw_server(handler=refuse) as server, client() as http:
            body = Streamed(b"x", asyncio.Event())
            response = await http.fetch_at(at(server), a_request("POST", body=body), an_origin())
            assert response.status == 413

    @pytest.mark.parametrize("kept", [False, True], ids=["a new connection", "a kept one"])
    async def test_an_origin_that_leaves_in_mid_upload_can_not_be_written_to(self, raw_server, kept) -> None:
        async def leaves(reader, writer) -> None:
            if kept:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(raw_server.OK)
            await reader.readuntil(b"\r\n\r\n")
            await reader.read(1)
            writer.transport.abort()

        async with raw_server(handler=leaves) as server, client() as http:
            if kept:
                await http.fetch_at(at(server), a_request(), an_origin())
            body = Streamed(b"x" * 1_000, asyncio.Event(), length=2_000)
            with pytest.raises(OriginFault) as raised:
                await http.fetch_at(at(server), a_request("PUT", body=body), an_origin())
        assert raised.value.trouble is OriginTrouble.WRITE
        assert server.connections == 1

    async def test_the_viewers_fault_is_passed_on(self, raw_server) -> None:
        async with raw_server() as server:
            body = Streamed(b"abc", ViewerFault("The viewer left"), length=10)
            with pytest.raises(ViewerFault, match="The viewer left"):
                await fetch(server, a_request("POST", body=body))

    async def test_a_body_shorter_than_announced_is_a_bug(self, raw_server) -> None:
        async with raw_server() as server:
            with pytest.raises(EdgesimBug, match="3 bytes, and 10 were announced"):
                await fetch(server, a_request("POST", body=Streamed(b"abc", length=10)))

    async def test_an_origin_that_stops_reading_has_stalled(self, raw_server) -> None:
        async def deaf(_reader, _writer) -> None:
            await asyncio.Event().wait()

        async with raw_server(handler=deaf) as server, client() as http:
            body = Streamed(*[b"x" * 1_000_000] * 30)
            with pytest.raises(OriginFault) as raised:
                await http.fetch_at(at(server), a_request("POST", body=body), an_origin(read_timeout=0.05))
        assert raised.value.trouble is OriginTrouble.READ_TIMEOUT


class TestWhatComesBack:
    async def test_head_keeps_case_order_repetition_and_reason(self, raw_server) -> None:
        answer = (
            b"HTTP/1.1 203 Sort Of\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-BYTES: \xff\xc3\xa9\r\n"
            b"X-Empty:\r\nContent-Length: 0\r\n\r\n"
        )
        async with raw_server([answer]) as server:
            response = await fetch(server, a_request())
        assert (response.status, response.reason) == (203, "Sort Of")
        assert response.headers.fields == (
            ("Set-Cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("X-BYTES", "\xff\xc3\xa9"),
            ("X-Empty", ""),
            ("Content-Length", "0"),
        )

    async def test_nothing_is_decoded_followed_or_remembered(self, raw_server) -> None:
        answer = (
            b"HTTP/1.1 302 Found\r\nLocation: /other\r\nSet-Cookie: a=1; Path=/\r\n"
            b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnogz"
        )
        async with raw_server([answer]) as server, client() as http:
            for _ in range(2):
                response = await http.fetch_at(at(server), a_request(), an_origin())
                assert (response.status, await whole(response.body)) == (302, b"nogz")
        assert all(b"Cookie" not in request for request in server.requests)
        assert len(server.requests) == 2

    @pytest.mark.parametrize(
        ("method", "answer"),
        [
            ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
            ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
            ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 1000\r\n\r\n'),
            ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ],
    )
    async def test_responses_without_a_body_leave_the_connection_usable(self, raw_server, method, answer) -> None:
        async with raw_server([answer], [raw_server.OK]) as server, client() as http:
            first = await http.fetch_at(at(server), a_request(method), an_origin())
            second = await http.fetch_at(at(server), a_request(), an_origin())
        assert (first.body, second.body, server.connections) == (b"", b"ok", 1)

    @pytest.mark.parametrize(
        ("method", "head"),
        [
            ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
            ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n"),
            ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ],
    )
    @pytest.mark.parametrize("at_once", [True, False], ids=["at once", "after a while"])
    async def test_a_body_that_must_not_be_is_dropped_and_the_connection_closed(
        self, raw_server, method, head, at_once
    ) -> None:
        sent = asyncio.Event()

        async def goes_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + b"he" if at_once else head)
            await writer.drain()
            writer.write(b"llo")
            await writer.drain()
            sent.set()
            await reader.read()

        async with raw_server(handler=goes_on) as server, client() as http:
            for _ in range(2):
                response = await http.fetch_at(at(server), a_request(method), an_origin())
                assert response.body == b""
                await sent.wait()
                sent.clear()
                for _ in range(10):
                    await asyncio.sleep(0)
            assert server.connections == 2

    async def test_interim_responses_are_passed_over(self, raw_server) -> None:
        answer = [b"HTTP/1.1 100 Continue\r\n\r\n", raw_server.TURN, b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"]
        async with raw_server([*answer, raw_server.TURN, raw_server.OK]) as server:
            response = await fetch(server, a_request())
        assert (response.status, response.body, response.headers.get("link")) == (200, b"ok", None)

    @pytest.mark.parametrize("interim", [b"HTTP/1.1 100 Continue\r\n\r\n" * 2, b"HTTP/1.1 101 Switching\r\n\r\n"])
    async def test_a_second_100_or_a_101_is_invalid(self, raw_server, interim) -> None:
        async with raw_server([interim + raw_server.OK]) as server:
            assert (await fault_of(server)).trouble is OriginTrouble.INVALID_RESPONSE

    async def test_a_101_that_does_not_say_what_it_switches_to_is_invalid(self, raw_server) -> None:
        asks = a_request(headers=[("Host", "a"), ("Connection", "Upgrade"), ("Upgrade", "websocket")])
        async with raw_server([b"HTTP/1.1 101 Switching Protocols\r\n\r\nhello"]) as server:
            assert (await fault_of(server, asks)).trouble is OriginTrouble.INVALID_RESPONSE

    async def test_an_origin_that_stalls_after_100_times_out(self, raw_server) -> None:
        async with raw_server([b"HTTP/1.1 100 Continue\r\n\r\n", raw_server.STALL]) as server:
            origin = an_origin(read_timeout=0.03, connection_attempts=1)
            assert (await fault_of(server, origin=origin)).trouble is OriginTrouble.READ_TIMEOUT

    async def test_a_head_in_single_bytes_reads_the_same(self, raw_server) -> None:
        answer = b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        steps = [step for byte in answer for step in (bytes([byte]), raw_server.TURN)]
        async with raw_server(steps) as server:
            response = await fetch(server, a_request())
        assert (response.reason, response.body) == ("Fine", b"abc")
        assert response.headers.all("x-a") == ("1", "2")

    async def test_http_1_0_until_the_end_of_the_connection(self, raw_server) -> None:
        async with raw_server([b"HTTP/1.0 200 OK\r\n\r\nall", raw_server.TURN, b" of it", raw_server.CLOSE]) as server:
            assert (await fetch(server, a_request())).body == b"all of it"


class TestStreaming:
    async def test_the_response_is_there_with_its_head(self, raw_server) -> None:
        async with raw_server([HELLO_OF_TEN, raw_server.STALL]) as server, client() as http:
            response = await http.fetch_at(at(server), a_request(), an_origin())
            assert isinstance(response.body, BodyStream)
            assert response.body.length == 10
            chunks = response.body.chunks()
            assert await anext(chunks) == b"hello"
            await response.body.aclose()
            await chunks.aclose()
            await server.gone.wait()

    async def test_closing_twice_and_reading_afterwards_is_harmless(self, raw_server) -> None:
        async with raw_server([HELLO_OF_TEN, raw_server.STALL]) as server, client() as http:
            response = await http.fetch_at(at(server), a_request(), an_origin())
            await response.body.aclose()
            await response.body.aclose()
            with pytest.raises(OriginFault):
                await whole(response.body)

    async def test_a_connection_serves_again_after_a_stream_was_read(self, raw_server) -> None:
        parts = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", raw_server.TURN, b"world"]
        async with raw_server(parts) as server, client() as http:
            for _ in range(3):
                response = await http.fetch_at(at(server), a_request(), an_origin())
                assert await whole(response.body) == b"helloworld"
            assert server.connections == 1
            (kept,) = http._transport._seen
            assert len(kept.closed._callbacks) == 1, "nothing of earlier responses is held"

    async def test_a_reader_that_waits_makes_the_origin_wait(self, raw_server) -> None:
        sent = 0

        async def gush(reader, writer) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            while True:
                writer.write(b"x" * 100_000)
                await writer.drain()
                sent += 100_000

        async with raw_server(handler=gush) as server, client() as http:
            response = await http.fetch_at(at(server), a_request(), an_origin(read_timeout=0.02))
            before = -1
            while sent != before:
                before = sent
                await asyncio.sleep(0.03)  # longer than the read timeout, which must not run meanwhile
            assert 0 < sent < 20_000_000
            async with contextlib.aclosing(response.body.chunks()) as chunks:
                assert len(await anext(chunks)) >= 64 * 1024
            await response.body.aclose()


class TestBodiesThatBreakOff:
    @pytest.mark.parametrize(
        "steps",
        [
            pytest.param([b"Content-Length: 10\r\n\r\nhello", "close"], id="shorter than announced"),
            pytest.param([b"Content-Length: 10\r\n\r\nhello", "let the other side read", "close"], id="after a while"),
            pytest.param([b"Content-Length: 10\r\n\r\nhello", "let the other side read", "reset"], id="reset"),
            pytest.param([b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "close"], id="chunks without an end"),
            pytest.param(
                [b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "let the other side read", b"zz\r\n", "stall"],
                id="a chunk that is none",
            ),
        ],
    )
    async def test_what_came_is_delivered_and_then_it_is_a_reset(self, raw_server, steps) -> None:
        async with raw_server([b"HTTP/1.1 200 OK\r\n", *steps]) as server, client() as http:
            response = await http.fetch_at(at(server), a_request(), an_origin())
            chunks = response.body.chunks()
            assert await anext(chunks) == b"hello"
            with pytest.raises(OriginFault) as raised:
                await anext(chunks)
            assert raised.value.trouble is OriginTrouble.RESET
            await response.body.aclose()

    async def test_a_late_reader_still_gets_what_came(self, raw_server) -> None:
        async with raw_server([HELLO_OF_TEN, raw_server.CLOSE]) as server, client() as http:
            response = await http.fetch_at(at(server), a_request(), an_origin())
            await asyncio.sleep(0.005)
            chunks = response.body.chunks()
            assert await anext(chunks) == b"hello"
            with pytest.raises(OriginFault, match="before its response was complete"):
                await anext(chunks)
            await response.body.aclose()

    async def test_nothing_is_logged_about_it(self, raw_server, caplog) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
        async with raw_server([head, raw_server.TURN, raw_server.RESET]) as server:
            await fault_of(server)
        gc.collect()
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []

    async def test_a_stall_in_mid_body_is_a_read_timeout(self, raw_server) -> None:
        async with raw_server([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", raw_server.STALL]) as server:
            fault = await fault_of(server, origin=an_origin(read_timeout=0.03))
        assert fault.trouble is OriginTrouble.READ_TIMEOUT
        assert str(fault) == f"The origin 127.0.0.1:{server.port} sent nothing for 0.03 s"
        assert len(server.requests) == 1, "a response that has begun is never asked for again"


class TestFailuresBeforeTheHead:
    @pytest.mark.parametrize(
        ("steps", "trouble"),
        [
            (["close"], OriginTrouble.RESET),
            (["reset"], OriginTrouble.RESET),
            ([b"HTTP/1.1 200 OK\r\nX-A", "close"], OriginTrouble.RESET),
            ([b"SSH-2.0-OpenSSH_9.6\r\n", "stall"], OriginTrouble.INVALID_RESPONSE),
            ([b"HTTP/1.1 2x0 OK\r\n\r\n"], OriginTrouble.INVALID_RESPONSE),
            ([b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n"], OriginTrouble.INVALID_RESPONSE),
            ([b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"], OriginTrouble.INVALID_RESPONSE),
            ([b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"], OriginTrouble.INVALID_RESPONSE),
            ([b"HTTP/1.1 200 OK\r\nX: " + b"a" * 32_768 + b"\r\n\r\n"], OriginTrouble.HEADERS_TOO_BIG),
            ([b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 8000 + b"\r\n" + (b"X: " + b"a" * 8000 + b"\r\n") * 4 + b"\r\n"],
             OriginTrouble.HEADERS_TOO_BIG),
            ([b"HTTP/1.1 200 OK\r\n" + b"a:\r\n" * 8193 + b"\r\n"], OriginTrouble.HEADERS_TOO_BIG),
            ([b"HTTP/1.1 200 " + b"a" * 32_768 + b"\r\n\r\n"], OriginTrouble.HEADERS_TOO_BIG),
        ],
    )  # fmt: skip
    async def test_each_has_its_name(self, raw_server, steps, trouble) -> None:
        async with raw_server(steps) as server:
            fault = await fault_of(server)
        assert fault.trouble is trouble
        assert f"127.0.0.1:{server.port}" in str(fault)
        assert len(server.requests) == 1, "not asked again"

    async def test_a_head_of_exactly_32768_bytes_is_taken(self, raw_server) -> None:
        frame = len(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: \r\nX: \r\n\r\n")
        values = b"a" * 16_000, b"a" * (32_768 - frame - 16_000)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: %b\r\nX: %b\r\n\r\n" % values
        assert len(head) == 32_768
        async with raw_server([head]) as server:
            assert (await fetch(server, a_request())).status == 200

    async def test_nobody_listens(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with client() as http:
            with pytest.raises(OriginFault, match=f"127.0.0.1:{port} can't be connected to: nothing") as raised:
                await http.fetch_at(Url("http", "127.0.0.1", port), a_request(), an_origin())
        assert raised.value.trouble is OriginTrouble.CONNECT

    async def test_a_name_that_does_not_resolve(self, monkeypatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        async with client() as http:
            with pytest.raises(OriginFault, match=r"The name origin\.test of the origin origin\.test:80") as raised:
                await http.fetch(a_request(), an_origin(), https=False)
        assert raised.value.trouble is OriginTrouble.DNS

    @pytest.mark.parametrize("host", ["a b", "-", "..", "x" * 300, "a_b%", "127.1", "ä" * 70])
    async def test_a_name_that_can_be_none(self, host, monkeypatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        async with client() as http:
            with pytest.raises(OriginFault) as raised:
                await http.fetch_at(Url("http", host, 80), a_request(), an_origin())
        assert raised.value.trouble is OriginTrouble.DNS

    async def test_a_handshake_that_never_ends_is_a_connect_timeout(self, raw_server) -> None:
        async def mute(reader, _writer) -> None:
            await reader.read()

        async with raw_server(handler=mute) as server, client() as http:
            with pytest.raises(OriginFault, match=r"took no connection within 0.03 s") as raised:
                await http.fetch_at(
                    at(server, "https"), a_request(), an_origin(connection_timeout=0.03, connection_attempts=1)
                )
        assert raised.value.trouble is OriginTrouble.CONNECT_TIMEOUT


class TestCompletion:
    """ResponseCompletionTimeout: DownloadDistValuesOrigin."""

    async def test_it_ends_an_attempt_and_there_is_no_other(self, raw_server) -> None:
        async with raw_server([raw_server.STALL]) as server:
            fault = await fault_of(server, origin=an_origin(read_timeout=5, completion_timeout=0.03))
        assert fault.trouble is OriginTrouble.COMPLETION_TIMEOUT
        assert str(fault).endswith("did not complete its response within 0.03 s")
        assert len(server.requests) == 1

    async def test_it_counts_over_all_attempts(self, raw_server) -> None:
        async with raw_server([raw_server.STALL]) as server:
            fault = await fault_of(server, origin=an_origin(read_timeout=0.1, completion_timeout=0.28))
        assert fault.trouble is OriginTrouble.COMPLETION_TIMEOUT
        assert len(server.requests) > 1

    async def test_a_body_that_drips_is_cut_off(self, raw_server) -> None:
        async def drip(reader, writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"1\r\nx\r\n")
                await asyncio.sleep(0.01)

        async with raw_server(handler=drip) as server:
            fault = await fault_of(server, origin=an_origin(read_timeout=5, completion_timeout=0.05))
        assert fault.trouble is OriginTrouble.COMPLETION_TIMEOUT

    async def test_what_is_complete_in_time_is_whole(self, raw_server) -> None:
        parts = [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", raw_server.TURN, b"world"]
        async with raw_server(parts) as server:
            response = await fetch(server, a_request(), an_origin(completion_timeout=5))
        assert response.body == b"helloworld"


class TestAttempts:
    @pytest.mark.parametrize(("method", "asked"), [("GET", 3), ("HEAD", 3), ("POST", 1), ("DELETE", 1), ("PUT", 1)])
    async def test_a_read_timeout_is_retried_for_get_and_head_alone(self, raw_server, method, asked) -> None:
        async with raw_server([raw_server.STALL]) as server:
            fault = await fault_of(server, a_request(method), an_origin(read_timeout=0.02))
        assert (fault.trouble, len(server.requests)) == (OriginTrouble.READ_TIMEOUT, asked)

    async def test_a_later_attempt_may_succeed(self, raw_server) -> None:
        async with raw_server([raw_server.STALL], [raw_server.OK]) as server:
            assert (await fetch(server, a_request(), an_origin(read_timeout=0.02))).body == b"ok"

    @pytest.mark.parametrize("attempts", [1, 2, 3])
    @pytest.mark.parametrize(
        ("error", "method", "repeats"),
        [
            (httpx.ConnectError("x"), "POST", True),
            (httpx.ConnectTimeout("x"), "PATCH", True),
            (httpx.ReadTimeout("x"), "GET", True),
            (httpx.ReadTimeout("x"), "POST", False),
            (httpx.ReadError("x"), "GET", False),
            (httpx.RemoteProtocolError("x"), "GET", False),
        ],
    )
    async def test_attempts_are_the_origins(self, attempts, error, method, repeats) -> None:
        asked = []

        class Failing(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                asked.append(request)
                raise error

        http = HttpOrigin()
        http._transport = Failing()  # type: ignore[assignment]
        with pytest.raises(OriginFault) as raised:
            await http.fetch(a_request(method), an_origin(connection_attempts=attempts), https=False)
        assert raised.value.trouble is TROUBLES[type(error)][0]
        assert len(asked) == (attempts if repeats else 1)


class TestKeptConnections:
    async def test_one_connection_serves_one_after_another(self, raw_server) -> None:
        async with raw_server() as server, client() as http:
            for _ in range(5):
                await http.fetch_at(at(server), a_request(), an_origin())
        assert (server.connections, len(server.requests)) == (1, 5)

    @pytest.mark.parametrize(("seconds", "connections"), [(0.02, 2), (60, 1)])
    async def test_a_connection_is_kept_as_long_as_the_origin_says(self, raw_server, seconds, connections) -> None:
        async with raw_server() as server, client() as http:
            for _ in range(2):
                await http.fetch_at(at(server), a_request(), an_origin(keepalive_timeout=seconds))
                await asyncio.sleep(0.06)
        assert server.connections == connections

    async def test_connection_close_is_obeyed(self, raw_server) -> None:
        answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        async with raw_server([answer]) as server, client() as http:
            for _ in range(3):
                await http.fetch_at(at(server), a_request(), an_origin())
        assert server.connections == 3

    @pytest.mark.parametrize("ending", ["close", "reset"])
    async def test_an_origin_that_restarted_is_asked_again(self, raw_server, ending) -> None:
        async with raw_server([raw_server.OK], [ending], [raw_server.OK]) as server, client() as http:
            await http.fetch_at(at(server), a_request(), an_origin(connection_attempts=1))
            response = await http.fetch_at(at(server), a_request(), an_origin(connection_attempts=1))
        assert (response.status, server.connections, len(server.requests)) == (200, 2, 3)

    async def test_but_not_for_a_request_that_may_have_had_an_effect(self, raw_server) -> None:
        async with raw_server([raw_server.OK], [raw_server.CLOSE], [raw_server.OK]) as server, client() as http:
            await http.fetch_at(at(server), a_request(), an_origin())
            with pytest.raises(OriginFault) as raised:
                await http.fetch_at(at(server), a_request("POST", body=b"x"), an_origin())
        assert raised.value.trouble is OriginTrouble.RESET
        assert len(server.requests) == 2

    async def test_one_that_is_reset_while_idle_is_forgotten_silently(self, raw_server, caplog) -> None:
        async with raw_server([raw_server.OK, raw_server.TURN, raw_server.RESET]) as server, client() as http:
            await http.fetch_at(at(server), a_request(), an_origin())
            await asyncio.sleep(0.005)
            await http.fetch_at(at(server), a_request(), an_origin())
        gc.collect()
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
        assert server.connections == 2

    async def test_an_origin_that_spoke_unasked_is_left(self, raw_server) -> None:
        late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
        async with raw_server([raw_server.OK, raw_server.TURN, late]) as server, client() as http:
            for _ in range(3):
                response = await http.fetch_at(at(server), a_request(), an_origin())
                assert response.status == 200
                await asyncio.sleep(0.005)
        assert server.connections == 3

    async def test_a_cancelled_fetch_leaves_no_connection(self, raw_server) -> None:
        async with raw_server([raw_server.STALL]) as server, client() as http:
            fetching = asyncio.create_task(http.fetch_at(at(server), a_request(), an_origin()))
            await server.asked.wait()
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
            await server.gone.wait()


class TestMoreThanAnnounced:
    async def test_the_response_ends_at_its_content_length_and_its_connection_with_it(self, raw_server) -> None:
        more = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more"
        async with raw_server([more], [raw_server.OK]) as server, client() as http:
            first = await http.fetch_at(at(server), a_request(), an_origin())
            assert await whole(first.body) == b"hello"
            second = await http.fetch_at(at(server), a_request(), an_origin())
            assert await whole(second.body) == b"ok"
        assert server.connections == 2


class TestTls:
    async def test_a_certificate_that_nobody_vouches_for_is_refused(self, raw_server) -> None:
        async with raw_server(tls=True) as server:
            fault = await fault_of(server, scheme="https")
        assert fault.trouble is OriginTrouble.CONNECT
        assert "certificate is not to be trusted: self-signed" in str(fault)

    async def test_an_address_may_do_without_verification(self, raw_server) -> None:
        async with raw_server(tls=True) as server:
            assert (await fetch(server, a_request(), scheme="https", verify=False)).body == b"ok"

    @pytest.mark.parametrize(
        ("host", "domain", "names"),
        [
            ("origin.test", "origin.test", ["origin.test"]),
            ("www.example.org:8443", "elb.test", ["www.example.org"]),
            ("d111.cloudfront.net", "origin.test", ["d111.cloudfront.net", "origin.test"]),
        ],
    )
    async def test_the_certificate_fits_the_host_or_the_domain(
        self, raw_server, certificate, host, domain, names
    ) -> None:
        context = ssl.create_default_context(cafile=certificate)
        async with raw_server(tls=True) as server, client(verify=context) as http:
            request = a_request(headers=[("Host", host)])
            response = await http.fetch_at(at(server, "https"), request, Origin("web", domain))
        assert response.body == b"ok"
        assert server.names == names
        assert b"Host: " + host.encode() in server.requests[0]

    async def test_a_certificate_for_another_name_is_refused(self, raw_server, certificate) -> None:
        context = ssl.create_default_context(cafile=certificate)
        async with raw_server(tls=True) as server, client(verify=context) as http:
            request = a_request(headers=[("Host", "other.test")])
            with pytest.raises(OriginFault, match="not to be trusted") as raised:
                await http.fetch_at(at(server, "https"), request, Origin("web", "other.test"))
        assert raised.value.trouble is OriginTrouble.CONNECT
        assert server.requests == []

    @pytest.mark.parametrize(
        ("newest", "protocols", "speaks"),
        [
            pytest.param(ssl.TLSVersion.TLSv1_2, ("TLSv1.2",), True, id="the version that is listed"),
            pytest.param(ssl.TLSVersion.TLSv1_3, ("TLSv1.2",), True, id="a newer one"),
            pytest.param(ssl.TLSVersion.TLSv1_3, ("TLSv1", "SSLv3"), True, id="CloudFormation's default"),
            pytest.param(ssl.TLSVersion.TLSv1_1, ("TLSv1.2",), False, id="an older one"),
            pytest.param(ssl.TLSVersion.TLSv1_1, ("TLSv1.1", "TLSv1.2"), True, id="an old one that is listed"),
            pytest.param(ssl.TLSVersion.TLSv1, ("TLSv1", "SSLv3"), True, id="the oldest"),
            pytest.param(ssl.TLSVersion.TLSv1_2, ("TLSv1.3",), False, id="one that a function does not want"),
        ],
    )
    async def test_no_version_older_than_those_listed_is_spoken(self, raw_server, newest, protocols, speaks) -> None:
        async with raw_server(tls=newest) as server:
            origin = an_origin(ssl_protocols=protocols)
            if speaks:
                assert (await fetch(server, a_request(), origin, scheme="https", verify=False)).body == b"ok"
                return
            fault = await fault_of(server, origin=origin, scheme="https", verify=False)
        assert fault.trouble is OriginTrouble.CONNECT
        assert "TLS failed" in str(fault)

    @pytest.mark.parametrize(("protocols", "speaks"), [(("TLSv1.2",), True), (("TLSv1", "SSLv3"), False)])
    async def test_by_choice_no_version_is_spoken_that_is_not_listed(self, raw_server, protocols, speaks) -> None:
        async with raw_server(tls=True) as server, client(ssl_protocols=OriginSslProtocols.LISTED) as http:
            fetching = http.fetch_at(at(server, "https", verify=False), a_request(), an_origin(ssl_protocols=protocols))
            if speaks:
                assert (await fetching).body == b"ok"
                return
            with pytest.raises(OriginFault, match="TLS failed"):
                await fetching

    async def test_tls_with_a_server_that_speaks_none(self, raw_server) -> None:
        async def plain(_reader, writer) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        async with raw_server(handler=plain) as server:
            fault = await fault_of(server, scheme="https")
        assert fault.trouble is OriginTrouble.CONNECT
        assert "TLS failed" in str(fault)


# ── names ────────────────────────────────────────────────────────────────────


def test_a_name_that_can_be_resolved_is_no_fault_and_one_that_cannot_is():
    async def story():
        async with contextlib.aclosing(HttpOrigin()) as http:
            await http.resolve(Origin("origin", "localhost"), https=False)
            await http.resolve(Origin("origin", "127.0.0.1"), https=True)
            with pytest.raises(OriginFault) as fault:
                await http.resolve(Origin("origin", "x" * 64), https=False)
            return fault.value

    fault = asyncio.run(story())
    assert (fault.trouble, str(fault)) == (
        OriginTrouble.DNS,
        f"The name {'x' * 64} of the origin origin can't be resolved; --resolve {'x' * 64}=URL asks a local server",
    )
