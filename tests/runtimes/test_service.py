"""Deploying, hot reload, warm and cold environments, and leaving nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.distribution.chaos import Chaos
from edgesim.distribution.model import Code, EdgeFunction
from edgesim.runtimes import Language, Settings
from edgesim.runtimes.workspace import Lent
from edgesim.values.invocation import FailureKind
from edgesim.values.place import Place
from tests.runtimes.conftest import PLAIN

pytestmark = pytest.mark.slow

PID = (
    "exports.handler = async (event) => {"
    " if (event.wait) await new Promise((r) => setTimeout(r, event.wait)); return process.pid }"
)
PY_WAIT = """
import os, time
def handler(event, context):
    while "until" in event and not os.path.exists(event["until"]):
        time.sleep(0.005)
    return os.getpid()
"""
PY_SELF = (
    "import time, uuid\nme = str(uuid.uuid4())\n"
    "def handler(event, context):\n    time.sleep(event.get('wait', 0))\n    return me\n"
)
PY_PID = "import os, time\ndef handler(event, context):\n    time.sleep(event.get('wait', 0))\n    return os.getpid()\n"


# ── warm, cold, many ────────────────────────────────────────────────────────────────────────────────────────────


def test_only_the_first_invocation_is_cold_and_the_process_is_reused(lab, expect_value):
    function = lab.node(PID)

    async def story():
        await lab.deploy(function)
        return [await lab.call(function) for _ in range(3)]

    invocations = lab.run(story())
    assert [one.cold for one in invocations] == [True, False, False]
    assert len({expect_value(one) for one in invocations}) == 1
    assert {one.environment for one in invocations} == {invocations[0].environment}


def test_load_makes_environments_up_to_the_limit_and_then_a_queue(new_lab, expect_value):
    lab = new_lab(Settings(spares={}, max_environments=3))
    function = lab.python(PY_SELF)

    async def story():
        await lab.deploy(function)
        return await asyncio.gather(*(lab.call(function, {"wait": 0.4}) for _ in range(6)))

    invocations = lab.run(story())
    assert len({expect_value(one) for one in invocations}) == 3
    assert sum(one.cold for one in invocations) == 3
    assert max(one.duration_ms for one in invocations) < 790  # waiting in the queue is not the function's time
    assert [one.waited_ms > 200 for one in invocations] == [False] * 3 + [True] * 3  # but it is told
    assert [one.waited_ms for one in invocations[:3]] == [0] * 3


def test_beyond_its_reserved_concurrency_a_function_is_throttled(lab, expect_value, expect_failure):
    function = replace(lab.python(PY_SELF), concurrency=1)

    async def story():
        await lab.deploy(function)
        running = asyncio.ensure_future(lab.call(function, {"wait": 0.3}))
        await asyncio.sleep(0)
        second = await lab.call(function)
        return await running, second, await lab.call(function)

    first, second, third = lab.run(story())
    assert expect_value(first) == expect_value(third)
    assert expect_failure(second).kind is FailureKind.THROTTLED
    assert expect_failure(second).error_type == "TooManyRequestsException"


def test_the_most_recently_used_environment_comes_first(plain_lab, tmp_path):
    function, go_on = plain_lab.python(PY_WAIT), tmp_path / "go on"

    async def story():
        await plain_lab.deploy(function)
        slow = asyncio.ensure_future(plain_lab.call(function, {"until": str(go_on)}))
        fast = await _another_environment(plain_lab, function, slow)
        go_on.touch()
        assert (await slow).environment != fast.environment
        return await slow, await plain_lab.call(function)

    slow, third = plain_lab.run(story())
    assert third.environment == slow.environment


async def _another_environment(lab, function, busy):
    """The answer to a call beside one that has begun and does not end."""
    for _ in range(1000):
        if any(one.state == "busy" for one in lab.service.status().functions[0].environments):
            break
        await asyncio.sleep(0.005)
    answer = await lab.call(function)
    assert not busy.done()
    return answer


def test_idle_environments_end(new_lab, expect_value, alive):
    lab = new_lab(replace(PLAIN, idle_seconds=0.1))
    function = lab.python(PY_PID)

    async def story():
        await lab.deploy(function)
        pid = expect_value(await lab.call(function))
        await asyncio.sleep(0.35)
        assert not alive(pid)
        return await lab.call(function)

    assert lab.run(story()).cold


def test_recycled_environments_end_and_those_at_work_when_they_have_answered(plain_lab, tmp_path, expect_value):
    function, go_on = plain_lab.python(PY_WAIT), tmp_path / "go on"

    async def story():
        await plain_lab.deploy(function)
        slow = asyncio.ensure_future(plain_lab.call(function, {"until": str(go_on)}))
        fast = await _another_environment(plain_lab, function, slow)
        ended = plain_lab.service.recycle(["fn", "nobody"])
        go_on.touch()
        return ended, [fast, await slow, await plain_lab.call(function)]

    ended, answers = plain_lab.run(story())
    assert ended == {"fn": 2, "nobody": 0}
    assert len({expect_value(one) for one in answers}) == 3


def test_chaos_ends_environments_after_their_invocations(new_lab, expect_value):
    chaos = Chaos(50, seed=7)
    lab = new_lab(replace(PLAIN, chaos=chaos))
    function = lab.python(PY_PID)

    async def story():
        await lab.deploy(function)
        return [await lab.call(function) for _ in range(20)]

    cold = [one.cold for one in lab.run(story())]
    assert cold == [True, *(chaos.ends_with(number) for number in range(19))]


def test_a_caller_that_leaves_does_not_stop_the_function(lab):
    function = lab.python("import time\ndef handler(event, context):\n    time.sleep(0.1)\n    print('done')\n")

    async def story():
        await lab.deploy(function)
        caller = asyncio.ensure_future(lab.call(function))
        await asyncio.sleep(0.05)
        caller.cancel()
        await asyncio.sleep(0.15)
        return lab.log.texts, await lab.call(function)

    texts, second = lab.run(story())
    assert "done" in texts
    assert not second.cold


def test_a_spare_process_makes_a_cold_start_short(new_lab):
    lab = new_lab(Settings(spares={Language.NODE: 1}))
    function = lab.node(PID)

    async def story():
        await lab.deploy(function)
        await asyncio.sleep(0.3)
        assert lab.service.status().spares == 1
        both = [asyncio.ensure_future(lab.call(function, {"wait": 50})) for _ in range(2)]
        return [await one for one in both]

    first, second = lab.run(story())
    assert second.init_ms < first.init_ms


# ── deploying ───────────────────────────────────────────────────────────────────────────────────────────────────

# id: (language, files, line, what the message holds)
BROKEN = {
    "syntax, node": (
        "node",
        {"index.js": "'use strict';\n\nexports.handler = async ( => 1;\n"},
        "index.js",
        3,
        "SyntaxError",
    ),
    "syntax, ES module": (
        "node",
        {"index.mjs": "export const handler = 1;\nlet x = ;\n"},
        "index.mjs",
        2,
        "SyntaxError",
    ),
    "syntax, python": ("python", {"app.py": "x = 1\ndef handler(:\n    pass\n"}, "app.py", 2, "Syntax error in module"),
    "syntax in an imported module": (
        "python",
        {"app.py": "import lib\n", "lib.py": "\n\n)\n"},
        "lib.py",
        3,
        "Syntax error",
    ),
    "missing module, node": (
        "node",
        {"index.js": "\nconst a = require('nope');\n"},
        "index.js",
        2,
        "Cannot find module 'nope'",
    ),
    "missing module, ES": ("node", {"index.mjs": "import 'nope';\n"}, "index.mjs", None, "Cannot find package 'nope'"),
    "missing module, python": ("python", {"app.py": "\n\nimport nope\n"}, "app.py", 3, "No module named 'nope'"),
    "throws, node": ("node", {"index.js": "\nnull.x;\n"}, "index.js", 2, "TypeError"),
    "raises, python": ("python", {"app.py": "\n\n1 / 0\n"}, "app.py", 3, "ZeroDivisionError"),
    "no handler, node": ("node", {"index.js": "exports.other = 1\n"}, "index.js", None, "index.handler is undefined"),
    "no handler, python": ("python", {"app.py": "other = 1\n"}, "app.py", None, "Handler 'handler' missing"),
}


def test_broken_code_is_a_problem_with_its_place(lab):
    functions = {}
    for index, (case, row) in enumerate(BROKEN.items()):
        make = lab.node if row[0] == "node" else lab.python
        functions[case] = make(row[1], name=f"fn{index}")
    problems = {problem.at: problem for problem in lab.run(lab.deploy(*functions.values()))}
    seen = {}
    for case, function in functions.items():
        problem = problems[f"function {function.name}"]
        assert BROKEN[case][4] in problem.message
        seen[case] = (problem.file, problem.line)
    assert seen == {case: (f"{functions[case].code.path}/{row[2]}", row[3]) for case, row in BROKEN.items()}


def test_code_that_is_not_there_is_a_problem(lab, expect_failure):
    function = EdgeFunction("auth", Code("/nowhere/auth"), "index.handler", "nodejs20.x")

    async def story():
        (problem,) = await lab.deploy(function)
        return problem, expect_failure(await lab.call(function))

    problem, failure = lab.run(story())
    assert "/nowhere/auth" in problem.message
    assert failure.kind.name == "UNAVAILABLE"


def test_without_an_interpreter_a_function_is_unavailable(lab, expect_failure, monkeypatch):
    monkeypatch.setattr("edgesim.runtimes.interpreters._nearest_installed", lambda *_: None)
    monkeypatch.setattr(lab.service._code._interpreters, "_overrides", {})
    function = lab.node(PID, name="auth", runtime="nodejs22.x")

    async def story():
        (problem,) = await lab.deploy(function)
        return problem, expect_failure(await lab.call(function))

    problem, failure = lab.run(story())
    assert problem.message == "auth asks for nodejs22.x, and no Node.js was found that starts"
    assert problem.hint == "install Node.js 22, or pip install 'edgesim[node]'"
    assert failure.kind.name == "UNAVAILABLE"
    assert problem.hint in failure.message


def test_what_is_not_deployed_is_unavailable(lab, expect_failure):
    function = lab.python(PY_PID)

    async def story():
        await lab.deploy(function)
        return expect_failure(await lab.call(replace(function, version="2")))

    assert lab.run(story()).error_type == "ResourceNotFoundException"


def test_functions_that_share_code_are_separate(lab, expect_value):
    one = lab.python(
        "import uuid\nme = str(uuid.uuid4())\ndef a(e, c): return ['a', me]\ndef b(e, c): return ['b', me]\n", "app.a"
    )
    other = replace(one, handler="app.b")

    async def story():
        await lab.deploy(one, other)
        return expect_value(await lab.call(one)), expect_value(await lab.call(other))

    (a, process), (b, other_process) = lab.run(story())
    assert (a, b) == ("a", "b")
    assert process != other_process


def test_what_is_no_longer_deployed_ends_when_it_is_done(plain_lab, expect_value, alive):
    old, new = plain_lab.python(PY_PID, name="old"), plain_lab.python(PY_PID, name="new")

    async def story():
        await plain_lab.deploy(old)
        running = asyncio.ensure_future(plain_lab.call(old, {"wait": 0.15}))
        await asyncio.sleep(0.05)
        await plain_lab.deploy(new)
        pid = expect_value(await running)
        await asyncio.sleep(0.1)
        return pid

    assert not alive(plain_lab.run(story()))


def test_a_request_that_began_before_a_reload_is_still_served(plain_lab, expect_value, alive):
    old, new = plain_lab.python(PY_PID, name="old"), plain_lab.python(PY_PID, name="new")

    async def story():
        await plain_lab.deploy(old)
        await plain_lab.deploy(new)
        pid = expect_value(await plain_lab.call(old))
        await asyncio.sleep(0.1)
        return pid

    assert not alive(plain_lab.run(story()))


def test_packages_that_lambda_brings_are_lent(lab, tmp_path, monkeypatch):
    (tmp_path / "lent").mkdir()
    (tmp_path / "lent/boto3.py").write_text("name = 'lent'")
    packages = (("boto3.py", tmp_path / "lent/boto3.py"),)
    monkeypatch.setattr(lab.service._code, "_lend", lambda interpreter: Lent(tmp_path / "lent", packages))
    source = "import boto3\ndef handler(event, context):\n    return boto3.name\n"
    assert lab.value(lab.python(source)) == "lent"
    assert lab.value(lab.python({"app.py": source, "boto3.py": "name = 'own'"})) == "own"


# ── hot reload ──────────────────────────────────────────────────────────────────────────────────────────────────


def save(function: EdgeFunction, file: str, text: str) -> None:
    (Path(function.code.path) / file).write_text(text)


@pytest.mark.parametrize("language", ["node", "python"])
def test_a_saved_change_is_live_well_within_a_second(lab, language, expect_value):
    make, file, source = {
        "node": (lab.node, "index.js", "exports.handler = async () => 'WORD'"),
        "python": (lab.python, "app.py", "def handler(event, context):\n    return 'WORD'\n"),
    }[language]
    function = make(source.replace("WORD", "one"))

    async def story():
        await lab.deploy(function)
        first = expect_value(await lab.call(function))
        save(function, file, source.replace("WORD", "two"))
        begun = time.monotonic()
        assert await lab.service.refresh() == []
        second = await lab.call(function)
        return first, second, time.monotonic() - begun

    first, second, took = lab.run(story())
    assert (first, expect_value(second)) == ("one", "two")
    assert second.cold
    assert took < 1


def test_a_broken_save_leaves_the_last_version_serving(lab, expect_value):
    function = lab.node(
        {
            "index.js": "const { word } = require('./lib'); exports.handler = async () => word()",
            "lib.js": "exports.word = () => 1",
        }
    )

    async def story():
        await lab.deploy(function)
        save(function, "lib.js", "exports.word = () => {\n  return (;\n}")
        (problem,) = await lab.service.refresh()
        broken = await lab.call(function)
        assert await lab.service.refresh() == []  # told once
        assert lab.service.status().functions[0].problem == replace(problem, hint="")
        save(function, "lib.js", "exports.word = () => 2")
        assert await lab.service.refresh() == []
        assert lab.service.status().functions[0].problem is None
        return problem, broken, await lab.call(function)

    problem, broken, mended = lab.run(story())
    assert (problem.file, problem.line) == (f"{function.code.path}/lib.js", 2)
    assert problem.hint == "the last version that worked goes on serving"
    assert (expect_value(broken), expect_value(mended)) == (1, 2)
    assert broken.newer == str(replace(problem, hint=""))
    assert mended.newer == ""


def test_a_function_broken_from_the_start_is_mended_by_a_save(lab, expect_failure, expect_value):
    function = lab.python("def handler(:\n")

    async def story():
        assert len(await lab.deploy(function)) == 1
        first = await lab.call(function)
        save(function, "app.py", "import nope")
        assert len(await lab.service.refresh()) == 1
        second = await lab.call(function)
        save(function, "app.py", "def handler(event, context): return 1")
        assert await lab.service.refresh() == []
        return first, second, await lab.call(function)

    first, second, third = lab.run(story())
    assert expect_failure(first).error_type == "Runtime.UserCodeSyntaxError"
    assert expect_failure(second).error_type == "Runtime.ImportModuleError"
    assert {expect_failure(first).place, expect_failure(second).place} == {Place(f"{function.code.path}/app.py", 1)}
    assert expect_value(third) == 1


def test_what_is_thrown_has_its_place_in_the_users_own_file(lab, expect_failure):
    function = lab.node("exports.handler = async (event) => {\n  return event.nothing.here\n}\n")

    async def story():
        await lab.deploy(function)
        return await lab.call(function)

    assert expect_failure(lab.run(story())).place == Place(f"{function.code.path}/index.js", 2)


def test_an_invocation_that_runs_during_a_reload_finishes_with_its_version(plain_lab, expect_value, tmp_path):
    function, go_on = plain_lab.python(PY_WAIT.replace("os.getpid()", "1")), tmp_path / "go on"

    async def story():
        await plain_lab.deploy(function)
        running = asyncio.ensure_future(plain_lab.call(function, {"until": str(go_on)}))
        await _another_environment(plain_lab, function, running)
        save(function, "app.py", "def handler(event, context):\n    return 2\n")
        await plain_lab.service.refresh()
        new = await plain_lab.call(function)
        assert not running.done()
        go_on.touch()
        return expect_value(await running), expect_value(new), expect_value(await plain_lab.call(function))

    assert plain_lab.run(story()) == (1, 2, 2)
    assert len(plain_lab.service.status().functions[0].environments) == 1


def test_a_save_without_a_change_starts_nothing(lab):
    function = lab.python(PY_PID)

    async def story():
        await lab.deploy(function)
        before = await lab.call(function)
        save(function, "app.py", PY_PID)
        assert await lab.service.refresh() == []
        return before, await lab.call(function)

    before, after = lab.run(story())
    assert before.environment == after.environment
    assert not after.cold


def test_watched_paths_are_the_users_own(lab):
    function = lab.python(PY_PID)
    lab.run(lab.deploy(function, replace(function, name="other")))
    assert lab.service.watched_paths() == (Path(function.code.path),)


# ── leaving nothing behind ──────────────────────────────────────────────────────────────────────────────────────


def test_close_ends_everything_and_invocations_in_flight_fail(new_lab, expect_failure, alive):
    lab = new_lab(Settings(max_environments=2))
    node, python = (
        lab.node("exports.handler = async () => { for (;;); }", name="node"),
        lab.python(PY_PID, name="python"),
    )

    async def story():
        await lab.deploy(node, python)
        calls = [asyncio.ensure_future(lab.call(node, limit=30))]
        calls += [asyncio.ensure_future(lab.call(python, {"wait": 30}, limit=30)) for _ in range(4)]
        await asyncio.sleep(0.3)
        status = lab.service.status()
        pids = {one.pid for function in status.functions for one in function.environments}
        begun = time.monotonic()
        await lab.service.close()
        assert time.monotonic() - begun < 2
        results = [expect_failure(await call) for call in calls]
        return pids, results, expect_failure(await lab.call(node))

    pids, results, late = lab.run(story())
    assert len(pids) == 3
    assert not any(map(alive, pids))
    assert {failure.error_type for failure in (*results, late)} == {"Edgesim.ShutDown"}
    assert not lab.service._workspace.path.exists()


@pytest.mark.parametrize("gone", [False, True], ids=["the code changed", "the code is gone"])
def test_close_ends_what_is_at_work_for_a_version_before(new_lab, expect_failure, alive, gone):
    """As scenarios deploy: whoever calls it finds out whether it starts."""
    lab = new_lab(Settings(spares={}, initialise_ahead=False, publishes=False))
    function = lab.python(PY_PID)
    code = Path(function.code.path) / "app.py"

    async def story():
        await lab.deploy(function)
        first = asyncio.ensure_future(lab.call(function, {"wait": 30}, limit=30))
        for _ in range(200):
            if (found := lab.service.status().functions[0].environments) and found[0].pid is not None:
                break
            await asyncio.sleep(0.01)
        code.unlink() if gone else code.write_text(f"{PY_PID}# saved\n")
        if gone:
            code.parent.rmdir()
        await lab.service.deploy([function])
        assert lab.service.status().functions[0].environments == ()
        await lab.service.close()
        return found[0].pid, first.done(), expect_failure(await first)

    pid, done, failure = lab.run(story())
    assert done
    assert not alive(pid)
    assert failure.error_type == "Edgesim.ShutDown"


def test_it_works_without_descriptors_of_processes(new_lab, expect_failure, expect_value, monkeypatch):
    """As on macOS."""
    monkeypatch.setattr("edgesim.runtimes.process._open_pidfd", lambda pid: None)
    lab = new_lab(PLAIN)
    function = lab.python("import os, time\ndef handler(event, context):\n    exec(event['do'])\n    return 1\n")

    async def story():
        await lab.deploy(function)
        exited = expect_failure(await lab.call(function, {"do": "os._exit(3)"}))
        late = expect_failure(await lab.call(function, {"do": "time.sleep(9)"}, limit=0.2))
        # a copy of the process holds the socket, so its closing can't tell
        forked = await lab.call(function, {"do": "os.fork() or time.sleep(9)"}, limit=0.3)
        return exited, late, forked, expect_value(await lab.call(function, {"do": ""}))

    exited, late, _, value = lab.run(story())
    assert exited.message.endswith("exit status 3")
    assert late.kind.name == "TIMEOUT"
    assert value == 1


STORY = """
    import asyncio, uuid
    from edgesim.distribution.model import Code, EdgeFunction, Trigger
    from edgesim.driver.clock import SystemClock
    from edgesim.ports import Call
    from edgesim.runtimes import LambdaService

    class Quiet:
        def lines(self, *_): pass

    async def main():
        service = LambdaService(SystemClock(), Quiet(), lambda: str(uuid.uuid4()))
        idle = EdgeFunction("idle", Code(inline="def handler(e, c): pass"), "index.handler", "python3.11")
        source = "exports.handler = async () => { require('child_process').spawn('sleep', ['60']); for (;;); }"
        spin = EdgeFunction("spin", Code(inline=source), "index.handler", "nodejs20.x")
        await service.deploy([idle, spin])
        asyncio.ensure_future(service.invoke(Call(spin, Trigger.VIEWER_REQUEST, {}, 60)))
        await asyncio.sleep(0.4)
        print(service._workspace.path, flush=True)
        await asyncio.sleep(60)

    asyncio.run(main())
"""


def children_of(pid: int) -> set[int]:
    """Every descendant."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found: set[int] = set()
    while grown := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= grown
    return found


def test_nothing_outlives_a_killed_edgesim(gone_within):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STORY)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    with process:
        folder = Path(process.stdout.readline().strip())
        pids = children_of(process.pid)
        assert len(pids) >= 4  # the guard, two functions, a sleep
        assert folder.is_dir()
        os.kill(process.pid, signal.SIGKILL)
    assert gone_within(2, pids)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("language", "source", "hint"),
    [
        ("python", "import boto3", "Lambda brings boto3 along, and edgesim lends what is installed beside it"),
        ("node", "require('@aws-sdk/client-s3')", "Lambda brings @aws-sdk/client-s3 along; here: npm install"),
    ],
)
def test_where_the_sdk_is_missing_it_is_said_that_lambda_has_it(lab, language, source, hint, monkeypatch):
    monkeypatch.setattr(lab.service._code, "_lend", lambda interpreter: None)
    function = getattr(lab, language)(source)
    [problem] = lab.run(lab.deploy(function))
    assert problem.hint.startswith(hint)
