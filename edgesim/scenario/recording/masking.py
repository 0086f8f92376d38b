"""What must not stand in a recorded scenario, and what would be different the next time.

Rule 1: a secret is its placeholder wherever it occurs, so that the story still holds: `session-1` is what the server
        set, what the viewer sent back, and what the page shows.
Rule 2: a header that tells of the one exchange (Date, X-Amz-Cf-Id) is left out; a value with a time, an id or a digest
        in it becomes a pattern.
All text here is wire text (values/headers.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus, unquote_plus

from edgesim.values.headers import Headers
from edgesim.values.message import Request, Response
from edgesim.values.uri import cookie_pairs, query_pairs


class Secret(NamedTuple):
    """A value, the name that it stands under, and what to call it where that is not its name."""

    name: str
    value: str
    label: str = ""


Found = Iterator[Secret]


# ── headers that are left out ────────────────────────────────────────────────

FRAMING = frozenset(
    (
        "connection", "content-length", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    )
)  # fmt: skip
"""They belong to one connection, or follow from the rest."""

_VOLATILE = frozenset(
    (
        "age", "alt-svc", "date", "expect-ct", "nel", "report-to", "server", "server-timing", "traceparent",
        "tracestate", "via", "x-cache", "x-cache-hits", "x-correlation-id", "x-request-id", "x-requestid",
        "x-response-time", "x-runtime", "x-served-by", "x-timer", "x-trace-id", "x-vercel-id",
    )
)  # fmt: skip
_VOLATILE_PREFIXES = ("cf-", "x-amz-cf-", "x-amz-id-", "x-amz-request-", "x-amzn-request", "x-amzn-trace", "x-b3-")

_NOISE = frozenset(
    (
        "accept-encoding", "accept-language", "cache-control", "dnt", "edgesim-viewer", "expect", "pragma", "priority",
        "referer", "save-data", "upgrade-insecure-requests", "user-agent", "via", "x-forwarded-for",
        "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip",
    )
)  # fmt: skip


def is_volatile(name: str) -> bool:
    """Does a response header tell of the one exchange, or of who delivered it?"""
    return name in _VOLATILE or name in FRAMING or name.startswith(_VOLATILE_PREFIXES)


def is_noise(name: str, value: str) -> bool:
    """Is a request header what every browser or tool sends without being told?"""
    return name in _NOISE or name.startswith(("sec-", *_VOLATILE_PREFIXES)) or (name == "accept" and value == "*/*")


# ── values that differ each time ─────────────────────────────────────────────

_HEX = "[0-9a-fA-F]"
_VARYING: tuple[tuple[str, str], ...] = (
    (rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}", rf"{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"),
    (
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]+(Z|[+-][0-9:]+)?",
    ),
    (
        r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2}[ -][A-Z][a-z]{2}[ -][0-9]{2,4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
        r"[A-Z][a-z]{2}, [0-9]{2}[ -][A-Z][a-z]{2}[ -][0-9]{2,4} [0-9:]{8} GMT",
    ),
    (r"(?<![0-9A-Za-z])1[0-9]{9}(?:[0-9]{3})?(?![0-9A-Za-z])", r"[0-9]{10,13}"),
    (rf"(?<![0-9A-Za-z])(?=[a-fA-F]*[0-9]){_HEX}{{16,}}(?![0-9A-Za-z])", rf"{_HEX}{{16,}}"),
)
"""What to look for, and the pattern it becomes: UUIDs, ISO times, HTTP dates, seconds and milliseconds, digests."""

VARYING = re.compile("|".join(f"({seen})" for seen, _ in _VARYING))

_STEADY = frozenset({"last-modified", "content-type", "cache-control"})
"""An ETag with a digest follows from the body, and is another where that is; what is Last-Modified stays."""


def varies(text: str) -> bool:
    """Would a part of this text differ the next time?"""
    return VARYING.search(text) is not None


def expected(name: str, value: str) -> str | dict[str, str]:
    """What to expect of a header's value: itself, or a pattern where a part of it would differ the next time."""
    return value if name in _STEADY or not varies(value) else {"matches": f"^{pattern_of(value)}$"}


def pattern_of(text: str) -> str:
    """A regular expression for a text, in which what would differ the next time is as it may be."""
    pieces, end = [], 0
    for match in VARYING.finditer(text):
        pieces += [_literal(text[end : match.start()]), _VARYING[(match.lastindex or 1) - 1][1]]
        end = match.end()
    return f"{''.join(pieces)}{_literal(text[end:])}"


