"""What a failing scenario looks like: what was expected, what came, and why, on the first screen."""

from __future__ import annotations

import re

import pytest

from edgesim.distribution.problems import Problem, Severity
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.runner.report import Counts, counted, explained, failure, gist, in_short, problem_lines, summary
from tests.scenario.outcomes import a_mismatch, a_section, a_transcript, broken, failed, passed


def test_a_failure_says_what_was_expected_what_came_and_why() -> None:
    told = failure(failed(a_mismatch(why="stale, 61 s old with a TTL of 60 s")))
    assert told == (
        "FAILED a story  ttl.scenario.yaml:3\n"
        "\n"
        "  at GET /a  ttl.scenario.yaml:7\n"
        "  x-cache  ttl.scenario.yaml:9\n"
        "    expected  Hit\n"
        "    got       Miss from cloudfront\n"
        "    why       stale, 61 s old with a TTL of 60 s\n"
        "\n"
        "  GET http://www.example.com/a → 200 Miss, 5 bytes\n"
        "    store: stored · TTL 60 s from max-age\n"
    )


def test_the_first_screen_has_all_of_an_ordinary_failure() -> None:
    sections = [
        a_section("cache behavior", "no path pattern matches: default behavior", ("path pattern", "*")),
        a_section("arrival", "accepted"),
        a_section("viewer request", "ran: passed on", ("function", "auth (nodejs22.x, index.handler)")),
        a_section("cache", "stale", ("key", "GET /a"), ("TTL", "60 s from max-age")),
        a_section("origin request", "not run: no function"),
        a_section("origin", "answered", ("origin", "site (site.example.com)"), ("received", "200 OK")),
        a_section("origin response", "not run: no function"),
        a_section("store", "stored", ("TTL", "60 s from max-age")),
        a_section("viewer response", "not run: no function"),
        a_section("delivery", "Miss", ("status", "200")),
    ]
    body = a_mismatch("body", "\n".join("abcdef"), "\n".join("abcxef"))
    lines = failure(failed(body, transcripts=(a_transcript(*sections),))).splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 100 for line in lines)
    assert "    - d" in lines


def test_a_value_that_could_steer_the_terminal_does_not() -> None:
    told = failure(failed(a_mismatch("header x", "\x1b[2J", "\x1b[3J"), title="\x1b[0m"))
    assert "\x1b" not in told
    assert "\\x1b[3J" in told


def test_reasons_are_told_in_their_order() -> None:
    told = failure(failed(a_mismatch("because", "stale\nrevalidated", "stale\nmax-age\nMiss", "'revalidated' is not")))
    assert (
        "    expected  stale → revalidated\n    got       stale → max-age → Miss\n    why       'revalidated'" in told
    )


def test_what_a_part_of_json_needs_not_have_is_left_out() -> None:
    told = failure(failed(a_mismatch("body json-contains", '{"b": 1}', '{"a": [1, 2, 3], "b": 2}')))
    assert '"a"' not in told
    assert '-   "b": 1' in told


def test_of_very_many_mismatches_the_rest_is_named() -> None:
    told = failure(failed(*(a_mismatch(f"header x-{number}") for number in range(20))))
    assert told.count("expected") == 12
    assert "and as well: header x-12, header x-13" in told


def test_the_last_requests_of_a_step_are_told() -> None:
    told = failure(failed(transcripts=tuple(a_transcript(target=f"/{number}") for number in range(5))))
    assert re.findall(r"example.com(/\d)", told) == ["/2", "/3", "/4"]
    assert "2 earlier requests: see --explain" in told


def test_a_broken_scenario_says_why() -> None:
    assert failure(broken("auth can't be run\nget Node.js")) == (
        "BROKEN a story  ttl.scenario.yaml:3\n  auth can't be run\n  get Node.js\n"
    )


def test_what_functions_wrote_is_without_lambdas_own_lines() -> None:
    stamp = "2025-05-06T10:00:00.000Z\tdb3879e8-d929-4821-a552-b0b254f286d1\t"
    log = (
        "[auth] INIT_START Runtime Version: nodejs:22.v20",
        "[viewer-request auth] START RequestId: db3879e8 Version: 1",
        f"[viewer-request auth] {stamp}INFO\tchecking /members",
        "[viewer-request auth] printed",
        "[viewer-request auth] END RequestId: db3879e8",
        "[viewer-request auth] REPORT RequestId: db3879e8 Duration: 2 ms\n",
    )
    outcome = failed(log=log)
    assert failure(outcome).endswith(
        "  functions wrote\n    [viewer-request auth] INFO    checking /members\n    [viewer-request auth] printed\n"
    )
    assert "START RequestId" in failure(outcome, explain=True)


def test_a_long_log_is_cut_to_its_end() -> None:
    told = failure(failed(log=tuple(f"[f] line {number}" for number in range(30))))
    assert "(and 20 lines before)" in told
    assert "line 29" in told
    assert "line 19" not in told


def test_explained_it_has_the_whole_transcripts_of_all_requests() -> None:
    outcome = failed(transcripts=(a_transcript(target="/b"),))
    whole = failed(transcripts=(a_transcript(target="/b"),), title="all")
    all_of_it = (a_transcript(target="/a"), a_transcript(target="/b"))
    assert "request id request-1" in failure(outcome, explain=True)
    told = failure(passed(verdict=Verdict.FAILED, failures=whole.failures, transcripts=all_of_it), explain=True)
    assert told.count("request id") == 2
    assert explained(passed(transcripts=all_of_it)).startswith("PASSED a story  ttl.scenario.yaml:3\n")
    assert explained(passed(transcripts=all_of_it)).count("request id") == 2


