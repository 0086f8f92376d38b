from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.values.cache_tags import TAG_CHARS, TAGS_PER_OBJECT, invalid_tag, read_tags
from edgesim.values.uri import invalid_path


@pytest.mark.parametrize(
    ("lines", "tags"),
    [
        pytest.param(["product:tv, brand:x,c"], {"product:tv", "brand:x", "c"}, id="a list, trimmed"),
        pytest.param(["A, a, B"], {"a", "b"}, id="case does not count"),
        pytest.param(["a", "b, c"], {"a", "b", "c"}, id="several lines are one list"),
        pytest.param(["", " , ,"], set(), id="nothing"),
        pytest.param(["a b, caf\u00e9, ok"], {"ok"}, id="what is no tag is left out"),
        pytest.param(["x" * 256 + "," + "y" * 257], {"x" * 256}, id="256 characters at most"),
        pytest.param(["#a, *, !~"], {"#a", "*", "!~"}, id="every visible character but the comma"),
    ],
)
def test_tags_are_read_from_a_header(lines: list[str], tags: set[str]) -> None:
    assert read_tags(lines) == tags


def test_of_more_than_50_tags_the_first_count() -> None:
    named = [f"t{number}" for number in range(60)]
    assert read_tags([", ".join(named)]) == set(named[:TAGS_PER_OBJECT])


@given(st.lists(st.text(max_size=300)))
def test_an_object_has_only_tags_that_an_invalidation_can_name(lines: list[str]) -> None:
    tags = read_tags(lines)
    assert len(tags) <= TAGS_PER_OBJECT
    assert all(invalid_tag(f"#{tag}") is None and tag == tag.lower() for tag in tags)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("#", "names no tag"),
        ("#a,b", "a character that no tag has"),
        ("#a b", "a character that no tag has"),
        ("#\u00e9", "a character that no tag has"),
        ("#a\n", "a character that no tag has"),
        ("#" + "a" * (TAG_CHARS + 1), "longer than 256"),
    ],
)
def test_what_is_no_tag_is_told(item: str, says: str) -> None:
    assert says in (invalid_path(item) or "")


def test_a_tag_stands_among_the_paths_of_an_invalidation() -> None:
    assert invalid_path("#Product:TV") is None
    assert invalid_path("#" + "a" * TAG_CHARS) is None
