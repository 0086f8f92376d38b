"""What an execution environment promises: time limits, freezing, output, endings, and nothing of edgesim's own."""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from edgesim.runtimes import Settings
from edgesim.values.invocation import Start

pytestmark = pytest.mark.slow

LOOPS = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
SMALL = Settings(spares={}, max_environments=2)
SPIN = "exports.handler = async () => { while (true) {} }"
PY_SPIN = "def handler(event, context):\n    while True:\n        pass\n"


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────


@LOOPS
@pytest.mark.parametrize("language", ["node", "python"])
def test_a_timeout_frees_the_caller_at_once(new_lab, loop, language, expect_failure):
    lab = new_lab(SMALL, loop)
    function = lab.node(SPIN) if language == "node" else lab.python(PY_SPIN)

    async def story():
        await lab.deploy(function)
        begun = time.monotonic()
        invocation = await lab.call(function, limit=0.2)
        return time.monotonic() - begun, invocation

    waited, invocation = lab.run(story())
    failure = expect_failure(invocation)
    assert 0.19 <= waited < 0.25
    assert (failure.kind.name, failure.error_type) == ("TIMEOUT", "Sandbox.Timedout")
    assert failure.message.endswith(f"Z {invocation.request_id} Task timed out after 0.20 seconds")
    report = lab.log.texts[-1]
    assert lab.log.texts[-3:-1] == [f"{failure.message}\n", f"END RequestId: {invocation.request_id}"]
    assert report.endswith("\tStatus: timeout\t")


def test_a_timeout_kills_what_the_function_started(plain_lab, gone_within):
    source = (
        "const { spawn } = require('child_process'); exports.handler = async () => {"
        " const child = spawn('sleep', ['60'], { stdio: 'inherit' }); console.log(process.pid + ' ' + child.pid);"
        " await new Promise((r) => setTimeout(r, 60000)) }"
    )
    invocation = plain_lab.once(plain_lab.node(source), limit=0.35)
    pids = [int(pid) for pid in invocation.log[0].split("\t")[-1].split()]
    assert len(pids) == 2
    assert gone_within(1, set(pids))


def test_after_a_timeout_the_environment_starts_again_without_an_init_duration(lab, expect_value):
    source = (
        "const ready = performance.now() + 300; while (performance.now() < ready);"
        " let n = 0; const hang = () => new Promise(() => setTimeout(() => {}, 9e5));"
        " exports.handler = async (event) => { n += 1; if (event.hang) await hang(); return n }"
    )
    function = lab.node(source)

    async def story():
        await lab.deploy(function)
        hung = await lab.call(function, {"hang": 1}, limit=0.2)
        return hung, await lab.call(function), await lab.call(function)

    hung, second, third = lab.run(story())
    assert [expect_value(second), expect_value(third)] == [1, 2]
    assert [one.start for one in (hung, second, third)] == [Start.COLD, Start.ANEW, Start.WARM]
    assert second.duration_ms > 300  # the new init is part of it
    assert hung.environment == second.environment == third.environment


def test_a_function_that_spins_does_not_disturb_others(lab):
    spinning, fine = lab.python(PY_SPIN, name="spinning"), lab.node("exports.handler = async () => 1", name="fine")

    async def story():
        await lab.deploy(spinning, fine)
        hanging = asyncio.ensure_future(lab.call(spinning, limit=0.4))
        slowest = 0.0
        for _ in range(10):
            begun = time.monotonic()
            await lab.call(fine)
            slowest = max(slowest, time.monotonic() - begun)
        assert not hanging.done()
        await hanging
        return slowest

    assert lab.run(story()) < 0.25


def test_init_has_ten_seconds_of_its_own(lab, expect_failure, monkeypatch):
    monkeypatch.setattr("edgesim.runtimes.environment.INIT_SECONDS", 0.2)
    function = lab.python("import time\ntime.sleep(60)\ndef handler(event, context): pass\n")

    async def story():
        (problem,) = await lab.deploy(function)
        return problem, await lab.call(function, limit=0.3)

    problem, invocation = lab.run(story())
    assert "did not finish loading" in problem.message
    assert expect_failure(invocation).kind.name == "TIMEOUT"  # loading again is part of the invocation
    reports = [text for text in lab.log.texts if text.startswith("INIT_REPORT")]
    assert [report.split("\t", 1)[1] for report in reports] == [
        "Phase: init\tStatus: timeout",
        "Phase: invoke\tStatus: timeout",
    ]


