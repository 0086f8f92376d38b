"""Hot reload: saved files are heard of, whatever a build does to the folders that they are in."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from edgesim.server import reload
from edgesim.server.reload import Watched, watch

LONG = 5.0  # seconds; only what is broken takes as long
A_WHILE = 0.6


def _watched(files: tuple[Path, ...] = (), folders: tuple[Path, ...] = ()) -> Watched:
    return Watched(frozenset(files), frozenset(folders))


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        pytest.param("t.yaml", True, id="a watched file"),
        pytest.param("other.yaml", False, id="its neighbour"),
        pytest.param("code/index.js", True, id="a file in a watched folder"),
        pytest.param("code/lib/deep/x.py", True, id="one deep below"),
        pytest.param("code/.index.js.swp", False, id="an editor's swap file"),
        pytest.param("code/index.js~", False, id="a backup"),
        pytest.param("code/node_modules/x/index.js", False, id="an installed package"),
        pytest.param("code/__pycache__/x.pyc", False, id="compiled code"),
    ],
)
def test_what_is_worth_acting_on(path: str, covered: bool) -> None:
    watched = _watched((Path("/p/t.yaml"),), (Path("/p/code"),))
    assert watched.covers(Path("/p") / path) is covered


@dataclass
class Ear:
    """What `watch` told, and what stood in a file at that moment: the code that would have been taken."""

    file: Path
    paths: set[Path] = field(default_factory=set)
    taken: str | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def saved(self, paths: set[Path]) -> None:
        self.paths |= paths
        self.taken = self.file.read_text() if self.file.is_file() else None
        self.news.set()

    async def takes(self, text: str | None) -> None:
        """The file is written once, and what is in it then is taken."""
        async with asyncio.timeout(LONG):
            while self.taken != text:
                self.news.clear()
                await self.news.wait()

    async def hears_nothing_for(self, seconds: float) -> None:
        self.news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news.wait()
        assert not self.news.is_set(), self.paths


async def _wait(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def _first_heard(ear: Ear) -> None:
    """Write until it is heard: when the watch begins to listen can't be seen from outside."""
    async with asyncio.timeout(LONG):
        while ear.taken is None:
            ear.file.write_text("first")
            await _wait(0.4)


@asynccontextmanager
async def _listening(watched: Watched, ear: Ear, saved: Callable[[set[Path]], Awaitable[None]]) -> AsyncIterator[None]:
    """Once it is sure that saves are heard."""
    task = asyncio.create_task(watch(lambda: watched, saved))
    try:
        await _first_heard(ear)
        ear.paths.clear()
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _story(watched: Watched, file: Path, tell: Callable[[Ear], Awaitable[None]]) -> None:
    async def story() -> None:
        ear = Ear(file)
        file.parent.mkdir(parents=True)
        async with _listening(watched, ear, ear.saved):
            await tell(ear)

    asyncio.run(story())


def _save_as_editors_do(file: Path, text: str) -> None:
    new = file.with_name("new")
    new.write_text(text)
    new.replace(file)


KINDS = pytest.mark.parametrize("kind", ["a folder", "a file in it"])


def _plan(kind: str, file: Path) -> Watched:
    return _watched(folders=(file.parent,)) if kind == "a folder" else _watched((file,))


@pytest.mark.slow
def test_a_file_that_an_editor_replaces_is_heard_of(tmp_path: Path) -> None:
    file = tmp_path / "p" / "t.yaml"

    async def tell(ear: Ear) -> None:
        _save_as_editors_do(file, "new")
        await ear.takes("new")
        assert ear.paths == {file}

    _story(_watched((file,)), file, tell)


@pytest.mark.slow
def test_a_file_below_a_folder_is_heard_of(tmp_path: Path) -> None:
    file = tmp_path / "code" / "lib" / "x.js"

    async def tell(ear: Ear) -> None:
        file.write_text("new")
        await ear.takes("new")
        assert ear.paths == {file}

    _story(_watched(folders=(tmp_path / "code",)), file, tell)


