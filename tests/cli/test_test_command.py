"""`edgesim test`: what it plays, what it says, how it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from edgesim.cli import main
from edgesim.commands.collecting import affected, collect, outputs, stamps, stamps_again, targets_of, watched
from edgesim.scenario.playing.edge import Edge
from edgesim.scenario.playing.run import play
from edgesim.scenario.playing.stage import Stage

OPTIONS = ("-k", "-x", "--exitfirst", "-n", "--explain", "--watch", "--junit", "--collect-only", "-v", "-q")

GOOD = """\
scenarios:
  - title: the first visit is a miss
    evidence: documented Expiration
    steps:
      - get: /
        expect: {x-cache: Miss}
  - title: the second visit is a hit
    steps:
      - get: /
      - get: /
        origin: untouched
        expect: {x-cache: Hit}
"""
FAILS = """\
title: an object older than max-age is served all the same
steps:
  - get: /a
    origin: {answers: 200, headers: {cache-control: max-age=60}}
  - advance: 61s
  - get: /a
    expect: {x-cache: Hit}
"""
UNREADABLE = "title: it has no steps\nstepz: []\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(**files: str) -> None:
    """Scenario files in `scenarios`."""
    folder = Path("scenarios")
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.scenario.yaml").write_text(text)


def run(*args: str) -> Result:
    result = CliRunner().invoke(main, ["test", *args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def counts(result: Result) -> str:
    return result.stdout.splitlines()[-1].partition(" in ")[0]


# ── how it ends ──────────────────────────────────────────────────────────────


def test_all_that_pass_end_with_0() -> None:
    write(good=GOOD)
    told = run()
    assert (told.exit_code, counts(told)) == (0, "2 passed")
    assert told.stdout.startswith("scenarios/good.scenario.yaml ..\n")


def test_one_that_fails_ends_with_1_and_says_why() -> None:
    write(good=GOOD, old=FAILS)
    told = run()
    assert (told.exit_code, counts(told)) == (1, "2 passed, 1 failed")
    assert "scenarios/old.scenario.yaml F" in told.stdout
    assert "FAILED an object older than max-age is served all the same  scenarios/old.scenario.yaml:1" in told.stdout
    assert "at GET /a  scenarios/old.scenario.yaml:6" in told.stdout
    assert "    expected  Hit\n    got       Miss from cloudfront\n    why       stale, 61 s old" in told.stdout
    assert "cache: stale · TTL 60 s from max-age" in told.stdout


def test_a_file_that_can_not_be_read_ends_with_1_and_the_others_are_played() -> None:
    write(good=GOOD, bad=UNREADABLE)
    told = run()
    assert (told.exit_code, counts(told)) == (1, "2 passed, 1 file with errors")
    assert "scenarios/bad.scenario.yaml:2: error: a scenario has no key 'stepz'" in told.stdout
    assert "did you mean steps?" in told.stdout


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("nowhere",), "nowhere: there is no such file or folder"),
        (("scenarios/good.scenario.yaml::nowhere",), "has 'nowhere' in its title"),
        (("-k", "a b"), "'and' or 'or' is missing before 'b'"),
        (("-n", "many"), "'many' is neither a number nor auto"),
        (("--colour",), "No such option"),
        (("-q", "-v"), "-v and -q don't go together"),
        (("--junit", "scenarios"), "this is a folder"),
        (("--junit", "scenarios/good.scenario.yaml/report.xml"), "can't be written"),
    ],
)
def test_what_can_not_be_done_ends_with_4_and_a_sentence(args: tuple[str, ...], why: str) -> None:
    write(good=GOOD)
    told = run(*args)
    assert told.exit_code == 4
    assert why in told.stderr


@pytest.mark.slow
def test_a_runtime_that_is_not_installed_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    other = "python3.9" if sys.version_info >= (3, 14) else "python3.14"
    handler = "def handler(event, context): return event['Records'][0]['cf']['request']"
    ran = f"""\
distribution: {{viewer-request: auth}}
functions: {{auth: {{python: "{handler}", runtime: {other}}}}}
scenarios:
  - {{title: once, steps: [{{get: /, expect: {{ran: [viewer-request]}}}}]}}
  - {{title: again, steps: [{{get: /a, expect: {{ran: [viewer-request]}}}}]}}
