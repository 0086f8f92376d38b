"""What is put in front of a sandboxed process: code, linked folders, lent packages, and a /tmp of its environment's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

TASK_ROOT = "/var/task"
"""documented: where a function's code is (LAMBDA_TASK_ROOT)"""


@dataclass(frozen=True, slots=True)
class Room:
    """`things` are (path on this machine, place below /var), in the order in which they are put there; `temporary`
    names the environment whose /tmp it is."""

    things: tuple[tuple[Path, str], ...]
    temporary: str

    def message(self) -> dict[str, Any]:
        """As the zygote reads it (sandbox/zygote.py)."""
        return {"things": [[str(path), place] for path, place in self.things], "tmp": self.temporary}
