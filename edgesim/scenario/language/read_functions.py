"""Functions: where their code is, or the code itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgesim.distribution.model import Code
from edgesim.distribution.problems import Severity
from edgesim.distribution.runtimes import runtime_finding
from edgesim.errors import ConfigError
from edgesim.loaders.code import (
    NODE_RUNTIME,
    PYTHON_RUNTIME,
    Located,
    handler_files,
    has_handler,
    is_python,
    locate,
    usual_python_handler,
)
from edgesim.scenario.language import durations
from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.reading import Reading, Shape, Told, Wrong
from edgesim.values.place import NOWHERE, Place

# documented: Lambda's CreateFunction, FunctionName
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_HANDLER = re.compile(r"[\w$./-]*[\w$]")


def functions(reading: Reading, element: Element) -> dict[str, str | Located]:
    """Functions by name: `PATH[:HANDLER]` with a path that exists, or code with its settings."""
    found: dict[str, str | Located] = {}
    for name, child in r.fields_of(element, "functions").items():
        with reading.noting():
            if not _NAME.fullmatch(name):
                raise Wrong(child, f"'{name}' can't be a function's name", "letters, digits, - and _ can, 64 at most")
            found[name] = _function(reading, child)
    return found


def _function(reading: Reading, element: Element) -> str | Located:
    if element.kind is Kind.TEXT:
        return _code(reading, element)
    found = FUNCTION.read(reading, element)
    ways = [key for key in _WAYS if key in element.fields]
    if not ways and len(found) < len(element.fields):
        raise Told
    if len(ways) != 1:
        message = f"the code is said twice: by {' and by '.join(ways)}" if ways else "this function has no code"
        raise Wrong(element, message, f"write one of code: PATH[:HANDLER], {', '.join(f'{key}: |' for key in _INLINE)}")
    if len(found) < len(element.fields):
        raise Told
    code = _inline(reading, element, ways[0], found) if ways[0] in _INLINE else _elsewhere(element, found)
    told = {key: found[key] for key in ("timeout", "memory", "concurrency") if key in found}
    return replace(code, is_told="runtime" in found, **told)


def located(element: Element, source: str | Located) -> Located:
    """A function whose settings nothing else declares."""
    return source if isinstance(source, Located) else _located(element, source)


# ── code in files ────────────────────────────────────────────────────────────


def _code(reading: Reading, element: Element) -> str:
    """`PATH[:HANDLER]`, as --function takes it; the path is from the scenario's folder, and exists."""
    written = r.text(reading, element)
    path, colon, handler = written.rpartition(":")
    if not (colon and path and _HANDLER.fullmatch(handler)) or (reading.folder / written).exists():
        return str(reading.path(element))
    return f"{reading.path(replace(element, text=path))}:{handler}"


def _elsewhere(element: Element, found: Mapping[str, Any]) -> Located:
    spec, handler = found["code"], found.get("handler", "")
    code = _located(element, f"{spec}:{handler}" if handler else spec)
    runtime = found.get("runtime", code.runtime)
    if is_python(runtime) != is_python(code.runtime):
        raise Wrong(element.fields["runtime"], f"{runtime} does not run this code", f"leave it out, or {code.runtime}")
    return replace(code, runtime=runtime)


def _located(element: Element, spec: str) -> Located:
    try:
        code = locate(spec)
        path = Path(code.code.path)
        if has_handler(path, code.handler, code.runtime):
            return code
    except ConfigError as error:
        raise Wrong(element, str(error), error.hint) from error
    files = ", ".join(name for name in handler_files(code.handler, code.runtime) if Path(name).suffix)
    raise Wrong(element, f"{path} has none of {files} for the handler {code.handler}")


# ── code in the scenario ─────────────────────────────────────────────────────


def _inline(reading: Reading, element: Element, way: str, found: Mapping[str, Any]) -> Located:
    """Source text, which Lambda writes to index.js or index.py."""
    text, runtime = found[way], found.get("runtime", _INLINE[way])
    if is_python(runtime) != is_python(_INLINE[way]):
        raise Wrong(element.fields["runtime"], f"{runtime} does not run {way}", "leave it out")
    usual = usual_python_handler(text) if is_python(runtime) else "handler"
    export = found.get("handler", usual).removeprefix("index.")
    first = element.fields[way].first_line
    written = Place(reading.file, first) if first else NOWHERE
    return Located(Code(inline=text, written=written), f"index.{export}", runtime)


# ── settings ─────────────────────────────────────────────────────────────────


def _source(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    if element.kind is not Kind.TEXT:
        raise Wrong(element, f"{element.shown} is no code", "write | and the code below, further in")
    if not written.strip():
        raise Wrong(element, "there is no code here", "write | and the code below, further in")
    return written


def _handler(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    if not _HANDLER.fullmatch(written):
        raise Wrong(element, f"{element.shown} can't be a handler", "write handler, or index.handler")
    return written


def _runtime(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    finding = runtime_finding(written)
    if finding is not None and finding.severity is Severity.ERROR:
        raise Wrong(element, f"there is no runtime {element.shown}", finding.hint or f"e.g. {NODE_RUNTIME}")
    return written


def _timeout(reading: Reading, element: Element) -> float:
    seconds = r.duration(reading, element)
    if not 0 < seconds <= _LONGEST:
        raise Wrong(element, f"a function's timeout is from 1 to {_LONGEST} seconds, not {element.shown}")
    return seconds


def _memory(_: Reading, element: Element) -> int:
    """Megabytes: `128`, or `128MB`."""
    least, most = _MEMORY
    bytes_ = durations.size(element.text)
    value = bytes_ if element.kind is Kind.NUMBER else (bytes_ or 0) // _MEGABYTE
    if value is None or not least <= value <= most:
        raise Wrong(element, f"a function's memory is from {least} to {most} MB, not {element.shown}")
    return value


# documented: Lambda's quotas; what the edge refuses of them, it refuses at `edgesim check`
_LONGEST = 900
_MEMORY = (128, 10_240)
_MEGABYTE = 1 << 20
_INLINE = {"node": NODE_RUNTIME, "python": PYTHON_RUNTIME}
_WAYS = ("code", *_INLINE)

FUNCTION = Shape(
    "a function",
    {
        "code": _code,
        **dict.fromkeys(_INLINE, _source),
        "handler": _handler,
        "runtime": _runtime,
        "timeout": _timeout,
        "memory": _memory,
        "concurrency": r.count,
    },
    {
        "path": "write code",
        "file": "write code",
        "inline": "write node: | or python: |",
        "javascript": "write node: |",
        "js": "write node: |",
        "nodejs": "write node: |",
        "py": "write python: |",
        "memory-size": "write memory",
        "reserved-concurrent-executions": "write concurrency",
        "environment": "Lambda@Edge has no environment variables",
    },
)
