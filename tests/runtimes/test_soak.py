"""Ten thousand invocations of functions that end in every way there is, and nothing is left of them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgesim.runtimes import Language, Settings
from edgesim.values.invocation import Failed, FailureKind, Returned

pytestmark = pytest.mark.long

INVOCATIONS = 10_000
CALLERS = 8

NODE = """
const { spawn } = require('child_process');
exports.handler = async (event) => {
  if (event.do === 'throw') throw new Error('as asked');
  if (event.do === 'exit') process.exit(3);
  if (event.do === 'hang') await new Promise((done) => setTimeout(done, 60000));
  if (event.do === 'print') console.log('x'.repeat(2000));
  if (event.do === 'spawn') return spawn('sleep', ['300.0417'], { stdio: 'inherit' }).pid;
  return event;
}
"""
PYTHON = """
import os, subprocess, time
def handler(event, context):
    what = event.get("do")
    if what == "throw":
        raise ValueError("as asked")
    if what == "exit":
        os._exit(3)
    if what == "hang":
        time.sleep(60)
    if what == "print":
        print("x" * 2000)
    if what == "spawn":
        return subprocess.Popen(["sleep", "300.0417"]).pid
    return event
"""

# what → how often in a thousand. Of what ends a process there are few: each one costs a start.
MIX = {"echo": 927, "print": 20, "throw": 20, "leave": 14, "exit": 8, "hang": 4, "kill": 4}
MIX |= {"spawn": 1, "save": 1, "zygote": 1}
EXPECTED = {"throw": FailureKind.ERROR, "exit": FailureKind.EXIT, "hang": FailureKind.TIMEOUT}


@dataclass(frozen=True)
class Traces:
    """What a leak would show in."""

    children: frozenset[int]
    descriptors: frozenset[str]
    tasks: int


def children() -> frozenset[int]:
    found = (task.read_text().split() for task in Path("/proc/self/task").glob("*/children"))
    return frozenset(int(pid) for pids in found for pid in pids)


def sleepers() -> list[Path]:
    """What the functions started. A process id that they tell may be one of a namespace."""
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"300.0417" in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""


def traces() -> Traces:
    open_files = frozenset(map(str, Path("/proc/self/fd").iterdir()))
    return Traces(children(), open_files, len(asyncio.all_tasks()))


class Soak:
    """A lab with two functions, and everything that happens to them. The seed makes it the same every time."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.random = random.Random(4)
        self.functions = [lab.node(NODE, name="node"), lab.python(PYTHON, name="python")]
        self.ended: Counter[str] = Counter()
        self.killed = self.zygotes = self.saved = self.spawned = 0
        self.wrong: list[tuple[str, object]] = []

    async def run(self) -> None:
        await self.lab.deploy(*self.functions)
        plan = iter(self.random.choices(list(MIX), list(MIX.values()), k=INVOCATIONS))
        await asyncio.gather(*(self._caller(plan) for _ in range(CALLERS)))

    async def _caller(self, plan) -> None:
        for what in plan:
            function = self.random.choice(self.functions)
            if what == "leave":
                await self._leave(function)
                continue
            if what == "kill":
                self._kill()
            elif what == "zygote":
                self._kill_zygote()
            elif what == "save":
                await self._save(function)
            await self._call(function, what)

    async def _leave(self, function) -> None:
        """A caller that goes away at any moment."""
        caller = asyncio.ensure_future(self.lab.call(function, {"n": 1}))
        await asyncio.sleep(self.random.choice([0, 0.0001, 0.001]))
        caller.cancel()
        await asyncio.wait([caller])
        self.ended["left"] += 1

    def _kill(self) -> None:
        """SIGKILL from outside, whatever the process does at the moment."""
        pids = [one.pid for of in self.lab.service.status().functions for one in of.environments if one.pid]
        if pids:
            with suppress(ProcessLookupError):  # it has ended in this very moment, with its zygote say
                os.killpg(self.random.choice(pids), signal.SIGKILL)
                self.killed += 1

    def _kill_zygote(self) -> None:
        """The same for what environments are forked from, with all that came of it."""
        standing = [one for one in self.lab.service._zygotes._standing() if one.alive]  # an id of old is anybody's
        if standing:
            os.kill(self.random.choice(standing)._process.pid, signal.SIGKILL)
            self.zygotes += 1

    async def _save(self, function) -> None:
        """New code is live from now on; every other time, the functions are deployed anew."""
        self.saved += 1
        source = NODE if function.name == "node" else PYTHON
        name = "index.js" if function.name == "node" else "app.py"
        (Path(function.code.path) / name).write_text(f"{source}\n{'//' if name == 'index.js' else '#'} {self.saved}\n")
        await (self.lab.service.refresh() if self.saved % 2 else self.lab.service.deploy(self.functions))

    async def _call(self, function, what: str) -> None:
        limit = 0.05 if what == "hang" else 20.0
        result = (await self.lab.call(function, {"do": what}, limit)).result
        self.ended["returned" if isinstance(result, Returned) else result.kind.name] += 1
        if isinstance(result, Returned) and what == "spawn":
            self.spawned += 1
        if not self._is_right(what, result):
            self.wrong.append((what, result))

    def _is_right(self, what: str, result) -> bool:
        """A process that was killed from outside fails what it was at, and nothing else."""
        if isinstance(result, Failed) and result.message.endswith("signal: killed"):
            return True
        return isinstance(result, Returned) if what not in EXPECTED else result.kind is EXPECTED[what]


async def quiet(is_so: Callable[[], bool], seconds: float = 5.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        if is_so():
            return True
        await asyncio.sleep(0.02)
    return False


@pytest.mark.parametrize("loop", ["uvloop"])
def test_nothing_is_left_of_ten_thousand_invocations(new_lab, loop):
    lab = new_lab(Settings(spares={Language.NODE: 1, Language.PYTHON: 1}, max_environments=3), loop)
    before = Traces(frozenset(), frozenset(), 0)
    soak = Soak(lab)

    async def story() -> Traces:
        nonlocal before
        before = traces()
        await soak.run()
        service = lab.service
        service.cool(soak.functions)
        # still open: the spares and the guard run, and there are copies of the code that some request may yet ask for
        assert await quiet(lambda: len(children() - before.children) <= 3), children() - before.children
        assert await quiet(lambda: not service._concurrency._running.total())
        assert service._fleet.queued == 0
        await service.refresh()
        assert len(list((service._workspace.path / "sandbox").iterdir())) <= 2
        assert set(service._workspace.code.iterdir()) == {copy.root.parent for copy in service._copies_in_use()}
        await service.close()
        await quiet(lambda: len(asyncio.all_tasks()) == 1 and not sleepers())
        return traces()

    after = lab.run(story())
    assert soak.wrong == []
    assert sleepers() == []
    assert soak.ended["EXIT"] + soak.ended["TIMEOUT"] + soak.killed > 100
    assert soak.spawned
    assert soak.zygotes
    assert soak.saved
    assert after.children == before.children
    assert len(after.descriptors) <= len(before.descriptors)
    assert not lab.service._workspace.path.exists()
    assert after.tasks == before.tasks
