"""The rings: who may import whom, as the table in the architecture says, read from the source by `ast`.

Imports that only type checkers see count too: a name is a dependency wherever it stands.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "edgesim"

TRANSCRIPT = "pipeline.transcript"
"""`transcript only` in the table: what happened, as data, without the path that made it happen."""

_DATA = {"values", "distribution"}
_ADAPTER = _DATA | {"ports"}

MAY_IMPORT: dict[str, set[str]] = {
    "values": set(),
    # Keys and signatures, for those who judge them (distribution, rules) and those who make them (scenario, commands)
    "signatures": {"values"},
    "distribution": {"values", "signatures"},
    "rules": _DATA | {"signatures"},
    "pipeline": _DATA | {"rules"},
    "ports": _DATA | {TRANSCRIPT},
    "driver": _DATA | {"pipeline", "ports"},
    "stores": _ADAPTER,
    "origins": _ADAPTER,
    # Bent for `logs`: the START, END and REPORT lines are written where a function runs, and have one author
    "runtimes": _ADAPTER | {"logs"},
    "loaders": _DATA | {TRANSCRIPT},
    # The access log: which requests are logged, and as what, is told by the rules; why an answer is so, by reasons; and
    # what is left out on the way, by those who leave it out
    "logs": _DATA
    | {
        TRANSCRIPT,
        "pipeline.logged",
        "rules.forwarding",
        "rules.reasons",
        "rules.received",
        "rules.result_types",
    },
    # Bent for `logs`: the control API gives out what `edgesim explain` prints; and for the type of an answer that the
    # listener hands back to the driver unseen
    "server": _ADAPTER | {"driver", "logs", "pipeline.again"},
    # An edge put together for scenarios; of the semantics it knows the reasons, which it only compares, and what an
    # origin does with a validator, too; and what is left out on the way, as logs do
    "scenario": _ADAPTER
    | {
        "signatures",
        "rules.reasons",
        "rules.conditionals",
        "rules.forwarding",
        "rules.received",
        TRANSCRIPT,
        "pipeline.logged",
        "pipeline.cautions",
        "driver",
        "stores",
        "origins",
        "runtimes",
        "loaders",
        "logs",
        "server",
    },
    "testing": _ADAPTER
    | {
        "signatures",
        "rules",
        "pipeline",
        "driver",
        "stores",
        "origins",
        "runtimes",
        "loaders",
        "logs",
        "server",
        "scenario",
    },
}
EVERYBODY_MAY_IMPORT = {"errors", "__version__"}

# They put everything together, so they may import everything, and nothing may import them but each other
OUTERMOST = {
    "__main__", "cli", "commands", "demo", "emulator", "invoking", "pytest_plugin", "recording", "samples", "serving",
    "settings", "starting", "terminal",
}  # fmt: skip
# Nothing in edgesim to lean on
INNERMOST = {"__init__", "errors"}

INNER_RINGS = ("values", "signatures", "distribution", "rules", "pipeline")
# Clocks, randomness, the machine
NOT_IN_INNER_RINGS = {
    "asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "select", "shutil", "socket", "subprocess", "sys",
    "tempfile", "threading", "time", "uuid",
}  # fmt: skip
# These run in an interpreter of the user's, or in a process of their own, without edgesim on the path
ALONE = {Path("runtimes/python/bootstrap.py"), Path("runtimes/python/seen_time.py"), Path("runtimes/guard.py")}

MOST_LINES = 500


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    path: Path

    @property
    def place(self) -> Path:
        return self.path.relative_to(PACKAGE)

    @property
    def layer(self) -> str:
        first, *rest = self.place.parts
        return first if rest else self.place.stem

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.path)

    def imports(self) -> Iterator[str]:
        """Every dotted name that is imported, wherever the statement stands; relative ones made whole."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = ("edgesim", *self.place.parts[:-1])
        return ".".join((*package[: len(package) - node.level + 1], *filter(None, [node.module])))

    def neighbours(self) -> Iterator[str]:
        """What it imports of edgesim, without the leading name, its own layer left out."""
        for name in self.imports():
            head, _, rest = name.partition(".")
            if head == "edgesim" and rest.split(".")[0] != self.layer:
                yield rest

    def __str__(self) -> str:
        return str(self.place)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


MODULES = [Module(path) for path in sorted(PACKAGE.rglob("*.py"))]
INNER = [module for module in MODULES if module.layer in INNER_RINGS]


def _allowed(name: str, may: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in may | EVERYBODY_MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_point_inwards(module: Module) -> None:
    if module.layer in OUTERMOST:
        return
    may = set() if module.layer in INNERMOST else MAY_IMPORT[module.layer]
    strangers = sorted({name for name in module.neighbours() if not _allowed(name, may)})
    assert not strangers, f"{module} may not import {strangers}"


@pytest.mark.parametrize("module", INNER, ids=str)
def test_the_inner_rings_know_no_clock_no_chance_and_no_machine(module: Module) -> None:
    strangers = {name.partition(".")[0] for name in module.imports()} & NOT_IN_INNER_RINGS
    assert not strangers, f"{module} may not import {sorted(strangers)}"


@pytest.mark.parametrize("module", [m for m in MODULES if m.layer == "values"], ids=str)
def test_the_nouns_need_the_standard_library_alone(module: Module) -> None:
    assert not {name.partition(".")[0] for name in module.imports()} - sys.stdlib_module_names - {"edgesim"}


@pytest.mark.parametrize("module", [m for m in MODULES if m.place in ALONE], ids=str)
def test_what_runs_without_edgesim_imports_none_of_it(module: Module) -> None:
    assert not [name for name in module.imports() if name.startswith("edgesim")]


@pytest.mark.parametrize(
    ("name", "may", "allowed"),
    [
        pytest.param("values.body.Body", {"values"}, True, id="a name of a ring in the table"),
        pytest.param("values_of_old", {"values"}, False, id="a layer whose name begins alike"),
        pytest.param("pipeline.transcript.Note", {TRANSCRIPT}, True, id="the transcript"),
        pytest.param("pipeline.serve.serve", {TRANSCRIPT}, False, id="the path behind the transcript"),
        pytest.param("errors.OriginFault", set(), True, id="what everybody may import"),
    ],
)
def test_the_table_is_read_by_whole_names(name: str, may: set[str], allowed: bool) -> None:
    assert _allowed(name, may) is allowed


def test_every_layer_is_in_the_table() -> None:
    layers = {module.layer for module in MODULES} - OUTERMOST - INNERMOST
    assert layers == set(MAY_IMPORT)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_says_what_it_is(module: Module) -> None:
    assert ast.get_docstring(module.tree)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_module_is_longer_than_can_be_read_at_once(module: Module) -> None:
    assert len(module.text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_nothing_is_left_for_later(module: Module) -> None:
    assert not [word for word in ("TODO", "FIXME") if word in module.text]


@pytest.mark.parametrize("ring", ["rules"])
def test_every_rule_has_its_own_tests(ring: str) -> None:
    modules = {path.stem for path in (PACKAGE / ring).glob("*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / ring).glob("test_*.py")}
    assert sorted(modules - tests) == []
