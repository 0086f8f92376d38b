"""What no request line and no header can have in it, whether it was written in the file or captured on the way."""

from __future__ import annotations


def target_fault(target: str) -> tuple[str, str] | None:
    """Why a text can't be a request's target, and what to write instead; None where it can. documented: RFC 9112 §3.2,
    of whose forms CloudFront's viewers use the path and `*`"""
    if not target.startswith(("/", "*")):
        return f"a request is for a path, which begins with a slash, not for {target!r}", _as_path(target)
    if any(char.isspace() or not char.isprintable() for char in target):
        return f"{target!r} has a character that no request line can have", "write %20 for a space"
    return None


def _as_path(target: str) -> str:
    if "://" not in target:
        return f"write /{target}"
    host, _, path = target.partition("://")[2].partition("/")
    return f"write /{path}, and host: {host} where it matters"


def value_fault(value: str) -> tuple[str, str] | None:
    """The same for a header's value. documented: RFC 9110 §5.5, of which all are CR, LF and NUL dangerous"""
    if any(char in value for char in "\r\n\0"):
        return f"{value!r} has a line end in it, which no header can have", "for several lines write a list"
    return None
