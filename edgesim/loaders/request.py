"""What a loader is asked with, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from edgesim.distribution.buckets import Bucket
from edgesim.distribution.model import Distribution, EdgeFunction
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.versions import Alias
from edgesim.loaders.code import Located
from edgesim.values.place import NOWHERE, Place

Texts = Mapping[str, str]
Sources = Mapping[str, str | Located]


@dataclass(frozen=True, slots=True)
class Pem:
    """A key itself, in the place of the file that it is in."""

    text: str


Keys = Mapping[str, str | Pem]
Places = Mapping[str, Mapping[str, Place]]
_NONE: Texts = MappingProxyType({})


@dataclass(frozen=True)
class Overrides:
    """What the user says beside the source. Relative paths are relative to the working directory.

    `parameters`: a template's parameters (and pseudo parameters), by name.
    `functions`: where a function's code is, `PATH[:HANDLER]` by the function's name or logical id; or the code itself.
    `cache_policies`, `origin_request_policies`, `response_headers_policies`: JSON files by policy id, as
        `aws cloudfront get-cache-policy` and its like print them.
    `continuous_deployment_policies`: the same, as `aws cloudfront get-continuous-deployment-policy` prints them.
    `staging`: the JSON of a staging distribution, beside that of its primary one.
    `public_keys`: files with the public keys of signed URLs, PEM or as `aws cloudfront get-public-key` prints them, by
        Key-Pair-Id; or the keys themselves.
    `origins`: what `--origin` maps, by origin id. Loading only looks at the ids: an origin that is mapped may have
        a domain name that can't be known, and an id that no distribution has is a mistake.
    `signs`: requests to buckets are signed, with credentials that loading does not see.
    `function`: one that is wanted by itself, by name or logical id, whether or not something associates it. A template
        needs no distribution then.
    """

    parameters: Texts = field(default_factory=lambda: _NONE)
    functions: Sources = field(default_factory=lambda: _NONE)
    cache_policies: Texts = field(default_factory=lambda: _NONE)
    origin_request_policies: Texts = field(default_factory=lambda: _NONE)
    response_headers_policies: Texts = field(default_factory=lambda: _NONE)
    continuous_deployment_policies: Texts = field(default_factory=lambda: _NONE)
    staging: str = ""
    origins: Texts = field(default_factory=lambda: _NONE)
    signs: bool = False
    public_keys: Keys = field(default_factory=lambda: _NONE)
    function: str = ""


@dataclass(frozen=True)
class Loaded:
    """What came of a source. With an ERROR among the problems there are no distributions.

    `files` are the files whose change matters (templates, policies; the functions' code is in their `Code`).
    `origins` maps origin ids to directories that stand in for them (quick mode), in the words of `--origin`.
    `aliases` are those that a template declares of the functions that are associated, by function name; `logical_ids`
    has the names of a template's functions by logical id, `retained` those ids that outlive their template; `buckets`
    is what is known of S3 buckets, by name; `places` are where a function's properties stand, by its name and the
    property's, which is empty for the function as a whole; `function` is the one that was wanted by itself.
    """

    distributions: tuple[Distribution, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()
    origins: Texts = field(default_factory=lambda: _NONE)
    logical_ids: Texts = field(default_factory=lambda: _NONE)
    retained: frozenset[str] = frozenset()
    aliases: Mapping[str, tuple[Alias, ...]] = field(default_factory=lambda: MappingProxyType({}))
    buckets: Mapping[str, Bucket] = field(default_factory=lambda: MappingProxyType({}))
    places: Places = field(default_factory=lambda: MappingProxyType({}))
    function: EdgeFunction | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep it from running."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def place_of(self, function: str, name: str = "") -> Place:
        """Where a property of a function stands, or the function; an empty place where that is nowhere."""
        places = self.places.get(function, {})
        return places.get(name) or places.get("") or NOWHERE


def loaded(
    distributions: list[Distribution],
    problems: list[Problem],
    files: list[str],
    origins: Texts = _NONE,
    aliases: Mapping[str, tuple[Alias, ...]] | None = None,
    places: Places | None = None,
) -> Loaded:
    """A Loaded in order: each problem once, by file and line, no distributions beside errors."""
    unique = in_order(problems)
    sound = not any(problem.severity is Severity.ERROR for problem in unique)
    served = tuple(distributions) if sound else ()
    read = tuple(dict.fromkeys(files))
    return Loaded(served, unique, read, origins, aliases=aliases or {}, places=places or {})


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and line."""
    by_place: dict[object, Problem] = {}
    for problem in problems:
        by_place.setdefault((problem.file, problem.line, problem.at, problem.message), problem)
    return tuple(sorted(by_place.values(), key=lambda problem: (problem.file, problem.line or 0)))
