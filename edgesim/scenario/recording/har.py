"""HAR files: what browsers, Charles and mitmproxy write down of the traffic they saw.

Forgiving where tools differ (missing bodies, HTTP/2's pseudo headers, unpacked bodies beside packed headers), exact in
saying where a file is broken. Source: the HAR 1.2 specification; observed: Chrome, Firefox, Charles, mitmproxy.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from edgesim.errors import ConfigError
from edgesim.scenario.recording.recorded import Exchange, is_header_name
from edgesim.values.body import NO_BODY, Body, Ticket
from edgesim.values.headers import Field, Headers, wire
from edgesim.values.instant import Instant
from edgesim.values.message import Request, Response


class HarError(ConfigError):
    """The file is no HAR, or one of its entries can't be read; the text says where."""


@dataclass(frozen=True, slots=True)
class Har:
    """The exchanges with one host. `others` counts the entries of every other host; `notes` say what else was left
    out. `https`: its entries were made with HTTPS."""

    host: str
    exchanges: tuple[Exchange, ...]
    others: Mapping[str, int]
    notes: tuple[str, ...] = ()


def read_har(text: str, host: str | None = None) -> Har:
    """The entries of one host: the one that is named (`www.example.com`, with its port where it is no usual one), or
    the one with the most entries. Raises HarError."""
    entries = list(_entries(text))
    counts = Counter(entry.host for entry in entries)
    if not counts:
        raise HarError("there is no request over HTTP in this file")
    if host is not None and host.lower() not in counts:
        known = ", ".join(name for name, _ in counts.most_common(5))
        raise HarError(f"there is no request to {host} in this file", f"there are requests to {known}")
    chosen = host.lower() if host is not None else counts.most_common(1)[0][0]
    notes: Counter[str] = Counter()
    exchanges: list[Exchange] = []
    for entry in entries:
        if entry.host == chosen:
            exchange = _exchange(entry)
            if isinstance(exchange, str):
                notes[exchange] += 1
            else:
                exchanges.append(exchange)
    others = {name: count for name, count in counts.most_common() if name != chosen}
    told = tuple(f"{count:,} {'entry' if count == 1 else 'entries'} left out: {why}" for why, count in notes.items())
    return Har(chosen, tuple(exchanges), others, told)


# ── the file ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a web server. `at` is its place in the file."""

    at: str
    url: SplitResult
    value: Mapping[str, Any]

    @property
    def host(self) -> str:
        return self.url.netloc.rpartition("@")[2].lower()


def _entries(text: str) -> Iterator[_Entry]:
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise HarError(f"this is no HAR: line {error.lineno}, column {error.colno} is no JSON ({error.msg})") from error
    except RecursionError as error:
        raise HarError("this is no HAR: it is nested too deeply") from error
    for index, entry in enumerate(_member(_member(value, "log", dict, ""), "entries", list, "log")):
        at = f"log.entries[{index}]"
        if not isinstance(entry, dict):
            raise HarError(f"{at} is no entry but {_kind(entry)}")
        request = _member(entry, "request", dict, at)
        url = _url(_member(request, "url", str, f"{at}.request"), f"{at}.request.url")
        if url.scheme in {"http", "https"} and url.netloc:
            yield _Entry(at, url, entry)


