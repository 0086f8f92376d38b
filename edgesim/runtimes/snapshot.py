"""Immutable copies of functions' code.

Functions run from copies, so that a half-saved file never reaches them and a running version stays what it is while
its author works on. Each version of the code lies in a folder named by its digest; functions with the same code
share it. In whatever is shown, the copy's path is turned back into the user's own.

What is copied: the files of a directory, a single file, a zip's contents, or inline text as Lambda writes it
(index.js, index.py). Not copied: `IGNORED` folders. Linked, not copied: node_modules (modules.py).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgesim.distribution.model import Code, EdgeFunction
from edgesim.distribution.package_size import PackageSize
from edgesim.errors import ConfigError
from edgesim.runtimes import modules
from edgesim.runtimes.interpreters import Language
from edgesim.runtimes.measuring import Measure
from edgesim.runtimes.room import TASK_ROOT
from edgesim.runtimes.unpacking import lock, make_folder, unpack

IGNORED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".idea"}
)
LINKED = frozenset({"node_modules"})
"""Folders that are linked where they stand."""

_ATTEMPTS = 3
_TASK = "task"
_INLINE_FILES = {Language.NODE: "index.js", Language.PYTHON: "index.py"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of some code. `root` is the folder the function runs in; `shown` is what stands for it in texts.
    `linked` are further folders and where they belong beside `root`; `code_sha256` is Lambda's CodeSha256, base64, and
    `code_size` its CodeSize, bytes; `unreadable` are files of a zip that the function can't read there either.

    documented: these are of the zip. inferred: of code that is none, they are of its files, since the zip that it is to
    become is not known
    """

    digest: str
    root: Path
    shown: str
    linked: tuple[tuple[Path, str], ...] = ()
    code_sha256: str = field(default="", compare=False)
    code_size: int = field(default=0, compare=False)
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """One thing in the code: `name` from its root, with slashes."""

    name: str
    path: Path
    is_link: bool
    stamp: tuple[int, int, int]


def fingerprint(code: Code) -> str:
    """Changes whenever the code may have changed: names, sizes and times, no contents. Raises ConfigError."""
    if code.inline or not code.path:
        return hashlib.sha256(code.inline.encode()).hexdigest()
    listed = ((one.name, one.is_link, one.stamp) for one in _files(Path(code.path)))
    return hashlib.sha256(repr(list(listed)).encode()).hexdigest()


