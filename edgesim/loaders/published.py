"""A source whose functions are what is published of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from edgesim.distribution.model import EdgeFunction
from edgesim.distribution.problems import Problem, Severity
from edgesim.distribution.publishing import kept_back, with_functions
from edgesim.loaders.handlers import NO_HANDLER, NO_MODULE, WILL_FAIL
from edgesim.loaders.request import Loaded, in_order


def as_published(loaded: Loaded, published: Mapping[EdgeFunction, EdgeFunction]) -> Loaded:
    """The source with published functions in the places of those that it describes. What differs is told; what is wrong
    with a handler that waits is told of the version that will have it."""
    distributions = tuple(with_functions(distribution, published) for distribution in loaded.distributions)
    told = [problem for pair in published.items() for problem in _kept_back(*pair, loaded)]
    waiting = {problem.at for problem in told}
    problems = [_of_the_next_version(one) if one.at in waiting else one for one in loaded.problems]
    return replace(loaded, distributions=distributions, problems=in_order([*problems, *told]))


def _kept_back(latest: EdgeFunction, published: EdgeFunction, loaded: Loaded) -> Iterator[Problem]:
    rule = published.auto_publish
    if rule is None:
        return
    for name, value in kept_back(published, latest).items():
        place = loaded.place_of(latest.name, name)
        by = "AutoPublishCodeSha256" if rule.code_sha256 else "the code or MemorySize"
        message = f"{latest.name} goes on with {name} {value}: SAM publishes a version when {by} changes"
        way_out = (
            "change that, too" if rule.code_sha256 else "AutoPublishAliasAllProperties: true publishes each change"
        )
        yield Problem(message, place.at, way_out, Severity.WARNING, place.file, place.line)


def _of_the_next_version(problem: Problem) -> Problem:
    if problem.code not in (NO_MODULE, NO_HANDLER):
        return problem
    return replace(
        problem, message=problem.message.replace(WILL_FAIL, "with that handler each invocation would fail", 1)
    )
