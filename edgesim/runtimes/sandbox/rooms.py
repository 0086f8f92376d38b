"""What an environment sees of the file system: a root of its own, and in it a room.

The root has the system's programs and libraries, the interpreter, a few devices and little of /etc, all read-only; no
home directory, no other project, no /dev/shm. It is built once and shared. A room is the part that differs: /var, with
the code at /var/task, and /tmp. What is put into a room after a process has moved in appears there at once (a shared
mount outside, its slave inside), so a process can boot before it is known for which function.

documented: the code is read-only, and /tmp has 512 MB; observed: writing elsewhere fails with EROFS
Runs in the zygote (zygote.py): standard library only.
"""

import os

import kernel

TMP_BYTES = 512 * 1024 * 1024
USER, GROUP = 993, 990  # observed: Lambda's
_SYSTEM = ("bin", "etc/alternatives", "lib", "lib32", "lib64", "libx32", "sbin", "usr")
_ETC = (
    "ca-certificates", "gai.conf", "host.conf", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
    "mime.types", "nsswitch.conf", "pki", "protocols", "resolv.conf", "services", "ssl",
)  # fmt: skip
_DEVICES = ("full", "null", "random", "urandom", "zero")
_LINKS = {"dev/fd": "/proc/self/fd", "dev/stdin": "/proc/self/fd/0", "dev/stdout": "/proc/self/fd/1",
          "dev/stderr": "/proc/self/fd/2"}  # fmt: skip
_PASSWD = f"root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:{USER}:{GROUP}::/home/sbx_user1051:/sbin/nologin\n"


def _empty(path, like):
    """Something to mount on: a folder, or a file, as the thing that will be mounted."""
    if os.path.isdir(like):
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="utf-8"):
        pass


class House:
    """The root, and the rooms. `folder` is empty and the caller's own; `shown` are the further things that a process
    needs to see, as (path, place), and `hidden` the folders among them that it sees empty; `runtime` is the folder that
    each room has as /var/runtime, or None."""

    def __init__(self, folder, shown, hidden, runtime):
        self._folder = folder
        self._runtime = runtime
        self._root = os.path.join(folder, "root")
        self._stage = os.path.join(folder, "stage")
        self._temporary = set()
        kernel.mount("none", folder, "tmpfs", 0, "mode=755")
        os.mkdir(self._stage)
        os.mkdir(self._root)
        kernel.mount("none", self._root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
        for name in ("proc", "tmp", "var"):
            os.mkdir(os.path.join(self._root, name))
        for name in (*_SYSTEM, *(os.path.join("etc", one) for one in _ETC)):
            self._show_system(name)
        for path, place in shown:
            self._show(path, self._root + place)
        for place in hidden:
            self._empty_out(self._root + place)
        self._make_devices()
        with open(os.path.join(self._root, "etc", "passwd"), "w", encoding="ascii") as file:
            file.write(_PASSWD)

    def _show_system(self, name):
        """One of the system's folders or files, or the link that it is on this machine."""
        path, place = os.path.join("/", name), os.path.join(self._root, name)
        if os.path.islink(path) and not name.startswith("etc/"):
            os.symlink(os.readlink(path), place)
        elif os.path.exists(path):
            _empty(place, path)
            kernel.bind_read_only(os.path.realpath(path), place)

    def _show(self, path, place):
        """Unless it is there already, as a part of what is."""
        if not os.path.exists(place):
            _empty(place, path)
            kernel.bind_read_only(path, place)

    def _empty_out(self, place):
        if os.path.isdir(place):
            kernel.mount(
                "none", place, "tmpfs", kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=0"
            )

    def _make_devices(self):
        os.mkdir(os.path.join(self._root, "dev"))
        for name in _DEVICES:
            place = os.path.join(self._root, "dev", name)
            _empty(place, place)
            kernel.bind(os.path.join("/dev", name), place)
        for name, target in _LINKS.items():
            os.symlink(target, os.path.join(self._root, name))

    # ── rooms ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _room(self, number):
        return os.path.join(self._folder, f"room{number}")

    def open_room(self, number):
        """A room for a process to move into."""
        for name in ("var", "tmp"):
            place = os.path.join(self._room(number), name)
            os.makedirs(place)
            kernel.mount("none", place, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m")
            kernel.propagate(place, kernel.MS_SHARED)
        for name in ("task", "runtime"):
            os.mkdir(os.path.join(self._room(number), "var", name))
        if self._runtime is not None:
            self._put(self._runtime, os.path.join(self._room(number), "var", "runtime"))

    def fill_room(self, number, things, temporary):
        """Put things, as (path, place below /var), into a room, and a /tmp that outlives it: `temporary` names it."""
        for path, place in things:
            target = os.path.join(self._room(number), "var", place)
            if not os.path.exists(target):
                _empty(target, path)
            self._put(path, target)
        kernel.bind(self._tmp(temporary), os.path.join(self._room(number), "tmp"))

    def _put(self, path, target):
        """Read-only before it appears in the room: what is done to a mount later does not reach there."""
        stage = os.path.join(self._stage, "folder" if os.path.isdir(path) else "file")
        _empty(stage, path)
        kernel.bind_read_only(path, stage)
        try:
            kernel.bind(stage, target)
        finally:
            kernel.unmount(stage)

    def close_room(self, number):
        """Nobody lives there any more."""
        for name in ("tmp", "var"):
            place = os.path.join(self._room(number), name)
            while os.path.ismount(place):  # a /tmp stands on the room's own
                kernel.unmount(place)
            os.rmdir(place)
        os.rmdir(self._room(number))

    def _tmp(self, name):
        place = os.path.join(self._folder, f"tmp-{name}")
        if name not in self._temporary:
            os.mkdir(place)
            options = f"mode=700,size={TMP_BYTES},uid={USER},gid={GROUP}"
            kernel.mount("none", place, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
            self._temporary.add(name)
        return place

    def forget(self, name):
        """Give up a /tmp. One that never was is as good as gone."""
        if name in self._temporary:
            self._temporary.discard(name)
            place = os.path.join(self._folder, f"tmp-{name}")
            kernel.unmount(place)
            os.rmdir(place)

    def move_in(self, number):
        """Make a room's world this process's, for good: in a mount namespace and a process namespace of its own."""
        kernel.propagate("/", kernel.MS_REC | kernel.MS_SLAVE)
        for name in ("var", "tmp"):
            kernel.bind(os.path.join(self._room(number), name), os.path.join(self._root, name))
        kernel.seal(os.path.join(self._root, "var"))
        kernel.mount("proc", os.path.join(self._root, "proc"), "proc", kernel.MS_NOSUID | kernel.MS_NODEV)
        os.chdir(self._root)
        kernel.pivot_root(".", ".")  # the old root stands on the new one, and is taken off it
        kernel.unmount(".")
        os.chdir("/")
        kernel.seal_this("/")
