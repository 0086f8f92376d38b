from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.stores.body import BEYOND, IN_MEMORY, Recording, StoredBytes, StoredFile


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")


@given(st.lists(st.binary(max_size=20)), st.integers(0, 30), st.integers(0, 40), st.integers(0, 40))
def test_a_body_at_rest_reads_like_its_bytes(chunks: list[bytes], in_memory: int, start: int, stop: int) -> None:
    data = b"".join(chunks)
    recording = Recording(limit=1000, in_memory=in_memory)
    assert all(recording.append(chunk) for chunk in chunks)
    assert recording.read(start, stop) == data[start:stop]
    body = recording.finish()
    assert type(body) is (StoredBytes if len(data) <= in_memory else StoredFile)
    assert body.length == len(data)
    assert body.read(0, len(data)) == data
    assert body.read(start, stop) == data[start:stop]


@pytest.mark.parametrize("in_memory", [0, 100])
@pytest.mark.parametrize(
    ("limit", "taken"),
    [(10, [True, True, True]), (9, [True, True, False]), (4, [True, False, False]), (0, [False] * 3)],
)
def test_a_recording_gives_up_beyond_its_limit(in_memory: int, limit: int, taken: list[bool]) -> None:
    recording = Recording(limit, in_memory)
    assert [recording.append(chunk) for chunk in (b"1234", b"567", b"890")] == taken
    recording.discard()
    recording.discard()


@pytest.mark.parametrize("in_memory", [0, 10, 1000])
def test_beyond_its_limit_it_takes_what_somebody_has_still_to_read_up_to_a_bound(in_memory: int) -> None:
    recording = Recording(10, in_memory)
    assert recording.append(b"12345678")
    assert not recording.append(b"abc")
    assert recording.spill(b"abc")
    assert recording.read(6, 11) == b"78abc"
    assert recording.spill(bytes(10 * BEYOND - 11))
    assert not recording.spill(b"x")
    recording.discard()


def test_small_bodies_stay_in_memory_and_large_ones_leave_it() -> None:
    for size, kind in ((IN_MEMORY, StoredBytes), (IN_MEMORY + 1, StoredFile)):
        recording = Recording(limit=2 * IN_MEMORY)
        recording.append(bytes(size - 1))
        recording.append(b"x")
        body = recording.finish()
        assert type(body) is kind
        assert body.read(size - 2, size) == b"\0x"


def test_files_have_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    recording = Recording(limit=100, in_memory=0)
    recording.append(b"hello")
    body = recording.finish()
    assert not any(tmp_path.iterdir())
    assert body.read(1, 3) == b"el"


@needs_proc
@pytest.mark.parametrize("ending", ["finish", "discard", "forget", "grow too large"])
def test_no_descriptor_outlives_its_body(ending: str) -> None:
    before = open_files()
    recording = Recording(limit=100, in_memory=0)
    recording.append(b"hello")
    assert open_files() == before + 1
    if ending == "finish":
        body = recording.finish()
        del recording
        gc.collect()
        assert body.read(0, 5) == b"hello"
        assert open_files() == before + 1
        del body
    elif ending == "discard":
        recording.discard()
    elif ending == "grow too large":
        assert not recording.append(bytes(100))
        assert recording.read(1, 3) == b"el"
        recording.discard()
    else:
        del recording
    gc.collect()
    assert open_files() == before


def test_repr_tells_the_size() -> None:
    assert repr(StoredBytes(b"abc")) == "<StoredBytes 3 bytes>"
