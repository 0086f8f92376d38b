"""What the cache keeps of earlier versions of a function."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from edgesim.distribution.model import Distribution, Trigger
from edgesim.ports import Store

# The functions that run between the cache and the origin: what they make is stored
_BEHIND_THE_CACHE = (Trigger.ORIGIN_REQUEST, Trigger.ORIGIN_RESPONSE)


async def keeps_what_they_made(store: Store, distributions: Sequence[Distribution], functions: Collection[str]) -> bool:
    """Is anything stored of a distribution that runs one of these functions behind its cache?"""
    ids = {one.id for one in distributions if _made_behind_the_cache(one, functions)}
    if ids:
        async for part in store.slices():
            if any(key.distribution in ids for key, _ in part):
                return True
    return False


def _made_behind_the_cache(distribution: Distribution, functions: Collection[str]) -> bool:
    return any(
        association.function.name in functions
        for behavior in distribution.behaviors
        for trigger, association in behavior.associations.items()
        if trigger in _BEHIND_THE_CACHE
    )
