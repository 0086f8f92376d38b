"""A worker process of `edgesim test -n`: takes orders on its standard input and answers on its standard output, a line
of JSON each, one order at a time.

    {"play": {"file": …, "number": …, "title": …}, "explain": …}   →  {"outcome": …}
    {"refresh": true}                                              →  {"refreshed": true}

Its arguments are the limits that are not enforced. It ends when its input does, and everything that it started with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from edgesim.distribution.limits import read_limits
from edgesim.scenario.outcome import Caution, Mismatch, Outcome, StepFailure, Verdict

if TYPE_CHECKING:
    from edgesim.scenario.language.load import LoadedFile
    from edgesim.scenario.playing.stage import Stage

LONGEST_LINE = 1 << 30
"""Bytes: the transcripts of a scenario with thousands of requests."""


# ── outcomes on the wire ─────────────────────────────────────────────────────


def as_data(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON-ready data."""
    return {**asdict(outcome), "reasons": sorted(outcome.reasons)}


def from_data(data: Mapping[str, Any]) -> Outcome:
    """What as_data gave, made an outcome again."""
    return Outcome(
        **{
            **data,
            "verdict": Verdict(data["verdict"]),
            "failures": tuple(map(_failure, data["failures"])),
            "log": tuple(data["log"]),
            "reasons": frozenset(data["reasons"]),
            "transcripts": tuple(data["transcripts"]),
            "cautions": tuple(Caution(**caution) for caution in data["cautions"]),
            "remarks": tuple(data["remarks"]),
        }
    )


def _failure(data: Mapping[str, Any]) -> StepFailure:
    mismatches = tuple(Mismatch(**mismatch) for mismatch in data["mismatches"])
    return StepFailure(data["title"], data["place"], mismatches, tuple(data["transcripts"]))


# ── the process ──────────────────────────────────────────────────────────────


def main() -> None:
    """Work until the input ends."""
    # Whatever else writes to the standard output, an interpreter's warning say, must not get among the answers
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        with suppress(asyncio.CancelledError, BrokenPipeError):
            asyncio.run(_work(answers))


async def _work(answers: BinaryIO) -> None:
    from edgesim.scenario.playing.stage import Stage

    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    orders: asyncio.Queue[bytes] = asyncio.Queue()
    working = asyncio.current_task()
    assert working is not None  # noqa: S101  a coroutine that runs is in a task
    listening = asyncio.create_task(_listen(reader, orders, working))
    files: dict[Path, LoadedFile] = {}
    relaxed, endpoints = map(json.loads, sys.argv[1:])
    async with Stage(relaxed=read_limits(relaxed), endpoints=endpoints) as stage:
        while not listening.done():
            answer = await _obey(json.loads(await orders.get()), stage, files)
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()


async def _listen(reader: asyncio.StreamReader, orders: asyncio.Queue[bytes], working: asyncio.Task[None]) -> None:
    """The input's end is the end of the work, were it in the middle of a scenario."""
    while line := await reader.readline():
        orders.put_nowait(line)
    working.cancel()


async def _obey(order: Mapping[str, Any], stage: Stage, files: dict[Path, LoadedFile]) -> dict[str, Any]:
    if "refresh" in order:
        files.clear()
        await stage.refresh()
        return {"refreshed": True}
    return {"outcome": as_data(await _play(order["play"], stage, files, explain=order["explain"]))}


async def _play(wanted: Mapping[str, Any], stage: Stage, files: dict[Path, LoadedFile], *, explain: bool) -> Outcome:
    from edgesim.scenario.language.load import load_file

    file, number, title = Path(wanted["file"]), wanted["number"], wanted["title"]
    if file not in files:
        files[file] = load_file(file)
    scenarios = files[file].scenarios
    if number >= len(scenarios) or scenarios[number].title != title:
        return Outcome(title, str(file), Verdict.BROKEN, message="the file was changed after it had been read")
    return await stage.play(scenarios[number], explain=explain)