def _url(text: str, at: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise HarError(f"{at} is no URL: {error}") from error


def _member(value: Any, name: str, kind: type, at: str) -> Any:
    """A member that must be there. Raises HarError."""
    place = f"{at}.{name}" if at else name
    if not isinstance(value, dict):
        raise HarError(f"this is no HAR: {at or 'the whole'} is {_kind(value)}, not an object")
    if name not in value:
        raise HarError(f"this is no HAR: {place} is missing" if not at else f"{place} is missing")
    if not isinstance(value[name], kind):
        raise HarError(f"{place} must be {_KINDS[kind]}, not {_kind(value[name])}")
    return value[name]


_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number", bool: "a truth value"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "nothing")


# ── one entry ────────────────────────────────────────────────────────────────


def _exchange(entry: _Entry) -> Exchange | str:
    """What passed, or why it tells nothing."""
    response = _member(entry.value, "response", dict, entry.at)
    status = response.get("status")
    if not isinstance(status, int) or isinstance(status, bool):
        raise HarError(f"{entry.at}.response.status must be a number, not {_kind(status)}")
    if status == 0:
        return "it got no answer"
    if status == 101:
        return "it became a WebSocket"
    if entry.value.get("_fromCache") or entry.value.get("fromCache"):
        return "the browser answered from its own cache"
    return Exchange(
        at=_instant(entry),
        request=_request(entry),
        response=_response(response, status, f"{entry.at}.response"),
        https=entry.url.scheme == "https",
    )


def _instant(entry: _Entry) -> Instant:
    text = _member(entry.value, "startedDateTime", str, entry.at)
    try:
        parsed = datetime.fromisoformat(text)
        return Instant((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise HarError(f"{entry.at}.startedDateTime is no point in time: {text[:40]!r}") from None


def _request(entry: _Entry) -> Request:
    at = f"{entry.at}.request"
    value = entry.value["request"]
    method = _member(value, "method", str, at).upper()
    headers = _headers(value.get("headers"), f"{at}.headers")
    if "cookie" not in headers and (cookies := _named(value.get("cookies"), f"{at}.cookies")):
        headers = headers.adding(("cookie", "; ".join(f"{name}={text}" for name, text in cookies)))
    if "host" not in headers:  # HTTP/2 has it in a pseudo header
        headers = headers.adding(("host", entry.host))
    path, query = _in_url(entry.url.path) or "/", _in_url(entry.url.query)
    return Request(method, path, query, headers, _sent(value.get("postData"), f"{at}.postData"))


_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f]")


def _in_url(text: str) -> str:
    return _NOT_IN_A_URL.sub(lambda match: f"%{ord(match[0]):02X}", _wire(text))


def _wire(text: str) -> str:
    """A text of the file as it went over the wire; what is no text in any encoding becomes question marks."""
    return wire(text.encode("utf-8", "replace").decode())


def _response(value: Mapping[str, Any], status: int, at: str) -> Response:
    content = value.get("content") or {}
    if not isinstance(content, dict):
        raise HarError(f"{at}.content must be an object, not {_kind(content)}")
    headers = _headers(value.get("headers"), f"{at}.headers")
    if "content-type" not in headers and isinstance(kind := content.get("mimeType"), str) and "/" in kind:
        headers = headers.adding(("content-type", _wire(kind)))
    body = _body(content, f"{at}.content")
    # A HAR has bodies unpacked, though the headers are those of the packed ones
    return Response(status, headers.without("content-encoding") if body != NO_BODY else headers, body)


def _body(content: Mapping[str, Any], at: str) -> Body:
    """The bytes; a Ticket where a tool left them out."""
    text, size = content.get("text"), content.get("size")
    if text is None:
        return Ticket(size) if isinstance(size, int) and 0 < size <= _MOST_BYTES else NO_BODY
    if not isinstance(text, str):
        raise HarError(f"{at}.text must be a text, not {_kind(text)}")
    if content.get("encoding") != "base64":
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise HarError(f"{at}.text is no base64: {error}") from None


_MOST_BYTES = 1 << 30


def _sent(post: Any, at: str) -> Body:
    """What a viewer sent: as text, or by its parameters."""
    if post is None:
        return NO_BODY
    if not isinstance(post, dict):
        raise HarError(f"{at} must be an object, not {_kind(post)}")
    if post.get("text"):
        return _body(post, at)
    params = [(name, text) for name, text in _named(post.get("params"), f"{at}.params")]
    return urlencode(params, encoding="latin-1").encode() if params else NO_BODY


def _headers(value: Any, at: str) -> Headers:
    """Fields, without HTTP/2's pseudo headers. Browsers join the lines of Set-Cookie with line ends."""
    fields: list[Field] = []
    for name, text in _named(value, at):
        if is_header_name(name.lower()):
            lines = (line.strip() for line in re.split(r"[\r\n\0]+", text))
            fields += [(name, line) for line in lines if line or "\n" not in text]
    return Headers(fields)


def _named(value: Any, at: str) -> list[Field]:
    """`[{name, value}, …]`"""
    if value is None:
        return []
    if not isinstance(value, list):
        raise HarError(f"{at} must be a list, not {_kind(value)}")
    found: list[Field] = []
    for index, item in enumerate(value):
        name = _member(item, "name", str, f"{at}[{index}]")
        text = item.get("value", "")
        if isinstance(text, str) and name:
            found.append((_wire(name), _wire(text)))
    return found
