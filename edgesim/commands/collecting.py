"""The scenarios that `edgesim test` was asked for, and what each of them depends on."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgesim.distribution.problems import Problem, Severity
from edgesim.scenario.language.load import LoadedFile, find_files, load_file
from edgesim.scenario.model import Deploy, Repeat, Scenario, Setting, Step
from edgesim.scenario.runner.select import Target, Wanted, target
from edgesim.scenario.runner.workers import Job

if TYPE_CHECKING:
    from edgesim.server.reload import Watched

DEFAULT_FOLDER = "scenarios"


def targets_of(paths: Sequence[str]) -> tuple[Target, ...]:
    """What the paths mean; without any, the folder `scenarios`, or all that is here. Raises ConfigError."""
    default = DEFAULT_FOLDER if Path(DEFAULT_FOLDER).is_dir() else "."
    return tuple(target(path) for path in paths or (default,))


@dataclass(frozen=True, slots=True)
class Collected:
    """The files in the order in which they were asked for, and those of their scenarios that are to be played."""

    files: tuple[tuple[Path, LoadedFile], ...]
    jobs: tuple[Job, ...]
    deselected: int

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Of all files, each once: they may share a template."""
        return tuple(dict.fromkeys(problem for _, loaded in self.files for problem in loaded.problems))

    @property
    def unreadable(self) -> int:
        """How many files have errors."""
        return sum(bool(_errors(loaded)) for _, loaded in self.files)

    @property
    def first_errors(self) -> dict[Path, tuple[Problem, int]]:
        """By file the first of its errors, and how many there are."""
        return {file: (errors[0], len(errors)) for file, loaded in self.files if (errors := _errors(loaded))}


def _errors(loaded: LoadedFile) -> list[Problem]:
    return [one for one in loaded.problems if one.severity is Severity.ERROR]


def collect(targets: Sequence[Target], wanted: Wanted | None) -> Collected:
    """Find and read the files, and choose among their scenarios. Raises ConfigError."""
    asked: dict[Path, tuple[Path, list[Target]]] = {}
    for one in targets:
        for file in find_files([one.path]):
            asked.setdefault(file.resolve(), (file, []))[1].append(one)
    files = tuple((file, load_file(file)) for file, _ in asked.values())
    jobs: list[Job] = []
    for (file, loaded), (_, meant) in zip(files, asked.values(), strict=True):
        jobs += _chosen(file, loaded, meant, wanted)
    return Collected(files, tuple(jobs), sum(len(loaded.scenarios) for _, loaded in files) - len(jobs))


def _chosen(file: Path, loaded: LoadedFile, targets: Iterable[Target], wanted: Wanted | None) -> Iterator[Job]:
    # A file with errors may lack just the scenario that was asked for; its problems say so
    readable = [one for one in targets if loaded.scenarios or not loaded.problems]
    meant = {id(scenario) for one in readable for scenario in one.among(loaded.scenarios)}
    for number, scenario in enumerate(loaded.scenarios):
        if id(scenario) in meant and (wanted is None or wanted((scenario.title, str(file)))):
            yield Job(file, number, scenario)


# ── what a file depends on ───────────────────────────────────────────────────


def dependencies(file: Path, loaded: LoadedFile) -> frozenset[Path]:
    """The file, what was read with it, and where the code and the folders of its scenarios are; all resolved."""
    settings = [one for scenario in loaded.scenarios for one in _settings(scenario)]
    names = [str(file), *loaded.files, *(problem.file for problem in loaded.problems if problem.file)]
    for setting in settings:
        names += [*setting.files, *setting.folders.values()]
        names += [f.code.path for d in setting.distributions for f in d.functions if f.code.path]
    return frozenset(Path(name).resolve() for name in names)


def _settings(scenario: Scenario) -> Iterator[Setting]:
    yield scenario.setting
    yield from (step.setting for step in _flat(scenario.steps) if isinstance(step, Deploy))


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield from _flat(step.steps) if isinstance(step, Repeat) else (step,)


def watched(collected: Collected, targets: Iterable[Target]) -> Watched:
    """What a save is to be noticed in: everything depended on, and folders where new files may come."""
    from edgesim.server.reload import Watched

    paths = {path for file, loaded in collected.files for path in dependencies(file, loaded)}
    folders = {path for path in paths if path.is_dir()}
    asked = {one.path.resolve() for one in targets if one.path.is_dir()}
    return Watched(frozenset(paths - folders), frozenset(folders | asked))


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the runner itself writes, which is nothing that anything depends on: files by their paths, and those that
    the standard streams go to by device and inode."""

    paths: frozenset[Path] = frozenset()
    inodes: frozenset[tuple[int, int]] = frozenset()

    def has(self, path: Path, found: os.stat_result) -> bool:
        """Is this file one of them?"""
        return (found.st_dev, found.st_ino) in self.inodes or path in self.paths


def outputs(files: Iterable[Path], descriptors: Iterable[int] = (1, 2)) -> Outputs:
    """Of the files that a command writes, and of what is open."""
    inodes = set()
    for descriptor in descriptors:
        with suppress(OSError):
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode):
                inodes.add((found.st_dev, found.st_ino))
    return Outputs(frozenset(file.resolve() for file in files), frozenset(inodes))


Stamps = Mapping[Path, tuple[tuple[str, str], ...]]
"""By what is depended on: each file there is, with the digest of what is in it."""


def stamps(collected: Collected, own: Outputs = Outputs(), earlier: Stamps = MappingProxyType({})) -> Stamps:
    """How everything depended on stands, but for what the runner writes. `earlier` is how some of it stood before it
    was read, and counts: what was saved meanwhile is to be noticed."""
    paths = {path for file, loaded in collected.files for path in dependencies(file, loaded)}
    return {path: earlier[path] if path in earlier else _stamp(path, own) for path in paths}


def stamps_again(known: Stamps, own: Outputs = Outputs()) -> Stamps:
    """How what is known stands now."""
    return {path: _stamp(path, own) for path in known}


def _stamp(path: Path, own: Outputs) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(_files_in(path, own)))


def _files_in(path: Path, own: Outputs) -> Iterator[tuple[str, str]]:
    if not path.is_dir():
        yield from _stamped(path, own)
        return
    from edgesim.server.reload import Watched

    below = Watched(frozenset(), frozenset({path}))
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if below.covers(Path(folder, name))]
        for name in names:
            if below.covers(file := Path(folder, name)):
                yield from _stamped(file, own)


def _stamped(file: Path, own: Outputs) -> Iterator[tuple[str, str]]:
    """Saved without a change is as good as not saved."""
    with suppress(OSError):
        found = file.stat()
        if not own.has(file, found):
            yield str(file), _content(file, found.st_ino, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=50_000)
def _content(file: Path, inode: int, changed: int, size: int) -> str:
    """A digest, or for what is too large to be read each time, when it was saved."""
    if size > _MOST_DIGESTED:
        return f"{inode} {changed} {size}"
    return hashlib.sha256(file.read_bytes()).hexdigest()


_MOST_DIGESTED = 16 * 1024 * 1024


def affected(collected: Collected, before: Stamps, now: Stamps) -> tuple[Job, ...]:
    """The jobs of files of which something is not as it was."""
    changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    files = {file for file, loaded in collected.files if changed & dependencies(file, loaded)}
    return tuple(job for job in collected.jobs if job.file in files)
