"""How much space a function's code takes, found out without reading it.

Sizes of the function's own files are in the listing that its fingerprint is made of. The node_modules that are linked
are walked once for every state of their folder, and no further than needed to know that they are too large.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgesim.distribution.limits import PackageLimits
from edgesim.distribution.package_size import PackageSize

_MOST_FILES = 200_000
"""A walk ends here; what it has seen is what counts."""

_HIDDEN_LOCK = ".package-lock.json"
"""observed: npm writes which packages are there, and which of them for development alone, into node_modules"""


@dataclass(frozen=True, slots=True)
class Linked:
    """What is in a node_modules folder. `is_exact`: without the packages that a build leaves out."""

    size: int
    is_exact: bool


class Measure:
    """Measures packages. Its methods block; they run in a thread."""

    def __init__(self, limits: PackageLimits) -> None:
        self._limits = limits
        self._linked: dict[tuple[Path, object], Linked] = {}

    def archive(self, path: Path) -> PackageSize:
        """A zip, by its own directory. Raises OSError and BadZipFile."""
        with zipfile.ZipFile(path) as contents:
            return PackageSize(sum(member.file_size for member in contents.infolist()), path.stat().st_size)

    def folder(self, own: int, linked: list[Path]) -> PackageSize:
        """Files of `own` bytes, and linked folders."""
        found = [self._of_linked(folder) for folder in linked]
        return PackageSize(own, linked=sum(one.size for one in found), is_exact=all(one.is_exact for one in found))

    def _of_linked(self, folder: Path) -> Linked:
        """Installing a package changes the folder, or npm's list in it."""
        key = folder, (_stamp(folder), _stamp(folder / _HIDDEN_LOCK))
        if key not in self._linked:
            self._linked = {kept: size for kept, size in self._linked.items() if kept[0] != folder}
            self._linked[key] = self._walk(folder)
        return self._linked[key]

    def _walk(self, folder: Path) -> Linked:
        left_out = _for_development(folder)
        size = 0
        for count, bytes_more in enumerate(_sizes_below(folder, left_out or frozenset())):
            size += bytes_more
            if size > self._limits.unzipped or count > _MOST_FILES:
                break
        return Linked(size, is_exact=left_out is not None)


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def _for_development(folder: Path) -> frozenset[Path] | None:
    """The packages that `npm ci --omit=dev`, and so a build, would leave out; None where nobody wrote it down."""
    try:
        packages = json.loads((folder / _HIDDEN_LOCK).read_bytes())["packages"]
        names = [name for name, package in packages.items() if package.get("dev")]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return frozenset(folder.parent / name for name in names)


def _sizes_below(folder: Path, left_out: frozenset[Path]) -> Iterator[int]:
    """Links are not followed: what they lead to is counted where it is, or is not in the folder."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it went while it was looked at
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if (path := Path(entry.path)) not in left_out:
                yield from _sizes_below(path, left_out)
        elif entry.is_file(follow_symlinks=False):
            yield entry.stat(follow_symlinks=False).st_size
