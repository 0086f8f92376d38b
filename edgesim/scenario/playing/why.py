"""Why something is not as expected, from what the transcripts say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgesim.logs.nearest import is_miss, nearest_to
from edgesim.logs.why import what_went_wrong
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.reasons import StoreReason
from edgesim.scenario.playing.met import runs_of
from edgesim.values.durations import plain
from edgesim.values.entry import CacheKey, Entry
from edgesim.values.headers import readable


def why_this_status(transcript: Transcript) -> str:
    """What went wrong; or else the function that made the answer, or the custom error response."""
    made = [
        f"{run.trigger.value} {run.outcome} the response" for run in runs_of(transcript) if run.outcome == "generated"
    ]
    pages = [note.because.value for note in transcript.at(Station.ERROR_PAGE)]
    return "; ".join(filter(None, [what_went_wrong(transcript), *made, *pages]))


def why_this_outcome(
    transcript: Transcript, before: Sequence[Transcript], cached: Sequence[tuple[CacheKey, Entry]] = ()
) -> str:
    """What the cache had; and where it had nothing, what became of the latest answer for the same path, and in what the
    nearest key of those that are cached differs."""
    looked = list(transcript.at(Station.CACHE))
    if not looked:
        return what_went_wrong(transcript)
    told = looked[0].because.value
    if any(note.because.value == "not in the cache" for note in looked):
        past = why_not_stored(transcript.arrival.request.path, before)
        return "; ".join([told, *filter(None, [past]), *_nearest(transcript, cached)])
    age, ttl = looked[0].facts.get("age"), looked[0].facts.get("ttl")
    return f"{told}, {plain(age)} s old with a TTL of {plain(ttl)} s" if ttl is not None and age is not None else told


def _nearest(transcript: Transcript, cached: Sequence[tuple[CacheKey, Entry]]) -> tuple[str, ...]:
    miss = next((note for note in transcript.notes if is_miss(note)), None)
    found = nearest_to(miss, transcript, _Cached(cached)) if miss is not None else None
    return found.differs if found is not None else ()


@dataclass(frozen=True, slots=True)
class _Cached:
    """A snapshot of a cache, to find the nearest key in."""

    entries: Sequence[tuple[CacheKey, Entry]]

    def variants(self, distribution: str, path: str) -> list[tuple[CacheKey, Entry]]:
        return [one for one in self.entries if (one[0].distribution, one[0].path) == (distribution, path)]

    def paths(self, distribution: str) -> set[str]:
        return {key.path for key, _ in self.entries if key.distribution == distribution}


def why_not_stored(path: str, transcripts: Sequence[Transcript]) -> str:
    """What became of the latest answer for a path: `of GET /a before: not stored: no-store`."""
    for transcript in reversed(transcripts):
        request = transcript.arrival.request
        reasons = [note.because for note in transcript.at(Station.STORE)]
        stored = [because.value for because in reasons if because is not StoreReason.FOR_OUTAGES]
        if request.path == path and stored:
            return f"of {request.method} {readable(request.target)} before: {', '.join(stored)}"
    return ""


def told_key(key: CacheKey) -> str:
    """A key in its parts, on one line."""
    parts = [f"{key.method} {readable(key.path)}{f'?{readable(key.query)}' if key.query else ''}"]
    parts += [f"{name}: {'(absent)' if value is None else readable(value)}" for name, value in key.headers]
    parts += [f"cookie {readable(cookie)}" for cookie in key.cookies]
    parts += [f"accept-encoding {key.accept_encoding}"] if key.accept_encoding else []
    return " | ".join([*parts, f"range {key.part}"] if key.part else parts)
