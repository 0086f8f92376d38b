"""The first process of an environment's process namespace: it starts the function's process, buries what that leaves,
answers for it where the kernel asks, and with its own end everything in the namespace ends.

The function's process asks for four calls: `bind` of a TCP socket, and `listen` of one without an address, go to the
environment's own loopback (loopback.py), and so does `connect` where the function listens there; `connect` to port 25
is refused; where there is a crowd of processes, the next ones start slowly (_Crowd). documented: inbound connections
and port 25 are blocked; inferred: a listener works as on Lambda, where nobody can reach it either.

What is refused or goes elsewhere is for the function's own good and no wall: a thread may change an address between
here and the kernel.
Runs in the zygote (zygote.py): standard library only.
"""

import errno
import ipaddress
import os
import select
import signal
import socket
import struct
import time

import kernel
from rooms import USER

_INET = struct.Struct("!2xH4s")
_INET6 = struct.Struct("!2xH4x16s")
_ADDRESS_AT, _ADDRESS6_AT, _MAPPED = 4, 8, bytes(10) + b"\xff\xff"
_V4, _V6 = 4, 6
# What nobody outside can reach (RFC 1918, 6598, 3927, 4193, 4291); loopback is a function's own business
_PRIVATE = [
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10",
    )
]  # fmt: skip
_MOST_ADDRESSES = 100
_CROWD, _COUNT_EVERY, _LOWEST = 64, 16, 19
_SECONDS_FOR_EACH = 60e-6
"""A bomb has about 200 processes after a second, and the 1,024 that there may be after thirty."""


def watch(child, listener, loopback, tell):
    """Until the child has ended, and then say how: negative for a signal. `listener` is kernel.watch_calls()'s, or
    None. Each private address that is connected to is told once. Never returns."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    if listener is not None:
        poll.register(listener, select.POLLIN)
    said, crowd = _Once(tell), _Crowd()
    while (code := _buried(child)) is None:
        for descriptor, events in poll.poll():
            if descriptor == woken:
                _drain(woken)
            elif events & select.POLLIN:
                _answer(listener, loopback, said, crowd)
            else:
                poll.unregister(listener)
    tell({"exit": code})
    os._exit(0)


class _Once:
    """Tells of private addresses, each once."""

    def __init__(self, tell):
        self._tell = tell
        self._told = set()

    def __call__(self, pid, number, address, port):
        """A process connects a socket. One of UDP may do no more than ask for a name, or for a way."""
        if (address, port) in self._told or len(self._told) >= _MOST_ADDRESSES or not _is_private(address):
            return
        if _is_tcp(pid, number):
            self._told.add((address, port))
            shown = f"[{address}]" if address.version == _V6 else str(address)
            self._tell({"private": f"{shown}:{port}"})


class _Crowd:
    """The processes of an environment. Once they are many they have the lowest priority, and the more they are, the
    longer the next one takes to start, so that a fork bomb leaves the processor to everybody else: what waits for its
    start needs none, and there is less to be killed in the end. Priorities alone do not do it: where the kernel
    schedules by sessions (autogroup), each of them counts as one. inferred: on Lambda, with a share of a processor, a
    thousand forks take long too"""

    def __init__(self):
        self._started = self._many = 0

    def grows(self):
        """One more is about to start."""
        self._started += 1
        if self._started % _COUNT_EVERY == 0:
            self._many = sum(name.isdigit() for name in os.listdir("/proc"))
            if self._many > _CROWD:
                _lower_priorities()
        if self._many > _CROWD:
            time.sleep(self._many * _SECONDS_FOR_EACH)


def _lower_priorities():
    """Of all that the function started: other processes of its user, which edgesim's may be too, are in namespaces
    that can't be seen from this one."""
    try:
        os.setpriority(os.PRIO_USER, USER, _LOWEST)
    except OSError:  # a container's rules may forbid it; starting slowly is left
        pass


def _is_private(address):
    return any(address.version == network.version and address in network for network in _PRIVATE)


def _drain(woken):
    try:
        os.read(woken, 512)
    except BlockingIOError:
        pass


