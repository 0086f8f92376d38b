"""What is deployed: distributions from a source that `serve` takes, or from one that is written inline."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from edgesim.distribution.choices import QUESTIONS, STANDARD, Choices, chosen
from edgesim.distribution.limits import Edition
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.terms import Terms, edition
from edgesim.errors import ConfigError
from edgesim.loaders import Loaded, Overrides, load
from edgesim.loaders.api_json import load_api_json
from edgesim.loaders.cloudformation import load_template
from edgesim.loaders.code import Located
from edgesim.loaders.nodes import Node, Value
from edgesim.loaders.request import loaded
from edgesim.loaders.unreadable import Unreadable
from edgesim.loaders.yaml_source import tree_of
from edgesim.scenario.language import reading as r
from edgesim.scenario.language.document import Element, Kind
from edgesim.scenario.language.read_functions import functions
from edgesim.scenario.language.read_functions import located as located_of
from edgesim.scenario.language.read_sign import private_keys, public_keys
from edgesim.scenario.language.reading import Reading, Wrong
from edgesim.scenario.language.shorthand import DEFAULT_ORIGIN, load_shorthand
from edgesim.scenario.model import Setting
from edgesim.values.place import Place

T = TypeVar("T")
U = TypeVar("U")

_NOTHING = Element(Kind.MAPPING)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a scenario, or a `deploy:` over it, says is deployed."""

    distribution: Element = _NOTHING
    functions: Element = _NOTHING
    parameters: Element = _NOTHING
    limits: Element = _NOTHING
    choices: Element = _NOTHING
    keys: Element = _NOTHING

    def over(self, fields: Mapping[str, Element]) -> Deployment:
        """With some of it replaced: distribution and limits as a whole, everything else by name."""
        return Deployment(
            fields.get("distribution", self.distribution),
            _merged(self.functions, fields.get("functions")),
            _merged(self.parameters, fields.get("parameters")),
            fields.get("limits", self.limits),
            _merged(self.choices, fields.get("choices")),
            _merged(self.keys, fields.get("keys")),
        )


def _merged(old: Element, new: Element | None) -> Element:
    """Mappings by name; what is no mapping is left for those to complain of who read it."""
    if new is None:
        return old
    return new.with_fields({**old.fields, **new.fields}) if new.kind is Kind.MAPPING else new


def read_setting(reading: Reading, deployment: Deployment) -> Setting:
    """What is deployed; its problems are the reading's."""
    named = deployment.functions
    before = len(reading.problems)
    sources: dict[str, str | Located] = {}
    with reading.noting():
        sources = functions(reading, named)
    parameters: dict[str, str] = {}
    with reading.noting():
        parameters = reading.by_name(deployment.parameters, "parameters", r.text)
    private: Mapping[str, str] = {}
    with reading.noting():
        private = private_keys(reading, deployment.keys)
    found = Loaded()
    with reading.noting():
        found = _distributions(reading, deployment, sources, parameters, private)
    terms = _terms(reading, deployment)
    reading.problems += [_placed(problem, deployment, reading.file) for problem in found.errors]
    reading.warnings += [one for one in found.problems if one.severity is Severity.WARNING]
    reading.files.update(dict.fromkeys(found.files))
    if len(reading.problems) > before:
        return Setting(files=found.files)
    distributions = tuple(one if one.terms == terms else replace(one, terms=terms) for one in found.distributions)
    return Setting(distributions, MappingProxyType(dict(found.origins)), found.files, found.buckets)


def origin_ids(deployment: Deployment, setting: Setting) -> frozenset[str] | None:
    """The ids of the origins that there are, also where something else of what is deployed is wrong; None where that
    can't be told."""
    if setting.distributions:
        return frozenset(name for one in setting.distributions for name in one.origins)
    written = deployment.distribution.fields.get("origins")
    if is_whole(deployment.distribution) or (written is not None and written.kind is not Kind.MAPPING):
        return None
    return frozenset(written.fields if written is not None else (DEFAULT_ORIGIN,))


def _terms(reading: Reading, deployment: Deployment) -> Terms:
    """By what functions are judged."""
    limits, answers = Edition.CURRENT, STANDARD
    if deployment.limits is not _NOTHING:
        with reading.noting():
            limits = _in_place(deployment.limits, edition, r.text(reading, deployment.limits))
    for name, element in reading.by_name(deployment.choices, "choices", r.element_itself).items():
        with reading.noting():
            told = {**_told(answers), name: r.text(reading, element)}
            answers = _in_place(element, chosen, told)
    return Terms(limits, answers)


def _told(answers: Choices) -> dict[str, str]:
    """What was answered already, in words."""
    return {name: str(getattr(answers, name.replace("-", "_"))) for name in QUESTIONS}


def _in_place(element: Element, read: Callable[[U], T], said: U) -> T:
    """What it reads of something said there; what is wrong is wrong there."""
    try:
        return read(said)
    except ConfigError as error:
        raise Wrong(element, str(error), error.hint) from None


def _distributions(
    reading: Reading,
    deployment: Deployment,
    sources: Mapping[str, str | Located],
    parameters: Mapping[str, str],
    private: Mapping[str, str],
) -> Loaded:
    element = deployment.distribution
    overrides = Overrides(parameters=parameters, functions=sources, public_keys=public_keys(private))
    if element.kind is Kind.TEXT:
        return _from_file(reading, element, overrides)
    if is_whole(element):
        return _written_out(reading, element, overrides)
    _no_parameters(reading, deployment.parameters)
    before = len(reading.problems)
    located: dict[str, Located] = {}
    for name, source in sources.items():
        with reading.noting():
            located[name] = located_of(deployment.functions.fields[name], source)
    key = (element.words, _items(located), _items(private), _written(located))
    if key in _cache.inline:
        return _cache.inline[key]
    distributions, problems = load_shorthand(reading, element, located, set(deployment.functions.fields), private)
    found = loaded(distributions, problems, [])
    if not found.errors and len(reading.problems) == before:
        _cache.keep(key, found)
    return found


