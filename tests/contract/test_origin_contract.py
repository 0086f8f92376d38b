"""What every OriginClient does: an HTTP server, a directory and a script answer the same questions alike."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault
from edgesim.origins.canned import ScriptedBody, canned_origin, truncated
from edgesim.origins.folder import FolderOrigin
from edgesim.origins.http import HttpOrigin
from edgesim.origins.objects import READ_AT_ONCE
from edgesim.ports import BodyStream, OriginClient
from edgesim.values.body import length_of
from edgesim.values.headers import Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response

SMALL = b"hello world"
LARGE = bytes(range(256)) * (READ_AT_ONCE * 3 // 256)
OBJECTS = {"/small.txt": SMALL, "/large.bin": LARGE, "/pre/small.txt": b"prefixed"}

Opened = AbstractAsyncContextManager[tuple[OriginClient, Origin]]


def answer_for(method: str, path: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What the script and the server below say, after S3's example."""
    data = OBJECTS.get(path)
    if data is None:
        return 404, b"" if method == "HEAD" else b"<Error/>", [("Content-Type", "application/xml")]
    etag = f'"{hashlib.md5(data).hexdigest()}"'
    return 200, b"" if method == "HEAD" else data, [("ETag", etag), ("Content-Length", str(len(data)))]


@contextlib.asynccontextmanager
async def a_server(_tmp_path: Path) -> AsyncIterator[tuple[OriginClient, Origin]]:
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, target, _ = head.decode().split(" ", 2)
                status, body, headers = answer_for(method, target.partition("?")[0])
                if status == 404 and method != "HEAD":
                    headers.append(("Content-Length", str(len(body))))
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
                writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body)
                await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = HttpOrigin()
    async with server:
        yield client, Origin("o", "127.0.0.1", http_port=server.sockets[0].getsockname()[1])
        await client.aclose()
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def a_directory(tmp_path: Path) -> AsyncIterator[tuple[OriginClient, Origin]]:
    class Standing:
        def now(self) -> Instant:
            return Instant(0)

        async def sleep(self, span: float) -> None:
            raise AssertionError("a directory never sleeps")

    (tmp_path / "pre").mkdir()
    for name, data in OBJECTS.items():
        (tmp_path / name[1:]).write_bytes(data)
    yield FolderOrigin(tmp_path, clock=Standing(), new_id=lambda: "ID"), Origin("o", "bucket.test")


@contextlib.asynccontextmanager
async def a_script(_tmp_path: Path) -> AsyncIterator[tuple[OriginClient, Origin]]:
    def answer(request: Request, origin: Origin) -> Response:
        status, data, headers = answer_for(request.method, origin.path + request.path)
        body = ScriptedBody(data[:1000], data[1000:], length=len(data)) if len(data) > 1000 else data
        return Response(status, Headers(headers), body)

    yield canned_origin(answer), Origin("o", "script.test")


@pytest.fixture(params=[a_server, a_directory, a_script], ids=["http", "folder", "canned"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Opened]:
    return lambda: request.param(tmp_path)


class TestOrigin:
    def tell(self, opened: Callable[[], Opened], story: Callable[[OriginClient, Origin], Coroutine[Any, Any, None]]):
        async def main() -> None:
            async with opened() as (client, origin):
                await story(client, origin)

        asyncio.run(main())

    def test_a_small_object_is_returned(self, opened) -> None:
        async def story(client: OriginClient, origin: Origin) -> None:
            response = await client.fetch(a_get("/small.txt"), origin, https=False)
            assert (response.status, await whole(response.body)) == (200, SMALL)
            assert response.headers.get("content-length") == str(len(SMALL))
            assert response.headers.get("etag") == f'"{hashlib.md5(SMALL).hexdigest()}"'

        self.tell(opened, story)

    def test_a_large_object_streams_and_knows_its_length(self, opened) -> None:
        async def story(client: OriginClient, origin: Origin) -> None:
            response = await client.fetch(a_get("/large.bin"), origin, https=False)
            assert isinstance(response.body, BodyStream)
            assert length_of(response.body) == len(LARGE)
            pieces = [piece async for piece in response.body.chunks()]
            assert b"".join(pieces) == LARGE
            assert all(pieces), "no piece is empty"
            await response.body.aclose()

        self.tell(opened, story)

    def test_a_stream_may_be_left_and_closed_more_than_once(self, opened) -> None:
        async def story(client: OriginClient, origin: Origin) -> None:
            for pieces in (0, 1):
                response = await client.fetch(a_get("/large.bin"), origin, https=False)
                async with contextlib.aclosing(response.body.chunks()) as chunks:
                    for _ in range(pieces):
                        await anext(chunks)
                await response.body.aclose()
                await response.body.aclose()
            again = await client.fetch(a_get("/small.txt"), origin, https=False)
            assert await whole(again.body) == SMALL

        self.tell(opened, story)

    def test_many_at_once_do_not_mix(self, opened) -> None:
        async def story(client: OriginClient, origin: Origin) -> None:
            async def one(number: int) -> None:
                path, data = ("/small.txt", SMALL) if number % 2 else ("/large.bin", LARGE)
                response = await client.fetch(a_get(path), origin, https=False)
                assert await whole(response.body) == data

            await asyncio.gather(*[one(number) for number in range(12)])

        self.tell(opened, story)

    @pytest.mark.parametrize("path", ["/small.txt", "/large.bin", "/missing"])
    def test_head_has_no_body(self, opened, path) -> None:
        async def story(client: OriginClient, origin: Origin) -> None:
            got = await client.fetch(a_get(path), origin, https=False)
            head = await client.fetch(a_get(path, "HEAD"), origin, https=False)
            assert (head.status, head.body) == (got.status, b"")
            assert head.headers.get("etag") == got.headers.get("etag")
            await whole(got.body)

        self.tell(opened, story)

    def test_what_is_missing_is_a_404_and_no_fault(self, opened) -> None:
        async def story(client: OriginClient, origin: Origin) -> None:
            response = await client.fetch(a_get("/missing"), origin, https=False)
            assert response.status == 404
            assert b"<Error" in await whole(response.body)

        self.tell(opened, story)

    def test_the_origin_path_goes_before_the_requests(self, opened) -> None:
        async def story(client: OriginClient, origin: Origin) -> None:
            inside = Origin(origin.id, origin.domain_name, "/pre", http_port=origin.http_port)
            response = await client.fetch(a_get("/small.txt"), inside, https=False)
            assert await whole(response.body) == b"prefixed"

        self.tell(opened, story)


@pytest.mark.parametrize("broken", ["http", "canned"])
def test_a_body_that_ends_too_early_is_a_fault(broken: str) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
        writer.close()

    async def main() -> None:
        client = (
            HttpOrigin() if broken == "http" else canned_origin(lambda *_: Response(200, body=truncated(b"hello", 10)))
        )
        async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
            origin = Origin("o", "127.0.0.1", http_port=server.sockets[0].getsockname()[1])
            response = await client.fetch(a_get("/"), origin, https=False)
            assert isinstance(response.body, BodyStream)
            assert response.body.length == 10
            chunks = response.body.chunks()
            assert await anext(chunks) == b"hello"
            with pytest.raises(OriginFault):
                await anext(chunks)
            await response.body.aclose()
            await client.aclose()

    asyncio.run(main())


def a_get(path: str, method: str = "GET") -> Request:
    return Request(method, path, headers=Headers([("Host", "origin.test")]))


async def whole(body: object) -> bytes:
    if isinstance(body, BodyStream):
        return b"".join([piece async for piece in body.chunks()])
    assert isinstance(body, bytes)
    return body
