"""The difference of two texts, so that it is seen at a glance: what was expected, what came, and where they part.

Nothing of either text can steer a terminal, and no difference is invisible: where spaces or line ends alone are others,
they are drawn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from edgesim.values.text import printable

Paint = Callable[[str, str], str]

WIDTH = 94
MOST_LINES = 14
_INDENT = len("expected  ")
_MOST_TOLD = 6
_WIDEST = 200
"""Characters of a line by which it is compared with others."""
_LONGEST_MARK = 24
"""Characters; where more is another, a mark below its beginning says as much."""
_CONTEXT = 2
_COMPARED_LINES = 400
"""Of each text, from the first line that differs: comparing takes time by the square."""

_DRAWN = str.maketrans({" ": "·", "\t": "→", "\xa0": "⍽", "\r": "␍", "\n": "⏎"})


def plain(text: str, style: str) -> str:
    """Paint for where there are no colours."""
    del style
    return text


def difference(expected: str, got: str, paint: Paint = plain, *, part: bool = False, width: int = WIDTH) -> list[str]:
    """Lines for `expected` and `got`: one each with a mark below, or a diff cut to where they differ, or, where they
    have no line in common, both one after the other. `part`: `got` may have more than was expected."""
    expected, got = _laid_out(expected, got)
    if "\n" not in expected and "\n" not in got:
        return _pair(expected, got, paint, width)
    if not _related(expected, got):
        return [*_told("expected", "ok", expected, paint, width), *_told("got", "bad", got, paint, width)]
    return [paint("- expected  + got", "label"), *_cut(list(_diff(expected, got, paint, part=part, width=width)))]


def in_a_line(expected: str, got: str) -> tuple[str, str]:
    """A line of each: the first in which they differ, where there are several."""
    pairs = zip_longest(*(text.splitlines() for text in _laid_out(expected, got)), fillvalue="")
    first, second = next(((one, other) for one, other in pairs if one != other), (expected, got))
    return first.strip() or "nothing", second.strip() or "nothing"


def shows_all(expected: str, got: str, width: int = WIDTH) -> bool:
    """Does the difference have all of both texts in it, as long as they are not the same for many lines?"""
    texts = _laid_out(expected, got)
    lines = [line for text in texts for line in text.splitlines()]
    most = MOST_LINES if _related(*texts) else _MOST_TOLD
    fits = len(lines) <= 2 or max(len(text.splitlines()) for text in texts) <= most
    return fits and all(len(printable(line)) <= width - _INDENT for line in lines)


def _related(expected: str, got: str) -> bool:
    common = set(expected.splitlines()) & set(got.splitlines())
    return bool(common) or "".join(expected.split()) == "".join(got.split())


def _told(label: str, style: str, text: str, paint: Paint, width: int) -> Iterator[str]:
    lines = text.splitlines() or ["(empty)"]
    for number, line in enumerate(lines[:_MOST_TOLD]):
        head = paint(label, "label") + " " * (_INDENT - len(label)) if number == 0 else " " * _INDENT
        yield f"{head}{paint(_window(printable(line), 0, width - _INDENT), style)}"
    if len(lines) > _MOST_TOLD:
        yield f"{' ' * _INDENT}{paint(f'… {len(lines) - _MOST_TOLD} more lines', 'label')}"


def _laid_out(expected: str, got: str) -> tuple[str, str]:
    """JSON in lines, where both are JSON, with members in the order of their names: their order means nothing."""
    try:
        values = json.loads(expected), json.loads(got)
    except ValueError:
        return expected, got
    if not all(isinstance(value, dict | list) for value in values):
        return expected, got
    first, second = map(_json_lines, values)
    return (first, second) if first != second else (expected, got)


def _json_lines(value: Any) -> str:
    """Without the commas at the ends of lines, which would make the line above a new member another one, too."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return "\n".join(line.removesuffix(",") for line in text.split("\n"))


# ── one line each ────────────────────────────────────────────────────────────


def _pair(expected: str, got: str, paint: Paint, width: int) -> list[str]:
    first, second, mark = _side_by_side(expected, got, width - _INDENT)
    head = paint("expected", "label"), paint("got", "label") + " " * 5
    lines = [f"{head[0]}  {paint(first or '(empty)', 'ok')}", f"{head[1]}  {paint(second or '(empty)', 'bad')}"]
    return [*lines, f"{' ' * _INDENT}{paint(mark, 'bad')}"] if mark else lines


