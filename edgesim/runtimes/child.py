"""One operating-system process that runs a bootstrap: spoken to, listened to, killed, buried.

It knows nothing of functions, and not how the process was started (process.py, zygotes.py). The process has no
variables and no descriptors of edgesim's but its end of the control socket; what it is to run comes in the first
frame, so a process can be started before it is known for which function.

Everything here happens on the event loop's thread and never waits: descriptors are non-blocking and watched by the
loop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from time import perf_counter
from typing import Protocol

from edgesim.runtimes.process import Process, Status
from edgesim.runtimes.remarks import Leftover
from edgesim.runtimes.wire import FrameReader, Kind, LineReader, WireError, encode_frame

_SOCKET_READ = 64 * 1024
"""For more the memory of each read is asked of the kernel and given back, which costs more than reading (measured)."""
_OUTPUT_READ = 8 * 1024
"""Bytes of output taken at once: a function that prints without end gets one turn of the loop like everybody else, and
a short one even where all that it prints are line breaks."""
_PIPE_READS = 9
"""Enough to empty a pipe (64 KiB on Linux, as much at most on macOS) that the child has filled before it answered."""
_FEW_PROCESSES = 10
"""So many are looked at in the turn of the loop in which somebody asks."""
_GRACE_SECONDS = 0.5
_LONG_SECONDS, _PAUSE = 0.002, 1
_TOKENS = 2**32

# observed: the names that Go, and so Lambda, gives signals
SIGNAL_NAMES = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
}


def exit_text(code: int) -> str:
    """How a process ended, in Lambda's words: `exit status 1`, `signal: killed`, or nothing for 0."""
    if code >= 0:
        return f"exit status {code}" if code else ""
    return f"signal: {SIGNAL_NAMES.get(signal.Signals(-code), f'signal {-code}')}"


class Listener(Protocol):
    """Who is told what a child does. Frames are those that answer what was sent; they come after all output that was
    written before them."""

    def on_frame(self, kind: Kind, payload: bytes) -> None: ...

    def on_lines(self, texts: list[str]) -> None: ...

    def on_private_address(self, address: str) -> None:
        """It connects there."""

    def on_exit(self, code: int) -> None:
        """It ended: by itself or otherwise. `code` is negative for a signal. Nothing comes afterwards."""


class _Nobody:
    """Listens to a child that has no function yet, or no longer."""

    def on_frame(self, kind: Kind, payload: bytes) -> None: ...

    def on_lines(self, texts: list[str]) -> None: ...

    def on_private_address(self, address: str) -> None: ...

    def on_exit(self, code: int) -> None: ...


NOBODY = _Nobody()


Start = Callable[[int, int], Process]
"""Starts a process with two descriptors: its end of the control socket, and where its output goes. They stay the
caller's, who closes them. Raises OSError."""


