"""What a function finds around it, and what it can't get at. Wherever the kernel allows it, every environment is in a
sandbox; what the other tests of this folder say of environments holds there too."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.distribution.limits import Limit
from edgesim.distribution.model import Code
from edgesim.runtimes import Settings
from edgesim.runtimes.child import Child
from edgesim.runtimes.interpreters import Interpreters, Language
from edgesim.runtimes.room import Room
from edgesim.runtimes.zygotes import Isolation
from edgesim.values.invocation import FailureKind
from tests.runtimes.conftest import PLAIN, PY_DO, interpreters

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")]

WRITE = """
import os
def attempt(path):
    try:
        with open(path, 'w') as file:
            file.write('x')
        return 'written'
    except OSError as error:
        return os.strerror(error.errno)
def handler(event, context):
    return {path: attempt(path) for path in event['paths']}
"""
NODE_DO = "exports.handler = async (event) => await eval(event.do)"


def test_this_machine_gives_the_whole_sandbox(lab):
    """The rest of this file is about it: where it is not to be had, this says why."""
    lab.once(lab.python(PY_DO), {"do": "1"})
    assert lab.service.status().isolation == Isolation()


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_but_tmp_can_be_written(lab, expect_value):
    paths = ["/tmp/a", "/var/task/app.py", "/var/task/new", "/new", "/usr/new", "/etc/new", "/var/new"]
    written = expect_value(lab.once(lab.python(WRITE), {"paths": paths}))
    assert written.pop("/tmp/a") == "written"
    assert set(written.values()) == {"Read-only file system"}


def test_the_code_is_at_var_task_and_the_working_directory(said):
    assert said("[os.getcwd(), os.environ['LAMBDA_TASK_ROOT'], os.listdir('/var/task'), __file__]") == [
        "/var/task", "/var/task", ["app.py"], "/var/task/app.py",
    ]  # fmt: skip


@pytest.mark.parametrize("path", [str(Path.home() / ".profile"), "/home", "/etc/shadow", "/dev/shm", "/run", __file__])
def test_it_is_not_there(said, path):
    assert said(f"os.path.exists({path!r})") is False


NODE_HOME = """
const fs = require('fs'), path = require('path');
const below = (folder) => !fs.existsSync(folder) ? [] : fs.readdirSync(folder, { withFileTypes: true }).flatMap((one) =>
  one.isDirectory() ? below(path.join(folder, one.name)) : [path.join(folder, one.name)]);
exports.handler = async ({ home, needs }) =>
  below(home).filter((one) => !needs.some((need) => one === need || one.startsWith(need + '/')));
"""
HOME = """
import os
def handler(event, context):
    files = [os.path.join(folder, name) for folder, _, names in os.walk(event['home']) for name in names]
    return [one for one in files if not any(one == need or one.startswith(need + '/') for need in event['needs'])]
