"""A small process that outlives edgesim, to leave nothing behind however edgesim ends.

It reads lines from a pipe: `+PGID` for a process group that was started, `-PGID` for one that is gone, `/PATH` for the
folder of temporary files. When the pipe closes (edgesim ended, were it by SIGKILL) it kills the groups and removes
the folder.

Why not PR_SET_PDEATHSIG: it needs Linux and a launcher per start (setpriv, +1.3 ms), is bound to the thread that
started the child, and misses the processes a function starts itself. What the guard does not reach: a process that
left its group with setsid(), and the case that someone kills the guard as well; then an idle child still ends when
its control socket closes, and the next start of edgesim removes the folder (workspace.py).

This file is also the program that runs there, with `-I -S`: standard library only.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


class Guard:
    """edgesim's end of the pipe. The process starts with the first group to guard."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def started(self, group: int) -> None:
        self._say(f"+{group}")

    def gone(self, group: int) -> None:
        self._say(f"-{group}")

    def close(self) -> None:
        """Let it do its work and wait for its end."""
        process, self._process = self._process, None
        if process is not None:
            with process:  # closes the pipe, then waits
                pass

    def _say(self, word: str) -> None:
        if self._process is None:
            self._process = _start()
            self._say(f"/{self._folder}")
        with suppress(BrokenPipeError):  # somebody killed it; edgesim works without
            os.write(_pipe(self._process), f"{word}\n".encode())


def _pipe(process: subprocess.Popen[bytes]) -> int:
    assert process.stdin is not None  # noqa: S101  it is started with a pipe
    return process.stdin.fileno()


def _start() -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C and the terminal's end are not for the guard.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        bufsize=0,
        start_new_session=True,
    )


def _kill(groups: set[int]) -> None:
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _watch() -> None:
    groups: set[int] = set()
    folders: list[str] = []
    acts = {"+": lambda word: groups.add(int(word)), "-": lambda word: groups.discard(int(word)), "/": folders.append}
    for line in sys.stdin:
        acts[line[0]](line[1:].rstrip("\n"))
    _kill(groups)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _watch()
