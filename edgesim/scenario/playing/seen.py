"""What came of a step: what viewers got, what origins were asked, what the cache holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edgesim.pipeline.transcript import Transcript
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import NO_HEADERS, Headers
from edgesim.values.instant import Instant
from edgesim.values.message import Request

_UNTIMED = Instant(0.0)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a viewer got. `complete` is False where the body broke off; `status` is 0 where it left before there was
    anything. `ended` is when that was over."""

    status: int
    headers: Headers
    body: bytes
    complete: bool
    transcript: Transcript
    ended: Instant = _UNTIMED


def nothing_for(transcript: Transcript, ended: Instant) -> Answered:
    """What a viewer got that did not wait."""
    return Answered(0, NO_HEADERS, b"", False, transcript, ended)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as an origin saw it; its body is bytes. `step` is whoever sent the viewer's request behind it."""

    origin: str
    request: Request
    step: object = None


class LogEvent(NamedTuple):
    """One event of CloudWatch Logs, and the log group that it is in."""

    group: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a step. `answers`: one for a request, several for parallel ones, none without a request. `asked`
    is what origins were asked for it. `before` are the transcripts of earlier steps. `elapsed` is how far the clock
    moved by itself. `written` are the log events of functions meanwhile, Lambda's own among them. `unfetched`: the step
    says what origins answer to it, and none was asked."""

    answers: Sequence[Answered]
    asked: Sequence[Asked]
    cached: Sequence[tuple[CacheKey, Entry]]
    now: Instant
    elapsed: float = 0.0
    before: Sequence[Transcript] = ()
    written: Sequence[LogEvent] = ()
    unfetched: bool = False

    @property
    def transcripts(self) -> list[Transcript]:
        return [answer.transcript for answer in self.answers]