"""


@pytest.mark.parametrize("language", list(Language))
def test_of_a_home_directory_there_is_what_the_interpreter_runs_from(lab, expect_value, language):
    interpreter = Interpreters(interpreters()).choose({"python": "python3.11", "nodejs": "nodejs20.x"}[language])
    event = {"home": str(Path.home()), "needs": [str(one) for one in interpreter.needs]}
    make = lab.python if language == "python" else lab.node
    assert expect_value(lab.once(make({"python": HOME, "nodejs": NODE_HOME}[language]), event)) == []


def test_packages_of_the_interpreter_are_not_there(said):
    assert said("[one for one in sys.path if 'site-packages' in one]") == []
    assert said("list(__import__('pathlib').Path(os.__file__).parent.glob('site-packages/*'))") == []


def test_the_user_is_lambdas_and_has_no_privileges(said):
    status = said("open('/proc/self/status').read()")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["993"] * 4
    assert fields["CapEff"] == fields["CapPrm"] == fields["CapBnd"] == "0" * 16
    assert fields["NoNewPrivs"] == "1"


def test_tmp_holds_512_megabytes_and_not_more(said):
    assert said("os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize") == 512 * 1024 * 1024


def test_tmp_is_the_environments_own(lab, expect_value):
    source = (
        "import os, time\ndef handler(e, c):\n    open('/tmp/' + e['name'], 'w')\n    time.sleep(0.2)\n"
        "    return os.listdir('/tmp')\n"
    )
    function = lab.python(source)

    async def story():
        await lab.deploy(function)
        return await asyncio.gather(*(lab.call(function, {"name": name}) for name in "ab"))

    assert sorted(map(expect_value, lab.run(story()))) == [["a"], ["b"]]


@pytest.mark.parametrize("language", ["node", "python"])
def test_tmp_stays_when_the_process_is_lost_and_the_next_environment_has_its_own(lab, language, expect_value):
    make, source = {
        "python": (lab.python, PY_DO),
        "node": (lab.node, NODE_DO),
    }[language]
    steps = {
        "python": ("open('/tmp/kept', 'w').close() or os._exit(1)", "os.listdir('/tmp')"),
        "node": (
            "require('fs').writeFileSync('/tmp/kept', '') ?? process.exit(1)",
            "require('fs').readdirSync('/tmp')",
        ),
    }[language]
    function = make(source)

    async def story():
        await lab.deploy(function)
        lost = await lab.call(function, {"do": steps[0]})
        again = await lab.call(function, {"do": steps[1]})
        lab.service.cool([function])
        return lost, again, await lab.call(function, {"do": steps[1]})

    lost, again, fresh = lab.run(story())
    assert lost.result.kind is FailureKind.EXIT
    assert (again.environment, expect_value(again)) == (lost.environment, ["kept"])
    assert fresh.environment != lost.environment
    assert expect_value(fresh) == []


def workspace(lab, files, links, main):
    """A function's folder in a workspace of packages, as package managers lay it out."""
    root = lab.write("workspace", files)
    for link, leads in links.items():
        (root / link).parent.mkdir(parents=True, exist_ok=True)
        (root / link).symlink_to(leads)
    return replace(lab.node({"index.js": main}), code=Code(str(root / "packages/fn")))


def test_modules_come_from_a_workspace_of_npm(lab, expect_value):
    function = workspace(
        lab,
        {
            "packages/fn/index.js": "exports.handler = async () => [require('plain').name, require('@me/shared').name]",
            "packages/fn/node_modules/plain/index.js": "exports.name = require('dependency').name",
            "packages/fn/node_modules/dependency/index.js": "exports.name = 'plain'",
            "packages/shared/index.js": "exports.name = 'shared'",
        },
        {"packages/fn/node_modules/@me/shared": "../../../shared"},
        "",
    )
    assert expect_value(lab.once(function)) == ["plain", "shared"]


def test_modules_come_from_a_workspace_of_pnpm(lab, expect_value):
    function = workspace(
        lab,
        {
            "packages/fn/index.js": "exports.handler = async () => [require('a').name, require('ws').name]",
            "node_modules/.pnpm/a@1/node_modules/a/index.js": "exports.name = 'a with ' + require('b').name",
            "node_modules/.pnpm/b@1/node_modules/b/index.js": "exports.name = 'b'",
            "packages/ws/index.js": "exports.name = 'ws with ' + require('b').name",
        },
        {
            "node_modules/.pnpm/a@1/node_modules/b": "../../b@1/node_modules/b",
            "packages/fn/node_modules/a": "../../../node_modules/.pnpm/a@1/node_modules/a",
            "packages/fn/node_modules/ws": "../../ws",
            "packages/ws/node_modules/b": "../../../node_modules/.pnpm/b@1/node_modules/b",
        },
        "",
    )
    assert expect_value(lab.once(function)) == ["a with b", "ws with b"]


def test_modules_come_from_a_single_package_of_pnpm(lab, expect_value):
    function = workspace(
        lab,
        {
            "packages/fn/index.js": "exports.handler = async () => require('a').name",
            "packages/fn/node_modules/.pnpm/a@1/node_modules/a/index.js": "exports.name = require('b').name",
            "packages/fn/node_modules/.pnpm/b@1/node_modules/b/index.js": "exports.name = 'b'",
        },
        {
            "packages/fn/node_modules/.pnpm/a@1/node_modules/b": "../../b@1/node_modules/b",
            "packages/fn/node_modules/a": ".pnpm/a@1/node_modules/a",
        },
        "",
    )
    assert expect_value(lab.once(function)) == "b"


