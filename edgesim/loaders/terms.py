"""A source on the user's terms: `--limits` and `--choice`, and what its functions have beyond those limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgesim.distribution.edge_limits import CODE, Excess, over_limits
from edgesim.distribution.model import Distribution
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.terms import Terms
from edgesim.loaders.code_size import zipped_size
from edgesim.loaders.request import Loaded, in_order


def on_terms(loaded: Loaded, terms: Terms) -> Loaded:
    """The same distributions on these terms, and what these have against their functions, in the place of what they
    have too much of."""
    distributions = tuple(replace(distribution, terms=terms) for distribution in loaded.distributions)
    problems = in_order([*loaded.problems, *problems_of_terms(loaded, distributions)])
    return replace(loaded, distributions=distributions, problems=problems)


def problems_of_terms(loaded: Loaded, distributions: Iterable[Distribution]) -> list[Problem]:
    """What their terms have against the functions of these distributions."""
    excesses = (excess for distribution in distributions for excess in over_limits(distribution, zipped_size))
    return [_problem(excess, loaded) for excess in excesses]


def _problem(excess: Excess, loaded: Loaded) -> Problem:
    place = loaded.place_of(excess.function.name, excess.property)
    return Problem(
        excess.message,
        place.at or excess.where,
        excess.hint,
        Severity.WARNING,
        place.file,
        place.line,
        CODE,
        is_refused=excess.is_certain,
    )
