"""What is left of functions' logs on the screen of a failure."""

from __future__ import annotations

import json

import pytest

from edgesim.scenario.runner.written import without_lambdas

TIME = "2025-05-06T10:00:00.000Z"
ID = "db3879e8-d929-4821-a552-b0b254f286d1"


def node_error(title: str, tag: str = "viewer-request f", of: str = ID) -> str:
    frames = [
        "TypeError: no",
        "    at inner (/var/task/index.js:1:41)",
        "    at deliver (/var/runtime/index.mjs:523:34)",
        "    at process.processImmediate (node:internal/timers:487:21)",
    ]
    thrown = {"errorType": "TypeError", "errorMessage": "no", "stack": frames}
    return f"[{tag}] {TIME}\t{of}\tERROR\t{title} \t{json.dumps(thrown)}"


@pytest.mark.parametrize(
    "line",
    [
        "[f] INIT_START Runtime Version: nodejs:22.v20\tRuntime Version ARN: arn",
        f"[viewer-request f] START RequestId: {ID} Version: 1",
        f"[viewer-request f] END RequestId: {ID}",
        f"[viewer-request f] REPORT RequestId: {ID}\tDuration: 2 ms",
        "[f] INIT_REPORT Init Duration: 42.38 ms\tPhase: init\tStatus: error",
        f"[f] [WARNING]\t{TIME}\t\tLAMBDA_WARNING: Unhandled exception. The most likely cause is",
    ],
)
def test_lambdas_own_lines_are_left_out(line: str) -> None:
    assert without_lambdas([line]) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[viewer-request f] printed", "[viewer-request f] printed"),
        (f"[viewer-request f] {TIME}\t{ID}\tINFO\thello", "[viewer-request f] INFO\thello"),
        (f"[viewer-request f] [INFO]\t{TIME}\t{ID}\thello", "[viewer-request f] [INFO] hello"),
        ('[viewer-request f] ERROR\tan object\t{"a": 1}', '[viewer-request f] ERROR\tan object\t{"a": 1}'),
        ("[viewer-request f] ERROR\tno object\t{a}", "[viewer-request f] ERROR\tno object\t{a}"),
        ('[viewer-request f] ERROR\tx\t{"stack": 1}', '[viewer-request f] ERROR\tx\t{"stack": 1}'),
    ],
)
def test_times_and_ids_are_left_out_and_words_stay(line: str, told: str) -> None:
    assert without_lambdas([line]) == [told]


@pytest.mark.parametrize("title", ["Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection", "Init Error"])
def test_an_error_of_node_is_told_with_the_stack_of_the_functions_own_code(title: str) -> None:
    assert without_lambdas([node_error(title)]) == [
        "[viewer-request f] ERROR    TypeError: no\n    at inner (/var/task/index.js:1:41)"
    ]


def test_what_fails_in_the_init_phase_and_again_for_the_request_is_told_once() -> None:
    twice = [node_error("Uncaught Exception", "f", "undefined"), node_error("Uncaught Exception", of="undefined")]
    assert len(without_lambdas(twice)) == 1


def test_what_is_printed_twice_is_told_twice() -> None:
    assert without_lambdas(["[viewer-request f] a", "[viewer-request f] a"]) == ["[viewer-request f] a"] * 2
