"""Copies of code: what is in them, what is linked, what changes them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

from edgesim.distribution.model import Code, EdgeFunction
from edgesim.errors import ConfigError
from edgesim.runtimes.interpreters import Language
from edgesim.runtimes.snapshot import Snapshots, fingerprint


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "user"
    folder.mkdir()
    (folder / "index.js").write_text("exports.handler = 1")
    return folder


@pytest.fixture
def snapshots(tmp_path):
    return Snapshots(tmp_path / "code")


def fn(path="", inline=""):
    return EdgeFunction("fn", Code(str(path) if path else "", inline), "index.handler", "nodejs20.x")


def listed(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_a_folder_is_copied_without_what_is_not_code(snapshots, source):
    for name in (".git/config", "__pycache__/a.pyc", ".venv/bin/python", "lib/a.js", ".env"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("x")
    os.mkfifo(source / "pipe")
    (source / "dangling").symlink_to("nowhere")
    copy = snapshots.take(fn(source), Language.NODE)
    assert listed(copy.root) == [".env", "index.js", "lib/a.js"]
    assert copy.shown == str(source)
    (source / "index.js").write_text("changed")
    assert (copy.root / "index.js").read_text() == "exports.handler = 1"


def test_node_modules_are_linked(snapshots, source):
    (source / "node_modules/a").mkdir(parents=True)
    copy = snapshots.take(fn(source), Language.NODE)
    assert (copy.root / "node_modules").resolve() == source / "node_modules"
    assert copy.linked == ((source / "node_modules", "linked/0/_/_/_/_/_/_/node_modules"),)


def test_links_are_followed_but_not_in_circles(snapshots, source, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/a.js").write_text("a")
    (source / "shared").symlink_to(tmp_path / "shared")
    (source / "self").symlink_to(source)
    copy = snapshots.take(fn(source), Language.NODE)
    assert listed(copy.root) == ["index.js", "shared/a.js"]
    assert not (copy.root / "shared").is_symlink()


def test_a_single_file_is_its_folders_only_file(snapshots, source):
    (source / "other.js").write_text("")
    copy = snapshots.take(fn(source / "index.js"), Language.NODE)
    assert listed(copy.root) == ["index.js"]
    assert copy.shown == str(source)


def test_inline_code_is_written_as_lambda_writes_it(snapshots):
    assert listed(snapshots.take(fn(inline="x"), Language.NODE).root) == ["index.js"]
    copy = snapshots.take(fn(inline="x"), Language.PYTHON)
    assert listed(copy.root) == ["index.py"]
    assert copy.shown == "/var/task"


def test_the_same_code_is_the_same_snapshot(snapshots, source):
    first = snapshots.take(fn(source), Language.NODE)
    os.utime(source / "index.js")
    assert snapshots.take(fn(source), Language.NODE) == first
    (source / "index.js").write_text("other")
    assert snapshots.take(fn(source), Language.NODE) != first


def test_a_change_changes_the_fingerprint(source):
    before = fingerprint(Code(str(source)))
    assert fingerprint(Code(str(source))) == before
    (source / "new.js").write_text("")
    assert fingerprint(Code(str(source))) != before


def test_code_that_is_not_there(snapshots, tmp_path):
    with pytest.raises(ConfigError, match="can't be read"):
        snapshots.take(fn(tmp_path / "nowhere"), Language.NODE)


def zipped(path, members):
    """Members are by name, or by what `member` makes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(member(name, 0o644) if isinstance(name, str) else name, text)
    return path


