"""The access log on disk, for `--access-log`: DIR plays the bucket.

While its hour goes on, a distribution's log is DIR/PREFIX/ID.YYYY-MM-DD-HH.UNIQUE.log in the clear, so that `tail -F`
shows it; afterwards, and when edgesim ends, it becomes the object that CloudFront would deliver, the same name with
.gz in the place of .log. Lines are gathered and written together, five times a second.

Source: AccessLogs, "File name format".
"""

from __future__ import annotations

import asyncio
import gzip
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from edgesim.logs.access import Format
from edgesim.logs.folder import safe_name, usable
from edgesim.pipeline.logged import is_logged

if TYPE_CHECKING:
    from edgesim.distribution.model import Distribution
    from edgesim.pipeline.transcript import Transcript
    from edgesim.values.instant import Instant

FLUSH_SECONDS = 0.2  # what is lost where edgesim is killed; when it ends by itself, by Ctrl-C too, nothing is
TOGETHER = 32  # lines made at once. measured: a third less work than one by one, each after all else of its request
OPTION = "--access-log"


@dataclass(slots=True)
class _File:
    """The open file of a distribution's hour."""

    path: Path
    hour: int
    file: IO[str]


class AccessLog:
    """Writes a line for each request that is over. Where that fails, `complain` gets one sentence, once, and nothing
    more is logged. `new_name` makes the UNIQUE part of names.
    """

    def __init__(
        self, folder: Path, form: Format, new_name: Callable[[], str], complain: Callable[[str], None]
    ) -> None:
        self._folder, self._form = folder, form
        self._new_name, self._complain = new_name, complain
        self._over: list[tuple[Transcript, Distribution, Instant]] = []
        self._pending: dict[tuple[str, int], list[str]] = {}
        """By where the log's names begin, and hour."""
        self._heads: dict[str, str] = {}
        self._files: dict[str, _File] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._packing: set[asyncio.Future[Path]] = set()
        self._failed = False

    def make(self) -> None:
        """Make the folder. Raises ConfigError where it can't be had."""
        usable(self._folder, OPTION)

    def finished(self, transcript: Transcript, at: Instant) -> None:
        """A request is over. Belongs into a running event loop."""
        distribution = transcript.distribution
        if self._failed or distribution is None or not is_logged(transcript):
            return
        self._over.append((transcript, distribution, at))
        if len(self._over) >= TOGETHER:
            self._make_lines()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def _make_lines(self) -> None:
        over, self._over = self._over, []
        for transcript, distribution, at in over:
            form, name = self._form.of(distribution), beginning(distribution)
            self._heads[name] = form.head
            self._pending.setdefault((name, int(at // 3600)), []).append(form.line(transcript, at))

    def flush(self) -> None:
        """Write what has gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._make_lines()
        pending, self._pending = self._pending, {}
        try:
            for (name, hour), lines in pending.items():
                file = self._file(name, hour)
                file.write("\n".join((*lines, "")))
                file.flush()
        except OSError as error:
            self._fail(error)

    def _file(self, name: str, hour: int) -> IO[str]:
        known = self._files.get(name)
        if known is not None and known.hour == hour and known.path.exists():
            return known.file
        if known is not None:
            self._end(known)
        period = datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%d-%H")
        path = self._folder / f"{name}.{period}.{self._new_name()}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("x", encoding="ascii", newline="\n")
        self._files[name] = _File(path, hour, file)
        file.write(self._heads[name])
        return file

    def _end(self, one: _File) -> None:
        """Close it, and compress it, unless somebody has removed or moved it: whoever did wants another one."""
        one.file.close()
        if one.path.exists():
            self._pack_later(one.path)

    def _pack_later(self, path: Path) -> None:
        packing = asyncio.get_running_loop().run_in_executor(None, packed, path)
        self._packing.add(packing)
        packing.add_done_callback(self._has_packed)

    def _has_packed(self, packing: asyncio.Future[Path]) -> None:
        self._packing.discard(packing)
        error = packing.exception()
        if isinstance(error, OSError):
            self._complain(f"{OPTION}: {error.filename or 'a file'} is not compressed: {error.strerror}")

    def _fail(self, error: OSError) -> None:
        self._failed = True
        self._complain(f"{OPTION} {self._folder}: {error.strerror}; nothing more is logged until edgesim restarts")

    async def aclose(self) -> None:
        """Write the rest, and compress what is open."""
        self.flush()
        files, self._files = self._files, {}
        for one in files.values():
            self._end(one)
        await asyncio.gather(*self._packing, return_exceptions=True)


def beginning(distribution: Distribution) -> str:
    """What the names of a distribution's log begin with. documented: a slash follows a prefix that has none"""
    return _beginning(distribution.logging.prefix, distribution.id)


@lru_cache(maxsize=256)
def _beginning(prefix: str, distribution: str) -> str:
    parts = [part for part in prefix.split("/") if part]
    return "/".join(map(safe_name, (*parts, distribution)))


def packed(path: Path) -> Path:
    """A file in the place of one, compressed; it is there when it is whole."""
    target, growing = path.with_suffix(".gz"), path.with_suffix(".gz.part")
    with path.open("rb") as source, gzip.open(growing, "wb") as sink:
        shutil.copyfileobj(source, sink)
    growing.rename(target)
    path.unlink()
    return target
