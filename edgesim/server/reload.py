"""Hot reload: hears, within a fraction of a second, that a watched file was saved."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from watchfiles import awatch

# Milliseconds: how long it is quiet after a change before the change counts, and the longest wait for quiet
STEP_MS = 50
DEBOUNCE_MS = 300
# How often the folders themselves are looked at
LOOK_MS = 300

_NOISY_FOLDERS = frozenset({".git", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".pytest_cache"})


@dataclass(frozen=True, slots=True)
class Watched:
    """Single files, and folders with everything below them. All paths are resolved."""

    files: frozenset[Path]
    folders: frozenset[Path]

    def covers(self, path: Path) -> bool:
        """Is a change at this path one to act on? Editors' swap files and installed packages are not."""
        if path.name.endswith(("~", ".swp", ".swx", ".tmp", ".pyc")) or path.name.startswith(".#"):
            return False
        if path in self.files:
            return True
        return any(
            root in path.parents and _NOISY_FOLDERS.isdisjoint(path.relative_to(root).parts) for root in self.folders
        )

    @property
    def roots(self) -> list[tuple[list[Path], bool]]:
        """What to ask the system to watch: folders (recursively: True), and the folders that the files are in. A file
        itself can't be watched, since editors save by putting a new one in its place."""
        below = sorted(folder for folder in self.folders if folder.is_dir())
        flat = sorted({file.parent for file in self.files if file.parent.is_dir()} - set(below))
        return [(roots, recursive) for roots, recursive in ((below, True), (flat, False)) if roots]


async def watch(plan: Callable[[], Watched], saved: Callable[[set[Path]], Awaitable[None]]) -> None:
    """Call `saved` with the paths that changed together, one group after the other, until cancelled. `plan` is asked
    again after each, since a new template may name new code.

    What is watched is a folder's inode: where a build removes a folder and makes it anew, the new one is noticed by
    its identity, and what it holds counts as saved.
    """
    one_at_a_time = asyncio.Lock()
    armed: Identity | None = None
    while True:
        watched = plan()
        known, armed = armed, _identity(watched)
        if known is not None and (anew := _made_anew(watched, known, armed)):
            await saved(anew)
            watched = plan()
            armed = _identity(watched)
        await _until_another(watched, armed, plan, saved, one_at_a_time)


async def _until_another(
    watched: Watched,
    armed: Identity,
    plan: Callable[[], Watched],
    saved: Callable[[set[Path]], Awaitable[None]],
    one_at_a_time: asyncio.Lock,
) -> None:
    """Watch until there is something else to watch."""
    ending = asyncio.Event()

    async def follow(roots: list[Path], recursive: bool) -> None:
        changes = awatch(
            *roots,
            watch_filter=lambda _, path: Path(path) in roots or watched.covers(Path(path)),
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            recursive=recursive,
            stop_event=ending,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
        )
        async for group in changes:
            paths = {Path(path) for _, path in group}
            if covered := {path for path in paths if watched.covers(path)}:
                async with one_at_a_time:
                    await saved(covered)
            # A change to a root itself is its end; a new folder in its place may well have the same inode
            for root in paths.intersection(roots):
                armed.pop(root, None)
            if plan() != watched or _identity(watched) != armed:
                ending.set()

    async def wait_for_a_root() -> None:
        while _identity(watched) == armed and plan() == watched:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_MS / 1000):
                    await ending.wait()

    async with asyncio.TaskGroup() as group:
        for roots, recursive in watched.roots:
            group.create_task(follow(roots, recursive))
        if not watched.roots:
            group.create_task(wait_for_a_root())


Identity = dict[Path, tuple[int, int]]
"""Device and inode of each folder that is there."""


def _identity(watched: Watched) -> Identity:
    found: Identity = {}
    for folder in {*watched.folders, *(file.parent for file in watched.files)}:
        with contextlib.suppress(OSError):
            status = folder.stat()
            found[folder] = (status.st_dev, status.st_ino)
    return found


def _made_anew(watched: Watched, known: Identity, now: Identity) -> set[Path]:
    """The watched files and folders whose folder is another one than before, or there again."""
    anew = {folder for folder, identity in now.items() if folder in known and known[folder] != identity}
    back = {folder for folder in now if folder not in known}
    return {path for path in watched.folders if path in anew | back} | {
        path for path in watched.files if path.parent in anew | back
    }
