"""Scenario files to Scenario values, with every problem of a file at once, in its place.

    load_file(Path("cache.scenario.yaml"))      what a file says
    find_files([Path("scenarios")])             the files of a folder
    load_setting({"origins": …}, {}, …)         what a test in Python deploys

The language is described in scenarios/README.md, and for editors in schema.json. Nothing here raises for what a user
wrote: it comes back as Problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgesim.distribution.aws_endpoints import EVERY_SERVICE, check_endpoint
from edgesim.distribution.findings import closest, there_are
from edgesim.distribution.limits import ACCOUNT_CONCURRENCY, Edition, Limit, PackageLimits
from edgesim.distribution.problems import Problem
from edgesim.errors import ConfigError
from edgesim.loaders.unreadable import Unreadable
from edgesim.scenario.language import durations
from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import Element, Kind, from_python, read_document
from edgesim.scenario.language.other_files import refuse_document, refuse_function
from edgesim.scenario.language.read_match import ANY
from edgesim.scenario.language.read_origins import scripts
from edgesim.scenario.language.read_steps import DEPLOYED, SEND, Context, steps, viewer
from edgesim.scenario.language.reading import Reading, Shape, Wrong
from edgesim.scenario.language.setting import Deployment, is_whole, read_setting
from edgesim.scenario.model import (
    LAST_INSTANT,
    LAST_YEAR,
    Account,
    Deploy,
    Evidence,
    Need,
    Repeat,
    Scenario,
    Script,
    Setting,
    Step,
)
from edgesim.values.instant import Instant

SUFFIXES = (".scenario.yaml", ".scenario.yml", ".scenario.json")
_NOT_SEARCHED = ("node_modules",)


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What came of a file: the scenarios in which nothing is wrong, and everything that is. `files` are those that it
    was read from, itself included."""

    scenarios: tuple[Scenario, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()


# ── files ────────────────────────────────────────────────────────────────────


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Files as they are given, and those with scenarios in the folders. Raises ConfigError."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_in_folder(path)))
        elif path.is_file():
            found[path] = None
        else:
            raise ConfigError(f"there is no file or folder {path}", r.near_path(Path(), str(path)))
    return list(found)


def _in_folder(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"the folder {folder} can't be read: {error.strerror}") from error
    yield from (entry for entry in entries if entry.name.endswith(SUFFIXES) and entry.is_file())
    for entry in entries:
        if (
            entry.is_dir()
            and not entry.is_symlink()
            and not entry.name.startswith(".")
            and entry.name not in _NOT_SEARCHED
        ):
            yield from _in_folder(entry)


def load_file(path: Path) -> LoadedFile:
    """What a file says."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return _unreadable("there is no such file", path)
    except UnicodeDecodeError:
        return _unreadable("this is not a text in UTF-8", path)
    except (OSError, ValueError) as error:
        return _unreadable(f"this can't be read: {getattr(error, 'strerror', None) or error}", path)
    return load_text(text, path)


def _unreadable(message: str, path: Path) -> LoadedFile:
    return LoadedFile(problems=(Problem(message, file=str(path)),), files=(str(path),))


def load_text(text: str, path: Path) -> LoadedFile:
    """The same for a text that is, or would be, in the file `path`."""
    file = str(path)
    try:
        refuse_function(path)
        root, problems = read_document(text, file)
        refuse_document(root, path)
        scenarios, more = _scenarios(root, file, path.parent.absolute())
    except Unreadable as error:
        return LoadedFile(problems=(error.problem,), files=(file,))
    return LoadedFile(
        tuple(scenario for scenario, _ in scenarios if not problems),
        _in_order([*problems, *more]),
        tuple(dict.fromkeys([file, *(name for _, names in scenarios for name in names)])),
    )


def load_setting(
    distribution: str | Path | Mapping[str, Any] | None,
    functions: Mapping[str, object],
    *,
    parameters: Mapping[str, str],
    folder: Path,
    limits: str = Edition.CURRENT.value,
    choices: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
) -> tuple[Setting, list[Problem]]:
    """What a test in Python deploys, in the words of a scenario. Relative paths begin in `folder`."""
    reading = Reading("", folder.absolute())
    try:
        said = {
            "distribution": from_python({} if distribution is None else distribution, "distribution"),
            "functions": from_python(functions, "functions"),
            "parameters": from_python(parameters, "parameters"),
            "limits": from_python(limits, "limits"),
            "choices": from_python(choices or {}, "choices"),
            "keys": from_python(keys or {}, "keys"),
        }
    except Unreadable as error:
        return Setting(), [error.problem]
    return read_setting(reading, Deployment().over(said)), list(_in_order(reading.problems))


def _in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by line."""
    unique = {(problem.file, problem.line, problem.at, problem.message): problem for problem in problems}
    return tuple(sorted(unique.values(), key=lambda problem: (problem.file, problem.line or 0)))


# ── scenarios ────────────────────────────────────────────────────────────────


def _evidence(reading: Reading, element: Element) -> tuple[Evidence, str]:
    """`documented Expiration`: how sure it is, and who says so."""
    word, _, source = r.text(reading, element).strip().partition(" ")
    kind = word.rstrip(":,;").lower()
    if kind not in list(Evidence):
        known = f"one of {', '.join(Evidence)}, and the source after it"
        raise Wrong(element, f"evidence can't begin with '{word}': {known}", closest(kind, Evidence))
    return Evidence(kind), source.strip(" :,;")


def _at(_: Reading, element: Element) -> Instant:
    found = durations.instant(element.text) if element.kind is Kind.TEXT else None
    if found is None:
        raise Wrong(element, f"at must be a point in time, not {element.shown}", "write 2026-01-01T00:00:00Z")
    if not 0 <= found <= LAST_INSTANT:
        raise Wrong(element, f"a scenario's time is from 1970 to {LAST_YEAR}, not {element.shown}")
    return found


def _relaxed(reading: Reading, element: Element) -> frozenset[Limit]:
    """One limit, or a list of them."""
    of = r.one_of(*Limit)
    named = element.items if element.kind is Kind.LIST else [element]
    return frozenset(Limit(of(reading, one)) for one in named)


def _endpoints(reading: Reading, element: Element) -> tuple[tuple[str, str], ...]:
    """A URL for all of AWS's services, or one for each of some."""
    if element.kind is Kind.MAPPING:
        named = [(service, r.text(reading, child), child) for service, child in element.fields.items()]
    else:
        named = [(EVERY_SERVICE, r.text(reading, element), element)]
    for service, url, written in named:
        try:
            check_endpoint(service, url)
        except ConfigError as error:
            raise Wrong(written, str(error), error.hint) from None
    return tuple((service, url) for service, url, _ in named)


def _needs(reading: Reading, element: Element) -> frozenset[Need]:
    """One thing that not every machine has, or a list of them."""
    of = r.one_of(*Need)
    return frozenset(Need(of(reading, one)) for one in r.one_or_more(element))


def _title(reading: Reading, element: Element) -> str:
    written = r.text(reading, element)
    if not written.strip():
        raise Wrong(element, "a scenario needs a title that says what it shows")
    return written


_SHARED_KEYS: Mapping[str, r.Reader[Any]] = {
    "evidence": _evidence,
    "at": _at,
    "environments": r.one_of("fresh", "warm"),
    "concurrency": r.times,
    "package-size": r.size,
    "relax": _relaxed,
    "aws-endpoints": _endpoints,
    "needs": _needs,
    "distribution": r.element_itself,
    "parameters": r.element_itself,
    "functions": r.element_itself,
    "limits": r.element_itself,
    "choices": r.element_itself,
    "keys": r.element_itself,
    "origins": scripts,
    "viewer": viewer,
}
_MERGED = ("parameters", "functions", "choices", "keys", "origins", "viewer")
_ELSEWHERE = {
    **dict.fromkeys(SEND.elsewhere, "it belongs to a step"),
    **dict.fromkeys(SEND.keys, "it belongs to a step"),
    "name": "write title",
    "description": "write title, or a comment: # …",
    "function": "write functions: {NAME: PATH[:HANDLER]}",
    "template": "write distribution: PATH",
    "origin": "write origins: {site: {answers: 200}}",
    "behaviors": "it belongs under distribution",
    "cache-policy": "it belongs under distribution",
    "tests": "write scenarios",
    "time": "write at",
    "now": "write at",
    "test": "write title",
}
SCENARIO = Shape("a scenario", {"title": _title, **_SHARED_KEYS, "steps": r.element_itself}, _ELSEWHERE)
FILE = Shape(
    "a file of several scenarios",
    {"scenarios": r.element_itself, **dict.fromkeys(_SHARED_KEYS, r.element_itself)},
    {**dict.fromkeys(_ELSEWHERE, "it belongs to one of the scenarios"), "title": "each of the scenarios has its own"},
)


@dataclass
class _Read:
    """A scenario, or None where something is wrong, with what was read for it."""

    scenario: Scenario | None
    reading: Reading
    title: Element | None = None
    extra: list[Problem] = field(default_factory=list)


def _scenarios(root: Element, file: str, folder: Path) -> tuple[list[tuple[Scenario, tuple[str, ...]]], list[Problem]]:
    """The sound scenarios of a file, each with the files it was read from, and all problems."""
    whole = Reading(file, folder)
    found: list[_Read] = []
    with whole.noting():
        found = [_read(element, own, file, folder) for element, own in _each(whole, root)]
    _check_titles(whole, found)
    problems = [*whole.problems, *(problem for each in found for problem in each.reading.problems)]
    sound = [(each.scenario, tuple(each.reading.files)) for each in found if each.scenario]
    return ([] if whole.problems else sound), problems


@dataclass(frozen=True, slots=True)
class _Own:
    """What a scenario has to itself, by name, and does not share with its file."""

    origins: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()


def _each(whole: Reading, root: Element) -> list[tuple[Element, _Own]]:
    """The scenarios of a file, what holds for all of them put into each."""
    if root.kind is Kind.LIST:
        hint = "put the list under steps:, beside title:; several scenarios stand under scenarios:"
        if all("title" in item.fields for item in root.items):
            hint = "put the list under scenarios:"
        raise Wrong(root, "a scenario is a mapping of keys and values, not a list", hint)
    fields = r.fields_of(root, "a scenario")
    if "scenarios" not in fields:
        return [(root, _own(root))]
    shared = FILE.read(whole, root)
    items = r.items_of(fields["scenarios"], "scenarios")
    if not items:
        raise Wrong(fields["scenarios"], "there are no scenarios here", "write - title: …")
    shared.pop("scenarios")
    return [(_with(shared, item), _own(item)) for item in items]


def _own(element: Element) -> _Own:
    origins, functions = (element.fields.get(key, _NOTHING).fields for key in ("origins", "functions"))
    return _Own(frozenset(origins), frozenset(functions))


_NOTHING = Element(Kind.MAPPING)


def _with(shared: Mapping[str, Element], element: Element) -> Element:
    if element.kind is not Kind.MAPPING:
        return element
    fields = {**shared, **element.fields}
    for key in _MERGED:
        if key in shared and key in element.fields and Kind.MAPPING is shared[key].kind is fields[key].kind:
            fields[key] = fields[key].with_fields({**shared[key].fields, **fields[key].fields})
    return element.with_fields(fields)


def _check_titles(whole: Reading, found: Sequence[_Read]) -> None:
    lines: dict[str, int] = {}
    for title in (each.title for each in found if each.title):
        if title.text in lines:
            message = f"the scenario in line {lines[title.text]} has this title too"
            whole.complain(title, message, "say what is different about this one")
        lines.setdefault(title.text, title.line)


def _read(element: Element, own: _Own, file: str, folder: Path) -> _Read:
    reading = Reading(file, folder)
    scenario: Scenario | None = None
    with reading.noting():
        scenario = _scenario(reading, element, own)
    return _Read(None if reading.problems else scenario, reading, element.fields.get("title"))


def _scenario(reading: Reading, element: Element, own: _Own) -> Scenario:
    found = SCENARIO.read(reading, element)
    for key, hint in (("title", "write title: what it shows"), ("steps", "write steps:, and under it - get: /")):
        if key not in element.fields and not any(
            closest(other, [key]) for other in element.fields.keys() - SCENARIO.keys
        ):
            reading.complain(element, f"this scenario has no {key}", hint)
    said = {key: element.fields[key] for key in DEPLOYED.keys if key in element.fields}
    context = Context(Deployment().over(said))
    setting = context.deployed(reading)
    inner: tuple[Step, ...] = ()
    if "steps" in found:
        with reading.noting():
            inner = steps(reading, found["steps"], context)
    settings = [setting, *_deployed(inner)]
    _check_origins(reading, context.origin_ids)
    tried = any(isinstance(step, Deploy) and step.refused for step in inner)  # of what is refused nothing can be said
    if not (tried or is_whole(said.get("distribution", _NOTHING)) or any(one.files for one in settings)):
        written = said.get("functions", _NOTHING).fields.items()
        _check_functions(reading, settings, [*(one for one in written if one[0] in own.functions), *reading.functions])
    evidence, source = found.get("evidence", (None, ""))
    standing: Mapping[str, Script] = found.get("origins", {})
    return Scenario(
        found.get("title", ""),
        inner,
        setting,
        MappingProxyType(standing),
        found.get("viewer", MappingProxyType({})),
        evidence,
        source,
        found.get("at"),
        found.get("environments", "fresh" if reading.speaks_of_starts else "warm") == "fresh",
        Account(
            found.get("concurrency", ACCOUNT_CONCURRENCY),
            PackageLimits(unzipped=found.get("package-size", PackageLimits().unzipped)),
            found.get("relax", frozenset()),
            found.get("aws-endpoints", ()),
        ),
        found.get("needs", frozenset()),
        reading.place(element.fields.get("title", element)),
        own.origins,
        own.functions,
    )


def _deployed(inner: Sequence[Step]) -> Iterator[Setting]:
    for step in inner:
        if isinstance(step, Deploy) and not step.refused:
            yield step.setting
        elif isinstance(step, Repeat):
            yield from _deployed(step.steps)


def _check_origins(reading: Reading, ids: Sequence[frozenset[str] | None]) -> None:
    """Every origin that is spoken of must be one of a distribution's, where it can be told which there are."""
    told = [each for each in ids if each is not None]
    if len(told) < len(ids):
        return
    known = sorted(frozenset().union(*told))
    for name, element in reading.origins:
        if name not in known and name != ANY:
            hint = closest(name, known) or there_are(known)
            reading.complain(element, f"the distribution has no origin '{name}'", hint)


def _check_functions(reading: Reading, settings: Sequence[Setting], written: Sequence[tuple[str, Element]]) -> None:
    """Every function that a scenario writes for itself, or deploys, must be run by a behavior now or later. Of a
    template's, its loader has told."""
    if not all(setting.distributions for setting in settings):
        return
    known = dict.fromkeys(f.name for setting in settings for one in setting.distributions for f in one.functions)
    for name, element in written:
        if name not in known:
            hint = closest(name, known) or f"write distribution: {{viewer-request: {name}}}, or another trigger"
            reading.complain(element, f"no behavior runs the function '{name}'", hint)
