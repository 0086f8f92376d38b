"""The access log on disk."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from edgesim.distribution.model import Distribution, Logging
from edgesim.errors import ConfigError
from edgesim.logs.access import FORMATS
from edgesim.logs.access_files import TOGETHER, AccessLog, beginning, packed
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import DeploymentReason
from edgesim.testing.make import a_distribution, a_request, an_arrival
from edgesim.values.headers import NO_HEADERS
from edgesim.values.instant import Instant
from edgesim.values.wire import Wire
from tests.logs.cloudfront_log import parsed

NOON = Instant(1_767_355_200.0)  # 2026-01-02, 12:00
HOUR = 3600.0


def over(path: str = "/", distribution: Distribution | None = None) -> Transcript:
    """A request that is over."""
    made = distribution or a_distribution(id="E1")
    return Transcript(
        an_arrival(a_request(path), at=NOON), made, status=200, headers=NO_HEADERS, complete=True, wire=Wire(0, 9)
    )


class Log:
    """An access log in a folder, and what it complained of."""

    def __init__(self, folder: Path, form: str = "w3c") -> None:
        self.folder, self.complaints, self._names = folder, [], iter("abcdefgh")
        self.log = AccessLog(folder, FORMATS[form], lambda: f"0000000{next(self._names)}", self.complaints.append)

    complaints: list[str]

    @property
    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def paths_in(self, name: str) -> list[str | None]:
        path = self.folder / name
        text = gzip.decompress(path.read_bytes()).decode() if name.endswith(".gz") else path.read_text()
        return [line["cs-uri-stem"] for line in parsed(text)]


def test_an_hours_log_can_be_read_while_it_is_written_and_is_packed_at_the_end(tmp_path: Path) -> None:
    log = Log(tmp_path / "new" / "logs")

    async def story() -> None:
        log.log.finished(over("/a"), NOON)
        log.log.finished(over("/b"), Instant(NOON + 1))
        assert log.files == []
        log.log.flush()
        assert log.files == ["E1.2026-01-02-12.0000000a.log"]
        assert log.paths_in(log.files[0]) == ["/a", "/b"]
        log.log.finished(over("/c"), Instant(NOON + 2))
        await log.log.aclose()

    asyncio.run(story())
    assert log.files == ["E1.2026-01-02-12.0000000a.gz"]
    assert log.paths_in(log.files[0]) == ["/a", "/b", "/c"]
    assert log.complaints == []


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("count", [TOGETHER - 1, TOGETHER, TOGETHER + 1, 5 * TOGETHER + 3])
def test_no_line_is_lost_where_edgesim_ends_before_they_are_written(tmp_path: Path, count: int, form: str) -> None:
    log = Log(tmp_path, form)

    async def story() -> None:
        for number in range(count):
            log.log.finished(over(f"/{number}"), NOON)
        await log.log.aclose()

    asyncio.run(story())
    text = gzip.decompress((tmp_path / log.files[0]).read_bytes()).decode()
    assert re.findall(r"[\t\"]/(\d+)[\t\"]", text) == [str(number) for number in range(count)]


def test_every_hour_has_a_file_of_its_own(tmp_path: Path) -> None:
    log = Log(tmp_path)

    async def story() -> None:
        log.log.finished(over("/a"), NOON)
        log.log.finished(over("/b"), Instant(NOON + HOUR))
        log.log.flush()
        await log.log.aclose()

    asyncio.run(story())
    assert log.files == ["E1.2026-01-02-12.0000000a.gz", "E1.2026-01-02-13.0000000b.gz"]
    assert [log.paths_in(name) for name in log.files] == [["/a"], ["/b"]]


def test_a_log_that_somebody_removes_begins_anew(tmp_path: Path) -> None:
    log = Log(tmp_path / "logs")

    async def story() -> None:
        for path in ("/a", "/b", "/c"):
            log.log.finished(over(path), NOON)
            log.log.flush()
            if path != "/b":
                shutil.rmtree(log.folder)
        await log.log.aclose()

    asyncio.run(story())
    assert log.files == []
    assert log.complaints == []


def test_a_log_that_somebody_moves_goes_on_in_another_file(tmp_path: Path) -> None:
    log = Log(tmp_path)

    async def story() -> None:
        log.log.finished(over("/a"), NOON)
        log.log.flush()
        (tmp_path / log.files[0]).rename(tmp_path / "mine.log")
        log.log.finished(over("/b"), NOON)
        await log.log.aclose()

    asyncio.run(story())
    assert log.files == ["E1.2026-01-02-12.0000000b.gz", "mine.log"]
    assert [log.paths_in(name) for name in log.files] == [["/b"], ["/a"]]
    assert log.complaints == []


def test_distributions_have_files_of_their_own_below_their_prefix(tmp_path: Path) -> None:
    log = Log(tmp_path)
    other = a_distribution(id="E2", logging=Logging("logs.s3.amazonaws.com", "web/edge"))

    async def story() -> None:
        log.log.finished(over("/a"), NOON)
        log.log.finished(over("/b", other), NOON)
        await log.log.aclose()

    asyncio.run(story())
    assert log.files == ["E1.2026-01-02-12.0000000a.gz", "web/edge/E2.2026-01-02-12.0000000b.gz"]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", "E1"),
        ("logs/", "logs/E1"),
        ("logs", "logs/E1"),
        ("a/b/", "a/b/E1"),
        ("../..", "%2E%2E/%2E%2E/E1"),
        ("/etc", "etc/E1"),
    ],
)
def test_no_prefix_leads_out_of_the_folder(prefix: str, expected: str) -> None:
    assert beginning(a_distribution(id="E1", logging=Logging("", prefix))) == expected


def test_json_has_no_head(tmp_path: Path) -> None:
    log = Log(tmp_path, "json")

    async def story() -> None:
        log.log.finished(over("/a"), NOON)
        log.log.flush()
        assert re.fullmatch(r'\{"date":"2026-01-02",.*\}\n', (tmp_path / log.files[0]).read_text())
        await log.log.aclose()

    asyncio.run(story())


def test_nothing_is_written_where_nothing_is_asked(tmp_path: Path) -> None:
    log = Log(tmp_path)
    asyncio.run(log.log.aclose())
    assert log.files == []


def test_a_folder_that_can_not_be_had_is_said_with_the_option(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^--access-log .*file can't be written: "):
        Log(tmp_path / "file").log.make()


def test_a_disk_that_fails_is_told_once_and_ends_the_log_alone(tmp_path: Path) -> None:
    log = Log(tmp_path)
    bad = a_distribution(id="E1", logging=Logging("", "taken/x"))
    (tmp_path / "taken").write_text("a file where a folder has to be")

    async def story() -> None:
        for _ in range(2):
            log.log.finished(over("/a", bad), NOON)
            log.log.flush()
        await log.log.aclose()

    asyncio.run(story())
    [complaint] = log.complaints
    assert complaint.startswith(f"--access-log {tmp_path}: ")
    assert complaint.endswith("nothing more is logged until edgesim restarts")


def test_a_packed_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    plain = tmp_path / "E1.2026-01-02-12.0000000a.log"
    plain.write_text("text")
    assert packed(plain) == tmp_path / "E1.2026-01-02-12.0000000a.gz"
    assert [path.name for path in tmp_path.iterdir()] == ["E1.2026-01-02-12.0000000a.gz"]
    assert gzip.decompress((tmp_path / "E1.2026-01-02-12.0000000a.gz").read_bytes()) == b"text"


@pytest.mark.parametrize("form", ["w3c", "json"])
def test_the_log_of_a_staging_distribution_tells_whom_the_viewer_had_asked(tmp_path: Path, form: str) -> None:
    primary = a_distribution(id="E1", domain_name="d1.cloudfront.net")
    moved = over("/a", a_distribution(id="E2", staging=True))
    moved.note(Station.DEPLOYMENT, DeploymentReason.HEADER, primary=primary)

    async def story() -> None:
        log = Log(tmp_path, form)
        for one in (moved, over("/b", primary)):
            log.log.finished(one, NOON)
        log.log.flush()
        mine, others = ((tmp_path / f"{name}.2026-01-02-12.0000000{unique}.log").read_text() for name, unique in
                        (("E2", "a"), ("E1", "b")))  # fmt: skip
        if form == "w3c":
            assert mine.splitlines()[1].endswith(" sc-range-end primary-distribution-id primary-distribution-dns-name")
            assert mine.splitlines()[2].endswith("\tE1\td1.cloudfront.net")
        else:
            assert json.loads(mine)["primary-distribution-id"] == "E1"
        assert "primary-distribution" not in others
        await log.log.aclose()

    asyncio.run(story())
