"""Problems in what the user wrote: every one of a file at once, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from edgesim.values.place import Place


class Severity(StrEnum):
    """ERROR: CloudFront or CloudFormation would refuse it, or edgesim can't go on. WARNING: it works, but not
    quite as written (a property that edgesim does not act on, a value that can't be known locally). NOTE: something
    is not done as at AWS, and no answer is another for it (the protocol's version, logs, timing)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    `at` is the path in the user's own spelling (`Resources.Web.Properties.DistributionConfig.Origins[0].Id`);
    `file` and `line` (from 1) say where that stands, where known; `hint` is a way out.
    `code` is AWS's own error code where AWS has one (`InvalidLambdaFunctionAssociation`). `is_refused`: AWS refuses it
    for certain when it is deployed, though locally it works, which makes it a warning.
    """

    message: str
    at: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    file: str = ""
    line: int | None = None
    code: str = ""
    is_refused: bool = False

    @property
    def at_deployment(self) -> Problem:
        """The same as whoever is about to deploy has to see it."""
        return replace(self, severity=Severity.ERROR) if self.is_refused else self

    @property
    def refusal(self) -> str:
        """The message, behind AWS's code where it has one."""
        return f"{self.code}: {self.message}" if self.code and not self.message.startswith(self.code) else self.message

    @property
    def place(self) -> str:
        """`file:line`, as far as that is known."""
        return str(Place(self.file, self.line))

    def __str__(self) -> str:
        parts = [part for part in (self.place, self.severity.value, self.at) if part]
        return f"{': '.join(parts)}: {self.message}{f' ({self.hint})' if self.hint else ''}"
