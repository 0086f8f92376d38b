"""A step's request as a command that one can paste into another terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from edgesim.scenario.model import Content
from edgesim.values.headers import readable
from edgesim.values.message import Request
from edgesim.values.text import printable_lines

_LONGEST_BODY = 2_000


def curl(base: str, request: Request, viewer: Mapping[str, str], content: Content | None) -> str:
    """The command that sends a request, as a viewer with these settings."""
    command = " ".join(["curl", *_words(base, request, viewer, content)])
    return "\n".join(printable_lines(command))


def _words(base: str, request: Request, viewer: Mapping[str, str], content: Content | None) -> Iterator[str]:
    yield "-I" if request.method == "HEAD" else "-i"
    if request.method not in ("GET", "HEAD"):
        yield f"-X {shlex.quote(request.method)}"
    for name, value in request.headers:
        if name.lower() != "content-length":
            # curl leaves out a header without a value, unless it is written so
            yield f"-H {shlex.quote(f'{name}: {readable(value)}' if value else f'{name};')}"
    if viewer:
        settings = ", ".join(f"{name}={value}" for name, value in viewer.items())
        yield f"-H {shlex.quote(f'Edgesim-Viewer: {settings}')}"
    if content is not None:
        if "content-type" not in request.headers:
            yield "-H Content-Type:"
        yield _data(request, content)
    # Targets are sent as they are written: no dots made away with, no braces looked into
    yield from ("--path-as-is",) if "/." in request.path else ()
    yield from ("-g",) if set("{}[]") & set(request.target) else ()
    yield shlex.quote(f"{base}{readable(request.target)}")


def _data(request: Request, content: Content) -> str:
    if content.file is not None:
        return f"--data-binary {shlex.quote(f'@{content.file}')}"
    body = request.body if isinstance(request.body, bytes) else b""
    text = body.decode("utf-8", "replace")
    if len(body) > _LONGEST_BODY or "\ufffd" in text or "\0" in text:
        return f"--data-binary @{len(body)}-bytes"
    return f"--data-raw {shlex.quote(text)}"
