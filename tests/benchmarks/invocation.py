"""What invoking a function costs: `python tests/benchmarks/invocation.py [ROUNDS]`.

Warm: a function that returns the request it gets, in a 2 KB event. From the event as it is built to the result as
it is applied, beside a bare round trip of frames of the same sizes over a socket pair of the same kind, with a child in
the same language that parses and encodes JSON and does nothing else. Both in the same run, in turns.

Cold: from the call to the function's answer in a new environment, one after the other and five at once, with and
without a spare process at hand.

Machines are noisy: read the ratios.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import uvloop

from edgesim.distribution.model import Code, EdgeFunction, Trigger
from edgesim.driver.clock import SystemClock
from edgesim.driver.identity import invocation_id
from edgesim.ports import Call
from edgesim.rules.function_event import function_event
from edgesim.rules.function_result import ChangedRequest, judge
from edgesim.rules.hooks import Hook
from edgesim.runtimes import LambdaService, Language, Settings
from edgesim.runtimes.interpreters import Interpreter, Interpreters
from edgesim.runtimes.wire import FrameReader, Kind, encode_frame, encode_json
from edgesim.testing.make import a_distribution, a_request, an_arrival
from edgesim.values.headers import Headers
from edgesim.values.invocation import Returned
from edgesim.values.message import Request

WARM_CALLS = 2_000
COLD_CALLS = 12
BURST = 5
RUNTIMES = {Language.NODE: "nodejs22.x", Language.PYTHON: "python3.13"}

HANDLERS = {
    Language.NODE: "exports.handler = async (event) => event.Records[0].cf.request\n",
    Language.PYTHON: "def handler(event, context):\n    return event['Records'][0]['cf']['request']\n",
}
BARE = {
    Language.NODE: """
const fs = require('fs'), fd = Number(process.argv[2]), inbox = Buffer.allocUnsafe(65536);
for (;;) {
  let got = 0, want = 9;
  while (got < want) {
    got += fs.readSync(fd, inbox, got, inbox.length - got);
    if (got >= 9) want = 9 + inbox.readUInt32BE(0);
  }
  const event = JSON.parse(inbox.latin1Slice(9, want)).event;
  const text = JSON.stringify(event.Records[0].cf.request), length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(9 + length);
  frame.writeUInt32BE(length, 0); frame[4] = 5; inbox.copy(frame, 5, 5, 9); frame.write(text, 9);
  fs.writeSync(fd, frame);
}
""",
    Language.PYTHON: """
import json, os, struct, sys
header, fd = struct.Struct(">IBI"), int(sys.argv[1])
file = os.fdopen(fd, "rb", buffering=65536, closefd=False)
while start := file.read(9):
    length, _, token = header.unpack(start)
    event = json.loads(file.read(length))["event"]
    text = json.dumps(event["Records"][0]["cf"]["request"], separators=(",", ":")).encode()
    os.write(fd, header.pack(len(text), 5, token) + text)
