"""TypeScript's compiler with the type definitions of @types/aws-lambda, from npm, and what it says of some files."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.npm import install

# The editions that the expectations were written for; a newer one is another test
PACKAGES = ("typescript@5.9.3", "@types/aws-lambda@8.10.164")
OPTIONS = {"strict": True, "noEmit": True, "target": "es2022", "module": "node16", "types": []}
_ERROR = re.compile(r"(?P<file>[\w.-]+)\.ts\(\d+,\d+\): (?P<error>error TS\d+: .*)")
_SECONDS = 300


def errors(folder: Path, sources: Mapping[str, str]) -> dict[str, list[str]]:
    """What `tsc --strict --noEmit` says of each source, by name."""
    found = install(folder, *PACKAGES)
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
