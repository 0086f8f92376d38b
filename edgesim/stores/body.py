"""Bodies at rest, and the recorder that brings them there.

Small ones stay in memory. Larger ones go to a temporary file that has no name in any directory, so that memory stays
flat and nothing is left behind, whatever becomes of the process; its space is given back with the last reader.
"""

from __future__ import annotations

import os
import tempfile
from typing import IO
from weakref import finalize

from edgesim.ports import StoredBody

IN_MEMORY = 1024 * 1024  # bytes; inferred: well above most pages and pictures, well below most films
BEYOND = 16  # times the limit; inferred: 1 GiB of disk for one body, where the cache has its usual size


class StoredBytes(StoredBody):
    """A body in memory."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self._data = data

    def read(self, start: int, stop: int) -> bytes:
        return self._data[start:stop]


class StoredFile(StoredBody):
    """A body of `length` bytes in a nameless file, which is closed when nobody holds the body any more."""

    __slots__ = ("__weakref__", "_fd")

    def __init__(self, file: IO[bytes], length: int) -> None:
        super().__init__(length)
        self._fd = file.fileno()
        finalize(self, file.close)

    def read(self, start: int, stop: int) -> bytes:
        return os.pread(self._fd, max(0, stop - start), start)


class Recording:
    """Receives a body as it streams past, and keeps up to `limit` bytes of it. Implements ports.BodyRecorder.

    Bodies above `in_memory` bytes go to a file.
    """

    def __init__(self, limit: int, in_memory: int = IN_MEMORY) -> None:
        self._limit = limit
        self._in_memory = in_memory
        self._data = bytearray()
        self._length = 0
        self._file: IO[bytes] | None = None

    def append(self, chunk: bytes) -> bool:
        """Take a piece, unless the body would grow too large with it."""
        return self._take(chunk, self._limit)

    def spill(self, chunk: bytes) -> bool:
        """Take a piece of a body that has grown too large. False where it has done so many times over."""
        return self._take(chunk, self._limit * BEYOND)

    def _take(self, chunk: bytes, limit: int) -> bool:
        if self._length + len(chunk) > limit:
            return False
        self._length += len(chunk)
        if self._file is not None:
            _write(self._file, chunk)
        else:
            self._data += chunk
            if self._length > self._in_memory:
                self._move_to_file()
        return True

    def read(self, start: int, stop: int) -> bytes:
        """What was taken, from `start` up to `stop`."""
        if self._file is not None:
            return os.pread(self._file.fileno(), max(0, stop - start), start)
        return bytes(memoryview(self._data)[start:stop])

    def finish(self) -> StoredBody:
        """The whole body at rest."""
        if self._file is None:
            return StoredBytes(bytes(self._data))
        file, self._file = self._file, None
        return StoredFile(file, self._length)

    def discard(self) -> None:
        """Forget what was taken. May be called more than once."""
        self._data = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.discard()

    def _move_to_file(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  closed by discard, or with the StoredFile
        _write(self._file, self._data)
        self._data = bytearray()


def _write(file: IO[bytes], data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
