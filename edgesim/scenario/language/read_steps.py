"""Steps: what happens, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from edgesim.distribution.findings import closest
from edgesim.errors import ConfigError
from edgesim.loaders.request import Loaded
from edgesim.loaders.terms import problems_of_terms
from edgesim.scenario.language import durations, read_body
from edgesim.scenario.language import reading as r
from edgesim.scenario.language.captures import check_references
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.read_expect import CHECK, EXPECT, PARALLEL_EXPECT, expectation
from edgesim.scenario.language.read_match import matches, pattern
from edgesim.scenario.language.read_origins import StepOrigin, scripts, step_origin, step_origins
from edgesim.scenario.language.read_sign import KeyRing, key_ring, private_keys, sign
from edgesim.scenario.language.reading import Reader, Reading, Shape, Told, Wrong
from edgesim.scenario.language.setting import Deployment, origin_ids, read_setting
from edgesim.scenario.language.verbs import AS_A_STEP, IN_PARALLEL, METHODS, REQUESTS, verb_of
from edgesim.scenario.model import (
    NOTHING,
    Advance,
    Barrier,
    Capture,
    Check,
    Deploy,
    Expectation,
    Invalidate,
    Pairs,
    Parallel,
    Repeat,
    Send,
    SetOrigins,
    Setting,
    Step,
)
from edgesim.scenario.wire_faults import target_fault
from edgesim.server.viewer_header import KEYS, parse_settings
from edgesim.values.uri import invalid_path

# ── who asks ─────────────────────────────────────────────────────────────────


def viewer(reading: Reading, element: Element) -> Mapping[str, str]:
    """Settings by the names of `Edgesim-Viewer`."""
    found: dict[str, str] = {}
    for name, child in r.fields_of(element, "viewer").items():
        with reading.noting():
            found[name.strip().lower().replace("_", "-")] = _setting(reading, name, child)
    return MappingProxyType(found)


def _setting(reading: Reading, name: str, element: Element) -> str:
    value = r.text(reading, element)
    if name.strip().lower().replace("_", "-") not in KEYS:
        raise Wrong(element, f"a viewer has no setting '{name}'", closest(name, KEYS) or f"it has {', '.join(KEYS)}")
    if "${" not in value:
        try:
            parse_settings({name: value})
        except ConfigError as error:
            raise Wrong(element, str(error), error.hint) from error
    return value


# ── requests ─────────────────────────────────────────────────────────────────


def _target(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    begun = f"/{written}" if written.startswith("${") else written
    if (fault := target_fault(begun)) is not None:
        raise Wrong(element, *fault)
    return written


def _method(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    if not written.isascii() or not written.replace("-", "").isalnum():
        raise Wrong(element, f"{element.shown} is no method", "write GET, or PURGE")
    return written


REQUEST = Shape(
    "request",
    {"method": _method, "target": _target},
    {
        "path": "write target",
        "url": "write target",
        "headers": "it stands beside request",
        "body": "it stands beside request",
    },
)


def _request(reading: Reading, element: Element) -> tuple[str, str]:
    found = REQUEST.read(reading, element)
    for key in REQUEST.keys:
        if key not in element.fields:
            raise Wrong(element, f"request has no {key}", "write {method: PURGE, target: /a}")
    if len(found) < len(REQUEST.keys):
        raise Told
    return found["method"], found["target"]


# ── captures ─────────────────────────────────────────────────────────────────


CAPTURE = Shape(
    "a capture",
    {"header": r.text, "cookie": r.text, "json": r.text, "matches": pattern, "body": r.truth, "status": r.truth},
    {"regex": "write matches", "pattern": "write matches"},
)
_SOURCES = ("header", "cookie", "json", "body", "status")


def _capture(reading: Reading, element: Element, name: str) -> Capture:
    place = reading.place(element)
    if not name.isidentifier() and not name.replace("-", "_").isidentifier():
        raise Wrong(element, f"'{name}' can't be a name for what is captured", "letters, digits, _ and - can")
    if element.text in ("body", "status"):
        return Capture(name, element.text, place=place)
    if element.kind is not Kind.MAPPING:
        source, _, key = element.text.partition(".")
        hint = (
            f"write {{{source}: {key}}}" if source in _SOURCES and key else f"write body, status, or {{header: {name}}}"
        )
        raise Wrong(element, f"{element.shown} is nothing to capture", hint)
    found = CAPTURE.read(reading, element)
    sources = [key for key in _SOURCES if key in element.fields]
    if len(sources) != 1:
        raise Wrong(element, "a capture has one source", f"one of {', '.join(_SOURCES)}")
    if sources[0] not in found:
        raise Told
    key = found[sources[0]]
    return Capture(name, sources[0], key if isinstance(key, str) else "", found.get("matches"), place)


def _captures(reading: Reading, element: Element) -> tuple[Capture, ...]:
    found: list[Capture] = []
    for name, child in r.fields_of(element, "capture").items():
        with reading.noting():
            found.append(_capture(reading, child, name))
    return tuple(found)


# ── a request with what belongs to it ────────────────────────────────────────

_SEND_KEYS: Mapping[str, Reader[Any]] = {
    **dict.fromkeys(METHODS, _target),
    "request": _request,
    "name": r.text,
    "host": r.text,
    "headers": read_body.headers,
    "cookies": read_body.cookies,
    **read_body.CONTENT,
    "viewer": viewer,
    "sign": r.element_itself,
    "repeat": r.times,
    "leaves": r.duration,
    "origin": step_origin,
    "origins": step_origins,
    "expect": expectation(EXPECT),
    "capture": _captures,
}
_EXPECTED = {key: f"it belongs under expect: expect: {{{key}: …}}" for key in EXPECT.keys.keys() - _SEND_KEYS.keys()}
SEND = Shape(
    "a request",
    _SEND_KEYS,
    {
        **_EXPECTED,
        "functions": "outcomes belong under expect; other code is a step of its own: - deploy: {functions: …}",
        "method": "write request: {method: PURGE, target: /a}",
        "url": "write get: /a",
        "path": "write get: /a",
        "query": "write it into the path: get: /a?x=1",
        "country": "write viewer: {country: DE}",
        "device": "write viewer: {device: mobile}",
        "cookie": "write cookies: {name: value}",
        "header": "write headers: {name: value}",
        "response": "write expect for what the viewer gets, origin for what the origin answers",
        "receives": "write origin: {receives: …}",
        "answers": "write origin: {answers: …}",
        "times": "write repeat: 3 for this request, origin: {times: 1} for those to the origin",
        "disconnects": "write leaves: 2s",
        "assert": "write expect",
        "wait": "write a step of its own: - advance: 61s",
        "signed": "write sign: 1h",
        "sleep": "write a step of its own: - advance: 61s",
    },
)


def _send(reading: Reading, element: Element, context: Context) -> Send:
    found = SEND.read(reading, element)
    verb = next(key for key in element.fields if key in REQUESTS)
    if verb not in found:
        raise Told
    method, target = found["request"] if verb == "request" else (verb.upper(), found[verb])
    origins: list[StepOrigin] = [*found.get("origins", ())]
    if "origin" in found:
        origins.append(found["origin"])
    expect: Expectation = found.get("expect", NOTHING)
    host: Pairs = (("Host", found["host"]),) if "host" in found else ()
    captures: tuple[Capture, ...] = found.get("capture", ())
    if "capture" in element.fields:
        context.captured.update(dict.fromkeys(element.fields["capture"].fields))
    return Send(
        method,
        target,
        read_body.with_json_type((*host, *found.get("headers", ())), element),
        found.get("cookies", ()),
        read_body.content(reading, element, found),
        found.get("viewer", MappingProxyType({})),
        MappingProxyType({origin.id: origin.script for origin in origins if origin.script}),
        _with_origins(expect, origins),
        captures,
        found.get("repeat", 1),
        found.get("name", ""),
        reading.place(element),
        sign(reading, found["sign"], context.key_ring()) if "sign" in found else None,
        found.get("leaves"),
    )


def _with_origins(expect: Expectation, origins: list[StepOrigin]) -> Expectation:
    """What the step says of origins, and what its expect does."""
    expected = tuple(origin.expectation for origin in origins if origin.expectation)
    if not expected:
        return expect
    place = expect.place if expect.place.line else expected[0].place
    return replace(expect, origins=(*expected, *expect.origins), place=place)


# ── the other steps ──────────────────────────────────────────────────────────


@dataclass
class Context:
    """What earlier steps have made of things: what is deployed, and what is captured."""

    deployment: Deployment
    captured: dict[str, None] = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)
    private: Mapping[str, str] = field(default_factory=dict)
    origin_ids: list[frozenset[str] | None] = field(default_factory=list)

    def deployed(self, reading: Reading) -> Setting:
        """What is deployed now."""
        setting = read_setting(reading, self.deployment)
        self.settings.append(setting)
        self.origin_ids.append(origin_ids(self.deployment, setting))
        with reading.noting():
            self.private = private_keys(reading, self.deployment.keys)
        return setting

    def key_ring(self) -> KeyRing | None:
        """Who can sign, and for whom; None where what is deployed is wrong."""
        if not all(setting.distributions for setting in self.settings):
            return None
        return key_ring(self.private, self.settings)


_ALONE = {
    "expect": "expectations of the cache are a step of their own: - expect: {cache: …}",
    "name": "only requests have names; a comment begins with #",
    "repeat": "write - repeat: 3, and under it steps: with this step in it",
    "steps": "write - repeat: 3, and under it steps:",
}


def _shape(what: str, keys: Mapping[str, Reader[Any]], elsewhere: Mapping[str, str] = _ALONE) -> Shape:
    return Shape(what, keys, {**dict.fromkeys(SEND.keys, "it belongs to a request"), **elsewhere})


ADVANCE = _shape("advance", {"advance": r.passing})
INVALIDATE = _shape("invalidate", {"invalidate": r.texts})
SET = _shape("set", {"set": scripts})
CHECK_STEP = _shape("an expect by itself", {"expect": expectation(CHECK)}, {**_ALONE, **SEND.elsewhere})
DEPLOY = _shape("deploy", {"deploy": r.element_itself})
DEPLOYED = Shape(
    "deploy",
    {
        **dict.fromkeys(("distribution", "functions", "parameters", "limits", "choices", "keys"), r.element_itself),
        "propagation": r.duration,
        "refused": matches,
    },
    {"origins": "what origins answer is changed by a step of its own: - set: {site: {answers: 503}}"},
)
PARALLEL = _shape("parallel", {"parallel": r.element_itself, "expect": expectation(PARALLEL_EXPECT)})
REPEAT = _shape("repeat", {"repeat": r.times, "steps": r.element_itself})


def _advance(reading: Reading, element: Element, _: Context) -> Step:
    return Advance(_the_one(ADVANCE, reading, element), reading.place(element))


def _invalidate(reading: Reading, element: Element, _: Context) -> Invalidate:
    paths: tuple[str, ...] = _the_one(INVALIDATE, reading, element)
    if not paths:
        raise Wrong(element, "there is no path to invalidate", "write /a*, or /* for everything, or '#tag'")
    for path in paths:
        if (fault := invalid_path(path)) is not None:
            raise Wrong(element, fault)
    return Invalidate(paths, reading.place(element))


def _set(reading: Reading, element: Element, _: Context) -> Step:
    return SetOrigins(MappingProxyType(_the_one(SET, reading, element)), reading.place(element))


def _check(reading: Reading, element: Element, _: Context) -> Step:
    return Check(_the_one(CHECK_STEP, reading, element), reading.place(element))


def _deploy(reading: Reading, element: Element, context: Context) -> Step:
    written: Element = _the_one(DEPLOY, reading, element)
    said = DEPLOYED.read(reading, written)
    if not said and written.fields:
        raise Told
    propagation, refused = said.pop("propagation", 0), said.pop("refused", ())
    if not said:
        raise Wrong(element, "this deploys nothing", "write deploy: {functions: {auth: PATH}}, or distribution:")
    reading.functions += said["functions"].fields.items() if "functions" in said else ()
    deployment, place = context.deployment.over(said), reading.place(element)
    if refused:
        setting, refusals = _refused(reading, deployment)
        return Deploy(setting, propagation, refused, refusals, place)
    context.deployment = deployment
    return Deploy(context.deployed(reading), propagation, place=place)


def _refused(reading: Reading, deployment: Deployment) -> tuple[Setting, tuple[str, ...]]:
    """What must be refused, and what is said against it by now: that is what the step is about, and no problem. What
    AWS has a code for it refuses, also where edgesim is content with a warning."""
    problems, warnings = len(reading.problems), len(reading.warnings)
    setting = read_setting(reading, deployment)
    against = problems_of_terms(Loaded(), setting.distributions)
    said = [*reading.problems[problems:], *(one for one in (*reading.warnings[warnings:], *against) if one.code)]
    del reading.problems[problems:]
    return setting, tuple(one.refusal for one in said)


def _the_one(shape: Shape, reading: Reading, element: Element) -> Any:
    """What a step of one key says."""
    found = shape.read(reading, element)
    if not found:
        raise Told
    return next(iter(found.values()))


def _repeat(reading: Reading, element: Element, context: Context) -> Step:
    found = REPEAT.read(reading, element)
    if "repeat" not in element.fields:
        raise Wrong(
            element, "these steps stand within a step, and nothing says how often", "write repeat: 3 beside steps"
        )
    inner = steps(reading, found["steps"], context)
    if "repeat" not in found:
        raise Told
    return Repeat(found["repeat"], inner, reading.place(element))


def _parallel(reading: Reading, element: Element, context: Context) -> Step:
    found = PARALLEL.read(reading, element)
    known = dict(context.captured)
    items: list[Send | Barrier | Invalidate] = []
    for item in r.items_of(found["parallel"], "parallel"):
        with reading.noting():
            items.append(_item(reading, item, context, known))
    return Parallel(tuple(items), found.get("expect", NOTHING), reading.place(element))


def _item(
    reading: Reading, element: Element, context: Context, known: Mapping[str, None]
) -> Send | Barrier | Invalidate:
    verb = verb_of(element, IN_PARALLEL, SEND.keys)
    check_references(reading, element, known)
    if verb == "barrier":
        barrier: Barrier = _the_one(BARRIER, reading, element)
        return barrier
    if verb == "invalidate":
        return _invalidate(reading, element, context)
    return _send(reading, element, context)


def _until(reading: Reading, element: Element) -> Barrier:
    if element.text in _UNTILS:
        return Barrier(element.text, place=reading.place(element))
    if durations.seconds(element.text) is None:
        raise Wrong(element, f"barrier can't be {element.shown}: it is waiting, done or a time such as 2s")
    return Barrier(seconds=r.passing(reading, element), place=reading.place(element))


_UNTILS = ("waiting", "done")
BARRIER = _shape("barrier", {"barrier": _until})


# ── all of them ──────────────────────────────────────────────────────────────

_STEPS: Mapping[str, Callable[[Reading, Element, Context], Step]] = {
    **dict.fromkeys(REQUESTS, _send),
    "advance": _advance,
    "invalidate": _invalidate,
    "deploy": _deploy,
    "set": _set,
    "parallel": _parallel,
    "steps": _repeat,
}
"""By verb: what a step does."""


def steps(reading: Reading, element: Element, context: Context) -> tuple[Step, ...]:
    """Steps, without those that are wrong."""
    items = r.items_of(element, "steps")
    if not items:
        raise Wrong(element, "there are no steps here", "write - get: /")
    found: list[Step] = []
    for item in items:
        with reading.noting():
            found.append(_step(reading, item, context))
    return tuple(found)


def _step(reading: Reading, element: Element, context: Context) -> Step:
    alone = element.fields.keys() - {"name"} == {"expect"}
    verb = "expect" if alone else verb_of(element, AS_A_STEP, SEND.keys)
    check_references(reading, element, context.captured)
    return _check(reading, element, context) if alone else _STEPS[verb](reading, element, context)
