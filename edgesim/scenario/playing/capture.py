"""Taking a value out of an answer, for later steps."""

from __future__ import annotations

import json
import re
from typing import Any

from edgesim.scenario.model import Capture
from edgesim.scenario.outcome import Mismatch
from edgesim.scenario.playing.seen import Answered
from edgesim.values.headers import readable

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def captured(capture: Capture, answer: Answered) -> str | Mismatch:
    """The value, or why there is none."""
    found = _found(capture, answer)
    what = f"capture {capture.name}"
    if found is None:
        name = f"{capture.source} {capture.key}".rstrip()
        return Mismatch(what, f"a {name}", "(none)", str(capture.place))
    if capture.matches is None:
        return found
    match = re.search(capture.matches, found)
    if match is None:
        return Mismatch(what, f"matches {capture.matches!r}", found, str(capture.place))
    return match[1] if match.re.groups else match[0]


def _found(capture: Capture, answer: Answered) -> str | None:
    text = answer.body.decode("utf-8", "replace")
    match capture.source:
        case "header":
            value = answer.headers.joined(capture.key)
            return None if value is None else readable(value)
        case "cookie":
            return _cookie(capture.key, answer)
        case "json":
            return _member(capture.key, text)
        case "status":
            return str(answer.status)
        case _:
            return text


def _cookie(name: str, answer: Answered) -> str | None:
    for line in answer.headers.all("set-cookie"):
        pair = line.partition(";")[0]
        if pair.partition("=")[0].strip() == name:
            return readable(pair.partition("=")[2].strip())
    return None


def _member(path: str, text: str) -> str | None:
    """`a.b[0]` of a JSON text; anything but a text as JSON."""
    try:
        value: Any = json.loads(text)
        for name, index in _STEP.findall(path):
            value = value[int(index)] if index else value[name]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return value if isinstance(value, str) else json.dumps(value)
