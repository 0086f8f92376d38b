"""A directory that plays an S3 bucket's REST endpoint, for reading.

Rule 1: the path, percent-decoded, is a key, and a key is a file's place in the directory, spelled exactly. Nothing
        outside is ever read: `..`, `.` and empty segments, absolute places and links that lead out are missing keys.
Rule 2: there are no index documents, and directories are missing keys, as S3 has none.
Rule 3: nothing is written: PUT and DELETE are denied, POST is not allowed.
Known difference: the bucket itself (`/`) is a missing key; S3 would list it to callers who may.
Source: RequestAndResponseBehaviorS3Origin; S3's API reference for GetObject and its error responses, where marked.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.ports import BodyStream, Clock
from edgesim.values.body import NO_BODY, Body
from edgesim.values.headers import Field, Headers, list_items
from edgesim.values.instant import Instant, http_date, parse_http_date
from edgesim.values.message import Request, Response

READ_AT_ONCE = 256 * 1024  # bytes; larger files are read in a thread, and streamed
PIECE = 1024 * 1024

# inferred, after S3's GetObject: Content-Type of objects that were stored without one
DEFAULT_TYPE = "binary/octet-stream"

# inferred: the types that `aws s3 sync` would have set, and those that Python's own table lacks or has otherwise.
TYPES = mimetypes.MimeTypes().types_map[True] | {
    ".avif": "image/avif",
    ".br": DEFAULT_TYPE,
    ".cjs": "text/javascript",
    ".gz": "application/gzip",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """One of S3's errors. inferred: texts from background knowledge of S3's error responses"""

    status: int
    reason: str
    code: str
    message: str


NO_SUCH_KEY = _Refusal(404, "Not Found", "NoSuchKey", "The specified key does not exist.")
ACCESS_DENIED = _Refusal(403, "Forbidden", "AccessDenied", "Access Denied")
INVALID_URI = _Refusal(400, "Bad Request", "InvalidURI", "Couldn't parse the specified URI.")
NOT_ALLOWED = _Refusal(
    405, "Method Not Allowed", "MethodNotAllowed", "The specified method is not allowed against this resource."
)
NO_CORS = _Refusal(403, "Forbidden", "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
PRECONDITION_FAILED = _Refusal(
    412,
    "Precondition Failed",
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
)
INVALID_RANGE = _Refusal(
    416, "Requested Range Not Satisfiable", "InvalidRange", "The requested range is not satisfiable"
)

REFUSED_METHODS = {
    "PUT": ACCESS_DENIED,
    "DELETE": ACCESS_DENIED,
    "PATCH": NOT_ALLOWED,
    "POST": NOT_ALLOWED,
    "OPTIONS": NO_CORS,
}


@dataclass(frozen=True, slots=True)
class _Object:
    """One file as an object. `modified` has whole seconds, as in Last-Modified; links keep the key's own name."""

    key: str
    path: Path
    size: int
    modified: Instant
    etag: str


