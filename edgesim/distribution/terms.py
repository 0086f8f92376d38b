"""By what a distribution's functions are judged: an edition of AWS's limits, and the answers to open questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgesim.distribution.choices import STANDARD, Choices, chosen
from edgesim.distribution.limits import LIMITS, Edition, Limits
from edgesim.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Terms:
    """`--limits` and `--choice`, as the rules read them."""

    edition: Edition = Edition.CURRENT
    choices: Choices = STANDARD

    @property
    def limits(self) -> Limits:
        """The numbers of the edition."""
        return LIMITS[self.edition]


STANDARD_TERMS = Terms()


def edition(text: str) -> Edition:
    """The edition that a user names. Raises ConfigError."""
    for known in Edition:
        if known == text.strip().lower():
            return known
    raise ConfigError(f"limits can't be {text!r}: it is {' or '.join(Edition)}", "AWS's guide of now, or of March 2023")


def terms(limits: str, choices: Mapping[str, str]) -> Terms:
    """What a user says, in words. Raises ConfigError."""
    return Terms(edition(limits), chosen(choices))
