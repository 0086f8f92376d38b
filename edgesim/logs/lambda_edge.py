"""CloudFront's own log of a function's results: the log group LambdaEdge.

documented: lambda-edge-testing-debugging, results that CloudFront refuses are logged in the Region that ran the
function, in /aws/cloudfront/LambdaEdge/<distribution id>. observed: the form of the line and the words for a read-only
header; inferred: the same form for everything else, and a stream for each day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from edgesim.distribution.model import Trigger
from edgesim.values.instant import Instant
from edgesim.values.log_stream import LogStream, stream_name

if TYPE_CHECKING:
    from edgesim.pipeline.transcript import Note, Transcript


def function_notes(transcript: Transcript) -> list[Note]:
    """The notes of functions that ran for a request, or for the custom error page that it got. Every request is looked
    at, and most have none."""
    found = [note for note in transcript.notes if "function" in note.facts or "inner" in note.facts]
    return list(_flat(found)) if found else found


def _flat(notes: list[Note]) -> Iterator[Note]:
    for note in notes:
        if "function" in note.facts:
            yield note
        else:
            yield from function_notes(note.facts["inner"])


def trigger_of(note: Note) -> Trigger:
    """Where the function of a note ran."""
    return Trigger(note.station.value.replace(" ", "-"))


def validation_group(distribution_id: str) -> str:
    return f"/aws/cloudfront/LambdaEdge/{distribution_id}"


def validation_stream(region: str, distribution_id: str, at: Instant) -> LogStream:
    """The stream of a day."""
    return LogStream(region, validation_group(distribution_id), stream_name(at, "1", f"{region} {distribution_id}"))


def validation_error(request_id: str, rejected: Any) -> str:
    """The line of a result that CloudFront refuses. `rejected` has what is wrong with it as `detail`, and `at`."""
    # The details about headers begin with what the function tried
    detail = f"the function {rejected.detail}" if rejected.detail.startswith("tried to ") else rejected.detail
    place = f" (at {rejected.at})" if rejected.at and not rejected.detail.startswith("tried to ") else ""
    return f"({request_id}) ERROR Validation error: Lambda function result failed validation, {detail}{place}."