def member(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = (0o100000 | mode) << 16
    return info


def test_a_zip_is_unpacked(snapshots, tmp_path):
    path = zipped(tmp_path / "fn.zip", {"index.js": "x", "lib/a.js": "y"})
    copy = snapshots.take(fn(path), Language.NODE)
    assert listed(copy.root) == ["index.js", "lib/a.js"]
    assert copy.shown == str(path)


@pytest.mark.parametrize("name", ["../evil.js", "/etc/evil.js", "a/../../evil.js", "..\\evil.js"])
def test_a_zip_stays_within_its_folder(snapshots, tmp_path, name):
    path = zipped(tmp_path / "fn.zip", {name: "x"})
    with pytest.raises(ConfigError, match="outside of itself"):
        snapshots.take(fn(path), Language.NODE)


def _link(name):
    link = zipfile.ZipInfo(name)
    link.external_attr = 0o120777 << 16
    return link


MODES = {
    "for everybody": (member("a", 0o644), 0o644),
    "a program": (member("a", 0o755), 0o755),
    "a program of its owner's alone": (member("a", 0o744), 0o644),
    "for its owner alone": (member("a", 0o600), 0),
    "for its group": (member("a", 0o640), 0),
    "to be run and not read": (member("a", 0o711), 0),
}


@pytest.mark.parametrize(("packed", "unpacked"), MODES.values(), ids=MODES)
def test_what_a_zip_does_not_let_others_read_can_not_be_read(snapshots, tmp_path, packed, unpacked):
    copy = snapshots.take(fn(zipped(tmp_path / "fn.zip", {packed: "x"})), Language.NODE)
    assert (copy.root / "a").stat().st_mode & 0o777 == unpacked
    assert copy.unreadable == (() if unpacked else ("a",))


def test_a_folder_of_a_zip_may_be_closed_to_others(snapshots, tmp_path):
    members = {member("closed/", 0o700): "", member("closed/a/b", 0o644): "", member("open/a", 0o644): ""}
    assert snapshots.take(fn(zipped(tmp_path / "fn.zip", members)), Language.NODE).unreadable == ("closed/a/b",)


def test_a_zip_without_modes_can_be_read(snapshots, tmp_path):
    info = zipfile.ZipInfo("a")
    info.external_attr = 0x20  # what DOS calls an archive
    assert snapshots.take(fn(zipped(tmp_path / "fn.zip", {info: "x"})), Language.NODE).unreadable == ()


def test_a_zip_that_is_packed_anew_for_everybody_can_be_read(snapshots, tmp_path):
    closed = snapshots.take(fn(zipped(tmp_path / "fn.zip", {member("a", 0o600): "x"})), Language.NODE)
    now = snapshots.take(fn(zipped(tmp_path / "fn.zip", {member("a", 0o644): "x"})), Language.NODE)
    assert closed.root != now.root
    assert (now.root / "a").read_text() == "x"


@pytest.mark.parametrize("leads", ["/etc/passwd", "../../passwd", "lib/../../index.js"])
def test_links_out_of_a_zip_are_left_out(snapshots, tmp_path, leads):
    path = zipped(tmp_path / "fn.zip", {"index.js": "x", _link("passwd"): leads})
    assert listed(snapshots.take(fn(path), Language.NODE).root) == ["index.js"]


def test_links_within_a_zip_are_kept(snapshots, tmp_path):
    path = zipped(tmp_path / "fn.zip", {"lib.so.1": "x", _link("lib/lib.so"): "../lib.so.1"})
    assert (snapshots.take(fn(path), Language.NODE).root / "lib/lib.so").read_text() == "x"


def test_a_file_that_is_no_zip(snapshots, tmp_path):
    (tmp_path / "fn.zip").write_text("not a zip")
    with pytest.raises(ConfigError, match="can't be read"):
        snapshots.take(fn(tmp_path / "fn.zip"), Language.NODE)


def test_what_edgesim_prints_into_the_folder_of_a_function_is_no_code(tmp_path):
    (tmp_path / "index.mjs").write_text("export const handler = 1")
    program = (
        "from edgesim.distribution.model import Code\n"
        "from edgesim.runtimes.snapshot import fingerprint\n"
        "before = fingerprint(Code(path='.'))\n"
        "print('a line', flush=True)\n"
        "assert fingerprint(Code(path='.')) == before\n"
    )
    with (tmp_path / "serve.log").open("w") as log:
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, stdout=log, check=True)
