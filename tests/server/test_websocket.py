"""WebSockets over real connections: a viewer, the edge, and an origin that speaks frames."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from edgesim.distribution.model import Trigger
from edgesim.logs.access import fields_of
from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.origins.http import HttpOrigin
from edgesim.pipeline.transcript import Transcript
from edgesim.rules.reasons import HookReason, LookUpReason, StoreReason
from edgesim.server.app import ViewerApp
from edgesim.server.protocol import EdgeProtocol
from edgesim.server.viewer_header import ViewerDefaults
from edgesim.testing.fakes import FakeEdge
from edgesim.testing.make import (
    a_distribution,
    a_function,
    a_response,
    an_origin,
    an_origin_request_policy,
    behavior,
    listed,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    "GET /chat?room=1 HTTP/1.1\r\nHost: www.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
PLAIN = b"GET /plain HTTP/1.1\r\nHost: www.example\r\n\r\n"
PATIENCE = 10  # seconds; nothing here takes as long unless it is broken

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


# ── frames ───────────────────────────────────────────────────────────────────


def frame(data: bytes, *, mask: bytes = b"") -> bytes:
    """A text frame of RFC 6455, of up to 125 bytes; masked as clients do it."""
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)) if mask else data
    return bytes([0x81, len(data) | (0x80 if mask else 0)]) + mask + masked


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    _, size = await reader.readexactly(2)
    mask = await reader.readexactly(4) if size & 0x80 else bytes(4)
    data = await reader.readexactly(size & 0x7F)
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


# ── an origin, an edge, a viewer ─────────────────────────────────────────────


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it reads, until the word is bye."""
    with contextlib.suppress(asyncio.IncompleteReadError):
        while (text := await read_frame(reader)) != b"bye":
            writer.write(frame(text))


@dataclass
class ChatServer:
    """An origin that switches where it is asked to, and then talks; `heads` is what it was asked, `left` how many of
    its connections have ended."""

    talk: Talk = echo
    heads: list[bytes] = field(default_factory=list)
    left: asyncio.Queue[bool] = field(default_factory=asyncio.Queue)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
                if b"\r\nUpgrade: websocket\r\n" in head and key:
                    accept = b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
                    writer.write(
                        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                        b"sec-websocket-accept: %b\r\n\r\n" % accept
                    )
                    await self.talk(reader, writer)
                    break
                status = b"400 Bad Request" if b"Upgrade" in head else b"200 OK"
                writer.write(b"HTTP/1.1 %b\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nno" % status)
        writer.close()
        self.left.put_nowait(True)


@dataclass
class Edge:
    """What the test has of the edge."""

    fake: FakeEdge
    state: ServerState
    port: int

    @contextlib.asynccontextmanager
    async def viewer(self, first: bytes = HANDSHAKE) -> AsyncGenerator[Peer]:
        """A viewer's connection, on which this was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(first)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def over(self, transcript: Transcript | None = None) -> Transcript:
        """The last request's transcript, once it is over."""
        transcript = transcript or self.fake.recorder.find("last")
        assert transcript is not None
        while self.state.tasks:
            await asyncio.wait(list(self.state.tasks))
        assert transcript.complete
        return transcript


@contextlib.asynccontextmanager
async def edge_before(
    server: Talk,
    functions: dict[Trigger, str] | None = None,
    of_origin: dict[str, float] | None = None,
    **of_behavior: Any,
) -> AsyncGenerator[Edge]:
    """An edge in front of a server, with a policy that forwards what a WebSocket needs."""
    policy = an_origin_request_policy(headers=listed("Sec-WebSocket-Key", "Sec-WebSocket-Version"))
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        rules = behavior(
            functions={trigger: a_function(name) for trigger, name in (functions or {}).items()},
            **{"origin_request_policy": policy, **of_behavior},
        )
        distribution = a_distribution(rules, origins=[an_origin("127.0.0.1", http_port=port, **(of_origin or {}))])
        fake = FakeEdge(lambda request, origin: a_response(), distribution, functions=HANDLERS)
        fake.driver.origins = origins = HttpOrigin()
        app, state = ViewerApp(fake.driver, fake.distributions, ViewerDefaults()), ServerState()
        config = Config(app, lifespan="off", log_config=None, ws="none", proxy_headers=False)
        loop = asyncio.get_running_loop()
        viewers = await loop.create_server(lambda: EdgeProtocol(config, state, {}), "127.0.0.1", 0)
        try:
            yield Edge(fake, state, viewers.sockets[0].getsockname()[1])
        finally:
            viewers.close()
            for task in list(state.tasks):
                task.cancel()
            await asyncio.gather(*state.tasks, return_exceptions=True)
            await fake.aclose()
            await origins.aclose()


SEEN: list[str] = []
HANDLERS: dict[str, Any] = {}


