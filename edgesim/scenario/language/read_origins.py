"""What origins answer: scripts that stand, and those of one step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgesim.errors import OriginTrouble
from edgesim.scenario.language import read_body
from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import SCALARS, Element, Kind
from edgesim.scenario.language.read_match import ANY, ASKED, UNTOUCHED, origin_expectation
from edgesim.scenario.language.reading import Reader, Reading, Shape, Wrong
from edgesim.scenario.model import Answer, Content, OriginExpectation, Rule, Script

FAILURES = {
    "dns": OriginTrouble.DNS,
    "connect": OriginTrouble.CONNECT,
    "connect-timeout": OriginTrouble.CONNECT_TIMEOUT,
    "read-timeout": OriginTrouble.READ_TIMEOUT,
    "reset": OriginTrouble.RESET,
    "write": OriginTrouble.WRITE,
    "invalid-response": OriginTrouble.INVALID_RESPONSE,
    "headers-too-big": OriginTrouble.HEADERS_TOO_BIG,
}
_failure = r.one_of(*FAILURES)


def _fails(reading: Reading, element: Element) -> OriginTrouble:
    return FAILURES[_failure(reading, element)]


_ANSWER_KEYS: Mapping[str, Reader[Any]] = {
    "answers": r.status,
    "headers": read_body.headers,
    **read_body.CONTENT,
    "after": r.passing,
    "stream": r.texts,
    "every": r.passing,
    "truncate": r.size,
    "fails": _fails,
    "validates": r.truth,
}
_ELSEWHERE = {
    "status": "write answers: 200",
    "code": "write answers: 200",
    "delay": "write after: 2s",
    "error": "write fails: reset",
    "timeout": "write fails: read-timeout, or after: with more than the origin's read timeout",
    "chunks": "write stream: [one, two]",
    "content": "write body",
    "expect": "what the origin must receive stands in receives",
}
_OF_A_STEP = dict.fromkeys(ASKED, "what an origin must receive stands in a step, or in its expect")
ANSWER = Shape("an answer", _ANSWER_KEYS, {**_ELSEWHERE, **_OF_A_STEP})
STEP_ORIGIN = Shape("an origin of a step", {**_ANSWER_KEYS, **ASKED}, _ELSEWHERE)


# ── scripts ──────────────────────────────────────────────────────────────────


def scripts(reading: Reading, element: Element) -> dict[str, Script]:
    """What origins answer, by id."""
    found: dict[str, Script] = {}
    for name, child in r.fields_of(element, "origins").items():
        reading.origins.append((name, child))
        with reading.noting():
            found[name] = script(reading, child)
    return found


def script(reading: Reading, element: Element) -> Script:
    """One origin's answers, its answers by path, or a directory."""
    if element.kind in SCALARS:
        return _folder(reading, element)
    if _is_by_path(element):
        rules = (_rule(reading, key, child) for key, child in element.fields.items())
        return Script(tuple(rule for rule in rules if rule.answers))
    answers = _answers(reading, element)
    return Script((Rule(ANY, answers),) if answers else ())


def _folder(reading: Reading, element: Element) -> Script:
    if element.kind is not Kind.TEXT:
        hint = f"write {{answers: {element.text}}}" if element.kind is Kind.NUMBER else _NOT_ASKED
        raise Wrong(element, f"an origin can't be {element.shown}", hint)
    if element.text == UNTOUCHED:
        raise Wrong(element, "untouched belongs to a step or its expect", "write it as the origin of a step")
    if not _MAY_BE_PATH.search(element.text) and not (reading.folder / element.text).exists():
        message = f"there is no folder {element.shown} that could play an origin"
        raise Wrong(element, message, f"{_NOT_ASKED}; for a body write {{body: …}}")
    path = reading.path(element)
    if not path.is_dir():
        raise Wrong(element, f"{element.text} is no folder", "for a body from a file write {file: …}")
    return Script(folder=path)


_NOT_ASKED = "where it must not be asked, write untouched"
_MAY_BE_PATH = re.compile(r"[./\\]")