def package_size(code: Code, measure: Measure) -> PackageSize:
    """How large a function's package is, or would be. Raises ConfigError."""
    if code.inline or not code.path:
        return PackageSize(len(code.inline.encode()))
    path = Path(code.path)
    try:
        if _is_zip(path) and path.is_file():
            return measure.archive(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error
    files = list(_files(path))
    own = sum(file.stamp[0] for file in files if not file.is_link)
    return measure.folder(own, [file.path for file in files if file.is_link])


class Snapshots:
    """Takes snapshots into one folder. Its methods block; they run in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, function: EdgeFunction, language: Language) -> Snapshot:
        """A copy of a function's code as it is now. Raises ConfigError where it can't be read."""
        code = function.code
        if code.inline or not code.path:
            return self._take_inline(code.inline, _INLINE_FILES[language])
        path = Path(code.path)
        shown = path.parent if path.is_file() and not _is_zip(path) else path
        try:
            draft, unreadable = self._copy_settled(code)
            kept = self._keep(draft, str(shown), modules.above(shown), unreadable)
            return _as_zip(kept, path) if path.is_file() and _is_zip(path) else kept
        except (OSError, zipfile.BadZipFile) as error:
            raise _unreadable(path, error) from error

    def in_place(self, function: EdgeFunction, language: Language) -> Snapshot:
        """A function's code where the user has it, for a debugger to find; a copy of what is no file of its own."""
        code = function.code
        path = Path(code.path)
        if code.inline or not code.path or _is_zip(path):
            return self.take(function, language)
        root = path if path.is_dir() else path.parent
        content, size = fingerprint(code), sum(file.stamp[0] for file in _files(path))
        return Snapshot(content[:16], root, str(root), code_sha256=content, code_size=size)

    def holds(self, snapshot: Snapshot) -> bool:
        """Is it a copy, and not the user's own?"""
        return snapshot.root.is_relative_to(self._folder)

    def remove(self, snapshot: Snapshot) -> None:
        shutil.rmtree(snapshot.root.parent, ignore_errors=True)

    def _take_inline(self, text: str, name: str) -> Snapshot:
        draft = self._draft()
        (draft / _TASK / name).write_text(text, encoding="utf-8")
        return self._keep(draft, TASK_ROOT)

    def _draft(self) -> Path:
        self._folder.mkdir(exist_ok=True)
        number = len(list(self._folder.iterdir()))
        while (draft := self._folder / f"draft{number}").exists():
            number += 1
        (draft / _TASK).mkdir(parents=True)
        (draft / _TASK).chmod(0o755)
        return draft

    def _copy_settled(self, code: Code) -> tuple[Path, frozenset[str]]:
        """A copy during which nothing changed, and what in it is not to be read. Raises ConfigError."""
        for _ in range(_ATTEMPTS):
            before = fingerprint(code)
            draft = self._draft()
            unreadable = _copy(Path(code.path), draft / _TASK)
            if fingerprint(code) == before:
                return draft, unreadable
            shutil.rmtree(draft)
        raise ConfigError(f"{code.path} keeps changing while it is copied")

    def _keep(
        self, draft: Path, shown: str, lenders: Iterable[Path] = (), unreadable: frozenset[str] = frozenset()
    ) -> Snapshot:
        """Give a draft its final name, or drop it where the same code is already there."""
        content, size = _content(draft / _TASK)
        digest = hashlib.sha256(shown.encode() + content + repr(sorted(unreadable)).encode()).hexdigest()[:16]
        home = self._folder / digest
        if home.exists():
            shutil.rmtree(draft)
        else:
            modules.lend(draft, lenders)
            modules.mend(draft)
            lock(draft / _TASK, unreadable)
            draft.rename(home)
        linked = modules.things_beside(home)
        code_sha256 = base64.b64encode(content).decode()
        return Snapshot(digest, home / _TASK, shown, linked, code_sha256, size, tuple(sorted(unreadable)))


def _as_zip(snapshot: Snapshot, archive: Path) -> Snapshot:
    with archive.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").digest()
        return replace(snapshot, code_sha256=base64.b64encode(digest).decode(), code_size=opened.tell())


def _content(root: Path) -> tuple[bytes, int]:
    """A digest of everything in a folder, and its bytes. What is linked counts by its link alone."""
    found, size = hashlib.sha256(), 0
    for file in _files(root):
        found.update(f"\0{file.name}\0{int(file.is_link)}\0".encode())
        content = repr(file.stamp).encode() if file.is_link else file.path.read_bytes()
        found.update(content)
        size += 0 if file.is_link else len(content)
    return found.digest(), size


# ── listing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _unreadable(code: Path, error: OSError | zipfile.BadZipFile) -> ConfigError:
    """What of a function's code can't be read, and why."""
    if isinstance(error, OSError):
        return ConfigError(f"{error.filename or code} can't be read: {error.strerror or error}")
    return ConfigError(f"{code} can't be read: {error}")


def _files(path: Path) -> Iterator[_File]:
    """Everything to copy from a directory, or the one file, in a fixed order. Raises ConfigError."""
    try:
        if path.is_dir():
            yield from _files_below(path, "")
        else:
            yield _File(path.name, path, is_link=False, stamp=_stamp(path.stat()))
    except OSError as error:
        raise _unreadable(path, error) from error


def _files_below(folder: Path, prefix: str, above: frozenset[str] = frozenset()) -> Iterator[_File]:
    real = os.path.realpath(folder)
    if real in above:  # a link back to a folder that it lies in
        return
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        yield from _listed(entry, f"{prefix}{entry.name}", above | {real})


def _listed(entry: os.DirEntry[str], name: str, above: frozenset[str]) -> Iterator[_File]:
    path = Path(entry.path)
    if entry.name in IGNORED:
        return
    if entry.name in LINKED:
        yield _File(name, path, is_link=True, stamp=_stamp(path.stat()))
    elif entry.is_dir():  # follows links, as packing tools do
        yield from _files_below(path, f"{name}/", above)
    elif entry.is_file() and not _is_own_output(path):  # sockets, pipes and dangling links are left out
        yield _File(name, path, is_link=False, stamp=_stamp(entry.stat()))


def _is_own_output(path: Path) -> bool:
    """Does what edgesim prints go to this file? It is no code, and each line about a reload would cause the next."""
    found = path.stat()
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # it is closed
            if os.path.samestat(found, os.fstat(descriptor)):
                return True
    return False


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


# ── copying ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_zip(path: Path) -> bool:
    return path.suffix == ".zip"


def _copy(source: Path, target: Path) -> frozenset[str]:
    """Copy or unpack. The names of the files that are not to be read."""
    if source.is_file() and _is_zip(source):
        return unpack(source, target)
    for file in _files(source):
        place = target / file.name
        make_folder(place.parent)
        if file.is_link:
            modules.link_from(place, file.path.resolve(), target.parent)
        else:
            shutil.copy(file.path, place)
            place.chmod(place.stat().st_mode | 0o444)  # inferred: packing tools make everything readable
    return frozenset()
