from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from edgesim.errors import ConfigError
from edgesim.loaders.code import has_handler, locate, split_spec


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("auth.mjs", ("auth.mjs", "")),
        ("auth.mjs:handler", ("auth.mjs", "handler")),
        ("./auth:index.handler", ("./auth", "index.handler")),
        ("./auth:src/index.handler", ("./auth", "src/index.handler")),
        ("/a/b:c.py:handler", ("/a/b:c.py", "handler")),
        ("auth:/x", ("auth:/x", "")),
        (":handler", (":handler", "")),
    ],
)
def test_a_spec_is_a_path_and_maybe_a_handler(spec: str, parts: tuple[str, str]) -> None:
    assert split_spec(spec) == parts


def test_a_path_with_a_colon_that_exists_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    assert split_spec(f"{tmp_path}/a:b") == (f"{tmp_path}/a:b", "")


@pytest.mark.parametrize(
    ("name", "spec", "handler", "runtime"),
    [
        ("auth.mjs", "auth.mjs", "auth.handler", "nodejs22.x"),
        ("auth.cjs", "auth.cjs:run", "auth.run", "nodejs22.x"),
        ("headers.py", "headers.py", "headers.handler", "python3.13"),
        ("headers.py", "headers.py:headers.run", "headers.run", "python3.13"),
    ],
)
def test_a_file_runs_from_its_directory(tmp_path: Path, name: str, spec: str, handler: str, runtime: str) -> None:
    (tmp_path / name).touch()
    located = locate(str(tmp_path / spec))
    assert (located.code.path, located.handler, located.runtime) == (str(tmp_path), handler, runtime)


@pytest.mark.parametrize(
    ("files", "spec", "handler", "runtime"),
    [
        (["index.js"], "", "index.handler", "nodejs22.x"),
        (["index.mjs", "app.py"], "", "index.handler", "nodejs22.x"),
        (["app.py"], "", "app.handler", "python3.13"),
        (["lambda_function.py"], "", "lambda_function.lambda_handler", "python3.13"),
        (["index.js"], ":run", "index.run", "nodejs22.x"),
        (["src/app.py"], ":src.app.run", "src.app.run", "python3.13"),
        (["src/app.js"], ":src/app.run", "src/app.run", "nodejs22.x"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["directory", "zip"])
def test_a_package_is_looked_into(
    tmp_path: Path, files: list[str], spec: str, handler: str, runtime: str, packed: bool
) -> None:
    package = tmp_path / ("fn.zip" if packed else "fn")
    if packed:
        with zipfile.ZipFile(package, "w") as archive:
            for name in files:
                archive.writestr(name, "")
    for name in [] if packed else files:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()
    located = locate(f"{package}{spec}")
    assert (located.code.path, located.handler, located.runtime) == (str(package), handler, runtime)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("auth.ts", "can't run"),
        ("auth.v2.js", "more than one dot"),
        ("fn.zip", "no readable zip"),
        ("none.js", "exist"),
    ],
)
def test_what_cannot_run_says_why(tmp_path: Path, name: str, says: str) -> None:
    if name != "none.js":
        (tmp_path / name).write_text("x")
    with pytest.raises(ConfigError, match=says):
        locate(str(tmp_path / name))


@pytest.mark.parametrize("spec", ["", "\0", "x" * 5000, "~nobody-by-that-name/x"])
def test_impossible_paths_do_not_exist(spec: str) -> None:
    if spec:
        with pytest.raises(ConfigError, match="does not exist"):
            locate(spec)


def test_python_packages_are_modules(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").touch()
    assert has_handler(tmp_path, "app.handler", "python3.13")
    assert not has_handler(tmp_path, "app.handler", "nodejs22.x")
