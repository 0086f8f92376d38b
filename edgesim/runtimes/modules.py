"""node_modules beside a copy of some code: linked and not copied, since they are large and change by reinstalling.

    task/node_modules          → ../linked/0/…/node_modules        and that is a link to the user's own
    node_modules/@aws-sdk      → ../linked/1/…/node_modules/@aws-sdk   what Lambda brings along, from above the code
    node_modules/shared        → ../linked/0/…/packages/shared     what a package's absolute link leads to

In a sandbox these folders stand in /var, with the user's own folders in the places of their links: so what a package
looks for beside itself is where it is for the user, and nothing else is found. A link in the user's folders that leads
out of them by a relative path is followed there; one that leads by an absolute path, which is not there, is found one
step later, in /var/node_modules.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MODULES = "node_modules"
_LINKS = "linked"
_DEEP = "_/_/_/_/_/_"
"""So far down, the links that lead upwards out of a node_modules folder still end beside it."""

_LENT = ("@aws-sdk", "@smithy")
"""documented: nodejs18.x and later bring version 3 of the SDK. Found in a node_modules above the user's code, they
are linked above the copy: nothing else that lies there is found, as nothing else would be on Lambda. What they need
themselves they find beside them."""

Thing = tuple[Path, str]
"""A folder of this machine, and where it belongs beside the copy."""


def link_from(place: Path, real: Path, home: Path) -> None:
    """Link a place in a copy to a node_modules folder of the user's, by way of one beside the copy."""
    place.symlink_to(os.path.relpath(_link_beside(home, real), place.parent))


def lend(home: Path, folders: Iterable[Path]) -> None:
    """Link what Lambda brings along above a copy, from the first of the folders that has it."""
    searched = list(folders)
    for name in _LENT:
        lender = next((one.resolve() for one in searched if (one / name).is_dir()), None)
        if lender is not None:
            _put_above(home, name, _beside(home, lender) / name)


def mend(home: Path) -> None:
    """Link the packages that absolute links lead to above a copy."""
    for package in _elsewhere(home):
        above = home / _MODULES / package.name
        if package.is_absolute and not above.exists() and not above.parent.is_symlink():
            _put_above(home, package.name, home / package.at)


def above(folder: Path) -> list[Path]:
    """The node_modules folders in the folders above some code, nearest first."""
    return [parent / _MODULES for parent in folder.parents if (parent / _MODULES).is_dir()]


def things_beside(home: Path) -> tuple[Thing, ...]:
    """What stands beside a copy: the real folders where the copy has links, and what their own links lead to outside of
    them, as in workspaces of several packages."""
    found = [(real, str(place)) for real, place in _linked(home)]
    found += sorted({one.thing for one in _elsewhere(home) if one.thing is not None})
    if (home / _MODULES).exists():
        found.append((home / _MODULES, _MODULES))
    return tuple(found)


def _link_beside(home: Path, real: Path) -> Path:
    links = home / _LINKS
    number = str(len(list(links.iterdir())) if links.exists() else 0)
    link = links / number / _DEEP / _MODULES
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    return link


def _beside(home: Path, real: Path) -> Path:
    """The link to a folder, a new one where there is none."""
    known = (home / place for one, place in _linked(home) if one == real)
    return next(known, None) or _link_beside(home, real)


def _put_above(home: Path, name: str, leads: Path) -> None:
    place = home / _MODULES / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(os.path.relpath(leads, place.parent))


def _linked(home: Path) -> Iterator[tuple[Path, Path]]:
    """(the user's folder, place of the link to it)."""
    for link in sorted(home.glob(f"{_LINKS}/*/{_DEEP}/*")):
        yield link.resolve(), link.relative_to(home)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A package that a node_modules folder has by a link. It is to be found `at` this place beside the copy; `thing` is
    what has to stand there for that, None where it is there already."""

    name: str
    at: Path
    is_absolute: bool
    thing: Thing | None


def _elsewhere(home: Path) -> Iterator[_Elsewhere]:
    for real, place in list(_linked(home)):
        for package in _packages(real):
            if package.is_symlink() and (found := _followed(real, place, package)) is not None:
                yield found


def _packages(modules: Path) -> Iterator[Path]:
    """The packages in a node_modules folder, those of scopes too."""
    for entry in sorted(modules.iterdir()):
        if entry.name.startswith("@") and not entry.is_symlink() and entry.is_dir():
            yield from sorted(entry.iterdir())
        else:
            yield entry


def _followed(modules: Path, place: Path, package: Path) -> _Elsewhere | None:
    """Where a link leads. None where it leads nowhere, or too far up."""
    target, text, name = package.resolve(), package.readlink(), str(package.relative_to(modules))
    if not target.exists():
        return None
    if target.is_relative_to(modules):
        return _Elsewhere(name, place / target.relative_to(modules), text.is_absolute(), None)
    relative = os.path.relpath(target, package.parent) if text.is_absolute() else text
    at = Path(os.path.normpath(place / Path(name).parent / relative))
    folder = _whole(modules, target)
    rest = target.relative_to(folder).parts
    if at.parts[:2] != place.parts[:2] or at.parts[len(at.parts) - len(rest) :] != rest:
        return None
    stands = Path(*at.parts[: len(at.parts) - len(rest)])
    return _Elsewhere(name, at, text.is_absolute(), (folder, str(stands)))


def _whole(modules: Path, target: Path) -> Path:
    """What has to stand there for a package. Where it is in another node_modules folder, that as a whole: what it needs
    lies beside it."""
    parents = (folder for folder in target.parents if not modules.is_relative_to(folder))
    return next((folder for folder in reversed(list(parents)) if folder.name == _MODULES), target)
