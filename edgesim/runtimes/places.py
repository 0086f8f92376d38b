"""Which line of the user's code an error points to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgesim.values.place import NOWHERE, Place


def place_told(value: object) -> Place:
    """The place that a bootstrap tells of an init that failed: file, and line where there is one."""
    match value:
        case [str(file), int() | None as line]:
            return Place(file, line)
        case _:
            return NOWHERE


_NODE = r"(?:\(|at |file://|^)({root}/[^\n'\"()]+?):(\d+)(?::\d+)?\)?$"
_PYTHON = r"^  File \"({root}/[^\n\"]+)\", line (\d+)"


def place_in_stack(stack: Sequence[str], root: str) -> Place:
    """The innermost frame below a folder, those of packages left out where there are others; nowhere if there is none.

    documented by the languages: Node.js names the innermost frame first, Python last
    """
    node, python = (re.compile(one.format(root=re.escape(root)), re.MULTILINE) for one in (_NODE, _PYTHON))
    frames = [found for frame in stack for found in node.findall(frame)]
    frames = frames or [found for frame in reversed(stack) for found in python.findall(frame)]
    own = (frame for frame in frames if not {"node_modules", "site-packages"} & set(frame[0].split("/")))
    file, line = next(own, frames[0] if frames else ("", ""))
    return Place(file, int(line)) if file else NOWHERE
