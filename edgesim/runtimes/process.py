"""A started process as the rest of runtimes/ sees it, and the plain kind: started here, with nothing around it.

The kind that lives in a sandbox is zygotes.py's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from edgesim.runtimes.guard import Guard

BOOT_VARIABLES = {
    # documented: configuration-envvars. TZ and LANG must be there when an interpreter starts; the rest comes with INIT.
    "LANG": "en_US.UTF-8",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "TZ": ":UTC",
}
_EXIT_POLL_SECONDS = 0.005

Ended = Callable[[], None]
Reached = Callable[[str], None]


class Process(Protocol):
    """A process that leads a group of its own. Nothing here waits."""

    @property
    def pid(self) -> int | None:
        """The group's id; None where it is not known yet."""

    @property
    def sandboxed(self) -> bool: ...

    def watch(self, ended: Ended, reached: Reached) -> None:
        """Have `ended` called once, when the process has ended and `reap` may be called, and `reached` with each
        private address that it connects to, where that is known."""

    def signal(self, number: signal.Signals) -> None:
        """To the whole group, if it still is there."""

    def kill(self) -> None:
        """End the whole group at once."""

    def closed(self) -> None:
        """Its end of the control socket is closed: where nothing else tells of its end, that does."""

    def reap(self) -> int:
        """The exit code, negative for a signal. Nothing of the group is left, and its id is free from here on."""

    def status(self) -> Status | None:
        """Where its state can be read, once it runs; None where nothing tells."""


class Status:
    """The /proc status of a process, kept open so that it never becomes another one's; `first` leads everything that it
    starts, also what is no longer its own child. Raises OSError."""

    def __init__(self, pid: int, first: int) -> None:
        self._pid, self._first = pid, first
        self._status = os.open(_proc(pid, "status"), os.O_RDONLY)

    def peak_kb(self) -> int:
        """Peak resident memory in kilobytes; 0 once the process has ended. Not ru_maxrss: on Linux a process inherits
        that from whoever started it."""
        return self._field(b"VmHWM:")

    def resident_kb(self, most: int) -> int | None:
        """Resident memory now, in kilobytes, with that of the processes it started. What they share counts once. None
        where these are more than `most`."""
        others = self.others(most)
        if not others:
            return self._field(b"VmRSS:")
        return None if len(others) > most else sum(map(_proportional_kb, (self._pid, *others)))

    def all_resident_kb(self) -> int:
        """The same, however many they are. For a thread: it takes long, and nothing of it has to be open still."""
        return sum(map(_proportional_kb, (self._pid, *self.others())))

    def others(self, most: int | None = None) -> list[int]:
        """The processes that it started and that still run; where there are more than `most`, some more than that."""
        found = family(self._first, None if most is None else most + 2)
        return [pid for pid in found if pid not in (self._pid, self._first)]

    def threads(self) -> int:
        """How many threads it has; 0 once the process has ended."""
        return self._field(b"Threads:")

    def _field(self, name: bytes) -> int:
        with suppress(OSError):
            return _number_after(name, os.pread(self._status, 4096, 0))
        return 0

    def close(self) -> None:
        os.close(self._status)


def _proc(pid: int, name: str) -> Path:
    return Path("/proc") / str(pid) / name


def _number_after(name: bytes, text: bytes) -> int:
    _, _, rest = text.partition(name)
    return int(rest.split(None, 1)[0]) if rest else 0


def _proportional_kb(pid: int) -> int:
    """A process's own memory, and its share of what it shares with others; 0 where it has ended meanwhile."""
    try:
        return _number_after(b"\nPss:", _proc(pid, "smaps_rollup").read_bytes())
    except OSError:
        return 0


def family(pid: int, most: int | None = None) -> list[int]:
    """A process and everything below it, the process first. Each of its threads may have children. Beyond `most` no
    more are looked for."""
    found, seen = [pid], {pid}
    for one in found:
        new = [child for child in _children(one) if child not in seen]
        found += new
        seen.update(new)
        if most is not None and len(found) > most:
            break
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  there may be thousands
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as children:  # noqa: PTH123
                found += map(int, children.read().split())
    except OSError:
        return found
    return found


def first_child(pid: int) -> int | None:
    """The process that a process started first and that still runs."""
    return next(iter(_children(pid)), None)


class PlainProcess:
    """A process of this machine like any other. Raises OSError where it can't be started."""

    sandboxed = False

    def __init__(self, command: Sequence[str], control: int, output: int, guard: Guard) -> None:
        self._loop = asyncio.get_running_loop()
        self._guard = guard
        self._process = subprocess.Popen(
            [*command, str(control)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=BOOT_VARIABLES,
            cwd="/",
            pass_fds=[control],
            start_new_session=True,
        )
        guard.started(self.pid)
        self._pidfd = _open_pidfd(self.pid)
        self._ended: Ended | None = None
        self._reaped = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, ended: Ended, reached: Reached) -> None:
        del reached
        self._ended = ended
        if self._pidfd is not None:
            self._loop.add_reader(self._pidfd, self._look)

    def _look(self) -> None:
        if self._ended is None:
            return
        if not _has_ended(self._process):
            self._loop.call_later(_EXIT_POLL_SECONDS, self._look)
            return
        ended, self._ended = self._ended, None
        ended()

    def signal(self, number: signal.Signals) -> None:
        if not self._reaped:  # afterwards the id may be somebody else's
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.closed()

    def closed(self) -> None:
        if self._pidfd is None:
            self._loop.call_soon(self._look)

    def reap(self) -> int:
        self.signal(signal.SIGKILL)  # what it left in its group; until it is reaped the group's id can't be reused
        code = self._process.wait()
        self._reaped = True
        self._guard.gone(self.pid)
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
        return code

    def status(self) -> Status | None:
        try:
            return Status(self.pid, self.pid)
        except OSError:
            return None


def _open_pidfd(pid: int) -> int | None:
    """A descriptor that tells of the process's end. None off Linux: there the control socket's end tells."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Without reaping it, where the platform can."""
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return process.poll() is not None
