"""What ends the reading of one file: it can't be opened, or it is no YAML or JSON."""

from __future__ import annotations

from edgesim.distribution.problems import Problem
from edgesim.errors import ConfigError

# Deeper than any template, and shallow enough for every recursion over it.
MAX_DEPTH = 100
# A CloudFormation template may have 1 MB (documented); aliases could make a small file expand without end.
MAX_NODES = 150_000


class Unreadable(ConfigError):
    """A file can't be read at all. Carries the Problem to show."""

    def __init__(self, message: str, file: str, line: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint)
        self.problem = Problem(message, hint=hint, file=file, line=line)
