"""How large a function's zip is, or would be.

inferred: files are counted as deflate makes them, without a zip's own directory, which is a fraction of it.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgesim.distribution.model import EdgeFunction

_CHUNK = 1 << 16


def zipped_size(function: EdgeFunction, enough: int) -> int:
    """Bytes of the zip; at most a chunk more than `enough` are counted. Code that is gone has none."""
    if not function.code.path:
        return len(function.code.inline.encode())
    path = Path(function.code.path)
    if path.suffix == ".zip":
        return _size(path)
    files = list(_files(path))
    if sum(map(_size, files)) <= enough:
        return sum(map(_size, files))
    return _deflated(files, enough)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in names)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone since it was listed, or a link that leads nowhere
        return 0


def _deflated(files: Iterable[Path], enough: int) -> int:
    total = 0
    for size in (size for file in files for size in _deflated_chunks(file)):
        total += size
        if total > enough:
            break
    return total


def _deflated_chunks(file: Path) -> Iterator[int]:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    try:
        with file.open("rb") as source:
            while chunk := source.read(_CHUNK):
                yield len(packer.compress(chunk))
    except OSError:  # as above
        return
    yield len(packer.flush())
