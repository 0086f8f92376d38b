"""Debuggers: where they attach, and what tells a user how.

A function that is inspected runs where its author has it, in one environment, without a sandbox and without limits of
time and memory: whoever stands at a breakpoint is not late. inferred: there is no such thing at AWS
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from edgesim.distribution.findings import closest, there_are
from edgesim.distribution.model import EdgeFunction
from edgesim.errors import ConfigError
from edgesim.runtimes.interpreters import Language, parse_runtime

_FIRST_PORTS = {Language.NODE: 9229, Language.PYTHON: 5678}
"""What debuggers for each language try first."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """Where a debugger attaches, on this machine; `debugpy` is the folder in which that package is, for Python."""

    port: int
    debugpy: Path | None = None


def inspectors(wanted: Mapping[str, int], functions: Iterable[EdgeFunction]) -> dict[str, Inspector]:
    """By function name, for each that is wanted; a port of 0 is chosen. Raises ConfigError for a function that is not
    there, or a debugger."""
    known = {function.name: _language(function) for function in functions}
    free = {language: count(port) for language, port in _FIRST_PORTS.items()}
    taken = set(wanted.values())
    found = {}
    for name, port in wanted.items():
        if (language := known.get(name)) is None:
            raise ConfigError(f"there is no function {name} to inspect", _guess(name, known))
        chosen = port or next(one for one in free[language] if one not in taken)
        found[name] = Inspector(chosen, _debugpy() if language is Language.PYTHON else None)
    return found


def _language(function: EdgeFunction) -> Language:
    name = parse_runtime(function.runtime)
    return name.language if name is not None else Language.NODE


def _guess(name: str, known: Iterable[str]) -> str:
    return closest(name, known) or there_are(sorted(known)) or "the source has none"


def _debugpy() -> Path:
    spec = importlib.util.find_spec("debugpy")
    if spec is None or spec.origin is None:
        raise ConfigError("no debugger attaches to Python without debugpy", "pip install debugpy")
    return Path(spec.origin).parent.parent


def how_to_attach(function: EdgeFunction, inspector: Inspector) -> str:
    """One line for the terminal."""
    where = f"127.0.0.1:{inspector.port}"
    if _language(function) is Language.PYTHON:
        configuration = f'{{"type": "debugpy", "request": "attach", "connect": {{"port": {inspector.port}}}}}'
        return f"{function.name}: attach a Python debugger to {where}, in VS Code {configuration}"
    configuration = f'{{"type": "node", "request": "attach", "port": {inspector.port}}}'
    return f"{function.name}: attach to {where} from chrome://inspect, in VS Code {configuration}"