# ── freezing ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_timer_left_behind_waits_for_the_next_event(lab, expect_value):
    source = (
        "let ticks = 0; exports.handler = async (event) => {"
        " if (event.leave) { setTimeout(() => { ticks += 1; console.log('tick') }, 30) } return ticks }"
    )
    function = lab.node(source)

    async def story():
        await lab.deploy(function)
        await lab.call(function, {"leave": 1})
        lab.log.clear()
        await asyncio.sleep(0.2)
        assert lab.log == []
        return await lab.call(function)

    second = lab.run(story())
    assert expect_value(second) == 1  # overdue: it ran before the handler
    (line,) = second.log
    assert line.split("\t")[1:] == [second.request_id, "INFO", "tick"]


def test_threads_and_child_processes_freeze_too(new_lab, expect_value):
    lab = new_lab(Settings(spares={}, freeze_after=0.02))
    source = (
        "import threading, time\nn = 0\ndef count():\n    global n\n    while True:\n"
        "        n += 1\n        time.sleep(0.005)\n"
        "threading.Thread(target=count, daemon=True).start()\ndef handler(event, context):\n    return n\n"
    )
    function = lab.python(source)

    async def story():
        await lab.deploy(function)
        first = expect_value(await lab.call(function))
        await asyncio.sleep(0.4)
        return expect_value(await lab.call(function)) - first

    assert lab.run(story()) < 30


# ── output ──────────────────────────────────────────────────────────────────────────────────────────────────────


@LOOPS
def test_megabytes_of_output_are_streamed_and_cut(new_lab, loop):
    lab = new_lab(SMALL, loop)
    function = lab.node(
        "exports.handler = async () => { for (let i = 0; i < 50000; i++) console.log('x'.repeat(60), i) }"
    )
    invocation = lab.once(function, limit=30)
    assert sum(map(len, invocation.log)) <= 256 * 1024 + 100
    assert invocation.log[-1] == "[the log holds the rest of this invocation's output]"
    lines = [line.text for line in lab.log if "xxx" in line.text]
    assert len(lines) == 50_000
    assert lines[-1].endswith(" 49999")
    assert lab.log.texts[-2].startswith("END")


def test_one_endless_line_comes_in_pieces(lab):
    lab.once(lab.python("def handler(event, context):\n    print('y' * 1_000_000)\n"))
    pieces = [line.text for line in lab.log if line.text.startswith("y")]
    assert sum(map(len, pieces)) == 1_000_000
    assert max(map(len, pieces)) <= 256 * 1024


def test_the_lines_of_an_invocation_stand_between_its_start_and_end(lab):
    function = lab.python(
        "print('loading')\ndef handler(event, context):\n    print('working')\n", name="route", version="2"
    )
    invocation = lab.once(function)
    init, loading, start, working, end, report = lab.log
    assert init.text.startswith("INIT_START Runtime Version: python:3.11.v3.")
    assert (loading.trigger, loading.text) == (None, "loading")
    assert start.text == f"START RequestId: {invocation.request_id} Version: 2"
    assert (working.trigger, working.text) == ("viewer-request", "working")
    assert end.text == f"END RequestId: {invocation.request_id}"
    assert report.text == (
        f"REPORT RequestId: {invocation.request_id}\tDuration: {invocation.duration_ms:.2f} ms\t"
        f"Billed Duration: {invocation.billed_ms} ms\tMemory Size: 128 MB\t"
        f"Max Memory Used: {invocation.memory_used_mb} MB\tInit Duration: {invocation.init_ms:.2f} ms\t"
    )
    assert invocation.log == ("loading", "working")
    assert 5 < invocation.memory_used_mb < 100


# ── endings ─────────────────────────────────────────────────────────────────────────────────────────────────────

EXITS = {
    "exit(0)": ("process.exit(0)", "Runtime exited without providing a reason"),
    "exit(3)": ("process.exit(3)", "Runtime exited with error: exit status 3"),
    "kill": ("process.kill(process.pid, 'SIGKILL')", "Runtime exited with error: signal: killed"),
    "abort": ("process.abort()", "Runtime exited with error: signal: aborted"),
}


