"""What CloudFront leaves out on the way to an origin and back: what of it, and why, in sentences.

Told from what the transcript holds anyway, when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgesim.distribution.model import CacheBehavior
from edgesim.logs.nearest import selected
from edgesim.pipeline.transcript import Note, Station, Transcript
from edgesim.rules.forwarding import KeptBack, kept_back
from edgesim.rules.reasons import RevalidationReason, StoreReason
from edgesim.rules.received import Removed, kept_vary, removed
from edgesim.values.headers import Headers, list_items, readable
from edgesim.values.message import Request, Response
from edgesim.values.signed import COOKIES, PARAMETERS
from edgesim.values.uri import cookie_pairs, query_pairs

LeftOut = tuple[str, str]
"""What is left out, and why."""
Lines = tuple[tuple[str, str], ...]
"""Labels and values."""


def left_out(
    transcript: Transcript, behavior: CacheBehavior | None, asked: Request | None
) -> Iterator[tuple[Note, dict[str, Lines]]]:
    """Each note, with what was left out there: of the request that was `asked` of the edge (`left_out`; None where the
    edge asks by itself, of which nothing is told), of the origin's response (`removed`), and of its Vary (`vary`)."""
    answered: Response | None = None
    for note in transcript.notes:
        beside: dict[str, Lines] = {}
        if behavior is not None:
            if asked is not None and (sent := forwarded_by(note)) is not None:
                found = not_forwarded(asked, sent, behavior)
                beside["left_out"] = tuple(("not forwarded", f"{what}: {why}") for what, why in found)
                asked = None  # what an origin-request function saw already is not told again of what was sent
            if "came" in note.facts:
                beside["removed"] = tuple(removed_headers(note.facts["came"], behavior))
            if answered is not None and note.station is Station.STORE and note.because in _TAKEN_IN:
                beside["vary"], answered = tuple(_vary(answered.headers, behavior)), None
        answered = _answered(note) or answered
        yield note, beside


_TAKEN_IN = frozenset({*StoreReason, RevalidationReason.REVALIDATED})


def _answered(note: Note) -> Response | None:
    """The response as it is after this station; that of a secondary origin is in a transcript of its own."""
    if note.station is Station.FAILOVER and "inner" in note.facts:
        told = [found for one in note.facts["inner"].notes if (found := _answered(one)) is not None]
        return told[-1] if told else None
    found = note.facts.get("answer" if note.station is Station.ORIGIN else "after")
    return found if isinstance(found, Response) else None


# ── the request before and after the policies ────────────────────────────────


def asked_of_the_edge(transcript: Transcript) -> Request:
    """What viewer-request left of the viewer's request."""
    notes = (note.facts.get("after") for note in transcript.at(Station.VIEWER_REQUEST))
    return next((after for after in notes if isinstance(after, Request)), transcript.arrival.request)


def forwarded_by(note: Note) -> Request | None:
    """What was forwarded, before origin-request saw it, where the note tells of it."""
    names = {Station.ORIGIN_REQUEST: "before", Station.ORIGIN: "sent"}
    found = note.facts.get(names.get(note.station, ""))
    return found if isinstance(found, Request) else None


def behavior_of(transcript: Transcript) -> CacheBehavior | None:
    """The cache behavior that was chosen; None where the request did not get there."""
    return next((note.facts["behavior"] for note in transcript.at(Station.BEHAVIOR)), None)


# ── the request ──────────────────────────────────────────────────────────────


def not_forwarded(asked: Request, sent: Request, behavior: CacheBehavior) -> Iterator[LeftOut]:
    """What an origin does not get of a request: headers, cookies, parts of the query string."""
    by_reason: dict[str, list[str]] = {}
    for name, because in kept_back(behavior, asked, sent).items():
        by_reason.setdefault(why_kept_back(because, behavior), []).append(name)
    yield from ((", ".join(names), why) for why, names in by_reason.items())
    cookies, signing = _parted(lost_cookies(asked, sent), COOKIES, behavior)
    names = [pair.partition("=")[0] for pair in cookies]
    if names:
        yield f"cookie {', '.join(map(readable, names))}", taken(behavior, "cookie")
    lost, parameters = _parted(lost_pairs(asked, sent), PARAMETERS, behavior)
    if lost:
        yield f"?{readable('&'.join(lost))}", taken(behavior, "query string")
    if signing or parameters:
        signs = (pair.partition("=")[0] for pair in (*parameters, *signing))
        yield ", ".join(signs), "CloudFront keeps signatures to itself"


