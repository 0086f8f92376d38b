"""The process that environments are forked from: one for each interpreter, inside namespaces of its own.

A Python environment is a fork of it, with nothing of a start left to do; for Node.js it starts the program. Either
waits in a room that is still empty (rooms.py) until it is known for which function. The zygote has one thread and no
event loop, and holds every file system that an environment sees, so /tmp lives as long as the environment and not as
its process. When edgesim's end of the socket closes it ends, and with it all that it started.

    → {"folder", "shown", "hidden", "runtime", "probe", "closed"}
                                what to build (rooms.House), what must start in it, and which ports are out of reach
    ← {"ready": true, "missing": [words]} or {"refused": why}
    → {"do": "start", "room", "program"}, with the descriptors of control socket, output and status socket
    → {"do": "fill", "room", "things", "tmp"}
    → {"do": "bury", "room"}    its end is known
    → {"do": "forget", "tmp"}   its environment is gone
    On a status socket: ← {"pid"} with a descriptor of the room's first process, {"started": true}, {"filled": true},
    {"private": "address:port"} that the function connects to, {"exit": code}, or {"failed": why}. It closes when the
    room's processes are gone.

`program` is a list of arguments, or null for the Python bootstrap in a fork. Runs under any Python from 3.9 on, with
`-I -S`: standard library only.
"""

import array
import gc
import json
import os
import resource
import signal
import socket
import sys

import kernel
import warden
from loopback import Loopback
from rooms import GROUP, USER, House

NEW = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC
# documented: gettingstarted-limits, 1,024 descriptors and as many processes and threads
DESCRIPTORS, TASKS = 1024, 1024
_TASKS_OF_A_ROOM = 16
_CONTROL, _MESSAGE_BYTES = 3, 1 << 20
# A user id that nobody else has, where edgesim runs as root: then what a function does counts as nobody's, not root's
_STRANGERS = (1_993_000_993, 65534)


class Zygote:
    """Carries out what edgesim asks for, one thing at a time."""

    def __init__(self, ours, house, closed):
        self._ours = ours
        self._house = house
        self._closed = closed
        self._rooms = {}  # number → (first process, status socket)

    def serve(self):
        """Until edgesim goes. Returns in a forked child: what that is to do."""
        while True:
            message, descriptors = receive(self._ours)
            if message is None:
                return lambda: None
            act = getattr(self, f"_{message.pop('do')}")
            work = act(*descriptors, **message)
            if work is not None:
                return work

    def _start(self, control, output, status, *, room, program):
        try:
            self._house.open_room(room)
            pid, process = kernel.fork_into(NEW)
        except OSError as error:
            tell(status, {"failed": str(error)})
            close(control, output, status)
            return None
        if pid == 0:
            return self._live(room, program, (control, output, status))
        tell(status, {"pid": pid}, process)
        close(control, output, process)
        self._rooms[room] = (pid, status)
        return None

    def _live(self, room, program, descriptors):
        """In the room's first process: move in, and start the function's process."""
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        above, below = socket.socketpair()
        try:
            os.setsid()
            self._house.move_in(room)
            child = os.fork()
        except OSError as error:
            tell(descriptors[2], {"failed": str(error)})
            os._exit(1)
        if child == 0:
            hand_up(below, watched_calls())
            for one in (self._ours, above, below):
                one.detach()
            return settle(program, descriptors, TASKS + _TASKS_OF_A_ROOM * len(self._rooms))
        listener = taken_listener(above, child)
        close(*descriptors[:2])
        tell(descriptors[2], {"started": True})
        return warden.watch(child, listener, Loopback(self._closed), lambda message: tell(descriptors[2], message))

    def _fill(self, *, room, things, tmp):
        status = self._rooms[room][1]
        try:
            self._house.fill_room(room, things, tmp)
        except OSError as error:
            tell(status, {"failed": str(error)})
        else:
            tell(status, {"filled": True})

    def _bury(self, *, room):
        if room in self._rooms:  # not where its start failed
            pid, status = self._rooms.pop(room)
            os.waitpid(pid, 0)
            close(status)
        self._house.close_room(room)

    def _forget(self, *, tmp):
        self._house.forget(tmp)


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────


def receive(ours):
    """(message, descriptors that came with it), or (None, []) where the other end is closed."""
    data, ancillary, _, _ = ours.recvmsg(_MESSAGE_BYTES, socket.CMSG_SPACE(4 * 4))
    descriptors = array.array("i")
    for _, _, payload in ancillary:
        descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
    return (json.loads(data) if data else None), list(descriptors)


def tell(status, message, *descriptors):
    """Say something on a status socket; whoever has closed the other end does not want to know."""
    theirs = socket.socket(fileno=status)
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    try:
        theirs.sendmsg([json.dumps(message).encode()], ancillary)
    except OSError:
        pass
    finally:
        theirs.detach()


def close(*descriptors):
    for descriptor in descriptors:
        os.close(descriptor)


# ── the function's process ───────────────────────────────────────────────────────────────────────────────────────


def settle(program, descriptors, tasks):
    """Become the function's process: its descriptors, its limits, its user, no privileges. What it is to do."""
    control, output, _ = descriptors
    arrange(control, output)
    for limit, most in (
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
        (resource.RLIMIT_NPROC, tasks),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    kernel.bound_capabilities()
    if os.getuid() != USER:
        os.setgroups([])
        os.setresgid(GROUP, GROUP, GROUP)
        os.setresuid(USER, USER, USER)
    kernel.drop_capabilities()
    if kernel.can_scope():
        kernel.scope()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # a change of user takes it away, and /proc/self with it
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGQUIT):  # a shell may have had edgesim ignore some
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler if program is None else signal.SIG_DFL)
    if program is None:
        return run_bootstrap
    return lambda: os.execv(program[0], [*program, str(_CONTROL)])


