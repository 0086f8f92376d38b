"""Hot reload: saved files are heard of."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgesim.server.reload import Watched, watch


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


def _first_change(watched: Watched, act: Callable[[], object]) -> set[Path]:
    """What `watch` hears of when something is done to the files."""

    async def listen() -> set[Path]:
        heard: asyncio.Queue[set[Path]] = asyncio.Queue()
        task = asyncio.create_task(watch(lambda: watched, heard.put))
        try:
            while True:
                act()
                try:
                    async with asyncio.timeout(0.5):
                        return await heard.get()
                except TimeoutError:
                    continue  # it was not watching yet: do it again
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return asyncio.run(listen())


@pytest.mark.slow
def test_a_file_that_an_editor_replaces_is_heard_of(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("old")

    def save() -> None:
        new = tmp_path / "new"
        new.write_text("new")
        new.replace(file)

    assert _first_change(_watched((file,)), save) == {file}


@pytest.mark.slow
def test_a_file_below_a_folder_is_heard_of(tmp_path: Path) -> None:
    folder = tmp_path / "code" / "lib"
    folder.mkdir(parents=True)
    assert _first_change(_watched(folders=(tmp_path / "code",)), lambda: (folder / "x.js").write_text("x")) == {
        folder / "x.js"
    }


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 0.5], ids=["at once", "after a while"])
def test_a_folder_that_a_build_makes_anew_is_watched_on(tmp_path: Path, pause: float) -> None:
    folder = tmp_path / "build"
    watched = _watched(folders=(folder,))
    heard: list[set[Path]] = []

    async def story() -> None:
        event = asyncio.Event()

        async def saved(paths: set[Path]) -> None:
            heard.append(paths)
            event.set()

        async def hears(text: str) -> None:
            for _ in range(50):
                (folder / "index.js").write_text(text)
                try:
                    async with asyncio.timeout(0.4):
                        await event.wait()
                except TimeoutError:
                    continue
                event.clear()
                return
            raise AssertionError(f"{text} was not heard of")

        _new_folder(folder)
        task = asyncio.create_task(watch(lambda: watched, saved))
        await hears("one")
        shutil.rmtree(folder)
        await asyncio.sleep(pause)
        _new_folder(folder)
        await hears("two")
        await asyncio.sleep(0.5)  # whatever was still on its way about the old folder
        event.clear()
        await hears("three")
        await hears("four")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())


def _new_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "index.js").write_text("zero")