def handler(name: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        HANDLERS[name] = function
        return function

    return register


@handler("adds")
def adds(event: Any, _context: object) -> Any:
    request = event["Records"][0]["cf"]["request"]
    SEEN.append(",".join(sorted(request["headers"])))
    request["headers"]["x-by"] = [{"key": "X-By", "value": event["Records"][0]["cf"]["config"]["eventType"]}]
    return request


@handler("answers")
def answers(_event: Any, _context: object) -> Any:
    return {"status": "403", "body": "not you"}


@handler("must not run")
def must_not_run(event: Any, _context: object) -> Any:
    raise AssertionError("a response function ran")


def run(story: Awaitable[None]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(PATIENCE):
            await story

    asyncio.run(in_time())


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


# ── stories ──────────────────────────────────────────────────────────────────


def test_frames_go_both_ways_after_the_handshake() -> None:
    async def story() -> None:
        server = ChatServer()
        async with edge_before(server) as edge, edge.viewer() as (reader, writer):
            head = await head_of(reader)
            assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
            assert b"\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
            assert head.lower().count(b"\r\nupgrade: websocket\r\n") == 1
            assert head.lower().count(b"\r\nconnection: upgrade\r\n") == 1
            assert b"X-Cache: Miss from cloudfront" in head
            assert b"Transfer-Encoding" not in head
            for text in (b"hello", b"GET / HTTP/1.1\r\n\r\n", b""):
                writer.write(frame(text, mask=b"\x01\x02\x03\x04"))
                assert await read_frame(reader) == text

            writer.write(frame(b"bye", mask=b"abcd"))
            assert await reader.read() == b""
            sent = server.heads[0]
            assert sent.startswith(b"GET /chat HTTP/1.1\r\n")
            assert (b"\r\nConnection: Upgrade\r\n" in sent, b"\r\nUpgrade: websocket\r\n" in sent) == (True, True)
            transcript = await edge.over()
            line = fields_of(transcript, edge.fake.clock.now())
            assert (line["sc-status"], line["cs-protocol"]) == ("101", "ws")
            assert (line["x-edge-result-type"], line["x-edge-detailed-result-type"]) == ("Miss", "Miss")
            assert line["sc-bytes"] == str(
                len(head) + sum(2 + len(text) for text in (b"hello", b"GET / HTTP/1.1\r\n\r\n", b""))
            )
            assert line["cs-bytes"] == str(len(HANDSHAKE) + 4 * 6 + len(b"helloGET / HTTP/1.1\r\n\r\nbye"))
            assert {LookUpReason.WEBSOCKET, StoreReason.WEBSOCKET} <= set(transcript.reasons)

    run(story())


def test_while_it_goes_on_explain_says_so() -> None:
    async def story() -> None:
        async with edge_before(ChatServer()) as edge, edge.viewer() as (reader, writer):
            await head_of(reader)
            transcript = edge.fake.recorder.find("last")
            assert transcript is not None
            assert "101 Miss, 0 bytes, and more to come" in as_text(as_data(transcript))
            writer.close()
            await edge.over()
            assert "and more to come" not in as_text(as_data(transcript))

    run(story())


def test_what_either_side_says_at_once_is_not_lost() -> None:
    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(b"welcome"))
        await echo(reader, writer)

    async def story() -> None:
        async with (
            edge_before(ChatServer(greets)) as edge,
            edge.viewer(HANDSHAKE + frame(b"early", mask=b"abcd")) as (reader, writer),
        ):
            await head_of(reader)
            assert [await read_frame(reader), await read_frame(reader)] == [b"welcome", b"early"]
            writer.close()

    run(story())


def test_a_viewer_that_leaves_ends_the_origins_connection() -> None:
    async def story() -> None:
        server = ChatServer()
        async with edge_before(server) as edge, edge.viewer() as (reader, writer):
            await head_of(reader)
            writer.close()
            await server.left.get()
            transcript = await edge.over()
            assert fields_of(transcript, edge.fake.clock.now())["x-edge-result-type"] == "Miss"

    run(story())


def test_a_viewer_that_leaves_before_the_origins_answer_leaves_no_connection_behind() -> None:
    async def story() -> None:
        asked, release = asyncio.Event(), asyncio.Event()

        @dataclass
        class Hesitant(ChatServer):
            async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                asked.set()
                await release.wait()
                await super().__call__(reader, writer)

        server = Hesitant()
        async with edge_before(server) as edge:
            async with edge.viewer():
                await asked.wait()
            release.set()
            await server.left.get()
            while edge.state.tasks:
                await asyncio.wait(list(edge.state.tasks))

    run(story())


def test_an_origin_that_resets_ends_the_viewers_connection() -> None:
    async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader)
        writer.write(frame(b"last words"))
        await writer.drain()
        await read_frame(reader)
        writer.transport.abort()

    async def story() -> None:
        async with edge_before(ChatServer(resets)) as edge, edge.viewer() as (reader, writer):
            await head_of(reader)
            writer.write(frame(b"go", mask=b"abcd"))
            assert await read_frame(reader) == b"last words"
            writer.write(frame(b"go", mask=b"abcd"))
            assert await reader.read() == b""
            await edge.over()

    run(story())


