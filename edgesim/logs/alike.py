"""Paths that people take for the same and CloudFront does not.

Source: LinkFormat, a slash at the end makes another object; DefaultRootObject, for `/` alone. inferred: a path is keyed
as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote_to_bytes

Fold = Callable[[str, str], str]

_INDEX = "index.html"


def _decoded(path: str, root: str) -> str:
    return unquote_to_bytes(path.encode("latin-1", "replace")).decode("latin-1") if "%" in path else path


def _collapsed(path: str, root: str) -> str:
    return re.sub(r"/{2,}", "/", path) if "//" in path else path


def _without_case(path: str, root: str) -> str:
    return path.lower()


def _without_root(path: str, root: str) -> str:
    name = root or _INDEX
    return path[: -len(name)] if path.lower().endswith(f"/{name.lower()}") else path


def _without_slash(path: str, root: str) -> str:
    return path.rstrip("/")


_FOLDS: tuple[Fold, ...] = (_decoded, _collapsed, _without_case, _without_root, _without_slash)


def paths_alike(path: str, paths: Iterable[str], root: str = "") -> list[str]:
    """Those of the paths that are another way to write `path`: with other case, percent-encoding, slashes, or with or
    without the index document, which is `root`, the default root object, where there is one.

    measured: of 100,000 paths, some 30 ms
    """
    wanted = _folded(path, root)
    likely = [other for other in paths if "%" in other or "//" in other or other.lower().startswith(wanted)]
    return [other for other in likely if other != path and _folded(other, root) == wanted]


def _folded(path: str, root: str, folds: Iterable[Fold] = _FOLDS) -> str:
    for fold in folds:
        path = fold(path, root)
    return path


def what_counts(path: str, other: str, root: str = "") -> str:
    """Why two paths that are alike are two objects."""
    told: dict[Fold, str] = {
        _decoded: "percent-encoding counts as it is written",
        _collapsed: "every slash counts",
        _without_case: "the case of paths counts",
        _without_root: f"the default root object is for / alone{'' if root else ', and this distribution has none'}",
        _without_slash: "the slash at the end counts",
    }
    needed = [fold for fold in _FOLDS if _differ_without(fold, path, other, root)]
    return ", and ".join(told[fold] for fold in needed) or "paths count as they are written"


def _differ_without(fold: Fold, path: str, other: str, root: str) -> bool:
    folds = [one for one in _FOLDS if one is not fold]
    return _folded(path, root, folds) != _folded(other, root, folds)
