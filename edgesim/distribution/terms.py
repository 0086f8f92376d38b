"""By what a distribution's functions are judged: an edition of AWS's limits, and the answers to open questions."""

from __future__ import annotations

from dataclasses import dataclass

from edgesim.distribution.choices import STANDARD, Choices
from edgesim.distribution.limits import LIMITS, Edition, Limits


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
