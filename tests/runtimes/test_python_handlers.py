"""Every way to write a Python handler, by Lambda's Python runtime client."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow

YES = "def handler(event, context):\n    return 'yes'\n"

# id: (files, handler)
FOUND = {
    "module": ({"app.py": YES}, "app.handler"),
    "in a folder": ({"src/app.py": YES}, "src/app.handler"),
    "in a package": ({"src/app.py": YES}, "src.app.handler"),
    "split at the last dot": ({"a/b/c.py": YES}, "a.b.c.handler"),
    "a callable object": (
        {"app.py": "class C:\n    def __call__(self, event, context):\n        return 'yes'\nhandler = C()\n"},
        "app.handler",
    ),
    "with a module of its own": ({"app.py": "from lib import handler\n", "lib.py": YES}, "app.handler"),
    "named as ours": ({"bootstrap.py": YES}, "bootstrap.handler"),
}


def test_a_handler_is_found(lab):
    functions = {case: lab.python(*row) for case, row in FOUND.items()}
    seen = {case: json.loads(one.result.payload) for case, one in lab.all(functions).items()}
    assert seen == dict.fromkeys(functions, "yes")


# id: (files, handler, error type, message)
NOT_FOUND = {
    "no dot": ({"app.py": ""}, "app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack"),
    "no such module": (
        {"app.py": ""},
        "nope.handler",
        "Runtime.ImportModuleError",
        "Unable to import module 'nope': No module named 'nope'",
    ),
    "missing module": (
        {"app.py": "import left_pad"},
        "app.handler",
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'left_pad'",
    ),
    "no such function": (
        {"app.py": ""},
        "app.handler",
        "Runtime.HandlerNotFound",
        "Handler 'handler' missing on module 'app'",
    ),
    "syntax error": (
        {"app.py": "def handler(:\n    pass\n"},
        "app.handler",
        "Runtime.UserCodeSyntaxError",
        "Syntax error in module 'app'",
    ),
    "built-in module": ({"time.py": YES}, "time.handler", "Runtime.BuiltInModuleConflict", "built-in module time"),
    "raises while loading": ({"app.py": "raise KeyError('k')"}, "app.handler", "KeyError", "'k'"),
    "exits while loading": ({"app.py": "import sys; sys.exit(3)"}, "app.handler", "Runtime.ExitError", "exit status 3"),
}


def test_what_does_not_load_is_an_init_failure(lab):
    functions = {case: lab.python(*row[:2]) for case, row in NOT_FOUND.items()}
    results = {case: one.result for case, one in lab.all(functions).items()}
    assert {case: (one.kind.name, one.error_type) for case, one in results.items()} == {
        case: ("INIT", row[2]) for case, row in NOT_FOUND.items()
    }
    assert {case: results[case].message for case, row in NOT_FOUND.items() if row[3] not in results[case].message} == {}


# id: (what is returned, the payload's text)
ENCODED = {
    "an object": ("{'a': [1, 2.5, None, True]}", '{"a": [1, 2.5, null, true]}'),
    "nothing": ("None", "null"),
    "a tuple": ("(1, 2)", "[1, 2]"),
    "a named tuple": ("{'p': Point(1, (2,))}", '{"p": {"x": 1, "y": [2]}}'),
    "a decimal": ("{'d': [Decimal('1.10'), 'decimal-0.']}", '{"d": [1.10, "decimal-0."]}'),
    "not a number": ("[float('nan'), float('inf')]", "[NaN, Infinity]"),
    "bytes": ("b'{\"raw\": 1}'", '{"raw": 1}'),
    "bytes within": (
        "{b'body': [b'eA==', Point(b'\\xc3\\xbc', Decimal(1))]}",
        '{"body": ["eA==", {"x": "\\u00fc", "y": 1}]}',
    ),
    "what has fields": ("[Fields()]", '[{"p": 1}]'),
    "number keys": ("{1: 'a'}", '{"1": "a"}'),
    "other scripts": ("'ü'", '"\\u00fc"'),
}
PREAMBLE = "from collections import namedtuple\nfrom decimal import Decimal\nPoint = namedtuple('Point', 'x y')\n"
PREAMBLE += "class Fields:\n    def _asdict(self): return {'p': 1}\n"


def returning(table: dict[str, tuple[str, str]]) -> str:
    """A function that returns what its event names."""
    cases = ", ".join(f"{case!r}: lambda: {row[0]}" for case, row in table.items())
    return f"{PREAMBLE}cases = {{{cases}}}\ndef handler(event, context):\n    return cases[event['case']]()\n"


def test_results(lab):
    seen = lab.each(lab.python(returning(ENCODED)), {case: {"case": case} for case in ENCODED})
    assert {case: one.result.payload for case, one in seen.items()} == {case: row[1] for case, row in ENCODED.items()}


def test_from_python312_on_text_is_not_escaped(lab):
    assert lab.once(lab.python("def handler(event, context): return 'ü'", runtime="python3.12")).result.payload == '"ü"'


UNENCODABLE = {
    "a set": ("{1}", "Object of type set is not JSON serializable"),
    "a coroutine": ("coroutine()", "Object of type coroutine is not JSON serializable"),
    "a circle": ("circle", "Circular reference detected"),
    "bytes that are no text": (
        "{'body': b'\\xff'}",
        "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    ),
    "a tuple for a key": ("{(1, 2): 3}", "keys must be str, int, float, bool or None, not tuple"),
}


def test_what_is_no_json_is_a_marshal_error(lab):
    extra = "async def coroutine(): pass\ncircle = []\ncircle.append(circle)\n"
    function = lab.python(extra + returning(UNENCODABLE))
    invocations = lab.each(function, {case: {"case": case} for case in UNENCODABLE})
    seen = {case: (one.result.error_type, one.result.message) for case, one in invocations.items()}
    assert seen == {
        case: ("Runtime.MarshalError", f"Unable to marshal response: {row[1]}") for case, row in UNENCODABLE.items()
    }


def test_an_exception_names_the_users_own_file(lab):
    function = lab.python("def handler(event, context):\n    return event['missing']\n")
    invocation = lab.once(function)
    failure = invocation.result
    assert (failure.kind.name, failure.error_type, failure.message) == ("ERROR", "KeyError", "'missing'")
    (frame,) = failure.stack
    assert frame.startswith(f'  File "{function.code.path}/app.py", line 2, in handler\n')
    (logged,) = invocation.log
    first, second, place, code, *_ = logged.split("\n")
    assert (first, second) == ("[ERROR] KeyError: 'missing'", "Traceback (most recent call last):")
    assert place == f'\u00a0\u00a0File "{function.code.path}/app.py", line 2, in handler'
    assert code == "\u00a0\u00a0\u00a0\u00a0return event['missing']"


def test_a_handler_that_is_no_callable_fails_per_call(lab):
    failure = lab.failure(lab.python("handler = 5"))
    assert (failure.kind.name, failure.error_type) == ("ERROR", "TypeError")


ENDINGS = {
    "sys.exit(0)": ("sys.exit(0)", "Runtime exited without providing a reason"),
    "sys.exit(4)": ("sys.exit(4)", "Runtime exited with error: exit status 4"),
    "os._exit(5)": ("os._exit(5)", "Runtime exited with error: exit status 5"),
    "a signal": ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    "killed": ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
}


def test_a_process_that_ends(lab):
    source = "import os, sys\ndef handler(event, context):\n    print('last words', end='')\n    {}\n"
    functions = {case: lab.python(source.format(row[0])) for case, row in ENDINGS.items()}
    invocations = lab.all(functions)
    assert {case: (one.result.kind.name, one.result.error_type) for case, one in invocations.items()} == dict.fromkeys(
        ENDINGS, ("EXIT", "Runtime.ExitError")
    )
    assert {case: one.result.message.split("Error: ", 1)[1] for case, one in invocations.items()} == {
        case: row[1] for case, row in ENDINGS.items()
    }
    assert {one.log for one in invocations.values()} == {("last words",)}


def test_logging_and_print(lab):
    source = (
        "import logging\nlogging.basicConfig(level=logging.DEBUG)\nlogger = logging.getLogger('mine')\n"
        "def handler(event, context):\n    print('plain')\n    logger.info('not shown')\n"
        "    logger.warning('two\\nlines')\n"
        "    logging.getLogger().setLevel('INFO')\n    logger.info('shown %s', 1)\n    context.log('raw')\n"
    )
    invocation = lab.once(lab.python(source))
    plain, warning, info, raw = invocation.log
    assert (plain, raw) == ("plain", "raw")
    level, stamp, request_id, message = warning.split("\t")
    assert (level, request_id, message) == ("[WARNING]", invocation.request_id, "two\nlines")
    assert stamp.endswith("Z")
    assert len(stamp) == len("2025-05-06T10:00:00.000Z")
    assert info.endswith(f"\t{invocation.request_id}\tshown 1")


def test_the_context(lab):
    source = (
        "import os\ndef handler(event, context):\n    known = {k: v for k, v in vars(context).items() if k[0] != '_'}\n"
        "    known['identity'] = known['identity'].cognito_identity_id\n"
        "    return {**known, 'left': context.get_remaining_time_in_millis()}\n"
    )
    invocation = lab.once(lab.python(source, name="route", version="3"))
    context = json.loads(invocation.result.payload)
    left = context.pop("left")
    stream = context.pop("log_stream_name")
    assert 4000 < left <= 5000
    assert "/[3]" in stream
    assert context == {
        "aws_request_id": invocation.request_id,
        "client_context": None,
        "function_name": "us-east-1.route",
        "function_version": "3",
        "identity": None,
        "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:us-east-1.route:3",
        "log_group_name": "/aws/lambda/us-east-1.route",
        "memory_limit_in_mb": "128",
        "tenant_id": None,
    }


def test_globals_live_as_long_as_the_environment(lab, expect_value):
    function = lab.python("n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n\n")

    async def story():
        await lab.deploy(function)
        return [expect_value(await lab.call(function)) for _ in range(3)]

    assert lab.run(story()) == [1, 2, 3]


def test_site_packages_are_not_there_but_what_lambda_brings_is(lab, tmp_path):
    source = (
        "import importlib.util\ndef handler(event, context):\n"
        "    return [name for name in ('pytest', 'edgesim', 'httpx') if importlib.util.find_spec(name)]\n"
    )
    assert lab.value(lab.python(source)) == []


@pytest.mark.parametrize("way", ["exit(3)", "quit(3)"])
def test_exit_and_quit_end_a_python_function(lab, expect_failure, way):
    failure = expect_failure(lab.once(lab.python(f"def handler(event, context):\n    {way}\n")))
    assert failure.error_type == "Runtime.ExitError"
    assert failure.message.endswith("exit status 3")


def test_a_log_call_that_can_not_be_formatted_fails_the_function(lab):
    source = "import logging\ndef handler(event, context):\n    logging.warning('%d', 'x')\n"
    failure = lab.once(lab.python(source)).result
    assert (failure.kind.name, failure.error_type) == ("ERROR", "TypeError")


LOGGED_ERRORS = {
    "no message": ("raise ValueError", "[ERROR] ValueError\nTraceback (most recent call last):\n"),
    "no frames": ("return {1}", "JSON serializable\nTraceback (most recent call last):"),
    "no marks": ("(lambda: 1 / 0)()", "\u00a0\u00a0\u00a0\u00a0(lambda: 1 / 0)()\n\u00a0\u00a0File"),
}


def test_errors_are_logged_as_lambdas_client_logs_them_in_python(lab):
    functions = {
        case: lab.python(f"def handler(event, context):\n    {row[0]}\n") for case, row in LOGGED_ERRORS.items()
    }
    logs = {case: one.log[0] for case, one in lab.all(functions).items()}
    assert {case: text for case, text in logs.items() if LOGGED_ERRORS[case][1] not in text} == {}
    assert "^" not in logs["no marks"]


def test_no_trace_context_comes_from_the_edge(lab):
    source = "def handler(event, context): return context.w3c()"
    assert lab.once(lab.python(source)).result.payload == "{}"
