"""What has to be seen to before anything else: Ctrl-C, and a terminal that can't show every character.

Ctrl-C while the program starts: it ends at once and says nothing. A KeyboardInterrupt in the middle of an import is a
traceback, or whatever a library makes of it. As long as nothing is to be tidied up, the process just ends; what has
something to tidy up asks for the exception (`catch_interrupts`).
"""

from __future__ import annotations

import os
import signal
import sys
from io import BufferedWriter, RawIOBase, TextIOWrapper
from types import FrameType
from typing import TextIO, cast

_INTERRUPTED = 130
"""As shells have it"""
_INTERRUPTED_TEST = 2
"""As pytest has it"""


def leave_at_interrupt() -> None:
    """From now on Ctrl-C ends the process at once, unless whoever started it wants it to be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def catch_interrupts() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt again, for whoever tidies up then."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def write_anything() -> None:
    """From now on a character that a terminal or a file can't have, by its encoding, is written as its escape; where
    nothing is open to be written or read, it goes nowhere. What is written arrives whole."""
    # In this order, since each gets the lowest number that is free
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = whole(sys.stdout) if sys.stdout else _nowhere("w")
    sys.stderr = whole(sys.stderr) if sys.stderr else _nowhere("w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def whole(stream: TextIO) -> TextIO:
    """The stream, or one in its place that writes all of a text. With PYTHONUNBUFFERED Python's own forgets what the
    system did not take at once, as a pipe may of a long text."""
    if not isinstance(stream, TextIOWrapper) or not isinstance(stream.buffer, RawIOBase):
        return stream
    encoding, raw = stream.encoding, stream.detach()
    return TextIOWrapper(BufferedWriter(cast("RawIOBase", raw)), encoding=encoding, line_buffering=True)


def _nowhere(mode: str) -> TextIO:
    return cast("TextIO", os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    os._exit(_INTERRUPTED_TEST if sys.argv[1:2] == ["test"] else _INTERRUPTED)
