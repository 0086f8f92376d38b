"""Taking a value out of an answer, for later steps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from edgesim.scenario.model import Capture, Scripts
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
        return Mismatch(what, f"a {name}", _nothing(capture, answer), str(capture.place))
    if capture.matches is None:
        return found
    match = re.search(capture.matches, found)
    if match is None:
        return Mismatch(what, f"matches {capture.matches!r}", found, str(capture.place))
    return match[1] if match.re.groups else match[0]


def _nothing(capture: Capture, answer: Answered) -> str:
    """What there was in the place of what was to be captured."""
    match capture.source:
        case "cookie":
            names = [line.partition("=")[0].strip() for line in answer.headers.all("set-cookie")]
            return f"nothing: the answer sets {', '.join(map(readable, names)) or 'no cookie'}"
        case "header":
            return f"nothing: the answer has {', '.join(answer.headers.index) or 'no header'}"
        case _:
            return f"nothing: there is no such member in {answer.body.decode('utf-8', 'replace')}"


def why_no_cookie(capture: Capture, scripts: Iterable[Scripts]) -> str:
    """Where an origin set the cookie that no viewer got. documented: RequestAndResponseBehaviorCustomOrigin, Cookies:
    Set-Cookie is removed where no cookie is forwarded"""
    lines = [
        value
        for one in scripts
        for script in one.values()
        for rule in script.rules
        for answer in rule.answers
        for name, value in answer.headers
        if name.lower() == "set-cookie" and value.partition("=")[0].strip() == capture.key
    ]
    if capture.source != "cookie" or not lines:
        return ""
    return (
        "the origin sets it, and CloudFront removes Set-Cookie where no cookie is forwarded: a cache policy or an"
        " origin request policy must have cookies"
    )


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
