"""Content codings taken off, so that a person and a test read what was meant."""

from __future__ import annotations

import zlib
from collections.abc import Callable

MOST_BYTES = 16 * 1024 * 1024
"""What is unpacked at most; more is left as it is."""


def decoded(coding: str, data: bytes) -> bytes | None:
    """The bytes under a Content-Encoding of `gzip`, `deflate` or `br`; None where the coding is another, the data is
    not under it, or is too long."""
    unpack = _UNPACKERS.get(coding.strip().lower())
    try:
        return unpack(data) if unpack is not None and data else None
    except ValueError:
        return None


def _inflate(window: int) -> Callable[[bytes], bytes | None]:
    def inflate(data: bytes) -> bytes | None:
        machine = zlib.decompressobj(window)
        try:
            unpacked = machine.decompress(data, MOST_BYTES)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        return unpacked if machine.eof and not machine.unused_data else None

    return inflate


def _brotli(data: bytes) -> bytes | None:
    import brotli

    try:
        unpacked: bytes = brotli.decompress(data)
    except brotli.error as error:
        raise ValueError(str(error)) from error
    return unpacked if len(unpacked) <= MOST_BYTES else None


_UNPACKERS = {"gzip": _inflate(31), "x-gzip": _inflate(31), "deflate": _inflate(15), "br": _brotli}
