"""Log groups on disk, for `--log-dir`: DIR/<region>/<log group>/<stream>, appended to as events come.

A line is what an export of CloudWatch Logs has: the time of the event, a space, the event. Each is written at once, so
that `tail -F` shows it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from edgesim.errors import ConfigError
from edgesim.values.instant import Instant, iso_utc
from edgesim.values.log_stream import LogStream

_MOST_OPEN = 32
_UNSAFE = re.compile(r"[^A-Za-z0-9_.\[\]$@+=,-]")


def place_of(stream: LogStream) -> Path:
    """Where a stream is kept, below the folder. A part of a name that no file can have is percent-encoded."""
    parts = (stream.region, *stream.group.strip("/").split("/"), *stream.name.split("/"))
    return Path(*map(safe_name, parts))


def safe_name(part: str) -> str:
    """A part of a name as a file can have it."""
    if part.strip(".") == "":
        return "%2E" * len(part) or "%"
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), part)


def usable(folder: Path, option: str) -> Path:
    """The folder, made where it is not there. Raises ConfigError, which names the option, where it can't be had."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Whether one may write is seen by writing alone: access() knows no read-only mounts in containers
        probe = folder / ".edgesim"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"{option} {folder} can't be written: {error.strerror}") from None
    return folder


class LogFolder:
    """Keeps log groups in a folder (ports.LogKeeper). Where that fails, `complain` gets one sentence, once, and nothing
    more is kept; the functions go on.
    """

    def __init__(self, folder: Path, now: Callable[[], Instant], complain: Callable[[str], None]) -> None:
        self._folder, self._now, self._complain = folder, now, complain
        self._open: OrderedDict[LogStream, IO[bytes]] = OrderedDict()
        self._failed = False

    def make(self) -> None:
        """Make the folder. Raises ConfigError where it can't be had."""
        usable(self._folder, "--log-dir")

    @property
    def open_files(self) -> int:
        """How many files are open."""
        return len(self._open)

    def events(self, stream: LogStream, texts: Sequence[str]) -> None:
        """Write events, in one piece."""
        if self._failed:
            return
        at = iso_utc(self._now())
        written = "".join([f"{at} {text.rstrip(chr(10))}\n" for text in texts])
        try:
            self._file(stream).write(written.encode("utf-8", "replace"))
        except OSError as error:
            self._failed = True
            self._complain(f"--log-dir {self._folder}: {error.strerror}; no more logs are kept until edgesim restarts")
            self.close()

    def _file(self, stream: LogStream) -> IO[bytes]:
        file = self._open.get(stream)
        if file is None:
            path = self._folder / place_of(stream)
            path.parent.mkdir(parents=True, exist_ok=True)
            file = self._open[stream] = path.open("ab", buffering=0)
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)[1].close()
        else:
            self._open.move_to_end(stream)
        return file

    def close(self) -> None:
        """Close every file. An event that still comes opens its own again."""
        while self._open:
            self._open.popitem()[1].close()
