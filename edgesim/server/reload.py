"""Hot reload: hears, within a fraction of a second, that a watched file was saved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, awatch

# Milliseconds: how long it is quiet after a change before the change counts, and the longest wait for quiet
STEP_MS = 50
DEBOUNCE_MS = 300

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
    again after each, since a new template may name new code."""
    one_at_a_time = asyncio.Lock()
    while True:
        watched, changed_plan = plan(), asyncio.Event()

        async def follow(
            roots: list[Path], recursive: bool, watched: Watched = watched, changed_plan: asyncio.Event = changed_plan
        ) -> None:
            def wanted(change: Change, path: str) -> bool:
                del change
                return watched.covers(Path(path))

            async for changes in awatch(
                *roots,
                watch_filter=wanted,
                step=STEP_MS,
                debounce=DEBOUNCE_MS,
                recursive=recursive,
                stop_event=changed_plan,
            ):
                async with one_at_a_time:
                    await saved({Path(path) for _, path in changes})
                if plan() != watched:
                    changed_plan.set()

        if not watched.roots:
            await changed_plan.wait()
        async with asyncio.TaskGroup() as group:
            for roots, recursive in watched.roots:
                group.create_task(follow(roots, recursive))
