"""What a text, a header, a body or a request must be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edgesim.scenario.language import reading as r
from edgesim.scenario.language.captures import without_captures
from edgesim.scenario.language.document import SCALARS, Element, Kind
from edgesim.scenario.language.read_body import file, header_name
from edgesim.scenario.language.reading import Reading, Shape, Wrong
from edgesim.scenario.model import UNSET, BodyMatch, HeaderMatch, Match, OriginExpectation, RequestMatch

# ── texts ────────────────────────────────────────────────────────────────────


def match(reading: Reading, element: Element) -> Match:
    """A text that must be equal, or a mapping of tests."""
    if element.kind in SCALARS:
        return Match(equals=element.text, place=reading.place(element))
    if element.kind is not Kind.MAPPING:
        hint = "for an empty text write '', for none at all {absent: true}" if element.kind is Kind.NOTHING else ""
        raise Wrong(element, f"{element.at.rpartition('.')[2]} must be a text or tests, not {element.shown}", hint)
    found = MATCHER.read(reading, element)
    if "absent" in found:
        found["present"] = not found.pop("absent")
    if not element.fields:
        raise Wrong(element, "this tests nothing", f"write one of {', '.join(MATCHER.keys)}")
    return Match(place=reading.place(element), **{_FIELDS.get(key, key): value for key, value in found.items()})


def matches(reading: Reading, element: Element) -> tuple[Match, ...]:
    """One test of a text, or a list of them."""
    return tuple(reading.each(r.one_or_more(element), _containing))


def _containing(reading: Reading, element: Element) -> Match:
    """A plain text must be in the line; tests are about the whole line."""
    if element.kind in SCALARS:
        return Match(contains=(element.text,), place=reading.place(element))
    return match(reading, element)


def patterns(reading: Reading, element: Element) -> tuple[str, ...]:
    """Regular expressions."""
    return tuple(reading.each(r.one_or_more(element), pattern))


def pattern(reading: Reading, element: Element) -> str:
    """A regular expression."""
    written = r.text(reading, element)
    try:
        re.compile(without_captures(written))
    except (re.error, RecursionError, OverflowError) as error:
        hint = "use single quotes, so that backslashes stay what they are"
        raise Wrong(element, f"{element.shown} is no regular expression: {error}", hint) from error
    return written


MATCHER = Shape(
    "a test of a text",
    {
        "equals": r.text,
        "contains": r.texts,
        "matches": patterns,
        "one-of": r.texts,
        "absent": r.truth,
        "present": r.truth,
        "not": match,
    },
    {
        "regex": "write matches",
        "pattern": "write matches",
        "starts-with": "write matches: ^…",
        "ends-with": "write matches: …$",
        "exists": "write present: true",
        "eq": "write equals",
        "in": "write one-of",
        "any-of": "write one-of",
    },
)
_FIELDS = {"one-of": "one_of", "not": "but_not"}


def headers(reading: Reading, element: Element) -> tuple[HeaderMatch, ...]:
    """What headers must be, by name."""
    found: list[HeaderMatch] = []
    for name, child in r.fields_of(element, "headers").items():
        with reading.noting():
            found.append(HeaderMatch(header_name(name, child), _header(reading, child)))
    return tuple(found)


def _header(reading: Reading, element: Element) -> Match:
    if element.kind is Kind.NOTHING:
        return Match(present=False, place=reading.place(element))
    if element.kind is Kind.LIST:
        return Match(lines=r.texts(reading, element), place=reading.place(element))
    return match(reading, element)


# ── bodies ───────────────────────────────────────────────────────────────────


def _plain(_: Reading, element: Element) -> Any:
    return element.plain


def _body_text(reading: Reading, element: Element) -> Match:
    if element.kind is Kind.MAPPING and element.fields and not element.fields.keys() & MATCHER.keys.keys():
        raise Wrong(element, "body must be a text or tests of it", "write json: or json-contains: for a structure")
    return match(reading, element)


def _sha256(reading: Reading, element: Element) -> str:
    written = r.text(reading, element).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", written):
        raise Wrong(element, f"sha256 must be 64 hexadecimal digits, not {element.shown}")
    return written


BODY = {
    "body": _body_text,
    "json": _plain,
    "json-contains": _plain,
    "file": file,
    "size": r.size,
    "sha256": _sha256,
}
"""The ways to say what a body must be; all that are said must hold."""


def body(reading: Reading, element: Element, found: dict[str, Any]) -> BodyMatch | None:
    """The tests of a body among what a mapping says, taken out of it."""
    said = next((child for key, child in element.fields.items() if key in BODY), None)
    values = {key: found.pop(key) for key in BODY if key in found}
    if said is None or not values:
        return None
    return BodyMatch(
        values.get("body"),
        values.get("json", UNSET),
        values.get("json-contains", UNSET),
        values.get("file"),
        values.get("size"),
        values.get("sha256"),
        reading.place(said),
    )


# ── requests at origins ──────────────────────────────────────────────────────


def received(reading: Reading, element: Element) -> RequestMatch:
    """What an origin must have received."""
    found = RECEIVED.read(reading, element)
    wanted = body(reading, element, found)
    return RequestMatch(body=wanted, place=reading.place(element), **found)


RECEIVED = Shape(
    "a received request",
    {"method": match, "path": match, "query": match, "target": match, "headers": headers, **BODY},
    {
        "url": "write path, query or target, which is both",
        "uri": "write path, query or target, which is both",
        "querystring": "write query",
        "cookies": "write headers: {cookie: …}",
        "host": "write headers: {host: …}",
    },
)


def receives(reading: Reading, element: Element) -> tuple[RequestMatch, ...]:
    """The first requests, in order."""
    return tuple(reading.each(r.one_or_more(element), received))


UNTOUCHED = "untouched"
ASKED = {"receives": receives, "times": r.count}
"""What may be expected of an origin."""
ANY = "*"
"""Every origin."""


def origin_expectation(
    reading: Reading, element: Element, origin: str, found: Mapping[str, Any]
) -> OriginExpectation | None:
    """What an origin's entry expects of it, of what it says; None where it only says what the origin answers."""
    if not element.fields.keys() & ASKED.keys():
        return None
    asked: int | None = found.get("times")
    wanted: tuple[RequestMatch, ...] = found.get("receives", ())
    if asked is not None and asked < len(wanted):
        message = f"receives has {len(wanted)} requests, and times says that there are {asked}"
        reading.complain(element.fields["times"], message)
    return OriginExpectation(origin, asked, wanted, reading.place(element))


