"""What is left of an environment's promises where limits are relaxed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from edgesim.distribution.limits import Limit
from edgesim.runtimes import Settings

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("language", ["node", "python"])
def test_without_time_limits_a_function_takes_what_it_needs(new_lab, expect_value, language):
    lab = new_lab(Settings(spares={}, relaxed=frozenset({Limit.TIMEOUTS})))
    node = (
        "exports.handler = async (_, context) => {"
        " await new Promise((r) => setTimeout(r, 200)); return context.getRemainingTimeInMillis() }"
    )
    python = (
        "import time\ndef handler(event, context):\n    time.sleep(0.2)\n"
        "    return context.get_remaining_time_in_millis()\n"
    )
    function = lab.node(node) if language == "node" else lab.python(python)
    left = expect_value(lab.once(function, limit=0.05))
    assert left <= -100 if language == "node" else left == 0  # each as its runtime tells it


def test_without_time_limits_a_function_that_hangs_still_ends_with_edgesim(new_lab, gone_within):
    lab = new_lab(Settings(spares={}, relaxed=frozenset({Limit.TIMEOUTS})))
    function = lab.python("def handler(event, context):\n    while True:\n        pass\n")

    async def story():
        await lab.deploy(function)
        hanging = asyncio.ensure_future(lab.call(function, limit=0.01))
        await asyncio.sleep(0.1)
        pids = {one.pid for one in lab.service.status().functions[0].environments}
        await lab.service.close()
        return await hanging, pids

    hanging, pids = lab.run(story())
    assert hanging.result.error_type == "Edgesim.ShutDown"
    assert gone_within(2, pids)


def test_an_init_that_takes_long_is_waited_for(new_lab, expect_value, monkeypatch):
    monkeypatch.setattr("edgesim.runtimes.environment.INIT_SECONDS", 0.05)
    lab = new_lab(Settings(spares={}, relaxed=frozenset({Limit.TIMEOUTS})))
    assert (
        expect_value(
            lab.once(
                lab.node("const end = Date.now() + 200; while (Date.now() < end); exports.handler = async () => 1")
            )
        )
        == 1
    )


def test_without_a_limit_of_concurrency_even_a_paused_function_runs(new_lab, expect_value):
    lab = new_lab(Settings(spares={}, concurrency=1, relaxed=frozenset({Limit.CONCURRENCY})))
    function = replace(lab.node("exports.handler = async () => 1"), concurrency=0)
    assert expect_value(lab.once(function)) == 1
