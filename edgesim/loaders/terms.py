"""A source on the user's terms: `--limits` and `--choice`, and what its functions have beyond those limits."""

from __future__ import annotations

from dataclasses import replace

from edgesim.distribution.edge_limits import over_limits
from edgesim.distribution.terms import Terms
from edgesim.loaders.code_size import zipped_size
from edgesim.loaders.request import Loaded


def on_terms(loaded: Loaded, terms: Terms) -> Loaded:
    """The same distributions on these terms, and what these have against their functions."""
    distributions = tuple(replace(distribution, terms=terms) for distribution in loaded.distributions)
    problems = [problem for distribution in distributions for problem in over_limits(distribution, zipped_size)]
    return replace(loaded, distributions=distributions, problems=(*loaded.problems, *problems))
