"""Which reasons may be meant by words that are none: those near by their letters, and those that speak of the same."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache

from edgesim.scenario.language.reasons import canonical, members, name_of

WHERE = "`edgesim reasons` lists them all, and `edgesim explain` shows those of a request"


def hint(words: str) -> str:
    """What to write in the place of words that are no reason, or where the reasons are listed."""
    if both := _two_in_one(words):
        return f"these are two reasons: write {both[0]}, {both[1]}"
    begun = _begun(words)
    if len(begun) > _MOST:
        shown = ", ".join(f"'{one}'" for one in begun[:_MOST])
        return f"{len(begun)} reasons begin so: {shown} …; `edgesim reasons {words}` lists them"
    found = likely(words)
    if not found:
        return WHERE
    if len(found) == 1:
        return f"did you mean '{found[0]}'?"
    *others, last = (f"'{one}'" for one in found)
    return f"did you mean {', '.join(others)} or {last}? {WHERE}"


def _two_in_one(words: str) -> tuple[str, str] | None:
    parts = words.split()
    pairs = ((" ".join(parts[:at]).rstrip(",;"), " ".join(parts[at:])) for at in range(1, len(parts)))
    return next((pair for pair in pairs if all(map(canonical, pair))), None)


def _begun(words: str) -> list[str]:
    """The reasons that go on after these words, in their text or by their name, as people write them."""
    asked = _normal(words)
    return list(dict.fromkeys(one.written for one in _labels() if asked and f"{one.normal} ".startswith(f"{asked} ")))


# ── likeness ─────────────────────────────────────────────────────────────────

_MOST = 3
_SLIP = 0.85
"""From this likeness on it is that reason with a slip in it, where no other comes as near."""
_ALIKE, _AKIN = 0.7, 0.55
"""Of the letters, and of what is said: below this it is another matter."""
_BEGUN = 0.9
"""Where a reason goes on after what was asked."""
_AS_GOOD = 0.75
"""Of the best one's likeness; what has less is not worth a word."""


def likely(words: str) -> list[str]:
    """The reasons that may be meant, as people write them, the likeliest first."""
    asked = _normal(words)
    scores: dict[str, float] = {}
    for label in _labels():
        scores[label.written] = max(scores.get(label.written, 0), _likeness(asked, label))
    ranked = sorted((name for name, score in scores.items() if score), key=lambda name: -scores[name])
    near = [name for name in ranked if scores[name] >= _SLIP]
    if len(near) == 1:
        return near
    return [name for name in ranked if scores[name] >= scores[ranked[0]] * _AS_GOOD][:_MOST]


@dataclass(frozen=True, slots=True)
class _Label:
    """One way to write a reason, and how to suggest it."""

    normal: str
    written: str


@cache
def _labels() -> tuple[_Label, ...]:
    return tuple(
        _Label(_normal(words), reason.value if len(reason.value) <= _LONG else _normal(reason.name))
        for reason in members()
        for words in (reason.value, reason.name, name_of(reason))
    )


_LONG = 72
"""Characters: the sentences of CloudFront's error page are longer, and suggested by their names."""


def _likeness(asked: str, label: _Label) -> float:
    """From 0 to 1; 0 for what is far."""
    if f"{label.normal} ".startswith(f"{asked} "):
        return _BEGUN
    by_letters, by_words = SequenceMatcher(None, asked, label.normal).ratio(), _in_common(asked, label.normal)
    return max(by_letters if by_letters >= _ALIKE else 0, by_words if by_words >= _AKIN else 0)


def _in_common(asked: str, known: str) -> float:
    """How much of what was asked is said there, and less so how much of that was asked; rare words count for more."""
    these, those = _telling(asked), _telling(known)
    if not these or not those:
        return 0
    said = _share(these, {word: max(_alike(word, other) for other in those) for word in these})
    meant = _share(those, {word: max(_alike(other, word) for other in these) for word in those})
    return said * (0.65 + 0.35 * meant)


def _share(words: Sequence[str], found: Mapping[str, float]) -> float:
    return sum(_weight(word) * found[word] for word in words) / sum(map(_weight, words))


def _alike(asked: str, known: str) -> float:
    if asked == known:
        return 1
    if known in _SAID_ELSEWHERE.get(asked, ()):
        return 0.95
    return 0.8 if len(min(asked, known, key=len)) >= _STEM and _ratio(asked, known) >= _INFLECTED else 0


_STEM, _INFLECTED = 4, 0.75


@lru_cache(maxsize=10_000)
def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _weight(word: str) -> float:
    return 1 / (1 + math.log(1 + _counts()[word]))


@cache
def _counts() -> Counter[str]:
    """In how many reasons a word is."""
    return Counter(word for one in members() for word in set(_telling(_normal(f"{one.value} {one.name}"))))


# ── words ────────────────────────────────────────────────────────────────────

_WORD = re.compile(r"[a-z0-9*]+")
_IDLE = frozenset(
    ("a", "as", "at", "by", "for", "has", "in", "is", "its", "of", "or", "that", "the", "this", "to", "was")
)


def _normal(text: str) -> str:
    return " ".join(_words(text))


def _words(text: str) -> Iterator[str]:
    return (found[0] for found in _WORD.finditer(text.casefold()))


def _telling(normal: str) -> tuple[str, ...]:
    return tuple(word for word in normal.split() if word not in _IDLE)


_SAID_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "bypass": ("looked",),
    "bypassed": ("looked",),
    "blocked": ("refused",),
    "cacheable": ("stored",),
    "cached": ("cache", "fresh", "stored"),
    "called": ("ran",),
    "coalesced": ("waited",),
    "collapsed": ("waited",),
    "crashed": ("failed",),
    "denied": ("refused",),
    "error": ("failed",),
    "evicted": ("cache",),
    "exception": ("failed",),
    "executed": ("ran",),
    "expired": ("stale",),
    "forbidden": ("refused",),
    "found": ("cache",),
    "function": ("ran", "lambda"),
    "invalid": ("valid", "validation"),
    "invoked": ("ran",),
    "kept": ("stored",),
    "modified": ("changed",),
    "outdated": ("stale",),
    "raised": ("failed",),
    "responded": ("answered",),
    "skipped": ("run",),
    "threw": ("failed",),
    "unmodified": ("unchanged",),
    "validated": ("revalidated",),
}
"""What caches and functions are said to do elsewhere, in the words that reasons have for it."""