_SPELLED = {char: char for char in " -#&~/,:;=<>@%\"'!`"} | {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def _literal(text: str) -> str:
    """re.escape, without the escapes that Python alone wants."""
    return re.sub(r"\\(.|\n)", lambda pair: _SPELLED.get(pair[1], pair[0]), re.escape(text))


# ── secrets ──────────────────────────────────────────────────────────────────

_SECRET_WORDS = frozenset(
    (
        "apikey", "auth", "authorization", "credential", "credentials", "csrf", "jwt", "otp", "pass", "passwd",
        "password", "pwd", "secret", "sess", "session", "sid", "sig", "signature", "token", "xsrf",
    )
)  # fmt: skip
_SECRET_ENDS = ("token", "secret", "password", "sessid", "sessionid", "session", "apikey", "signature")
_SECRET_PAIRS = ("api-key", "access-key", "private-key", "code-verifier", "key-pair-id")
_SECRET_IF_LONG = frozenset({"code", "key", "nonce", "policy", "state", "ticket"})
_LONG = 16

_NOTHING_TOLD = re.compile(r"|true|false|none|null|0|1", re.IGNORECASE)
# A cookie's value that tells nothing about anybody, whatever its name is
_HARMLESS = re.compile(r".{0,3}|[a-z]{2}[-_][A-Za-z]{2}|true|false|auto|dark|light|none|accepted|denied")

_JWT = re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")
_NAMED_JWT = re.compile(rf"(?:([\w.-]+)\"?\s*[=:]\s*\"?)?({_JWT.pattern})")
_JWTS = "jwt"
"""What they are called wherever they are found"""
_LONG_ENOUGH_TO_FIND = 6
"""Shorter secrets are masked where they stand, but not looked for elsewhere: they would be found in innocent words."""


def is_secret_name(name: str) -> bool:
    """Does a header, a parameter, a cookie or a member of this name hold a secret?"""
    plain = _plain(name)
    if not _SECRET_WORDS.isdisjoint(plain.split("-")) or any(pair in plain for pair in _SECRET_PAIRS):
        return True
    return plain.endswith(_SECRET_ENDS)


def _plain(name: str) -> str:
    """accessToken, access_token and ACCESS-TOKEN are one name."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^a-z0-9]+", "-", apart.lower()).strip("-")


def _is_secret(name: str, value: str) -> bool:
    return is_secret_name(name) and not _NOTHING_TOLD.fullmatch(value)


def _is_secret_parameter(name: str, value: str) -> bool:
    long = len(value) >= _LONG and not _SECRET_IF_LONG.isdisjoint(_plain(name).split("-"))
    return long or _is_secret(name, value)


@dataclass(frozen=True)
class Masks:
    """Placeholders by secret value. `named` are the names that secrets were found under, for a person."""

    placeholders: Mapping[str, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()

    def value(self, value: str) -> str:
        """A whole value: its placeholder, or with every secret in it masked."""
        return self.placeholders.get(value) or self.text(value)

    def text(self, text: str) -> str:
        """The text with every secret in it masked."""
        if self._anywhere is None:
            return text
        return self._anywhere.sub(lambda match: self._spellings[match[0]], text)

    def cookies(self, line: str) -> str:
        """A Cookie header's line, or the first part of Set-Cookie."""
        parts = [part.partition("=") for part in line.split(";")]
        return ";".join(f"{name}{equals}{self.value(value)}" for name, equals, value in parts)

    def query(self, query: str) -> str:
        """A query string, a form or a target."""
        path, question, rest = query.partition("?") if "?" in query else ("", "", query)
        return self.text(path) + question + "&".join(self._pair(pair) for pair in rest.split("&"))

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        known = self.placeholders.get(unquote_plus(value))
        return f"{name}{equals}{known}" if known and equals else self.text(pair)

    def json(self, value: Any, name: str = "") -> Any:
        """A JSON value with every text in it masked."""
        if isinstance(value, dict):
            return {self.text(key): self.json(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.json(inner, name) for inner in value]
        if not isinstance(value, str):
            return value
        return self.value(value) if is_secret_name(name) else self.text(value)

    def header(self, name: str, value: str) -> str:
        """A header's value."""
        if name in {"cookie", "set-cookie"}:
            return self.cookies(value)
        if name in {"location", "content-location", "referer"}:
            return self.query(value)
        scheme, space, credentials = value.partition(" ")
        if name == "authorization" and space:
            return f"{scheme} {self.value(credentials)}"
        return self.value(value)

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Long secrets as they may be spelled: as they are, and percent-encoded."""
        long = {value: shown for value, shown in self.placeholders.items() if len(value) >= _LONG_ENOUGH_TO_FIND}
        encoded = {
            spell(_octets(value), safe=""): shown for value, shown in long.items() for spell in (quote, quote_plus)
        }
        return encoded | long

    @cached_property
    def _anywhere(self) -> re.Pattern[str] | None:
        if not self._spellings:
            return None
        longest_first = sorted(self._spellings, key=len, reverse=True)
        return re.compile(rf"(?<![0-9A-Za-z])(?:{'|'.join(map(re.escape, longest_first))})(?![0-9A-Za-z])")


def _octets(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


NO_MASKS = Masks()


def masks_for(exchanges: Iterable[tuple[Request, Response]], keep: frozenset[str] = frozenset()) -> Masks:
    """Placeholders for every secret in these exchanges, but for those under the names in `keep` (lower-case), whatever
    else they look like."""
    placeholders: dict[str, str] = {}
    counts: dict[str, int] = {}
    named: dict[str, None] = {}
    found = [secret for request, response in exchanges for secret in _secrets(request, response, keep)]
    kept = {secret.value for secret in found if secret.name.lower() in keep}
    for name, value, label in found:
        if value and not _is_kept(value, kept):
            named[name] = None
            if value not in placeholders:
                shown = _label(label or name)
                counts[shown] = counts.get(shown, 0) + 1
                placeholders[value] = f"{shown}-{counts[shown]}"
    return Masks(placeholders, tuple(named))


def _is_kept(value: str, kept: Collection[str]) -> bool:
    return value in kept or (_JWT.fullmatch(value) is not None and any(value in whole for whole in kept))


def _label(name: str) -> str:
    return _plain(name) or "secret"


def _secrets(request: Request, response: Response, keep: frozenset[str]) -> Found:
    """Each secret with its name; and what headers have under a name in `keep`, secret or not."""
    for name, value in (*request.headers, *response.headers):
        if name.lower() in keep:
            yield from (Secret(name, whole) for whole in (value, value.partition(" ")[2]))
    yield from _in_pairs(request.query)
    yield from _in_headers(request.headers)
    yield from _in_body(request.headers, request.body)
    yield from _in_headers(response.headers)
    yield from _in_body(response.headers, response.body)


def _in_pairs(query: str) -> Found:
    for written, pair in query_pairs(query):
        name, value = unquote_plus(written), unquote_plus(pair.partition("=")[2])
        if _is_secret_parameter(name, value):
            yield Secret(name, value)
        else:
            yield from _jwts(value, name)


def _in_headers(headers: Headers) -> Found:
    for written, value in headers:
        name = written.lower()
        if name in FRAMING or is_volatile(name):
            continue
        if name == "cookie":
            yield from _in_cookies(value)
        elif name == "set-cookie":
            yield from _in_cookies(value.partition(";")[0])
        elif name == "authorization":
            scheme, space, credentials = value.partition(" ")
            yield Secret(name, credentials if space else value, {"bearer": "token"}.get(scheme.lower(), ""))
        elif name == "location":
            yield from _in_pairs(value.partition("?")[2].partition("#")[0])
        elif _is_secret(name, value) and not name.startswith(_ABOUT_OTHERS):
            yield Secret(name, value)
        yield from _jwts(value, name)


_ABOUT_OTHERS = ("access-control-", "www-", "clear-")
"""They tell how to sign in, or which headers may be sent."""


def _in_cookies(line: str) -> Found:
    for name, pair in cookie_pairs((line,)):
        value = pair.partition("=")[2]
        if _is_secret(name, value) or not _HARMLESS.fullmatch(value):
            yield Secret(name, value)


def _jwts(text: str, name: str) -> Found:
    """Each with the name that stands before it in the text, or else the text's."""
    return (Secret(before or name, token, _JWTS) for before, token in _NAMED_JWT.findall(text))


def _in_body(headers: Headers, body: object) -> Found:
    if not isinstance(body, bytes) or not body:
        return
    kind = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    text = body.decode("latin-1")
    if kind == "application/x-www-form-urlencoded":
        yield from _in_pairs(text)
    elif kind.endswith(("/json", "+json")):
        yield from _in_json(parsed(body))
    yield from _jwts(text, _JWTS)


_DEEPEST = 50


def parsed(body: bytes) -> Any:
    """The JSON value of a body; None where it has none, or one too deep for anybody to read."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _members(one)]
    return None if level else value


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _in_json(value: Any, name: str = "") -> Found:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _in_json(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _in_json(inner, name)
    elif isinstance(value, str) and _is_secret(name, value):
        yield Secret(name, value)