"""
    write(one=ran, two=ran)
    result = run("--strict")
    assert result.output.count(f"warning: {other} is not installed: Python ") == 1
    assert "4 passed" in result.output
    assert result.exit_code == 0


def test_nothing_to_play_ends_with_5() -> None:
    told = run()
    assert (told.exit_code, told.stdout) == (5, "no scenarios in .: they are files such as first.scenario.yaml\n")
    write(good=GOOD)
    told = run("-k", "nowhere")
    assert (told.exit_code, told.stdout) == (5, "-k 'nowhere' fits none of 2 scenarios\n")


def test_a_file_that_can_not_be_read_is_an_error_whatever_k_says_and_told_in_short() -> None:
    write(good=GOOD, bad="title: t\nviewr: {}\nstepz: []\n")
    told = run("-k", "nowhere")
    assert (told.exit_code, told.stdout.splitlines()) == (
        1,
        [
            "scenarios/bad.scenario.yaml:2: error: a scenario has no key 'viewr'",
            "    at: viewr",
            "    hint: did you mean viewer?",
            "    and 1 more: edgesim test scenarios/bad.scenario.yaml",
            "-k 'nowhere' fits none of 2 scenarios; of 1 file it can't be told",
            told.stdout.splitlines()[-1],
        ],
    )
    assert counts(told) == "1 file with errors, 2 deselected"
    assert "and 1 more" not in run("scenarios/bad.scenario.yaml").stdout


def test_nothing_to_compare_ends_with_5() -> None:
    write(tls="title: https only\nsteps:\n- {get: /a, viewer: {protocol: https}, expect: {status: 200}}\n")
    told = run("--against", "http://127.0.0.1:9")
    assert (told.exit_code, counts(told)) == (5, "1 left out")


def test_a_bug_ends_with_3_and_a_request_to_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def buggy(*args: object, **more: object) -> None:
        raise LookupError("it should not be there")

    write(good=GOOD)
    monkeypatch.setattr(Stage, "play", buggy)
    told = run()
    assert told.exit_code == 3
    assert "this is a bug in edgesim; please report it" in told.stderr
    assert "LookupError: it should not be there" in told.stderr


def test_a_bug_in_one_scenario_lets_the_others_be_played_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    async def buggy(edge: Edge, seconds: float) -> None:
        raise LookupError("it should not be there")

    write(fails=FAILS, good=GOOD)
    monkeypatch.setattr(Edge, "advance", buggy)
    told = run("--junit", "report.xml")
    assert (told.exit_code, counts(told)) == (3, "2 passed, 1 broken")
    assert "scenarios/fails.scenario.yaml:5: this is a bug in edgesim: LookupError" in told.stdout
    assert [(one.get("tests"), one.get("errors")) for one in ET.parse("report.xml").iter("testsuite")] == [("3", "1")]


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C, also where these tests run in the background, which a shell has ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_2_and_tells_of_what_was_played(
    number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    played = 0

    async def until_the_second(stage: Stage, scenario: object, **more: object) -> object:
        nonlocal played
        played += 1
        if played == 2:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()  # it is under way, and would never end by itself
        return await play(scenario, stage)  # type: ignore[arg-type]

    write(good=GOOD, old=FAILS)
    monkeypatch.setattr(Stage, "play", until_the_second)
    before = signal.getsignal(signal.SIGTERM)
    told = run()
    assert told.exit_code == 2
    assert "scenarios/good.scenario.yaml .\n" in told.stdout
    assert told.stdout.endswith("interrupted\n")
    assert "1 passed, 2 not played in" in told.stdout
    assert signal.getsignal(signal.SIGTERM) is before
    assert caplog.messages == []


# ── what it plays ────────────────────────────────────────────────────────────


def test_without_a_path_it_is_the_folder_scenarios_or_all_that_is_here() -> None:
    write(good=GOOD)
    Path("old.scenario.yaml").write_text(FAILS)
    assert counts(run()) == "2 passed"
    shutil.rmtree("scenarios")
    assert counts(run()) == "1 failed"


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("scenarios/good.scenario.yaml",), "2 passed"),
        (("scenarios/good.scenario.yaml::SECOND",), "1 passed, 2 deselected"),
        (("scenarios/good.scenario.yaml:9",), "1 passed, 1 deselected"),
        (("scenarios", "scenarios/good.scenario.yaml"), "2 passed, 1 failed"),
        (("-k", "visit and not second"), "1 passed, 2 deselected"),
        (("-k", "old.scenario"), "1 failed, 2 deselected"),
        (("-x", "scenarios/old.scenario.yaml", "scenarios/good.scenario.yaml"), "1 failed, 2 not played"),
        (("-n", "0", "scenarios"), "2 passed, 1 failed"),
    ],
)
def test_it_plays_what_it_is_asked_for(args: tuple[str, ...], expected: str) -> None:
    write(good=GOOD, old=FAILS)
    if "::" in args[0] or args[0].endswith(":9"):
        expected = expected.replace("2 deselected", "1 deselected")
    assert counts(run(*args)) == expected


def test_a_file_is_played_once_however_it_is_named() -> None:
    write(good=GOOD)
    assert counts(run("scenarios", "scenarios/../scenarios", str(Path("scenarios").resolve()))) == "2 passed"


def test_with_exitfirst_a_file_that_can_not_be_read_is_the_end() -> None:
    write(good=GOOD, bad=UNREADABLE)
    assert counts(run("-x")) == "1 file with errors, 2 not played"


# ── what it says ─────────────────────────────────────────────────────────────


def test_help_is_complete() -> None:
    told = run("--help")
    assert told.exit_code == 0
    for option in OPTIONS:
        assert option in told.stdout
    assert "edgesim test 'scenarios/ttl.scenario.yaml::stale'" in told.stdout
    assert "5  no scenarios were found" in told.stdout


def test_verbose_is_a_line_for_each_scenario() -> None:
    write(good=GOOD)
    told = run("-v").stdout.splitlines()
    assert told[0].startswith("scenarios/good.scenario.yaml:2 the first visit is a miss PASSED (0.")
    assert told[1].startswith("scenarios/good.scenario.yaml:7 the second visit is a hit PASSED (0.")


def test_quiet_is_a_line_for_each_that_did_not_pass() -> None:
    write(good=GOOD, old=FAILS)
    told = run("-q").stdout.splitlines()
    assert told[0].startswith("FAILED scenarios/old.scenario.yaml:1 an object older than max-age")
    assert len(told) == 2


def test_explain_has_the_transcripts_of_all_requests() -> None:
    write(good=GOOD, old=FAILS)
    told = run("--explain").stdout
    assert told.count("request id") == 5
    assert "PASSED the first visit is a miss" in told
    assert "sent header Host" in told


def test_warnings_are_told_and_with_strict_they_fail() -> None:
    write(good=GOOD, odd="title: odd\nsteps:\n- get: /a\n- {get: /a, origin: {body: x}}\n")
    told = run()
    assert told.exit_code == 0
    assert "odd.scenario.yaml:4: warning: nothing fetched this answer of the origin" in told.output
    assert "warning in" in told.output
    strict = run("--strict")
    assert strict.exit_code == 1
    assert "FAILED odd" in strict.output


def test_collect_only_lists_and_plays_nothing() -> None:
    write(good=GOOD, old=FAILS)
    told = run("--collect-only", "-k", "visit")
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        "scenarios/good.scenario.yaml:2 the first visit is a miss",
        "scenarios/good.scenario.yaml:7 the second visit is a hit",
        "2 scenarios, 1 deselected",
    ]
    assert run("--collect-only", "-k", "nowhere").exit_code == 5
    write(bad=UNREADABLE)
    assert run("--collect-only", "-q").exit_code == 1


def test_the_report_for_ci_is_written_where_it_is_wanted() -> None:
    write(good=GOOD, old=FAILS, bad=UNREADABLE)
    run("--junit", "build/report.xml")
    root = ET.parse("build/report.xml").getroot()
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "4", "failures": "1", "errors": "1",
    }  # fmt: skip
    assert [case.get("name") for case in root.iter("testcase")][1] == "the first visit is a miss"
    evidence = [(one.get("name"), one.get("value")) for one in root.findall(".//testcase/properties/property")]
    assert evidence == [("evidence", "documented"), ("source", "Expiration")]


# ── what a save affects ──────────────────────────────────────────────────────


def save(path: str, text: str) -> None:
    """Another text, and another time, however coarse the file system's clock is."""
    Path(path).write_text(text)
    later = time.time_ns() + 5_000_000_000
    os.utime(path, ns=(later, later))


