"""Problems in what the user wrote: every one of a file at once, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """ERROR: CloudFront or CloudFormation would refuse it, or edgesim can't go on. WARNING: it works, but not
    quite as written (a property that edgesim does not act on, a value that can't be known locally). NOTE: something
    is not done as at AWS, and no answer is another for it (the protocol's version, logs, timing)."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the user's files; the members are a Problem's."""

    at: str = ""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    `at` is the path in the user's own spelling (`Resources.Web.Properties.DistributionConfig.Origins[0].Id`);
    `file` and `line` (from 1) say where that stands, where known; `hint` is a way out.
    `code` is AWS's own error code where AWS has one (`InvalidLambdaFunctionAssociation`).
    """

    message: str
    at: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    file: str = ""
    line: int | None = None
    code: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        parts = [part for part in (place, self.severity.value, self.at) if part]
        return f"{': '.join(parts)}: {self.message}{f' ({self.hint})' if self.hint else ''}"
