"""Why an origin did not receive what the viewer sent: a policy leaves it out, or a function took it away."""

from __future__ import annotations

from collections.abc import Iterator

from edgesim.distribution.model import CacheBehavior
from edgesim.distribution.policies import NONE, Selection, Selects
from edgesim.logs.nearest import selected
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.scenario.playing.met import runs_of
from edgesim.values.headers import readable
from edgesim.values.message import Request
from edgesim.values.uri import cookie_pairs, query_pairs


def why_not_the_header(transcript: Transcript, name: str) -> str:
    """Why a request header, by its lower-case name, is not what the viewer sent; empty where it is."""
    return "; ".join([*_by_policies(transcript, name), *_by_functions(transcript, name)])


def why_not_the_query(transcript: Transcript) -> str:
    """Why the query string is not the viewer's; empty where it is, or a function's doing."""
    had, got, behavior = _had(transcript), _got(transcript), _behavior(transcript)
    if got is None or behavior is None:
        return ""
    left = {pair for _, pair in query_pairs(got.query)}
    lost = [pair for _, pair in query_pairs(had.query) if pair not in left]
    return _sentence(f"?{'&'.join(map(readable, lost))}", behavior, "query string") if lost else ""


# ── the request before and after the policies ────────────────────────────────


def _had(transcript: Transcript) -> Request:
    """What viewer-request left."""
    notes = (note.facts.get("after") for note in transcript.at(Station.VIEWER_REQUEST))
    return next((after for after in notes if isinstance(after, Request)), transcript.arrival.request)


def _got(transcript: Transcript) -> Request | None:
    """What was forwarded, before origin-request saw it; None where nothing was."""
    seen = (note.facts.get("before") for note in transcript.at(Station.ORIGIN_REQUEST))
    sent = (note.facts.get("sent") for note in transcript.at(Station.ORIGIN))
    return next((one for one in (*seen, *sent) if isinstance(one, Request)), None)


def _behavior(transcript: Transcript) -> CacheBehavior | None:
    return next((note.facts["behavior"] for note in transcript.at(Station.BEHAVIOR)), None)


# ── policies ─────────────────────────────────────────────────────────────────


def _by_policies(transcript: Transcript, name: str) -> Iterator[str]:
    had, got, behavior = _had(transcript), _got(transcript), _behavior(transcript)
    if got is None or behavior is None or had.headers.all(name) == got.headers.all(name):
        return
    if name == "cookie":
        left = {pair for _, pair in cookie_pairs(got.headers.all(name))}
        lost = [pair.partition("=")[0] for _, pair in cookie_pairs(had.headers.all(name)) if pair not in left]
        if lost:
            yield _sentence(f"cookie {', '.join(map(readable, lost))}", behavior, "cookie")
    elif name in had.headers and _is_listed(behavior, name):
        yield f"CloudFront does not pass on the viewer's {name} as it is, although a policy has it"
    elif name in had.headers:
        yield _sentence(name, behavior, "header")


def _sentence(what: str, behavior: CacheBehavior, noun: str) -> str:
    """That it is not forwarded, and what is."""
    return f"the viewer's {what} is not forwarded: {' and '.join(_taken(behavior, noun))}"


def _taken(behavior: CacheBehavior, noun: str) -> Iterator[str]:
    if behavior.forwarded_values is not None:
        yield f"ForwardedValues do not have {'this' if noun == 'cookie' else 'the'} {noun}"
        return
    cache, others = behavior.cache_policy, behavior.origin_request_policy
    selections = {"header": "headers", "cookie": "cookies", "query string": "query_strings"}
    yield f"the cache policy has {selected(getattr(cache, selections[noun]), noun)}"
    if others is None:
        yield "there is no origin request policy"
    else:
        yield f"the origin request policy has {selected(getattr(others, selections[noun]), noun)}"


def _is_listed(behavior: CacheBehavior, name: str) -> bool:
    if (legacy := behavior.forwarded_values) is not None:
        return legacy.all_headers or name in {listed.lower() for listed in legacy.headers}
    others = behavior.origin_request_policy
    return _has(behavior.cache_policy.headers, name) or _has(others.headers if others else NONE, name)


def _has(selection: Selection, name: str) -> bool:
    match selection.selects:
        case Selects.WHITELIST:
            return name in selection.lower
        case Selects.ALL_EXCEPT:
            return name not in selection.lower
        case selects:
            return selects is not Selects.NONE


# ── functions ────────────────────────────────────────────────────────────────


def _by_functions(transcript: Transcript, name: str) -> Iterator[str]:
    for run in runs_of(transcript):
        before, after = run.facts.get("before"), run.facts.get("after")
        if isinstance(before, Request) and isinstance(after, Request):
            had, has = before.headers.all(name), after.headers.all(name)
            if had and had != has:
                yield f"{run.trigger.value} {'changed' if has else 'removed'} it"
