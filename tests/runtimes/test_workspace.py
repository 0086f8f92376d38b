"""The temporary folder: private, locked, and swept when its owner is gone."""

from __future__ import annotations

import stat
import tempfile

import pytest

from edgesim.runtimes.workspace import Workspace


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_private_and_goes_with_its_owner():
    workspace = Workspace()
    assert stat.S_IMODE(workspace.path.stat().st_mode) == 0o700
    workspace.close()
    assert not workspace.path.exists()


def test_a_folder_that_nobody_holds_is_removed(tmp_path):
    abandoned = tmp_path / "edgesim-abandoned"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    other = tmp_path / "edgesim-of-somebody-else"
    other.mkdir()
    Workspace().close()
    assert not abandoned.exists()
    assert other.exists()


def test_a_folder_in_use_stays():
    first = Workspace()
    second = Workspace()
    assert first.path.exists()
    first.close()
    second.close()


def test_it_lends_what_is_asked_for_and_there(tmp_path):
    packages = tmp_path / "site-packages"
    for name in ("boto3", "secret"):
        (packages / name).mkdir(parents=True)
    workspace = Workspace()
    lent = workspace.lend("key", ["boto3", "botocore"], [tmp_path / "nowhere", packages])
    assert lent == workspace.lend("key", ["boto3", "botocore"], [packages])
    assert [path.name for path in lent.folder.iterdir()] == ["boto3"]
    assert lent.packages == (("boto3", packages / "boto3"),)
    workspace.close()
