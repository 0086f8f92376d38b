"""Functions that do what they should not: each gets the answer that Lambda would give, the next event is answered, and
nothing of it is left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgesim.values.invocation import Failed, Invocation, Returned
from tests.runtimes.conftest import PLAIN

pytestmark = pytest.mark.slow

CLASSIC, MODERN = "nodejs20.x", "nodejs24.x"
HANGS, PATIENCE = 0.6, 20.0
"""Seconds for an invocation that is to time out, and for any other, however busy the machine is."""


@dataclass(frozen=True)
class Case:
    """What a handler does when it is bad, and what comes of it: `value`, or the type of the error and a part of its
    message. `before` is at the top of the module."""

    does: str
    value: object = None
    error: str = ""
    message: str = ""
    before: str = ""
    then: object = "fine"


def came(invocation: Invocation) -> object:
    match invocation.result:
        case Returned(payload):
            return payload
        case Failed() as failed:
            return failed.error_type, failed.message


def expected(case: Case, answer: object) -> bool:
    if case.error:
        return isinstance(answer, tuple) and answer[0] == case.error and case.message in answer[1]
    return isinstance(answer, str) and json.loads(answer) == case.value


EXIT = "Runtime.ExitError"
TIMEOUT = "Sandbox.Timedout"
STRINGIFY = "Unable to stringify response body"

# What both generations of Lambda's client for Node.js answer alike
NODE = {
    # time
    "a loop without end": Case("for (;;);", error=TIMEOUT),
    "a loop of microtasks": Case("for (;;) await null", error=TIMEOUT),
    "a loop of turns": Case("for (;;) await new Promise(setImmediate)", error=TIMEOUT),
    "an interval that is never cleared": Case("setInterval(() => {}, 1); return 'left'", "left"),
    "a timer left behind that throws": Case("setTimeout(() => { throw new Error('late') }, 60000); return 1", 1),
    # output
    "five megabytes on stdout": Case("process.stdout.write('x'.repeat(5e6)); return 1", 1),
    "200,000 line breaks": Case("process.stdout.write('\\n'.repeat(2e5)); return 1", 1),
    "100,000 NUL bytes, each in a line": Case("process.stdout.write('\\0\\n'.repeat(1e5)); return 1", 1),
    "an event without end": Case("process.stdout.write('\\0\\x01' + 'x'.repeat(5e6)); return 1", 1),
    "a log line of a megabyte": Case("console.log('x'.repeat(1e6)); return 1", 1),
    "NUL bytes and marks in the output": Case(
        "console.log('a\\0\\x02b\\0\\x01c'); process.stdout.write('d\\0\\x01e\\0f\\n'); console.log('g'); return 1", 1
    ),
    "output that is not UTF-8": Case("process.stdout.write(Buffer.from([255, 254, 10])); return 1", 1),
    "stdout, stderr and stdin closed": Case(
        "for (const fd of [0, 1, 2]) fs.closeSync(fd); console.log('still logged'); return 1", 1
    ),
    "a file in the place of stdout": Case(
        "fs.closeSync(1); fs.openSync(__filename, 'r'); console.log('still logged'); return 1", 1
    ),
    "a write to a closed stream": Case("process.stdout.end(); console.log('still logged'); return 1", 1),
    # descriptors
    "every descriptor closed": Case(
        "for (let fd = 3; fd < 256; fd++) try { fs.closeSync(fd) } catch {}; return 1", error=EXIT
    ),
    "nonsense on every socket": Case("sockets(Buffer.alloc(64, 255)); await turn(); return 1", error=EXIT),
    "a forged frame that is no number": Case("sockets(frame(9, 'x')); await turn(); return 1", error=EXIT),
    "a forged frame that only edgesim sends": Case("sockets(frame(2, '{}')); await turn(); return 1", error=EXIT),
    "forged answers": Case("for (const kind of [3, 5, 6, 7, 8]) sockets(frame(kind, '2')); await turn(); return 1", 1),
    "answers forged for later": Case(
        "setInterval(() => sockets(frame(5, '2')), 1); sockets(frame(5, '2')); await turn(5); return 1", 1
    ),
    "an answer forged at init": Case("return 1", 1, before="sockets(frame(3, '')); sockets(frame(5, '2'))"),
    "a flood of forged answers": Case("for (;;) sockets(frame(5, '2'))", error=EXIT),
    # endings
    "process.exit": Case("process.exit(3)", error=EXIT, message="exit status 3"),
    "process.exit in a callback": Case(
        "setImmediate(() => process.exit(4)); await turn(50)", error=EXIT, message="exit status 4"
    ),
    "an exit while exiting": Case(
        "process.exit(5)", error=EXIT, message="exit status 6", before="process.on('exit', () => process.exit(6))"
    ),
    "process.abort": Case("process.abort()", error=EXIT, message="signal: aborted"),
    "process.exit in place of an answer, later": Case("setTimeout(() => process.exit(1), 60000).unref(); return 1", 1),
    "SIGTERM": Case("process.kill(process.pid); await turn(50)", error=EXIT, message="signal: terminated"),
    "SIGINT": Case("process.kill(process.pid, 'SIGINT'); await turn(50)", error=EXIT, message="signal: interrupt"),
    "SIGPIPE": Case("process.kill(process.pid, 'SIGPIPE'); await turn(); return 1", 1),
    "handlers of signals": Case(
        "process.kill(process.pid); process.kill(process.pid, 'SIGINT'); await turn(50); return caught",
        ["SIGTERM", "SIGINT"],
        before="const caught = []; for (const s of ['SIGTERM', 'SIGINT']) process.on(s, (name) => caught.push(name))",
    ),
    # recursion and results
    "recursion without end": Case("const f = () => f() + 1; return f()", error="RangeError", message="call stack"),
    "a result nested too deeply": Case(
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a", error="*stringify", message=STRINGIFY
    ),
    "a result of seven megabytes": Case("return 'x'.repeat(7e6)", error="Function.ResponseSizeTooLarge"),
    "a result with a circle": Case("const a = {}; a.a = a; return a", error="*stringify", message=STRINGIFY),
    "a BigInt": Case("return { n: 1n }", error="*stringify", message=STRINGIFY),
    "a getter that throws": Case("return { get a() { throw 1 } }", error="*stringify", message=STRINGIFY),
    "a toJSON that throws": Case("return { toJSON() { throw 1 } }", error="*stringify", message=STRINGIFY),
    "a toJSON": Case("return { toJSON: () => ({ a: 1 }) }", {"a": 1}),
    "a Proxy": Case("return new Proxy({ a: 1 }, {})", {"a": 1}),
    "a Proxy that throws": Case(
        "return new Proxy({}, { ownKeys() { throw new Error('no') } })", error="*stringify", message=STRINGIFY
    ),
    "a revoked Proxy": Case(
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return [proxy]",
        error="*stringify",
        message=STRINGIFY,
    ),
    "keys named __proto__": Case(
        "return [JSON.parse('{\"__proto__\": 1}'), event.bad]", [{"__proto__": 1}, {"__proto__": {"x": 1}}]
    ),
    "a promise of another invocation": Case(
        "return shared", "shared", before="const shared = Promise.resolve('shared')"
    ),
    "a thenable whose then throws": Case("return { get then() { throw new TypeError('no') } }", error="TypeError"),
    "an error whose message throws": Case(
        "throw Object.defineProperty(new Error('x'), 'message', { get() { throw new TypeError('no') } })",
        error="handled",
    ),
    "an error whose stack is no text": Case("throw Object.assign(new Error('x'), { stack: 7 })", error="handled"),
    "an object without a prototype, thrown": Case("throw Object.create(null)", error="handled"),
    "a symbol, thrown": Case("throw Symbol('s')", error="symbol", message="Symbol(s)"),
    "an error of two megabytes": Case("throw new RangeError('x'.repeat(2e6))", error="RangeError", message="xxx"),
    "an error of ten megabytes": Case("throw new RangeError('x'.repeat(1e7))", error=EXIT),
    # monkey patches
    "console taken away": Case("globalThis.console = undefined; return 1", 1),
    "console.log replaced": Case("console.log = () => { throw 1 }; return 1", 1),
    "timers replaced, as by a fake clock": Case(
        "globalThis.setImmediate = globalThis.setTimeout = () => {}; Date.now = () => 0; return 1", 1
    ),
    "fs replaced": Case("fs.writeSync = fs.readSync = () => { throw new Error('no') }; return 1", 1),
    "Buffer replaced": Case("Buffer.allocUnsafe = Buffer.byteLength = Buffer.from = () => 0; return 1", 1),
    "JSON.parse replaced": Case("JSON.parse = () => { throw new Error('no') }; return 1", 1),
    "JSON.stringify replaced, and so are results": Case(
        "JSON.stringify = () => '\"mine\"'; return 1", "mine", then="mine"
    ),
    "process.reallyExit replaced": Case("process.reallyExit = () => {}; process.emit = () => {}; return 1", 1),
    "every object has a toJSON": Case(
        "Object.prototype.toJSON = () => 'x'; throw new Error('no')", error="*", then="*"
    ),
    "every object has a then": Case("Object.prototype.then = () => {}; return {}", error="*", then="*"),
    "Function.prototype replaced": Case(
        "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = null; return 1", 1, then="*"
    ),
    "a stack of two megabytes": Case(
        "throw Object.assign(new RangeError('no'), { stack: 'x\\n'.repeat(1e6) })", error="RangeError", message="no"
    ),
    "String replaced": Case("strip(String.prototype); return 1", 1),
    "Array replaced, but for what Node.js takes for granted itself": Case(
        "const { pop } = Array.prototype; strip(Array.prototype); Array.prototype.pop = pop; return 1", 1
    ),
    "Object replaced": Case("strip(Object); return 1", 1),
    "Buffer's methods replaced": Case("strip(Buffer.prototype); return 1", 1),
    "typed arrays replaced": Case("strip(Object.getPrototypeOf(Uint8Array.prototype)); return 1", 1),
    "Function replaced": Case("strip(Function.prototype); return 1", 1),
    "RegExp replaced": Case("strip(RegExp.prototype); return 1", 1),
    "Set and Map replaced": Case("strip(Set.prototype); strip(Map.prototype); strip(WeakMap.prototype); return 1", 1),
    "Date replaced": Case("strip(Date.prototype); globalThis.Date = null; return 1", 1),
    "Math, Number and Reflect replaced": Case(
        "strip(Math); strip(Number); strip(Number.prototype); strip(Reflect); return 1", 1
    ),
    "Promise replaced": Case("globalThis.Promise = null; return 1", 1),
    "Symbol replaced": Case("strip(Symbol); return 1", 1),
    "process replaced": Case("strip(process); globalThis.process = null; return 1", 1),
    "process.env replaced": Case("process.env = null; return 1", 1),
    "util replaced": Case("strip(require('util').types); strip(require('util')); console.log(1); return 1", 1),
    "traces of errors replaced": Case(
        "Error.prepareStackTrace = () => { throw 1 }; throw new TypeError('no')", error="*"
    ),
    "every object has a code that throws": Case(
        "Object.defineProperty(Object.prototype, 'code', { get() { throw 1 } }); return 1", 1
    ),
    "iterators replaced": Case("strip(Object.getPrototypeOf([][Symbol.iterator]())); return 1", 1),
    "globals taken away": Case(
        "for (const name of Object.getOwnPropertyNames(globalThis)) {"
        " try { if (name !== 'globalThis') globalThis[name] = null } catch {} } return 1",
        error="*stringify",
        then="*",
    ),
    "listeners taken away": Case("process.removeAllListeners(); return 1", 1),
    "Array.prototype replaced": Case("Array.prototype.map = Array.prototype.join = undefined; return 1", 1),
    # what is around it
    "it stops itself": Case("process.kill(process.pid, 'SIGSTOP'); await turn(50)", error=TIMEOUT),
    "it waits for nobody": Case("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", error=TIMEOUT),
    "it reads stdin": Case("return fs.readFileSync(0, 'utf8')", ""),
    "every descriptor taken": Case("try { for (;;) fs.openSync('/dev/null') } catch (e) { return e.code }", "EMFILE"),
    "another working directory": Case("process.chdir('/'); return 1", 1),
    "its own files deleted": Case("fs.rmSync(__filename); return 1", error="Error", message="ead-only file system"),
    "a child process that lives on": Case(
        "require('child_process').spawn('/bin/sleep', ['300'], { stdio: 'inherit' }).unref(); return 1", 1
    ),
    "a worker that lives on": Case(
        "new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true }).unref(); return 1", 1
    ),
    "a worker that spins": Case(
        "new (require('worker_threads').Worker)('for (;;);', { eval: true }).unref(); return 1", 1
    ),
    "a server that listens": Case(
        "await new Promise((r) => require('http').createServer().listen(0, '127.0.0.1', r)); return 1", 1
    ),
    "environment variables taken away": Case("for (const key in process.env) delete process.env[key]; return 1", 1),
    "its own module forgotten": Case(
        "for (const key in require.cache) delete require.cache[key]; module.exports = {}; return 1", 1
    ),
}

NODE_MODULE = """\
const fs = require('fs')
const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms))
const frame = (kind, text) => { const b = Buffer.alloc(9 + text.length); b.writeUInt32BE(text.length); b[4] = kind;
  b.write(text, 9); return b }
