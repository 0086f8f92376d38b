"""Is a text what it must be?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from edgesim.scenario.model import Match

NONE = "(none)"


def fault_of(match: Match, text: str | None, *, part: bool = False) -> bool:
    """Does a text, or None where there is none, not fit? With `part`, `equals` may be a part of it."""
    if match.present is not None and match.present is (text is None):
        return True
    if text is None:
        return _asks_for_text(match) or (match.but_not is not None and not fault_of(match.but_not, None, part=part))
    return not all(_tests(match, text, part=part))


def _asks_for_text(match: Match) -> bool:
    """Is there something in it that a missing text can't be? One that asks for nothing at all wants there to be one."""
    asked = match.equals is not None or match.lines is not None or match.one_of or match.contains or match.matches
    return bool(asked) or (match.present is None and match.but_not is None)


def header_fault(match: Match, lines: Sequence[str]) -> bool:
    """The same for a header's lines."""
    if match.lines is not None and tuple(lines) != match.lines:
        return True
    return fault_of(match, ", ".join(lines) if lines else None)


def _tests(match: Match, text: str, *, part: bool) -> Iterator[bool]:
    if match.equals is not None:
        yield match.equals in text if part else match.equals == text
    if match.one_of:
        yield text in match.one_of
    yield from (wanted in text for wanted in match.contains)
    yield from (re.search(pattern, text) is not None for pattern in match.matches)
    if match.but_not is not None:
        yield fault_of(match.but_not, text, part=part)


def describe(match: Match) -> str:
    """The match in words; a plain text is itself."""
    return " and ".join(_words(match)) or "anything"


def _words(match: Match) -> Iterator[str]:
    if match.present is not None:
        yield "present" if match.present else "absent"
    if match.equals is not None:
        yield match.equals or "nothing"
    if match.lines is not None:
        yield lines_of(match.lines)
    if match.one_of:
        yield f"one of {', '.join(match.one_of)}"
    yield from (f"contains {text!r}" for text in match.contains)
    yield from (f"matches {pattern!r}" for pattern in match.matches)
    if match.but_not is not None:
        yield f"not ({describe(match.but_not)})"


def lines_of(lines: Sequence[str]) -> str:
    """A header's lines as a person reads them."""
    return "\n".join(lines) if lines else NONE