def why_kept_back(because: KeptBack, behavior: CacheBehavior) -> str:
    """Why a header is not forwarded; of what no policy has it is told what they have."""
    told: str = because.value
    return taken(behavior, "header") if because is KeptBack.UNLISTED else told


def lost_cookies(asked: Request, sent: Request) -> list[str]:
    """The cookies that are not forwarded, as they were written."""
    left = {pair for _, pair in cookie_pairs(sent.headers.all("cookie"))}
    return [pair for _, pair in cookie_pairs(asked.headers.all("cookie")) if pair not in left]


def lost_pairs(asked: Request, sent: Request) -> list[str]:
    """The parts of the query string that are not forwarded, as they were written."""
    left = {pair for _, pair in query_pairs(sent.query)}
    return [pair for _, pair in query_pairs(asked.query) if pair not in left]


def _parted(pairs: Iterable[str], names: frozenset[str], behavior: CacheBehavior) -> tuple[list[str], list[str]]:
    """What is not for a signature, and where the behavior has signers, what is."""
    found = list(pairs)
    signing = [pair for pair in found if behavior.signers is not None and pair.partition("=")[0] in names]
    return [pair for pair in found if pair not in signing], signing


def taken(behavior: CacheBehavior, noun: str) -> str:
    """What of headers, cookies or the query string (`noun`, in the singular) the behavior's policies take."""
    if behavior.forwarded_values is not None:
        return f"ForwardedValues do not have {'this' if noun == 'cookie' else 'the'} {noun}"
    cache, others = behavior.cache_policy, behavior.origin_request_policy
    selections = {"header": "headers", "cookie": "cookies", "query string": "query_strings"}
    told = f"the cache policy has {selected(getattr(cache, selections[noun]), noun)}"
    if others is None:
        return f"{told} and there is no origin request policy"
    return f"{told} and the origin request policy has {selected(getattr(others, selections[noun]), noun)}"


# ── the response ─────────────────────────────────────────────────────────────


def removed_headers(came: Headers, behavior: CacheBehavior) -> Iterator[tuple[str, str]]:
    """The headers that CloudFront removes from an origin's response, and why; label and value."""
    for name, because in removed(behavior, came).items():
        yield f"removed header {name}", f"{readable(', '.join(came.all(name)))} ({why_removed(because, behavior)})"


def why_removed(because: Removed, behavior: CacheBehavior) -> str:
    """Why a header of an origin's response goes no further."""
    if because is not Removed.NO_COOKIES:
        told: str = because.value
        return told
    if behavior.forwarded_values is not None:
        return f"{because.value}: ForwardedValues have none"
    return f"{because.value}: {taken(behavior, 'cookie')}"


def _vary(headers: Headers, behavior: CacheBehavior) -> Iterator[tuple[str, str]]:
    if (cut := cut_vary(headers, behavior)) is not None:
        came, kept = cut
        yield f"{'changed' if kept else 'removed'} header vary", f"{came}{kept and f' → {kept}'} ({VARY_KEEPS})"


def cut_vary(headers: Headers, behavior: CacheBehavior) -> tuple[str, str] | None:
    """Vary as it came, and what CloudFront passes on of it; None where that is all of it."""
    came, kept = (list_items(one.all("vary")) for one in (headers, kept_vary(behavior, headers)))
    return None if came == kept else (readable(", ".join(came)), readable(", ".join(kept)))


VARY_KEEPS = "CloudFront passes on Accept-Encoding, Cookie, and the headers that are forwarded"
