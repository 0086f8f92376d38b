"""The latest transcripts, and how one is found among them."""

from __future__ import annotations

import pytest

from edgesim.driver.recorder import TranscriptRing
from edgesim.pipeline.transcript import Transcript
from edgesim.testing.make import a_request, an_arrival


def transcript(id_: str, target: str = "/a.css?x=1", host: str = "www.example:8080") -> Transcript:
    return Transcript(an_arrival(a_request(target, host=host), request_id=id_))


@pytest.fixture
def ring() -> TranscriptRing:
    ring = TranscriptRing(capacity=3)
    for number in range(5):
        ring.record(transcript(f"id-{number}", f"/{number % 2}?x=1"))
    return ring


def test_only_the_latest_are_kept_newest_first(ring: TranscriptRing) -> None:
    assert len(ring) == 3
    assert [kept.arrival.id for kept in ring] == ["id-4", "id-3", "id-2"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param("last", "id-4", id="the newest of all"),
        pytest.param("id-3", "id-3", id="by request id"),
        pytest.param("/0?x=1", "id-4", id="the newest of a path"),
        pytest.param("/1?x=1", "id-3", id="the newest of another path"),
        pytest.param("/0?x=2", None, id="a query string counts"),
        pytest.param("/0", "id-4", id="and may be left out"),
        pytest.param("www.example:8080/0?x=1", "id-4", id="by URL without its scheme"),
        pytest.param("other.example:8080/0?x=1", None, id="of another host"),
        pytest.param("http://www.example:8080/0?x=1", "id-4", id="by URL"),
        pytest.param("http://WWW.example:8080/0?x=1", "id-4", id="hosts compare without case"),
        pytest.param("http://other.example/0?x=1", None, id="another host"),
        pytest.param("id-0", None, id="forgotten"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_transcript_is_found(ring: TranscriptRing, wanted: str, found: str | None) -> None:
    kept = ring.find(wanted)
    assert (kept.arrival.id if kept else None) == found


@pytest.mark.parametrize(
    ("wanted", "like"),
    [
        pytest.param("http://other.example/0?x=1", "id-4", id="another host"),
        pytest.param("/0?x=2", "id-4", id="another query string"),
        pytest.param("http://other.example/1", "id-3", id="another host, and no query string"),
        pytest.param("/never", None, id="another path"),
        pytest.param("id-0", None, id="a request id"),
    ],
)
def test_where_nothing_is_found_the_newest_of_that_path_is_like_it(
    ring: TranscriptRing, wanted: str, like: str | None
) -> None:
    kept = ring.like(wanted)
    assert (kept.arrival.id if kept else None) == like


def test_an_empty_ring_has_no_last_one() -> None:
    assert TranscriptRing().find("last") is None


def test_who_wants_to_hear_of_finished_requests_does() -> None:
    heard: list[Transcript] = []
    ring = TranscriptRing(on_finished=heard.append)
    one = transcript("id")
    ring.record(one)
    assert heard == []
    ring.finished(one)
    assert heard == [one]


def test_nobody_has_to_listen() -> None:
    TranscriptRing().finished(transcript("id"))