@pytest.mark.slow
@KINDS
@pytest.mark.parametrize("pause", [0.0, A_WHILE], ids=["at once", "after a while"])
def test_what_a_build_removes_and_makes_anew_is_taken_and_watched_on(tmp_path: Path, kind: str, pause: float) -> None:
    file = tmp_path / "dist" / "index.js"

    async def tell(ear: Ear) -> None:
        shutil.rmtree(file.parent)
        await _wait(pause)
        file.parent.mkdir()
        await _wait(pause)
        file.write_text("built")
        await ear.takes("built")
        for text in ("edited", "edited again"):
            file.write_text(text)
            await ear.takes(text)

    _story(_plan(kind, file), file, tell)


@pytest.mark.slow
@KINDS
def test_builds_one_after_the_other_are_all_taken(tmp_path: Path, kind: str) -> None:
    """The system gives a removed folder's inode number to the next one."""
    file = tmp_path / "dist" / "index.js"

    async def tell(ear: Ear) -> None:
        for number in range(6):
            shutil.rmtree(file.parent)
            file.parent.mkdir()
            file.write_text(f"built {number}")
            await ear.takes(f"built {number}")

    _story(_plan(kind, file), file, tell)


@pytest.mark.slow
@KINDS
@pytest.mark.parametrize("above", [0, 1], ids=["itself", "with the folder above"])
def test_what_is_moved_away_and_back_is_watched_on(tmp_path: Path, kind: str, above: int) -> None:
    file = tmp_path / "project" / "dist" / "index.js"
    moved, away = file.parents[above], tmp_path / "away"

    async def tell(ear: Ear) -> None:
        moved.rename(away)
        await ear.takes(None)
        (away / file.relative_to(moved)).write_text("edited elsewhere")
        away.rename(moved)
        await ear.takes("edited elsewhere")
        file.write_text("edited")
        await ear.takes("edited")

    _story(_plan(kind, file), file, tell)


@pytest.mark.slow
@KINDS
def test_what_is_not_there_yet_is_picked_up(tmp_path: Path, kind: str) -> None:
    file, ear = tmp_path / "dist" / "index.js", Ear(tmp_path / "dist" / "index.js")

    async def story() -> None:
        task = asyncio.create_task(watch(lambda: _plan(kind, file), ear.saved))
        await _wait(A_WHILE)
        file.parent.mkdir()
        file.write_text("there")
        await ear.takes("there")
        file.write_text("edited")
        await ear.takes("edited")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())


@pytest.mark.slow
def test_one_save_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "dist" / "index.js"

    async def tell(ear: Ear) -> None:
        await _wait(A_WHILE)
        file.write_text("edited")
        await ear.takes("edited")
        await ear.hears_nothing_for(2 * A_WHILE)

    _story(_watched((file,)), file, tell)


@pytest.mark.slow
def test_a_file_saved_while_the_one_before_is_taken_in_is_taken_too(tmp_path: Path) -> None:
    """Also where the plan is another one then, and the watches are being set anew."""
    file, ear = tmp_path / "dist" / "index.js", Ear(tmp_path / "dist" / "index.js")
    plans = [_watched((file,)), _watched((file,), (tmp_path / "code",))]

    async def saved(paths: set[Path]) -> None:
        await ear.saved(paths)
        if ear.taken == "one":
            plans.reverse()
            file.write_text("two")

    async def story() -> None:
        file.parent.mkdir()
        task = asyncio.create_task(watch(lambda: plans[0], saved))
        await _first_heard(ear)
        file.write_text("one")
        await ear.takes("two")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())


@pytest.mark.slow
def test_where_the_system_has_no_watches_left_the_files_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dist" / "index.js"

    def few(*roots: Path, force_polling: bool | None, **options: Any) -> AsyncIterator[object]:
        if not force_polling:
            raise OSError("OS file watch limit reached")
        return watchfiles.awatch(*roots, force_polling=True, **options)

    monkeypatch.setattr(reload, "awatch", few)

    async def tell(ear: Ear) -> None:
        file.write_text("edited")
        os.utime(file, times=(0, file.stat().st_mtime + 10))  # only whole seconds count there
        await ear.takes("edited")

    _story(_watched(folders=(file.parent,)), file, tell)