def _side_by_side(expected: str, got: str, room: int) -> tuple[str, str, str]:
    """Both texts, cut to the same window, and a mark for where they part; no mark where they have little in common."""
    first, second = _shown(expected, got)
    start = _same(first, second)
    rest = min(len(first), len(second)) - start
    same_end = min(rest, _same(first[::-1], second[::-1]))
    offset = max(0, start - room // 2) if max(len(first), len(second)) > room else 0
    stop = max(len(first), len(second)) - same_end
    marked = min(stop, offset + room) - start
    if marked > _LONGEST_MARK:
        marked = 1
    alike = start + same_end >= max(3, min(len(first), len(second)) // 2)
    mark = " " * (start - offset) + "^" * max(1, marked) if alike and first != second else ""
    return _window(first, offset, room), _window(second, offset, room), mark


def _shown(expected: str, got: str) -> tuple[str, str]:
    """Both as they print, with the spaces drawn where these are all that differs."""
    if "".join(expected.split()) == "".join(got.split()) and expected != got:
        expected, got = expected.translate(_DRAWN), got.translate(_DRAWN)
    return printable(expected), printable(got)


def _window(text: str, offset: int, room: int) -> str:
    piece = text[offset : offset + room]
    if offset and piece:
        piece = f"…{piece[1:]}"
    return f"{piece[:-1]}…" if offset + room < len(text) else piece


# ── several lines ────────────────────────────────────────────────────────────


def _diff(expected: str, got: str, paint: Paint, *, part: bool, width: int) -> Iterator[str]:
    before, after = expected.splitlines(keepends=True), got.splitlines(keepends=True)
    skipped = max(0, _same(before, after) - _CONTEXT)
    before, after = (lines[skipped : skipped + _COMPARED_LINES] for lines in (before, after))
    groups = list(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT))
    for group in groups:
        if skipped or group[0][1]:
            yield paint(f"  … from line {skipped + group[0][1] + 1}", "label")
        for tag, i, j, k, m in group:
            if part and m - k > j - i:
                yield from _part(before[i:j], after[k:m], paint, width)
            else:
                yield from _hunk(tag, before[i:j], after[k:m], paint, width)
    if not groups:
        yield paint(f"  the same for {_COMPARED_LINES} lines, then another", "label")


def _same(before: Sequence[str], after: Sequence[str]) -> int:
    """How much of the start they have in common."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))


def _hunk(tag: str, before: Sequence[str], after: Sequence[str], paint: Paint, width: int) -> Iterator[str]:
    room = width - 2
    if tag == "equal":
        yield from (f"  {_window(printable(_ended(line)), 0, room)}" for line in before)
        return
    if len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _changed_line(one, other, paint, room)
        return
    yield from (paint(f"- {_window(printable(_ended(line)), 0, room)}", "ok") for line in before)
    yield from (paint(f"+ {_window(printable(_ended(line)), 0, room)}", "bad") for line in after)


def _part(before: Sequence[str], after: Sequence[str], paint: Paint, width: int) -> Iterator[str]:
    """Those lines alone that were meant; that there are more around them is as it may be."""
    start = max(range(len(after) - len(before) + 1), key=lambda at: _likeness(before, after[at:]))
    end = start + len(before)
    yield from _more(start, paint)
    if before:
        yield from _hunk("replace", before, after[start:end], paint, width)
    yield from _more(len(after) - end, paint)


def _more(number: int, paint: Paint) -> Iterator[str]:
    if number:
        yield paint(f"  … {number} more", "label")


def _likeness(before: Sequence[str], after: Sequence[str]) -> float:
    return SequenceMatcher(None, before[0][:_WIDEST], after[0][:_WIDEST]).ratio() if before and after else 0.0


def _changed_line(one: str, other: str, paint: Paint, room: int) -> Iterator[str]:
    if _ended(one) != _ended(other):
        one, other = _ended(one), _ended(other)
    first, second, mark = _side_by_side(one, other, room)
    yield paint(f"- {first}", "ok")
    yield paint(f"+ {second}", "bad")
    if mark:
        yield f"  {paint(mark, 'bad')}"


def _ended(line: str) -> str:
    return line.rstrip("\r\n")


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[: MOST_LINES - 1], f"  … {len(lines) - MOST_LINES + 1} more lines"]
