"""Outcomes as the JUnit XML that CI systems read: one suite, a case for each scenario and for each file that could not
be loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from xml.etree import ElementTree as ET

from edgesim.distribution.problems import Problem, Severity
from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.runner.report import BAD, caution_lines, failure, problem_lines

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may have in it, not even escaped."""


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario that was played. `properties` is what else there is to say about it, by name."""

    outcome: Outcome
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def as_xml(
    cases: Sequence[Case],
    problems: Iterable[Problem] = (),
    *,
    seconds: float = 0,
    properties: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """The document. `problems` are those of files; errors alone count. There is no timestamp: the same outcomes give
    the same bytes."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    files = [(file, list(group)) for file, group in groupby(sorted(errors, key=_file), key=_file)]
    verdicts = [case.outcome.verdict for case in cases]
    counts = {
        "tests": str(len(cases) + len(files)),
        "failures": str(verdicts.count(Verdict.FAILED)),
        "errors": str(verdicts.count(Verdict.BROKEN) + len(files)),
        "skipped": str(verdicts.count(Verdict.LEFT_OUT)),
        "time": f"{seconds:.3f}",
    }
    root = ET.Element("testsuites", {"name": "edgesim", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "edgesim", **counts})
    _properties(suite, properties)
    for file, found in files:
        _unloaded(suite, file, found)
    for case in cases:
        _case(suite, case)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _file(problem: Problem) -> str:
    return problem.file


def _case(suite: ET.Element, case: Case) -> None:
    outcome = case.outcome
    file, _, line = outcome.place.rpartition(":") if ":" in outcome.place else (outcome.place, "", "")
    place = {"file": file, **({"line": line} if line else {})}
    named = {"classname": file or "edgesim", "name": outcome.title, **place, "time": f"{outcome.seconds:.3f}"}
    element = ET.SubElement(suite, "testcase", _clean_all(named))
    _properties(element, case.properties)
    if outcome.verdict is Verdict.LEFT_OUT:
        ET.SubElement(element, "skipped", _clean_all({"message": outcome.message}))
    if outcome.verdict in BAD:
        kind = "failure" if outcome.verdict is Verdict.FAILED else "error"
        told = ET.SubElement(element, kind, _clean_all({"message": _message(outcome), "type": outcome.verdict.value}))
        told.text = _clean(failure(outcome))
    if outcome.cautions:
        ET.SubElement(element, "system-err").text = _clean("\n".join(caution_lines(outcome)))
    if outcome.log:
        ET.SubElement(element, "system-out").text = _clean("\n".join(outcome.log))


def _unloaded(suite: ET.Element, file: str, problems: Sequence[Problem]) -> None:
    named = {"classname": file, "name": "loading", "file": file, "time": "0.000"}
    line = problems[0].line
    element = ET.SubElement(suite, "testcase", _clean_all({**named, **({"line": str(line)} if line else {})}))
    told = ET.SubElement(element, "error", _clean_all({"message": problems[0].message, "type": "unreadable"}))
    told.text = _clean("\n".join(line for problem in problems for line in problem_lines(problem)))


def _message(outcome: Outcome) -> str:
    """The first expectation that did not hold, on one line."""
    for mismatch in (one for step in outcome.failures for one in step.mismatches):
        expected, got = (" ".join(text.split()) for text in (mismatch.expected, mismatch.got))
        return f"{mismatch.what}: expected {_short(expected)}, got {_short(got)}"
    return outcome.message.partition("\n")[0]


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"


def _properties(element: ET.Element, properties: Mapping[str, str]) -> None:
    if properties:
        parent = ET.SubElement(element, "properties")
        for name, value in properties.items():
            ET.SubElement(parent, "property", _clean_all({"name": name, "value": value}))


def _clean_all(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: _clean(value) for name, value in attributes.items()}


def _clean(text: str) -> str:
    r"""With `\x1b` for a character that XML forbids."""
    return _FORBIDDEN.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
