"""How large packages are: archives, folders, and the node_modules that are linked."""

from __future__ import annotations

import json
import os
import zipfile

import pytest

from edgesim.distribution.limits import Limit, PackageLimits
from edgesim.distribution.model import Code, EdgeFunction
from edgesim.distribution.package_size import PackageSize
from edgesim.errors import ConfigError
from edgesim.runtimes import Settings
from edgesim.runtimes.measuring import Measure
from edgesim.runtimes.snapshot import package_size

HANDLER = "exports.handler = async () => 1"


@pytest.fixture
def measure():
    return Measure(PackageLimits())


@pytest.fixture
def source(tmp_path):
    return written(tmp_path / "user", {"index.js": HANDLER})


def written(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def size_of(path, measure):
    return package_size(Code(str(path)), measure)


def test_a_folder_counts_what_is_copied(source, measure):
    written(source, {"lib/a.js": "12345", ".git/object": "not code"})
    assert size_of(source, measure) == PackageSize(len(HANDLER) + 5)


def test_a_zip_counts_packed_and_unpacked(tmp_path, measure):
    with zipfile.ZipFile(tmp_path / "fn.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.js", "x" * 100_000)
    size = size_of(tmp_path / "fn.zip", measure)
    assert size.unzipped == 100_000
    assert size.zipped == (tmp_path / "fn.zip").stat().st_size < 1_000


def test_a_zip_that_is_none_is_said(tmp_path, measure):
    (tmp_path / "fn.zip").write_text("no")
    with pytest.raises(ConfigError, match="can't be read"):
        size_of(tmp_path / "fn.zip", measure)


def test_inline_code_counts_its_bytes(measure):
    assert package_size(Code(inline="é"), measure) == PackageSize(2)


def test_node_modules_count_although_they_are_linked(source, measure):
    written(source / "node_modules", {"a/index.js": "123", "a/node_modules/b/index.js": "45"})
    (source / "node_modules/circle").symlink_to(source)
    assert size_of(source, measure) == PackageSize(len(HANDLER), linked=5, is_exact=False)


def test_packages_for_development_alone_are_left_out_where_npm_wrote_which(source, measure):
    lock = {"packages": {"node_modules/a": {}, "node_modules/dev": {"dev": True}}}
    written(
        source / "node_modules",
        {"a/index.js": "123", "dev/index.js": "x" * 999, ".package-lock.json": json.dumps(lock)},
    )
    size = size_of(source, measure)
    assert size.is_exact
    assert size.linked == 3 + len(json.dumps(lock))


def test_modules_are_walked_again_only_when_something_was_installed(source, measure):
    modules = written(source / "node_modules", {"a/index.js": "123"})
    assert size_of(source, measure).linked == 3
    (modules / "a/index.js").write_text("longer than before")
    assert size_of(source, measure).linked == 3
    written(modules, {"b/index.js": "45"})
    os.utime(modules, ns=(1, 1))
    assert size_of(source, measure).linked == len("longer than before") + 2


def test_a_walk_ends_where_it_is_too_much(source):
    written(source / "node_modules", {f"p{number}/index.js": "x" * 10 for number in range(100)})
    assert size_of(source, Measure(PackageLimits(unzipped=55))).linked == 60


# ── deploying ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_a_package_that_is_too_large_is_refused_and_the_last_good_one_serves(new_lab, expect_value):
    lab = new_lab(Settings(spares={}, package=PackageLimits(unzipped=100)))
    function = lab.node(HANDLER)

    async def story():
        assert await lab.deploy(function) == []
        written(lab.folder / "fn1", {"data.json": "1" * 200})
        problems = await lab.service.refresh()
        return problems, await lab.service.refresh(), await lab.call(function)

    (problem,), again, invocation = lab.run(story())
    assert problem.message == "Unzipped size must be smaller than 100 bytes"
    assert (problem.code, problem.severity) == ("InvalidParameterValueException", "error")
    assert again == []
    assert expect_value(invocation) == 1


@pytest.mark.slow
def test_relaxed_it_runs_whatever_its_size(new_lab, expect_value):
    relaxed = frozenset({Limit.PACKAGE_SIZE})
    lab = new_lab(Settings(spares={}, package=PackageLimits(zipped=1, unzipped=1), relaxed=relaxed))
    assert expect_value(lab.once(lab.node(HANDLER))) == 1


@pytest.mark.slow
def test_what_was_never_small_enough_never_runs(new_lab, expect_failure, tmp_path):
    lab = new_lab(Settings(spares={}, package=PackageLimits(zipped=10)))
    with zipfile.ZipFile(tmp_path / "fn.zip", "w") as archive:
        archive.writestr("index.js", HANDLER)
    function = EdgeFunction("fn", Code(str(tmp_path / "fn.zip")), "index.handler", "nodejs20.x")
    failure = expect_failure(lab.once(function))
    assert failure.error_type == "Edgesim.Unavailable"
    assert "Max allowed: 10 Function: arn:aws:lambda:us-east-1:123456789012:function:fn:1" in failure.message
