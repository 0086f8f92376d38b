"""The bodies of recorded messages, as a scenario says them: short text inline, anything else in files beside it."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from edgesim.scenario.decoding import decoded
from edgesim.scenario.recording.masking import VARYING, Masks, parsed, pattern_of, varies
from edgesim.scenario.recording.write_yaml import is_representable
from edgesim.values.body import Body, length_of
from edgesim.values.headers import Headers

INLINE_BYTES = 2048
"""Longer text is hard to read past."""

Said = dict[str, Any]
"""Keys of the language that say a body: `body`, `json`, `file`, `size`, `sha256`."""


@dataclass(slots=True)
class Bodies:
    """Says bodies, with their secrets masked, and gathers the files that this takes. `folder` is theirs, from the
    scenario's."""

    masks: Masks
    folder: str
    files: dict[str, bytes] = field(default_factory=dict)
    _by_content: dict[bytes, str] = field(default_factory=dict)

    def sent(self, headers: Headers, body: Body, path: str) -> Said:
        """A body as somebody sends it; nothing where it is empty. `path` gives its file a name."""
        if length_of(body) == 0:
            return {}
        if not isinstance(body, bytes):
            return {"size": length_of(body) or 0}
        data = self._masked(body, headers)
        return self._inline(data, headers) or {"file": self._file(data, headers, path)}

    def expected(self, headers: Headers, body: Body) -> Said:
        """A body as somebody must get it."""
        if not isinstance(body, bytes):
            return {"size": length_of(body) or 0}
        data = self._masked(body, headers)
        if not data:
            return {"body": ""}
        if (pattern := _varying(data, headers)) is not None:
            return pattern
        return self._inline(data, headers) or {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def _masked(self, data: bytes, headers: Headers) -> bytes:
        """The bytes with secrets masked, where they are text."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return data
        value = parsed(data) if _is_json(headers) else None
        if isinstance(value, dict | list) and (masked := self.masks.json(value)) != value:
            return json.dumps(masked, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        form = _type(headers) == "application/x-www-form-urlencoded"
        return (self.masks.query(text) if form else self.masks.text(text)).encode()

    def _inline(self, data: bytes, headers: Headers) -> Said:
        """What can be said in the scenario itself; nothing for all else."""
        if len(data) > INLINE_BYTES:
            return {}
        value = parsed(data) if _is_json(headers) else None
        if isinstance(value, dict | list) and is_representable(value) and _is_unambiguous(data):
            return {"json": escaped(value)}
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return {}
        return {"body": escaped(text)} if _PRINTABLE.fullmatch(text) else {}

    def _file(self, data: bytes, headers: Headers, path: str) -> str:
        digest = hashlib.sha256(data).digest()
        if digest not in self._by_content:
            name = f"{self.folder}/{len(self.files) + 1:02}-{_file_name(path, _type(headers))}"
            self.files[name] = data
            self._by_content[digest] = name
        return self._by_content[digest]


# ── bodies of which a part would differ the next time ────────────────────────


def _varying(data: bytes, headers: Headers) -> Said | None:
    """What to expect of a text with times, ids or digests in it; None of any other. JSON by value: what stays as it is
    must be part of it, and each member that differs has a pattern. Other text is a pattern, of a long one its
    beginning."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    value = parsed(data) if _is_json(headers) else None
    is_value = isinstance(value, dict | list) and is_representable(value) and _is_unambiguous(data)
    if is_value and len(data) <= INLINE_BYTES:
        patterns = list(dict.fromkeys(_patterns(value)))
        return {"json-contains": escaped(_steady(value)), "body": {"matches": patterns}} if patterns else None
    if not varies(text) or not _PRINTABLE.fullmatch(text):
        return None
    if len(data) <= INLINE_BYTES:
        return {"body": {"matches": rf"^{pattern_of(text)}\Z"}}
    return {"body": {"matches": f"^{pattern_of(_beginning(text))}"}}


_BEGINNING = 300


def _beginning(text: str) -> str:
    """Of a long text, some characters, which do not end within what differs."""
    cut = _BEGINNING
    for match in VARYING.finditer(text):
        if match.start() < cut < match.end():
            cut = match.start()
    return text[:cut]


def _scalar_varies(value: Any) -> bool:
    return (isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool))) and varies(
        str(value)
    )


def _steady(value: Any) -> Any:
    """A JSON value without what would differ the next time."""
    if isinstance(value, dict):
        return {name: _steady(inner) for name, inner in value.items() if not varies(name) and not _scalar_varies(inner)}
    if isinstance(value, list):
        return [_steady(inner) for inner in value if not _scalar_varies(inner)]
    return value


def _patterns(value: Any, name: str = "") -> Iterator[str]:
    """For everything that `_steady` leaves out, how it stands in the text, the member's name before it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            spelled = pattern_of(json.dumps(key, ensure_ascii=False))
            if varies(key) and not _scalar_varies(inner):
                yield rf"{spelled}\s*:"
            yield from _patterns(inner, rf"{spelled}\s*:\s*")
    elif isinstance(value, list):
        for inner in value:
            yield from _patterns(inner)
    elif _scalar_varies(value):
        yield f"{name}{pattern_of(json.dumps(value, ensure_ascii=False))}"


_PRINTABLE = re.compile("[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]*")


def escaped(value: Any) -> Any:
    """A value in whose texts nothing stands for what an earlier step captured."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {escaped(name): escaped(inner) for name, inner in value.items()}
    return [escaped(inner) for inner in value] if isinstance(value, list) else value


def _is_unambiguous(data: bytes) -> bool:
    """Is every member of this JSON written once? Of two, a value has only the last."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            raise ValueError("a member is written twice")
        return members

    try:
        json.loads(data, object_pairs_hook=once)
    except ValueError:
        return False
    return True


def _type(headers: Headers) -> str:
    return (headers.get("content-type") or "").partition(";")[0].strip().lower()


def _is_json(headers: Headers) -> bool:
    return _type(headers).endswith(("/json", "+json"))


def _file_name(path: str, media_type: str) -> str:
    """What a person recognises: the end of the path, with the suffix of its type."""
    last = PurePosixPath(path).name
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.")[-40:] or "index"
    if "." in safe:
        return safe
    return safe + (mimetypes.guess_extension(media_type) or ".bin")


# ── content codings ──────────────────────────────────────────────────────────


def unpacked(headers: Headers, body: Body) -> tuple[Headers, Body]:
    """A message without its content coding, so that a person can read it; as it is where the coding is not known."""
    coding = (headers.joined("content-encoding") or "").strip().lower()
    if coding == "identity":
        return headers.without("content-encoding"), body
    data = decoded(coding, body) if isinstance(body, bytes) else None
    return (headers, body) if data is None else (headers.without("content-encoding"), data)