def _buried(child):
    """Bury all that has ended; how the child ended, if it did."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _answer(listener, loopback, said, crowd):
    try:
        identity, pid, call, arguments = kernel.next_call(listener)
    except OSError:  # the one who asked is gone
        return
    if call == "fork":
        crowd.grows()
    try:
        error = _verdict(pid, call, arguments, loopback, said)
    except (OSError, ValueError, struct.error):  # gone, or its arguments are nonsense: the kernel will say so itself
        error = None
    try:
        kernel.answer_call(listener, identity, error)
    except OSError:
        return


def _verdict(pid, call, arguments, loopback, said):
    """None to let the call go on, an error number to refuse it, 0 where it was done in its place."""
    if call == "fork":
        return None
    if call == "listen":
        return _with_theirs(pid, arguments[0], lambda theirs: _give_address(theirs, loopback))
    number, at, length = arguments[0], arguments[1], min(arguments[2] & 0xFFFFFFFF, 128)
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(at)
        raw = memory.read(length)
    family, address, port = _read(raw)
    if call == "connect" and _is_abstract(raw) and not kernel.can_scope():
        return errno.ECONNREFUSED
    if family is None:
        return None
    if call == "bind":
        return _with_theirs(pid, number, lambda theirs: _bind(theirs, address, port, loopback))
    said(pid, number, address, port)
    if port == 25:
        return errno.EACCES
    leads = loopback.leads(address, port)
    if leads == address or not _is_tcp(pid, number):
        return None
    return errno.ECONNREFUSED if leads is None else _redirect(pid, at, family, leads)


def _redirect(pid, at, family, leads):
    """Write another address over the one that a connection is asked to. The kernel connects, in its caller's way."""
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        if family == _V4:
            memory.seek(at + _ADDRESS_AT)
            memory.write(leads.packed)
        else:
            memory.seek(at + _ADDRESS6_AT)
            memory.write(_MAPPED + leads.packed)


def _is_abstract(raw):
    """A Unix socket without a path: its name is the machine's, which newer kernels keep apart (kernel.scope)."""
    return int.from_bytes(raw[:2], "little") == socket.AF_UNIX and len(raw) > 2 and raw[2] == 0


def _read(raw):
    """(4 or 6, address, port) of an internet address; None for one of another kind."""
    family = int.from_bytes(raw[:2], "little")
    if family == socket.AF_INET:
        port, packed = _INET.unpack_from(raw)
        return _V4, ipaddress.IPv4Address(packed), port
    if family == socket.AF_INET6:
        port, packed = _INET6.unpack_from(raw)
        address = ipaddress.IPv6Address(packed)
        return _V6, address.ipv4_mapped or address, port
    return None, None, 0


def _with_theirs(pid, number, act):
    """Do something with a copy of the caller's socket. An error is the call's."""
    process = os.pidfd_open(_process_of(pid))
    try:
        with socket.socket(fileno=kernel.take_descriptor(process, number)) as theirs:
            return act(theirs)
    except OSError as error:
        return error.errno or errno.EACCES
    finally:
        os.close(process)


def _is_tcp(pid, number):
    return _with_theirs(pid, number, lambda theirs: theirs.type == socket.SOCK_STREAM) is True


def _bind(theirs, address, port, loopback):
    """Bind a socket in the caller's place, where it is one that could take connections."""
    if theirs.type != socket.SOCK_STREAM:
        return None
    loopback.bind(theirs, address, port)
    return 0


def _give_address(theirs, loopback):
    """One that was not bound would be reachable under every address."""
    if theirs.family in (socket.AF_INET, socket.AF_INET6) and theirs.getsockname()[1] == 0:
        everything = ipaddress.ip_address("0.0.0.0" if theirs.family == socket.AF_INET else "::")  # noqa: S104
        loopback.bind(theirs, everything, 0)


def _process_of(thread):
    """The process that a thread belongs to; the kernel names who called, and that may be any thread."""
    with open(f"/proc/{thread}/status", "rb") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(b"Tgid:"))
