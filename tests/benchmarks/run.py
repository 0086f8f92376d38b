"""Figures, side by side in one run: `python tests/benchmarks/run.py [SECONDS]`.

Machines are noisy: read the ratios, not the numbers. Every server runs in a process of its own; the load comes from
this one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from load import get, load

HERE = Path(__file__).parent
CONNECTIONS = (1, 8, 32)

NODE = "exports.handler = async (event) => event.Records[0].cf.{part};\n"
PYTHON = "def handler(event, context):\n    return event['Records'][0]['cf'][{part!r}]\n"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def running(*command: str, port: int) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A server in a process of its own, and the seconds from its start to its first 200."""
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL) as process:
        try:
            while not _answers(port):
                if process.poll() is not None:
                    raise SystemExit(f"{command} ended with {process.returncode}")
                time.sleep(0.01)
            yield process, time.perf_counter() - start
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/first", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def functions(folder: Path) -> dict[str, list[str]]:
    """Flags for the cases with functions; the files are written to a folder."""
    (folder / "request.js").write_text(NODE.format(part="request"))
    (folder / "response.js").write_text(NODE.format(part="response"))
    (folder / "request.py").write_text(PYTHON.format(part="request"))
    (folder / "response.py").write_text(PYTHON.format(part="response"))
    return {
        "none": [],
        "access log": ["--access-log", str(folder / "log")],
        "access log in JSON": ["--access-log", str(folder / "json"), "--access-log-format", "json"],
        "viewer-request": ["--viewer-request", str(folder / "request.js")],
        "all four": [
            *("--viewer-request", str(folder / "request.js"), "--origin-request", str(folder / "request.py")),
            *("--origin-response", str(folder / "response.py"), "--viewer-response", str(folder / "response.js")),
        ],
    }


def resident_mb(pid: int) -> float:
    """Resident memory of one process, in MB, where the system tells (Linux)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


CASES = (
    ("fresh hit, no functions", "none", [get("/hit")]),
    ("fresh hit, Node.js viewer request", "viewer-request", [get("/hit")]),
    ("miss passed through, no functions", "none", [get("/miss")]),
    ("miss, all four triggers", "all four", [get("/miss")]),
)


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has taken so far, where the system tells (Linux). It is steadier than a rate where
    others are busy too."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(port: int, requests: list[bytes], connections: int, seconds: float) -> float:
    """Answers a second."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(load(port, requests, connections=connections, seconds=seconds))
    if result.failures:
        print(f"  {result.failures} of {result.answers} answers were not 200", file=sys.stderr)
    return result.per_second


TURNS = 5


@dataclass(frozen=True, slots=True)
class Rates:
    """Answers a second at so many connections, of bare uvicorn and of edgesim, and the second beside the first: medians
    over turns, in which one has its load after the other, so that both have as much of the machine."""

    bare: float
    edge: float
    ratio: float


def in_turns(bare_port: int, port: int, requests: list[bytes], connections: int, seconds: float) -> Rates:
    turns = [
        (
            measured(bare_port, [get("/")], connections, seconds / TURNS),
            measured(port, requests, connections, seconds / TURNS),
        )
        for _ in range(TURNS)
    ]
    bare, edge = zip(*turns, strict=True)
    return Rates(median(bare), median(edge), median(other / one for one, other in turns))


ROUNDS = 8


def access_log_costs(origin: int, flags: dict[str, list[str]], seconds: float) -> dict[str, float]:
    """Processor seconds of a fresh hit without an access log and with one: the least of several rounds, in which each
    server has its turn, so that what else this machine does counts little."""
    import uvloop

    least: dict[str, float] = {}
    with contextlib.ExitStack() as servers:
        running_now = {}
        for kind in ("none", "access log", "access log in JSON"):
            port = free_port()
            process, _ = servers.enter_context(running(*serving(origin, port, flags[kind]), port=port))
            running_now[kind] = port, process.pid
        for _, (kind, (port, pid)) in itertools.product(range(ROUNDS), running_now.items()):
            before = cpu_seconds(pid)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                result = runner.run(load(port, [get("/hit")], connections=CONNECTIONS[1], seconds=seconds / 4))
            cost = (cpu_seconds(pid) - before) / result.answers
            least[kind] = min(cost, least.get(kind, cost))
    return least


def serving(origin: int, port: int, flags: list[str]) -> list[str]:
    """The command that serves."""
    command = ["-m", "edgesim", "serve", "--origin", f"http://127.0.0.1:{origin}", "--quiet"]
    return [*command, "--port", str(port), "--control-port", str(free_port()), *flags]


def row(name: str, rates: list[Rates]) -> None:
    bare, edge = ("".join(f"{figure:9,.0f}" for figure in figures) for figures in
                  ([one.bare for one in rates], [one.edge for one in rates]))  # fmt: skip
    print(f"{name:36}{bare} {edge} {''.join(f'{one.ratio:7.2f}' for one in rates)}", flush=True)


def main(seconds: float) -> None:
    at = "".join(f"{n:9}" for n in CONNECTIONS)
    print(f"{'requests/s':36}{'bare uvicorn':>27} {'edgesim':>27} {'beside it':>21}")
    print(f"{'at connections':36}{at} {at} {''.join(f'{n:7}' for n in CONNECTIONS)}")
    origin_port, bare_port = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(str(HERE / "apps.py"), "origin", str(origin_port), port=origin_port),
        running(str(HERE / "apps.py"), "bare", str(bare_port), port=bare_port) as (_, bare_start),
    ):
        flags = functions(Path(folder))
        starts, memory = {}, {}
        for name, kind, requests in CASES:
            port = free_port()
            with running(*serving(origin_port, port, flags[kind]), port=port) as (process, started):
                row(name, [in_turns(bare_port, port, requests, connections, seconds) for connections in CONNECTIONS])
                starts[kind], memory[kind] = started, resident_mb(process.pid)
        costs = access_log_costs(origin_port, flags, seconds)
    print()
    without = costs.pop("none")
    print("processor time of a fresh hit, beside one without an access log: "
          + ", ".join(f"{kind} {cost / without:.2f}" for kind, cost in costs.items()))  # fmt: skip
    print(f"start-up to first 200: bare uvicorn {bare_start:.2f} s, "
          + ", ".join(f"edgesim with {kind} {value:.2f} s" for kind, value in starts.items()))  # fmt: skip
    print("resident memory after load: " + ", ".join(f"{kind} {value:.0f} MB" for kind, value in memory.items()))
    print(json.dumps({"cpus": os.cpu_count(), "python": sys.version.split()[0]}))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
