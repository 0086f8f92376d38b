"""Linux system calls that Python's standard library lacks, or has only from 3.12 on, by ctypes.

Runs in the zygote (zygote.py), under any Python from 3.9 on: standard library only. Each call raises OSError.
"""

import ctypes
import fcntl
import os
import platform
import struct

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x08000000, 0x10000000, 0x20000000
CLONE_PIDFD, CLONE_THREAD = 0x1000, 0x10000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE, MS_SLAVE, MS_SHARED = 16384, 1 << 18, 1 << 19, 1 << 20
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38

_NUMBERS = {
    # name: (x86_64, aarch64); from 424 on the numbers are the same everywhere
    "pivot_root": (155, 41),
    "capset": (126, 91),
    "seccomp": (317, 277),
    "clone3": (435, 435),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
}
MACHINES = ("x86_64", "aarch64")
_machine = platform.machine()

# PyDLL keeps the interpreter's lock during a call: a clone must not lose it.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def syscall(name, *arguments):
    """A system call by name. Arguments are whole numbers, bytes or ctypes objects."""
    if _machine not in MACHINES:
        raise OSError(38, f"edgesim knows no system calls of {_machine}")
    number = _NUMBERS[name][MACHINES.index(_machine)]
    converted = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *converted))


def unshare(flags):
    _checked(_libc.unshare(ctypes.c_int(flags)))


def mount(source, target, kind="", flags=0, data=""):
    arguments = (os.fsencode(one) if one else None for one in (source, target, kind))
    _checked(_libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() or None))


def bind(source, target):
    """Show a file or folder, and all that is mounted below it, in another place."""
    mount(source, target, "", MS_BIND | MS_REC)


def bind_read_only(source, target):
    """The same, where nothing can be written."""
    bind(source, target)
    seal(target)


def seal(target):
    """Make a mount, and what is mounted below it, read-only here."""
    read_only = struct.pack("4Q", MS_RDONLY, 0, 0, 0)
    try:
        syscall(
            "mount_setattr",
            _AT_FDCWD,
            ctypes.c_char_p(os.fsencode(target)),
            _AT_RECURSIVE,
            ctypes.c_char_p(read_only),
            32,
        )
    except OSError:  # before Linux 5.12
        seal_this(target)


def seal_this(target):
    """The same for the mount alone."""
    kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)  # the kernel lets none of these go
    mount("", target, "", MS_BIND | MS_REMOUNT | MS_RDONLY | kept)


_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000


def propagate(target, flags):
    """MS_SHARED, MS_SLAVE or MS_PRIVATE, with MS_REC."""
    mount("", target, "", flags)


def unmount(target):
    _checked(_libc.umount2(os.fsencode(target), ctypes.c_int(MNT_DETACH)))


def pivot_root(new, old):
    syscall("pivot_root", ctypes.c_char_p(os.fsencode(new)), ctypes.c_char_p(os.fsencode(old)))


def prctl(option, value=0):
    _checked(_libc.prctl(ctypes.c_int(option), *(ctypes.c_ulong(one) for one in (value, 0, 0, 0))))


def fork_into(flags):
    """(process id, descriptor of the process) of a forked child in new namespaces; (0, -1) in the child itself.

    Python's fork handlers run, so to the interpreter this is os.fork.
    """
    pidfd = ctypes.c_int(-1)
    arguments = struct.pack("11Q", flags | CLONE_PIDFD, ctypes.addressof(pidfd), 0, 0, 17, 0, 0, 0, 0, 0, 0)
    api = ctypes.pythonapi
    api.PyOS_BeforeFork()
    try:
        pid = syscall("clone3", ctypes.c_char_p(arguments), len(arguments))
    except OSError:
        api.PyOS_AfterFork_Parent()
        raise
    if pid == 0:
        api.PyOS_AfterFork_Child()
        return 0, -1
    api.PyOS_AfterFork_Parent()
    return pid, pidfd.value


def bound_capabilities():
    """Whatever is started from here on has no privileges, not even within the namespaces."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # beyond the last one that this kernel has
            break


def drop_capabilities():
    """Nor has this process itself."""
    version_3 = struct.pack("Ii", 0x20080522, 0)
    syscall("capset", ctypes.c_char_p(version_3), ctypes.c_char_p(bytes(24)))
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def take_descriptor(pidfd, number):
    """A copy of another process's descriptor."""
    return syscall("pidfd_getfd", pidfd, number, 0)


# ── landlock ─────────────────────────────────────────────────────────────────────────────────────────────────────

_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2


def can_scope():
    """Does this kernel know scopes (Linux 6.12)?"""
    try:
        return syscall("landlock_create_ruleset", 0, 0, 1) >= 6
    except OSError:
        return False


