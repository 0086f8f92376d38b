"""A directory's files as a bucket's objects: keys, validators, conditions, ranges, bodies.

Rule: the path, percent-decoded, is a key, and a key is a file's place in the directory, spelled exactly. Nothing
      outside is ever read: `..`, `.` and empty segments, absolute places and links that lead out are missing keys.
Source: S3's API reference for GetObject, where marked.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from edgesim.errors import OriginFault, OriginTrouble
from edgesim.ports import BodyStream
from edgesim.values.body import Body
from edgesim.values.headers import Field, Headers, list_items
from edgesim.values.instant import Instant, http_date, parse_http_date

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
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Object:
    """One file as an object. `modified` has whole seconds, as in Last-Modified; links keep the key's own name."""

    key: str
    path: Path
    size: int
    modified: Instant
    etag: str


class Objects:
    """The objects of a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._etag = lru_cache(maxsize=10_000)(_md5)

    async def find(self, key: str) -> Object | None:
        """The object with this key, or None. Raises OSError where it can't be read."""
        path = file_of(self.root, key)
        if path is None:
            return None
        status = path.stat()
        arguments = (path, status.st_mtime_ns, status.st_size)
        if status.st_size <= READ_AT_ONCE:
            etag = self._etag(*arguments)
        else:
            etag = await asyncio.to_thread(self._etag, *arguments)
        return Object(key, path, status.st_size, Instant(float(int(status.st_mtime))), etag)


def content_type(found: Object) -> str:
    """The type that a file's name tells."""
    return TYPES.get(PurePosixPath(found.key).suffix.lower(), DEFAULT_TYPE)


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


def failed_condition(headers: Headers, found: Object) -> str | None:
    """The condition that makes it a 412, or None. inferred (GetObject): If-Match outweighs If-Unmodified-Since"""
    if (wanted := headers.joined("if-match")) is not None:
        return None if _names(wanted, found.etag) else "If-Match"
    since = parse_http_date(headers.get("if-unmodified-since") or "")
    return "If-Unmodified-Since" if since is not None and found.modified > since else None


def is_not_modified(headers: Headers, found: Object) -> bool:
    """inferred, after S3's GetObject: If-None-Match outweighs If-Modified-Since"""
    if (known := headers.joined("if-none-match")) is not None:
        return _names(known, found.etag)
    since = parse_http_date(headers.get("if-modified-since") or "")
    return since is not None and found.modified <= since


def wanted_range(headers: Headers, found: Object) -> range | None:
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


def _unchanged(if_range: str | None, found: Object) -> bool:
    if if_range is None or if_range == found.etag:
        return True
    return parse_http_date(if_range) == found.modified


def _names(etags: str, etag: str) -> bool:
    return any(item in ("*", etag, f"W/{etag}") for item in list_items([etags]))


def validators(found: Object) -> list[Field]:
    """Last-Modified and ETag."""
    return [("Last-Modified", http_date(found.modified)), ("ETag", found.etag)]


def _md5(path: Path, _modified: int, _size: int) -> str:
    """inferred, after S3: the ETag of an object that was put in one piece. The other arguments make a change show."""
    with path.open("rb") as file:
        return f'"{hashlib.file_digest(file, _new_md5).hexdigest()}"'


def _new_md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


async def contents(path: Path, span: range) -> Body:
    """A span of a file. Raises OSError."""
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