""",
}
SUFFIXES = {Language.NODE: "index.js", Language.PYTHON: "index.py"}


class Silence:
    """A FunctionLog."""

    def lines(self, function: EdgeFunction, trigger: Trigger | None, texts: Sequence[str]) -> None:
        pass


def new_service(spares: int) -> LambdaService:
    settings = Settings(spares=dict.fromkeys(Language, spares), max_environments=64, max_in_all=64)
    return LambdaService(SystemClock(), Silence(), invocation_id, settings=settings)


def a_function(folder: Path, language: Language) -> EdgeFunction:
    path = folder / language
    path.mkdir()
    (path / SUFFIXES[language]).write_text(HANDLERS[language])
    return EdgeFunction(f"echo-{language}", Code(str(path)), "index.handler", RUNTIMES[language])


# ── warm ────────────────────────────────────────────────────────────────────────────────────────────────────────

REQUEST = a_request("/page?lang=de", **{f"x-header-{number}": "v" * 60 for number in range(14)})
ARRIVAL, DISTRIBUTION = an_arrival(REQUEST), a_distribution()


def an_event(request: Request = REQUEST) -> dict[str, object]:
    return function_event(Trigger.VIEWER_REQUEST, DISTRIBUTION, ARRIVAL, request)


class Bare:
    """A child that answers frames and does nothing else; the parent reads as runtimes/child.py does."""

    def __init__(self, interpreter: Interpreter, folder: Path) -> None:
        script = folder / f"bare-{SUFFIXES[interpreter.language]}"
        script.write_text(BARE[interpreter.language])
        self._socket, theirs = socket.socketpair()
        command = [str(interpreter.path), str(script), str(theirs.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)
        self._frames = FrameReader()
        self._answer: asyncio.Future[bytes] = self._loop.create_future()

    def _read(self) -> None:
        for _, payload in self._frames.feed(self._socket.recv(64 * 1024)):
            self._answer.set_result(payload)

    async def call(self, contents: dict[str, object]) -> None:
        self._answer = self._loop.create_future()
        self._frames.expect(1)
        self._socket.send(encode_frame(Kind.INVOKE, 1, encode_json(contents)))
        json.loads(await self._answer)

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._process.kill()
        self._process.wait()


async def timed(call: Callable[[], Awaitable[None]], count: int) -> float:
    """The median, in microseconds."""
    taken = []
    for _ in range(count):
        begun = perf_counter()
        await call()
        taken.append(perf_counter() - begun)
    return statistics.median(taken) * 1e6


@dataclass(frozen=True, slots=True)
class Warm:
    """Microseconds: a bare round trip; the service alone; with the event built and the result judged."""

    bare: float
    service: float
    whole: float

    def __str__(self) -> str:
        return (
            f"bare {self.bare:6.0f} µs   invoke {self.service:6.0f} µs ({self.service / self.bare:.2f}×)   "
            f"event built to result applied {self.whole:6.0f} µs ({self.whole / self.bare:.2f}×)"
        )


async def warm(service: LambdaService, function: EdgeFunction, bare: Bare) -> Warm:
    event = an_event()

    async def invoke() -> None:
        await service.invoke(Call(function, Trigger.VIEWER_REQUEST, event, 5.0))

    async def whole() -> None:
        request = replace(REQUEST, headers=Headers(REQUEST.headers.fields))  # of which nothing is known yet
        invocation = await service.invoke(Call(function, Trigger.VIEWER_REQUEST, an_event(request), 5.0))
        assert isinstance(invocation.result, Returned), invocation
        verdict = judge(Hook(Trigger.VIEWER_REQUEST), invocation.result.payload, request=request)
        assert isinstance(verdict, ChangedRequest)

    async def round_trip() -> None:
        await bare.call({"id": "0" * 36, "remaining": 5000, "event": event})

    for call in (invoke, whole, round_trip):
        await timed(call, WARM_CALLS // 4)
    taken: dict[str, list[float]] = {"bare": [], "service": [], "whole": []}
    for _ in range(5):
        for name, call in (("bare", round_trip), ("service", invoke), ("whole", whole)):
            taken[name].append(await timed(call, WARM_CALLS // 5))
    return Warm(**{name: statistics.median(medians) for name, medians in taken.items()})


# ── cold ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def cold(service: LambdaService, function: EdgeFunction, at_once: int, rest: float) -> tuple[float, float]:
    """(median, slowest) milliseconds from a call to its answer where every environment is new."""
    taken = []

    async def call() -> None:
        begun = perf_counter()
        invocation = await service.invoke(Call(function, Trigger.VIEWER_REQUEST, an_event(), 5.0))
        taken.append((perf_counter() - begun) * 1000)
        assert invocation.cold

    for _ in range(max(3, COLD_CALLS // at_once)):
        service.cool([function])
        await asyncio.sleep(rest)
        await asyncio.gather(*(call() for _ in range(at_once)))
    return statistics.median(taken), max(taken)


async def measure(folder: Path, language: Language) -> None:
    interpreter = Interpreters().choose(RUNTIMES[language])
    if interpreter is None:
        print(f"{language}: there is none")
        return
    function = a_function(folder, language)
    service, bare = new_service(spares=1), Bare(interpreter, folder)
    try:
        await service.deploy([function])
        size = len(json.dumps(an_event(), separators=(",", ":")))
        print(f"{interpreter.title}, event of {size:,} bytes\n  warm   {await warm(service, function, bare)}")
        for at_once, rest, said in ((1, 0.4, "one by one, a spare at hand"), (BURST, 0.4, f"{BURST} at once")):
            median, slowest = await cold(service, function, at_once, rest)
            print(f"  cold   {median:6.1f} ms, slowest {slowest:6.1f} ms: {said}")
    finally:
        bare.close()
        await service.close()
    service = new_service(spares=0)
    try:
        await service.deploy([function])
        median, slowest = await cold(service, function, 1, 0.05)
        print(f"  cold   {median:6.1f} ms, slowest {slowest:6.1f} ms: one by one, without spares")
    finally:
        await service.close()


async def main(rounds: int) -> None:
    print(f"{os.cpu_count()} processors, {' '.join(f'{load:.1f}' for load in os.getloadavg())} load")
    for _ in range(rounds):
        for language in Language:
            with tempfile.TemporaryDirectory() as folder:
                await measure(Path(folder), language)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