ABSOLUTE = {
    "packages/fn/index.js": "exports.handler = async () => ['ws', 'user', '@me/in', 'a', 'inner'].map("
    "(name) => require(name).name)",
    "packages/fn/index.mjs": "import a from 'a'; import ws from 'ws'; import user from 'user'\n"
    "export const handler = async () => [a.name, ws.name, user.name]",
    "packages/fn/lib/index.js": "exports.name = 'within the code'",
    "packages/fn/node_modules/.store/a/index.js": "exports.name = 'stored'",
    "packages/fn/node_modules/hoisted/index.js": "exports.name = 'hoisted'",
    "packages/fn/node_modules/user/index.js": "exports.name = 'user of ' + require('ws').name",
    "packages/fn/packages/ws/index.js": "exports.name = 'ws with ' + require('hoisted').name",
    "node_modules/inner/index.js": "exports.name = 'inner'",
}
LINKS = {
    "ws": "packages/fn/packages/ws",
    "@me/in": "packages/fn/lib",
    "a": "packages/fn/node_modules/.store/a",
    "inner": "node_modules/inner",
    "gone": "nowhere",
}


@pytest.mark.parametrize("without", ["index.js", "index.mjs"])
def test_absolute_links_between_packages_are_followed(lab, expect_value, without):
    root = lab.folder / "workspace"
    links = {f"packages/fn/node_modules/{name}": str(root / leads) for name, leads in LINKS.items()}
    function = workspace(lab, ABSOLUTE, links, "")
    (root / "packages/fn" / without).unlink()
    ws, user = "ws with hoisted", "user of ws with hoisted"
    of = {"index.mjs": [ws, user, "within the code", "stored", "inner"], "index.js": ["stored", ws, user]}
    assert expect_value(lab.once(function)) == of[without]


def test_what_the_sdk_needs_is_found_beside_it_and_by_nobody_else(lab, expect_value):
    lab.write(
        "",
        {
            "node_modules/@aws-sdk/client-s3/index.js": "exports.name = 's3 with ' + require('@smithy/core').name",
            "node_modules/@smithy/core/index.js": "exports.name = 'core with ' + require('helper').name",
            "node_modules/helper/index.js": "exports.name = 'helper'",
        },
    )
    source = (
        "const { name } = require('@aws-sdk/client-s3')\nlet helper\n"
        "try { require('helper') } catch (error) { helper = error.code }\nexports.handler = async () => [name, helper]"
    )
    assert expect_value(lab.once(lab.node(source))) == ["s3 with core with helper", "MODULE_NOT_FOUND"]


