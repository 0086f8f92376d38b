"""Why an answer is the edge's own, in a line."""

from __future__ import annotations

from edgesim.distribution.model import Code
from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.logs.lambda_log import timed_out
from edgesim.logs.why import place_of, placed, what_went_wrong
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import (
    ArrivalReason,
    FailoverReason,
    HookReason,
    LookUpReason,
    OriginReason,
    Outcome,
    SignatureReason,
)
from edgesim.rules.signed import Judged
from edgesim.testing.make import a_function, an_arrival
from edgesim.values.instant import Instant
from edgesim.values.invocation import Failed, FailureKind
from edgesim.values.place import Place

FAILED = Failed(FailureKind.ERROR, "TypeError", "no way", place=Place("/src/auth.mjs", 3), hint="look there")


def noted(*notes):
    transcript = Transcript(an_arrival())
    for station, because, facts in notes:
        transcript.note(station, because, **facts)
    return transcript


def test_a_refusal_of_the_edge_is_told():
    assert what_went_wrong(noted((Station.ARRIVAL, ArrivalReason.GEO_BLOCKED, {}))) == ArrivalReason.GEO_BLOCKED
    missing = {"signature": Judged(SignatureReason.MISSING)}
    assert what_went_wrong(noted((Station.SIGNATURE, SignatureReason.MISSING, missing))) == SignatureReason.MISSING


def test_whoever_is_let_in_has_nothing_to_be_told():
    signed = {"signature": Judged(SignatureReason.SIGNED_URL)}
    notes = (Station.ARRIVAL, ArrivalReason.ACCEPTED, {}), (Station.SIGNATURE, SignatureReason.SIGNED_URL, signed)
    assert what_went_wrong(noted(*notes)) == ""


def test_a_function_that_failed_is_told_with_its_place_and_a_way_out():
    facts = {"failure": FAILED, "function": a_function()}
    told = what_went_wrong(noted((Station.VIEWER_REQUEST, HookReason.FAILED, facts)))
    assert told == "viewer-request failed: the function failed: TypeError: no way (/src/auth.mjs:3); look there"


def test_what_a_secondary_origin_did_counts_and_what_no_viewer_waits_for_does_not():
    down = noted((Station.ORIGIN, OriginReason.FAILED, {"message": "refused"}))
    assert what_went_wrong(noted((Station.FAILOVER, FailoverReason.STATUS, {"inner": down}))) == "refused"
    assert what_went_wrong(noted((Station.REFRESH, LookUpReason.WHILE_REVALIDATED, {"inner": down}))) == ""


def test_explain_has_it_below_the_status_of_an_error():
    transcript = noted((Station.ARRIVAL, ArrivalReason.METHOD_NOT_ALLOWED, {}), (Station.DELIVERY, Outcome.ERROR, {}))
    transcript.status, transcript.ended_at = 403, transcript.arrival.at
    assert as_text(as_data(transcript)).splitlines()[2] == "  why  refused: the behavior does not allow this method"


def test_an_origin_that_failed_and_was_not_missed_is_no_headline():
    transcript = noted(
        (Station.ORIGIN, OriginReason.FAILED, {"message": "refused"}), (Station.DELIVERY, Outcome.HIT, {})
    )
    transcript.status, transcript.ended_at = 200, transcript.arrival.at
    assert as_data(transcript)["why"] == ""


def test_code_within_another_file_has_that_files_lines():
    function = a_function(code=Code(inline="…", written=Place("a.scenario.yaml", 5)))
    failed = Failed(FailureKind.ERROR, "TypeError", "", place=Place("/var/task/index.js", 3))
    assert place_of(failed, function) == Place("a.scenario.yaml", 7)
    assert place_of(failed, a_function()) == failed.place
    assert place_of(FAILED, function) == FAILED.place


def test_the_stack_of_code_within_another_file_has_that_files_lines_too():
    function = a_function(code=Code(inline="…", written=Place("template.yaml", 20)))
    assert placed("    at handler (/var/task/index.mjs:3:11)", function) == "    at handler (template.yaml:22)"
    assert placed('  File "/var/task/index.py", line 1, in h', function) == '  File "template.yaml", line 20, in h'
    assert placed("    at run (/var/runtime/index.mjs:3:11)", function) == "    at run (/var/runtime/index.mjs:3:11)"
    assert placed("    at handler (/var/task/index.js:3:11)", a_function()).endswith("(/var/task/index.js:3:11)")


def test_a_timeout_is_said_once():
    message = timed_out(Instant(0), "5ebb5096-a98c-4c8d-8680-e0677f1752b0", 3)
    facts = {"failure": Failed(FailureKind.TIMEOUT, "Sandbox.Timedout", message), "function": a_function()}
    told = what_went_wrong(noted((Station.VIEWER_REQUEST, HookReason.FAILED, facts)))
    assert told == "viewer-request failed: Sandbox.Timedout: Task timed out after 3.00 seconds"
