"""http-tests' cache suite: where it is had, its origin, and its client run against edgesim."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.counting import Cache, Result, Test
from tests.e2e.program import serving
from tests.npm import find_node, install

HERE = Path(__file__).parent
DISTRIBUTION = HERE / "distribution.yaml"
PACKAGE, EDITION = "http-cache-tests", "0.4.5"  # another edition has other tests, and needs another documented.toml

_LISTENING = re.compile(r"Listening on http://.*:(\d+)/")
_SECONDS = 300  # the client needs some 25


@dataclass(frozen=True)
class Run:
    """What a run has shown, by test id, and what the suite knows: its tests, and the results it came with."""

    results: dict[str, Result]
    tests: tuple[Test, ...]
    published: tuple[Cache, ...]


def downloaded() -> Path:
    """The suite from npm, installed once in the user's cache directory. Raises AssertionError where it can't be had."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = caches / "edgesim" / f"{PACKAGE}-{EDITION}"
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as beside:
            install(Path(beside), f"{PACKAGE}@{EDITION}")
            shutil.move(beside, place)
            Path(beside).mkdir()  # for the context manager to remove
    return place / "node_modules" / PACKAGE


def run(suite: Path, *, choices: tuple[str, ...] = ()) -> Run:
    """The whole suite against edgesim with the distribution beside this file. `choices` are answers to open
    questions, as `--choice` takes them."""
    with _edge(suite, choices) as base:
        results = json.loads(_client(suite, base))
    told = json.loads(_node(suite, str(HERE / "describe.mjs"), str(suite)))
    return Run(
        results,
        tuple(Test(**test) for test in told["tests"]),
        tuple(Cache(one["name"], one["version"], one["results"]) for one in told["published"]),
    )


def run_one(suite: Path, test_id: str, *, choices: tuple[str, ...] = ()) -> str:
    """A single test with every message between client, edgesim and origin, as the suite's client shows it."""
    with _edge(suite, choices) as base:
        return _client(suite, base, test_id)


@contextmanager
def _edge(suite: Path, choices: tuple[str, ...]) -> Iterator[str]:
    answers = [part for choice in choices for part in ("--choice", choice)]
    with _origin(suite) as port:
        target = f"suite=http://127.0.0.1:{port}"
        with serving("serve", str(DISTRIBUTION), "--origin", target, "--quiet", "--no-reload", *answers) as edge:
            yield f"http://127.0.0.1:{edge.port}"


@contextmanager
def _origin(suite: Path) -> Iterator[int]:
    """The suite's own server, on a free port."""
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(protocol="http", port="0", pidfile=str(Path(folder) / "pid"))
        command = [*find_node().node, "server/server.mjs"]
        with subprocess.Popen(command, cwd=suite, env=settings, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                line = server.stdout.readline()
                told = _LISTENING.search(line)
                assert told is not None, f"the suite's origin does not start: {line}"
                yield int(told[1])
            finally:
                server.terminate()


def _client(suite: Path, base: str, test_id: str = "") -> str:
    return _node(suite, "--no-warnings", "cli.mjs", settings=_settings(base=base, id=test_id))


def _settings(**settings: str) -> dict[str, str]:
    """The environment, with the suite's settings as npm would hand them over."""
    named = {f"npm_config_{name}": value for name, value in settings.items()}
    defaults: dict[str, Any] = {"npm_package_config_id": ""}
    return {**os.environ, **defaults, **named}


def _node(suite: Path, *arguments: str, settings: dict[str, str] | None = None) -> str:
    command = [*find_node().node, *arguments]
    done = subprocess.run(
        command, cwd=suite, env=settings, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout
