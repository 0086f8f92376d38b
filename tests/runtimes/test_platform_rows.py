"""Lambda's Node.js and Python, row by row, on every version of both that this machine has.

A version that is not installed is skipped, and `-ra` says so; edgesim's own Python and a Node.js are always there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache

import pytest

from edgesim.runtimes.interpreters import Interpreters, parse_runtime

pytestmark = pytest.mark.slow

NODES = ["nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"]
PYTHONS = [f"python3.{minor}" for minor in range(9, 15)]
CLASSIC, MODERN = NODES[:3], NODES[3:]
SELDOM = {"nodejs18.x", "python3.10", "python3.12", "python3.14"}


def versions(runtimes: list[str]) -> list[object]:
    """All of them, those that differ little from their neighbours only with -m long."""
    return [pytest.param(one, marks=[pytest.mark.long] if one in SELDOM else []) for one in runtimes]


@cache
def is_installed(runtime: str) -> bool:
    name, found = parse_runtime(runtime), Interpreters().choose(runtime)
    return bool(name and found and found.version[: len(name.wanted)] == name.wanted)


def or_skip(runtime: str) -> str:
    if not is_installed(runtime):
        pytest.skip(f"{runtime} is not installed")
    return runtime


@pytest.fixture(params=versions(NODES))
def node(request) -> str:
    return or_skip(request.param)


@pytest.fixture(params=versions(PYTHONS))
def python(request) -> str:
    return or_skip(request.param)


def test_some_version_of_each_language_is_tried():
    assert any(map(is_installed, NODES))
    assert any(map(is_installed, PYTHONS))


def told(invocation) -> object:
    """The value, or the type of the error."""
    result = invocation.result
    return json.loads(result.payload) if hasattr(result, "payload") else result.error_type


Made = dict[str, tuple[str | dict[str, str], str, object]]


def play(make: Callable, lab, rows: Made, runtime: str) -> None:
    functions = {case: make(source, handler, runtime=runtime) for case, (source, handler, _) in rows.items()}
    assert {case: told(one) for case, one in lab.all(functions).items()} == {case: row[2] for case, row in rows.items()}


YES = "exports.handler = async () => 'yes'"
NO = "exports.handler = async () => 'no'"
MJS = "export const handler = async () => 'yes'"
H = "index.handler"

# case: (files, handler, what comes of it). Sheet lambda-platform, 1.1 to 1.3
BOTH: Made = {
    "the file's name ends at the first dot": (
        {"my.js": "exports.file = {handler: async () => 'yes'}"},
        "my.file.handler",
        "yes",
    ),
    ".mjs beats .cjs": ({"index.mjs": MJS, "index.cjs": NO}, H, "yes"),
    "a folder's package.json says the type": (
        {"package.json": '{"type":"module"}', "src/index.js": MJS},
        "src/index.handler",
        "yes",
    ),
    "this is the client's own": (
        "exports.a = { h: async function () { return this !== exports.a && typeof this } }",
        "index.a.h",
        "object",
    ),
    "require of an ES module": (
        {
            "index.js": (
                "exports.handler = async () => { try { return require('./m.mjs').a } catch (e) { return e.code } }"
            ),
            "m.mjs": "export const a = 1",
        },
        H,
        "ERR_REQUIRE_ESM",
    ),
    "import() in CommonJS": (
        {"index.js": "exports.handler = async () => (await import('./m.mjs')).a", "m.mjs": "export const a = 'yes'"},
        H,
        "yes",
    ),
    "an import of JSON by require": (
        {"index.js": "exports.handler = async () => require('./a.json').a", "a.json": '{"a":"yes"}'},
        H,
        "yes",
    ),
    "only two parameters by length": ("exports.handler = async (event, ...rest) => rest.length >= 1", H, True),
    "a streaming handler that does not end": (
        "exports.handler = awslambda.streamifyResponse(async () => {})",
        H,
        "Runtime.StreamingError",
    ),
    "module.exports = a function": ("module.exports = async () => 1", H, "Runtime.HandlerNotFound"),
    "exports by getters": (
        "Object.defineProperty(exports, 'handler', { enumerable: true, get: () => async () => 'yes' })",
        H,
        "yes",
    ),
    "a class instance's bound method": (
        "class C { n = 'yes'; handle = async () => this.n } exports.handler = new C().handle",
        H,
        "yes",
    ),
    "an import that is rejected later": (
        "exports.handler = () => new Promise((a, reject) => setTimeout(reject, 2, new TypeError('late')))",
        H,
        "TypeError",
    ),
    "the folder it works in": (
        (
            "const fs = require('fs'); exports.handler = async () => fs.existsSync('./index.js') && "
            "process.env.PWD === process.cwd()"
        ),
        H,
        True,
    ),
    "fetch and web streams": (
        (
            "exports.handler = async () => [typeof fetch, typeof ReadableStream, typeof structuredClone, "
            "typeof AbortSignal.timeout]"
        ),
        H,
        ["function"] * 4,
    ),
    "crypto, zlib, url, buffer": (
        (
            "const z = require('zlib'); exports.handler = async () => "
            "z.gunzipSync(z.gzipSync(crypto.randomUUID().length + new URL('http://a/b').pathname)).toString()"
        ),
        H,
        "36/b",
    ),
    "Intl has all languages": (
        "exports.handler = async () => new Intl.NumberFormat('de').format(1234.5)",
        H,
        "1.234,5",
    ),
    "time is UTC": ("exports.handler = async () => new Date().getTimezoneOffset()", H, 0),
}


def test_nodejs_rows(lab, node):
    rows = BOTH
    if node == "nodejs18.x":  # no global crypto before 19
        rows = {case: row for case, row in rows.items() if "crypto," not in case}
    play(lab.node, lab, rows, node)


CLASSIC_ROWS: Made = {
    "a file without an extension": ({"index": YES}, H, "yes"),
    "fail": ("exports.handler = (event, context) => context.fail(new RangeError('x'))", H, "RangeError"),
    "callback of nothing": ("exports.handler = (event, context, callback) => callback()", H, None),
    "a promise that never settles, not async": ("exports.handler = () => new Promise(() => {})", H, None),
}


@pytest.mark.parametrize("runtime", versions(CLASSIC))
def test_rows_up_to_nodejs22(lab, runtime):
    play(lab.node, lab, CLASSIC_ROWS, or_skip(runtime))


MODERN_ROWS: Made = {
    "export default of an object": ({"index.mjs": "export default { handler: async () => 'yes' }"}, H, "yes"),
    "a folder with an index": ({"index/index.js": YES}, H, "Error"),
    "a plain value": ("exports.handler = () => 7", H, 7),
    "no callback is given": ("exports.handler = async (...all) => all.length", H, 2),
    "what the context has no longer": (
        (
            "exports.handler = async (event, context) => ['succeed', 'fail', 'done', "
            "'callbackWaitsForEmptyEventLoop', 'xRayTraceId'].map((key) => key in context)"
        ),
        H,
        [False, False, False, False, True],
    ),
    "values of an invocation": (
        (
            "exports.handler = async (event, context) => { const { InvokeStore } = awslambda; InvokeStore.set('a', 1);"
            " return [InvokeStore.getRequestId() === context.awsRequestId, InvokeStore.get('a')] }"
        ),
        H,
        [True, 1],
    ),
    "top-level await that never settles": (
        {"index.mjs": "await new Promise(() => {}); export const handler = 1"},
        H,
        "Runtime.ExitError",
    ),
    "a rejection while loading": (
        "Promise.reject(new TypeError('x')); exports.handler = async () => 1",
        H,
        "Runtime.ExitError",
    ),
}


def test_rows_of_nodejs24(lab):
    """Which rows count is the configured runtime's business: a stand-in will do."""
    play(lab.node, lab, MODERN_ROWS, "nodejs24.x")


