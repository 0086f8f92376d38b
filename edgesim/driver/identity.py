"""Names that must not repeat."""

from __future__ import annotations

import os
from binascii import b2a_base64

_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def request_id() -> str:
    """An id as X-Amz-Cf-Id carries it. observed: 56 characters of URL-safe base64 that end in `==`

    None begins with a dash, so that each can stand on a command line.
    """
    made = b2a_base64(os.urandom(40), newline=False).translate(_URL_SAFE).decode("ascii")
    return request_id() if made.startswith("-") else made


def invocation_id() -> str:
    """A Lambda request id: a UUID, not the one of CloudFront's request (observed)."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def file_id() -> str:
    """What tells the files of one hour apart. observed: eight hexadecimal digits"""
    return os.urandom(4).hex()


def seed() -> int:
    """A random number to begin with: what follows from it is the same for who has it."""
    return int.from_bytes(os.urandom(8))