function strip(object) {
  for (const key of Reflect.ownKeys(object)) {
    try { if (key !== 'constructor' && String(key)[0] !== '_') object[key] = null } catch {}
  }
}
function sockets(bytes) {
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try { if (fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket:')) fs.writeSync(Number(fd), bytes) } catch {}
  }
}
%s
exports.handler = async (event) => {
  if (!event.bad) return 'fine'
  %s
}
"""
BAD = {"bad": json.loads('{"__proto__": {"x": 1}}')}


def play(lab, function, case: Case) -> list[object]:
    """What comes of the bad event, and of two good ones."""

    async def story():
        await lab.deploy(function)
        limits = (HANGS if case.error == TIMEOUT else PATIENCE, PATIENCE, PATIENCE)
        events = (BAD, {}, {})
        return [came(await lab.call(function, *each)) for each in zip(events, limits, strict=True)]

    return lab.run(story())


def judge(case: Case, answers: list[object]) -> None:
    bad, *good = answers
    if case.error == "*":
        assert isinstance(bad, tuple), bad
    else:
        assert expected(case, bad), bad
    if case.then != "*":
        assert good == [json.dumps(case.then)] * 2


@pytest.mark.parametrize("runtime", [CLASSIC, pytest.param(MODERN, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", NODE)
def test_a_hostile_nodejs_function(lab, name, runtime):
    case = NODE[name]
    if case.error == "*stringify":
        case = Case(**{**_fields(case), "error": "Runtime.JSONStringifyError" if runtime == MODERN else "Error"})
    function = lab.node(NODE_MODULE % (case.before, case.does), runtime=runtime)
    judge(case, play(lab, function, case))


NO_THEN = "Promise.prototype.then = () => {}; return 1"
# observed: the older client settles promises by their methods, the newer one awaits them
BY_GENERATION = {
    CLASSIC: Case(NO_THEN, error="TypeError", message="reading 'catch'", then="*"),
    MODERN: Case(NO_THEN, 1),
}


@pytest.mark.parametrize("runtime", BY_GENERATION)
def test_promises_that_a_function_broke_answer_as_with_lambdas_client(lab, runtime):
    case = BY_GENERATION[runtime]
    judge(case, play(lab, lab.node(NODE_MODULE % ("", case.does), runtime=runtime), case))


STILL_LOGGED = {
    "closed": "for (const fd of [0, 1, 2]) fs.closeSync(fd); console.log('still', 'logged')",
    "marks": "console.log('still\\0\\x02 logged\\0\\x03'); process.stdout.write('\\0\\x01 raw\\n')",
}


def test_what_is_logged_is_in_the_log_whatever_became_of_stdout(lab):
    functions = {
        case: lab.node(f"const fs = require('fs'); exports.handler = async () => {{ {source} }}")
        for case, source in STILL_LOGGED.items()
    }
    functions["python"] = lab.python(
        "import logging, os\ndef handler(event, context):\n    os.closerange(0, 3)\n"
        "    logging.error('still\\0\\x02')\n"
    )
    logs = {case: one.log for case, one in lab.all(functions).items()}
    assert logs["closed"][0].endswith("\tINFO\tstill logged")
    assert logs["marks"][0].endswith("\tINFO\tstill\0\x02 logged\0\x03")
    assert logs["python"][0].endswith("\tstill\0\x02")


LEFTOVERS = {
    "a child": "return [subprocess.Popen(['/bin/sleep', '300']).pid]",
    "a fork": "return [os.fork() or time.sleep(300)]",
    "one that ignores signals": "return [signal.signal(one, signal.SIG_IGN) and 0 for one in (1, 15)][:0]",
    "a thread": "return threading.Thread(target=time.sleep, args=(300,)).start() or []",
}


def test_nothing_is_left_behind(new_lab, gone_within, expect_value):
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    lab = new_lab(PLAIN)
    functions = {
        case: lab.python(PYTHON_MODULE % (f"def work():\n    {does}", "return work() + [os.getpid()]"))
        for case, does in LEFTOVERS.items()
    }
    pids = {pid for one in lab.all(functions, BAD).values() for pid in expect_value(one)}
    assert len(pids) == 6
    lab.close()
    assert gone_within(2, pids)
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_files + 10  # the loop's own


def _fields(case: Case) -> dict[str, object]:
    return {name: getattr(case, name) for name in Case.__dataclass_fields__}


MARSHAL = "Unable to marshal response: "

PYTHON = {
    # time
    "a loop without end": Case("while True: pass", error=TIMEOUT),
    "a sleep without end": Case("time.sleep(1000)", error=TIMEOUT),
    "a thread left behind": Case("threading.Thread(target=time.sleep, args=(1000,)).start(); return 1", 1),
    "a thread that raises": Case("threading.Thread(target=lambda: 1 / 0).start(); return 1", 1),
    "a timeout that it catches": Case(
        "\n        try:\n            time.sleep(1000)\n        except BaseException:\n            return 1",
        error=TIMEOUT,
    ),
    # output
    "five megabytes on stdout": Case("print('x' * 5_000_000); return 1", 1),
    "a log line of a megabyte": Case("logging.warning('x' * 1_000_000); return 1", 1),
    "NUL bytes and marks in the output": Case(
        "logging.warning('a\\0\\x02b\\0\\x01c'); print('d\\0\\x01e\\0f'); logging.warning('g'); return 1", 1
    ),
    "output that is not UTF-8": Case("os.write(1, b'\\xff\\xfe\\n'); return 1", 1),
    "text that is no Unicode": Case("print('\\udcff'); logging.error('\\udcff'); return 1", 1),
    "stdout, stderr and stdin closed": Case("os.closerange(0, 3); logging.error('still logged'); return 1", 1),
    "streams closed": Case("sys.stdout.close(); sys.stderr.close(); logging.error('still logged'); return 1", 1),
    "print to a closed stream": Case("sys.stdout.close(); print('lost')", error="ValueError"),
    # descriptors
    "every descriptor closed": Case("os.closerange(3, 256); return 1", error=EXIT),
    "nonsense on every socket": Case("sockets(b'\\xff' * 64); return 1", error=EXIT),
    "a forged frame that is no number": Case("sockets(frame(9, b'x')); return 1", error=EXIT),
    "a forged frame that only edgesim sends": Case("sockets(frame(2, b'{}')); return 1", error=EXIT),
    "forged answers": Case("[sockets(frame(kind, b'2')) for kind in (3, 5, 6, 7, 8)]; return 1", 1),
    "answers forged for later": Case("threading.Thread(target=forge).start(); forge(1); return 1", 1),
    "an answer forged at init": Case("return 1", 1, before="sockets(frame(3, b'')); sockets(frame(5, b'2'))"),
    "a flood of forged answers": Case("forge(1_000_000)", error=EXIT),
    # endings
    "os._exit": Case("os._exit(3)", error=EXIT, message="exit status 3"),
    "os._exit(0)": Case("os._exit(0)", error=EXIT, message="without providing a reason"),
    "sys.exit": Case("sys.exit(4)", error=EXIT, message="exit status 4"),
    "KeyboardInterrupt": Case("raise KeyboardInterrupt", error=EXIT),
    "os.abort": Case("os.abort()", error=EXIT, message="signal: aborted"),
    "sys.exit in a thread": Case("threading.Thread(target=sys.exit).start(); return 1", 1),
    "an exit that hangs": Case("sys.exit(0)", error=TIMEOUT, before="import atexit; atexit.register(time.sleep, 1000)"),
    "SIGTERM": Case("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", error=EXIT, message="signal: terminated"),
    "SIGPIPE": Case("os.kill(os.getpid(), signal.SIGPIPE); return 1", 1),
    "handlers of signals": Case(
        "[os.kill(os.getpid(), one) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE)]; return len(caught)",
        3,
        before="caught = []\nfor one in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):\n"
        "    signal.signal(one, lambda *_: caught.append(1))",
    ),
    "an alarm left behind": Case("signal.alarm(100); return 1", 1),
    # recursion and results
    "recursion without end": Case("handler(event, context)", error="RecursionError"),
    "a result nested too deeply": Case(
        "\n        a = []\n        for _ in range(100_000): a = [a]\n        return a", error="Runtime.MarshalError"
    ),
    "a result of seven megabytes": Case("return 'x' * 7_000_000", error="Function.ResponseSizeTooLarge"),
    "a result with a circle": Case("a = {}; a['a'] = a; return a", error="Runtime.MarshalError", message="Circular"),
    "a named tuple with a circle": Case(
        "a = []; a.append(Pair(a, 1)); return a", error="Runtime.MarshalError", message="Circular"
    ),
    "bytes in a result": Case("return {'a': b'x'}", {"a": "x"}),
    "bytes in a result that are no text": Case("return {'a': b'\\xff'}", error="Runtime.MarshalError", message=MARSHAL),
    "an iterator": Case("return iter([])", error="Runtime.MarshalError", message=MARSHAL),
    "a class": Case("return dict", error="Runtime.MarshalError", message=MARSHAL),
    "a coroutine": Case("async def f(): pass\n        return f()", error="Runtime.MarshalError", message=MARSHAL),
    "keys named __proto__": Case("return event['bad']", {"__proto__": {"x": 1}}),
    "an exception that can't be told": Case(
        "raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()", error="*"
    ),
    "an exception group": Case(
        "raise ExceptionGroup('many', [ValueError('one')])", error="ExceptionGroup", message="many"
    ),
    "a BaseException of its own": Case(
        "raise type('Odd', (BaseException,), {})()", error=EXIT, message="exit status 1"
    ),
    "an error of five megabytes": Case("raise ValueError('x' * 5_000_000)", error="ValueError", message="xxx"),
    "an error of ten megabytes": Case("raise ValueError('x' * 10_000_000)", error=EXIT),
    # monkey patches
    "json replaced": Case("json.dumps = json.loads = json.JSONEncoder = json.JSONDecoder = None; return 1", 1),
    "json.dumps made tolerant, which results are not": Case(
        "json.dumps = functools.partial(json.dumps, default=str); return {1}", error="Runtime.MarshalError"
    ),
    "sys.stdout replaced": Case("sys.stdout = sys.stderr = None; return 1", 1),
    "print replaced": Case("import builtins; builtins.print = None; return 1", 1),
    "built-ins replaced": Case("import builtins; builtins.len = builtins.isinstance = None; return 1", error="*"),
    "time replaced": Case("time.monotonic = time.monotonic_ns = time.time = None; return 1", 1),
    "os replaced": Case("os.write = os.read = os.getpid = None; return 1", 1),
    "logging undone": Case("logging.getLogger().handlers.clear(); logging.shutdown(); return 1", 1),
    "a logging handler that raises": Case("logging.getLogger().handlers[0].emit = lambda record: 1 / 0; return 1", 1),
    "modules forgotten": Case("sys.modules.clear(); return 1", 1),
    "sys.path taken away": Case("sys.path.clear(); sys.meta_path.clear(); return 1", 1),
    "a recursion limit": Case("sys.setrecursionlimit(50); return 1", 1),
    "tracing": Case("sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None); return 1", 1),
    # what is around it
    "another program in its place": Case("os.execv('/bin/sleep', ['sleep', '100'])", error=EXIT, message="killed"),
    "its socket shut down": Case("socket.socket(fileno=3).shutdown(2); return 1", error=EXIT),
    "its output in the place of its socket": Case("os.dup2(1, 3); return 1", error=EXIT),
    "its socket in the place of its output": Case("os.dup2(3, 1); print('nonsense ' * 9); return 1", error=EXIT),
    "a socket that does not block": Case("os.set_blocking(3, False); return 1", 1),
    "a null pointer": Case("ctypes.string_at(0)", error=EXIT, message="signal: segmentation fault"),
    "recursion without a limit": Case("sys.setrecursionlimit(10**9); handler(event, context)", error=EXIT),
    "it kills its group": Case("os.killpg(0, signal.SIGKILL)", error=EXIT, message="signal: killed"),
    "it stops itself": Case("os.kill(os.getpid(), signal.SIGSTOP); return 1", error=TIMEOUT),
    "an alarm that raises, later": Case(
        "signal.signal(signal.SIGALRM, lambda *_: 1 / 0); signal.setitimer(signal.ITIMER_REAL, 0.05); return 1",
        1,
        then="*",
    ),
    "it reads stdin": Case("return sys.stdin.read()", ""),
    "every descriptor taken": Case(
        "\n        held = []\n        try:\n            while True: held.append(open(os.devnull))\n"
        "        except OSError as error:\n            kept.extend(held)\n            return error.errno",
        24,
        before="kept = []",
    ),
    "another working directory": Case("os.chdir('/'); return 1", 1),
    "its own files deleted": Case("os.remove(__file__)", error="OSError", message="[Errno 30] Read-only file system"),
    "a child process that lives on": Case("subprocess.Popen(['/bin/sleep', '300']); return 1", 1),
    "a fork that lives on": Case("os.fork() or time.sleep(300); return 1", 1),
    "a fork that comes back from the handler": Case("os.fork(); return 1", 1),
    "a fork that raises": Case("if os.fork() == 0: raise ValueError\n        time.sleep(0.1); return 1", 1),
    "environment variables taken away": Case("os.environ.clear(); return 1", 1),
}

PYTHON_MODULE = """\
import ctypes, functools, json, logging, os, signal, socket, struct, subprocess, sys, threading, time
from collections import namedtuple

Pair = namedtuple('Pair', 'a b')

def frame(kind, data):
    return struct.pack('>IBI', len(data), kind, 0) + data

def forge(times=50):
    for _ in range(times):
        sockets(frame(5, b'2'))

def sockets(data):
    for fd in os.listdir('/proc/self/fd'):
        try:
            if os.readlink('/proc/self/fd/' + fd).startswith('socket:'):
                os.write(int(fd), data)
        except OSError:
            pass

%s

def handler(event, context):
    if event.get('bad'):
        %s
    return 'fine'
"""


@pytest.mark.parametrize("name", PYTHON)
def test_a_hostile_python_function(lab, name):
    case = PYTHON[name]
    judge(case, play(lab, lab.python(PYTHON_MODULE % (case.before, case.does)), case))