def logged(invocation) -> list[list[str]]:
    return [line.split("\t") for line in invocation.log if "\t" in line]


def test_console_rows(lab, node):
    source = (
        "console.log('init'); exports.handler = async () => { console.group('g'); console.info('in'); "
        "console.groupEnd();"
        " console.fatal('f'); console.assert(false, 'a'); console.count(); console.table([1]); console.trace('t');"
        " console.error(new Error('e').message, { a: { b: { c: { d: 1 } } } }) }"
    )
    invocation = lab.once(lab.node(source, runtime=node))
    rows = logged(invocation)
    assert [(level, text.split("\n")[0]) for _, _, level, text in rows] == [
        ("INFO", "init"),
        ("INFO", "g"),
        ("INFO", "in"),
        ("FATAL", "f"),
        ("WARN", "Assertion failed: a"),
        ("INFO", "default: 1"),
        ("INFO", rows[6][3].split("\n")[0]),
        ("TRACE", "t"),
        ("ERROR", "e { a: { b: { c: [Object] } } }"),
    ]
    assert rows[0][1] == ("-" if node in MODERN else "undefined")
    assert {row[1] for row in rows[1:]} == {invocation.request_id}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row[0]) for row in rows)


def test_a_callback_is_announced_to_end_up_to_nodejs22(lab):
    source = "exports.handler = (event, context, callback) => callback(null, 1)"
    ((_, _, level, text),) = logged(lab.once(lab.node(source)))
    assert level == "WARN"
    assert "plans to remove support for callback-based function handlers" in text
    silenced = f"process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING = ''; {source}"
    assert logged(lab.once(lab.node(silenced))) == []


