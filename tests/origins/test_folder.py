"""A directory as an S3 bucket: RequestAndResponseBehaviorS3Origin and S3's API reference."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins import objects
from edgesim.origins.folder import FolderOrigin
from edgesim.origins.objects import PIECE, READ_AT_ONCE, file_of, key_of
from edgesim.ports import BodyStream
from edgesim.values.headers import Headers
from edgesim.values.message import Request, Response

MODIFIED = "Tue, 06 May 2025 09:00:00 GMT"
BEFORE, AFTER = "Tue, 06 May 2025 08:59:59 GMT", "Tue, 06 May 2025 09:00:01 GMT"
MTIME = 1746522000.75
ETAG = f'"{hashlib.md5(b"0123456789").hexdigest()}"'


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    root = tmp_path / "bucket"
    (root / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    for name in ("ten.txt", "sub/page.html", "caf\u00e9 & <b>.json"):
        (root / name).write_bytes(b"0123456789")
        os.utime(root / name, (MTIME, MTIME))
    (root / "index.html").write_text("index")
    (root / "empty").touch()
    (root / "inside").symlink_to("sub/page.html")
    (root / "outside").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to(tmp_path)
    (root / "round").symlink_to("round")
    return root


@pytest.fixture
def origin(bucket, clock, new_id) -> FolderOrigin:
    return FolderOrigin(bucket, clock=clock, new_id=new_id)


async def ask(origin: FolderOrigin, path: str, method: str = "GET", prefix: str = "", **headers: str) -> Response:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return await origin.fetch(Request(method, path, headers=Headers(fields)), Origin("s3", "b", prefix), https=True)


def error_of(response: Response) -> dict[str, str | None]:
    assert isinstance(response.body, bytes)
    assert response.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>')
    return {element.tag: element.text for element in ET.fromstring(response.body)}


class TestObjects:
    async def test_an_object_has_s3s_headers(self, origin) -> None:
        response = await ask(origin, "/ten.txt")
        assert (response.status, response.reason, response.body) == (200, "OK", b"0123456789")
        assert response.headers.fields == (
            ("x-amz-id-2", "ID0"),
            ("x-amz-request-id", "ID1"),
            ("Date", "Tue, 06 May 2025 10:00:00 GMT"),
            ("Last-Modified", MODIFIED),
            ("ETag", ETAG),
            ("x-amz-server-side-encryption", "AES256"),
            ("Accept-Ranges", "bytes"),
            ("Content-Type", "text/plain"),
            ("Content-Length", "10"),
            ("Server", "AmazonS3"),
        )

    async def test_head_is_the_same_without_the_body(self, origin) -> None:
        got, head = await ask(origin, "/ten.txt"), await ask(origin, "/ten.txt", "HEAD")
        ids = ("x-amz-id-2", "x-amz-request-id")
        assert head.headers.without(*ids) == got.headers.without(*ids)
        assert (head.status, head.body) == (200, b"")

    @pytest.mark.parametrize(
        ("name", "content_type"),
        [
            ("a.html", "text/html"),
            ("a.CSS", "text/css"),
            ("a.js", "text/javascript"),
            ("a.mjs", "text/javascript"),
            ("a.js.map", "application/json"),
            ("a.json", "application/json"),
            ("a.wasm", "application/wasm"),
            ("a.woff2", "font/woff2"),
            ("a.webp", "image/webp"),
            ("a.avif", "image/avif"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
            ("a.pdf", "application/pdf"),
            ("a.tar.gz", "application/gzip"),
            ("a.unheard-of", "binary/octet-stream"),
            ("a", "binary/octet-stream"),
            (".html", "binary/octet-stream"),
        ],
    )
    async def test_the_type_follows_the_extension(self, origin, bucket, name, content_type) -> None:
        (bucket / name).touch()
        assert (await ask(origin, f"/{name}")).headers.get("content-type") == content_type

    async def test_a_change_of_the_file_shows(self, origin, bucket) -> None:
        first = await ask(origin, "/ten.txt")
        (bucket / "ten.txt").write_bytes(b"changed")
        second = await ask(origin, "/ten.txt")
        assert second.body == b"changed"
        assert first.headers.get("etag") != second.headers.get("etag")

    async def test_the_origin_path_is_a_folder_of_the_bucket(self, origin) -> None:
        assert (await ask(origin, "/page.html", prefix="/sub")).status == 200

    async def test_a_large_file_streams(self, origin, bucket) -> None:
        data = os.urandom(PIECE + READ_AT_ONCE)
        (bucket / "large").write_bytes(data)
        response = await ask(origin, "/large")
        assert isinstance(response.body, BodyStream)
        assert response.body.length == len(data)
        assert b"".join([chunk async for chunk in response.body.chunks()]) == data
        assert response.headers.get("etag") == f'"{hashlib.md5(data).hexdigest()}"'

    async def test_a_large_file_may_be_left_unread(self, origin, bucket) -> None:
        (bucket / "large").write_bytes(bytes(PIECE))
        response = await ask(origin, "/large")
        await response.body.aclose()
        await response.body.aclose()

    async def test_a_large_file_that_shrinks_breaks_off(self, origin, bucket) -> None:
        (bucket / "large").write_bytes(bytes(PIECE))
        response = await ask(origin, "/large")
        os.truncate(bucket / "large", 10)
        with pytest.raises(OriginFault, match="became shorter") as raised:
            _ = [chunk async for chunk in response.body.chunks()]
        assert raised.value.trouble is OriginTrouble.RESET
        await response.body.aclose()

    async def test_a_file_that_may_not_be_read_is_a_fault(self, origin, monkeypatch) -> None:
        def deny(*_: object) -> bytes:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(objects, "_read", deny)  # chmod would not stop root
        with pytest.raises(OriginFault, match="Permission denied"):
            await ask(origin, "/ten.txt")


class TestKeys:
    @pytest.mark.parametrize(
        "path",
        ["/sub/page.html", "/sub%2Fpage.html", "/%73ub/page.html", "/inside", "/caf%C3%A9%20&%20%3Cb%3E.json",
         "/caf\xc3\xa9 & <b>.json"],
    )  # fmt: skip
    async def test_a_key_is_the_decoded_path(self, origin, path) -> None:
        assert (await ask(origin, path)).body == b"0123456789"

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/no",
            "/sub",
            "/sub/",
            "/sub/deep",
            "/ten.txt/",
            "/ten.txt/x",
            "//ten.txt",
            "/sub//page.html",
            "/./ten.txt",
            "/sub/../ten.txt",
            "/sub/%2e%2e/ten.txt",
            "/../secret",
            "/%2e%2e/secret",
            "/%2E%2E%2Fsecret",
            "/..%2fsecret",
            "/..%5csecret",
            "/%2fetc/passwd",
            "//etc/passwd",
            "/etc/passwd",
            "/outside",
            "/up/secret",
            "/up/bucket/../secret",
            "/round",
            "/ten.txt%00",
            "/%00",
            "/TEN.txt.",
            f"/{'x' * 300}",
            "/" + "a/" * 3000,
        ],
    )
    async def test_everything_else_is_a_missing_key(self, origin, path) -> None:
        response = await ask(origin, path)
        assert (response.status, response.reason) == (404, "Not Found")
        assert error_of(response)["Code"] == "NoSuchKey"

    async def test_404_names_the_key_and_the_ids(self, origin) -> None:
        response = await ask(origin, "/a%20%3C&%3E")
        assert error_of(response) == {
            "Code": "NoSuchKey",
            "Message": "The specified key does not exist.",
            "Key": "a <&>",
            "RequestId": "ID1",
            "HostId": "ID0",
        }
        assert response.headers.get("content-type") == "application/xml"
        assert response.headers.get("server") == "AmazonS3"

    async def test_403_where_the_caller_may_not_list(self, bucket, clock, new_id) -> None:
        origin = FolderOrigin(bucket, clock=clock, new_id=new_id, listable=False)
        response = await ask(origin, "/no")
        assert (response.status, response.reason) == (403, "Forbidden")
        error = error_of(response)
        assert (error["Code"], error["Message"], "Key" in error) == ("AccessDenied", "Access Denied", False)

    @pytest.mark.parametrize("path", ["/%zz", "/%", "/a%2", "/%ff", "/\xff"])
    async def test_a_path_that_is_no_utf_8_can_not_be_parsed(self, origin, path) -> None:
        response = await ask(origin, path)
        assert (response.status, error_of(response)["Code"]) == (400, "InvalidURI")

    async def test_errors_to_head_have_no_body(self, origin) -> None:
        response = await ask(origin, "/no", "HEAD")
        assert (response.status, response.body) == (404, b"")

    @given(st.text(st.sampled_from("./\\%2eEfF05c\0ab~"), max_size=24))
    def test_no_path_ever_leads_outside(self, tmp_path_factory, path) -> None:
        root = tmp_path_factory.getbasetemp().resolve()
        key = key_of(f"/{path}")
        found = file_of(root, key) if key is not None else None
        assert found is None or found.is_relative_to(root)


class TestConditions:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"if_none_match": ETAG}, 304),
            ({"if_none_match": f"W/{ETAG}"}, 304),
            ({"if_none_match": f'"x", {ETAG}'}, 304),
            ({"if_none_match": "*"}, 304),
            ({"if_none_match": '"x"'}, 200),
            ({"if_modified_since": MODIFIED}, 304),
            ({"if_modified_since": AFTER}, 304),
            ({"if_modified_since": BEFORE}, 200),
            ({"if_modified_since": "yesterday"}, 200),
            ({"if_none_match": '"x"', "if_modified_since": AFTER}, 200),
            ({"if_none_match": ETAG, "if_modified_since": BEFORE}, 304),
            ({"if_match": ETAG}, 200),
            ({"if_match": "*"}, 200),
            ({"if_match": '"x"'}, 412),
            ({"if_unmodified_since": MODIFIED}, 200),
            ({"if_unmodified_since": BEFORE}, 412),
            ({"if_match": ETAG, "if_unmodified_since": BEFORE}, 200),
            ({"if_match": '"x"', "if_none_match": ETAG}, 412),
            ({"if_none_match": ETAG, "range": "bytes=0-1"}, 304),
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_status(self, origin, method, headers, status) -> None:
        assert (await ask(origin, "/ten.txt", method, **headers)).status == status

    async def test_304_has_validators_and_no_body(self, origin) -> None:
        response = await ask(origin, "/ten.txt", if_none_match=ETAG)
        assert response.body == b""
        assert [name for name, _ in response.headers] == [
            "x-amz-id-2", "x-amz-request-id", "Date", "Last-Modified", "ETag", "Server"
        ]  # fmt: skip

    async def test_412_names_the_condition(self, origin) -> None:
        error = error_of(await ask(origin, "/ten.txt", if_match='"x"'))
        assert (error["Code"], error["Condition"]) == ("PreconditionFailed", "If-Match")


class TestRanges:
    @pytest.mark.parametrize(
        ("asked", "body", "content_range"),
        [
            ("bytes=0-0", b"0", "bytes 0-0/10"),
            ("bytes=2-4", b"234", "bytes 2-4/10"),
            ("bytes=7-", b"789", "bytes 7-9/10"),
            ("bytes=-3", b"789", "bytes 7-9/10"),
            ("bytes=-99", b"0123456789", "bytes 0-9/10"),
            ("bytes=8-99", b"89", "bytes 8-9/10"),
        ],
    )
    async def test_one_range_is_206(self, origin, asked, body, content_range) -> None:
        response = await ask(origin, "/ten.txt", range=asked)
        assert (response.status, response.reason, response.body) == (206, "Partial Content", body)
        assert response.headers.get("content-range") == content_range
        assert response.headers.get("content-length") == str(len(body))

    @pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"])
    async def test_beyond_the_end_is_416(self, origin, asked) -> None:
        response = await ask(origin, "/ten.txt", range=asked)
        assert response.status == 416
        error = error_of(response)
        assert (error["Code"], error["RangeRequested"], error["ActualObjectSize"]) == ("InvalidRange", asked, "10")

    @pytest.mark.parametrize(
        "asked",
        ["bytes=0-1,3-4", "bytes=4-2", "bytes=-", "bytes=a-b", "lines=0-1", "bytes 0-1", f"bytes=0-{'9' * 5000}"],
    )
    async def test_what_is_no_single_range_is_ignored(self, origin, asked) -> None:
        assert (await ask(origin, "/ten.txt", range=asked)).status == 200

    async def test_no_part_of_an_empty_object_can_be_had(self, origin) -> None:
        assert (await ask(origin, "/empty", range="bytes=0-")).status == 416
        assert (await ask(origin, "/empty")).status == 200

    @pytest.mark.parametrize(
        ("if_range", "status"), [(ETAG, 206), ('"x"', 200), (MODIFIED, 206), (AFTER, 200), (f"W/{ETAG}", 200)]
    )
    async def test_if_range(self, origin, if_range, status) -> None:
        assert (await ask(origin, "/ten.txt", range="bytes=0-1", if_range=if_range)).status == status

    async def test_a_large_range_streams(self, origin, bucket) -> None:
        data = os.urandom(READ_AT_ONCE * 2)
        (bucket / "large").write_bytes(data)
        response = await ask(origin, "/large", range=f"bytes=5-{READ_AT_ONCE + 5}")
        assert b"".join([chunk async for chunk in response.body.chunks()]) == data[5 : READ_AT_ONCE + 6]


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [
        ("PUT", 403, "AccessDenied"),
        ("DELETE", 403, "AccessDenied"),
        ("POST", 405, "MethodNotAllowed"),
        ("PATCH", 405, "MethodNotAllowed"),
        ("OPTIONS", 403, "AccessForbidden"),
    ],
)
async def test_nothing_is_written(origin, bucket, method, status, code) -> None:
    response = await ask(origin, "/ten.txt", method)
    assert (response.status, error_of(response)["Code"]) == (status, code)
    assert (bucket / "ten.txt").read_bytes() == b"0123456789"


async def test_who_writes_is_told_why_it_is_denied(origin) -> None:
    error = error_of(await ask(origin, "/ten.txt", "PUT"))
    assert error["Message"] == "Access Denied: edgesim only reads from this directory"