def scope():
    """Keep this process, and all that it starts, from Unix sockets without a path and from signals of others: the
    network, to which the names of such sockets belong, is the machine's."""
    rules = struct.pack("3Q", 0, 0, _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)
    ruleset = syscall("landlock_create_ruleset", ctypes.c_char_p(rules), len(rules), 0)
    try:
        syscall("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


# ── seccomp ──────────────────────────────────────────────────────────────────────────────────────────────────────

_AUDIT_ARCH = (0xC000003E, 0xC00000B7)
_PTRACE, _VM_READ, _VM_WRITE, _BIND, _CONNECT = (101, 117), (310, 270), (311, 271), (49, 200), (42, 203)
_LISTEN, _UNSHARE, _SETNS, _MOUNT, _CLONE = (50, 201), (272, 97), (308, 268), (165, 40), (56, 220)
_FORK, _VFORK = 57, 58  # of x86_64 alone
_SENDTO, _SENDMSG, _SENDMMSG = (44, 206), (46, 211), (307, 269)
_ADD_KEY, _REQUEST_KEY, _KEYCTL = (248, 217), (249, 218), (250, 219)
_BPF, _PERF_EVENT_OPEN, _USERFAULTFD = (321, 280), (298, 241), (323, 282)
_SOCKET = (41, 198)
_FAMILIES = (1, 2, 10, 16)  # Unix, the internet's two, and netlink, by which programs ask for their own addresses
_IO_URING_SETUP, _CLONE3 = 425, 435
_FAST_OPEN = 0x20000000  # connects without connect
_ALLOW, _ERRNO, _NOTIFY = 0x7FFF0000, 0x00050000, 0x7FC00000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_WITH, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ARGUMENTS = 16
_NEW_LISTENER, _WAIT_KILLABLE = 8, 32
X86_64 = 0


def watch_calls():
    """Refuse what traces other processes, what makes namespaces, what is kept for the machine's users (keys) and the
    machine as a whole, and sockets of other families, and have bind, listen, connect and the start of processes, not of
    threads, asked for first: a descriptor that tells of them. In this process and all it starts. io_uring and clone3,
    whose arguments a filter can't see, are not there; their users do without."""
    index = MACHINES.index(_machine)
    refused = (_PTRACE, _VM_READ, _VM_WRITE, _UNSHARE, _SETNS, _MOUNT)
    refused += (_ADD_KEY, _REQUEST_KEY, _KEYCTL, _BPF, _PERF_EVENT_OPEN, _USERFAULTFD)
    verdicts = [
        *((numbers[index], _ERRNO | _EPERM) for numbers in refused),
        *((number, _ERRNO | _ENOSYS) for number in (_IO_URING_SETUP, _CLONE3)),
        *((numbers[index], _NOTIFY) for numbers in (_BIND, _LISTEN, _CONNECT)),
        *((number, _NOTIFY) for number in (_FORK, _VFORK) if index == X86_64),
    ]
    # (call, which argument, the bits that it may not have)
    flagged = (
        (_SENDTO, 3, _FAST_OPEN),
        (_SENDMSG, 2, _FAST_OPEN),
        (_SENDMMSG, 3, _FAST_OPEN),
    )
    program = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[index]),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_LOAD, 0, 0, 0),
        (_JUMP_FROM, 0, 1, 0x40000000),  # the x32 calls of x86_64
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
    ]
    for number, verdict in verdicts:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, verdict)]
    for numbers, argument, bits in flagged:
        program += [
            (_JUMP_EQUAL, 0, 4, numbers[index]),
            (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
            (_JUMP_WITH, 0, 1, bits),
            (_RETURN, 0, 0, _ERRNO | _EPERM),
            (_RETURN, 0, 0, _ALLOW),
        ]
    program += [
        (_JUMP_EQUAL, 0, 6, _CLONE[index]),
        (_LOAD, 0, 0, _ARGUMENTS),
        (_JUMP_WITH, 0, 1, CLONE_NEWUSER),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_JUMP_WITH, 1, 0, CLONE_THREAD),
        (_RETURN, 0, 0, _NOTIFY),
        (_RETURN, 0, 0, _ALLOW),
        (_JUMP_EQUAL, 0, 2 + len(_FAMILIES), _SOCKET[index]),
        (_LOAD, 0, 0, _ARGUMENTS),
        *((_JUMP_EQUAL, len(_FAMILIES) - number, 0, family) for number, family in enumerate(_FAMILIES)),
        (_RETURN, 0, 0, _ERRNO | _EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    held = ctypes.create_string_buffer(code, len(code))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    filter_ = ctypes.c_char_p(struct.pack("HxxxxxxP", len(program), ctypes.addressof(held)))
    try:  # what is being answered is not broken off by a signal: nobody expects that of a fork
        return syscall("seccomp", 1, _NEW_LISTENER | _WAIT_KILLABLE, filter_)
    except OSError:  # before Linux 5.19
        return syscall("seccomp", 1, _NEW_LISTENER, filter_)


_NOTIF = struct.Struct("QIIiIQ6Q")
_RESPONSE = struct.Struct("QqiI")
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1


def next_call(listener):
    """(id, process id, `bind`, `listen`, `connect` or `fork`, arguments) of a call that waits for an answer."""
    filled = fcntl.ioctl(listener, _RECEIVE, bytes(_NOTIF.size))
    identity, pid, _flags, number, _arch, _at, *arguments = _NOTIF.unpack(filled)
    index = MACHINES.index(_machine)
    calls = {_BIND[index]: "bind", _LISTEN[index]: "listen", _CONNECT[index]: "connect"}
    return identity, pid, calls.get(number, "fork"), arguments


def answer_call(listener, identity, error=None):
    """Let a waiting call go on by itself, or end it with an error number (0: it was done in its place)."""
    flags = _CONTINUE if error is None else 0
    fcntl.ioctl(listener, _SEND, _RESPONSE.pack(identity, 0, -(error or 0), flags))
