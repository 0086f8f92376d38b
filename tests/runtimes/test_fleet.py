"""One machine for all functions: who gets a process, who waits, and that nobody starves."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.runtimes import Settings
from edgesim.runtimes.fleet import Room, room
from edgesim.values.invocation import FailureKind, Returned


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"own": 0, "in_all": 0}, Room.FREE, id="an empty machine"),
        pytest.param({"own": 3, "in_all": 9}, Room.FREE, id="room in all"),
        pytest.param({"own": 4, "in_all": 5, "idle_elsewhere": True}, Room.NONE, id="the function's own limit"),
        pytest.param({"own": 3, "in_all": 10, "idle_elsewhere": True}, Room.TAKEN, id="an idle one makes room"),
        pytest.param({"own": 1, "in_all": 10}, Room.NONE, id="all are busy"),
        pytest.param({"own": 0, "in_all": 10}, Room.FREE, id="all are busy, but this function has none"),
    ],
)
def test_another_environment_starts_where_there_is_room(facts, expected):
    assert room(**{"limit": 4, "limit_in_all": 10, "idle_elsewhere": False, **facts}) is expected


@given(st.integers(0, 9), st.integers(0, 99), st.booleans())
def test_a_function_without_an_environment_is_never_refused(limit, in_all, idle):
    assert room(own=0, limit=limit + 1, in_all=in_all, limit_in_all=5, idle_elsewhere=idle) is not Room.NONE


# ── real processes ──────────────────────────────────────────────────────────────────────────────────────────────

SLEEP = "import os, time\ndef handler(event, context):\n    time.sleep(event.get('wait', 0))\n    return os.getpid()\n"
NODE_SLEEP = (
    "exports.handler = async (event) => {"
    " if (event.wait) await new Promise((r) => setTimeout(r, event.wait * 1000)); return process.pid }"
)


async def _most_meanwhile(lab, done):
    """The most environments of each function, looked at until `done`."""
    most = {}
    while not done.done():
        for one in lab.service.status().functions:
            most[one.name] = max(most.get(one.name, 0), len(one.environments))
        await asyncio.sleep(0.005)
    return most


@pytest.mark.slow
@pytest.mark.parametrize("language", ["node", "python"])
def test_a_hundred_calls_of_one_slow_function_starve_no_other(new_lab, language):
    lab = new_lab(Settings(spares={}, max_environments=4, max_in_all=5))
    make = lab.node if language == "node" else lab.python
    source = NODE_SLEEP if language == "node" else SLEEP
    slow = make(source, name="slow")
    others = [make(source, name=name) for name in ("a", "b", "c")]

    async def story():
        await lab.deploy(slow, *others)
        storm = asyncio.gather(*(lab.call(slow, {"wait": 0.02}) for _ in range(100)))
        watching = asyncio.ensure_future(_most_meanwhile(lab, storm))
        waited = []
        for function in others * 3:
            begun = time.monotonic()
            assert isinstance((await lab.call(function)).result, Returned)
            waited.append(time.monotonic() - begun)
        assert not storm.done()
        return await storm, await watching, waited

    invocations, most, waited = lab.run(story())
    assert all(isinstance(one.result, Returned) for one in invocations)
    assert most["slow"] <= 4
    assert sum(most.values()) <= 5 + 4
    assert max(waited) < 1.0  # a cold start beside five busy processes; the storm's queue is not waited for


@pytest.mark.slow
def test_callers_are_served_in_the_order_in_which_they_came(new_lab):
    lab = new_lab(Settings(spares={}, max_environments=1))
    function = lab.python(SLEEP)

    async def story():
        await lab.deploy(function)
        order = []

        async def caller(number, follow):
            await lab.call(function, {"wait": 0.005})
            order.append(number)
            if follow:  # whoever comes while an environment changes hands is behind those who wait
                await caller(number + 20, follow=False)

        await asyncio.gather(*(caller(number, follow=number < 10) for number in range(20)))
        return order

    assert lab.run(story()) == list(range(30))


@pytest.mark.slow
def test_the_environment_that_was_idle_for_longest_makes_room(new_lab, alive):
    lab = new_lab(Settings(spares={}, max_environments=4, max_in_all=2))
    a, b, c = (lab.python(SLEEP, name=name) for name in "abc")

    async def story():
        await lab.deploy(a, b)
        for one in (a, b):
            await lab.call(one)
        pids = [one.environments[0].pid for one in lab.service.status().functions]
        await lab.deploy(a, b, c)
        assert (await lab.call(b)).cold is False
        await lab.call(c)
        for _ in range(200):
            if not alive(pids[0]):
                break
            await asyncio.sleep(0.01)
        return [alive(pid) for pid in pids]

    assert lab.run(story()) == [False, True]


@pytest.mark.slow
def test_beyond_the_accounts_limit_calls_are_throttled_and_reserved_functions_run(new_lab, expect_failure):
    lab = new_lab(Settings(spares={}, max_environments=2, concurrency=4))
    plain, kept = lab.python(SLEEP, name="plain"), replace(lab.python(SLEEP, name="kept"), concurrency=1)

    async def story():
        problems = await lab.service.deploy([plain, kept])
        running = [asyncio.ensure_future(lab.call(plain, {"wait": 0.2})) for _ in range(3)]
        await asyncio.sleep(0)
        refused, served = await asyncio.gather(lab.call(plain), lab.call(kept))
        await asyncio.gather(*running)
        return problems, refused, served, await lab.call(plain)

    problems, refused, served, after = lab.run(story())
    assert [problem.code for problem in problems] == ["InvalidParameterValueException"]  # 4 - 1 is less than is to stay
    assert expect_failure(refused).kind is FailureKind.THROTTLED
    assert "ConcurrentInvocationLimitExceeded (the account's limit: 3 of 3 run" in expect_failure(refused).message
    assert isinstance(served.result, Returned)
    assert isinstance(after.result, Returned)


@pytest.mark.slow
def test_a_function_whose_caller_left_counts_until_it_ends(new_lab, expect_failure):
    lab = new_lab(Settings(spares={}))
    function = replace(lab.python(SLEEP), concurrency=1)

    async def story():
        await lab.deploy(function)
        await lab.call(function)
        caller = asyncio.ensure_future(lab.call(function, {"wait": 0.2}))
        await asyncio.sleep(0.05)
        caller.cancel()
        beside = await lab.call(function)
        await asyncio.sleep(0.25)
        return beside, await lab.call(function)

    beside, after = lab.run(story())
    assert expect_failure(beside).kind is FailureKind.THROTTLED
    assert isinstance(after.result, Returned)
