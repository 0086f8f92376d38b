"""Log groups on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.errors import ConfigError
from edgesim.logs.folder import LogFolder, place_of
from edgesim.values.instant import Instant
from edgesim.values.log_stream import LogStream

STREAM = LogStream("eu-central-1", "/aws/lambda/us-east-1.auth", "2026/01/02/[3]00ff")
NOON = Instant(1_767_355_200.0)


class Kept:
    """A log folder at noon, and what it complained of."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self.folder, self.now = folder, NOON
        self.logs = LogFolder(folder, lambda: self.now, self.complaints.append)

    def text(self, stream: LogStream = STREAM) -> str:
        return (self.folder / place_of(stream)).read_text(encoding="utf-8")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path / "logs")
    yield kept
    kept.logs.close()


def test_a_stream_is_a_file_below_its_region_and_its_group() -> None:
    assert place_of(STREAM) == Path("eu-central-1/aws/lambda/us-east-1.auth/2026/01/02/[3]00ff")


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        pytest.param("..", "%2E%2E", id="the folder above"),
        pytest.param(".", "%2E", id="the folder itself"),
        pytest.param("", "%", id="no name at all"),
        pytest.param("a b:c*", "a%20b%3Ac%2A", id="what some systems do not take"),
        pytest.param("[$LATEST]0f", "[$LATEST]0f", id="what CloudWatch writes itself"),
        pytest.param("ü", "%C3%BC", id="beyond ASCII"),
    ],
)
def test_no_name_leads_out_of_the_folder(name: str, kept_as: str) -> None:
    assert place_of(LogStream("r", "/g", f"x/{name}")) == Path("r/g/x", kept_as)


@given(st.builds(LogStream, st.text(), st.text(), st.text()))
def test_whatever_a_stream_is_called_its_file_is_in_the_folder(stream: LogStream) -> None:
    place = place_of(stream)
    assert not place.is_absolute()
    assert not {"..", "."} & set(place.parts)
    assert all("\0" not in part and "/" not in part for part in place.parts)


def test_events_are_lines_with_their_time_as_an_export_has_them(kept: Kept) -> None:
    kept.logs.events(STREAM, ["START RequestId: 1 Version: 3"])
    kept.now = Instant(NOON + 0.25)
    kept.logs.events(STREAM, ["an error\n    at line 1\n"])
    assert kept.text() == (
        "2026-01-02T12:00:00.000Z START RequestId: 1 Version: 3\n2026-01-02T12:00:00.250Z an error\n    at line 1\n"
    )


def test_an_event_is_there_to_read_as_soon_as_it_is_written(kept: Kept) -> None:
    """for `tail -F`"""
    kept.logs.events(STREAM, ["one"])
    assert kept.text().endswith(" one\n")
    kept.logs.events(STREAM, ["two"])
    assert kept.text().endswith(" two\n")


def test_what_an_earlier_run_kept_stays(tmp_path: Path) -> None:
    for text in ("yesterday", "today"):
        kept = Kept(tmp_path)
        kept.logs.events(STREAM, [text])
        kept.logs.close()
    assert [line.partition(" ")[2] for line in kept.text().splitlines()] == ["yesterday", "today"]


def test_text_that_is_no_unicode_is_kept_as_far_as_it_goes(kept: Kept) -> None:
    kept.logs.events(STREAM, ["a\ud800b"])
    assert kept.text().endswith(" a?b\n")


def test_many_streams_need_few_open_files(kept: Kept) -> None:
    streams = [LogStream("r", "/g", f"{number}") for number in range(100)]
    for _ in range(2):
        for stream in streams:
            kept.logs.events(stream, ["here"])
    assert kept.logs.open_files < 50
    assert all(kept.text(stream).count("here") == 2 for stream in streams)
    kept.logs.close()
    assert kept.logs.open_files == 0


def test_a_folder_that_can_not_be_had_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"--log-dir .*file can't be written: "):
        Kept(tmp_path / "file").logs.make()


def test_a_full_disk_is_said_once_and_functions_go_on(kept: Kept) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    place = kept.folder / place_of(STREAM)
    place.parent.mkdir(parents=True)
    place.symlink_to(full)
    for _ in range(3):
        kept.logs.events(STREAM, ["lost"])
    [said] = kept.complaints
    assert said.endswith("logs: No space left on device; no more logs are kept until edgesim restarts")
