"""Cache tags: names that an origin gives to an object, by which it can be invalidated.

Source: invalidation-by-tags, invalidation-specifying-tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

TAG_CHARS = 256
TAGS_PER_OBJECT = 50
MARK = "#"
"""What a tag begins with among the paths of an invalidation."""

NO_TAGS: frozenset[str] = frozenset()

_TAG = re.compile(rf"[!-+\--~]{{1,{TAG_CHARS}}}")  # ASCII 33 to 126, without the comma


def read_tags(lines: Iterable[str]) -> frozenset[str]:
    """The tags that header lines name, in lower case, since case does not count: a list with commas, trimmed; of more
    than 50 the first. inferred: several lines are one list, and what is no tag is left out and not counted"""
    named = (tag.strip(" \t").lower() for line in lines for tag in line.split(","))
    return frozenset(islice(dict.fromkeys(tag for tag in named if _TAG.fullmatch(tag)), TAGS_PER_OBJECT))


def invalid_tag(item: str) -> str | None:
    """Why CloudFront would not take `#tag`, or None. documented: invalidation-specifying-tags"""
    tag = item.removeprefix(MARK)
    if not tag:
        return f"{item!r} names no tag; write '#product:tv'"
    if len(tag) > TAG_CHARS:
        return f"the tag {item[:40]!r}… is longer than {TAG_CHARS} characters"
    if not _TAG.fullmatch(tag):
        return f"the tag {item!r} has a character that no tag has: they are visible ASCII without the comma"
    return None
