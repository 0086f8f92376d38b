"""The one folder in which a service keeps everything temporary: copies of code, packages to lend.

It is private (0700) and locked while edgesim lives. Whoever starts later removes folders that nobody holds: those of
a process that was killed together with its guard. The lock, unlike a process id in the name, also tells between
containers that share /tmp.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "edgesim-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Lent:
    """Packages to lend: (name, where it is), and a folder with a link to each."""

    folder: Path
    packages: tuple[tuple[str, Path], ...]


class Workspace:
    """A temporary folder for one service. `path` has no symbolic link in it, so that it reads as in stack traces."""

    def __init__(self) -> None:
        parent = Path(tempfile.gettempdir()).resolve()
        _remove_abandoned(parent)
        self.path, self._lock = _create(parent)

    @property
    def code(self) -> Path:
        return self.path / "code"

    def lend(self, key: str, names: Iterable[str], places: Iterable[Path]) -> Lent:
        """Those of `names` that some place has: what the runtimes on Lambda bring along."""
        folder = self.path / "lent" / key
        folder.mkdir(parents=True, exist_ok=True)
        searched = list(places)
        found = {name: next((one / name for one in searched if (one / name).exists()), None) for name in names}
        packages = {name: place for name, place in found.items() if place is not None}
        for name, place in packages.items():
            if not (folder / name).exists():
                (folder / name).symlink_to(place)
        return Lent(folder, tuple(packages.items()))

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _create(parent: Path) -> tuple[Path, int]:
    """Locked before it has its name: nobody ever sees it without its lock."""
    nascent = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=parent))
    lock = os.open(nascent / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Node.js looks for the type of a .js file in every folder above it: here the search ends.
    (nascent / "package.json").write_text("{}")
    path = parent / nascent.name.removeprefix(".")
    nascent.rename(path)
    return path, lock


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        if _is_ours(folder) and not _is_held(folder / _LOCK):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        status = folder.lstat()
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and (folder / _LOCK).is_file()
    except OSError:  # somebody else has just removed it
        return False


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
