"""Every way to write a Node.js handler, by Lambda's Node.js runtime client."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow

CLASSIC = "nodejs20.x"
MODERN = "nodejs24.x"
BOTH = pytest.mark.parametrize("runtime", [CLASSIC, MODERN])


def values(invocations):
    return {case: json.loads(one.result.payload) for case, one in invocations.items()}


def failures(invocations):
    return {
        case: (one.result.kind.name, one.result.error_type, one.result.message) for case, one in invocations.items()
    }


# id: (files, handler)
FOUND_BY_BOTH = {
    "CommonJS": ({"index.js": "exports.handler = async () => 'yes'"}, "index.handler"),
    "module.exports": ({"index.js": "module.exports = { handler: async () => 'yes' }"}, "index.handler"),
    "in a folder": ({"src/app.js": "exports.handler = async () => 'yes'"}, "src/app.handler"),
    "with a leading dot": ({"src/app.js": "exports.handler = async () => 'yes'"}, "./src/app.handler"),
    "nested export": ({"index.js": "exports.a = { b: { handler: async () => 'yes' } }"}, "index.a.b.handler"),
    "ES module": ({"index.mjs": "export const handler = async () => 'yes'"}, "index.handler"),
    "ES module by package.json": (
        {"index.js": "export const handler = async () => 'yes'", "package.json": '{"type": "module"}'},
        "index.handler",
    ),
    "CommonJS by extension": ({"index.cjs": "exports.handler = async () => 'yes'"}, "index.handler"),
    ".js beats .mjs": (
        {"index.js": "exports.handler = async () => 'yes'", "index.mjs": "export const handler = async () => 'no'"},
        "index.handler",
    ),
    "export default": ({"index.mjs": "export default async () => 'yes'"}, "index.default"),
    "top-level await": (
        {"index.mjs": "const word = await Promise.resolve('yes'); export const handler = async () => word"},
        "index.handler",
    ),
    "from node_modules": (
        {"node_modules/pkg/index.js": "exports.handler = async () => 'yes'", "package.json": "{}"},
        "pkg.handler",
    ),
}


@BOTH
def test_a_handler_is_found(lab, runtime):
    functions = {case: lab.node(*row, runtime=runtime) for case, row in FOUND_BY_BOTH.items()}
    assert values(lab.all(functions)) == dict.fromkeys(functions, "yes")


def test_a_folder_with_an_index_is_found_by_older_runtimes_only(lab, expect_failure, expect_value):
    files = {"index/index.js": "exports.handler = async () => 'yes'"}
    old, new = lab.node(files, runtime=CLASSIC, name="old"), lab.node(files, runtime=MODERN, name="new")

    async def story():
        await lab.deploy(old, new)
        assert expect_value(await lab.call(old)) == "yes"
        assert expect_failure(await lab.call(new)).error_type == "Error"

    lab.run(story())


def test_export_default_of_an_object_is_searched_by_nodejs24_only(lab, expect_failure, expect_value):
    files = {"index.mjs": "export default { handler: async () => 'yes' }"}
    old, new = lab.node(files, runtime=CLASSIC, name="old"), lab.node(files, runtime=MODERN, name="new")

    async def story():
        await lab.deploy(old, new)
        assert expect_failure(await lab.call(old)).error_type == "Runtime.HandlerNotFound"
        assert expect_value(await lab.call(new)) == "yes"

    lab.run(story())


NOT_FOUND = {
    "no dot": ({"index.js": ""}, "index", "Runtime.MalformedHandlerName", "Bad handler"),
    "two dots": ({"index.js": ""}, "../index.handler", "Runtime.MalformedHandlerName", "is not a valid handler name"),
    "no such export": (
        {"index.js": ""},
        "index.nope",
        "Runtime.HandlerNotFound",
        "index.nope is undefined or not exported",
    ),
    "not a function": (
        {"index.js": "exports.handler = 5"},
        "index.handler",
        "Runtime.HandlerNotFound",
        "index.handler is not a function",
    ),
    "no such file": ({"index.js": ""}, "app.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'app'"),
    "missing module": (
        {"index.js": "require('left-pad')"},
        "index.handler",
        "Runtime.ImportModuleError",
        "Error: Cannot find module 'left-pad'",
    ),
    "missing ES import": (
        {"index.mjs": "import 'left-pad'"},
        "index.handler",
        "Error",
        "Cannot find package 'left-pad'",
    ),
    "syntax error": (
        {"index.js": "exports.handler = async ( => 1"},
        "index.handler",
        "Runtime.UserCodeSyntaxError",
        "SyntaxError: ",
    ),
    "export in CommonJS": (
        {"index.js": "export const handler = async () => 1"},
        "index.handler",
        "Runtime.UserCodeSyntaxError",
        "SyntaxError: Unexpected token 'export'",
    ),
    "throws while loading": ({"index.js": "throw new RangeError('no')"}, "index.handler", "RangeError", "no"),
}


@BOTH
def test_what_does_not_load_is_an_init_failure(lab, runtime):
    functions = {case: lab.node(*row[:2], runtime=runtime) for case, row in NOT_FOUND.items()}
    invocations = lab.all(functions)
    seen = failures(invocations)
    assert {case: told[:2] for case, told in seen.items()} == {
        case: ("INIT", row[2]) for case, row in NOT_FOUND.items()
    }
    assert {case for case, row in NOT_FOUND.items() if row[3] not in seen[case][2]} == set()
    assert "edgesim" not in "".join(f"{one.result.message}{one.result.stack}" for one in invocations.values())


TEXT = {"x": ["ü", "\u2028", "\U0001f600"]}

ASYNC_RESULTS = {
    "a promise": ("async () => ({ a: 1 })", {"a": 1}),
    "a promise of a plain function": ("() => Promise.resolve(2)", 2),
    "a thenable": ("() => ({ then: (done) => done(3) })", 3),
    "nothing": ("async () => {}", None),
    "not a number": ("async () => ({ n: NaN })", {"n": None}),
    "a date": ("async () => new Date(0)", "1970-01-01T00:00:00.000Z"),
    "a buffer": ("async () => Buffer.from('a')", {"type": "Buffer", "data": [97]}),
    "undefined members": ("async () => ({ a: undefined, b: 1 })", {"b": 1}),
    "the event": ("async ({ x }) => ({ x })", TEXT),
    "after a timer": ("async () => { await new Promise((r) => setTimeout(r, 20)); return 'late' }", "late"),
    "not waiting for timers": ("async () => { setTimeout(() => {}, 60000); return 'now' }", "now"),
}


def choosing(table, runtime, lab):
    """One function that does what its event names. It is not async itself."""
    cases = ", ".join(f"{json.dumps(case)}: {row[0]}" for case, row in table.items())
    return lab.node(
        f"const cases = {{ {cases} }}; exports.handler = (event) => cases[event.case](event)", runtime=runtime
    )


@BOTH
def test_async_results(lab, runtime):
    function = choosing(ASYNC_RESULTS, runtime, lab)
    seen = values(lab.each(function, {case: {"case": case, **TEXT} for case in ASYNC_RESULTS}))
    assert seen == {case: row[1] for case, row in ASYNC_RESULTS.items()}


CLASSIC_RESULTS = {
    "callback": ("(event, context, callback) => callback(null, 1)", 1),
    "a callback's value is what it is once the loop is empty": (
        "(event, context, done) => { const seen = []; setTimeout(() => seen.push('timer'), 30); done(null, seen) }",
        ["timer"],
    ),
    "callback later": ("(event, context, callback) => { setTimeout(() => callback(null, 2), 20) }", 2),
    "callback that does not wait": (
        "(e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 60000); done(null, 3) }",
        3,
    ),
    "succeed": ("(event, context) => { setTimeout(() => {}, 60000); context.succeed(4) }", 4),
    "done": ("(event, context) => context.done(null, 5)", 5),
    "a plain value is discarded": ("() => 'lost'", None),
    "no answer": ("() => {}", None),
    "the first answer counts": (
        "async (e, c, callback) => { callback(null, 'callback'); return 'promise' }",
        "callback",
    ),
    "default parameters": ("(event, context = {}, callback = null) => callback(null, 6)", 6),
}


def test_results_up_to_nodejs22(lab):
    functions = {case: lab.node(f"exports.handler = {row[0]}") for case, row in CLASSIC_RESULTS.items()}
    assert values(lab.all(functions)) == {case: row[1] for case, row in CLASSIC_RESULTS.items()}


def test_a_pending_timer_counts_as_duration_of_a_callback(lab):
    source = "(event, context, callback) => { setTimeout(() => {}, 150); callback(null, 1) }"
    assert lab.once(lab.node(f"exports.handler = {source}")).duration_ms >= 150


def test_nodejs24_returns_a_plain_value(lab):
    assert lab.value(lab.node("exports.handler = () => 'kept'", runtime=MODERN)) == "kept"


def test_nodejs24_refuses_callbacks_at_init(lab):
    failure = lab.failure(lab.node("exports.handler = async (event, context, callback) => 1", runtime=MODERN))
    assert (failure.kind.name, failure.error_type) == ("INIT", "Runtime.CallbackHandlerDeprecated")


def test_nodejs24_has_no_context_succeed(lab):
    failure = lab.failure(lab.node("exports.handler = async (event, context) => context.succeed(1)", runtime=MODERN))
    assert failure.error_type == "TypeError"


# id: (source, error type, message)
ERRORS = {
    "an error": ("async () => { throw new RangeError('too far') }", "RangeError", "too far"),
    "an error, synchronously": ("() => { throw new RangeError('too far') }", "RangeError", "too far"),
    "a string": ("async () => { throw 'words' }", "string", "words"),
    "a number": ("async () => { throw 7 }", "number", "7"),
    "a delete character": ("async () => { throw new Error('a\\x7fb') }", "Error", "a%7Fb"),
}


@BOTH
def test_errors(lab, runtime):
    seen = failures(lab.each(choosing(ERRORS, runtime, lab), {case: {"case": case} for case in ERRORS}))
    assert seen == {case: ("ERROR", *row[1:]) for case, row in ERRORS.items()}


CLASSIC_ERRORS = {
    "callback with an error": ("(e, c, callback) => callback(new TypeError('bad'))", "TypeError", "bad"),
    "callback with a string": ("(e, c, callback) => callback('bad')", "string", "bad"),
    "fail without anything": ("(e, context) => context.fail()", "string", "handled"),
    "throw null": ("async () => { throw null }", "string", "handled"),
    "a look-alike": ("async () => { throw { name: 'N', message: 'm', stack: 's' } }", "N", "m"),
    "circular": ("async () => { const a = {}; a.a = a; return a }", "Error", "Unable to stringify response body"),
    "an async function that never settles": (
        "async () => { await new Promise(() => {}) }",
        "Runtime.NodeJsExit",
        "never settled",
    ),
}


def test_errors_up_to_nodejs22(lab):
    functions = {case: lab.node(f"exports.handler = {row[0]}", runtime=CLASSIC) for case, row in CLASSIC_ERRORS.items()}
    seen = failures(lab.all(functions))
    assert {case: told[1] for case, told in seen.items()} == {case: row[1] for case, row in CLASSIC_ERRORS.items()}
    assert {case for case, row in CLASSIC_ERRORS.items() if row[2] not in seen[case][2]} == set()


MODERN_ERRORS = {
    "throw null": ("async () => { throw null }", "object", "null"),
    "throw undefined": ("async () => { throw undefined }", "undefined", "undefined"),
    "a look-alike": ("async () => { throw { name: 'N', message: 'm', stack: 's' } }", "object", "[object Object]"),
    "an error that no class made": (
        "async () => { throw Object.assign(Object.create(Error.prototype), { name: 'Old', message: 'm' }) }",
        "Old",
        "m",
    ),
    "a bigint": ("async () => 1n", "Runtime.JSONStringifyError", "Unable to stringify response body"),
    "never settles": ("async () => { await new Promise(() => {}) }", "Runtime.ExitError", "without providing a reason"),
    "floating rejection": (
        "async () => { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 50)) }",
        "Runtime.ExitError",
        "exit status 1",
    ),
}


def test_errors_of_nodejs24(lab):
    functions = {case: lab.node(f"exports.handler = {row[0]}", runtime=MODERN) for case, row in MODERN_ERRORS.items()}
    seen = failures(lab.all(functions))
    assert {case: told[1] for case, told in seen.items()} == {case: row[1] for case, row in MODERN_ERRORS.items()}
    assert {case for case, row in MODERN_ERRORS.items() if row[2] not in seen[case][2]} == set()


def test_a_function_is_no_json(lab):
    assert lab.once(lab.node("exports.handler = async () => () => 1")).result.payload == "undefined"


def test_an_error_names_the_users_own_file(lab):
    function = lab.node("exports.handler = async () => {\n  throw new Error('here')\n}")
    failure = lab.failure(function)
    assert failure.stack[0] == "Error: here"
    assert f"({function.code.path}/index.js:2:9)" in failure.stack[1]


def test_an_error_in_an_es_module_names_the_users_own_file(lab):
    function = lab.node({"index.mjs": "export const handler = async () => {\n  throw new Error('here')\n}"})
    assert f"{function.code.path}/index.mjs:2:9" in lab.failure(function).stack[1]


def test_a_floating_rejection_fails_the_invocation_and_resets(lab, expect_value):
    source = (
        "let n = 0; exports.handler = async (event) => { n += 1;"
        " if (event.lose) { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 50)) } return n }"
    )
    function = lab.node(source)
    failure = lab.failure(function, {"lose": True})
    assert failure.error_type == "Runtime.UnhandledPromiseRejection"
    assert "Error: lost" in failure.message
    assert any("Unhandled Promise Rejection" in text for text in lab.log.texts)
    again = lab.run(lab.call(function))
    assert expect_value(again) == 1  # a new process, in the same environment and without an Init Duration
    assert again.init_ms is None


def test_an_exception_in_a_timer_fails_the_invocation(lab):
    source = (
        "exports.handler = async () => { setTimeout(() => { throw new RangeError('t') }, 5);"
        " await new Promise(() => setTimeout(() => {}, 900)) }"
    )
    failure = lab.failure(lab.node(source))
    assert (failure.error_type, failure.message) == ("RangeError", "t")


@BOTH
def test_a_rejection_with_the_answer_leaves_the_answer(lab, expect_value, runtime):
    source = "let n = 0; exports.handler = async () => { n += 1; Promise.reject(new Error('x')); return n }"
    function = lab.node(source, runtime=runtime)
    answered = lab.once(function)
    assert expect_value(answered) == 1
    assert any("Error: x" in line for line in answered.log)
    assert expect_value(lab.run(lab.call(function))) == 1  # the process had to end


def test_top_level_await_that_never_settles_ends_the_process(lab):
    failure = lab.failure(lab.node({"index.mjs": "await new Promise(() => {}); export const handler = 1"}))
    assert (failure.kind.name, failure.error_type) == ("INIT", "Runtime.ExitError")
    assert failure.message.endswith("Runtime exited with error: exit status 13")


def test_console_lines(lab):
    source = (
        "console.log('loading'); exports.handler = async () => {"
        " console.log('a %s', 1, { b: 2 }); console.error('two\\nlines');"
        " console.warn('w'); console.debug('d'); console.trace('t'); console.log(); process.stdout.write('raw\\n');"
        " process.stderr.write('err\\nor\\n'); console.dir({ c: 3 }); console.log('last') }"
    )
    invocation = lab.once(lab.node(source))
    lines = [line.split("\t")[1:] for line in invocation.log if "\t" in line]
    request_id = invocation.request_id
    assert lines == [
        ["undefined", "INFO", "loading"],
        [request_id, "INFO", "a 1 { b: 2 }"],
        [request_id, "ERROR", "two\nlines"],
        [request_id, "WARN", "w"],
        [request_id, "DEBUG", "d"],
        [request_id, "TRACE", "t"],
        [request_id, "INFO", "undefined"],
        [request_id, "INFO", "last"],
    ]
    assert [line for line in invocation.log if "\t" not in line] == ["raw", "err", "or", "{ c: 3 }"]
    assert invocation.log.index("raw") < invocation.log.index("{ c: 3 }") < len(invocation.log) - 1


def test_an_error_is_logged_with_its_properties(lab):
    source = "exports.handler = async () => { throw Object.assign(new Error('no'), { code: 'E1', extra: [1] }) }"
    invocation = lab.once(lab.node(source))
    (line,) = invocation.log
    assert f"\t{invocation.request_id}\tERROR\tInvoke Error \t{{" in line
    assert '"errorType":"Error","errorMessage":"no","code":"E1","extra":[1],"stack":["Error: no"' in line


@BOTH
def test_a_module_is_not_the_programs_main_one_and_there_is_none(lab, runtime):
    source = "exports.handler = async () => [require.main === undefined, process.mainModule === undefined]"
    assert values({"it": lab.once(lab.node(source, runtime=runtime))}) == {"it": [True, True]}


LOGGED_ERRORS = {
    "a name of its own": (
        "throw Object.assign(new Error('no'), { name: 'N' })",
        '{"errorType":"N","errorMessage":"no","name":"N","stack":["',
    ),
    "errors in an error": (
        "throw Object.assign(new Error('out'), { inner: new TypeError('in') })",
        '"inner":{"errorType":"TypeError","errorMessage":"in","stack":["TypeError: in",',
    ),
    "a circle": (
        "const e = new Error('http'); e.request = { e }; throw e",
        '{"errorType":"Error","errorMessage":"http","trace":["Error: http",',
    ),
    "a rejection that nobody caught": (
        "Promise.reject(new RangeError('lost')); await new Promise((r) => setTimeout(r, 50))",
        '"RangeError: lost","reason":{"errorType":"RangeError","errorMessage":"lost","stack":["RangeError: lost",',
    ),
}


def test_errors_are_logged_as_lambdas_client_logs_them(lab):
    functions = {case: lab.node(f"exports.handler = async () => {{ {row[0]} }}") for case, row in LOGGED_ERRORS.items()}
    logs = {case: one.log[0] for case, one in lab.all(functions).items()}
    assert {case: text for case, text in logs.items() if LOGGED_ERRORS[case][1] not in text} == {}


def test_a_rejection_at_the_top_of_a_module_is_an_init_failure(lab):
    source = "Promise.reject(new Error('lost')); exports.handler = async () => 1"
    functions = {runtime: lab.node(source, runtime=runtime) for runtime in (CLASSIC, MODERN)}
    seen = failures(lab.all(functions))
    assert {runtime: told[:2] for runtime, told in seen.items()} == {
        CLASSIC: ("INIT", "Runtime.UnhandledPromiseRejection"),
        MODERN: ("INIT", "Runtime.ExitError"),
    }


def test_the_context(lab):
    source = (
        "exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis(),"
        " keys: Object.keys(context) })"
    )
    function = lab.node(source, name="auth", version="7", memory=256)
    invocation = lab.once(function)
    context = json.loads(invocation.result.payload)
    assert context["functionName"] == "us-east-1.auth"
    assert context["functionVersion"] == "7"
    assert context["memoryLimitInMB"] == "256"
    assert context["awsRequestId"] == invocation.request_id
    assert context["invokedFunctionArn"] == "arn:aws:lambda:us-east-1:123456789012:function:us-east-1.auth:7"
    assert context["logGroupName"] == "/aws/lambda/us-east-1.auth"
    assert 4000 < context["left"] <= 5000
    assert {"identity", "clientContext", "succeed", "callbackWaitsForEmptyEventLoop"} <= set(context["keys"])


def test_a_streaming_handler_answers_in_one_piece(lab):
    source = (
        "exports.handler = awslambda.streamifyResponse("
        "async (event, stream) => { stream.write('{\"a\"'); stream.end(':1}') })"
    )
    assert lab.value(lab.node(source)) == {"a": 1}


def test_an_answer_beyond_the_limit_is_an_error(lab):
    failure = lab.failure(lab.node("exports.handler = async () => 'x'.repeat(6291555)"))
    assert failure.error_type == "Function.ResponseSizeTooLarge"
    assert "(6291557 bytes) exceeded maximum allowed payload size (6291556 bytes)" in failure.message


def test_an_answer_beyond_the_limit_is_in_the_log(lab):
    answers = {
        "node": lab.node("exports.handler = async () => 'x'.repeat(6291555)"),
        "python": lab.python("def handler(event, context):\n    return 'x' * 6291555\n"),
    }
    for language, line in (("node", "ERROR\tInvoke Error"), ("python", "[ERROR] Function.ResponseSizeTooLarge: ")):
        [said] = [text for text in lab.once(answers[language]).log if "ResponseSizeTooLarge" in text]
        assert line in said
        assert "(6291557 bytes) exceeded maximum allowed payload size (6291556 bytes)" in said


def test_a_large_event_and_a_large_answer_pass(lab):
    assert lab.value(lab.node("exports.handler = async (event) => event"), {"x": "y" * 3_000_000}) == {
        "x": "y" * 3_000_000
    }


def test_events_after_a_large_one_pass(lab, expect_value):
    """An event of more than a megabyte gets a buffer of its own, and the next one begins in a new one."""
    events = {"large": "y" * 3_000_000, "small": "x", "larger": "z" * 4_000_000}
    done = lab.each(lab.node("exports.handler = async (event) => event.length"), events)
    assert {case: expect_value(one) for case, one in done.items()} == {case: len(x) for case, x in events.items()}


def test_the_sdk_next_to_the_project_is_lent(lab):
    lab.write(
        "", {"node_modules/@aws-sdk/client-s3/index.js": "exports.name = 's3'", "node_modules/other/index.js": ""}
    )
    source = (
        "exports.handler = async () => { let other; try { require('other') } catch (e) { other = e.code }"
        " return [require('@aws-sdk/client-s3').name, other] }"
    )
    assert lab.value(lab.node(source)) == ["s3", "MODULE_NOT_FOUND"]
