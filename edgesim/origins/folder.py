"""A directory that plays an S3 bucket's REST endpoint, for reading.

Rule 1: a key is a file (objects.py). There are no index documents, and directories are missing keys, as S3 has none.
Rule 2: nothing is written: PUT and DELETE are denied, POST is not allowed.
Known difference: the bucket itself (`/`) is a missing key; S3 would list it to callers who may.
Source: RequestAndResponseBehaviorS3Origin; S3's API reference for GetObject and its error responses, where marked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from edgesim.distribution.model import Origin
from edgesim.errors import OriginFault, OriginTrouble
from edgesim.origins.objects import (
    Object,
    Objects,
    content_type,
    contents,
    failed_condition,
    is_not_modified,
    key_of,
    validators,
    wanted_range,
)
from edgesim.ports import Clock
from edgesim.values.body import NO_BODY
from edgesim.values.headers import Field, Headers
from edgesim.values.instant import http_date
from edgesim.values.message import Request, Response

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of S3's errors. inferred: texts from background knowledge of S3's error responses"""

    status: int
    reason: str
    code: str
    message: str


NO_SUCH_KEY = Refusal(404, "Not Found", "NoSuchKey", "The specified key does not exist.")
ACCESS_DENIED = Refusal(403, "Forbidden", "AccessDenied", "Access Denied")
INVALID_URI = Refusal(400, "Bad Request", "InvalidURI", "Couldn't parse the specified URI.")
NOT_ALLOWED = Refusal(
    405, "Method Not Allowed", "MethodNotAllowed", "The specified method is not allowed against this resource."
)
NO_CORS = Refusal(403, "Forbidden", "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
PRECONDITION_FAILED = Refusal(
    412,
    "Precondition Failed",
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
)
INVALID_RANGE = Refusal(
    416, "Requested Range Not Satisfiable", "InvalidRange", "The requested range is not satisfiable"
)

READ_ONLY = Refusal(403, "Forbidden", "AccessDenied", "Access Denied: edgesim only reads from this directory")

REFUSED_METHODS = {
    "PUT": READ_ONLY,
    "DELETE": READ_ONLY,
    "PATCH": NOT_ALLOWED,
    "POST": NOT_ALLOWED,
    "OPTIONS": NO_CORS,
}


class FolderOrigin:
    """Implements ports.OriginClient. `new_id` makes request ids; `listable` says whether a missing key is 404
    NoSuchKey, as for callers who may list the bucket, or 403 AccessDenied."""

    def __init__(self, root: Path, *, clock: Clock, new_id: Callable[[], str], listable: bool = True) -> None:
        self.objects = Objects(root)
        self._clock = clock
        self._new_id = new_id
        self._missing = NO_SUCH_KEY if listable else ACCESS_DENIED

    def where(self, origin: Origin, *, https: bool) -> str:
        """The directory."""
        return str(self.objects.root)

    async def resolve(self, origin: Origin, *, https: bool) -> None:
        """A directory needs no name."""

    async def fetch(self, request: Request, origin: Origin, *, https: bool) -> Response:
        """Both protocols answer alike. Raises OriginFault where a file can't be read."""
        refusal = self.refused_method(request.method)
        if refusal is not None:
            return self.refuse(request, refusal, Method=request.method)
        path = origin.path + request.path
        key = key_of(path)
        if key is None:
            return self.refuse(request, INVALID_URI, URI=path)
        try:
            return await self.answer_key(request, origin, key)
        except OSError as error:
            raise OriginFault(
                OriginTrouble.RESET, f"{self.objects.root / key} can't be read: {error.strerror}"
            ) from error

    def refused_method(self, method: str) -> Refusal | None:
        """What keeps a method from being answered."""
        return REFUSED_METHODS.get(method)

    async def answer_key(self, request: Request, origin: Origin, key: str) -> Response:
        """The object, or what S3 says where there is none."""
        found = await self.objects.find(key)
        return await self.answer_object(request, found) if found is not None else self._missing_key(request, key)

    async def answer_object(self, request: Request, found: Object) -> Response:
        """An object that is there, as the request's conditions and range have it."""
        condition = failed_condition(request.headers, found)
        if condition is not None:
            return self.refuse(request, PRECONDITION_FAILED, Condition=condition)
        if is_not_modified(request.headers, found):
            return Response(304, self.headers(validators(found)), reason="Not Modified")
        span = wanted_range(request.headers, found)
        if span is None:
            return await self._object(request, found, 200, range(found.size))
        if not span:
            asked = request.headers.get("range") or ""
            return self.refuse(request, INVALID_RANGE, RangeRequested=asked, ActualObjectSize=str(found.size))
        return await self._object(request, found, 206, span)

    async def _object(self, request: Request, found: Object, status: int, span: range) -> Response:
        part = [("Content-Range", f"bytes {span.start}-{span.stop - 1}/{found.size}")] if status == 206 else []
        headers = self.headers(
            [
                *self.object_fields(found),
                *part,
                ("Content-Type", content_type(found)),
                ("Content-Length", str(len(span))),
            ]
        )
        body = NO_BODY if request.method == "HEAD" else await contents(found.path, span)
        return Response(status, headers, body, "OK" if status == 200 else "Partial Content")

    def object_fields(self, found: Object) -> list[Field]:
        """What the head says of an object. inferred, after S3's default bucket encryption since 2023"""
        return [*validators(found), ("x-amz-server-side-encryption", "AES256"), ("Accept-Ranges", "bytes")]

    def _missing_key(self, request: Request, key: str) -> Response:
        if self._missing is NO_SUCH_KEY:
            return self.refuse(request, NO_SUCH_KEY, Key=key)
        return self.refuse(request, self._missing)

    def headers(self, more: list[Field]) -> Headers:
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

    def refuse(self, request: Request, refusal: Refusal, **details: str) -> Response:
        """S3's XML error."""
        headers = self.headers([("Content-Type", "application/xml"), ("Transfer-Encoding", "chunked")])
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
