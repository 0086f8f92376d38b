"""Cache-Control directives of a response.

Parsing is as forgiving as RFC 9111 §4.2.1 asks: unknown directives are kept and ignored, quoted values are unquoted,
a delta that is no number counts as absent.
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

_DIRECTIVE = re.compile(r'\s*([^\s=,;]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class CacheControl:
    """What the header says, by directive. A directive without a value maps to None."""

    directives: Mapping[str, str | None]

    def seconds(self, directive: str) -> int | None:
        """The directive's delta-seconds within 0 to 100 years, or None where absent or not a number."""
        value = self.directives.get(directive)
        if value is None or not value.isascii() or not value.isdigit():
            return None
        return min(int(value[:12]), LONGEST_AGE)

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
    for name, quoted, plain in _DIRECTIVE.findall(text):
        directives.setdefault(name.lower(), quoted or plain or None)
    return CacheControl(directives)


def cache_control(headers: Headers) -> CacheControl:
    """The directives of all Cache-Control lines; where one is repeated, the first counts."""
    return _parse(headers.joined("cache-control") or "")
