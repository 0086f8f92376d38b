"""A save publishes the next version, as a deployment would; while it propagates, each edge location has one of two."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.distribution.model import AutoPublish, Code, EdgeFunction
from edgesim.distribution.propagation import Spread
from edgesim.driver.virtual_clock import VirtualClock
from edgesim.runtimes import Settings
from edgesim.values.instant import Duration
from tests.runtimes.conftest import PLAIN

pytestmark = pytest.mark.slow

TELLS = """
import os
def handler(event, context):
    return [WORD, context.function_version, os.environ["AWS_LAMBDA_FUNCTION_VERSION"], context.log_stream_name,
            context.invoked_function_arn]
"""
ONE, TWO = TELLS.replace("WORD", "1"), TELLS.replace("WORD", "2")
POPS = tuple(f"IAD{number:02}-C1" for number in range(30))


@pytest.fixture
def lab(new_lab):
    """A service in which nothing was published yet."""
    return new_lab(Settings(spares={}, max_environments=4))


def save(function: EdgeFunction, text: str) -> None:
    (Path(function.code.path) / "app.py").write_text(text)


def versions(lab, name: str = "fn") -> list[str]:
    [status] = [one for one in lab.service.status().functions if one.name == name]
    return [one.version for one in status.versions]


def test_everything_that_a_function_sees_follows_its_version(lab, expect_value):
    function = replace(lab.python(ONE), version="7")

    async def story():
        await lab.deploy(function)
        first = await lab.call(function)
        save(function, TWO)
        await lab.service.refresh()
        return first, await lab.call(function)

    for invocation, word, number in zip(lab.run(story()), (1, 2), "78", strict=True):
        assert invocation.version == number
        seen, version, variable, stream, arn = expect_value(invocation)
        assert (seen, version, variable) == (word, number, number)
        assert f"/[{number}]" in stream
        assert arn == f"arn:aws:lambda:us-east-1:123456789012:function:us-east-1.fn:{number}"
    started = [text.rpartition("Version: ")[2] for text in lab.log.texts if text.startswith("START")]
    assert started == ["7", "8"]


def test_a_save_that_changes_nothing_publishes_nothing(lab):
    function = lab.python(ONE)

    async def story():
        await lab.deploy(function)
        save(function, ONE)
        await lab.service.refresh()

    lab.run(story())
    assert versions(lab) == ["1"]


def test_code_that_was_there_before_is_a_new_version_all_the_same(lab):
    function = lab.python(ONE)

    async def story():
        await lab.deploy(function)
        for text in (TWO, ONE):
            save(function, text)
            await lab.service.refresh()
        return await lab.call(function)

    assert lab.run(story()).version == "3"
    [status] = lab.service.status().functions
    assert status.versions[0].code_sha256 == status.versions[2].code_sha256 != status.versions[1].code_sha256


def test_a_broken_save_is_published_too_and_its_number_is_not_used_again(lab):
    function = lab.python(ONE)

    async def story():
        await lab.deploy(function)
        save(function, "def handler(:")
        await lab.service.refresh()
        broken = await lab.call(function)
        save(function, TWO)
        await lab.service.refresh()
        return broken.version, (await lab.call(function)).version

    assert lab.run(story()) == ("1", "3")
    assert versions(lab) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("change", "published"),
    [({"memory": 256}, ["1", "2"]), ({"timeout": 9}, ["1", "2"]), ({"concurrency": 5}, ["1"])],
    ids=["memory", "timeout", "reserved concurrency"],
)
def test_changed_settings_are_published_and_reserved_concurrency_is_none(lab, change, published):
    function = lab.python(ONE)

    async def story():
        await lab.deploy(function)
        await lab.deploy(replace(function, **change))
        return await lab.call(replace(function, **change))

    assert lab.run(story()).version == published[-1]
    assert versions(lab) == published


def test_settings_that_do_not_start_leave_the_last_good_version_serving(lab):
    function = lab.python(ONE)
    broken = replace(function, handler="app.nothing")

    async def story():
        await lab.deploy(function)
        warm = (await lab.call(function)).environment
        problems = await lab.service.deploy([broken])
        called = [await lab.call(broken), await lab.call(function)]  # the latter came before, and was slow
        save(function, TWO.replace("def handler", "def nothing"))
        await lab.service.refresh()
        return warm, problems, called, await lab.call(broken)

    warm, [problem], called, mended = lab.run(story())
    assert problem.hint == "this is version 2; the last version that worked goes on serving"
    assert [(one.version, one.environment) for one in called] == [("1", warm)] * 2
    assert mended.version == "3"
    assert lab.service.status().functions[0].problem is None


def test_with_sam_settings_alone_publish_nothing_and_saved_code_takes_them_along(lab):
    function = replace(lab.python(ONE), auto_publish=AutoPublish())
    changed = replace(function, timeout=9)

    async def story():
        await lab.deploy(function)
        settled = [await lab.service.published([changed])]
        save(function, ONE)  # as it was
        settled.append(await lab.service.published([changed]))
        save(function, TWO)
        settled.append(await lab.service.published([changed]))
        return settled

    assert [found[changed].timeout for found in lab.run(story())] == [function.timeout, function.timeout, 9]


def test_with_sam_settings_are_published_where_no_version_has_ever_started(lab):
    function = replace(lab.python(ONE), auto_publish=AutoPublish(), handler="app.nothing")
    mended = replace(function, handler="app.handler")

    async def story():
        await lab.deploy(function)
        return await lab.service.published([mended])

    assert lab.run(story()) == {mended: mended}


def test_with_sam_settings_are_published_where_those_before_them_did_not_start(lab):
    """What runs then are the settings from before, which nobody is told to go on with."""
    function = replace(lab.python(ONE), auto_publish=AutoPublish())
    broken = replace(function, handler="app.nothing")
    mended = replace(function, timeout=9)

    async def story():
        await lab.deploy(function)
        save(function, TWO)
        await lab.service.deploy([broken])
        settled = await lab.service.published([mended])
        await lab.deploy(mended)
        return settled, await lab.call(mended)

    settled, called = lab.run(story())
    assert settled == {mended: mended}
    assert called.version == "3"


def test_two_versions_of_one_function_become_one_when_their_code_changes(lab):
    first = lab.python(ONE)
    second = replace(first, version="2")

    async def story():
        await lab.deploy(first, second)
        before = [(await lab.call(one)).version for one in (first, second)]
        save(first, TWO)
        await lab.service.refresh()
        return before, [(await lab.call(one)).version for one in (first, second)]

    assert lab.run(story()) == (["1", "2"], ["3", "3"])


def test_where_nothing_is_published_a_function_is_the_version_that_it_says(new_lab):
    lab = new_lab(Settings(spares={}, publishes=False))
    function = lab.python(ONE)

    async def story():
        await lab.deploy(function)
        save(function, TWO)
        await lab.service.refresh()
        return await lab.call(function)

    assert lab.run(story()).version == "1"


def test_the_sha_of_a_zip_is_lambdas_and_that_of_other_code_goes_by_its_files(lab, tmp_path):
    archive = tmp_path / "fn.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("app.py", ONE)
    function = lab.python(ONE)
    same = replace(lab.python(ONE), name="same")
    zipped = EdgeFunction("zipped", Code(str(archive)), "app.handler", "python3.11")
    lab.run(lab.deploy(function, same, zipped))
    told = {one.name: one.versions[0].code_sha256 for one in lab.service.status().functions}
    assert told["zipped"] == base64.b64encode(hashlib.sha256(archive.read_bytes()).digest()).decode()
    assert told["fn"] == told["same"] != told["zipped"]
    assert len(base64.b64decode(told["fn"])) == 32


# ── propagation ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def timed(new_lab, clock):
    return new_lab(Settings(spares={}, max_environments=4), clock=clock)


def at(lab, function, pop, arrived):
    return lab.call(function, pop=pop, arrived=arrived)


def test_while_an_update_propagates_each_edge_location_has_one_of_both_versions(timed, clock):
    function, spread = timed.python(ONE), Spread(Duration(60.0), seed=1)

    async def story():
        await timed.deploy(function)
        save(function, TWO)
        await timed.service.refresh(spread)
        served = []
        for _ in range(5):
            served.append([(await at(timed, function, pop, clock.now())).version for pop in POPS])
            await clock.advance(15)
        return served

    beginning, *between, end = timed.run(story())
    assert set(beginning) == {"1"}
    assert all(set(answers) == {"1", "2"} for answers in between)
    assert set(end) == {"2"}
    for one, next_one in zip((beginning, *between), (*between, end), strict=True):
        assert all(was <= now for was, now in zip(one, next_one, strict=True))


def test_a_request_keeps_its_version_however_long_it_takes(timed, clock):
    function = timed.python(ONE)

    async def story():
        await timed.deploy(function)
        came = clock.now()
        await clock.advance(1)
        save(function, TWO)
        await timed.service.refresh(Spread(Duration(10.0), seed=1))
        await clock.advance(30)
        old, new = await at(timed, function, POPS[0], came), await at(timed, function, POPS[0], clock.now())
        return old.version, new.version

    assert timed.run(story()) == ("1", "2")


def test_old_environments_end_when_the_update_is_everywhere(timed, clock, expect_value):
    function = timed.python(ONE)

    def of_version(version):
        [status] = timed.service.status().functions
        return [one for one in status.environments if one.version == version]

    async def story():
        await timed.deploy(function)
        await timed.call(function)
        save(function, TWO)
        await timed.service.refresh(Spread(Duration(60.0), seed=1))
        [status] = timed.service.status().functions
        assert status.serving == ("1", "2")
        assert of_version("1")
        assert of_version("2")
        await clock.advance(60)
        [status] = timed.service.status().functions
        assert status.serving == ("2",)
        assert not of_version("1")
        assert of_version("2")

    timed.run(story())


def test_other_settings_propagate_too(timed, clock):
    function = timed.python(ONE)
    larger = replace(function, memory=256)

    async def story():
        await timed.deploy(function)
        await timed.call(function)
        await timed.service.deploy([larger], Spread(Duration(60.0), seed=1))
        old, new = await timed.call(function), await timed.call(larger)
        assert (old.version, old.cold, new.version) == ("1", False, "2")  # who has the old one still has it warm
        await clock.advance(60)
        return await timed.call(function)

    assert timed.run(story()).cold  # a request that came before: served, and nothing stays


def test_nothing_is_left_of_many_updates(new_lab, clock, alive, expect_value):
    timed = new_lab(replace(PLAIN, publishes=True), clock=clock)
    function = timed.python("import os\ndef handler(event, context):\n    return os.getpid()\n")

    async def story():
        await timed.deploy(function)
        pids = [expect_value(await timed.call(function))]
        for number in range(4):
            save(function, f"import os\ndef handler(event, context):\n    return os.getpid()  # {number}\n")
            await timed.service.refresh(Spread(Duration(5.0), seed=number))
            pids.append(expect_value(await timed.call(function)))
        assert all(map(alive, pids))
        await clock.advance(5)
        await asyncio.sleep(0.1)
        assert [alive(pid) for pid in pids] == [False] * 4 + [True]
        await clock.advance(120)
        save(function, ONE)
        await timed.service.refresh()
        return [one.version for one in timed.service.status().functions]

    assert timed.run(story()) == ["6"]
    copies = list((timed.service._workspace.code).iterdir())
    assert len(copies) <= 2
