"""What `--origin` calls an origin: its id, for every distribution that has one of that id, or DISTRIBUTION.ID."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from edgesim.distribution.model import Distribution, Origin


def names_of_origin(origin: str, *distribution: str) -> tuple[str, ...]:
    """The names of an origin, by its id and what its distribution is called; the most particular first."""
    return (*(f"{name}.{origin}" for name in distribution if name), origin)


def known_names(distributions: Iterable[Distribution]) -> Iterator[tuple[Origin, tuple[str, ...]]]:
    """Every origin, with its names."""
    for one in distributions:
        for origin in one.origins.values():
            yield origin, names_of_origin(origin.id, one.name, one.id)


def own_ids(names: Collection[str], *distribution: str) -> set[str]:
    """The ids that names mean in a distribution, which is called so."""
    prefixes = tuple(f"{name}." for name in distribution if name)
    return {*names, *(name.removeprefix(prefix) for name in names for prefix in prefixes)}