class FolderOrigin:
    """Implements ports.OriginClient. `new_id` makes request ids; `listable` says whether a missing key is 404
    NoSuchKey, as for callers who may list the bucket, or 403 AccessDenied."""

    def __init__(self, root: Path, *, clock: Clock, new_id: Callable[[], str], listable: bool = True) -> None:
        self._root = root.resolve()
        self._clock = clock
        self._new_id = new_id
        self._missing = NO_SUCH_KEY if listable else ACCESS_DENIED
        self._etag = lru_cache(maxsize=10_000)(_md5)

    def where(self, origin: Origin, *, https: bool) -> str:
        """The directory."""
        return str(self._root)

    async def resolve(self, origin: Origin, *, https: bool) -> None:
        """A directory needs no name."""

    async def fetch(self, request: Request, origin: Origin, *, https: bool) -> Response:
        """Both protocols answer alike. Raises OriginFault where a file can't be read."""
        refusal = REFUSED_METHODS.get(request.method)
        if refusal is not None:
            return self._refuse(request, refusal, Method=request.method)
        path = origin.path + request.path
        key = key_of(path)
        if key is None:
            return self._refuse(request, INVALID_URI, URI=path)
        try:
            found = await self._find(key)
            if found is None:
                return self._missing_key(request, key)
            return await self._answer(request, found)
        except OSError as error:
            raise OriginFault(OriginTrouble.RESET, f"{self._root / key} can't be read: {error.strerror}") from error

    async def _find(self, key: str) -> _Object | None:
        path = file_of(self._root, key)
        if path is None:
            return None
        status = path.stat()
        arguments = (path, status.st_mtime_ns, status.st_size)
        if status.st_size <= READ_AT_ONCE:
            etag = self._etag(*arguments)
        else:
            etag = await asyncio.to_thread(self._etag, *arguments)
        return _Object(key, path, status.st_size, Instant(float(int(status.st_mtime))), etag)

    async def _answer(self, request: Request, found: _Object) -> Response:
        condition = failed_condition(request.headers, found)
        if condition is not None:
            return self._refuse(request, PRECONDITION_FAILED, Condition=condition)
        if is_not_modified(request.headers, found):
            return Response(304, self._headers(_validators(found)), reason="Not Modified")
        span = wanted_range(request.headers, found)
        if span is None:
            return await self._object(request, found, 200, range(found.size))
        if not span:
            asked = request.headers.get("range") or ""
            return self._refuse(request, INVALID_RANGE, RangeRequested=asked, ActualObjectSize=str(found.size))
        return await self._object(request, found, 206, span)

    async def _object(self, request: Request, found: _Object, status: int, span: range) -> Response:
        part = [("Content-Range", f"bytes {span.start}-{span.stop - 1}/{found.size}")] if status == 206 else []
        headers = self._headers(
            [
                *_validators(found),
                # inferred, after S3's default bucket encryption since 2023
                ("x-amz-server-side-encryption", "AES256"),
                ("Accept-Ranges", "bytes"),
                *part,
                ("Content-Type", TYPES.get(PurePosixPath(found.key).suffix.lower(), DEFAULT_TYPE)),
                ("Content-Length", str(len(span))),
            ]
        )
        body = NO_BODY if request.method == "HEAD" else await _contents(found.path, span)
        return Response(status, headers, body, "OK" if status == 200 else "Partial Content")

    def _missing_key(self, request: Request, key: str) -> Response:
        if self._missing is NO_SUCH_KEY:
            return self._refuse(request, NO_SUCH_KEY, Key=key)
        return self._refuse(request, self._missing)

    def _headers(self, more: list[Field]) -> Headers:
        """Order and names as S3 sends them (inferred, after public buckets)."""
        return Headers(
            [
                ("x-amz-id-2", self._new_id()),
                ("x-amz-request-id", self._new_id()),
                ("Date", http_date(self._clock.now())),
                *more,
                ("Server", "AmazonS3"),
            ]
        )

    def _refuse(self, request: Request, refusal: _Refusal, **details: str) -> Response:
        headers = self._headers([("Content-Type", "application/xml"), ("Transfer-Encoding", "chunked")])
        fields = {
            "Code": refusal.code,
            "Message": refusal.message,
            **details,
            "RequestId": headers.get("x-amz-request-id") or "",
            "HostId": headers.get("x-amz-id-2") or "",
        }
        text = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in fields.items())
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'
        body = NO_BODY if request.method == "HEAD" else xml.encode()
        return Response(refusal.status, headers, body, refusal.reason)


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def key_of(path: str) -> str | None:
    """The key that a raw path names, or None where it is not percent-encoded UTF-8."""
    if _BAD_ESCAPE.search(path):
        return None
    try:
        return unquote_to_bytes(path.removeprefix("/").encode("latin-1")).decode("utf-8")
    except UnicodeDecodeError:
        return None


