"""Is there a handler where its setting says? At AWS a wrong one deploys, and then each invocation fails.

Rule 1: the file must be there.
Rule 2: a Node.js module must export the name, a Python module bind it at its top level, as far as its text tells: where
        it may get names by other ways (`export *`, `from x import *`, a bundle, a syntax of another Python), nothing is
        said.
Source: lambda-platform.md §1.1 and §2, Lambda's own words for what is not found.
"""

from __future__ import annotations

import ast
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from edgesim.distribution.findings import Finding, closest
from edgesim.distribution.model import Code, EdgeFunction
from edgesim.distribution.problems import Problem, Severity
from edgesim.errors import ConfigError
from edgesim.loaders.code import handler_files, has_handler, is_python
from edgesim.loaders.javascript import exported_names

NO_MODULE = "Runtime.ImportModuleError"
NO_HANDLER = "Runtime.HandlerNotFound"
WILL_FAIL = "each invocation will fail"


def handler_finding(code: Code, handler: str, runtime: str) -> Finding | None:
    """What is wrong with a function's handler, if anything is."""
    try:
        if not _is_there(code, handler, runtime):
            return _no_file(code, handler, runtime)
    except ConfigError as error:
        return Finding((), str(error), error.hint)
    found = _module_text(code, handler, runtime)
    if found is None:
        return None
    return _python_fault(handler, *found) if is_python(runtime) else _node_fault(handler, runtime, *found)


def with_handler_hints(problems: Iterable[Problem], functions: Iterable[EdgeFunction]) -> list[Problem]:
    """What a Lambda service says of functions, with the handlers that may be meant in the place of one that is not
    there."""
    known = {f"function {function.name}": function for function in functions}

    def hinted(problem: Problem) -> Problem:
        function = known.get(problem.at)
        if function is None or NO_HANDLER not in problem.message:
            return problem
        found = handler_finding(function.code, function.handler, function.runtime)
        return problem if found is None else replace(problem, hint="; ".join(filter(None, (found.hint, problem.hint))))

    return list(map(hinted, problems))


def _python_fault(handler: str, file: str, text: bytes) -> Finding | None:
    del file
    names, (module, _, name) = bound_names(text), handler.rpartition(".")
    if names is None or name in names:
        return None
    told = f"Handler '{name}' missing on module '{module}'"
    return _no_name(told, name, names, "has", "")


def _node_fault(handler: str, runtime: str, file: str, text: bytes) -> Finding | None:
    # Lambda looks up a dotted name step by step: the first is the module's
    name = handler.rpartition("/")[2].partition(".")[2].partition(".")[0]
    names = exported_names(text.decode("utf-8", "replace"), name, takes_defaults=runtime in _TAKING_DEFAULTS)
    if not name or names is None or name in names:
        return None
    way_out = f"export const {name} = …" if file.endswith(".mjs") else f"exports.{name} = …"
    return _no_name(f"{handler} is undefined or not exported", name, names, "exports", f"export it: {way_out}")


_TAKING_DEFAULTS = ("nodejs24.x",)
_MOST_NAMES = 6


def _no_name(told: str, name: str, names: Iterable[str], has: str, otherwise: str) -> Finding:
    known = sorted(one for one in names if not one.startswith("_"))
    hint = closest(name, known) or (f"it {has} {', '.join(known[:_MOST_NAMES])}" if known else otherwise)
    return Finding((), f"{WILL_FAIL}: {told}", hint, NO_HANDLER, Severity.WARNING)


def _no_file(code: Code, handler: str, runtime: str) -> Finding:
    files = ", ".join(name for name in handler_files(handler, runtime) if Path(name).suffix)
    where = code.path or "the inline code, which is a file index,"
    message = f"{WILL_FAIL}: {where} has none of {files} for the handler {handler}"
    return Finding((), message, code=NO_MODULE, severity=Severity.WARNING)


def _is_there(code: Code, handler: str, runtime: str) -> bool:
    if not code.path:
        # documented: AWS::Lambda::Function Code, ZipFile is written to index
        return f"index{'.py' if is_python(runtime) else '.js'}" in handler_files(handler, runtime)
    path = Path(code.path)
    if path.is_file() and path.suffix != ".zip":
        return path.name in handler_files(handler, runtime)
    return has_handler(path, handler, runtime)


# ── the module's text ────────────────────────────────────────────────────────

_MOST_BYTES = 1 << 20
"""Longer modules are made by machines, and are not looked into."""


def _module_text(code: Code, handler: str, runtime: str) -> tuple[str, bytes] | None:
    """A handler's file and its text; None where it can't be read."""
    if not code.path:
        return "index", code.inline.encode("utf-8", "surrogatepass")
    path, files = Path(code.path), _in_order(handler, runtime)
    try:
        if path.suffix == ".zip":
            return _in_zip(path, files)
        return _in_folder(path.parent if path.is_file() else path, files)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError):  # the last two: of an encrypted zip
        return None


def _in_order(handler: str, runtime: str) -> list[str]:
    """The files that may hold a handler, in the order that Lambda looks for them in."""
    files = handler_files(handler, runtime)
    return files if is_python(runtime) else [files[-1], *files[:-1]]


def _in_folder(folder: Path, files: Iterable[str]) -> tuple[str, bytes] | None:
    found = next(((name, folder / name) for name in files if (folder / name).exists()), None)
    if found is None or not found[1].is_file() or found[1].stat().st_size > _MOST_BYTES:
        return None
    return found[0], found[1].read_bytes()


def _in_zip(path: Path, files: Iterable[str]) -> tuple[str, bytes] | None:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        names |= {str(folder) for name in names for folder in PurePosixPath(name).parents}
        found = next((name for name in files if name in names), None)
        if found not in archive.NameToInfo or archive.getinfo(found).file_size > _MOST_BYTES:
            return None
        return found, archive.read(found)


# ── Python ───────────────────────────────────────────────────────────────────

_BY_OTHER_WAYS = frozenset({"exec", "globals", "locals", "setattr", "vars", "__dict__", "__getattr__", "modules"})


def bound_names(text: bytes) -> frozenset[str] | None:
    """The names that a module's text binds at its top level, and perhaps a few more; None where that can't be told."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and any(one.name == "*" for one in node.names):
            return None
        if {getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", "")} & _BY_OTHER_WAYS:
            return None
    return frozenset(_bound(module.body))


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """What statements bind in the scope that they stand in; what functions within call global is the module's."""
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
                yield from (one for inner in ast.walk(node) if isinstance(inner, ast.Global) for one in inner.names)
                continue
            case ast.Import(names=imported) | ast.ImportFrom(names=imported):
                yield from (one.asname or one.name.partition(".")[0] for one in imported)
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
        yield from _bound(ast.iter_child_nodes(node))
