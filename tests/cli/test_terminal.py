"""What edgesim says while it serves."""

from __future__ import annotations

import asyncio
import io
from enum import StrEnum

import pytest

from edgesim.distribution.model import Code, EdgeFunction, Trigger
from edgesim.distribution.problems import Problem, Severity
from edgesim.pipeline.transcript import Station, Transcript
from edgesim.rules.function_headers import Rejected
from edgesim.rules.reasons import ArrivalReason, HookReason, OriginReason, Outcome, Rejection
from edgesim.terminal import Terminal, painted
from edgesim.testing.make import a_request, an_arrival
from edgesim.values.invocation import Failed, FailureKind
from edgesim.values.place import Place

FUNCTION = EdgeFunction("auth", Code(inline="x"), "index.handler", "nodejs22.x")


def test_function_lines_are_tagged_by_trigger_and_name() -> None:
    stream = io.StringIO()
    Terminal(stream).lines(FUNCTION, Trigger.VIEWER_REQUEST, ["one\ntwo"])
    assert stream.getvalue() == "[viewer-request auth] one\n[viewer-request auth] two\n"


TIMED_OUT = "2026-11-26T20:11:54.655Z 5ebb5096-a98c-4c8d-8680-e0677f1752b0 Task timed out after 3.00 seconds"
STARTED = "INIT_START Runtime Version: nodejs:22.v20\tRuntime Version ARN: arn:aws:lambda:eu-central-1::runtime:c0ffee"
LOADING_FAILED = (
    '2026-11-26T20:11:00.272Z\tundefined\tERROR\tUncaught Exception \t{"errorType":"TypeError"}',
    '2026-11-26T20:11:00.272Z\t-\tERROR\tInit Error \t{"errorType":"TypeError"}',
    "[WARNING]\t2026-11-26T20:11:06.329Z\t\tLAMBDA_WARNING: Unhandled exception. The most likely cause is",
    "[ERROR] NameError: name 'x' is not defined\rTraceback (most recent call last):",
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'",
    "[ERROR] KeyError",
)


def test_what_the_line_of_a_request_or_a_problem_says_is_said_there_alone() -> None:
    stream = io.StringIO()
    Terminal(stream).lines(FUNCTION, Trigger.VIEWER_REQUEST, [STARTED, f"{TIMED_OUT}\n", "END"])
    Terminal(stream).lines(FUNCTION, None, [STARTED, *LOADING_FAILED, "[ERROR]\tits own"])
    assert stream.getvalue() == "[viewer-request auth] END\n[init auth] [ERROR]    its own\n"


def test_a_function_may_write_what_the_platform_writes() -> None:
    stream = io.StringIO()
    texts = [TIMED_OUT, LOADING_FAILED[0]]
    Terminal(stream).lines(FUNCTION, Trigger.VIEWER_REQUEST, texts)
    assert len(stream.getvalue().splitlines()) == 2


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_platforms_lines_step_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    Terminal(screen).lines(FUNCTION, Trigger.VIEWER_REQUEST, ["START RequestId: 1 Version: 1", "its own"])
    platforms, own = screen.getvalue().splitlines()
    assert "\x1b[2mSTART RequestId: 1 Version: 1" in platforms
    assert own.endswith(" its own")


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_explanations_are_in_colour_on_a_terminal_alone_that_wants_it(
    monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert painted("fresh", "label") == "fresh"
    monkeypatch.setattr("sys.stdout", Screen())
    assert painted("fresh", "label") == "\x1b[2mfresh\x1b[0m"
    monkeypatch.setenv(*variable)
    assert painted("fresh", "label") == "fresh"


def test_quiet_says_nothing_of_functions_but_still_tells_problems() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, quiet=True)
    terminal.lines(FUNCTION, None, ["init"])
    terminal.problems([Problem("not good", at="A.B", hint="do better", file="t.yaml", line=3, code="Bad")])
    assert stream.getvalue() == "t.yaml:3: error: not good [Bad]\n    at: A.B\n    hint: do better\n"


