"""What edgesim says while it serves."""

from __future__ import annotations

import asyncio
import io

from edgesim.distribution.model import Code, EdgeFunction, Trigger
from edgesim.distribution.problems import Problem, Severity
from edgesim.terminal import Terminal, printable

FUNCTION = EdgeFunction("auth", Code(inline="x"), "index.handler", "nodejs22.x")


def test_control_characters_can_not_steer_a_terminal() -> None:
    assert printable("a\x1b[2Jb\x07") == "a\\x1b[2Jb\\x07"
    assert printable("tab\tand ümlaut") == "tab\tand ümlaut"


def test_function_lines_are_tagged_by_trigger_and_name() -> None:
    stream = io.StringIO()
    Terminal(stream).line(FUNCTION, Trigger.VIEWER_REQUEST, "one\ntwo")
    assert stream.getvalue() == "[viewer-request auth] one\n[viewer-request auth] two\n"


def test_quiet_says_nothing_of_functions_but_still_tells_problems() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, quiet=True)
    terminal.line(FUNCTION, None, "init")
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