def expected_origins(reading: Reading, element: Element) -> tuple[OriginExpectation, ...]:
    """`origins:` of an expectation, by id."""
    found: list[OriginExpectation] = []
    for name, child in r.fields_of(element, "origins").items():
        reading.origins.append((name, child))
        with reading.noting():
            found.append(expected_origin(reading, child, name))
    return tuple(found)


def expected_origin(reading: Reading, element: Element, origin: str = ANY) -> OriginExpectation:
    """`origin:` of an expectation: any of them."""
    if element.kind is Kind.TEXT and element.text == UNTOUCHED:
        return OriginExpectation(origin, times=0, place=reading.place(element))
    if element.kind is not Kind.MAPPING or not element.fields:
        hint = f"write {UNTOUCHED}, or {{times: 1, receives: {{…}}}}"
        raise Wrong(element, f"an origin can't be expected to be {element.shown}", hint)
    found = EXPECTED_ORIGIN.read(reading, element)
    expectation = origin_expectation(reading, element, origin, found)
    return expectation or OriginExpectation(origin, place=reading.place(element))


EXPECTED_ORIGIN = Shape(
    "an expectation of an origin",
    ASKED,
    {
        "answers": "what it answers stands in the step's own origin: or origins:, beside expect",
        "headers": "write receives: {headers: …} for what it got",
        "path": "write receives: {path: …}",
        "method": "write receives: {method: …}",
        "body": "write receives: {body: …}",
        "count": "write times",
        "untouched": "write untouched in the place of the mapping",
    },
)