@pytest.mark.parametrize(("runtime", "title"), [("nodejs20.x", "Uncaught Exception"), ("nodejs24.x", "Init Error")])
def test_what_fails_while_loading_is_logged(lab, runtime, title):
    invocation = lab.once(lab.node("throw Object.assign(new RangeError('no'), { code: 'E1' })", runtime=runtime))
    assert invocation.result.error_type == "RangeError"
    assert any(f"\tERROR\t{title} \t" in text and '"code":"E1"' in text for text in lab.log.texts)


# ── Python ──────────────────────────────────────────────────────────────────────────────────────────────────────

OK = "def handler(event, context):\n    return 'yes'\n"

PYTHON_ROWS: Made = {
    "a slash is a dot": ({"pkg/mod.py": OK}, "pkg/mod.handler", "yes"),
    "a package with __init__": (
        {"pkg/__init__.py": "from .mod import handler", "pkg/mod.py": OK},
        "pkg.handler",
        "yes",
    ),
    "relative imports": ({"pkg/a.py": "from .b import handler", "pkg/b.py": OK}, "pkg.a.handler", "yes"),
    "a method of a class": (
        "class C:\n    def handler(self, event, context): return 1\n",
        "app.C.handler",
        "Runtime.ImportModuleError",
    ),
    "a bound method": (
        "class C:\n    def m(self, event, context): return 'yes'\nhandler = C().m\n",
        "app.handler",
        "yes",
    ),
    "a lambda expression": ("handler = lambda event, context: 'yes'\n", "app.handler", "yes"),
    "a partial": (
        "import functools\nhandler = functools.partial(lambda word, event, context: word, 'yes')\n",
        "app.handler",
        "yes",
    ),
    "functools.wraps": (
        (
            "import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(*a, **k): return f(*a, **k)\n"
            "    return w\n@d\n"
        )
        + OK,
        "app.handler",
        "yes",
    ),
    "handlers of too few parameters": ("def handler(event): return 1\n", "app.handler", "TypeError"),
    "a coroutine": ("async def handler(event, context): return 1\n", "app.handler", "Runtime.MarshalError"),
    "asyncio.run": (
        "import asyncio\nasync def main(): return 'yes'\ndef handler(event, context): return asyncio.run(main())\n",
        "app.handler",
        "yes",
    ),
    "a module of its own named like ours": (
        {
            "app.py": "import bootstrap, seen_time\nhandler = bootstrap.handler\n",
            "bootstrap.py": OK,
            "seen_time.py": "",
        },
        "app.handler",
        "yes",
    ),
    "modules named like the standard library's": (
        {
            "app.py": (
                "import json, logging\ndef handler(event, context): return [hasattr(json, 'mine'), "
                "hasattr(logging, 'mine')]\n"
            ),
            "json.py": "mine = 1",
            "logging.py": "mine = 1",
        },
        "app.handler",
        [False, False],
    ),
    "a module that hides one that nobody has imported": (
        {"app.py": "import wave\ndef handler(event, context): return wave.mine\n", "wave.py": "mine = 'yes'"},
        "app.handler",
        "yes",
    ),
    "main guards": ("if __name__ == '__main__': raise SystemExit\n" + OK, "app.handler", "yes"),
    "pathlib and open": (
        {
            "app.py": (
                "from pathlib import Path\ndef handler(event, context): return "
                "Path(__file__).with_name('a.txt').read_text() + open('a.txt').read()\n"
            ),
            "a.txt": "y",
        },
        "app.handler",
        "yy",
    ),
    "enums, data classes and ordered dicts": (
        (
            "import enum, dataclasses, collections\nclass E(str, enum.Enum): A = '200'\n"
            "def handler(event, context): return collections.OrderedDict(status=E.A, n=enum.IntEnum('I', 'X').X)\n"
        ),
        "app.handler",
        {"status": "200", "n": 1},
    ),
    "ssl, zoneinfo, hashlib, sqlite3": (
        "import ssl, hashlib, hmac, secrets, uuid, zlib, gzip, urllib.request, http.cookies, email.utils\n" + OK,
        "app.handler",
        "yes",
    ),
    "time is UTC": (
        (
            "import time, datetime\ndef handler(event, context): return [time.timezone, time.tzname[0], "
            "datetime.datetime.now().astimezone().utcoffset().total_seconds()]\n"
        ),
        "app.handler",
        [0, "UTC", 0.0],
    ),
    "encodings are UTF-8": (
        (
            "import sys, locale\ndef handler(event, context): return [sys.stdout.encoding.lower(), "
            "sys.getfilesystemencoding(), open('app.py').encoding.lower()]\n"
        ),
        "app.handler",
        ["utf-8"] * 3,
    ),
    "a relative import from nowhere": ("from . import x\n", "app.handler", "Runtime.ImportModuleError"),
    "a tab among spaces": (
        "def handler(event, context):\n    a = 1\n\treturn a\n",
        "app.handler",
        "Runtime.UserCodeSyntaxError",
    ),
    "an assertion while loading": ("assert False, 'no'\n", "app.handler", "AssertionError"),
    "a KeyboardInterrupt while loading": ("raise KeyboardInterrupt\n", "app.handler", "Runtime.ExitError"),
}


