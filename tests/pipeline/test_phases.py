"""The table of stations, and the transcript's order."""

from __future__ import annotations

import pytest

from edgesim.pipeline.phases import PHASES, in_order
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import ArrivalReason, ErrorPageReason, Outcome
from edgesim.testing.make import an_arrival


def test_the_table_has_every_station_once_in_the_order_of_the_enum() -> None:
    assert [phase.station for phase in PHASES] == list(Station)


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.station.value)
def test_each_station_is_told_in_one_sentence(phase: object) -> None:
    says = getattr(phase, "says", "")
    assert says.endswith(".")
    assert says.count(". ") == 0


def test_several_notes_at_one_station_are_in_order_and_going_back_is_not() -> None:
    assert in_order([Station.BEHAVIOR, Station.CACHE, Station.CACHE, Station.DELIVERY])
    assert in_order([])
    assert not in_order([Station.CACHE, Station.BEHAVIOR])


def test_a_transcript_tells_its_reasons_and_the_notes_of_a_station() -> None:
    transcript = Transcript(an_arrival())
    transcript.note(Station.ARRIVAL, ArrivalReason.ACCEPTED)
    inner = transcript.within(Station.ERROR_PAGE, ErrorPageReason.SUBSTITUTED, status=404)
    inner.note(Station.DELIVERY, Outcome.HIT)
    assert transcript.reasons == [ArrivalReason.ACCEPTED, ErrorPageReason.SUBSTITUTED]
    (note,) = transcript.at(Station.ERROR_PAGE)
    assert note.facts == {"inner": inner, "status": 404}