def _is_by_path(element: Element) -> bool:
    """Are the keys paths? Either all of them are, or none."""
    paths = [key for key in element.fields if _is_path(key)]
    other = next((key for key in element.fields if not _is_path(key)), None)
    if paths and other is not None:
        message = f"'{other}' stands among paths: an origin has answers by path, or one for all"
        raise Wrong(element.fields[other], message, f"put it under a path: '*': {{{other}: …}}")
    return bool(paths)


def _is_path(key: str) -> bool:
    method, space, path = key.rpartition(" ")
    return path.startswith(("/", "*")) and (not space or method.isalpha())


def _rule(reading: Reading, key: str, element: Element) -> Rule:
    method, _, path = key.rpartition(" ")
    answers: tuple[Answer, ...] = ()
    with reading.noting():
        answers = _answers(reading, element)
    return Rule(path, answers, method.upper() or None)


def _answers(reading: Reading, element: Element) -> tuple[Answer, ...]:
    """One answer, or several by turn."""
    if element.kind is Kind.LIST and not element.items:
        raise Wrong(element, "there is no answer in this list", "write {answers: 200}")
    return tuple(reading.each(r.one_or_more(element), answer))


def answer(reading: Reading, element: Element) -> Answer:
    """One answer."""
    if element.kind is Kind.NUMBER:
        raise Wrong(element, f"an answer is a mapping, not {element.shown}", f"write {{answers: {element.text}}}")
    return _answer(reading, element, ANSWER.read(reading, element))


def _answer(reading: Reading, element: Element, found: Mapping[str, Any]) -> Answer:
    body = read_body.content(reading, element, found)
    chunks: tuple[str, ...] | None = found.get("stream")
    _check_together(reading, element, body, chunks)
    return Answer(
        status=found.get("answers", 200),
        headers=read_body.with_json_type(found.get("headers", ()), element),
        body=body,
        after=found.get("after", 0),
        chunks=chunks,
        every=found.get("every", 0),
        truncate=found.get("truncate"),
        fails=found.get("fails"),
        validates=found.get("validates", False),
        place=reading.place(element),
    )


_NOT_WITH_FAILS = ("answers", "headers", *read_body.CONTENT, "stream", "truncate", "validates")


def _check_together(reading: Reading, element: Element, body: Content | None, chunks: tuple[str, ...] | None) -> None:
    fields = element.fields
    if chunks is not None and body is not None:
        reading.complain(fields["stream"], "the body is said twice: by stream too", "leave one")
    if "every" in fields and "stream" not in fields:
        reading.complain(fields["every"], "every is the time between the pieces of stream, and there is no stream")
    if "truncate" in fields and "stream" in fields:
        reading.complain(fields["truncate"], "a stream has no length that it could fall short of", "use body or size")
    both = next((key for key in _NOT_WITH_FAILS if key in fields and "fails" in fields), None)
    if both:
        hint = "leave one of them out; a body that breaks off is written truncate: 3"
        reading.complain(fields[both], f"an origin that fails has no {both}", hint)


# ── an origin of a step ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class StepOrigin:
    """What a step says of an origin: what it answers, if that is said, and what is expected of it, if anything."""

    id: str
    script: Script | None = None
    expectation: OriginExpectation | None = None


def step_origins(reading: Reading, element: Element) -> list[StepOrigin]:
    """`origins:` of a step, by id."""
    found: list[StepOrigin] = []
    for name, child in r.fields_of(element, "origins").items():
        reading.origins.append((name, child))
        with reading.noting():
            found.append(step_origin(reading, child, name))
    return found


def step_origin(reading: Reading, element: Element, origin: str = ANY) -> StepOrigin:
    """`origin:` of a step: any of them."""
    if element.kind is Kind.TEXT and element.text == UNTOUCHED:
        return StepOrigin(origin, None, OriginExpectation(origin, times=0, place=reading.place(element)))
    if element.kind is not Kind.MAPPING or _is_by_path(element):
        return StepOrigin(origin, script(reading, element))
    found = STEP_ORIGIN.read(reading, element)
    expectation = origin_expectation(reading, element, origin, found)
    if expectation is not None and not element.fields.keys() & _ANSWER_KEYS.keys():
        return StepOrigin(origin, None, expectation)
    return StepOrigin(origin, Script((Rule(ANY, (_answer(reading, element, found),)),)), expectation)
