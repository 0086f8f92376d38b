"""Where a function's code is, from what people write on a command line: `PATH[:HANDLER]`.

Rule 1: a single file is run from its directory, so that its relative imports work.
Rule 2: the handler is Lambda's `file.export`; what the user leaves out is found by looking.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgesim.distribution.model import Code
from edgesim.errors import ConfigError

NODE_RUNTIME = "nodejs22.x"
PYTHON_RUNTIME = "python3.13"
NODE_SUFFIXES = (".js", ".mjs", ".cjs")
_RUNTIMES = {**dict.fromkeys(NODE_SUFFIXES, NODE_RUNTIME), ".py": PYTHON_RUNTIME}
SUFFIXES = tuple(_RUNTIMES)
_HANDLER = re.compile(r"(?!/)[\w$./-]*[\w$]")
_PYTHON_HANDLERS = ("handler", "lambda_handler")
# The names that consoles, SAM and tutorials give to a function's file, most usual first
_USUAL_STEMS = ("index", "app", "lambda_function", "handler", "main")
_USUAL_HANDLERS = {"lambda_function": "lambda_handler"}


@dataclass(frozen=True, slots=True)
class Located:
    """Code that exists. `handler` is `file.export`. `timeout`, `memory` and `concurrency` are set where whoever names
    the code says them too; `is_told`: so is the runtime, which else gives way to a declared one of its language."""

    code: Code
    handler: str
    runtime: str
    timeout: float | None = None
    memory: int | None = None
    concurrency: int | None = None
    is_told: bool = False


def is_python(runtime: str) -> bool:
    """Is it one of Lambda's Python runtimes?"""
    return runtime.startswith("python")


def existing(base: Path, text: str) -> Path | None:
    """A file or directory by its path from `base`, absolute, or None where there is none."""
    try:
        path = (base / Path(text).expanduser()).resolve()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long, a loop of links, a user or byte that can't be
        return None


def split_spec(spec: str) -> tuple[str, str]:
    """`PATH[:HANDLER]` as path and handler; the handler may be empty. A path that exists as it is has no handler."""
    path, colon, handler = spec.rpartition(":")
    if colon and path and _HANDLER.fullmatch(handler) and existing(Path(), spec) is None:
        return path, handler
    return spec, ""


def locate(spec: str, handler: str = "") -> Located:
    """The code that `PATH[:HANDLER]` means. `handler` is the known `file.export`, for a directory or zip alone.

    Without HANDLER it is `handler`; in a .py file that defines `lambda_handler` and no `handler`, that.

    Raises ConfigError.
    """
    text, given = split_spec(spec)
    path = existing(Path(), text)
    if path is not None and (path.is_dir() or path.suffix == ".zip"):
        return _in_package(path, given or handler)
    if path is not None:
        return _single_file(path, given)
    raise ConfigError(f"{text} does not exist", "write PATH or PATH:HANDLER, e.g. ./auth.mjs or ./auth:index.handler")


_TYPESCRIPT = (".ts", ".mts", ".cts", ".tsx")


def _single_file(path: Path, export: str) -> Located:
    if path.suffix not in _RUNTIMES:
        hint = f"compile it, and name what came of it: dist/{path.stem}.js" if path.suffix in _TYPESCRIPT else ""
        raise ConfigError(f"{path.name} can't run: edgesim runs .js, .mjs, .cjs and .py files, and .zip", hint)
    if "." in path.stem:  # documented: Lambda ends the file's name at its first dot (lambda-platform.md §1.1)
        raise ConfigError(f"{path.name} can't be a handler's file: its name has more than one dot", "rename it")
    export = export.removeprefix(f"{path.stem}.") or _usual_handler(path)
    return Located(Code(path=str(path.parent)), f"{path.stem}.{export}", _RUNTIMES[path.suffix])


def _in_package(path: Path, handler: str) -> Located:
    """A directory or a zip: the handler says which file, or one with a usual name is taken."""
    if "." in handler:
        runtime = PYTHON_RUNTIME if has_handler(path, handler, PYTHON_RUNTIME) else NODE_RUNTIME
        return Located(Code(path=str(path)), handler, runtime)
    for stem in _USUAL_STEMS:
        for suffix, runtime in _RUNTIMES.items():
            if _has(path, f"{stem}{suffix}"):
                export = handler or _usual_handler(path / f"{stem}{suffix}")
                return Located(Code(path=str(path)), f"{stem}.{export}", runtime)
    raise ConfigError(f"{path} has no index.js, app.py or the like", f"name the handler: {path}:FILE.EXPORT")


def _usual_handler(file: Path) -> str:
    """The export to take where the user names none. A file in a zip is not looked into."""
    usual = _USUAL_HANDLERS.get(file.stem, "handler") if file.suffix == ".py" else "handler"
    if file.suffix != ".py" or not file.is_file():
        return usual
    return usual_python_handler(file.read_text(encoding="utf-8", errors="replace"), usual)


def usual_python_handler(text: str, usual: str = "handler") -> str:
    """The function to take of a Python module's text where the user names none."""
    return next((name for name in (usual, *_PYTHON_HANDLERS) if _defines(text, name)), usual)


def _defines(text: str, name: str) -> bool:
    """Does a Python module define this name at its top level? An import of several lines is not looked through."""
    made = rf"^(?:(?:async\s+)?def\s+{name}\s*\(|{name}\s*[:=]|(?:from|import)\s.*\b{name}\b)"
    return re.search(made, text, re.MULTILINE) is not None


def handler_files(handler: str, runtime: str) -> list[str]:
    """The files that may hold a handler, relative to the code."""
    if is_python(runtime):
        module = handler.rpartition(".")[0].replace(".", "/")
        return [f"{module}.py", f"{module}/__init__.py"]
    # documented: lambda-platform.md §1.1, the file's name ends at the first dot of the last segment
    folder, _, last = handler.rpartition("/")
    stem = str(PurePosixPath(folder) / last.partition(".")[0])
    return [f"{stem}{suffix}" for suffix in (*NODE_SUFFIXES, "")]


def has_handler(path: Path, handler: str, runtime: str) -> bool:
    """Is the handler's file in a directory or zip? Raises ConfigError."""
    return any(_has(path, name) for name in handler_files(handler, runtime))


def _has(path: Path, name: str) -> bool:
    if not path.is_dir():
        return name in _names_in_zip(path)
    found = existing(path, name)
    return found is not None and found.is_file()


def _names_in_zip(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise ConfigError(f"{path} is no readable zip file: {error}") from error


def code_sha256(archive: Path) -> str:
    """Lambda's CodeSha256 of a zip: base64. Raises OSError."""
    with archive.open("rb") as opened:
        return base64.b64encode(hashlib.file_digest(opened, "sha256").digest()).decode()
