"""Before anything else: what the program writes arrives."""

from __future__ import annotations

from io import BytesIO, RawIOBase, TextIOWrapper

from edgesim.starting import whole


class Pipe(RawIOBase):
    """Takes a few bytes at a time, as a pipe may of a long text."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.taken += bytes(data[:1000])
        return min(len(data), 1000)


def test_a_long_text_is_written_whole_where_python_does_not_buffer():
    pipe = Pipe()
    unbuffered = TextIOWrapper(pipe, encoding="utf-8", write_through=True)
    whole(unbuffered).write("x" * 100_000 + "\n")
    assert len(pipe.taken) == 100_001


def test_a_stream_that_buffers_stays_as_it_is():
    stream = TextIOWrapper(BytesIO(), encoding="utf-8")
    assert whole(stream) is stream
