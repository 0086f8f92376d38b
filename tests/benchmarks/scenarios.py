"""How long scenarios take: `python tests/benchmarks/scenarios.py [ROUNDS]`.

Loading and playing 200 without functions, and 100 with a warm Node.js and a warm Python function each. Figures are wall
time on this machine, each beside the time that a bare `python -c pass` takes 20 times, so that runs can be compared.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from edgesim.scenario.language.load import load_file
from edgesim.scenario.outcome import Verdict
from edgesim.scenario.playing.stage import Stage

PLAIN = """
title: number {number}
distribution: {{cache-policy: {{default-ttl: {number}s}}}}
steps:
  - get: /{number}
    origin: {{answers: 200, headers: {{cache-control: max-age=60, etag: '"v1"'}}, body: one}}
    expect: {{status: 200, x-cache: Miss}}
  - {{get: '/{number}', origin: untouched, expect: {{x-cache: Hit}}}}
  - advance: 61s
  - get: /{number}
    origin: {{answers: 304, receives: {{headers: {{if-none-match: '"v1"'}}}}}}
    expect: {{status: 200, body: one, x-cache: RefreshHit, because: [stale, max-age, revalidated]}}
"""
WITH_FUNCTIONS = """
title: number {number}
functions:
  request: {{node: 'exports.handler = async (event) => event.Records[0].cf.request;'}}
  response:
    python: |
      def handler(event, context):
          return event["Records"][0]["cf"]["response"]
distribution: {{viewer-request: request, origin-response: response}}
steps:
  - get: /{number}
    origin: {{answers: 200, headers: {{cache-control: max-age=60}}}}
    expect: {{x-cache: Miss, ran: [viewer-request, origin-response]}}
  - {{get: '/{number}', origin: untouched, expect: {{x-cache: Hit, ran: [viewer-request]}}}}
"""


async def played(text: str, count: int, folder: Path) -> float:
    """Seconds to load and play so many scenarios, each from a file of its own."""
    files = [folder / f"{number}.scenario.yaml" for number in range(count)]
    for number, file in enumerate(files):
        file.write_text(text.format(number=number))
    begun = perf_counter()
    async with Stage() as stage:
        outcomes = [await stage.play(scenario) for file in files for scenario in load_file(file).scenarios]
    assert len(outcomes) == count
    assert all(outcome.verdict is Verdict.PASSED for outcome in outcomes)
    return perf_counter() - begun


def yardstick() -> float:
    begun = perf_counter()
    for _ in range(20):
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    return perf_counter() - begun


def main(rounds: int) -> None:
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            plain = asyncio.run(played(PLAIN, 200, Path(folder)))
            functions = asyncio.run(played(WITH_FUNCTIONS, 100, Path(folder)))
        told = f"200 without functions {plain:.2f} s, 100 with warm functions {functions:.2f} s"
        print(f"{told}, yardstick {yardstick():.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
