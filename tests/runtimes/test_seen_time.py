"""The clock as functions see it, in real processes: the machine's untouched, or edgesim's."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from edgesim.driver.clock import SteeredClock
from edgesim.driver.virtual_clock import VIRTUAL_START, VirtualClock

pytestmark = pytest.mark.slow

NOW = int(VIRTUAL_START)  # Tue, 06 May 2025 10:00:00 GMT
NOW_MS = NOW * 1000
ISO = "2025-05-06T10:00:00.000Z"
HOUR = 3_600

NODE = """
const util = require('node:util');
const loaded = Date.now();
class Sub extends Date { tag() { return 'sub'; } }
const en = new Intl.DateTimeFormat('en', { timeZone: 'UTC' });
exports.handler = async (event) => eval(event.expression);
"""
PYTHON = """
import copy, datetime as module, json, logging, pickle, time
from datetime import date, datetime, timedelta, timezone
from time import time as imported
loaded = time.time()
class Sub(datetime): pass
class Uses: converter, clock = time.gmtime, time.time
def handler(event, context): return eval(event["expression"], {**globals(), "context": context})
"""

# expression: value
SEEN_BY_NODE = {
    "Date.now()": NOW_MS,
    "loaded": NOW_MS,
    "new Date()": ISO,
    "new Date().getTime()": NOW_MS,
    "Date()": "Tue May 06 2025 10:00:00 GMT+0000 (Coordinated Universal Time)",
    "Date(0)": "Tue May 06 2025 10:00:00 GMT+0000 (Coordinated Universal Time)",
    "new Sub()": ISO,
    "new Sub().tag()": "sub",
    "new Sub(0).getTime()": 0,
    "Reflect.construct(Date, [], Sub).tag()": "sub",
    "new (new Date()).constructor()": ISO,
    "Date.now.call(undefined)": NOW_MS,
    "[1].map(Date.now)[0]": NOW_MS,
    "Math.floor(Date.now() / 1000)": NOW,
    "en.format()": "5/6/2025",
    "en.format(undefined)": "5/6/2025",
    "en.format(0)": "1/1/1970",
    "[undefined].map(en.format)[0]": "5/6/2025",
    "en.formatToParts()[0].value": "5",
    "en.formatToParts(0)[0].value": "1",
    "new Date(0).getTime()": 0,
    "new Date(undefined).getTime()": None,
    "new Date(2020, 1, 2).toISOString()": "2020-02-02T00:00:00.000Z",
    "new Date('2020-02-02').getTime()": 1580601600000,
    "new Date(new Date(5)).getTime()": 5,
    "Date.UTC(2020, 1, 2)": 1580601600000,
    "Date.parse('2020-02-02')": 1580601600000,
}
LOOKS_LIKE_NODE = {
    "new Date() instanceof Date": True,
    "new Sub() instanceof Date": True,
    "({}) instanceof Date": False,
    "Date.prototype.constructor === Date": True,
    "globalThis.Date === Date": True,
    "Object.getPrototypeOf(new Date()) === Date.prototype": True,
    "Object.getPrototypeOf(Date) === Function.prototype": True,
    "util.types.isDate(new Date())": True,
    "structuredClone(new Date(5)) instanceof Date": True,
    "Object.prototype.toString.call(new Date())": "[object Date]",
    "typeof Date": "function",
    "typeof Date()": "string",
    "Date.name": "Date",
    "Date.length": 7,
    "Date.toString()": "function Date() { [native code] }",
    "String(Date)": "function Date() { [native code] }",
    "String(Sub).slice(0, 9)": "class Sub",
    "Date.now.name": "now",
    "Date.now.length": 0,
    "String(Date.now).includes('[native code]')": True,
    "Object.getOwnPropertyNames(Date)": ["length", "name", "prototype", "now", "parse", "UTC"],
    "Object.keys(globalThis).includes('Date')": False,
    "util.inspect(Date)": "[Function: Date]",
    "en.format === en.format": True,
    "en.format.length": 1,
    "Object.keys(Date).length": 0,
}
SEEN_BY_PYTHON = {
    "time.time()": NOW,
    "imported()": NOW,
    "loaded": NOW,
    "time.time_ns()": NOW * 10**9,
    "time.clock_gettime(time.CLOCK_REALTIME)": NOW,
    "time.clock_gettime_ns(time.CLOCK_REALTIME)": NOW * 10**9,
    "time.gmtime()[:6]": [2025, 5, 6, 10, 0, 0],
    "time.gmtime(None)[:6]": [2025, 5, 6, 10, 0, 0],
    "time.gmtime(0)[:6]": [1970, 1, 1, 0, 0, 0],
    "time.localtime()[:6]": [2025, 5, 6, 10, 0, 0],
    "time.localtime(0.5)[:6]": [1970, 1, 1, 0, 0, 0],
    "time.ctime()": "Tue May  6 10:00:00 2025",
    "time.ctime(0)": "Thu Jan  1 00:00:00 1970",
    "time.asctime()": "Tue May  6 10:00:00 2025",
    "time.asctime(time.gmtime(0))": "Thu Jan  1 00:00:00 1970",
    "time.strftime('%Y-%m-%d %H')": "2025-05-06 10",
    "time.strftime('%Y', time.gmtime(0))": "1970",
    "datetime.now().isoformat()": "2025-05-06T10:00:00",
    "datetime.now(timezone.utc).isoformat()": "2025-05-06T10:00:00+00:00",
    "datetime.now(tz=timezone(timedelta(hours=2))).isoformat()": "2025-05-06T12:00:00+02:00",
    "module.datetime.now().timestamp()": NOW,
    "datetime.utcnow().isoformat()": "2025-05-06T10:00:00",
    "datetime.today().isoformat()": "2025-05-06T10:00:00",
    "date.today().isoformat()": "2025-05-06",
    "datetime(2020, 1, 1).now().isoformat()": "2025-05-06T10:00:00",
    "Sub.now().isoformat()": "2025-05-06T10:00:00",
    "datetime(2020, 2, 2).isoformat()": "2020-02-02T00:00:00",
    "datetime.fromtimestamp(0).isoformat()": "1970-01-01T00:00:00",
    "datetime.now() - datetime(2025, 5, 6) == timedelta(hours=10)": True,
    "logging.LogRecord('n', 20, 'p', 1, 'm', (), None).created": NOW,
    "Uses().converter(0)[:3]": [1970, 1, 1],
    "Uses().clock()": NOW,
}
LOOKS_LIKE_PYTHON = {
    "type(datetime.now()) is datetime": True,
    "type(date.today()) is date": True,
    "type(Sub.now()) is Sub": True,
    "isinstance(datetime.now(), date)": True,
    "datetime.__mro__ == (datetime, date, object)": True,
    "repr(datetime.now())": "datetime.datetime(2025, 5, 6, 10, 0)",
    "repr(Sub.now())": "Sub(2025, 5, 6, 10, 0)",
    "repr(datetime)": "<class 'datetime.datetime'>",
    "pickle.loads(pickle.dumps(datetime.now())) == datetime.now()": True,
    "pickle.loads(pickle.dumps(datetime)) is datetime": True,
    "copy.deepcopy(datetime.now()) == datetime.now()": True,
    "pickle.loads(pickle.dumps(time.time)) is time.time": True,
    "copy.deepcopy(time.time) is time.time": True,
    "repr(time.time)": "<built-in function time>",
    "time.time.__name__": "time",
    "time.time.__module__": "time",
    "'Return the current time' in time.time.__doc__": True,
    "callable(time.time)": True,
    "type(datetime.now() + timedelta(1)) is datetime": True,
}


def values(invocations):
    return {case: json.loads(one.result.payload) for case, one in invocations.items()}


def evaluated(lab, function, table):
    return values(lab.each(function, {expression: {"expression": expression} for expression in table}))


def in_language(lab, language):
    return lab.node(NODE) if language == "node" else lab.python(PYTHON)


BOTH = pytest.mark.parametrize("language", ["node", "python"])
CLOCK = {"node": "Date.now()", "python": "int(time.time() * 1000)"}
UNTOUCHED = {
    "node": "!util.types.isProxy(Date) && !util.types.isProxy(Date.now)",
    "python": "type(time.time) is type(len) and type(datetime.now) is type(len)",
}


# ── a clock that stands still ────────────────────────────────────────────────


@pytest.mark.parametrize("table", [SEEN_BY_NODE, LOOKS_LIKE_NODE], ids=["what is seen", "what it looks like"])
def test_nodejs(new_lab, table):
    lab = new_lab(clock=VirtualClock())
    assert evaluated(lab, lab.node(NODE), table) == table


@pytest.mark.parametrize("table", [SEEN_BY_PYTHON, LOOKS_LIKE_PYTHON], ids=["what is seen", "what it looks like"])
def test_python(new_lab, table):
    lab = new_lab(clock=VirtualClock())
    assert evaluated(lab, lab.python(PYTHON), table) == table


def test_an_es_module_sees_it_too(new_lab):
    lab = new_lab(clock=VirtualClock())
    source = "const loaded = Date.now(); export const handler = async () => [loaded, new Date()]"
    assert lab.value(lab.node({"index.mjs": source}, runtime="nodejs24.x")) == [NOW_MS, ISO]


@BOTH
def test_the_next_invocation_sees_where_it_was_moved_to(new_lab, language, expect_value):
    clock = VirtualClock()
    lab = new_lab(clock=clock)
    function = in_language(lab, language)

    async def story():
        await lab.deploy(function)
        seen = []
        for seconds in (0, HOUR, 0.25, 0):
            await clock.advance(seconds)
            seen.append(await lab.call(function, {"expression": CLOCK[language]}))
        clock.restart()
        return [*seen, await lab.call(function, {"expression": CLOCK[language]})]

    invocations = lab.run(story())
    moved = NOW_MS + HOUR * 1000
    assert list(map(expect_value, invocations)) == [NOW_MS, moved, moved + 250, moved + 250, NOW_MS]
    assert len({invocation.environment for invocation in invocations}) == 1


# Counts what it sees while it waits for another instant, by the clock that goes on
WAITING = {
    "node": "(() => { const begun = process.hrtime.bigint(), at = Date.now(); while (Date.now() === at);"
    " return [at, Number(process.hrtime.bigint() - begun) / 1e9]; })()",
    "python": "(lambda begun, at: [next(at * 1000 for _ in iter(int, 1) if time.time() != at),"
    " time.monotonic() - begun])(time.monotonic(), time.time())",
}


@BOTH
def test_who_waits_for_it_to_go_on_does_not_wait_for_ever(new_lab, language):
    lab = new_lab(clock=VirtualClock())
    at, waited = lab.value(in_language(lab, language), {"expression": WAITING[language]})
    assert at == NOW_MS
    assert waited > 0.9


@pytest.mark.parametrize(
    ("language", "expression"),
    [
        ("node", "performance.timeOrigin + performance.now()"),
        ("python", "(time.monotonic() + REAL) * 1000"),
    ],
)
def test_what_is_monotonic_stays_the_machines(new_lab, language, expression):
    lab = new_lab(clock=VirtualClock())
    now = time.time()
    expression = expression.replace("REAL", str(now - time.monotonic()))
    seen = lab.value(in_language(lab, language), {"expression": expression})
    assert seen >= now * 1000 - 60_000


@BOTH
def test_deadlines_are_real_time(new_lab, language):
    lab = new_lab(clock=VirtualClock())
    left = {
        "node": ({"index.js": "exports.handler = async (e, c) => c.getRemainingTimeInMillis()"}, "index.handler"),
        "python": ({"app.py": "def handler(e, c): return c.get_remaining_time_in_millis()"}, "app.handler"),
    }
    function = getattr(lab, language)(*left[language])
    remaining = lab.value(function)
    assert isinstance(remaining, int)
    assert 0 < remaining <= 5_000


def test_log_lines_have_the_time_that_is_seen(new_lab):
    lab = new_lab(clock=VirtualClock())
    node = lab.node("exports.handler = async () => console.log('said')")
    python = lab.python("import logging\ndef handler(e, c): logging.getLogger().warning('said')")
    lab.value(node)
    lab.value(python)
    said = [line for line in lab.log.texts if line.endswith("said")]
    assert said[0].startswith(f"{ISO}\t")
    assert said[1].startswith(f"[WARNING]\t{ISO}\t")


@pytest.mark.parametrize("code", [0, 7])
def test_a_python_process_still_ends_as_it_wants_to(new_lab, code, expect_failure):
    lab = new_lab(clock=VirtualClock())
    function = lab.python(f"import sys, datetime\ndef handler(e, c): datetime.datetime.now(); sys.exit({code})")
    message = expect_failure(lab.once(function)).message
    assert message.endswith(f"exit status {code}" if code else "Runtime exited without providing a reason")


def test_an_error_does_not_show_where_it_comes_from(new_lab):
    lab = new_lab(clock=VirtualClock())
    failed = lab.failure(lab.node("exports.handler = async () => new Date(Symbol())"))
    assert [line for line in failed.stack if "edgesim" in line] == []


# ── a clock that runs, from another time on ──────────────────────────────────


@BOTH
def test_while_nobody_moved_it_nothing_is_touched(new_lab, language):
    lab = new_lab(clock=SteeredClock())
    assert lab.value(in_language(lab, language), {"expression": UNTOUCHED[language]}) is True


@BOTH
def test_moved_the_function_sees_the_same_clock(new_lab, language, expect_value):
    clock = SteeredClock()
    clock.advance(HOUR)
    lab = new_lab(clock=clock)
    function = in_language(lab, language)

    async def story():
        await lab.deploy(function)
        sights = []
        for seconds in (0, 1.5, 0):
            clock.advance(seconds)
            before = clock.now()
            seen = expect_value(await lab.call(function, {"expression": CLOCK[language]}))
            sights.append((before * 1000, seen, clock.now() * 1000))
        return sights

    for before, seen, after in lab.run(story()):
        assert int(before) <= seen <= after


@BOTH
def test_the_first_move_starts_environments_anew_and_later_ones_do_not(new_lab, language, expect_value):
    clock = SteeredClock()
    lab = new_lab(clock=clock)
    function = in_language(lab, language)

    async def story():
        await lab.deploy(function)
        invocations = []
        for seconds in (0, HOUR, HOUR):
            clock.advance(seconds)
            invocations.append(await lab.call(function, {"expression": CLOCK[language]}))
        return invocations

    first, second, third = lab.run(story())
    assert first.environment != second.environment == third.environment
    assert second.init_ms is not None
    assert third.init_ms is None
    assert expect_value(second) > expect_value(first) + HOUR * 1000 - 1_000


def test_what_runs_when_it_is_first_moved_finishes(new_lab, expect_value):
    clock = SteeredClock()
    lab = new_lab(clock=clock)
    source = (
        "exports.handler = async ({ms}) => { await new Promise((done) => setTimeout(done, ms)); return Date.now() }"
    )
    slow = lab.node(source)

    async def story():
        await lab.deploy(slow)
        running = asyncio.create_task(lab.call(slow, {"ms": 300}))
        await asyncio.sleep(0.05)
        clock.advance(HOUR)
        return await running, await lab.call(slow, {"ms": 0})

    before, after = lab.run(story())
    assert expect_value(before) < expect_value(after) - HOUR * 1000 + 1_000
    assert before.environment != after.environment
    assert after.init_ms is not None


@BOTH
def test_back_at_the_machines_time_the_function_is_too(new_lab, language, expect_value):
    clock = SteeredClock()
    clock.freeze()
    lab = new_lab(clock=clock)
    function = in_language(lab, language)
    stands_at = clock.now()

    async def story():
        await lab.deploy(function)
        frozen = expect_value(await lab.call(function, {"expression": CLOCK[language]}))
        clock.reset()
        before = time.time()
        return frozen, before, expect_value(await lab.call(function, {"expression": CLOCK[language]}))

    frozen, before, reset = lab.run(story())
    assert frozen == int(stands_at * 1000)
    assert int(before * 1000) <= reset <= time.time() * 1000
