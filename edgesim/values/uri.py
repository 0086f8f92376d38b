"""Paths and query strings as written, and the patterns that cache behaviors match them with."""

from __future__ import annotations

import re
from functools import lru_cache

from edgesim.values.cache_tags import MARK, invalid_tag
from edgesim.values.headers import wire

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


def split_target(target: str) -> tuple[str, str]:
    """A request target as (path, query). An absolute-form target loses its scheme and authority; a path always
    begins with `/`."""
    if not target.startswith("/") and "://" in target:
        rest = target.split("://", 1)[1]
        cut = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
        target = rest[cut:]
    path, _, query = target.partition("?")
    return (path if path.startswith("/") else f"/{path}"), query


def authority_of(target: str) -> str | None:
    """The host, and the port where there is one, of an absolute-form request target; None of any other."""
    if target.startswith("/") or "://" not in target:
        return None
    authority = re.split("[/?#]", target.split("://", 1)[1], maxsplit=1)[0]
    return authority.rpartition("@")[2] or None


def _unescape(match: re.Match[str]) -> str:
    octet = int(match[1], 16)
    return chr(octet) if octet in _UNRESERVED else f"%{match[1].upper()}"


def _without_dot_segments(path: str) -> str:
    segments: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            if segments:
                segments.pop()
        elif segment != ".":
            segments.append(segment)
    if path.endswith(("/.", "/..")):
        segments.append("")
    return "/" + "/".join(segments)


@lru_cache(maxsize=4096)
def normalized_path(path: str) -> str:
    """The path that behaviors are matched with: RFC 3986 §6 normalisation, repeated slashes collapsed.

    documented: DownloadDistValuesCacheBehavior (dot segments, slashes; the origin still gets the raw path)
    inferred: escapes upper-cased, unreserved octets decoded
    """
    if "%" in path:
        path = _ESCAPE.sub(_unescape, path)
    if "//" in path:
        path = re.sub(r"/{2,}", "/", path)
    return _without_dot_segments(path) if "/." in path else path


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    """Each part after a `*` is taken where it first occurs and never given back (atomic), which is enough for
    wildcards; so no path, however long, makes matching slow."""
    first, *others = ("".join("." if char == "?" else re.escape(char) for char in part) for part in pattern.split("*"))
    if not others:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in others[:-1] if part)
    return re.compile(f"{first}{middle}.*{others[-1]}", re.DOTALL)


def matches_path_pattern(pattern: str, path: str) -> bool:
    """Does a cache behavior's pattern cover a path? Whole path, case-sensitive, leading slash implied; `*` is any
    number of characters, slashes included, `?` is exactly one.

    documented: DownloadDistValuesCacheBehavior, "Path pattern"
    """
    anchored = pattern if pattern.startswith("/") else f"/{pattern}"
    return _pattern(anchored).fullmatch(path) is not None


def matches_wildcards(pattern: str, text: str) -> bool:
    """Does a pattern with `*` and `?` cover the whole text, case-sensitively? For cookie names and host names."""
    return _pattern(pattern).fullmatch(text) is not None


def query_pairs(query: str) -> list[tuple[str, str]]:
    """A query string as (name, the pair as written), in order. Only `&` separates; empty pairs are dropped."""
    return [(pair.partition("=")[0], pair) for pair in query.split("&") if pair]


def cookie_pairs(values: tuple[str, ...]) -> list[tuple[str, str]]:
    """Cookie header lines as (name, the pair as written), in order. Parts without `=` are malformed and dropped.

    documented: Cookies.md, malformed cookies are not forwarded
    """
    pairs: list[tuple[str, str]] = []
    for line in values:
        for part in line.split(";"):
            pair = part.strip()
            name, equals, _ = pair.partition("=")
            if equals and name:
                pairs.append((name, pair))
    return pairs


def invalid_path(path: str) -> str | None:
    """Why CloudFront would not take a path, or a #tag, or None. documented: Invalidation, up to 4,000 characters"""
    if path.startswith(MARK):
        return invalid_tag(path)
    if not path.startswith("/"):
        return f"{path!r} does not start with / ; try {'/' + split_target(path)[0].lstrip('/')!r}"
    return f"{path[:40]!r}… is longer than 4,000 characters" if len(path) > 4_000 else None


def spellings(path: str) -> list[str]:
    """How the objects of an invalidation's path may be stored: under the path as it is, and, where bytes outside ASCII
    are in it, under those escaped or as they are. documented: invalidation-specifying-objects, they are to be escaped;
    inferred: that this finds what was asked for without"""
    if path.startswith(MARK):
        return [path]
    raw = _BEYOND_ASCII.sub(lambda found: chr(int(found[1], 16)), wire(path))
    escaped = "".join(char if char.isascii() else f"%{ord(char):02X}" for char in wire(path))
    return list(dict.fromkeys((wire(path), escaped, raw)))


_BEYOND_ASCII = re.compile(r"%([89A-Fa-f][0-9A-Fa-f])")
