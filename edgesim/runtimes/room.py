"""What is put in front of a sandboxed process: code, linked folders, lent packages, and a /tmp of its environment's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

TASK_ROOT = "/var/task"
"""documented: where a function's code is (LAMBDA_TASK_ROOT)"""

RUNTIME_ROOT = "/var/runtime"
"""documented: where the runtime is (LAMBDA_RUNTIME_DIR)"""

_OF_THE_ROOM = ("/tmp", "/var")  # noqa: S108  nothing is written there
_ELSEWHERE = Path("/opt/edgesim")


def place_of(path: Path) -> Path:
    """Where a program or folder of this machine is in a sandbox: in its own place, unless that belongs to the room."""
    covered = any(path.is_relative_to(folder) for folder in _OF_THE_ROOM)
    return _ELSEWHERE / path.relative_to("/") if covered else path


@dataclass(frozen=True, slots=True)
class Room:
    """`things` are (path on this machine, place below /var), in the order in which they are put there; `temporary`
    names the environment whose /tmp it is."""

    things: tuple[tuple[Path, str], ...]
    temporary: str

    def message(self) -> dict[str, Any]:
        """As the zygote reads it (sandbox/zygote.py)."""
        return {"things": [[str(path), place] for path, place in self.things], "tmp": self.temporary}