def arrange(control, output):
    """Output is where processes look for it, the control socket is 3, and nothing else is open."""
    high = [os.dup(output) for _ in range(4)][-1]  # out of the way of 0 to 3
    control = os.dup(control)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    for number in (1, 2):
        os.dup2(high, number)
    os.dup2(control, _CONTROL)
    os.set_inheritable(_CONTROL, True)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > _CONTROL:
            try:
                os.close(number)
            except OSError:  # the one that listed them
                pass


def run_bootstrap():
    """The Python bootstrap, in a fork that looks freshly started to the user's code."""
    import bootstrap

    for name in ("kernel", "loopback", "rooms", "warden", "zygote"):  # the names are the user's
        sys.modules.pop(name, None)
    os.fork, os.forkpty = begun_anew(os.fork), begun_anew(os.forkpty)
    gc.unfreeze()
    bootstrap.main(_CONTROL)


def begun_anew(fork):
    """A fork that a signal breaks off begins anew: by itself where the kernel alone has a say in it, but not where the
    warden is asked first. What starts other programs holds signals off meanwhile."""

    def again():
        while True:
            try:
                return fork()
            except InterruptedError:
                continue

    again.__name__, again.__doc__ = fork.__name__, fork.__doc__
    return again


# ── namespaces ───────────────────────────────────────────────────────────────────────────────────────────────────


def enter_namespaces():
    """A user namespace in which Lambda's user is an ordinary one, and a mount namespace. Raises OSError."""
    ours, theirs = socket.socketpair()
    helper = os.fork()
    if helper == 0:  # maps are written from outside
        ours.close()
        theirs.recv(1)
        os._exit(map_ids(os.getppid()))
    theirs.close()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    ours.send(b"!")
    ours.close()
    if os.waitpid(helper, 0)[1] != 0:
        raise OSError("user ids can't be mapped")
    kernel.propagate("/", kernel.MS_REC | kernel.MS_SLAVE)


def map_ids(pid):
    """Map Lambda's user and group in another process's namespace. 0 where it worked."""
    attempts = [(f"0 0 1\n{USER} {one} 1", f"0 0 1\n{GROUP} {one} 1") for one in _STRANGERS] if os.getuid() == 0 else []
    attempts.append((f"{USER} {os.getuid()} 1", f"{GROUP} {os.getgid()} 1"))
    for users, groups in attempts:
        try:
            write(f"/proc/{pid}/uid_map", users)
            write(f"/proc/{pid}/setgroups", "allow" if users.startswith("0 ") else "deny")
            write(f"/proc/{pid}/gid_map", groups)
        except OSError:
            continue
        return 0
    return 1


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def watched_calls():
    """kernel.watch_calls, or -1 where this kernel can't."""
    try:
        return kernel.watch_calls()
    except OSError:
        return -1


def hand_up(below, number):
    """Say under which number the listener is here, and wait until it was taken."""
    below.send(b"%d" % number)
    below.recv(1)


def taken_listener(above, child):
    """A child's listener, or None where it has none."""
    number = int(above.recv(16))
    process = os.pidfd_open(child)
    try:
        return kernel.take_descriptor(process, number) if number >= 0 else None
    finally:
        os.close(process)
        above.send(b"!")


def probed(house, program):
    """Why a process in a room does not come to life, or an empty text. `program` is what to try."""
    house.open_room(0)
    house.fill_room(0, [], "probe")
    pid, process = kernel.fork_into(NEW)
    if pid == 0:
        os._exit(_try_out(house, program))
    os.close(process)
    code = os.waitpid(pid, 0)[1]
    house.close_room(0)
    house.forget("probe")
    return f"{program[0]} does not start there" if code else ""


def _try_out(house, program):
    try:
        house.move_in(0)
        return os.spawnv(os.P_WAIT, program[0], program)
    except OSError:
        return 1


def missing():
    """The guarantees that this kernel does not give."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:  # a filter can't be taken off again
        os.write(theirs, b"" if watched_calls() < 0 else b"!")
        os._exit(0)
    os.close(theirs)
    works = os.read(ours, 1)
    os.close(ours)
    os.waitpid(pid, 0)
    return [] if works else ["network", "ptrace"]


# ── start ────────────────────────────────────────────────────────────────────────────────────────────────────────


def main(number):
    """Build, then serve. Returns, in this process or in a forked one, what there is to do at the end."""
    ours = socket.socket(fileno=number)
    ours.set_inheritable(False)
    os.environ.pop("LC_CTYPE", None)  # Python's own doing
    plan, _ = receive(ours)
    if plan is None:
        return lambda: None
    try:
        enter_namespaces()
        house = House(plan["folder"], plan["shown"], plan["hidden"], plan["runtime"])
        why = probed(house, plan["probe"])
    except OSError as error:
        why = str(error)
    if why:
        tell(ours.fileno(), {"refused": why})
        return lambda: None
    tell(ours.fileno(), {"ready": True, "missing": missing()})
    preload()
    gc.freeze()
    return Zygote(ours, house, plan["closed"]).serve()


def preload():
    """What Python functions need, and would not find once they are in their rooms."""
    import bootstrap

    seen_time = bootstrap.load_seen_time()
    bootstrap.load_seen_time = lambda: seen_time
