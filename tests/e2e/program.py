"""The program as a user runs it: started in a process of its own, read line by line, ended with Ctrl-C."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

PATIENCE = 20  # seconds; nothing here takes as long unless it is broken

_VIEWERS = re.compile(r"answers viewers on http://127\.0\.0\.1:(\d+)")
_HTTPS = re.compile(r"and on https://127\.0\.0\.1:(\d+)")
_CONTROL = re.compile(r"control on http://127\.0\.0\.1:(\d+)")


def edgesim(
    *args: str, cwd: Path | None = None, stdout: int | IO[str] = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "edgesim", *args],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE * 2,
        cwd=cwd,
        check=False,
    )


@dataclass
class Program:
    """A running `edgesim serve`, or another command that goes on until it is told to stop."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str | None]
    seen: list[str] = field(default_factory=list)
    port: int = 0
    https_port: int = 0
    control_port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(self.url(path), headers=fields, timeout=PATIENCE, trust_env=False)

    def wait_for(self, text: str) -> str:
        """The next line with a text in it; earlier ones are left behind."""
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no line with {text!r} came:\n" + "\n".join(self.seen)) from None
            assert line is not None, f"the program ended before {text!r}:\n" + "\n".join(self.seen)
            self.seen.append(line)
            if text in line:
                return line

    def ask(self, *args: str) -> subprocess.CompletedProcess[str]:
        """`edgesim explain` and its like, of this program."""
        return edgesim(*args, "--control-port", str(self.control_port))

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)

    def output(self) -> str:
        """Everything printed until the end."""
        while (line := self.lines.get(timeout=PATIENCE)) is not None:
            self.seen.append(line)
        return "\n".join(self.seen)


@contextmanager
def serving(*args: str, cwd: Path | None = None) -> Iterator[Program]:
    """`edgesim serve` on free ports, once it answers; ended when the block is left."""
    with started(*args, "--port", "0", "--control-port", "0", cwd=cwd) as program:
        _learn_ports(program)
        yield program


@contextmanager
def started(*args: str, cwd: Path | None = None) -> Iterator[Program]:
    """A command; ended when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edgesim", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
    )
    program = Program(process, queue.Queue())
    reader = threading.Thread(target=_read, args=(process, program.lines), daemon=True)
    reader.start()
    try:
        yield program
    finally:
        if process.poll() is None:
            program.interrupt()
        reader.join(timeout=PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line.rstrip("\n"))
    lines.put(None)


def _learn_ports(program: Program) -> None:
    program.wait_for("control on http")
    text = "\n".join(program.seen)
    program.port = int(_found(_VIEWERS, text))
    program.control_port = int(_found(_CONTROL, text))
    https = _HTTPS.search(text)
    program.https_port = int(https[1]) if https else 0


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match is not None, text
    return match[1]