def _no_parameters(reading: Reading, element: Element) -> None:
    for child in list(element.fields.values())[:1]:
        reading.complain(child, "parameters are those of a template, and this distribution is none", "leave them out")


# ── templates ────────────────────────────────────────────────────────────────

_API_FORM = {"DistributionConfig", "Distribution", "DefaultCacheBehavior"}
_WHOLE = {"Resources", *_API_FORM}
"""A mapping with one of these is a source as it would stand in a file of its own."""


def is_whole(distribution: Element) -> bool:
    """Is it a source of its own, a file or what could stand in one, and not the short form?"""
    return distribution.kind is Kind.TEXT or not _WHOLE.isdisjoint(distribution.fields)


def _written_out(reading: Reading, element: Element, overrides: Overrides) -> Loaded:
    """A template, or what the AWS CLI prints, in the scenario itself."""
    path = reading.folder / "scenario"
    try:
        root, odd = _tree(element, reading.file)
        load_root = load_template if "Resources" in element.fields else load_api_json
        found = load_root(root, path, reading.file, overrides)
    except Unreadable as error:
        return loaded([], [error.problem], [])
    whole = loaded(list(found.distributions), [*odd, *found.problems], [])
    return replace(whole, buckets=found.buckets)


def _tree(element: Element, file: str) -> tuple[Node, list[Problem]]:
    if element.source is not None:
        return tree_of(element.source, file, element.at)
    return _as_node(element), []


def _as_node(element: Element) -> Node:
    """What comes from Python rather than from YAML."""
    value: Value = None if element.kind is Kind.NOTHING else element.text
    if element.kind is Kind.MAPPING:
        value = {key: _as_node(child) for key, child in element.fields.items()}
    elif element.kind is Kind.LIST:
        value = [_as_node(item) for item in element.items]
    return Node(value, element.line, element.at)


def _from_file(reading: Reading, element: Element, overrides: Overrides) -> Loaded:
    path = reading.path(element)
    try:
        shown = os.path.relpath(path)
    except ValueError:  # on another drive than the working directory
        shown = str(path)
    return _cache.load(shown if not shown.startswith("..") else str(path), overrides)


Stamps: TypeAlias = dict[str, int | None]


@dataclass
class _Cache:
    """Sources that were loaded without an error, as long as their files stay as they are, and inline distributions by
    their words: a hundred scenarios on one template load it once."""

    kept: dict[object, tuple[Stamps, Loaded]] = field(default_factory=dict)
    inline: dict[object, Loaded] = field(default_factory=dict)

    def load(self, source: str, overrides: Overrides) -> Loaded:
        key = (
            str(Path(source).absolute()),
            _items(overrides.parameters),
            _items(overrides.functions),
            _written(overrides.functions),
            _items(overrides.public_keys),
        )
        stamps, found = self.kept.get(key, ({}, None))
        if found is None or stamps != _stamps(found.files):
            found = load(source, overrides)
            self.kept.pop(key, None)
            if not found.errors:
                self.kept[key] = _stamps(found.files), found
        return found

    def keep(self, key: object, found: Loaded) -> None:
        """Remember an inline distribution. Edited ones pile up while files are watched, hence the end to it."""
        if len(self.inline) >= _MOST_INLINE:
            self.inline.clear()
        self.inline[key] = found


_MOST_INLINE = 1_000


def _items(mapping: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(mapping.items()))


def _written(functions: Mapping[str, str | Located]) -> tuple[Place, ...]:
    """Where functions' code stands: it makes no other function, and yet each scenario has its own lines."""
    return tuple(one.code.written for _, one in sorted(functions.items()) if isinstance(one, Located))


def _stamps(files: tuple[str, ...]) -> Stamps:
    """When files were changed last; a moment of None for one that is gone."""
    found: Stamps = {}
    for file in files:
        try:
            found[file] = Path(file).stat().st_mtime_ns
        except OSError:
            found[file] = None
    return found


_cache = _Cache()

# ── problems ─────────────────────────────────────────────────────────────────

_FLAG = re.compile(r"--(function|parameter) (?!NAME)([\w:-]+)=(\S+)")
_AT_FLAG = re.compile(r"--(function|parameter|public-key) ([^=]+)")


def _placed(problem: Problem, deployment: Deployment, file: str) -> Problem:
    """A problem in the words of scenarios: what the command line has flags for, they have keys for."""
    hint = _FLAG.sub(lambda match: f"{match[1]}s: {{{match[2]}: {match[3]}}}", problem.hint)
    match = _AT_FLAG.match(problem.at)
    if match is None and problem.file:
        return replace(problem, hint=hint)
    if match is None:
        place = deployment.distribution
        return replace(problem, at=problem.at or place.at, hint=hint, file=file, line=place.line or None)
    by_flag = {"function": deployment.functions, "parameter": deployment.parameters, "public-key": deployment.keys}
    said = by_flag[match[1]]
    place = said.fields.get(match[2], said)
    return replace(problem, at=place.at, hint=hint, file=file, line=place.line or None)
