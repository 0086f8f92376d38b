"""One possible answer to a question that AWS leaves open; choices.py has the table of questions."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Alternative(StrEnum):
    """One possible answer: the word for it, and what it means."""

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> Self:
        """A member whose value is the word."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member