def test_a_node_process_that_ends(lab):
    source = (
        "exports.handler = async () => {{ process.stdout.write('last words'); {};"
        " await new Promise((r) => setTimeout(r, 500)) }}"
    )
    invocations = lab.all({case: lab.node(source.format(row[0])) for case, row in EXITS.items()})
    seen = {
        case: (one.result.error_type, one.result.message.split("Error: ", 1)[1]) for case, one in invocations.items()
    }
    assert seen == {case: ("Runtime.ExitError", row[1]) for case, row in EXITS.items()}
    assert all(one.log[0].startswith("last words") for one in invocations.values())


def test_an_exit_is_told_in_the_log(lab):
    invocation = lab.once(lab.node("exports.handler = async () => process.exit(1)"))
    obituary, end, report = lab.log.texts[-3:]
    assert obituary == (
        f"RequestId: {invocation.request_id} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"
    )
    assert end.startswith("END")
    assert report.endswith("\tStatus: error\tError Type: Runtime.ExitError\t")


def test_a_process_that_ends_while_idle_is_replaced(plain_lab, expect_value):
    function = plain_lab.python("import os\ndef handler(event, context):\n    return os.getpid()\n")

    async def story():
        await plain_lab.deploy(function)
        pid = expect_value(await plain_lab.call(function))
        os.kill(pid, 9)
        await asyncio.sleep(0.05)
        return pid, expect_value(await plain_lab.call(function))

    first, second = plain_lab.run(story())
    assert first != second


# ── nothing of ours ─────────────────────────────────────────────────────────────────────────────────────────────

DUMP_NODE = (
    "const fs = require('fs'); exports.handler = async () => ({ env: process.env, argv: process.argv.slice(1),"
    " cwd: process.cwd(), stdin: fs.readFileSync(0, 'utf8'), fds: fs.readdirSync('/proc/self/fd').map((fd) => {"
    " try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }) })"
)
DUMP_PYTHON = (
    "import os, sys\ndef link(fd):\n    try:\n        return os.readlink('/proc/self/fd/' + fd)\n    except OSError:\n"
    "        return ''\ndef handler(event, context):\n    return {'env': dict(os.environ), 'argv': sys.argv,"
    " 'cwd': os.getcwd(), 'stdin': sys.stdin.read(), 'fds': [link(fd) for fd in os.listdir('/proc/self/fd')]}\n"
)


@pytest.mark.parametrize("language", ["node", "python"])
def test_nothing_of_the_emulator_is_there(lab, language, expect_value, monkeypatch, tmp_path):
    monkeypatch.setenv("EDGESIM_SECRET", "s3cret")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    make, source, runtime = {
        "node": (lab.node, DUMP_NODE, "nodejs22.x"),
        "python": (lab.python, DUMP_PYTHON, "python3.12"),
    }[language]
    function = make(source, name="auth", runtime=runtime)
    with (tmp_path / "open.txt").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        seen = expect_value(lab.once(function))
    env = seen["env"]
    assert not {"EDGESIM_SECRET", "AWS_PROFILE", "USER", "VIRTUAL_ENV", "NODE_EXTRA_CA_CERTS"} & env.keys()
    assert (env["AWS_LAMBDA_FUNCTION_NAME"], env["AWS_REGION"], env["TZ"]) == ("us-east-1.auth", "us-east-1", ":UTC")
    assert env["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{runtime}"
    assert seen["cwd"] == env["LAMBDA_TASK_ROOT"] == env["PWD"]
    assert seen["cwd"] == "/var/task"
    assert seen["stdin"] == ""
    assert len(seen["argv"]) == 1
    assert not [name for name in seen["fds"] if "open.txt" in name]
    assert len([name for name in seen["fds"] if name.startswith("socket:")]) == 1


def test_the_region_is_where_the_call_says(lab, expect_value):
    function = lab.python(
        "import os\ndef handler(event, context):\n    return [os.environ['AWS_REGION'], context.invoked_function_arn]\n"
    )

    async def story():
        await lab.deploy(function)
        return expect_value(await lab.call(function, region="eu-west-1"))

    assert lab.run(story()) == ["eu-west-1", "arn:aws:lambda:eu-west-1:123456789012:function:us-east-1.fn:1"]


def test_inline_code_is_an_index_file(lab):
    from edgesim.distribution.model import Code, EdgeFunction

    function = EdgeFunction(
        "fn", Code(inline="exports.handler = async () => { throw new Error('x') }"), "index.handler", "nodejs20.x"
    )
    assert "(/var/task/index.js:1:" in lab.failure(function).stack[1]