class Child:
    """A running process. Raises OSError where it can't be started."""

    def __init__(self, start: Start) -> None:
        self.listener: Listener = NOBODY
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._frames = FrameReader()
        self._tokens = count(int.from_bytes(os.urandom(4)))
        self._lines = LineReader()
        self._unsent = bytearray()
        self._frozen = self._measuring = False
        self._status: Status | None = None
        self._control, self._output, self.process = _connected(start)
        self._watch()

    def __repr__(self) -> str:
        return f"<Child {self.pid}{' frozen' if self._frozen else ''}{' ended' if self.exited.done() else ''}>"

    @property
    def pid(self) -> int | None:
        return self.process.pid

    def _watch(self) -> None:
        self._control.setblocking(False)
        os.set_blocking(self._output, False)
        self._loop.add_reader(self._control.fileno(), self._read_control)
        self._loop.add_reader(self._output, self._read_some_output)
        self.process.watch(self._bury, self._tell_address)

    # ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, kind: Kind, text: str) -> None:
        """Send a frame, now or as soon as the socket takes it, and wait for its answer. A child that is gone hears
        nothing."""
        if self.exited.done():
            return
        self.thaw()
        token = next(self._tokens) % _TOKENS
        self._frames.expect(token)
        frame = encode_frame(kind, token, text)
        if not self._unsent:
            frame = frame[self._send_some(frame) :]
        if frame:
            self._unsent += frame
            self._loop.add_writer(self._control.fileno(), self._send_rest)

    def _send_some(self, data: bytes | bytearray) -> int:
        try:
            return self._control.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:  # its end of the socket is closed: its exit is about to be noticed
            return len(data)

    def _send_rest(self) -> None:
        del self._unsent[: self._send_some(self._unsent)]
        if not self._unsent:
            self._loop.remove_writer(self._control.fileno())

    # ── listening ───────────────────────────────────────────────────────────────────────────────────────────────

    def _read_control(self) -> None:
        try:
            data = self._control.recv(_SOCKET_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._hear(data)
        else:
            self._abandon()

    def _hear(self, data: bytes) -> None:
        try:
            frames = self._frames.feed(data)
        except WireError:  # the function wrote to the socket itself
            self._abandon()
            return
        if frames:
            self.drain()
        for kind, payload in frames:
            self.listener.on_frame(kind, payload)

    def _abandon(self) -> None:
        """Its end of the socket is closed, or nonsense comes out of it: with that it is of no use."""
        self._loop.remove_reader(self._control.fileno())
        self._loop.call_later(_GRACE_SECONDS, self.kill)  # where it is ending by itself, its own exit code counts
        self.process.closed()

    def drain(self, seconds: float | None = None) -> bool:
        """Hand over all output written so far, a last line without its end too. False where that took longer than it
        may: then it is not all."""
        begun = perf_counter()
        for _ in range(_PIPE_READS):
            if not self._read_output():
                break
            if seconds is not None and perf_counter() - begun > seconds:
                return False
        self._tell(self._lines.flush())
        return True

    def _read_some_output(self) -> None:
        """Whoever prints so much that telling it takes long has to wait for longer, so that others get their turns."""
        begun = perf_counter()
        is_there = self._read_output()
        taken = perf_counter() - begun
        if is_there and taken > _LONG_SECONDS:
            self._loop.remove_reader(self._output)
            self._loop.call_later(_PAUSE * taken, self._go_on_reading)

    def _go_on_reading(self) -> None:
        if not self.exited.done():
            self._loop.add_reader(self._output, self._read_some_output)

    def _read_output(self) -> bool:
        """One read's worth of output. False when there was none."""
        try:
            data = os.read(self._output, _OUTPUT_READ)
        except (BlockingIOError, InterruptedError):
            return False
        if not data:
            self._loop.remove_reader(self._output)
            return False
        self._tell(self._lines.feed(data))
        return True

    def _tell(self, lines: list[str]) -> None:
        if lines:
            self.listener.on_lines(lines)

    # ── what goes on ────────────────────────────────────────────────────────────────────────────────────────────

    def leftovers(self, *, threads_at_rest: int | None) -> list[Leftover]:
        """What the kernel knows to go on while a process waits for its next event. `threads_at_rest`: how many threads
        it has itself, None where that is not known."""
        status = self.status()
        if status is None:
            return []
        found = [Leftover.PROCESSES] if status.others(0) else []
        if threads_at_rest is not None and status.threads() > threads_at_rest:
            found.append(Leftover.THREADS)
        return found

    def _tell_address(self, address: str) -> None:
        self.listener.on_private_address(address)

    # ── freezing ────────────────────────────────────────────────────────────────────────────────────────────────

    def freeze(self) -> None:
        """Stop the whole group: threads and child processes too, which the blocking read does not hold."""
        if not self._frozen and not self.exited.done():
            self._frozen = True
            self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._frozen:
            self._frozen = False
            self.process.signal(signal.SIGCONT)

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────

    def kill(self) -> None:
        """Kill the whole group at once. Its burial follows."""
        if not self.exited.done():
            self.process.kill()

    def _bury(self) -> None:
        """The process has ended. Take in its last words, kill what it left in its group, release everything."""
        self._read_last_words()
        code = self.process.reap()
        self._release()
        self.exited.set_result(code)
        self.listener.on_exit(code)

    def _read_last_words(self) -> None:
        with suppress(OSError, WireError):
            while data := self._control.recv(_SOCKET_READ):
                frames = self._frames.feed(data)
                self.drain()
                for kind, payload in frames:
                    self.listener.on_frame(kind, payload)
        self.drain()

    def _release(self) -> None:
        self._loop.remove_reader(self._control.fileno())
        self._loop.remove_writer(self._control.fileno())
        self._loop.remove_reader(self._output)
        self._control.close()
        os.close(self._output)
        if self._status is not None:
            self._status.close()

    # ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────

    def status(self) -> Status | None:
        """Where its state can be read; None where nothing tells, or no longer."""
        if self.exited.done():
            return None
        if self._status is None:
            self._status = self.process.status()
        return self._status

    def peak_kb(self) -> int:
        """Peak resident memory in kilobytes, or 0 where nothing tells."""
        status = self.status()
        return status.peak_kb() if status is not None else 0

    def measure(self, tell: Callable[[int], None]) -> None:
        """Have the resident memory of all its processes told, in kilobytes: now, or where they are many when a thread
        has looked at them; until then, and for as long again, nothing more is measured. Not told where nothing
        tells."""
        status = self.status()
        if status is None or self._measuring:
            return
        found = status.resident_kb(_FEW_PROCESSES)
        if found is not None:
            tell(found)
            return
        self._measuring, begun = True, perf_counter()

        def measured(found: asyncio.Future[int]) -> None:
            self._loop.call_later(perf_counter() - begun, self._measured)
            if not self.exited.done():
                tell(found.result())

        self._loop.run_in_executor(None, status.all_resident_kb).add_done_callback(measured)

    def _measured(self) -> None:
        self._measuring = False


def _connected(start: Start) -> tuple[socket.socket, int, Process]:
    """(control socket, output, process) of a new process."""
    ours, theirs = socket.socketpair()
    output, their_output = os.pipe()
    os.fchmod(their_output, 0o622)  # /dev/stdout is there for whatever user the function is
    try:
        process = start(theirs.fileno(), their_output)
    except OSError:
        ours.close()
        os.close(output)
        raise
    finally:
        theirs.close()
        os.close(their_output)
    return ours, output, process