def test_a_warning_is_called_one() -> None:
    stream = io.StringIO()
    Terminal(stream).problems([Problem("so so", severity=Severity.WARNING)])
    assert stream.getvalue() == "warning: so so\n"


def test_lines_of_a_busy_moment_leave_together_and_in_order() -> None:
    writes: list[str] = []

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            writes.append(text)
            return len(text)

    async def say() -> None:
        terminal = Terminal(Stream())
        for number in range(100):
            terminal.say(str(number))
        assert writes == []
        terminal.flush()

    asyncio.run(say())
    assert writes == ["\n".join(str(number) for number in range(100)) + "\n"]


def test_a_reader_that_went_away_is_no_failure() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    Terminal(Gone()).say("anybody?")


def _over(status: int, *notes: tuple[Station, StrEnum, dict[str, object]], complete: bool = True) -> Transcript:
    transcript = Transcript(an_arrival(a_request("/a?x=1")), status=status, complete=complete)
    for station, because, facts in notes:
        transcript.note(station, because, **facts)
    return transcript


def _line_of(transcript: Transcript, *, quiet: bool = False) -> str:
    stream = io.StringIO()
    Terminal(stream, quiet=quiet).request(transcript)
    return stream.getvalue()


FAILURE = {"function": FUNCTION, "failure": Failed(FailureKind.ERROR, "TypeError", "no such thing")}
REJECTED = {"function": FUNCTION, "rejected": Rejected(Rejection.URI, "uri is 'x'")}
ENDS = (Station.DELIVERY, Outcome.ERROR, {})


def test_a_request_has_one_line() -> None:
    assert _line_of(_over(200, (Station.DELIVERY, Outcome.HIT, {}))) == "GET /a?x=1 200 Hit\n"


def test_the_line_of_a_failed_request_says_why() -> None:
    failed = _over(503, (Station.VIEWER_REQUEST, HookReason.FAILED, FAILURE), ENDS)
    assert _line_of(failed) == "GET /a?x=1 503 Error: auth: TypeError: no such thing\n"
    placed = Failed(FailureKind.INIT, "Error", "no module\nRequire stack:", place=Place("/src/auth.js", 2))
    failed = _over(503, (Station.VIEWER_REQUEST, HookReason.FAILED, {**FAILURE, "failure": placed}), ENDS)
    assert _line_of(failed) == "GET /a?x=1 503 Error: auth: Error: no module (/src/auth.js:2)\n"
    rejected = _over(502, (Station.VIEWER_REQUEST, HookReason.REJECTED, REJECTED), ENDS)
    assert _line_of(rejected) == "GET /a?x=1 502 Error: auth: uri is 'x'\n"
    unreachable = _over(502, (Station.ORIGIN, OriginReason.FAILED, {"message": "nothing is listening"}), ENDS)
    assert _line_of(unreachable) == "GET /a?x=1 502 Error: nothing is listening\n"
    refused = _over(403, (Station.ARRIVAL, ArrivalReason.UNKNOWN_HOST, {}), ENDS)
    assert _line_of(refused) == "GET /a?x=1 403 Error: no distribution has this host name\n"


def test_quiet_leaves_failures_alone_to_be_seen() -> None:
    failed = _over(503, (Station.VIEWER_REQUEST, HookReason.FAILED, FAILURE), ENDS)
    assert _line_of(failed, quiet=True)
    assert not _line_of(_over(200, (Station.DELIVERY, Outcome.HIT, {})), quiet=True)


def test_a_viewer_that_left_is_told() -> None:
    assert _line_of(_over(0)) == "GET /a?x=1 not answered: the viewer left, or edgesim ended\n"
    cut = _over(200, (Station.DELIVERY, Outcome.MISS, {}), complete=False)
    assert _line_of(cut) == "GET /a?x=1 200 Miss  not sent to its end\n"
