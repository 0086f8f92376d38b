"""What functions wrote, as the screen of a failure shows it: without Lambda's own lines and times, errors with their
stacks, and nothing twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# observed: lambda-platform.md §6, what Lambda writes around what a function does
_LAMBDAS_OWN = re.compile(
    r"^\[[^\]]*\] (?:(?:INIT_START|START RequestId:|END RequestId:|REPORT RequestId:|INIT_REPORT) "
    r"|\[WARNING\]\t[^\t]*\t[^\t]*\tLAMBDA_WARNING: )"
)
_TIME = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
_STAMPS = (
    (re.compile(rf"^(\[[^\]]*\] ){_TIME}\t(?:[0-9a-f-]{{36}}|undefined)\t"), r"\1"),
    (re.compile(rf"^(\[[^\]]*\] \[[A-Z]+\])\t{_TIME}\t[0-9a-f-]*\t"), r"\1 "),
)
"""Of Node.js's console, and of Python's logging."""
_NODE_ERROR = re.compile(r"^(\[[^\]]*\] )ERROR\t[A-Za-z ]+\t(\{.*\})\s*$")
_TAG = re.compile(r"^\[(?:[a-z-]+ )?(\S+)\] ")
_RUNTIMES_FRAME = re.compile(r"\(?(?:/var/runtime/|node:)")


def without_lambdas(lines: Iterable[str]) -> list[str]:
    """What functions themselves wrote, and how they failed; each a text of one line or more."""
    return list(_once([_legible(_unstamped(line)) for line in lines if not _LAMBDAS_OWN.search(line)]))


def _unstamped(line: str) -> str:
    for stamp, rest in _STAMPS:
        line = stamp.sub(rest, line)
    return line


def _legible(line: str) -> str:
    """Node.js's errors are JSON: the stack in lines, without what is of the runtime."""
    found = _NODE_ERROR.search(line)
    value = _parsed(found[2]) if found is not None else None
    if found is None or not isinstance(value, dict) or not isinstance(value.get("stack"), list):
        return line
    head = f"{found[1]}ERROR    {value.get('errorType', 'Error')}: {value.get('errorMessage', '')}"
    frames = (str(frame) for frame in value["stack"])
    return "\n".join([head, *(frame for frame in frames if frame.startswith("    at ") and not _is_runtimes(frame))])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _is_runtimes(frame: str) -> bool:
    return _RUNTIMES_FRAME.search(frame) is not None


def _once(lines: Sequence[str]) -> Iterator[str]:
    """A function that can't be loaded says so in its init phase, and once more for the request that waits for it."""
    failures: set[str] = set()
    for line in lines:
        said = _TAG.sub(r"\1 ", line)
        if "ERROR" not in line or said not in failures:
            yield line
        failures.add(said)
