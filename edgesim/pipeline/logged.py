"""Which requests are logged, and as what: the end of a transcript as the access log sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgesim.rules.reasons import ArrivalReason
from edgesim.rules.result_types import ResultTypes, interrupted

if TYPE_CHECKING:
    from edgesim.pipeline.transcript import Transcript

# documented: standard-logs-reference, "How requests are logged when the request URL or headers exceed the maximum size"
_NOT_LOGGED = frozenset({ArrivalReason.URL_TOO_LONG, ArrivalReason.HEAD_TOO_BIG})


def is_logged(transcript: Transcript) -> bool:
    """Does a request have a line in its distribution's log? One that reached no distribution can have none."""
    if transcript.distribution is None:
        return False
    # Its size is the first thing that is looked at of a request
    return not transcript.notes or transcript.notes[0].because not in _NOT_LOGGED


def result_types_of(transcript: Transcript) -> ResultTypes | None:
    """The result types at the end of a request, or as far as it has come; None where there is no answer."""
    ready: ResultTypes | None = transcript.notes[-1].facts.get("result_types") if transcript.notes else None
    if transcript.complete or transcript.interrupted is None:
        return ready
    nothing_sent = transcript.wire is not None and transcript.wire.sent == 0
    return interrupted(None if nothing_sent else ready, transcript.interrupted)
