"""One version of a function, ready to be started: what a hot reload replaces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Problem
from edgesim.logs.why import place_of
from edgesim.runtimes.hints import hint
from edgesim.runtimes.inspecting import Inspector
from edgesim.runtimes.interpreters import NODE_BOOTSTRAP, PYTHON_BOOTSTRAP, Interpreter, Language, RuntimeName
from edgesim.runtimes.places import place_in_stack, place_told
from edgesim.runtimes.room import RUNTIME_ROOT, TASK_ROOT, Room
from edgesim.runtimes.snapshot import Snapshot
from edgesim.runtimes.variables import context_fields, variables
from edgesim.runtimes.workspace import Lent
from edgesim.values.invocation import Failed, FailureKind

_BOOTSTRAPS = (
    (str(NODE_BOOTSTRAP), "/var/runtime/index.mjs"),
    (str(PYTHON_BOOTSTRAP), "/var/runtime/bootstrap.py"),
    (f"{RUNTIME_ROOT}/{NODE_BOOTSTRAP.name}", "/var/runtime/index.mjs"),
    (str(NODE_BOOTSTRAP.parent), "/var/runtime"),
    (str(PYTHON_BOOTSTRAP.parent), "/var/runtime"),
)
"""In what users see, the bootstraps have the names that Lambda's have."""

_CLIENT_GENERATION = {True: 4, False: 3}
"""inferred: Node.js 24 brings version 4 of Lambda's runtime client, everything before it version 3"""


def heap_options(memory: int) -> tuple[str, ...]:
    """How Node.js is told what it has of a function's memory, in megabytes. observed: on Lambda a tenth stays outside
    of the heap, and half of that tenth is a semi-space's"""
    tenth = memory // 10
    return f"--max-old-space-size={memory - tenth}", f"--max-semi-space-size={max(tenth // 2, 1)}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function, the copy of its code and the interpreter that runs it. `lent` are the packages that Lambda's Python
    brings along; `inspector` is set where a debugger may attach."""

    function: EdgeFunction
    runtime: RuntimeName
    interpreter: Interpreter
    snapshot: Snapshot
    lent: Lent | None = None
    inspector: Inspector | None = None
    _places: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = (*_places_of(self.snapshot), *_BOOTSTRAPS)
        object.__setattr__(self, "_places", places)  # a frozen value's own

    def runs_as(self, other: Deployment) -> bool:
        """Is the other one the same but for its number?"""
        same = replace(other.function, version=self.function.version)
        return self.snapshot == other.snapshot and self.function == same

    def shown(self, text: str) -> str:
        """A text from the function with the user's own paths in the place of the copy's."""
        if "/" not in text:
            return text
        for place, shown in self._places:
            text = text.replace(place, shown)
        return text

    def program(self) -> list[str]:
        """What to start for it, before it is known which function it is for; the control socket's number follows."""
        return self.interpreter.command(self._options)

    def sandboxed_program(self) -> list[str] | None:
        """The same in a sandbox; None for a fork of the zygote."""
        return self.interpreter.sandboxed_command(self._options)

    @property
    def _options(self) -> tuple[str, ...]:
        if self.runtime.language is Language.PYTHON:
            return ()
        listens = (f"--inspect=127.0.0.1:{self.inspector.port}",) if self.inspector else ()
        return (*heap_options(self.function.memory), *listens)

    @property
    def threads_at_rest(self) -> int | None:
        """How many threads its process has of itself; None where the interpreter makes some as it likes."""
        return 1 if self.runtime.language is Language.PYTHON else None

    def room(self, environment: str) -> Room:
        """What an environment of this version sees in a sandbox."""
        lent = ((path, f"runtime/{name}") for name, path in (self.lent.packages if self.lent else ()))
        things = ((self.snapshot.root, "task"), *self.snapshot.linked, *lent)
        return Room(tuple(things), environment)

    def settings(self, region: str, log_stream: str, *, sandboxed: bool) -> dict[str, Any]:
        """The contents of the first frame."""
        function, root = self.function, TASK_ROOT if sandboxed else str(self.snapshot.root)
        return {
            "handler": function.handler,
            "root": root,
            "env": variables(function, self.runtime, root, region, log_stream),
            "context": context_fields(function, region, log_stream),
            "paths": [RUNTIME_ROOT if sandboxed else str(self.lent.folder)] if self.lent else [],
            **self._semantics(),
        }

    def _semantics(self) -> dict[str, Any]:
        """What differs between the configured runtimes, whichever interpreter runs them."""
        if self.runtime.language is Language.NODE:
            return {"generation": _CLIENT_GENERATION[self.runtime.wanted >= (24,)], "inspected": bool(self.inspector)}
        debugger = {"port": self.inspector.port, "path": str(self.inspector.debugpy)} if self.inspector else None
        # asciiOnly: observed in Lambda's Python runtime client
        return {"asciiOnly": self.runtime.wanted < (3, 12), "debugger": debugger}

    def failed(self, kind: FailureKind, document: bytes) -> Failed:
        """An error document of a bootstrap as a result."""
        error = _read(document)
        frames = error.get("trace", error.get("stackTrace"))
        stack = tuple(self._stack(frames)) if isinstance(frames, list) else ()
        place = place_told(error.get("place")) or place_in_stack(stack, self.snapshot.shown)
        message = self.shown(str(error.get("errorMessage", ""))[:_MOST_CHARACTERS])
        return Failed(
            kind,
            str(error.get("errorType", _UNREADABLE))[:_MOST_CHARACTERS],
            message,
            stack,
            replace(place, file=self.shown(place.file)),
            hint(message, self.snapshot.root, self.function),
        )

    def _stack(self, frames: list[Any]) -> Iterator[str]:
        """As much of a stack as there is to be told."""
        left = _MOST_CHARACTERS
        for frame in map(str, frames):
            if left <= 0:
                return
            yield self.shown(frame[:left])
            left -= len(frame)

    def problem(self, failure: Failed) -> Problem:
        """Why this version does not start, for the person who wrote it."""
        said = failure.message.removeprefix(f"{failure.error_type}: ").split("\nRequire stack:")[0]
        place = place_of(failure, self.function)
        return Problem(
            f"{failure.error_type}: {said}",
            at=f"function {self.function.name}",
            hint=failure.hint,
            file=place.file or self.snapshot.shown,
            line=place.line,
            code=failure.error_type,
        )


def _places_of(snapshot: Snapshot) -> Iterable[tuple[str, str]]:
    """Where a function's code is when it runs, outside of a sandbox and in one, and what to show for it."""
    yield str(snapshot.root), snapshot.shown
    yield f"{TASK_ROOT}/", f"{snapshot.shown}/"
    for path, place in snapshot.linked:
        yield f"/var/{place}/", f"{path}/"


_MOST_CHARACTERS = 256 * 1024
"""documented: of what is wrong a log keeps as much"""

_UNREADABLE = "Runtime.Unknown"
"""inferred: the type of an error that its own process can't tell any more"""


def _read(document: bytes) -> dict[str, Any]:
    """An error document; empty where the function made it unreadable: by a toJSON for all objects, say."""
    try:
        error = json.loads(document)
    except (ValueError, RecursionError):
        return {}
    return error if isinstance(error, dict) else {}
