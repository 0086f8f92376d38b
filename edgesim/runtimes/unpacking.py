"""Zips, as Lambda unpacks them: with the rights that their files have for others, since the function's user is not
their owner.

documented: Lambda's guide, troubleshooting-deployment: a package's files need 644, its folders and programs 755; else
EACCES
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from edgesim.errors import ConfigError

_UNKNOWN = 0
"""What archives say that were made where files have no modes. inferred: then everybody may read"""


def unpack(archive: Path, target: Path) -> frozenset[str]:
    """Unpack what stays within the target. The names of the files that Lambda's user may not read: they can be read
    here until they are locked. Raises ConfigError, OSError and BadZipFile."""
    with zipfile.ZipFile(archive) as contents:
        members = contents.infolist()
        for member in members:
            _unpack_member(contents, member, target / _safe_name(archive, member.filename), target)
    closed = {
        _safe_name(archive, one.filename) for one in members if one.is_dir() and not _others_may(one, stat.S_IXOTH)
    }
    files = {_safe_name(archive, one.filename): one for one in members if not one.is_dir() and not _is_link(one)}
    return frozenset(
        str(name)
        for name, member in files.items()
        if not _others_may(member, stat.S_IROTH) or not closed.isdisjoint(name.parents)
    )


def lock(root: Path, names: Iterable[str]) -> None:
    """Take away all rights to these files. The superuser has them all the same, where there is no sandbox."""
    for name in names:
        (root / name).chmod(0)


def make_folder(path: Path) -> None:
    """Like mkdir -p, for everybody to enter, whatever this process's umask is."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir()
        path.chmod(0o755)


def _mode(member: zipfile.ZipInfo) -> int:
    return member.external_attr >> 16


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(_mode(member))


def _others_may(member: zipfile.ZipInfo, what: int) -> bool:
    mode = _mode(member)
    return mode == _UNKNOWN or bool(mode & what)


def _safe_name(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise ConfigError(f"{archive} holds a file outside of itself: {name!r}")
    return path


def _unpack_member(contents: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path, target: Path) -> None:
    if member.is_dir():
        make_folder(place)
        return
    make_folder(place.parent)
    if _is_link(member):
        _unpack_link(place, contents.read(member).decode(), target)
        return
    with contents.open(member) as packed, place.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    place.chmod(0o755 if _mode(member) & stat.S_IXOTH else 0o644)


def _unpack_link(place: Path, text: str, target: Path) -> None:
    """A link that stays within the package. inferred: any other is left out, since it could lead anywhere"""
    leads = Path(os.path.normpath(place.parent / text))
    if not Path(text).is_absolute() and leads.is_relative_to(target):
        place.symlink_to(text)
