"""How the parts of a scenario are read: by tables of keys, with every problem collected on the way.

A reader takes the Reading and an Element and gives a value, or raises Wrong; whoever reads a mapping or a list notes
that, leaves the member out and goes on with the next. So a file's problems come all at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from edgesim.distribution.findings import closest, nearest
from edgesim.distribution.problems import Problem
from edgesim.errors import ConfigError
from edgesim.scenario.language import durations
from edgesim.scenario.language.document import SCALARS, Element, Kind, number_of
from edgesim.scenario.model import Place

T = TypeVar("T")


class Wrong(ConfigError):
    """A value that can't be taken."""

    def __init__(self, element: Element, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.element = element


class Told(Exception):
    """Of a value that can't be taken, it has been said already why."""


@dataclass
class Reading:
    """One scenario being read. `folder` is where its paths begin; `problems`, `warnings`, `files` and the rest grow.

    `origins` are the ids of origins that are spoken of, `functions` the names of those that are deployed by a step.
    `speaks_of_starts`: an expectation says cold or warm.
    """

    file: str
    folder: Path
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)
    origins: list[tuple[str, Element]] = field(default_factory=list)
    functions: list[tuple[str, Element]] = field(default_factory=list)
    speaks_of_starts: bool = False

    def place(self, element: Element) -> Place:
        return Place(self.file, element.line)

    def complain(self, element: Element, message: str, hint: str = "") -> None:
        """Note what is wrong, and where."""
        self.problems.append(Problem(message, element.at, hint, file=self.file, line=element.line or None))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What is Wrong within becomes a problem."""
        try:
            yield
        except Wrong as wrong:
            self.complain(wrong.element, str(wrong), wrong.hint)
        except Told:
            return

    def each(self, elements: Iterable[Element], reader: Reader[T]) -> list[T]:
        """What the elements say, without those that are wrong."""
        found: list[T] = []
        for element in elements:
            with self.noting():
                found.append(reader(self, element))
        return found

    def by_name(self, element: Element, what: str, reader: Reader[T]) -> dict[str, T]:
        """A mapping whose keys are names of the user's."""
        found: dict[str, T] = {}
        for name, child in fields_of(element, what).items():
            with self.noting():
                found[name] = reader(self, child)
        return found

    def path(self, element: Element) -> Path:
        """A file or folder that exists, by its path from the scenario's folder."""
        written = text(self, element)
        try:
            path = self.folder / Path(written).expanduser()
            if path.exists():
                return Path(os.path.normpath(path))
        except (OSError, RuntimeError, ValueError) as error:  # too long, no such user, a byte that can't be
            raise Wrong(element, f"{element.shown} can't be a path: {error}") from error
        raise Wrong(element, f"there is no {written}", near_path(self.folder, written))


Reader: TypeAlias = Callable[[Reading, Element], T]


def near_path(folder: Path, written: str) -> str:
    """A hint for a path that leads nowhere."""
    path, begin = Path(written), f"paths begin in the scenario's folder, {folder}"
    try:
        if not path.is_absolute() and (folder / ".." / path).exists():
            return f"{begin}; there is {(Path('..') / path).as_posix()}"
        parent = (folder / path).parent
        near = nearest(path.name, os.listdir(parent)) if parent.is_dir() else ""  # noqa: PTH208  names alone
    except (OSError, ValueError):
        near = ""
    return f"did you mean {path.with_name(near).as_posix()}?" if near else begin


# ── mappings with known keys ─────────────────────────────────────────────────


