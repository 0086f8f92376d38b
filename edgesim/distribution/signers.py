"""Who may sign the URLs and cookies that a cache behavior wants.

documented: private-content-trusted-signers
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST_KEYS_IN_A_GROUP = 5
MOST_GROUPS_OF_A_BEHAVIOR = 4
"""documented: cloudfront-limits; more can be asked for"""


@dataclass(frozen=True, slots=True)
class Signers:
    """The public keys that a behavior trusts, PEM by the id that Key-Pair-Id names. Without any it lets nobody in."""

    keys: Mapping[str, str]