def file_of(root: Path, key: str) -> Path | None:
    """The file with this key, or None where there is none inside of the root (which must be resolved)."""
    segments = key.split("/")
    if "\0" in key or not {"", ".", ".."}.isdisjoint(segments):
        return None
    try:
        path = root.joinpath(*segments).resolve(strict=True)
    except (OSError, RuntimeError):  # missing, under a file, too long a name, a circle of links
        return None
    return path if path.is_relative_to(root) and path.is_file() else None


def failed_condition(headers: Headers, found: _Object) -> str | None:
    """The condition that makes it a 412, or None. inferred (GetObject): If-Match outweighs If-Unmodified-Since"""
    if (wanted := headers.joined("if-match")) is not None:
        return None if _names(wanted, found.etag) else "If-Match"
    since = parse_http_date(headers.get("if-unmodified-since") or "")
    return "If-Unmodified-Since" if since is not None and found.modified > since else None


def is_not_modified(headers: Headers, found: _Object) -> bool:
    """inferred, after S3's GetObject: If-None-Match outweighs If-Modified-Since"""
    if (known := headers.joined("if-none-match")) is not None:
        return _names(known, found.etag)
    since = parse_http_date(headers.get("if-modified-since") or "")
    return since is not None and found.modified <= since


def wanted_range(headers: Headers, found: _Object) -> range | None:
    """The bytes asked for, an empty range where there are none such, or None for the whole object.

    inferred, after S3's GetObject: one range only; several, or none that can be read, are ignored
    """
    match = _RANGE.fullmatch((headers.get("range") or "").strip())
    if match is None or not (match[1] or match[2]) or not _unchanged(headers.get("if-range"), found):
        return None
    if not match[1]:
        return range(max(0, found.size - int(match[2])), found.size)
    start, stop = int(match[1]), int(match[2]) + 1 if match[2] else found.size
    if match[2] and stop <= start:
        return None  # RFC 9110 §14.1.1: invalid, so as if absent
    return range(start, min(stop, found.size))


def _unchanged(if_range: str | None, found: _Object) -> bool:
    if if_range is None or if_range == found.etag:
        return True
    return parse_http_date(if_range) == found.modified


def _names(etags: str, etag: str) -> bool:
    return any(item in ("*", etag, f"W/{etag}") for item in list_items([etags]))


def _validators(found: _Object) -> list[Field]:
    return [("Last-Modified", http_date(found.modified)), ("ETag", found.etag)]


def _md5(path: Path, _modified: int, _size: int) -> str:
    """inferred, after S3: the ETag of an object that was put in one piece. The other arguments make a change show."""
    with path.open("rb") as file:
        return f'"{hashlib.file_digest(file, _new_md5).hexdigest()}"'


def _new_md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


async def _contents(path: Path, span: range) -> Body:
    if len(span) > READ_AT_ONCE:
        return FileBody(path, span)
    return _read(path, span)


def _read(path: Path, span: range) -> bytes:
    with path.open("rb") as file:
        data = os.pread(file.fileno(), len(span), span.start)
    if len(data) < len(span):
        raise _shorter(path)
    return data


def _shorter(path: Path) -> OriginFault:
    return OriginFault(OriginTrouble.RESET, f"{path} became shorter while it was read")


class FileBody(BodyStream):
    """A span of a file, read in a thread piece by piece. Opened at once, so that it stays what it was found to be
    even where the file is replaced."""

    __slots__ = ("_file", "_span")

    def __init__(self, path: Path, span: range) -> None:
        super().__init__(len(span))
        self._file: BinaryIO = path.open("rb")
        self._span = span

    async def chunks(self) -> AsyncGenerator[bytes]:
        for start in range(self._span.start, self._span.stop, PIECE):
            size = min(PIECE, self._span.stop - start)
            piece = await asyncio.to_thread(os.pread, self._file.fileno(), size, start)
            if len(piece) < size:
                raise _shorter(Path(self._file.name))
            yield piece
        await self.aclose()

    async def aclose(self) -> None:
        self._file.close()
