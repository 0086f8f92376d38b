import inspect
from enum import StrEnum

import pytest

from edgesim.rules import reasons

ENUMS = [
    enum for _, enum in inspect.getmembers(reasons, inspect.isclass) if issubclass(enum, StrEnum) and enum != StrEnum
]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_no_two_reasons_read_the_same(enum):
    assert len({member.value for member in enum}) == len(enum.__members__)


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_reasons_are_one_line_of_ascii_text(enum):
    assert all(member.value.isascii() and member.value.isprintable() for member in enum)