WITH_A_FUNCTION = """\
title: a function answers
functions: {hello: ../code/hello.js}
distribution: {viewer-request: hello}
steps: [{get: /}]
"""


def test_a_save_affects_the_files_that_depend_on_it() -> None:
    Path("code").mkdir()
    Path("code/hello.js").write_text("exports.handler = async (event) => event.Records[0].cf.request")
    write(good=GOOD, hello=WITH_A_FUNCTION)
    targets = targets_of(())
    collected = collect(targets, None)
    before = stamps(collected)
    assert affected(collected, before, stamps(collected)) == ()
    save("code/hello.js", "exports.handler = async () => ({status: '200'})")
    assert [job.file.name for job in affected(collected, before, stamps(collected))] == ["hello.scenario.yaml"]
    covered = watched(collected, targets)
    assert covered.covers(Path("code/hello.js").resolve())
    assert covered.covers(Path("scenarios/new.scenario.yaml").resolve())
    assert not covered.covers(Path("elsewhere.txt").resolve())


def test_a_save_without_a_change_affects_nothing() -> None:
    write(good=GOOD)
    collected = collect(targets_of(()), None)
    before = stamps(collected)
    save("scenarios/good.scenario.yaml", GOOD)
    assert affected(collected, before, stamps(collected)) == ()


