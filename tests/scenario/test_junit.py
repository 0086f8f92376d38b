"""The report for CI: JUnit XML that any of its readers takes."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from edgesim.distribution.problems import Problem, Severity
from edgesim.scenario.outcome import Outcome, Verdict
from edgesim.scenario.runner.junit import Case, as_xml
from tests.scenario.outcomes import a_mismatch, broken, failed, passed


def suite(*outcomes: Outcome, problems: tuple[Problem, ...] = ()) -> ET.Element:
    root = ET.fromstring(as_xml([Case(outcome) for outcome in outcomes], problems, seconds=1.5))
    assert root.tag == "testsuites"
    found = root.find("testsuite")
    assert found is not None
    return found


def test_the_suite_has_the_counts() -> None:
    problems = (Problem("odd", file="b.scenario.yaml"), Problem("odd too", file="b.scenario.yaml"))
    left_out = passed(verdict=Verdict.LEFT_OUT, message="it needs a clock")
    found = suite(passed(), failed(), broken(), left_out, problems=problems)
    assert found.attrib == {
        "name": "edgesim", "tests": "5", "failures": "1", "errors": "2", "skipped": "1", "time": "1.500",
    }  # fmt: skip


def test_a_case_says_where_it_stands() -> None:
    case = suite(passed(seconds=0.25))[0]
    assert case.attrib == {
        "classname": "ttl.scenario.yaml", "name": "a story", "file": "ttl.scenario.yaml", "line": "3", "time": "0.250",
    }  # fmt: skip
    assert len(case) == 0


def test_a_failure_has_its_gist_and_its_text() -> None:
    failure = suite(failed(a_mismatch("body", "one\ntwo", "x" * 300)))[0][0]
    assert failure.tag == "failure"
    assert failure.attrib["message"].startswith("body: expected one two, got xxx")
    assert len(failure.attrib["message"]) < 250
    assert "at GET /a  ttl.scenario.yaml:7" in (failure.text or "")


def test_a_broken_scenario_is_an_error() -> None:
    error = suite(broken("auth can't be run\nat all"))[0][0]
    assert (error.tag, error.attrib["message"]) == ("error", "auth can't be run")
    assert "at all" in (error.text or "")


def test_what_was_left_out_is_skipped() -> None:
    skipped = suite(passed(verdict=Verdict.LEFT_OUT, message="it needs a clock"))[0][0]
    assert (skipped.tag, skipped.attrib["message"]) == ("skipped", "it needs a clock")


def test_a_file_that_can_not_be_read_is_a_case_with_an_error() -> None:
    problems = (
        Problem("there is no key 'gte'", file="a.scenario.yaml", line=3),
        Problem("it is odd", file="a.scenario.yaml", line=5, severity=Severity.WARNING),
    )
    (case,) = suite(problems=problems)
    assert case.attrib["classname"] == "a.scenario.yaml"
    assert case[0].text == "a.scenario.yaml:3: error: there is no key 'gte'"


def test_what_functions_wrote_is_the_output() -> None:
    out = suite(passed(log=("[auth] one", "[auth] two")))[0].find("system-out")
    assert out is not None
    assert out.text == "[auth] one\n[auth] two"


def test_properties_of_the_suite_and_of_a_case() -> None:
    root = ET.fromstring(as_xml([Case(passed(), {"evidence": "observed"})], properties={"edgesim": "1.0"}))
    found = [(one.get("name"), one.get("value")) for one in root.iter("property")]
    assert found == [("edgesim", "1.0"), ("evidence", "observed")]


def test_the_same_outcomes_are_the_same_bytes() -> None:
    assert as_xml([Case(failed())]) == as_xml([Case(failed())])


def test_what_xml_forbids_is_an_escape() -> None:
    case = suite(passed("a\x1b\x00\ufffe\ud800b", log=("\x07",)))[0]
    assert case.attrib["name"] == "a\\x1b\\x00\\xfffe\\xd800b"
    assert case[0].text == "\\x07"


@given(st.text(st.characters()), st.text(st.characters(categories=["Cc", "Cs", "Cn", "Co", "Lo"])))
def test_any_text_makes_a_document_that_can_be_read(title: str, got: str) -> None:
    found = suite(failed(a_mismatch(got=got, why=title), title=title, log=(got,)), problems=(Problem(got, file=title),))
    assert len(found) == 2
