"""Sandboxed processes: edgesim's side of the zygotes (sandbox/zygote.py), one for each interpreter.

A zygote is started when it is first needed, and again should it have been killed. Where this machine does not let it
build a sandbox, it says why once, and processes are started plainly (process.py).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from edgesim.distribution.problems import Problem, Severity
from edgesim.runtimes.guard import Guard
from edgesim.runtimes.interpreters import NODE_BOOTSTRAP, PYTHON_BOOTSTRAP, Interpreter, Language
from edgesim.runtimes.process import BOOT_VARIABLES, Ended, Reached, Status, family, first_child
from edgesim.runtimes.room import Room, place_of

PROGRAMS = Path(__file__).parent / "sandbox"
_BUILD_SECONDS = 20.0
_MESSAGE_BYTES = 64 * 1024
_HAS_ENDED = "the process has ended"
_OPTIONS = ("-I", "-S", "-u", "-X", "utf8", "-c")
_START = (
    "import sys; sys.path[:0] = sys.argv[1:3]; from zygote import main; work = main(int(sys.argv[3])); "
    "del sys.path[:2], main; work()"
)


class Refused(Exception):
    """There is no sandbox to be had here, and why."""


class SandboxedProcess:
    """A process in a room of its own: a Process (process.py). What is known of it comes on its status socket."""

    sandboxed = True

    def __init__(self, zygote: Zygote, number: int, status: socket.socket) -> None:
        self._zygote = zygote
        self._number = number
        self._loop = asyncio.get_running_loop()
        self._status = status
        self._status.setblocking(False)
        self._pid: int | None = None
        self._pidfd: int | None = None
        self._running = False
        self._killed = False
        self._code: int | None = None
        self._filled: asyncio.Future[None] | None = None
        self._ended: Ended | None = None
        self._reached: Reached | None = None
        self._stopped: list[int] = []
        self._loop.add_reader(status.fileno(), self._hear)

    @property
    def pid(self) -> int | None:
        return self._pid

    def watch(self, ended: Ended, reached: Reached) -> None:
        self._ended, self._reached = ended, reached

    async def fill(self, room: Room) -> None:
        """Furnish the room that the process waits in. Raises OSError, ProcessLookupError where it has ended."""
        if self._ended is None:
            raise ProcessLookupError(_HAS_ENDED)
        self._filled = self._loop.create_future()
        self._zygote.fill(self._number, room)
        await self._filled

    # ── listening ───────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self) -> None:
        """One message, or the end: before the first process is known, that of the zygote itself."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._status, _MESSAGE_BYTES, 1)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, descriptors = b"", []
        if data:
            self._take_in(json.loads(data), descriptors)
        else:
            self._loop.remove_reader(self._status.fileno())
            if self._pidfd is None:
                self._end()

    def _take_in(self, message: dict[str, Any], descriptors: list[int]) -> None:
        match message:
            case {"pid": int(pid)}:
                self._pid, [self._pidfd] = pid, descriptors
                self._loop.add_reader(self._pidfd, self._end)
                if self._killed:
                    self.kill()
            case {"started": _}:
                self._running = True
            case {"filled": _}:
                self._settle(None)
            case {"failed": str(why)}:
                self._settle(OSError(why))
                if self._pidfd is None:
                    self._end()
            case {"exit": int(code)}:
                self._code = code
            case {"private": str(address)} if self._reached is not None:
                self._reached(address)

    def _settle(self, error: OSError | None) -> None:
        filled, self._filled = self._filled, None
        if filled is None or filled.done():
            return
        if error is None:
            filled.set_result(None)
        else:
            filled.set_exception(error)

    def _end(self) -> None:
        """The room's first process has ended, and everything in the room with it."""
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
        self._loop.remove_reader(self._status.fileno())
        with suppress(OSError):  # what it said last
            while data := self._status.recv(_MESSAGE_BYTES):
                self._take_in(json.loads(data), [])
        self._settle(ProcessLookupError(_HAS_ENDED))
        ended, self._ended = self._ended, None
        if ended is not None:
            self._loop.call_soon(ended)

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────

    def signal(self, number: signal.Signals) -> None:
        if self._pid is None or self._pidfd is None:  # once it is reaped, the id may be somebody else's
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)
        if number is signal.SIGSTOP:
            self._stopped = [pid for pid in family(self._pid) if _group(pid) not in (self._pid, None)]
        for pid in self._stopped:  # what the function put into groups of their own
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if number is not signal.SIGSTOP:
            self._stopped = []

    def kill(self) -> None:
        self._killed = True
        if self._pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def closed(self) -> None:
        """Its end is told of elsewhere."""

    def reap(self) -> int:
        if self._pidfd is not None:
            os.close(self._pidfd)
        self._pid = self._pidfd = None
        self._status.close()
        self._zygote.bury(self._number)
        return self._code if self._code is not None else -signal.SIGKILL

    def status(self) -> Status | None:
        if not self._running or self._pid is None:
            return None
        child = first_child(self._pid)
        try:
            return Status(child, self._pid) if child is not None else None
        except OSError:
            return None


