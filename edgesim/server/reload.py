"""Hot reload: hears, within a fraction of a second, that a watched file was saved.

The system's watches hold on to a folder, not to its path: where a build removes a folder and makes it anew, they go on
watching the one that is gone. So what stands at the watched paths is looked at a few times a second, and where it is
another folder than before, or none, the watches are set anew.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from watchfiles import Change, awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

# Milliseconds: how long it is quiet after a change before the change counts, and the longest wait for quiet
STEP_MS = 50
DEBOUNCE_MS = 300
# How often to look whether the watched folders are still the same
LOOK_SECONDS = 0.2

_NOISY_FOLDERS = frozenset({".git", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".pytest_cache"})

Stamp: TypeAlias = tuple[int, ...] | None
"""What tells two things apart that stand at a path one after the other. None: nothing is there."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Single files, and folders with everything below them. All paths are resolved; none needs to exist."""

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
    def places(self) -> dict[Path, bool]:
        """What to ask the system to watch: folders (with everything below: True), and the folders that the files are
        in. A file itself can't be watched, since editors save by putting a new one in its place."""
        return {**{file.parent: False for file in self.files}, **dict.fromkeys(self.folders, True)}


def is_file(path: Path) -> bool:
    """Does a file stand there? What can't be looked at is none."""
    stamp = _stamp(path)
    return stamp is not None and not _is_folder(stamp)


async def watch(plan: Callable[[], Watched], saved: Callable[[set[Path]], Awaitable[None]]) -> None:
    """Call `saved` with the paths that changed together, one group after the other, until cancelled. `plan` is asked
    again after each, since a new template may name new code.

    A folder is among the paths where anything below it may have changed: at first, since nobody listened until now, and
    when it was made anew, went or came back.
    """
    watched = plan()
    known: dict[Path, Stamp] = {}
    missed: set[Path] = set(watched.folders)
    while True:
        known = {file: known[file] if file in known else _stamp(file) for file in watched.files}
        with _held(watched.places) as places:
            async with _listening(watched, places) as heard:
                paths = await _next(heard) | missed | _changed(known)
                while True:
                    # Stamped before it is taken in: what is saved meanwhile has another stamp
                    known.update({path: _stamp(path) for path in paths & known.keys()})
                    if paths:
                        await saved(paths)
                    if plan() != watched or _changed(places):
                        break
                    paths = await _next(heard)
            # Until the next watches are set nothing is heard: the folders are to be looked at as a whole
            missed = _drained(heard) | _changed(known) | watched.folders
        watched = plan()


# ── what stands where ────────────────────────────────────────────────────────


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    which = (found.st_dev, found.st_ino)
    return which if stat.S_ISDIR(found.st_mode) else (*which, found.st_mtime_ns, found.st_size)


def _is_folder(stamp: Stamp) -> bool:
    return stamp is not None and len(stamp) == 2


def _changed(known: Mapping[Path, Stamp]) -> set[Path]:
    return {path for path, stamp in known.items() if _stamp(path) != stamp}


@contextmanager
def _held(folders: Iterable[Path]) -> Iterator[dict[Path, Stamp]]:
    """The folders' stamps. The folders are kept open meanwhile: a removed one gives its inode number to the next that
    is made, and the two would look like one."""
    with ExitStack() as stack:
        for folder in folders:
            with suppress(OSError):
                stack.callback(os.close, os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
        yield {folder: _stamp(folder) for folder in folders}


# ── listening ────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _listening(watched: Watched, places: Mapping[Path, Stamp]) -> AsyncIterator[asyncio.Queue[set[Path]]]:
    """The changes that the system tells of, in the places where there is a folder."""
    heard: asyncio.Queue[set[Path]] = asyncio.Queue()
    stop = asyncio.Event()
    roots: dict[bool, list[Path]] = {}
    for place, recursive in watched.places.items():
        if _is_folder(places[place]):
            roots.setdefault(recursive, []).append(place)
    ears = [asyncio.create_task(_listen(watched, roots[recursive], recursive, heard, stop)) for recursive in roots]
    try:
        yield heard
    finally:
        stop.set()
        await asyncio.gather(*ears)


async def _listen(
    watched: Watched, roots: list[Path], recursive: bool, heard: asyncio.Queue[set[Path]], stop: asyncio.Event
) -> None:
    """Where the system has no watches left to give, the files are looked at one by one, again and again."""

    def wanted(change: Change, path: str) -> bool:
        del change
        return watched.covers(Path(path))

    for polling in (None, True):
        try:
            async for changes in awatch(
                *roots,
                watch_filter=wanted,
                step=STEP_MS,
                debounce=DEBOUNCE_MS,
                recursive=recursive,
                stop_event=stop,
                force_polling=polling,
                ignore_permission_denied=True,
            ):
                heard.put_nowait({Path(path) for _, path in changes})
        except FileNotFoundError:
            return  # it went away at this very moment: the next look finds out
        except (OSError, WatchfilesRustInternalError):
            continue
        return


async def _next(heard: asyncio.Queue[set[Path]]) -> set[Path]:
    """Everything heard until now; nothing where it was quiet for a while."""
    paths: set[Path] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            paths = await heard.get()
    return paths | _drained(heard)


def _drained(heard: asyncio.Queue[set[Path]]) -> set[Path]:
    paths: set[Path] = set()
    while not heard.empty():
        paths |= heard.get_nowait()
    return paths