@dataclass(frozen=True)
class Shape:
    """A mapping with known keys. `what` is its name for messages. `elsewhere` says where keys belong that people
    write here, or how they are called here."""

    what: str
    keys: Mapping[str, Reader[Any]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def read(self, reading: Reading, element: Element) -> dict[str, Any]:
        """What its members say, without those that are wrong."""
        found: dict[str, Any] = {}
        for key, child in fields_of(element, self.what).items():
            reader = self.keys.get(key)
            if reader is None:
                reading.complain(child, f"{self.what} has no key '{key}'", self._hint(key))
                continue
            with reading.noting():
                found[key] = reader(reading, child)
        return found

    def _hint(self, key: str) -> str:
        plain = key.strip().lower().replace("_", "-")
        if plain in self.keys:
            return f"write {plain}"
        return self.elsewhere.get(plain) or closest(plain, self.keys) or f"it has {', '.join(self.keys)}"


def fields_of(element: Element, what: str) -> Mapping[str, Element]:
    """The members of what must be a mapping."""
    if element.kind is not Kind.MAPPING:
        nothing = element.kind is Kind.NOTHING
        hint = "what belongs to it stands below, two spaces further in" if nothing else "write key: value"
        raise Wrong(element, f"{what} is a mapping of keys and values, not {element.shown}", hint)
    return element.fields


def items_of(element: Element, what: str) -> Sequence[Element]:
    """The items of what must be a list."""
    if element.kind is not Kind.LIST:
        raise Wrong(element, f"{what} is a list, not {element.shown}", "begin each item with '- '")
    return element.items


def one_or_more(element: Element) -> Sequence[Element]:
    """The items of a list, or the one thing itself."""
    return element.items if element.kind is Kind.LIST else (element,)


# ── scalars ──────────────────────────────────────────────────────────────────


def _name(element: Element) -> str:
    """What a value is called in a message: the last step of its path."""
    return element.at.rpartition(".")[2] or "this"


def text(_: Reading, element: Element) -> str:
    """A text; numbers and truth values are taken as they are written."""
    if element.kind not in SCALARS:
        hint = "for an empty text write ''" if element.kind is Kind.NOTHING else ""
        raise Wrong(element, f"{_name(element)} must be a text, not {element.shown}", hint)
    return element.text


def texts(reading: Reading, element: Element) -> tuple[str, ...]:
    """One text, or a list of them."""
    return tuple(reading.each(one_or_more(element), text))


def element_itself(_: Reading, element: Element) -> Element:
    """For what can be read only when something else has been."""
    return element


def truth(_: Reading, element: Element) -> bool:
    if element.kind is not Kind.TRUTH:
        raise Wrong(element, f"{_name(element)} must be true or false, not {element.shown}")
    return element.text.lower() == "true"


def whole_number(element: Element, least: int = 0, most: int | None = None) -> int:
    """A whole number within bounds; a quoted one is as good."""
    if not element.text.isdecimal() or not element.text.isascii() or element.kind not in (Kind.NUMBER, Kind.TEXT):
        raise Wrong(element, f"{_name(element)} must be a whole number, not {element.shown}")
    value = number_of(element.text)
    if value < least or (most is not None and value > most):
        bounds = f"from {least} to {most}" if most is not None else f"{least} or more"
        raise Wrong(element, f"{_name(element)} must be {bounds}, not {element.text[:20]}")
    return int(value)


def count(_: Reading, element: Element) -> int:
    """How many: 0 or more."""
    return whole_number(element, 0, _MANY)


def times(_: Reading, element: Element) -> int:
    """How often: once or more."""
    return whole_number(element, 1, _MANY)


_MANY = 1_000_000


def status(_: Reading, element: Element) -> int:
    """A status code. documented: RFC 9110 §15, three digits from 100 on"""
    if element.kind is Kind.TEXT and not element.text.isdecimal():
        hint = next((f"write {code.value}" for code in HTTPStatus if _plain(code.phrase) == _plain(element.text)), "")
        raise Wrong(element, f"a status is a number, not {element.shown}", hint or "write a number such as 200")
    return whole_number(element, 100, 999)


def _plain(text: str) -> str:
    return text.lower().replace(" ", "").replace("-", "").replace("_", "")


def duration(_: Reading, element: Element) -> float:
    """Seconds."""
    found = durations.seconds(element.text) if element.kind in (Kind.NUMBER, Kind.TEXT) else None
    if found is None:
        hint = "write 500ms, 61s, 5m, 1h30m, 2d, or a number of seconds"
        raise Wrong(element, f"{_name(element)} must be a span of time, not {element.shown}", hint)
    return found


def passing(reading: Reading, element: Element) -> float:
    """Seconds that are to pass."""
    if element.text.startswith("-"):
        raise Wrong(element, f"time only goes forward: {_name(element)} can't be {element.shown}")
    found = duration(reading, element)
    if found > durations.LONGEST_SPAN:
        raise Wrong(element, f"{_name(element)} can be 1000y at most, not {element.shown}")
    return found


def size(_: Reading, element: Element) -> int:
    """Bytes."""
    found = durations.size(element.text) if element.kind in (Kind.NUMBER, Kind.TEXT) else None
    if found is None or found > _LARGEST:
        raise Wrong(element, f"{_name(element)} must be a size, not {element.shown}", "write 300, 40KB or 1.5MB")
    return found


_LARGEST = 1 << 30


def one_of(*allowed: str, meant: Mapping[str, str] = MappingProxyType({})) -> Reader[str]:
    """A reader of one of some words, without regard to case, hyphens and underscores. `meant`: by what people call
    them elsewhere."""

    def read(_: Reading, element: Element) -> str:
        word = element.text.strip().lower().replace("_", "-")
        found = next((name for name in allowed if word in (name, name.replace(" ", "-"))), None)
        if found is None or element.kind not in SCALARS:
            known = f"it is one of {', '.join(allowed)}"
            message = f"{_name(element)} can't be {element.shown}: {known}"
            hint = f"write {meant[word]}" if word in meant else closest(element.text, allowed)
            raise Wrong(element, message, hint)
        return found

    return read