def _group(pid: int) -> int | None:
    """A process's group; None where it has ended."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


class Zygote:
    """One zygote process. Messages go out in order, now or as soon as it takes them."""

    def __init__(self, interpreter: Interpreter, folder: Path, guard: Guard, closed: frozenset[int]) -> None:
        self._interpreter = interpreter
        self._folder = folder
        self._closed = sorted(closed)
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._rooms = count(1)
        self._unsent: deque[tuple[bytes, list[int]]] = deque()
        self.missing: tuple[str, ...] = ()
        """guarantees that the sandbox does not give on this kernel"""

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def build(self) -> None:
        """Start it and wait until its sandbox stands. Raises Refused."""
        if self._interpreter.language is Language.PYTHON and place_of(self._interpreter.real) != self._interpreter.real:
            raise Refused(f"{self._interpreter.real} lies where an environment has files of its own")
        self._folder.mkdir(parents=True)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            self._process = self._spawn(theirs)
        except OSError as error:
            ours.close()
            self._remove_folder()
            raise Refused(f"the sandbox can't be started: {error}") from error
        finally:
            theirs.close()
        self._ours = ours
        self._guard.started(self._process.pid)
        self._say(self._plan())
        answer = await self._answer()
        if "refused" in answer:
            await self.close()
            raise Refused(answer["refused"])
        self.missing = tuple(answer["missing"])

    async def _answer(self) -> dict[str, Any]:
        """What it says of the sandbox, or what its silence says."""
        try:
            async with asyncio.timeout(_BUILD_SECONDS):
                said = await self._loop.sock_recv(self._ours, _MESSAGE_BYTES)
        except TimeoutError:
            return {"refused": "it does not come to life"}
        except OSError:
            said = b""
        answer: dict[str, Any] = json.loads(said) if said else {"refused": "the process that builds it ended"}
        return answer

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        interpreter = self._interpreter
        python = str(interpreter.real) if interpreter.language is Language.PYTHON else sys.executable
        return subprocess.Popen(
            [python, *_OPTIONS, _START, str(PROGRAMS), str(PYTHON_BOOTSTRAP.parent), str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # of the same kind as the functions' output: Python looks once, at its start
            stderr=subprocess.STDOUT,
            env=BOOT_VARIABLES,
            cwd="/",
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )

    def _plan(self) -> dict[str, Any]:
        interpreter = self._interpreter
        probe = ["-I", "-S", "-c", "import http.client"] if interpreter.language is Language.PYTHON else ["--version"]
        return {
            "folder": str(self._folder),
            "shown": [[str(path), str(place_of(path))] for path in interpreter.needs],
            "hidden": [str(place_of(path)) for path in interpreter.hidden],
            "runtime": str(NODE_BOOTSTRAP.parent) if interpreter.language is Language.NODE else None,
            "probe": [str(place_of(interpreter.real)), *probe],
            "closed": self._closed,
        }

    async def close(self) -> None:
        """End it, and see that it has ended. Its folder goes too."""
        self._loop.remove_writer(self._ours.fileno())
        self._ours.close()
        for _, descriptors in self._unsent:
            _close(descriptors)
        self._unsent.clear()
        self._process.kill()
        await asyncio.to_thread(self._process.communicate)
        self._guard.gone(self._process.pid)
        self._remove_folder()

    def _remove_folder(self) -> None:
        """It is empty: what the zygote mounted there it alone could see."""
        with suppress(OSError):  # somebody cleaned up before
            self._folder.rmdir()

    # ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, program: list[str] | None, control: int, output: int) -> SandboxedProcess:
        """A process in a room that is still empty: the program, or the Python bootstrap."""
        number = next(self._rooms)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        message = {"do": "start", "room": number, "program": program}
        self._say(message, [os.dup(control), os.dup(output), theirs.detach()])
        return SandboxedProcess(self, number, ours)

    def fill(self, number: int, room: Room) -> None:
        self._say({"do": "fill", "room": number, **room.message()})

    def bury(self, number: int) -> None:
        self._say({"do": "bury", "room": number})

    def forget(self, temporary: str) -> None:
        self._say({"do": "forget", "tmp": temporary})

    def _say(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        """Takes the descriptors over. Once it has ended nobody hears; who waits is told by the sockets among them."""
        if self._ours.fileno() < 0:
            _close(descriptors or [])
            return
        self._unsent.append((json.dumps(message).encode(), descriptors or []))
        if len(self._unsent) == 1:
            self._send_rest()

    def _send_rest(self) -> None:
        while self._unsent:
            data, descriptors = self._unsent[0]
            try:
                socket.send_fds(self._ours, [data], descriptors)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._ours.fileno(), self._send_rest)
                return
            except OSError:  # it is gone, and every room with it; who waits is told by the rooms' sockets
                pass
            _close(descriptors)
            self._unsent.popleft()
        self._loop.remove_writer(self._ours.fileno())


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


_GUARANTEES = {
    "network": "they can be reached from other machines, and reach port 25",
    "ptrace": "they can trace their own processes",
}


@dataclass(frozen=True, slots=True)
class Isolation:
    """How far environments are kept apart. `refused` is why there is no sandbox, or empty; `missing` are the words of
    sandbox/zygote.py for what a sandbox lacks here."""

    refused: str = ""
    missing: tuple[str, ...] = ()

    def problem(self) -> Problem | None:
        """What to tell the user, or None where everything is as on Lambda."""
        if self.refused:
            message = (
                f"functions run without a sandbox ({self.refused}): they see this machine's files and processes and "
                "share its /tmp, their code is not read-only, and they can be reached from other machines"
            )
            return Problem(message, hint=_USER_NAMESPACES, severity=Severity.WARNING)
        if self.missing:
            lacking = "; ".join(_GUARANTEES[word] for word in self.missing)
            return Problem(
                f"the sandbox of functions is not whole on this kernel: {lacking}", severity=Severity.WARNING
            )
        return None


_USER_NAMESPACES = "it needs Linux 5.9 or newer with user namespaces that ordinary users may make"


class Zygotes:
    """The zygotes of a service, as far as there is a sandbox to be had. `closed` are the ports of this machine's
    loopback that functions can't connect to."""

    def __init__(self, folder: Path, guard: Guard, *, wanted: bool, closed: frozenset[int] = frozenset()) -> None:
        self._folder = folder
        self._guard = guard
        self._zygotes: dict[Interpreter, asyncio.Future[Zygote]] = {}
        self._refused: dict[Interpreter, str] = {}
        self._names = count(1)
        self._wanted = wanted
        self._closed_ports = closed
        self._closed = False

    @property
    def isolation(self) -> Isolation:
        missing = {word for zygote in self._standing() for word in zygote.missing}
        return Isolation(next(iter(self._refused.values()), ""), tuple(sorted(missing)))

    async def zygote(self, interpreter: Interpreter) -> Zygote | None:
        """The zygote to start processes of this interpreter with; None where they are to be started plainly."""
        if not self._wanted or self._closed or interpreter in self._refused:
            return None
        if sys.platform != "linux":
            self._refused[interpreter] = "only Linux has what it takes"
            return None
        try:
            return await asyncio.shield(self._building(interpreter))
        except Refused as refusal:
            self._refused[interpreter] = str(refusal)
            return None

    def _building(self, interpreter: Interpreter) -> asyncio.Future[Zygote]:
        building = self._zygotes.get(interpreter)
        dead = building.result() if building in self._finished() and not building.result().alive else None
        if building is None or dead is not None:
            building = self._zygotes[interpreter] = asyncio.ensure_future(self._build(interpreter, dead))
        return building

    def _finished(self) -> list[asyncio.Future[Zygote]]:
        return [one for one in self._zygotes.values() if one.done() and not one.cancelled() and not one.exception()]

    def _standing(self) -> list[Zygote]:
        return [one.result() for one in self._finished()]

    async def _build(self, interpreter: Interpreter, dead: Zygote | None) -> Zygote:
        if dead is not None:
            await dead.close()
        folder = self._folder / f"zygote{next(self._names)}"
        zygote = Zygote(interpreter, folder, self._guard, self._closed_ports)
        await zygote.build()
        return zygote

    def forget(self, temporary: str) -> None:
        """An environment is gone, and its /tmp may go."""
        for zygote in self._standing():
            zygote.forget(temporary)

    async def close(self) -> None:
        """End every zygote. The processes that they started must be gone."""
        self._closed = True
        await asyncio.gather(*self._zygotes.values(), return_exceptions=True)
        await asyncio.gather(*(zygote.close() for zygote in self._standing()))