def test_a_websocket_ends_after_ten_minutes_without_a_byte_from_the_origin() -> None:
    """documented: cloudfront-limits. What the viewer sends does not count."""

    async def story() -> None:
        server = ChatServer()
        async with edge_before(server) as edge, edge.viewer() as (reader, writer):
            await head_of(reader)
            await edge.fake.clock.advance(599)
            writer.write(frame(b"still there", mask=b"abcd"))
            assert await read_frame(reader) == b"still there"
            await edge.fake.clock.advance(599)
            assert not reader.at_eof()
            writer.write(frame(b"", mask=b"abcd")[:1])  # the beginning of a frame, to which nobody answers
            await edge.fake.clock.advance(1)
            assert await reader.read() == b""
            await server.left.get()
            transcript = await edge.over()
            assert fields_of(transcript, edge.fake.clock.now())["time-taken"] == "1199.000"

    run(story())


def test_a_websocket_outlives_the_origins_timeouts() -> None:
    async def is_slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader)
        await asyncio.sleep(0.08)
        writer.write(frame(b"at last"))

    async def story() -> None:
        times = {"read_timeout": 0.05, "completion_timeout": 0.05}
        async with edge_before(ChatServer(is_slow), of_origin=times) as edge, edge.viewer() as (reader, writer):
            await head_of(reader)
            writer.write(frame(b"well?", mask=b"abcd"))
            assert await read_frame(reader) == b"at last"

    run(story())


def test_a_server_that_ends_closes_its_websockets() -> None:
    async def story() -> None:
        server = ChatServer()
        async with edge_before(server) as edge, edge.viewer() as (reader, _):
            await head_of(reader)
            for task in list(edge.state.tasks):  # as uvicorn does at the end
                task.cancel()
            assert await reader.read() == b""
            await server.left.get()
            await edge.over()

    run(story())


def test_an_origin_that_refuses_is_answered_for_as_ever_and_the_connection_goes_on() -> None:
    async def story() -> None:
        server = ChatServer()
        async with (
            edge_before(server, origin_request_policy=None) as edge,
            edge.viewer(HANDSHAKE + PLAIN) as (reader, _),
        ):
            first = await head_of(reader)
            assert first.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert b"Connection: keep-alive" in first
            assert await reader.readexactly(2) == b"no"
            assert (await head_of(reader)).startswith(b"HTTP/1.1 200 OK\r\n")
            assert await reader.readexactly(2) == b"no"
            assert b"Sec-WebSocket" not in server.heads[0]

    run(story())


def test_a_refusal_is_not_kept_for_the_next_viewer() -> None:
    async def story() -> None:
        server = ChatServer()
        async with edge_before(server, origin_request_policy=None) as edge:
            for _ in range(2):
                async with edge.viewer() as (reader, _):
                    assert b"Error from cloudfront" in await head_of(reader)
            assert len(server.heads) == 2

    run(story())


def test_request_functions_see_the_handshake_without_its_upgrade_and_response_functions_do_not_run() -> None:
    functions = {
        Trigger.VIEWER_REQUEST: "adds",
        Trigger.ORIGIN_REQUEST: "adds",
        Trigger.ORIGIN_RESPONSE: "must not run",
        Trigger.VIEWER_RESPONSE: "must not run",
    }

    async def story() -> None:
        server = ChatServer()
        SEEN.clear()
        async with edge_before(server, functions) as edge, edge.viewer() as (reader, writer):
            assert (await head_of(reader)).startswith(b"HTTP/1.1 101")
            writer.write(frame(b"hello", mask=b"abcd"))
            assert await read_frame(reader) == b"hello"
            writer.close()
            transcript = await edge.over()
            assert [reason for reason in transcript.reasons if reason is HookReason.SKIPPED_WEBSOCKET] == [
                HookReason.SKIPPED_WEBSOCKET
            ] * 2
            assert all("upgrade" not in seen and "sec-websocket-key" in seen for seen in SEEN)
            assert b"\r\nX-By: origin-request\r\n" in server.heads[0]
            assert b"\r\nUpgrade: websocket\r\n" in server.heads[0]

    run(story())


def test_a_function_may_answer_in_the_origins_place() -> None:
    async def story() -> None:
        server = ChatServer()
        async with (
            edge_before(server, {Trigger.VIEWER_REQUEST: "answers"}) as edge,
            edge.viewer(HANDSHAKE) as (reader, _),
        ):
            assert (await head_of(reader)).startswith(b"HTTP/1.1 403 Forbidden\r\n")
            assert await reader.readexactly(7) == b"not you"
            assert server.heads == []

    run(story())


@pytest.mark.parametrize("size", [3_000_000])
def test_a_side_that_does_not_read_slows_the_other_down_and_loses_nothing(size: int) -> None:
    data = bytes(range(256)) * (size // 256)

    async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = await reader.readexactly(len(data))
        writer.write(got[::-1])
        await writer.drain()

    async def story() -> None:
        async with edge_before(ChatServer(floods)) as edge, edge.viewer() as (reader, writer):
            await head_of(reader)
            writer.write(data)
            await writer.drain()
            assert await reader.read(-1) == data[::-1]
            await edge.over()

    run(story())
