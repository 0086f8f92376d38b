"""Outcomes to report: short ways to say them."""

from __future__ import annotations

from typing import Any

from edgesim.scenario.outcome import Mismatch, Outcome, StepFailure, Verdict


def a_transcript(*sections: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Data as explain.as_data gives it."""
    return {
        "id": "request-1",
        "time": "2025-05-06T10:00:00.000Z",
        "method": "GET",
        "host": "www.example.com",
        "target": "/a",
        "viewer": {"ip": "127.0.0.1", "pop": "FRA56-P3", "protocol": "http"},
        "distribution": "Website",
        "status": 200,
        "outcome": "Miss",
        "why": "",
        "seconds": 0.0,
        "bytes": 5,
        "complete": True,
        "going_on": False,
        "sections": list(sections) or [a_section("store", "stored", ("TTL", "60 s from max-age"))],
        **changes,
    }


def a_section(station: str, because: str, *details: tuple[str, str], inner: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"station": station, "because": because, "details": details, "at": 0.0, "inner": inner}


def a_mismatch(
    what: str = "x-cache", expected: str = "Hit", got: str = "Miss from cloudfront", why: str = ""
) -> Mismatch:
    return Mismatch(what, expected, got, "ttl.scenario.yaml:9", why)


def failed(*mismatches: Mismatch, transcripts: tuple[dict[str, Any], ...] | None = None, **changes: Any) -> Outcome:
    told = (a_transcript(),) if transcripts is None else transcripts
    step = StepFailure("GET /a", "ttl.scenario.yaml:7", mismatches or (a_mismatch(),), told)
    fields = {"title": "a story", "place": "ttl.scenario.yaml:3", "verdict": Verdict.FAILED, "failures": (step,)}
    return Outcome(**{**fields, **changes})


def passed(title: str = "a story", **changes: Any) -> Outcome:
    return Outcome(**{"title": title, "place": "ttl.scenario.yaml:3", "verdict": Verdict.PASSED, **changes})


def broken(message: str = "auth can't be run") -> Outcome:
    return passed(verdict=Verdict.BROKEN, message=message)
