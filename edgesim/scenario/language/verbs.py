"""What a step does is the one verb that it has; what people write in the place of one gets a way out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.reading import Wrong

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
REQUESTS = (*METHODS, "request")
STEPS = (*REQUESTS, "advance", "invalidate", "deploy", "set", "parallel", "steps")


@dataclass(frozen=True)
class Verbs:
    """What may stand at one place, where `what` is done. `elsewhere`: what people write there that belongs at another,
    with why it can't be here, and what to write."""

    what: str
    known: tuple[str, ...]
    elsewhere: Mapping[str, tuple[str, str]]


_EXAMPLES: Mapping[str, str] = {
    **dict.fromkeys(METHODS, "/a"),
    "request": "{method: PURGE, target: /a}",
    "advance": "61s",
    "invalidate": "/a*",
    "deploy": "{functions: {auth: auth.mjs}}",
    "set": "{site: {answers: 503}}",
    "parallel": "[{get: /a}, {barrier: waiting}, {get: /a}]",
    "barrier": "waiting",
    "expect": "{cache: {/a: fresh}}",
}
_CALLED_OTHERWISE: Mapping[str, str] = {
    **dict.fromkeys(("wait", "sleep", "pause", "delay", "time", "tick"), "advance"),
    **dict.fromkeys(("purge", "clear", "flush"), "invalidate"),
    **dict.fromkeys(("origin", "origins", "mock"), "set"),
    **dict.fromkeys(("update", "publish"), "deploy"),
    **dict.fromkeys(("concurrent", "concurrently"), "parallel"),
    **dict.fromkeys(("assert", "check", "then", "expected"), "expect"),
    **dict.fromkeys(("url", "path", "visit", "fetch", "send"), "get"),
}
"""What people call them who know other tools."""
_NO_REQUEST = "parallel has requests, barriers and invalidations, and {} is none of these"
AS_A_STEP = Verbs(
    "a step",
    STEPS,
    {"barrier": ("a barrier stands among the requests of parallel", f"write - parallel: {_EXAMPLES['parallel']}")},
)
IN_PARALLEL = Verbs(
    "an item of parallel",
    (*REQUESTS, "barrier", "invalidate"),
    {
        **{
            verb: (_NO_REQUEST.format(verb), "make it a step of its own, before or after parallel")
            for verb in ("deploy", "set", "parallel", "steps")
        },
        "advance": (_NO_REQUEST.format("advance"), "let time pass at a barrier: - barrier: 1s"),
        "expect": (_NO_REQUEST.format("expect"), "put it into a request, or beside parallel for all of them"),
    },
)


def verb_of(element: Element, verbs: Verbs, others: Collection[str]) -> str:
    """The one thing that is done. `others` are keys that go with a verb. Raises Wrong."""
    if element.kind is Kind.TEXT:
        raise _no_mapping(element, verbs)
    fields = r.fields_of(element, verbs.what)
    found = [key for key in fields if key in verbs.known]
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"begin another step: - {found[1]}: …"
        message = f"{verbs.what} does one thing, and this one has {' and '.join(found)}"
        raise Wrong(fields[found[1]], message, hint)
    if stray := next((key for key in fields if key in verbs.elsewhere), ""):
        raise Wrong(fields[stray], *verbs.elsewhere[stray])
    if "repeat" in fields:
        raise Wrong(fields["repeat"], "there is nothing to repeat", "write steps: beside it, or a request: get: /a")
    if called := next((_CALLED_OTHERWISE[key] for key in map(str.lower, fields) if key in _CALLED_OTHERWISE), ""):
        hint = f"write - {called}: {_EXAMPLES[called]}"
    else:
        near = (_near(key, verbs) for key in fields if key not in others)
        hint = next((f"did you mean {word}?" for word in near if word), "") or f"write one of {', '.join(verbs.known)}"
    raise Wrong(element, f"{verbs.what} has no verb: nothing says what happens", hint)


def _no_mapping(element: Element, verbs: Verbs) -> Wrong:
    """For a text where a step should be."""
    word, _, rest = element.text.partition(" ")
    if word in verbs.elsewhere:
        return Wrong(element, *verbs.elsewhere[word])
    verb = _near(word, verbs) or "get"
    example = rest or (element.text if element.text.startswith("/") else _EXAMPLES.get(verb, "…"))
    return Wrong(element, f"{verbs.what} is a mapping, not the text {element.shown}", f"write - {verb}: {example}")


def _near(word: str, verbs: Verbs) -> str:
    """The verb that a word may be meant for."""
    if word.lower() in _CALLED_OTHERWISE:
        return _CALLED_OTHERWISE[word.lower()]
    return next(iter(get_close_matches(word.lower(), (*verbs.known, *_EXAMPLES), 1)), "")