def test_python_rows(lab, python):
    play(lab.python, lab, PYTHON_ROWS, python)


def test_text_is_escaped_before_python312_and_not_after(lab, python):
    payload = lab.once(lab.python("def handler(event, context): return 'ü'", runtime=python)).result.payload
    assert payload == ('"\\u00fc"' if python in ("python3.9", "python3.10", "python3.11") else '"ü"')


def test_an_init_failure_is_logged_as_lambda_logs_it(lab, python):
    invocation = lab.once(lab.python("raise KeyError('k')", runtime=python))
    assert (invocation.result.error_type, invocation.result.message) == ("KeyError", "'k'")
    warning = next(text for text in lab.log.texts if "LAMBDA_WARNING" in text)
    assert re.match(r"\[WARNING\]\t[-\d]{10}T[:\d]{8}\.\d{3}Z\t\tLAMBDA_WARNING: Unhandled exception\.", warning)
    assert any(text.startswith("[ERROR] KeyError: 'k'\nTraceback (most recent call last):\n") for text in lab.log.texts)


def test_a_modules_code_and_a_warm_call(lab, python, expect_value):
    function = lab.python(
        (
            "import os\nloaded = [os.getpid()]\ndef handler(event, context):\n    loaded.append(1)\n"
            "    return len(loaded)\n"
        ),
        runtime=python,
    )

    async def story():
        await lab.deploy(function)
        return [expect_value(await lab.call(function)) for _ in range(2)]

    assert lab.run(story()) == [2, 3]


TRACE = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0")


@pytest.mark.parametrize("language", ["node", "python"])
def test_every_invocation_has_a_trace_of_its_own(lab, language):
    function = (
        lab.node("exports.handler = async () => process.env._X_AMZN_TRACE_ID")
        if language == "node"
        else lab.python("import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']\n")
    )
    first, second = map(told, lab.each(function, {"first": {}, "second": {}}).values())
    assert TRACE.fullmatch(first)
    assert TRACE.fullmatch(second)
    assert first != second


def test_a_failed_function_is_called_once(lab):
    lab.once(lab.node("exports.handler = async () => { throw new Error('no') }"))
    assert len([text for text in lab.log.texts if text.startswith("START")]) == 1
