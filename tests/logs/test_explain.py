"""A transcript as data and as text: the parts that the gold journeys do not pass."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from edgesim.distribution.model import OriginProtocolPolicy
from edgesim.logs.explain import as_data
from edgesim.logs.explain_text import as_text
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import (
    DeliveryReason,
    HookReason,
    LookUpReason,
    Outcome,
    SignatureReason,
    StoreReason,
    TtlReason,
)
from edgesim.rules.signed import Judged
from edgesim.rules.ttl import Ttl
from edgesim.testing.make import a_function, a_request, a_response, an_arrival, an_origin
from edgesim.values.body import Span
from edgesim.values.entry import CacheKey
from edgesim.values.instant import Duration, Instant
from edgesim.values.invocation import Failed, FailureKind, Invocation, Returned
from edgesim.values.place import Place
from edgesim.values.signed import Grant

NOT_LOADED = Failed(FailureKind.INIT, "Runtime.ImportModuleError", "no module")
KEY = CacheKey("E1", "GET", "/a.css")


def told(station: Station, because: StrEnum, **facts: Any) -> str:
    """What is told of one note."""
    transcript = Transcript(an_arrival())
    transcript.note(station, because, **facts)
    return as_text(as_data(transcript)).split("\n\n", 1)[1]


def test_a_request_that_got_no_answer_says_so() -> None:
    text = as_text(as_data(Transcript(an_arrival("/a"))))
    assert "no answer: the viewer left first, or edgesim failed" in text


def test_the_data_is_json() -> None:
    transcript = Transcript(an_arrival())
    transcript.note(Station.CACHE, LookUpReason.NOT_STORED, key=KEY, waited=True, at=Instant(transcript.arrival.at + 1))
    data = json.loads(json.dumps(as_data(transcript)))
    assert data["sections"] == [
        {
            "station": "cache",
            "because": "not in the cache",
            "details": [["waited", "for another request with this key, whose answer was for itself alone"],
                        ["key", "GET /a.css"]],
            "at": 1.0,
            "inner": [],
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "nasty",
    [
        pytest.param("\x1b[2J", id="an escape sequence"),
        pytest.param("\x9b2J", id="its C1 form"),
        pytest.param("\u202eevil", id="a change of direction"),
    ],
)
def test_nothing_that_is_told_can_steer_a_terminal(nasty: str) -> None:
    invocation = Invocation("id", Returned(""), 1.0, 1, 128, 64, "environment", log=(nasty,))
    text = told(Station.VIEWER_REQUEST, HookReason.PASSED, invocation=invocation, message=nasty)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert len(text.splitlines()) == 5


def test_what_was_signed_is_told_with_its_times() -> None:
    grant = Grant(2**63 - 1, "https://www.example.com/\xc3\xa9*", 0, "192.0.2.0/24")
    judged = Judged(SignatureReason.NOT_YET, "https://www.example.com/a", "URL", "K\x1b1", grant)
    told_lines = [line.strip() for line in told(Station.SIGNATURE, judged.because, signature=judged).splitlines()]
    assert told_lines == [
        "signature: refused: the policy does not hold yet",
        "signed   URL, by K\\x1b1",
        "request  https://www.example.com/a",
        "grants   https://www.example.com/é*",
        "after    0 (1970-01-01T00:00:00.000Z)",
        "until    9223372036854775807",
        "to       192.0.2.0/24",
    ]
    unknown = Judged(SignatureReason.KEY_UNKNOWN, "https://www.example.com/a", "cookies", "K9")
    assert "trusted  K1, K2" in told(Station.SIGNATURE, unknown.because, signature=unknown, trusted=("K1", "K2"))


@pytest.mark.parametrize("break_", ["\r", "\n", "\r\n"])
def test_the_lines_of_a_stack_stand_under_each_other(break_: str) -> None:
    text = told(Station.ORIGIN, LookUpReason.FRESH, message=f"first{break_}\xa0\tsecond")
    assert text.splitlines()[1:] == ["    message  first", "                  second"]


def test_the_target_and_the_host_can_not_steer_a_terminal_either() -> None:
    text = as_text(as_data(Transcript(an_arrival(a_request("/\x9b2J", host="a\x9b")))))
    assert "\x9b" not in text


def test_labels_and_values_stand_in_columns_and_a_label_that_is_too_long_is_above_its_value() -> None:
    fields = [("X", "1"), ("X-" + "Long" * 10, "2"), ("X-22", "3")]
    lines = told(Station.ORIGIN, LookUpReason.FRESH, sent=a_request("/a", fields=fields, host=None)).splitlines()
    assert lines[1:] == [
        "    sent              GET /a",
        "    sent header X     1",
        f"    sent header X-{'Long' * 10}",
        "                      2",
        "    sent header X-22  3",
    ]


@pytest.mark.parametrize(
    ("start", "told_as"),
    [
        ({"init_ms": 20.0}, "cold start 20.00 ms"),
        ({}, "warm"),
        ({"anew": True}, "in a process that had to be started anew"),
        ({"anew": True, "result": NOT_LOADED}, "spent on loading it"),
    ],
    ids=["cold", "warm", "after a crash", "not loaded"],
)
def test_it_is_told_how_an_invocation_found_its_environment(start: dict[str, Any], told_as: str) -> None:
    invocation = replace(Invocation("id", Returned(""), 1.0, 1, 128, 64, "environment"), **start)
    text = told(Station.VIEWER_REQUEST, HookReason.PASSED, invocation=invocation)
    assert f"duration     1.00 ms, {told_as}\n" in text


def test_it_is_told_that_an_invocation_waited_and_that_newer_code_did_not_run() -> None:
    newer = "app.py:1: error: Runtime.UserCodeSyntaxError: invalid syntax"
    invocation = Invocation("id", Returned(""), 1.0, 1, 128, 64, "auth#1", version="3", waited_ms=250.5, newer=newer)
    text = told(Station.VIEWER_REQUEST, HookReason.PASSED, invocation=invocation)
    assert "    waited       250.50 ms until an environment was free" in text
    assert "    version      3\n" in text
    assert f"    newer code   can't be loaded, so the last that could ran: {newer}\n" in text


def test_a_function_that_ran_out_of_memory_is_told_with_what_it_has() -> None:
    failure = Failed(FailureKind.OUT_OF_MEMORY, "Runtime.ExitError", "signal: killed")
    text = told(Station.VIEWER_REQUEST, HookReason.FAILED, function=a_function(memory=256), failure=failure)
    assert "the function ran out of memory (256 MB): Runtime.ExitError: signal: killed" in text


def test_of_a_failure_the_place_is_told_and_no_empty_line_of_its_stack() -> None:
    failure = replace(NOT_LOADED, stack=("", "    at f (/code/a.js:3:1)"), place=Place("/code/a.js", 3))
    text = told(Station.VIEWER_REQUEST, HookReason.FAILED, failure=failure, function=a_function())
    assert text.splitlines()[2:] == [
        "    failure   the function could not be loaded: Runtime.ImportModuleError: no module",
        "    at        /code/a.js:3",
        "    stack         at f (/code/a.js:3:1)",
    ]


@pytest.mark.parametrize(
    ("ttl", "age", "expected"),
    [
        pytest.param(60, 41, "41 s, fresh for another 19 s", id="fresh"),
        pytest.param(60, 60, "60 s, stale for 0 s", id="stale at its very TTL"),
        pytest.param(60, 99, "99 s, stale for 39 s", id="stale"),
    ],
)
def test_an_age_is_told_against_the_ttl(ttl: float, age: int, expected: str) -> None:
    text = told(Station.CACHE, LookUpReason.STALE, key=KEY, ttl=ttl, ttl_because=TtlReason.MAX_AGE, age=age)
    assert expected in text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(31_536_000, "31,536,000 s"), (0, "0 s"), (0.25, "0.250 s")],
)
def test_a_ttl_is_told_to_the_second_however_long(seconds: float, expected: str) -> None:
    text = told(Station.STORE, StoreReason.STORED, ttl=Ttl(Duration(seconds), TtlReason.MAX_AGE))
    assert f"TTL  {expected} from max-age" in text


def test_a_range_is_told_in_bytes() -> None:
    assert "bytes  1-3" in told(Station.DELIVERY, DeliveryReason.PART, span=Span(1, 4))


def test_every_setting_of_a_changed_origin_is_told() -> None:
    before = an_origin()
    after = replace(
        before,
        path="/v2",
        http_port=8080,
        protocol_policy=OriginProtocolPolicy.HTTP_ONLY,
        custom_headers=(("X-Key", "1"), ("X-Other", "2")),
    )
    text = told(Station.ORIGIN_REQUEST, HookReason.CHANGED, origin_before=before, origin_after=after)
    assert text.splitlines()[1:] == [
        "    changed origin path             (empty) → /v2",
        "    changed origin custom headers   (empty) → X-Key: 1, X-Other: 2",
        "    changed origin protocol policy  match-viewer → http-only",
        "    changed origin http port        80 → 8080",
    ]


def test_what_a_function_wrote_is_told_by_its_length() -> None:
    before, after = a_response(content_length="5"), a_response(201, content_length="1234")
    text = told(Station.ORIGIN_RESPONSE, HookReason.CHANGED, before=before, after=after, new_length=1234)
    assert text.splitlines()[1:] == [
        "    changed status                 200 OK → 201 Created",
        "    changed header content-length  5 → 1234",
        "    replaced body                  1,234 bytes",
    ]


def test_a_chatty_function_is_cut_short() -> None:
    invocation = Invocation("id", Returned(""), 1.0, 1, 128, 64, "environment", log=tuple(map(str, range(60))))
    text = told(Station.VIEWER_REQUEST, HookReason.PASSED, function=a_function(), invocation=invocation)
    assert "… 10 more lines" in text
    assert "log          49" in text
    assert "log          50" not in text


def test_the_bytes_of_a_path_are_told_as_text() -> None:
    wire_text = "/ä".encode().decode("latin-1")
    assert "GET /ä" in told(Station.CACHE, LookUpReason.NOT_STORED, key=KEY._replace(path=wire_text))


def test_another_key_than_the_one_looked_up_is_told_again() -> None:
    transcript = Transcript(an_arrival())
    transcript.note(Station.CACHE, LookUpReason.NOT_STORED, key=KEY)
    transcript.note(Station.STORE, StoreReason.STORED, key=KEY._replace(method="HEAD"))
    assert as_text(as_data(transcript)).count("key") == 2


def test_what_was_not_stored_after_all_is_told_at_the_store() -> None:
    transcript = Transcript(an_arrival(), unkept={KEY: "its body did not come in whole"})
    transcript.note(Station.CACHE, LookUpReason.NOT_STORED, key=KEY)
    transcript.note(Station.STORE, StoreReason.STORED, key=KEY)
    transcript.note(Station.DELIVERY, Outcome.MISS)
    told_lines = as_text(as_data(transcript)).splitlines()
    assert (
        told_lines.index("    and yet not stored  its body did not come in whole")
        == told_lines.index("store: stored") + 1
    )


def test_colours_are_the_callers() -> None:
    transcript = Transcript(an_arrival(), status=404, ended_at=an_arrival().at)
    transcript.note(Station.DELIVERY, Outcome.ERROR, status=404)
    text = as_text(as_data(transcript), lambda text, style: f"<{style}>{text}</>")
    assert "<bad>404</>" in text
    assert "<station>delivery</>: Error" in text
    assert "<label>status</>  404" in text
