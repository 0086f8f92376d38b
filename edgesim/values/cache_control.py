"""Cache-Control directives of a response.

Parsing is forgiving: unknown directives are kept and ignored, quoted values are unquoted (RFC 9111 §5.2), a delta that
is no number counts as absent (inferred).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from edgesim.values.headers import Headers, list_items

if TYPE_CHECKING:
    from collections.abc import Mapping

# documented: Expiration.md, "from zero seconds to 100 years"
LONGEST_AGE = 100 * 365 * 24 * 3600

# One item of the list: commas inside quotes do not separate. Possessive, so that no header can make it go back
_ITEM = re.compile(r'(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?+)++', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def delta_seconds(text: str) -> int | None:
    """A whole number of seconds within 0 to 100 years (RFC 9111 §1.2.2), or None for what is none."""
    if not text.isascii() or not text.isdigit():
        return None
    return min(int(text.lstrip("0")[:12] or "0"), LONGEST_AGE)


@dataclass(frozen=True, slots=True)
class CacheControl:
    """What the header says, by directive. A directive without a value maps to None."""

    directives: Mapping[str, str | None]

    def seconds(self, directive: str) -> int | None:
        """The directive's delta-seconds within 0 to 100 years, or None where absent or not a number."""
        return delta_seconds(self.directives.get(directive) or "")

    @property
    def max_age(self) -> int | None:
        return self.seconds("max-age")

    @property
    def s_maxage(self) -> int | None:
        return self.seconds("s-maxage")

    @property
    def no_store(self) -> bool:
        return "no-store" in self.directives

    @property
    def private(self) -> bool:
        return "private" in self.directives

    @property
    def no_cache(self) -> bool:
        """The unqualified directive; `no-cache="Set-Cookie"` speaks of a field only."""
        return "no-cache" in self.directives and not self.directives["no-cache"]

    @property
    def fields_not_to_store(self) -> frozenset[str]:
        """Lower-case header names that a qualified no-cache keeps out of the cache."""
        return frozenset(name.lower() for name in list_items([self.directives.get("no-cache") or ""]))


@lru_cache(maxsize=1024)
def _parse(text: str) -> CacheControl:
    directives: dict[str, str | None] = {}
    for item in _ITEM.findall(text):
        name, value = _directive(item)
        if name == "no-cache" and name in directives:
            directives[name] = _both(directives[name], value)
        elif name:
            directives.setdefault(name, value)
    return CacheControl(directives)


def _directive(item: str) -> tuple[str, str | None]:
    name, _, value = item.partition("=")
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _ESCAPED.sub(r"\1", value[1:-1])
    return name.strip().lower(), value or None


def _both(one: str | None, other: str | None) -> str | None:
    """Two no-cache directives say more than one: all the fields, or the whole response where either does."""
    return f"{one},{other}" if one and other else None


def cache_control(headers: Headers) -> CacheControl:
    """The directives of all Cache-Control lines; where one is repeated, the first counts (RFC 9111 §4.2.1)."""
    return _parse(headers.joined("cache-control") or "")