ZIPS = {
    "index.js": ("exports.handler = async () => 1", "Error", "EACCES: permission denied, open"),
    "app.py": ("def handler(event, context): return 1", "PermissionError", "[Errno 13] Permission denied"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_file_of_a_zip_that_is_not_for_others_is_denied(new_lab, tmp_path, expect_failure, name):
    source, error, message = ZIPS[name]
    lab = new_lab(Settings(spares={}))
    with zipfile.ZipFile(tmp_path / "fn.zip", "w") as packed:
        packed.writestr(name, source)  # mode 600, as many a build script has it
    function = lab.node("") if name == "index.js" else lab.python("")
    function = replace(function, code=Code(str(tmp_path / "fn.zip")))
    warning, problem = lab.run(lab.service.deploy([function]))
    assert warning.message == f"fn can't read {name}: permission denied, as on Lambda"
    assert problem.severity == "error"
    failure = expect_failure(lab.run(lab.call(function)))
    assert (failure.error_type, message in failure.message) == (error, True)


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_other_process_can_be_seen(said):
    assert said("sorted(int(name) for name in os.listdir('/proc') if name.isdigit())") == [1, 2]


def test_a_process_can_not_be_traced(said):
    trace = "__import__('ctypes').CDLL(None, use_errno=True).ptrace(16, 1, 0, 0)"
    assert said(f"[{trace}, __import__('ctypes').get_errno()]") == [-1, 1]


@pytest.mark.parametrize("call", ["unshare(0x10020000)", "mount(None, b'/var/task', b'tmpfs', 0, None)"])
def test_no_namespace_can_be_made_and_nothing_mounted(said, call):
    libc = "__import__('ctypes').CDLL(None, use_errno=True)"
    assert said(f"[{libc}.{call}, __import__('ctypes').get_errno()]") == [-1, 1]


KEYCTL = {"x86_64": 250, "aarch64": 219}


def test_keys_of_the_machines_users_are_not_there(said):
    number = KEYCTL[os.uname().machine]
    libc = "__import__('ctypes').CDLL(None, use_errno=True)"
    assert said(f"[{libc}.syscall({number}, 0, -3, 0), __import__('ctypes').get_errno()]") == [-1, 1]


@pytest.mark.parametrize(("family", "says"), [(1, 0), (2, 0), (10, 0), (16, 0), (17, 97), (38, 97), (40, 97)])
def test_sockets_are_unix_tcp_and_udp_and_nothing_else(lab, expect_value, family, says):
    source = (
        "import socket\ndef handler(event, context):\n    try:\n"
        f"        socket.socket({family}, socket.SOCK_RAW if {family} == 16 else socket.SOCK_DGRAM).close()\n"
        "    except OSError as error:\n        return error.errno\n    return 0\n"
    )
    assert expect_value(lab.once(lab.python(source))) == says


ABSTRACT = """
import socket
def handler(event, context):
    def attempt(name, kind):
        try:
            socket.socket(socket.AF_UNIX, kind).connect(name)
        except OSError as error:
            return type(error).__name__
        return 'connected'
    own = socket.socket(socket.AF_UNIX)
    own.bind('\\0' + event['name'] + '-own')
    own.listen()
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    return [*(attempt('\\0' + event['name'], kind) for kind in kinds), attempt(own.getsockname(), kinds[0])]
"""


def test_unix_sockets_of_the_machine_are_out_of_reach_also_those_without_a_path(lab, expect_value):
    if not can_scope():
        pytest.skip("this kernel has no scopes for sockets (Linux 6.12)")
    name = f"edgesim-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as stream, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        for one in (stream, datagrams):
            one.bind(f"\0{name}")
        stream.listen()
        answer = lab.once(lab.python(ABSTRACT), {"name": name})
        assert expect_value(answer) == ["PermissionError", "PermissionError", "connected"]


def can_scope():
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    return syscall(444, None, 0, 1) >= 6  # landlock_create_ruleset, which tells its version


def test_limits_of_descriptors_and_processes(said):
    limits = said("[__import__('resource').getrlimit(one) for one in (7, 6, 4)]")
    assert limits[0] == [1024, 1024]
    assert limits[1][0] >= 1024
    assert limits[2] == [0, 0]


KILLS = """
import os, signal
def handler(event, context):
    if os.getcwd() != '/var/task':
        return 'there is no sandbox: never do this outside of one'
    for pid in (os.getppid(), -1):
        for one in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(pid, one)
            except OSError:
                pass
    return 'there is nobody to be killed'
"""


def test_nobody_else_can_be_stopped_or_killed(lab, expect_value):
    function = lab.python(KILLS)

    async def story():
        await lab.deploy(function)
        return [await lab.call(function) for _ in range(2)]

    first, second = lab.run(story())
    assert [expect_value(one) for one in (first, second)] == ["there is nobody to be killed"] * 2
    assert first.environment == second.environment


def test_a_daemon_does_not_outlive_its_environment(lab, expect_value):
    source = (
        "import os, time\ndef handler(e, c):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
        "            time.sleep(1000)\n        os._exit(0)\n    return 1\n"
    )
    function = lab.python(source)

    async def story():
        await lab.deploy(function)
        await lab.call(function)
        [environment] = lab.service.status().functions[0].environments
        namespace = _namespace_of(environment.pid)
        before = _in_namespace(namespace)
        lab.service.cool([function])
        for _ in range(200):
            if not _in_namespace(namespace):
                break
            await asyncio.sleep(0.01)
        return before, _in_namespace(namespace)

    before, after = lab.run(story())
    assert before >= 3  # the first process, the function's, the daemon
    assert after == 0


def _namespace_of(pid):
    return str(Path(f"/proc/{pid}/ns/pid_for_children").readlink())


def _in_namespace(name):
    def of(process):
        try:
            return str((process / "ns/pid").readlink())
        except OSError:
            return ""

    return sum(of(process) == name for process in Path("/proc").glob("[0-9]*"))


def test_a_fork_bomb_ends_with_its_time(new_lab, expect_value):
    lab = new_lab(Settings(spares={}))
    source = (
        "import os\ndef handler(e, c):\n    while True:\n        try:\n            os.fork()\n"
        "        except OSError:\n            pass\n"
    )
    bomb = lab.python(source)
    other = lab.python("def handler(e, c):\n    return 1\n", name="other")

    async def story():
        await lab.deploy(bomb, other)
        bombed = await lab.call(bomb, limit=0.5)
        return bombed, await lab.call(other)

    bombed, after = lab.run(story())
    assert bombed.result.kind in (FailureKind.TIMEOUT, FailureKind.OUT_OF_MEMORY)
    assert expect_value(after) == 1


CROWD = """
import os, time
def handler(event, context):
    children = []
    for _ in range(event['many']):
        pid = os.fork()
        if pid == 0:
            time.sleep(60)
        children.append(pid)
    return [os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, children[0], children[-1])]
"""


def test_a_crowd_of_processes_gives_way_to_everybody_else(new_lab, expect_value):
    lab = new_lab(Settings(spares={}))
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    assert expect_value(lab.once(lab.python(CROWD, name="few"), {"many": 30})) == [usual] * 3
    assert expect_value(lab.once(lab.python(CROWD, name="many"), {"many": 90})) == [19] * 3


def test_signals_break_off_no_fork(lab, expect_value):
    source = """
import os, signal
def handler(event, context):
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for done in range(200):
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return done
"""
    assert expect_value(lab.once(lab.python(source))) == 199


def test_the_larger_a_crowd_the_slower_it_grows(new_lab):
    lab = new_lab(Settings(spares={}))
    source = "import os\ndef handler(e, c):\n    while True:\n        os.fork()\n"
    bomb = lab.python(source, memory=2048)

    async def story():
        await lab.deploy(bomb)
        [environment] = lab.service.status().functions[0].environments
        namespace = _namespace_of(environment.pid)
        call = asyncio.create_task(lab.call(bomb, limit=1.0))
        most = 0
        while not call.done():
            most = max(most, _in_namespace(namespace))
            await asyncio.sleep(0.05)
        return most

    assert 64 < lab.run(story()) < 400


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────

GREEDY = {
    "node": (
        "const kept = []; exports.handler = async (event) => {"
        " for (let n = 0; n < event.mb; n += 8) {"
        "   kept.push(Buffer.alloc(8 << 20, 1)); await new Promise(setImmediate) }"
        " if (event.drop) kept.length = 0;"
        " if (event.wait) await new Promise(() => setTimeout(() => {}, 60000)); return 1 }"
    ),
    "python": (
        "import time\nkept = []\ndef handler(event, context):\n"
        "    for n in range(0, event['mb'], 8):\n        kept.append(bytearray(8 << 20))\n"
        "    if event.get('drop'):\n        kept.clear()\n    time.sleep(event.get('wait', 0))\n    return 1\n"
    ),
}


@pytest.mark.parametrize("language", ["node", "python"])
@pytest.mark.parametrize("event", [{"mb": 400, "wait": 60}, {"mb": 400}, {"mb": 400, "drop": True}], ids=str)
def test_more_memory_than_configured_kills_it(lab, language, event, expect_value, expect_failure):
    function = getattr(lab, language)(GREEDY[language], memory=256)

    async def story():
        await lab.deploy(function)
        return await lab.call(function, event, limit=10), await lab.call(function, {"mb": 8})

    greedy, after = lab.run(story())
    failure = expect_failure(greedy)
    assert (failure.kind, failure.error_type) == (FailureKind.OUT_OF_MEMORY, "Runtime.ExitError")
    assert failure.message.endswith("Runtime exited with error: signal: killed")
    report = next(line for line in lab.log.texts if line.startswith("REPORT"))
    assert "\tMemory Size: 256 MB\tMax Memory Used: 256 MB\t" in report
    assert report.endswith("\tStatus: error\tError Type: Runtime.OutOfMemory\t")
    assert (expect_value(after), after.cold) == (1, False)


FORKS = """
import os, time
def handler(event, context):
    for _ in range(12):
        if os.fork() == 0:
            time.sleep(0.4)
            os._exit(0)
    time.sleep(0.3)
    return 1
"""


def test_what_processes_share_counts_once(lab, expect_value):
    assert expect_value(lab.once(lab.python(FORKS))) == 1


IN_A_THREAD = """
import os, subprocess, sys, threading
def handler(event, context):
    program = [sys.executable, '-c', 'x = bytearray(400 << 20); import time; time.sleep(5)']
    thread = threading.Thread(target=subprocess.run, args=(program,))
    thread.start()
    thread.join()
    return 1
"""
ORPHAN = """
import os, time
def handler(event, context):
    if os.fork() == 0:
        if os.fork() == 0:
            kept = bytearray(400 << 20)
            time.sleep(5)
        os._exit(0)
    time.sleep(5)
    return 1
"""


@pytest.mark.parametrize("source", [IN_A_THREAD, ORPHAN], ids=["a child of a thread", "an orphan"])
def test_memory_of_what_a_function_started_counts(lab, source, expect_failure):
    assert expect_failure(lab.once(lab.python(source), limit=10)).kind is FailureKind.OUT_OF_MEMORY


def test_what_has_a_session_of_its_own_freezes_too(lab, expect_value):
    source = """
import os, time
def handler(event, context):
    if event:
        if os.fork() == 0:
            os.setsid()
            while True:
                with open('/tmp/beat', 'a') as file:
                    file.write(f'{time.monotonic()}\\n')
                time.sleep(0.01)
        time.sleep(0.1)
        return 0
    beats = [float(line) for line in open('/tmp/beat').read().split()]
    return max(after - before for before, after in zip(beats, beats[1:] + [time.monotonic()]))
"""
    function = lab.python(source)

    async def story():
        await lab.deploy(function)
        await lab.call(function, {"begin": 1})
        await asyncio.sleep(0.6)
        return await lab.call(function)

    assert expect_value(lab.run(story())) > 0.4


def test_memory_can_be_had_without_a_limit(new_lab, expect_value):
    lab = new_lab(replace(PLAIN, relaxed=frozenset({Limit.MEMORY})))
    assert expect_value(lab.once(lab.python(GREEDY["python"]), {"mb": 300})) == 1


def test_node_knows_what_it_has(lab, expect_value):
    function = lab.node("exports.handler = async () => process.execArgv", memory=512)
    assert "--max-old-space-size=461" in expect_value(lab.once(function))


# ── without ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_sandbox_functions_run_all_the_same_and_it_is_said_why(new_lab, expect_value, monkeypatch):
    monkeypatch.setattr("edgesim.runtimes.zygotes.PROGRAMS", "/nowhere")
    lab = new_lab(Settings(spares={}))
    assert expect_value(lab.once(lab.python(PY_DO), {"do": "os.getcwd()"})) != "/var/task"
    told = str(lab.service.status().isolation.problem())
    assert told.startswith("warning: functions run without a sandbox (")


def test_what_a_kernel_lacks_is_told_by_name():
    assert "port 25" in str(Isolation(missing=("network",)).problem())
    assert Isolation().problem() is None


def test_who_is_to_come_of_a_zygote_that_has_ended_ends(new_lab):
    lab = new_lab(Settings(spares={}))
    function = lab.python(PY_DO)

    async def story():
        await lab.deploy(function)
        [old] = lab.service._zygotes._standing()
        os.kill(old._process.pid, 9)
        await asyncio.sleep(0.1)
        await lab.call(function, {"do": "1"})  # another one takes its place
        child = Child(lambda control, output: old.start(None, control, output))
        async with asyncio.timeout(5):
            with pytest.raises(ProcessLookupError):
                await child.process.fill(Room((), "nobody's"))
            await child.exited

    lab.run(story())


def test_a_zygote_that_is_killed_is_replaced_and_leaves_no_folder(new_lab, expect_value):
    lab = new_lab(Settings(spares={}))
    function = lab.python(PY_DO)

    async def story():
        await lab.deploy(function)
        for _ in range(2):
            await lab.call(function, {"do": "1"})
            [zygote] = lab.service._zygotes._standing()
            os.kill(zygote._process.pid, 9)
            await asyncio.sleep(0.1)
        return await lab.call(function, {"do": "os.getcwd()"})

    assert expect_value(lab.run(story())) == "/var/task"
    assert len(list((lab.service._workspace.path / "sandbox").iterdir())) == 1
