"""Requests and responses, as values. Text is wire text: see headers.py."""

from __future__ import annotations

from http import HTTPStatus

from edgesim.values.body import NO_BODY, Body
from edgesim.values.headers import NO_HEADERS, Headers
from edgesim.values.record import record

SWITCHING_PROTOCOLS = 101
"""The status of an origin's yes to a WebSocket"""


@record
class Request:
    """One HTTP request. `path` is raw, as the viewer wrote it, and begins with `/`; `query` has no leading `?`."""

    method: str
    path: str
    query: str = ""
    headers: Headers = NO_HEADERS
    body: Body = NO_BODY

    @property
    def target(self) -> str:
        """Path and query string as in a request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.target}>"


@record
class Response:
    """One HTTP response. `reason` is the phrase of the status line; empty means the standard one."""

    status: int
    headers: Headers = NO_HEADERS
    body: Body = NO_BODY
    reason: str = ""

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.body!r:.40}>"


def standard_reason(status: int) -> str:
    """The registered reason phrase, or an empty text for a status without one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
