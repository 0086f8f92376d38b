"""Why an origin did not receive what the viewer sent, or the viewer what an origin answered: CloudFront or a policy
leaves it out, or a function took it away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgesim.distribution.model import CacheBehavior
from edgesim.logs.left_out import (
    VARY_KEEPS,
    asked_of_the_edge,
    behavior_of,
    cut_vary,
    forwarded_by,
    lost_cookies,
    lost_pairs,
    taken,
    why_kept_back,
    why_removed,
)
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.rules.forwarding import is_listed, kept_back
from edgesim.rules.received import removed
from edgesim.scenario.playing.met import notes_of, runs_of
from edgesim.values.headers import Headers, readable
from edgesim.values.message import Request, Response


def why_not_the_header(transcript: Transcript, name: str) -> str:
    """Why a request header, by its lower-case name, is not what the viewer sent; empty where it is."""
    return "; ".join([*_by_policies(transcript, name), *_by_functions(transcript, name, Request)])


def why_not_the_query(transcript: Transcript) -> str:
    """Why the query string is not the viewer's; empty where it is, or a function's doing."""
    sent, behavior = _forwarded(transcript), behavior_of(transcript)
    if sent is None or behavior is None:
        return ""
    lost = lost_pairs(asked_of_the_edge(transcript), sent)
    return _sentence(f"?{'&'.join(map(readable, lost))}", taken(behavior, "query string")) if lost else ""


def why_not_the_answers(transcript: Transcript, name: str, before: Sequence[Transcript]) -> str:
    """Why a response header, by its lower-case name, is not what the origin answered; empty where it is. What the
    cache had came in one of the requests `before`."""
    told = [*_by_cloudfront(transcript, name, before), *_by_functions(transcript, name, Response)]
    return "; ".join([*told, *_by_the_headers_policy(transcript, name)])


# ── the request ──────────────────────────────────────────────────────────────


def _forwarded(transcript: Transcript) -> Request | None:
    return next((sent for note in transcript.notes if (sent := forwarded_by(note)) is not None), None)


def _by_policies(transcript: Transcript, name: str) -> Iterator[str]:
    asked, sent, behavior = asked_of_the_edge(transcript), _forwarded(transcript), behavior_of(transcript)
    if sent is None or behavior is None or asked.headers.all(name) == sent.headers.all(name):
        return
    if name == "cookie":
        lost = [pair.partition("=")[0] for pair in lost_cookies(asked, sent)]
        if lost:
            yield _sentence(f"cookie {', '.join(map(readable, lost))}", taken(behavior, "cookie"))
    elif name in asked.headers:
        yield _of_the_header(asked, sent, behavior, name)


def _of_the_header(asked: Request, sent: Request, behavior: CacheBehavior, name: str) -> str:
    found = {written.lower(): because for written, because in kept_back(behavior, asked, sent).items()}
    if name in found:
        return _sentence(name, why_kept_back(found[name], behavior))
    if is_listed(behavior, name):
        return f"CloudFront does not pass on the viewer's {name} as it is, although a policy has it"
    return _sentence(name, taken(behavior, "header"))


def _sentence(what: str, why: str) -> str:
    return f"the viewer's {what} is not forwarded: {why}"


# ── the answer ───────────────────────────────────────────────────────────────


def _by_cloudfront(transcript: Transcript, name: str, before: Sequence[Transcript]) -> Iterator[str]:
    fetched = _fetched(transcript, before)
    behavior = behavior_of(fetched) if fetched is not None else None
    if fetched is None or behavior is None:
        return
    came = [note.facts["came"] for note in fetched.at(Station.ORIGIN) if "came" in note.facts]
    for headers in came[-1:]:
        if (because := removed(behavior, headers).get(name)) is not None:
            answered = readable(", ".join(headers.all(name)))
            yield f"CloudFront removed the origin's {name}: {answered} ({why_removed(because, behavior)})"
        elif name == "vary" and cut_vary(headers, behavior) is not None:
            yield f"the origin's vary was {readable(', '.join(headers.all(name)))}; {VARY_KEEPS}"


def _fetched(transcript: Transcript, before: Sequence[Transcript]) -> Transcript | None:
    """The transcript of the request for which the origin gave the object."""
    if any(transcript.at(Station.ORIGIN)):
        return transcript
    key = next((note.facts["key"] for note in transcript.at(Station.CACHE) if "ttl" in note.facts), None)
    stored = (one for one in reversed(before) if any(_keeps(note, key) for note in one.at(Station.STORE)))
    return next(stored, None) if key is not None else None


def _keeps(note: Note, key: object) -> bool:
    return note.facts.get("key") == key


def _by_the_headers_policy(transcript: Transcript, name: str) -> Iterator[str]:
    for note in notes_of(transcript):
        had, has = note.facts.get("had"), note.facts.get("has")
        if isinstance(had, Headers) and isinstance(has, Headers) and name in had and had.all(name) != has.all(name):
            yield f"the response headers policy {'changed' if name in has else 'removed'} it"


# ── functions ────────────────────────────────────────────────────────────────


def _by_functions(transcript: Transcript, name: str, kind: type[Request | Response]) -> Iterator[str]:
    for run in runs_of(transcript):
        before, after = run.facts.get("before"), run.facts.get("after")
        if isinstance(before, kind) and isinstance(after, kind):
            had, has = before.headers.all(name), after.headers.all(name)
            if had and had != has:
                yield f"{run.trigger.value} {'changed' if has else 'removed'} it"