def test_what_the_runner_writes_itself_affects_nothing() -> None:
    """A report, and a log that its output goes to, beside the function."""
    Path("code").mkdir()
    Path("code/index.js").write_text("exports.handler = async (event) => event.Records[0].cf.request")
    write(hello=WITH_A_FUNCTION.replace("../code/hello.js", "../code"))
    collected = collect(targets_of(()), None)
    with Path("code/log").open("w") as log:
        own = outputs([Path("code/report.xml")], [log.fileno()])
        before = stamps(collected, own)
        Path("code/report.xml").write_text("<testsuites/>")
        log.write("1 passed")
        log.flush()
        assert affected(collected, before, stamps(collected, own)) == ()
        Path("code/notes.txt").write_text("not the runner's")
        assert [job.file.name for job in affected(collected, before, stamps(collected, own))] == ["hello.scenario.yaml"]


def test_what_is_saved_while_files_are_read_is_noticed_the_next_time() -> None:
    Path("code").mkdir()
    Path("code/hello.js").write_text("exports.handler = async (event) => event.Records[0].cf.request")
    write(hello=WITH_A_FUNCTION)
    before = stamps(collect(targets_of(()), None))
    save("scenarios/hello.scenario.yaml", WITH_A_FUNCTION.replace("answers", "replies"))
    standing = stamps_again(before)
    collected = collect(targets_of(()), None)
    save("scenarios/hello.scenario.yaml", WITH_A_FUNCTION.replace("answers", "speaks"))
    read = stamps(collected, earlier=standing)
    assert [job.file.name for job in affected(collected, before, read)] == ["hello.scenario.yaml"]
    again = collect(targets_of(()), None)
    assert [job.scenario.title for job in affected(again, read, stamps(again))] == ["a function speaks"]


def test_a_new_file_is_affected_and_one_that_went_is_not() -> None:
    write(good=GOOD, old=FAILS)
    before = stamps(collect(targets_of(()), None))
    write(new=FAILS)
    Path("scenarios/old.scenario.yaml").unlink()
    collected = collect(targets_of(()), None)
    assert [job.file.name for job in affected(collected, before, stamps(collected))] == ["new.scenario.yaml"]