# ── a transcript in short ────────────────────────────────────────────────────


def test_in_short_the_details_that_tell_most_come_first() -> None:
    section = a_section(
        "origin request",
        "ran: failed",
        ("function", "auth (nodejs22.x, index.handler)"),
        ("duration", "12.00 ms, warm"),
        ("failure", "the function failed: no"),
    )
    assert in_short(a_transcript(section))[1] == (
        "  origin request: ran: failed · the function failed: no · auth (nodejs22.x, index.handler)"
    )


def test_in_short_a_key_is_shown_to_its_end() -> None:
    parts = [("key: query string", "&".join(f"utm_{number}=campaign" for number in range(12)))]
    parts += [(f"key: header x-{number}", "a" * 40) for number in range(4)]
    told = in_short(a_transcript(a_section("cache", "not in the cache", ("key", "GET /a"), *parts)))
    assert told[1] == "  cache: not in the cache · GET /a"
    joined = "".join("".join(told).split())
    assert all("".join(value.split()) in joined for _, value in parts)
    assert all(len(line) <= 100 for line in told)
    assert all(line.startswith("      ") for line in told[2:])


def test_in_short_what_is_endless_ends() -> None:
    told = in_short(a_transcript(a_section("cache", "not in the cache", ("key", f"GET /{'a' * 9_000}"))))
    assert len(told) < 30
    assert told[-1] == "      …: see --explain"


def test_in_short_what_tells_little_is_there_where_it_fits() -> None:
    details = (("key", "GET /a"), ("path pattern", "/a" * 60))
    assert in_short(a_transcript(a_section("cache", "fresh", *details)))[1:] == ["  cache: fresh · GET /a"]


def test_in_short_the_stations_that_say_least_are_left_out() -> None:
    many = [a_section("viewer response", "not run: nothing") for _ in range(8)]
    trouble = a_section("origin", "no answer", ("message", "connection refused"))
    told = in_short(a_transcript(*many, trouble, a_section("store", "not stored")))
    assert "  origin: no answer · connection refused" in told
    assert "  store: not stored" in told
    assert told[-1] == "  2 more stations: see --explain"


def test_in_short_the_stations_of_an_error_page_are_within_it() -> None:
    inner = (a_section("cache", "not in the cache", ("key", "GET /404.html")),)
    told = in_short(a_transcript(a_section("custom error response", "custom error page", inner=inner)))
    assert told[1:] == ["  custom error response: custom error page", "    cache: not in the cache · GET /404.html"]


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"status": 0, "outcome": None}, "www.example.com/a was not answered"),
        ({"complete": False}, "→ 200 Miss, 5 bytes, broken off"),
        ({"seconds": 30.0, "status": 504, "outcome": "Error"}, "→ 504 Error, 5 bytes after 30 s"),
    ],
)
def test_in_short_the_answer_comes_first(changes: dict[str, object], end: str) -> None:
    assert in_short(a_transcript(**changes))[0].endswith(end)


# ── lines ────────────────────────────────────────────────────────────────────


def test_a_failure_in_one_line() -> None:
    assert gist(failed()) == "FAILED ttl.scenario.yaml:3 a story: x-cache: expected Hit, got Miss from cloudfront"
    assert gist(broken("no\nfunction")) == "BROKEN ttl.scenario.yaml:3 a story: no"


def test_of_several_lines_the_one_line_has_the_first_that_differs() -> None:
    json = a_mismatch("body json", '{"a": 1, "b": 503}', '{"a": 1, "b": 200}')
    assert gist(failed(json)).endswith(': body json: expected "b": 503, got "b": 200')
    assert gist(failed(a_mismatch("body", "a\nb", "a"))).endswith(": body: expected b, got nothing")


def test_a_problem_of_a_file_is_a_line_with_its_place() -> None:
    problem = Problem("a step has no key 'gte'", "steps[0].gte", "did you mean get?", file="a.scenario.yaml", line=3)
    assert list(problem_lines(problem)) == [
        "a.scenario.yaml:3: error: a step has no key 'gte'",
        "    at: steps[0].gte",
        "    hint: did you mean get?",
    ]
    assert list(problem_lines(Problem("it is odd", severity=Severity.NOTE))) == ["note: it is odd"]


def test_the_counts() -> None:
    counts = counted([passed(), passed(), failed(), broken()], errors=1, deselected=4, unplayed=3)
    assert counts == Counts(passed=2, failed=1, broken=1, errors=1, deselected=4, unplayed=3)
    assert summary(counts, 3.21) == (
        "2 passed, 1 failed, 1 broken, 1 file with errors, 4 deselected, 3 not played in 3.2 s"
    )
    assert summary(counted([passed()]), 0.04) == "1 passed in 0.0 s"


@pytest.mark.parametrize(
    ("counts", "bad"),
    [(Counts(passed=1), False), (Counts(left_out=1), False), (Counts(failed=1), True), (Counts(broken=1), True),
     (Counts(errors=1), True), (Counts(unplayed=1), False)],
)  # fmt: skip
def test_what_makes_a_run_fail(counts: Counts, bad: bool) -> None:
    assert counts.bad is bad
