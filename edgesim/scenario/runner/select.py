"""Which scenarios are meant: paths as the user writes them, and the words of `-k`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

from edgesim.errors import ConfigError
from edgesim.scenario.model import Scenario

# ── paths ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Target:
    """A file or a folder; of a file, those scenarios alone that have `part` in their title, or the one that `line` is
    in. `text` is what the user wrote."""

    text: str
    path: Path
    part: str = ""
    line: int | None = None

    def among(self, scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
        """Those of a file's scenarios that are meant. Raises ConfigError where there are none."""
        if self.line is not None:
            return _around(self.line, scenarios)
        found = tuple(one for one in scenarios if self.part.lower() in one.title.lower())
        if self.part and not found:
            raise ConfigError(
                f"{self.text}: no scenario there has {self.part!r} in its title",
                f"edgesim test --collect-only {self.path} lists them",
            )
        return found


_WITH_LINE = re.compile(r"(?P<path>.+):(?P<line>[0-9]+)")


def target(text: str) -> Target:
    """What `PATH`, `FILE::TITLE-PART` or `FILE:LINE` means. Raises ConfigError where nothing is there."""
    if Path(text).exists():
        return Target(text, Path(text))
    path, separator, part = text.partition("::")
    if separator:
        return Target(text, _file(path, text), part=part.strip())
    if with_line := _WITH_LINE.fullmatch(text):
        file = _file(with_line["path"], text)
        return Target(text, file, line=line_of(file, with_line["line"], text))
    raise ConfigError(f"{text}: there is no such file or folder")


def _file(path: str, text: str) -> Path:
    if not Path(path).exists():
        raise ConfigError(f"{text}: there is no file {path}")
    if not Path(path).is_file():
        raise ConfigError(f"{text}: {path} is a folder", "name a file of it before the colon")
    return Path(path)


def line_of(file: Path, written: str, text: str) -> int:
    """A line that the file has; of what can't be read, whoever loads it complains. Raises ConfigError."""
    try:
        lines = len(file.read_bytes().splitlines())
    except OSError:
        return int(written[:_DIGITS])
    if len(written) > _DIGITS or not 1 <= int(written) <= lines:
        name = text.rpartition(":")[0]
        hint = f"{file} has {lines}; {name}::{written} means those with {written} in their title"
        raise ConfigError(f"{text}: there is no line {written}", hint)
    return int(written)


_DIGITS = 9


def _around(line: int, scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """The scenario that a line is in; the first one where the line is above all of them."""
    begun = [one for one in scenarios if one.place.line <= line]
    return tuple(begun[-1:] if begun else scenarios[:1])


# ── words ────────────────────────────────────────────────────────────────────

Wanted: TypeAlias = Callable[[Collection[str]], bool]
"""Do these texts, a scenario's title and path, fit?"""

_TOKEN = re.compile(r"""\s*(?:(?P<bracket>[()])|'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<word>[^\s()]+))""")
_OPERATORS = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class _Token:
    """`sign` is an operator or a bracket, or empty where `word` is something to look for."""

    sign: str
    word: str = ""

    def __str__(self) -> str:
        return self.sign or self.word


def expression(text: str) -> Wanted:
    """What `-k` means: words and quoted texts, combined by `and`, `or`, `not` and brackets. A word fits where it is in
    one of the texts, in capitals or not. Raises ConfigError for what can't be read."""
    parser = _Parser(text)
    wanted = parser.any_of()
    parser.end()
    return wanted


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        word = found["word"]
        if found["bracket"] or word in _OPERATORS:
            yield _Token(found["bracket"] or word)
        else:
            yield _Token("", next(part for part in (word, found["single"], found["double"]) if part is not None))


class _Parser:
    """`or` binds less than `and`, and that less than `not`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rest = list(_tokens(text))[::-1]

    def any_of(self) -> Wanted:
        parts = [self._all_of()]
        while self._took("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else lambda texts: any(part(texts) for part in parts)

    def end(self) -> None:
        if self._took(")"):
            self._refuse("a ')' has no '(' before it")
        if self._rest:
            self._refuse(f"'and' or 'or' is missing before {str(self._rest[-1])!r}")

    def _all_of(self) -> Wanted:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda texts: all(part(texts) for part in parts)

    def _one(self) -> Wanted:
        if self._took("not"):
            denied = self._one()
            return lambda texts: not denied(texts)
        if self._took("("):
            inner = self.any_of()
            if not self._took(")"):
                self._refuse("a '(' is not closed")
            return inner
        if not self._rest:
            self._refuse("it ends where a word is expected")
        token = self._rest.pop()
        if token.sign:
            self._refuse(f"a word is expected where {token.sign!r} stands")
        word = token.word.lower()
        return lambda texts: any(word in text.lower() for text in texts)

    def _took(self, sign: str) -> bool:
        if self._rest and self._rest[-1].sign == sign:
            self._rest.pop()
            return True
        return False

    def _refuse(self, why: str) -> NoReturn:
        raise ConfigError(
            f"-k {self._text!r} can't be read: {why}",
            "words with and, or, not and brackets, such as 'ttl and not (cookies or range)'; 'two words' in quotes",
        )
