from __future__ import annotations

import pytest

from tests.conformance.counting import (
    Count,
    Outcome,
    Test,
    counted,
    documented,
    not_passed,
    outcome,
    stored_counts,
    table,
)

TESTS = [Test("a", "required", "A"), Test("b", "required", "B"), Test("c", "optimal", "C"), Test("d", "required", "D")]
RESULTS = {"a": True, "b": ["Assertion", "not so"], "c": ["Setup", "no answer"]}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (True, Outcome.PASSED),
        (["Assertion", "Response 2 comes from cache"], Outcome.FAILED),
        (["FetchError", "socket hang up"], Outcome.FAILED),
        (["Setup", "retry"], Outcome.UNSETTLED),
        (None, Outcome.UNSETTLED),
    ],
)
def test_an_outcome_is_what_the_suite_calls_it(result, expected):
    assert outcome(result) is expected


def test_results_are_counted_by_kind():
    assert counted(TESTS, RESULTS) == {
        "required": Count(1, 1, 1),
        "optimal": Count(0, 0, 1),
        "check": Count(0, 0, 0),
    }


def test_what_could_not_be_tried_is_not_passed():
    assert not_passed(TESTS, RESULTS) == {"b", "d"}


def test_a_table_has_a_line_for_each_cache():
    lines = list(table({"edgesim": counted(TESTS, RESULTS), "other": counted(TESTS, {})}))
    assert [line.split()[0] for line in lines] == ["required", "edgesim", "other"]
    assert "1 of 2 (+1)" in lines[1]


def test_no_test_is_explained_twice():
    explained = [test for row in documented() for test in row.tests]
    assert len(explained) == len(set(explained))


def test_every_explanation_has_its_source():
    assert all(row.behavior and row.source and row.tests for row in documented())


def test_stored_counts_are_of_one_and_the_same_edition():
    totals = {
        kind: {count.passed + count.failed + count.unsettled for count in kinds}
        for kind, kinds in (
            (kind, [counts[kind] for counts in stored_counts().values()]) for kind in ("required", "optimal", "check")
        )
    }
    assert all(len(total) == 1 for total in totals.values())
