"""Where a response on a connection ends by what its head says.

RFC 9112 §6.3: the body has the announced number of bytes, and none where it answers HEAD or is a 204 or 304; whatever
follows is none of it. inferred: CloudFront takes such a response as the one that was announced; aiohttp 3.14 refuses it
(observed).
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

_END_OF_HEAD = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_BODILESS = (b"204", b"304")
_SWITCHED = b"101"


class Announced:
    """One response as it comes in; `to_head` tells that it answers HEAD. `surplus` tells that more came than its head
    had announced."""

    def __init__(self, *, to_head: bool = False) -> None:
        self.surplus = False
        self._to_head = to_head
        self._head: bytes | None = b""
        self._left: int | None = None

    def take(self, data: bytes) -> bytes:
        """What of the next bytes belongs to the response. All of them where its head names no length."""
        if self._head is not None:
            return self._take_head(self._head, data)
        if self._left is None or len(data) <= self._left:
            self._left = self._left and self._left - len(data)
            return data
        self.surplus, left, self._left = True, self._left, 0
        return data[:left]

    def _take_head(self, before: bytes, data: bytes) -> bytes:
        seen = before + data
        end = seen.find(_END_OF_HEAD, max(0, len(before) - len(_END_OF_HEAD)))
        if end < 0:
            self._head = seen
            return data
        head = seen[: end + len(_END_OF_HEAD)]
        if _is_interim(head):
            self._head = b""
        else:
            self._head, self._left = None, _length(head, to_head=self._to_head)
        body = len(head) - len(before)
        return data[:body] + self.take(data[body:]) if data[body:] else data


def _is_interim(head: bytes) -> bool:
    """Does another head follow?"""
    status = _STATUS.match(head)
    return status is not None and status[1].startswith(b"1") and status[1] != _SWITCHED


def _length(head: bytes, *, to_head: bool) -> int | None:
    """The announced bytes of a final response's body; None where it ends otherwise."""
    status, length = _STATUS.match(head), _LENGTH.search(head)
    if status is None or status[1] == _SWITCHED:
        return None
    if to_head or status[1] in _BODILESS:
        return 0
    return None if length is None or _CODING.search(head) else int(length[1])


class _OneResponse(ResponseHandler):
    """A connection that takes of each answer what it announced; after more than that it serves no other request."""

    _announced: Announced | None = None

    def set_response_params(self, *, skip_payload: bool = False, **params: Any) -> None:
        self._announced = Announced(to_head=skip_payload)
        super().set_response_params(skip_payload=skip_payload, **params)

    def data_received(self, data: bytes) -> None:
        if self._announced is None:
            super().data_received(data)
            return
        taken = self._announced.take(data)
        if self._announced.surplus:
            self.force_close()
        if taken or not data:
            super().data_received(taken)


class Connector(aiohttp.TCPConnector):
    """aiohttp's pool, of such connections."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = cast("partial[ResponseHandler]", partial(_OneResponse, loop=self._loop))
